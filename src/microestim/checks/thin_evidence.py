"""Where there is too little evidence for what is said: few platforms, small surveys, silent classes."""

from __future__ import annotations

import math

import numpy as np

from microestim.checks.fitted import FittedAlone, FittedModel
from microestim.checks.result import CheckResult
from microestim.models.design import Design
from microestim.models.observations import (
    ActiveMemberships,
    AnyPlatformMemberships,
    AudienceFigure,
    DeclaredAccounts,
    DeclaredSum,
    HistoryCounts,
    LastVisits,
    MembershipCounts,
    MembershipCountsByFrequency,
    MembershipMean,
    Observation,
    PublishedEstimate,
    StatedFrequency,
)
from microestim.models.people import TIER_IDS
from microestim.results import Table, format_number

__all__ = [
    "DOMINATED_ABOVE",
    "FEW_ANSWERS",
    "FEW_PLATFORMS",
    "FEW_RECAPTURES",
    "OVERSTATED",
    "check_activity",
    "check_classes",
    "check_declared",
    "check_platforms",
    "check_rests_on_priors",
    "check_surveys",
]

FEW_PLATFORMS = 3
"""Platforms up to which their spread says next to nothing about spreads: at most two degrees of freedom."""
FEW_ANSWERS = 150
"""Answers below which a share of a half is known to no better than 8 percentage points either way (95 %)."""
FEW_RECAPTURES = 25
"""People captured twice, m, below which the relative standard error 1 / sqrt(m) of a size is above 20 %."""
DOMINATED_ABOVE = 0.5
"""Share of a tier's variance that goes with one quantity of which the evidence says nothing."""

OVERSTATED = (2.0, 3.0)
"""Declared accounts per resident who has one at which the registered tier is told: high ones of the prior."""

_SPREADS = ("accounts_spread", "active_share_spread", "active_rate_platform_spread", "visitors_spread")


def check_platforms(fit: FittedAlone) -> CheckResult:
    """Check that there are enough platforms to learn from how much platforms differ.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed with two or three platforms; informs with one, which needs no spread.
    """
    n = fit.design.n_platforms
    if n == 1:
        return CheckResult("number of platforms", None, "One platform: nothing is carried over to others.")
    influence = fit.prior_influence()
    spreads = [each for each in influence.quantities if each.name in _SPREADS]
    rows = [
        (
            each.name,
            f"{each.contraction:.2f}",
            *(f"{each.squared_correlation[tier]:.2f}" for tier in TIER_IDS),
        )
        for each in spreads
    ]
    priors = [each.name for each in spreads if each.prior_only]
    table = Table(
        ("spread over platforms", "contraction", *(f"r² {tier}" for tier in TIER_IDS)),
        rows,
        footer=(
            "Contraction: 1 less posterior over prior variance. r²: with the log of the people in the tier.",
        ),
    )
    said = f"{', '.join(priors)} rest on their priors" if priors else "no spread rests on its prior alone"
    passed = n > FEW_PLATFORMS
    sentence = (
        f"{n} platforms; of how much they differ, {said}."
        if passed
        else f"{n} platforms say next to nothing about how much platforms differ, and memberships end at "
        f"{n}: {said}. All tiers carry this, 'registered' most, since its people are on several platforms; "
        "vary the priors of the spreads before the intervals are quoted."
    )
    return CheckResult("number of platforms", passed, sentence, table)


def check_declared(fit: FittedAlone) -> CheckResult:
    """Say what the registered tier would be if platforms declared far more accounts than is assumed.

    A closed, fake or second account looks like one that sleeps, in every kind of evidence but a figure for
    accounts in use. So this informs: no check can find platforms that overstate.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs.

    Notes
    -----
    The median is carried over by a regression of the log of registered people on the log of declared accounts
    per resident who has one, over the posterior draws. Ratios that the draws do not reach are left out: the
    line bends there, since registered people are never fewer than those seen in a month.
    """
    name = "declared numbers"
    if not any(isinstance(each, DeclaredAccounts | DeclaredSum) for each in fit.design.observations):
        return CheckResult(name, None, "No number of accounts was declared, so none can be overstated.")
    log_people = np.log(fit.counts.people["registered"])
    log_ratio = np.asarray(fit.latent.p["inflation"])
    slope = float(np.cov(log_people, log_ratio)[0, 1] / log_ratio.var(ddof=1))
    middle = float(np.median(log_people) - slope * np.median(log_ratio))
    prior = fit.all_priors["inflation"]
    low, high = (math.exp(limit) for limit in prior.interval())
    (own,) = (each for each in fit.prior_influence().quantities if each.name == "inflation")
    touched = (
        "and the evidence says next to nothing of it"
        if own.prior_only
        else f"and the evidence takes {own.contraction:.0%} off the variance of its log"
    )
    error = float(log_people.std())
    rows = []
    for ratio in OVERSTATED:
        if not log_ratio.min() <= math.log(ratio) <= log_ratio.max():
            continue
        people = math.exp(middle + slope * math.log(ratio))
        rows.append((f"{ratio:g}", format_number(people, error * people)))
    sentence = (
        f"Platforms are taken to declare {math.exp(prior.median):.2g} accounts for each resident who has one "
        f"(95 %: {low:.2g} to {high:.2g}), {touched}. "
        + " ".join(
            f"At {ratio} accounts, registered people would be about {people}." for ratio, people in rows
        )
        + " Beyond that, fit again with another prior of inflation. Only a figure for accounts in use, or "
        "people asked in the general population, could tell."
    )
    table = Table(("accounts declared per resident who has one", "registered, median"), rows)
    return CheckResult(name, None, sentence, table if rows else None)


