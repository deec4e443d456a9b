"""Captures read from what people have: matrices, frames, counts, lists, logs, published statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from microestim.capture.events import Missing, cells_from_events
from microestim.capture.frames import cells_from_frame
from microestim.capture.histories import cells_from_counts, cells_from_matrix
from microestim.capture.lists import cells_from_lists
from microestim.capture.seen import Seen
from microestim.capture.statistics import statistics_from_m_array, statistics_from_uvn
from microestim.errors import InputError

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["ReadCaptures"]


@dataclass(frozen=True, eq=False, repr=False)
class ReadCaptures(Seen):
    """The constructors of `Captures`, one for each form that data come in."""

    @classmethod
    def from_histories(
        cls,
        data: Any,
        *,
        names: Sequence[str] | None = None,
        counts: str | npt.ArrayLike | None = None,
        by: str | Sequence[object] | npt.NDArray[Any] | None = None,
        covariates: Sequence[str] | Mapping[str, npt.ArrayLike] | None = None,
        lost: str | npt.ArrayLike | None = None,
    ) -> Self:
        """Read one history a row, from a matrix or from a data frame of any kind.

        Parameters
        ----------
        data : array_like of shape (people, occasions), or data frame
            1 where the person was seen on the occasion, 0 where not; booleans will do. A lazy frame
            (Polars, DuckDB, Dask, ...) is grouped by its own engine.
        names : sequence of str, optional
            Occasions, in order. For a frame the columns that hold them; all columns that are nothing else
            unless given. For a matrix 1, 2, ... unless given.
        counts : str or array_like, optional
            People in each row, where a row stands for several: a column of the frame, or numbers.
        by : str or sequence, optional
            Stratum of each row: a column of the frame, or labels.
        covariates : sequence of str or mapping, optional
            What else is known of the people of each row: columns of the frame, or values by name. Numbers,
            texts (or categories) or booleans.
        lost : str or array_like of bool, optional
            Whether the people of each row were lost on capture, that is removed when they were last seen: a
            column of the frame, or values.

        Returns
        -------
        Captures
            The distinct rows of history, stratum, covariates and loss.

        Raises
        ------
        InputError
            If an entry is missing or not 0 or 1 (the message says where), rows differ in length, somebody
            was never seen, there are fewer than two occasions, or a covariate is missing or of mixed type.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> Captures.from_histories([[1, 0, 1], [0, 1, 0], [1, 0, 1]], names=["May", "June", "July"])
        <Captures: 3 people, 3 occasions, 2 distinct histories>
        >>> Captures.from_histories([[1, 0], [1, 1], [1, 0]], covariates={"age": [20, 34, 20]}).covariates
        {'age': array([20, 34])}
        """
        frame = None if isinstance(data, list | tuple | np.ndarray) else _as_frame(data)
        if frame is None:
            cells = cells_from_matrix(
                data, names=names, counts=counts, by=by, covariates=covariates, lost=lost
            )
            return cls(cells)
        for given, word in ((counts, "counts"), (by, "by"), (lost, "lost")):
            if given is not None and not isinstance(given, str):
                raise InputError(f"{word} must be the name of a column of the frame.")
        assert counts is None or isinstance(counts, str)
        assert by is None or isinstance(by, str)
        assert lost is None or isinstance(lost, str)
        if isinstance(covariates, Mapping):
            raise InputError("covariates must be names of columns of the frame, such as ['age', 'sex'].")
        return cls(
            cells_from_frame(frame, names=names, counts=counts, by=by, covariates=covariates, lost=lost)
        )

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str | tuple[int, ...], int],
        *,
        names: Sequence[str] | None = None,
        lost: Mapping[str | tuple[int, ...], int] | None = None,
    ) -> Self:
        """Read the number of people with each history.

        Parameters
        ----------
        counts : mapping
            People by history, written as text (``"110"``) or as a tuple of 0 and 1.
        names : sequence of str, optional
            Occasions; 1, 2, ... unless given.
        lost : mapping, optional
            How many of the people in `counts` were lost on capture, that is removed when they were last seen,
            by history. Programs that write them as negative counts list them apart: add them to `counts` too.

        Returns
        -------
        Captures
            The histories that somebody has.

        Raises
        ------
        InputError
            If histories differ in length, hold anything but 0 and 1, if somebody was never seen, or if
            more were lost than there are.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> Captures.from_counts({"10": 411, "01": 411, "11": 89}, names=["first", "second"])
        <Captures: 911 people, 2 occasions, 3 distinct histories>
        """
        return cls(cells_from_counts(counts, names=names, lost=lost))

    @classmethod
    def from_lists(
        cls,
        lists: Mapping[str, Iterable[object]],
        *,
        by: Mapping[Any, object] | None = None,
        covariates: Mapping[str, Mapping[Any, object]] | None = None,
    ) -> Self:
        """Match lists of people by their ids: each list is an occasion.

        Parameters
        ----------
        lists : mapping
            Ids of the people on each list, by its name. Ids match when they are equal.
        by : mapping, optional
            Stratum of each person, by id.
        covariates : mapping, optional
            For each covariate, by its name, its value for each person, by id.

        Returns
        -------
        Captures
            How many people are on which lists.

        Raises
        ------
        InputError
            If an id is missing or stands twice on a list, if the ids of two lists are of different
            types, if somebody on a list has no stratum or covariate, or if there are fewer than two lists.

        Notes
        -----
        Assumes that equal ids are one person and that one person has one id: an error in matching makes
        people look as if they were seen once.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> Captures.from_lists({"survey": [1, 2, 3], "platform": [3, 4]}).to_counts()
        {'01': 1, '10': 2, '11': 1}
        """
        return cls(cells_from_lists(lists, by=by, covariates=covariates))

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
        covariates: Sequence[str] | None = None,
        lost: str | None = None,
        names: Sequence[str] | None = None,
        missing: Missing = "raise",
    ) -> Self:
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
        covariates : sequence of str, optional
            Columns with what else is known of the person, the same in all events of a person: numbers, texts
            (or categories) or booleans.
        lost : str, optional
            Column of booleans: True where the person was removed with this event; none can follow.
        names : sequence of str, optional
            Occasions; their starts unless given.
        missing : {"raise", "drop"}, optional
            What to do with events that lack id, time, stratum or a covariate: an error that counts them, or
            leave them out and say so in the summary.

        Returns
        -------
        Captures
            The distinct histories.

        Raises
        ------
        InputError
            If something is missing, a person is in two strata, has two values of a covariate or events after
            a loss, or there are fewer than two occasions.

        Notes
        -----
        An occasion that was observed only in part has a lower chance of capture by construction. Where
        observation did not begin and end with whole windows, give `edges`.

        Examples
        --------
        >>> from microestim.capture import Captures
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
            known,
            unit=unit,
            time=time,
            every=every,
            edges=edges,
            by=by,
            covariates=covariates,
            lost=lost,
            names=names,
            missing=missing,
        )
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
    ) -> Self:
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
        >>> from microestim.capture import Captures
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
    ) -> Self:
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
        >>> from microestim.capture import Captures
        >>> Captures.from_m_array([10, 9], [[3, 2], [0, 4]]).missing
        ('histories', 'n_i', 'u_i', 'v_i', 'f_k')
        >>> Captures.from_m_array([10, 9, 8], [[3, 2], [0, 4]]).u_i
        array([10,  6,  2])
        """
        return cls(statistics_from_m_array(released, recaptured, names=names))


def _as_frame(data: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any] | None:
    """Wrap a data frame of any kind; None for anything else."""
    import narwhals.stable.v2 as nw

    frame = nw.from_native(data, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame | nw.LazyFrame) else None
