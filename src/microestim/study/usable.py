"""Can the joint model use a piece of evidence: what it cannot weigh is refused when the study is read."""

from __future__ import annotations

from collections.abc import Iterator

from microestim.errors import DoubleCountingError, ScopeError, StudyError
from microestim.study.evidence import (
    CountryShareEvidence,
    Evidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RegistrationsEvidence,
)
from microestim.study.faults import Fault, Path, make_fault
from microestim.study.parts import Parts

__all__ = ["not_usable"]

REMEDY = 'role = "shown only"'

type _Wrong = tuple[str, str, object, str, type[StudyError]]


def not_usable(parts: Parts, item: Evidence, members: frozenset[str] | None, at: Path) -> Iterator[Fault]:
    """Report why evidence of role 'evidence' cannot enter the joint model.

    Parameters
    ----------
    parts : Parts
        The study.
    item : Evidence
        The evidence.
    members : frozenset of str or None
        The platforms whose accounts or people it is about; None where they are not known.
    at : tuple of str or int
        Path to the evidence.

    Yields
    ------
    Fault
        One a reason.
    """
    if item.type in ("benchmark", "income", "hours", "composition"):
        yield make_fault(
            (*at, "role"),
            f"evidence of type {item.type} does not enter the joint model",
            given="evidence",
            accepted='"benchmark only" or "shown only"',
            item=item.id,
        )
        return
    found = [*_out_of_scope(parts, item, members)]
    match item:
        case RegistrationsEvidence():
            found += _registrations(parts, item, members)
        case CountryShareEvidence():
            found += _country_share(parts, item, members)
        case NeverUsedEvidence():
            found += _never_used(item, members)
        case MembershipsEvidence():
            found += [*_memberships(parts, item), *_memberships_weighed(item)]
    for key, message, given, accepted, kind in found:
        where = (*at, key) if key else at
        yield make_fault(
            where, message, given=given, accepted=f"{accepted}; or {REMEDY}", item=item.id, kind=kind
        )


def _out_of_scope(parts: Parts, item: Evidence, members: frozenset[str] | None) -> Iterator[_Wrong]:
    key = "frame" if isinstance(item, MembershipsEvidence) else "platforms"
    observed = parts.members(parts.observed)
    if members is None:
        return
    closed = members & parts.takes_no_residents()
    if closed:
        message = "residents cannot join this platform"
        yield key, message, sorted(closed), "platforms that take residents", ScopeError
    elif observed is not None and not members <= observed:
        message = "not among the observed platforms, which the estimate covers"
        yield key, message, sorted(members - observed), ", ".join(sorted(observed)), ScopeError


def _registrations(
    parts: Parts, item: RegistrationsEvidence, members: frozenset[str] | None
) -> Iterator[_Wrong]:
    if members is None:
        return
    if len(members) > 1 and item.reach == "worldwide":
        message = "a worldwide total over several platforms, each of which has its own country share"
        yield "reach", message, item.reach, "the residents' total, or each platform's own number", ScopeError
    others = [
        other.id
        for other in parts.evidence.values()
        if isinstance(other, RegistrationsEvidence)
        and other.role == "evidence"
        and parts.members(other.platforms) == members
    ]
    if len(members) == 1 and item.id in others[1:]:
        message = f"a second number of registrations for the platform of {others[0]}"
        yield "platforms", message, sorted(members), "one number a platform", DoubleCountingError


def _country_share(
    parts: Parts, item: CountryShareEvidence, members: frozenset[str] | None
) -> Iterator[_Wrong]:
    closed = [p.id for p in parts.platforms.values() if p.residents_only and members and p.id in members]
    if closed:
        message = "only residents may join this platform, so its country share is 1"
        yield "value", message, item.value, "no country share, or residents_only = false", StudyError
    elif item.value == 1:
        message = "a share of exactly 1 means that only residents may join"
        yield (
            "value",
            message,
            item.value,
            "below 1, or residents_only = true and no country share",
            StudyError,
        )


def _never_used(item: NeverUsedEvidence, members: frozenset[str] | None) -> Iterator[_Wrong]:
    if members is not None and len(members) > 1:
        message = "a share of accounts never used belongs to one platform"
        yield "platforms", message, sorted(members), "one platform id", ScopeError
    if item.value == 0:
        message = "a share of exactly 0 has no relative error, and cannot be weighed"
        yield "value", message, item.value, "the largest share that the source does not exclude", StudyError
    if item.n is None and item.error is None:
        yield (
            "",
            "nothing says how sure this share is",
            None,
            "n (accounts looked at), or an error",
            StudyError,
        )


def _memberships(parts: Parts, item: MembershipsEvidence) -> Iterator[_Wrong]:
    over = parts.members(item.platforms)
    if over is not None and len(over - parts.takes_no_residents()) == 1:
        message = "on one platform there are no memberships to count"
        yield "platforms", message, sorted(over), "two platforms or more", ScopeError
    if item.platforms == "any" and item.window != "ever":
        message = "a window needs memberships counted over the observed platforms"
        yield "window", message, item.window, "ever", ScopeError
    elif item.window != "ever" and item.mean is not None and not item.sd:
        message = "a mean over a window needs its standard deviation"
        yield "", message, None, "sd, or counts", StudyError
    if item.frame == "population" and (item.counts is None or item.window != "ever"):
        message = "memberships of the general population enter as counts over all time"
        yield "frame", message, item.frame, 'counts, and window = "ever"', StudyError


def _memberships_weighed(item: MembershipsEvidence) -> Iterator[_Wrong]:
    if item.platforms == "any" and item.sd == 0 and item.mean != 1:
        message = "a standard deviation of exactly 0 leaves no spread to weigh the mean by"
        yield "sd", message, item.sd, "the counts, or no sd", StudyError
    if item.platforms == "any" or item.frame == "population":
        return
    wanted = "registered" if item.window == "ever" else "worked"
    if item.kind != wanted:
        message = f"platforms {item.kind} on over the window {item.window!r} are no quantity of the model"
        yield "kind", message, item.kind, wanted, StudyError
    counts = item.counts_by_number
    if item.window != "ever" and counts is not None and sum(count > 0 for count in counts.values()) < 2:
        message = "all respondents gave the same number, so that its mean has no spread to weigh it by"
        given = [number for number, count in counts.items() if count]
        yield "counts", message, given, "two numbers or more", StudyError
    elif item.window == "ever" and item.sd == 0:
        message = "a standard deviation of exactly 0 leaves no spread to weigh the mean by"
        yield "sd", message, item.sd, "the counts, or no sd", StudyError
