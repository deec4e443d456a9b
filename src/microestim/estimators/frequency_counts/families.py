"""Distributions of how often people are seen, and what a fit of one of them says.

Every family is one function, the log of its probabilities, analytic in the parameters; likelihoods and
their derivatives (by a complex step) follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.poisson_lognormal import log_lognormal, log_lognormal_share

__all__ = [
    "FAMILIES",
    "PARAMETER_NAMES",
    "CountFamily",
    "FittedFamily",
    "Parameters",
    "parameter_slopes",
    "share_of",
    "truncated_mean",
]

Array = npt.NDArray[np.float64]
Parameters = npt.NDArray[np.complex128]
LogProbabilities = Callable[[Array, Parameters], npt.NDArray[np.complex128]]

CountFamily = Literal["poisson", "geometric", "negbin", "poisson-lognormal"]
"""Distribution of how often a person is seen."""

STEP = 1e-20
# 25 terms that fall by a tenth or faster end below the last digit of the first.
SMALL_RATIO, TERMS = 0.1, 25


def _poisson(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    from scipy.special import gammaln

    return np.asarray(times * eta[0] - np.exp(eta[0]) - gammaln(times + 1), dtype=complex)


def _geometric(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    return np.asarray(times * eta[0] - (times + 1) * np.log(1 + np.exp(eta[0])), dtype=complex)


def _negbin(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    from scipy.special import gammaln

    spread = np.exp(eta[1])
    rising = _log_rising(complex(spread), int(times.max(initial=0)))[times.astype(int)]
    scale = np.log(1 + spread * np.exp(eta[0]))
    return np.asarray(
        rising + times * eta[0] - (times + 1 / spread) * scale - gammaln(times + 1), dtype=complex
    )


@lru_cache(maxsize=4)
def _log_rising(spread: complex, largest: int) -> npt.NDArray[np.complex128]:
    """Return logs of 1 (1 + s) ... (1 + (k - 1) s) for every k; kept while only the rate changes."""
    # A sum of logs: no difference of large log-gammas, and analytic for the step.
    return np.concatenate(([0j], np.cumsum(np.log(1 + spread * np.arange(largest)))))


FAMILIES: dict[str, LogProbabilities] = {
    "poisson": _poisson,
    "geometric": _geometric,
    "negbin": _negbin,
    "poisson-lognormal": log_lognormal,
}
PARAMETER_NAMES: dict[str, tuple[str, ...]] = {
    "poisson": ("rate",),
    "geometric": ("rate",),
    "negbin": ("rate", "dispersion"),
    "poisson-lognormal": ("median_rate", "sigma"),
}


@dataclass(frozen=True)
class FittedFamily:
    """A family at its maximum, with what a number of people is made from.

    Parameters
    ----------
    family : str
        The distribution.
    eta : ndarray
        Logs of its parameters.
    covariance : ndarray
        Their covariance matrix, from the observed information.
    loglik : float
        Log-likelihood of the people it was fitted to, with all constants.
    modelled : float
        How many people these are.
    """

    family: str
    eta: Array
    covariance: Array
    loglik: float
    modelled: float

    def zero_one(self, eta: Parameters) -> tuple[complex, complex]:
        """Return the chances of being seen never and once.

        Parameters
        ----------
        eta : ndarray of complex
            Logs of the parameters.

        Returns
        -------
        p0, p1 : complex
            Chances.
        """
        p0, p1 = np.exp(FAMILIES[self.family](np.array([0.0, 1.0]), eta))
        return complex(p0), complex(p1)

    @property
    def chances(self) -> tuple[float, float]:
        """Fitted chances of being seen never and once."""
        p0, p1 = self.zero_one(self.eta.astype(complex))
        return p0.real, p1.real

    def at_least(self, times: int, eta: Parameters | None = None) -> complex:
        """Return the chance of being seen so many times or more, without loss of digits where it is small.

        Parameters
        ----------
        times : int
            At least 1.
        eta : ndarray of complex, optional
            Logs of the parameters; the fitted ones when None.

        Returns
        -------
        complex
            Chance.
        """
        return share_of(FAMILIES[self.family], times, self.eta.astype(complex) if eta is None else eta)

    @property
    def params(self) -> dict[str, float]:
        """The parameters by name."""
        named = zip(PARAMETER_NAMES[self.family], self.eta, strict=True)
        return {name: float(np.exp(value)) for name, value in named}

    def variance_of(self, size: Callable[[Parameters], complex]) -> float:
        """Return the part of an estimate's variance that comes from the parameters.

        Parameters
        ----------
        size : callable
            The estimate as a function of the logs of the parameters.

        Returns
        -------
        float
            Variance by the delta method.
        """
        slope = parameter_slopes(size, self.eta)
        return float(slope @ self.covariance @ slope)


def share_of(log_p: LogProbabilities, first: int, eta: Parameters) -> complex:
    """Return the chance of being seen `first` times or more, exact where it is small, too.

    Parameters
    ----------
    log_p : callable
        One of the values of `FAMILIES`.
    first : int
        Least number of times, at least 1.
    eta : ndarray of complex
        Logs of the parameters.

    Returns
    -------
    complex
        Chance.

    Examples
    --------
    >>> float(share_of(FAMILIES["geometric"], 2, np.log([1e-12 + 0j])).real)
    1e-24
    """
    if log_p is log_lognormal:
        return complex(np.exp(log_lognormal_share(first, eta)))
    ratio = np.exp(eta[0].real) * (1 + (np.exp(eta[1].real) if len(eta) > 1 else 1.0))
    if ratio < SMALL_RATIO:
        # One minus nearly one would lose its digits; the terms fall by the ratio, so few of them do.
        upward = np.arange(first, first + TERMS, dtype=float)
        return complex(np.exp(log_p(upward, eta)).sum())
    return complex(1 - np.exp(log_p(np.arange(first, dtype=float), eta)).sum())


def parameter_slopes(function: Callable[[Parameters], complex], eta: Array) -> Array:
    """Return the derivatives of a function of the parameters, by a complex step.

    Parameters
    ----------
    function : callable
        Analytic in its argument.
    eta : ndarray
        Where to differentiate.

    Returns
    -------
    ndarray
        One derivative a parameter.

    Examples
    --------
    >>> parameter_slopes(lambda eta: complex(eta[0] ** 3), np.array([2.0]))
    array([12.])
    """
    slopes = np.empty(len(eta))
    for place in range(len(eta)):
        shifted = eta.astype(complex)
        shifted[place] += STEP * 1j
        slopes[place] = function(shifted).imag / STEP
    return slopes


def truncated_mean(rate: float, dispersion: float, first: int) -> float:
    """Return how often people are seen on average who are seen `first` times or more.

    Parameters
    ----------
    rate : float
        Mean of all people, zero included.
    dispersion : float
        That of the negative binomial; 0 for the Poisson, 1 for the geometric distribution.
    first : {1, 2}
        Least number of times.

    Returns
    -------
    float
        Times a person.

    Examples
    --------
    >>> round(truncated_mean(1.0, 1.0, 2), 12)
    3.0
    """
    scale = 1 + dispersion * rate
    if rate * (1 + dispersion) < SMALL_RATIO:
        times = np.arange(first, first + TERMS, dtype=float)
        steps = rate * (1 + dispersion * times[:-1]) / (times[1:] * scale)
        terms = np.concatenate(([1.0], np.cumprod(steps)))
        return float((times * terms).sum() / terms.sum())
    log_never = -rate if dispersion == 0 else -np.log1p(dispersion * rate) / dispersion
    if first == 1:
        return float(-rate / np.expm1(log_never))
    once = rate / scale * np.exp(log_never)
    return float((rate - once) / (-np.expm1(log_never) - once))
