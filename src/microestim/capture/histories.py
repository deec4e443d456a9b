"""Capture histories as people write them down: a matrix, a data frame, counts by history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from microestim.capture.cells import (
    Bits,
    Cells,
    IntArray,
    collapse,
    group_codes,
    occasion_names,
    whole_numbers,
)
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["cells_from_counts", "cells_from_frame", "cells_from_matrix"]


def cells_from_matrix(
    matrix: npt.ArrayLike,
    *,
    names: Sequence[object] | None,
    counts: npt.ArrayLike | None,
    by: Sequence[object] | npt.NDArray[Any] | None,
) -> Cells:
    """Collapse a matrix with one row a person, or a row for several where `counts` says so.

    Parameters
    ----------
    matrix : array_like, shape (rows, occasions)
        1 or True where the person was seen, else 0 or False.
    names : sequence, optional
        Occasions.
    counts : array_like, optional
        People in each row.
    by : sequence, optional
        Each row's stratum.

    Returns
    -------
    Cells
        Distinct rows.
    """
    histories = _bits(matrix, names)
    checked = occasion_names(names, histories.shape[1])
    for given, word in ((counts, "counts"), (by, "by")):
        if isinstance(given, str):
            raise InputError(f"{word} is the text {given!r}, but a matrix has no columns with names.")
    people = None if counts is None else whole_numbers(counts, what="counts")
    groups: tuple[str, ...] = ()
    group_of: IntArray | None = None
    if by is not None:
        groups, group_of = group_codes(by.tolist() if isinstance(by, np.ndarray) else by, what="by")
    for array, word in ((people, "counts"), (group_of, "by")):
        if array is not None and array.shape != (len(histories),):
            raise InputError(f"{word} has shape {array.shape}; the matrix has {len(histories)} rows.")
    return collapse(histories, names=checked, counts=people, groups=groups, group_of=group_of, numbered=True)


def _bits(matrix: npt.ArrayLike, names: Sequence[object] | None) -> Bits:
    try:
        array = np.asarray(matrix)
    except ValueError as fault:
        raise InputError(_ragged(matrix)) from fault
    if array.ndim != 2:
        raise InputError(
            f"a matrix of histories has two dimensions, people by occasions; this has {array.ndim}. "
            "Histories as text, such as '110', go to from_counts: from_counts(collections.Counter(texts))."
        )
    if array.dtype.kind in "SU":
        raise InputError("the entries are text; a matrix of histories holds the numbers 0 and 1.")
    wrong = ~((array == 0) | (array == 1))
    if wrong.any():
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        name = list(names)[column] if names is not None and len(list(names)) > column else column + 1
        raise InputError(_not_binary(array[row, column], f"row {row + 1}", str(name), int(wrong.sum())))
    return array.astype(np.uint8)


def _ragged(matrix: Any) -> str:
    lengths = [len(row) if hasattr(row, "__len__") else 1 for row in matrix]
    for number, length in enumerate(lengths, start=1):
        if length != lengths[0]:
            return (
                f"row {number} has {length} entries and row 1 has {lengths[0]}; every row needs one entry an "
                "occasion."
            )
    return "the rows cannot be read as a matrix of 0 and 1."


def _not_binary(value: object, row: str, column: str, total: int) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    more = f" ({total:,} such entries)" if total > 1 else ""
    return (
        f"{row}, column {column!r} is {plain!r}{more}; an entry is 1 (seen) or 0 (not seen). Numbers of "
        "sightings become histories by `> 0`; a missing entry has to be decided before."
    )


def cells_from_frame(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    *,
    names: Sequence[str] | None,
    counts: str | None,
    by: str | None,
) -> Cells:
    """Collapse a data frame with one column an occasion; a lazy one is grouped by its own engine.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The frame.
    names : sequence of str, optional
        Columns with the occasions, in order; all that are neither `counts` nor `by` unless given.
    counts : str, optional
        Column with the people in each row.
    by : str, optional
        Column with each row's stratum.

    Returns
    -------
    Cells
        Distinct rows.
    """
    import narwhals.stable.v2 as nw

    schema = frame.collect_schema()
    for column, word in ((counts, "counts"), (by, "by")):
        if column is not None and not isinstance(column, str):
            raise InputError(f"{word} must be the name of a column of the frame.")
    if isinstance(names, str):
        raise InputError(f"names is the text {names!r}; give a sequence with one column an occasion.")
    columns = [c for c in schema if c not in (counts, by)] if names is None else list(names)
    for column in [*columns, *(c for c in (counts, by) if c is not None)]:
        if column not in schema:
            raise InputError(f"the frame has no column {column!r}; its columns are {', '.join(schema)}.")
    checked = occasion_names(columns, len(columns))
    for column in columns:
        if not (schema[column].is_numeric() or schema[column] == nw.Boolean):
            raise InputError(
                f"column {column!r} holds {schema[column]}, not 0 and 1; if it is no occasion, name those "
                "that are with names=."
            )
    if isinstance(frame, nw.DataFrame):
        return _cells_from_eager(frame, columns, checked, counts=counts, by=by, numbered=True)
    _refuse_faults(frame, columns, counts)
    keys = columns if by is None else [*columns, by]
    # A name of its own, so that the column of counts may be called anything.
    total = "people of the row"
    each = nw.lit(1) if counts is None else nw.col(counts)
    rows = frame.select(*keys, each.cast(nw.Int64).alias(total))
    reduced = rows.group_by(*keys).agg(nw.col(total).sum())
    return _cells_from_eager(collected(reduced), columns, checked, counts=total, by=by, numbered=False)


def collected(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Run a lazy query in its own engine.

    Parameters
    ----------
    frame : narwhals.LazyFrame
        The query.

    Returns
    -------
    narwhals.DataFrame
        Its result: of pandas for DuckDB, whose default needs PyArrow, else of the engine's default.
    """
    import narwhals.stable.v2 as nw

    if frame.implementation is nw.Implementation.DUCKDB:
        return frame.collect("pandas")
    return frame.collect()


