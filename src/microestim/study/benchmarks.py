"""Figures from elsewhere, to be shown beside a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from microestim.study.evidence_item import EvidenceItem
from microestim.study.records import Problem, Rule, Values
from microestim.study.vocabulary import (
    BENCHMARK_UNIT_PATTERN,
    Bound,
    PlatformRef,
    Role,
    Text,
    TierId,
    bound_text,
)

__all__ = ["BenchmarkEvidence"]


def _range_is_ordered(values: Values) -> Iterator[Problem]:
    low, high = values["value"], values["value_high"]
    if high is not None and high < low:
        yield Problem(("value_high",), "the upper value is below the lower", high, f"at least {low:g}")


def _benchmark_unit_fits(values: Values) -> Iterator[Problem]:
    for key in ("value", "value_high"):
        value = values[key]
        if values["unit"] == "share" and value is not None and value > 1:
            yield Problem((key,), "a share above 1", value, "from 0 to 1 (9 % is 0.09)")


class BenchmarkEvidence(EvidenceItem):
    """A figure from elsewhere, to be shown beside the result; it never enters the joint model."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        Rule(("value", "value_high"), _range_is_ordered),
        Rule(("unit", "value", "value_high"), _benchmark_unit_fits),
    )

    type: Literal["benchmark"] = "benchmark"
    platforms: PlatformRef | None = None  # type: ignore[assignment]
    """The platforms it is about, where it is about some of the study's."""
    unit: Annotated[str, Field(pattern=BENCHMARK_UNIT_PATTERN)]
    """What is counted."""
    value: Annotated[float, Field(ge=0)]
    """The figure, or the lower end of a range."""
    value_high: Annotated[float, Field(ge=0)] | None = None
    """The upper end, where the figure is a range."""
    bound: Bound = "equal"
    """Whether the figure is meant as such, or as a limit."""
    definition: Text
    """What is counted, of whom, where and when: why it is not the study's estimand."""
    tier: TierId | None = None
    """The tier it is nearest to, where there is one."""
    role: Role = "benchmark only"
    """Never 'evidence'."""

    @property
    def headline(self) -> float:
        """The figure, or the lower end of the range."""
        return self.value

    def _words(self) -> str:
        scale, unit = (100.0, "%") if self.unit == "share" else (1.0, self.unit)
        high = "" if self.value_high is None else f" to {scale * self.value_high:,.10g}"
        return f"{bound_text(self.bound)}{scale * self.value:,.10g}{high} {unit}: {self.definition}"
