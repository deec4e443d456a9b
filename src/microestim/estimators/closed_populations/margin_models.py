"""Models in which a history matters through its occasions and its number of captures: M0, Mt, Mh, Mth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.log_linear import (
    MOST_STEPS,
    Design,
    LogLinearFit,
    MarginDesign,
    Maximum,
    OccasionDesign,
    fit_log_linear,
    maximise,
)

__all__ = ["MarginFit", "MarginModel", "fit_margin_model", "history_numbers", "refuse_what_cannot_be"]

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.intp]
# A coefficient that has not settled after so many steps is running away, and its sign is plain.
STEPS_FOR_A_SIGN = 25


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

    def design(self, kept: Chosen) -> Design:
        """Choose columns of the shape.

        Parameters
        ----------
        kept : ndarray of int
            Columns of the shape that have a coefficient.

        Returns
        -------
        Design
            The sums over histories with these columns.
        """
        counts = self.counts
        if self.by_occasion and isinstance(counts, ClosedCounts):
            people = np.concatenate([[0.0], counts.f_k])
            return OccasionDesign(columns=self.columns[:, kept], captured=counts.n_i, people=people)
        k = np.arange(len(self.columns), dtype=float)
        z = np.column_stack([k, self.columns[:, kept]])[1:]
        return MarginDesign(log_histories=history_numbers(counts), columns=z, people=counts.f_k)

    def maximum(self, people: float, *, all_histories: bool) -> tuple[Maximum, Chosen]:
        """Maximise the likelihood for a number of people, under the rule for negative coefficients.

        Parameters
        ----------
        people : float
            Size of the population, or people seen.
        all_histories : bool
            Whether the people are the population, those never captured included.

        Returns
        -------
        best : Maximum
            The maximum.
        kept : ndarray of int
            Columns of the shape that were not set to zero.
        """
        kept = np.arange(self.columns.shape[1])
        plain = self.design(kept[:0])
        best = maximise(plain, people, plain.statistic, self._start(people), all_histories=all_histories)
        effects = best.theta
        while len(kept):
            design = self.design(kept)
            starts = [self._start_with_shape(kept, people, effects, all_histories=all_histories)]
            if not self.bounded:
                starts.insert(0, np.concatenate([effects, np.zeros(len(kept))]))
            for start in starts:
                most = STEPS_FOR_A_SIGN if self.bounded else MOST_STEPS
                best = maximise(
                    design, people, design.statistic, start, all_histories=all_histories, most=most
                )
                if best.converged:
                    break
            # Where a coefficient runs away, its sign is that of the direction: all that is asked here.
            negative = np.flatnonzero(best.theta[self.effects :] < 0)
            if not (self.bounded and len(negative)):
                if not best.converged:
                    start = best.theta
                    best = maximise(design, people, design.statistic, start, all_histories=all_histories)
                return best, kept
            kept = np.delete(kept, negative[0])
        if self.bounded:
            best = maximise(plain, people, plain.statistic, effects, all_histories=all_histories)
        return best, kept

    def _start(self, people: float) -> Array:
        """Effects of a population a quarter larger than what was seen."""
        counts = self.counts
        size = 1.25 * people
        if self.by_occasion and isinstance(counts, ClosedCounts):
            share = counts.n_i / size
            return np.asarray(np.log(share / (1 - share)))
        captures = counts.f_k @ np.arange(1, len(counts.f_k) + 1)
        if counts.occasions is None:
            return np.array([np.log(captures / size)])
        share = captures / (counts.occasions * size)
        return np.array([np.log(share / (1 - share))])

    def _start_with_shape(self, kept: Chosen, people: float, effects: Array, *, all_histories: bool) -> Array:
        """Effects and shape fitted to the logs of the frequencies, as generalised linear models begin."""
        counts = self.counts
        unseen = [max(people - counts.n_observed, 0.0)] if all_histories else []
        cells = np.concatenate([unseen, counts.f_k]) + 0.1
        histories = np.concatenate([[0.0] * len(unseen), history_numbers(counts)])
        k = np.arange(1 - len(unseen), len(self.columns), dtype=float)
        z = np.column_stack([np.ones(len(k)), k, self.columns[1 - len(unseen) :, kept]])
        # Hinges follow every cell, and beyond the largest number of captures there are zeros only, whose logs
        # say nothing; a single column is held down by those very zeros.
        last = counts.most + 1 if self.bounded else len(counts.f_k)
        root = np.sqrt(np.where(k <= last, cells, 0.0))
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
    coefficients : dict of str to float
        Coefficients of the shape of heterogeneity; those of the lower bound that were negative are 0.
    parameters : int
        Free parameters, the intercept included.
    """

    fit: LogLinearFit
    model: MarginModel
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
    >>> counts = MarginCounts(occasions=3, f_k=np.array([5.0, 2.0, 1.0]))
    >>> np.exp(history_numbers(counts)).round(9).tolist()
    [3.0, 3.0, 1.0]
    """
    from scipy.special import gammaln

    k = np.arange(1, len(counts.f_k) + 1, dtype=float)
    if counts.occasions is None:
        return np.asarray(-gammaln(k + 1))
    t = counts.occasions
    return np.asarray(gammaln(t + 1) - gammaln(k + 1) - gammaln(t - k + 1))


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
    Of the lower bound, :math:`\eta_j` for j above the largest number of captures seen is minus infinity when
    free, so it is zero from the start. Among the others, the first negative one is set to zero and the
    model fitted again until none is negative.
    """
    refuse_what_cannot_be(name, counts, by_occasion=by_occasion)
    cells = len(counts.f_k)
    columns = np.zeros((cells + 1, 0)) if heterogeneity is None else heterogeneity.columns(cells)
    bounded = heterogeneity is not None and heterogeneity.is_bound
    if bounded:
        columns = columns[:, : max(counts.most - 2, 0)]
        scale = np.ones(columns.shape[1])
    else:
        # A column that is 1 at the largest number of captures seen has a coefficient of ordinary size.
        scale = np.abs(columns[counts.most])
    model = MarginModel(counts=counts, columns=columns / scale, bounded=bounded, by_occasion=by_occasion)
    best, kept = model.maximum(counts.n_observed, all_histories=False)
    fit = fit_log_linear(model.design(kept), counts.n_observed, best.theta) if best.converged else None
    if fit is None:
        raise _no_maximum(name)
    values = np.zeros(columns.shape[1])
    values[kept] = fit.theta[model.effects :] / scale[kept]
    labels = [f"eta{j}" for j in range(3, 3 + len(values))] if bounded else ["tau"][: len(values)]
    return MarginFit(
        fit=fit,
        model=model,
        coefficients=dict(zip(labels, values.tolist(), strict=True)),
        parameters=1 + len(fit.theta),
    )


