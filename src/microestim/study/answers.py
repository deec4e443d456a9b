"""Evidence that respondents gave by answering: how often, on how many platforms, for how much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from microestim.study.evidence_item import EvidenceItem
from microestim.study.records import Problem, Rule, Values, exactly_one, only_with
from microestim.study.survey_weights import DesignEffect, costs_answers
from microestim.study.vocabulary import (
    MONEY_PATTERN,
    BandCounts,
    BandShares,
    Bound,
    Counts,
    CountsByBand,
    PlatformRef,
    Role,
    Share,
    Text,
    Window,
    bound_text,
)

_SHARE_ROUNDING = 0.005
"""A share that was printed to a per cent is within so much of what was counted."""

__all__ = ["ActivityEvidence", "HoursEvidence", "IncomeEvidence", "MembershipsEvidence"]


def _bands_add_up(values: Values) -> Iterator[Problem]:
    counts, shares, n = values["counts"], values["shares"], values["n"]
    if counts is not None:
        absent = [band for band in ("weekly", "monthly", "less") if band not in counts]
        if absent:
            yield Problem(
                ("counts",),
                f"no count for {', '.join(absent)}",
                sorted(counts),
                "weekly, monthly and less; each person in exactly one",
            )
        elif sum(counts.values()) != n:
            yield Problem(("counts",), "the counts do not sum to n", sum(counts.values()), str(n))
    if shares is not None:
        total = sum(shares.values())
        whole = len(shares) == 3
        # Three shares that were each printed to a per cent can miss 1 by 1.5 per cent.
        if total > 1.015 or (not whole and total > 1) or (whole and total < 0.985):
            yield Problem(
                ("shares",),
                "the shares of exclusive bands do not sum to 1"
                if whole
                else "the shares of exclusive bands exceed 1",
                round(total, 6),
                "1 (within rounding)" if whole else "at most 1",
            )


class ActivityEvidence(EvidenceItem):
    """How often respondents say that they work, in exclusive bands.

    weekly: at least once a week; monthly: at least once a month but not every week; less: the rest.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        exactly_one(("counts",), ("shares",), what="the answers"),
        Rule(("counts", "shares", "n"), _bands_add_up),
        costs_answers,
    )

    type: Literal["activity"] = "activity"
    unit: Literal["respondents"] = "respondents"
    frequency_scope: Literal["this platform", "any platform"]
    """Whether the question was about this platform, or about working on any."""
    question: Text
    """The question, as asked or as reported."""
    n: Annotated[int, Field(ge=1)]
    """Respondents."""
    counts: BandCounts | None = None
    """Respondents by band; all three bands, summing to n."""
    shares: BandShares | None = None
    """Shares of respondents by band, weighted where the survey has weights; not all bands need be known."""
    design_effect: DesignEffect = None
    """What survey weights and clusters cost: variance over that of a simple random sample, at least 1."""

    @property
    def headline(self) -> float:
        """Share of respondents in the most frequent band that is given (no unit)."""
        if self.counts is not None:
            return self.counts["weekly"] / self.n
        assert self.shares is not None
        return self.shares.get("weekly", next(iter(self.shares.values())))

    def _words(self) -> str:
        if self.counts is not None:
            parts = ", ".join(f"{count:,} {band}" for band, count in self.counts.items())
        else:
            parts = ", ".join(f"{share:.1%} {band}" for band, share in (self.shares or {}).items())
        return f"{parts} of {self.n:,} respondents (on {self.frequency_scope})"


def _membership_counts(values: Values) -> Iterator[Problem]:
    counts, n, mean, sd = values["counts"], values["n"], values["mean"], values["sd"]
    tables: list[tuple[tuple[str | int, ...], Values]] = []
    if counts is not None:
        tables = [(("counts",), counts)]
    elif values["by_frequency"] is not None:
        tables = [(("by_frequency", band), t) for band, t in values["by_frequency"].items()]
    total = sum(sum(table.values()) for _, table in tables)
    if tables and total == 0:
        yield Problem(tables[0][0], "nobody answered", 0, "at least one count above 0")
    if tables and n is not None and total != n:
        yield Problem(("n",), "n is not the sum of the counts", n, f"{total}, or leave n out")
    if mean is not None and n is None:
        yield Problem((), "a mean needs the number of respondents", None, "n = a whole number")
    if sd is not None and mean == 1 and sd > 0:
        yield Problem(("sd",), "a mean of 1 leaves no spread: nobody has fewer than 1", sd, "0")


def _mean_fits_share(values: Values) -> Iterator[Problem]:
    """Those who are not on one platform are on two or more."""
    mean, single, unit = values["mean"], values["share_single"], values["rounded_to"]
    if mean is None or single is None:
        return
    half, least = (0.1 if unit is None else unit) / 2, 2 - single - _SHARE_ROUNDING
    if mean + half < least:
        message = (
            f"{1 - single:.4g} of the respondents are on two platforms or more, which makes a larger mean"
        )
        yield Problem(("mean",), message, mean, f"{least:.4g} or more")
    if single == 1 and mean - half > 1:
        yield Problem(("mean",), "all respondents are on one platform, which makes a mean of 1", mean, "1")


