"""What a number counts, over which platforms: the arithmetic of units and scopes that steps must obey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from microestim.errors import DoubleCountingError, ScopeError, StudyError, UnitError
from microestim.study.evidence import (
    AudienceEvidence,
    BenchmarkEvidence,
    CapturesEvidence,
    CountryShareEvidence,
    Evidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RatioEvidence,
    RegistrationsEvidence,
)
from microestim.study.publications import Step

__all__ = ["Misfit", "Quantity", "quantity_of", "quantity_of_step"]

COUNTS = ("accounts", "visitors", "people")

type Reach = Literal["worldwide", "resident"]


@dataclass(frozen=True)
class Quantity:
    """What a number is, without its value.

    Parameters
    ----------
    unit : str
        accounts, visitors, people, share, or 'platforms per person'.
    platforms : frozenset of str or None
        The platforms that it covers; None where it has no scope of its own.
    reach : str
        Whole world or residents.
    of : str or None
        For a share: what its denominator counts.
    to : str or None
        For a share: what its numerator counts.
    """

    unit: str
    platforms: frozenset[str] | None
    reach: Reach = "resident"
    of: str | None = None
    to: str | None = None

    @property
    def in_words(self) -> str:
        """The unit, as a reader says it."""
        if self.unit == "share" and self.of and self.to:
            return f"{self.to} per {self.of}" if self.of != self.to else f"share of {self.of}"
        return self.unit


class Misfit(Exception):
    """The inputs of a step do not go together.

    Parameters
    ----------
    name : str
        The input at fault.
    message : str
        What is wrong.
    given : object
        What the input is.
    accepted : str
        What it would have to be.
    kind : type
        The exception to raise to the user.
    """

    def __init__(self, name: str, message: str, *, given: str, accepted: str, kind: type[StudyError]) -> None:
        super().__init__(message)
        self.name, self.message, self.given, self.accepted, self.kind = name, message, given, accepted, kind


def quantity_of(item: Evidence, platforms: frozenset[str] | None) -> Quantity | None:
    """Tell what a piece of evidence counts.

    Parameters
    ----------
    item : Evidence
        The evidence.
    platforms : frozenset of str or None
        The ids behind its `platforms`; for memberships those counted over, None for any.

    Returns
    -------
    Quantity or None
        None for evidence that has no single number to compute with.
    """
    match item:
        case AudienceEvidence() if item.value is None:
            return None
        case RegistrationsEvidence() | AudienceEvidence():
            return Quantity(item.unit, platforms, item.reach)
        case CapturesEvidence():
            return (
                None if item.estimate is None and item.two_sample is None else Quantity("accounts", platforms)
            )
        case CountryShareEvidence():
            return Quantity("share", platforms, of="worldwide", to="resident")
        case NeverUsedEvidence() | RatioEvidence():
            return Quantity("share", platforms, of="accounts", to="accounts")
        case MembershipsEvidence():
            return Quantity(item.unit, platforms)
        case BenchmarkEvidence():
            return Quantity(item.unit, platforms)
        case _:
            return None


def _names(platforms: frozenset[str] | None) -> str:
    return "no stated platforms" if platforms is None else ", ".join(sorted(platforms))


def _scope(name: str, message: str, given: frozenset[str] | None, accepted: str) -> Misfit:
    return Misfit(name, message, given=_names(given), accepted=accepted, kind=ScopeError)


def _unit(name: str, message: str, given: Quantity, accepted: str) -> Misfit:
    return Misfit(name, message, given=given.in_words, accepted=accepted, kind=UnitError)


def _counts(name: str, given: Quantity) -> None:
    if given.unit not in COUNTS:
        raise _unit(name, "is not a number of accounts, visitors or people", given, ", ".join(COUNTS))


def quantity_of_step(step: Step, inputs: Mapping[str, Sequence[Quantity]]) -> Quantity:
    """Tell what a step's result counts, or what keeps its inputs from going together.

    Parameters
    ----------
    step : Step
        The step.
    inputs : mapping of str to sequence of Quantity
        What each named input is; sequences of one but for the terms of a sum.

    Returns
    -------
    Quantity
        What the result is.

    Raises
    ------
    Misfit
        Units or scopes do not fit the operation.
    """
    one = {name: given[0] for name, given in inputs.items()}
    match step.operation:
        case "ratio":
            return _ratio(one["numerator"], one["denominator"])
        case "extrapolate":
            return _extrapolation(one["share"], one["anchor"])
        case "sum":
            return _sum(inputs["terms"])
        case "difference":
            return _difference(one["whole"], one["part"])
        case "per_person":
            return _per_person(one["accounts"], one["memberships"])
        case "scale":
            return _scaled(one["quantity"], one["factor"])


def _ratio(numerator: Quantity, denominator: Quantity) -> Quantity:
    _counts("numerator", numerator)
    _counts("denominator", denominator)
    if numerator.platforms != denominator.platforms:
        raise _scope(
            "denominator",
            "numerator and denominator are over different platforms",
            denominator.platforms,
            _names(numerator.platforms),
        )
    if numerator.reach != denominator.reach:
        raise Misfit(
            "denominator",
            "numerator and denominator have a different reach",
            given=denominator.reach,
            accepted=numerator.reach,
            kind=ScopeError,
        )
    return Quantity("share", numerator.platforms, of=denominator.unit, to=numerator.unit)


def _extrapolation(share: Quantity, anchor: Quantity) -> Quantity:
    if share.unit != "share" or share.of not in COUNTS:
        raise _unit("share", "is not a ratio of two counts", share, "the result of a ratio step")
    _counts("anchor", anchor)
    if anchor.unit != share.of:
        raise _unit(
            "anchor", f"the share is per {share.of}, the anchor counts {anchor.unit}", anchor, str(share.of)
        )
    if anchor.reach != "resident":
        raise Misfit(
            "anchor", "the share is of residents", given=anchor.reach, accepted="resident", kind=ScopeError
        )
    return Quantity(str(share.to), anchor.platforms)


def _sum(terms: Sequence[Quantity]) -> Quantity:
    first, seen = terms[0], set(terms[0].platforms or ())
    _counts("terms", first)
    for term in terms[1:]:
        if term.unit != first.unit:
            raise _unit("terms", f"{term.unit} cannot be added to {first.unit}", term, first.unit)
        if term.reach != first.reach:
            raise Misfit(
                "terms",
                "terms have a different reach",
                given=term.reach,
                accepted=first.reach,
                kind=ScopeError,
            )
        if term.platforms is None or first.platforms is None:
            raise _scope(
                "terms", "a term says of no platforms what it covers", term.platforms, "named platforms"
            )
        twice = seen & term.platforms
        if twice:
            raise Misfit(
                "terms",
                "platforms are counted twice",
                given=_names(frozenset(twice)),
                accepted="terms over separate platforms",
                kind=DoubleCountingError,
            )
        seen |= term.platforms
    return Quantity(first.unit, frozenset(seen), first.reach)


def _difference(whole: Quantity, part: Quantity) -> Quantity:
    _counts("whole", whole)
    if part.unit != whole.unit:
        raise _unit("part", f"{part.unit} cannot be taken from {whole.unit}", part, whole.unit)
    if part.reach != whole.reach:
        raise Misfit(
            "part",
            "whole and part have a different reach",
            given=part.reach,
            accepted=whole.reach,
            kind=ScopeError,
        )
    if whole.platforms is None or part.platforms is None or not part.platforms < whole.platforms:
        raise _scope(
            "part", "the part is not within the whole", part.platforms, f"some of {_names(whole.platforms)}"
        )
    return Quantity(whole.unit, whole.platforms - part.platforms, whole.reach)


def _per_person(accounts: Quantity, memberships: Quantity) -> Quantity:
    if accounts.unit not in ("accounts", "visitors"):
        raise _unit("accounts", "cannot be turned into people", accounts, "accounts or visitors")
    if memberships.unit != "platforms per person":
        raise _unit(
            "memberships", "is not a number of platforms per person", memberships, "platforms per person"
        )
    if memberships.platforms != accounts.platforms:
        over = "any platforms" if memberships.platforms is None else f"{len(memberships.platforms)} platforms"
        total = (
            "no stated platforms" if accounts.platforms is None else f"{len(accounts.platforms)} platforms"
        )
        raise _scope(
            "memberships",
            f"memberships were counted over {over}, the total is over {total}",
            memberships.platforms,
            f"memberships counted over {_names(accounts.platforms)}",
        )
    return Quantity("people", accounts.platforms, accounts.reach)


def _scaled(quantity: Quantity, factor: Quantity) -> Quantity:
    _counts("quantity", quantity)
    if factor.unit != "share":
        raise _unit("factor", "is not a share", factor, "share")
    if factor.platforms is not None and factor.platforms != quantity.platforms:
        raise _scope(
            "factor",
            "the share is over other platforms than the quantity",
            factor.platforms,
            _names(quantity.platforms),
        )
    if factor.to == "resident":
        if quantity.reach == "resident":
            raise Misfit(
                "quantity",
                "a country share was applied to a figure of residents",
                given="resident",
                accepted="worldwide",
                kind=ScopeError,
            )
        return Quantity(quantity.unit, quantity.platforms)
    if factor.of not in (None, quantity.unit):
        raise _unit(
            "factor",
            f"the share is per {factor.of}, the quantity counts {quantity.unit}",
            factor,
            f"a share of {quantity.unit}",
        )
    return Quantity(factor.to or quantity.unit, quantity.platforms, quantity.reach)
