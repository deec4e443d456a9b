r"""Two samples that depend on each other to a known extent: estimate, error and limits at a given odds ratio.

The odds ratio of the two samples is :math:`\theta = n_{11} n_{00} / (n_{10} n_{01})`, with n00 the people in
neither. Given it, the likelihood's maximum fits the three observed cells exactly. All functions take n1, n2
(sizes of the samples), m (people in both) and the odds ratio as float arrays of one shape.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from microestim.estimators.two_samples.gamma_ratio import log_rising
from microestim.estimators.two_samples.limits import bisect
from microestim.estimators.two_samples.waring import first_reached
from microestim.results import normal_quantile

__all__ = ["least_without_overlap", "limits_given", "loglik_given", "size_given"]

Array = npt.NDArray[np.float64]


def size_given(n1: Array, n2: Array, m: Array, odds_ratio: Array) -> tuple[Array, Array]:
    r"""Size of the population and its standard error, given the odds ratio.

    :math:`\hat N = n + \hat f_0` with n the people seen and :math:`\hat f_0 = \theta n_{10} n_{01} / n_{11}`;
    variance :math:`\hat f_0 + \hat f_0^2 (1/n_{11} + 1/n_{10} + 1/n_{01})`, by the delta method with the four
    cells multinomial. For an odds ratio of 1 that is Sekar and Deming's variance of Lincoln-Petersen.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    odds_ratio : ndarray
        Odds ratio of the two samples.

    Returns
    -------
    size, se : ndarray
        In people; nan where m = 0.

    References
    ----------
    Sekar, C. C. & Deming, W. E. (1949). On a method of estimating birth and death rates and the extent of
    registration. Journal of the American Statistical Association 44(245), 101-115.
    doi:10.1080/01621459.1949.10483294

    Examples
    --------
    >>> size, se = size_given(*(np.array(x) for x in (500.0, 500.0, 89.0, 2.0)))
    >>> round(float(size), 2)
    4706.98
    """
    both = np.where(m > 0, m, np.nan)
    first, second = n1 - m, n2 - m
    unseen = odds_ratio * first * second / both
    # Written without division by the cells, which may be empty.
    variance = unseen + odds_ratio**2 * first * second * (first * second / both + first + second) / both**2
    return n1 + n2 - m + unseen, np.sqrt(variance)


def loglik_given(size: Array, n1: Array, n2: Array, m: Array, odds_ratio: Array) -> Array:
    """Log-likelihood of N given the odds ratio, the chances of being in each sample at their best.

    The likelihood is the multinomial one of the four cells. For a given N the best fit has the margins n1
    and n2 and the odds ratio, so its cell of both samples solves a quadratic.

    Parameters
    ----------
    size : ndarray
        Values of N, at least the number seen; need not be whole numbers.
    n1, n2, m : ndarray
        People in each sample and in both.
    odds_ratio : ndarray
        Odds ratio of the two samples.

    Returns
    -------
    ndarray
        The log-likelihood, up to a constant.

    Examples
    --------
    >>> grid = np.arange(4500.0, 4900.0)
    >>> counts = tuple(np.array(x) for x in (500.0, 500.0, 89.0))
    >>> float(grid[loglik_given(grid, *counts, np.array(2.0)).argmax()])
    4701.0
    """
    both = _expected_overlap(size, n1, n2, odds_ratio)
    seen = n1 + n2 - m
    with np.errstate(divide="ignore", invalid="ignore"):
        fitted = [
            np.where(count > 0, count * np.log(share / size), 0.0)
            for count, share in ((m, both), (n1 - m, n1 - both), (n2 - m, n2 - both))
        ]
        missed = np.where(size > seen, (size - seen) * np.log1p(-(n1 + n2 - both) / size), 0.0)
    return np.asarray(log_rising(size - seen + 1, seen) + sum(fitted) + missed)


def limits_given(n1: Array, n2: Array, m: Array, odds_ratio: Array, level: float) -> tuple[Array, Array]:
    """Limits of N given the odds ratio, by likelihood ratio.

    For an odds ratio of 1 these are the profile-likelihood limits of `lincoln_petersen`.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    odds_ratio : ndarray
        Odds ratio of the two samples.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray
        Limits in people. Where m = 0 the upper one is infinite, and the lower one exact: the smallest N
        at which nobody is in both samples with probability (1 - level) / 2.

    References
    ----------
    Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed populations.
    Biometrics 48(2), 567-576. doi:10.2307/2532310

    Examples
    --------
    >>> low, high = limits_given(*(np.array(x) for x in (500.0, 500.0, 89.0, 1.0)), 0.95)
    >>> round(float(low)), round(float(high))
    (2385, 3358)
    """
    from scipy.special import digamma

    n1, n2, m, odds_ratio = (np.asarray(a, dtype=float) for a in np.broadcast_arrays(n1, n2, m, odds_ratio))
    seen = n1 + n2 - m
    finite = m > 0
    allowed = normal_quantile(level) ** 2 / 2

    def loglik(unseen: Array) -> Array:
        return loglik_given(seen + unseen, n1, n2, m, odds_ratio)

    def rises(unseen: Array) -> npt.NDArray[np.bool_]:
        size = seen + unseen
        both = _expected_overlap(size, n1, n2, odds_ratio)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = digamma(size + 1) - digamma(unseen + 1) + np.log1p(-(n1 + n2 - both) / size)
        return np.asarray(slope > 0)

    nobody = np.zeros(m.shape)
    start = odds_ratio * (n1 - m) * (n2 - m) / np.maximum(m, 1)
    best = bisect(rises, nobody, 2 * start + 10)
    best = np.where(loglik(nobody) >= loglik(best), 0.0, best)
    cut = loglik(best) - allowed
    low = np.asarray(seen + bisect(lambda x: loglik(x) < cut, nobody, best))
    top = 2 * best + 10
    while np.any(inside := finite & (loglik(top) >= cut)):
        top = np.where(inside, 4 * top, top)
    high = bisect(lambda x: loglik(x) >= cut, best, top)
    for place in map(tuple, np.argwhere(~finite)):
        low[place] = least_without_overlap(
            float(n1[place]), float(n2[place]), float(odds_ratio[place]), (1 - level) / 2
        )
    return low, np.where(finite, seen + high, np.inf)


def least_without_overlap(n1: float, n2: float, odds_ratio: float, probability: float) -> float:
    """Smallest N at which dependent samples have nobody in common with at least a given probability.

    Given the sizes of the samples, the number in both has Fisher's noncentral hypergeometric
    distribution.

    Parameters
    ----------
    n1, n2 : float
        People in each sample.
    odds_ratio : float
        Odds ratio of the two samples.
    probability : float
        Least probability of m = 0, between 0 and 1.

    Returns
    -------
    float
        A whole number of people.

    Examples
    --------
    >>> least_without_overlap(1.0, 1.0, 1.0, 0.9)
    10.0
    >>> least_without_overlap(1.0, 1.0, 2.0, 0.9)
    19.0
    """
    allowed = (1 + 1e-12) / probability

    def plausible(size: float) -> bool:
        # 1 / P(m = 0) is a sum of positive terms, so it is given up as soon as it is too large.
        total = term = 1.0
        for k in range(int(min(n1, n2))):
            term *= odds_ratio * (n1 - k) * (n2 - k) / ((k + 1) * (size - n1 - n2 + k + 1))
            total += term
            if total > allowed:
                return False
            if term < 1e-17 * total:
                break
        return True

    return first_reached(
        plausible, n1 + n2, n1 + n2 + math.floor(odds_ratio * n1 * n2 / -math.log(probability))
    )


def _expected_overlap(size: Array, n1: Array, n2: Array, odds_ratio: Array) -> Array:
    """People in both samples expected in a table with these margins, this size and this odds ratio."""
    excess = 1 - odds_ratio
    linear = size - excess * (n1 + n2)
    root = np.sqrt(np.maximum(linear**2 + 4 * excess * odds_ratio * n1 * n2, 0.0))
    # Two forms of one root; the one that adds numbers of the same sign keeps its digits.
    with np.errstate(divide="ignore", invalid="ignore"):
        straight = 2 * odds_ratio * n1 * n2 / (linear + root)
        turned = (root - linear) / (2 * excess)
    return np.clip(np.where(linear > 0, straight, turned), 0.0, np.minimum(n1, n2))
