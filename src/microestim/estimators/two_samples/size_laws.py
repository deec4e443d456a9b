"""Distributions of a population's size given two samples: the posteriors, without their summary.

With k = N - n people not seen, the hypergeometric likelihood of m is, up to a constant,

    (n1 - m + 1)_k (n2 - m + 1)_k / {(n + 1)_k k!},

a generalized Waring kernel with a = n1 - m + 1, b = n2 - m + 1 and rho = m - 1. A prior that divides by
N + 1, or by more such factors, only raises rho; so tails are closed forms and nothing is cut off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from microestim.estimators.two_samples.gamma_ratio import log_rising
from microestim.estimators.two_samples.waring import TIE, first_reached, waring_logpmf, waring_sf

__all__ = ["ReciprocalLaw", "SizeLaw", "TableLaw", "WaringLaw", "hypergeometric_loglik"]

Array = npt.NDArray[np.float64]
# From here on up the series for the tail under 1/N shrinks by a factor of 500 or more with every term.
_SERIES_FROM = 512


class SizeLaw(Protocol):
    """A distribution over whole population sizes."""

    def logpmf(self, size: Array) -> Array:
        """Return the log-probability of each size.

        Parameters
        ----------
        size : ndarray
            Values of N, in people.

        Returns
        -------
        ndarray
            Log-probabilities; minus infinity where N is impossible.
        """
        ...

    def sf(self, size: float) -> float:
        """Return the probability that N exceeds a size.

        Parameters
        ----------
        size : float
            A value of N, in people.

        Returns
        -------
        float
            The probability.
        """
        ...

    def quantile(self, probability: float) -> float:
        """Return the smallest N with at least this probability at or below it.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            A whole number of people.
        """
        ...

    def moments(self) -> tuple[float, float]:
        """Return mean and variance.

        Returns
        -------
        mean, variance : float
            In people and people squared; infinite where they do not exist.
        """
        ...

    def sample(self, size: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return independent draws.

        Parameters
        ----------
        size : int
            How many.
        generator : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int
            Sizes in people.
        """
        ...


def hypergeometric_loglik(size: npt.ArrayLike, n1: float, n2: float, m: float) -> Array:
    """Log-probability of m people in both samples, given N and the samples' sizes.

    Parameters
    ----------
    size : array_like
        Values of N.
    n1, n2, m : float
        People in each sample and in both.

    Returns
    -------
    ndarray
        Minus infinity for an N below the number seen.

    Examples
    --------
    >>> float(np.exp(hypergeometric_loglik(4.0, 2, 2, 1)).round(6))
    0.666667
    """
    size = np.asarray(size, dtype=float)
    seen = n1 + n2 - m
    possible = np.maximum(size, seen)
    # C(n1, m) C(N - n1, n2 - m) / C(N, n2), with factorials paired so that none is large.
    choices = log_rising(n1 - m + 1, m) - log_rising(1.0, m) + log_rising(n2 - m + 1, m)
    value = choices + log_rising(possible - seen + 1, n1 - m) - log_rising(possible - n1 + 1, n1)
    value = value + log_rising(1.0, n1) - log_rising(1.0, n1 - m) - log_rising(n1 - m + 1, m)
    return np.where(size >= seen, value, -np.inf)


