"""The parts of a study while they are being checked, and the checks of references between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from microestim.study.evidence import Evidence
from microestim.study.faults import Fault, Path, make_fault, near
from microestim.study.platforms import Platform, PlatformSetDef
from microestim.study.publications import PublishedResult, Source, Step, Tier

__all__ = ["Parts", "unknown_platforms", "unknown_source"]


@dataclass(frozen=True)
class Parts:
    """The parts of a study that are valid by themselves, by their position in the file.

    Parameters
    ----------
    declared : mapping of str to mapping of int to str
        For each list, the ids of all its members by position, the faulty ones included, so that one
        fault is not reported again wherever the faulty part is referred to.
    observed : str or tuple of str or None
        The platforms that the estimate covers; None where the field is at fault.
    sources, platforms, platform_sets, tiers, evidence, published, steps : mapping of int to record
        The valid members of each list, by position.
    """

    declared: Mapping[str, Mapping[int, str]]
    observed: str | tuple[str, ...] | None = None
    sources: Mapping[int, Source] = field(default_factory=dict)
    platforms: Mapping[int, Platform] = field(default_factory=dict)
    platform_sets: Mapping[int, PlatformSetDef] = field(default_factory=dict)
    tiers: Mapping[int, Tier] = field(default_factory=dict)
    evidence: Mapping[int, Evidence] = field(default_factory=dict)
    published: Mapping[int, PublishedResult] = field(default_factory=dict)
    steps: Mapping[int, Step] = field(default_factory=dict)

    def ids(self, *parts: str) -> set[str]:
        """Collect the ids that are declared in some lists.

        Parameters
        ----------
        *parts : str
            Names of the lists.

        Returns
        -------
        set of str
            The ids.
        """
        return {name for part in parts for name in self.declared.get(part, {}).values()}

    def members(self, reference: str | tuple[str, ...] | None) -> frozenset[str] | None:
        """Give the platforms behind a reference.

        Parameters
        ----------
        reference : str or tuple of str or None
            A platform id, a list of ids, or the id of a set.

        Returns
        -------
        frozenset of str or None
            None where one of them is unknown, or its set is at fault.
        """
        if reference is None:
            return None
        known = self.ids("platforms")
        if isinstance(reference, str):
            if reference in known:
                return frozenset([reference])
            sets = {s.id: s for s in self.platform_sets.values()}
            reference = sets[reference].platforms if reference in sets else ()
        return frozenset(reference) if reference and known.issuperset(reference) else None

    def takes_no_residents(self) -> frozenset[str]:
        """Give the platforms that residents cannot join.

        Returns
        -------
        frozenset of str
            Their ids.
        """
        return frozenset(p.id for p in self.platforms.values() if not p.takes_residents)


def unknown_platforms(
    parts: Parts,
    reference: str | tuple[str, ...],
    where: Path,
    item: str | None,
    also: tuple[str, ...] = (),
) -> Iterator[Fault]:
    """Report references to platforms that the study does not have.

    Parameters
    ----------
    parts : Parts
        The study.
    reference : str or tuple of str
        A platform id, a list of ids, or the id of a set.
    where : tuple of str or int
        Path to the reference.
    item : str or None
        Id of what holds the reference.
    also : tuple of str, optional
        Words that are accepted besides.

    Yields
    ------
    Fault
        One for each unknown id.
    """
    platforms, sets = parts.ids("platforms"), parts.ids("platform_sets")
    if isinstance(reference, str):
        if reference not in platforms | sets | set(also):
            yield make_fault(
                where,
                "unknown platform or platform set",
                given=reference,
                accepted=near(reference, sorted(platforms | sets | set(also))),
                item=item,
            )
        return
    for j, name in enumerate(reference):
        if name not in platforms:
            yield make_fault(
                (*where, j), "unknown platform", given=name, accepted=near(name, sorted(platforms)), item=item
            )


def unknown_source(parts: Parts, source: str | None, where: Path, item: str) -> Iterator[Fault]:
    """Report a reference to a source that the study does not have.

    Parameters
    ----------
    parts : Parts
        The study.
    source : str or None
        The reference.
    where : tuple of str or int
        Path to the reference.
    item : str
        Id of what holds the reference.

    Yields
    ------
    Fault
        At most one.
    """
    known = parts.ids("sources")
    if source is not None and source not in known:
        yield make_fault(
            where, "unknown source", given=source, accepted=near(source, sorted(known)), item=item
        )
