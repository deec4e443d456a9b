"""Sums over capture histories that a log-linear model is made of: their logarithm, means and covariances."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.symmetric import (
    history_moments,
    log_symmetric,
    log_total,
    transitions,
)

__all__ = ["Design", "MarginDesign", "Moments", "OccasionDesign"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Logarithm of the sum of exp(theta' z) over histories, and the moments of z weighted by it.

    Parameters
    ----------
    log_total : float or ndarray, shape (...)
        Logarithm of the sum.
    mean : ndarray, shape (..., parameters)
        Mean of z.
    cov : ndarray, shape (..., parameters, parameters)
        Covariance of z.
    """

    log_total: float | Array
    mean: Array
    cov: Array


class Design(ABC):
    """Which z a history has; everything that a fit needs of it is a sum over histories.

    Coefficients may have leading axes; then there is one sum for each set of coefficients.
    """

    @property
    @abstractmethod
    def statistic(self) -> Array:
        """Sum of z over the people seen, shape (parameters,)."""

    @property
    @abstractmethod
    def unseen(self) -> Array:
        """Z of the history that nobody shows, shape (parameters,)."""

    @abstractmethod
    def log_total(self, theta: Array, *, all_histories: bool) -> float | Array:
        """Logarithm of the sum of exp(theta' z) over histories.

        Parameters
        ----------
        theta : ndarray, shape (..., parameters)
            Coefficients.
        all_histories : bool
            Whether the history that nobody shows is one of them.

        Returns
        -------
        float or ndarray, shape (...)
            The logarithm.
        """

    @abstractmethod
    def moments(self, theta: Array, *, all_histories: bool) -> Moments:
        """Logarithm of that sum, mean and covariance of z.

        Parameters
        ----------
        theta : ndarray, shape (..., parameters)
            Coefficients.
        all_histories : bool
            Whether the history that nobody shows is one of them.

        Returns
        -------
        Moments
            The three.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginDesign(Design):
    """Histories that matter only through one number, such as how many captures they have.

    Parameters
    ----------
    log_histories : ndarray, shape (cells,)
        Logarithm of how many histories there are for each value of that number.
    columns : ndarray, shape (cells, parameters)
        z for each value.
    total : ndarray, shape (parameters,)
        Sum of z over the people seen.

    Notes
    -----
    The history that nobody shows has z = 0.
    """

    log_histories: Array
    columns: Array
    total: Array

    @property
    def statistic(self) -> Array:
        """See `Design`."""
        return self.total

    @property
    def unseen(self) -> Array:
        """See `Design`."""
        return np.zeros(self.columns.shape[1])

    def _cells(self, theta: Array, all_histories: bool) -> Array:
        logs = self.log_histories + theta @ self.columns.T
        if not all_histories:
            return np.asarray(logs)
        return np.concatenate([logs, np.zeros((*theta.shape[:-1], 1))], axis=-1)

    def margin(self, theta: Array, *, all_histories: bool) -> Array:
        """Probability of each value of that number, zero first.

        Parameters
        ----------
        theta : ndarray, shape (..., parameters)
            Coefficients.
        all_histories : bool
            Whether the history that nobody shows is one of them.

        Returns
        -------
        ndarray, shape (..., cells + 1)
            Probabilities; 0 first where that history is none of them.
        """
        first = np.full((*theta.shape[:-1], 1), 0.0 if all_histories else -np.inf)
        logs = np.concatenate([first, self._cells(theta, False)], axis=-1)
        return np.asarray(np.exp(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True)))

    def log_total(self, theta: Array, *, all_histories: bool) -> float | Array:
        """See `Design`."""
        return np.asarray(np.logaddexp.reduce(self._cells(theta, all_histories), axis=-1))

    def moments(self, theta: Array, *, all_histories: bool) -> Moments:
        """See `Design`."""
        logs = self._cells(theta, all_histories)
        total = np.logaddexp.reduce(logs, axis=-1)
        z = np.vstack([self.columns, self.unseen]) if all_histories else self.columns
        weights = np.exp(logs - total[..., None])
        mean = weights @ z
        centred = z - mean[..., None, :]
        cov = np.swapaxes(centred * weights[..., None], -1, -2) @ centred
        return Moments(log_total=total, mean=mean, cov=cov)


@dataclass(frozen=True, kw_only=True, eq=False)
class OccasionDesign(Design):
    """Histories that matter through their occasions and through how many captures they have.

    Parameters
    ----------
    columns : ndarray, shape (t + 1, further)
        Further columns of z for 0, 1, ..., t captures; zero for none.
    captured : ndarray, shape (t,)
        People captured on each occasion.
    total : ndarray, shape (further,)
        Sum of the further columns over the people seen.
    """

    columns: Array
    captured: Array
    total: Array

    @property
    def statistic(self) -> Array:
        """See `Design`."""
        return np.concatenate([self.captured, self.total])

    @property
    def unseen(self) -> Array:
        """See `Design`."""
        return np.zeros(len(self.captured) + self.columns.shape[1])

    def _split(self, theta: Array, all_histories: bool) -> tuple[Array, Array]:
        t = len(self.columns) - 1
        weights = theta[..., t:] @ self.columns.T
        if not all_histories:
            weights[..., 0] = -np.inf
        return theta[..., :t], weights

    def margin(self, theta: Array, *, all_histories: bool) -> Array:
        """Probability of 0, 1, ..., t captures.

        Parameters
        ----------
        theta : ndarray, shape (..., parameters)
            Coefficients.
        all_histories : bool
            Whether the history that nobody shows is one of them.

        Returns
        -------
        ndarray, shape (..., t + 1)
            Probabilities.
        """
        effects, weights = self._split(theta, all_histories)
        logs = log_symmetric(effects) + weights
        return np.asarray(np.exp(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True)))

    def chances(self, theta: Array) -> Array:
        """Chance of a capture on each occasion after each number of captures, nobody left out.

        Parameters
        ----------
        theta : ndarray, shape (..., parameters)
            Coefficients.

        Returns
        -------
        ndarray, shape (..., t, t + 1)
            Of the Markov chain of `transitions`.
        """
        return transitions(*self._split(theta, True))[1]

    def log_total(self, theta: Array, *, all_histories: bool) -> float | Array:
        """See `Design`."""
        if self.columns.shape[1] == 0:
            everything = np.logaddexp(0.0, theta).sum(axis=-1)
            return everything if all_histories else everything + np.log(-np.expm1(-everything))
        return log_total(*self._split(theta, all_histories))

    def moments(self, theta: Array, *, all_histories: bool) -> Moments:
        """See `Design`."""
        if self.columns.shape[1] == 0:
            return self._moments_of_independent_occasions(theta, all_histories)
        largest = np.max(self.columns**2, axis=1, initial=1.0)
        found = history_moments(*self._split(theta, all_histories), importance=largest)
        further = found.margin @ self.columns
        centred = self.columns - further[..., None, :]
        mean = np.concatenate([found.captured, further], axis=-1)
        t = len(self.captured)
        cov = np.empty((*mean.shape, mean.shape[-1]))
        cov[..., :t, :t] = found.pairs - found.captured[..., :, None] * found.captured[..., None, :]
        cov[..., :t, t:] = found.captured_with_margin @ centred
        cov[..., t:, :t] = np.swapaxes(cov[..., :t, t:], -1, -2)
        cov[..., t:, t:] = np.swapaxes(centred * found.margin[..., None], -1, -2) @ centred
        return Moments(log_total=found.log_total, mean=mean, cov=cov)

    def _moments_of_independent_occasions(self, theta: Array, all_histories: bool) -> Moments:
        """Without further columns occasions are independent, but for the history that nobody shows."""
        total = self.log_total(theta, all_histories=all_histories)
        everything = self.log_total(theta, all_histories=True)
        chances = np.exp(-np.logaddexp(0.0, -theta))
        # Probability of a history that somebody shows.
        shown = np.asarray(np.exp(total - everything))
        mean = chances / shown[..., None]
        cov = mean[..., :, None] * (chances - mean)[..., None, :]
        diagonal = np.arange(mean.shape[-1])
        cov[..., diagonal, diagonal] = mean * (1 - mean)
        return Moments(log_total=total, mean=mean, cov=cov)
