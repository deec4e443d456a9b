"""The multiplier method: a count of people reached, over the share of a survey that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.rates import Rate, RateLike, as_rate
from microestim.results import Estimate, Interval, Reference, Rng, floored_interval, normal_quantile

__all__ = ["MultiplierEstimate", "multiplier"]

FEARON_2017 = Reference(
    authors=("Fearon, E.", "Chabata, S. T.", "Thompson, J. A.", "Cowan, F. M.", "Hargreaves, J. R."),
    year=2017,
    title=(
        "Sample size calculations for population size estimation studies using multiplier methods with "
        "respondent-driven sampling surveys"
    ),
    journal="JMIR Public Health and Surveillance",
    volume="3(3)",
    pages="e59",
    doi="10.2196/publichealth.7909",
)
ASSUMPTIONS = (
    "The count has nobody twice, and nobody from outside the population.",
    "The survey is representative of the population, of people who were counted as of those who were not.",
    "Whether somebody is in the survey does not depend on whether they were counted.",
    "Count and survey are of the same people, place and period, and respondents know whether they were "
    "counted.",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MultiplierEstimate(Estimate):
    """A count over the share of a survey that says that it was counted.

    Parameters
    ----------
    count : float
        People counted.
    count_se : float
        Standard error of the count; 0 where it is exact.
    proportion : Rate
        Share of the survey, with its standard error.

    Examples
    --------
    >>> multiplier(1200, (0.3, 0.03)).interval_methods
    ('lognormal', 'fieller', 'wald')
    """

    count: float
    count_se: float
    proportion: Rate

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return () if self.se is None else ("lognormal", "fieller", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method == "wald":
            return super()._make_interval(method, level, rng, n_resamples)
        floor = 0.0 if self.n_observed is None else float(self.n_observed)
        n_hat = float(self.n_hat)
        z = normal_quantile(level)
        if method == "lognormal":
            spread = math.exp(z * float(self.se or 0.0) / n_hat)
            return floored_interval(
                n_hat / spread, n_hat * spread, level=level, kind="confidence: log-normal", floor=floor
            )
        low, high = _fieller(self.count, self.count_se, self.proportion, z)
        note = "" if math.isfinite(high) else "the survey does not exclude a share of zero at this level"
        return floored_interval(low, high, level=level, kind="confidence: Fieller", floor=floor, note=note)

    def _extra_rows(self) -> list[tuple[str, str]]:
        error = f" (se {self.count_se:,.4g})" if self.count_se else ""
        return [("counted", f"{self.count:,.0f}{error}"), ("share of the survey", str(self.proportion))]


def multiplier(
    count: float,
    proportion: RateLike | None = None,
    *,
    count_se: float = 0.0,
    reported: int | None = None,
    sample: int | None = None,
    design_effect: float = 1.0,
) -> MultiplierEstimate:
    r"""Estimate a population's size as a count over the share of a survey that was counted.

    A service, a platform or an object that was handed out reached so many people; a survey of the population
    asks who was reached.

    Parameters
    ----------
    count : float
        People counted: each once, and all from the population.
    proportion : (float, float) or float, optional
        Share of the survey that was counted, with its standard error as the survey's design gives it. Without
        an error there is no interval; an error of 0 says that the share is exact.
    count_se : float, default 0
        Standard error of the count, in people, where it is itself estimated.
    reported, sample : int, optional
        Instead of `proportion`: respondents who say that they were counted, and all respondents. Where all
        say so the normal error of the share is 0, and there is no interval.
    design_effect : float, default 1
        Variance of the share over that of a simple random sample; for `reported` and `sample` only. Surveys
        by respondents' networks have 2 to 4 and more.

    Returns
    -------
    MultiplierEstimate
        In people.

    Raises
    ------
    NotEstimableError
        If the share is zero; the error carries the count.
    InputError
        If a number does not fit, or a share is given in both ways or in none.

    See Also
    --------
    lincoln_petersen : The same where the two are matched person by person.
    proxy_scale : Ratios of other kinds.

    Notes
    -----
    :math:`\hat N = M / P` [1]_ [2]_. With the share :math:`p = r / s` its variance is
    :math:`d \, p (1 - p) / s` for the design effect d. By the delta method the squared relative error of the
    size is the sum of those of count and share [2]_. Intervals: ``"lognormal"`` (symmetric on the log of the
    size, the default), ``"fieller"`` (exact for a ratio of normal numbers; no upper limit where the survey
    does not exclude a share of zero), and ``"wald"``. The floor is the count, where that is exact.

    References
    ----------
    .. [1] UNAIDS/WHO Working Group on Global HIV/AIDS and STI Surveillance (2010). Guidelines on estimating
       the size of populations most at risk to HIV. World Health Organization.
    .. [2] Fearon, E., Chabata, S. T., Thompson, J. A., Cowan, F. M., Hargreaves, J. R. (2017). Sample size
       calculations for population size estimation studies using multiplier methods with respondent-driven
       sampling surveys. JMIR Public Health and Surveillance 3(3), e59. doi:10.2196/publichealth.7909

    Examples
    --------
    >>> multiplier(1200, reported=90, sample=300, design_effect=2)
    <multiplier: 4,000 people, se 500, 1,200 seen>
    """
    people = _number("count", count, least=0.0, strict=True)
    error = _number("count_se", count_se, least=0.0)
    share = _share(proportion, reported, sample, design_effect)
    if share.value == 0.0:
        raise NotEstimableError(
            "nobody in the survey was counted (a share of 0), so there is no estimate; at least the "
            f"{people:,.0f} people of the count are there.",
            bound=people,
        )
    n_hat = people / share.value
    # A share without an error is not one without error, whatever the count's: then there is no interval.
    known = share.se > 0 or (isinstance(proportion, tuple) and error > 0)
    relative = math.hypot(error / people, share.se / share.value)
    return MultiplierEstimate(
        n_hat=n_hat,
        se=n_hat * relative if known and relative > 0 else None,
        n_observed=people if error == 0.0 else None,
        method="multiplier",
        assumptions=ASSUMPTIONS,
        reference=FEARON_2017,
        count=people,
        count_se=error,
        proportion=share,
    )


def _share(proportion: Any, reported: Any, sample: Any, design_effect: Any) -> Rate:
    effect = _number("design_effect", design_effect, least=0.0, strict=True)
    if proportion is not None:
        if reported is not None or sample is not None or effect != 1.0:
            raise InputError(
                "give the proportion with its standard error, or reported, sample and design_effect; not "
                "both."
            )
        return as_rate("proportion", proportion)
    if reported is None or sample is None:
        raise InputError("give the proportion, or both reported and sample.")
    yes = _number("reported", reported, least=0.0)
    asked = _number("sample", sample, least=1.0)
    if yes != math.floor(yes) or asked != math.floor(asked) or yes > asked:
        raise InputError(
            f"reported is {reported!r} and sample is {sample!r}; give whole numbers, reported at most sample."
        )
    p = yes / asked
    return Rate(p, math.sqrt(effect * p * (1 - p) / asked))


def _fieller(count: float, count_se: float, share: Rate, z: float) -> tuple[float, float]:
    """All sizes N at which count - N share lies within z standard errors of zero."""
    a = share.value**2 - (z * share.se) ** 2
    c = count**2 - (z * count_se) ** 2
    half = math.sqrt(max((count * share.value) ** 2 - a * c, 0.0))
    if a > 0:
        return (count * share.value - half) / a, (count * share.value + half) / a
    # A share of zero is not excluded: everything from the smaller root on.
    lower = c / (count * share.value + half)
    return lower, math.inf


def _number(name: str, given: Any, *, least: float, strict: bool = False) -> float:
    array = np.asarray(given)
    if array.ndim == 0 and array.dtype.kind in "iuf":
        value = float(array)
        if math.isfinite(value) and (value > least if strict else value >= least):
            return value
    more = "above" if strict else "of at least"
    raise InputError(f"{name} is {given!r}; give one finite number {more} {least:g}.")
