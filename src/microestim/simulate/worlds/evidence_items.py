"""The evidence of a world as entries of a study file: what was printed, in its form, with its errors."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.answers import Answers
from microestim.simulate.worlds.audience import Audience
from microestim.simulate.worlds.declared import Declared, round_to_digits
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import REFERENCE_DAYS
from microestim.simulate.worlds.platforms import MONTH, REFERENCE_YEAR, WorldPlatforms
from microestim.simulate.worlds.survey import wave_days
from microestim.study.vocabulary import BANDS

__all__ = [
    "PERIOD",
    "STATED_ERRORS",
    "answer_items",
    "audience_items",
    "capture_items",
    "registration_items",
]

type Item = dict[str, Any]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PERIOD = f"{REFERENCE_YEAR}-06"
"""The reference month."""
STATED_ERRORS = {"registrations": 0.10, "audience": 0.15, "country_share": 0.20}
"""The error that authors state for the figures of others, where they state one (SD of the log).

It is what they believe, the same in every world, and says nothing of the error that the figure has.
"""
_START = dt.date(REFERENCE_YEAR, 6, 1)
_FEWEST = 10
_SURVEY = {"basis": "published", "source": "survey", "locator": "Table"}


def _month(day: float) -> str:
    return (_START + dt.timedelta(days=math.floor(day))).strftime("%Y-%m")


def _error(knobs: Knobs, kind: str) -> Item:
    if not knobs.stated_errors:
        return {}
    rationale = "the authors' judgement of figures of this kind"
    return {"error": {"relative": STATED_ERRORS[kind], "basis": "assumption", "rationale": rationale}}


def _listed(knobs: Knobs, survey_on: int | None, silent: Bools) -> tuple[list[int], list[int]]:
    """Platforms that are printed one by one, and those that are printed as a total."""
    spoken = [int(j) for j in np.flatnonzero(~silent)]
    if not knobs.totals or survey_on is None or len(spoken) < 3:
        return spoken, []
    return [survey_on], [j for j in spoken if j != survey_on]


def registration_items(
    knobs: Knobs, platforms: WorldPlatforms, declared: Declared, survey_on: int | None, silent: Bools
) -> list[Item]:
    """Write down what platforms declare.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    declared : Declared
        What they declare.
    survey_on : int or None
        The survey's platform.
    silent : ndarray of bool
        Platforms of which nothing is known.

    Returns
    -------
    list of dict
        Registrations and country shares; a total is one of residents.
    """
    alone, together = _listed(knobs, survey_on, silent)
    period = _month(REFERENCE_DAYS - knobs.staleness * MONTH)
    published = {"basis": "published", "source": "platforms", "locator": "Start page"}
    items: list[Item] = []
    for j in alone:
        name, value, share = platforms.ids[j], declared.value[j], declared.country_share[j]
        if value is None:
            continue
        reach = "worldwide" if declared.worldwide[j] else "resident"
        items.append(
            {"id": f"{name}-registrations", "type": "registrations", "platforms": name, "value": value}
            | {"reach": reach, "period": period}
            | published
            | _error(knobs, "registrations")
        )
        if declared.worldwide[j] and share is not None:
            items.append(
                {"id": f"{name}-country-share", "type": "country_share", "platforms": name, "value": share}
                | {"period": PERIOD, "basis": "published", "source": "service-a", "locator": "Overview"}
                | {"note": "Share of visits, used as a share of accounts."}
                | _error(knobs, "country_share")
            )
    residents: dict[int, float] = {}
    for j in together:
        value, share = declared.value[j], declared.country_share[j]
        if value is not None and (not declared.worldwide[j] or share is not None):
            residents[j] = value * (share or 1.0) if declared.worldwide[j] else value
    if residents:
        items.append(
            {"id": "others-registrations", "type": "registrations", "reach": "resident", "period": period}
            | {"platforms": [platforms.ids[j] for j in residents]}
            | {"value": round_to_digits(sum(residents.values()), 3)}
            | {"basis": "derived", "source": "platforms"}
            | {"derivation": "Declared accounts, summed; worldwide ones times the country's share of visits."}
            | _error(knobs, "registrations")
        )
    return items


def audience_items(
    knobs: Knobs, platforms: WorldPlatforms, audience: Audience, survey_on: int | None, silent: Bools
) -> list[Item]:
    """Write down what audience services report.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    audience : Audience
        What the services report.
    survey_on : int or None
        The survey's platform.
    silent : ndarray of bool
        Platforms of which nothing is known.

    Returns
    -------
    list of dict
        Audiences; 0 is what a service shows below its threshold. A total is over the platforms that have
        one above it.
    """
    alone, together = _listed(knobs, survey_on, silent)
    items: list[Item] = []
    for vendor, reported in audience.reported.items():
        source = vendor.lower().replace(" ", "-")
        about = {
            "type": "audience",
            "page_scope": "whole site" if audience.whole_site else "work pages",
            "vendor": vendor,
            "reach": "resident",
            "period": PERIOD,
            "source": source,
        }
        for j in alone:
            value = reported[j]
            if value is None:
                continue
            zero = {"note": "Shown as 0: below the service's threshold."} if value == 0 else {}
            items.append(
                {"id": f"{platforms.ids[j]}-audience-{source[-1]}", "platforms": platforms.ids[j]}
                | {"value": value, "basis": "published", "locator": "Overview"}
                | about
                | (zero or _error(knobs, "audience"))
            )
        shown = {j: value for j in together if (value := reported[j])}
        if shown:
            items.append(
                {"id": f"others-audience-{source[-1]}", "platforms": [platforms.ids[j] for j in shown]}
                | {"value": round_to_digits(sum(shown.values()), 3), "basis": "derived"}
                | {"derivation": "Sum over the platforms that the service shows."}
                | about
                | _error(knobs, "audience")
            )
    return items


def capture_items(knobs: Knobs, platform: str, histories: Bools, band: Ints) -> list[Item]:
    """Write down who answered which wave.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platform : str
        Id of the survey's platform.
    histories : ndarray of bool
        People as they seem to be x waves.
    band : ndarray of int
        Stated frequency of each.

    Returns
    -------
    list of dict
        One item, or none where a wave has fewer than ten answers, which nobody would print. An estimate
        that would divide by 0 is printed as its counts.
    """
    if histories.sum(axis=0).min() < _FEWEST:
        return []
    waves = wave_days(knobs)
    item: Item = {
        "id": "captures",
        "type": "captures",
        "platforms": platform,
        "waves": [_month(low) for low, _ in waves],
        "period": _span(waves[0][0], waves[-1][1] - 1),
        "draw_method": "paid questionnaire, first come, first served, until the quota was full",
        **_SURVEY,
    }
    if knobs.captures_form in ("two samples", "estimate"):
        n1, n2 = (int(n) for n in histories.sum(axis=0))
        m = int(histories.all(axis=1).sum())
        if knobs.captures_form == "two samples" or m in (0, n1, n2):
            return [item | {"n1": n1, "n2": n2, "m": m}]
        variance = (n1 - m) * (n2 - m) / (n1 * n2 * m)
        error = {
            "relative": round(math.sqrt(variance), 4),
            "basis": "derived",
            "rationale": "sampling error of the estimator, from the counts that are not printed",
        }
        estimate = round_to_digits(n1 * n2 / m, 2)
        return [item | {"estimate": estimate, "estimator": "lincoln-petersen", "error": error}]
    if knobs.captures_form == "histories":
        return [item | {"histories": _history_counts(histories)}]
    tables = {word: _history_counts(histories[band == i]) for i, word in enumerate(BANDS)}
    return [item | {"histories_by_frequency": {word: table for word, table in tables.items() if table}}]


def answer_items(knobs: Knobs, platform: str, observed: list[str], answers: Answers, who: Ints) -> list[Item]:
    """Write down what respondents say.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platform : str
        Id of the survey's platform.
    observed : list of str
        Ids of the platforms over which memberships were counted.
    answers : Answers
        What each respondent says.
    who : ndarray of int
        The respondents whose answers can be used; one who was not recognised is here twice.

    Returns
    -------
    list of dict
        Stated frequency and memberships, where they were asked and ten people or more answered.
    """
    if len(who) < _FEWEST:
        return []
    waves = wave_days(knobs)
    about: Item = {"period": _span(waves[0][0], waves[-1][1] - 1), **_SURVEY}
    items: list[Item] = []
    band = answers.band[who]
    if knobs.frequency_form != "none":
        counts = {word: int((band == i).sum()) for i, word in enumerate(BANDS)}
        shares = {"weekly": round(counts["weekly"] / len(who), 2)}
        here = "here" if knobs.frequency_scope == "this platform" else "on any platform or site"
        items.append(
            {"id": "frequency", "type": "activity", "platforms": platform, "n": len(who)}
            | {
                "frequency_scope": knobs.frequency_scope,
                "question": f"How often do you look for tasks {here}?",
            }
            | ({"counts": counts} if knobs.frequency_form == "counts" else {"shares": shares})
            | about
        )
    asked: Item = {"type": "memberships", "frame": platform} | about
    numbers = answers.registered if knobs.memberships_kind == "registered" else answers.worked
    if len(observed) > 1 and knobs.memberships_form != "none":
        k, form = numbers[who], knobs.memberships_form
        ever: Item = {"id": "memberships", "platforms": observed, "kind": knobs.memberships_kind} | asked
        if knobs.memberships_kind == "worked":
            # The study format has no tier for those who ever worked, and asks that this be shown only.
            ever["role"] = "shown only"
        if form == "mean":
            ever |= {"mean": round(float(k.mean()), 2), "n": len(k)}
        elif form == "counts":
            ever |= {"counts": _number_counts(k)}
        else:
            ever["by_frequency"] = {
                word: _number_counts(k[band == i]) for i, word in enumerate(BANDS) if (band == i).any()
            }
        items.append(ever)
        if knobs.memberships_windows:
            for window, in_window in (("month", answers.month), ("week", answers.week)):
                items.append(
                    {"id": f"memberships-{window}", "platforms": observed, "kind": "worked"}
                    | {"window": window, "counts": _number_counts(in_window[who])}
                    | asked
                )
    if knobs.memberships_any:
        k = answers.anywhere[who]
        items.append(
            {"id": "memberships-any", "platforms": "any", "kind": "worked", "n": len(k)}
            | {"mean": round(float(k.mean()), 2), "share_single": round(float((k == 1).mean()), 3)}
            | asked
        )
    return items


def _span(first: float, last: float) -> str:
    low, high = _month(first), _month(last)
    return low if low == high else f"{low}/{high}"


def _history_counts(histories: Bools) -> dict[str, int]:
    words, counts = np.unique(histories.astype(np.int64), axis=0, return_counts=True)
    table = {"".join(map(str, word)): int(count) for word, count in zip(words, counts, strict=True)}
    return dict(sorted(table.items(), reverse=True))


def _number_counts(numbers: Ints) -> dict[str, int]:
    values, counts = np.unique(numbers, return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}
