"""Smooth functions of one quantity, linear beyond its draws."""

import numpy as np

__all__ = ["KNOTS", "natural_spline"]

KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)
"""Quantiles of the draws at which the pieces of a spline meet."""


def natural_spline(x: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Natural cubic spline with knots at quantiles of draws: linear beyond them, so it cannot run away.

    Parameters
    ----------
    x : ndarray, shape (points,)
        Where to evaluate.
    draws : ndarray
        Draws whose quantiles are the knots.

    Returns
    -------
    ndarray, shape (points, 5)
        A constant, the quantity itself, and three curved columns.

    Examples
    --------
    >>> natural_spline(np.array([0.0]), np.linspace(-1.0, 1.0, 101)).shape
    (1, 5)
    """
    centre, scale = draws.mean(), max(draws.std(), 1e-300)
    knots = (np.quantile(draws, KNOTS) - centre) / scale
    u = (x - centre) / scale
    cubes = np.maximum(u[:, None] - knots, 0.0) ** 3
    part = (cubes - cubes[:, -1:]) / np.maximum(knots[-1] - knots, 1e-300)
    curved = part[:, :-2] - part[:, -2:-1]
    return np.column_stack([np.ones_like(u), u, curved])
