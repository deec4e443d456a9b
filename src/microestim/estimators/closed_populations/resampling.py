"""Captures drawn from a fitted model, as the statistics or the counts by history that they come to.

A model is a table of chances: row i, column k has the chance of a capture on occasion i after k captures.
Where it also matters when the first of them was, the last axis says so.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "LARGEST_DRAWN",
    "DrawnCounts",
    "chances_of",
    "draw_by_history",
    "draw_counts",
    "draw_frequencies",
    "margin_of",
]

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
    first_and_number : ndarray, shape (resamples, t, t), or None
        People by the occasion of their first capture and by their number of captures, 1 first; None where
        the model does not depend on the first capture.
    """

    n_i: Array
    u_i: Array
    f_k: Array
    first_and_number: Array | None = None

    @property
    def n_observed(self) -> Array:
        """People captured at least once, shape (resamples,)."""
        return np.asarray(self.f_k.sum(axis=1))


def draw_counts(chances: Array, size: int, resamples: int, rng: np.random.Generator) -> DrawnCounts:
    """Draw captures of a population in which a chance depends on the occasion and on earlier captures.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures, the first of them on each
        occasion on the last axis.
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
        square of the occasions, their cube where the first capture matters, and never the people.

    Examples
    --------
    >>> drawn = draw_counts(np.full((3, 4), 0.5), 800, 2, np.random.default_rng(1))
    >>> bool((drawn.n_i.sum(axis=1) == drawn.f_k @ [1, 2, 3]).all())
    True
    """
    t = len(chances)
    if chances.ndim == 3:
        return _draw_by_first(chances, size, resamples, rng)
    after = np.zeros((resamples, t + 1), dtype=np.int64)
    after[:, 0] = size
    n_i, u_i = np.empty((resamples, t)), np.empty((resamples, t))
    for i in range(t):
        caught = rng.binomial(after[:, : i + 1], np.minimum(chances[i, : i + 1], 1.0))
        after[:, : i + 1] -= caught
        after[:, 1 : i + 2] += caught
        n_i[:, i], u_i[:, i] = caught.sum(axis=1), caught[:, 0]
    return DrawnCounts(n_i=n_i, u_i=u_i, f_k=after[:, 1:].astype(float))


def _draw_by_first(chances: Array, size: int, resamples: int, rng: np.random.Generator) -> DrawnCounts:
    """Draw where the first capture matters: people with one first and one number of captures together."""
    t = len(chances)
    fresh = np.full(resamples, size, dtype=np.int64)
    known = np.zeros((resamples, t, t), dtype=np.int64)
    n_i, u_i = np.empty((resamples, t)), np.empty((resamples, t))
    for i in range(t):
        new = rng.binomial(fresh, np.minimum(chances[i, 0, 0], 1.0))
        # First captures by row, numbers of captures by column, as in the counts.
        again = rng.binomial(known[:, :i, :i], np.minimum(chances[i, 1 : i + 1, :i].T, 1.0))
        known[:, :i, :i] -= again
        known[:, :i, 1 : i + 1] += again
        known[:, i, 0] = new
        fresh -= new
        n_i[:, i], u_i[:, i] = new + again.sum(axis=(1, 2)), new
    table = known.astype(float)
    return DrawnCounts(n_i=n_i, u_i=u_i, f_k=table.sum(axis=1), first_and_number=table)


def draw_frequencies(margin: Array, size: int, resamples: int, rng: np.random.Generator) -> DrawnCounts:
    """Draw numbers of captures alone, where there are no occasions.

    Parameters
    ----------
    margin : ndarray, shape (most + 1,)
        Probability of 0, 1, ... captures.
    size : int
        People in the population.
    resamples : int
        How many data sets.
    rng : Generator
        Source of randomness.

    Returns
    -------
    DrawnCounts
        Those of `n_i` and `u_i` are empty.

    Examples
    --------
    >>> draw_frequencies(np.array([0.5, 0.5, 0.0]), 10, 1, np.random.default_rng(1)).f_k.shape
    (1, 2)
    """
    f_k = rng.multinomial(size, margin / margin.sum(), size=resamples)[:, 1:]
    nobody = np.empty((resamples, 0))
    return DrawnCounts(n_i=nobody, u_i=nobody, f_k=f_k.astype(float))


def draw_by_history(
    chances: Array, size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], Array]:
    """Draw captures of one population as counts by history.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures, the first of them on each
        occasion on the last axis.
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
        state: tuple[npt.NDArray[np.intp], ...] = (histories[:, :i].sum(axis=1, dtype=np.intp),)
        if chances.ndim == 3:
            # Without a capture so far any occasion will do.
            state = (*state, histories.argmax(axis=1))
        caught = rng.binomial(counts, np.minimum(row[state], 1.0))
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
    chances : ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures, the first of them on each
        occasion on the last axis.

    Returns
    -------
    ndarray, shape (t + 1,)
        Probabilities of 0, 1, ..., t captures.

    Examples
    --------
    >>> margin_of(np.full((2, 3), 0.5)).tolist()
    [0.25, 0.5, 0.25]
    """
    t = len(chances)
    if chances.ndim == 3:
        fresh, known = 1.0, np.zeros((t + 1, t))
        for i, table in enumerate(chances):
            caught = known * table
            known = known - caught
            known[1:] += caught[:-1]
            known[1, i] = fresh * table[0, 0]
            fresh *= 1 - table[0, 0]
        margin = known.sum(axis=1)
        margin[0] = fresh
        return np.asarray(margin)
    margin = np.zeros(t + 1)
    margin[0] = 1.0
    for row in chances:
        caught = margin * row
        margin = margin - caught
        margin[1:] += caught[:-1]
    return margin


def chances_of(chances: Array, histories: npt.NDArray[np.generic]) -> Array:
    """Probability of histories.

    Parameters
    ----------
    chances : ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures, the first of them on each
        occasion on the last axis.
    histories : ndarray of 0 and 1, shape (rows, t)
        The histories.

    Returns
    -------
    ndarray, shape (rows,)
        Their probabilities.

    Examples
    --------
    >>> chances_of(np.full((2, 3), 0.25), np.array([[0, 0], [1, 0]])).tolist()
    [0.5625, 0.1875]
    """
    seen = histories.astype(np.intp)
    place: tuple[npt.NDArray[np.intp], ...] = (np.arange(seen.shape[1]), np.cumsum(seen, axis=1) - seen)
    if chances.ndim == 3:
        place = (*place, seen.argmax(axis=1)[:, None])
    chance = chances[place]
    return np.asarray(np.prod(np.where(seen == 1, chance, 1 - chance), axis=1))
