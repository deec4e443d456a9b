"""Size of a closed population whose rates of being seen are a mixture of gamma distributions of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.compound_gamma_data import CompoundGammaData
from microestim.estimators.frequency_counts.compound_gamma_odds import (
    PenalisedOdds,
    best_odds,
    nearest_odds,
    unpenalised_odds,
)
from microestim.estimators.frequency_counts.compound_gamma_shape import SHAPES, cross_validation
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    count_estimate,
    lower_bound,
    need_classes,
)
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.mixture_profile import LARGEST_ODDS
from microestim.estimators.frequency_counts.references import WANG_2010
from microestim.estimators.frequency_counts.resampling import bootstrap_interval
from microestim.results import FittedEstimate, Interval, Rng

__all__ = ["CompoundGammaCounts", "poisson_compound_gamma"]

Array = npt.NDArray[np.float64]

GAMMA_MIXTURE = "The rates at which people are seen follow a mixture of gamma distributions of one shape."
# The chance of not being seen at so high a rate is the smallest that a number can hold, with room to spare.
LARGEST_RARE = 300
# Below, the chances of those who were seen no longer change with the shape, and nobody else is ever seen.
LEAST_SHAPE = 0.01


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompoundGammaCounts(FittedEstimate, CountEstimate):
    """A fitted mixture of negative binomial distributions of one shape, and the number that it implies.

    Parameters
    ----------
    alpha : float
        Shape of the gamma distributions of rates; infinite where each is one rate.
    rates, weights : ndarray
        The means of these distributions, times a person, and the shares of all people (seen or not) who are
        of each.
    rare : int
        The most times seen of the people whom the mixture describes; the others were added as they are.
    gap : float
        By how much the penalised log-likelihood of another mixture of this shape could exceed this one's at
        most.
    criteria, sizes : mapping of float to float
        The criterion of cross-validation and the estimated people for each shape that was tried; empty where
        the shape was given.

    Examples
    --------
    >>> fit = poisson_compound_gamma({1: 33, 2: 26, 3: 9, 4: 2})
    >>> fit.alpha, round(fit.sizes[1.0], 1), fit.gap < 1e-5
    (inf, 164.7, True)
    """

    alpha: float
    rates: Array
    weights: Array
    rare: int
    gap: float
    criteria: Mapping[float, float] = field(default_factory=dict)
    sizes: Mapping[float, float] = field(default_factory=dict)

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
        >>> fit = poisson_compound_gamma({1: 33, 2: 26, 3: 9, 4: 2}, alpha="inf")
        >>> round(fit.expected()[1], 1)
        35.5
        """
        last = max(self._described) if largest is None else largest
        if last < 1 or last != int(last):
            raise InputError(f"largest is {largest!r}; give a whole number of times seen, at least 1.")
        people = sum(self._described.values())
        chances = self._chances_of_seen(int(last))
        return {k: people * float(chance) for k, chance in enumerate(chances, start=1)}

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("bootstrap",)

    @property
    def _described(self) -> dict[int, int]:
        return {times: people for times, people in self.counts.counts.items() if times <= self.rare}

    def _chances_of_seen(self, last: int) -> Array:
        data = CompoundGammaData(np.array([1.0]), np.array([2.0]), shape=self.alpha)
        seen = self.weights * -np.expm1(data.log_never(self.rates))
        return np.asarray(data.chances(np.arange(1.0, last + 1), self.rates) @ (seen / seen.sum()))

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        seen, described = float(self.counts.n_observed), sum(self._described.values())
        often, odds = seen - described, self.params["odds"]
        # Those seen more often are no part of what the mixture was fitted to, so none of them is drawn.
        chances = self._chances_of_seen(self.rare)
        chances = np.concatenate(([odds], chances / chances.sum())) / (1 + odds)

        fit = best_odds(*_arrays(self._described), self.alpha, guess=odds)

        def refit(counts: FrequencyCounts) -> float:
            times, people = _arrays(counts.counts)
            _need_repeats(counts, times, people)
            found = nearest_odds(times, people, fit)
            return often + float(people.sum()) * (1 + found.odds)

        return bootstrap_interval(
            chances, float(self.n_hat) - often, seen, refit, level=level, rng=rng, n_resamples=n_resamples
        )

    def _extra_rows(self) -> list[tuple[str, str]]:
        shape = f"{self.alpha:g}" if np.isfinite(self.alpha) else "infinite: Poisson distributions"
        return [*super()._extra_rows(), ("shape", shape)]


