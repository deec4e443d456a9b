"""What the scores of many worlds say together: coverage with exact intervals, width, bias, ratios."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypedDict

import numpy as np

from microestim.errors import InputError
from microestim.simulate.scores import Scores

__all__ = ["LevelSummary", "ScoreSummary", "binomial_interval", "score_ratios", "summarise_scores"]


class LevelSummary(TypedDict):
    """How the intervals of one level did.

    `coverage` with its exact binomial 95 % limits `coverage_low`, `coverage_high`; `factor`, the median over
    worlds of upper over lower limit; `log_score`, the mean interval score of the logarithms. None where no
    world has a number above 0.
    """

    level: float
    covered: int
    coverage: float
    coverage_low: float
    coverage_high: float
    factor: float | None
    log_score: float | None


class ScoreSummary(TypedDict):
    """How one method did over worlds.

    `log_bias` is the median over worlds of the log of median over truth; `log_crps` the mean of the CRPS of
    the logarithms.
    """

    worlds: int
    levels: list[LevelSummary]
    log_bias: float | None
    log_crps: float | None


def binomial_interval(hits: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    r"""Give the limits of the exact interval of a share.

    Parameters
    ----------
    hits, trials : int
        How often it happened, and how often it could have.
    level : float, default 0.95
        Level of the interval.

    Returns
    -------
    tuple of float
        Lower and upper limit.

    Raises
    ------
    InputError
        `hits` is not from 0 to `trials`, `trials` is below 1, or the level is not between 0 and 1.

    Notes
    -----
    The interval of Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404): shares under which a number of
    hits at least, or at most, as extreme has a probability of :math:`(1 - \mathrm{level})/2`, which are
    quantiles of beta distributions. It covers at least as often as it says.

    Examples
    --------
    >>> low, high = binomial_interval(45, 50)
    >>> round(low, 3), round(high, 3)
    (0.782, 0.967)
    """
    if trials < 1 or not 0 <= hits <= trials:
        raise InputError(f"{hits} of {trials} is no share; give trials of at least 1, and hits among them")
    if not 0 < level < 1:
        raise InputError(f"level is {level}; use a number between 0 and 1")
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return low, high


def summarise_scores(scores: Sequence[Scores]) -> ScoreSummary:
    """Bring the scores of many worlds together.

    Parameters
    ----------
    scores : sequence of Scores
        One a world, as `score_draws` gives them.

    Returns
    -------
    ScoreSummary
        Means over worlds are of logarithms, so that a large country does not outweigh all others.

    Raises
    ------
    InputError
        There are no scores.
    """
    if not scores:
        raise InputError("there are no scores to summarise")
    levels: list[LevelSummary] = []
    for position, first in enumerate(scores[0]["intervals"]):
        intervals = [one["intervals"][position] for one in scores]
        hits = sum(each["covered"] for each in intervals)
        low, high = binomial_interval(hits, len(scores))
        width = _median(each["log_width"] for each in intervals)
        levels.append(
            {
                "level": first["level"],
                "covered": hits,
                "coverage": hits / len(scores),
                "coverage_low": low,
                "coverage_high": high,
                "factor": None if width is None else math.exp(width),
                "log_score": _mean(each["log_score"] for each in intervals),
            }
        )
    return {
        "worlds": len(scores),
        "levels": levels,
        "log_bias": _median(one["log_bias"] for one in scores),
        "log_crps": _mean(one["log_crps"] for one in scores),
    }


def score_ratios(
    ours: Sequence[Scores | None], theirs: Sequence[Scores | None]
) -> tuple[int, dict[float, float]]:
    """Compare mean interval scores of two methods over the worlds in which both have one.

    Parameters
    ----------
    ours, theirs : sequence of (Scores or None)
        One a world, in the same order; None where a method has no interval.

    Returns
    -------
    worlds : int
        Worlds that are compared.
    ratios : dict of float to float
        By level, the mean score of the logarithms of `theirs` over that of `ours`: above 1 where ours are
        better. Empty without such a world.

    Raises
    ------
    InputError
        The two are not of the same length.
    """
    if len(ours) != len(theirs):
        raise InputError(f"{len(ours)} and {len(theirs)} worlds; give one score a world of both methods")
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    ratios: dict[float, float] = {}
    used = [
        (a, b)
        for a, b in pairs
        if all(each["log_score"] is not None for one in (a, b) for each in one["intervals"])
    ]
    for position, first in enumerate(used[0][0]["intervals"] if used else ()):
        mine, other = (_mean(pair[k]["intervals"][position]["log_score"] for pair in used) for k in (0, 1))
        if mine and other is not None:
            ratios[first["level"]] = other / mine
    return len(used), ratios


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return float(np.mean(known)) if known else None


def _median(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return float(np.median(known)) if known else None
