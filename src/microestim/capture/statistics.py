"""Captures as statistics by occasion: computed from histories, or given where nothing else was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.capture.cells import Cells
from microestim.capture.checking import IntArray, occasion_names, whole_numbers
from microestim.errors import InputError

__all__ = [
    "MArray",
    "Statistics",
    "losses_of",
    "m_array_of",
    "statistics_from_m_array",
    "statistics_from_uvn",
    "totals_of",
]


@dataclass(frozen=True, eq=False)
class MArray:
    """Releases, and when those released were next seen.

    Parameters
    ----------
    released : ndarray of int64, shape (t - 1,) or (t,)
        People released on each occasion; the last occasion may be left out.
    recaptured : ndarray of int64, shape (t - 1, t - 1)
        Row i, column j: people released on occasion i + 1 and next seen on occasion j + 2; zeros below
        the diagonal.

    Examples
    --------
    >>> table = MArray(np.array([10, 9]), np.array([[4, 2], [0, 5]]))
    >>> table.never_seen_again
    array([4, 4])
    """

    released: IntArray
    recaptured: IntArray

    def __post_init__(self) -> None:
        """Keep copies that nobody can change."""
        for name in ("released", "recaptured"):
            array = np.array(getattr(self, name), dtype=np.int64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def never_seen_again(self) -> IntArray:
        """People released on each of the first t - 1 occasions and not seen afterwards."""
        return self.released[: len(self.recaptured)] - self.recaptured.sum(axis=1)


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known by occasion; None where the data do not say.

    Parameters
    ----------
    names : tuple of str
        Occasions.
    n_i, u_i, v_i : ndarray of int64, shape (t,), or None
        People seen on each occasion, seen for the first time, seen for the last time.
    f_k : ndarray of int64, shape (t,), or None
        People seen once, twice, ... on t occasions.
    m_array : MArray or None
        Releases and next recaptures.
    """

    names: tuple[str, ...]
    n_i: IntArray | None = None
    u_i: IntArray | None = None
    v_i: IntArray | None = None
    f_k: IntArray | None = None
    m_array: MArray | None = None


def totals_of(cells: Cells) -> Statistics:
    """Count captures, first captures, last captures and frequencies.

    Parameters
    ----------
    cells : Cells
        Distinct histories.

    Returns
    -------
    Statistics
        Everything but the m-array.
    """
    histories, counts = cells.histories, cells.counts
    t = histories.shape[1]
    # One column at a time: a matrix of people by occasions in wider numbers could be large.
    n = np.array([counts[histories[:, j] == 1].sum() for j in range(t)], dtype=np.int64)
    return Statistics(
        names=cells.names,
        n_i=n,
        u_i=_tally(histories.argmax(axis=1), counts, t),
        v_i=_tally(cells.last_seen, counts, t),
        f_k=_tally(histories.sum(axis=1, dtype=np.int64) - 1, counts, t),
    )


def _tally(position: npt.NDArray[np.intp] | IntArray, counts: IntArray, size: int) -> IntArray:
    tally = np.zeros(size, dtype=np.int64)
    np.add.at(tally, position, counts)
    return tally


def losses_of(cells: Cells) -> IntArray:
    """Count the people who were lost on capture.

    Parameters
    ----------
    cells : Cells
        Distinct histories.

    Returns
    -------
    ndarray of int64, shape (t,)
        People removed on each occasion.
    """
    return _tally(cells.last_seen[cells.lost], cells.counts[cells.lost], len(cells.names))


def m_array_of(cells: Cells, n_i: IntArray) -> MArray:
    """Count when people were next seen; everybody seen and not lost is released again.

    Parameters
    ----------
    cells : Cells
        Distinct histories.
    n_i : ndarray of int64, shape (t,)
        People seen on each occasion.

    Returns
    -------
    MArray
        Releases on all occasions.
    """
    t = cells.histories.shape[1]
    rows, occasions = np.nonzero(cells.histories)
    again = rows[1:] == rows[:-1]
    recaptured = np.zeros((t - 1, t - 1), dtype=np.int64)
    np.add.at(recaptured, (occasions[:-1][again], occasions[1:][again] - 1), cells.counts[rows[1:][again]])
    return MArray(n_i - losses_of(cells), recaptured)


