"""From events to each person's history: one query that runs where the data are.

Whatever the frame, the engine that holds it groups by person and then by history, and hands back the distinct
histories only.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.capture.cells import Bits
from microestim.capture.windows import Clock, Moment, Windows

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["end_column", "histories_of", "histories_query", "personal_column"]

# Occasions in one number: a double holds every sum of distinct powers of two below 2**53, in every engine
# alike, where sums of integers come back as integers, as decimals or not at all.
WORD = 50


def personal_column(place: int) -> str:
    """Name the column of what is known of people, such as their stratum or a covariate.

    Parameters
    ----------
    place : int
        Its place among them, from 0 on.

    Returns
    -------
    str
        A name that is none of the occasions'.
    """
    return f"personal{place}"


def histories_query(
    events: nw.LazyFrame[Any], windows: Windows, clock: Clock, *, n_personal: int, lost: bool
) -> nw.LazyFrame[Any]:
    """Write the query that leads from events to distinct histories.

    Parameters
    ----------
    events : narwhals.LazyFrame
        Columns `person`, `moment`, those of `personal_column`, and `lost` where it is asked for.
    windows : Windows
        The occasions.
    clock : Clock
        What `moment` holds.
    n_personal : int
        How many things are known of people.
    lost : bool
        Whether the events say who was lost.

    Returns
    -------
    narwhals.LazyFrame
        One row for each distinct history, with its number of people and of events, the least and the
        greatest of what is known of them, and the first occasion on which they were lost (t for none).
    """
    import narwhals.stable.v2 as nw

    n_occasions = len(windows.names)
    moment, edges = _comparable(events, windows, clock)
    inside = events.with_columns(moment.alias("moment")).filter(
        (nw.col("moment") >= edges[0]) & (nw.col("moment") < edges[-1])
    )
    marked = inside.with_columns(_occasion(edges).alias("occasion"))
    ends = {
        end_column(place, least): (personal_column(place), least)
        for place in range(n_personal)
        for least in (True, False)
    }
    if lost:
        # The number of occasions stands for nobody lost.
        removed = nw.when(nw.col("lost") == 1).then(nw.col("occasion")).otherwise(nw.lit(n_occasions))
        marked = marked.with_columns(removed.alias("lost"))
        ends["lost"] = ("lost", True)
    columns = ["person", "occasion", *map(personal_column, range(n_personal)), *(["lost"] if lost else [])]
    # One group-by instead of two, where the engine computes while it aggregates and one number is enough.
    in_one = {nw.Implementation.POLARS: _by_occasion, nw.Implementation.DUCKDB: _by_bits}
    by_person = in_one.get(events.implementation, _by_visit) if n_occasions <= WORD else _by_visit
    people, words = by_person(marked.select(*columns), ends, n_occasions)
    return people.group_by(*words, *ends).agg(nw.len().alias("people"), nw.col("events").sum())


# Columns of which each person's least or greatest value is wanted, by the name that it gets.
Ends = dict[str, tuple[str, bool]]


def end_column(place: int, least: bool) -> str:
    """Name the column of a person's least or greatest value of what is known of people.

    Parameters
    ----------
    place : int
        Its place among what is known.
    least : bool
        The least or the greatest.

    Returns
    -------
    str
        A name.
    """
    return f"{'lowest' if least else 'highest'}{place}"


def _aggregated(ends: Ends) -> list[nw.Expr]:
    import narwhals.stable.v2 as nw

    return [
        (nw.col(column).min() if least else nw.col(column).max()).alias(name)
        for name, (column, least) in ends.items()
    ]


def _by_occasion(
    events: nw.LazyFrame[Any], ends: Ends, n_occasions: int
) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Find each person's history in one group-by: whether any event is on each of the occasions."""
    import narwhals.stable.v2 as nw

    flags = [(nw.col("occasion") == place).max().alias(f"on{place}") for place in range(n_occasions)]
    people = events.group_by("person").agg(*flags, nw.len().alias("events"), *_aggregated(ends))
    bits = (
        nw.when(nw.col(f"on{place}")).then(nw.lit(2.0**place)).otherwise(nw.lit(0.0))
        for place in range(n_occasions)
    )
    return people.with_columns(nw.sum_horizontal(*bits).alias("word0")), ["word0"]


def _by_bits(events: nw.LazyFrame[Any], ends: Ends, n_occasions: int) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Find each person's history in one group-by of DuckDB, which knows the union of bits."""
    import narwhals.stable.v2 as nw

    known = [f"{'min' if least else 'max'}({column}) AS {name}" for name, (column, least) in ends.items()]
    history = "bit_or(1::BIGINT << occasion::BIGINT) AS word0"
    columns = ", ".join(["person", history, "count(*) AS events", *known])
    return nw.from_native(nw.to_native(events).aggregate(columns, "person")), ["word0"]


def _by_visit(events: nw.LazyFrame[Any], ends: Ends, n_occasions: int) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Find each person's history in two group-bys: a person's occasions, then their sum in powers of two."""
    import narwhals.stable.v2 as nw

    visits = events.group_by("person", "occasion").agg(nw.len().alias("events"), *_aggregated(ends))
    words = [f"word{number}" for number in range(-(-n_occasions // WORD))]
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
    # Of the least values of a person's visits the least, of the greatest the greatest.
    again = {name: (name, least) for name, (_, least) in ends.items()}
    people = (
        visits.with_columns(*parts)
        .group_by("person")
        .agg(*(nw.col(word).sum() for word in words), nw.col("events").sum(), *_aggregated(again))
    )
    return people, words


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


def histories_of(rows: nw.DataFrame[Any], n_occasions: int) -> Bits:
    """Read the histories that the query has packed into numbers.

    Parameters
    ----------
    rows : narwhals.DataFrame
        Result of `histories_query`.
    n_occasions : int
        Number of occasions, t.

    Returns
    -------
    ndarray of uint8, shape (rows, t)
        1 where seen.
    """
    histories: Bits = np.zeros((len(rows), n_occasions), dtype=np.uint8)
    for occasion in range(n_occasions):
        word = rows.get_column(f"word{occasion // WORD}").to_numpy().astype(np.int64)
        histories[:, occasion] = word >> (occasion % WORD) & 1
    return histories
