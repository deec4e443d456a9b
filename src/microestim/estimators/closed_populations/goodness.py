"""Does a closed-population model fit: expected counts beside observed ones, and how far apart they may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.bootstrap import Resampler
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.resample_chunks import in_chunks
from microestim.estimators.closed_populations.resampling import chances_of, draw_by_history
from microestim.results import Rng, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "GoodnessOfFit",
    "Refit",
    "expected_by_captures",
    "expected_by_history",
    "expected_counts",
    "goodness_of_fit",
    "pearson_statistic",
]

Array = npt.NDArray[np.float64]


class Refitted(Protocol):
    """What is needed of a model fitted to data drawn from it."""

    @property
    def deviance(self) -> float | None:
        """Twice the gap to the log-likelihood of counts that are their own expectations."""

    def _drawn_from(self) -> tuple[Resampler, MarginCounts]: ...


type Refit = Callable[[Captures | FrequencyCounts], Refitted]
"""Fits a model to captures or frequencies."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GoodnessOfFit:
    """How often data drawn from a fitted model are as far from it as the data are.

    Parameters
    ----------
    method : str
        The model.
    deviance : float
        Of the data.
    deviance_p : float
        Share of the data sets drawn, the data among them, with at least that deviance.
    pearson : float
        Pearson's chi-square of the numbers captured once, twice, ...
    pearson_p : float
        Share of the data sets drawn, the data among them, with at least that value.
    df_resid : int
        Residual degrees of freedom of the deviance; with rare histories it has no chi-square distribution.
    n_resamples : int
        Data sets that were drawn and could be fitted.
    n_without_fit : int
        Data sets that were drawn and had no estimate; they are in neither share.

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> from microestim.estimators.closed_populations import closed
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> fit = closed(taxicabs, "M0").goodness_of_fit(rng=1, n_resamples=100)
    >>> fit.n_resamples, 0 < fit.deviance_p < 1
    (100, True)
    """

    method: str
    deviance: float
    deviance_p: float
    pearson: float
    pearson_p: float
    df_resid: int
    n_resamples: int
    n_without_fit: int

    def table(self) -> Table:
        """Return both statistics as a table for a reader.

        Returns
        -------
        Table
            One row a statistic.
        """
        rows = [
            ("deviance", f"{self.deviance:,.2f}", f"{self.deviance_p:.3f}"),
            ("Pearson's chi-square of the frequencies", f"{self.pearson:,.2f}", f"{self.pearson_p:.3f}"),
        ]
        drawn = f"p values from {self.n_resamples:,} data sets drawn from the fitted model"
        if self.n_without_fit:
            drawn += f"; {self.n_without_fit:,} more had no estimate and are left out"
        footer = (f"{drawn}.", "A small p value speaks against the model; a large one does not prove it.")
        title = f"goodness of fit of {self.method}"
        return Table(("statistic", "value", "p value"), rows, title=title, footer=footer)

    def __repr__(self) -> str:
        """Return one line."""
        return (
            f"<GoodnessOfFit of {self.method}: deviance p {self.deviance_p:.3f}, "
            f"frequencies p {self.pearson_p:.3f}>"
        )

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()


def pearson_statistic(f_k: Array, margin: Array, size: float) -> float:
    """Pearson's chi-square of the numbers of people captured once, twice, ...

    Parameters
    ----------
    f_k : ndarray, shape (t,)
        People captured once, twice, ..., t times.
    margin : ndarray, shape (t + 1,)
        Probability of 0, 1, ..., t captures.
    size : float
        Size of the population, in people.

    Returns
    -------
    float
        Sum of squared differences over expectations.

    Examples
    --------
    >>> pearson_statistic(np.array([55.0, 20.0]), np.array([0.25, 0.5, 0.25]), 100.0)
    1.5
    """
    expected = size * margin[1:]
    # Where nobody is, the term is the expectation, even one so small that it is 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.sum(np.where(f_k > 0, (f_k - expected) ** 2 / expected, expected)))


def expected_by_captures(f_k: Array, margin: Array, size: float) -> pd.DataFrame:
    """Lay expected beside observed numbers of people by number of captures.

    Parameters
    ----------
    f_k : ndarray, shape (t,)
        People captured once, twice, ..., t times.
    margin : ndarray, shape (t + 1,)
        Probability of 0, 1, ..., t captures.
    size : float
        Size of the population, in people.

    Returns
    -------
    pandas.DataFrame
        Columns `captures`, `observed`, `expected` (people) and `pearson_residual`; of 0 captures only the
        expectation is known.
    """
    import pandas as pd

    observed = np.concatenate([[np.nan], f_k])
    return _with_residuals(pd.DataFrame({"captures": range(len(margin))}), observed, size * margin)


