"""Size of a closed population when the rates at which people are seen may follow any distribution."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    count_estimate,
    lower_bound,
    need_classes,
)
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.mixture_data import MixtureData, odds_of
from microestim.estimators.frequency_counts.mixture_profile import LARGEST_ODDS, MixtureProfile
from microestim.estimators.frequency_counts.mixtures import Mixture, best_mixture
from microestim.estimators.frequency_counts.references import NORRIS_POLLOCK_1998, WANG_LINDSAY_2005
from microestim.estimators.frequency_counts.resampling import bootstrap_interval
from microestim.results import FittedEstimate, Interval, Rng, floored_interval

__all__ = ["MixtureMethod", "NonparametricCounts", "npmle"]

Array = npt.NDArray[np.float64]

MixtureMethod = Literal["unconditional", "penalised", "conditional"]
"""Which likelihood is maximised."""

ANY_MIXTURE = "The rates at which people are seen may follow any distribution (Poisson mixture)."
NO_UPPER_LIMIT = (
    "people seen at a rate near zero leave no trace, so a number without limit fits nearly as well"
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NonparametricCounts(FittedEstimate, CountEstimate):
    """A fitted mixture of Poisson distributions, and the number of people that it implies.

    Parameters
    ----------
    rates, weights : ndarray
        The rates of the mixture, times a person, and the shares of all people (seen or not) who have them.
    rare : int
        The most times seen of the people whom the mixture describes; the others were added as they are.
    gap : float
        By how much the (penalised) log-likelihood of another mixture could exceed this one's at most.

    Examples
    --------
    >>> fit = npmle({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, method="penalised")
    >>> fit.rates.round(2), fit.gap < 1e-9
    (array([0.5 , 1.85, 3.15]), True)
    """

    rates: Array
    weights: Array
    rare: int
    gap: float
    _profile: MixtureProfile = field(repr=False)

    def expected(self, largest: int | None = None) -> dict[int, float]:
        """Return the number of people that the fit expects in each class.

        Parameters
        ----------
        largest : int, optional
            Last class; the last that the mixture describes when None.

        Returns
        -------
        dict of int to float
            People by times seen, of those whom the mixture describes.

        Raises
        ------
        InputError
            If `largest` is no number of times seen.

        Examples
        --------
        >>> fit = npmle({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, method="penalised")
        >>> round(fit.expected()[1], 1)
        42.4
        """
        last = self.rare if largest is None else largest
        if last < 1 or last != int(last):
            raise InputError(f"largest is {largest!r}; give a whole number of times seen, at least 1.")
        chances = self._chances(int(last))
        described = sum(people for times, people in self.counts.counts.items() if times <= self.rare)
        return {k: described * float(chances[k]) / float(1 - chances[0]) for k in range(1, int(last) + 1)}

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile", "bootstrap")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        seen = float(self.counts.n_observed)
        if method == "bootstrap":
            often = {times: people for times, people in self.counts.counts.items() if times > self.rare}
            more, kind = float(sum(often.values())), self.method

            def refit(counts: FrequencyCounts) -> float:
                return float(npmle(counts, method=_METHODS[kind]).n_hat) + more

            # Beyond twelve standard deviations of the largest rate there is nobody.
            top = float(self.rates.max())
            return bootstrap_interval(
                self._chances(int(top + 12 * np.sqrt(top) + 12)),
                float(self.n_hat) - more,
                seen,
                refit,
                level=level,
                rng=rng,
                n_resamples=n_resamples,
            )
        if self._profile.peak is not None:
            _certain(self.counts, self._profile.peak.mixture)
        low, high = self._profile.limits(level)
        return floored_interval(
            seen + low,
            seen + high,
            level=level,
            kind="confidence: profile likelihood",
            floor=seen,
            note="" if np.isfinite(high) else f"no upper limit: {NO_UPPER_LIMIT}",
        )

    def _chances(self, largest: int) -> Array:
        from scipy.special import gammaln, xlogy

        k = np.arange(largest + 1, dtype=float)[:, None]
        return np.asarray(np.exp(xlogy(k, self.rates) - self.rates - gammaln(k + 1)) @ self.weights)


_METHODS: dict[str, MixtureMethod] = {
    "unconditional NPMLE": "unconditional",
    "penalised NPMLE": "penalised",
    "conditional NPMLE": "conditional",
}


def npmle(
    counts: CountsLike, *, method: MixtureMethod = "unconditional", rare: int | None = None
) -> NonparametricCounts:
    r"""Estimate a population's size by nonparametric maximum likelihood of a Poisson mixture.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen, as counts without an upper limit: occasions, where given, are taken to be
        many.
    method : {"unconditional", "penalised", "conditional"}, default "unconditional"
        The full likelihood of the number of people [1]_; the likelihood given that people were seen, less a
        penalty on how far the number lies from Chao's bound [2]_; or that likelihood without a penalty.
    rare : int, optional
        Describe the people seen at most so often and add the others as they are; everybody when None.

    Returns
    -------
    NonparametricCounts
        In people; `params` has the ``"odds"`` of not being seen, and, if unconditional, ``"loglik_gain"``:
        how far the full log-likelihood at its maximum exceeds that of a number without limit.

    Raises
    ------
    NotEstimableError
        If the likelihood grows with the number of people without end, or (penalised) there is no bound above
        the number seen from which to take the penalty. The error carries Chao's bound.
    InputError
        If the counts or an option do not fit, or a pooled class hides how often people were seen.

    See Also
    --------
    chao : The bound that holds for every mixture.

    Notes
    -----
    With :math:`\theta = p_0 / (1 - p_0)` the odds of not being seen, the number is
    :math:`\hat N = n (1 + \hat\theta)`. The likelihood given that people were seen grows with :math:`\theta`
    or is level: people at a rate near zero add to the population and not to the counts. So no upper limit can
    be had from a mixture of unknown shape, and the estimate lies where the likelihood stops to grow:

    - conditional: its own maximum, infinite where it puts mass at a rate of zero;
    - unconditional: the binomial law of the number seen takes away about
      :math:`\tfrac12 \log \{\theta / (1 + \theta)\}`, which makes the maximum finite more often. Where the
      likelihood of a number without limit is as high the estimate is refused;
    - penalised: less :math:`(\theta - \theta_C)^2 / (2 \theta_C)`, with :math:`\theta_C = f_1^2 / (2 f_2 n)`
      the odds of Chao's bound (:math:`f_1 (f_1 - 1) / \{2 (f_2 + 1) n\}` where f2 = 0). It always exists, and
      is drawn towards the bound.

    The mixture is found by the constrained Newton method [3]_ and certified by its gradient (`gap`).
    Intervals: ``"profile"``, of the full likelihood whichever the method, with a lower limit and, unless next
    to nobody was missed, no upper one; ``"bootstrap"``, percentiles of estimates from counts drawn from the
    fit, which knows nothing of people whom the fit does not have. There is no standard error.

    References
    ----------
    .. [1] Norris, J. L., Pollock, K. H. (1998). Non-parametric MLE for Poisson species abundance models
       allowing for heterogeneity between species. Environmental and Ecological Statistics 5, 391-402.
       doi:10.1023/A:1009659922745
    .. [2] Wang, J.-P. Z., Lindsay, B. G. (2005). A penalized nonparametric maximum likelihood approach to
       species richness estimation. Journal of the American Statistical Association 100(471), 942-959.
       doi:10.1198/016214504000002005
    .. [3] Wang, Y. (2007). On fast computation of the non-parametric maximum likelihood estimate of a mixing
       distribution. Journal of the Royal Statistical Society B 69(2), 185-198.
       doi:10.1111/j.1467-9868.2007.00583.x

    Examples
    --------
    >>> rabbits = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
    >>> fit = npmle(rabbits)
    >>> fit
    <unconditional NPMLE: 151 people, 76 seen>
    >>> interval = fit.interval()
    >>> round(interval.low, 1), interval.high
    (99.1, inf)
    """
    held = as_frequency_counts(counts)
    if method not in get_args(MixtureMethod):
        raise InputError(f"method is {method!r}; it must be one of {', '.join(get_args(MixtureMethod))}.")
    limit = _limit(held, rare)
    need_classes(held, limit, what="a mixture")
    kept = {times: people for times, people in held.counts.items() if times <= limit}
    if not kept:
        raise NotEstimableError(
            f"nobody was seen {limit} times or fewer, so there is nothing to tell how many were missed "
            f"beyond the {held.n_observed:,} seen.",
            bound=lower_bound(held),
        )
    times, people = np.array(list(kept), dtype=float), np.array(list(kept.values()), dtype=float)
    profile = MixtureProfile.of(times, people)
    _certain(held, profile.conditional)
    unseen, mixture, penalty = _fit(held, kept, method, profile)
    _certain(held, mixture)
    rates, weights = _of_everybody(mixture, method)
    loglik = mixture.loglik + penalty if method != "unconditional" else _loglik(times, people, rates, weights)
    params = {"odds": unseen / profile.seen}
    if method == "unconditional" and profile.peak is not None:
        params["loglik_gain"] = profile.peak.loglik - profile.limit
    made = count_estimate(
        held,
        held.n_observed + unseen,
        -1.0,
        method=f"{method} NPMLE",
        assumptions=(*ASSUMPTIONS, ANY_MIXTURE),
        reference=NORRIS_POLLOCK_1998 if method == "unconditional" else WANG_LINDSAY_2005,
        params=params,
    )
    values: dict[str, Any] = {item.name: getattr(made, item.name) for item in fields(made)}
    if method == "unconditional":
        values["reason"] = (
            f"the log-likelihood of a number without limit is lower by only {params['loglik_gain']:.3g}"
        )
    parameters = 2 * rates.size - 1
    return NonparametricCounts(
        **values,
        rates=rates,
        weights=weights,
        rare=int(times[-1]),
        gap=mixture.gap,
        loglik=loglik,
        n_params=parameters,
        df_resid=max(times.size - 1 - parameters, 0),
        _profile=profile,
    )


def _limit(counts: FrequencyCounts, rare: object) -> int:
    if rare is None:
        return counts.times_seen[-1]
    if isinstance(rare, bool) or not isinstance(rare, (int, np.integer)) or rare < 2:
        raise InputError(f"rare is {rare!r}; give a whole number of times seen, at least 2.")
    return min(int(rare), counts.times_seen[-1])


def _fit(
    counts: FrequencyCounts,
    kept: dict[int, int],
    method: MixtureMethod,
    profile: MixtureProfile,
) -> tuple[float, Mixture, float]:
    """Return the people not seen, the mixture, and the penalty that is in its log-likelihood."""
    bound = lower_bound(counts)
    if method == "unconditional":
        if profile.peak is None:
            raise NotEstimableError(
                "the full likelihood of a Poisson mixture grows with the number of people, or is as high for "
                "a number without limit as for any other: these counts set no upper limit. npmle(..., "
                f"method='penalised') is finite; the bias-corrected Chao bound is {bound:,.1f} people.",
                bound=bound,
            )
        return profile.peak.unseen, profile.peak.mixture, 0.0
    if method == "conditional":
        if not np.isfinite(profile.odds):
            raise NotEstimableError(
                "the likelihood of a Poisson mixture, given that people were seen, is highest with people at "
                "a rate of zero, and their number is without limit. npmle(..., method='penalised') is "
                f"finite; the bias-corrected Chao bound is {bound:,.1f} people.",
                bound=bound,
            )
        return profile.seen * profile.odds, profile.conditional, 0.0
    f1, f2 = float(kept.get(1, 0)), float(kept.get(2, 0))
    nearby = f1**2 / (2 * f2) if f2 else f1 * (f1 - 1) / 2
    if nearby == 0:
        raise NotEstimableError(
            "the penalty is taken from Chao's bound, which for these counts is the number seen: with "
            f"{f1:.0f} people seen once the data do not say that anybody was missed.",
            bound=bound,
        )
    data = MixtureData(profile.times, profile.people, truncated=True, odds=nearby / profile.seen)
    mixture = best_mixture(data)
    if mixture.odds > LARGEST_ODDS:
        raise NotEstimableError(
            "the penalised likelihood is highest with more than a million people not seen for each one seen, "
            "which cannot be told from a number without limit: Chao's bound, from which the penalty is "
            f"taken, is {bound:.3g} people.",
            bound=bound,
        )
    return profile.seen * mixture.odds, mixture, data.penalty(mixture.odds)[0]


def _certain(counts: FrequencyCounts, mixture: Mixture) -> None:
    if not mixture.certified:
        raise NotEstimableError(
            "the search for the mixture ended short of its highest likelihood: another could have one higher "
            f"by {mixture.gap:.2g}. The bias-corrected Chao bound is {lower_bound(counts):,.1f} people.",
            bound=lower_bound(counts),
        )


def _of_everybody(mixture: Mixture, method: MixtureMethod) -> tuple[Array, Array]:
    """Return rates and shares of all people; the truncated mixtures have the shares of those seen."""
    if method == "unconditional":
        return mixture.rates, mixture.weights
    weights = mixture.weights * (1 + odds_of(mixture.rates))
    return mixture.rates, weights / weights.sum()


def _loglik(times: Array, people: Array, rates: Array, weights: Array) -> float:
    """Log-likelihood given that people were seen, comparable with that of `truncated_counts`."""
    from scipy.special import gammaln, xlogy

    k = times[:, None]
    terms = xlogy(k, rates) - rates - gammaln(k + 1)
    top = terms.max(axis=1)
    seen = float(weights @ -np.expm1(-rates))
    fitted = top + np.log(np.exp(terms - top[:, None]) @ weights)
    return float((people * fitted).sum() - people.sum() * np.log(seen))
