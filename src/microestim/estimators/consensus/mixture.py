r"""The log of a size as a mixture of normal distributions, exact by quadrature over one variable.

Given the spread :math:`\tau` of unexplained biases, the log of the size is normal; the posterior of
:math:`\log \tau` is integrated by the trapezoidal rule, whose error falls exponentially here, since the
integrand is smooth and dies out at both ends (Trefethen & Weideman 2014, doi:10.1137/130932132).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["NormalMixture", "pooled"]

Array = npt.NDArray[np.float64]

STEP = 0.02
REACH = 36.0
LEAST_WEIGHT = 1e-18


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A mixture of normal distributions of the log of a size.

    Parameters
    ----------
    weights, means, sds : ndarray
        One a component; the weights add up to one.
    has_moments : bool
        Whether the size itself has a mean and a variance.

    Examples
    --------
    >>> mixture = NormalMixture(np.array([1.0]), np.array([0.0]), np.array([1.0]))
    >>> round(mixture.quantile(0.975), 3)
    1.96
    """

    weights: Array
    means: Array
    sds: Array
    has_moments: bool = True

    def cdf(self, log_size: float) -> float:
        """Return the probability of at most a log of the size.

        Parameters
        ----------
        log_size : float
            Logarithm of a size.

        Returns
        -------
        float
            The probability.
        """
        from scipy.special import ndtr

        return float(self.weights @ ndtr((log_size - self.means) / self.sds))

    def quantile(self, probability: float) -> float:
        """Return the log of the size that is not exceeded with a probability.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            Logarithm of a size.
        """
        from scipy.optimize import brentq
        from scipy.special import ndtri

        each = self.means + self.sds * float(ndtri(probability))
        low, high = float(each.min()), float(each.max())
        if high - low < 1e-13 * max(1.0, abs(high)):
            return high
        return float(brentq(lambda x: self.cdf(x) - probability, low, high, xtol=1e-13, rtol=1e-14))

    def moments(self) -> tuple[float, float]:
        """Return mean and variance of the size itself, by the moments of log-normal distributions.

        They do not exist with a flat prior and a spread whose prior has the tail of a Cauchy distribution.

        Returns
        -------
        mean, variance : float
            Infinite where they do not exist, or a component is too wide to be computed.
        """
        if not self.has_moments:
            return np.inf, np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            first = self.weights @ np.exp(self.means + self.sds**2 / 2)
            second = self.weights @ np.exp(2 * self.means + 2 * self.sds**2)
            variance = second - np.square(first)
        return (float(first), float(variance)) if np.isfinite(variance) else (np.inf, np.inf)


def pooled(
    logs: Array, sds: Array, spread_scale: float, prior: tuple[float, float] | None
) -> tuple[NormalMixture, float]:
    r"""Pool estimates on the log scale: normal errors, a half-Cauchy spread of biases, a normal prior.

    Parameters
    ----------
    logs, sds : ndarray
        Logarithms of the estimates, and the standard deviations of their errors.
    spread_scale : float
        Scale of the half-Cauchy prior of the spread; 0 for no spread.
    prior : tuple of float or None
        Mean and standard deviation of the prior of the log of the size; None for a flat one.

    Returns
    -------
    mixture : NormalMixture
        Posterior of the log of the size.
    spread : float
        Posterior median of the spread of unexplained biases, on the log scale.

    Examples
    --------
    >>> mixture, spread = pooled(np.log([1000.0, 2000.0]), np.array([0.1, 0.1]), 0.0, None)
    >>> round(float(np.exp(mixture.quantile(0.5))))
    1414
    """
    centre, precision = (0.0, 0.0) if prior is None else (prior[0], prior[1] ** -2)
    if spread_scale == 0.0:
        log_tau, tau = np.zeros(1), np.zeros(1)
    else:
        middle = np.log(spread_scale)
        widest = np.log(max(float(np.ptp(logs)), float(sds.max()), spread_scale))
        log_tau = np.arange(middle - REACH, widest + REACH, STEP)
        tau = np.exp(log_tau)
    variances = tau[:, None] ** 2 + sds**2
    given = 1.0 / variances
    total = given.sum(axis=1) + precision
    # Deviations from one point keep their digits; the prior is one more observation.
    means = (given @ logs + precision * centre) / total
    misfit = (given * (logs - means[:, None]) ** 2).sum(axis=1) + precision * (centre - means) ** 2
    log_weight = -0.5 * (np.log(variances).sum(axis=1) + np.log(total) + misfit)
    if spread_scale > 0.0:
        # Half-Cauchy density of tau, times tau since the integral is over its logarithm.
        log_weight += log_tau - np.logaddexp(0.0, 2 * (log_tau - np.log(spread_scale)))
    weights = np.exp(log_weight - log_weight.max())
    kept = weights > LEAST_WEIGHT
    weights = weights[kept] / weights[kept].sum()
    spread = float(tau[kept][np.searchsorted(np.cumsum(weights), 0.5)])
    proper = prior is not None or spread_scale == 0.0
    return NormalMixture(weights, means[kept], total[kept] ** -0.5, proper), spread
