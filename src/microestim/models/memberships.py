"""On how many of the study's platforms a person has an account, and how that grows with activity.

The other memberships of a person with an account on one of J platforms follow a beta-binomial
distribution on 0 .. J-1, whose mean rises with the activity of that account. It is bounded by
construction, and its mean is a parameter: nothing is truncated or renormalised.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microestim.models.activity import CELL_LOG_RATES
from microestim.models.namespace import Namespace, normal_cdf

__all__ = ["active_elsewhere", "membership_chances", "membership_pmf", "normal_quantile"]

_ACTIVITY = (np.clip(CELL_LOG_RATES, -4.0, 4.0) - 2.0) / 6.0


def membership_chances(xp: Namespace, n_platforms: int, memberships: Any, slope: Any) -> Any:
    """Mean chance that a person is also on another of the platforms, by cell of activity.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    n_platforms : int
        Number of platforms J.
    memberships : array, shape (...)
        Other memberships at a weekly rate, on the odds scale: chance = odds / (J - 1 + odds).
    slope : array, shape (...)
        Growth of the log odds over six units of the log rate.

    Returns
    -------
    array, shape (..., cells)
        The chance; times J - 1 it is the mean number of other memberships.
    """
    log_odds = xp.log(memberships)[..., None] - math.log(n_platforms - 1) + slope[..., None] * _ACTIVITY
    return 1.0 / (1.0 + xp.exp(-log_odds))


def membership_pmf(xp: Namespace, n_platforms: int, chance: Any, dispersion: Any) -> list[Any]:
    """Distribution of the number of memberships, 1 .. J.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    n_platforms : int
        Number of platforms J.
    chance : array, shape (..., cells)
        Mean chance of each other membership.
    dispersion : array, shape (...)
        Intraclass correlation of the beta-binomial distribution, between 0 and 1.

    Returns
    -------
    list of array, each of shape (..., cells)
        Probability of 1, 2, ..., J memberships.
    """
    n = n_platforms - 1
    step = (dispersion / (1.0 - dispersion))[..., None]
    total = math.prod(1.0 + t * step for t in range(n)) if n else 1.0
    pmf = []
    for k in range(n + 1):
        value: Any = float(math.comb(n, k))
        for t in range(k):
            value = value * (chance + t * step)
        for t in range(n - k):
            value = value * (1.0 - chance + t * step)
        pmf.append(value / total)
    return pmf


def normal_quantile(xp: Namespace, chance: Any) -> Any:
    """Quantile of the standard normal distribution, in elementary functions.

    Tukey's lambda form (p**0.13 - (1-p)**0.13) * 5.2 stays within 0.01 of the quantile for
    chances between 0.001 and 0.999; chances beyond 1e-6 of 0 and 1 are held there.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    chance : array
        Probability.

    Returns
    -------
    array
        Quantile.
    """
    p = xp.minimum(xp.maximum(chance, 1e-6), 1.0 - 1e-6)
    return 5.2 * (xp.exp(0.13 * xp.log(p)) - xp.exp(0.13 * xp.log(1.0 - p)))


def active_elsewhere(xp: Namespace, score: Any, threshold: Any, correlation: Any) -> Any:
    """Chance that another account of the same person is above a threshold of activity.

    The scores of one person's accounts are jointly normal (a Gaussian copula).

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    score : array, shape (..., cells)
        Normal score of the account's own activity.
    threshold : array, shape (...)
        Normal score of the threshold on the other platform.
    correlation : array, shape (...)
        Correlation of the scores.

    Returns
    -------
    array, shape (..., cells)
        The chance.
    """
    rho = correlation[..., None]
    return normal_cdf(xp, (rho * score - threshold[..., None]) * (1.0 / xp.sqrt(1.0 - rho * rho)))
