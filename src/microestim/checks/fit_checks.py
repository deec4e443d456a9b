"""Is a fit to be believed: every check of it, in the order in which a reader should doubt it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from microestim.checks.bounds import draw_bounds, frame_platform
from microestim.checks.evidence_influence import CHECKS_OF_REFITS, EvidenceInfluence, LeftOut
from microestim.checks.fitted import FittedAlone, FittedModel
from microestim.checks.power_scaling import check_power_scaling
from microestim.checks.prior_conflict import check_assumptions, check_prior_predictive
from microestim.checks.prior_influence import PRIOR_ONLY_BELOW
from microestim.checks.ratios import check_ratios
from microestim.checks.replay import figure
from microestim.checks.result import CheckResult
from microestim.checks.scope import check_anchor, check_benchmarks, check_published, check_scope
from microestim.checks.thin_evidence import (
    check_activity,
    check_classes,
    check_declared,
    check_platforms,
    check_rests_on_priors,
    check_surveys,
)
from microestim.models.people import TIER_IDS
from microestim.results import Table, format_interval, format_number, printed_draws

__all__ = [
    "MOVED_LIMIT",
    "RESIDUAL_LIMIT",
    "SHIFT_LIMIT",
    "TAIL_LIMIT",
    "check_bounds",
    "check_country",
    "check_fit",
    "check_memberships",
    "check_nesting",
    "check_predictive",
    "check_priors",
    "check_visitors",
]

TAIL_LIMIT = 0.005
"""Tail probability, on either side, below which evidence contradicts the model that was fitted to it."""
SHIFT_LIMIT = 1.5
"""Prior standard deviations that a posterior median of visitors per person may lie from its prior median."""
RESIDUAL_LIMIT = 0.01
"""Largest relative miss of a platform's accounts by a draw that adds up."""
MOVED_LIMIT = 0.1
"""Widths of a 90% interval by which its limits and median may move when draws at fault are mended: three
Monte Carlo standard errors of a limit at an effective sample size of 400 (0.11 standard deviations each)."""

_REFITTED: Mapping[LeftOut, str] = {
    "evidence": "ask with fit.check(refits=True), or fit.influence()",
    "platform": 'ask with fit.check(refits=True), or fit.influence(by="platform")',
}
_NESTED = (("weekly", "monthly"), ("monthly", "registered"), ("monthly_active", "registered"))


def check_fit(
    fit: FittedAlone, influence: Mapping[LeftOut, EvidenceInfluence] | None = None
) -> list[CheckResult]:
    """Check whether a fit is to be believed.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    influence : mapping of {"evidence", "platform"} to EvidenceInfluence, optional
        What fits without evidence, and without platforms, have found.

    Returns
    -------
    list of CheckResult
        Checks that can fail first; those that inform last.
    """
    return _in_order(fit, _refitted(influence or {}), lambda *checks: [check(fit) for check in checks])


def check_country(fit: FittedModel) -> list[CheckResult]:
    """Check whether one country of a pooled fit is to be believed.

    How much a prior matters is not told by draws that other countries informed, and the study is not fitted
    again: such checks are those of the study alone.

    Parameters
    ----------
    fit : CountryFit
        The country's part.

    Returns
    -------
    list of CheckResult
        Checks that can fail first; those that inform last.
    """
    return _in_order(fit, [], lambda *checks: [])


def _in_order(
    fit: FittedModel,
    refitted: list[CheckResult],
    own: Callable[[*tuple[Callable[[FittedAlone], CheckResult], ...]], list[CheckResult]],
) -> list[CheckResult]:
    """Give all checks; `own` runs those of priors where they are the fit's own."""
    checks = [
        fit.convergence.to_check(),
        check_nesting(fit),
        check_predictive(fit),
        *refitted,
        check_prior_predictive(fit),
        *own(check_assumptions),
        check_visitors(fit),
        check_memberships(fit),
        check_bounds(fit),
        check_surveys(fit),
        *own(check_platforms),
        check_activity(fit),
        check_classes(fit),
        *own(check_rests_on_priors),
        check_scope(fit),
        *own(check_declared),
        *own(check_priors, check_power_scaling),
        check_published(fit),
        check_anchor(fit),
        check_benchmarks(fit),
    ]
    if any(item.type == "ratio" for item in fit.study.evidence):
        checks.append(check_ratios(fit))
    return checks if fit.converged else [_marked(check) for check in checks]


def _refitted(influence: Mapping[LeftOut, EvidenceInfluence]) -> list[CheckResult]:
    """Give the checks that need fits without parts of the evidence, or say how to ask for them."""
    found: list[CheckResult] = []
    for by in _REFITTED:
        if by in influence:
            found += influence[by].checks()
        else:
            sentence = f"Not computed, since it fits again without each: {_REFITTED[by]}."
            found += [CheckResult(name, None, sentence) for name in CHECKS_OF_REFITS[by]]
    return found


