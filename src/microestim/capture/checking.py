"""What users write down, checked: names of occasions, strata, numbers of people."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError

__all__ = [
    "LARGEST_TOTAL",
    "IntArray",
    "group_codes",
    "is_missing",
    "number_of_people",
    "occasion_names",
    "refuse_reserved",
    "whole_numbers",
]

IntArray = npt.NDArray[np.int64]

# Columns of `Captures.to_frame`, which an occasion or a covariate of the same name would hide.
RESERVED_NAMES = ("count", "group", "lost")
# Sums of counts go through doubles, which hold every whole number up to here.
LARGEST_TOTAL = 2**53


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
    refuse_reserved(texts, what="an occasion")
    return texts


def refuse_reserved(names: Iterable[str], *, what: str) -> None:
    """Refuse names that columns of `Captures.to_frame` have.

    Parameters
    ----------
    names : iterable of str
        Names that were given.
    what : str
        What they are names of, for the error.

    Raises
    ------
    InputError
        If one of them is such a name.
    """
    for name in names:
        if name in RESERVED_NAMES:
            raise InputError(f"{what} is named {name!r}, as is a column of to_frame(); rename it.")


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