def expected_by_history(
    histories: npt.NDArray[Any], counts: Array, chances: Array, size: float
) -> pd.DataFrame:
    """Lay expected beside observed numbers of people by history.

    Parameters
    ----------
    histories : ndarray, shape (rows, t)
        Distinct histories that were observed.
    counts : ndarray, shape (rows,)
        People with each.
    chances : ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures, the first of them on each
        occasion on the last axis.
    size : float
        Size of the population, in people.

    Returns
    -------
    pandas.DataFrame
        Columns `history`, `observed`, `expected` (people) and `pearson_residual`; the last row is of all
        histories that nobody showed, the one without captures left out.
    """
    import pandas as pd

    expected = size * chances_of(chances, histories)
    shown = size * (1 - float(chances_of(chances, np.zeros((1, len(chances))))[0]))
    names = ["".join(map(str, history)) for history in histories.astype(int).tolist()]
    frame = pd.DataFrame({"history": [*names, "all others"]})
    # Rounding may leave a little less than nothing for the others where every history was observed.
    others = max(shown - float(expected.sum()), 0.0)
    return _with_residuals(frame, np.append(counts, 0.0), np.append(expected, others))


def _with_residuals(frame: pd.DataFrame, observed: Array, expected: Array) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(expected > 0, (observed - expected) / np.sqrt(expected), np.nan)
    return frame.assign(observed=observed, expected=expected, pearson_residual=residual)


def expected_counts(resampler: Resampler, counts: MarginCounts, of: str) -> pd.DataFrame:
    """Lay expected beside observed numbers of people.

    Parameters
    ----------
    resampler : Resampler
        The fitted model.
    counts : MarginCounts
        The data.
    of : {"captures", "histories"}
        What to count by.

    Returns
    -------
    pandas.DataFrame
        See `expected_by_captures` and `expected_by_history`.
    """
    if of not in ("captures", "histories"):
        raise InputError(f"of is {of!r}; choose 'captures' or 'histories'.")
    if of == "captures":
        return expected_by_captures(counts.f_k, resampler.margin, resampler.people)
    if not isinstance(counts, ClosedCounts):
        raise NotEstimableError("frequencies of capture do not say who was seen when.")
    histories, people = counts.source.histories, counts.source.counts.astype(float)
    return expected_by_history(histories, people, resampler.chances, resampler.people)


def goodness_of_fit(
    resampler: Resampler,
    counts: MarginCounts,
    *,
    method: str,
    deviance: float,
    df_resid: int,
    fit: Refit,
    rng: Rng,
    n_resamples: int | None,
) -> GoodnessOfFit:
    """Compare deviance and Pearson's chi-square with those of data drawn from the fitted model.

    Parameters
    ----------
    resampler : Resampler
        The fitted model.
    counts : MarginCounts
        The data.
    method : str
        Name of the model.
    deviance : float
        Of the data.
    df_resid : int
        Residual degrees of freedom.
    fit : callable
        Fits the model to captures or frequencies.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    n_resamples : int or None
        Data sets drawn.

    Returns
    -------
    GoodnessOfFit
        Both statistics with their p values.

    Raises
    ------
    NotEstimableError
        If no data set drawn has an estimate.
    """
    pearson = pearson_statistic(counts.f_k, resampler.margin, resampler.people)
    work = partial(_drawn_statistics, resampler, counts, fit)
    drawn = np.concatenate(in_chunks(work, resampler, rng=rng, n_resamples=n_resamples))
    fitted = drawn[np.isfinite(drawn[:, 0])]
    if not len(fitted):
        raise NotEstimableError(f"no data set drawn from {method} has an estimate.")
    # A statistic that a resample shares with the data must not fall below it by rounding.
    larger = (fitted >= np.array([deviance, pearson]) * (1 - 1e-9)).sum(axis=0)
    p_values = (1 + larger) / (1 + len(fitted))
    return GoodnessOfFit(
        method=method,
        deviance=deviance,
        deviance_p=float(p_values[0]),
        pearson=pearson,
        pearson_p=float(p_values[1]),
        df_resid=df_resid,
        n_resamples=len(fitted),
        n_without_fit=len(drawn) - len(fitted),
    )


def _drawn_statistics(
    resampler: Resampler,
    counts: MarginCounts,
    fit: Refit,
    resamples: int,
    rng: np.random.Generator,
) -> Array:
    """Deviance and Pearson's chi-square of data sets drawn from a model; nan where there is no estimate."""
    drawn = np.full((resamples, 2), np.nan)
    for row in range(resamples):
        data: Captures | FrequencyCounts
        if isinstance(counts, ClosedCounts):
            histories, people = draw_by_history(resampler.chances, round(resampler.people), rng)
            if not len(people):
                continue
            data = Captures.from_histories(histories, counts=people.astype(np.int64))
        else:
            f_k = resampler.draw(1, rng).f_k[0]
            if not f_k.any():
                continue
            numbers = {k: int(number) for k, number in enumerate(f_k, start=1) if number}
            data = FrequencyCounts(numbers, occasions=counts.occasions)
        try:
            found = fit(data)
        except NotEstimableError:
            continue
        again, seen = found._drawn_from()
        assert found.deviance is not None
        drawn[row] = found.deviance, pearson_statistic(seen.f_k, again.margin, again.people)
    return drawn
