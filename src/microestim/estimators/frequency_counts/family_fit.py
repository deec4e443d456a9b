"""The search for the maximum of a family's likelihood, and the refusal where there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import NoReturn, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import lower_bound, need_classes
from microestim.estimators.frequency_counts.families import (
    FAMILIES,
    CountFamily,
    FittedFamily,
    truncated_mean,
)
from microestim.estimators.frequency_counts.family_likelihood import FamilyData

__all__ = ["fit_family"]

Array = npt.NDArray[np.float64]

LOWEST_LOG_RATE = -24.0
LOWEST_LOG_MEDIAN = -60.0
# The information is good to some 1e-9 of its largest element.
FLAT = 1e-8
# Logs of rates are looked for up to here where a pooled class sets no limit.
HIGHEST_LOG_RATE = 60.0
# Of the search for a place by secants: the first step, how far it may lead, and when it has arrived: the next
# step would be shorter by some 1e-3 at least.
FIRST_STEP, NEARBY, SETTLED, SECANT_STEPS = 1e-3, 1.0, 1e-11, 9
# Beyond these a family cannot be told from its limits (Poisson; people without number at a rate of zero).
LOG_SHAPES = {"negbin": (-9.0, 9.0), "poisson-lognormal": (-4.0, 2.0)}
SHAPES_TRIED = {"negbin": 37, "poisson-lognormal": 13}


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
    data = FamilyData.of(counts, first, FAMILIES[family])
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


def _maximum(counts: FrequencyCounts, data: FamilyData, family: str) -> Array | None:
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


def _best_location(data: FamilyData, family: str) -> Callable[[float | None], float]:
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


def _best_rate(data: FamilyData, family: str, log_dispersion: float | None) -> float:
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