def _answers(observation: Observation) -> float | None:
    match observation:
        case StatedFrequency() | MembershipCounts() | MembershipCountsByFrequency() | HistoryCounts():
            return float(sum(observation.counts.values()))
        case LastVisits():
            return float(sum(observation.counts))
        case MembershipMean() | ActiveMemberships() | AnyPlatformMemberships():
            return float(observation.n)
        case _:
            return None


def _recaptures(observation: Observation) -> float | None:
    """People captured more than once; for a published estimate, those that its stated error implies."""
    if isinstance(observation, HistoryCounts) and observation.waves > 1:
        return float(
            sum(count for (_, history), count in observation.counts.items() if history.count("1") > 1)
        )
    if isinstance(observation, PublishedEstimate) and observation.stated_error is not None:
        return float(observation.stated_error**-2)
    return None


def check_surveys(fit: FittedModel) -> CheckResult:
    """Check that surveys have the answers, and the people found twice, that shares and sizes need.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed without a survey, with fewer than `FEW_ANSWERS` answers to a question, or fewer than
        `FEW_RECAPTURES` people captured in two waves.
    """
    rows, small = [], []
    for observation in fit.design.observations:
        answers, twice = _answers(observation), _recaptures(observation)
        if answers is None and twice is None:
            continue
        rows.append(
            (
                observation.name,
                observation.label,
                "" if answers is None else f"{answers:,.0f}",
                "" if twice is None else f"{twice:,.0f}",
            )
        )
        if answers is not None and answers < FEW_ANSWERS:
            small.append(f"{observation.name} has {answers:,.0f} answers")
        if twice is not None and twice < FEW_RECAPTURES:
            small.append(f"{observation.name} has about {twice:,.0f} people captured twice")
    if not fit.design.frames:
        sentence = "There is no survey: how often people come and on how many platforms they are is " + (
            f"what the priors and the studies it is fitted with ({', '.join(fit.others)}) say of it, by "
            "the stated correlations. Monthly and weekly are no findings of this country."
            if fit.others
            else "a prior, so monthly and weekly are priors scaled by registrations and audience."
        )
        return CheckResult("size of surveys", False, sentence)
    table = Table(
        ("evidence", "what", "answers", "captured twice"),
        rows,
        footer=("Captured twice: for a published estimate, the number that its stated error implies.",),
        align=("left", "left", "right", "right"),
    )
    sentence = (
        f"Too small to decide much: {'; '.join(small)}. Weekly and monthly lean on priors of activity, and "
        "registered on that of memberships; me.plan shows what more answers would bring."
        if small
        else f"Each question has at least {FEW_ANSWERS} answers, and waves at least {FEW_RECAPTURES} people "
        "captured twice where they are given."
    )
    return CheckResult("size of surveys", not small, sentence, table)


