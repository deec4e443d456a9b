"""Evidence from one wave that asks when people were last there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Strict

from microestim.study.evidence_item import EvidenceItem
from microestim.study.records import Problem, Rule, Values
from microestim.study.survey_weights import DesignEffect, costs_answers
from microestim.study.vocabulary import Count, Positive, Text

__all__ = ["LastVisitEvidence"]


def _bands_of_days(values: Values) -> Iterator[Problem]:
    days, counts = values["days"], values["counts"]
    if not days or any(one >= other for one, other in pairwise(days)):
        yield Problem(("days",), "the limits are not in ascending order", list(days), "such as [7, 30]")
    if len(counts) != len(days) + 1:
        yield Problem(
            ("counts",),
            "not one count a band: one below each limit, and one beyond the last",
            len(counts),
            str(len(days) + 1),
        )
    elif sum(counts) == 0:
        yield Problem(("counts",), "nobody answered", 0, "at least one count above 0")


class LastVisitEvidence(EvidenceItem):
    """How many days ago respondents of one platform were there before the visit at which they answered."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        Rule(("days", "counts"), _bands_of_days),
        costs_answers,
    )

    type: Literal["last_visit"] = "last_visit"
    unit: Literal["respondents"] = "respondents"
    question: Text
    """The question, as asked or as reported."""
    days: Annotated[tuple[Positive, ...], Strict(False)]
    """Limits between the bands of answers, in days before the survey's visit, ascending: [7, 30]."""
    counts: Annotated[tuple[Count, ...], Strict(False)]
    """Respondents by band: within the first limit, between limits, longer ago than the last or never."""
    design_effect: DesignEffect = None
    """What survey weights and clusters cost: variance over that of a simple random sample, at least 1."""

    @property
    def headline(self) -> float:
        """Share of respondents who were there within the first limit (no unit)."""
        return self.counts[0] / sum(self.counts)

    def _words(self) -> str:
        asked = f"{self.headline:.1%} of {sum(self.counts):,} respondents"
        return f"{asked} were there within {self.days[0]:g} days before"
