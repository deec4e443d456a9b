"""What capture data say: histories, and the statistics by occasion and by frequency that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from microestim.capture.cells import Bits, Bools, Cells
from microestim.capture.checking import IntArray, number_of_people
from microestim.capture.covariates import Covariates
from microestim.capture.frequencies import FrequencyCounts
from microestim.capture.statistics import MArray, Statistics, losses_of, m_array_of, totals_of
from microestim.errors import NotEstimableError

__all__ = ["Seen"]


@dataclass(frozen=True, eq=False, repr=False)
class Seen:
    """What `Captures` say; everything that an estimator may read.

    Parameters
    ----------
    source : Cells or Statistics
        Histories, or what is known instead of them.
    notes : tuple of str, optional
        What was left out on the way here; shown in the summary.
    """

    source: Cells | Statistics
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Occasions, in order."""
        return self.source.names

    @property
    def n_occasions(self) -> int:
        """Number of occasions t."""
        return len(self.source.names)

    @property
    def has_histories(self) -> bool:
        """Whether histories are known, or statistics only."""
        return isinstance(self.source, Cells)

    @property
    def missing(self) -> tuple[str, ...]:
        """What these data do not say, by the names of the properties that would raise."""
        if isinstance(self.source, Cells):
            return ()
        parts = ("n_i", "u_i", "v_i", "f_k", "m_array")
        return ("histories", *(part for part in parts if getattr(self.source, part) is None))

    @property
    def histories(self) -> Bits:
        """Histories, shape (rows, t): 1 where seen; ordered by stratum, as numbers, by covariates and loss.

        Without strata, covariates and losses no two rows are equal.
        """
        return self._cells("histories").histories

    @property
    def counts(self) -> IntArray:
        """People in each row of `histories`."""
        return self._cells("counts").counts

    @property
    def groups(self) -> tuple[str, ...]:
        """Strata, ordered by name; empty without strata."""
        return self.source.groups if isinstance(self.source, Cells) else ()

    @property
    def group_of(self) -> IntArray:
        """Position in `groups` of each row of `histories`; zeros without strata."""
        return self._cells("group_of").group_of

    @property
    def covariates(self) -> Covariates:
        """What else is known of the people of each row: arrays of shape (rows,), by name."""
        return dict(self._cells("covariates").covariates)

    @property
    def lost(self) -> Bools:
        """Whether the people of each row were removed when they were last seen, shape (rows,)."""
        return self._cells("lost").lost

    @property
    def has_losses(self) -> bool:
        """Whether somebody was lost on capture: removed on an occasion, so never to be seen again."""
        return isinstance(self.source, Cells) and bool(self.source.lost.any())

    @property
    def lost_i(self) -> IntArray:
        """People lost on each occasion, shape (t,); n_i - lost_i are released again."""
        return losses_of(self._cells("lost_i"))

    def refuse_losses(self) -> None:
        """Refuse data with losses on capture, on behalf of a model of a closed population.

        Raises
        ------
        NotEstimableError
            If somebody was lost on capture.
        """
        if self.has_losses:
            people = number_of_people(int(self.lost_i.sum()))
            raise NotEstimableError(
                f"{people} lost on capture: whoever is removed cannot be seen again, so the population is "
                "not closed, and being seen seldom does not tell of a low chance of capture. Use a model of "
                "an open population, or a removal model where everybody was removed."
            )

    @cached_property
    def _totals(self) -> Statistics:
        return totals_of(self.source) if isinstance(self.source, Cells) else self.source

    @property
    def n_i(self) -> IntArray:
        """People seen on each occasion, shape (t,)."""
        return self._known("n_i", self._totals.n_i).copy()

    @property
    def u_i(self) -> IntArray:
        """People seen for the first time on each occasion, shape (t,)."""
        return self._known("u_i", self._totals.u_i).copy()

    @property
    def v_i(self) -> IntArray:
        """People seen for the last time on each occasion, shape (t,)."""
        return self._known("v_i", self._totals.v_i).copy()

    @property
    def m_i(self) -> IntArray:
        """People seen on each occasion who had been seen before, n_i - u_i, shape (t,)."""
        return self.n_i - self.u_i

    @property
    def f_k(self) -> IntArray:
        """People seen once, twice, ... t times, shape (t,); f_k[0] is the number seen once."""
        return self._known("f_k", self._totals.f_k).copy()

    @property
    def n_observed(self) -> int:
        """People seen at least once."""
        return int(self.u_i.sum())

    @property
    def n_captures(self) -> int:
        """Captures over all people and occasions."""
        return int(self.n_i.sum())

    @property
    def has_recaptures(self) -> bool:
        """Whether anybody was seen twice; without that no size can be estimated."""
        if self._totals.m_array is not None:
            return bool(self._totals.m_array.recaptured.any())
        return self.n_captures > self.n_observed

    @property
    def frequencies(self) -> FrequencyCounts:
        """How many people were seen once, twice, ..., on how many occasions; refused with losses."""
        self.refuse_losses()
        return FrequencyCounts(
            {times: int(people) for times, people in enumerate(self.f_k, start=1) if people},
            occasions=self.n_occasions,
        )

    @cached_property
    def m_array(self) -> MArray:
        """Releases and next recaptures; everybody seen and not lost counts as released again."""
        if isinstance(self.source, Cells):
            return m_array_of(self.source, self.n_i)
        return self._known("m_array", self.source.m_array)

    def __eq__(self, other: object) -> bool:
        """Whether the data are the same; notes on what was left out do not count."""
        return isinstance(other, Seen) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        if isinstance(self.source, Cells):
            cells = self.source
            rows = (cells.histories, cells.counts, cells.group_of, cells.lost)
            known_of_people = [(name, v.dtype.str, v.tobytes()) for name, v in cells.covariates.items()]
            return (cells.names, cells.groups, *known_of_people, *(array.tobytes() for array in rows))
        known = self.source
        table = known.m_array
        arrays: tuple[IntArray | None, ...] = (known.n_i, known.u_i, known.v_i, known.f_k)
        if table is not None:
            arrays = (*arrays, table.released, table.recaptured)
        return (known.names, *(None if array is None else array.tobytes() for array in arrays))

    def _cells(self, what: str) -> Cells:
        if isinstance(self.source, Cells):
            return self.source
        return self._known(what, None)

    def _known[T](self, what: str, value: T | None) -> T:
        if value is None:
            raise NotEstimableError(
                f"{what!r} is not known: these data were given as statistics by occasion, not as histories "
                f"(not known: {', '.join(self.missing)}). Use an estimator that does without "
                "them, or data read by from_histories, from_counts, from_lists or from_events."
            )
        return value
