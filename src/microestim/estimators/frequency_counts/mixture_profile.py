"""The full likelihood of a population's size where how often people are seen is any Poisson mixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.mixture_data import MixtureData
from microestim.estimators.frequency_counts.mixtures import Mixture, best_mixture
from microestim.results import normal_quantile

__all__ = ["LARGEST_ODDS", "MixtureProfile", "Peak"]

Array = npt.NDArray[np.float64]

# Odds of not being seen beyond which a number cannot be told from one without limit.
LARGEST_ODDS = 1e6
# Where the conditional likelihood has no finite maximum, peaks are looked for up to these odds.
SEARCHED_ODDS = 1e3
LEAST = 1e-6
# Of the log of a limit: in people, a billionth of those not seen.
ROOT_ERROR = 1e-9


@dataclass(frozen=True)
class Peak:
    """Where the full likelihood has its maximum.

    Parameters
    ----------
    unseen : float
        People not seen.
    loglik : float
        Log-likelihood there.
    mixture : Mixture
        How often people are seen, not seen included.
    """

    unseen: float
    loglik: float
    mixture: Mixture


class MixtureProfile:
    r"""Log-likelihood of the number not seen, the mixture at its best for each number.

    Parameters
    ----------
    times, people : ndarray
        Times seen, ascending, and people.

    Notes
    -----
    For a given number not seen the counts, that number among them, are a sample of an untruncated mixture,
    and the log-likelihood is concave in it. It splits into that of the counts given that people were seen,
    and a binomial one of how many were. The first grows with the odds of not being seen up to those of its
    own maximum and is level from there on: a mass as small as one likes near a rate of zero makes any number
    of people.

    Examples
    --------
    >>> profile = MixtureProfile(np.arange(1.0, 5.0), np.array([43.0, 16.0, 8.0, 6.0]))
    >>> round(profile.peak.unseen)
    146
    """

    def __init__(self, times: Array, people: Array) -> None:
        self.times, self.people = times, people
        self.seen = float(people.sum())
        self.conditional = best_mixture(MixtureData(times, people, truncated=True))
        self._last: Mixture | None = None
        self._limits: dict[float, tuple[float, float]] = {}

    @classmethod
    def of(cls, times: Array, people: Array) -> MixtureProfile:
        """Return the profile of some counts, the same one while it is among the last asked for.

        All methods and their intervals rest on one profile, which is what costs time.

        Parameters
        ----------
        times, people : ndarray
            As for the class.

        Returns
        -------
        MixtureProfile
            Of these counts.
        """
        return _kept(tuple(times.tolist()), tuple(people.tolist()))

    @property
    def certified(self) -> bool:
        """Whether the maximum of the likelihood given that people were seen is certain."""
        return self.conditional.certified

    @property
    def odds(self) -> float:
        """Odds of not being seen from which on that likelihood is level; infinite where it always grows."""
        odds = self.conditional.odds
        return odds if odds < LARGEST_ODDS else np.inf

    @property
    def limit(self) -> float:
        """Log-likelihood of a number without limit: the binomial law of the number seen becomes Poisson."""
        from scipy.special import gammaln

        n = self.seen
        return float(self.conditional.loglik + n * np.log(n) - n - gammaln(n + 1))

    def at(self, unseen: float) -> tuple[float, float, Mixture]:
        """Return log-likelihood, its slope, and the best mixture for a number not seen.

        Parameters
        ----------
        unseen : float
            People, not negative.

        Returns
        -------
        loglik, slope : float
            At that number.
        mixture : Mixture
            Of the untruncated counts; of the truncated ones where the odds are beyond those of its maximum.
        """
        from scipy.special import digamma, gammaln

        size = self.seen + unseen
        ways = float(gammaln(size + 1) - gammaln(unseen + 1) - gammaln(self.seen + 1))
        rise = float(digamma(size + 1) - digamma(unseen + 1))
        if unseen > 0 and unseen >= self.seen * self.odds:
            missed = unseen / size
            split = unseen * np.log(missed) + self.seen * np.log(self.seen / size)
            return (
                self.conditional.loglik + ways + float(split),
                rise + float(np.log(missed)),
                self.conditional,
            )
        if unseen == 0:
            data = MixtureData(self.times, self.people, truncated=False)
            mixture = best_mixture(data)
        else:
            times = np.concatenate(([0.0], self.times))
            data = MixtureData(times, np.concatenate(([unseen], self.people)), truncated=False)
            mixture = best_mixture(data, self._last)
            self._last = mixture
        with np.errstate(divide="ignore"):
            log_missed = float(np.log(mixture.weights @ np.exp(-mixture.rates)))
        return mixture.loglik + ways, rise + log_missed, mixture

    @cached_property
    def peak(self) -> Peak | None:
        """The first maximum at a finite number; None where a number without limit is as likely."""
        from scipy.optimize import brentq

        best = None
        if self.at(0.0)[1] <= 0:
            best = 0.0
        else:
            top = self.seen * min(self.odds, SEARCHED_ODDS)
            near = min(top, self._nearby())

            # Kept, so that the ends of a bracket keep their signs: where they are as small as rounding a
            # second search, from another mixture, may end with the other.
            @cache
            def slope(log_unseen: float) -> float:
                return self.at(float(np.exp(log_unseen)))[1]

            while near > LEAST and slope(float(np.log(near))) <= 0:
                near /= 4
            far, factor = near, 1.3
            while far < top and slope(float(np.log(far))) > 0:
                near, far, factor = far, min(far * factor, top), 1.3 * factor
            if near < far and slope(float(np.log(far))) <= 0 < slope(float(np.log(near))):
                root = brentq(slope, float(np.log(near)), float(np.log(far)), xtol=1e-9)
                best = float(np.exp(root))
            elif near <= LEAST:
                best = near
        if best is None:
            return None
        loglik, _, mixture = self.at(best)
        # What lies so near to the limit is above it in rounding only.
        if loglik - self.limit <= 1e-6 + 1e-12 * abs(self.limit):
            return None
        return Peak(best, loglik, mixture)

    def _nearby(self) -> float:
        """Return a number not seen from which to look for the peak: half of Chao's bound."""
        held = dict(zip(self.times.tolist(), self.people.tolist(), strict=True))
        once, twice = held.get(1.0, 0.0), held.get(2.0, 0.0)
        return max(once**2 / (4 * twice) if twice else 0.05 * self.seen, 1e-3)

    def limits(self, level: float) -> tuple[float, float]:
        """Return the numbers not seen between which the log-likelihood is near its largest.

        Parameters
        ----------
        level : float
            Confidence level; the drop is half the quantile of chi-squared with one degree of freedom.

        Returns
        -------
        low, high : float
            People not seen; `high` is infinite where a number without limit is within the drop.
        """
        if level not in self._limits:
            self._limits[level] = self._find_limits(level)
        return self._limits[level]

    def _find_limits(self, level: float) -> tuple[float, float]:
        peak = self.peak
        # Where the search for each mixture starts must not depend on what was asked before.
        self._last = None if peak is None else peak.mixture
        highest = self.limit if peak is None else max(peak.loglik, self.limit)
        cut = highest - normal_quantile(level) ** 2 / 2

        def above(log_unseen: float) -> float:
            return with_slope(log_unseen)[0]

        def with_slope(log_unseen: float) -> tuple[float, float]:
            unseen = float(np.exp(log_unseen))
            loglik, slope, _ = self.at(unseen)
            return loglik - cut, slope * unseen

        middle = peak.unseen if peak is not None else self.seen * min(self.odds, SEARCHED_ODDS)
        low, high = 0.0, np.inf
        if middle > LEAST and above(np.log(LEAST)) < 0:
            # From the number without limit down, the likelihood may come back above the cut further on only.
            outer = middle
            while above(np.log(outer)) < 0:
                outer *= 4
            low = float(np.exp(_root(with_slope, np.log(LEAST), np.log(outer))))
        if self.limit < cut:
            outer = max(middle, 1.0)
            while above(np.log(outer)) >= 0:
                outer *= 2
            high = float(np.exp(_root(with_slope, np.log(outer), np.log(max(outer / 2, LEAST)))))
        return low, high


@lru_cache(maxsize=8)
def _kept(times: tuple[float, ...], people: tuple[float, ...]) -> MixtureProfile:
    return MixtureProfile(np.array(times), np.array(people))


def _root(function: Callable[[float], tuple[float, float]], below: float, above: float) -> float:
    """Return where a function with a known slope vanishes: Newton's steps, halving where they leave.

    Parameters
    ----------
    function : callable
        Its value and its slope.
    below, above : float
        Where it is negative and where it is not, in any order.

    Returns
    -------
    float
        To 1e-9.
    """
    place, width = above, abs(above - below)
    while True:
        value, slope = function(place)
        if value < 0:
            below = place
        else:
            above = place
        near = place - value / slope if slope else np.nan
        inside = min(below, above) < near < max(below, above)
        # Where the step is no shorter than half the last one, halving is as fast.
        after = near if inside and abs(near - place) < 0.5 * width else (below + above) / 2
        width = abs(after - place)
        if width < ROOT_ERROR or value == 0:
            return place if value == 0 else after
        place = after
