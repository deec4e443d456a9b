"""Is anybody counted twice: totals and what they contain, and an estimate beside its own counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microestim.errors import DoubleCountingError, ScopeError, StudyError
from microestim.study.evidence import AudienceEvidence, CapturesEvidence, Evidence, RegistrationsEvidence
from microestim.study.faults import Fault, Path, make_fault, near
from microestim.study.parts import Parts

__all__ = ["counted_twice"]


def counted_twice(parts: Parts) -> Iterator[Fault]:
    """Report totals that are at odds with what they contain, and people who are counted twice.

    Parameters
    ----------
    parts : Parts
        The study.

    Yields
    ------
    Fault
        One a mistake.
    """
    yield from _contained(parts)
    yield from _overlapping_totals(parts)
    yield from _estimate_and_counts(parts)


def _is_total(item: Evidence) -> bool:
    return isinstance(item, RegistrationsEvidence | AudienceEvidence)


def _contained(parts: Parts) -> Iterator[Fault]:
    by_id = {item.id: item for item in parts.evidence.values()}
    known = parts.ids("evidence")
    for i, total in parts.evidence.items():
        at: Path = ("evidence", i, "contains")
        if not total.contains:
            continue
        if not isinstance(total, RegistrationsEvidence | AudienceEvidence):
            yield make_fault(
                at,
                f"evidence of type {total.type} is not a total",
                given=list(total.contains),
                accepted="no `contains`",
                item=total.id,
            )
            continue
        reached: set[str] = set()
        held = 0.0
        for j, name in enumerate(total.contains):
            if name not in known:
                yield make_fault(
                    (*at, j),
                    "unknown evidence",
                    given=name,
                    accepted=near(name, sorted(known)),
                    item=total.id,
                )
            part = by_id.get(name)
            if part is None:
                continue
            wrong = _not_a_part(parts, total, part, reached)
            if wrong is not None:
                message, given, accepted, kind = wrong
                yield make_fault((*at, j), message, given=given, accepted=accepted, item=total.id, kind=kind)
                continue
            reached |= parts.members(part.platforms) or frozenset()
            held += part.headline or 0.0
        if total.value is not None and held >= total.value:
            yield make_fault(
                at,
                "what the total contains is not less than the total",
                given=held,
                accepted=f"below {total.value:,.10g}",
                item=total.id,
            )


type _Wrong = tuple[str, object, str, type[StudyError]]


def _not_a_part(
    parts: Parts, total: RegistrationsEvidence | AudienceEvidence, part: Evidence, reached: set[str]
) -> _Wrong | None:
    """Say why an item cannot be part of a total: message, given, accepted, kind; None if it can."""
    if not isinstance(part, RegistrationsEvidence | AudienceEvidence) or part.type != total.type:
        return f"{part.id} is of another type", part.type, total.type, StudyError
    if part.reach != total.reach:
        return f"{part.id} has another reach", part.reach, total.reach, ScopeError
    if total.role == "evidence" and part.role != "evidence":
        return f"{part.id} does not enter the joint model, the total does", part.role, "evidence", StudyError
    if isinstance(total, AudienceEvidence) and isinstance(part, AudienceEvidence):
        for name in ("vendor", "page_scope", "period"):
            here, there = getattr(part, name), getattr(total, name)
            if here != there:
                message = f"{part.id} has another {name}, so that it is no part of this count"
                return message, here, there, ScopeError
    if part.value is None:
        message = f"{part.id} is known only to lie between two limits, and cannot be taken off a total"
        return message, part.id, 'parts with a value; role = "shown only" on one of the two', StudyError
    whole, members = parts.members(total.platforms), parts.members(part.platforms)
    if whole is None or members is None:
        return None
    if not members < whole:
        message = f"{part.id} is not about some of the total's platforms"
        return message, sorted(members), f"fewer than {', '.join(sorted(whole))}", ScopeError
    if members & reached:
        message = f"{part.id} repeats platforms that another contained item counts"
        return message, sorted(members & reached), "parts over separate platforms", DoubleCountingError
    return None


def _within(name: str, by_id: Mapping[str, Evidence], seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """All that a total contains, directly or through another total."""
    found = seen
    item = by_id.get(name)
    for inner in item.contains if item is not None else ():
        if inner not in found:
            found = _within(inner, by_id, found | {inner})
    return found


def _overlapping_totals(parts: Parts) -> Iterator[Fault]:
    by_id = {item.id: item for item in parts.evidence.values()}
    totals = [(i, item) for i, item in parts.evidence.items() if _is_total(item) and item.role == "evidence"]
    for i, total in totals:
        whole, inside = parts.members(total.platforms), _within(total.id, by_id)
        if whole is None or len(whole) < 2:
            continue
        for j, other in totals:
            members = parts.members(other.platforms)
            if (
                members is None
                or other.id == total.id
                or not _same_measure(total, other)
                or not members & whole
            ):
                continue
            if members < whole and other.id not in inside:
                yield make_fault(
                    ("evidence", i),
                    f"the total includes platforms of {other.id}, which would count twice",
                    given=list(total.contains),
                    accepted=f'contains = [..., "{other.id}"]'
                    if other.headline is not None
                    else 'role = "shown only" on one of the two',
                    item=total.id,
                    kind=DoubleCountingError,
                )
            elif not (members <= whole or whole <= members) and i < j:
                yield make_fault(
                    ("evidence", j, "platforms"),
                    f"overlaps {total.id}, and neither is within the other",
                    given=sorted(members & whole),
                    accepted="totals that are nested or separate",
                    item=other.id,
                    kind=DoubleCountingError,
                )


def _same_measure(one: Evidence, other: Evidence) -> bool:
    """Whether two items measure the same thing, so that one can be part of the other.

    Another vendor's figures, another month's, or those of other pages, are a second measurement, not the
    same one again.
    """
    if isinstance(one, AudienceEvidence) and isinstance(other, AudienceEvidence):
        return (one.vendor, one.page_scope, one.period, one.reach) == (
            other.vendor,
            other.page_scope,
            other.period,
            other.reach,
        )
    return isinstance(one, RegistrationsEvidence) and isinstance(other, RegistrationsEvidence)


def _estimate_and_counts(parts: Parts) -> Iterator[Fault]:
    """Report a published size beside the counts of the same platform and time: one survey, used twice."""
    captures = [
        (i, item)
        for i, item in parts.evidence.items()
        if isinstance(item, CapturesEvidence) and item.role == "evidence"
    ]
    for i, size in captures:
        for _, counts in captures:
            alike = (size.platforms, size.period) == (counts.platforms, counts.period)
            if alike and size.estimate is not None and counts.estimate is None:
                yield make_fault(
                    ("evidence", i),
                    f"a size from the same platform and time as the counts of {counts.id}",
                    given=size.estimate,
                    accepted='only the counts; or role = "shown only"; or another period',
                    item=size.id,
                    kind=DoubleCountingError,
                )
