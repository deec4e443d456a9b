"""Evidence on who was seen in which wave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from microestim.study.evidence_item import EvidenceItem, StatedError, error_text
from microestim.study.records import Problem, Rule, Values, exactly_one, only_with
from microestim.study.vocabulary import Count, HistoriesByBand, HistoryCounts, Periods, Positive, Text

__all__ = ["CapturesEvidence"]


def _recaptures_are_possible(values: Values) -> Iterator[Problem]:
    n1, n2, m = values["n1"], values["n2"], values["m"]
    if None not in (n1, n2, m) and m > min(n1, n2):
        yield Problem(
            ("m",),
            f"m is above {'n1' if n1 <= n2 else 'n2'}: nobody can be recaptured who was not captured",
            m,
            f"at most min(n1, n2) = {min(n1, n2)}",
        )


def _histories_have_one_length(values: Values) -> Iterator[Problem]:
    tables: list[tuple[tuple[str | int, ...], Values]] = []
    if isinstance(values["histories"], Mapping):
        tables.append((("histories",), values["histories"]))
    if isinstance(values["histories_by_frequency"], Mapping):
        tables += [
            (("histories_by_frequency", band), t) for band, t in values["histories_by_frequency"].items()
        ]
    lengths = sorted({len(history) for _, table in tables for history in table})
    if len(lengths) > 1:
        key, table = tables[-1]
        history = list(table)[-1]
        yield Problem(
            (*key, history),
            "histories must all have the same number of occasions",
            history,
            "one digit an occasion, as in the others",
        )
    for key, table in tables:
        if not table:
            yield Problem(key, "no histories", {}, 'a count for each history, such as "10" = 411')
    if not tables and values["n1"] is not None:
        lengths = [2]
    if len(lengths) == 1 and values["waves"] and len(values["waves"]) != lengths[0]:
        yield Problem(
            ("waves",),
            "the number of waves is not that of the captures",
            len(values["waves"]),
            str(lengths[0]),
        )
    if tables and not any(count for _, table in tables for count in table.values()):
        yield Problem(tables[0][0], "nobody was captured", 0, "at least one count above 0")


class CapturesEvidence(EvidenceItem):
    """Who was seen in which of two or more waves, on one platform.

    Give exactly one form: counts by history, the three counts of two waves, a finished estimate
    without its counts, or counts by history and stated frequency. The history of people never seen
    ("00") is what is to be estimated, and is not accepted.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        exactly_one(
            ("histories",),
            ("n1", "n2", "m"),
            ("estimate", "estimator"),
            ("histories_by_frequency",),
            what="the captures",
        ),
        only_with("error", "estimate"),
        Rule(("n1", "n2", "m"), _recaptures_are_possible),
        Rule(("histories", "histories_by_frequency", "n1", "waves"), _histories_have_one_length),
    )

    type: Literal["captures"] = "captures"
    unit: Literal["accounts"] = "accounts"
    histories: HistoryCounts | None = None
    """Accounts by capture history: one digit a wave, 1 = seen."""
    n1: Annotated[int, Field(ge=1)] | None = None
    """Accounts seen in the first wave."""
    n2: Annotated[int, Field(ge=1)] | None = None
    """Accounts seen in the second wave."""
    m: Count | None = None
    """Accounts seen in both."""
    estimate: Positive | None = None
    """A published size without its counts (accounts)."""
    estimator: Literal["lincoln-petersen", "chapman", "bailey"] | None = None
    """How the published size was made."""
    error: StatedError | None = None
    """Sampling error of the published size."""
    histories_by_frequency: HistoriesByBand | None = None
    """Accounts by stated frequency and capture history."""
    draw_method: Text | None = None
    """How people came to be captured: a paid questionnaire, an invitation to all ..."""
    waves: Periods = ()
    """When each wave was, in order."""

    @property
    def counts_by_history(self) -> dict[str, int] | None:
        """Accounts by history, summed over stated frequency; None without counts."""
        if self.histories is not None:
            return dict(self.histories)
        if self.histories_by_frequency is not None:
            totals: dict[str, int] = {}
            for table in self.histories_by_frequency.values():
                for history, count in table.items():
                    totals[history] = totals.get(history, 0) + count
            return totals
        if self.n1 is not None and self.n2 is not None and self.m is not None:
            return {"10": self.n1 - self.m, "01": self.n2 - self.m, "11": self.m}
        return None

    @property
    def occasions(self) -> int | None:
        """Number of waves; None without counts and without a list of waves."""
        counts = self.counts_by_history
        if counts:
            return len(next(iter(counts)))
        return len(self.waves) or None

    @property
    def two_sample(self) -> tuple[int, int, int] | None:
        """The counts (n1, n2, m) of two waves; None where they are not known."""
        counts = self.counts_by_history
        if counts is None or self.occasions != 2:
            return None
        both = counts.get("11", 0)
        return counts.get("10", 0) + both, counts.get("01", 0) + both, both

    @property
    def n_observed(self) -> int | None:
        """Distinct accounts seen; None without counts."""
        counts = self.counts_by_history
        return None if counts is None else sum(counts.values())

    @property
    def headline(self) -> float | None:
        """The published size, or the distinct accounts seen."""
        return self.estimate if self.estimate is not None else self.n_observed

    def _words(self) -> str:
        if self.estimate is not None:
            return (
                f"{self.estimate:,.0f} accounts by {self.estimator}, counts unknown{error_text(self.error)}"
            )
        if self.two_sample is not None:
            return "n1 = {:,}, n2 = {:,}, m = {:,} accounts".format(*self.two_sample)
        return f"{self.n_observed:,} distinct accounts in {self.occasions} waves"
