"""Resamples in chunks of a fixed size, each with a stream of its own, on the back end that the user picks."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.bootstrap import Resampler
from microestim.estimators.closed_populations.resampling import LARGEST_DRAWN
from microestim.estimators.percentiles import checked_resamples
from microestim.results import Rng

__all__ = ["in_chunks", "resampled_sizes"]

Array = npt.NDArray[np.float64]
DEFAULT_RESAMPLES = 1000
# Data sets that share a stream and are fitted together; a fixed number, so that no back end changes a digit.
CHUNK = 100


def resampled_sizes(resampler: Resampler, *, rng: Rng, n_resamples: int | None) -> Array:
    """Sizes that a fitted model gives for data drawn from itself.

    Parameters
    ----------
    resampler : Resampler
        The fitted model.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    n_resamples : int or None
        How many data sets; 1,000 when None.

    Returns
    -------
    ndarray, shape (n_resamples,)
        In people; infinite where the likelihood has no maximum.

    Notes
    -----
    Data sets are drawn and fitted a hundred at a time through joblib, each hundred with a stream of its own:
    with `joblib.parallel_config` the work goes to any back end, and no digit depends on which.
    """
    return np.concatenate(in_chunks(resampler.sizes, resampler, rng=rng, n_resamples=n_resamples))


def in_chunks[T](
    work: Callable[[int, np.random.Generator], T],
    resampler: Resampler,
    *,
    rng: Rng,
    n_resamples: int | None,
) -> list[T]:
    """Divide resamples into chunks of a fixed size, each with a stream of its own, and hand them to joblib.

    Parameters
    ----------
    work : callable
        What to do with a number of resamples and a source of randomness.
    resampler : Resampler
        The fitted model.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    n_resamples : int or None
        How many data sets; 1,000 when None.

    Returns
    -------
    list
        What each chunk gave, in order.

    Raises
    ------
    InputError
        If the number of resamples does not fit.
    NotEstimableError
        If the population is too large to be drawn.
    """
    from joblib import Parallel, delayed

    resamples = checked_resamples(n_resamples, default=DEFAULT_RESAMPLES)
    if not resampler.people < LARGEST_DRAWN:
        raise NotEstimableError(
            f"a population of {resampler.people:,.0f} is too large to be drawn; use method='profile'."
        )
    parts = [min(CHUNK, resamples - begun) for begun in range(0, resamples, CHUNK)]
    streams = np.random.default_rng(rng).spawn(len(parts))
    return list(Parallel()(delayed(work)(part, stream) for part, stream in zip(parts, streams, strict=True)))
