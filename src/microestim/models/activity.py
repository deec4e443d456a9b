"""How active accounts are: one continuous distribution of the activity rate on each platform.

The rate r of an account is its visits a month. On each platform log r is a mixture of an active and
a dormant normal component. It is carried on a grid of cells whose edges include once a month and
once a week exactly, so the shares above these thresholds are exact sums of cells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microestim.models.namespace import Namespace, normal_cdf

__all__ = [
    "CELL_LOG_RATES",
    "CELL_RATES",
    "IN_MONTHLY",
    "IN_WEEKLY",
    "MONTHLY_RATE",
    "SEEN_IN_MONTH",
    "WEEKLY_RATE",
    "activity_weights",
    "share",
]

WEEKLY_RATE = 30.44 / 7.0
"""Visits a month of an account used once a week (a month of 30.44 days)."""
MONTHLY_RATE = 1.0
"""Visits a month of an account used once a month."""

_STEP = math.log(WEEKLY_RATE) / 5.0
_INNER = _STEP * np.arange(-25, 21)
# The open cells at both ends are closed far out, where no rate has any weight.
_EDGES = np.concatenate([[-60.0], _INNER, [60.0]])

CELL_LOG_RATES = np.concatenate(
    [[_INNER[0] - _STEP / 2], (_INNER[1:] + _INNER[:-1]) / 2, [_INNER[-1] + _STEP / 2]]
)
"""Log rate at which each cell is evaluated, shape (cells,)."""
CELL_RATES = np.exp(CELL_LOG_RATES)
"""Visits a month at which each cell is evaluated, shape (cells,)."""
IN_WEEKLY = (math.log(WEEKLY_RATE) < CELL_LOG_RATES).astype(float)
"""1 for cells whose accounts are used at least weekly, shape (cells,)."""
IN_MONTHLY = (CELL_LOG_RATES > 0.0).astype(float)
"""1 for cells whose accounts are used at least monthly, shape (cells,)."""
SEEN_IN_MONTH = 1.0 - np.exp(-CELL_RATES)
"""Chance that an account of each cell is used at least once in a month, shape (cells,)."""

DORMANT_SPREAD = 1.0
"""Standard deviation of the log rate within the dormant component."""


def activity_weights(xp: Namespace, active_share: Any, centre: Any, spread: Any, dormant_centre: Any) -> Any:
    """Weight of every cell of the activity grid, on every platform.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    active_share : array, shape (..., platforms)
        Share of accounts in the active component.
    centre : array, shape (..., platforms)
        Median log rate of the active component (log visits a month).
    spread, dormant_centre : array, shape (...)
        Standard deviation of the log rate in the active component; median log rate of the dormant one.

    Returns
    -------
    array, shape (..., platforms, cells)
        Weights, summing to 1 over cells.
    """
    precision = 1.0 / spread[..., None, None]
    active = normal_cdf(xp, (_EDGES - centre[..., None]) * precision)
    dormant = normal_cdf(xp, (_EDGES - dormant_centre[..., None, None]) / DORMANT_SPREAD)
    mix = active_share[..., None]
    below = mix * active + (1.0 - mix) * dormant
    return below[..., 1:] - below[..., :-1]


def share(weights: Any, of: Any) -> Any:
    """Share of accounts with a property that each cell has with some chance.

    Parameters
    ----------
    weights : array, shape (..., cells)
        Weights of the cells.
    of : array, shape (..., cells)
        Chance of the property in each cell.

    Returns
    -------
    array, shape (...)
        The share.
    """
    return (weights * of).sum(-1)
