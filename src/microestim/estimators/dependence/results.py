"""What limited dependence gives: the sizes between its two ends, an interval around them, and the sweep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.dependence.references import GERRITSE_2015, SUN_2020
from microestim.estimators.dependence.three_lists import PAIRS, ThreeLists
from microestim.estimators.dependence.two_lists import limits_given, size_given
from microestim.estimators.two_samples.estimates import TwoSampleEstimate
from microestim.results import (
    FRAME_COLUMNS,
    ROUNDING_RULE,
    Estimand,
    Interval,
    Reference,
    Rng,
    Table,
    check_level,
    floored_interval,
    format_interval,
    lognormal_limits,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dependence", "EstimateGivenDependence", "ThreeListDependence", "TwoListDependence"]

Array = npt.NDArray[np.float64]
Range = tuple[float, float]

NO_LIMIT = "m = 0: the data set no upper limit; the lower one is exact"
CLOSED = (
    "The population is closed between the samples: nobody joins or leaves.",
    "People are matched between the samples without error.",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EstimateGivenDependence(TwoSampleEstimate):
    """An estimate from two samples whose odds ratio is taken as known.

    Parameters
    ----------
    odds_ratio : float or ndarray
        Odds ratio of the two samples, the one unknown that the counts cannot tell.

    Examples
    --------
    >>> from microestim.estimators.dependence import dependence
    >>> dependence(500, 500, 89, odds_ratio=(0.5, 2)).at(1)
    <odds ratio given: 2,810 people, se 240, 911 seen>
    """

    odds_ratio: float | Array

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile", "lognormal", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method != "profile":
            return super()._make_interval(method, level, rng, n_resamples)
        n1, n2, m, odds = (np.asarray(x, dtype=float) for x in (self.n1, self.n2, self.m, self.odds_ratio))
        low, high = limits_given(n1, n2, m, odds, level)
        note = NO_LIMIT if np.any(m == 0) else ""
        kind = "confidence: profile likelihood"
        return floored_interval(low, high, level=level, kind=kind, floor=n1 + n2 - m, note=note)

    def _extra_rows(self) -> list[tuple[str, str]]:
        return [*super()._extra_rows(), ("odds ratio", f"{float(self.odds_ratio):g}, taken as known")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Dependence(ABC):
    """The sizes that fit when samples may depend on each other to a stated extent.

    Parameters
    ----------
    odds_ratio : tuple of float
        Least and largest odds ratio; None where the pairs have ranges of their own.
    lower, upper : float or ndarray
        The sizes that fit the counts best lie between these, in people.
    n_observed : float or ndarray
        Distinct people seen.
    status : str or ndarray of str
        ``"bound"``, or ``"not estimable"`` for a row of an array with m = 0.
    reason : str or ndarray of str
        What a reader must know of the bounds; empty otherwise.
    assumptions : tuple of str
        What must hold, one sentence each.
    reference : Reference
        Where the bounds come from.
    estimand : Estimand
        What the numbers are numbers of.
    """

    odds_ratio: Range | None
    lower: float | Array
    upper: float | Array
    n_observed: float | Array
    status: str | npt.NDArray[np.str_] = "bound"
    reason: str | npt.NDArray[np.str_] = ""
    assumptions: tuple[str, ...]
    reference: Reference
    estimand: Estimand = field(default_factory=Estimand)
    _name: ClassVar[str] = "limited dependence"

    @property
    def bounds(self) -> tuple[float | Array, float | Array]:
        """Least and largest size that fits the counts best, in people; no sampling error in them."""
        return self.lower, self.upper

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile",)

    def interval(self, level: float = 0.95, method: str | None = None) -> Interval:
        """Compute an interval that covers the range of dependence and the sampling error.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level, between 0 and 1, for the true size whatever the odds ratio in its range.
        method : str, optional
            One of `interval_methods`; the first of them when None.

        Returns
        -------
        Interval
            Limits in people, never below the number seen. Their note says where one is infinite.

        Raises
        ------
        InputError
            If the level or the method does not fit.
        """
        level = check_level(level)
        chosen = self.interval_methods[0] if method is None else method
        if chosen not in self.interval_methods:
            raise InputError(
                f"interval method {method!r} is unknown for {self._name}; it must be one of "
                f"{', '.join(self.interval_methods)}."
            )
        return self._interval(level, chosen)

    @abstractmethod
    def _interval(self, level: float, method: str) -> Interval:
        """Limits by one of `interval_methods`."""

    def sweep(self, n: int = 41, *, level: float = 0.95) -> pd.DataFrame:
        """Compute the estimate over the range of the odds ratio.

        Parameters
        ----------
        n : int, default 41
            Number of odds ratios, from the least to the largest in equal steps of their logarithm.
        level : float, default 0.95
            Confidence level of the limits, each for its own odds ratio.

        Returns
        -------
        pandas.DataFrame
            Columns `pair`, `odds_ratio`, `estimate`, `se`, `ci_low`, `ci_high`, `ci_level`, `ci_kind`;
            people.

        Raises
        ------
        InputError
            If `n` is no whole number of at least 2, or the counts are arrays.
        """
        import pandas as pd

        if np.asarray(n).dtype.kind not in "iu" or n < 2:
            raise InputError(f"n is {n!r}; give a whole number of odds ratios of at least 2.")
        level = check_level(level)
        if not self._pairs():
            raise InputError("a sweep is over the odds ratio of a pair of samples, and no pair has a range.")
        frames = []
        for name, counts, (low, high) in self._pairs():
            odds = np.exp(np.linspace(np.log(low), np.log(high), int(n)))
            odds[0], odds[-1] = low, high
            estimate = estimate_given(*counts, odds)
            interval = estimate.interval(level)
            frames.append(
                pd.DataFrame(
                    {
                        "pair": name,
                        "odds_ratio": odds,
                        "estimate": estimate.n_hat,
                        "se": estimate.se,
                        "ci_low": np.maximum(interval.low, self.n_observed),
                        "ci_high": np.maximum(interval.high, self.n_observed),
                        "ci_level": level,
                        "ci_kind": interval.kind,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    @abstractmethod
    def _pairs(self) -> list[tuple[str, tuple[Array, Array, Array], Range]]:
        """Pairs of samples: names, n1, n2 and m, range of the odds ratio."""

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Export one row an end of the range, with the interval around both ends in each row.

        Parameters
        ----------
        level : float, default 0.95
            Level of the interval.

        Returns
        -------
        pandas.DataFrame
            The library's common columns; the status is ``"bound"``.
        """
        import pandas as pd

        interval = self.interval(level)
        ends = [np.asarray(end, dtype=float).ravel() for end in self.bounds]
        size = len(ends[0])
        stated = self.estimand
        columns: dict[str, Any] = {
            "study": stated.study,
            "tier": stated.tier,
            "platform": stated.platform,
            "estimand": stated.name,
            "method": np.tile([f"{self._name}: lower", f"{self._name}: upper"], size),
            "status": np.repeat(np.ravel(self.status), 2),
            "estimate": np.stack(ends, axis=1).ravel(),
            "se": np.nan,
            "ci_low": np.repeat(np.ravel(interval.low), 2),
            "ci_high": np.repeat(np.ravel(interval.high), 2),
            "ci_level": interval.level,
            "ci_kind": interval.kind,
            "unit": stated.unit,
            "scope": stated.scope,
            "period": stated.period,
            "window": stated.window,
            "threshold": stated.threshold,
        }
        return pd.DataFrame(columns, columns=list(FRAME_COLUMNS), index=range(2 * size))

    def table(self, level: float = 0.95) -> Table:
        """Return the bounds as a table for a reader.

        Parameters
        ----------
        level : float, default 0.95
            Level of the interval shown.

        Returns
        -------
        Table
            Two columns; for arrays, one row a pair of samples.
        """
        interval = self.interval(level)
        if np.ndim(self.lower):
            rows = [
                (
                    str(place),
                    format_interval(float(low), float(high)) if status == "bound" else str(status),
                    format_interval(float(a), float(b)),
                )
                for place, (low, high, a, b, status) in enumerate(
                    zip(
                        *(np.ravel(x) for x in (*self.bounds, interval.low, interval.high, self.status)),
                        strict=True,
                    )
                )
            ]
            columns = ("row", "bounds", f"{100 * level:g} % interval")
            return Table(columns, rows, title=f"{self._name}: people", footer=(ROUNDING_RULE,))
        label, _, limits = str(interval).partition(": ")
        shown = [
            ("bounds", f"{format_interval(float(self.lower), float(self.upper))} {self.estimand.unit}"),
            *([("remark", str(self.reason))] if self.reason else []),
            (label, limits),
            ("seen", f"{float(self.n_observed):,.0f}"),
            *(
                ("odds ratio" if len(self._pairs()) == 1 else f"odds ratio of {name}", f"{low:g} to {high:g}")
                for name, _, (low, high) in self._pairs()
            ),
            *(("assumes" if i == 0 else "", text) for i, text in enumerate(self.assumptions)),
            ("reference", str(self.reference)),
        ]
        return Table((self._name, "value"), shown, footer=(ROUNDING_RULE,), align=("left", "left"))

    def __repr__(self) -> str:
        """Return one line."""
        if np.ndim(self.lower):
            return f"<{self._name}: bounds for {np.size(self.lower)} pairs of samples>"
        shown = format_interval(float(self.lower), float(self.upper))
        odds = (
            ""
            if self.odds_ratio is None
            else f", odds ratio {self.odds_ratio[0]:g} to {self.odds_ratio[1]:g}"
        )
        return f"<{self._name}: {shown} people{odds}, {float(self.n_observed):,.0f} seen>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TwoListDependence(Dependence):
    """Bounds from two samples whose odds ratio lies in a range.

    Parameters
    ----------
    odds_ratio : tuple of float
        Least and largest odds ratio.
    n1, n2, m : float or ndarray
        People in each sample and in both.
    """

    odds_ratio: Range
    n1: float | Array
    n2: float | Array
    m: float | Array

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile", "lognormal")

    def at(self, odds_ratio: npt.ArrayLike) -> EstimateGivenDependence:
        """Estimate the size for one odds ratio, or an array of them.

        Parameters
        ----------
        odds_ratio : float or array_like
            Odds ratio of the two samples; it need not lie in the range. Broadcasts with the counts.

        Returns
        -------
        EstimateGivenDependence
            In people, with a standard error and intervals.

        Raises
        ------
        InputError
            If an odds ratio is not positive and finite.
        """
        odds = np.asarray(odds_ratio)
        if odds.dtype.kind not in "iuf" or not np.all(np.isfinite(odds) & (odds > 0)):
            raise InputError(f"odds_ratio is {odds_ratio!r}; give positive, finite numbers.")
        return estimate_given(*self._counts, odds.astype(float))

    @property
    def _counts(self) -> tuple[Array, Array, Array]:
        n1, n2, m = (np.asarray(x, dtype=float) for x in (self.n1, self.n2, self.m))
        return n1, n2, m

    def _interval(self, level: float, method: str) -> Interval:
        n1, n2, m = self._counts
        low_odds, high_odds = (np.asarray(x, dtype=float) for x in self.odds_ratio)
        note = NO_LIMIT if np.any(m == 0) else ""
        if method == "profile":
            ends = np.stack([np.broadcast_to(odds, m.shape) for odds in (low_odds, high_odds)])
            lows, highs = limits_given(n1, n2, m, ends, level)
            low, high = lows[0], highs[1]
            kind = "confidence: profile likelihood"
        else:
            floor = n1 + n2 - m
            low, _ = lognormal_limits(*size_given(n1, n2, m, low_odds), floor, level)
            _, high = lognormal_limits(*size_given(n1, n2, m, high_odds), floor, level)
            kind = "confidence: log-normal"
            note = "m = 0: no log-normal limits; use method='profile'" if np.any(m == 0) else ""
        return floored_interval(low, high, level=level, kind=kind, floor=n1 + n2 - m, note=note)

    def _pairs(self) -> list[tuple[str, tuple[Array, Array, Array], Range]]:
        if np.ndim(self.lower):
            raise InputError("a sweep is for one pair of samples; the counts given are arrays.")
        return [("1, 2", self._counts, self.odds_ratio)]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ThreeListDependence(Dependence):
    """Bounds from three samples whose pairwise odds ratios lie in ranges.

    Parameters
    ----------
    lists : ThreeLists
        The counts, the range of each pair, and that of the three-way ratio.
    names : tuple of str
        The samples.
    """

    lists: ThreeLists
    names: tuple[str, ...]

    def _interval(self, level: float, method: str) -> Interval:
        del method
        low, high = self.lists.limits(level)
        note = "" if np.isfinite(high) else "nobody was in two samples, so the data set no upper limit"
        kind = "confidence: profile likelihood"
        return floored_interval(low, high, level=level, kind=kind, floor=self.n_observed, note=note)

    def _pairs(self) -> list[tuple[str, tuple[Array, Array, Array], Range]]:
        found = []
        for pair in PAIRS:
            if pair in self.lists.ranges:
                both, first, second, _ = (np.array(x) for x in self.lists.pair(pair))
                name = ", ".join(self.names[place] for place in pair)
                found.append((name, (both + first, both + second, both), self.lists.ranges[pair]))
        return found


