"""From a model and its counts to the estimate: the fit, its profile, its draws and what it assumes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.closed_populations.bootstrap import (
    LogLinearResampler,
    RemovalResampler,
    Resampler,
)
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts, closed_counts
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.family import UnreliableMaximumError, refuse_flat
from microestim.estimators.closed_populations.family_bootstrap import FamilyResampler, fit_family
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.identified import check_occasions, identified
from microestim.estimators.closed_populations.margin_models import fit_margin_model, history_numbers
from microestim.estimators.closed_populations.profile import LogLinearProfile, RemovalProfile, SizeProfile
from microestim.estimators.closed_populations.removal_models import fit_removal_model
from microestim.estimators.references import (
    BAILLARGEON_RIVEST_2007,
    COULL_AGRESTI_1999,
    DORAZIO_ROYLE_2003,
    OTIS_1978,
    PLEDGER_2000,
    RIVEST_BAILLARGEON_2007,
)

__all__ = ["estimate_of", "name_of"]

Array = npt.NDArray[np.float64]

# An estimate whose own first-order bias exceeds this share of it rests on the extrapolation alone.
LARGEST_BIAS = 0.1

_CLOSED = "The population is closed between the first occasion and the last: nobody joins or leaves."
_MATCHED = "People are recognised on every occasion without error."
_INDEPENDENT = "People are captured independently of one another."
_ASSUMES: dict[str, str] = {
    "M0": "Everybody has the same chance of capture on every occasion.",
    "Mt": "On each occasion everybody has the same chance of capture; occasions may differ.",
    "Mh": "Each person has a chance of capture of their own, the same on every occasion.",
    "Mth": "The odds of capture are a person's own factor times an occasion's.",
    "Mb": "Everybody has the same chance of a first capture, and one other chance of each recapture.",
    "Mbh": "As Mb from the second occasion on; the first has a chance of its own, since those most easily "
    "captured are captured then.",
    "Mtb": "The odds of capture are an occasion's own, times one factor for those captured before.",
    "Mtbh": "The odds of capture are a person's own factor times an occasion's, times one factor for those "
    "captured before.",
}
_SHAPES: dict[str, str] = {
    "normal": "Logits of capture are normally distributed among people.",
    "mixture": "People fall into a few classes; within a class chances differ by nothing else.",
    "beta-binomial": "Chances of capture follow a beta distribution among people.",
}
_SOURCES = {"normal": COULL_AGRESTI_1999, "mixture": PLEDGER_2000, "beta-binomial": DORAZIO_ROYLE_2003}
_BOUND = (
    "Chao's lower bound: any mixture of chances of capture, extrapolated no further than those captured once "
    "and twice force it to"
)


def name_of(model: str, shape: Heterogeneity | None) -> str:
    """Name a model with its shape of heterogeneity.

    Parameters
    ----------
    model : str
        The model.
    shape : Heterogeneity or None
        How people differ.

    Returns
    -------
    str
        Such as ``"Mth darroch"``.

    Examples
    --------
    >>> name_of("Mth", Heterogeneity(shape="darroch"))
    'Mth darroch'
    """
    return model if shape is None else f"{model} {shape}"


def estimate_of(
    captures: Any, *, model: str, shape: Heterogeneity | None, near: Array | None = None
) -> ClosedEstimate:
    """Fit a model whose name and shape go together.

    Parameters
    ----------
    captures : Captures, FrequencyCounts or MarginCounts
        The data.
    model : str
        The model.
    shape : Heterogeneity or None
        How people differ.
    near : ndarray, optional
        Parameters of a fit to similar data, where the search of a model with a likelihood of its own begins.

    Returns
    -------
    ClosedEstimate
        In people.

    Raises
    ------
    NotEstimableError
        If the model is not identified by these data, or has no maximum or an unreliable one.
    InputError
        If model and data do not go together.
    """
    counts = closed_counts(captures)
    name = name_of(model, shape)
    _check_identified(model, name, shape, counts)
    if model in ("Mb", "Mbh"):
        assert isinstance(counts, ClosedCounts)
        return _removal_estimate(model, counts)
    if model == "Mtb" or (shape is not None and not shape.is_log_linear):
        return _family_estimate(model, name, shape, counts, near)
    return _margin_estimate(model, name, shape, counts)


def _check_identified(model: str, name: str, shape: Heterogeneity | None, counts: MarginCounts) -> None:
    check_occasions(name, model, shape, counts.occasions, most=counts.cells)
    if not isinstance(counts, ClosedCounts) and not identified(model, shape).frequencies:
        raise InputError(
            f"{model} depends on who was captured when, and only frequencies of capture are given; they "
            "allow M0 and Mh."
        )


def _cells(counts: MarginCounts) -> tuple[int, float]:
    """Count the counts, and say what multiplicities of histories add to the likelihood of frequencies."""
    if isinstance(counts, ClosedCounts):
        return 2**counts.t - 1, 0.0
    return len(counts.f_k), float(counts.f_k @ history_numbers(counts))


def _family_estimate(
    model: str, name: str, shape: Heterogeneity | None, counts: MarginCounts, near: Array | None
) -> ClosedEstimate:
    found = fit_family(name, model, shape, counts, near=near)
    size = counts.n_observed + found.fit.f0
    refuse_flat(name, counts, size, found.fit.se)
    cells, multiplicities = _cells(counts)
    return _estimate(
        model,
        name,
        counts,
        shape=shape,
        f0=found.fit.f0,
        se=found.fit.se,
        kernel=found.fit.loglik_kernel + multiplicities,
        cells=cells,
        parameters=found.parameters,
        chances=found.chances,
        recapture=None,
        coefficients=found.coefficients,
        bias=None,
        status="estimated",
        reason=found.reason,
        profile=found.profile,
        resampler=FamilyResampler(
            name=name,
            model=model,
            shape=shape,
            fitted=found.model,
            theta=found.fit.theta,
            size=size,
            occasions=counts.occasions,
        ),
        near=found.fit.theta,
    )


def _margin_estimate(
    model: str, name: str, shape: Heterogeneity | None, counts: MarginCounts
) -> ClosedEstimate:
    by_occasion = model in ("Mt", "Mth")
    found = fit_margin_model(name, counts, shape, by_occasion=by_occasion)
    n = counts.n_observed
    size = n + found.fit.f0
    if abs(found.fit.bias) > LARGEST_BIAS * size:
        if shape is not None and not shape.is_bound:
            remedy = "Use heterogeneity='chao' for a lower bound, or a model with fewer parameters."
        else:
            remedy = "chao(captures.frequencies, bias_corrected=True) is a bound that exists."
        raise UnreliableMaximumError(
            f"{name} gives {size:,.4g}, and the first-order bias of that number is {found.fit.bias:,.2g}: "
            f"the data hardly bear on the extrapolation. {remedy}"
        )
    if counts.occasions is None:
        chances = np.empty(0)
    elif by_occasion and isinstance(counts, ClosedCounts):
        chances = counts.n_i / size
    else:
        chances = np.array([counts.captures / (counts.occasions * size)])
    cells, multiplicities = _cells(counts)
    bound = shape is not None and shape.is_bound
    return _estimate(
        model,
        name,
        counts,
        shape=shape,
        f0=found.fit.f0,
        se=found.fit.se,
        kernel=found.fit.loglik_kernel + multiplicities,
        cells=cells,
        parameters=found.parameters,
        chances=chances,
        recapture=None,
        coefficients=found.coefficients,
        bias=found.fit.bias,
        status="bound" if bound else "estimated",
        reason=_BOUND if bound else "",
        profile=LogLinearProfile(model=found.model, near=(found.fit.theta, found.kept)),
        resampler=LogLinearResampler(model=found.model, theta=found.fit.theta, kept=found.kept, size=size),
    )


def _removal_estimate(model: str, counts: ClosedCounts) -> ClosedEstimate:
    apart = model == "Mbh"
    found = fit_removal_model(model, counts, first_apart=apart)
    refuse_flat(model, counts, counts.n_observed + found.f0, found.se)
    return _estimate(
        model,
        model,
        counts,
        shape=None,
        f0=found.f0,
        se=found.se,
        kernel=found.loglik_kernel,
        cells=2**counts.t - 1,
        parameters=found.parameters,
        chances=np.array(
            [found.capture, *(counts.t - 1) * [found.later_capture]][: counts.t if apart else 1]
        ),
        recapture=found.recapture,
        coefficients={},
        bias=None,
        status="estimated",
        reason="",
        profile=RemovalProfile(first=counts.u_i, apart=apart),
        resampler=RemovalResampler(
            size=counts.n_observed + found.f0,
            first=found.capture,
            later=found.later_capture,
            again=found.recapture,
            t=counts.t,
            apart=apart,
        ),
    )


def _estimate(
    model: str,
    name: str,
    counts: MarginCounts,
    *,
    shape: Heterogeneity | None,
    f0: float,
    se: float,
    kernel: float,
    cells: int,
    parameters: int,
    chances: Array,
    recapture: float | None,
    coefficients: dict[str, float],
    bias: float | None,
    status: str,
    reason: str,
    profile: SizeProfile,
    resampler: Resampler,
    near: Array | None = None,
) -> ClosedEstimate:
    n = counts.n_observed
    constant, saturated = counts.log_factorials, counts.saturated_loglik
    loglik = kernel - n - (0.0 if constant is None else constant)
    # No fit exceeds the saturated one; below rounding the gap has either sign.
    deviance = None if saturated is None else max(2 * (saturated - loglik), 0.0)
    how, assumed = OTIS_1978, [_CLOSED, _ASSUMES[model], _INDEPENDENT, _MATCHED]
    if shape is not None:
        how = RIVEST_BAILLARGEON_2007 if shape.is_bound else BAILLARGEON_RIVEST_2007
        if shape.shape in _SHAPES:
            how = _SOURCES[shape.shape]
            assumed.insert(2, _SHAPES[shape.shape])
    return ClosedEstimate(
        n_hat=n + f0,
        se=se,
        n_observed=n,
        status=status,
        reason=reason,
        method=name,
        assumptions=tuple(assumed),
        reference=how,
        model=model,
        heterogeneity=shape,
        capture_probabilities=chances,
        recapture_probability=recapture,
        coefficients=coefficients,
        loglik=loglik,
        deviance=deviance,
        df_resid=cells - parameters,
        n_params=parameters,
        asymptotic_bias=bias,
        _profile=profile,
        _resampler=resampler,
        _counts=counts,
        _refit=partial(estimate_of, model=model, shape=shape, near=near),
    )
