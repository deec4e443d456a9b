r"""The penalised maximum of a compound gamma model: every one of its peaks looked at, and the highest proven.

The log-likelihood given that people were seen, l(Q), is concave in the mixing distribution Q, and the odds of
not being seen, :math:`\theta(Q)`, are linear in it; but :math:`l - \log \theta` is not concave and may have
several peaks. Write L for the largest l at given odds. With probabilities divided by
:math:`1 - f(0) + \rho f(0)` instead of :math:`1 - f(0)` the mixture is an ordinary one, without penalty; its
maximum A gives a point of L, and for all odds the bound :math:`L(\theta) \le A + n \log(1 + \rho\theta)`,
which touches there. Two neighbours bound everything between them in closed form; where the bound is above the
best value that was found, another is put between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.compound_gamma_data import CompoundGammaData
from microestim.estimators.frequency_counts.mixture_profile import LARGEST_ODDS
from microestim.estimators.frequency_counts.mixtures import Mixture, best_mixture

__all__ = ["PenalisedOdds", "best_odds", "nearest_odds", "unpenalised_odds"]

Array = npt.NDArray[np.float64]

# Of the log-likelihood: no peak that was not looked at is higher by more.
TOLERANCE = 1e-6
# Below this the highest peak is among the places; its last digits are looked for then.
COARSE = 1.0
# Of the log of the odds; the mixtures themselves are exact to rounding.
SETTLED, NEARLY = 1e-10, 1e-7
ROUNDING = 1e-12
SECANTS, PLACES = 25, 400


@dataclass(frozen=True)
class PenalisedOdds:
    r"""A mixture that is the best one at its own odds of not being seen.

    Parameters
    ----------
    shape : float
        Shape of the gamma distributions.
    unseen : float
        The weight :math:`\rho` that led to it.
    rates, weights : ndarray
        Means of the mixed distributions, and the shares of those seen who have them.
    odds : float
        Of not being seen; infinite with mass at a mean of zero.
    loglik : float
        Given that people were seen.
    ceiling : float
        What no mixture's log-likelihood exceeds, less :math:`n \log(1 + \rho\theta)` at its own odds.
    mixture : Mixture
        The ordinary mixture that it was made from.
    gap : float
        By how much the penalised log-likelihood of another mixture could exceed this one's at most.
    certified : bool
        Whether `gap` is as small as was asked, or as rounding allows.
    beside : tuple of PenalisedOdds
        All places that were looked at on the way, this one among them, from low odds to high ones.
    """

    shape: float
    unseen: float
    rates: Array
    weights: Array
    odds: float
    loglik: float
    ceiling: float
    mixture: Mixture
    gap: float = np.inf
    certified: bool = False
    beside: tuple[PenalisedOdds, ...] = ()

    @property
    def value(self) -> float:
        """Penalised log-likelihood."""
        return self.loglik - float(np.log(self.odds)) if self.odds < np.inf else -np.inf


class _Search:
    """Places on the curve of the log-likelihood by the odds, from low odds to high ones."""

    def __init__(self, times: Array, people: Array, shape: float) -> None:
        self.times, self.people, self.shape = times, people, shape
        self.total = float(people.sum())

    def data(self, unseen: float) -> CompoundGammaData:
        return CompoundGammaData(self.times, self.people, shape=self.shape, unseen=unseen)

    def at(self, unseen: float, start: Mixture | None = None) -> PenalisedOdds:
        """Return the place to which a weight of the chance of not being seen leads."""
        data = self.data(unseen)
        mixture = best_mixture(data, start)
        each = data.odds_at(mixture.rates)
        weights = mixture.weights / (1 + unseen * each) if unseen > 0 else mixture.weights
        weights = weights / weights.sum()
        odds = float(weights @ each)
        more = self.total * float(np.log1p(unseen * odds)) if unseen > 0 else 0.0
        return PenalisedOdds(
            self.shape,
            unseen,
            mixture.rates,
            weights,
            odds,
            mixture.loglik + more,
            mixture.loglik + mixture.gap,
            mixture,
        )

    def target(self, odds: float) -> float:
        """Return the weight that belongs to odds where the penalised likelihood is level."""
        return 1 / ((self.total - 1) * odds)

    def tilt(self, place: PenalisedOdds) -> float:
        """Positive where the penalised likelihood grows with the odds, zero at a peak."""
        if place.unseen == 0:
            return -np.inf
        return float(np.log(place.unseen) - np.log(self.target(place.odds)))

    def highest_weight(self) -> float:
        """Return a weight below whose odds there is no peak.

        With a mean at or above the largest class one point is the best mixture for its odds, and the
        penalised likelihood falls with that mean from the times seen over one person less on.
        """
        mean = max(float(self.times.max()), float(self.times @ self.people) / (self.total - 1))
        return self.target(float(self.data(0.0).odds_at(np.array([mean]))[0]))

    def between(self, low: PenalisedOdds, high: PenalisedOdds) -> tuple[float, float]:
        """Return a bound for all odds between those of two places, and the odds where it is reached."""
        rise = float(np.expm1((high.ceiling - low.ceiling) / self.total))
        apart = low.unseen - (1 + rise) * high.unseen
        odds = rise / apart if apart > 0 else low.odds
        if not low.odds <= odds <= high.odds:
            # They lie so close together that rounding decides.
            odds = low.odds
        bound = low.ceiling + self.total * float(np.log1p(low.unseen * odds)) - float(np.log(odds))
        return max(bound, low.value), odds

    def peak(self, near: PenalisedOdds, other: PenalisedOdds) -> PenalisedOdds:
        """Return the peak between two places on either side of it."""
        from scipy.optimize import brentq

        found = {float(np.log(place.unseen)): place for place in (near, other)}

        def tilt(log_weight: float) -> float:
            if log_weight not in found:
                found[log_weight] = self.at(float(np.exp(log_weight)), near.mixture)
            return self.tilt(found[log_weight])

        first, second = found
        root = float(brentq(tilt, first, second, xtol=SETTLED, rtol=1e-15))
        tilt(root)
        return min(found.values(), key=lambda place: abs(self.tilt(place)))


def best_odds(
    times: Array, people: Array, shape: float, *, guess: float | None = None, tolerance: float = TOLERANCE
) -> PenalisedOdds:
    """Find the mixture with the highest penalised likelihood of all.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen and people; two people at least.
    shape : float
        Shape of the gamma distributions.
    guess : float, optional
        Odds near which the peak may be.
    tolerance : float
        By how much a peak that is not found may be higher at most, in the log-likelihood.

    Returns
    -------
    PenalisedOdds
        The highest peak; `gap` proves that it is.

    Examples
    --------
    >>> found = best_odds(np.arange(1.0, 5.0), np.array([33.0, 26.0, 9.0, 2.0]), np.inf)
    >>> round(70 * (1 + found.odds), 1), found.gap < 1e-5
    (98.8, True)
    """
    search = _Search(times, people, shape)
    last = search.at(0.0)
    highest = search.highest_weight()
    first = min(search.target(guess or min(last.odds, 1.0)), highest / 2)
    middle = search.at(first)
    places = [search.at(highest), middle, last]
    settled: set[float] = set()
    while True:
        best = max(range(len(places)), key=lambda at: places[at].value)
        # What rounding alone puts above a peak whose last digits were looked for is no better.
        level = places[best].value - ROUNDING * (1 + abs(places[best].value))
        peaks = [at for at, place in enumerate(places) if place.unseen in settled and place.value >= level]
        best = max(peaks, key=lambda at: places[at].value, default=best)
        bounds = [search.between(low, high) for low, high in pairwise(places)]
        widest = max(range(len(bounds)), key=lambda at: bounds[at][0])
        gap = max(bounds[widest][0] - places[best].value, 0.0)
        enough = tolerance + ROUNDING * (search.total + abs(places[best].value))
        if len(places) > PLACES or (gap <= enough and places[best].unseen in settled):
            return replace(places[best], gap=gap, certified=gap <= enough, beside=tuple(places))
        if gap <= max(enough, COARSE) and places[best].unseen not in settled:
            # A root finder brings the number to its last digits.
            tilt = search.tilt(places[best])
            beside = best + 1 if tilt > 0 else best - 1
            if tilt == 0 or beside < 0:
                settled.add(places[best].unseen)
                continue
            if search.tilt(places[beside]) * tilt < 0 < min(places[best].unseen, places[beside].unseen):
                found = search.peak(places[best], places[beside])
                settled.add(found.unseen)
                if found.unseen != places[best].unseen:
                    places.insert(max(best, beside), found)
                continue
            widest = min(best, beside)
        low, high = places[widest], places[widest + 1]
        weight = search.target(bounds[widest][1])
        if not 1.01 * high.unseen < weight < low.unseen / 1.01:
            weight = float(np.sqrt(low.unseen * high.unseen)) if high.unseen > 0 else low.unseen / 100
        places.insert(widest + 1, search.at(weight, low.mixture))


def nearest_odds(times: Array, people: Array, near: PenalisedOdds) -> PenalisedOdds:
    """Find the peak of the penalised likelihood next to one that was found for nearly the same counts.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen and people; two people at least.
    near : PenalisedOdds
        The peak for the other counts, as `best_odds` found it.

    Returns
    -------
    PenalisedOdds
        The peak; what `best_odds` gives where the places that it looked at for the other counts make more
        than one peak for these, or where the steps lead to none that is as high as where they start. Its
        `gap` is infinite where nothing is proven.
    """
    search = _Search(times, people, near.shape)
    data = search.data(0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.array(
            [
                people @ np.log(data.chances(times, place.rates) @ place.weights) - np.log(place.odds)
                for place in near.beside
            ]
        )
    rising = np.diff(heights[np.isfinite(heights)]) > ROUNDING * (1 + abs(near.value))
    if (~rising[:-1] & rising[1:]).any():
        return best_odds(times, people, near.shape, guess=near.odds)
    weight, start = search.target(near.odds), near.mixture
    log_odds = float(np.log(near.odds))
    before: tuple[float, float] | None = None
    for _ in range(SECANTS):
        place = search.at(weight, start)
        tilt, log_weight, start = search.tilt(place), float(np.log(weight)), place.mixture
        if abs(tilt) < NEARLY:
            fitted = data.chances(times, near.rates) @ near.weights
            with np.errstate(divide="ignore"):
                least = float(people @ np.log(fitted)) - log_odds
            # Sums of the same logs, in another order.
            if place.value >= least - ROUNDING * (1 + abs(least)):
                return place
            break
        step = -tilt
        if before is not None and before[1] != tilt:
            secant = -tilt * (log_weight - before[0]) / (tilt - before[1])
            # The tilt falls with the weight at a trough only.
            step = secant if secant * tilt < 0 and abs(secant) < 5 * abs(tilt) else step
        before = (log_weight, tilt)
        weight = float(np.exp(log_weight + step))
    return best_odds(times, people, near.shape)


def unpenalised_odds(times: Array, people: Array, shape: float) -> float:
    """Return the odds of not being seen where the likelihood itself is highest.

    Parameters
    ----------
    times, people : ndarray, shape (classes,)
        Times seen and people.
    shape : float
        Shape of the gamma distributions.

    Returns
    -------
    float
        Odds; infinite where there is mass at a mean of zero, or at one that cannot be told from it.

    Examples
    --------
    >>> unpenalised_odds(np.array([1.0, 2.0]), np.array([6.0, 4.0]), 1.0)
    2.5
    """
    odds = _Search(times, people, shape).at(0.0).odds
    return odds if odds < LARGEST_ODDS else np.inf
