r"""The generalized Waring distribution, for any size of its arguments.

With parameters a, b and rho, all positive,

.. math:: P(X = k) = \frac{(\rho)_a}{(\rho + b)_a} \frac{(a)_k (b)_k}{(a + b + \rho)_k \, k!},
          \qquad k = 0, 1, 2, \dots

It is the beta-negative-binomial distribution: X failures before success number a, when the chance of a
success is drawn from a Beta(rho, b). Hence X > k exactly when fewer than a of a + k trials succeed, so the
upper tail is a *finite* sum of a beta-binomial terms however far out k lies. Here a is a whole number.

References
----------
Irwin, J. O. (1975). The generalized Waring distribution. Part I. Journal of the Royal Statistical
Society A 138(1), 18-31. doi:10.2307/2345247
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.two_samples.gamma_ratio import log_rising

__all__ = ["TIE", "first_reached", "waring_logpmf", "waring_quantile", "waring_sf"]

# Probabilities of exactly one half and the like do occur; rounding must not move the quantile past them.
TIE = 1 + 1e-11


def waring_logpmf(k: npt.ArrayLike, a: float, b: float, rho: float) -> npt.NDArray[np.float64]:
    """Logarithm of the probability of k.

    Parameters
    ----------
    k : array_like
        Whole numbers from 0.
    a, b, rho : float
        Parameters, positive.

    Returns
    -------
    ndarray
        Log-probabilities, of the shape of `k`.

    Examples
    --------
    >>> float(np.exp(waring_logpmf(0, 1, 1, 1)))
    0.5
    """
    k = np.asarray(k, dtype=float)
    norm = log_rising(rho, a) - log_rising(rho + b, a)
    return norm + log_rising(a, k) - log_rising(1.0, k) - (log_rising(a + b + rho, k) - log_rising(b, k))


# Up to so many terms all are added; beyond, those that the sum can feel, and never more than the second.
_ALL_TERMS = 50_000
_MOST_TERMS = 20_000_000
# Terms below e^-45 of the largest are beyond the last digit of a sum of as many as there may be.
_NEGLIGIBLE = 45.0


def _too_wide(a: int) -> str:
    return (
        f"the exact distribution of the size is a sum over {a - 1:,} people with too few matches to "
        "confine it; use the profile interval, which does without the sum."
    )


def _share_below(a: int, trials: float, b: float, rho: float) -> float | None:
    """Probability of fewer than `a` successes among the trials, for rho and b of at least 1.

    None where too many terms count.

    The beta-binomial terms are then log-concave, so they fall on both sides of their largest. Both the sum
    below `a` and the sum over everything are taken relative to it, and their ratio has no large logarithms.
    """

    def log_term(j: float) -> float:
        chances = log_rising(rho, j) + log_rising(b, trials - j) - log_rising(rho + b, trials)
        return float(log_rising(trials - j + 1, j) - log_rising(1.0, j) + chances)

    def relative(centre: float, top: float) -> tuple[float, npt.NDArray[np.float64]] | None:
        """First term that counts, and the logarithms of all up to `top`, relative to the one at `centre`."""
        cut = log_term(centre) - _NEGLIGIBLE
        low = first_reached(lambda j: log_term(j) >= cut, 0.0, centre) if centre > 0 else 0.0
        high = top
        if centre < top and log_term(top) < cut:
            high = min(top, first_reached(lambda j: log_term(min(j, top)) < cut, centre, centre + 1.0))
        if high - low > _MOST_TERMS:
            return None
        j = np.arange(low, high)
        # A term over the one before is nearly 1 where they are many: what it differs by keeps its digits.
        excess = trials * (rho - 1) - b + 1 - j * (rho + b - 2)
        steps = np.log1p(excess / ((j + 1) * (b + trials - 1 - j)))
        terms = np.concatenate(([0.0], np.cumsum(steps)))
        return low, terms - terms[int(centre - low)]

    mode = float(math.floor((trials * (rho - 1) - b + 1) / (rho + b - 2))) + 1.0
    mode = min(max(mode, 0.0), trials)
    last = float(a - 1)
    everything, nearest = relative(mode, trials), relative(min(mode, last), last)
    if everything is None or nearest is None:
        return None
    (_, whole), (_, below) = everything, nearest
    apart = log_term(last) - log_term(mode) if last < mode else 0.0
    return float(min(1.0, math.exp(apart) * np.exp(below).sum() / np.exp(whole).sum()))


def waring_sf(k: float, a: int, b: float, rho: float) -> float:
    """Probability of more than k, by a finite sum of `a` terms.

    Parameters
    ----------
    k : float
        A whole number; 1 below 0.
    a : int
        First parameter, a whole number from 1; give the smaller of two for speed.
    b, rho : float
        The others, positive.

    Returns
    -------
    float
        P(X > k).

    Examples
    --------
    >>> waring_sf(0, 1, 1, 1)
    0.5
    """
    if k < 0:
        return 1.0
    trials = a + math.floor(k)
    if a > _ALL_TERMS and rho >= 1 and b >= 1 and rho + b > 2:
        share = _share_below(a, float(trials), b, rho)
        if share is not None:
            return share
    if a > _MOST_TERMS:
        raise InputError(_too_wide(a))
    j = np.arange(a - 1, dtype=float)
    steps = np.log(trials - j) - np.log(j + 1) + np.log(rho + j) - np.log(b + trials - 1 - j)
    first = float(log_rising(b, rho) - log_rising(b + trials, rho))
    terms = first + np.concatenate(([0.0], np.cumsum(steps)))
    # All terms are positive, so the sum keeps its relative accuracy far out in the tail.
    return float(min(1.0, np.exp(terms).sum()))


def first_reached(reached: Callable[[float], bool], low: float, start: float) -> float:
    """Smallest whole number from `low` on at which a rising condition holds.

    Parameters
    ----------
    reached : callable
        False up to some whole number, true from there on.
    low : float
        First whole number to consider.
    start : float
        Where the answer is expected, above `low`.

    Returns
    -------
    float
        A whole number.

    Examples
    --------
    >>> first_reached(lambda k: k * k >= 1e6, 0.0, 4.0)
    1000.0
    """
    if reached(low):
        return low
    high = max(start, low + 1)
    while not reached(high):
        low, high = high, 2.0 * high + 1.0
    while high - low > 1:
        if high > 4 * (low + 1):
            # Far out a tail is a power of k, so halving the logarithm needs fewer steps than halving k.
            middle = float(math.floor(math.sqrt((low + 1) * (high + 1))))
        else:
            middle = float(math.floor(low + (high - low) / 2))
        middle = min(max(middle, low + 1), high - 1)
        low, high = (low, middle) if reached(middle) else (middle, high)
        if low + 1 == low:  # beyond 2^53 the floats are wider apart than whole numbers
            break
    return high


def waring_quantile(probability: float, a: int, b: float, rho: float) -> float:
    """Smallest k with P(X <= k) at least `probability`.

    Parameters
    ----------
    probability : float
        Strictly between 0 and 1.
    a : int
        First parameter, a whole number from 1; give the smaller of two for speed.
    b, rho : float
        The others, positive.

    Returns
    -------
    float
        A whole number.

    Raises
    ------
    InputError
        If the probability is not strictly between 0 and 1, or a parameter is not positive.

    Examples
    --------
    >>> waring_quantile(0.75, 1, 1, 1)
    2.0
    """
    if not 0 < probability < 1:
        raise InputError(f"probability is {probability!r}; it must lie strictly between 0 and 1.")
    if min(a, b, rho) <= 0:
        raise InputError(f"generalized Waring parameters must be positive, not a={a}, b={b}, rho={rho}.")
    upper_tail = (1.0 - probability) * TIE

    start = max(1.0, float(math.floor(a * b / rho)))
    return first_reached(lambda k: waring_sf(k, a, b, rho) <= upper_tail, 0.0, start)
