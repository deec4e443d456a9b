"""How many people there are, given how many were seen and what is known of the chance of being seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["SizePosterior", "size_posterior"]

Array = npt.NDArray[np.float64]
_BINS = 600


@dataclass(frozen=True)
class SizePosterior:
    """Posterior of the number of people N in one group.

    With the prior 1 / N, the number of those not seen is negative binomial given the chance q of being seen:
    N <= m with probability I_q(n, m - n + 1), the regularised incomplete beta function. The posterior is the
    mixture of these over q.

    Parameters
    ----------
    n_observed : int
        People seen.
    log_seen : ndarray, shape (bins,)
        Log of the chance of being seen.
    probability : ndarray, shape (bins,)
        Posterior probability of each; it sums to less than 1 where the rest is on a chance of 0.
    """

    n_observed: int
    log_seen: Array
    probability: Array

    def cdf(self, people: float) -> float:
        """Give the probability that there are at most so many people.

        Parameters
        ----------
        people : float
            Number of people.

        Returns
        -------
        float
            The probability.
        """
        from scipy.special import betainc

        if people < self.n_observed:
            return 0.0
        unseen = np.floor(people) - self.n_observed
        return float(self.probability @ betainc(self.n_observed, unseen + 1.0, np.exp(self.log_seen)))

    def quantile(self, probability: float) -> float:
        """Give the smallest number that is not exceeded with a probability.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        float
            People; infinite where more than the rest lies on a chance of being seen of 0.
        """
        if probability >= float(self.probability.sum()) - 1e-12:
            return float("inf")
        low, high = self.n_observed - 1.0, 2.0 * self.n_observed
        while self.cdf(high) < probability:
            low, high = high, 4.0 * high
        while high - low > max(0.5, 1e-7 * high):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.cdf(middle) < probability else (low, middle)
        return float(np.floor(high))


def size_posterior(n_observed: int, log_seen: Array, probability: Array) -> SizePosterior:
    """Make the posterior of a number of people from that of the chance of being seen.

    Parameters
    ----------
    n_observed : int
        People seen.
    log_seen : ndarray
        Log of the chance of being seen, minus infinity where nobody would be.
    probability : ndarray, of the shape of `log_seen`
        Posterior probabilities, summing to 1.

    Returns
    -------
    SizePosterior
        The posterior, of at most 600 bins of the log chance.
    """
    x, weight = np.ravel(log_seen), np.ravel(probability)
    used = np.isfinite(x) & (weight > 1e-12)
    x, weight = x[used], weight[used]
    edges = np.linspace(x.min(), x.max(), _BINS + 1)
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, _BINS - 1)
    mass = np.bincount(place, weight, _BINS)
    centre = np.bincount(place, weight * x, _BINS)
    kept = mass > 0
    return SizePosterior(n_observed, centre[kept] / mass[kept], mass[kept])
