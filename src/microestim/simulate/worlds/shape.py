"""What a study fixes of worlds that are shaped like it: platforms, surveys, sizes, and the knobs behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.simulate.worlds.knobs import MOST_PLATFORMS, MOST_WAVES, Knobs
from microestim.simulate.worlds.platforms import WorldPlatforms, draw_platforms
from microestim.simulate.worlds.survey_shape import SurveyShape
from microestim.study import Study
from microestim.study.evidence import (
    ActivityEvidence,
    AudienceEvidence,
    CapturesEvidence,
    Evidence,
    LastVisitEvidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RatioEvidence,
    RegistrationsEvidence,
)
from microestim.study.periods import overlap
from microestim.study.platforms import Platform

__all__ = ["Shape", "base_accounts"]

# A platform of which a service shows nothing has some half of the visitors that it would show.
_BELOW_THRESHOLD = 0.5

Floats = npt.NDArray[np.float64]

_SHOWN_BESIDE = ("benchmark", "income", "hours", "composition")
_YOUNGEST, _OLDEST = 6.0, 240.0


def base_accounts(study: Study, item: RegistrationsEvidence, country_share: float) -> float:
    """Give the residents' accounts that registrations stand for.

    Parameters
    ----------
    study : Study
        The study.
    item : RegistrationsEvidence
        The registrations.
    country_share : float
        Share of residents where the study gives none.

    Returns
    -------
    float
        Accounts.
    """
    if item.reach == "resident":
        return item.value
    for each in study.of_type("country_share", role="evidence"):
        if each.platforms == item.platforms and each.headline is not None:
            return item.value * each.headline
    where = [study.platform(name) for name in study.resolve(item.platforms)]
    return item.value if all(platform.residents_only for platform in where) else item.value * country_share


def _figure(item: RegistrationsEvidence | AudienceEvidence) -> float:
    """Give the figure by which a platform attracts; 0 without one."""
    if isinstance(item, AudienceEvidence) and item.threshold is not None:
        return _BELOW_THRESHOLD * item.threshold
    return item.value or 0.0


@dataclass(frozen=True, eq=False)
class Shape:
    """What a study fixes of the worlds that are shaped like it.

    Parameters
    ----------
    study : Study
        The study; only evidence that enters the joint model counts.

    Raises
    ------
    InputError
        A survey was on several platforms at once, evidence is of a kind that worlds do not draw, nothing says
        how large anything is, or there are more platforms or waves than worlds can have.
    """

    study: Study

    def __post_init__(self) -> None:
        self._refuse_what_no_world_draws()
        for item in self.items:
            asked = item.frame if isinstance(item, MembershipsEvidence) else item.platforms
            survey = isinstance(item, ActivityEvidence | CapturesEvidence | MembershipsEvidence)
            if survey and asked != "population" and asked is not None and len(self.study.resolve(asked)) > 1:
                raise InputError(
                    f"evidence {item.id!r} of study {self.study.id!r} is a survey on several platforms at "
                    "once, which worlds do not have; give it for one platform"
                )
        if len(self.platforms) > MOST_PLATFORMS:
            raise InputError(
                f"study {self.study.id!r} lists {len(self.platforms)} platforms; worlds have at most "
                f"{MOST_PLATFORMS}"
            )
        if any(survey.n_waves > MOST_WAVES for survey in self.surveys):
            raise InputError(f"a survey of study {self.study.id!r} has more than {MOST_WAVES} waves")
        if self.size(0.03) is None:
            raise InputError(
                f"study {self.study.id!r} has no registrations, audience or captures that enter the model: "
                "nothing says how large its worlds are"
            )

    def _refuse_what_no_world_draws(self) -> None:
        audiences = [item for item in self.items if isinstance(item, AudienceEvidence)]
        undrawn = {
            item.id: "asks when people were last here"
            if isinstance(item, LastVisitEvidence)
            else "is a ratio from elsewhere"
            for item in self.items
            if isinstance(item, LastVisitEvidence | RatioEvidence)
        }
        undrawn |= {item.id: "is a range of visitors" for item in audiences if item.value is None}
        if len({item.period for item in audiences}) > 1:
            undrawn |= {item.id: "is one of several audience periods" for item in audiences}
        # A world's registers are of its own time: the model would take off a growth that is not there.
        undrawn |= {
            item.id: f"is a declared number of {item.period}, outside the study's period"
            for item in self.items
            if isinstance(item, RegistrationsEvidence) and not overlap(item.period, self.study.period)
        }
        if undrawn:
            reasons = "; ".join(f"evidence {name!r} {why}" for name, why in undrawn.items())
            raise InputError(
                f"worlds shaped like study {self.study.id!r} cannot be drawn: {reasons}. "
                'Set role = "shown only" there, and calibrate the study without it'
            )

    @cached_property
    def items(self) -> tuple[Evidence, ...]:
        """The evidence that enters the joint model."""
        return tuple(
            item for item in self.study.evidence if item.role == "evidence" and item.type not in _SHOWN_BESIDE
        )

    @cached_property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms that residents can join, observed or not."""
        return tuple(platform for platform in self.study.platforms if platform.takes_residents)

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each platform, by id."""
        return {platform.id: j for j, platform in enumerate(self.platforms)}

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
        """Which platforms are observed; one element a platform."""
        return np.array([platform.id in self.study.observed_platforms for platform in self.platforms])

    @cached_property
    def surveys(self) -> tuple[SurveyShape, ...]:
        """The surveys, by platform."""
        found: dict[str, list[Evidence]] = {}
        for item in self.items:
            if isinstance(item, ActivityEvidence | CapturesEvidence):
                found.setdefault(self.study.resolve(item.platforms)[0], []).append(item)
            elif isinstance(item, MembershipsEvidence) and item.frame != "population":
                found.setdefault(self.study.resolve(item.frame)[0], []).append(item)
        return tuple(SurveyShape(platform, tuple(items)) for platform, items in found.items())

    def positions(self, item: Evidence) -> list[int]:
        """Give the positions of the platforms that evidence is about.

        Parameters
        ----------
        item : Evidence
            The evidence.

        Returns
        -------
        list of int
            Positions among the platforms that take residents.
        """
        assert item.platforms is not None
        return [self.index[name] for name in self.study.resolve(item.platforms) if name in self.index]

    def _outer[E: RegistrationsEvidence | AudienceEvidence](self, kind: type[E]) -> list[E]:
        """Figures of a kind that no total contains."""
        items = [item for item in self.items if isinstance(item, kind) and (item.value or 0) > 0]
        inner = {name for item in items for name in item.contains}
        return [item for item in items if item.id not in inner]

    def size(self, country_share: float) -> tuple[str, float] | None:
        """Say by what worlds are made as large as the study: a kind of figure, and its total.

        Parameters
        ----------
        country_share : float
            Share of residents where the study gives none.

        Returns
        -------
        tuple of (str, float) or None
            Kind, and residents' accounts, visitors, or accounts on surveyed platforms; None without any.
        """
        declared = self._outer(RegistrationsEvidence)
        if declared:
            return "registrations", sum(base_accounts(self.study, item, country_share) for item in declared)
        visitors = self._outer(AudienceEvidence)
        if visitors:
            return "audience", sum(item.value or 0.0 for item in visitors)
        found = 0.0
        for item in (each for survey in self.surveys for each in survey.captures[:1]):
            if item.estimate is not None:
                found += item.estimate
            elif item.n_observed:
                # What two waves give where it is known; elsewhere the least that there can be.
                pair = item.two_sample
                found += pair[0] * pair[1] / max(pair[2], 1) if pair else float(item.n_observed)
        return ("captures", found) if found else None

    def knobs(self, drawn: Knobs, rng: np.random.Generator) -> Knobs:
        """Fix the knobs that the study fixes; all others stay as they were drawn.

        Parameters
        ----------
        drawn : Knobs
            Knobs drawn at random.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        Knobs
            Figures that the study has are known, and are above the services' thresholds.
        """
        audiences = [item.value for item in self.items if isinstance(item, AudienceEvidence) and item.value]
        n_classes = len({platform.class_ for platform in self.platforms})
        layers = {platform.layer for platform in self.platforms}
        never_used = [item.n or 0 for item in self.items if isinstance(item, NeverUsedEvidence)]
        return replace(
            drawn,
            n_platforms=len(self.platforms),
            n_classes=n_classes,
            n_without_residents=sum(not platform.takes_residents for platform in self.study.platforms),
            handover=float(rng.uniform(0.3, 0.9)) if {"intermediary", "execution"} <= layers else 0.0,
            p_declared=1.0,
            p_country_share=1.0,
            p_audience=1.0,
            p_second_vendor=0.0,
            declared_digits=4,
            threshold=min(drawn.threshold, 0.5 * min(audiences, default=0.0)),
            has_survey=bool(self.surveys),
            captures_form="histories",
            never_used_sample=max(never_used, default=0),
            silent_class=False,
            totals=False,
        )

    def survey_knobs(self, knobs: Knobs, survey: SurveyShape, rng: np.random.Generator) -> Knobs:
        """Fix the knobs of one survey.

        Parameters
        ----------
        knobs : Knobs
            The world's knobs.
        survey : SurveyShape
            The survey.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        Knobs
            Waves and quota are those of the study. A survey of one wave has a second that is not looked at.
        """
        gap = rng.integers(10, 76) if survey.n_waves < 3 else rng.integers(7, 41)
        return replace(
            knobs,
            n_waves=max(2, survey.n_waves),
            gap_days=int(gap),
            quota=survey.quota(knobs.incomplete),
            frequency_scope="any platform" if survey.any_platform else "this platform",
        )

    def draw_platforms(self, knobs: Knobs, rng: np.random.Generator) -> WorldPlatforms:
        """Draw the study's platforms: what it says of them is fixed, the rest is drawn.

        Parameters
        ----------
        knobs : Knobs
            The world's knobs.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        WorldPlatforms
            Platforms with figures attract by these. Those without any are drawn around or below them.
        """
        drawn = draw_platforms(knobs, rng)
        listed = list(dict.fromkeys(platform.class_ for platform in self.platforms))
        closed = np.array([platform.residents_only for platform in self.platforms])
        # Country shares of open platforms are drawn whatever `draw_platforms` made of them.
        logit = math.log(knobs.country_share / (1 - knobs.country_share)) + 0.8 * rng.standard_normal(drawn.n)
        year = int(self.study.period[:4])
        age = [
            float(np.clip(12.0 * (year + 0.5 - platform.founded), _YOUNGEST, _OLDEST))
            if platform.founded is not None
            else float(drawn.age[j])
            for j, platform in enumerate(self.platforms)
        ]
        layers = [platform.layer for platform in self.platforms]
        linked = knobs.handover > 0
        return replace(
            drawn,
            ids=tuple(self.index),
            classes=tuple(platform.class_ for platform in self.platforms),
            layers=tuple(layers),
            class_of=np.array([listed.index(platform.class_) for platform in self.platforms]),
            attraction=self._attraction(knobs, rng),
            residents_only=closed,
            age=np.array(age),
            country_share=np.where(closed, 1.0, 1 / (1 + np.exp(-logit))),
            intermediary=layers.index("intermediary") if linked else None,
            execution=layers.index("execution") if linked else None,
            closed_to_residents=tuple(p.id for p in self.study.platforms if not p.takes_residents),
        )

    def _attraction(self, knobs: Knobs, rng: np.random.Generator) -> Floats:
        """Log sizes: own figures, shares of totals, and draws around these."""
        n = len(self.platforms)
        spread = knobs.size_spread * rng.standard_normal(n)
        accounts, visitors = np.full(n, math.nan), np.full(n, math.nan)
        for logs, kind in ((accounts, RegistrationsEvidence), (visitors, AudienceEvidence)):
            figures = [item for item in self.items if isinstance(item, kind) and _figure(item) > 0]
            for item in sorted(figures, key=lambda each: len(self.positions(each))):
                where = [j for j in self.positions(item) if math.isnan(logs[j])]
                value = _figure(item)
                if isinstance(item, RegistrationsEvidence):
                    value = base_accounts(self.study, item, knobs.country_share)
                alone = len(self.positions(item)) == 1
                share = math.log(value / len(self.positions(item)))
                logs[where] = share + (0.0 if alone else spread[where])
        both = ~np.isnan(accounts) & ~np.isnan(visitors)
        # Where no platform has both, a fifth of the accounts is seen in a month.
        apart = float((accounts - visitors)[both].mean()) if both.any() else math.log(5.0)
        logs = np.where(np.isnan(accounts), visitors + apart, accounts)
        known = ~np.isnan(logs)
        centre = float(logs[known].mean()) if known.any() else 0.0
        # Those that were written about are the larger ones: others are down to a seventh of their mean.
        return np.where(known, logs - centre, spread + rng.uniform(-2.0, 0.0))
