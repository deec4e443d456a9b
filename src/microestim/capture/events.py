"""From a log of events to capture histories: one query that runs where the data are.

Whatever the frame, the engine that holds it does three group-bys (person and occasion, person, history)
and hands back the distinct histories only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microestim.capture.cells import Bits, Cells, collapse, group_codes, number_of_people, occasion_names
from microestim.capture.histories import collected
from microestim.capture.windows import Clock, Moment, Windows, windows_every, windows_from_edges
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["cells_from_events"]

Missing = Literal["raise", "drop"]

# Occasions in one number: a double holds every sum of distinct powers of two below 2**53, in every engine
# alike, where sums of integers come back as integers, as decimals or not at all.
WORD = 50


def cells_from_events(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    *,
    unit: str,
    time: str,
    every: str | float | None,
    edges: Sequence[object] | None,
    by: str | None,
    names: Sequence[object] | None,
    missing: Missing,
) -> tuple[Cells, tuple[str, ...]]:
    """Find who was seen in which window of time.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        One row an event.
    unit, time : str
        Columns with the person's id and the time of the event.
    every : str or float or None
        Width of the windows.
    edges : sequence or None
        Edges of the windows.
    by : str or None
        Column with the person's stratum.
    names : sequence or None
        Names of the windows.
    missing : {"raise", "drop"}
        What to do with events without id, time or stratum.

    Returns
    -------
    cells : Cells
        Distinct histories.
    notes : tuple of str
        What was left out.
    """
    import narwhals.stable.v2 as nw

    if (every is None) == (edges is None):
        raise InputError("give either every= (a width, such as '1 week') or edges= (a sequence), not both.")
    if missing not in ("raise", "drop"):
        raise InputError(f"missing is {missing!r}; choose 'raise' or 'drop'.")
    schema = frame.collect_schema()
    for column in (unit, time, *([] if by is None else [by])):
        if column not in schema:
            raise InputError(f"the frame has no column {column!r}; its columns are {', '.join(schema)}.")
    clock = _clock(time, schema[time])
    columns = [nw.col(unit).alias("person"), nw.col(time).alias("moment")]
    if by is not None:
        stratum = nw.col(by)
        # The least of several categories is not defined in every engine, that of several texts is.
        if isinstance(schema[by], nw.Categorical | nw.Enum):
            stratum = stratum.cast(nw.String)
        columns.append(stratum.alias("stratum"))
    events = frame.lazy().select(*columns)

    known = _known("person", schema[unit]) & _known("moment", schema[time])
    if by is not None:
        known = known & _known("stratum", schema[by])
    dtypes = {"person": schema[unit], "moment": schema[time]} | (
        {} if by is None else {"stratum": schema[by]}
    )
    seen = _overview(events, known, dtypes)
    notes = _missing_notes(seen, {"person": unit, "moment": time, "stratum": by}, missing)
    if not seen["known"]:
        raise InputError("there are no events with an id and a time; captures need at least one.")
    if edges is not None:
        windows = windows_from_edges(edges, clock)
    else:
        assert every is not None
        windows = windows_every(every, seen["first"], seen["last"], clock)
    checked = occasion_names(windows.names if names is None else names, len(windows.names))

    rows = collected(_histories(events.filter(known), windows, clock, by is not None))
    cells, within = _cells(rows, checked, by)
    outside = int(seen["known"]) - within
    if outside:
        notes = (*notes, f"{outside:,} of {int(seen['known']):,} events lie outside the edges.")
    return cells, notes


def _clock(column: str, dtype: nw.dtypes.DType) -> Clock:
    import narwhals.stable.v2 as nw

    if dtype.is_integer():
        return Clock(column, "whole numbers")
    if dtype.is_float():
        return Clock(column, "numbers")
    if dtype == nw.Date:
        return Clock(column, "dates")
    if isinstance(dtype, nw.Datetime):
        return Clock(column, "times", dtype.time_zone)
    raise InputError(
        f"column {column!r} holds {dtype}, not times; make it dates, times or numbers before (for instance "
        "pandas.to_datetime, polars str.to_datetime, a CAST in SQL)."
    )


def _known(column: str, dtype: nw.dtypes.DType) -> nw.Expr:
    import narwhals.stable.v2 as nw

    present = ~nw.col(column).is_null()
    # Not a number is a value to some engines and missing to others; it is no id and no time to us.
    return present & ~nw.col(column).is_nan() if dtype.is_float() else present


def _overview(
    events: nw.LazyFrame[Any],
    known: nw.Expr,
    dtypes: dict[str, nw.dtypes.DType],
) -> dict[str, Any]:
    """Count the events and what they lack, and find the first and the last, in one pass."""
    import narwhals.stable.v2 as nw

    lacking = [
        (~_known(column, dtype)).cast(nw.Int64).sum().alias(f"no {column}")
        for column, dtype in dtypes.items()
    ]
    complete = nw.when(known).then(nw.col("moment"))
    seen = collected(
        events.select(
            nw.len().alias("events"),
            known.cast(nw.Int64).sum().alias("known"),
            complete.min().alias("first"),
            complete.max().alias("last"),
            *lacking,
        )
    )
    return seen.rows(named=True)[0]


def _missing_notes(seen: dict[str, Any], columns: dict[str, str | None], missing: Missing) -> tuple[str, ...]:
    total = int(seen["events"])
    words = {"person": "id", "moment": "time", "stratum": "stratum"}
    faults = [
        f"{int(seen[f'no {part}']):,} have no {word} (column {columns[part]!r})"
        for part, word in words.items()
        if columns[part] is not None and seen[f"no {part}"]
    ]
    if not faults:
        return ()
    left_out = total - int(seen["known"])
    if missing == "raise":
        raise InputError(
            f"of {total:,} events {' and '.join(faults)}. An event without them belongs to no history: find "
            f"out why, or leave the {left_out:,} out with missing='drop'; the summary will say so."
        )
    return (f"{left_out:,} of {total:,} events were left out as asked: {' and '.join(faults)}.",)


def _histories(events: nw.LazyFrame[Any], windows: Windows, clock: Clock, grouped: bool) -> nw.LazyFrame[Any]:
    """Write the query that leads from events to distinct histories."""
    import narwhals.stable.v2 as nw

    n_occasions = len(windows.names)
    moment, edges = _comparable(events, windows, clock)
    inside = events.with_columns(moment.alias("moment")).filter(
        (nw.col("moment") >= edges[0]) & (nw.col("moment") < edges[-1])
    )
    keys = ["person", "occasion"]
    aggregates = [nw.len().alias("events")]
    if grouped:
        aggregates += [nw.col("stratum").min().alias("lowest"), nw.col("stratum").max().alias("highest")]
    visits = (
        inside.with_columns(_occasion(edges).alias("occasion"))
        .select(*keys, *(["stratum"] if grouped else []))
        .group_by(*keys)
        .agg(*aggregates)
    )
    n_words = -(-n_occasions // WORD)
    words = [f"word{number}" for number in range(n_words)]
    occasion = nw.col("occasion")
    # Written without a remainder, which pandas lacks for columns of PyArrow.
    bit = nw.lit(2.0) ** (occasion - occasion // WORD * WORD).cast(nw.Float64)
    parts = [
        nw.when((occasion >= number * WORD) & (occasion < (number + 1) * WORD))
        .then(bit)
        .otherwise(nw.lit(0.0))
        .alias(word)
        for number, word in enumerate(words)
    ]
    strata = [nw.col("lowest").min(), nw.col("highest").max()] if grouped else []
    people = (
        visits.with_columns(*parts)
        .group_by("person")
        .agg(*(nw.col(word).sum() for word in words), nw.col("events").sum(), *strata)
    )
    return people.group_by(*words, *(["lowest", "highest"] if grouped else [])).agg(
        nw.len().alias("people"), nw.col("events").sum()
    )


def _comparable(
    events: nw.LazyFrame[Any], windows: Windows, clock: Clock
) -> tuple[nw.Expr, list[int] | list[Moment]]:
    """Give times and edges in a form that this engine compares exactly: whole numbers where it can."""
    import narwhals.stable.v2 as nw

    moment = nw.col("moment")
    if clock.kind == "whole numbers":
        return moment.cast(nw.Int64), windows.ticks()
    known = nw.Implementation
    counts_ticks = events.implementation in (
        known.PANDAS,
        known.POLARS,
        known.PYARROW,
        known.MODIN,
        known.CUDF,
        known.DASK,
    )
    if clock.kind in ("dates", "times") and counts_ticks:
        return moment.dt.timestamp("us"), windows.ticks()
    return moment, list(windows.edges)


def _occasion(edges: list[int] | list[Moment]) -> nw.Expr:
    """Find the window of each event, from 0 on, by division where all windows are equally long."""
    import narwhals.stable.v2 as nw

    moment = nw.col("moment")
    if all(isinstance(edge, int) for edge in edges):
        ticks = [int(edge) for edge in edges]  # type: ignore[arg-type]
        if len({later - earlier for earlier, later in pairwise(ticks)}) == 1:
            return ((moment - ticks[0]) // (ticks[1] - ticks[0])).cast(nw.Int32)
    return nw.sum_horizontal(*((moment >= nw.lit(edge)).cast(nw.Int32) for edge in edges[1:-1]))


def _cells(rows: nw.DataFrame[Any], names: tuple[str, ...], by: str | None) -> tuple[Cells, int]:
    if not len(rows):
        raise InputError("no event lies between the first edge and the last.")
    people = np.array([int(count) for count in rows.get_column("people").to_list()], dtype=np.int64)
    within = sum(int(count) for count in rows.get_column("events").to_list())
    histories: Bits = np.zeros((len(rows), len(names)), dtype=np.uint8)
    for occasion in range(len(names)):
        word = rows.get_column(f"word{occasion // WORD}").to_numpy().astype(np.int64)
        histories[:, occasion] = word >> (occasion % WORD) & 1
    groups: tuple[str, ...] = ()
    group_of = None
    if by is not None:
        lowest, highest = (rows.get_column(end).to_list() for end in ("lowest", "highest"))
        several = np.array([low != high for low, high in zip(lowest, highest, strict=True)])
        if several.any():
            place = int(np.argmax(several))
            torn = number_of_people(int(people[several].sum()))
            raise InputError(
                f"{torn} with events in more than one stratum of {by!r}, such as {lowest[place]!r} and "
                f"{highest[place]!r}; a stratum belongs to the person. Make one container a stratum, or "
                "count accounts: a person on two platforms has two ids."
            )
        groups, group_of = group_codes(lowest, what=f"column {by!r}")
    cells = collapse(histories, names=names, counts=people, groups=groups, group_of=group_of)
    return cells, within
