"""What the evidence covers, when, and what it stands on; and what was published, beside the posterior."""

from __future__ import annotations

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.checks.reproduction import reproduce
from microestim.checks.result import CheckResult
from microestim.errors import NotEstimableError
from microestim.models.design import Design
from microestim.models.observations import AudienceFigure, DeclaredAccounts
from microestim.models.people import TIER_IDS
from microestim.results import Table
from microestim.results.posterior import printed_draws
from microestim.study import BenchmarkEvidence, Study
from microestim.study.periods import overlap

__all__ = [
    "check_anchor",
    "check_benchmarks",
    "check_published",
    "check_scope",
    "platforms_without_own_evidence",
    "rests_on_assumption",
]


def rests_on_assumption(study: Study, evidence_id: str) -> bool:
    """Tell whether a value, or the error stated of it, is an assumption.

    Parameters
    ----------
    study : Study
        The study.
    evidence_id : str
        Id of a piece of its evidence.

    Returns
    -------
    bool
        Whether either is.
    """
    item = study.item(evidence_id)
    return "assumption" in (item.basis, getattr(getattr(item, "error", None), "basis", None))


def platforms_without_own_evidence(design: Design) -> tuple[str, ...]:
    """List the observed platforms that no piece of evidence is about by themselves.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    tuple of str
        Ids of platforms known through totals, or through the other platforms, only.
    """
    alone = np.zeros(design.n_platforms)
    for observation in design.observations:
        if isinstance(observation, DeclaredAccounts):
            alone[observation.platform] = 1.0
        elif isinstance(observation, AudienceFigure) and observation.members.sum() == 1:
            alone += observation.members
    for frame in design.frames:
        if frame.members.sum() == 1:
            alone += frame.members
    return tuple(name for name, known in zip(design.platforms, alone, strict=True) if not known)


def check_scope(fit: FittedModel) -> CheckResult:
    """List the evidence with its period and basis, and what is left out; fail on evidence of another time.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where evidence in the model is from outside the study's period, declared numbers excepted.
    """
    study, design = fit.study, fit.design
    inside = [observation.name for observation in design.observations]
    rows: list[tuple[str, ...]] = []
    late: list[str] = []
    older: list[str] = []
    for item in study.evidence:
        used = item.id in inside
        # A ratio from elsewhere is of another time as well; its stated error covers both.
        if used and item.type != "ratio" and not overlap(item.period, study.period):
            # Declared numbers are brought to the study's period by their growth.
            (older if item.type == "registrations" else late).append(f"{item.id} ({item.period})")
        basis = f"{item.basis}, with an assumption" if rests_on_assumption(study, item.id) else item.basis
        entry = "yes" if used else f"no: {design.left_out.get(item.id, 'it adds nothing')}"
        about = item.platforms if isinstance(item.platforms, str) else ", ".join(item.platforms or ())
        rows.append((item.id, about, item.period, basis, entry))
    assumed = [name for name in inside if rests_on_assumption(study, name)]
    totals = platforms_without_own_evidence(design)
    parts = [
        f"{_number(len(inside), 'piece')} of evidence in the model, {len(rows) - len(inside)} left out; "
        f"{len(assumed)} of those in the model {'rests' if len(assumed) == 1 else 'rest'} on an assumption"
        + (f" ({', '.join(assumed)})" if assumed else "")
    ]
    if totals:
        parts.append(
            f"{_number(len(totals), 'platform')} of {design.n_platforms} with no evidence of their own, "
            f"known through totals and the other platforms only ({', '.join(totals)})"
        )
    others = [platform for platform in study.platforms if platform.id not in design.platforms]
    joinable = sum(platform.takes_residents for platform in others)
    if joinable:
        parts.append(
            f"{_number(joinable, 'other platform')} of the study that residents can join: without evidence, "
            'in no number unless scope="all" is asked for, which draws them from assumptions'
        )
    if joinable < len(others):
        parts.append(f"{_number(len(others) - joinable, 'platform')} of the study that no resident can join")
    if older:
        parts.append(
            f"declared numbers from outside the study's period {study.period}, brought to it by a yearly "
            f"growth that only its prior tells: {', '.join(older)}"
        )
    if late:
        parts.append(
            f"evidence from outside the study's period {study.period}: {', '.join(late)}; leave it out "
            '(role = "shown only"), or widen the study\'s period'
        )
    table = Table(("evidence", "platforms", "period", "basis", "in the model"), rows, align=("left",) * 5)
    return CheckResult("scope and dates", not late, ". ".join(_capital(part) for part in parts) + ".", table)