def poisson_compound_gamma(
    counts: CountsLike, *, alpha: float | Literal["inf"] | None = None, rare: int = 35
) -> CompoundGammaCounts:
    r"""Estimate a population's size by a penalised mixture of gamma distributions of rates.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen, as counts without an upper limit: occasions, where given, are taken to be
        many.
    alpha : float or "inf", optional
        Shape of the gamma distributions, at least 0.01; infinite for a mixture of Poisson
        distributions. By default it is chosen among 1, 2, ..., 10 and infinity by cross-validation.
    rare : int, default 35
        Describe the people seen at most so often and add the others as they are; between 2 and 300.

    Returns
    -------
    CompoundGammaCounts
        In people; `params` has the ``"odds"`` of not being seen and the ``"unpenalised_odds"``, those of the
        likelihood without the penalty, infinite where its maximum has people at a rate of zero.

    Raises
    ------
    NotEstimableError
        If nobody, or one person only, was seen at most `rare` times; if everybody among them was seen once,
        so that the penalty alone would set the number; if there are two and `alpha` is to be chosen; or if
        more than a million people are missed for each one seen. The error carries Chao's bound.
    InputError
        If the counts or an option do not fit, or a pooled class hides how often people were seen.

    See Also
    --------
    npmle : Mixtures of Poisson distributions, with other penalties, and a lower limit that holds for all.
    chao : The bound that holds for every mixture.

    Notes
    -----
    People are seen by negative binomials of one shape :math:`\alpha` whose means :math:`\lambda` follow any
    distribution: the smaller the shape the smoother the distribution of rates, and the more of it lies near
    zero. With :math:`\pi_k` the shares of those seen, the odds of not being seen are
    :math:`\theta = \sum_k \pi_k / \{(1 + \lambda_k / \alpha)^\alpha - 1\}`, and
    :math:`\hat N = n (1 + \hat\theta)`. What is maximised is :math:`\ell - \log \theta` [1]_, with
    :math:`\ell` the log-likelihood given that people were seen. The likelihood is divided by the odds, as if
    they had the prior density :math:`1 / \theta`; this makes the number finite where the likelihood does not.
    So an estimate whose ``"unpenalised_odds"`` are infinite rests on the penalty. Since the penalised
    likelihood is not concave in the mixture it may have several peaks; `gap` says by how much another could
    be higher at most.

    The shape minimises :math:`\sum_{x \le t} f(x)^2 - 2 \sum_x (n_x / n) f_{-x}(x)`, with f the fitted
    chances of those seen, :math:`f_{-x}` the ones fitted without one person who was seen x times, and t the
    largest class described. The number of people depends on the shape far more than the fit does: compare
    `sizes` and `criteria`.

    The interval has percentiles of estimates from counts drawn from the fit, the shape held. It knows nothing
    of the choice of the shape, nor of people whom the fit does not have, and how often it holds the truth has
    not been measured. There is no standard error.

    Both criteria are those of the program that was published with the method; the paper itself could not be
    read.

    References
    ----------
    .. [1] Wang, J.-P. (2010). Estimating species richness by a Poisson-compound gamma model. Biometrika
       97(3), 727-740. doi:10.1093/biomet/asq026

    Examples
    --------
    >>> geckos = {1: 33, 2: 26, 3: 9, 4: 2}
    >>> poisson_compound_gamma(geckos)
    <Poisson-compound gamma: 98.8 people, 70 seen>
    >>> poisson_compound_gamma(geckos, alpha=10)
    <Poisson-compound gamma: 105 people, 70 seen>
    """
    held = as_frequency_counts(counts)
    given = None if alpha is None else _shape(alpha)
    most = _rare(rare)
    limit = min(most, held.times_seen[-1])
    need_classes(held, limit, what="a mixture")
    times, people = _arrays({k: f for k, f in held.counts.items() if k <= limit})
    _need_repeats(held, times, people)
    fits, criteria = _fits(held, times, people, given)
    fit = fits[0] if given is not None else min(fits, key=lambda each: criteria[each.shape])
    if fit.odds > LARGEST_ODDS:
        raise NotEstimableError(
            "the penalised likelihood is highest with more than a million people not seen for each one seen, "
            "which cannot be told from a number without limit. The bias-corrected Chao bound is "
            f"{lower_bound(held):,.1f} people.",
            bound=lower_bound(held),
        )
    n, seen = float(people.sum()), held.n_observed
    sizes = {each.shape: seen + n * each.odds for each in fits} if given is None else {}
    free = unpenalised_odds(times, people, fit.shape)
    made = count_estimate(
        held,
        seen + n * fit.odds,
        -1.0,
        method="Poisson-compound gamma",
        assumptions=(*ASSUMPTIONS, GAMMA_MIXTURE),
        reference=WANG_2010,
        params={"odds": fit.odds, "unpenalised_odds": free},
    )
    values: dict[str, Any] = {item.name: getattr(made, item.name) for item in fields(made)}
    values["reason"] = _reason(sizes, free)
    data = CompoundGammaData(times, people, shape=fit.shape)
    weights = fit.weights * (1 + data.odds_at(fit.rates))
    # A shape that was chosen is a parameter, too.
    parameters = 2 * fit.rates.size - 1 + (given is None)
    return CompoundGammaCounts(
        **values,
        alpha=fit.shape,
        rates=fit.rates,
        weights=weights / weights.sum(),
        rare=most,
        gap=fit.gap,
        criteria=criteria,
        sizes=sizes,
        loglik=fit.loglik,
        n_params=parameters,
        df_resid=max(times.size - 1 - parameters, 0),
    )


