"""Distinct capture histories with the number of people who have each: collapsed, ordered, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError

__all__ = [
    "Bits",
    "Cells",
    "IntArray",
    "collapse",
    "group_codes",
    "is_missing",
    "number_of_people",
    "occasion_names",
    "whole_numbers",
]

Bits = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

# Columns of `Captures.to_frame`, which an occasion of the same name would hide.
RESERVED_NAMES = ("count", "group")
# Sums of counts go through doubles, which hold every whole number up to here.
LARGEST_TOTAL = 2**53


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """Distinct (group, history) rows in order, each with the number of people who have it.

    Parameters
    ----------
    histories : ndarray of uint8, shape (rows, occasions)
        1 where the people of the row were seen on the occasion.
    counts : ndarray of int64, shape (rows,)
        People with that history in that group; all above 0.
    names : tuple of str
        Occasions.
    groups : tuple of str
        Strata; empty where there are none.
    group_of : ndarray of int64, shape (rows,)
        Position in `groups` of each row's stratum; 0 where there are none.
    """

    histories: Bits
    counts: IntArray
    names: tuple[str, ...]
    groups: tuple[str, ...]
    group_of: IntArray

    def select(self, columns: Sequence[int]) -> tuple[Cells | None, int]:
        """Keep some occasions, in the order given.

        Parameters
        ----------
        columns : sequence of int
            Positions of the occasions to keep.

        Returns
        -------
        cells : Cells or None
            What was seen on them; None where that is nobody.
        unseen : int
            People who were seen on none of them.
        """
        histories = self.histories[:, list(columns)]
        seen = histories.any(axis=1)
        unseen = int(self.counts[~seen].sum())
        if not seen.any():
            return None, unseen
        present = np.unique(self.group_of[seen])
        codes = np.searchsorted(present, self.group_of[seen])
        kept = collapse(
            histories[seen],
            names=tuple(self.names[column] for column in columns),
            counts=self.counts[seen],
            groups=tuple(self.groups[code] for code in present) if self.groups else (),
            group_of=codes.astype(np.int64),
        )
        return kept, unseen

    def merge(self, parts: Sequence[Sequence[int]], names: tuple[str, ...]) -> Cells:
        """Make one occasion of several: a person is seen on it who was seen on any of them.

        Parameters
        ----------
        parts : sequence of sequence of int
            Positions of the occasions that become one, for each new occasion.
        names : tuple of str
            New occasions.

        Returns
        -------
        Cells
            The same people on fewer occasions.
        """
        merged = np.empty((len(self.counts), len(parts)), dtype=np.uint8)
        for position, part in enumerate(parts):
            merged[:, position] = self.histories[:, list(part)].any(axis=1)
        return collapse(merged, names=names, counts=self.counts, groups=self.groups, group_of=self.group_of)


def collapse(
    histories: Bits,
    *,
    names: tuple[str, ...],
    counts: IntArray | None = None,
    groups: tuple[str, ...] = (),
    group_of: IntArray | None = None,
    numbered: bool = False,
) -> Cells:
    """Make equal histories one row, in order of group and history.

    Parameters
    ----------
    histories : ndarray of uint8, shape (rows, occasions)
        Zeros and ones; rows may repeat.
    names : tuple of str
        Occasions.
    counts : ndarray of int64, optional
        People in each row; one each unless given. Rows with 0 say nothing and are left out.
    groups : tuple of str, optional
        Strata.
    group_of : ndarray of int64, optional
        Position in `groups` of each row's stratum.
    numbered : bool, optional
        Whether the rows have numbers that the user knows, so that an error can name one.

    Returns
    -------
    Cells
        Distinct rows.

    Raises
    ------
    InputError
        If somebody was never seen, or if nobody was seen at all.
    """
    filled = np.ones(len(histories), dtype=bool) if counts is None else counts > 0
    unseen = filled & ~histories.any(axis=1)
    if unseen.any():
        people = int(unseen.sum()) if counts is None else int(counts[unseen].sum())
        place = f" (the first in row {int(np.argmax(unseen)) + 1}, counted from 1)" if numbered else ""
        raise InputError(
            f"{number_of_people(people)} with a history of zeros only{place}; whoever was never seen cannot "
            "be in the data, and their number is what is to be estimated. Leave these rows out."
        )
    if not filled.any():
        raise InputError("nobody was seen on any occasion; captures need at least one person.")
    if counts is not None and float(counts.sum(dtype=float)) >= LARGEST_TOTAL:
        raise InputError("the counts add up to more than 2**53 people; that is no population.")
    keys = _sortable(histories)
    if groups and group_of is not None:
        order = np.lexsort((keys, group_of))
    else:
        group_of = np.zeros(len(histories), dtype=np.int64)
        order = np.argsort(keys, kind="stable")
    order = order[filled[order]]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (keys[order][1:] != keys[order][:-1]) | (group_of[order][1:] != group_of[order][:-1])
    first = np.flatnonzero(starts)
    weights = np.ones(len(order), dtype=np.int64) if counts is None else counts[order]
    return Cells(
        histories=_frozen(np.ascontiguousarray(histories[order[first]])),
        counts=_frozen(np.add.reduceat(weights, first)),
        names=names,
        groups=groups,
        group_of=_frozen(group_of[order[first]]),
    )


def _sortable(histories: Bits) -> npt.NDArray[np.uint64] | npt.NDArray[np.bytes_]:
    """Give one key a row that sorts as the row does: an integer up to 64 occasions, else bytes.

    NumPy takes trailing zero bytes for padding. All keys are equally long and zero is the smallest
    byte, so neither order nor equality suffers.
    """
    packed = np.packbits(histories, axis=1)
    width = packed.shape[1]
    if width <= 8:
        padded = np.zeros((len(packed), 8), dtype=np.uint8)
        padded[:, :width] = packed
        return padded.view(">u8").ravel().astype(np.uint64)
    keys: npt.NDArray[np.bytes_] = np.ascontiguousarray(packed).view(f"S{width}").ravel()
    return keys


def _frozen[A: np.ndarray](array: A) -> A:
    array.setflags(write=False)
    return array


def occasion_names(names: Iterable[object] | None, n_occasions: int) -> tuple[str, ...]:
    """Check the names of the occasions, or number them from 1.

    Parameters
    ----------
    names : iterable, optional
        One name an occasion.
    n_occasions : int
        Occasions that the data have.

    Returns
    -------
    tuple of str
        Names, all different.

    Raises
    ------
    InputError
        If there are fewer than two occasions, or if the names do not fit them.
    """
    if n_occasions < 2:
        found = "1 occasion" if n_occasions == 1 else "no occasions"
        raise InputError(
            f"the data have {found}; at least 2 are needed: who was not seen is learnt from who was seen "
            "again. Counts of how often people were seen are FrequencyCounts."
        )
    if names is None:
        return tuple(str(number) for number in range(1, n_occasions + 1))
    if isinstance(names, str):
        raise InputError(f"names is the text {names!r}; give a sequence with one name an occasion.")
    texts = tuple(str(name) for name in names)
    if len(texts) != n_occasions:
        raise InputError(f"there are {len(texts)} names for {n_occasions} occasions.")
    repeated = sorted({name for name in texts if texts.count(name) > 1})
    if repeated:
        raise InputError(f"two occasions have the same name: {', '.join(map(repr, repeated))}.")
    for name in RESERVED_NAMES:
        if name in texts:
            raise InputError(f"an occasion is named {name!r}, as is a column of to_frame(); rename it.")
    return texts


def group_codes(labels: Iterable[object], *, what: str) -> tuple[tuple[str, ...], IntArray]:
    """Find the strata of rows, in the order of their names.

    Parameters
    ----------
    labels : iterable
        Each row's stratum.
    what : str
        What the labels are called in an error.

    Returns
    -------
    groups : tuple of str
        Distinct names in order.
    group_of : ndarray of int64
        Position in `groups`, for each row.

    Raises
    ------
    InputError
        If a label is missing; the message counts them.
    """
    values = list(labels)
    empty = sum(is_missing(value) for value in values)
    if empty:
        raise InputError(f"{empty:,} of {len(values):,} rows have no value in {what}.")
    texts = [str(value) for value in values]
    groups = tuple(sorted(set(texts)))
    position = {name: number for number, name in enumerate(groups)}
    return groups, np.array([position[text] for text in texts], dtype=np.int64)


def is_missing(value: object) -> bool:
    """Whether a single value is None, nan, or the missing value of a data frame.

    Parameters
    ----------
    value : object
        An id, a label, a time.

    Returns
    -------
    bool
        True where nothing is known.
    """
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return True
    # Known by their names, since pandas is not to be imported for their sake.
    return type(value).__name__ in ("NAType", "NaTType")


def number_of_people(number: int) -> str:
    """Write a number of people in words that agree with it.

    Parameters
    ----------
    number : int
        How many.

    Returns
    -------
    str
        Such as ``"1 person"`` or ``"1,200 people"``.
    """
    return "1 person" if number == 1 else f"{number:,} people"


def whole_numbers(values: npt.ArrayLike, *, what: str) -> IntArray:
    """Check that numbers are counts: whole, finite and not negative.

    Parameters
    ----------
    values : array_like
        Numbers, in any shape.
    what : str
        What they are called in an error.

    Returns
    -------
    ndarray of int64
        The same numbers, in a new array.

    Raises
    ------
    InputError
        If one of them is no count; the message gives the first.
    """
    try:
        array = np.asarray(values)
        numbers = array.astype(float)
    except (TypeError, ValueError) as fault:
        raise InputError(f"{what} must be whole numbers, all rows of one length.") from fault
    if array.dtype.kind in "bSU":
        raise InputError(f"{what} must be whole numbers, not {array.dtype}.")
    wrong = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))
    wrong |= numbers >= LARGEST_TOTAL
    if wrong.any():
        place = np.argwhere(wrong)[0]
        position = ", ".join(str(int(index) + 1) for index in place)
        raise InputError(
            f"{what} must be whole numbers from 0 on; number {position or '1'} is "
            f"{numbers[tuple(place)]:g} ({int(wrong.sum()):,} of {wrong.size:,} are wrong)."
        )
    return array.astype(np.int64)
