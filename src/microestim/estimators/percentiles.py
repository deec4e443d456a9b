"""Percentiles of numbers of people that resamples led to, and how many resamples there must be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.results import Interval, floored_interval

__all__ = ["checked_resamples", "percentile_interval"]

FEWEST_RESAMPLES = 100


def checked_resamples(n_resamples: int | None, *, default: int) -> int:
    """Return a number of resamples that a percentile can be taken of.

    Parameters
    ----------
    n_resamples : int or None
        The number.
    default : int
        The number when None.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InputError
        If it is no whole number, or below 100.

    Examples
    --------
    >>> checked_resamples(None, default=1000)
    1000
    """
    resamples = default if n_resamples is None else n_resamples
    whole = np.asarray(resamples).dtype.kind in "iu"
    if not whole or resamples < FEWEST_RESAMPLES:
        raise InputError(
            f"n_resamples is {n_resamples!r}; give a whole number of at least {FEWEST_RESAMPLES}."
        )
    return int(resamples)


def percentile_interval(sizes: npt.NDArray[np.float64], *, level: float, floor: float) -> Interval:
    """Take the interval between two percentiles of resampled sizes.

    Parameters
    ----------
    sizes : ndarray, shape (resamples,)
        Number of people that each resample leads to; infinite where it has no estimate.
    level : float
        Confidence level, between 0 and 1.
    floor : float
        People seen: no limit lies below.

    Returns
    -------
    Interval
        Of people; the note says how many resamples have no estimate.

    Examples
    --------
    >>> interval = percentile_interval(np.append(np.arange(100.0, 199.0), np.inf), level=0.9, floor=100)
    >>> interval.low, interval.high
    (104.0, 194.0)
    >>> interval.note
    '1 of 100 resamples have no estimate and count as infinite'
    """
    tail = (1 - level) / 2
    # The inverted empirical distribution never averages an infinite size with a finite one.
    low, high = np.quantile(sizes, [tail, 1 - tail], method="inverted_cdf")
    without = int(np.isinf(sizes).sum())
    note = ""
    if without:
        note = f"{without:,} of {len(sizes):,} resamples have no estimate and count as infinite"
    return floored_interval(
        float(low), float(high), level=level, kind="confidence: bootstrap percentile", floor=floor, note=note
    )