@dataclass(frozen=True)
class WaringLaw:
    """N - seen has a generalized Waring distribution.

    Parameters
    ----------
    n1, n2, m : int
        People in each sample and in both.
    rho : float
        Third parameter of the distribution, positive.

    Examples
    --------
    >>> WaringLaw(500, 500, 89, 88.0).quantile(0.5)
    2844.0
    """

    n1: int
    n2: int
    m: int
    rho: float

    @property
    def seen(self) -> int:
        """Distinct people seen."""
        return self.n1 + self.n2 - self.m

    @property
    def _ab(self) -> tuple[int, int]:
        a, b = sorted((self.n1 - self.m + 1, self.n2 - self.m + 1))
        return a, b

    def logpmf(self, size: Array) -> Array:
        """Return the log-probability of each size.

        Parameters
        ----------
        size : ndarray
            Values of N, in people.

        Returns
        -------
        ndarray
            Log-probabilities; minus infinity where N is impossible.
        """
        unseen = np.asarray(size, dtype=float) - self.seen
        value = waring_logpmf(np.maximum(unseen, 0.0), *self._ab, self.rho)
        return np.where(unseen >= 0, value, -np.inf)

    def sf(self, size: float) -> float:
        """Return the probability that N exceeds a size.

        Parameters
        ----------
        size : float
            A value of N, in people.

        Returns
        -------
        float
            The probability.
        """
        return waring_sf(size - self.seen, *self._ab, self.rho)

    def quantile(self, probability: float) -> float:
        """Return the smallest N with at least this probability at or below it.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            A whole number of people.
        """
        return _quantile(self.sf, probability, self.seen, self.n1 * self.n2 / self.rho)

    def moments(self) -> tuple[float, float]:
        """Return mean and variance.

        Returns
        -------
        mean, variance : float
            In people and people squared; infinite where they do not exist.
        """
        (a, b), rho = self._ab, self.rho
        mean = self.seen + a * b / (rho - 1) if rho > 1 else np.inf
        variance = np.inf
        if rho > 2:
            variance = a * b * (a + rho - 1) * (b + rho - 1) / ((rho - 1) ** 2 * (rho - 2))
        return float(mean), float(variance)

    def sample(self, size: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return independent draws, through the beta mixture of negative binomials.

        Parameters
        ----------
        size : int
            How many.
        generator : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int
            Sizes in people.
        """
        a, b = self._ab
        return self.seen + generator.negative_binomial(a, generator.beta(self.rho, b, size=size))


@dataclass(frozen=True)
class ReciprocalLaw:
    """Posterior of N under the prior 1 / N.

    Since 1/N = sum over j from 1 of (j - 1)! / {(N + 1) ... (N + j)}, it is a mixture of generalized Waring
    distributions with rho = m, m + 1, ... Below 512 sizes are added up one by one, above it the series is
    used, where each term is at most j / 512 of the one before.

    Parameters
    ----------
    n1, n2, m : int
        People in each sample and in both; m is at least 1.

    Examples
    --------
    >>> ReciprocalLaw(500, 500, 89).quantile(0.5)
    2822.0
    """

    n1: int
    n2: int
    m: int

    @property
    def seen(self) -> int:
        """Distinct people seen."""
        return self.n1 + self.n2 - self.m

    @property
    def _first(self) -> WaringLaw:
        return WaringLaw(self.n1, self.n2, self.m, float(self.m))

    def _unscaled(self, size: Array) -> Array:
        """First component times (N + 1) / N: the posterior up to a constant near 1."""
        return np.exp(self._first.logpmf(size)) * (size + 1) / size

    def _tail(self, size: float) -> float:
        """Sum of `_unscaled` beyond a size that is at least 511."""
        total, weight, j = 0.0, 1.0, 1
        while True:
            term = weight * WaringLaw(self.n1, self.n2, self.m, self.m - 1.0 + j).sf(size)
            total += term
            if term <= 1e-17 * total:
                return total
            weight *= j * (self.m + j - 1) / ((self.n1 + j) * (self.n2 + j))
            j += 1

    def _sum_beyond(self, size: float) -> float:
        first = max(self.seen, np.floor(size) + 1)
        one_by_one = np.arange(first, _SERIES_FROM, dtype=float)
        return float(self._unscaled(one_by_one).sum()) + self._tail(max(first, _SERIES_FROM) - 1)

    @cached_property
    def _total(self) -> float:
        return self._sum_beyond(self.seen - 1)

    def logpmf(self, size: Array) -> Array:
        """Return the log-probability of each size.

        Parameters
        ----------
        size : ndarray
            Values of N, in people.

        Returns
        -------
        ndarray
            Log-probabilities; minus infinity where N is impossible.
        """
        size = np.asarray(size, dtype=float)
        inside = np.maximum(size, self.seen)
        value = self._first.logpmf(inside) + np.log1p(1 / inside) - np.log(self._total)
        return np.where(size >= self.seen, value, -np.inf)

    def sf(self, size: float) -> float:
        """Return the probability that N exceeds a size.

        Parameters
        ----------
        size : float
            A value of N, in people.

        Returns
        -------
        float
            The probability.
        """
        return self._sum_beyond(size) / self._total

    def quantile(self, probability: float) -> float:
        """Return the smallest N with at least this probability at or below it.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            A whole number of people.
        """
        total = self._total
        return _quantile(
            lambda size: self._sum_beyond(size) / total, probability, self.seen, self.n1 * self.n2 / self.m
        )

    def moments(self) -> tuple[float, float]:
        """Return mean and variance, from those of the first component.

        Returns
        -------
        mean, variance : float
            In people and people squared; infinite where they do not exist.
        """
        mean, variance = self._first.moments()
        # N times the posterior is N + 1 times the first component, and so on up.
        first = (mean + 1) / self._total
        second = (variance + mean**2 + mean) / self._total
        return float(first), float(second - first**2) if np.isfinite(second) else np.inf

    def sample(self, size: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return independent draws: the first component's, accepted in proportion to (N + 1) / N.

        Parameters
        ----------
        size : int
            How many.
        generator : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int
            Sizes in people.
        """
        accepted = np.empty(0, dtype=np.int64)
        best = 1 + 1 / self.seen
        while len(accepted) < size:
            drawn = self._first.sample(size, generator)
            keep = generator.uniform(size=size) * best <= 1 + 1 / drawn
            accepted = np.concatenate([accepted, drawn[keep]])
        return accepted[:size]


@dataclass(frozen=True)
class TableLaw:
    """A distribution over finitely many sizes, given as a table.

    Parameters
    ----------
    sizes : ndarray
        Whole numbers, rising.
    logweights : ndarray
        Logarithms of weights that need not add up to one.

    Examples
    --------
    >>> TableLaw(np.array([10.0, 20.0]), np.log([1.0, 3.0])).moments()
    (17.5, 18.75)
    """

    sizes: Array
    logweights: Array

    @cached_property
    def _probabilities(self) -> Array:
        weights = np.exp(self.logweights - self.logweights.max())
        return np.asarray(weights / weights.sum())

    def logpmf(self, size: Array) -> Array:
        """Return the log-probability of each size.

        Parameters
        ----------
        size : ndarray
            Values of N, in people.

        Returns
        -------
        ndarray
            Log-probabilities; minus infinity where N is impossible.
        """
        size = np.asarray(size, dtype=float)
        place = np.minimum(np.searchsorted(self.sizes, size), len(self.sizes) - 1)
        with np.errstate(divide="ignore"):
            value = np.log(self._probabilities)[place]
        return np.where(self.sizes[place] == size, value, -np.inf)

    def sf(self, size: float) -> float:
        """Return the probability that N exceeds a size.

        Parameters
        ----------
        size : float
            A value of N, in people.

        Returns
        -------
        float
            The probability.
        """
        return float(self._probabilities[np.searchsorted(self.sizes, size, side="right") :].sum())

    def quantile(self, probability: float) -> float:
        """Return the smallest N with at least this probability at or below it.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            A whole number of people.
        """
        reached = np.searchsorted(np.cumsum(self._probabilities), probability / TIE)
        return float(self.sizes[min(int(reached), len(self.sizes) - 1)])

    def moments(self) -> tuple[float, float]:
        """Return mean and variance.

        Returns
        -------
        mean, variance : float
            In people and people squared; infinite where they do not exist.
        """
        mean = float(self._probabilities @ self.sizes)
        return mean, float(self._probabilities @ (self.sizes - mean) ** 2)

    def sample(self, size: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return independent draws.

        Parameters
        ----------
        size : int
            How many.
        generator : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int
            Sizes in people.
        """
        cumulative = np.cumsum(self._probabilities)
        place = np.searchsorted(cumulative, generator.uniform(size=size) * cumulative[-1], side="right")
        drawn = self.sizes[np.minimum(place, len(self.sizes) - 1)]
        return np.asarray(drawn, dtype=np.int64)


def _quantile(sf: Callable[[float], float], probability: float, seen: int, start: float) -> float:
    return first_reached(
        lambda size: sf(size) <= (1 - probability) * TIE, float(seen), float(np.floor(start))
    )
