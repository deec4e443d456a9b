"""How capture data read: a table by occasion, and the frames that they are exported as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.capture.checking import number_of_people
from microestim.capture.covariates import Values
from microestim.capture.seen import Seen
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["histories_frame", "occasions_frame", "summary_table"]

# A table of more lines is not read; the frame of occasions has them all.
MOST_LINES = 24


def histories_frame(seen: Seen) -> pd.DataFrame:
    """Write one row a distinct history.

    Parameters
    ----------
    seen : Seen
        The data.

    Returns
    -------
    pandas.DataFrame
        A column of 0 and 1 an occasion, `group` where there are strata, the covariates, `lost` where somebody
        was, and `count` in people.
    """
    import pandas as pd

    frame = pd.DataFrame(seen.histories.astype(np.int64), columns=list(seen.names))
    if seen.groups:
        frame["group"] = [seen.groups[code] for code in seen.group_of]
    for name, values in seen.covariates.items():
        # Texts of a fixed width are no column; lists of them become what pandas has for text.
        frame[name] = values.tolist() if values.dtype.kind == "U" else values.copy()
    if seen.has_losses:
        frame["lost"] = seen.lost.copy()
    frame["count"] = seen.counts.copy()
    return frame


def occasions_frame(seen: Seen) -> pd.DataFrame:
    """Write one row an occasion.

    Parameters
    ----------
    seen : Seen
        The data.

    Returns
    -------
    pandas.DataFrame
        The occasion, and the people n_i, u_i, v_i as far as known.
    """
    import pandas as pd

    known = {word: getattr(seen, word) for word in ("n_i", "u_i", "v_i") if word not in seen.missing}
    return pd.DataFrame({"occasion": list(seen.names), **known})


def summary_table(seen: Seen) -> Table:
    """Lay out what was seen by occasion, and how often people were seen.

    Parameters
    ----------
    seen : Seen
        The data.

    Returns
    -------
    Table
        One row an occasion; of many occasions the first and the last.
    """
    columns = [None if word in seen.missing else getattr(seen, word) for word in ("n_i", "u_i", "v_i", "f_k")]
    rows = [
        (
            str(place + 1),
            name,
            *("–" if values is None else f"{int(values[place]):,}" for values in columns),
        )
        for place, name in enumerate(seen.names)
    ]
    if len(rows) > MOST_LINES:
        half = MOST_LINES // 2
        gap = ("…", f"{len(rows) - 2 * half} more", *("…",) * len(columns))
        rows = [*rows[:half], gap, *rows[-half:]]
    return Table(
        ("i", "occasion", "seen (n_i)", "first (u_i)", "last (v_i)", "seen i times (f_i)"),
        rows,
        title=_title(seen),
        footer=_remarks(seen),
        align=("right", "left", "right", "right", "right", "right"),
    )


def _title(seen: Seen) -> str:
    if "u_i" in seen.missing:
        return f"Releases and next recaptures on {seen.n_occasions:,} occasions"
    people = number_of_people(seen.n_observed)
    return f"{people} seen on {seen.n_occasions:,} occasions, {seen.n_captures:,} captures"


def _remarks(seen: Seen) -> list[str]:
    remarks = list(seen.notes)
    if seen.groups:
        sizes = np.zeros(len(seen.groups), dtype=np.int64)
        np.add.at(sizes, seen.group_of, seen.counts)
        parts = (f"{name} {size:,}" for name, size in zip(seen.groups, sizes, strict=True))
        remarks.append(f"Strata: {', '.join(parts)} people.")
    if seen.has_histories:
        remarks += (
            [f"Covariates: {', '.join(map(_words, seen.covariates.items()))}."] if seen.covariates else []
        )
        if seen.has_losses:
            remarks.append(f"Lost on capture: {number_of_people(int(seen.lost_i.sum()))}.")
    if seen.missing:
        remarks.append(f"Given as statistics; not known: {', '.join(seen.missing)}.")
    if not seen.has_recaptures:
        remarks.append("Nobody was seen twice: these data say nothing of how many were not seen.")
    return remarks


def _words(covariate: tuple[str, Values]) -> str:
    name, values = covariate
    levels = np.unique(values)
    if values.dtype.kind in "if" and len(levels) > 1:
        return f"{name} ({levels[0]:,.6g} to {levels[-1]:,.6g})"
    shown = ", ".join(map(str, levels[:5].tolist()))
    return f"{name} ({shown}{f' and {len(levels) - 5:,} more' if len(levels) > 5 else ''})"
