"""Capture data: who was seen when, as distinct histories with counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from microestim.capture.cells import Cells, collapse, number_of_people, occasion_names
from microestim.capture.events import Missing, cells_from_events
from microestim.capture.histories import cells_from_counts, cells_from_frame, cells_from_matrix
from microestim.capture.lists import cells_from_lists
from microestim.capture.seen import Seen
from microestim.capture.showing import histories_frame, occasions_frame, summary_table
from microestim.capture.statistics import statistics_from_m_array, statistics_from_uvn
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import pandas as pd

    from microestim.results import Table

__all__ = ["Captures"]


@dataclass(frozen=True, eq=False, repr=False)
class Captures(Seen):
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

    @classmethod
    def from_histories(
        cls,
        data: Any,
        *,
        names: Sequence[str] | None = None,
        counts: str | npt.ArrayLike | None = None,
        by: str | Sequence[object] | npt.NDArray[Any] | None = None,
    ) -> Captures:
        """Read one history a row, from a matrix or from a data frame of any kind.

        Parameters
        ----------
        data : array_like of shape (people, occasions), or data frame
            1 where the person was seen on the occasion, 0 where not; booleans will do. A lazy frame
            (Polars, DuckDB, Dask, ...) is grouped by its own engine.
        names : sequence of str, optional
            Occasions, in order. For a frame the columns that hold them; all columns other than `counts`
            and `by` unless given. For a matrix 1, 2, ... unless given.
        counts : str or array_like, optional
            People in each row, where a row stands for several: a column of the frame, or numbers.
        by : str or sequence, optional
            Stratum of each row: a column of the frame, or labels.

        Returns
        -------
        Captures
            The distinct histories.

        Raises
        ------
        InputError
            If an entry is missing or not 0 or 1 (the message says where), rows differ in length, somebody
            was never seen, or there are fewer than two occasions.

        Examples
        --------
        >>> Captures.from_histories([[1, 0, 1], [0, 1, 0], [1, 0, 1]], names=["May", "June", "July"])
        <Captures: 3 people, 3 occasions, 2 distinct histories>
        """
        frame = None if isinstance(data, list | tuple | np.ndarray) else _as_frame(data)
        if frame is None:
            return cls(cells_from_matrix(data, names=names, counts=counts, by=by))
        for given, word in ((counts, "counts"), (by, "by")):
            if given is not None and not isinstance(given, str):
                raise InputError(f"{word} must be the name of a column of the frame.")
        assert counts is None or isinstance(counts, str)
        assert by is None or isinstance(by, str)
        return cls(cells_from_frame(frame, names=names, counts=counts, by=by))

    @classmethod
    def from_counts(
        cls, counts: Mapping[str | tuple[int, ...], int], *, names: Sequence[str] | None = None
    ) -> Captures:
        """Read the number of people with each history.

        Parameters
        ----------
        counts : mapping
            People by history, written as text (``"110"``) or as a tuple of 0 and 1.
        names : sequence of str, optional
            Occasions; 1, 2, ... unless given.

        Returns
        -------
        Captures
            The histories that somebody has.

        Raises
        ------
        InputError
            If histories differ in length, hold anything but 0 and 1, or if somebody was never seen.

        Examples
        --------
        >>> Captures.from_counts({"10": 411, "01": 411, "11": 89}, names=["first", "second"])
        <Captures: 911 people, 2 occasions, 3 distinct histories>
        """
        return cls(cells_from_counts(counts, names=names))

    @classmethod
    def from_lists(cls, lists: Mapping[str, Iterable[object]]) -> Captures:
        """Match lists of people by their ids: each list is an occasion.

        Parameters
        ----------
        lists : mapping
            Ids of the people on each list, by its name. Ids match when they are equal.

        Returns
        -------
        Captures
            How many people are on which lists.

        Raises
        ------
        InputError
            If an id is missing or stands twice on a list, if the ids of two lists are of different
            types, or if there are fewer than two lists.

        Notes
        -----
        Assumes that equal ids are one person and that one person has one id: an error in matching makes
        people look as if they were seen once.

        Examples
        --------
        >>> Captures.from_lists({"survey": [1, 2, 3], "platform": [3, 4]}).to_counts()
        {'01': 1, '10': 2, '11': 1}
        """
        return cls(cells_from_lists(lists))

    @classmethod
    def from_events(
        cls,
        frame: Any,
        *,
        unit: str,
        time: str,
        every: str | float | None = None,
        edges: Sequence[object] | None = None,
        by: str | None = None,
        names: Sequence[str] | None = None,
        missing: Missing = "raise",
    ) -> Captures:
        """Read a log of events: somebody with an event within a window of time was seen on that occasion.

        Parameters
        ----------
        frame : data frame
            One row an event; of pandas, PyArrow, Polars, DuckDB, Dask, Spark or any other kind that
            narwhals knows. The grouping is done where the data are, and only distinct histories come back.
        unit : str
            Column with the id of the person.
        time : str
            Column with the time of the event: dates, times or numbers.
        every : str or float, optional
            Width of the occasions: ``"1 day"``, ``"2 weeks"``, ``"1 month"`` and the like, in a number where
            the times are numbers. The first occasion starts on the calendar: at midnight, on Monday, on the
            first of the month. Windows in which nobody was seen are occasions too.
        edges : sequence, optional
            Starts of the occasions and end of the last, instead of `every`: dates, texts in ISO 8601, or
            numbers. An occasion holds its start and not its end. Events outside are left out and counted.
        by : str, optional
            Column with the stratum, the same in all events of a person.
        names : sequence of str, optional
            Occasions; their starts unless given.
        missing : {"raise", "drop"}, optional
            What to do with events that lack id, time or stratum: an error that counts them, or leave them
            out and say so in the summary.

        Returns
        -------
        Captures
            The distinct histories.

        Raises
        ------
        InputError
            If something is missing, a person is in two strata, or there are fewer than two occasions.

        Notes
        -----
        An occasion that was observed only in part has a lower chance of capture by construction. Where
        observation did not begin and end with whole windows, give `edges`.

        Examples
        --------
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-09", "2024-01-15"])
        >>> log = pd.DataFrame({"user": ["a", "b", "a", "c"], "at": days})
        >>> Captures.from_events(log, unit="user", time="at", every="1 week").to_counts()
        {'001': 1, '100': 1, '110': 1}
        """
        known = _as_frame(frame)
        if known is None:
            raise InputError(
                f"frame is a {type(frame).__name__}; give a data frame with one row an event, such as one of "
                "pandas, Polars or DuckDB."
            )
        cells, notes = cells_from_events(
            known, unit=unit, time=time, every=every, edges=edges, by=by, names=names, missing=missing
        )
        return cls(cells, notes)

    @classmethod
    def from_strata(cls, strata: Mapping[str, Captures]) -> Captures:
        """Put containers with the same occasions side by side, each as a stratum.

        Parameters
        ----------
        strata : mapping
            Containers with histories and without strata, by the name of the stratum.

        Returns
        -------
        Captures
            All their people, with the stratum of each.

        Raises
        ------
        InputError
            If there is no container, the occasions differ, or one has strata of its own.

        Examples
        --------
        >>> women, men = (Captures.from_counts({"10": 5, "11": k}) for k in (2, 3))
        >>> both = Captures.from_strata({"women": women, "men": men})
        >>> both.groups, both.stratum("men").n_observed
        (('men', 'women'), 8)
        """
        if not strata:
            raise InputError(
                'strata must be a mapping from name to Captures, such as {"women": ..., "men": ...}.'
            )
        groups = tuple(sorted(str(name) for name in strata))
        by_name = {str(name): captures for name, captures in strata.items()}
        parts = [by_name[name]._cells("strata") for name in groups]
        for name, part in zip(groups, parts, strict=True):
            if part.names != parts[0].names:
                raise InputError(
                    f"stratum {name!r} has the occasions {', '.join(part.names)}; {groups[0]!r} has "
                    f"{', '.join(parts[0].names)}."
                )
            if part.groups:
                raise InputError(f"stratum {name!r} has strata of its own; call its pooled() first.")
        cells = collapse(
            np.concatenate([part.histories for part in parts]),
            names=parts[0].names,
            counts=np.concatenate([part.counts for part in parts]),
            groups=groups,
            group_of=np.repeat(np.arange(len(parts)), [len(part.counts) for part in parts]),
        )
        notes = tuple(f"{name}: {note}" for name in groups for note in by_name[name].notes)
        return cls(cells, notes)

    @classmethod
    def from_uvn(
        cls,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        n: npt.ArrayLike,
        m: npt.ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
    ) -> Captures:
        """Read data that were published as numbers by occasion only.

        Parameters
        ----------
        u, v, n : array_like, shape (t,)
            People seen for the first time, for the last time, and in all, on each occasion.
        m : array_like, shape (t,), optional
            People seen again. They are n - u, so this is only checked.
        names : sequence of str, optional
            Occasions; 1, 2, ... unless given.

        Returns
        -------
        Captures
            Without histories: `missing` lists what they would have told.

        Raises
        ------
        InputError
            If the numbers cannot belong to one set of histories.

        Examples
        --------
        >>> captures = Captures.from_uvn([10, 6, 2], [5, 5, 8], [10, 9, 8])
        >>> captures
        <Captures: 18 people, 3 occasions, statistics only>
        >>> captures.missing
        ('histories', 'f_k', 'm_array')
        """
        return cls(statistics_from_uvn(u, v, n, m=m, names=names))

    @classmethod
    def from_m_array(
        cls, released: npt.ArrayLike, recaptured: npt.ArrayLike, *, names: Sequence[str] | None = None
    ) -> Captures:
        """Read an m-array: how many were released when, and when they were next seen.

        Parameters
        ----------
        released : array_like, shape (t - 1,) or (t,)
            People released on each occasion. With the last occasion, everybody seen is taken to be released
            again, and n_i, u_i and v_i follow; without it they are missing.
        recaptured : array_like, shape (t - 1, t - 1)
            Row i, column j: people released on occasion i + 1 and next seen on occasion j + 2.
        names : sequence of str, optional
            Occasions; 1, 2, ... unless given.

        Returns
        -------
        Captures
            Without histories: `missing` lists what they would have told.

        Raises
        ------
        InputError
            If more were seen again than released, or recaptured is not upper triangular.

        Examples
        --------
        >>> Captures.from_m_array([10, 9], [[3, 2], [0, 4]]).missing
        ('histories', 'n_i', 'u_i', 'v_i', 'f_k')
        >>> Captures.from_m_array([10, 9, 8], [[3, 2], [0, 4]]).u_i
        array([10,  6,  2])
        """
        return cls(statistics_from_m_array(released, recaptured, names=names))

    def select(self, names: Sequence[str]) -> Captures:
        """Keep some occasions, in the order given.

        Parameters
        ----------
        names : sequence of str
            Occasions to keep; two at least.

        Returns
        -------
        Captures
            Without the people who were seen on none of them; a note says how many they are.

        Raises
        ------
        InputError
            If an occasion is unknown or named twice, or if nobody is left.

        Examples
        --------
        >>> captures = Captures.from_counts({"100": 3, "011": 2}, names=["a", "b", "c"])
        >>> captures.select(["c", "b"]).to_counts()
        {'11': 2}
        """
        columns = self._positions(names, "names")
        occasion_names([self.names[column] for column in columns], len(columns))
        cells, unseen = self._cells("select").select(columns)
        if cells is None:
            raise InputError(f"nobody was seen on any of the occasions {', '.join(map(str, names))}.")
        note = (f"Left out with the dropped occasions, being seen on no other: {number_of_people(unseen)}.",)
        return Captures(cells, self.notes + (note if unseen else ()))

    def drop(self, names: str | Sequence[str]) -> Captures:
        """Leave out occasions, and the people who were seen on no other.

        Parameters
        ----------
        names : str or sequence of str
            Occasions to leave out.

        Returns
        -------
        Captures
            The other occasions in their order; a note says how many people were left out.

        Raises
        ------
        InputError
            If an occasion is unknown, or if fewer than two or nobody are left.

        Examples
        --------
        >>> captures = Captures.from_counts({"100": 3, "011": 2}, names=["a", "b", "c"])
        >>> captures.drop("a")
        <Captures: 2 people, 2 occasions, 1 distinct history>
        """
        dropped = set(self._positions([names] if isinstance(names, str) else names, "names"))
        return self.select([name for place, name in enumerate(self.names) if place not in dropped])

    def merge(self, parts: Mapping[str, Sequence[str]]) -> Captures:
        """Make one occasion of several: who was seen on any of them was seen on it.

        Parameters
        ----------
        parts : mapping
            Occasions that become one, by its name. It takes the place of the first of them; the others
            stay as they are.

        Returns
        -------
        Captures
            The same people on fewer occasions.

        Raises
        ------
        InputError
            If an occasion is unknown or named twice, or if fewer than two are left.

        Examples
        --------
        >>> captures = Captures.from_counts({"101": 3, "011": 2}, names=["May", "June", "July"])
        >>> captures.merge({"spring": ["May", "June"]}).to_counts()
        {'11': 5}
        """
        merged = {str(name): self._positions(members, f"part {name!r}") for name, members in parts.items()}
        members = [column for columns in merged.values() for column in columns]
        if len(set(members)) < len(members):
            twice = next(self.names[column] for column in members if members.count(column) > 1)
            raise InputError(f"occasion {twice!r} is in two parts.")
        if not all(merged.values()):
            raise InputError("a part has no occasions; name those that become one.")
        pieces = [(min(columns), name, columns) for name, columns in merged.items()]
        pieces += [(c, name, [c]) for c, name in enumerate(self.names) if c not in members]
        pieces.sort()
        checked = occasion_names([name for _, name, _ in pieces], len(pieces))
        cells = self._cells("merge").merge([columns for _, _, columns in pieces], checked)
        return Captures(cells, self.notes)

    def stratum(self, name: str) -> Captures:
        """Take the people of one stratum.

        Parameters
        ----------
        name : str
            One of `groups`.

        Returns
        -------
        Captures
            Its people on all occasions.

        Raises
        ------
        InputError
            If there is no such stratum.

        Examples
        --------
        >>> captures = Captures.from_histories([[1, 0], [1, 1], [0, 1]], by=["f", "f", "m"])
        >>> captures.stratum("f").to_counts()
        {'10': 1, '11': 1}
        """
        cells = self._cells("stratum")
        if str(name) not in cells.groups:
            known = (
                f"the strata are {', '.join(cells.groups)}" if cells.groups else "these data have no strata"
            )
            raise InputError(f"there is no stratum {name!r}; {known}.")
        rows = cells.group_of == cells.groups.index(str(name))
        part = collapse(cells.histories[rows], names=cells.names, counts=cells.counts[rows])
        return Captures(part, self.notes)

    @property
    def strata(self) -> dict[str, Captures]:
        """One container a stratum, by name; empty without strata."""
        return {name: self.stratum(name) for name in self.groups}

    def pooled(self) -> Captures:
        """Forget the strata.

        Returns
        -------
        Captures
            The same people as one stratum.

        Examples
        --------
        >>> captures = Captures.from_histories([[1, 1], [1, 1]], by=["f", "m"])
        >>> captures.pooled()
        <Captures: 2 people, 2 occasions, 1 distinct history>
        """
        cells = self._cells("pooled")
        return Captures(collapse(cells.histories, names=cells.names, counts=cells.counts), self.notes)

    def to_counts(self) -> dict[str, int]:
        """Give the number of people by history, all strata together.

        Returns
        -------
        dict of str to int
            Histories as text, in order; the input of `from_counts`.

        Examples
        --------
        >>> Captures.from_counts({"11": 2, "01": 3, "10": 0}).to_counts()
        {'01': 3, '11': 2}
        """
        cells = (self.pooled() if self.groups else self)._cells("to_counts")
        texts = ("".join(map(str, history)) for history in cells.histories)
        return dict(zip(texts, cells.counts.tolist(), strict=True))

    def to_frame(self, *, of: Literal["histories", "occasions"] = "histories") -> pd.DataFrame:
        """Export the data as a pandas frame.

        Parameters
        ----------
        of : {"histories", "occasions"}, optional
            One row a distinct history: a column of 0 and 1 an occasion, `group` where there are strata, and
            `count`, the number of people. Or one row an occasion: n_i, u_i, v_i, as far as known.

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

    def __repr__(self) -> str:
        parts = [number_of_people(self.n_observed)] if "u_i" not in self.missing else []
        parts.append(f"{self.n_occasions:,} occasions")
        if isinstance(self.source, Cells):
            rows = len(self.source.counts)
            parts.append(f"{rows:,} distinct histor{'y' if rows == 1 else 'ies'}")
            if self.groups:
                parts.append(f"{len(self.groups):,} strat{'um' if len(self.groups) == 1 else 'a'}")
        else:
            parts.append("statistics only")
        return f"<Captures: {', '.join(parts)}>"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    def _positions(self, names: Sequence[str], what: str) -> list[int]:
        if isinstance(names, str):
            raise InputError(f"{what} is the text {names!r}; give a sequence of occasions.")
        positions = []
        for name in names:
            if str(name) not in self.names:
                shown = ", ".join(self.names[:20]) + (", ..." if self.n_occasions > 20 else "")
                raise InputError(f"there is no occasion {name!r}; the occasions are {shown}.")
            positions.append(self.names.index(str(name)))
        return positions


def _as_frame(data: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any] | None:
    """Wrap a data frame of any kind; None for anything else."""
    import narwhals.stable.v2 as nw

    frame = nw.from_native(data, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame | nw.LazyFrame) else None
