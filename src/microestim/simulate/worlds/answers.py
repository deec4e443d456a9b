"""What respondents say: how often they come and on how many platforms they are, forgotten and rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.activity import Days
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import Accounts
from microestim.simulate.worlds.platforms import MONTH
from microestim.simulate.worlds.survey import Respondents
from microestim.simulate.worlds.truth import WEEKLY_RATE
from microestim.study.vocabulary import BANDS

__all__ = ["Answers", "ask", "band_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# What outsiders say; they answer to be paid.
_OUTSIDERS_BANDS = (0.6, 0.25, 0.15)


@dataclass(frozen=True, eq=False)
class Answers:
    """What each respondent would say; one element a respondent.

    Parameters
    ----------
    band : ndarray of int
        Stated frequency: 0 weekly, 1 monthly, 2 less.
    registered, worked : ndarray of int
        Observed platforms on which they say that they have an account, or ever worked; at least 1.
    month, week : ndarray of int
        Observed platforms on which they worked in the last 30 and 7 days; at least 1.
    anywhere : ndarray of int
        Platforms of any kind on which they work; at least 1.
    """

    band: Ints
    registered: Ints
    worked: Ints
    month: Ints
    week: Ints
    anywhere: Ints


def band_of(rate: Floats) -> Ints:
    """Put frequencies into bands.

    Parameters
    ----------
    rate : ndarray of float
        Frequencies (visits a month).

    Returns
    -------
    ndarray of int
        Position in the bands weekly, monthly, less.
    """
    return np.where(rate >= WEEKLY_RATE, 0, np.where(rate >= 1.0, 1, 2)).astype(np.int64)


def ask(
    knobs: Knobs,
    accounts: Accounts,
    days: Days,
    respondents: Respondents,
    observed: Bools,
    rng: np.random.Generator,
) -> Answers:
    """Ask the respondents how often they work, and on how many platforms.

    Each answers at the end of the first wave that they take. The frequency that somebody thinks of lies
    between the usual one and that of the last 30 days, is off by a bias and a noise, and is put into a
    band; some round up, some tick any band. An account that was not used in the last 30 days may be
    forgotten; that on which they are asked is not.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    accounts : Accounts
        Its accounts.
    days : Days
        Their visits, with windows "month before wave 1", "week before wave 1" ...
    respondents : Respondents
        Who answers.
    observed : ndarray of bool
        The platforms that are asked about; one element a platform.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Answers
        Those of outsiders are made up.
    """
    n = len(respondents.account)
    inside = np.flatnonzero(respondents.account >= 0)
    own = respondents.account[inside]
    of_person = np.full(accounts.n_people, -1)
    of_person[accounts.person[own]] = inside
    mine = np.flatnonzero(of_person[accounts.person] >= 0)
    who = of_person[accounts.person[mine]]
    first = respondents.first_wave
    month, week = (_visits(days, mine, first[who], length) for length in ("month", "week"))
    is_own = respondents.account[who] == mine
    there = observed[accounts.platform[mine]]

    def count(chosen: Bools) -> Ints:
        return np.bincount(who[chosen & there & ~is_own], minlength=n) + 1

    exists = ~accounts.closed[mine] & (month + accounts.registered[mine] > 0)
    remembered = exists & ((month > 0) | (rng.random(len(mine)) >= knobs.forgotten))
    did_task = rng.random(len(mine)) < 1 - (1 - knobs.task_share) ** month
    did_task_week = did_task & (rng.random(len(mine)) < 1 - (1 - knobs.task_share) ** week)
    worked = count(remembered & (accounts.worked[mine] | did_task))
    outside = np.zeros(n, np.int64)
    tilt = np.exp(np.clip(knobs.overlap_activity_link * accounts.engagement[accounts.person[own]], -3, 3))
    outside[inside] = rng.poisson(knobs.outside_memberships * tilt / max(tilt.mean() if n else 1, 1e-9))

    everywhere = knobs.frequency_scope == "any platform"
    counted = np.ones(len(mine), bool) if everywhere else is_own
    usual = np.bincount(who[counted], weights=days.usual[mine][counted], minlength=n)
    recent = np.bincount(who[counted], weights=month[counted], minlength=n)
    if everywhere:
        # Visits to platforms outside the world are like those to their own.
        usual, recent = usual * (1 + 0.5 * outside), recent * (1 + 0.5 * outside)
    usual, recent = np.minimum(usual, MONTH), np.minimum(recent, MONTH)
    thought = (
        (1 - knobs.recency) * np.log(usual + 0.1)
        + knobs.recency * np.log(recent + 0.3)
        + knobs.recall_bias
        + knobs.recall_noise * rng.standard_normal(n)
    )
    band = band_of(np.exp(thought) * np.where(rng.random(n) < knobs.heaping, 2.0, 1.0))
    careless = rng.random(n) < knobs.careless
    band[careless] = rng.integers(0, len(BANDS), int(careless.sum()))
    answers = Answers(
        band=band,
        registered=count(remembered),
        worked=worked,
        month=count(did_task),
        week=count(did_task_week),
        anywhere=worked + outside,
    )
    outsider = np.flatnonzero(respondents.account < 0)
    band[outsider] = rng.choice(len(BANDS), p=_OUTSIDERS_BANDS, size=len(outsider))
    said = np.minimum(1 + rng.poisson(0.7, len(outsider)), int(observed.sum()))
    for numbers in (answers.registered, answers.worked, answers.month, answers.week):
        numbers[outsider] = said
    answers.anywhere[outsider] = said + rng.poisson(knobs.outside_memberships, len(outsider))
    return answers


def _visits(days: Days, mine: Ints, wave: Ints, length: str) -> Ints:
    """Visits of some accounts in the last month or week before the end of each one's wave."""
    visits = np.zeros(len(mine), np.int64)
    for number in np.unique(wave):
        chosen = wave == number
        visits[chosen] = days.counts[f"{length} before wave {number + 1}"][mine[chosen]]
    return visits