def _shape(alpha: object) -> float:
    if alpha == "inf":
        return float("inf")
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not alpha >= LEAST_SHAPE:
        raise InputError(
            f"alpha is {alpha!r}; give the shape as a number, at least {LEAST_SHAPE}, or 'inf', or leave it "
            "out to have it chosen."
        )
    return float(alpha)


def _rare(rare: object) -> int:
    if isinstance(rare, bool) or not isinstance(rare, (int, np.integer)) or not 2 <= rare <= LARGEST_RARE:
        raise InputError(
            f"rare is {rare!r}; give a whole number of times seen, between 2 and {LARGEST_RARE}: people seen "
            "more often say next to nothing of those who were never seen."
        )
    return int(rare)


def _arrays(counts: Mapping[int, int]) -> tuple[Array, Array]:
    kept = {times: people for times, people in sorted(counts.items()) if people}
    return np.array(list(kept), dtype=float), np.array(list(kept.values()), dtype=float)


def _need_repeats(counts: FrequencyCounts, times: Array, people: Array) -> None:
    """Refuse counts for which the penalised likelihood has no maximum, or only the penalty makes one."""
    if people.sum() > 1 and times[-1] > 1:
        return
    bound = lower_bound(counts)
    if people.sum() <= 1:
        raise NotEstimableError(
            f"{people.sum():.0f} people are described by the mixture, and with fewer than two the penalised "
            f"likelihood grows as their rate does. The bias-corrected Chao bound is {bound:,.1f} people.",
            bound=bound,
        )
    raise NotEstimableError(
        "nobody was seen more than once, so the likelihood grows as the rate falls to zero and the penalty "
        f"alone would set the number of people. The bias-corrected Chao bound is {bound:,.1f} people.",
        bound=bound,
    )


def _fits(
    counts: FrequencyCounts, times: Array, people: Array, given: float | None
) -> tuple[list[PenalisedOdds], dict[float, float]]:
    """Return the fit of each shape, and the criterion of each where there is something to choose."""
    if given is None and people.sum() < 3:
        raise NotEstimableError(
            "with two people there is nobody to leave out, so no shape can be chosen: give alpha.",
            bound=lower_bound(counts),
        )
    fits: list[PenalisedOdds] = []
    for shape in SHAPES if given is None else (given,):
        fit = best_odds(times, people, shape, guess=fits[-1].odds if fits else None)
        if not fit.certified:
            raise NotEstimableError(
                "the search for the mixture ended short of its highest penalised likelihood: another could "
                f"have one higher by {fit.gap:.2g}. The bias-corrected Chao bound is "
                f"{lower_bound(counts):,.1f} people.",
                bound=lower_bound(counts),
            )
        fits.append(fit)
    if given is not None:
        return fits, {}
    return fits, {fit.shape: cross_validation(times, people, fit) for fit in fits}


def _reason(sizes: Mapping[float, float], unpenalised: float) -> str:
    parts = []
    if sizes:
        low, high = min(sizes.values()), max(sizes.values())
        parts.append(f"the shapes that were tried lead to {low:,.0f} to {high:,.0f} people")
    if not np.isfinite(unpenalised):
        parts.append("without the penalty the number is without limit")
    return "; ".join(parts)
