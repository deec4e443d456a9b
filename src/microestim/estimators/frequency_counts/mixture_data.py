"""What a mixture is fitted to: people by times seen, and the Poisson distributions that are mixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["LOWEST_RATE", "ROOT_STEP", "MixtureData", "odds_of"]

Array = npt.NDArray[np.float64]

# A Poisson distribution is 1/2 wide on the scale of the root of its mean; ten points in that.
ROOT_STEP = 0.05
# Five of these widths from every class, a point mass explains nobody.
ROOT_REACH = 2.5
LOWEST_RATE = 1e-9


@dataclass(frozen=True)
class MixtureData:
    r"""People by times seen, and the distributions that are mixed.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen and people; a class 0 may be among them where the distributions are not truncated.
    truncated : bool
        Whether the distributions have no zero.
    odds : float, optional
        Centre c of the penalty :math:`(\theta - c)^2 / (2 c)` on the odds of not being seen; no penalty when
        None.
    """

    times: Array
    people: Array
    truncated: bool
    odds: float | None = None

    @property
    def total(self) -> float:
        """People."""
        return float(self.people.sum())

    def log_kernel(self, rates: Array) -> Array:
        """Return log-probabilities of the classes, over those at each class's own rate.

        Parameters
        ----------
        rates : ndarray
            Times a person.

        Returns
        -------
        ndarray, shape (classes, rates)
            Logs, at most 0.
        """
        return self._log_p(rates) - self.scale[:, None]

    @cached_property
    def scale(self) -> Array:
        """What `log_kernel` takes away: the log-probability of each class at its own rate, but for k!."""
        where = np.maximum(self.times, LOWEST_RATE)
        return np.array([self._log_p(np.array([rate]))[place, 0] for place, rate in enumerate(where)])

    @cached_property
    def constant(self) -> float:
        """What the log-likelihood of the kernel lacks."""
        from scipy.special import gammaln

        return float((self.people * (self.scale - gammaln(self.times + 1))).sum())

    def _log_p(self, rates: Array) -> Array:
        from scipy.special import xlogy

        k = self.times[:, None]
        if not self.truncated:
            return np.asarray(xlogy(k, rates) - rates)
        # The chance of being seen at all over the rate: 1 where the rate is 0.
        with np.errstate(invalid="ignore", divide="ignore"):
            seen = np.where(rates > 0, -np.expm1(-rates) / rates, 1.0)
        return np.asarray(xlogy(k - 1, rates) - rates - np.log(seen))

    def slopes(self, rates: Array) -> tuple[Array, Array]:
        """Return the derivatives of the log-probabilities by the rate.

        Parameters
        ----------
        rates : ndarray
            Times a person, above zero.

        Returns
        -------
        first, second : ndarray, shape (classes, rates)
            Derivatives.
        """
        k = self.times[:, None]
        if not self.truncated:
            return k / rates - 1, -k / rates**2
        seen = -np.expm1(-rates)
        return k / rates - 1 / seen, -k / rates**2 + np.exp(-rates) / seen**2

    def penalty(self, odds: float) -> tuple[float, float, float]:
        """Return the penalty and its first two derivatives.

        Parameters
        ----------
        odds : float
            Of not being seen.

        Returns
        -------
        tuple of float
            Zeros where there is no penalty.
        """
        if self.odds is None:
            return 0.0, 0.0, 0.0
        away = odds - self.odds
        return away**2 / (2 * self.odds), away / self.odds, 1 / self.odds

    def start(self) -> Array:
        """Return rates that leave no class without a point nearby.

        Returns
        -------
        ndarray
            Times a person.
        """
        roots = np.sqrt(np.maximum(self.times, 1e-2))
        kept = [roots[0]]
        for root in roots[1:]:
            if root - kept[-1] > 1:
                kept.append(root)
        return np.array(kept) ** 2

    def grid(self) -> tuple[Array, Array]:
        """Return rates among which the largest gradients are looked for, and the kernel there.

        Returns
        -------
        rates : ndarray
            Times a person, ascending.
        kernel : ndarray, shape (classes, rates)
            `log_kernel` there, as probabilities.
        """
        # An odds has no value at a rate of zero.
        return _grid(tuple(self.times.tolist()), self.truncated, self.odds is None)


def odds_of(rates: Array) -> Array:
    """Return the odds of not being seen at each rate.

    Parameters
    ----------
    rates : ndarray
        Times a person.

    Returns
    -------
    ndarray
        Odds; infinite at a rate of zero.

    Examples
    --------
    >>> odds_of(np.array([np.log(2.0)])).round(12)
    array([1.])
    """
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(1 / np.expm1(rates))


@lru_cache(maxsize=4)
def _grid(times: tuple[float, ...], truncated: bool, zero: bool) -> tuple[Array, Array]:
    data = MixtureData(np.array(times), np.ones(len(times)), truncated)
    roots = np.sqrt(data.times)
    fine = np.arange(0.1, roots.max() + 2 * ROOT_STEP, ROOT_STEP)
    after = np.minimum(np.searchsorted(roots, fine), roots.size - 1)
    away = np.minimum(np.abs(roots[after] - fine), np.abs(roots[np.maximum(after - 1, 0)] - fine))
    small = np.geomspace(LOWEST_RATE, 0.1**2, 80, endpoint=False)
    rates = np.concatenate(([0.0] if zero else [], small, fine[away < ROOT_REACH] ** 2))
    return rates, np.exp(data.log_kernel(rates))
