"""Maximum likelihood where a model gives each history its chance: given who was seen, or for each size."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.profile import LARGEST_MULTIPLE, SizeProfile
from microestim.estimators.closed_populations.resampling import margin_of
from microestim.estimators.two_samples.gamma_ratio import log_rising

__all__ = [
    "HistoryModel",
    "HistoryProfile",
    "Peak",
    "SizeFit",
    "Surface",
    "climb",
    "climb_near",
    "conditional_surface",
    "size_from",
]

Array = npt.NDArray[np.float64]
MOST_STEPS = 100
MOST_HALVINGS = 40
LONGEST_STEP = 2.0
# Newton's last step is smaller than this, and the next would be of the order of its square.
SMALL_STEP = 1e-7
# A gain in log-likelihood below this is none; with steps that stay long, a parameter runs away.
NO_GAIN = 1e-11
# Rounding of the log of the chance not to be captured, which counts once for each person not seen.
ROUNDING = 1e-15
# So many steps without a gain beyond rounding, and none will come. A spread that goes to 0 takes several.
MOST_IDLE = 25
# Sizes so many times the number seen are far from the maximum.
FAR = 20.0
# Curvature below this share of the largest has no correct digit.
FLAT = 1e-13


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A function of the parameters at one point, with its first and second derivatives.

    Parameters
    ----------
    value : float
        The function.
    slope : ndarray, shape (parameters,)
        Its gradient.
    bend : ndarray, shape (parameters, parameters)
        Its second derivatives.
    endless : bool
        Whether the size that it leads to is beyond what any data of this kind can bound.
    rounding : float
        Error of the value from chances near 1, beside that of its own last digits.
    """

    value: float
    slope: Array
    bend: Array
    endless: bool = False
    rounding: float = 0.0


class HistoryModel(ABC):
    """A model that gives every capture history its probability, on the data to which it is fitted."""

    @property
    @abstractmethod
    def people(self) -> float:
        """People seen."""

    @abstractmethod
    def parts(self, theta: Array) -> tuple[Surface, Surface]:
        """Return what the likelihood is made of.

        Parameters
        ----------
        theta : ndarray, shape (parameters,)
            Parameters.

        Returns
        -------
        seen : Surface
            Sum of the log probabilities of the histories of the people seen.
        unseen : Surface
            Log probability of the history without any capture.
        """

    @abstractmethod
    def chances(self, theta: Array) -> Array:
        """Chance of a capture, given the captures so far, averaged over the people who have had them.

        Parameters
        ----------
        theta : ndarray, shape (parameters,)
            Parameters.

        Returns
        -------
        ndarray, shape (t, t + 1) or (t, t + 1, t)
            Row i, column k: on occasion i after k captures; where it matters, the occasion of the first of
            them on the last axis.
        """

    def margin(self, theta: Array) -> Array:
        """Probability of 0, 1, ... captures.

        Parameters
        ----------
        theta : ndarray, shape (parameters,)
            Parameters.

        Returns
        -------
        ndarray, shape (t + 1,)
            Probabilities.
        """
        return margin_of(self.chances(theta))


@dataclass(frozen=True, kw_only=True, eq=False)
class Peak:
    """Where a search for the highest likelihood ended.

    Parameters
    ----------
    theta : ndarray, shape (parameters,)
        Parameters.
    at : Surface
        The log-likelihood there.
    converged : bool
        Whether it is a maximum: Newton's step vanished, and the likelihood bends down in all directions that
        it depends on.
    """

    theta: Array
    at: Surface
    converged: bool


def conditional_surface(model: HistoryModel, theta: Array) -> Surface:
    r"""Log-likelihood of the histories seen, given that they were seen.

    Parameters
    ----------
    model : HistoryModel
        The model.
    theta : ndarray, shape (parameters,)
        Parameters.

    Returns
    -------
    Surface
        :math:`\sum_{seen} \log P_\omega - n \log(1 - P_0)`.
    """
    seen, unseen = model.parts(theta)
    n, log_p0 = model.people, min(unseen.value, -1e-300)
    log_seen = float(np.log(-np.expm1(log_p0)))
    odds = float(np.exp(log_p0 - log_seen))
    bend = seen.bend + n * odds * (unseen.bend + (1 + odds) * np.outer(unseen.slope, unseen.slope))
    return Surface(
        value=seen.value - n * log_seen,
        slope=seen.slope + n * odds * unseen.slope,
        bend=bend,
        endless=1 + odds > LARGEST_MULTIPLE,
        rounding=ROUNDING * n * (1 + odds),
    )