def refuse_what_cannot_be(name: str, counts: MarginCounts, *, by_occasion: bool) -> None:
    """Refuse counts that leave no model of this family an estimate.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data.
    by_occasion : bool
        Whether each occasion has its own probability of capture.

    Raises
    ------
    NotEstimableError
        If nobody was captured twice, or everybody always, or an occasion caught nobody or everybody.
    """
    n = counts.n_observed
    if counts.most == 1:
        raise NotEstimableError(
            f"{name} extrapolates from people captured more than once, and nobody was: the data set no upper "
            "limit to the population."
        )
    if counts.f_k[-1] == n and counts.occasions is not None:
        raise NotEstimableError(
            f"everybody seen was captured on every occasion, so {name} sees nobody missing."
        )
    if by_occasion and isinstance(counts, ClosedCounts):
        empty, full = np.flatnonzero(counts.n_i == 0), np.flatnonzero(counts.n_i == n)
        if len(empty):
            raise NotEstimableError(
                f"{name} gives each occasion its own probability of capture, and nobody was captured on "
                f"occasion {empty[0] + 1}. Drop the occasion: it says nothing of the number of people."
            )
        if len(full):
            raise NotEstimableError(
                f"everybody seen was captured on occasion {full[0] + 1}, so {name} puts its probability of "
                "capture at 1 and sees nobody missing. Use a model without time effects, or drop it."
            )


def _no_maximum(name: str) -> NotEstimableError:
    return NotEstimableError(
        f"the likelihood of {name} has no maximum for these data: a parameter runs away to infinity, because "
        "the frequencies of capture leave it free or push the number not seen to zero or to infinity. Use a "
        "model with fewer parameters, or heterogeneity='chao' for a lower bound."
    )
