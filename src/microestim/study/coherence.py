"""Do the parts of a study fit together: ids, references, scopes, double counting, steps."""

from __future__ import annotations

from collections.abc import Iterator

from microestim.errors import ScopeError
from microestim.study.double_counting import counted_twice
from microestim.study.evidence_scopes import faults_of_evidence
from microestim.study.faults import Fault, Path, make_fault, near
from microestim.study.parts import Parts, unknown_platforms, unknown_source
from microestim.study.step_scopes import faults_of_steps

__all__ = ["incoherences"]

RESERVED = ("any", "population")
# An id is unique among the lists that one reference may point into.
NAMESPACES = (
    ("sources",),
    ("platforms", "platform_sets"),
    ("tiers",),
    ("evidence", "steps"),
    ("published",),
)


def incoherences(parts: Parts) -> list[Fault]:
    """List everything in which the parts of a study do not fit together.

    Parameters
    ----------
    parts : Parts
        The parts that are valid by themselves.

    Returns
    -------
    list of Fault
        Empty for a coherent study.
    """
    return [
        *_duplicates(parts),
        *_layers(parts),
        *_platform_sets(parts),
        *_observed(parts),
        *faults_of_evidence(parts),
        *counted_twice(parts),
        *_published(parts),
        *faults_of_steps(parts),
    ]


def _duplicates(parts: Parts) -> Iterator[Fault]:
    for together in (
        ("sources",),
        ("platforms", "platform_sets"),
        ("tiers",),
        ("evidence", "steps"),
        ("published",),
    ):
        seen: dict[str, str] = {}
        for part in together:
            for i, name in parts.declared.get(part, {}).items():
                if name in seen:
                    yield make_fault(
                        (part, i, "id"),
                        f"id already used in {seen[name]}",
                        given=name,
                        accepted="an id of its own",
                        item=name,
                    )
                seen.setdefault(name, f"{part}[{i}]")
                if part in ("platforms", "platform_sets") and name in RESERVED:
                    yield make_fault(
                        (part, i, "id"),
                        "this word has a meaning of its own",
                        given=name,
                        accepted=f"any id but {' and '.join(RESERVED)}",
                        item=name,
                    )


def _layers(parts: Parts) -> Iterator[Fault]:
    layer = {p.id: p.layer for p in parts.platforms.values()}
    known = parts.ids("platforms")
    hosts = sorted(name for name in known if layer.get(name) != "intermediary")
    for i, platform in parts.platforms.items():
        host = platform.executes_on
        if host is None:
            continue
        at: Path = ("platforms", i, "executes_on")
        if platform.layer != "intermediary":
            message = "only an intermediary has its tasks done on another platform"
            accepted = 'layer = "intermediary", or no executes_on'
            yield make_fault(at, message, given=host, accepted=accepted, item=platform.id)
        elif host not in known:
            yield make_fault(at, "unknown platform", given=host, accepted=near(host, hosts), item=platform.id)
        elif layer.get(host) == "intermediary":
            # So there is no circle, and nobody is on three layers.
            message = "tasks are not done on an intermediary"
            yield make_fault(at, message, given=host, accepted=near(host, hosts), item=platform.id)


def _platform_sets(parts: Parts) -> Iterator[Fault]:
    known = parts.ids("platforms")
    for i, entry in parts.platform_sets.items():
        for j, name in enumerate(entry.platforms):
            if name not in known:
                yield make_fault(
                    ("platform_sets", i, "platforms", j),
                    "unknown platform",
                    given=name,
                    accepted=near(name, sorted(known)),
                    item=entry.id,
                )
            if name in entry.platforms[:j]:
                yield make_fault(
                    ("platform_sets", i, "platforms", j),
                    "platform listed twice",
                    given=name,
                    accepted="each platform once",
                    item=entry.id,
                )


def _observed(parts: Parts) -> Iterator[Fault]:
    if parts.observed is None:
        return
    yield from unknown_platforms(parts, parts.observed, ("observed",), None)
    members = parts.members(parts.observed)
    if members is not None and not members - parts.takes_no_residents():
        yield make_fault(
            ("observed",),
            "none of the observed platforms takes residents",
            given=sorted(members),
            accepted="at least one platform with takes_residents = true",
            kind=ScopeError,
        )


def _published(parts: Parts) -> Iterator[Fault]:
    tiers = parts.ids("tiers")
    for i, result in parts.published.items():
        at: Path = ("published", i)
        yield from unknown_source(parts, result.source, (*at, "source"), result.id)
        yield from unknown_platforms(parts, result.platforms, (*at, "platforms"), result.id)
        if result.tier not in tiers:
            yield make_fault(
                (*at, "tier"),
                "this tier is not described in the study",
                given=result.tier,
                accepted=near(result.tier, sorted(tiers)),
                item=result.id,
            )