def _known(design: Design) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which platforms have accounts declared, visitors counted and a survey, alone or in a total."""
    accounts, visitors = np.zeros(design.n_platforms), np.zeros(design.n_platforms)
    for observation in design.observations:
        match observation:
            case DeclaredAccounts():
                accounts[observation.platform] = 1.0
            case DeclaredSum():
                accounts = np.maximum(accounts, observation.total.members)
            case AudienceFigure():
                visitors = np.maximum(visitors, observation.members)
            case _:
                pass
    return accounts > 0, visitors > 0, design.surveyed > 0


def check_activity(fit: FittedModel) -> CheckResult:
    """Check that activity is observed on the platforms that hold most of the accounts.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where platforms with neither visitors counted nor a survey hold more than half of the accounts
        (posterior median): their activity is then that of other platforms, or the prior's.
    """
    design = fit.design
    accounts, visitors, surveyed = _known(design)
    by_platform = fit.counts.accounts["registered"]
    parts = by_platform / by_platform.sum(-1, keepdims=True)
    unseen = ~(visitors | surveyed)
    rows = [
        (
            platform,
            "yes" if accounts[j] else "no",
            "yes" if visitors[j] else "no",
            "yes" if surveyed[j] else "no",
            f"{np.median(parts[:, j]):.0%}",
        )
        for j, platform in enumerate(design.platforms)
    ]
    table = Table(
        ("platform", "accounts declared", "visitors counted", "surveyed", "share of accounts, median"),
        rows,
        footer=("'Yes' includes a total over several platforms that contains this one.",),
        align=("left", "left", "left", "left", "right"),
    )
    held = float(np.median(parts[:, unseen].sum(-1)))
    passed = held <= 0.5
    names = ", ".join(name for name, none in zip(design.platforms, unseen, strict=True) if none)
    if not unseen.any():
        sentence = "Every platform has its visitors counted, or a survey."
    elif passed:
        sentence = f"Nothing is known of activity on {names}, which hold {held:.0%} of the accounts."
    else:
        sentence = (
            f"Nothing is known of activity on {names}, which hold {held:.0%} of the accounts: "
            "monthly_active, monthly and weekly rest on activity elsewhere and on priors. A month of their "
            "visitors would tell."
        )
    return CheckResult("evidence on activity", passed, sentence, table)


def check_classes(fit: FittedModel) -> CheckResult:
    """Check that every class of platforms in the estimate has evidence.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where a class among the observed platforms has none, alone or in a total. Informs where the
        study lists a class of which no platform is observed.
    """
    study, design = fit.study, fit.design
    some = np.logical_or.reduce(_known(design))
    by_class: dict[str, list[int]] = {}
    for j, platform in enumerate(design.platforms):
        by_class.setdefault(study.platform(platform).class_, []).append(j)
    others = [p for p in study.platforms if p.id not in design.platforms and p.takes_residents]
    rows = [
        (
            name,
            str(len(members)),
            str(sum(bool(some[j]) for j in members)),
            str(sum(p.class_ == name for p in others)),
        )
        for name, members in by_class.items()
    ]
    absent = dict.fromkeys(p.class_ for p in others if p.class_ not in by_class)
    rows += [(name, "0", "0", str(sum(p.class_ == name for p in others))) for name in absent]
    silent = [name for name, members in by_class.items() if not some[members].any()]
    table = Table(
        ("class", "observed platforms", "of these with evidence", "other platforms of the study"),
        rows,
        align=("left", "right", "right", "right"),
    )
    if silent:
        sentence = (
            f"No evidence at all on the class {', '.join(silent)}: its accounts and their activity are those "
            "of other classes, with the prior's spread, in every tier. Leave its platforms out of "
            "`observed`, or find one figure."
        )
    else:
        sentence = "Every class of observed platforms has evidence." + (
            f" No platform of the class {', '.join(absent)} is observed: the estimate leaves it out, and any "
            "figure for all platforms would rest on a prior there."
            if absent
            else ""
        )
    passed = False if silent else None if absent else True
    return CheckResult("classes of platforms", passed, sentence, table)


def check_rests_on_priors(fit: FittedAlone) -> CheckResult:
    """Check that no tier is, for the most part, one prior that the evidence does not touch.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where more than `DOMINATED_ABOVE` of the variance of the log of a tier goes with one quantity
        of which the evidence says nothing.
    """
    influence = fit.prior_influence()
    only = [each for each in influence.quantities if each.prior_only]
    rows, dominated = [], []
    for tier in TIER_IDS:
        for each in sorted(only, key=lambda one: -one.squared_correlation[tier]):
            share = each.squared_correlation[tier]
            if share < 0.1:
                break
            rows.append((tier, each.name, each.prior.meaning, f"{share:.0%}"))
            if share > DOMINATED_ABOVE:
                dominated.append(f"{tier} is mostly the prior of {each.name} ({share:.0%})")
    table = Table(
        ("tier", "quantity", "what it is", "of the variance of the log"),
        rows,
        footer=("Quantities of which the evidence says nothing, with a tenth or more. Shares overlap.",),
        align=("left", "left", "left", "right"),
    )
    if dominated:
        sentence = (
            f"Priors, not findings: {'; '.join(dominated)}. Quote these tiers as what the prior implies."
        )
    elif rows:
        sentence = (
            "No tier is mostly one prior that the evidence does not touch; see the table for the largest."
        )
    else:
        sentence = "No quantity that the evidence does not touch goes with a tenth of a tier's variance."
    return CheckResult("tiers that are priors", not dominated, sentence, table if rows else None)
