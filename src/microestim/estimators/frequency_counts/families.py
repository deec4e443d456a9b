"""Distributions of how often people are seen, and their fit to counts from which the zero is missing.

Every family is one function, the log of its probabilities, analytic in the parameters; likelihoods and
their derivatives (by a complex step) follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Literal, NoReturn, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import lower_bound, need_classes
from microestim.estimators.frequency_counts.poisson_lognormal import (
    log_lognormal,
    log_lognormal_share,
    lognormal_share_slopes,
    lognormal_slopes,
)

__all__ = [
    "FAMILIES",
    "PARAMETER_NAMES",
    "CountFamily",
    "FittedFamily",
    "Parameters",
    "fit_family",
    "parameter_slopes",
    "share_of",
    "truncated_mean",
]

Array = npt.NDArray[np.float64]
Parameters = npt.NDArray[np.complex128]
LogProbabilities = Callable[[Array, Parameters], npt.NDArray[np.complex128]]

CountFamily = Literal["poisson", "geometric", "negbin", "poisson-lognormal"]
"""Distribution of how often a person is seen."""

STEP = 1e-20
# Second derivatives are central differences of exact first ones: error some step squared, 1e-10.
DIFFERENCE = 1e-5
LOWEST_LOG_RATE = -24.0
LOWEST_LOG_MEDIAN = -60.0
# The information is good to some 1e-9 of its largest element.
FLAT = 1e-8
# 25 terms that fall by a tenth or faster end below the last digit of the first.
SMALL_RATIO, TERMS = 0.1, 25
# A tail that is less than this share of what it is taken from is summed by itself.
LOST = 1e-7
# Logs of rates are looked for up to here where a pooled class sets no limit.
HIGHEST_LOG_RATE = 60.0
# Of the search for a place by secants: the first step, how far it may lead, and when it has arrived: the next
# step would be shorter by some 1e-3 at least.
FIRST_STEP, NEARBY, SETTLED, SECANT_STEPS = 1e-3, 1.0, 1e-11, 9
# Beyond these a family cannot be told from its limits (Poisson; people without number at a rate of zero).
LOG_SHAPES = {"negbin": (-9.0, 9.0), "poisson-lognormal": (-4.0, 2.0)}
SHAPES_TRIED = {"negbin": 37, "poisson-lognormal": 13}


def _poisson(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    from scipy.special import gammaln

    return np.asarray(times * eta[0] - np.exp(eta[0]) - gammaln(times + 1), dtype=complex)


def _geometric(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    return np.asarray(times * eta[0] - (times + 1) * np.log(1 + np.exp(eta[0])), dtype=complex)


def _negbin(times: Array, eta: Parameters) -> npt.NDArray[np.complex128]:
    from scipy.special import gammaln

    spread = np.exp(eta[1])
    rising = _log_rising(complex(spread), int(times.max(initial=0)))[times.astype(int)]
    scale = np.log(1 + spread * np.exp(eta[0]))
    return np.asarray(
        rising + times * eta[0] - (times + 1 / spread) * scale - gammaln(times + 1), dtype=complex
    )


@lru_cache(maxsize=4)
def _log_rising(spread: complex, largest: int) -> npt.NDArray[np.complex128]:
    """Return logs of 1 (1 + s) ... (1 + (k - 1) s) for every k; kept while only the rate changes."""
    # A sum of logs: no difference of large log-gammas, and analytic for the step.
    return np.concatenate(([0j], np.cumsum(np.log(1 + spread * np.arange(largest)))))


FAMILIES: dict[str, LogProbabilities] = {
    "poisson": _poisson,
    "geometric": _geometric,
    "negbin": _negbin,
    "poisson-lognormal": log_lognormal,
}
PARAMETER_NAMES: dict[str, tuple[str, ...]] = {
    "poisson": ("rate",),
    "geometric": ("rate",),
    "negbin": ("rate", "dispersion"),
    "poisson-lognormal": ("median_rate", "sigma"),
}


@dataclass(frozen=True)
class FittedFamily:
    """A family at its maximum, with what a number of people is made from.

    Parameters
    ----------
    family : str
        The distribution.
    eta : ndarray
        Logs of its parameters.
    covariance : ndarray
        Their covariance matrix, from the observed information.
    loglik : float
        Log-likelihood of the people it was fitted to, with all constants.
    modelled : float
        How many people these are.
    """

    family: str
    eta: Array
    covariance: Array
    loglik: float
    modelled: float

    def zero_one(self, eta: Parameters) -> tuple[complex, complex]:
        """Return the chances of being seen never and once.

        Parameters
        ----------
        eta : ndarray of complex
            Logs of the parameters.

        Returns
        -------
        p0, p1 : complex
            Chances.
        """
        p0, p1 = np.exp(FAMILIES[self.family](np.array([0.0, 1.0]), eta))
        return complex(p0), complex(p1)

    @property
    def chances(self) -> tuple[float, float]:
        """Fitted chances of being seen never and once."""
        p0, p1 = self.zero_one(self.eta.astype(complex))
        return p0.real, p1.real

    def at_least(self, times: int, eta: Parameters | None = None) -> complex:
        """Return the chance of being seen so many times or more, without loss of digits where it is small.

        Parameters
        ----------
        times : int
            At least 1.
        eta : ndarray of complex, optional
            Logs of the parameters; the fitted ones when None.

        Returns
        -------
        complex
            Chance.
        """
        return share_of(FAMILIES[self.family], times, self.eta.astype(complex) if eta is None else eta)

    @property
    def params(self) -> dict[str, float]:
        """The parameters by name."""
        named = zip(PARAMETER_NAMES[self.family], self.eta, strict=True)
        return {name: float(np.exp(value)) for name, value in named}

    def variance_of(self, size: Callable[[Parameters], complex]) -> float:
        """Return the part of an estimate's variance that comes from the parameters.

        Parameters
        ----------
        size : callable
            The estimate as a function of the logs of the parameters.

        Returns
        -------
        float
            Variance by the delta method.
        """
        slope = parameter_slopes(size, self.eta)
        return float(slope @ self.covariance @ slope)


def fit_family(
    counts: FrequencyCounts, family: str, first: int, *, poisson_limit: bool = False
) -> FittedFamily:
    """Fit a family to the people seen `first` times or more, by maximum likelihood.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts; a pooled last class enters by its chance.
    family : str
        One of `FAMILIES`.
    first : {1, 2}
        Least number of times of the people modelled.
    poisson_limit : bool, default False
        Return the Poisson fit where the likelihood of the family is largest at that limit, instead of
        refusing it.

    Returns
    -------
    FittedFamily
        At the maximum.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum inside; the error carries the bound that exists.
    InputError
        If the family is unknown, or everybody is in the pooled class.

    Examples
    --------
    >>> fit_family(FrequencyCounts({1: 6, 2: 3, 3: 1}), "geometric", 1).params
    {'rate': 0.5}
    """
    if family not in get_args(CountFamily):
        raise InputError(f"family is {family!r}; it must be one of {', '.join(get_args(CountFamily))}.")
    need_classes(counts, 1, what="a fitted distribution")
    fit = _fitted(counts, family, first)
    if isinstance(fit, NotEstimableError):
        raise NotEstimableError(fit.reason, bound=fit.bound)
    if fit is None:
        if poisson_limit:
            return fit_family(counts, "poisson", first)
        _refuse_limit(family, lower_bound(counts), runs_away=False)
    return fit


@lru_cache(maxsize=16)
def _fitted(counts: FrequencyCounts, family: str, first: int) -> FittedFamily | NotEstimableError | None:
    """Return the fit, why there is none, or None at the Poisson limit.

    All readings of one-inflation share a fit.
    """
    try:
        return _fit(counts, family, first)
    except NotEstimableError as refused:
        return NotEstimableError(refused.reason, bound=refused.bound)


def _fit(counts: FrequencyCounts, family: str, first: int) -> FittedFamily | None:
    data = _Data.of(counts, first, FAMILIES[family])
    eta = _maximum(counts, data, family)
    if eta is None:
        return None
    information = data.information(eta)
    # A flat likelihood has no curvature to invert: the maximum is one in rounding only.
    lowest = LOWEST_LOG_MEDIAN if family == "poisson-lognormal" else LOWEST_LOG_RATE
    if (
        not lowest < eta[0] < HIGHEST_LOG_RATE
        or np.linalg.eigvalsh(information)[0] <= FLAT * np.abs(information).max()
    ):
        raise NotEstimableError(
            f"the likelihood of the {family} distribution is flat at its maximum, so these counts do not fix "
            f"its parameters. The bias-corrected Chao bound is {lower_bound(counts):,.1f} people.",
            bound=lower_bound(counts),
        )
    loglik = data.loglik(eta.astype(complex)).real
    covariance = np.linalg.inv(information)
    # The fit is kept, and given to whoever asks again.
    for kept in (eta, covariance):
        kept.flags.writeable = False
    return FittedFamily(family, eta, covariance, loglik, data.total)


@dataclass(frozen=True)
class _Data:
    """Classes from `first` on, the people in them, and the family that they are fitted with.

    The people of a pooled class stand apart, with the least number of times that they were seen.
    """

    times: Array
    people: Array
    first: int
    log_p: LogProbabilities
    pooled: float = 0.0
    pooled_from: int = 0

    @classmethod
    def of(cls, counts: FrequencyCounts, first: int, log_p: LogProbabilities) -> _Data:
        held = [(k, f) for k, f in counts.counts.items() if k >= first]
        pooled = held.pop() if counts.last_is_pooled else (0, 0)
        return cls(
            np.array([k for k, _ in held], dtype=float),
            np.array([f for _, f in held], dtype=float),
            first,
            log_p,
            float(pooled[1]),
            pooled[0],
        )

    @property
    def total(self) -> float:
        return float(self.people.sum()) + self.pooled

    @property
    def mean(self) -> float:
        """Times a person, of those in the pooled class the least that they may have been seen."""
        return (float((self.times * self.people).sum()) + self.pooled * self.pooled_from) / self.total

    def loglik(self, eta: Parameters) -> complex:
        kept = (self.people * self.log_p(self.times, eta)).sum()
        share = self.share(eta)
        if self.pooled:
            kept += self.pooled * self.log_tail(eta, share)
        return complex(kept - self.total * np.log(share))

    def log_tail(self, eta: Parameters, share: complex) -> complex:
        """Log of the chance of the pooled class."""
        if self.log_p is log_lognormal:
            return log_lognormal_share(self.pooled_from, eta)
        below = np.arange(self.first, self.pooled_from, dtype=float)
        rest = complex(share - np.exp(self.log_p(below, eta)).sum())
        if rest.real > LOST * share.real:
            return complex(np.log(rest))
        # So small a rest has lost its digits; it falls so fast that a few times the class itself is enough.
        logs = self.log_p(np.arange(self.pooled_from, 5 * self.pooled_from + 200, dtype=float), eta)
        top = float(logs.real.max())
        return complex(top + np.log(np.exp(logs - top).sum()))

    def share(self, eta: Parameters) -> complex:
        """Chance of being seen `first` times or more."""
        return share_of(self.log_p, self.first, eta)

    def slope(self, eta: Array, place: int) -> float:
        """Return the derivative of the log-likelihood by one of the parameters."""
        if self.log_p is log_lognormal:
            kept = self.people @ lognormal_slopes(self.times, eta)[place]
            if self.pooled:
                kept += self.pooled * lognormal_share_slopes(self.pooled_from, eta)[place]
            return float(kept - self.total * lognormal_share_slopes(self.first, eta)[place])
        shifted = eta.astype(complex)
        shifted[place] += STEP * 1j
        return self.loglik(shifted).imag / STEP

    def score(self, eta: Array) -> Array:
        return parameter_slopes(self.loglik, eta)

    def information(self, eta: Array) -> Array:
        rows = []
        for place in range(len(eta)):
            shift = np.zeros(len(eta))
            shift[place] = DIFFERENCE
            rows.append((self.score(eta - shift) - self.score(eta + shift)) / (2 * DIFFERENCE))
        matrix = np.array(rows)
        return (matrix + matrix.T) / 2


def share_of(log_p: LogProbabilities, first: int, eta: Parameters) -> complex:
    """Return the chance of being seen `first` times or more, exact where it is small, too.

    Parameters
    ----------
    log_p : callable
        One of the values of `FAMILIES`.
    first : int
        Least number of times, at least 1.
    eta : ndarray of complex
        Logs of the parameters.

    Returns
    -------
    complex
        Chance.

    Examples
    --------
    >>> float(share_of(FAMILIES["geometric"], 2, np.log([1e-12 + 0j])).real)
    1e-24
    """
    if log_p is log_lognormal:
        return complex(np.exp(log_lognormal_share(first, eta)))
    ratio = np.exp(eta[0].real) * (1 + (np.exp(eta[1].real) if len(eta) > 1 else 1.0))
    if ratio < SMALL_RATIO:
        # One minus nearly one would lose its digits; the terms fall by the ratio, so few of them do.
        upward = np.arange(first, first + TERMS, dtype=float)
        return complex(np.exp(log_p(upward, eta)).sum())
    return complex(1 - np.exp(log_p(np.arange(first, dtype=float), eta)).sum())


def parameter_slopes(function: Callable[[Parameters], complex], eta: Array) -> Array:
    """Return the derivatives of a function of the parameters, by a complex step.

    Parameters
    ----------
    function : callable
        Analytic in its argument.
    eta : ndarray
        Where to differentiate.

    Returns
    -------
    ndarray
        One derivative a parameter.

    Examples
    --------
    >>> parameter_slopes(lambda eta: complex(eta[0] ** 3), np.array([2.0]))
    array([12.])
    """
    slopes = np.empty(len(eta))
    for place in range(len(eta)):
        shifted = eta.astype(complex)
        shifted[place] += STEP * 1j
        slopes[place] = function(shifted).imag / STEP
    return slopes


def _maximum(counts: FrequencyCounts, data: _Data, family: str) -> Array | None:
    """Return where the likelihood is largest; None where that is at the Poisson limit of the family."""
    bound = lower_bound(counts)
    if data.total == 0 or (not data.pooled and data.times[-1] == data.first):
        word = {1: "once", 2: "twice"}[data.first]
        raise NotEstimableError(
            f"nobody was seen more than {word}, so the likelihood grows as the rate falls to zero and the "
            f"number of people is without limit. The bias-corrected Chao bound is {bound:,.1f} people.",
            bound=bound,
        )
    if not data.times.size:
        raise NotEstimableError(
            f"all {data.total:,.0f} people who are modelled stand in the class of those seen "
            f"{data.pooled_from} times or more, so nothing keeps the rate from growing without end. The "
            f"bias-corrected Chao bound is {bound:,.1f} people.",
            bound=bound,
        )
    if data.pooled and family in LOG_SHAPES and data.pooled_from < data.first + 2:
        raise NotEstimableError(
            f"with a class of those seen {data.pooled_from} times or more the {family} distribution has two "
            "parameters for one ratio of people, so these counts do not fix them. The bias-corrected Chao "
            f"bound is {bound:,.1f} people.",
            bound=bound,
        )
    best_rate: Callable[[float | None], float] = partial(_best_rate, data, family)
    if data.pooled or family == "poisson-lognormal":
        best_rate = _best_location(data, family)
    if family not in LOG_SHAPES:
        return np.array([best_rate(None)])

    # Kept, so that what was seen to turn on the grid turns for the root finder too: near the Poisson limit
    # the score is as small as the rounding of the rate that it is taken at.
    @cache
    def profile_score(log_shape: float) -> float:
        return data.slope(np.array([best_rate(log_shape), log_shape]), 1)

    from scipy.optimize import brentq

    grid = np.linspace(*LOG_SHAPES[family], SHAPES_TRIED[family])
    scores = np.array([profile_score(value) for value in grid])
    turns = np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0))
    if not turns.size:
        if scores[len(scores) // 2] > 0 or scores[-1] > 0:
            _refuse_limit(family, bound, runs_away=True)
        return None
    peaks = [float(brentq(profile_score, grid[i], grid[i + 1], xtol=1e-13, rtol=1e-14)) for i in turns]
    fits = [np.array([best_rate(peak), peak]) for peak in peaks]
    best = max(fits, key=lambda eta: data.loglik(eta.astype(complex)).real)
    if scores[-1] > 0:
        end = np.array([best_rate(grid[-1]), grid[-1]], dtype=complex)
        if data.loglik(end).real > data.loglik(best.astype(complex)).real:
            _refuse_limit(family, bound, runs_away=True)
    return best


def _refuse_limit(family: str, bound: float, *, runs_away: bool) -> NoReturn:
    """Refuse a likelihood whose maximum lies at one of the family's limits."""
    shape = {"negbin": "dispersion", "poisson-lognormal": "sigma"}[family]
    name = {"negbin": "negative binomial", "poisson-lognormal": "Poisson-lognormal distribution"}[family]
    if runs_away:
        raise NotEstimableError(
            f"the likelihood of the {name} grows without end as its {shape} does, so the rate falls to zero "
            "and the number of people runs to infinity: these counts set no upper limit for it. The "
            f"bias-corrected Chao bound is {bound:,.1f} people.",
            bound=bound,
        )
    raise NotEstimableError(
        f"the counts vary less than a {name} can: its likelihood is largest at the Poisson limit, where the "
        f"{shape} is zero. Use family='poisson'.",
        bound=bound,
    )