def _cells_from_eager(
    frame: nw.DataFrame[Any],
    columns: Sequence[str],
    names: tuple[str, ...],
    *,
    counts: str | None,
    by: str | None,
    numbered: bool,
) -> Cells:
    histories = np.empty((len(frame), len(columns)), dtype=np.uint8)
    for position, column in enumerate(columns):
        series = frame.get_column(column)
        missing = int(series.is_null().sum())
        if missing:
            raise InputError(_missing(missing, len(frame), column))
        values = series.to_numpy()
        wrong = ~((values == 0) | (values == 1))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(_not_binary(values[row], f"row {row + 1}", column, int(wrong.sum())))
        histories[:, position] = values
    people = None
    if counts is not None:
        series = frame.get_column(counts)
        missing = int(series.is_null().sum())
        if missing:
            raise InputError(_missing(missing, len(frame), counts))
        people = whole_numbers(series.to_numpy(), what=f"column {counts!r}")
    groups: tuple[str, ...] = ()
    group_of = None
    if by is not None:
        groups, group_of = group_codes(frame.get_column(by).to_list(), what=f"column {by!r}")
    return collapse(
        histories, names=names, counts=people, groups=groups, group_of=group_of, numbered=numbered
    )


def _missing(missing: int, rows: int, column: str) -> str:
    return (
        f"column {column!r} has no value in {missing:,} of {rows:,} rows; decide what they are before (0 "
        "where the person was not seen)."
    )


def _refuse_faults(frame: nw.LazyFrame[Any], columns: Sequence[str], counts: str | None) -> None:
    """Count what is missing or wrong before grouping, which would hide how many rows it is in."""
    import narwhals.stable.v2 as nw

    schema = frame.collect_schema()
    missing = [nw.col(c).is_null().cast(nw.Int64).sum().alias(f"missing {c}") for c in columns]
    wrong = [
        ((nw.col(c) != 0) & (nw.col(c) != 1)).cast(nw.Int64).sum().alias(f"wrong {c}")
        for c in columns
        if schema[c] != nw.Boolean
    ]
    if counts is not None:
        number = nw.col(counts)
        missing.append(number.is_null().cast(nw.Int64).sum().alias(f"missing {counts}"))
        no_count = number < 0
        if schema[counts].is_float():
            no_count = no_count | (number != number.round(0))
        wrong.append(no_count.cast(nw.Int64).sum().alias(f"wrong {counts}"))
    faults = collected(frame.select(nw.len().alias("rows"), *missing, *wrong)).rows(named=True)[0]
    rows = int(faults["rows"])
    if rows == 0:
        raise InputError("nobody was seen on any occasion; captures need at least one person.")
    for column in [*columns, *([] if counts is None else [counts])]:
        # A sum over nothing but missing values is missing in SQL.
        if faults[f"missing {column}"]:
            raise InputError(_missing(int(faults[f"missing {column}"]), rows, column))
        if faults.get(f"wrong {column}"):
            allowed = "whole numbers from 0 on" if column == counts else "0 or 1"
            raise InputError(
                f"column {column!r} has entries other than {allowed} in {int(faults[f'wrong {column}']):,} "
                f"of {rows:,} rows; numbers of sightings become histories by `> 0`."
            )


def cells_from_counts(
    counts: Mapping[str | tuple[int, ...], int], *, names: Sequence[object] | None
) -> Cells:
    """Read numbers of people by history.

    Parameters
    ----------
    counts : mapping
        People by history: a text of zeros and ones such as ``"110"``, or a tuple of them.
    names : sequence, optional
        Occasions.

    Returns
    -------
    Cells
        Distinct rows.
    """
    if not isinstance(counts, Mapping):
        raise InputError('counts must be a mapping from history to people, such as {"110": 12, "011": 9}.')
    if not counts:
        raise InputError("there are no histories; captures need at least one person.")
    rows: list[list[int]] = []
    for history in counts:
        if not isinstance(history, str | tuple):
            raise InputError(
                f"the history {history!r} is not text; a number loses its leading zeros, so write it as "
                f"'{history}' with one digit an occasion."
            )
        row = []
        for position, entry in enumerate(history, start=1):
            if entry not in ("0", "1", 0, 1):
                raise InputError(
                    f"history {history!r} has {entry!r} at occasion {position}; an entry is 1 (seen) or 0."
                )
            row.append(int(entry))
        if rows and len(row) != len(rows[0]):
            raise InputError(
                f"history {history!r} has {len(row)} occasions and {next(iter(counts))!r} has {len(rows[0])}"
                "; every history needs one entry an occasion."
            )
        rows.append(row)
    return collapse(
        np.array(rows, dtype=np.uint8).reshape(len(rows), -1),
        names=occasion_names(names, len(rows[0])),
        counts=whole_numbers(list(counts.values()), what="counts"),
    )
