"""Gamma distributions of rates that are mixed over their means, and the odds of not being seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.mixture_data import LOWEST_RATE, ROOT_STEP, MixtureData

__all__ = ["CompoundGammaData"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CompoundGammaData(MixtureData):
    r"""People by times seen, and negative binomials of one shape that are mixed over their means.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen, at least 1, and people.
    truncated : bool, default True
        Always True: nobody who was not seen is among the people.
    odds : None
        There is no penalty here.
    shape : float
        Shape :math:`\alpha` of the gamma distributions; infinite for Poisson distributions.
    unseen : float
        Weight :math:`\rho` of the chance of not being seen in what the probabilities are divided by:
        :math:`f(x) / (1 - f(0) + \rho f(0))`. With 0 they are those of the truncated distribution, with 1
        those of the whole one.

    Examples
    --------
    >>> data = CompoundGammaData(np.array([1.0, 2.0]), np.array([6.0, 4.0]), shape=1.0)
    >>> data.odds_at(np.array([2.0]))
    array([0.5])
    """

    truncated: bool = True
    shape: float = np.inf
    unseen: float = 0.0

    @property
    def dispersion(self) -> float:
        """One over the shape: 0 for Poisson distributions."""
        return 1 / self.shape

    def log_never(self, rates: Array) -> Array:
        """Return the log of the chance of not being seen.

        Parameters
        ----------
        rates : ndarray
            Means, times a person.

        Returns
        -------
        ndarray
            Logs.
        """
        if self.dispersion == 0:
            return -rates
        return np.asarray(-np.log1p(self.dispersion * rates) / self.dispersion)

    def odds_at(self, rates: Array) -> Array:
        """Return the odds of not being seen.

        Parameters
        ----------
        rates : ndarray
            Means, times a person.

        Returns
        -------
        ndarray
            Odds; infinite at a mean of zero.
        """
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(1 / np.expm1(-self.log_never(rates)))

    def chances(self, times: Array, rates: Array) -> Array:
        """Return the chances of being seen so often, for those who were seen.

        Parameters
        ----------
        times : ndarray
            Times seen, at least 1.
        rates : ndarray
            Means, times a person.

        Returns
        -------
        ndarray, shape (times, rates)
            Chances.
        """
        from scipy.special import gammaln

        other = CompoundGammaData(times, np.ones(times.size), shape=self.shape)
        return np.asarray(np.exp(other._log_p(rates) - gammaln(times + 1)[:, None]))

    @cached_property
    def _rising(self) -> Array:
        """Logs of 1 (1 + d) ... (1 + (k - 1) d), with d the dispersion, for each class."""
        steps = np.log1p(self.dispersion * np.arange(int(self.times.max())))
        return np.asarray(np.concatenate(([0.0], np.cumsum(steps)))[self.times.astype(int)])

    def _log_p(self, rates: Array) -> Array:
        from scipy.special import xlogy

        k = self.times[:, None]
        never = self.log_never(rates)
        base = self._rising[:, None] + never - k * np.log1p(self.dispersion * rates)
        divisor = -np.expm1(never) + self.unseen * np.exp(never)
        if self.unseen > 0:
            return np.asarray(xlogy(k, rates) + base - np.log(divisor))
        # Over the rate: 1 where that is 0.
        with np.errstate(invalid="ignore", divide="ignore"):
            divisor = np.where(rates > 0, divisor / rates, 1.0)
        return np.asarray(xlogy(k - 1, rates) + base - np.log(divisor))

    def slopes(self, rates: Array) -> tuple[Array, Array]:
        """Return the derivatives of the log-probabilities by the mean.

        Parameters
        ----------
        rates : ndarray
            Means, times a person, above zero.

        Returns
        -------
        first, second : ndarray, shape (classes, rates)
            Derivatives.
        """
        k, scale = self.times[:, None], 1 + self.dispersion * rates
        never = np.exp(self.log_never(rates))
        divisor = -np.expm1(self.log_never(rates)) + self.unseen * never
        share = (1 - self.unseen) * never / divisor
        first = k / rates - (1 + self.dispersion * k) / scale - share / scale
        second = (
            -k / rates**2
            + self.dispersion * (1 + self.dispersion * k) / scale**2
            + (share * (1 + self.dispersion) + share**2) / scale**2
        )
        return first, second

    def grid(self) -> tuple[Array, Array]:
        """Return means among which the largest gradients are looked for, and the kernel there.

        Returns
        -------
        rates : ndarray
            Times a person, ascending.
        kernel : ndarray, shape (classes, rates)
            `log_kernel` there, as probabilities.
        """
        rates = _means(float(self.times.max()), self.highest, self.unseen == 0)
        return rates, np.exp(self.log_kernel(rates))

    @property
    def highest(self) -> float:
        """Largest mean that a point of the mixture can have, where the penalty is that of `best_odds`.

        Above it every class is less likely the larger the mean, divided as the probabilities are.
        """
        return float(self.times.max()) * self.total / (self.total - 1)


@lru_cache(maxsize=64)
def _means(largest: float, highest: float, zero: bool) -> Array:
    # No gaps between classes as for Poisson distributions: the smaller the shape, the wider these are.
    roots = np.arange(0.1, np.sqrt(max(largest, highest)) + 2 * ROOT_STEP, ROOT_STEP)
    small = np.geomspace(LOWEST_RATE, 0.1**2, 80, endpoint=False)
    return np.concatenate(([0.0] if zero else [], small, roots**2))