def statistics_from_uvn(
    u: npt.ArrayLike,
    v: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    m: npt.ArrayLike | None,
    names: Sequence[object] | None,
) -> Statistics:
    """Check first captures, last captures and captures against each other.

    Parameters
    ----------
    u, v, n : array_like, shape (t,)
        People seen for the first time, for the last time, and in all, on each occasion.
    m : array_like, shape (t,), optional
        People seen again, which are n - u.
    names : sequence, optional
        Occasions.

    Returns
    -------
    Statistics
        The same, without frequencies and m-array.
    """
    given = {"u": u, "v": v, "n": n} | ({} if m is None else {"m": m})
    arrays = {word: whole_numbers(values, what=word) for word, values in given.items()}
    for word, array in arrays.items():
        if array.ndim != 1 or len(array) != len(arrays["u"]):
            raise InputError(
                f"{word} has shape {array.shape} and u has {arrays['u'].shape}; each has one number "
                "an occasion."
            )
    checked = occasion_names(names, len(arrays["u"]))
    first, last, seen = arrays["u"], arrays["v"], arrays["n"]
    if first.sum() == 0:
        raise InputError("nobody was seen on any occasion; captures need at least one person.")
    if first.sum() != last.sum():
        raise InputError(
            f"u adds up to {first.sum():,} people and v to {last.sum():,}; everybody seen has one first and "
            "one last capture."
        )
    # Everybody whose first capture is past, and whose last is not, may have been seen.
    possible = np.cumsum(first) - np.cumsum(last) + last
    for word, wrong, rule in (
        ("u", first > seen, "is above n: a first capture is a capture"),
        ("v", last > seen, "is above n: a last capture is a capture"),
        ("n", seen > possible, "is above the number of people between their first and last capture"),
    ):
        if wrong.any():
            place = int(np.argmax(wrong))
            raise InputError(
                f"{word} at occasion {checked[place]!r} is {arrays[word][place]:,}, which {rule}."
            )
    if m is not None and not np.array_equal(arrays["m"], seen - first):
        place = int(np.argmax(arrays["m"] != seen - first))
        raise InputError(
            f"m at occasion {checked[place]!r} is {arrays['m'][place]:,}, but n - u is "
            f"{(seen - first)[place]:,}; whoever is not seen for the first time is seen again."
        )
    return Statistics(names=checked, n_i=seen, u_i=first, v_i=last)


def statistics_from_m_array(
    released: npt.ArrayLike, recaptured: npt.ArrayLike, *, names: Sequence[object] | None
) -> Statistics:
    """Check an m-array, and take from it what it determines.

    Parameters
    ----------
    released : array_like, shape (t - 1,) or (t,)
        People released on each occasion.
    recaptured : array_like, shape (t - 1, t - 1)
        Row i, column j: released on occasion i + 1, next seen on occasion j + 2.
    names : sequence, optional
        Occasions.

    Returns
    -------
    Statistics
        With captures, first and last captures where the releases of all t occasions are given.
    """
    releases = whole_numbers(released, what="released")
    table = whole_numbers(recaptured, what="recaptured")
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise InputError(
            f"recaptured has shape {table.shape}; it is square, with a row for each occasion but the last "
            "and a column for each but the first."
        )
    t = len(table) + 1
    checked = occasion_names(names, t)
    if releases.ndim != 1 or len(releases) not in (t - 1, t):
        raise InputError(
            f"released has shape {releases.shape}; recaptured has {t} occasions, so it has {t - 1} numbers, "
            f"or {t} with the last occasion."
        )
    if np.tril(table, -1).any():
        row, column = (int(index) for index in np.argwhere(np.tril(table, -1))[0])
        raise InputError(
            f"recaptured[{row}, {column}] is {table[row, column]}, below the diagonal: nobody released on "
            f"occasion {row + 1} is next seen on occasion {column + 2}."
        )
    if not releases.any():
        raise InputError("nobody was released on any occasion; captures need at least one person.")
    array = MArray(releases, table)
    if (array.never_seen_again < 0).any():
        place = int(np.argmax(array.never_seen_again < 0))
        raise InputError(
            f"{table[place].sum():,} people released on occasion {checked[place]!r} were seen again, but "
            f"{releases[place]:,} were released."
        )
    again = np.concatenate([[0], table.sum(axis=0)]).astype(np.int64)
    if (again[: len(releases)] > releases).any():
        place = int(np.argmax(again[: len(releases)] > releases))
        raise InputError(
            f"{again[place]:,} people were seen again on occasion {checked[place]!r}, but {releases[place]:,}"
            " were released then; captures that are not released again cannot be told from an m-array."
        )
    if len(releases) == t - 1:
        return Statistics(names=checked, m_array=array)
    last = np.append(array.never_seen_again, releases[-1]).astype(np.int64)
    return Statistics(names=checked, n_i=releases, u_i=releases - again, v_i=last, m_array=array)
