"""Every knob of a world, with its unit and its meaning; none has a default, since no world is typical."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from microestim.errors import InputError

__all__ = [
    "ActivityFamily",
    "CapturesForm",
    "FrequencyForm",
    "Knobs",
    "MembershipsForm",
    "SurveyOn",
]

type ActivityFamily = Literal["lognormal", "gamma", "pareto", "two kinds"]
type SurveyOn = Literal["largest closed", "any"]
type CapturesForm = Literal["histories", "two samples", "by frequency", "estimate"]
type FrequencyForm = Literal["counts", "shares", "none"]
type MembershipsForm = Literal["counts", "by frequency", "mean", "none"]

MOST_PLATFORMS, MOST_WAVES = 60, 12
"""Platforms and waves that a world can have; those of the experiment have far fewer."""

_WORDS = {
    "activity_family": ActivityFamily,
    "survey_on": SurveyOn,
    "captures_form": CapturesForm,
    "frequency_form": FrequencyForm,
    "memberships_form": MembershipsForm,
    "frequency_scope": Literal["this platform", "any platform"],
    "memberships_kind": Literal["registered", "worked"],
}
_SHARES = (
    "closed_share", "handover", "never_used", "join_together", "long_pauses", "shared_pauses", "task_share",
    "fakes_seen", "closed_counted", "p_declared", "p_worldwide", "p_country_share", "shared_connections",
    "p_whole_site", "p_audience", "p_second_vendor", "take_rate", "refusers", "outsiders",
    "missed_matches", "false_matches", "panel_share", "incomplete", "recency", "heaping", "careless",
    "forgotten",
)  # fmt: skip
_POSITIVE = (
    "usual_rate", "activity_spread", "account_half_life", "career_half_life", "lifetime_shape",
    "platform_age", "on_spell", "overstatement", "panel_share", "wave_habit", "secondary_use",
)  # fmt: skip
_NOT_NEGATIVE = (
    "size_spread", "extra_memberships", "overlap_spread", "taste_spread", "size_pull", "outside_memberships",
    "account_spread", "platform_spread", "season_spread", "second_accounts", "fake_accounts",
    "overstatement_spread", "staleness", "country_share_error", "curious", "curious_spread", "vendor_noise",
    "threshold", "willingness_spread", "recall_noise",
)  # fmt: skip
_WHOLE = {
    "n_people": 1, "n_platforms": 1, "n_classes": 1, "n_without_residents": 0, "declared_digits": 1,
    "n_waves": 2, "wave_days": 1, "gap_days": 0, "quota": 1, "population_sample": 0, "never_used_sample": 0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Everything that makes one world differ from another.

    `draw_knobs` draws all of them at random; `dataclasses.replace` changes some. Rates are in visits a
    month of 30.44 days, a visit being a day on which the account is used. Spreads are standard
    deviations of logarithms.

    Parameters
    ----------
    n_people : int
        People who open at least one account before the last survey wave ends (people).
    n_platforms : int
        Platforms that residents can join, 1 to 60; `draw_knobs` draws up to 12.
    n_classes : int
        Classes that these platforms fall into, 1 to 6, at most one a platform; `draw_knobs` draws up to 4.
    n_without_residents : int
        Platforms that are listed too, though residents cannot join them.
    size_spread : float
        Spread of the platforms' attraction to newcomers.
    closed_share : float
        Share of platforms that only residents may join.
    handover : float
        Share of an intermediary's people who get an account on the platform that executes its tasks;
        0 where no platform is an intermediary.
    extra_memberships : float
        Mean number of platforms beyond the first, before the number of platforms limits it.
    overlap_spread : float
        Spread of that number between people who are alike otherwise.
    overlap_activity_link : float
        Change of its logarithm for one standard deviation of log activity.
    taste_spread : float
        Spread of people's taste for a class of platforms.
    size_pull : float
        Power of a platform's attraction with which further memberships follow it.
    outside_memberships : float
        Mean number of platforms, sites and apps outside the world on which people are too.
    activity_family : {"lognormal", "gamma", "pareto", "two kinds"}
        Distribution of usual rates over people; "two kinds": many who are casual and few who are devoted.
    usual_rate : float
        Median usual rate of people's first account while it is in use (visits a month).
    activity_spread : float
        Spread of usual rates over people.
    account_spread : float
        Spread of usual rates over a person's accounts.
    platform_spread : float
        Spread of usual rates over platforms: some have work every day, some once a season.
    secondary_use : float
        Usual rate on every further account as a share of that on the first.
    never_used : float
        Share of accounts that are never used after they were opened, at median activity.
    never_used_link : float
        Fall of the log odds of that for one standard deviation of log activity.
    account_half_life : float
        Time after which half the accounts that were used have been left (months).
    career_half_life : float
        Time after which half the people have left paid micro-tasks altogether (months).
    lifetime_shape : float
        Weibull shape of both: below 1, many leave at once and some stay for years.
    loyalty_link : float
        Rise of the log lifetime for one standard deviation of log activity.
    platform_age : float
        Median age of the platforms (months).
    growth : float
        Growth of the monthly number of new accounts (log units a year).
    join_together : float
        Share of accounts that a person opens at the same point of the platforms' histories as the first.
    on_share : float
        Share of its life in which an account that is in use is not paused, at the median person.
    on_spell : float
        Mean length of a spell between two pauses (weeks).
    long_pauses : float
        Share of pauses that are long.
    long_pause_factor : float
        Length of a long pause in short ones.
    shared_pauses : float
        Share of pausing that a person does on all platforms at once.
    season_spread : float
        Spread of each platform's visits from month to month.
    task_share : float
        Share of visits in which a task is done.
    second_accounts : float
        Second accounts of residents on the same platform, per first account.
    fake_accounts : float
        Accounts that no resident has but that count as residents', per account of a resident.
    fakes_seen : float
        Share of these that are seen in a month.
    closed_counted : float
        Share of accounts left that are closed; the platform goes on counting them.
    overstatement : float
        Median factor by which platforms overstate what their registers hold.
    overstatement_spread : float
        Spread of that factor over platforms.
    declared_digits : int
        Significant digits of declared numbers.
    staleness : float
        Age of declared numbers (months).
    p_declared : float
        Chance that a platform's number of accounts is known.
    p_worldwide : float
        Chance that a platform that is open to the world declares all its accounts, not the residents'.
    country_share : float
        Median share of residents among the accounts of platforms open to the world.
    country_share_error : float
        Spread of the published share, which is one of traffic, around that of accounts.
    p_country_share : float
        Chance that the share is known where it is needed.
    devices : float
        Mean number of devices or browsers with which a person who is seen in a month is counted.
    shared_connections : float
        Share of visitors who disappear because a connection or device is shared.
    curious : float
        Median number of visitors of the work pages who do not work, per person seen.
    curious_spread : float
        Spread of that over platforms.
    whole_site : float
        Factor on it where the whole site is counted.
    p_whole_site : float
        Chance that the service counted the whole site.
    vendor_bias : float
        Log of the factor by which the audience service is off on all platforms alike.
    vendor_noise : float
        Spread of its error from platform to platform.
    panel_share : float
        Share of all visitors who are in the service's panel.
    threshold : float
        Visitors below which the service reports none (visitors a month).
    p_audience : float
        Chance that a platform's audience is known.
    p_second_vendor : float
        Chance that another service measured it as well.
    has_survey : bool
        Whether there was a survey.
    survey_on : {"largest closed", "any"}
        On which platform: the largest that only residents may join, or any, larger ones more often.
    n_waves : int
        Waves, 2 to 12; `draw_knobs` draws up to 4.
    wave_days : int
        Length of a wave (days).
    gap_days : int
        Time between two waves (days).
    first_wave_day : int
        Start of the first wave (days after the start of the month whose audience is known).
    quota : int
        Answers after which a wave is closed.
    take_rate : float
        Chance that a visitor who answers surveys takes this one, for each visit in the wave.
    willingness_spread : float
        Spread of that rate over people; a person keeps it from wave to wave.
    refusers : float
        Share of people who never answer.
    wave_habit : float
        Factor on the rate of those who answered an earlier wave.
    outsiders : float
        Answers of people who are no residents, or no members, per answer of a resident.
    missed_matches : float
        Chance that a person who answers again is not recognised.
    false_matches : float
        Chance that an answer is taken for somebody else's.
    incomplete : float
        Share of respondents whose answers cannot be used.
    recall_noise : float
        Spread of the frequency that a respondent thinks of.
    recall_bias : float
        Its bias (log units).
    recency : float
        Weight of the last 30 days in it, against the usual frequency.
    heaping : float
        Share of respondents who round up to the next band.
    careless : float
        Share of respondents who tick any band.
    forgotten : float
        Chance that a respondent does not think of an account that was not used in the last 30 days.
    captures_form : {"histories", "two samples", "by frequency", "estimate"}
        How the survey's captures are printed; "two samples" and "estimate" for two waves only.
    frequency_form : {"counts", "shares", "none"}
        How stated frequencies are printed.
    frequency_scope : {"this platform", "any platform"}
        What the question on frequency was about.
    memberships_form : {"counts", "by frequency", "mean", "none"}
        How memberships on the observed platforms are printed.
    memberships_kind : {"registered", "worked"}
        What the question on memberships was about; platforms ever worked on are shown only, as the study
        format asks.
    memberships_windows : bool
        Whether platforms worked on in the last month and week were asked too.
    memberships_any : bool
        Whether platforms of any kind were asked too.
    population_sample : int
        Registered people who were found, with their memberships, in a survey of the population; 0: none.
    never_used_sample : int
        Accounts of which it is known whether they were ever used; 0: not known.
    totals : bool
        Whether the figures of platforms other than the survey's are printed as totals only.
    stated_errors : bool
        Whether the authors state errors for the figures of others.
    silent_class : bool
        Whether nothing at all is known of one class of platforms.

    Raises
    ------
    InputError
        A knob is out of range.
    """

    n_people: int
    n_platforms: int
    n_classes: int
    n_without_residents: int
    size_spread: float
    closed_share: float
    handover: float
    extra_memberships: float
    overlap_spread: float
    overlap_activity_link: float
    taste_spread: float
    size_pull: float
    outside_memberships: float
    activity_family: ActivityFamily
    usual_rate: float
    activity_spread: float
    account_spread: float
    platform_spread: float
    secondary_use: float
    never_used: float
    never_used_link: float
    account_half_life: float
    career_half_life: float
    lifetime_shape: float
    loyalty_link: float
    platform_age: float
    growth: float
    join_together: float
    on_share: float
    on_spell: float
    long_pauses: float
    long_pause_factor: float
    shared_pauses: float
    season_spread: float
    task_share: float
    second_accounts: float
    fake_accounts: float
    fakes_seen: float
    closed_counted: float
    overstatement: float
    overstatement_spread: float
    declared_digits: int
    staleness: float
    p_declared: float
    p_worldwide: float
    country_share: float
    country_share_error: float
    p_country_share: float
    devices: float
    shared_connections: float
    curious: float
    curious_spread: float
    whole_site: float
    p_whole_site: float
    vendor_bias: float
    vendor_noise: float
    panel_share: float
    threshold: float
    p_audience: float
    p_second_vendor: float
    has_survey: bool
    survey_on: SurveyOn
    n_waves: int
    wave_days: int
    gap_days: int
    first_wave_day: int
    quota: int
    take_rate: float
    willingness_spread: float
    refusers: float
    wave_habit: float
    outsiders: float
    missed_matches: float
    false_matches: float
    incomplete: float
    recall_noise: float
    recall_bias: float
    recency: float
    heaping: float
    careless: float
    forgotten: float
    captures_form: CapturesForm
    frequency_form: FrequencyForm
    frequency_scope: Literal["this platform", "any platform"]
    memberships_form: MembershipsForm
    memberships_kind: Literal["registered", "worked"]
    memberships_windows: bool
    memberships_any: bool
    population_sample: int
    never_used_sample: int
    totals: bool
    stated_errors: bool
    silent_class: bool

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            allowed = get_args(getattr(words, "__value__", words))
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"knob {name} is {getattr(self, name)!r}; use one of {', '.join(map(repr, allowed))}"
                )
        for name, least in _WHOLE.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"knob {name} is {value!r}; use a whole number of at least {least}")
        for name in _SHARES:
            self._within(name, 0, 1)
        for name in _POSITIVE:
            self._within(name, math.nextafter(0, 1), math.inf)
        for name in _NOT_NEGATIVE:
            self._within(name, 0, math.inf)
        self._within("on_share", 0.01, 0.99)
        self._within("country_share", 1e-6, 0.9)
        for name in ("on_spell", "long_pause_factor", "devices", "whole_site"):
            self._within(name, 1, math.inf)
        self._within("n_platforms", 1, MOST_PLATFORMS)
        self._within("n_waves", 2, MOST_WAVES)
        self._within("n_classes", 1, min(6, self.n_platforms))
        if self.captures_form in ("two samples", "estimate") and self.n_waves != 2:
            raise InputError(f"captures_form {self.captures_form!r} needs n_waves = 2, not {self.n_waves}")
        if self.silent_class and self.n_classes < 2:
            raise InputError("silent_class needs n_classes of at least 2, not 1")

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        # Written so that nan fails.
        if not (low <= value <= high) or (math.isinf(value)):
            raise InputError(f"knob {name} is {value!r}; use a number from {low:g} to {high:g}")
