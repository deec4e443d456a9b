"""Size of a closed population from two or more occasions: models of time, behaviour and heterogeneity."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args, overload

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.closed_populations.beta_binomial import fit_beta_binomial
from microestim.estimators.closed_populations.bias_correction import corrected_unseen
from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.bootstrap import (
    LogLinearResampler,
    RemovalResampler,
    Resampler,
)
from microestim.estimators.closed_populations.class_abilities import fit_classes
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts, closed_counts
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.family import (
    FamilyFit,
    UnreliableMaximumError,
    refuse_flat,
)
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.identified import check_occasions, identified, shapes_of
from microestim.estimators.closed_populations.margin_models import fit_margin_model, history_numbers
from microestim.estimators.closed_populations.normal_abilities import fit_normal
from microestim.estimators.closed_populations.profile import LogLinearProfile, RemovalProfile, SizeProfile
from microestim.estimators.closed_populations.reaction_models import fit_occasions_and_reaction
from microestim.estimators.closed_populations.removal_models import fit_removal_model
from microestim.estimators.references import (
    BAILLARGEON_RIVEST_2007,
    COULL_AGRESTI_1999,
    DORAZIO_ROYLE_2003,
    OTIS_1978,
    PLEDGER_2000,
    RIVEST_BAILLARGEON_2007,
    RIVEST_LEVESQUE_2001,
)
from microestim.results import Estimate

__all__ = ["MODELS", "Model", "closed"]

Array = npt.NDArray[np.float64]
Model = Literal["M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh", "Mtbh"]

MODELS: tuple[str, ...] = get_args(Model)
"""Every model that `closed` fits."""

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


@overload
def closed(
    captures: Any,
    model: Model,
    heterogeneity: str | Heterogeneity | None = None,
    *,
    bias_corrected: Literal[False] = False,
) -> ClosedEstimate: ...


@overload
def closed(
    captures: Any,
    model: Model,
    heterogeneity: str | Heterogeneity | None = None,
    *,
    bias_corrected: Literal[True],
) -> Estimate: ...


def closed(
    captures: Any,
    model: Model,
    heterogeneity: str | Heterogeneity | None = None,
    *,
    bias_corrected: bool = False,
) -> Estimate:
    r"""Estimate the size of a closed population from two or more occasions.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        Who was captured when, or how many people were captured how often (M0 and Mh only; without
        occasions, captures are Poisson counts). Captures given as statistics by occasion allow the
        models that need no more: M0, Mt, Mb and Mbh.
    model : {"M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh", "Mtbh"}
        What the chance of capture depends on: occasion (t), person (h), reaction to the first capture (b).
    heterogeneity : str or Heterogeneity, optional
        For Mh and Mth: ``"chao"`` (lower bound), ``"poisson(2)"``, ``"darroch"``, ``"gamma(3.5)"``,
        ``"normal"``, ``"mixture(2)"``; for Mh ``"beta-binomial"``; for Mtbh ``"normal"`` or ``"mixture(2)"``.
    bias_corrected : bool, default False
        Whether to correct the first-order bias of the size, for M0, Mt, Mb, Mbh, Mh, and Mth with ``"chao"``,
        ``"poisson(2)"`` or ``"darroch"``.

    Returns
    -------
    ClosedEstimate
        In people; the status is ``"bound"`` for ``"chao"``. An `Estimate` when the bias is corrected: it
        is not at the maximum of the likelihood, and has no likelihood of its own.

    Raises
    ------
    NotEstimableError
        If the model is not identified with so few occasions, or its likelihood has no maximum, or has
        one too weak for an estimate (`UnreliableMaximumError`, see Notes).
    InputError
        If model, heterogeneity and data do not go together, or the captures have strata.

    Notes
    -----
    Counts by history :math:`\omega` are Poisson with
    :math:`\log \mu_\omega = \gamma + \sum_i \beta_i \omega_i + \tau h(k)`, k the captures of the history and
    all :math:`\beta_i` equal in M0 and Mh [1]_ [2]_; :math:`\hat N = n + e^{\hat\gamma}`. A history enters
    through its occasions and k only, so sums over histories are elementary symmetric polynomials and
    the 2^t histories are never listed: a fit takes O(t^3) operations. Mb and Mbh are removal models on first
    captures. ``interval(method="profile")`` is by multinomial profile likelihood, whose maximum
    (`multinomial_maximum`) is slightly below the estimate. ``interval(method="bootstrap")`` takes percentiles
    of sizes fitted to data drawn from the model with that many people; a resample without a maximum counts as
    infinite, and its number is in the note.

    The bias is corrected by constants added to the numbers captured once, twice and three times
    (`frequency_changes`), before the model is fitted [4]_; the people so added are not in the size. For Mh
    with ``"chao"`` it is :math:`f_1 (f_1 - 1) / (f_2 + 1)` in place of :math:`f_1^2 / f_2`. For Mt and Mth
    the constants add half a person for each occasion after the first, and can add more bias than they take
    away where occasions are many: of 300 people captured with a chance of 0.1 on 10 occasions, Mt finds 1 too
    many on average, and 7 when corrected.

    From statistics by occasion only, estimate, error and interval are the same as from the histories. The
    log-likelihood then lacks the log factorials of the counts by history, so that criteria compare models
    of the same data and nothing else, and there is no deviance.

    Distributions of ability have likelihoods of their own: logits of capture are normal [5]_, people fall
    into k classes [6]_, or chances follow a beta distribution [7]_. On the logit scale, effects of occasions,
    ability and, in Mtb and Mtbh, one reaction to the first capture add up [6]_; the estimate is
    :math:`n / (1 - P_0)` at the maximum of the likelihood given the people seen, which is that of the Poisson
    counts. Where the data show no heterogeneity, the estimate is that of the model without it, and `reason`
    says so. `identified.IDENTIFIED` is the table of what is identified with how many occasions.

    A maximum that the data hardly bear on is refused, and no number given. M0, Mt, Mh and Mth with a
    log-linear shape are refused where the first-order bias exceeds a tenth of the estimate; the other models
    have no such bias here, and are refused where the standard error exceeds the estimate itself: less
    than a single recapture says. The error names Chao's lower bound.

    Families of heterogeneity that fit equally well can extrapolate to very different sizes [3]_: compare
    several.

    References
    ----------
    .. [1] Otis, D. L., Burnham, K. P., White, G. C. & Anderson, D. R. (1978). Statistical inference from
       capture data on closed animal populations. Wildlife Monographs 62.
    .. [2] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5). doi:10.18637/jss.v019.i05
    .. [3] Link, W. A. (2003). Nonidentifiability of population size from capture-recapture data with
       heterogeneous detection probabilities. Biometrics 59(4), 1123-1130.
       doi:10.1111/j.0006-341X.2003.00129.x
    .. [4] Rivest, L.-P. & Levesque, T. (2001). Improved log-linear model estimators of abundance in
       capture-recapture experiments. Canadian Journal of Statistics 29(4), 555-572. doi:10.2307/3316007
    .. [5] Coull, B. A. & Agresti, A. (1999). The use of mixed logit models to reflect heterogeneity in
       capture-recapture studies. Biometrics 55(1), 294-301. doi:10.1111/j.0006-341X.1999.00294.x
    .. [6] Pledger, S. (2000). Unified maximum likelihood estimates for closed capture-recapture models using
       mixtures. Biometrics 56(2), 434-442. doi:10.1111/j.0006-341X.2000.00434.x
    .. [7] Dorazio, R. M. & Royle, J. A. (2003). Mixture models for estimating the size of a closed population
       when capture rates vary among individuals. Biometrics 59(2), 351-364. doi:10.1111/1541-0420.00042

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> closed(taxicabs, "Mh", heterogeneity="poisson")
    <Mh poisson(2): 373 people, se 15, 283 seen>
    """
    if model not in MODELS:
        raise InputError(f"model {model!r} is unknown; it must be one of {', '.join(MODELS)}.")
    counts = closed_counts(captures)
    shape = _shape_of(model, heterogeneity)
    name = model if shape is None else f"{model} {shape}"
    _check_identified(model, name, shape, counts)
    if model in ("Mb", "Mbh"):
        assert isinstance(counts, ClosedCounts)
        found = _removal_estimate(model, counts)
    elif model == "Mtb" or (shape is not None and not shape.is_log_linear):
        found = _family_estimate(model, name, shape, counts)
    else:
        found = _margin_estimate(model, name, shape, counts)
    return _corrected(found, name, shape, counts) if bias_corrected else found


def _corrected(
    found: ClosedEstimate, name: str, shape: Heterogeneity | None, counts: MarginCounts
) -> Estimate:
    """Correct the first-order bias of an estimate that could be made."""
    f0, se = corrected_unseen(name, found.model, counts, shape)
    return Estimate(
        n_hat=counts.n_observed + f0,
        se=se,
        n_observed=counts.n_observed,
        status=found.status,
        reason=found.reason,
        method=f"{name}, bias-corrected",
        assumptions=found.assumptions,
        reference=RIVEST_LEVESQUE_2001,
    )


def _shape_of(model: str, heterogeneity: str | Heterogeneity | None) -> Heterogeneity | None:
    shapes = shapes_of(model)
    if not shapes:
        if heterogeneity is not None:
            instead = {"Mt": "Mth", "Mtb": "Mtbh"}.get(model, "Mh")
            raise InputError(f"{model} has no heterogeneity to give a shape to; use {instead}.")
        return None
    listed = f"{', '.join(repr(shape) for shape in shapes[:-1])} or {shapes[-1]!r}"
    if heterogeneity is None:
        raise InputError(
            f"{model} needs a shape of heterogeneity: {listed}. They can give very different sizes, so there "
            "is no default."
        )
    shape = heterogeneity_of(heterogeneity)
    if shape.shape not in shapes:
        raise InputError(f"{model} takes the shapes {listed}; heterogeneity is {str(shape)!r}.")
    return shape


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
    model: str, name: str, shape: Heterogeneity | None, counts: MarginCounts
) -> ClosedEstimate:
    by_occasion, reaction = model != "Mh", model == "Mtbh"
    found: FamilyFit
    with one_blas_thread(counts.cells):
        if shape is None:
            assert isinstance(counts, ClosedCounts)
            found = fit_occasions_and_reaction(name, counts)
        elif shape.classes is not None:
            found = fit_classes(name, counts, shape.classes, by_occasion=by_occasion, reaction=reaction)
        elif shape.shape == "normal":
            found = fit_normal(name, counts, by_occasion=by_occasion, reaction=reaction)
        else:
            found = fit_beta_binomial(name, counts)
    refuse_flat(name, counts, counts.n_observed + found.fit.f0, found.fit.se)
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
    )


def _margin_estimate(
    model: str, name: str, shape: Heterogeneity | None, counts: MarginCounts
) -> ClosedEstimate:
    by_occasion = model in ("Mt", "Mth")
    found = fit_margin_model(name, counts, shape, by_occasion=by_occasion)
    n = counts.n_observed
    size = n + found.fit.f0
    if abs(found.fit.bias) > LARGEST_BIAS * size:
        raise UnreliableMaximumError(
            f"{name} gives {size:,.0f}, and the first-order bias of that number is {found.fit.bias:,.0f}: "
            "the data hardly bear on the extrapolation. Use heterogeneity='chao' for a lower bound, or a "
            "model with fewer parameters."
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
    resampler: Resampler | None = None,
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
        _refit=partial(closed, model=model, heterogeneity=shape),
    )
