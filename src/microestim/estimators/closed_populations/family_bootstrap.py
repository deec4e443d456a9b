"""Models with a likelihood of their own, drawn from and fitted again: abilities, Mtb, Mtbh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures, FrequencyCounts
from microestim.capture.statistics import Statistics
from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.beta_binomial import fit_beta_binomial
from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.bootstrap import Resampler
from microestim.estimators.closed_populations.class_abilities import fit_classes
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.family import FamilyFit
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.identified import check_occasions
from microestim.estimators.closed_populations.likelihood import HistoryModel
from microestim.estimators.closed_populations.normal_abilities import fit_normal
from microestim.estimators.closed_populations.reaction_models import fit_occasions_and_reaction
from microestim.estimators.closed_populations.resampling import DrawnCounts

__all__ = ["FamilyResampler", "fit_family"]

Array = npt.NDArray[np.float64]


def fit_family(
    name: str,
    model: str,
    shape: Heterogeneity | None,
    counts: MarginCounts,
    *,
    near: Array | None = None,
) -> FamilyFit:
    """Fit a model with a likelihood of its own.

    Parameters
    ----------
    name : str
        Name of the model with its shape, for messages.
    model : str
        The model.
    shape : Heterogeneity or None
        How people differ; None for Mtb.
    counts : MarginCounts
        The data; `ClosedCounts` for all but Mh.
    near : ndarray, optional
        Parameters of a fit to similar data, where the search begins.

    Returns
    -------
    FamilyFit
        The fit.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum.
    """
    by_occasion, reaction = model != "Mh", model == "Mtbh"
    with one_blas_thread(counts.cells):
        if shape is None:
            assert isinstance(counts, ClosedCounts)
            return fit_occasions_and_reaction(name, counts, near=near)
        if shape.classes is not None:
            return fit_classes(
                name, counts, shape.classes, by_occasion=by_occasion, reaction=reaction, near=near
            )
        if shape.shape == "normal":
            return fit_normal(name, counts, by_occasion=by_occasion, reaction=reaction, near=near)
        return fit_beta_binomial(name, counts, near=near)


@dataclass(frozen=True, kw_only=True, eq=False)
class FamilyResampler(Resampler):
    """A fitted model with a likelihood of its own.

    Parameters
    ----------
    name : str
        Name of the model with its shape.
    model : str
        The model.
    shape : Heterogeneity or None
        How people differ; None for Mtb.
    fitted : HistoryModel
        The model with its data.
    theta : ndarray
        Parameters of the fit.
    size : float
        The estimate, in people.
    occasions : int or None
        Number of occasions; None where captures can be any number.
    """

    name: str
    model: str
    shape: Heterogeneity | None
    fitted: HistoryModel
    theta: Array
    size: float
    occasions: int | None

    @property
    def people(self) -> float:
        """See `Resampler`."""
        return self.size

    @property
    def n_occasions(self) -> int | None:
        """See `Resampler`."""
        return self.occasions

    @cached_property
    def chances(self) -> Array:
        """See `Resampler`."""
        return self.fitted.chances(self.theta)

    @cached_property
    def margin(self) -> Array:
        """See `Resampler`."""
        return self.fitted.margin(self.theta)

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

        Notes
        -----
        Each data set is fitted by itself, by a search that begins at the parameters of the first fit, and
        is the whole search of `fit_family` where that leads to no maximum.
        """
        return np.array([self._size(drawn, row) for row in range(len(drawn.f_k))])

    def _size(self, drawn: DrawnCounts, row: int) -> float:
        f_k, near = drawn.f_k[row].astype(np.int64), self.theta
        n, captures = int(f_k.sum()), int(f_k @ np.arange(1, len(f_k) + 1))
        # Without anybody captured twice there is no maximum.
        if captures == n:
            return float(np.inf)
        if self.occasions is not None and captures == self.occasions * n:
            return float(n)
        counts: MarginCounts
        if self.model == "Mh":
            people = {k: int(number) for k, number in enumerate(f_k, start=1) if number}
            counts = MarginCounts(FrequencyCounts(people, occasions=self.occasions))
        else:
            n_i, u_i = drawn.n_i[row].astype(np.int64), drawn.u_i[row].astype(np.int64)
            if (n_i == n).any():
                return float(n)
            # An occasion on which nobody was captured says nothing.
            used = n_i > 0
            names = tuple(str(place) for place in np.flatnonzero(used))
            told = Captures(Statistics(names, n_i[used], u_i[used], f_k=f_k[: used.sum()]))
            counts = ClosedCounts(told)
            if drawn.first_and_number is not None:
                counts = _FirstKnown(told, drawn.first_and_number[row][used, : used.sum()])
            near = np.concatenate([near[: len(used)][used], near[len(used) :]])
        try:
            check_occasions(self.name, self.model, self.shape, counts.occasions, most=counts.cells)
            found = fit_family(self.name, self.model, self.shape, counts, near=near)
        except NotEstimableError:
            return float(np.inf)
        return n + found.fit.f0


@dataclass(frozen=True, eq=False)
class _FirstKnown(ClosedCounts):
    """Counts that were drawn by first capture and number of captures, without their histories."""

    drawn: Array

    @cached_property
    def first_and_number(self) -> Array:
        """People by the occasion of their first capture, and by their number of captures, 1 first."""
        return self.drawn
