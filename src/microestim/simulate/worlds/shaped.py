"""Worlds shaped like a study: as large, with its platforms and forms of evidence; all else is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, StudyError
from microestim.simulate.worlds.activity import Days, draw_days
from microestim.simulate.worlds.answers import ask
from microestim.simulate.worlds.audience import measure_audience, report_visitors
from microestim.simulate.worlds.declared import Declared, declare
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import REFERENCE_DAYS, Accounts, draw_accounts
from microestim.simulate.worlds.ranges import draw_knobs
from microestim.simulate.worlds.shape import Shape
from microestim.simulate.worlds.shaped_items import (
    Impossible,
    SurveyData,
    captures_numbers,
    figure_numbers,
    frequency_numbers,
    memberships_numbers,
    never_used_numbers,
    population_numbers,
    share_numbers,
)
from microestim.simulate.worlds.survey import Respondents, observed_histories, run_survey, wave_days
from microestim.simulate.worlds.survey_shape import SurveyShape
from microestim.simulate.worlds.truth import accounts_in_tiers, count_people
from microestim.study import Study
from microestim.study.evidence import (
    ActivityEvidence,
    AudienceEvidence,
    CapturesEvidence,
    CountryShareEvidence,
    Evidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RegistrationsEvidence,
)
from microestim.study.vocabulary import TIERS, TierId

__all__ = ["MOST_PEOPLE", "ShapedWorld", "shaped_world"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

MOST_PEOPLE = 600_000
"""People that a world can have."""
_PILOT = 8_000
_FEWEST = 200
_ATTEMPTS = 60
# Each survey that stays empty is tried again with a questionnaire that more people take.
_TAKE_FACTOR, _TAKE_MOST, _TAKE_TRIES = 2.5, 0.95, 5
# In all waves together there are at most so many times the people that are seen in one month.
_TURNOVER = 2.0


@dataclass(frozen=True, eq=False)
class ShapedWorld:
    """A world that is shaped like a study. Made by `shaped_world`.

    Parameters
    ----------
    study : Study
        The evidence of the world, in the forms of the study's.
    knobs : Knobs
        What makes this world differ from others.
    accounts : Accounts
        Its people's accounts.
    days : Days
        On how many days each account was visited, by window of time.
    observed : ndarray of bool
        The observed platforms; one element a platform that takes residents.
    redrawn : mapping of str to int
        Worlds drawn before, in which the evidence could not have the study's forms, by reason.
    """

    study: Study
    knobs: Knobs
    accounts: Accounts
    days: Days
    observed: Bools
    redrawn: dict[str, int]

    def truths(self, *, scope: Literal["observed", "all"] = "observed") -> dict[TierId, int]:
        """Count the people in all four tiers.

        Parameters
        ----------
        scope : {"observed", "all"}, default "observed"
            The study's observed platforms, or all that residents can join.

        Returns
        -------
        dict of str to int
            People by tier.
        """
        if scope not in ("observed", "all"):
            raise InputError(f"scope is {scope!r}; use 'observed' or 'all'")
        tiers = accounts_in_tiers(self.accounts, self.days)
        there = self.observed[self.accounts.platform] | (scope == "all")
        return {tier: count_people(self.accounts, tiers[tier] & there) for tier in TIERS}


def shaped_world(
    study: Study,
    *,
    rng: int | Sequence[int] | np.random.Generator | np.random.SeedSequence | None = None,
) -> ShapedWorld:
    """Draw a world that is shaped like a study.

    The study fixes the platforms that residents can join (class, layer, age, who may join, which are
    observed), about how large they are, which evidence there is in which form, how many waves and answers
    each survey has, and the errors that its authors state. Everything else is drawn by `draw_knobs`.

    Parameters
    ----------
    study : Study
        The study.
    rng : int, sequence of int, Generator, SeedSequence or None, optional
        Seed, or source of random numbers.

    Returns
    -------
    ShapedWorld
        Its truth, and a study of the same shape. Evidence that does not enter the joint model, published
        results and steps are not in it.

    Raises
    ------
    InputError
        The study's shape is not one that worlds can have.

    Notes
    -----
    A world in which the evidence cannot have the study's forms is drawn again, and counted: nobody seen
    twice where an estimate was printed, a total that is not above its parts, a survey with less than half
    of the study's answers though the questionnaire was made easier to meet. So worlds are conditional on
    the shape. The number of people is such that declared accounts (without any, audiences or captures)
    are about the study's in total.

    Examples
    --------
    >>> import microestim as me
    >>> world = me.simulate.shaped_world(me.load_study("fr-2018"), rng=1)
    >>> world.study.item("ff-captures").estimator
    'lincoln-petersen'
    >>> truths = world.truths()
    >>> truths["weekly"] < truths["registered"]
    True
    """
    shape = Shape(study)
    source = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
    redrawn: Counter[str] = Counter()
    for stream in source.spawn(_ATTEMPTS):
        try:
            drawn = _Attempt(shape, stream)
            return ShapedWorld(
                drawn.study(), drawn.knobs, drawn.accounts, drawn.days, shape.observed, dict(redrawn)
            )
        except Impossible as reason:
            redrawn[str(reason)] += 1
    said = "; ".join(f"{reason} ({count} times)" for reason, count in redrawn.most_common())
    raise InputError(
        f"none of {_ATTEMPTS} worlds could have the evidence of study {study.id!r} in its forms: {said}"
    )


class _Attempt:
    """One world, drawn part by part."""

    def __init__(self, shape: Shape, source: np.random.Generator) -> None:
        self.shape = shape
        streams = iter(source.spawn(16))
        drawn = draw_knobs(next(streams))
        self.knobs = shape.knobs(drawn, next(streams))
        self.platforms = shape.draw_platforms(self.knobs, next(streams))
        rng = next(streams)
        self.surveys = [
            (survey, shape.survey_knobs(self.knobs, survey, rng), part)
            for survey, part in zip(shape.surveys, next(streams).spawn(len(shape.surveys)), strict=True)
        ]
        waves = [wave_days(knobs) for _, knobs, _ in self.surveys]
        last = max([REFERENCE_DAYS, *(high for each in waves for _, high in each)])
        # Each part is drawn twice, for a pilot and for the world, from the same streams.
        self._seeds = [int(seed) for seed in next(streams).integers(2**63, size=5)]
        pilot = self._registers(replace(self.knobs, n_people=_PILOT), last)
        self.knobs = replace(self.knobs, n_people=self._people(*pilot))
        self._expect_answers(pilot[0], pilot[1])
        self.accounts, self.days, self.declared, self.reported = self._registers(self.knobs, last)
        self.rng = next(streams)

    def _registers(
        self, knobs: Knobs, last: int
    ) -> tuple[Accounts, Days, Declared, dict[tuple[str, str], dict[int, float]]]:
        """People, their month, what platforms declare, and what services report."""
        people, month, register, audience, vendors = (np.random.default_rng(seed) for seed in self._seeds)
        accounts = draw_accounts(knobs, self.platforms, people, last_day=last)
        days = draw_days(knobs, accounts, {"month": (0, REFERENCE_DAYS)}, month)
        declared = declare(knobs, self.platforms, accounts, register)
        reported: dict[tuple[str, str], dict[int, float]] = {}
        items = [item for item in self.shape.items if isinstance(item, AudienceEvidence)]
        for scope in dict.fromkeys(item.page_scope for item in items):
            pages = replace(knobs, p_whole_site=float(scope == "whole site"))
            measured = measure_audience(pages, self.platforms, accounts, days, declared, audience)
            for vendor in dict.fromkeys(item.vendor for item in items if item.page_scope == scope):
                # Each service is off in its own way; the first as the knobs say.
                own = not reported
                bias = knobs.vendor_bias if own else 0.4 * vendors.standard_normal() - 0.1
                shown = report_visitors(pages, measured.visitors, float(bias), vendors)
                reported[scope, vendor] = {j: value or 0.0 for j, value in enumerate(shown)}
        return accounts, days, declared, reported

    def _people(
        self,
        accounts: Accounts,
        days: Days,
        declared: Declared,
        reported: dict[tuple[str, str], dict[int, float]],
    ) -> int:
        """Choose the number of people from what a pilot's platforms declare or show."""
        found = self.shape.size(self.knobs.country_share)
        assert found is not None
        kind, wanted = found
        if kind == "registrations":
            where = {
                j
                for item in self.shape.items
                if isinstance(item, RegistrationsEvidence)
                for j in self.shape.positions(item)
            }
            have = sum(self._resident(declared, j) for j in where)
        elif kind == "audience":
            have = 0.0
            inner = {name for item in self.shape.items for name in item.contains}
            for item in self.shape.items:
                if isinstance(item, AudienceEvidence) and item.value and item.id not in inner:
                    of = reported[item.page_scope, item.vendor]
                    have += sum(of[j] / self._reach(item, j) for j in self.shape.positions(item))
        else:
            used = accounts_in_tiers(accounts, days)["monthly_active"]
            surveyed = [self.shape.index[survey.platform] for survey in self.shape.surveys]
            have = float(np.isin(accounts.platform[used], surveyed).sum())
        if have <= 0:
            raise Impossible("no accounts where the study has some")
        people = round(_PILOT * wanted / have)
        if people > MOST_PEOPLE:
            raise Impossible(f"more than {MOST_PEOPLE:,} people")
        if people < _FEWEST:
            raise Impossible(f"fewer than {_FEWEST} people")
        return people

    def _expect_answers(self, accounts: Accounts, days: Days) -> None:
        """Give up early where far fewer people are seen than answered: worlds take long."""
        seen = accounts_in_tiers(accounts, days)["monthly_active"]
        for survey, knobs, _ in self.surveys:
            there = seen & (accounts.platform == self.shape.index[survey.platform])
            expected = float(there.sum()) * self.knobs.n_people / _PILOT
            willing = _TURNOVER * expected * (1 - knobs.refusers)
            needed = [survey.usable / (1 - knobs.incomplete)]
            needed += [size / 2 for size in survey.wave_sizes or ()]
            if willing < max(needed):
                raise Impossible("fewer answers than in the study")

    def _resident(self, declared: Declared, j: int) -> float:
        """Give declared accounts of residents: worldwide ones times the country's share of visits."""
        value = declared.value[j] or 0.0
        return value * (declared.country_share[j] or 1.0) if declared.worldwide[j] else value

    def _reach(self, item: RegistrationsEvidence | AudienceEvidence, j: int) -> float:
        """Share of residents in what is counted."""
        return float(self.platforms.country_share[j]) if item.reach == "worldwide" else 1.0

    def study(self) -> Study:
        """Write the world's study."""
        data = {survey.platform: self._survey(survey, knobs, rng) for survey, knobs, rng in self.surveys}
        who = {
            survey.platform: data[survey.platform].usable(survey.usable, self.rng)
            for survey, _, _ in self.surveys
        }
        contents = self.shape.study.model_dump(by_alias=True)
        written = {item["id"]: item for item in contents["evidence"]}
        kept = {item.id for item in self.shape.items}
        evidence = [
            written[item.id]
            | self._numbers(item, data, who)
            | {"contains": [name for name in item.contains if name in kept]}
            | {"note": "Simulated."}
            for item in self.shape.items
        ]
        contents |= {
            "id": f"{contents['id']}-world",
            "title": f"A simulated world shaped like {self.shape.study.id}: no data",
            "summary": "Nothing here was observed.",
            "notes": ["Every figure is simulated."],
            "evidence": evidence,
            "published": (),
            "steps": (),
        }
        try:
            return Study(**contents)
        except StudyError as error:
            fault = error.faults[0] if error.faults else None
            raise Impossible(fault.message if fault else str(error)) from error

    def _survey(self, survey: SurveyShape, knobs: Knobs, source: np.random.Generator) -> SurveyData:
        """Run a survey until about as many answer as in the study."""
        where = self.shape.index[survey.platform]
        visits, answering, matching, asking = source.spawn(4)
        days = _survey_days(knobs, self.accounts, where, visits)
        for _ in range(_TAKE_TRIES):
            respondents = run_survey(knobs, self.accounts, days, where, answering)
            if survey.n_waves == 1:
                first = respondents.waves[:, 0]
                once = np.ones((int(first.sum()), 1), bool)
                respondents = Respondents(respondents.account[first], once, respondents.complete[first])
            if self._filled(survey, respondents):
                break
            knobs = replace(knobs, take_rate=min(_TAKE_MOST, _TAKE_FACTOR * knobs.take_rate))
        else:
            raise Impossible("fewer answers than in the study")
        histories, respondent = observed_histories(knobs, respondents, matching)
        answers = ask(knobs, self.accounts, days, respondents, self.shape.observed, asking)
        return SurveyData(histories, respondent, respondents.complete[respondent], answers)

    def _filled(self, survey: SurveyShape, respondents: Respondents) -> bool:
        answers = respondents.waves.sum(axis=0)
        enough = int(respondents.complete.sum()) >= survey.usable
        if survey.wave_sizes is None:
            return enough and bool(answers.min() > 0)
        return enough and all(2 * got >= had for got, had in zip(answers, survey.wave_sizes, strict=True))

    def _numbers(self, item: Evidence, data: dict[str, SurveyData], who: dict[str, Ints]) -> dict[str, Any]:
        """Give the numbers of one piece of evidence."""
        match item:
            case RegistrationsEvidence():
                where = self.shape.positions(item)
                values = {j: self._declared(item, j) for j in where}
                return figure_numbers(item, values, where)
            case AudienceEvidence():
                where = self.shape.positions(item)
                of = self.reported[item.page_scope, item.vendor]
                return figure_numbers(item, {j: of[j] / self._reach(item, j) for j in where}, where)
            case CountryShareEvidence():
                (j,) = self.shape.positions(item)
                return share_numbers(item, self.declared.country_share[j])
            case CapturesEvidence():
                return captures_numbers(item, data[self._frame(item.platforms)])
            case ActivityEvidence():
                frame = self._frame(item.platforms)
                return frequency_numbers(item, data[frame], who[frame])
            case MembershipsEvidence() if item.frame == "population":
                return population_numbers(item, self._memberships, self.knobs.forgotten, self.rng)
            case MembershipsEvidence():
                frame = self._frame(item.frame)
                return memberships_numbers(item, data[frame], who[frame])
            case NeverUsedEvidence():
                (j,) = self.shape.positions(item)
                there = self.accounts.registered & (self.accounts.platform == j)
                return never_used_numbers(item, self.accounts.worked[there], self.rng)
        raise AssertionError(item.type)

    def _frame(self, platforms: str | Sequence[str]) -> str:
        return self.shape.study.resolve(platforms)[0]

    def _declared(self, item: RegistrationsEvidence, j: int) -> float:
        value = self.declared.value[j]
        if value is None:
            raise Impossible("no accounts where the study has some")
        if item.reach == "resident":
            return self._resident(self.declared, j)
        return value if self.declared.worldwide[j] else value / float(self.platforms.country_share[j])

    @cached_property
    def _memberships(self) -> Ints:
        """Observed platforms of each person who is registered on any."""
        there = self.accounts.registered & self.shape.observed[self.accounts.platform]
        k = np.bincount(self.accounts.person[there], minlength=self.accounts.n_people)
        return k[k > 0]


def _survey_days(knobs: Knobs, accounts: Accounts, where: int, rng: np.random.Generator) -> Days:
    """Visits in the waves of a survey, and in the month and the week before each ends."""
    there = accounts.platform == where
    members = np.zeros(accounts.n_people, bool)
    members[accounts.person[there]] = True
    theirs = members[accounts.person]
    windows, among = {}, {}
    for wave, (low, high) in enumerate(wave_days(knobs), start=1):
        for name, first, who in (
            (f"wave {wave}", low, there),
            (f"month before wave {wave}", high - 30, theirs),
            (f"week before wave {wave}", high - 7, theirs),
        ):
            windows[name], among[name] = (first, high), who
    return draw_days(knobs, accounts, windows, rng, among=among)
