"""Capture data: who was seen when, as distinct histories with counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from microestim.capture.cells import Cells
from microestim.capture.changing import ChangedCaptures
from microestim.capture.checking import number_of_people
from microestim.capture.reading import ReadCaptures
from microestim.capture.showing import histories_frame, occasions_frame, summary_table
from microestim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from microestim.results import Table

__all__ = ["Captures"]


@dataclass(frozen=True, eq=False, repr=False)
class Captures(ReadCaptures, ChangedCaptures):
    """Who was seen on which occasion, as distinct histories with the number of people who have each.

    Made by one of its constructors: `from_histories`, `from_counts`, `from_lists`, `from_events`,
    `from_strata`, and `from_uvn` or `from_m_array` for data that were published as statistics only.
    It never changes; `select`, `drop`, `merge` and `stratum` give new ones.

    Parameters
    ----------
    source : Cells or Statistics
        Histories, or what is known instead of them.
    notes : tuple of str, optional
        What was left out on the way here; shown in the summary.

    Notes
    -----
    Size and cost follow the number of distinct histories and of occasions, never the number of people
    and never 2**t. Equal histories in equal strata are one row, in a fixed order, so that equal data give
    equal containers whatever they were read from.

    Examples
    --------
    >>> captures = Captures.from_counts({"100": 30, "010": 21, "110": 9, "011": 4})
    >>> captures
    <Captures: 64 people, 3 occasions, 4 distinct histories>
    >>> captures.n_i, captures.u_i, captures.f_k
    (array([39, 34,  4]), array([39, 25,  0]), array([51, 13,  0]))
    """

    def to_counts(self) -> dict[str, int]:
        """Give the number of people by history, whatever their stratum and covariates.

        Returns
        -------
        dict of str to int
            Histories as text, in order; the input of `from_counts`.

        Raises
        ------
        InputError
            If people were lost on capture, which counts by history do not say.

        Examples
        --------
        >>> Captures.from_counts({"11": 2, "01": 3, "10": 0}).to_counts()
        {'01': 3, '11': 2}
        """
        cells = self._cells("to_counts")
        if self.has_losses:
            raise InputError(
                "people were lost on capture, which counts by history do not say; use to_frame()."
            )
        counts: dict[str, int] = {}
        for history, people in zip(cells.histories, cells.counts.tolist(), strict=True):
            text = "".join(map(str, history))
            counts[text] = counts.get(text, 0) + people
        return dict(sorted(counts.items()))

    def to_frame(self, *, of: Literal["histories", "occasions"] = "histories") -> pd.DataFrame:
        """Export the data as a pandas frame.

        Parameters
        ----------
        of : {"histories", "occasions"}, optional
            One row a distinct history: a column of 0 and 1 an occasion, `group` where there are strata, the
            covariates, `lost` where somebody was lost on capture, and `count`, the number of people. Or one
            row an occasion: n_i, u_i, v_i, as far as known.

        Returns
        -------
        pandas.DataFrame
            A new frame.

        Raises
        ------
        NotEstimableError
            If histories are asked for and not known.

        Examples
        --------
        >>> Captures.from_counts({"11": 2, "01": 3}).to_frame()
           1  2  count
        0  0  1      3
        1  1  1      2
        """
        if of not in ("histories", "occasions"):
            raise InputError(f"of is {of!r}; choose 'histories' or 'occasions'.")
        return histories_frame(self) if of == "histories" else occasions_frame(self)

    def summary(self) -> Table:
        """Lay out what was seen by occasion, and how often people were seen.

        Returns
        -------
        Table
            One row an occasion: n_i, u_i, v_i, and the people seen as many times as the row has in its first
            column. A dash stands where the data do not say.

        Examples
        --------
        >>> print(Captures.from_counts({"10": 411, "01": 411, "11": 89}).summary())
        911 people seen on 2 occasions, 1,000 captures
        i  occasion  seen (n_i)  first (u_i)  last (v_i)  seen i times (f_i)
        -  --------  ----------  -----------  ----------  ------------------
        1  1                500          500         411                 822
        2  2                500          411         500                  89
        """
        return summary_table(self)

    def plot(self) -> Figure:
        """Draw captures by occasion and by number of times, and the two graphs that show heterogeneity.

        Returns
        -------
        matplotlib.figure.Figure
            As `microestim.plots.plot_captures`, which says how to read it.

        Raises
        ------
        NotEstimableError
            If the data do not say how many were seen on each occasion.

        Examples
        --------
        >>> len(Captures.from_counts({"110": 9, "100": 30, "011": 4, "010": 21}).plot().axes)
        4
        """
        # Upwards through the rooms, and so only when a figure is asked for.
        from microestim.plots.captures import plot_captures

        return plot_captures(self)

    def __repr__(self) -> str:
        parts = [number_of_people(self.n_observed)] if "u_i" not in self.missing else []
        parts.append(f"{self.n_occasions:,} occasions")
        if isinstance(self.source, Cells):
            rows = len(self.source.counts)
            parts.append(f"{rows:,} distinct histor{'y' if rows == 1 else 'ies'}")
            if self.groups:
                parts.append(f"{len(self.groups):,} strat{'um' if len(self.groups) == 1 else 'a'}")
            if self.covariates:
                parts.append(
                    f"covariate{'' if len(self.covariates) == 1 else 's'} {', '.join(self.covariates)}"
                )
            if self.has_losses:
                parts.append(f"{int(self.lost_i.sum()):,} lost")
        else:
            parts.append("statistics only")
        return f"<Captures: {', '.join(parts)}>"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()
