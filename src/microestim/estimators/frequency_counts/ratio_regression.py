"""Size of a closed population from a line through the ratios of neighbouring frequency counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    Frequencies,
    check_flag,
    classes,
    count_estimate,
    lower_bound,
    slopes,
    unseen_variance,
)
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.references import ROCCHETTI_2011

__all__ = ["Ratios", "count_ratios", "ratio_regression"]

Array = npt.NDArray[np.float64]

LINE = "The log of the ratio of neighbouring frequencies is a line in the number of times seen."
# Beyond so many times the people seen, the line has left all sense.
LARGEST_FACTOR = 1e9


@dataclass(frozen=True)
class Ratios:
    """Ratios of neighbouring frequencies, as far as no class is empty.

    Parameters
    ----------
    times : ndarray
        Lower class x of each ratio.
    logs : ndarray
        Logs of :math:`(x + 1) f_{x+1} / f_x`, with t occasions over :math:`t - x`: the log of the rate, or of
        the odds, where everybody is seen alike.
    variances : ndarray
        Of the logs: :math:`1 / f_x + 1 / f_{x+1}`.
    covariances : ndarray
        Between neighbours: :math:`-1 / f_{x+1}`; one fewer.
    """

    times: Array
    logs: Array
    variances: Array
    covariances: Array


def count_ratios(counts: FrequencyCounts, *, first: int = 1, rare: int | None = None) -> Ratios:
    """Return the ratios of neighbouring frequencies from a class on, until a class is empty or pooled.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    first : int, default 1
        Lower class of the first ratio.
    rare : int, optional
        Last class that is used.

    Returns
    -------
    Ratios
        Possibly none.

    Examples
    --------
    >>> ratios = count_ratios(FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2}))
    >>> ratios.times, np.exp(ratios.logs).round(3)
    (array([1., 2., 3.]), array([0.744, 1.5  , 3.   ]))
    """
    last = max(_last_class(counts, first, rare), first)
    x = np.arange(first, last, dtype=float)
    people = np.array([counts.counts.get(k, 0) for k in range(first, last + 1)], dtype=float)
    logs = _logs(people.astype(complex), x, counts.occasions).real if x.size else np.zeros(0)
    inverse = 1 / people if x.size else np.zeros(1)
    return Ratios(x, logs, inverse[:-1] + inverse[1:], -inverse[1:-1])


def ratio_regression(
    counts: CountsLike, *, without_ones: bool = False, rare: int | None = None, covariance: bool = True
) -> CountEstimate:
    r"""Estimate a population's size from a weighted line through the logs of ratios of frequencies.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen. Classes are used up to the first without people, or pooled.
    without_ones : bool, default False
        Leave the ratio of those seen twice to those seen once out of the line, and take it from the line: for
        too many people seen once, who then count as people and tell no more.
    rare : int, optional
        The last class that is used; all up to the first gap when None.
    covariance : bool, default True
        Weigh by the whole covariance matrix of the log ratios; False for their variances alone.

    Returns
    -------
    CountEstimate
        In people; `params` has ``"intercept"`` and ``"slope"`` of the line, and of its fit ``"chi_squared"``,
        ``"df"`` and, where df is not zero, ``"p_value"``.

    Raises
    ------
    NotEstimableError
        If there are fewer than two ratios, or the line leads to a number beyond all sense. The error carries
        the bound that exists.
    InputError
        If the counts or an option do not fit.

    Notes
    -----
    With :math:`\log r_x = \log\{(x + 1) f_{x+1} / f_x\}` regressed on x [1]_, the number not seen is
    :math:`\hat f_0 = f_1 e^{-\hat\beta_0}`. The delta method gives :math:`\log r_x` the variance
    :math:`1 / f_x + 1 / f_{x+1}` and neighbours the covariance :math:`-1 / f_{x+1}`, for Poisson and for
    multinomial frequencies alike. One rate for all makes the line level at the log of the rate; differences
    between people make it rise. With t occasions the ratios are divided by :math:`t - x`, and
    :math:`\hat f_0 = f_1 e^{-\hat\beta_0} / t`, so that the line is level for one binomial chance.
    Without the people seen once, :math:`\hat f_0 = \hat f_1 e^{-\hat\beta_0}` with :math:`\hat f_1` from
    :math:`f_2` and the line at 1. The variance is the delta method's with multinomial frequencies, that of
    the weights included. The chi-squared of the residuals tests the line: a small p-value says that it is
    none.

    References
    ----------
    .. [1] Rocchetti, I., Bunge, J., Böhning, D. (2011). Population size estimation based upon ratios of
       recapture probabilities. Annals of Applied Statistics 5(2B), 1512-1533. doi:10.1214/10-AOAS436

    Examples
    --------
    >>> fit = ratio_regression({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    >>> round(fit.params["slope"], 3), round(fit.params["p_value"], 2)
    (0.698, 1.0)
    """
    held = as_frequency_counts(counts)
    first = 2 if check_flag("without_ones", without_ones) else 1
    whole = check_flag("covariance", covariance)
    last = _last_class(held, first, rare)
    if last < first + 2:
        bound = lower_bound(held)
        raise NotEstimableError(
            f"a line needs two ratios, so people seen {first}, {first + 1} and {first + 2} times each, and "
            f"the first class without people (or pooled, or left out) comes before. The bias-corrected Chao "
            f"bound is {bound:,.1f} people.",
            bound=bound,
        )
    _, people = classes(held, last)
    x = np.arange(first, last, dtype=float)
    t = 1 if held.occasions is None else held.occasions

    def line(f: Frequencies) -> tuple[Frequencies, Frequencies, Frequencies]:
        """Intercept and slope, residuals, and inverse covariance."""
        used = f[first - 1 : last]
        logs = _logs(used, x, held.occasions)
        matrix = np.diag(1 / used[:-1] + 1 / used[1:])
        if whole:
            matrix -= np.diag(1 / used[1:-1], 1) + np.diag(1 / used[1:-1], -1)
        weights = np.linalg.inv(matrix)
        design = np.stack((np.ones(x.size), x), axis=1)
        coefficients = np.linalg.solve(design.T @ weights @ design, design.T @ weights @ logs)
        return coefficients, logs - design @ coefficients, weights

    def size(f: Frequencies) -> complex:
        coefficients, _, _ = line(f)
        once = f[0]
        if first == 2:
            lifted = (t - 1) if held.occasions is not None else 1
            once = 2 * f[1] / lifted * np.exp(-coefficients.sum())
        return complex(f.sum() + once * np.exp(-coefficients[0]) / t)

    coefficients, residuals, weights = line(people.astype(complex))
    log_unseen = -coefficients[0].real - (coefficients.sum().real if first == 2 else 0.0)
    bound = lower_bound(held)
    if log_unseen > np.log(LARGEST_FACTOR):
        raise NotEstimableError(
            f"the line through the ratios falls so steeply towards zero that it leads to a number beyond all "
            f"sense (e^{log_unseen:,.0f} times those seen once). The bias-corrected Chao bound is "
            f"{bound:,.1f} people.",
            bound=bound,
        )
    n_hat = size(people.astype(complex)).real
    params = {
        "intercept": float(coefficients[0].real),
        "slope": float(coefficients[1].real),
        "chi_squared": float((residuals @ weights @ residuals).real),
        "df": float(x.size - 2),
    }
    if x.size > 2:
        from scipy.special import gammaincc

        params["p_value"] = float(gammaincc(params["df"] / 2, max(params["chi_squared"], 0.0) / 2))
    return count_estimate(
        held,
        n_hat,
        unseen_variance(slopes(size, people), people, n_hat - held.n_observed),
        method="ratio regression, without ones" if first == 2 else "ratio regression",
        assumptions=(*ASSUMPTIONS, LINE),
        reference=ROCCHETTI_2011,
        params=params,
    )


def _last_class(counts: FrequencyCounts, first: int, rare: int | None) -> int:
    """Return the last class before a gap, a pooled class or the limit that was given."""
    if rare is not None and (np.asarray(rare).dtype.kind not in "iu" or rare < 2):
        raise InputError(f"rare is {rare!r}; give a whole number of times seen, at least 2.")
    held = counts.counts
    if counts.last_is_pooled:
        held.pop(counts.times_seen[-1])
    last = first
    while last + 1 in held and (rare is None or last < rare):
        last += 1
    return last if first in held else 0


def _logs(people: Frequencies, x: Array, occasions: int | None) -> Frequencies:
    ways = x + 1 if occasions is None else (x + 1) / (occasions - x)
    return np.asarray(np.log(ways * people[1:] / people[:-1]))
