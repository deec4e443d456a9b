"""One log-linear model fitted to many data sets at once, as resampling needs it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.designs import Design
from microestim.estimators.closed_populations.log_linear import (
    MOST_HALVINGS,
    MOST_STEPS,
    SMALL_STEP,
    newton_step,
)

__all__ = ["ManyMaxima", "maximise_many"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ManyMaxima:
    """Where Newton's method ended for each data set.

    Parameters
    ----------
    theta : ndarray, shape (data sets, parameters)
        The parameters.
    log_total : ndarray, shape (data sets,)
        Logarithm of the sum of exp(theta' z) over the histories that somebody can show.
    converged : ndarray of bool, shape (data sets,)
        False where a parameter ran away.
    """

    theta: Array
    log_total: Array
    converged: npt.NDArray[np.bool_]


def maximise_many(design: Design, targets: Array, start: Array) -> ManyMaxima:
    r"""Maximise :math:`\theta' s - \log \sum_\omega \exp(\theta' z_\omega)` for many s by Newton's method.

    Parameters
    ----------
    design : Design
        The sums over histories; its own statistic is not used.
    targets : ndarray, shape (data sets, parameters)
        s: mean of z over the people seen.
    start : ndarray, shape (parameters,)
        Where to begin, such as at the fit from which the data sets were drawn.

    Returns
    -------
    ManyMaxima
        The same maxima that `maximise` finds one by one; sums over histories are made for all data sets
        together.
    """
    count = len(targets)
    theta = np.tile(start, (count, 1))
    converged = np.zeros(count, dtype=bool)
    left = np.arange(count)
    for _ in range(MOST_STEPS):
        if not len(left):
            break
        found = design.moments(theta[left], all_histories=False)
        slopes = targets[left] - found.mean
        steps = [newton_step(cov, slope) for cov, slope in zip(found.cov, slopes, strict=True)]
        # A singular information: the parameter that makes it so has run away.
        known = np.array([step is not None for step in steps])
        values = np.sum(theta[left] * targets[left], axis=1) - found.log_total
        left, values = left[known], values[known]
        if not len(left):
            break
        step = np.array([step for step in steps if step is not None])
        small = np.all(np.abs(step) <= SMALL_STEP * (np.abs(theta[left]) + 1), axis=1)
        theta[left[small]] += step[small]
        converged[left[small]] = True
        left, step, values = left[~small], step[~small], values[~small]
        left = left[_climb(design, targets, theta, left, step, values)]
    log_total = np.asarray(design.log_total(theta, all_histories=False))
    return ManyMaxima(theta=theta, log_total=log_total, converged=converged)


def _climb(
    design: Design, targets: Array, theta: Array, rows: npt.NDArray[np.intp], step: Array, values: Array
) -> npt.NDArray[np.intp]:
    """Move the rows of theta by their steps, halved until nothing is lost; say which could be moved."""
    waiting = np.arange(len(rows))
    moved = np.zeros(len(rows), dtype=bool)
    for _ in range(MOST_HALVINGS):
        if not len(waiting):
            break
        trial = theta[rows[waiting]] + step[waiting]
        value = np.sum(trial * targets[rows[waiting]], axis=1)
        value = value - design.log_total(trial, all_histories=False)
        fine = value - values[waiting] >= -1e-12 * (1 + np.abs(values[waiting]))
        theta[rows[waiting[fine]]] = trial[fine]
        moved[waiting[fine]] = True
        waiting = waiting[~fine]
        step[waiting] /= 2
    return np.flatnonzero(moved)
