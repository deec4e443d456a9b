"""Draws of a size: the one rule for their credible interval, and for how they are printed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from microestim.results.interval import Interval, check_level
from microestim.results.rounding import format_interval, format_number

__all__ = ["credible_interval", "printed_draws"]


def credible_interval(draws: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Equal-tailed credible interval of draws.

    Parameters
    ----------
    draws : array_like
        Posterior draws, of any shape.
    level : float, default 0.95
        Probability between the limits.

    Returns
    -------
    Interval
        Limits in the unit of the draws.

    Examples
    --------
    >>> credible_interval(range(101), level=0.9)[:2]
    (5.0, 95.0)
    """
    check_level(level)
    low, high = np.quantile(np.ravel(draws), [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(float(low), float(high), level, "credible: equal-tailed")


def printed_draws(draws: npt.ArrayLike, level: float = 0.95) -> tuple[str, str]:
    """Print the median and the credible interval of draws by the library's rounding rule.

    Parameters
    ----------
    draws : array_like
        Draws of a size, of any shape.
    level : float, default 0.95
        Probability between the limits.

    Returns
    -------
    median, interval : str
        Rounded alike, to two significant digits of a quarter of the interval's width, or of their own where
        that would leave fewer.
    """
    low, high, *_ = credible_interval(draws, level)
    error = (float(high) - float(low)) / 4.0
    middle = format_number(float(np.median(np.ravel(draws))), error)
    return middle, format_interval(float(low), float(high), error)
