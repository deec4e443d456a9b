"""Which shape the gamma distributions have: the one whose fit best foretells the people who were left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.compound_gamma_data import CompoundGammaData
from microestim.estimators.frequency_counts.compound_gamma_odds import PenalisedOdds, nearest_odds

__all__ = ["SHAPES", "cross_validation"]

Array = npt.NDArray[np.float64]

SHAPES = (*(float(shape) for shape in range(1, 11)), float("inf"))
"""Shapes that are tried where none is given."""


def cross_validation(times: Array, people: Array, fit: PenalisedOdds) -> float:
    r"""Return the least-squares criterion of a fit, with each person left out in turn.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen and people; three people at least.
    fit : PenalisedOdds
        The fit to all of them.

    Returns
    -------
    float
        :math:`\sum_x f(x)^2 - 2 \sum_x (n_x / n) f_{-x}(x)`, the smaller the better: but for a constant, the
        squared distance between the fitted chances and those that rule the counts, as far as it can be known
        from counts.

    Notes
    -----
    Of the people of a class one is as good as another, so there is one fit a class. The first sum ends with
    the largest class.

    Examples
    --------
    >>> from microestim.estimators.frequency_counts.compound_gamma_odds import best_odds
    >>> times, people = np.arange(1.0, 5.0), np.array([33.0, 26.0, 9.0, 2.0])
    >>> round(cross_validation(times, people, best_odds(times, people, np.inf)), 4)
    -0.3668
    """
    data = CompoundGammaData(times, people, shape=fit.shape)
    every = np.arange(1.0, times.max() + 1)
    squares = float(((data.chances(every, fit.rates) @ fit.weights) ** 2).sum())
    foretold = 0.0
    for place, held in enumerate(people):
        fewer = people.copy()
        fewer[place] -= 1
        kept = fewer > 0
        without = nearest_odds(times[kept], fewer[kept], fit)
        chance = data.chances(times[place : place + 1], without.rates) @ without.weights
        foretold += float(held * chance[0])
    return squares - 2 * foretold / data.total
