"""Limits for the size of a closed population from two samples, one function a construction.

All take n1, n2 (sizes of the samples), m (people in both) as float arrays of one shape, and return the
lower and upper limit as the formula gives them, before any floor.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from microestim.estimators.two_samples.gamma_ratio import log_rising
from microestim.estimators.two_samples.waring import first_reached, waring_quantile
from microestim.results import normal_quantile

__all__ = [
    "bisect",
    "least_without_recapture",
    "logit_limits",
    "profile_limits",
    "profile_loglik",
    "waring_limits",
]

Array = npt.NDArray[np.float64]


def logit_limits(n1: Array, n2: Array, m: Array, level: float) -> tuple[Array, Array]:
    r"""Limits by Sadinle's transformed logit, with 0.5 added to each cell.

    With u1 and u2 seen once only, :math:`n - \tfrac12 + f e^{\pm z \sigma}`, where
    :math:`f = (u_1 + \tfrac12)(u_2 + \tfrac12) / (m + \tfrac12)` and
    :math:`\sigma^2 = 1/(u_1 + \tfrac12) + 1/(u_2 + \tfrac12) + 1/(m + \tfrac12) + 1/f`. Finite for m = 0.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray
        Limits in people.

    References
    ----------
    Sadinle, M. (2009). Transformed logit confidence intervals for small populations in single
    capture-recapture estimation. Communications in Statistics - Simulation and Computation 38(9),
    1909-1924. doi:10.1080/03610910903168595

    Examples
    --------
    >>> low, high = logit_limits(np.array(10.0), np.array(15.0), np.array(5.0), 0.95)
    >>> round(float(low)), round(float(high))
    (22, 65)
    """
    first, second, both = n1 - m + 0.5, n2 - m + 0.5, m + 0.5
    unseen = first * second / both
    sigma = np.sqrt(1 / first + 1 / second + 1 / both + 1 / unseen)
    factor = np.exp(normal_quantile(level) * sigma)
    seen = n1 + n2 - m
    return seen - 0.5 + unseen / factor, seen - 0.5 + unseen * factor


def waring_limits(n1: Array, n2: Array, m: Array, level: float) -> tuple[Array, Array]:
    r"""Equal-tailed limits of the generalized Waring posterior of the number not seen.

    A hypergeometric likelihood with a Waring prior gives a generalized Waring posterior [1]_. The prior
    here is the limit of that family, 1 / (N + 1): in k = N - n the posterior has the parameters
    :math:`n_1 - m + 1`, :math:`n_2 - m + 1` and :math:`m`. It is proper from m = 1 on.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    level : float
        Credibility, between 0 and 1.

    Returns
    -------
    low, high : ndarray
        Limits in people; nan where m = 0.

    References
    ----------
    .. [1] Rivest, L.-P. & Yauck, M. (2023). Small sample inference for two-way capture recapture
       experiments. doi:10.48550/arXiv.2307.11705

    Examples
    --------
    >>> low, high = waring_limits(np.array(500.0), np.array(500.0), np.array(89.0), 0.95)
    >>> float(low), float(high)
    (2400.0, 3382.0)
    """
    low, high = np.full(m.shape, np.nan), np.full(m.shape, np.nan)
    tail = (1 - level) / 2
    table = np.stack([n1.ravel(), n2.ravel(), m.ravel()], axis=1)
    distinct, place = np.unique(table, axis=0, return_inverse=True)
    limits = np.full((len(distinct), 2), np.nan)
    for row, (size1, size2, both) in enumerate(distinct):
        if both >= 1:
            a, b = sorted((size1 - both + 1, size2 - both + 1))
            seen = size1 + size2 - both
            limits[row] = [seen + waring_quantile(p, int(a), b, both) for p in (tail, 1 - tail)]
    low.flat, high.flat = limits[place.ravel()].T
    return low, high


def profile_loglik(size: Array, n1: Array, n2: Array, m: Array) -> Array:
    """Log-likelihood of N with the two capture probabilities at their best, up to a constant.

    The likelihood is the multinomial one of the four cells (in both, in one, in the other, in neither)
    with independent samples; for a given N the best probabilities are n1 / N and n2 / N.

    Parameters
    ----------
    size : ndarray
        Values of N, at least the number seen; need not be whole numbers.
    n1, n2, m : ndarray
        People in each sample and in both.

    Returns
    -------
    ndarray
        The log-likelihood.

    Examples
    --------
    >>> grid = np.arange(2700.0, 2900.0)
    >>> counts = (np.array(500.0), np.array(500.0), np.array(89.0))
    >>> float(grid[profile_loglik(grid, *counts).argmax()])
    2804.0
    """
    seen = n1 + n2 - m
    total = log_rising(size - seen + 1, seen) - (n1 + n2) * np.log(size)
    for count in (n1, n2):
        missed = size - count
        with np.errstate(divide="ignore", invalid="ignore"):
            total = total + np.where(missed > 0, missed * np.log1p(-count / size), 0.0)
    return total


def profile_limits(n1: Array, n2: Array, m: Array, level: float) -> tuple[Array, Array]:
    r"""Limits by likelihood ratio: all N whose profile log-likelihood is near enough to the best.

    N belongs to the interval when :math:`2 \{\sup \ell - \ell(N)\} \le \chi^2_{1, level}`, with the
    multinomial profile of `profile_loglik`. N is taken as continuous.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample and in both.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray
        Limits in people. The lower one is the number seen where the likelihood does not fall enough
        before it.

    Notes
    -----
    Where m = 0 the likelihood rises for ever: the upper limit is infinite, and a ratio to the supremum is
    nothing like chi-squared. The lower limit is then the exact one, `least_without_recapture` at
    (1 - level) / 2.

    References
    ----------
    Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed populations.
    Biometrics 48(2), 567-576. doi:10.2307/2532310

    Examples
    --------
    >>> low, high = profile_limits(np.array(100.0), np.array(80.0), np.array(20.0), 0.95)
    >>> bool(low < 400 < high)
    True
    """
    from scipy.special import digamma

    seen = n1 + n2 - m
    finite = m > 0
    allowed = normal_quantile(level) ** 2 / 2

    def loglik(unseen: Array) -> Array:
        return profile_loglik(seen + unseen, n1, n2, m)

    def score(unseen: Array) -> Array:
        size = seen + unseen
        with np.errstate(divide="ignore"):
            rise = digamma(size + 1) - digamma(unseen + 1)
            return np.asarray(rise + np.log1p(-n1 / size) + np.log1p(-n2 / size))

    # The maximum lies near Lincoln-Petersen's value, far inside this bracket.
    nobody = np.zeros(m.shape)
    best = bisect(lambda x: score(x) > 0, nobody, 2 * (n1 * n2 / np.maximum(m, 1) - seen) + 10)
    best = np.where(loglik(nobody) >= loglik(best), 0.0, best)
    cut = loglik(best) - allowed
    low = bisect(lambda x: loglik(x) < cut, nobody, best)
    top = 2 * best + 10
    while np.any(inside := finite & (loglik(top) >= cut)):
        top = np.where(inside, 4 * top, top)
    high = bisect(lambda x: loglik(x) >= cut, best, top)
    low = np.asarray(seen + low)
    for place in map(tuple, np.argwhere(~finite)):
        low[place] = least_without_recapture(float(n1[place]), float(n2[place]), (1 - level) / 2)
    return low, np.where(finite, seen + high, np.inf)


def least_without_recapture(n1: float, n2: float, probability: float) -> float:
    """Smallest N at which two samples have nobody in common with at least a given probability.

    Parameters
    ----------
    n1, n2 : float
        People in each sample.
    probability : float
        Least probability of m = 0, between 0 and 1.

    Returns
    -------
    float
        A whole number of people.

    Examples
    --------
    >>> least_without_recapture(1.0, 1.0, 0.9)
    10.0
    """

    def plausible(size: float) -> bool:
        # P(m = 0) = (N - n1)! (N - n2)! / {(N - n1 - n2)! N!}
        log_probability = log_rising(size - n1 - n2 + 1, n2) - log_rising(size - n2 + 1, n2)
        return bool(log_probability >= np.log(probability) - 1e-12)

    return first_reached(plausible, n1 + n2, n1 + n2 - np.floor(n1 * n2 / np.log(probability)))


def bisect(go_up: Callable[[Array], npt.NDArray[np.bool_]], low: Array, high: Array) -> Array:
    """Find where a condition that is true below and false above changes, element by element.

    Parameters
    ----------
    go_up : callable
        The condition, on an array.
    low, high : ndarray
        Where it is true, and where it is false.

    Returns
    -------
    ndarray
        Where it changes; 110 halvings exhaust double precision.

    Examples
    --------
    >>> float(bisect(lambda x: x * x < 2, np.array(1.0), np.array(2.0)).round(6))
    1.414214
    """
    for _ in range(110):
        middle = 0.5 * (low + high)
        up = go_up(middle)
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return 0.5 * (low + high)
