"""Size of a closed population from two or more occasions: models of time, behaviour and heterogeneity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, overload

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.bias_correction import corrected_unseen
from microestim.estimators.closed_populations.bootstrap import (
    LogLinearResampler,
    RemovalResampler,
    Resampler,
)
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts, closed_counts
from microestim.estimators.closed_populations.goodness import (
    GoodnessOfFit,
    expected_counts,
    goodness_of_fit,
)
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.margin_models import fit_margin_model, history_numbers
from microestim.estimators.closed_populations.profile import LogLinearProfile, RemovalProfile, SizeProfile
from microestim.estimators.closed_populations.removal_models import fit_removal_model
from microestim.estimators.closed_populations.resample_chunks import resampled_sizes
from microestim.estimators.references import (
    BAILLARGEON_RIVEST_2007,
    OTIS_1978,
    RIVEST_BAILLARGEON_2007,
    RIVEST_LEVESQUE_2001,
)
from microestim.results import Estimate, FittedEstimate, Interval, Rng, floored_interval, format_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEAST_OCCASIONS", "MODELS", "ClosedEstimate", "Model", "UnreliableMaximumError", "closed"]

Array = npt.NDArray[np.float64]
Model = Literal["M0", "Mt", "Mh", "Mth", "Mb", "Mbh"]

MODELS: tuple[str, ...] = get_args(Model)
"""Every model that `closed` fits."""

LEAST_OCCASIONS: Mapping[str, int] = {"M0": 2, "Mt": 2, "Mh": 3, "Mth": 3, "Mb": 2, "Mbh": 3}
"""Fewest occasions at which each model is identified."""

WITH_HETEROGENEITY = ("Mh", "Mth")
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
}
_BOUND = (
    "Chao's lower bound: any mixture of chances of capture, extrapolated no further than those captured once "
    "and twice force it to"
)


class UnreliableMaximumError(NotEstimableError):
    """The likelihood has a maximum, and its first-order bias is too large for an estimate."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClosedEstimate(FittedEstimate):
    """The size of a closed population under one model, with the fit that it comes from.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    heterogeneity : Heterogeneity or None
        Shape of unequal catchability, for Mh and Mth.
    capture_probabilities : ndarray
        Chance that a person is captured: one for all occasions, or one for each; for Mb and Mbh of a
        first capture. Empty where there are no occasions.
    recapture_probability : float or None
        Chance of a recapture on a later occasion, for Mb and Mbh.
    coefficients : dict of str to float
        Coefficients of the shape of heterogeneity.
    deviance : float or None
        Twice the gap between the log-likelihood and that of counts that are their own expectations. None
        where counts by history are not known, since that gap is between them.
    asymptotic_bias : float or None
        First-order bias of the estimate, in people; None for Mb and Mbh.

    Examples
    --------
    >>> from microestim.capture import Captures
    >>> closed(Captures.from_counts({"10": 411, "01": 411, "11": 89}), "Mt")
    <Mt: 2,810 people, se 240, 911 seen>
    """

    model: str
    heterogeneity: Heterogeneity | None
    capture_probabilities: Array
    recapture_probability: float | None
    coefficients: dict[str, float]
    deviance: float | None
    asymptotic_bias: float | None
    _profile: SizeProfile = field(repr=False)
    _resampler: Resampler | None = field(default=None, repr=False)
    _counts: MarginCounts | None = field(default=None, repr=False)

    @property
    def multinomial_maximum(self) -> float:
        """Size at which the multinomial likelihood is highest, in people: where the profile has its peak."""
        return self._profile.maximum()

    @property
    def params(self) -> dict[str, float]:
        """Parameters at the maximum, and the size at which the multinomial likelihood is highest.

        ``p``, or ``p1``, ``p2``, ... where the chance of a (first) capture depends on the occasion; ``c``,
        the chance of a recapture; ``tau`` or ``eta3``, ``eta4``, ... of the shape of heterogeneity;
        ``multinomial_maximum``, in people.
        """
        chances = self.capture_probabilities.tolist()
        names = ["p"] if len(chances) == 1 else [f"p{place}" for place in range(1, len(chances) + 1)]
        params = dict(zip(names, chances, strict=True))
        if self.recapture_probability is not None:
            params["c"] = self.recapture_probability
        return params | self.coefficients | {"multinomial_maximum": self.multinomial_maximum}

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        drawn = () if self._resampler is None else ("bootstrap",)
        return ("profile", "lognormal", "wald", *drawn)

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method == "bootstrap":
            return self._bootstrap(level, rng, n_resamples)
        if method != "profile":
            return super()._make_interval(method, level, rng, n_resamples)
        low, high = self._profile.limits(level)
        note = ""
        if np.isinf(high):
            note = (
                "no upper limit: the likelihood stays within the level for any size up to ten million times "
                "the number seen"
            )
        assert self.n_observed is not None
        return floored_interval(
            low, high, level=level, kind="confidence: profile likelihood", floor=self.n_observed, note=note
        )

    def _bootstrap(self, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        assert self._resampler is not None
        assert self.n_observed is not None
        sizes = resampled_sizes(self._resampler, rng=rng, n_resamples=n_resamples)
        tail = (1 - level) / 2
        # The inverted empirical distribution never averages an infinite size with a finite one.
        low, high = np.quantile(sizes, [tail, 1 - tail], method="inverted_cdf")
        empty = int(np.isinf(sizes).sum())
        note = ""
        if empty:
            note = f"{empty:,} of {len(sizes):,} resamples have no estimate and count as infinite"
        return floored_interval(
            float(low),
            float(high),
            level=level,
            kind="confidence: bootstrap percentile",
            floor=self.n_observed,
            note=note,
        )

    def expected(self, of: Literal["captures", "histories"] = "captures") -> pd.DataFrame:
        """Lay expected beside observed numbers of people, with Pearson's residuals.

        Parameters
        ----------
        of : {"captures", "histories"}, default "captures"
            By number of captures, or by history: those that were observed, and all others together.

        Returns
        -------
        pandas.DataFrame
            Columns `captures` or `history`, `observed`, `expected` (people) and `pearson_residual`,
            (observed - expected) / sqrt(expected).

        Raises
        ------
        NotEstimableError
            If the data do not say what was observed.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> found = closed(Captures.from_counts({"10": 40, "01": 30, "11": 20}), "M0")
        >>> found.expected("histories")["expected"].round(1).tolist()
        [35.0, 35.0, 20.0, 0.0]
        """
        resampler, counts = self._drawn_from()
        return expected_counts(resampler, counts, of)

    def goodness_of_fit(self, *, rng: Rng = None, n_resamples: int | None = None) -> GoodnessOfFit:
        """Compare the data with data drawn from the fitted model.

        Parameters
        ----------
        rng : int, Generator, SeedSequence or None
            Source of randomness.
        n_resamples : int, optional
            Data sets drawn; 1,000 unless given.

        Returns
        -------
        GoodnessOfFit
            The deviance, and Pearson's chi-square of the numbers captured once, twice, ..., each with the
            share of data sets in which it is as large, (1 + larger) / (1 + fitted).

        Raises
        ------
        NotEstimableError
            If the counts are not known, or no data set drawn has an estimate.

        Notes
        -----
        Most histories are rare, so the deviance has no chi-square distribution; drawing from the model gives
        the one that it has. Data sets are fitted through joblib, see `interval`.
        """
        resampler, counts = self._drawn_from()
        if self.deviance is None:
            raise NotEstimableError("there is no deviance: the counts by history are not known.")
        return goodness_of_fit(
            resampler,
            counts,
            method=self.method,
            deviance=self.deviance,
            df_resid=self.df_resid,
            fit=partial(closed, model=cast(Model, self.model), heterogeneity=self.heterogeneity),
            rng=rng,
            n_resamples=n_resamples,
        )

    def _drawn_from(self) -> tuple[Resampler, MarginCounts]:
        if self._resampler is None or self._counts is None:
            raise NotEstimableError(f"{self.method} has no expected counts here.")
        return self._resampler, self._counts

    def _extra_rows(self) -> list[tuple[str, str]]:
        fit = "not known: the counts by history are not"
        if self.deviance is not None:
            fit = f"{self.deviance:,.2f} on {self.df_resid:,} degrees of freedom"
        criteria = f"{self.aic:,.2f}, {self.bic:,.2f}"
        if self.deviance is None:
            criteria += " (for differences between models only: without the constant of the histories)"
        rows = [("deviance", fit), ("AIC, BIC", criteria)]
        chances = self.capture_probabilities
        if len(chances):
            low, high = format_share(float(chances.min())), format_share(float(chances.max()))
            rows.append(("capture", low if low == high else f"{low} to {high}"))
        if self.recapture_probability is not None:
            rows.append(("recapture", format_share(self.recapture_probability)))
        rows += [(name, f"{value:.4g}") for name, value in self.coefficients.items()]
        return rows


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
    model : {"M0", "Mt", "Mh", "Mth", "Mb", "Mbh"}
        What the chance of capture depends on: occasion (t), person (h), reaction to the first capture (b).
    heterogeneity : str or Heterogeneity, optional
        For Mh and Mth: ``"chao"`` (lower bound), ``"poisson(2)"``, ``"darroch"`` or ``"gamma(3.5)"``.
    bias_corrected : bool, default False
        Whether to correct the first-order bias of the size, for M0, Mt, Mh, and Mth with ``"poisson(2)"`` or
        ``"darroch"``.

    Returns
    -------
    ClosedEstimate
        In people; the status is ``"bound"`` for ``"chao"``. An `Estimate` when the bias is corrected: it
        is not at the maximum of the likelihood, and has no likelihood of its own.

    Raises
    ------
    NotEstimableError
        If the model is not identified with so few occasions, its likelihood has no maximum, or its
        first-order bias exceeds a tenth of the estimate.
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
    _check_identified(model, name, counts)
    if model in ("Mb", "Mbh"):
        assert isinstance(counts, ClosedCounts)
        found = _removal_estimate(model, counts)
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
    if model in WITH_HETEROGENEITY:
        if heterogeneity is None:
            raise InputError(
                f"{model} needs a shape of heterogeneity: 'chao', 'poisson', 'darroch' or 'gamma'. They can "
                "give very different sizes, so there is no default."
            )
        return heterogeneity_of(heterogeneity)
    if heterogeneity is not None:
        instead = "Mth" if model == "Mt" else "Mh"
        raise InputError(f"{model} has no heterogeneity to give a shape to; use {instead}.")
    return None


def _check_identified(model: str, name: str, counts: MarginCounts) -> None:
    least = LEAST_OCCASIONS[model]
    if counts.occasions is not None and counts.occasions < least:
        why = (
            "two occasions give three counts, and size, chance of capture and heterogeneity (or time) "
            "already use them up"
            if model in WITH_HETEROGENEITY
            else "with the first occasion set apart, one occasion is left, from which no decline can be seen"
        )
        raise NotEstimableError(
            f"{name} is not identified with {counts.occasions} occasions: {why}. It needs {least} or more."
        )
    if not isinstance(counts, ClosedCounts) and model not in ("M0", "Mh"):
        raise InputError(
            f"{model} depends on who was captured when, and only frequencies of capture are given; they "
            "allow M0 and Mh."
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
    kernel = found.fit.loglik_kernel
    if isinstance(counts, ClosedCounts):
        cells = 2**counts.t - 1
    else:
        kernel += float(counts.f_k @ history_numbers(counts))
        cells = len(counts.f_k)
    bound = shape is not None and shape.is_bound
    return _estimate(
        model,
        name,
        counts,
        shape=shape,
        f0=found.fit.f0,
        se=found.fit.se,
        kernel=kernel,
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
    how = RIVEST_BAILLARGEON_2007 if shape is not None and shape.is_bound else BAILLARGEON_RIVEST_2007
    return ClosedEstimate(
        n_hat=n + f0,
        se=se,
        n_observed=n,
        status=status,
        reason=reason,
        method=name,
        assumptions=(_CLOSED, _ASSUMES[model], _INDEPENDENT, _MATCHED),
        reference=how if shape is not None else OTIS_1978,
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
    )
