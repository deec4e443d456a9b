"""One world: its people, the truth about them, and the study that somebody could write of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.simulate.worlds.activity import Days, draw_days
from microestim.simulate.worlds.answers import Answers, ask
from microestim.simulate.worlds.audience import Audience, measure_audience
from microestim.simulate.worlds.declared import Declared, declare
from microestim.simulate.worlds.departures import Departure, depart
from microestim.simulate.worlds.evidence_items import (
    answer_items,
    audience_items,
    capture_items,
    registration_items,
)
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.other_evidence import never_used_items, population_items, study_frame
from microestim.simulate.worlds.people import REFERENCE_DAYS, Accounts, draw_accounts
from microestim.simulate.worlds.platforms import WorldPlatforms, draw_platforms
from microestim.simulate.worlds.ranges import draw_knobs
from microestim.simulate.worlds.survey import (
    Respondents,
    choose_platform,
    observed_histories,
    run_survey,
    wave_days,
)
from microestim.simulate.worlds.truth import accounts_in_tiers, count_people
from microestim.study import Study
from microestim.study.vocabulary import TIERS, TierId

__all__ = ["Scope", "World", "world"]

Bools = npt.NDArray[np.bool_]

type Scope = Literal["observed", "all"]
_SCOPES: tuple[Scope, ...] = ("observed", "all")


@dataclass(frozen=True, eq=False)
class World:
    """A world whose truth is known, and of which a study can be written. Made by `world`.

    Parameters
    ----------
    knobs : Knobs
        What makes this world differ from others.
    departure : str or None
        The named departure that was made, if any.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its people's accounts.
    days : Days
        On how many days each account was visited, by window of time.
    declared : Declared
        What platforms declare.
    audience : Audience
        What audience services report.
    survey_on : int or None
        Position of the platform on which people are asked; None without a survey.
    respondents : Respondents or None
        Who answered; None without a survey.
    silent : ndarray of bool
        Platforms of which nothing is known; one element a platform.
    streams : tuple of numpy.random.Generator
        Sources of random numbers for matching answers, answers, and other evidence. A study is written
        once, so that they are used once.
    """

    knobs: Knobs
    departure: Departure | None
    platforms: WorldPlatforms
    accounts: Accounts
    days: Days
    declared: Declared
    audience: Audience
    survey_on: int | None
    respondents: Respondents | None
    silent: Bools
    streams: tuple[np.random.Generator, ...]

    def __repr__(self) -> str:
        people = self.truth("registered")
        departure = "" if self.departure is None else f", {self.departure}"
        return f"World({people:,} people registered on {self.platforms.n} platforms{departure})"

    @cached_property
    def in_tiers(self) -> dict[TierId, Bools]:
        """For each tier, which accounts are in it; one element an account."""
        return accounts_in_tiers(self.accounts, self.days)

    def truth(
        self, tier: TierId, *, of: Literal["people", "accounts"] = "people", scope: Scope = "all"
    ) -> int:
        """Count who is in a tier at the end of the reference month.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            `registered`: residents with at least one account, dormant ones included. `monthly_active`:
            those seen at least once in the reference month. `monthly`, `weekly`: those whose usual
            frequency on one platform, a long-run property, is at least one visit a month, or a week.
        of : {"people", "accounts"}, default: "people"
            People, each counted once, or their accounts, at most one a person and platform. Second
            accounts on a platform and accounts without a resident are in neither.
        scope : {"all", "observed"}, default: "all"
            All platforms that residents can join, or those that the study observes: of which there is
            any evidence of their own.

        Returns
        -------
        int
            People or accounts.

        Raises
        ------
        InputError
            The tier, the unit or the scope is none of these.
        """
        for name, value, allowed in (
            ("tier", tier, TIERS), ("of", of, ("people", "accounts")), ("scope", scope, _SCOPES),
        ):  # fmt: skip
            if value not in allowed:
                raise InputError(f"{name} is {value!r}; use one of {', '.join(map(repr, allowed))}")
        chosen = self.in_tiers[tier]
        if scope == "observed":
            chosen = chosen & self.observed[self.accounts.platform]
        return count_people(self.accounts, chosen) if of == "people" else int(chosen.sum())

    def truths(self, *, scope: Scope = "all") -> dict[TierId, int]:
        """Count the people in all four tiers.

        Parameters
        ----------
        scope : {"all", "observed"}, default: "all"
            As for `truth`.

        Returns
        -------
        dict of str to int
            People by tier.
        """
        return {tier: self.truth(tier, scope=scope) for tier in TIERS}

    def accounts_by_platform(self, tier: TierId) -> dict[str, int]:
        """Count the accounts in a tier on each platform, which are people on that platform.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.

        Returns
        -------
        dict of str to int
            Accounts by platform.

        Raises
        ------
        InputError
            There is no such tier.
        """
        if tier not in TIERS:
            raise InputError(f"tier is {tier!r}; use one of {', '.join(map(repr, TIERS))}")
        counts = np.bincount(self.accounts.platform[self.in_tiers[tier]], minlength=self.platforms.n)
        return dict(zip(self.platforms.ids, counts.tolist(), strict=True))

    @cached_property
    def observed(self) -> Bools:
        """Which platforms have evidence of their own; one element a platform."""
        named = {name for item in self._first_items for name in _as_list(item["platforms"])}
        return np.array([name in named for name in self.platforms.ids])

    def study(self, *, id: str = "world") -> Study:
        """Write down what is known of this world, as somebody would who does not see the truth.

        Parameters
        ----------
        id : str, default: "world"
            Id of the study: lower-case letters, digits and hyphens.

        Returns
        -------
        Study
            Checked as any study is; the same at every call. Answers that are all alike have no spread by
            which a model could weigh them, and are shown only.
        """
        contents, where = self._contents, self.platforms
        evidence = [item | _SHOWN if _all_alike(item) else item for item in contents["evidence"]]
        platforms = [dict(each) for each in contents["platforms"]]
        if where.intermediary is not None and where.execution is not None:
            # What anybody knows who knows the intermediary. It is not in the fingerprint, which is older.
            platforms[where.intermediary]["executes_on"] = where.ids[where.execution]
        return Study(**contents | {"id": id, "platforms": platforms, "evidence": evidence})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what is known and of what is true, as hexadecimal: whether a world is still the same.

        Unlike the hash of its study it does not change when the study format gets another field.
        """
        known = json.dumps([self._contents, self.truths()], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(known.encode()).hexdigest()

    @cached_property
    def _captured(self) -> tuple[Bools, npt.NDArray[np.int64]]:
        assert self.respondents is not None
        return observed_histories(self.knobs, self.respondents, self.streams[0])

    @cached_property
    def _first_items(self) -> list[dict[str, Any]]:
        """Evidence that makes a platform an observed one; the survey's platform always is."""
        shown = (self.knobs, self.platforms)
        items = registration_items(*shown, self.declared, self.survey_on, self.silent)
        items += audience_items(*shown, self.audience, self.survey_on, self.silent)
        if self.survey_on is not None:
            items.append({"type": "", "platforms": self.platforms.ids[self.survey_on]})
        return items

    @cached_property
    def _answers(self) -> Answers | None:
        if self.respondents is None:
            return None
        return ask(self.knobs, self.accounts, self.days, self.respondents, self.observed, self.streams[1])

    @cached_property
    def _contents(self) -> dict[str, Any]:
        knobs, ids = self.knobs, self.platforms.ids
        observed = [name for name, seen in zip(ids, self.observed, strict=True) if seen]
        items = [item for item in self._first_items if item["type"]]
        if self.survey_on is not None and self.respondents is not None and self._answers is not None:
            where = ids[self.survey_on]
            histories, who = self._captured
            complete = self.respondents.complete[who]
            # Only complete answers can be told apart by stated frequency.
            kept = complete if knobs.captures_form == "by frequency" else np.ones(len(who), bool)
            items += capture_items(knobs, where, histories[kept], self._answers.band[who[kept]])
            items += answer_items(knobs, where, observed, self._answers, who[complete])
        others = (knobs, self.platforms, self.accounts, self.observed)
        items += population_items(*others, self.in_tiers["registered"], self.streams[2])
        items += never_used_items(*others, self.survey_on, self.streams[3])
        return study_frame(self.platforms, observed, items)


def world(
    *,
    rng: int | Sequence[int] | np.random.Generator | np.random.SeedSequence | None = None,
    knobs: Knobs | None = None,
    platforms: int | None = None,
    departure: Departure | None = None,
) -> World:
    """Draw a world of people who join platforms, come and go, and of those who try to count them.

    The world is written from the problem, and follows no model of it: people differ by heavy tails, work
    in spells, pause and leave; declared numbers, audiences and surveys are off in the ways in which they
    are. Nothing of the truth is in its study.

    Parameters
    ----------
    rng : int, sequence of int, numpy.random.Generator, numpy.random.SeedSequence or None, optional
        Seed, or source of random numbers. Each part of a world has a stream of its own, so that a knob
        of the audience does not change the people.
    knobs : Knobs, optional
        Knobs; drawn at random by `draw_knobs` if left out.
    platforms : int, optional
        Number of platforms that residents can join, in place of that of the knobs.
    departure : str, optional
        One of `DEPARTURES`, made on top of the knobs by `depart`.

    Returns
    -------
    World
        Its truth, and its study.

    Raises
    ------
    InputError
        A knob is out of range, or there is no such departure.

    Notes
    -----
    Not in these worlds: people who lie about where they live in a systematic way, platforms that merge or
    close, several countries, prices and tasks.

    Examples
    --------
    >>> import microestim as me
    >>> world = me.simulate.world(rng=21)
    >>> truths = world.truths()
    >>> truths["weekly"] <= truths["monthly"] <= truths["registered"]
    True
    >>> world.study().observed_platforms[0]
    'p1'
    """
    source = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
    streams = source.spawn(14)
    knobs = draw_knobs(streams[0]) if knobs is None else knobs
    if platforms is not None:
        knobs = replace(knobs, n_platforms=platforms, n_classes=min(knobs.n_classes, max(platforms, 1)))
    if departure is not None:
        knobs = depart(knobs, departure, rng=streams[1])
    waves = wave_days(knobs)
    last_day = max([REFERENCE_DAYS, *(high for _, high in waves)])
    drawn = draw_platforms(knobs, streams[2])
    accounts = draw_accounts(knobs, drawn, streams[3], last_day=last_day)
    survey_on = choose_platform(knobs, drawn, accounts, streams[4])
    days = _days(knobs, accounts, waves, survey_on, streams[5])
    declared = declare(knobs, drawn, accounts, streams[6])
    audience = measure_audience(knobs, drawn, accounts, days, declared, streams[7])
    respondents = None
    if survey_on is not None:
        respondents = run_survey(knobs, accounts, days, survey_on, streams[8])
        if not len(respondents.account):
            # A questionnaire that nobody answers is not reported.
            survey_on, respondents = None, None
    silent = _silent(knobs, drawn, accounts, survey_on, streams[9])
    return World(
        knobs, departure, drawn, accounts, days, declared, audience, survey_on, respondents, silent,
        tuple(streams[10:]),
    )  # fmt: skip


def _days(
    knobs: Knobs,
    accounts: Accounts,
    waves: tuple[tuple[int, int], ...],
    survey_on: int | None,
    rng: np.random.Generator,
) -> Days:
    """Visits in the reference month, in the waves, and in the last month and week of each wave."""
    windows = {"month": (0, REFERENCE_DAYS)}
    among: dict[str, Bools] = {}
    if survey_on is not None:
        there = accounts.platform == survey_on
        members = np.zeros(accounts.n_people, bool)
        members[accounts.person[there]] = True
        theirs = members[accounts.person]
        for wave, (low, high) in enumerate(waves, start=1):
            for name, first, who in (
                (f"wave {wave}", low, there),
                (f"month before wave {wave}", high - 30, theirs),
                (f"week before wave {wave}", high - 7, theirs),
            ):
                windows[name], among[name] = (first, high), who
    return draw_days(knobs, accounts, windows, rng, among=among)


def _silent(
    knobs: Knobs,
    platforms: WorldPlatforms,
    accounts: Accounts,
    survey_on: int | None,
    rng: np.random.Generator,
) -> Bools:
    """Which platforms are of the class of which nothing is known: never the survey's, nor the largest's."""
    if not knobs.silent_class:
        return np.zeros(platforms.n, bool)
    size = np.bincount(accounts.platform, minlength=platforms.n)
    spared = platforms.class_of[int(np.argmax(size)) if survey_on is None else survey_on]
    chosen = rng.choice(np.setdiff1d(platforms.class_of, [spared]))
    return np.asarray(platforms.class_of == chosen)


_SHOWN = {"role": "shown only", "note": "All respondents gave the same number."}


def _all_alike(item: dict[str, Any]) -> bool:
    """Whether an item has the memberships of a month or a week, and everybody gave the same number."""
    return item["type"] == "memberships" and "window" in item and len(item["counts"]) == 1


def _as_list(platforms: str | list[str]) -> list[str]:
    return [platforms] if isinstance(platforms, str) else platforms