def _best_location(data: _Data, family: str) -> Callable[[float | None], float]:
    """Return the function from the log of the shape to the log rate (or median) where its score vanishes."""
    from scipy.optimize import brentq

    lowest = LOWEST_LOG_MEDIAN if family == "poisson-lognormal" else LOWEST_LOG_RATE
    found = {"last": float(np.log(data.mean))}
    seen: list[tuple[float, float]] = []
    highest = HIGHEST_LOG_RATE if data.pooled else float(np.log(data.times[-1])) + 1.0

    def best(log_shape: float | None) -> float:
        shape = [] if log_shape is None else [log_shape]

        def score(center: float) -> float:
            return data.slope(np.array([center, *shape]), 0)

        if len(seen) == 2 and log_shape is not None and seen[0][0] != seen[1][0]:
            # On the line through the last two places it is a few steps away.
            (one, at_one), (two, at_two) = seen
            guess = at_two + (log_shape - two) * (at_two - at_one) / (two - one)
            place = _secant(score, guess, lowest, highest)
            if place is not None:
                return place
        # From one shape to the next the place moves little.
        low = high = found["last"]
        reach = 0.1
        while low > lowest and score(low) <= 0:
            low, high, reach = max(low - reach, lowest), low, 2 * reach
        if low <= lowest and score(low) <= 0:
            return lowest
        reach = 0.1
        while high < highest and score(high) > 0:
            low, high, reach = high, min(high + reach, highest), 2 * reach
        if high >= highest and score(high) > 0:
            return highest
        if low < high:
            found["last"] = float(brentq(score, low, high, xtol=1e-13, rtol=1e-14))
        return found["last"]

    def followed(log_shape: float | None) -> float:
        place = best(log_shape)
        if log_shape is not None and lowest < place < highest:
            found["last"] = place
            seen[:] = [*seen[-1:], (log_shape, place)]
        return place

    return followed


