"""What a family of models with a likelihood of its own hands back, and how it refuses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.likelihood import (
    HistoryModel,
    HistoryProfile,
    Peak,
    SizeFit,
    size_from,
)
from microestim.estimators.closed_populations.margin_models import fit_margin_model

__all__ = ["FamilyFit", "lower_bound", "refuse_endless", "settle"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class FamilyFit:
    """A fitted model with a likelihood of its own.

    Parameters
    ----------
    fit : SizeFit
        The size, its error and the likelihood.
    profile : HistoryProfile
        The likelihood of each size.
    parameters : int
        Free parameters, the size included.
    chances : ndarray
        Mean chance of capture, by occasion or one for all; empty where there are no occasions.
    coefficients : dict of str to float
        Coefficients of heterogeneity and reaction.
    reason : str
        What is at a boundary; empty otherwise.
    """

    fit: SizeFit
    profile: HistoryProfile
    parameters: int
    chances: Array
    coefficients: dict[str, float]
    reason: str = ""


def lower_bound(counts: MarginCounts) -> float | None:
    """Chao's lower bound of the size for these data.

    Parameters
    ----------
    counts : MarginCounts
        The data.

    Returns
    -------
    float or None
        In people; None where even the bound does not exist.
    """
    margins = MarginCounts(counts.source.frequencies) if isinstance(counts, ClosedCounts) else counts
    try:
        found = fit_margin_model("Mh chao", margins, Heterogeneity(shape="chao"), by_occasion=False)
    except NotEstimableError:
        return None
    return margins.n_observed + found.fit.f0


def refuse_endless(name: str, counts: MarginCounts, why: str) -> NotEstimableError:
    """Make the error for a likelihood without a maximum.

    Parameters
    ----------
    name : str
        Name of the model.
    counts : MarginCounts
        The data.
    why : str
        What runs away, as a clause.

    Returns
    -------
    NotEstimableError
        With Chao's lower bound, where it exists.
    """
    bound = lower_bound(counts)
    what = (
        f"Chao's lower bound for these data is {bound:,.0f} (heterogeneity='chao')"
        if bound is not None
        else "not even Chao's lower bound exists for them"
    )
    return NotEstimableError(
        f"the likelihood of {name} has no maximum for these data: {why}. {what[0].upper()}{what[1:]}.",
        bound=bound,
    )


def settle(
    name: str,
    counts: MarginCounts,
    model: HistoryModel,
    peak: Peak,
    *,
    free: npt.NDArray[np.bool_] | None = None,
    why: str,
) -> SizeFit:
    """Extrapolate from a maximum to the size, or say why there is none.

    Parameters
    ----------
    name : str
        Name of the model.
    counts : MarginCounts
        The data.
    model : HistoryModel
        The model.
    peak : Peak
        The end of the search.
    free : ndarray of bool, optional
        Parameters that are not at a boundary.
    why : str
        What runs away where there is no maximum, as a clause.

    Returns
    -------
    SizeFit
        The size.

    Raises
    ------
    NotEstimableError
        If the size is endless, or the parameters cannot be told apart.
    """
    found = size_from(model, peak, free)
    if found is not None and found.too_large:
        raise refuse_endless(name, counts, why)
    if found is None or not (peak.converged or free is not None):
        raise refuse_endless(
            name, counts, "the data leave a parameter free, or push it to a value that it cannot take"
        )
    return found
