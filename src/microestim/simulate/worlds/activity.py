"""Who is seen on which days: visits in spells, with pauses, from opening an account to leaving it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import REFERENCE_DAYS, Accounts
from microestim.simulate.worlds.platforms import MONTH

__all__ = ["Days", "draw_days"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

type Window = tuple[int, int]

# Nobody visits on every single day.
_MOST = 0.97
_WEEK = 7


@dataclass(frozen=True, eq=False)
class Days:
    """Visits of accounts in windows of time, and the usual frequency behind them.

    Parameters
    ----------
    usual : ndarray of float
        Long-run rate of each account while in use, pauses included (visits a month).
    counts : mapping of str to ndarray of int
        For each window, the days in it on which each account was visited; one element an account.
    """

    usual: Floats
    counts: Mapping[str, Ints]


def draw_days(
    knobs: Knobs,
    accounts: Accounts,
    windows: Mapping[str, Window],
    rng: np.random.Generator,
    *,
    among: Mapping[str, Bools] | None = None,
) -> Days:
    """Draw on how many days each account is visited in windows of time.

    An account that is in use is on or paused, week by week; a pause is short or long, and part of the
    pausing is the person's, on all platforms at once. On a day in a week that is on, the account is
    visited with a chance of its own, which changes a little from month to month. The usual frequency is
    what this chance and the long-run share of weeks that are on give, so it is no count of any window.
    Opening an account is a visit.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    accounts : Accounts
        Its accounts.
    windows : mapping of str to (int, int)
        First day, and the day after the last, of each window; windows may overlap.
    rng : numpy.random.Generator
        Source of random numbers.
    among : mapping of str to ndarray of bool, optional
        For some windows, the accounts of interest; the counts of others are left 0 there.

    Returns
    -------
    Days
        Usual rates, and days by window.
    """
    start = min(low for low, _ in windows.values())
    end = max(high for _, high in windows.values())
    live = np.flatnonzero(accounts.used & (accounts.left > start) & (accounts.opened < end))
    n_weeks = -(-(end - start) // _WEEK)
    on, share = _on_by_week(knobs, accounts, live, n_weeks, start, rng)
    usual_all = np.zeros(len(accounts.person))
    daily_live = np.minimum(accounts.rate[live] / (MONTH * share), _MOST)
    usual_all[live] = daily_live * share * MONTH
    # Calendar months, of which the reference month is one.
    first_month = start // REFERENCE_DAYS
    n_months = (end - 1) // REFERENCE_DAYS - first_month + 1
    season = np.exp(knobs.season_spread * rng.standard_normal((n_months, knobs.n_platforms)))

    wanted = {name: np.ones(len(live), bool) for name in windows}
    for name, mask in (among or {}).items():
        wanted[name] = mask[live]
    counts = {name: np.zeros(len(accounts.person), np.int64) for name in windows}
    opened, left, platform = accounts.opened[live], accounts.left[live], accounts.platform[live]
    edges = {edge for window in windows.values() for edge in window}
    edges |= {start + _WEEK * week for week in range(n_weeks)}
    edges |= set(range(REFERENCE_DAYS * first_month, end, REFERENCE_DAYS))
    cuts = sorted(edge for edge in edges if start <= edge <= end)
    for low, high in pairwise(cuts):
        here = [name for name, (a, b) in windows.items() if a <= low and high <= b]
        if not here:
            continue
        active = on[(low - start) // _WEEK] & (opened < high) & (left > low)
        active &= np.logical_or.reduce([wanted[name] for name in here])
        who = np.flatnonzero(active)
        month = season[low // REFERENCE_DAYS - first_month][platform[who]]
        chance = np.minimum(daily_live[who] * month, _MOST)
        # Somebody who comes or goes on these days has fewer of them.
        days = np.floor(np.minimum(left[who], high)) - np.ceil(np.maximum(opened[who], low))
        drawn = rng.binomial(np.clip(days, 0, high - low).astype(np.int64), chance)
        for name in here:
            counts[name][live[who]] += drawn
    for name, (low, high) in windows.items():
        arrived = (accounts.opened >= low) & (accounts.opened < high)
        if among and name in among:
            arrived &= among[name]
        counts[name][arrived] = np.minimum(counts[name][arrived] + 1, high - low)
    return Days(usual_all, counts)


def _on_by_week(
    knobs: Knobs, accounts: Accounts, live: Ints, n_weeks: int, start: int, rng: np.random.Generator
) -> tuple[Bools, Floats]:
    """Whether each live account is on, week by week, and its long-run share of weeks that are on."""
    _, one, back = np.unique(accounts.person[live], return_index=True, return_inverse=True)
    wish = accounts.on_share[live]
    # The person's share of the pausing is that of one of the accounts.
    on_person, share_person = _spells(knobs, wish[one] ** knobs.shared_pauses, n_weeks, rng)
    on_account, share_account = _spells(knobs, wish ** (1 - knobs.shared_pauses), n_weeks, rng)
    on = on_account & on_person[:, back]
    # Nobody opens an account to pause at once.
    week = np.floor((accounts.opened[live] - start) / _WEEK).astype(np.int64)
    fresh = np.flatnonzero((week >= 0) & (week < n_weeks))
    on[week[fresh], fresh] = True
    return on, share_account * share_person[back]


def _spells(knobs: Knobs, wish: Floats, n_weeks: int, rng: np.random.Generator) -> tuple[Bools, Floats]:
    """Chains of three states (on, short pause, long pause), started from their long run.

    Gives whether each chain is on, weeks x chains, and the long-run share of weeks in which it is: means of
    the three sojourns, weighted by how often each is entered, exactly.
    """
    n, q, spell = len(wish), knobs.long_pauses, knobs.on_spell
    wish = np.minimum(wish, 0.999)
    pause = spell * (1 - wish) / wish
    short = np.maximum(pause / (1 - q + q * knobs.long_pause_factor), 1.0)
    long = short * knobs.long_pause_factor
    # Where pauses would be shorter than a week they are a week, and spells longer in their place.
    spell_n = np.maximum(spell, (short * (1 - q) + long * q) * wish / (1 - wish))
    weights = np.stack([spell_n, (1 - q) * short, q * long])
    weights /= weights.sum(axis=0)
    u = rng.random(n)
    state = (u > weights[0]).astype(np.int8) + (u > weights[0] + weights[1]).astype(np.int8)
    on = np.empty((n_weeks, n), bool)
    leave, back_short, back_long = 1 / spell_n, 1 / short, 1 / long
    for week in range(n_weeks):
        on[week] = state == 0
        u = rng.random(n)
        paused = np.where(state == 1, back_short, back_long)
        after_on = np.where(u < leave * q, 2, np.where(u < leave, 1, 0))
        state = np.where(state == 0, after_on, np.where(u < paused, 0, state)).astype(np.int8)
    return on, weights[0]
