"""The maximum of a log-linear model some of whose coefficients must not be negative."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.designs import MarginDesign, OccasionDesign
from microestim.estimators.closed_populations.log_linear import (
    MOST_HALVINGS,
    MOST_STEPS,
    SMALL_STEP,
    Maximum,
    newton_step,
)

__all__ = ["Candidates", "maximise_nonnegative"]

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.intp]
# Slope by a coefficient at zero, in standard deviations of its column over the people seen: what is left
# below it changes the log-likelihood by less than its rounding.
LEAST_SLOPE = 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Columns whose coefficients must not be negative, and how the model is made with some of them.

    Parameters
    ----------
    columns : ndarray, shape (cells, candidates)
        Each column for every number of captures that a history can have.
    observed : ndarray, shape (candidates,)
        Mean of each column over the people, those never captured included where they are in the model.
    spread : ndarray, shape (candidates,)
        Standard deviation of each column over the people seen.
    design : callable
        The model with the columns of the given positions.
    """

    columns: Array
    observed: Array
    spread: Array
    design: Callable[[Chosen], MarginDesign | OccasionDesign]

    def slopes(self, kept: Chosen, theta: Array, *, all_histories: bool) -> Array:
        """Slope of the log-likelihood of one person by each coefficient that is zero; none by the others.

        Parameters
        ----------
        kept : ndarray of int
            Positions of the coefficients that are not zero.
        theta : ndarray
            All parameters.
        all_histories : bool
            Whether the history that nobody shows is one of them.

        Returns
        -------
        ndarray, shape (candidates,)
            Relative to the spread of the column.
        """
        margin = self.design(kept).margin(theta, all_histories=all_histories)
        slopes = (self.observed - margin @ self.columns) / self.spread
        slopes[kept] = 0.0
        return slopes


def maximise_nonnegative(
    candidates: Candidates, people: float, theta: Array, kept: Chosen, *, all_histories: bool
) -> tuple[Maximum, Chosen]:
    r"""Maximise a concave log-likelihood over coefficients of which some must not be negative.

    Parameters
    ----------
    candidates : Candidates
        The coefficients that must not be negative.
    people : float
        Size of the population, or people seen.
    theta : ndarray
        Where to begin: coefficients that are free, then those of `kept`, all of which are positive.
    kept : ndarray of int
        Candidates whose coefficients are not zero at the beginning, in increasing order.
    all_histories : bool
        Whether the people are the population, those never captured included.

    Returns
    -------
    best : Maximum
        The maximum, or where the search was when it became plain that a parameter runs away.
    kept : ndarray of int
        Candidates whose coefficients are not zero there.

    Notes
    -----
    An active-set Newton method. Newton's steps are taken in the free coefficients and the positive ones; a
    step that would make one negative ends where it is zero, and it leaves. At the maximum over the ones
    kept, the candidate with the steepest positive slope is admitted, whether or not it left before, until
    none has one. The point is then the maximum by the conditions of Karush, Kuhn and Tucker, which suffice
    for a concave function: slope zero by every coefficient that is kept, none positive by the others.
    """
    free = len(theta) - len(kept)
    height = -np.inf
    while True:
        best, kept = _within(candidates, people, theta, kept, free, all_histories=all_histories)
        if not best.converged:
            return best, kept
        below, height = height, _height(candidates.design(kept), people, best)
        slopes = candidates.slopes(kept, best.theta, all_histories=all_histories)
        steepest = int(slopes.argmax()) if len(slopes) else 0
        # Without a gain the slope that admitted the last one was rounding, and so are those that are left.
        gained = height > below + 1e-14 * abs(height)
        if not (gained and len(slopes) and slopes[steepest] * np.sqrt(people) > LEAST_SLOPE):
            return best, kept
        place = int(np.searchsorted(kept, steepest))
        theta = np.insert(best.theta, free + place, 0.0)
        kept = np.insert(kept, place, steepest)


def _height(design: MarginDesign | OccasionDesign, people: float, best: Maximum) -> float:
    """Log-likelihood of one person."""
    return float(best.theta @ design.statistic / people - best.moments.log_total)


def _within(
    candidates: Candidates, people: float, theta: Array, kept: Chosen, free: int, *, all_histories: bool
) -> tuple[Maximum, Chosen]:
    """Newton's method over the coefficients kept, which leave when they reach zero."""
    design = candidates.design(kept)
    target = design.statistic / people
    found = design.moments(theta, all_histories=all_histories)
    steps = 0
    while steps < MOST_STEPS:
        steps += 1
        step = newton_step(found.cov, target - found.mean)
        if step is None:
            break
        room, first = _room(theta[free:], step[free:])
        if np.all(np.abs(step) <= SMALL_STEP * (np.abs(theta) + 1)) and room >= 1:
            theta = theta + step
            moments = design.moments(theta, all_histories=all_histories)
            return Maximum(theta=theta, moments=moments, converged=True), kept
        value = theta @ target - found.log_total
        slack = 1e-12 * (1 + abs(value))
        share = min(1.0, room)
        for _ in range(MOST_HALVINGS):
            trial = theta + share * step
            gained = trial @ target - design.log_total(trial, all_histories=all_histories) - value
            if gained >= -slack:
                break
            share /= 2
        else:
            break
        theta = trial
        if share == room:
            theta, kept = np.delete(theta, free + first), np.delete(kept, first)
            design = candidates.design(kept)
            target = design.statistic / people
            steps = 0
        found = design.moments(theta, all_histories=all_histories)
    return Maximum(theta=theta, moments=found, converged=False), kept


def _room(values: Array, step: Array) -> tuple[float, int]:
    """Largest share of a step that leaves no coefficient negative, and which is zero there."""
    falls = step < 0
    if not falls.any():
        return float(np.inf), -1
    shares = np.where(falls, values / np.where(falls, -step, 1.0), np.inf)
    return float(shares.min()), int(shares.argmin())
