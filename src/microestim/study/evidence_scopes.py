"""Whether each piece of evidence fits the platforms that it is about and those that the study covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microestim.errors import ScopeError
from microestim.study.evidence import (
    ActivityEvidence,
    AudienceEvidence,
    CapturesEvidence,
    CompositionEvidence,
    CountryShareEvidence,
    Evidence,
    LastVisitEvidence,
    MembershipsEvidence,
)
from microestim.study.faults import Fault, Path, make_fault
from microestim.study.parts import Parts, unknown_platforms, unknown_source
from microestim.study.usable import not_usable

__all__ = ["faults_of_evidence"]


def faults_of_evidence(parts: Parts) -> Iterator[Fault]:
    """Report evidence that refers to what does not exist, or that is about the wrong platforms.

    Parameters
    ----------
    parts : Parts
        The study.

    Yields
    ------
    Fault
        One a mistake.
    """
    for i, item in parts.evidence.items():
        at: Path = ("evidence", i)
        yield from unknown_source(parts, item.source, (*at, "source"), item.id)
        anywhere = ("any",) if isinstance(item, MembershipsEvidence) else ()
        if item.platforms is not None:
            yield from unknown_platforms(parts, item.platforms, (*at, "platforms"), item.id, anywhere)
        about = item.platforms
        if isinstance(item, MembershipsEvidence):
            yield from unknown_platforms(parts, item.frame, (*at, "frame"), item.id, ("population",))
            yield from _memberships(parts, item, at)
            about = None if item.frame == "population" else item.frame
        members = parts.members(about)
        if item.role == "evidence":
            yield from not_usable(parts, item, members, at)
        yield from _scope_of_type(parts, item, members, at)
    yield from _spellings_of_vendors(parts)


def _spellings_of_vendors(parts: Parts) -> Iterator[Fault]:
    """One service under two spellings would count as two, each with a bias of its own."""
    first: dict[str, tuple[str, str]] = {}
    for i, item in parts.evidence.items():
        if not isinstance(item, AudienceEvidence):
            continue
        spelling, there = first.setdefault(" ".join(item.vendor.casefold().split()), (item.vendor, item.id))
        if item.vendor != spelling:
            yield make_fault(
                ("evidence", i, "vendor"),
                f"the service of {there} in another spelling, which would count as a second service",
                given=item.vendor,
                accepted=spelling,
                item=item.id,
            )


def _memberships(parts: Parts, item: MembershipsEvidence, at: Path) -> Iterator[Fault]:
    over = parts.members(item.platforms)
    if item.platforms == "any" or over is None:
        return
    over -= parts.takes_no_residents()
    observed = parts.members(parts.observed)
    if item.role == "evidence" and observed is not None and over != observed - parts.takes_no_residents():
        yield make_fault(
            (*at, "platforms"),
            f"memberships were counted over {len(over)} platforms, the estimate covers {len(observed)}",
            given=sorted(over),
            accepted='the observed platforms; "any"; or role = "shown only"',
            item=item.id,
            kind=ScopeError,
        )
    frame = parts.members(item.frame)
    if item.frame != "population" and frame is not None and not frame <= over:
        yield make_fault(
            (*at, "frame"),
            "people of this platform were asked, but it is not among the platforms counted",
            given=item.frame,
            accepted=", ".join(sorted(over)),
            item=item.id,
            kind=ScopeError,
        )
    tables: dict[Path, Mapping[str, int]] = {("counts",): item.counts or {}}
    tables |= {("by_frequency", band): table for band, table in (item.by_frequency or {}).items()}
    for where, table in tables.items():
        for k in table:
            if int(k) > len(over):
                yield make_fault(
                    (*at, *where, k),
                    "more platforms than were counted over",
                    given=int(k),
                    accepted=f"1 to {len(over)}",
                    item=item.id,
                )
    if item.mean is not None and item.mean > len(over):
        yield make_fault(
            (*at, "mean"),
            "the mean is above the number of platforms counted over",
            given=item.mean,
            accepted=f"1 to {len(over)}",
            item=item.id,
        )


def _scope_of_type(parts: Parts, item: Evidence, members: frozenset[str] | None, at: Path) -> Iterator[Fault]:
    if members is None:
        return
    of_one = CapturesEvidence | CompositionEvidence | CountryShareEvidence | LastVisitEvidence
    single = isinstance(item, of_one) or (
        isinstance(item, ActivityEvidence) and item.frequency_scope == "this platform"
    )
    if single and len(members) > 1:
        yield make_fault(
            (*at, "platforms"),
            f"evidence of type {item.type} is about one platform",
            given=sorted(members),
            accepted="one platform id",
            item=item.id,
            kind=ScopeError,
        )