def _secant(score: Callable[[float], float], start: float, lowest: float, highest: float) -> float | None:
    """Return a zero next to the start at which the score falls; None where a few steps do not find it."""
    last, place = start, start + FIRST_STEP
    if not lowest < last < highest:
        return None
    at_last = score(last)
    for _ in range(SECANT_STEPS):
        if not lowest < place < highest:
            return None
        at_place = score(place)
        if at_place == 0:
            return place
        slope = (at_place - at_last) / (place - last)
        if not slope < 0:
            return None
        step = -at_place / slope
        if abs(step) > NEARBY:
            return None
        last, at_last, place = place, at_place, place + step
        if abs(step) < SETTLED * max(1.0, abs(place)):
            return place
    return None


def _best_rate(data: _Data, family: str, log_dispersion: float | None) -> float:
    """Return the log rate at which the score vanishes: the mean above the cut equals that of the data."""
    from scipy.optimize import brentq

    if log_dispersion is None:
        dispersion = 0.0 if family == "poisson" else 1.0
    else:
        dispersion = float(np.exp(log_dispersion))
    mean = data.mean

    def excess(log_rate: float) -> float:
        return mean - truncated_mean(float(np.exp(log_rate)), dispersion, data.first)

    # The rate is at most the mean of the classes, so at most the last of them.
    largest = float(np.log(data.times[-1])) + 1.0
    if excess(LOWEST_LOG_RATE) <= 0:
        return LOWEST_LOG_RATE
    return float(brentq(excess, LOWEST_LOG_RATE, largest, xtol=1e-14, rtol=1e-15))


def truncated_mean(rate: float, dispersion: float, first: int) -> float:
    """Return how often people are seen on average who are seen `first` times or more.

    Parameters
    ----------
    rate : float
        Mean of all people, zero included.
    dispersion : float
        That of the negative binomial; 0 for the Poisson, 1 for the geometric distribution.
    first : {1, 2}
        Least number of times.

    Returns
    -------
    float
        Times a person.

    Examples
    --------
    >>> round(truncated_mean(1.0, 1.0, 2), 12)
    3.0
    """
    scale = 1 + dispersion * rate
    if rate * (1 + dispersion) < SMALL_RATIO:
        times = np.arange(first, first + TERMS, dtype=float)
        steps = rate * (1 + dispersion * times[:-1]) / (times[1:] * scale)
        terms = np.concatenate(([1.0], np.cumprod(steps)))
        return float((times * terms).sum() / terms.sum())
    log_never = -rate if dispersion == 0 else -np.log1p(dispersion * rate) / dispersion
    if first == 1:
        return float(-rate / np.expm1(log_never))
    once = rate / scale * np.exp(log_never)
    return float((rate - once) / (-np.expm1(log_never) - once))
