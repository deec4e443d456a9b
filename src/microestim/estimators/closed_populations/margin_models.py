"""Models in which a history matters through its occasions and its number of captures: M0, Mt, Mh, Mth."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.designs import MarginDesign, OccasionDesign
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.log_linear import (
    LogLinearFit,
    Maximum,
    fit_log_linear,
    maximise,
)
from microestim.estimators.closed_populations.margin_refusals import (
    no_maximum,
    refuse_extreme_spread,
    refuse_what_cannot_be,
)
from microestim.estimators.closed_populations.nonnegative import Candidates, maximise_nonnegative

__all__ = ["MarginFit", "MarginModel", "fit_margin_model", "history_numbers"]

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginModel:
    """A model of the M0, Mt, Mh, Mth family with its data, before it is fitted.

    Parameters
    ----------
    counts : MarginCounts
        The data; `ClosedCounts` where `by_occasion`.
    columns : ndarray, shape (cells + 1, columns)
        Shape of heterogeneity for 0, 1, ... captures, scaled.
    bounded : bool
        Whether the coefficients of the shape must not be negative.
    by_occasion : bool
        Whether each occasion has its own probability of capture.
    """

    counts: MarginCounts
    columns: Array
    bounded: bool
    by_occasion: bool

    @property
    def effects(self) -> int:
        """Number of coefficients that are not of the shape."""
        return len(self.counts.n_i) if self.by_occasion and isinstance(self.counts, ClosedCounts) else 1

    @property
    def parameters(self) -> int:
        """Most coefficients that a fit can have, the intercept left out."""
        return self.effects + int(self.columns.shape[1])

    def design(self, kept: Chosen) -> MarginDesign | OccasionDesign:
        """Choose columns of the shape.

        Parameters
        ----------
        kept : ndarray of int
            Columns of the shape that have a coefficient.

        Returns
        -------
        MarginDesign or OccasionDesign
            The sums over histories with these columns.
        """
        counts, columns = self.counts, self.columns[:, kept]
        # Without a shape the frequencies do not matter, and data given by occasion do not have them.
        total = counts.f_k @ columns[1:] if len(kept) else np.zeros(0)
        if self.by_occasion and isinstance(counts, ClosedCounts):
            return OccasionDesign(columns=columns, captured=counts.n_i, total=total)
        k = np.arange(len(columns), dtype=float)
        z = np.column_stack([k, columns])[1:]
        total = np.concatenate([[counts.captures], total])
        return MarginDesign(log_histories=history_numbers(counts), columns=z, total=total)

    def maximum(
        self, people: float, *, all_histories: bool, near: tuple[Array, Chosen] | None = None
    ) -> tuple[Maximum, Chosen]:
        """Maximise the likelihood for a number of people.

        Parameters
        ----------
        people : float
            Size of the population, or people seen.
        all_histories : bool
            Whether the people are the population, those never captured included.
        near : tuple of ndarray, optional
            Coefficients of a maximum of the same model for another number of people, and the columns of
            the shape that they have: where the search begins.

        Returns
        -------
        best : Maximum
            The maximum.
        kept : ndarray of int
            Columns of the shape that have a coefficient: all, or those that are not zero where they must
            not be negative.
        """
        every = np.arange(self.columns.shape[1])
        if near is not None:
            found = self._search(*near, people, all_histories=all_histories)
            if found[0].converged:
                return found
        plain = self.design(every[:0])
        start = self._start(people)
        best = maximise(plain, people, plain.statistic, start, all_histories=all_histories)
        if not len(every):
            return best, every
        found = best, every[:0]
        for start, kept in self._starts(best, people, all_histories=all_histories):
            found = self._search(start, kept, people, all_histories=all_histories)
            if found[0].converged:
                break
        return found

    def _search(
        self, start: Array, kept: Chosen, people: float, *, all_histories: bool
    ) -> tuple[Maximum, Chosen]:
        """Maximise from a start that has the columns kept."""
        if self.bounded:
            return maximise_nonnegative(
                self._candidates(people), people, start, kept, all_histories=all_histories
            )
        design = self.design(kept)
        best = maximise(design, people, design.statistic, start, all_histories=all_histories)
        return best, kept

    def _candidates(self, people: float) -> Candidates:
        f_k, columns = self.counts.f_k, self.columns[1:]
        mean = f_k @ columns / f_k.sum()
        spread = np.sqrt(f_k @ (columns - mean) ** 2 / f_k.sum())
        return Candidates(
            columns=self.columns,
            observed=f_k @ columns / people,
            # A column that is the same for everybody seen has no spread to be measured in.
            spread=np.where(spread > 0, spread, 1.0),
            design=self.design,
        )

    def _starts(
        self, plain: Maximum, people: float, *, all_histories: bool
    ) -> Iterator[tuple[Array, Chosen]]:
        """Where to begin with a shape: best first, and each only when those before it have failed."""
        every = np.arange(self.columns.shape[1])
        effects = plain.theta
        if self.by_occasion:
            # The shape hardly depends on the occasions, and without them the search costs next to nothing.
            alike = replace(self, by_occasion=False)
            best, kept = alike.maximum(people, all_histories=all_histories)
            if best.converged:
                yield np.concatenate([effects - effects.mean() + best.theta[0], best.theta[1:]]), kept
        if self.bounded:
            yield effects, every[:0]
            return
        yield np.concatenate([effects, np.zeros(len(every))]), every
        yield self._start_with_shape(effects, people, all_histories=all_histories), every

    def _start(self, people: float) -> Array:
        """Effects of a population a quarter larger than what was seen."""
        counts = self.counts
        size = 1.25 * people
        if self.by_occasion and isinstance(counts, ClosedCounts):
            chances = counts.n_i / size
            return np.asarray(np.log(chances / (1 - chances)))
        if counts.occasions is None:
            return np.array([np.log(counts.captures / size)])
        share = counts.captures / (counts.occasions * size)
        return np.array([np.log(share / (1 - share))])

    def _start_with_shape(self, effects: Array, people: float, *, all_histories: bool) -> Array:
        """Effects and shape fitted to the logs of the frequencies, as generalised linear models begin."""
        counts = self.counts
        unseen = [max(people - counts.n_observed, 0.0)] if all_histories else []
        cells = np.concatenate([unseen, counts.f_k]) + 0.1
        histories = np.concatenate([[0.0] * len(unseen), history_numbers(counts)])
        k = np.arange(1 - len(unseen), len(self.columns), dtype=float)
        z = np.column_stack([np.ones(len(k)), k, self.columns[1 - len(unseen) :]])
        root = np.sqrt(cells)
        found = np.linalg.lstsq(z * root[:, None], (np.log(cells) - histories) * root)[0]
        return np.concatenate([effects - effects.mean() + found[1], found[2:]])


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginFit:
    """A fitted model of the M0, Mt, Mh, Mth family.

    Parameters
    ----------
    fit : LogLinearFit
        The maximum.
    model : MarginModel
        What was fitted.
    kept : ndarray of int
        Columns of the shape that have a coefficient.
    coefficients : dict of str to float
        Coefficients of the shape of heterogeneity; those of the lower bound that were negative are 0.
    parameters : int
        Free parameters, the intercept included.
    """

    fit: LogLinearFit
    model: MarginModel
    kept: Chosen
    coefficients: dict[str, float]
    parameters: int


def history_numbers(counts: MarginCounts) -> Array:
    """Logarithm of how many histories there are with 1, 2, ..., t captures.

    Parameters
    ----------
    counts : MarginCounts
        Without occasions, a Poisson number of captures is meant: 1 / k! of a history.

    Returns
    -------
    ndarray, shape (cells,)
        Logarithms.

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> counts = MarginCounts(FrequencyCounts({1: 5, 2: 2, 3: 1}, occasions=3))
    >>> np.exp(history_numbers(counts)).round(9).tolist()
    [3.0, 3.0, 1.0]
    """
    return _history_numbers(counts.occasions, counts.cells)


@lru_cache(maxsize=16)
def _history_numbers(occasions: int | None, cells: int) -> Array:
    from scipy.special import gammaln

    k = np.arange(1, cells + 1, dtype=float)
    logs = -gammaln(k + 1)
    if occasions is not None:
        logs += gammaln(occasions + 1) - gammaln(occasions - k + 1)
    logs.flags.writeable = False
    return np.asarray(logs)


def fit_margin_model(
    name: str, counts: MarginCounts, heterogeneity: Heterogeneity | None, *, by_occasion: bool
) -> MarginFit:
    r"""Fit M0, Mt, Mh or Mth.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data; `ClosedCounts` where `by_occasion`.
    heterogeneity : Heterogeneity or None
        Shape of unequal catchability.
    by_occasion : bool
        Whether each occasion has its own probability of capture.

    Returns
    -------
    MarginFit
        The fit.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum at finite parameters.

    Notes
    -----
    The lower bound is the maximum over :math:`\eta_j \ge 0`. For j above the largest number of captures
    seen the coefficient is minus infinity when free, so it is zero from the start.
    """
    refuse_what_cannot_be(name, counts, by_occasion=by_occasion)
    bounded = heterogeneity is not None and heterogeneity.is_bound
    if heterogeneity is not None and not bounded:
        refuse_extreme_spread(name, counts)
    columns, scale = np.zeros((counts.cells + 1, 0)), np.ones(0)
    if heterogeneity is not None:
        columns = heterogeneity.columns(counts.cells)
    if bounded:
        columns = columns[:, : max(counts.most - 2, 0)]
        scale = np.ones(columns.shape[1])
    elif heterogeneity is not None:
        # A column that is 1 at the largest number of captures seen has a coefficient of ordinary size.
        scale = np.abs(columns[counts.most])
    model = MarginModel(counts=counts, columns=columns / scale, bounded=bounded, by_occasion=by_occasion)
    with one_blas_thread(model.parameters):
        best, kept = model.maximum(counts.n_observed, all_histories=False)
        fit = fit_log_linear(model.design(kept), counts.n_observed, best.theta) if best.converged else None
    if fit is None:
        raise no_maximum(name, bounded=bounded)
    values = np.zeros(columns.shape[1])
    values[kept] = fit.theta[model.effects :] / scale[kept]
    labels = [f"eta{j}" for j in range(3, 3 + len(values))] if bounded else ["tau"][: len(values)]
    return MarginFit(
        fit=fit,
        model=model,
        kept=kept,
        coefficients=dict(zip(labels, values.tolist(), strict=True)),
        parameters=1 + len(fit.theta),
    )
