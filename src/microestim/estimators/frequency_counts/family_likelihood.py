"""The likelihood of a family of distributions, given counts from which the zero is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts
from microestim.estimators.frequency_counts.families import (
    STEP,
    LogProbabilities,
    Parameters,
    parameter_slopes,
    share_of,
)
from microestim.estimators.frequency_counts.poisson_lognormal import (
    log_lognormal,
    log_lognormal_share,
    lognormal_share_slopes,
    lognormal_slopes,
)

__all__ = ["FamilyData"]

Array = npt.NDArray[np.float64]

# Second derivatives are central differences of exact first ones: error some step squared, 1e-10.
DIFFERENCE = 1e-5
# A tail that is less than this share of what it is taken from is summed by itself.
LOST = 1e-7


@dataclass(frozen=True)
class FamilyData:
    """Classes from `first` on, the people in them, and the family that they are fitted with.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen, and people.
    first : int
        Least number of times of the people modelled.
    log_p : callable
        One of the values of `FAMILIES`.
    pooled : float
        People of a pooled class, who stand apart.
    pooled_from : int
        The least number of times that they were seen.
    """

    times: Array
    people: Array
    first: int
    log_p: LogProbabilities
    pooled: float = 0.0
    pooled_from: int = 0

    @classmethod
    def of(cls, counts: FrequencyCounts, first: int, log_p: LogProbabilities) -> FamilyData:
        """Take the people who were seen `first` times or more.

        Parameters
        ----------
        counts : FrequencyCounts
            The counts.
        first : int
            Least number of times.
        log_p : callable
            One of the values of `FAMILIES`.

        Returns
        -------
        FamilyData
            Their classes.
        """
        held = [(k, f) for k, f in counts.counts.items() if k >= first]
        pooled = held.pop() if counts.last_is_pooled else (0, 0)
        return cls(
            np.array([k for k, _ in held], dtype=float),
            np.array([f for _, f in held], dtype=float),
            first,
            log_p,
            float(pooled[1]),
            pooled[0],
        )

    @property
    def total(self) -> float:
        """People."""
        return float(self.people.sum()) + self.pooled

    @property
    def mean(self) -> float:
        """Times a person, of those in the pooled class the least that they may have been seen."""
        return (float((self.times * self.people).sum()) + self.pooled * self.pooled_from) / self.total

    def loglik(self, eta: Parameters) -> complex:
        """Return the log-likelihood, with all constants.

        Parameters
        ----------
        eta : ndarray of complex
            Logs of the parameters.

        Returns
        -------
        complex
            Log-likelihood.
        """
        kept = (self.people * self.log_p(self.times, eta)).sum()
        share = self.share(eta)
        if self.pooled:
            kept += self.pooled * self.log_tail(eta, share)
        return complex(kept - self.total * np.log(share))

    def log_tail(self, eta: Parameters, share: complex) -> complex:
        """Return the log of the chance of the pooled class.

        Parameters
        ----------
        eta : ndarray of complex
            Logs of the parameters.
        share : complex
            What `share` gives there.

        Returns
        -------
        complex
            Log of a chance.
        """
        if self.log_p is log_lognormal:
            return log_lognormal_share(self.pooled_from, eta)
        below = np.arange(self.first, self.pooled_from, dtype=float)
        rest = complex(share - np.exp(self.log_p(below, eta)).sum())
        if rest.real > LOST * share.real:
            return complex(np.log(rest))
        # So small a rest has lost its digits; it falls so fast that a few times the class itself is enough.
        logs = self.log_p(np.arange(self.pooled_from, 5 * self.pooled_from + 200, dtype=float), eta)
        top = float(logs.real.max())
        return complex(top + np.log(np.exp(logs - top).sum()))

    def share(self, eta: Parameters) -> complex:
        """Return the chance of being seen `first` times or more.

        Parameters
        ----------
        eta : ndarray of complex
            Logs of the parameters.

        Returns
        -------
        complex
            Chance.
        """
        return share_of(self.log_p, self.first, eta)

    def slope(self, eta: Array, place: int) -> float:
        """Return the derivative of the log-likelihood by one of the parameters.

        Parameters
        ----------
        eta : ndarray
            Logs of the parameters.
        place : int
            Which of them.

        Returns
        -------
        float
            Derivative.
        """
        if self.log_p is log_lognormal:
            kept = self.people @ lognormal_slopes(self.times, eta)[place]
            if self.pooled:
                kept += self.pooled * lognormal_share_slopes(self.pooled_from, eta)[place]
            return float(kept - self.total * lognormal_share_slopes(self.first, eta)[place])
        shifted = eta.astype(complex)
        shifted[place] += STEP * 1j
        return self.loglik(shifted).imag / STEP

    def score(self, eta: Array) -> Array:
        """Return the derivatives of the log-likelihood.

        Parameters
        ----------
        eta : ndarray
            Logs of the parameters.

        Returns
        -------
        ndarray
            One derivative a parameter.
        """
        return parameter_slopes(self.loglik, eta)

    def information(self, eta: Array) -> Array:
        """Return the observed information.

        Parameters
        ----------
        eta : ndarray
            Logs of the parameters.

        Returns
        -------
        ndarray, shape (parameters, parameters)
            Second derivatives, with the sign changed.
        """
        rows = []
        for place in range(len(eta)):
            shift = np.zeros(len(eta))
            shift[place] = DIFFERENCE
            rows.append((self.score(eta - shift) - self.score(eta + shift)) / (2 * DIFFERENCE))
        matrix = np.array(rows)
        return (matrix + matrix.T) / 2
