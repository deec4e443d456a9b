"""What is known of people besides when they were seen: checked, and in one form whatever it was read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from microestim.capture.checking import is_missing, refuse_reserved
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = [
    "Covariates",
    "Values",
    "covariate_columns",
    "lost_rows",
    "refuse_unless_boolean",
    "series_values",
    "values_of",
    "without_value",
]

Values = npt.NDArray[Any]
"""Numbers (int64 or float64), texts or booleans, one a row."""
Covariates = dict[str, Values]
"""Values by the name of the covariate, in the order given."""


def covariate_columns(
    given: Sequence[str] | Mapping[str, Any] | None, *, taken: Iterable[str | None], what: str = "a covariate"
) -> list[str]:
    """Check the names of covariates.

    Parameters
    ----------
    given : sequence of str, mapping or None
        Names, or values by name.
    taken : iterable of str
        Names that are something else already; None is none.
    what : str, optional
        What is named, for errors.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    InputError
        If a name is repeated or taken.
    """
    if given is None:
        return []
    if isinstance(given, str):
        raise InputError(f"covariates is the text {given!r}; give a sequence of names, such as [{given!r}].")
    names = [str(name) for name in given]
    refuse_reserved(names, what=what)
    used = {name for name in taken if name is not None}
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(f"covariate {name!r} is given twice.")
        if name in used:
            raise InputError(
                f"{name!r} is given as a covariate and as something else; it can be one of them."
            )
    return names


def without_value(missing: int, rows: int, name: str, *, first: int | None = None) -> str:
    """Say that a covariate is missing.

    Parameters
    ----------
    missing, rows : int
        Rows without a value, and all rows.
    name : str
        The covariate.
    first : int, optional
        The first row without one, from 0 on.

    Returns
    -------
    str
        The message of the error.
    """
    place = "" if first is None else f" (the first in row {first + 1}, counted from 1)"
    return (
        f"covariate {name!r} has no value in {missing:,} of {rows:,} rows{place}; a model needs the value of "
        "everybody seen. Fill it in, or leave these rows out and say so."
    )


def values_of(given: object, name: str) -> Values:
    """Bring the values of a covariate to one form.

    Parameters
    ----------
    given : array_like, shape (rows,)
        Numbers, texts (or categories) or booleans; not a mixture of them.
    name : str
        The covariate, for errors.

    Returns
    -------
    ndarray, shape (rows,)
        int64, float64, bool or text.

    Raises
    ------
    InputError
        If a value is missing, infinite, or of another type than the others.

    Examples
    --------
    >>> values_of([34, 27.5], "age")
    array([34. , 27.5])
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"covariate {name!r} is {given!r}; give one value a row.")
    array = given if isinstance(given, np.ndarray) else np.empty(0, dtype=object)
    if array.dtype.kind not in "biufU" or array.ndim != 1:
        # One by one: an array made of texts and numbers would turn all of them into texts.
        entries = [value.item() if isinstance(value, np.generic) else value for value in given]
        absent = [place for place, value in enumerate(entries) if is_missing(value)]
        if absent:
            raise InputError(without_value(len(absent), len(entries), name, first=absent[0]))
        kinds = {_kind(value) for value in entries}
        if len(kinds) > 1 or kinds & {""}:
            found = ", ".join(sorted({type(value).__name__ for value in entries}))
            raise InputError(
                f"covariate {name!r} holds values of type {found}; give numbers, texts or booleans, and no "
                "mixture. A date becomes a number first, such as the days since some day."
            )
        array = np.array(entries, dtype=None if kinds != {"text"} else str)
        if array.dtype.kind == "O":
            # Decimals and fractions.
            array = array.astype(float)
    return _plain(array, name)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return (
        "text"
        if isinstance(value, str)
        else "number"
        if isinstance(value, Real) or _is_decimal(value)
        else ""
    )


def _is_decimal(value: object) -> bool:
    return type(value).__name__ == "Decimal"


def _plain(array: Values, name: str) -> Values:
    if array.dtype.kind in "bU":
        return array
    if array.dtype.kind in "iu":
        if array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise InputError(
                f"covariate {name!r} holds {int(array.max())}; whole numbers go up to 2**63 - 1."
            )
        return array.astype(np.int64)
    numbers = array.astype(np.float64)
    absent = np.isnan(numbers)
    if absent.any():
        raise InputError(without_value(int(absent.sum()), len(numbers), name, first=int(np.argmax(absent))))
    if not np.isfinite(numbers).all():
        place = int(np.argmin(np.isfinite(numbers)))
        raise InputError(f"covariate {name!r} is {numbers[place]:g} in row {place + 1}; give finite numbers.")
    # Zero has two signs in a double; they are one value.
    return numbers + 0.0


def series_values(series: nw.Series[Any], name: str) -> Values:
    """Bring a column of a data frame to the form of `values_of`.

    Parameters
    ----------
    series : narwhals.Series
        The column.
    name : str
        The covariate, for errors.

    Returns
    -------
    ndarray, shape (rows,)
        int64, float64, bool or text.

    Raises
    ------
    InputError
        As `values_of`.
    """
    import narwhals.stable.v2 as nw

    missing = series.is_null()
    total = int(missing.sum())
    if total:
        first = missing.to_list().index(True)
        raise InputError(without_value(total, len(series), name, first=first))
    dtype = series.dtype
    if dtype == nw.Boolean:
        return series.to_numpy().astype(bool)
    if dtype.is_integer():
        return _plain(series.to_numpy(), name)
    if dtype.is_numeric():
        return _plain(series.to_numpy().astype(np.float64), name)
    return values_of(series.to_list(), name)


def refuse_unless_boolean(column: str, dtype: nw.dtypes.DType) -> None:
    """Refuse a column that does not say yes or no.

    Parameters
    ----------
    column : str
        Its name.
    dtype : narwhals dtype
        What it holds.

    Raises
    ------
    InputError
        If it does not hold booleans.
    """
    import narwhals.stable.v2 as nw

    if dtype != nw.Boolean:
        raise InputError(
            f"column {column!r} holds {dtype}, but lost= says yes or no: make it boolean before, such as by "
            "`== 1`."
        )


def lost_rows(given: object, rows: int) -> npt.NDArray[np.bool_]:
    """Check which rows were lost on capture.

    Parameters
    ----------
    given : array_like of bool, shape (rows,)
        True (or 1) where the people were removed when they were last seen.
    rows : int
        How many rows there are.

    Returns
    -------
    ndarray of bool, shape (rows,)
        The same.

    Raises
    ------
    InputError
        If a value is missing or neither true nor false.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"lost is {given!r}; give true or false for each row.")
    entries = [value.item() if isinstance(value, np.generic) else value for value in given]
    if len(entries) != rows:
        raise InputError(f"lost has {len(entries):,} values; the data have {rows:,} rows.")
    for place, value in enumerate(entries):
        if is_missing(value) or value not in (True, False):
            raise InputError(
                f"lost is {value!r} in row {place + 1}; it is True where the people of the row were removed "
                "at their last capture, else False."
            )
    return np.array(entries, dtype=bool)