def estimate_given(n1: Array, n2: Array, m: Array, odds_ratio: Array) -> EstimateGivenDependence:
    """Estimate the size from two samples and their odds ratio, element by element.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    odds_ratio : ndarray
        Odds ratio of the two samples.

    Returns
    -------
    EstimateGivenDependence
        In people.

    Raises
    ------
    NotEstimableError
        For one pair of samples with m = 0.

    Examples
    --------
    >>> estimate_given(*(np.array(x) for x in (500.0, 500.0, 89.0, 2.0)))
    <odds ratio given: 4,710 people, se 490, 911 seen>
    """
    n1, n2, m, odds = np.broadcast_arrays(n1, n2, m, odds_ratio)
    size, se = size_given(n1, n2, m, odds)
    if m.ndim == 0 and m == 0:
        raise NotEstimableError("nobody was in both samples (m = 0), so no odds ratio gives an estimate.")
    values: dict[str, Any] = {
        "n_hat": size,
        "se": se,
        "n_observed": n1 + n2 - m,
        "n1": n1,
        "n2": n2,
        "m": m,
        "odds_ratio": odds,
    }
    status: Any = np.where(m == 0, "not estimable", "estimated")
    reason: Any = np.where(m == 0, "nobody was in both samples (m = 0)", "")
    if m.ndim == 0:
        values = {name: float(value) for name, value in values.items()}
        status, reason = str(status), str(reason)
    return EstimateGivenDependence(
        **values,
        status=status,
        reason=reason,
        method="odds ratio given",
        assumptions=(*CLOSED, "The odds ratio of the two samples is the one given."),
        reference=GERRITSE_2015,
    )


def reference_of(lists: int) -> Reference:
    """Return the publication behind the bounds from so many samples.

    Parameters
    ----------
    lists : int
        Two or three.

    Returns
    -------
    Reference
        The publication.

    Examples
    --------
    >>> reference_of(3).year
    2020
    """
    return GERRITSE_2015 if lists == 2 else SUN_2020
