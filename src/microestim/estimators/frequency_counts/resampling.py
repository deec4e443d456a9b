"""Parametric bootstrap: frequency counts drawn from a fit, and fitted again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.percentiles import checked_resamples, percentile_interval
from microestim.results import Interval, Rng

__all__ = ["bootstrap_interval"]

DEFAULT_RESAMPLES = 200
# Multinomial draws take whole numbers of 64 bits.
LARGEST_POPULATION = 1e15


def bootstrap_interval(
    chances: npt.NDArray[np.float64],
    n_hat: float,
    seen: float,
    refit: Callable[[FrequencyCounts], float],
    *,
    level: float,
    rng: Rng,
    n_resamples: int | None,
    pooled: bool = False,
) -> Interval:
    """Draw the counts again and again from a fit, and take percentiles of the numbers that they lead to.

    Parameters
    ----------
    chances : ndarray
        Chances of being seen 0, 1, 2, ... times; what is left to one lies beyond the last class.
    n_hat : float
        People in the population that is drawn from; rounded.
    seen : float
        People seen: no limit lies below.
    refit : callable
        From counts to the number of people.
    level : float
        Confidence level, between 0 and 1.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    n_resamples : int or None
        How often, 200 when None.
    pooled : bool, default False
        Whether those beyond the last class are one class of all who were seen so often or more.

    Returns
    -------
    Interval
        Percentiles. A resample without an estimate counts as infinite, and the note says how many there were.

    Raises
    ------
    InputError
        If there are fewer than 100 resamples, or the population is too large to be drawn.

    Examples
    --------
    >>> chances = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
    >>> interval = bootstrap_interval(
    ...     chances, 200, 100, lambda counts: 2.0 * counts.n_observed, level=0.9, rng=1, n_resamples=100
    ... )
    >>> interval.kind
    'confidence: bootstrap percentile'
    """
    resamples = checked_resamples(n_resamples, default=DEFAULT_RESAMPLES)
    if n_hat > LARGEST_POPULATION:
        raise InputError(f"a population of {n_hat:,.0f} is too large to resample; use another method.")
    generator = np.random.default_rng(rng)
    kept = np.append(chances, max(1.0 - chances.sum(), 0.0))
    drawn = generator.multinomial(round(n_hat), kept / kept.sum(), size=resamples)
    numbers = np.full(resamples, np.inf)
    for place, row in enumerate(drawn):
        counts = {times: int(people) for times, people in enumerate(row[:-1]) if times and people}
        if row[-1]:
            # Not pooled, as few were expected beyond the last class as make no difference.
            counts[len(row) - 1] = int(row[-1])
        if not counts:
            continue
        try:
            numbers[place] = refit(FrequencyCounts(counts, last_is_pooled=bool(pooled and row[-1] > 0)))
        except NotEstimableError:
            continue
    return percentile_interval(numbers, level=level, floor=seen)
