"""Fitted models drawn from and fitted again: what the parametric bootstrap of a closed population needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures, FrequencyCounts
from microestim.capture.statistics import Statistics
from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.designs import MarginDesign, OccasionDesign
from microestim.estimators.closed_populations.many_fits import maximise_many
from microestim.estimators.closed_populations.margin_models import MarginModel, history_numbers
from microestim.estimators.closed_populations.removal_models import removal_sizes
from microestim.estimators.closed_populations.resampling import (
    DrawnCounts,
    draw_counts,
    draw_frequencies,
    margin_of,
)
from microestim.estimators.closed_populations.symmetric import transitions

__all__ = ["LogLinearResampler", "RemovalResampler", "Resampler"]

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.intp]


class Resampler(ABC):
    """A fitted model that can be drawn from, and fitted to what was drawn.

    Subclasses give the chance of each capture, and the size that the model gives for drawn data.
    """

    @property
    @abstractmethod
    def people(self) -> float:
        """Size of the population, in people."""

    @property
    @abstractmethod
    def n_occasions(self) -> int | None:
        """Number of occasions; None where captures can be any number."""

    @property
    @abstractmethod
    def chances(self) -> Array:
        """Chance of a capture on each occasion after each number of captures, shape (t, t + 1).

        With a last axis of length t where it matters on which occasion the first of them was.
        """

    @property
    def margin(self) -> Array:
        """Probability of 0, 1, ... captures."""
        return margin_of(self.chances)

    @abstractmethod
    def refitted(self, drawn: DrawnCounts) -> Array:
        """Fit the model to drawn data.

        Parameters
        ----------
        drawn : DrawnCounts
            The data sets.

        Returns
        -------
        ndarray, shape (resamples,)
            Sizes in people; infinite where the likelihood has no maximum.
        """

    def draw(self, resamples: int, rng: np.random.Generator) -> DrawnCounts:
        """Draw data sets from the fitted model.

        Parameters
        ----------
        resamples : int
            How many.
        rng : Generator
            Source of randomness.

        Returns
        -------
        DrawnCounts
            Of a population of `people`, rounded. Without occasions only numbers of captures are drawn, and
            those of `n_i` and `u_i` are empty.
        """
        if self.n_occasions is None:
            return draw_frequencies(self.margin, round(self.people), resamples, rng)
        return draw_counts(self.chances, round(self.people), resamples, rng)

    def sizes(self, resamples: int, rng: np.random.Generator) -> Array:
        """Draw data sets, and fit the model to each.

        Parameters
        ----------
        resamples : int
            How many.
        rng : Generator
            Source of randomness.

        Returns
        -------
        ndarray, shape (resamples,)
            Sizes in people.
        """
        return self.refitted(self.draw(resamples, rng))


@dataclass(frozen=True, kw_only=True, eq=False)
class LogLinearResampler(Resampler):
    """Models in which a history matters through its occasions and its number of captures.

    Parameters
    ----------
    model : MarginModel
        The model and its data.
    theta : ndarray
        Coefficients of the fit.
    kept : ndarray of int
        Columns of the shape that have a coefficient.
    size : float
        The estimate, in people.
    """

    model: MarginModel
    theta: Array
    kept: Chosen
    size: float

    @property
    def people(self) -> float:
        """See `Resampler`."""
        return self.size

    @property
    def n_occasions(self) -> int | None:
        """See `Resampler`."""
        return self.model.counts.occasions

    @property
    def chances(self) -> Array:
        """See `Resampler`."""
        t, effects = self.model.counts.occasions, self.model.effects
        assert t is not None
        each = self.theta[:effects] if self.model.by_occasion else np.full(t, self.theta[0])
        return transitions(each, self.model.columns[:, self.kept] @ self.theta[effects:])[1]

    @property
    def margin(self) -> Array:
        """See `Resampler`."""
        return self.model.design(self.kept).margin(self.theta, all_histories=True)

    def refitted(self, drawn: DrawnCounts) -> Array:
        """See `Resampler`.

        Parameters
        ----------
        drawn : DrawnCounts
            The data sets.

        Returns
        -------
        ndarray, shape (resamples,)
            Where everybody seen was captured on one and the same occasion, or on all, nobody is missing.
        """
        n, f_k = drawn.n_observed, drawn.f_k
        captures = f_k @ np.arange(1, f_k.shape[1] + 1)
        sizes = np.full(len(n), np.inf)
        complete = captures == f_k.shape[1] * n if self.model.counts.occasions is not None else n < 0
        if self.model.by_occasion:
            complete |= (drawn.n_i == n[:, None]).any(axis=1)
        complete &= n > 0
        sizes[complete] = n[complete]
        # Without anybody captured twice there is no maximum.
        rows = np.flatnonzero((captures > n) & ~complete)
        with one_blas_thread(self.model.parameters):
            if self.model.bounded:
                for row in rows:
                    sizes[row] = self._bounded(drawn, int(row))
            else:
                for group, design, targets, start in self._groups(drawn, rows):
                    best = maximise_many(design, targets, start)
                    with np.errstate(over="ignore"):
                        found = n[group] * (1 + np.exp(-best.log_total))
                    sizes[group] = np.where(best.converged, found, np.inf)
        return sizes

    def _groups(
        self, drawn: DrawnCounts, rows: Chosen
    ) -> Iterator[tuple[Chosen, MarginDesign | OccasionDesign, Array, Array]]:
        """Divide data sets by their design: by the occasions on which anybody was captured."""
        shape = self.theta[self.model.effects :]
        n, columns = drawn.n_observed, self.model.columns
        if self.model.by_occasion:
            used = drawn.n_i[rows] > 0
            for mask, members in _by_value(used):
                group, t = rows[members], int(mask.sum())
                z = columns[: t + 1]
                design = OccasionDesign(columns=z, captured=np.ones(t), total=np.zeros(z.shape[1]))
                totals = np.concatenate([drawn.n_i[group][:, mask], drawn.f_k[group, :t] @ z[1:]], axis=1)
                yield (
                    group,
                    design,
                    totals / n[group, None],
                    np.concatenate([self.theta[: len(mask)][mask], shape]),
                )
            return
        cells = np.full(len(rows), drawn.f_k.shape[1])
        if self.model.counts.occasions is None:
            # As the data themselves are read: up to the largest number of captures that occurs.
            cells = drawn.f_k.shape[1] - (drawn.f_k[rows, ::-1] > 0).argmax(axis=1)
        for most, members in _by_value(cells[:, None]):
            group, last = rows[members], int(most[0])
            z = np.column_stack([np.arange(1.0, last + 1), columns[1 : last + 1]])
            logs = history_numbers(self.model.counts)[:last]
            design_of_cells = MarginDesign(log_histories=logs, columns=z, total=np.zeros(z.shape[1]))
            yield group, design_of_cells, drawn.f_k[group, :last] @ z / n[group, None], self.theta

    def _bounded(self, drawn: DrawnCounts, row: int) -> float:
        """Fit the lower bound to one data set."""
        f_k = drawn.f_k[row]
        effects = self.theta[: self.model.effects]
        counts: MarginCounts
        if self.model.by_occasion:
            n_i, u_i = drawn.n_i[row].astype(np.int64), drawn.u_i[row].astype(np.int64)
            mask = n_i > 0
            names = tuple(str(place) for place in np.flatnonzero(mask))
            told = Statistics(names, n_i[mask], u_i[mask], f_k=f_k[: mask.sum()].astype(np.int64))
            counts, effects = ClosedCounts(Captures(told)), effects[mask]
        else:
            people = {k: int(number) for k, number in enumerate(f_k, start=1) if number}
            counts = MarginCounts(FrequencyCounts(people, occasions=self.model.counts.occasions))
        hinges = max(counts.most - 2, 0)
        columns = np.maximum(np.arange(counts.cells + 1.0)[:, None] - np.arange(2.0, hinges + 2), 0.0)
        model = replace(self.model, counts=counts, columns=columns)
        among = self.kept < hinges
        start = np.concatenate([effects, self.theta[self.model.effects :][among]])
        near = (start, self.kept[among])
        best, _ = model.maximum(counts.n_observed, all_histories=False, near=near)
        if not best.converged:
            return float(np.inf)
        with np.errstate(over="ignore"):
            return float(counts.n_observed * (1 + np.exp(-best.moments.log_total)))


@dataclass(frozen=True, kw_only=True, eq=False)
class RemovalResampler(Resampler):
    """Models in which first captures tell of the size, and recaptures have a chance of their own.

    Parameters
    ----------
    size : float
        The estimate, in people.
    first, later, again : float
        Chance of a first capture on the first occasion and on a later one, and of a recapture.
    t : int
        Number of occasions.
    apart : bool
        Whether the first occasion has a chance of its own.
    """

    size: float
    first: float
    later: float
    again: float
    t: int
    apart: bool

    @property
    def people(self) -> float:
        """See `Resampler`."""
        return self.size

    @property
    def n_occasions(self) -> int:
        """See `Resampler`."""
        return self.t

    @property
    def chances(self) -> Array:
        """See `Resampler`."""
        chances = np.full((self.t, self.t + 1), self.again)
        chances[:, 0] = self.later
        chances[0, 0] = self.first
        return chances

    def refitted(self, drawn: DrawnCounts) -> Array:
        """See `Resampler`.

        Parameters
        ----------
        drawn : DrawnCounts
            The data sets.

        Returns
        -------
        ndarray, shape (resamples,)
            Infinite where first captures do not decline.
        """
        first = drawn.u_i[:, 1:] if self.apart else drawn.u_i
        return drawn.n_observed + removal_sizes(first) - first.sum(axis=1)


def _by_value(keys: npt.NDArray[np.generic]) -> Iterator[tuple[npt.NDArray[np.generic], Chosen]]:
    """Rows that are equal, with their positions."""
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    for number, key in enumerate(distinct):
        yield key, np.flatnonzero(place.ravel() == number)
