"""Capture histories as a data frame: one column an occasion, grouped by the engine that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.capture.cells import Bools, Cells, collapse
from microestim.capture.checking import group_codes, occasion_names, whole_numbers
from microestim.capture.covariates import (
    covariate_columns,
    refuse_unless_boolean,
    series_values,
    without_value,
)
from microestim.capture.histories import not_binary
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["cells_from_frame", "collected"]


def cells_from_frame(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    *,
    names: Sequence[str] | None,
    counts: str | None,
    by: str | None,
    covariates: Sequence[str] | None,
    lost: str | None,
) -> Cells:
    """Collapse a data frame with one column an occasion; a lazy one is grouped by its own engine.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The frame.
    names : sequence of str, optional
        Columns with the occasions, in order; all that are nothing else unless given.
    counts : str, optional
        Column with the people in each row.
    by : str, optional
        Column with each row's stratum.
    covariates : sequence of str, optional
        Columns with covariates.
    lost : str, optional
        Column that says whether the people of the row were removed when last seen.

    Returns
    -------
    Cells
        Distinct rows.
    """
    import narwhals.stable.v2 as nw

    schema = frame.collect_schema()
    for column, word in ((counts, "counts"), (by, "by"), (lost, "lost")):
        if column is not None and not isinstance(column, str):
            raise InputError(f"{word} must be the name of a column of the frame.")
    if isinstance(covariates, Mapping):
        raise InputError("covariates must be names of columns of the frame, such as ['age', 'sex'].")
    known = covariate_columns(covariates, taken=(counts, by, lost, *(names or ())))
    if isinstance(names, str):
        raise InputError(f"names is the text {names!r}; give a sequence with one column an occasion.")
    others = [column for column in (counts, by, lost, *known) if column is not None]
    columns = [c for c in schema if c not in others] if names is None else list(names)
    for column in [*columns, *others]:
        if column not in schema:
            raise InputError(f"the frame has no column {column!r}; its columns are {', '.join(schema)}.")
    checked = occasion_names(columns, len(columns))
    for column in columns:
        if not (schema[column].is_numeric() or schema[column] == nw.Boolean):
            raise InputError(
                f"column {column!r} holds {schema[column]}, not 0 and 1; if it is no occasion, name those "
                "that are with names=."
            )
    if lost is not None:
        refuse_unless_boolean(lost, schema[lost])
    roles = _Roles(columns, checked, by, known, lost)
    if isinstance(frame, nw.DataFrame):
        return _cells_from_eager(frame, roles, counts=counts, numbered=True)
    _refuse_faults(frame, roles, counts)
    keys = [*columns, *(column for column in (by, lost, *known) if column is not None)]
    # Categories are not grouped alike by every engine, texts are.
    categories = [c for c in keys if isinstance(schema[c], nw.Categorical | nw.Enum)]
    # A name of its own, so that the column of counts may be called anything.
    total = "people of the row"
    each = nw.lit(1) if counts is None else nw.col(counts)
    rows = frame.select(
        *(nw.col(c).cast(nw.String) if c in categories else nw.col(c) for c in keys),
        each.cast(nw.Int64).alias(total),
    )
    reduced = rows.group_by(*keys).agg(nw.col(total).sum())
    return _cells_from_eager(collected(reduced), roles, counts=total, numbered=False)


@dataclass(frozen=True)
class _Roles:
    """What the columns of a frame are."""

    columns: list[str]
    names: tuple[str, ...]
    by: str | None
    covariates: list[str]
    lost: str | None


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
    frame: nw.DataFrame[Any], roles: _Roles, *, counts: str | None, numbered: bool
) -> Cells:
    histories = np.empty((len(frame), len(roles.columns)), dtype=np.uint8)
    for position, column in enumerate(roles.columns):
        series = frame.get_column(column)
        missing = int(series.is_null().sum())
        if missing:
            raise InputError(_missing(missing, len(frame), column))
        values = series.to_numpy()
        wrong = ~((values == 0) | (values == 1))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(not_binary(values[row], f"row {row + 1}", column, int(wrong.sum())))
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
    if roles.by is not None:
        groups, group_of = group_codes(frame.get_column(roles.by).to_list(), what=f"column {roles.by!r}")
    lost: Bools | None = None
    if roles.lost is not None:
        series = frame.get_column(roles.lost)
        missing = int(series.is_null().sum())
        if missing:
            raise InputError(_missing(missing, len(frame), roles.lost, otherwise="False"))
        lost = series.to_numpy().astype(bool)
    return collapse(
        histories,
        names=roles.names,
        counts=people,
        groups=groups,
        group_of=group_of,
        lost=lost,
        covariates={name: series_values(frame.get_column(name), name) for name in roles.covariates},
        numbered=numbered,
    )


def _missing(missing: int, rows: int, column: str, *, otherwise: str = "0") -> str:
    return (
        f"column {column!r} has no value in {missing:,} of {rows:,} rows; decide what they are before "
        f"({otherwise} where the person was not {'seen' if otherwise == '0' else 'removed'})."
    )


def _refuse_faults(frame: nw.LazyFrame[Any], roles: _Roles, counts: str | None) -> None:
    """Count what is missing or wrong before grouping, which would hide how many rows it is in."""
    import narwhals.stable.v2 as nw

    columns = roles.columns
    schema = frame.collect_schema()

    def lacking(column: str) -> nw.Expr:
        absent = nw.col(column).is_null()
        # Not a number is a value to some engines and missing to others.
        if column in roles.covariates and schema[column].is_float():
            absent = absent | nw.col(column).is_nan()
        return absent.cast(nw.Int64).sum().alias(f"missing {column}")

    others = [c for c in (roles.by, roles.lost, *roles.covariates) if c is not None]
    missing = [lacking(column) for column in [*columns, *others]]
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
    for column in others:
        absent = int(faults[f"missing {column}"] or 0)
        if absent and column in roles.covariates:
            raise InputError(without_value(absent, rows, column))
        if absent and column == roles.lost:
            raise InputError(_missing(absent, rows, column, otherwise="False"))
        if absent:
            raise InputError(f"{absent:,} of {rows:,} rows have no value in column {column!r}.")
