"""Evidence on who the respondents of a survey are: by sex, age or occupation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from microestim.study.evidence_item import EvidenceItem
from microestim.study.records import Problem, Rule, Values, exactly_one
from microestim.study.vocabulary import Count, Role, Share, Text, read_only

__all__ = ["REST", "CompositionEvidence"]

REST = "all others"
"""Name of the people in none of the categories that a source prints."""

# Shares that were each printed to a per cent can miss 1 by half a per cent each.
_ROUNDING = 0.005


def _categories_add_up(values: Values) -> Iterator[Problem]:
    counts, shares, n = values["counts"], values["shares"], values["n"]
    key = "counts" if counts is not None else "shares"
    if REST in (counts or shares or {}):
        yield Problem((key, REST), "this name is kept for people in no category", REST, "another name")
    if counts is not None and n is not None:
        total = sum(counts.values())
        if total > n or total == 0:
            message = "nobody was counted" if total == 0 else "the counts are above n"
            yield Problem(("counts",), message, total, f"1 to {n}")
    if shares is not None:
        total = sum(shares.values())
        if total > 1 + _ROUNDING * len(shares):
            yield Problem(("shares",), "the shares of exclusive categories exceed 1", round(total, 6), "1")


def _weights_have_an_effect(values: Values) -> Iterator[Problem]:
    if values["weighted"] and values["design_effect"] is None:
        yield Problem(
            (),
            "weights make shares less sure than n says",
            None,
            "design_effect = variance over that of a simple random sample (1 or more)",
        )


class CompositionEvidence(EvidenceItem):
    """Who the respondents of a survey on one platform are, in exclusive categories of one variable.

    It is about the people of that platform who answered. It does not enter the joint model.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        exactly_one(("counts",), ("shares",), what="the composition"),
        Rule(("counts", "shares", "n"), _categories_add_up),
        Rule(("weighted", "design_effect"), _weights_have_an_effect),
    )

    type: Literal["composition"] = "composition"
    role: Role = "shown only"
    """It does not enter the joint model."""
    unit: Literal["share"] = "share"
    variable: Literal["sex", "age", "occupation"]
    """By what the respondents are divided."""
    n: Annotated[int, Field(ge=1)]
    """Respondents, those in no category included."""
    counts: Annotated[dict[Text, Count], Field(min_length=1), AfterValidator(read_only)] | None = None
    """Respondents by category; those in none of them are the rest of n."""
    shares: Annotated[dict[Text, Share], Field(min_length=1), AfterValidator(read_only)] | None = None
    """Shares of respondents by category; not all categories need be known."""
    weighted: bool = False
    """Whether the shares are weighted."""
    design_effect: Annotated[float, Field(ge=1)] | None = None
    """Variance of the shares over that in a simple random sample; 1 unless given."""

    @property
    def categories(self) -> dict[str, float]:
        """Shares by category, the rest included where there is one; they sum to 1."""
        if self.counts is not None:
            shares = {name: count / self.n for name, count in self.counts.items()}
            rounding = 1e-12
        else:
            shares = dict(self.shares or {})
            rounding = _ROUNDING * len(shares)
        total = sum(shares.values())
        if total < 1 - rounding or len(shares) == 1:
            return shares | {REST: max(0.0, 1 - total)}
        return {name: share / total for name, share in shares.items()}

    @property
    def effective_n(self) -> float:
        """Respondents of a simple random sample that would be as sure."""
        return self.n / (self.design_effect or 1.0)

    @property
    def headline(self) -> float:
        """Share of the first category."""
        return next(iter(self.categories.values()))

    def _words(self) -> str:
        parts = ", ".join(f"{share:.1%} {name}" for name, share in self.categories.items())
        effect = "" if self.design_effect is None else f", design effect {self.design_effect:g}"
        return f"by {self.variable}: {parts} of {self.n:,} respondents{effect}"
