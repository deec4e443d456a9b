"""Who answers a survey: waves with quotas on one platform, taken by those who come often and are willing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.activity import Days
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import Accounts
from microestim.simulate.worlds.platforms import WorldPlatforms

__all__ = ["Respondents", "choose_platform", "observed_histories", "run_survey", "wave_days"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Respondents:
    """Who answered which wave.

    Parameters
    ----------
    account : ndarray of int
        Position of each respondent's account among the world's accounts; -1 for an outsider.
    waves : ndarray of bool
        Respondents x waves: who really answered which.
    complete : ndarray of bool
        Whether the answers can be used.
    """

    account: Ints
    waves: Bools
    complete: Bools

    @property
    def first_wave(self) -> Ints:
        """The first wave that each answered."""
        return np.asarray(np.argmax(self.waves, axis=1), np.int64)


def wave_days(knobs: Knobs) -> tuple[tuple[int, int], ...]:
    """Give the first day, and the day after the last, of each wave.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.

    Returns
    -------
    tuple of (int, int)
        Days from the start of the reference month; empty without a survey.
    """
    if not knobs.has_survey:
        return ()
    step = knobs.wave_days + knobs.gap_days
    starts = (knobs.first_wave_day + step * wave for wave in range(knobs.n_waves))
    return tuple((start, start + knobs.wave_days) for start in starts)


def choose_platform(
    knobs: Knobs, platforms: WorldPlatforms, accounts: Accounts, rng: np.random.Generator
) -> int | None:
    """Choose the platform on which people are asked.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its accounts.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    int or None
        Its position; None without a survey.
    """
    size = np.bincount(accounts.platform, minlength=platforms.n) + 1.0
    drawn = int(rng.choice(platforms.n, p=size / size.sum()))
    if not knobs.has_survey:
        return None
    if knobs.survey_on == "largest closed" and platforms.residents_only.any():
        return int(np.argmax(np.where(platforms.residents_only, size, 0)))
    return drawn


def run_survey(
    knobs: Knobs, accounts: Accounts, days: Days, platform: int, rng: np.random.Generator
) -> Respondents:
    """Run the waves of a survey on one platform.

    A visitor meets the questionnaire on each day of a visit, takes it at a rate of their own, and keeps
    that rate. A wave closes when its quota is full; who comes often comes early.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    accounts : Accounts
        Its accounts.
    days : Days
        Their visits, with a window "wave 1", "wave 2" ... for each wave.
    platform : int
        Where people are asked.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Respondents
        Outsiders included.
    """
    there = np.flatnonzero((accounts.platform == platform) & ~accounts.closed)
    n = len(there)
    will = np.exp(knobs.willingness_spread * rng.standard_normal(n))
    will[rng.random(n) < knobs.refusers] = 0.0
    # Outsiders are as many, against those who would answer a wave, as the knob says; each tries a third.
    expected = min(knobs.quota, int((days.counts["wave 1"][there] > 0).sum()))
    n_outside = int(rng.poisson(3 * knobs.outsiders * expected))
    took = np.zeros((n + n_outside, knobs.n_waves), bool)
    for wave in range(knobs.n_waves):
        visits = days.counts[f"wave {wave + 1}"][there]
        rate = -np.log1p(-min(knobs.take_rate, 0.999)) * will
        rate = rate * np.where(took[:n].any(axis=1), knobs.wave_habit, 1.0)
        chance = -np.expm1(-rate)
        # Number of the visit at which the questionnaire is taken, if there are so many.
        visit = np.full(n, np.inf)
        asked = chance > 0
        visit[asked] = rng.geometric(chance[asked])
        when = np.where(visit <= visits, visit / (visits + 1) * rng.uniform(0.7, 1.3, n), np.inf)
        outside = np.where(rng.random(n_outside) < 1 / 3, rng.random(n_outside), np.inf)
        arrival = np.concatenate([when, outside])
        order = np.argsort(arrival)[: knobs.quota]
        took[order[np.isfinite(arrival[order])], wave] = True
    answered = took.any(axis=1)
    account = np.concatenate([there, np.full(n_outside, -1)])[answered]
    return Respondents(account, took[answered], rng.random(len(account)) >= knobs.incomplete)


def observed_histories(
    knobs: Knobs, respondents: Respondents, rng: np.random.Generator
) -> tuple[Bools, Ints]:
    """Match answers over waves, with errors.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    respondents : Respondents
        Who answered what.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    histories : ndarray of bool
        People as they seem to be x waves. Who is not recognised becomes somebody else; two people who
        are taken for one become one.
    respondent : ndarray of int
        For each, the respondent in whose first answer the history begins.
    """
    waves = respondents.waves
    row, wave = np.nonzero(waves)
    repeat = waves.cumsum(axis=1)[row, wave] > 1
    # Second accounts make it likelier that somebody is not recognised.
    missed = knobs.missed_matches + 0.5 * knobs.second_accounts * (1 - knobs.missed_matches)
    lost = repeat & (rng.random(len(row)) < missed)
    kept = np.zeros_like(waves)
    kept[row[~lost], wave[~lost]] = True
    alone = np.zeros((int(lost.sum()), waves.shape[1]), bool)
    alone[np.arange(len(alone)), wave[lost]] = True
    histories = np.concatenate([kept, alone])
    respondent = np.concatenate([np.arange(len(waves)), row[lost]])
    # An answer that is taken for somebody else's joins a person who was seen in an earlier wave only.
    singles = histories.sum(axis=1) == 1
    last = histories[:, -1]
    late, early = np.flatnonzero(singles & last), np.flatnonzero(singles & ~last)
    confused = rng.permutation(late)[: rng.binomial(len(late), knobs.false_matches)]
    into = rng.permutation(early)[: len(confused)]
    confused = confused[: len(into)]
    histories[into, -1] = True
    keep = np.ones(len(histories), bool)
    keep[confused] = False
    return histories[keep], respondent[keep]
