"""Estimates side by side, with a flag on those that do not measure the same thing."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from microestim.errors import InputError
from microestim.results.estimand import FRAME_COLUMNS, IDENTIFYING_COLUMNS
from microestim.results.rounding import ROUNDING_RULE, format_interval, format_number
from microestim.results.table import Alignment, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare", "differences"]


class HasFrame(Protocol):
    """Anything that exports the common frame."""

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with the columns `FRAME_COLUMNS`."""
        ...


@dataclass(frozen=True, repr=False)
class Comparison:
    """Several estimates, one row each, in the order in which they were given.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, `FRAME_COLUMNS`, ``comparable`` and ``differs_in``.

    Examples
    --------
    >>> from microestim.estimators.two_samples import chapman, lincoln_petersen
    >>> compare([lincoln_petersen(500, 500, 89), chapman(500, 500, 89)])
    <Comparison of 2 estimates, all comparable>
    """

    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the frame, in full precision.

        Returns
        -------
        pandas.DataFrame
            One row an estimate.
        """
        return self.frame.copy()

    def __repr__(self) -> str:
        """Return one line."""
        odd = int((~self.frame["comparable"]).sum())
        verdict = "all comparable" if odd == 0 else f"{odd} not comparable with the first"
        return f"<Comparison of {len(self.frame)} estimates, {verdict}>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def table(self) -> Table:
        """Return the comparison as a table for a reader.

        Returns
        -------
        Table
            One row an estimate; a row that measures something else says in what it differs.
        """
        rows = [_table_row(row) for row in self.frame.to_dict("records")]
        columns = ("estimate of", "value", "unit", "interval", "made as", "differs from the first in")
        align: tuple[Alignment, ...] = ("left", "right", "left", "right", "left", "left")
        return Table(columns, rows, footer=(ROUNDING_RULE,), align=align)


def compare(estimates: Iterable[HasFrame] | Mapping[str, HasFrame]) -> Comparison:
    """Put estimates side by side and flag those that measure something else than the first.

    Two rows are comparable when their unit, scope, period, tier, window, threshold and platform agree.
    One that states a field which the other leaves open is flagged too: nobody can tell whether it agrees.

    Parameters
    ----------
    estimates : iterable or mapping
        Objects with ``to_frame()``: estimates, posteriors, fits. The keys of a mapping are the labels.

    Returns
    -------
    Comparison
        One row an estimate, in the given order.

    Raises
    ------
    InputError
        If there is nothing to compare, or an object exports no frame of this library.

    Examples
    --------
    >>> from microestim.estimators.two_samples import chapman
    >>> accounts = chapman(500, 500, 89).about(unit="accounts")
    >>> compare([chapman(500, 500, 89), accounts]).to_frame()["differs_in"].to_list()
    ['', 'unit (accounts, not people)']
    """
    import pandas as pd

    if isinstance(estimates, Mapping):
        named: list[tuple[str | None, HasFrame]] = list(estimates.items())
    elif not hasattr(estimates, "__iter__"):
        raise InputError(
            f"compare() takes a list of estimates, or a mapping from label to estimate, not {estimates!r}."
        )
    else:
        named = [(None, estimate) for estimate in estimates]
    frames = []
    for position, (label, estimate) in enumerate(named):
        if not callable(getattr(estimate, "to_frame", None)):
            raise InputError(f"item {position} has no to_frame(); it is of type {type(estimate).__name__}.")
        frame = estimate.to_frame()
        missing = [column for column in FRAME_COLUMNS if column not in frame.columns]
        if missing:
            raise InputError(f"the frame of item {position} lacks the columns {', '.join(missing)}.")
        labels = [_label(label, row) for _, row in frame.iterrows()]
        frames.append(frame.loc[:, list(FRAME_COLUMNS)].astype(object).assign(label=labels))
    if not frames or not sum(map(len, frames)):
        raise InputError("there is nothing to compare; give at least one estimate.")
    rows = pd.concat(frames, ignore_index=True)
    found = [differences(rows.iloc[0], row) for _, row in rows.iterrows()]
    numeric = ["estimate", "se", "ci_low", "ci_high", "ci_level"]
    rows[numeric] = rows[numeric].astype(float)
    rows = rows.assign(comparable=[not text for text in found], differs_in=found)
    return Comparison(rows[["label", *FRAME_COLUMNS, "comparable", "differs_in"]])


def _word(value: Any) -> str:
    return "" if _missing(value) else str(value)


def _missing(value: Any) -> bool:
    return value is None or value != value


def _label(label: str | None, row: pd.Series[Any]) -> str:
    if label is not None:
        return label
    return ", ".join(filter(None, (_word(row[name]) for name in ("tier", "platform", "method"))))


def _table_row(row: dict[Hashable, Any]) -> tuple[str, ...]:
    se = None if math.isnan(row["se"]) else row["se"]
    low, high = row["ci_low"], row["ci_high"]
    if se is None and math.isfinite(low) and math.isfinite(high):
        se = (high - low) / 4
    value = row["status"] if math.isnan(row["estimate"]) else format_number(row["estimate"], se)
    if row["status"] == "bound":
        value = f"{value} (bound)"
    limits = "" if math.isnan(low) else format_interval(low, high, se)
    made = "" if math.isnan(low) else f"{100 * row['ci_level']:g} % {row['ci_kind']}"
    return (row["label"], value, _word(row["unit"]), limits, made, row["differs_in"])


def differences(first: pd.Series[Any], row: pd.Series[Any]) -> str:
    """Say in which of the identifying columns two rows differ.

    Parameters
    ----------
    first, row : pandas.Series
        Rows with all of `IDENTIFYING_COLUMNS`.

    Returns
    -------
    str
        Columns with both values; empty where the rows are of the same quantity.
    """
    found = []
    for column in IDENTIFYING_COLUMNS:
        here, there = row[column], first[column]
        if _missing(here) and _missing(there):
            continue
        if _missing(here) or _missing(there) or here != there:
            found.append(f"{column} ({_word(here) or 'not stated'}, not {_word(there) or 'left open'})")
    return "; ".join(found)
