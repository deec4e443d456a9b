"""From models that give each history its chance to the size: its estimate, its error and its profile."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.likelihood import FLAT, HistoryModel, Peak, climb
from microestim.estimators.closed_populations.profile import (
    LARGEST_MULTIPLE,
    SizeProfile,
    factorials_slope,
)
from microestim.estimators.two_samples.gamma_ratio import log_rising

__all__ = ["HistoryProfile", "SizeFit", "climb_near", "size_from"]

Array = npt.NDArray[np.float64]
# Sizes so many times the number seen are far from the maximum.
FAR = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class SizeFit:
    """The size that a conditional fit leads to.

    Parameters
    ----------
    theta : ndarray, shape (parameters,)
        Parameters at the maximum.
    f0, se : float
        People not seen, and the standard error of the size.
    loglik_kernel : float
        Sum over the people seen of the logarithm of the expectation of their history.
    """

    theta: Array
    f0: float
    se: float
    loglik_kernel: float

    @property
    def too_large(self) -> bool:
        """Whether the size is beyond what any data of this kind can bound."""
        return not np.isfinite(self.f0)


def size_from(model: HistoryModel, peak: Peak, free: npt.NDArray[np.bool_] | None = None) -> SizeFit | None:
    r"""Extrapolate from the maximum of a conditional likelihood to the size, with its standard error.

    Parameters
    ----------
    model : HistoryModel
        The model.
    peak : Peak
        Its maximum.
    free : ndarray of bool, optional
        Parameters whose error counts; those at a boundary are taken as known. All when None.

    Returns
    -------
    SizeFit or None
        None where the information is singular: parameters that the data cannot tell apart.

    Notes
    -----
    :math:`\hat N = n / (1 - \hat P_0)`. The number seen and the parameters are independent, so the log of the
    number not seen has the variance :math:`v = 1 / n + d' I^{-1} d`, d the gradient of the logit of
    :math:`P_0` and I the observed information, and :math:`\hat N` has :math:`f_0 + f_0^2 v` for a population
    of fixed size [1]_.

    References
    ----------
    .. [1] Rivest, L.-P. & Levesque, T. (2001). Improved log-linear model estimators of abundance in
       capture-recapture experiments. Canadian Journal of Statistics 29(4), 555-572. doi:10.2307/3316007
    """
    seen, unseen = model.parts(peak.theta)
    n, log_p0 = model.people, unseen.value
    log_seen = float(np.log(-np.expm1(log_p0)))
    if not log_p0 < 0 or n * np.exp(-log_seen) > LARGEST_MULTIPLE * n:
        return SizeFit(theta=peak.theta, f0=np.inf, se=np.inf, loglik_kernel=seen.value)
    f0 = float(n * np.exp(log_p0 - log_seen))
    kept = np.ones(len(peak.theta), dtype=bool) if free is None else free
    information = -peak.at.bend[np.ix_(kept, kept)]
    towards = unseen.slope[kept] * np.exp(-log_seen)
    scale = np.sqrt(np.abs(np.diag(information)))
    if not (scale > 0).all():
        return None
    scaled = information / np.outer(scale, scale)
    curves, axes = np.linalg.eigh(scaled)
    if curves[0] <= FLAT * curves[-1]:
        return None
    log_variance = float(1 / n + np.sum((axes.T @ (towards / scale)) ** 2 / curves))
    return SizeFit(
        theta=peak.theta,
        f0=f0,
        se=float(np.sqrt(f0 + f0**2 * log_variance)),
        loglik_kernel=float(seen.value + n * (np.log(n) - log_seen)),
    )


def climb_near(model: HistoryModel, near: Array) -> Peak | None:
    """Search for the maximum from one place.

    Parameters
    ----------
    model : HistoryModel
        The model.
    near : ndarray, shape (parameters,)
        Where to begin: the parameters of a fit to similar data.

    Returns
    -------
    Peak or None
        None where there is no maximum that sets a size.
    """
    peak = climb(model, near)
    found = size_from(model, peak) if peak.converged else None
    return None if found is None or found.too_large else peak


@dataclass(frozen=True, kw_only=True, eq=False)
class HistoryProfile(SizeProfile):
    """Profile of a model that gives every history its probability.

    Parameters
    ----------
    model : HistoryModel
        The model and its data.
    starts : tuple of ndarray
        Where searches begin at every size, besides the parameters of the nearest size that was fitted: from
        those alone, one search that ended on a lower top would lead all later ones there. Sizes far away are
        many steps from the first start, and go on from the nearest without it.
    """

    model: HistoryModel
    starts: tuple[Array, ...]
    _fitted: dict[float, tuple[Array, float, float]] = field(default_factory=dict, init=False, repr=False)

    @property
    def n_observed(self) -> float:
        """People seen."""
        return self.model.people

    def _fit(self, size: float) -> tuple[Array, float, float]:
        if size not in self._fitted:
            nearest = sorted(self._fitted, key=lambda other: abs(np.log(other / size)))[:1]
            starts = [self._fitted[other][0] for other in nearest]
            if not nearest or size < FAR * self.n_observed:
                starts.append(self.starts[0])
            starts += self.starts[1:]
            with one_blas_thread(len(starts[0])):
                found = [climb(self.model, start, size=size) for start in starts]
            best = max(found, key=lambda peak: peak.at.value)
            unseen = self.model.parts(best.theta)[1]
            self._fitted[size] = best.theta, best.at.value, unseen.value
        return self._fitted[size]

    def loglik(self, size: float) -> float:
        """See `SizeProfile`."""
        return self._fit(size)[1] + float(log_rising(size - self.n_observed + 1, self.n_observed))

    def slope(self, size: float) -> float:
        """See `SizeProfile`."""
        return factorials_slope(size, self.n_observed) + self._fit(size)[2]