def _marked(check: CheckResult) -> CheckResult:
    """Say in the title of a check's table that the sampler did not converge."""
    if check.table is None or "NOT CONVERGED" in check.table.title:
        return check
    title = f"{check.table.title} - NOT CONVERGED" if check.table.title else "NOT CONVERGED"
    return replace(check, table=replace(check.table, title=title))


def check_nesting(fit: FittedModel) -> CheckResult:
    """Check that in every draw each tier lies within the wider one, for people and on every platform.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed if a single draw has more in a tier than in the one around it.
    """
    counts, rows, broken = fit.counts, [], 0
    for inner, outer in _NESTED:
        people = np.mean(counts.people[inner] > counts.people[outer])
        accounts = np.mean((counts.accounts[inner] > counts.accounts[outer]).any(-1))
        broken += int(people > 0) + int(accounts > 0)
        rows.append((f"{inner} within {outer}", f"{people:.2%}", f"{accounts:.2%}"))
    n = len(counts.people["weekly"])
    sentence = (
        f"Weekly within monthly within registered, and monthly_active within registered, in all {n:,} draws."
        if not broken
        else "Some draws have more in a tier than in the one around it: this is a fault of the model, not "
        "of the data; please report it with the study."
    )
    table = Table(("tiers", "draws broken, people", "draws broken, accounts"), rows)
    return CheckResult("nesting", broken == 0, sentence, table)


def check_predictive(fit: FittedModel) -> CheckResult:
    """Check every piece of evidence against evidence drawn anew from the posterior.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed if an observed figure lies in a tail of less than `TAIL_LIMIT`. Passing says little where a
        figure has its own free error: it is no test of that error.
    """
    rows, bad = [], []
    described = {observation.name: observation for observation in fit.design.observations}
    for name, (observed, replicates) in fit.predictive().items():
        observation = described[name]
        defined = replicates[np.isfinite(replicates)]
        if not np.isfinite(observed) or len(defined) < len(replicates):
            bad.append(f"{name} (undefined in {len(replicates) - len(defined)} draws)")
        low, middle, high = np.quantile(defined, [0.025, 0.5, 0.975]) if len(defined) else [np.nan] * 3
        # Ties count half: a count that can only be 0 or 1 is not in a tail.
        above = (
            float(np.mean(defined > observed) + 0.5 * np.mean(defined == observed)) if len(defined) else 0.0
        )
        if not TAIL_LIMIT <= above <= 1.0 - TAIL_LIMIT:
            bad.append(f"{name} ({above:.3f})")
        error = float(high - low) / 4.0
        rows.append(
            (
                name,
                f"{observation.label} ({observation.unit})",
                figure(observed),
                format_number(float(middle), error),
                format_interval(float(low), float(high), error),
                f"{above:.3f}",
            )
        )
    if bad:
        sentence = (
            f"The model cannot produce {', '.join(bad)}. Look for a misprint or another scope in that "
            "evidence, then refit without it (study.without) to see which tiers it moves."
        )
    else:
        sentence = (
            f"All {len(rows)} pieces of evidence look like evidence drawn from the fitted model."
            if len(rows) > 1
            else "The one piece of evidence looks like evidence drawn from the fitted model."
        )
    table = Table(
        ("evidence", "what", "observed", "replicates, median", "95% of replicates", "P(replicate higher)"),
        rows,
        align=("left", "left", "right", "right", "right", "right"),
    )
    return CheckResult("posterior predictive", not bad, sentence, table)


def check_memberships(fit: FittedModel) -> CheckResult:
    """Check that spreading people over platforms can give every platform its own number of accounts.

    In a draw whose largest platform has more accounts than the drawn memberships leave people, no spread of
    people over platforms fits, and its people are counted by the limits of what is possible. A few such
    draws do no harm; whether they do is measured, by leaving them out.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed if more than half of the draws miss a platform's accounts by more than `RESIDUAL_LIMIT`, or if
        a median or a limit of a 90% interval moves by more than `MOVED_LIMIT` of that interval's width on
        the log scale without those that do.
    """
    missed = fit.counts.weight_residual > RESIDUAL_LIMIT
    share = float(missed.mean())
    found = (
        f"in {share:.2%} of the draws some platform's accounts are missed by more than {RESIDUAL_LIMIT:.0%}"
    )
    at_odds = (
        "The memberships are at odds with the numbers of accounts: check the set over which they were "
        "counted, and the largest platform's accounts."
    )
    if share > 0.5:
        sentence = f"People on several platforms do not add up: {found}. {at_odds}"
        return CheckResult("memberships add up", False, sentence)
    rows, moved = [], {}
    for tier in TIER_IDS:
        people = fit.counts.people[tier]
        kept = people[~missed]
        moved[tier] = _moved(people, kept)
        median, interval = printed_draws(people, 0.9)
        kept_median, kept_interval = printed_draws(kept, 0.9)
        rows.append((tier, median, interval, kept_median, kept_interval, f"{moved[tier]:.1%}"))
    table = Table(
        ("tier", "all draws, median", "90%", "without those, median", "90%", "moved by"),
        rows,
        footer=["Moved by: largest shift of the three, in widths of the 90% interval, on the log scale."],
    )
    worst = max(moved, key=moved.__getitem__)
    passed = moved[worst] <= MOVED_LIMIT
    if not missed.any():
        sentence = "People on several platforms add up to each platform's accounts in all draws."
    elif passed:
        sentence = (
            f"People on several platforms add up to each platform's accounts: {found}, and without these no "
            f"tier moves by more than {moved[worst]:.1%} of the width of its interval."
        )
    else:
        sentence = (
            f"People on several platforms do not add up: {found}, and without these {worst} moves by "
            f"{moved[worst]:.0%} of the width of its interval. {at_odds}"
        )
    return CheckResult("memberships add up", passed, sentence, table if missed.any() else None)


