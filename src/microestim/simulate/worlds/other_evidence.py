"""The rest of a world's study: samples of the population and of accounts, and what every study file has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.evidence_items import PERIOD
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import Accounts
from microestim.simulate.worlds.platforms import REFERENCE_YEAR, WorldPlatforms
from microestim.simulate.worlds.truth import WEEKLY_RATE

__all__ = ["never_used_items", "population_items", "study_frame"]

type Item = dict[str, Any]
Bools = npt.NDArray[np.bool_]

_ON_ALL = "on an observed platform"
_TIERS: list[Item] = [
    {"id": "registered", "label": "registered"}
    | {"definition": f"Residents with at least one account {_ON_ALL}, dormant ones included."},
    {"id": "monthly_active", "label": "seen in a month", "window": "1 month"}
    | {"definition": f"Residents seen at least once in a given month {_ON_ALL}."},
    {"id": "monthly", "label": "monthly", "least_rate": 1.0}
    | {"definition": f"Residents whose usual frequency {_ON_ALL} is at least monthly."},
    {"id": "weekly", "label": "weekly", "least_rate": WEEKLY_RATE}
    | {"definition": f"Residents whose usual frequency {_ON_ALL} is at least weekly."},
]
_SOURCES: list[Item] = [
    {"id": "platforms", "authors": ["Simulated platforms"], "title": "What the platforms declare"},
    {"id": "service-a", "authors": ["Simulated service A"], "title": "Audience of the platforms"},
    {"id": "service-b", "authors": ["Simulated service B"], "title": "Audience of the platforms"},
    {"id": "survey", "authors": ["Simulated authors"], "title": "A survey on one platform"},
    {"id": "population-survey", "authors": ["Simulated institute"], "title": "A survey of the population"},
]


def population_items(
    knobs: Knobs,
    platforms: WorldPlatforms,
    accounts: Accounts,
    observed: Bools,
    registered: Bools,
    rng: np.random.Generator,
) -> list[Item]:
    """Ask registered people who were found in a sample of the population where they are registered.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its accounts.
    observed : ndarray of bool
        The platforms that are asked about; one element a platform.
    registered : ndarray of bool
        Which accounts exist; one element an account.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    list of dict
        One item, or none where nobody was asked or only one platform is observed.
    """
    if not knobs.population_sample or observed.sum() < 2:
        return []
    chosen = registered & observed[accounts.platform]
    k = np.bincount(accounts.person[chosen], minlength=accounts.n_people)
    k = rng.permutation(k[k > 0])[: knobs.population_sample]
    # Each account but one may be forgotten.
    said = 1 + rng.binomial(k - 1, 1 - knobs.forgotten)
    values, counts = np.unique(said, return_counts=True)
    names = [name for name, seen in zip(platforms.ids, observed, strict=True) if seen]
    item: Item = {"id": "population-memberships", "type": "memberships", "frame": "population"}
    item |= {"platforms": names, "kind": "registered", "period": PERIOD}
    item |= {"counts": {str(v): int(c) for v, c in zip(values, counts, strict=True)}}
    return [item | {"basis": "published", "source": "population-survey", "locator": "Table"}]


def never_used_items(
    knobs: Knobs,
    platforms: WorldPlatforms,
    accounts: Accounts,
    observed: Bools,
    survey_on: int | None,
    rng: np.random.Generator,
) -> list[Item]:
    """Look at a sample of accounts for whether a task was ever done with them.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its accounts.
    observed : ndarray of bool
        The observed platforms; one element a platform.
    survey_on : int or None
        The survey's platform; without one, the largest of the observed is looked at.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    list of dict
        One item, or none where it was not looked at, or all accounts in the sample are alike.
    """
    there = np.bincount(accounts.platform[accounts.registered], minlength=platforms.n)
    j = int(np.argmax(np.where(observed, there, -1))) if survey_on is None else survey_on
    mine = rng.permutation(np.flatnonzero(accounts.registered & (accounts.platform == j)))
    looked_at = mine[: knobs.never_used_sample]
    unused = int((~accounts.worked[looked_at]).sum())
    if not 0 < unused < len(looked_at):
        return []
    item: Item = {"id": "never-used", "type": "never_used", "platforms": platforms.ids[j]}
    item |= {"value": unused / len(looked_at), "n": len(looked_at), "period": PERIOD}
    return [item | {"basis": "published", "source": "platforms", "locator": "Answer to a request"}]


def study_frame(platforms: WorldPlatforms, observed: list[str], items: list[Item]) -> Item:
    """Put evidence into a study of an invented country.

    Parameters
    ----------
    platforms : WorldPlatforms
        The world's platforms.
    observed : list of str
        Ids of those with evidence of their own.
    items : list of dict
        The evidence.

    Returns
    -------
    dict
        The fields of a study.
    """
    named = {item["source"] for item in items}
    known = [
        {"id": name, "name": name.upper(), "class": platforms.classes[j], "layer": platforms.layers[j]}
        | {"residents_only": bool(platforms.residents_only[j]), "founded": platforms.founded[j]}
        for j, name in enumerate(platforms.ids)
    ]
    known += [
        {"id": name, "name": name.upper(), "class": "online micro-tasks", "layer": "two-sided"}
        | {"residents_only": False, "takes_residents": False}
        for name in platforms.closed_to_residents
    ]
    return {
        "id": "world",
        "title": "A simulated country: no data",
        "country": "XX",
        "country_name": "Simulated country",
        "language": "en",
        "period": str(REFERENCE_YEAR),
        "summary": "What could be known of a simulated country. Nothing here was observed.",
        "observed": observed,
        "notes": ["Every figure is simulated."],
        "sources": [source | {"year": REFERENCE_YEAR} for source in _SOURCES if source["id"] in named],
        "platforms": known,
        "tiers": _TIERS,
        "evidence": items,
    }