def check_published(fit: FittedModel) -> CheckResult:
    """Set what was published beside the posterior of the same tier over the same platforms.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs: with the chance that the tier is larger than each published figure.
    """
    study, rows = fit.study, []
    chances: dict[str, tuple[str, float]] = {}
    for result in sorted(study.published, key=lambda each: TIER_IDS.index(each.tier)):
        covered = tuple(p for p in study.resolve(result.platforms) if study.platform(p).takes_residents)
        same = result.unit == "people" and covered == study.observed_platforms
        if same:
            draws = fit.draws(result.tier)
            share = float(np.mean(draws > result.value))
            chances.setdefault(result.tier, (result.printed, share))
            middle, span = printed_draws(draws)
            rows.append((result.tier, result.printed, result.source, middle, span, f"{share:.2f}"))
        else:
            why = f"{result.unit} on other platforms" if result.unit == "people" else result.unit
            rows.append((result.tier, result.printed, result.source, f"not compared: {why}", "", ""))
    if not rows:
        sentence = "The study records no published result."
    elif not chances:
        sentence = "No published result is of people on the observed platforms, so none is compared."
    else:
        sentence = "Chance that there are more people than published: " + "; ".join(
            f"{tier} ('{printed}') {share:.0%}" for tier, (printed, share) in chances.items()
        )
        sentence += "."
    table = Table(
        ("tier", "published", "source", "posterior median", "95% credible interval", "P(more)"),
        rows,
        align=("left", "left", "left", "right", "right", "right"),
    )
    return CheckResult("published figures", None, sentence, table if rows else None)


def check_benchmarks(fit: FittedModel) -> CheckResult:
    """List figures from elsewhere with their definitions.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs: their definitions differ, so none can confirm or refute a tier.
    """
    study, rows = fit.study, []
    for item in study.evidence:
        if isinstance(item, BenchmarkEvidence):
            observed, _, definition = item.describe().partition(": ")
            rows.append((item.id, observed, definition, item.tier or "", item.period))
    sentence = (
        f"{_number(len(rows), 'figure')} from elsewhere, none in the model: each counts something else, "
        "so it gives an order of magnitude, not a test."
        if rows
        else "The study records no figures from elsewhere."
    )
    table = Table(
        ("benchmark", "figure", "what it counts", "nearest tier", "period"), rows, align=("left",) * 5
    )
    return CheckResult("benchmarks", None, sentence, table if rows else None)


def check_anchor(fit: FittedModel) -> CheckResult:
    """Show what the published extrapolation gives with the audience as anchor instead of registrations.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs: the choice is arbitrary in the published arithmetic, and the joint model makes none.
    """
    try:
        replayed = reproduce(fit.study)
    except NotEstimableError as error:
        return CheckResult("choice of anchor", None, f"The published steps cannot be replayed: {error}")
    steps = {line.id: line for line in replayed.lines}
    rows, parts = [], []
    for line in replayed.alternatives:
        origin = next((steps[name] for name in steps if line.id == f"{name}-by-audience"), None)
        if origin is None or origin.tier is None:
            continue
        middle, span = printed_draws(fit.draws(origin.tier))
        rows.append((origin.tier, f"{origin.computed:,.0f}", f"{line.computed:,.0f}", middle, span))
        parts.append(
            f"{origin.tier}: {origin.computed:,.0f} people anchored on registrations, "
            f"{line.computed:,.0f} on audience"
        )
    if not rows:
        sentence = (
            "The study extrapolates no ratio from one platform to all, so there is no anchor to choose."
        )
        return CheckResult("choice of anchor", None, sentence)
    table = Table(
        ("tier", "anchored on registrations", "on audience", "joint model, median", "95% credible interval"),
        rows,
    )
    sentence = "; ".join(parts) + ". The joint model needs no anchor: both are evidence in it."
    return CheckResult("choice of anchor", None, _capital(sentence), table)


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