class MembershipsEvidence(EvidenceItem):
    """On how many platforms respondents are registered, or work.

    `platforms` is the set *over which* memberships were counted, or "any"; `frame` is the platform
    (or platforms, or the general population) whose people were asked. A factor counted over one set
    is never applied to a total over another.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        exactly_one(("counts",), ("mean",), ("by_frequency",), what="the memberships"),
        only_with("sd", "mean"),
        only_with("share_single", "mean"),
        only_with("rounded_to", "mean"),
        Rule(("counts", "by_frequency", "n", "mean", "sd"), _membership_counts),
        Rule(("mean", "share_single", "rounded_to"), _mean_fits_share),
        costs_answers,
    )

    type: Literal["memberships"] = "memberships"
    unit: Literal["platforms per person"] = "platforms per person"
    frame: PlatformRef
    """Whose people were asked: a platform id, a list of them, or "population"."""
    kind: Literal["registered", "worked"]
    """Whether the platforms counted are those registered on, or those worked on."""
    counts: Counts | None = None
    """Respondents by number of platforms: {"1" = 700, "2" = 180}."""
    mean: Annotated[float, Field(ge=1)] | None = None
    """Mean number of platforms a respondent."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Respondents."""
    rounded_to: Annotated[float, Field(gt=0, le=1)] | None = None
    """Unit to which the mean was rounded: 1 where 'two on average' is printed. Unless given, it is exact."""
    sd: Annotated[float, Field(ge=0)] | None = None
    """Standard deviation of the number of platforms."""
    share_single: Share | None = None
    """Share of respondents with exactly one platform."""
    by_frequency: CountsByBand | None = None
    """Respondents by stated frequency and number of platforms."""
    window: Window = "ever"
    """Over which time: ever, the last month, the last week."""
    design_effect: DesignEffect = None
    """What survey weights and clusters cost: variance over that of a simple random sample, at least 1."""

    @property
    def counts_by_number(self) -> dict[int, int] | None:
        """Respondents by number of platforms, summed over stated frequency; None without counts."""
        if self.counts is not None:
            return {int(k): count for k, count in self.counts.items()}
        if self.by_frequency is not None:
            totals: dict[int, int] = {}
            for table in self.by_frequency.values():
                for k, count in table.items():
                    totals[int(k)] = totals.get(int(k), 0) + count
            return totals
        return None

    @property
    def n_respondents(self) -> int:
        """Respondents."""
        counts = self.counts_by_number
        if counts is not None:
            return sum(counts.values())
        assert self.n is not None
        return self.n

    @property
    def headline(self) -> float:
        """Mean number of platforms a respondent."""
        counts = self.counts_by_number
        if counts is not None:
            return sum(k * count for k, count in counts.items()) / sum(counts.values())
        assert self.mean is not None
        return self.mean

    def _words(self) -> str:
        verb = "registered on" if self.kind == "registered" else "worked on"
        when = "" if self.window == "ever" else f" in the last {self.window}"
        single = "" if self.share_single is None else f", {self.share_single:.1%} on one only"
        rounded = "" if self.rounded_to is None else f", rounded to {self.rounded_to:g}"
        return (
            f"{verb} {self.headline:.4g} platforms a person on average{when}{rounded}, "
            f"{self.n_respondents:,} respondents{single}"
        )


class IncomeEvidence(EvidenceItem):
    """What people earn by micro-work."""

    type: Literal["income"] = "income"
    role: Role = "shown only"
    """It does not enter the joint model."""
    unit: Annotated[str, Field(pattern=MONEY_PATTERN)]
    """Currency (ISO 4217) a time: "EUR/month"."""
    value: Annotated[float, Field(ge=0)]
    """Money a time, per respondent."""
    statistic: Literal["mean", "median"] = "mean"
    """What the value is of the respondents' incomes."""
    bound: Bound = "equal"
    """Whether the statistic equals the value, or is only known to be below or above it."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Respondents."""

    @property
    def currency(self) -> str:
        """Currency, ISO 4217."""
        return self.unit.split("/")[0]

    @property
    def per(self) -> str:
        """Time that the income is for: hour, week, month or year."""
        return self.unit.split("/")[1]

    @property
    def headline(self) -> float:
        """Money a time."""
        return self.value

    def _words(self) -> str:
        return f"{self.statistic} {bound_text(self.bound)}{self.value:,.4g} {self.unit}"


class HoursEvidence(EvidenceItem):
    """How many hours people spend on micro-work."""

    type: Literal["hours"] = "hours"
    role: Role = "shown only"
    """It does not enter the joint model."""
    unit: Literal["hours/week"] = "hours/week"
    value: Annotated[float, Field(ge=0, le=168)]
    """Hours a week, per respondent."""
    statistic: Literal["mean", "median"]
    """What the value is of the respondents' hours."""
    bound: Bound = "equal"
    """Whether the statistic equals the value, or is only known to be below or above it."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Respondents."""

    @property
    def headline(self) -> float:
        """Hours a week."""
        return self.value

    def _words(self) -> str:
        return f"{self.statistic} {bound_text(self.bound)}{self.value:,.4g} {self.unit}"
