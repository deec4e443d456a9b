"""How often people are seen whose rates follow a log-normal distribution: probabilities by quadrature.

The integral over the log u of the rate has a log-concave integrand. It is cut where the integrand has fallen
by a factor of 1e-19 below its top, and summed by Gauss-Legendre rules on panels so short that both the normal
density and the Poisson law are smooth on them. The nodes depend on the real parts of the parameters only, so
that the sum is analytic in them and a complex step gives its derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["log_lognormal", "log_lognormal_share", "lognormal_share_slopes", "lognormal_slopes"]

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

# exp(-44) is below the last digit of one; 24 nodes on a panel three wide are good to it.
DEPTH, PANEL, NODES = 44.0, 3.0, 24
# The first of Newton's steps is beyond the edge, as the fall is convex; those after it come back to it.
NEWTON_STEPS = 4


def log_lognormal(times: Array, eta: Complex) -> Complex:
    r"""Return log-probabilities of a Poisson distribution with a log-normal rate.

    :math:`p_k = \int \frac{e^{ku - e^u}}{k!} \phi\{(u - \mu) / \sigma\} / \sigma \, du` [1]_.

    Parameters
    ----------
    times : ndarray
        Times seen.
    eta : ndarray of complex, shape (2,)
        :math:`\mu`, the log of the median rate, and :math:`\log \sigma`.

    Returns
    -------
    ndarray of complex
        Logs.

    References
    ----------
    .. [1] Bulmer, M. G. (1974). On fitting the Poisson lognormal distribution to species-abundance data.
       Biometrics 30(1), 101-110. doi:10.2307/2529621

    Examples
    --------
    >>> log_p = log_lognormal(np.arange(400.0), np.array([0.5, -0.2], dtype=complex))
    >>> float(np.exp(log_p).sum().real)
    1.0
    """
    from scipy.special import gammaln

    k = np.asarray(times, dtype=float)

    low, high = _edges(k, eta)
    return _integrate(lambda u: k[:, None] * u - np.exp(u), low, high, eta) - gammaln(k + 1)


def log_lognormal_share(first: int, eta: Complex) -> complex:
    """Return the log of the chance of being seen `first` times or more, exact where it is small, too.

    Parameters
    ----------
    first : int
        Least number of times, at least 1.
    eta : ndarray of complex, shape (2,)
        As in `log_lognormal`.

    Returns
    -------
    complex
        Log.

    Examples
    --------
    >>> rare = np.array([-20.0, -5.0], dtype=complex)
    >>> round(log_lognormal_share(1, rare).real, 3)
    -20.0
    """
    log_share, low, high = _seen_often(first, eta)
    return complex(_integrate(log_share, low, high, eta)[0])


def lognormal_slopes(times: Array, eta: Array) -> Array:
    r"""Return the derivatives of `log_lognormal` by its parameters, for less than complex steps cost.

    With :math:`z = (u - \mu) / \sigma` they are :math:`E(z) / \sigma` and :math:`E(z^2) - 1`, the
    expectations those given the times seen.

    Parameters
    ----------
    times : ndarray
        Times seen.
    eta : ndarray, shape (2,)
        As in `log_lognormal`.

    Returns
    -------
    ndarray, shape (2, len(times))
        By the log of the median rate, and by the log of sigma.

    Examples
    --------
    >>> lognormal_slopes(np.array([3.0]), np.array([0.5, -0.2])).round(6).tolist()
    [[0.460218], [-0.470836]]
    """
    k = np.asarray(times, dtype=float)
    low, high = _edges(k, eta)
    return _average(lambda u: k[:, None] * u - np.exp(u), low, high, eta)


def lognormal_share_slopes(first: int, eta: Array) -> Array:
    """Return the derivatives of `log_lognormal_share` by its parameters.

    Parameters
    ----------
    first : int
        Least number of times, at least 1.
    eta : ndarray, shape (2,)
        As in `log_lognormal`.

    Returns
    -------
    ndarray, shape (2,)
        As `lognormal_slopes`.

    Examples
    --------
    >>> lognormal_share_slopes(1, np.array([-20.0, -5.0])).round(6).tolist()
    [1.0, 4.5e-05]
    """
    log_share, low, high = _seen_often(first, eta)
    return _average(log_share, low, high, eta)[:, 0]


def _seen_often(first: int, eta: Complex | Array) -> tuple[Callable[[Array], Array], Array, Array]:
    """Return the log of the chance of being seen so often given the log rate, and where it matters."""
    from scipy.special import gammainc, gammaln

    def log_share(u: Array) -> Array:
        # The incomplete gamma function underflows where its leading term tells all.
        rate = np.exp(np.maximum(u, -30))
        share = gammainc(first, rate)
        small = (u < -30) | (share < 1e-290)
        # The first term, and those after it as a geometric series: they fall by the rate over the class.
        following = np.log1p(-np.minimum(rate / (first + 1), 0.9))
        leading = first * u - rate - following - gammaln(first + 1)
        return np.asarray(np.where(small, leading, np.log(np.where(small, 1.0, share))))

    # Below where people are seen `first` times it falls as that law does; above, as the normal density.
    low, high = _edges(np.array([float(first)]), eta)
    above = float(eta[0].real) + np.sqrt(2 * DEPTH) * float(np.exp(eta[1].real))
    return log_share, low, np.maximum(high, above)


def _integrate(log_part: Callable[[Array], Array], low: Array, high: Array, eta: Complex) -> Complex:
    """Return logs of the integrals of exp(log_part) times a normal density, one a row."""
    u, weights = _nodes(low, high, float(np.exp(eta[1].real)))
    away = (u - eta[0]) / np.exp(eta[1])
    logs = log_part(u) - away**2 / 2
    top = logs.real.max(axis=1)
    sums = (np.exp(logs - top[:, None]) * weights).sum(axis=1) * (high - low)
    return np.asarray(top + np.log(sums) - eta[1] - 0.5 * np.log(2 * np.pi))


def _average(log_part: Callable[[Array], Array], low: Array, high: Array, eta: Array) -> Array:
    """Return the slopes of the logs of the integrals by both parameters, one integral a column."""
    sigma = float(np.exp(eta[1]))
    u, weights = _nodes(low, high, sigma)
    away = (u - eta[0]) / sigma
    logs = log_part(u) - away**2 / 2
    mass = np.exp(logs - logs.max(axis=1, keepdims=True)) * weights
    total, first = mass.sum(axis=1), mass * away
    return np.array([first.sum(axis=1) / (total * sigma), (first * away).sum(axis=1) / total - 1])


def _nodes(low: Array, high: Array, sigma: float) -> tuple[Array, Array]:
    """Return logs of the rate between two edges, one row a class, and their weights over the distance."""
    panels = int(np.ceil((high - low).max() / (PANEL * min(1.0, sigma))))
    places, weights = _rule(max(panels, 3))
    return low[:, None] + (high - low)[:, None] * places, weights


def _edges(k: Array, eta: Complex | Array) -> tuple[Array, Array]:
    """Return between which logs of the rate the integrand of each class is not negligible."""
    from scipy.special import wrightomega

    center, variance = float(eta[0].real), float(np.exp(2 * eta[1].real))
    # The slope k - exp(u) - (u - center) / variance vanishes where exp(u) is this over the variance.
    scaled = wrightomega(center + k * variance + np.log(variance))
    mode, rate = center + k * variance - scaled, scaled / variance
    # To the right it falls faster than a normal density with the curvature at the top, to the left slower: by
    # r^2 / (2 variance) + rate (exp(-r) - 1 + r), which is convex.
    right = np.sqrt(2 * DEPTH / (1 / variance + rate))
    left = right.copy()
    for _ in range(NEWTON_STEPS):
        fallen = left**2 / (2 * variance) + rate * (np.expm1(-left) + left) - DEPTH
        left = left - fallen / (left / variance - rate * np.expm1(-left))
    return mode - left, mode + right


@lru_cache(maxsize=32)
def _rule(panels: int) -> tuple[Array, Array]:
    """Nodes and weights on 0 to 1, by panels of equal length."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    starts = np.arange(panels)[:, None]
    return ((starts + (nodes + 1) / 2) / panels).ravel(), np.tile(weights / 2, panels) / panels
