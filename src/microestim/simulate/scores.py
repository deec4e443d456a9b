"""How good a posterior was, once the truth is known: coverage, interval score, CRPS, bias."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.results.posterior import credible_interval

__all__ = ["IntervalScore", "Scores", "crps", "interval_score", "score_draws"]

LEVELS = (0.50, 0.80, 0.90, 0.95)


class IntervalScore(TypedDict):
    """How one interval did: limits, whether it holds the truth, width and score.

    `width`, `score` are in the unit of the draws, `log_width`, `log_score` are those of the interval of
    the logarithms; None where a limit is 0.
    """

    level: float
    low: float
    high: float
    covered: bool
    width: float
    score: float
    log_width: float | None
    log_score: float | None


class Scores(TypedDict):
    """How draws of a size did against the truth.

    `log_bias` is the log of median over truth. `log_*` are None where the truth or a draw is 0.
    """

    truth: float
    median: float
    crps: float
    log_bias: float | None
    log_crps: float | None
    intervals: list[IntervalScore]


def crps(draws: npt.ArrayLike, truth: float) -> float:
    r"""Continuous ranked probability score of draws; the smaller, the better.

    Parameters
    ----------
    draws : array_like
        Draws from the predicted distribution, of any shape.
    truth : float
        The true value, in the unit of the draws.

    Returns
    -------
    float
        The score, in the unit of the draws: for draws that are all alike, their distance from the truth.

    Raises
    ------
    InputError
        There are no draws, or one of them or the truth is not finite.

    Notes
    -----
    :math:`\mathrm{E}|X - y| - \tfrac12 \mathrm{E}|X - X'|`, both means over the draws (Gneiting and
    Raftery 2007, doi:10.1198/016214506000001437), from the sorted draws at the cost of sorting them.

    Examples
    --------
    >>> crps([1.0, 3.0], 2.0)
    0.5
    """
    x = _checked(draws, truth)
    x.sort()
    n = len(x)
    # Mean absolute difference of all pairs, from ranks.
    spread = 2.0 * float(np.sum((2 * np.arange(1, n + 1) - n - 1) * x)) / n**2
    return float(np.mean(np.abs(x - truth))) - spread / 2.0


def interval_score(low: float, high: float, truth: float, *, level: float) -> float:
    r"""Score of an interval: its width, and a penalty for missing the truth; the smaller, the better.

    Parameters
    ----------
    low, high : float
        Limits of the interval.
    truth : float
        The true value, in the same unit.
    level : float
        Its level, between 0 and 1.

    Returns
    -------
    float
        The score, in the same unit.

    Raises
    ------
    InputError
        The level is not between 0 and 1, or `high` is below `low`.

    Notes
    -----
    :math:`(u - l) + \tfrac{2}{\alpha} (l - y)_+ + \tfrac{2}{\alpha} (y - u)_+` with
    :math:`\alpha = 1 - \mathrm{level}` (Gneiting and Raftery 2007, doi:10.1198/016214506000001437). Its
    expectation is smallest for the true equal-tailed interval.

    Examples
    --------
    >>> interval_score(90, 110, 100, level=0.9)
    20
    >>> round(interval_score(90, 110, 111, level=0.9), 9)
    40.0
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level}; use a number between 0 and 1")
    if not low <= high:
        raise InputError(f"the interval from {low} to {high} has its limits in the wrong order")
    missed = max(low - truth, 0) + max(truth - high, 0)
    return high - low + (2 / (1 - level) * missed if missed else 0)


def score_draws(draws: npt.ArrayLike, truth: float, *, levels: Sequence[float] = LEVELS) -> Scores:
    """Score draws of a size against the truth.

    Parameters
    ----------
    draws : array_like
        Draws, of any shape; none below 0.
    truth : float
        The true size, at least 0.
    levels : sequence of float, default: (0.5, 0.8, 0.9, 0.95)
        Levels of equal-tailed intervals.

    Returns
    -------
    Scores
        Coverage, width and interval score at each level; median, bias of the log median and CRPS; on the
        scale of the draws, and on that of their logarithms, on which sizes of unlike worlds compare.

    Raises
    ------
    InputError
        There are no draws, or one of them or the truth is below 0 or not finite.

    Examples
    --------
    >>> scores = score_draws([80, 100, 125], 100)
    >>> scores["log_bias"], scores["intervals"][0]["covered"]
    (0.0, True)
    """
    x = _checked(draws, truth)
    if x.min() < 0 or truth < 0:
        raise InputError("sizes are at least 0; a draw or the truth is below")
    logs = np.log(x) if x.min() > 0 and truth > 0 else None
    log_truth = math.log(truth) if truth > 0 else math.nan
    intervals: list[IntervalScore] = []
    for level in levels:
        low, high = (float(limit) for limit in credible_interval(x, level)[:2])
        log_width = log_score = None
        if logs is not None:
            log_low, log_high = (float(limit) for limit in credible_interval(logs, level)[:2])
            log_width = log_high - log_low
            log_score = interval_score(log_low, log_high, log_truth, level=level)
        intervals.append(
            {
                "level": level,
                "low": low,
                "high": high,
                "covered": low <= truth <= high,
                "width": high - low,
                "score": interval_score(low, high, truth, level=level),
                "log_width": log_width,
                "log_score": log_score,
            }
        )
    median = float(np.median(x))
    return {
        "truth": float(truth),
        "median": median,
        "crps": crps(x, truth),
        "log_bias": None if logs is None else math.log(median) - log_truth,
        "log_crps": None if logs is None else crps(logs, log_truth),
        "intervals": intervals,
    }


def _checked(draws: npt.ArrayLike, truth: float) -> npt.NDArray[np.float64]:
    x = np.array(draws, float).ravel()
    if not len(x):
        raise InputError("there are no draws to score")
    if not (np.isfinite(x).all() and math.isfinite(truth)):
        raise InputError("a draw, or the truth, is not a finite number")
    return x
