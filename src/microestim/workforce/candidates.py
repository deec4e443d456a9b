"""What could be collected next, and what it would say: each candidate draws its own data from a posterior."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, override

import numpy as np

from microestim.checks.extended_latent import extended_latent, extended_quantities
from microestim.checks.fitted import FittedModel
from microestim.errors import InputError
from microestim.models.activity import CELL_LOG_RATES
from microestim.models.frames import Frame
from microestim.models.observations import (
    HistoryCounts,
    MembershipCounts,
    MonthlyVisitors,
    StatedFrequency,
)
from microestim.models.observations.audience import source_name
from microestim.models.people import TIER_IDS
from microestim.study import BANDS

__all__ = ["Candidate", "PlatformFigure", "PopulationSurvey", "SurveyWaves", "TrafficSource"]

MOST_WAVES = 8
"""Most waves of a planned survey: with t waves, 2**t histories are drawn."""


@dataclass(frozen=True, kw_only=True)
class Candidate(ABC):
    """Something that could be collected.

    Parameters
    ----------
    cost : float, optional
        What it costs in all, in any currency, the same for all candidates of a plan.
    """

    cost: float | None = None

    @property
    def total_cost(self) -> float | None:
        """What it costs in all; None where no cost is given."""
        return self.cost

    def __post_init__(self) -> None:
        if self.cost is not None:
            _number("cost", self.cost, "above 0", lambda value: value > 0)

    @abstractmethod
    def simulate(self, rng: np.random.Generator, fit: FittedModel) -> dict[str, np.ndarray]:
        """Draw the data that would be collected, once for every draw of a posterior.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        fit : WorkforceFit
            The fit; a quantity that it lacks is drawn from its prior.

        Returns
        -------
        dict of str to ndarray, shape (draws,)
            Numbers by name, on a scale on which they can be regressed on.
        """


def _count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool | np.bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name} is {value!r}; it must be a whole number of at least {least}")


def _number(name: str, value: object, accepted: str, fits: Callable[[float], bool]) -> None:
    if isinstance(value, bool | np.bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"{name} is {value!r}; it must be a number {accepted}")
    if not fits(float(value)):
        raise InputError(f"{name} is {value!r}; it must be a number {accepted}")


def _asks(value: object, known: tuple[str, ...], least: int) -> None:
    if not isinstance(value, tuple | list) or len(value) < least or set(value) - set(known):
        raise InputError(f"asks is {value!r}; use {', '.join(map(repr, known))} or both, in a tuple")


@dataclass(frozen=True, kw_only=True)
class _Survey(Candidate):
    """Candidates that consist of answers, which may be paid one by one."""

    cost_per_answer: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cost_per_answer is not None:
            _number("cost_per_answer", self.cost_per_answer, "above 0", lambda value: value > 0)

    @property
    @abstractmethod
    def all_answers(self) -> int:
        """Answers in all."""

    @property
    @override
    def total_cost(self) -> float | None:
        """Cost in all: what is paid at once, and for all answers."""
        if self.cost_per_answer is None:
            return self.cost
        return (self.cost or 0.0) + self.cost_per_answer * self.all_answers


def _platform(fit: FittedModel, platform: str) -> int:
    platforms = fit.design.platforms
    if platform not in platforms:
        raise InputError(f"platform is {platform!r}; the observed platforms are {', '.join(platforms)}")
    return platforms.index(platform)


@dataclass(frozen=True, kw_only=True)
class SurveyWaves(_Survey):
    """A new survey of one platform's people, in one wave or more.

    Parameters
    ----------
    cost : float, optional
        What it costs, beside what is paid for each answer.
    cost_per_answer : float, optional
        What an answer costs.
    platform : str
        Id of the platform.
    answers : int
        Answers a wave, on average; no more than the platform has accounts.
    waves : int, default 2
        Waves, at most 8; with two or more, people are recognised from wave to wave.
    asks : tuple, default ("frequency", "memberships")
        What is asked of each person once: how often people are on this platform, and on how many of the
        study's platforms they have an account.

    Examples
    --------
    >>> SurveyWaves(platform="foule-factory", answers=500).waves
    2
    """

    platform: str
    answers: int
    waves: int = 2
    asks: tuple[Literal["frequency", "memberships"], ...] = ("frequency", "memberships")

    def __post_init__(self) -> None:
        """Check the parts."""
        super().__post_init__()
        _count("answers", self.answers, 1)
        _count("waves", self.waves, 1)
        if self.waves > MOST_WAVES:
            raise InputError(f"waves is {self.waves}; at most {MOST_WAVES}, since every history is counted")
        _asks(self.asks, ("frequency", "memberships"), least=1 if self.waves == 1 else 0)

    @property
    @override
    def all_answers(self) -> int:
        """Answers in all waves together."""
        return self.answers * self.waves

    @override
    def simulate(self, rng: np.random.Generator, fit: FittedModel) -> dict[str, np.ndarray]:
        """See `Candidate.simulate`."""
        j = _platform(fit, self.platform)
        accounts = float(np.median(fit.latent.accounts[:, j]))
        if self.answers > accounts:
            raise InputError(
                f"answers is {self.answers:,}, and {self.platform} has {accounts:,.0f} accounts (median); "
                "a wave has at most one answer from each"
            )
        members = np.arange(fit.design.n_platforms) == j
        frame = Frame(id=f"planned: {self.platform}", members=members.astype(float), waves=self.waves)
        quantities = extended_quantities(fit, rng)
        exposure = np.exp(quantities["capture_exponent"][:, None] * CELL_LOG_RATES)
        rate = _rate_for(self.answers, fit.latent.accounts[:, j], fit.latent.weights[:, j], exposure)
        # A person who answers in several waves says how often and on how many platforms once.
        once = -np.expm1(-rate[:, None] * exposure)
        ever = -np.expm1(-self.waves * rate[:, None] * exposure)
        distinct = (fit.latent.weights[:, j] * ever).sum(-1) / (fit.latent.weights[:, j] * once).sum(-1)
        n = max(round(self.answers * float(np.median(distinct))), 1)
        (first, _), *changes = frame.parameters
        quantities.update({first: rate} | {name: np.ones_like(rate) for name, _ in changes})
        latent = extended_latent(fit, rng, quantities=quantities, planned=(frame,))
        drawn: dict[str, np.ndarray] = {}
        if self.waves > 1:
            histories = [format(code, f"0{self.waves}b") for code in range(1, 2**self.waves)]
            captures = HistoryCounts(
                name="history",
                label="",
                unit="answers",
                frame=frame.id,
                waves=self.waves,
                counts=dict.fromkeys([("", history) for history in histories], 0),
            )
            drawn |= captures.replicate(rng, latent)
        if "frequency" in self.asks:
            counts = {str(band): float(n if i == 0 else 0) for i, band in enumerate(BANDS)}
            stated = StatedFrequency(
                name="says", label="", unit="", frame=frame.id, counts=counts, any_platform=False
            )
            drawn |= stated.replicate(rng, latent)
        if "memberships" in self.asks and fit.design.n_platforms > 1:
            numbers = {k: n if k == 1 else 0 for k in range(1, fit.design.n_platforms + 1)}
            counted = MembershipCounts(name="on", label="", unit="", frame=frame.id, counts=numbers)
            table = counted.replicate(rng, latent)
            drawn["mean memberships"] = np.asarray(counted.statistic(table))
            drawn["on one"] = table["on[1]"]
        return {name: _steady(name, values) for name, values in drawn.items()}


def _steady(name: str, values: np.ndarray) -> np.ndarray:
    return np.log(values) if name == "mean memberships" else np.log(values + 0.5)


def _rate_for(answers: float, accounts: np.ndarray, weights: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Capture rate at which a wave has so many answers on average, or everybody's where people are fewer.

    By bisection of the log rate; `weights` and `exposure` have the shape (draws, cells).
    """
    low, high = np.full(len(accounts), -40.0), np.full(len(accounts), 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        captured = accounts * (weights * -np.expm1(-np.exp(middle)[:, None] * exposure)).sum(-1)
        low, high = np.where(captured < answers, middle, low), np.where(captured < answers, high, middle)
    return np.asarray(np.exp((low + high) / 2))


@dataclass(frozen=True, kw_only=True)
class PopulationSurvey(_Survey):
    """Questions in a survey of the general population, such as a labour-force survey.

    Parameters
    ----------
    cost : float, optional
        What it costs, beside what is paid for each answer.
    cost_per_answer : float, optional
        What an answer costs.
    people : int
        Respondents, a simple random sample; divide by the design effect of any other.
    population : float
        People whom they stand for.
    asks : tuple, default ("tiers", "memberships")
        What is asked: whether and how often people are on one of the study's platforms, and on how many of
        them they have an account.

    Notes
    -----
    Answers are taken as true: no respondent takes other work for platform work, which in practice makes
    such surveys too high.

    Examples
    --------
    >>> PopulationSurvey(people=10_000, population=50e6).asks
    ('tiers', 'memberships')
    """

    people: int
    population: float
    asks: tuple[Literal["tiers", "memberships"], ...] = ("tiers", "memberships")

    def __post_init__(self) -> None:
        """Check the parts."""
        super().__post_init__()
        _count("people", self.people, 1)
        _number("population", self.population, "of at least `people`", lambda value: value >= self.people)
        _asks(self.asks, ("tiers", "memberships"), least=1)

    @property
    @override
    def all_answers(self) -> int:
        """Answers in all."""
        return self.people

    @override
    def simulate(self, rng: np.random.Generator, fit: FittedModel) -> dict[str, np.ndarray]:
        """See `Candidate.simulate`."""
        people = {tier: fit.counts.people[tier] for tier in ("registered", "monthly", "weekly")}
        if np.median(people["registered"]) > self.population:
            registered = np.median(people["registered"])
            raise InputError(f"population is {self.population:,.0f}, and {registered:,.0f} are registered")
        bands = np.stack(
            [
                people["weekly"],
                people["monthly"] - people["weekly"],
                people["registered"] - people["monthly"],
            ],
            axis=-1,
        )
        chances = np.minimum(bands / self.population, 1.0)
        rest = np.maximum(1.0 - chances.sum(-1, keepdims=True), 0.0)
        whole = np.concatenate([chances, rest], axis=-1)
        answers = rng.multinomial(self.people, whole / whole.sum(-1, keepdims=True))
        drawn = {}
        if "tiers" in self.asks:
            drawn = {
                name: np.log(answers[:, i] + 0.5)
                for i, name in enumerate(("weekly", "monthly, not weekly", "less than monthly"))
            }
        if "memberships" in self.asks and fit.design.n_platforms > 1:
            by_number = np.stack(extended_latent(fit, rng).people_by_memberships, axis=-1)
            registered = answers[:, :3].sum(-1)
            table = rng.multinomial(registered, by_number / by_number.sum(-1, keepdims=True))
            number = np.arange(1, table.shape[-1] + 1)
            drawn["others"] = np.log(((table * (number - 1)).sum(-1) + 0.5) / (registered + 0.5))
        return drawn


@dataclass(frozen=True, kw_only=True)
class TrafficSource(Candidate):
    """A month's visitors by a service that the study has not used, one figure a platform.

    Parameters
    ----------
    cost : float, optional
        What it costs.
    vendor : str
        The service; its visitors per person are a quantity of their own.
    page_scope : {"work pages", "whole site"}, default "work pages"
        Which pages are counted.
    platforms : tuple of str, optional
        Ids of the platforms that it counts; all observed ones unless given.

    Examples
    --------
    >>> TrafficSource(vendor="a panel").page_scope
    'work pages'
    """

    vendor: str
    page_scope: Literal["work pages", "whole site"] = "work pages"
    platforms: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the parts."""
        super().__post_init__()
        if self.page_scope not in ("work pages", "whole site"):
            raise InputError(f"page_scope is {self.page_scope!r}; use 'work pages' or 'whole site'")
        vendor: object = self.vendor
        if not isinstance(vendor, str) or not vendor.strip():
            raise InputError(f"vendor is {vendor!r}; give the name of the service")
        each: object = self.platforms
        if each is not None and (
            not isinstance(each, list | tuple) or not each or len(set(each)) < len(each)
        ):
            raise InputError(f"platforms is {each!r}; give ids in a tuple, each once, or None for all")

    @override
    def simulate(self, rng: np.random.Generator, fit: FittedModel) -> dict[str, np.ndarray]:
        """See `Candidate.simulate`."""
        source = source_name(self.page_scope, self.vendor)
        used = {name.casefold() for name in fit.latent.p}
        if source_name(self.page_scope, self.vendor.strip()).casefold() in used:
            raise InputError(f"the study has {self.page_scope} counted by {self.vendor!r} already")
        latent, drawn = extended_latent(fit, rng), {}
        for platform in fit.design.platforms if self.platforms is None else self.platforms:
            members = np.arange(fit.design.n_platforms) == _platform(fit, platform)
            visitors = MonthlyVisitors(
                name=platform,
                label="",
                unit="visitors",
                value=1.0,
                members=members.astype(float),
                worldwide=False,
                source=source,
                stated_error=None,
            )
            drawn[platform] = np.log(visitors.replicate(rng, latent)[platform])
        return drawn


@dataclass(frozen=True, kw_only=True)
class PlatformFigure(Candidate):
    """A platform's own figure of the accounts of residents in one tier.

    Parameters
    ----------
    cost : float, optional
        What it costs.
    platform : str
        Id of the platform.
    tier : {"registered", "monthly_active", "monthly", "weekly"}, default "monthly_active"
        Which accounts it counts.
    error : float, default 0.05
        Standard deviation of the log of the figure.

    Examples
    --------
    >>> PlatformFigure(platform="foule-factory").tier
    'monthly_active'
    """

    platform: str
    tier: str = "monthly_active"
    error: float = 0.05

    def __post_init__(self) -> None:
        """Check the parts."""
        super().__post_init__()
        if self.tier not in TIER_IDS:
            raise InputError(f"tier is {self.tier!r}; use one of {', '.join(TIER_IDS)}")
        _number("error", self.error, "from 0 up", lambda value: value >= 0)

    @override
    def simulate(self, rng: np.random.Generator, fit: FittedModel) -> dict[str, np.ndarray]:
        """See `Candidate.simulate`."""
        accounts = fit.counts.accounts[self.tier][:, _platform(fit, self.platform)]
        return {"figure": np.log(accounts) + self.error * rng.standard_normal(len(accounts))}
