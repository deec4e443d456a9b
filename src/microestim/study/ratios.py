"""Ratios of accounts that were observed elsewhere: carried over with a stated error, and only if asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from microestim.study.evidence_item import EvidenceItem, StatedError, error_text
from microestim.study.records import Problem, Rule, Values
from microestim.study.vocabulary import Role

__all__ = ["Denominator", "Numerator", "RatioEvidence"]

Numerator = Literal["registered", "ever_worked", "monthly_active", "monthly", "weekly"]
Denominator = Literal["declared", "registered", "monthly"]

_WITHIN = {
    "declared": get_args(Numerator),
    "registered": ("ever_worked", "monthly_active", "monthly", "weekly"),
    "monthly": ("weekly",),
}
_WORDS = {
    "declared": "declared accounts",
    "registered": "accounts of registered people",
    "ever_worked": "accounts ever worked with",
    "monthly_active": "accounts seen in a month",
    "monthly": "accounts used monthly",
    "weekly": "accounts used weekly",
}


def _one_within_the_other(values: Values) -> Iterator[Problem]:
    numerator, denominator = values["numerator"], values["denominator"]
    if numerator not in _WITHIN[denominator]:
        yield Problem(
            ("numerator",),
            f"{_WORDS[numerator]} are not part of {_WORDS[denominator]}, so their ratio is no share",
            numerator,
            ", ".join(_WITHIN[denominator]),
        )


class RatioEvidence(EvidenceItem):
    """A ratio of accounts between two tiers, observed elsewhere: shown beside unless it is asked to enter.

    With the role "evidence" it is a prior on the study's platforms together, as wide as its stated error.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        Rule(("numerator", "denominator"), _one_within_the_other),
    )

    type: Literal["ratio"] = "ratio"
    role: Role = "shown only"
    """It enters the joint model only if this is 'evidence'."""
    unit: Literal["share"] = "share"
    numerator: Numerator
    """Which accounts are counted: those of a tier, or those ever worked with."""
    denominator: Denominator
    """Among which accounts: 'declared' are those that platforms declare, second and closed ones included."""
    value: Annotated[float, Field(gt=0, lt=1)]
    """The ratio, between 0 and 1."""
    error: StatedError
    """How far the ratio may be off where it is carried to: required, since it was observed elsewhere."""

    @property
    def headline(self) -> float:
        """The ratio (no unit)."""
        return self.value

    def _words(self) -> str:
        share = f"{_WORDS[self.numerator]} are {self.value:.2%} of {_WORDS[self.denominator]}"
        return f"{share}{error_text(self.error)}"
