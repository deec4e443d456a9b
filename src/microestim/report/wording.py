"""The sentences of the report: what was found, in words that say what kind of number each is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from microestim.models.imputation import platforms_to_impute
from microestim.models.people import TIER_IDS
from microestim.results import format_share
from microestim.results.posterior import printed_draws

if TYPE_CHECKING:
    from microestim.checks.fitted import FittedModel

__all__ = [
    "chance",
    "headline",
    "lead",
    "magnitude",
    "platforms_in_words",
    "power_of_ten",
    "reading_in_words",
    "reading_sentence",
]

_POWERS = (
    "a few",
    "tens of",
    "hundreds of",
    "thousands of",
    "tens of thousands of",
    "hundreds of thousands of",
    "millions of",
    "tens of millions of",
    "hundreds of millions of",
    "billions of",
)


def magnitude(draws: np.ndarray) -> str:
    """Say the order of magnitude of the median, and within what factor it is known.

    Parameters
    ----------
    draws : ndarray
        Draws of a number of people.

    Returns
    -------
    str
        The factor is that from the median to the further limit of the 95 % equal-tailed interval.

    Examples
    --------
    >>> magnitude(np.exp(np.linspace(np.log(10_000), np.log(40_000), 1001)))
    'tens of thousands of people, known to within a factor of 1.9 either way'
    """
    low, middle, high = np.quantile(draws, (0.025, 0.5, 0.975))
    power = min(power_of_ten(printed_draws(draws)[0]), len(_POWERS) - 1)
    if low <= 0:
        return f"{_POWERS[power]} people, with no lower limit"
    factor = max(middle / low, high / middle)
    digits = 1 if factor < 9.95 else 0
    return f"{_POWERS[power]} people, known to within a factor of {factor:.{digits}f} either way"


def power_of_ten(printed: str) -> int:
    """Order of magnitude of a number as it is printed, so that words and digits never differ.

    Parameters
    ----------
    printed : str
        The number, with commas between thousands.

    Returns
    -------
    int
        Its power of ten; 0 below 10.

    Examples
    --------
    >>> power_of_ten("100,000")
    5
    """
    return math.floor(math.log10(max(float(printed.replace(",", "")), 1.0)))


def platforms_in_words(fit: FittedModel) -> str:
    """Name the observed platforms: the one, or how many.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    str
        To stand after 'on'.
    """
    names = fit.design.platforms
    return fit.study.platform(names[0]).name if len(names) == 1 else f"the {len(names)} observed platforms"


def headline(fit: FittedModel) -> str:
    """Say the answer in a sentence.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    str
        The weekly tier and the registered one, each with its interval.
    """
    weekly, weekly_span = printed_draws(fit.draws("weekly"))
    registered, registered_span = printed_draws(fit.draws("registered"))
    return (
        f"In {fit.study.country_name}, {fit.study.period}, about {weekly} people ({weekly_span}) are on "
        f"{platforms_in_words(fit)} at least weekly; about {registered} ({registered_span}) have an account "
        "there."
    )


def lead(fit: FittedModel) -> list[str]:
    """Say what the headline means and how far it reaches.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    list of str
        Sentences.
    """
    share = fit.draws("monthly") / fit.draws("registered")
    low, middle, high = np.quantile(share, (0.025, 0.5, 0.975))
    listed = len(fit.study.platforms)
    reach = f"The numbers are about {platforms_in_words(fit)}"
    if listed > fit.design.n_platforms:
        reach += f", of {listed} that the study lists"
        if platforms_to_impute(fit.study):
            reach += "; what all of them would give is in the section on each platform, mostly by assumption"
    return [
        f"Order of magnitude: {magnitude(fit.draws('weekly'))}, are there weekly; "
        f"{magnitude(fit.draws('registered'))}, are registered.",
        f"Being registered is not working: of the people with an account, {_percent(middle)} "
        f"({_percent(low)} to {_percent(high)}) are there at least monthly in their usual rhythm.",
        f"{reach}. Intervals in parentheses are 95 % credible intervals, equal-tailed: given the "
        f"evidence and the "
        "stated assumptions, the number lies inside with 95 % probability.",
    ]


def _percent(share: float) -> str:
    return format_share(round(float(share), 2 if share >= 0.1 else 3))


def chance(draws: np.ndarray, value: float) -> str:
    """Print the posterior probability that a size is above a value.

    Parameters
    ----------
    draws : ndarray
        Draws of the size.
    value : float
        The value, in the same unit.

    Returns
    -------
    str
        With two decimals, and never as 0 or 1, which draws cannot show.
    """
    share = float(np.mean(draws > value))
    if share < 0.005:
        return "below 0.01"
    return "above 0.99" if share > 0.995 else f"{share:.2f}"


def reading_in_words(fit: FittedModel) -> str:
    """Say how the question on frequency was read.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    str
        A few words.
    """
    if fit.reading is None:
        return "no question on frequency"
    return f"read as about {fit.reading}"


def reading_sentence(fits: tuple[FittedModel, ...]) -> str:
    """Say which tier moves most between the readings of the question on frequency.

    Parameters
    ----------
    fits : tuple of WorkforceFit
        The fit, then the others.

    Returns
    -------
    str
        A sentence; empty with a single fit.
    """
    first = {tier: float(np.median(fits[0].draws(tier))) for tier in TIER_IDS}
    sentences = []
    for other in fits[1:]:
        change = {tier: float(np.median(other.draws(tier))) / first[tier] - 1.0 for tier in TIER_IDS}
        most = max(change, key=lambda tier: abs(change[tier]))
        sentences.append(
            f"{reading_in_words(other).capitalize()} instead of {fits[0].reading}, the median that "
            f"moves most is that of {most}: by {100.0 * change[most]:+.0f} %."
        )
    return " ".join(sentences)
