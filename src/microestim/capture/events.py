"""From a log of events to capture histories: what is missing counted, strata and covariates one a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microestim.capture.cells import Bits, Bools, Cells, collapse
from microestim.capture.checking import IntArray, group_codes, number_of_people, occasion_names
from microestim.capture.covariates import covariate_columns, refuse_unless_boolean, series_values
from microestim.capture.frames import collected
from microestim.capture.people import end_column, histories_of, histories_query, personal_column
from microestim.capture.windows import Clock, windows_every, windows_from_edges
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["cells_from_events"]

Missing = Literal["raise", "drop"]


def cells_from_events(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    *,
    unit: str,
    time: str,
    every: str | float | None,
    edges: Sequence[object] | None,
    by: str | None,
    covariates: Sequence[str] | None,
    lost: str | None,
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
    covariates : sequence of str or None
        Columns with the person's covariates.
    lost : str or None
        Column that says whether the person was removed with the event.
    names : sequence or None
        Names of the windows.
    missing : {"raise", "drop"}
        What to do with events without id, time, stratum, covariate or word on the loss.

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
    known_of_people = covariate_columns(covariates, taken=(unit, time, by, lost))
    personal = [*([] if by is None else [by]), *known_of_people]
    schema = frame.collect_schema()
    for column in (unit, time, *personal, *([] if lost is None else [lost])):
        if column not in schema:
            raise InputError(f"the frame has no column {column!r}; its columns are {', '.join(schema)}.")
    clock = _clock(time, schema[time])
    if lost is not None:
        refuse_unless_boolean(lost, schema[lost])
    # Aliases of its own, so that the columns of the frame may be called anything.
    parts = {"person": unit, "moment": time} | {
        personal_column(place): name for place, name in enumerate(personal)
    }
    if lost is not None:
        parts["lost"] = lost
    events = frame.lazy().select(*(_comparable_values(c, schema[c]).alias(part) for part, c in parts.items()))

    present = {part: _known(part, schema[column]) for part, column in parts.items()}
    known = nw.all_horizontal(*present.values(), ignore_nulls=False)
    seen = _overview(events, known, present)
    words = {"person": "id", "moment": "time", "lost": "word on the loss"}
    words |= {personal_column(place): "covariate" for place in range(len(personal))}
    if by is not None:
        words[personal_column(0)] = "stratum"
    notes = _missing_notes(seen, parts, words, missing)
    if not seen["known"]:
        raise InputError("there are no events with an id and a time; captures need at least one.")
    if edges is not None:
        windows = windows_from_edges(edges, clock)
    else:
        assert every is not None
        windows = windows_every(every, seen["first"], seen["last"], clock)
    checked = occasion_names(windows.names if names is None else names, len(windows.names))

    query = histories_query(
        events.filter(known), windows, clock, n_personal=len(personal), lost=lost is not None
    )
    rows = collected(query)
    booleans = [column for column in known_of_people if schema[column] == nw.Boolean]
    cells, within = _cells(rows, checked, by, known_of_people, booleans=booleans)
    outside = int(seen["known"]) - within
    if outside:
        notes = (*notes, f"{outside:,} of {int(seen['known']):,} events lie outside the edges.")
    return cells, notes


def _comparable_values(column: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Give a column in a form whose least and greatest value every engine knows."""
    import narwhals.stable.v2 as nw

    if isinstance(dtype, nw.Categorical | nw.Enum):
        return nw.col(column).cast(nw.String)
    return nw.col(column).cast(nw.Int8) if dtype == nw.Boolean else nw.col(column)


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


def _overview(events: nw.LazyFrame[Any], known: nw.Expr, present: dict[str, nw.Expr]) -> dict[str, Any]:
    """Count the events and what they lack, and find the first and the last, in one pass."""
    import narwhals.stable.v2 as nw

    lacking = [(~here).cast(nw.Int64).sum().alias(f"no {part}") for part, here in present.items()]
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


def _missing_notes(
    seen: dict[str, Any], parts: dict[str, str], words: dict[str, str], missing: Missing
) -> tuple[str, ...]:
    total = int(seen["events"])
    faults = [
        f"{int(seen[f'no {part}']):,} have no {words[part]} (column {column!r})"
        for part, column in parts.items()
        if seen[f"no {part}"]
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


def _cells(
    rows: nw.DataFrame[Any],
    names: tuple[str, ...],
    by: str | None,
    covariates: list[str],
    *,
    booleans: list[str],
) -> tuple[Cells, int]:
    if not len(rows):
        raise InputError("no event lies between the first edge and the last.")
    people = np.array([int(count) for count in rows.get_column("people").to_list()], dtype=np.int64)
    within = sum(int(count) for count in rows.get_column("events").to_list())
    histories = histories_of(rows, len(names))
    personal = [*([] if by is None else [by]), *covariates]
    for place, column in enumerate(personal):
        _refuse_torn(rows, place, column, people, stratum=by is not None and place == 0)
    groups: tuple[str, ...] = ()
    group_of = None
    if by is not None:
        groups, group_of = group_codes(rows.get_column(end_column(0, True)).to_list(), what=f"column {by!r}")
    values = {}
    for place, column in enumerate(personal):
        if column in covariates:
            found = series_values(rows.get_column(end_column(place, True)), column)
            values[column] = found.astype(bool) if column in booleans else found
    cells = collapse(
        histories,
        names=names,
        counts=people,
        groups=groups,
        group_of=group_of,
        lost=_lost(rows, histories, people) if "lost" in rows.columns else None,
        covariates=values,
    )
    return cells, within


def _refuse_torn(
    rows: nw.DataFrame[Any], place: int, column: str, people: IntArray, *, stratum: bool
) -> None:
    lowest, highest = (rows.get_column(end_column(place, least)).to_list() for least in (True, False))
    several = np.array([low != high for low, high in zip(lowest, highest, strict=True)])
    if not several.any():
        return
    first = int(np.argmax(several))
    torn = number_of_people(int(people[several].sum()))
    such = f"such as {lowest[first]!r} and {highest[first]!r}"
    if stratum:
        raise InputError(
            f"{torn} with events in more than one stratum of {column!r}, {such}; a stratum belongs to the "
            "person. Make one container a stratum, or count accounts: a person on two platforms has two ids."
        )
    raise InputError(
        f"{torn} with more than one value of the covariate {column!r}, {such}; a covariate belongs to the "
        "person. Decide for one before, such as the first or the mean."
    )


def _lost(rows: nw.DataFrame[Any], histories: Bits, people: IntArray) -> Bools:
    n_occasions = histories.shape[1]
    when = np.array([int(occasion) for occasion in rows.get_column("lost").to_list()], dtype=np.int64)
    last = n_occasions - 1 - histories[:, ::-1].argmax(axis=1)
    after = when < last
    if after.any():
        raise InputError(
            f"{number_of_people(int(people[after].sum()))} with events on occasions after the one on which "
            "they were lost; whoever is removed cannot be seen again."
        )
    lost: Bools = when < n_occasions
    return lost
