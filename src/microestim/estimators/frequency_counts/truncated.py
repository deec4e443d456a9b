"""Size of a closed population from a distribution of how often people are seen, fitted without its zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import CountEstimate, count_estimate, lower_bound
from microestim.estimators.frequency_counts.families import (
    FAMILIES,
    PARAMETER_NAMES,
    CountFamily,
    FittedFamily,
    Parameters,
    share_of,
)
from microestim.estimators.frequency_counts.family_fit import fit_family
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.references import BOHNING_2008, GODWIN_BOHNING_2017
from microestim.estimators.frequency_counts.resampling import bootstrap_interval
from microestim.estimators.frequency_counts.surplus_ones import warn_of_surplus_ones
from microestim.results import FittedEstimate, Interval, Rng

__all__ = [
    "ASSUMED",
    "Inflation",
    "TruncatedCounts",
    "expected_ones",
    "refuse_too_few_ones",
    "truncated_counts",
]

Inflation = Literal["one-before", "one-after", "hurdle", "drop-ones"]
"""How too many people seen once come about."""

# People beyond the last class that is drawn by its number who make no difference.
NOBODY = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TruncatedCounts(FittedEstimate, CountEstimate):
    """A fitted distribution of how often people are seen, and the number of people that it implies.

    Parameters
    ----------
    family : str
        The distribution.
    inflation : str or None
        How too many people seen once come about.

    Examples
    --------
    >>> fit = truncated_counts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, family="geometric")
    >>> round(fit.loglik, 3), round(fit.aic, 3)
    (-98.074, 198.149)
    """

    family: str
    inflation: str | None

    def expected(self, largest: int | None = None) -> dict[int, float]:
        """Return the number of people that the fit expects in each class.

        Parameters
        ----------
        largest : int, optional
            Last class; the most times that anybody was seen when None.

        Returns
        -------
        dict of int to float
            People by times seen. With an inflation the people seen once are fitted exactly.

        Raises
        ------
        InputError
            If `largest` is no number of times seen.

        Examples
        --------
        >>> fit = truncated_counts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
        >>> round(fit.expected()[1], 1)
        34.5
        """
        last = self.counts.times_seen[-1] if largest is None else largest
        if last < 1 or last != int(last):
            raise InputError(f"largest is {largest!r}; give a whole number of times seen, at least 1.")
        first = 1 if self.inflation is None else 2
        eta = np.array([np.log(self.params[name]) for name in PARAMETER_NAMES[self.family]], dtype=complex)
        log_p = FAMILIES[self.family]
        people = self.counts.n_observed - (0 if first == 1 else self.counts[1])
        share = share_of(log_p, first, eta).real
        times = np.arange(first, last + 1, dtype=float)
        values = people * np.exp(log_p(times, eta).real) / share
        if largest is None and self.counts.last_is_pooled:
            values[-1] = people - values[:-1].sum()
        fitted = {} if first == 1 else {1: float(self.counts[1])}
        return fitted | {int(k): float(v) for k, v in zip(times, values, strict=True)}

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return (*super().interval_methods, "bootstrap")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method != "bootstrap":
            return super()._make_interval(method, level, rng, n_resamples)
        last, n_hat, seen = self.counts.times_seen[-1], float(self.n_hat), float(self.counts.n_observed)
        pooled = self.counts.last_is_pooled
        expected = self.expected(last - 1 if pooled else 2 * last + 100)
        people = np.array([n_hat - seen, *expected.values()])
        return bootstrap_interval(
            people / n_hat,
            n_hat,
            seen,
            lambda counts: _number(counts, self.family, self.inflation),
            level=level,
            rng=rng,
            n_resamples=n_resamples,
            # The tail of some families has no end within reach: those beyond are pooled.
            pooled=pooled or n_hat - float(people.sum()) > NOBODY,
        )


ASSUMED = {
    "poisson": "Everybody is seen at the same rate (Poisson); differences make the number too low.",
    "geometric": "How often a person is seen follows a geometric distribution.",
    "negbin": "The rates at which people are seen follow a gamma distribution (negative binomial counts).",
    "poisson-lognormal": "The rates at which people are seen follow a log-normal distribution.",
}
_INFLATED = {
    "one-before": "Some people would be seen exactly once whatever happens; none of these were missed.",
    "one-after": "Some of those seen were stopped from being seen again after the first time.",
    "hurdle": "Being seen a second time needs a step that has a chance of its own.",
    "drop-ones": "The people seen once are as many as they are; only those seen twice or more are modelled.",
}


def truncated_counts(
    counts: CountsLike, *, family: CountFamily = "poisson", inflation: Inflation | None = None
) -> TruncatedCounts:
    r"""Estimate a population's size by fitting a distribution to how often people were seen.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen, as counts without an upper limit: occasions, where given, are taken to be
        many. The last class may be pooled.
    family : {"poisson", "geometric", "negbin", "poisson-lognormal"}, default "poisson"
        Distribution of the times seen, zero included; the last has log-normal rates [3]_.
    inflation : {"one-before", "one-after", "hurdle", "drop-ones"}, optional
        How too many people seen once come about: people who are always seen once (one-inflated, then
        truncated); people who stop after the first time (truncated, then one-inflated); a chance of its
        own for a second time; or no model of them at all.

    Returns
    -------
    TruncatedCounts
        In people; `params` has the ``"rate"``, the ``"dispersion"`` of the negative binomial (variance
        rate + dispersion rate²), the ``"median_rate"`` and ``"sigma"`` of the log-normal, and
        the share ``"one_inflation"`` where the inflation has one.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum inside: everybody was seen the least number of times, the
        negative binomial or Poisson-lognormal runs to one of its limits, or there are fewer people seen once
        than the family expects without inflation. The error carries the bound that exists.
    InputError
        If the counts or an option do not fit.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    With :math:`p_0, p_1` the fitted chances of zero and one, n people seen, :math:`n_2` of them twice or
    more, and :math:`u = p_0 / (1 - p_0 - p_1)`:

    .. math:: \hat N = n / (1 - p_0) \text{ (none; one-after)}, \quad n + n_2 u \text{ (one-before;
       drop-ones)}, \quad n (1 + u) \text{ (hurdle)}.

    With an inflation the distribution is fitted to the people seen twice or more; those seen once are fitted
    exactly. Variance by conditioning [1]_: :math:`n p_0 / (1 - p_0)^2`, :math:`n_2 u (1 + u)` or
    :math:`n u (1 + u)`, plus the delta method's for the parameters, from the observed information. The
    readings of the inflation [2]_ give different numbers from one fit, and the counts cannot tell them
    apart. A pooled last class enters the likelihood by its chance. The interval ``"bootstrap"`` draws counts
    from the fit and fits them again; a share of inflation below zero counts as none, and a spread below
    that of the Poisson distribution as that.

    References
    ----------
    .. [1] Böhning, D. (2008). A simple variance formula for population size estimators by conditioning.
       Statistical Methodology 5(5), 410-423. doi:10.1016/j.stamet.2007.10.001
    .. [2] Godwin, R. T., Böhning, D. (2017). Estimation of the population size by using the one-inflated
       positive Poisson model. Journal of the Royal Statistical Society C 66(2), 425-448.
       doi:10.1111/rssc.12192
    .. [3] Bulmer, M. G. (1974). On fitting the Poisson lognormal distribution to species-abundance data.
       Biometrics 30(1), 101-110. doi:10.2307/2529621

    Examples
    --------
    >>> rabbits = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
    >>> truncated_counts(rabbits)
    <zero-truncated poisson: 100.4 people, se 7.7, 76 seen>
    >>> truncated_counts(rabbits, inflation="one-after")
    <zero-truncated poisson, one-after: 86.0 people, se 5.0, 76 seen>
    """
    held = as_frequency_counts(counts)
    if inflation is not None and inflation not in get_args(Inflation):
        raise InputError(f"inflation is {inflation!r}; it must be None, {', '.join(get_args(Inflation))}.")
    fit = fit_family(held, family, 1 if inflation is None else 2)
    seen, once, modelled = float(held.n_observed), float(held[1]), fit.modelled
    over_all = inflation is None or inflation == "one-after"
    projected = seen if inflation == "hurdle" else modelled
    size = _size(held, fit, inflation)
    p0, once_or_more, twice_or_more = fit.chances[0], fit.at_least(1).real, fit.at_least(2).real
    n_hat = size(fit.eta.astype(complex)).real
    extra: dict[str, float] = {}
    if inflation in ("one-before", "one-after"):
        refuse_too_few_ones(held, fit)
        # The share is of all people before the truncation, and of those seen after it.
        among = n_hat if inflation == "one-before" else n_hat * once_or_more
        caught = 1.0 if inflation == "one-before" else once_or_more
        extra["one_inflation"] = 1 - modelled / (twice_or_more * among / caught)
    elif inflation == "hurdle":
        extra["share_seen_once"] = once / seen
    own_ones = inflation in ("one-before", "one-after", "hurdle")
    loglik = fit.loglik
    if own_ones:
        loglik += _times_log(once, once / seen) + _times_log(modelled, modelled / seen)
    odds = p0 / twice_or_more
    conditional = seen * p0 / once_or_more**2 if over_all else projected * odds * (1 + odds)
    name = f"zero-truncated {family}"
    made = count_estimate(
        held,
        n_hat,
        conditional + fit.variance_of(size),
        method=name if inflation is None else f"{name}, {inflation}",
        assumptions=(
            *ASSUMPTIONS,
            ASSUMED[family],
            *(() if inflation is None else (_INFLATED[inflation],)),
        ),
        reference=BOHNING_2008 if inflation is None else GODWIN_BOHNING_2017,
        params={**fit.params, **extra},
    )
    if inflation is None:
        warn_of_surplus_ones(held, "the estimate")
    parameters = len(fit.eta) + own_ones
    entered = sum(k > 1 or inflation != "drop-ones" for k in held.times_seen)
    kept: dict[str, Any] = {item.name: getattr(made, item.name) for item in fields(made)}
    return TruncatedCounts(
        **kept,
        family=family,
        inflation=inflation,
        loglik=loglik,
        n_params=parameters,
        # Classes with people that entered the likelihood, less one for their total, less the parameters.
        df_resid=max(entered - 1 - parameters, 0),
    )


def _size(
    counts: FrequencyCounts, fit: FittedFamily, inflation: str | None
) -> Callable[[Parameters], complex]:
    """Return the number of people as a function of the family's parameters."""
    seen = float(counts.n_observed)
    over_all = inflation is None or inflation == "one-after"
    projected = seen if inflation == "hurdle" else fit.modelled

    def size(eta: Parameters) -> complex:
        if over_all:
            return seen / fit.at_least(1, eta)
        return seen + projected * fit.zero_one(eta)[0] / fit.at_least(2, eta)

    return size


