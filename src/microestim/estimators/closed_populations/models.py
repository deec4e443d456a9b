"""Size of a closed population from two or more occasions: models of time, behaviour and heterogeneity."""

from __future__ import annotations

from typing import Any, Literal, get_args, overload

from microestim.errors import InputError
from microestim.estimators.closed_populations.bias_correction import corrected_unseen
from microestim.estimators.closed_populations.counts import MarginCounts, closed_counts
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.identified import shapes_of
from microestim.estimators.closed_populations.model_estimates import estimate_of, name_of
from microestim.estimators.references import RIVEST_LEVESQUE_2001
from microestim.results import Estimate

__all__ = ["MODELS", "Model", "closed"]

Model = Literal["M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh", "Mtbh"]

MODELS: tuple[str, ...] = get_args(Model)
"""Every model that `closed` fits."""


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
    infinite, and its number is in the note. Data are drawn in O(t^2) operations, O(t^3) for Mtbh, whatever
    the people. Log-linear and removal models are fitted to many resamples at once. Models with a likelihood
    of their own (Mtb, Mtbh and distributions of ability) are fitted to each by itself, from the parameters of
    the first fit: a few milliseconds each at ten occasions, and tens of them for mixtures whose classes
    coincide in a resample, where the whole search is made.

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
    found = estimate_of(counts, model=model, shape=shape)
    return _corrected(found, shape, counts) if bias_corrected else found


def _corrected(found: ClosedEstimate, shape: Heterogeneity | None, counts: MarginCounts) -> Estimate:
    """Correct the first-order bias of an estimate that could be made."""
    name = name_of(found.model, shape)
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
