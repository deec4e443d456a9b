"""Captures drawn from a fitted model, as the statistics or the counts by history that they come to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LARGEST_DRAWN", "DrawnCounts", "draw_by_history", "draw_counts", "margin_of"]

Array = npt.NDArray[np.float64]
# The binomial distribution of NumPy takes numbers up to here.
LARGEST_DRAWN = 10**15


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnCounts:
    """What data sets drawn from a model come to.

    Parameters
    ----------
    n_i, u_i : ndarray, shape (resamples, t)
        People captured on each occasion, and captured for the first time.
    f_k : ndarray, shape (resamples, t)
        People captured once, twice, ..., t times.
    """

    n_i: Array
    u_i: Array
    f_k: Array

    @property
    def n_observed(self) -> Array:
        """People captured at least once, shape (resamples,)."""
        return np.asarray(self.f_k.sum(axis=1))


def draw_counts(chances: Array, size: int, resamples: int, rng: np.random.Generator) -> DrawnCounts:
    """Draw captures of a population in which a chance depends on the occasion and on earlier captures.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1)
        Row i, column k: the chance of a capture on occasion i after k captures.
    size : int
        People in the population.
    resamples : int
        How many data sets.
    rng : Generator
        Source of randomness.

    Returns
    -------
    DrawnCounts
        Exact draws: people with equally many captures so far are drawn together, so the cost follows the
        square of the occasions and never the people.

    Examples
    --------
    >>> drawn = draw_counts(np.full((3, 4), 0.5), 800, 2, np.random.default_rng(1))
    >>> bool((drawn.n_i.sum(axis=1) == drawn.f_k @ [1, 2, 3]).all())
    True
    """
    t = len(chances)
    after = np.zeros((resamples, t + 1), dtype=np.int64)
    after[:, 0] = size
    n_i, u_i = np.empty((resamples, t)), np.empty((resamples, t))
    for i in range(t):
        caught = rng.binomial(after[:, : i + 1], np.minimum(chances[i, : i + 1], 1.0))
        after[:, : i + 1] -= caught
        after[:, 1 : i + 2] += caught
        n_i[:, i], u_i[:, i] = caught.sum(axis=1), caught[:, 0]
    return DrawnCounts(n_i=n_i, u_i=u_i, f_k=after[:, 1:].astype(float))


def draw_by_history(
    chances: Array, size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], Array]:
    """Draw captures of one population as counts by history.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1)
        Row i, column k: the chance of a capture on occasion i after k captures.
    size : int
        People in the population.
    rng : Generator
        Source of randomness.

    Returns
    -------
    histories : ndarray of uint8, shape (rows, t)
        Distinct histories, that of nobody's captures left out.
    counts : ndarray, shape (rows,)
        People with each.

    Notes
    -----
    People with the same captures so far are divided at each occasion, so the cost follows the distinct
    histories.

    Examples
    --------
    >>> histories, counts = draw_by_history(np.full((2, 3), 0.5), 4000, np.random.default_rng(1))
    >>> histories.tolist(), counts.shape
    ([[1, 0], [0, 1], [1, 1]], (3,))
    """
    histories = np.zeros((1, len(chances)), dtype=np.uint8)
    counts = np.array([size], dtype=np.int64)
    for i, row in enumerate(chances):
        earlier = histories[:, :i].sum(axis=1, dtype=np.int64)
        caught = rng.binomial(counts, np.minimum(row[earlier], 1.0))
        left = counts - caught
        again = histories[caught > 0]
        again[:, i] = 1
        histories = np.concatenate([histories[left > 0], again])
        counts = np.concatenate([left[left > 0], caught[caught > 0]])
    seen = histories.any(axis=1)
    return histories[seen], counts[seen].astype(float)


def margin_of(chances: Array) -> Array:
    """Probability of each number of captures, from the chance of each.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1)
        Row i, column k: the chance of a capture on occasion i after k captures.

    Returns
    -------
    ndarray, shape (t + 1,)
        Probabilities of 0, 1, ..., t captures.

    Examples
    --------
    >>> margin_of(np.full((2, 3), 0.5)).tolist()
    [0.25, 0.5, 0.25]
    """
    margin = np.zeros(chances.shape[1])
    margin[0] = 1.0
    for row in chances:
        caught = margin * row
        margin = margin - caught
        margin[1:] += caught[:-1]
    return margin
