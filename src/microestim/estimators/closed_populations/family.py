"""What a family of models with a likelihood of its own hands back, and how it refuses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.history_sizes import HistoryProfile, SizeFit, size_from
from microestim.estimators.closed_populations.likelihood import HistoryModel, Peak
from microestim.estimators.closed_populations.margin_models import fit_margin_model

__all__ = [
    "FamilyFit",
    "UnreliableMaximumError",
    "lower_bound",
    "refuse_endless",
    "refuse_flat",
    "settle",
]

Array = npt.NDArray[np.float64]


class UnreliableMaximumError(NotEstimableError):
    """The likelihood has a maximum, and its bias or its standard error is too large for an estimate."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FamilyFit:
    """A fitted model with a likelihood of its own.

    Parameters
    ----------
    model : HistoryModel
        The model at the parameters of `fit`.
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

    model: HistoryModel
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
    try:
        # Statistics by occasion do not have frequencies of capture, and then there is no bound.
        margins = MarginCounts(counts.source.frequencies) if isinstance(counts, ClosedCounts) else counts
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
    return NotEstimableError(
        f"the likelihood of {name} has no maximum for these data: {why}. {_instead(bound)}", bound=bound
    )


def _instead(bound: float | None) -> str:
    """Say what the data still give."""
    if bound is None:
        return "Not even Chao's lower bound exists for them."
    return f"Chao's lower bound for these data is {bound:,.0f} (heterogeneity='chao')."


def refuse_flat(name: str, counts: MarginCounts, size: float, se: float) -> None:
    r"""Refuse a maximum so flat that its standard error exceeds the size.

    Parameters
    ----------
    name : str
        Name of the model.
    counts : MarginCounts
        The data.
    size, se : float
        The size and its standard error, in people.

    Raises
    ------
    UnreliableMaximumError
        With Chao's lower bound, where it exists.

    Notes
    -----
    A single recapture marks the limit: with :math:`m = 1` the estimate :math:`n_1 n_2 / m` of two occasions
    has the standard error :math:`\{n_1 n_2 (n_1 - 1)(n_2 - 1)\}^{1/2}`, just below it. Data that say less
    than one recapture are no evidence of a size.
    """
    if se > size:
        bound = lower_bound(counts)
        raise UnreliableMaximumError(
            f"the likelihood of {name} is flat for these data: it is highest at {size:,.0f}, with a standard "
            f"error of {se:,.0f}, larger than the number itself. {_instead(bound)}",
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
