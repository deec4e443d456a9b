"""Occasions as windows of time: edges given, or a width that is repeated over the data."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from microestim.errors import InputError

__all__ = ["Clock", "Moment", "Windows", "windows_every", "windows_from_edges"]

Moment = int | float | date | datetime
Kind = Literal["whole numbers", "numbers", "dates", "times"]

# Daily occasions over five years; more would be a mistake in the unit sooner than a design.
MOST_OCCASIONS = 2000
EPOCH = datetime(1970, 1, 1)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
WIDTH = re.compile(r"^\s*(?:(\d+)\s+)?([a-z]+?)s?\s*$")


@dataclass(frozen=True)
class Clock:
    """What a column of times holds.

    Parameters
    ----------
    column : str
        Its name, for errors.
    kind : {"whole numbers", "numbers", "dates", "times"}
        What its values are.
    zone : str, optional
        Time zone of times that have one.
    """

    column: str
    kind: Kind
    zone: str | None = None


@dataclass(frozen=True)
class Windows:
    """Occasions one after the other; each holds its start and not its end.

    Parameters
    ----------
    edges : tuple
        Starts of all occasions and the end of the last one, as values of the column.
    names : tuple of str
        Occasions, by their start.
    """

    edges: tuple[Moment, ...]
    names: tuple[str, ...]

    def ticks(self) -> list[int]:
        """Give the edges as whole numbers, in microseconds since 1970 (UTC) for dates and times.

        Returns
        -------
        list of int
            For a whole number c and an edge e, c >= e exactly where c >= the tick of e.
        """
        return [_tick(edge) for edge in self.edges]


def _tick(edge: Moment) -> int:
    if isinstance(edge, datetime):
        naive = edge if edge.tzinfo is None else edge.astimezone(UTC).replace(tzinfo=None)
        return (naive - EPOCH) // timedelta(microseconds=1)
    if isinstance(edge, date):
        return (edge - EPOCH.date()).days * 86_400_000_000
    return math.ceil(edge)


def windows_from_edges(edges: Sequence[object], clock: Clock) -> Windows:
    """Read edges that the user gave.

    Parameters
    ----------
    edges : sequence
        Numbers, or dates and times as `datetime` objects or as text in ISO 8601; ascending, one more
        than there are occasions. Without a time zone they are read in the column's.
    clock : Clock
        What the column holds.

    Returns
    -------
    Windows
        Occasions.
    """
    if isinstance(edges, str):
        raise InputError(f"edges is the text {edges!r}; give a sequence of at least 3 edges.")
    moments = tuple(_moment(edge, clock) for edge in edges)
    if len(moments) < 3:
        raise InputError(f"{len(moments)} edges make fewer than two occasions; at least 3 are needed.")
    if len(moments) > MOST_OCCASIONS + 1:
        raise InputError(f"{len(moments) - 1:,} occasions are more than {MOST_OCCASIONS:,}.")
    ticks = [_tick(m) for m in moments] if clock.kind != "numbers" else [float(m) for m in moments]  # type: ignore[arg-type]
    for position in range(1, len(ticks)):
        if ticks[position] <= ticks[position - 1]:
            raise InputError(
                f"edges must ascend; edge {position + 1} ({edges[position]}) is not after edge {position} "
                f"({edges[position - 1]})."
            )
    return Windows(moments, _names(moments))


def _moment(edge: object, clock: Clock) -> Moment:
    if clock.kind in ("whole numbers", "numbers"):
        if isinstance(edge, bool | np.bool_) or not isinstance(edge, int | float | np.integer | np.floating):
            raise InputError(f"edge {edge!r} is no number, but column {clock.column!r} holds {clock.kind}.")
        if not math.isfinite(edge):
            raise InputError(f"edge {edge!r} is not finite.")
        return int(edge) if float(edge).is_integer() else float(edge)
    if isinstance(edge, np.datetime64):
        edge = edge.astype("datetime64[us]").item()
    if isinstance(edge, str):
        try:
            edge = datetime.fromisoformat(edge)
        except ValueError as fault:
            raise InputError(f"edge {edge!r} is no date or time in ISO 8601, e.g. '2024-01-29'.") from fault
    if not isinstance(edge, date):
        raise InputError(f"edge {edge!r} is no date, but column {clock.column!r} holds {clock.kind}.")
    if not isinstance(edge, datetime):
        edge = datetime(edge.year, edge.month, edge.day)
    # A pandas Timestamp is a datetime, but not one that every engine takes.
    plain = datetime.combine(edge.date(), edge.time(), tzinfo=edge.tzinfo)
    if clock.kind == "dates":
        if plain.tzinfo is not None or plain.time() != datetime.min.time():
            raise InputError(f"edge {edge} has a time of day or a zone, but {clock.column!r} holds dates.")
        return plain.date()
    if clock.zone is None:
        if plain.tzinfo is not None:
            raise InputError(f"edge {edge} has a time zone, but the times in {clock.column!r} have none.")
        return plain
    return plain.replace(tzinfo=ZoneInfo(clock.zone)) if plain.tzinfo is None else plain


def windows_every(every: str | float, first: Any, last: Any, clock: Clock) -> Windows:
    """Repeat a width from the first event to the last.

    The first window starts on the calendar: at midnight for days, on Monday for weeks, on the first of
    the month, quarter or year, and at a multiple of `every` for numbers.

    Parameters
    ----------
    every : str or float
        Width: a number of days and the like, such as ``"1 week"`` or ``"3 months"``; a number where the
        times are numbers.
    first, last : int, float, date or datetime
        First and last event.
    clock : Clock
        What the column holds.

    Returns
    -------
    Windows
        Occasions, the last of which holds the last event.
    """
    if clock.kind in ("whole numbers", "numbers"):
        edges: Sequence[Moment] = _number_edges(every, first, last, clock)
    else:
        edges = _calendar_edges(every, _moment(first, clock), _moment(last, clock), clock)
    if len(edges) < 3:
        raise InputError(
            f"every={every!r} puts all events into one occasion ({first} to {last}); at least 2 are needed: "
            "choose a shorter width, or give edges."
        )
    return Windows(tuple(edges), _names(tuple(edges)))


def _number_edges(every: str | float, first: Any, last: Any, clock: Clock) -> list[int | float]:
    number = isinstance(every, int | float | np.integer | np.floating) and not isinstance(every, bool)
    if not number or not (math.isfinite(float(every)) and float(every) > 0):
        raise InputError(
            f"every is {every!r}, but column {clock.column!r} holds numbers; give a width above 0 in the "
            "unit of the column, such as every=7."
        )
    if not (math.isfinite(first) and math.isfinite(last)):
        raise InputError(f"column {clock.column!r} holds infinite times; give edges, or leave them out.")
    width, low, high = (_as_written(value) for value in (every, first, last))
    start = math.floor(low / width)
    n_windows = math.floor(high / width) - start + 1
    _refuse_too_many(n_windows, every)
    edges = [(start + step) * width for step in range(n_windows + 1)]
    return [int(edge) if width.denominator == 1 else float(edge) for edge in edges]


def _as_written(number: Any) -> Fraction:
    """Take a double for the decimal that it is written as.

    The third edge of every=0.1 is 0.3, where doubles give 0.30000000000000004 and an event at 0.3 would
    fall into the window before.
    """
    return Fraction(int(number)) if isinstance(number, int | np.integer) else Fraction(str(float(number)))


def _refuse_too_many(n_windows: float, every: object) -> None:
    if n_windows > MOST_OCCASIONS:
        raise InputError(
            f"every={every!r} makes {n_windows:,.0f} occasions, more than {MOST_OCCASIONS:,}; choose a "
            "longer width."
        )


def _calendar_edges(every: str | float, first: Moment, last: Moment, clock: Clock) -> list[Moment]:
    match = WIDTH.match(every) if isinstance(every, str) else None
    unit = match[2] if match else ""
    multiple = int(match[1] or 1) if match else 0
    known = (*SECONDS, *MONTHS) if clock.kind == "times" else ("day", "week", *MONTHS)
    if multiple < 1 or unit not in known:
        raise InputError(
            f"every is {every!r}; give a whole number and one of {', '.join(known)}, such as '1 week'."
        )
    # Windows follow the clock on the wall, so days that a change of clocks makes shorter stay one day.
    start, end = (_on_the_wall(moment, clock) for moment in (first, last))
    begin = _aligned(start, unit)
    edges = [begin]
    if unit in MONTHS:
        months = MONTHS[unit] * multiple
        _refuse_too_many(((end.year - begin.year) * 12 + end.month - begin.month) // months + 1, every)
        while edges[-1] <= end:
            edges.append(_plus_months(begin, months * len(edges)))
    else:
        width = timedelta(seconds=SECONDS[unit] * multiple)
        zone = None if clock.zone is None or unit in ("day", "week") else ZoneInfo(clock.zone)
        if zone is not None and isinstance(last, datetime):
            # An hour that the clocks skip or repeat is still one hour.
            begin, end = begin.replace(tzinfo=zone).astimezone(UTC), last.astimezone(UTC)
        n_windows = (end - begin) // width + 1
        _refuse_too_many(n_windows, every)
        edges = [begin + step * width for step in range(n_windows + 1)]
        if zone is not None:
            return [edge.astimezone(zone) for edge in edges]
    if clock.kind == "dates":
        return [edge.date() for edge in edges]
    if clock.zone is None:
        return list(edges)
    return [edge.replace(tzinfo=ZoneInfo(clock.zone)) for edge in edges]


def _on_the_wall(moment: Moment, clock: Clock) -> datetime:
    if isinstance(moment, datetime):
        zoned = moment if clock.zone is None else moment.astimezone(ZoneInfo(clock.zone))
        return zoned.replace(tzinfo=None)
    assert isinstance(moment, date)
    return datetime(moment.year, moment.month, moment.day)


def _aligned(moment: datetime, unit: str) -> datetime:
    midnight = datetime(moment.year, moment.month, moment.day)
    if unit == "week":
        return midnight - timedelta(days=moment.weekday())
    if unit in MONTHS:
        month = 1 + (moment.month - 1) // MONTHS[unit] * MONTHS[unit]
        return datetime(moment.year, month, 1)
    if unit == "day":
        return midnight
    return midnight + (moment - midnight) // timedelta(seconds=SECONDS[unit]) * timedelta(
        seconds=SECONDS[unit]
    )


def _plus_months(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    return datetime(moment.year + years, month + 1, 1)


def _names(edges: tuple[Moment, ...]) -> tuple[str, ...]:
    starts = edges[:-1]
    if all(isinstance(s, datetime) and s.time() == datetime.min.time() for s in starts):
        return tuple(s.date().isoformat() for s in starts if isinstance(s, datetime))
    return tuple(s.isoformat() if isinstance(s, date) else str(s) for s in starts)