def surface_given_size(model: HistoryModel, theta: Array, size: float) -> Surface:
    """Log-likelihood of the parameters for one size, without the factorials.

    Parameters
    ----------
    model : HistoryModel
        The model.
    theta : ndarray, shape (parameters,)
        Parameters.
    size : float
        Size of the population, in people.

    Returns
    -------
    Surface
        Histories seen, and the history without captures as often as people were not seen.
    """
    seen, unseen = model.parts(theta)
    missed = size - model.people
    return Surface(
        value=seen.value + missed * unseen.value,
        slope=seen.slope + missed * unseen.slope,
        bend=seen.bend + missed * unseen.bend,
        rounding=ROUNDING * missed,
    )


def climb(model: HistoryModel, start: Array, *, size: float | None = None, most: int = MOST_STEPS) -> Peak:
    """Maximise the likelihood by Newton's method, away from minima and saddles.

    Parameters
    ----------
    model : HistoryModel
        The model.
    start : ndarray, shape (parameters,)
        Where to begin.
    size : float, optional
        Size of the population, in people; the conditional likelihood when None.
    most : int
        Most steps.

    Returns
    -------
    Peak
        The maximum, or where the search was when it gave up: after `most` steps, or where the likelihood
        gains nothing although a parameter still moves.

    Notes
    -----
    Curvature enters by its absolute value, so a step always leads uphill and leaves saddles. Where the
    gradient vanishes and the likelihood bends up, the search goes on along that direction.
    """

    def surface(theta: Array) -> Surface:
        if size is None:
            return conditional_surface(model, theta)
        return surface_given_size(model, theta, size)

    theta = np.array(start, dtype=float)
    at = surface(theta)
    idle = still = 0
    for _ in range(most):
        if at.endless or not (np.isfinite(at.value) and np.isfinite(at.bend).all()):
            break
        step, upward = _step(at)
        if np.all(np.abs(step) <= SMALL_STEP * (np.abs(theta) + 1)):
            if upward is None:
                theta = theta + step
                return Peak(theta=theta, at=surface(theta), converged=True)
            # A minimum or a saddle: leave it on the higher side.
            sides = [(surface(theta + sign * 0.1 * upward), sign) for sign in (1, -1)]
            at, sign = max(sides, key=lambda side: side[0].value)
            theta = theta + sign * 0.1 * upward
            continue
        longest = float(np.abs(step).max())
        step = step * min(1.0, LONGEST_STEP / longest)
        before = at.value
        # Close to the maximum, gains are lost in rounding; a loss of that size is none.
        slack = 1e-13 * (1 + abs(before)) + at.rounding
        for _ in range(MOST_HALVINGS):
            trial = surface(theta + step)
            if trial.value >= before - slack:
                break
            step = step / 2
        else:
            break
        theta, at = theta + step, trial
        idle = idle + 1 if at.value - before < NO_GAIN and np.abs(step).max() > 1e-3 else 0
        still = still + 1 if at.value - before < slack else 0
        if idle == 3 or still == MOST_IDLE:
            break
    return Peak(theta=theta, at=at, converged=False)


def _step(at: Surface) -> tuple[Array, Array | None]:
    """Newton's step uphill, and the direction in which the function bends up where there is one."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(at.bend)), 1e-300))
    scaled, slope = -at.bend / np.outer(scale, scale), at.slope / scale
    try:
        root = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        pass
    else:
        if np.diag(root).min() ** 2 > FLAT:
            return np.linalg.solve(root.T, np.linalg.solve(root, slope)) / scale, None
    curves, axes = np.linalg.eigh(scaled)
    largest = max(float(np.abs(curves).max()), 1e-300)
    step = axes @ ((axes.T @ slope) / np.maximum(np.abs(curves), FLAT * largest)) / scale
    if curves[0] >= -1e-7 * largest:
        return step, None
    upward = axes[:, 0] / scale
    return step, upward / np.linalg.norm(upward)


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
        from scipy.special import psi

        factorials = float(psi(size + 1) - psi(size - self.n_observed + 1))
        return factorials + self._fit(size)[2]