def _moved(draws: np.ndarray, others: np.ndarray) -> float:
    """Give the largest shift of median and limits of a 90% interval, in its widths on the log scale."""
    # Counts below one person are one: their logs say nothing.
    logs, moved = (np.log(np.maximum(np.quantile(each, [0.05, 0.5, 0.95]), 1.0)) for each in (draws, others))
    width = logs[2] - logs[0]
    return float(np.abs(moved - logs).max() / width) if width > 0.0 else 0.0


def check_bounds(fit: FittedModel) -> CheckResult:
    """Check the people against what memberships identify, draw by draw.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed if, with every draw held within the bounds, a median or a limit of a 90% interval moves by
        more than `MOVED_LIMIT` of that interval's width on the log scale; informs where there are no bounds.
    """
    if frame_platform(fit.design) is None:
        sentence = (
            "Not exactly one of several platforms was surveyed, so memberships give no bounds by themselves."
        )
        return CheckResult("identified bounds", None, sentence)
    bounds = draw_bounds(fit)
    moved = {}
    for tier in TIER_IDS:
        each = bounds.draws[tier]
        held = np.clip(each["joint model"], each["lower"], each["free upper"])
        moved[tier] = _moved(each["joint model"], held)
    worst = max(moved, key=moved.__getitem__)
    outside = bounds.outside(worst)
    passed = moved[worst] <= MOVED_LIMIT
    own = {name: float(np.median(draws)) for name, draws in bounds.draws["registered"].items()}
    sentence = (
        f"Between the bounds the answer rests on the prior for people who are not on {bounds.platform}: "
        f"those of registered people have medians of {format_number(own['lower'])} and "
        f"{format_number(own['upper given the mean'])}."
        if passed
        else f"{outside:.1%} of the draws of {worst} lie outside what any memberships allow, and held within "
        f"it {worst} moves by {moved[worst]:.0%} of the width of its interval; see the check of memberships."
    )
    if passed and outside:
        sentence += (
            f" {outside:.1%} of the draws of {worst} lie outside, which moves it by {moved[worst]:.1%} of "
            "the width of its interval."
        )
    return CheckResult("identified bounds", passed, sentence, bounds.table)


def check_visitors(fit: FittedModel) -> CheckResult:
    """Check that visitors per person stayed near what was assumed of them.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where a posterior median lies more than `SHIFT_LIMIT` prior standard deviations from the
        prior's: registrations and surveys then contradict the audience. Informs without an audience.
    """
    rows, far = [], []
    for i, parameter in enumerate(fit.design.parameters):
        if parameter.prior is None or not parameter.prior.startswith("visitors_per_person"):
            continue
        prior = fit.all_priors[parameter.prior]
        shift = float(np.median(fit.deviates.scalars[:, i]))
        middle = float(np.median(fit.quantity(parameter.name)))
        if abs(shift) > SHIFT_LIMIT:
            far.append(f"{parameter.name} ({middle:.2g} against {prior.median:.2g})")
        rows.append((parameter.name, f"{prior.median:.3g}", f"{middle:.3g}", f"{shift:+.2f}"))
    if not rows:
        return CheckResult("visitors per person", None, "The model has no audience, so nothing to compare.")
    table = Table(("quantity", "prior median", "posterior median", "shift in prior sd"), rows)
    sentence = (
        f"The audience contradicts the other evidence: {', '.join(far)}. Check the pages and the month "
        "that were counted, and the country share; then refit without the audience to see what it does."
        if far
        else f"Posterior medians lie within {SHIFT_LIMIT} prior standard deviations of what was assumed."
    )
    return CheckResult("visitors per person", not far, sentence, table)


def check_priors(fit: FittedAlone) -> CheckResult:
    """Say which assumption matters most and what the evidence does not identify.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs.
    """
    influence = fit.prior_influence()
    _, most = influence.most_influential
    unknown = ", ".join(influence.prior_only)
    sentence = f"The assumption that matters most: {most} " + (
        f"Priors, not findings (less than {PRIOR_ONLY_BELOW:.0%} narrower after the evidence): {unknown}."
        if unknown
        else "The evidence narrows every prior."
    )
    return CheckResult("priors", None, sentence, influence.table)
