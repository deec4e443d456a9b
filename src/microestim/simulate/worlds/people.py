"""The people of a world: which platforms they join, how often they come, when they start and leave."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.knobs import ActivityFamily, Knobs
from microestim.simulate.worlds.platforms import MONTH, WorldPlatforms

__all__ = ["REFERENCE_DAYS", "Accounts", "draw_accounts", "draw_engagement"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REFERENCE_DAYS = 30
"""Days of the reference month, which begins on day 0."""


@dataclass(frozen=True, eq=False)
class Accounts:
    """One element an account, at most one a person and platform; second and fake accounts are not here.

    Parameters
    ----------
    person : ndarray of int
        Whose account it is, from 0.
    platform : ndarray of int
        On which platform, from 0.
    engagement : ndarray of float
        Log activity of each person in standard deviations; one element a person.
    rate : ndarray of float
        Usual rate while the account is in use (visits a month), pauses included.
    on_share : ndarray of float
        Share of time in which it is not paused, as wished; `draw_days` gives what came of it.
    used : ndarray of bool
        Whether it was ever visited after it was opened.
    worked : ndarray of bool
        Whether a task was ever done with it, up to the end of the reference month.
    opened : ndarray of float
        Day on which it was opened; the reference month is days 0 to 30, and earlier days are negative.
    left : ndarray of float
        Day after which it is not visited any more.
    closed : ndarray of bool
        Whether it was closed before the reference month.
    """

    person: Ints
    platform: Ints
    engagement: Floats
    rate: Floats
    on_share: Floats
    used: Bools
    worked: Bools
    opened: Floats
    left: Floats
    closed: Bools

    @property
    def n_people(self) -> int:
        """People who ever open an account, up to the last wave."""
        return len(self.engagement)

    @property
    def registered(self) -> Bools:
        """Whether the account exists at the end of the reference month."""
        return ~self.closed & (self.opened < REFERENCE_DAYS)

    @property
    def in_use(self) -> Bools:
        """Whether it exists and has a usual frequency above 0 at the end of the reference month."""
        return self.registered & self.used & (self.left >= REFERENCE_DAYS)


def draw_accounts(
    knobs: Knobs, platforms: WorldPlatforms, rng: np.random.Generator, *, last_day: int
) -> Accounts:
    """Draw people and their accounts.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    rng : numpy.random.Generator
        Source of random numbers.
    last_day : int
        Day on which the last survey wave ends; accounts are opened up to then.

    Returns
    -------
    Accounts
        All accounts ever opened by then.
    """
    engagement = draw_engagement(knobs.activity_family, knobs.n_people, rng)
    person, platform, rank = _memberships(knobs, platforms, engagement, rng)
    size, z = len(person), engagement[person]
    log_rate = (
        math.log(knobs.usual_rate)
        + knobs.activity_spread * z
        + platforms.rate[platform]
        + knobs.account_spread * rng.standard_normal(size)
        + np.where(rank > 0, math.log(knobs.secondary_use), 0.0)
    )
    base = min(max(knobs.never_used, 1e-12), 1 - 1e-12)
    logit = math.log(base / (1 - base))
    never = rng.random(size) < 1 / (1 + np.exp(-(logit - knobs.never_used_link * z)))
    opened = _opening(knobs, platforms, person, platform, rng, last_day=last_day)
    left = _leaving(knobs, engagement, person, opened, rng)
    # Those who visit often pause less.
    on = math.log(knobs.on_share / (1 - knobs.on_share)) + 0.7 * rng.standard_normal(size) + 0.4 * z
    gone = never | (left < 0)
    rate = np.exp(np.minimum(log_rate, math.log(MONTH)))
    visits = rate * np.clip(np.minimum(left, REFERENCE_DAYS) - opened, 0.0, None) / MONTH
    return Accounts(
        person=person,
        platform=platform,
        engagement=engagement,
        rate=rate,
        on_share=np.clip(1 / (1 + np.exp(-on)), 0.03, 0.99),
        used=~never,
        worked=~never & (rng.random(size) < -np.expm1(-knobs.task_share * visits)),
        opened=opened,
        left=left,
        closed=gone & (opened < 0) & (rng.random(size) < knobs.closed_counted),
    )


def draw_engagement(family: ActivityFamily, size: int, rng: np.random.Generator) -> Floats:
    """Draw how active people are, as logarithms with mean 0 and standard deviation 1.

    Parameters
    ----------
    family : {"lognormal", "gamma", "pareto", "two kinds"}
        Distribution of the activity itself. "gamma" has shape 0.6, and a long tail to the left in
        logarithms; "pareto" has a lower limit, and an exponential tail to the right; of "two kinds", one
        in eight is devoted.
    size : int
        People.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray of float
        One element a person.
    """
    if family == "lognormal":
        return rng.standard_normal(size)
    if family == "gamma":
        # Mean and standard deviation of the log of a gamma variable of shape 0.6: digamma, root of trigamma.
        draws = np.log(np.maximum(rng.standard_gamma(0.6, size), 1e-300))
        return (draws + 1.5406192139) / 1.9068848080
    if family == "pareto":
        return rng.standard_exponential(size) - 1.0
    devoted = rng.random(size) < 0.125
    draws = np.where(devoted, 2.5 + 0.7 * rng.standard_normal(size), 0.5 * rng.standard_normal(size))
    # Variance within the kinds and between them.
    sd = math.sqrt(0.125 * 0.49 + 0.875 * 0.25 + 0.125 * 0.875 * 2.5**2)
    return (draws - 0.125 * 2.5) / sd


def _memberships(
    knobs: Knobs, platforms: WorldPlatforms, engagement: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Person, platform and rank (0: the first) of every account."""
    n, j = knobs.n_people, platforms.n
    if j == 1:
        return np.arange(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    taste = knobs.taste_spread * rng.standard_normal((n, knobs.n_classes))[:, platforms.class_of]
    first = np.argmax(platforms.attraction + taste + rng.gumbel(size=(n, j)), axis=1)
    # A negative binomial number of further platforms, with a mean that grows with activity.
    spread = knobs.overlap_spread
    shape = 1 / math.expm1(spread**2) if spread > 0.01 else 1e4
    link = knobs.overlap_activity_link
    tilt = np.exp(np.minimum(link * engagement, 3.0))
    wish = knobs.extra_memberships * tilt / tilt.mean() * rng.gamma(shape, 1 / shape, n)
    number = 1 + np.minimum(rng.poisson(wish), j - 1)
    score = knobs.size_pull * platforms.attraction + taste + rng.gumbel(size=(n, j))
    score[np.arange(n), first] = np.inf
    rank = np.empty((n, j), np.int64)
    np.put_along_axis(rank, np.argsort(-score, axis=1), np.arange(j)[None, :], axis=1)
    member = rank < number[:, None]
    if platforms.intermediary is not None and platforms.execution is not None:
        handed = member[:, platforms.intermediary] & (rng.random(n) < knobs.handover)
        member[handed, platforms.execution] = True
    person, platform = np.nonzero(member)
    return person, platform, rank[person, platform]


def _opening(
    knobs: Knobs,
    platforms: WorldPlatforms,
    person: Ints,
    platform: Ints,
    rng: np.random.Generator,
    *,
    last_day: int,
) -> Floats:
    """Day on which each account is opened: between the platform's start and the last wave, growing."""
    size = len(person)
    own = rng.random(size)
    together = rng.random(size) < knobs.join_together
    u = np.where(together, rng.random(knobs.n_people)[person], own)
    span = platforms.age[platform] * MONTH + (last_day - REFERENCE_DAYS)
    growth = knobs.growth / (12 * MONTH)
    # Inverse of the distribution of a truncated exponential; without growth it is a straight line.
    growth = growth if abs(growth) > 1e-9 else 1e-9
    before_last = -np.log1p(u * np.expm1(-growth * span)) / growth
    return last_day - before_last


def _leaving(
    knobs: Knobs, engagement: Floats, person: Ints, opened: Floats, rng: np.random.Generator
) -> Floats:
    """Day on which each account is left: by itself, or since its person leaves all platforms."""
    shape, loyal = knobs.lifetime_shape, np.exp(np.clip(knobs.loyalty_link * engagement, -2.0, 2.0))

    def lifetime(half_life: float, size: int) -> Floats:
        return half_life * MONTH * (rng.standard_exponential(size) / math.log(2)) ** (1 / shape)

    first = np.full(len(engagement), np.inf)
    np.minimum.at(first, person, opened)
    career_ends = (first + lifetime(knobs.career_half_life, len(engagement)) * loyal)[person]
    left = opened + lifetime(knobs.account_half_life, len(person)) * loyal[person]
    # Who opens an account after the career ended has come back.
    return np.where(career_ends > opened, np.minimum(left, career_ends), left)