def _number(counts: FrequencyCounts, family: str, inflation: str | None) -> float:
    """Return the number of people, at the edge of a model too: no inflation, or the Poisson limit."""
    fit = fit_family(counts, family, 1 if inflation is None else 2, poisson_limit=True)
    if inflation in ("one-before", "one-after") and expected_ones(fit) > counts[1]:
        fit, inflation = fit_family(counts, family, 1, poisson_limit=True), None
    return _size(counts, fit, inflation)(fit.eta.astype(complex)).real


def expected_ones(fit: FittedFamily) -> float:
    """Return how many people seen once a family expects that was fitted to those seen more often.

    Parameters
    ----------
    fit : FittedFamily
        The family.

    Returns
    -------
    float
        People.

    Examples
    --------
    >>> counts = FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6})
    >>> round(expected_ones(fit_family(counts, "poisson", 2)), 1)
    21.3
    """
    return fit.modelled * fit.chances[1] / fit.at_least(2).real


def refuse_too_few_ones(counts: FrequencyCounts, fit: FittedFamily) -> None:
    """Refuse a share of one-inflation where the family expects more people seen once than there are.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    fit : FittedFamily
        The family, fitted to the people seen twice or more.

    Raises
    ------
    NotEstimableError
        If there is no one-inflation; the error carries the bound that exists.

    Examples
    --------
    >>> counts = FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6})
    >>> refuse_too_few_ones(counts, fit_family(counts, "poisson", 2))
    """
    expected = expected_ones(fit)
    if expected > counts[1]:
        raise NotEstimableError(
            f"the {fit.family} distribution of the people seen twice or more expects {expected:,.1f} people "
            f"seen once and there are {counts[1]:,}: there are not too many, so no share of one-inflation "
            "exists. Use inflation=None, or 'hurdle' or 'drop-ones' for too few.",
            bound=lower_bound(counts),
        )


def _times_log(count: float, share: float) -> float:
    return count * float(np.log(share)) if count else 0.0
