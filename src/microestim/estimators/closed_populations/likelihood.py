"""Maximum likelihood where a model gives each history its chance: given who was seen, or for one size."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.profile import LARGEST_MULTIPLE
from microestim.estimators.closed_populations.resampling import margin_of

__all__ = [
    "HistoryModel",
    "Peak",
    "Surface",
    "climb",
    "conditional_surface",
    "value_rounding",
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
        slack = value_rounding(at)
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


def value_rounding(at: Surface) -> float:
    """Say how far rounding moves a likelihood.

    Parameters
    ----------
    at : Surface
        The likelihood at a point.

    Returns
    -------
    float
        A generous bound, in log-likelihood.
    """
    return 1e-13 * (1 + abs(at.value)) + at.rounding


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
