"""The design effect of a survey: how much less its answers are worth than those of a simple random sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from microestim.study.records import Problem, Rule, Values

__all__ = ["DesignEffect", "costs_answers"]

DesignEffect = Annotated[float, Field(gt=0)] | None


def _at_least_one(values: Values) -> Iterator[Problem]:
    effect = values["design_effect"]
    if effect is not None and effect < 1:
        yield Problem(
            ("design_effect",),
            "a design effect below 1 says that the survey tells more than a simple random sample, as only "
            "strata can; it is not the effective sample size over the sample size, which is its inverse",
            effect,
            "1 or more; none for a simple random sample, or one that is better",
        )


costs_answers = Rule(("design_effect",), _at_least_one)
"""The rule that a design effect never makes answers worth more than they are."""
