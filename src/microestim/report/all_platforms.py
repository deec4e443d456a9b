"""All platforms, not only the observed ones: what was drawn, from what, and how much of each tier it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.models.imputation import platforms_to_impute
from microestim.models.people import TIER_IDS
from microestim.models.wider_scope import wider_prior_names
from microestim.results import ROUNDING_RULE, Table, format_share
from microestim.results.posterior import printed_draws

if TYPE_CHECKING:
    from microestim.checks.fitted import FittedModel, TierDraws

__all__ = [
    "all_platforms_table",
    "imputed_by_class_table",
    "imputed_sentences",
    "report_tables",
]


def all_platforms_table(fit: FittedModel, tiers: TierDraws, *, level: float = 0.95) -> Table:
    """Lay out the people of each tier on all platforms, beside those on the observed ones.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    tiers : TierEstimates
        Its tiers over all platforms.
    level : float, default 0.95
        Level of the credible intervals.

    Returns
    -------
    Table
        One row a tier, with the shares of its accounts and of its people that rest on platforms without
        evidence.
    """
    rows = []
    for tier in TIER_IDS:
        middle, span = printed_draws(tiers.draws(tier), level)
        seen, seen_span = printed_draws(fit.draws(tier), level)
        shares = (_share(tiers.imputed_share(tier, of=of), level) for of in ("accounts", "people"))
        rows.append((tier, f"{seen} ({seen_span})", middle, span, *shares))
    n_observed = fit.design.n_platforms
    return Table(
        (
            "tier",
            "observed platforms",
            "all: median",
            f"{100 * level:g}% credible interval",
            "accounts imputed",
            "people imputed",
        ),
        rows,
        title=f"{fit.study.title}: people on all platforms" + ("" if fit.converged else " - NOT CONVERGED"),
        align=("left", "right", "right", "right", "right", "right"),
        footer=(
            f"{_joined(fit, tiers)}, {n_observed} of them observed. "
            f"Medians with {100 * level:g}% equal-tailed credible intervals.",
            "Imputed: share of the tier's accounts that are on platforms without evidence, and of its people "
            "who are in the tier through such accounts only.",
            *imputed_sentences(fit, tiers),
            ROUNDING_RULE,
        ),
    )


def _joined(fit: FittedModel, tiers: TierDraws) -> str:
    joinable = fit.design.n_platforms + len(platforms_to_impute(fit.study))
    some = f"{len(tiers.platforms)} of the " if tiers.left_out else ""
    return f"{some}{joinable} platforms that residents can join"


def imputed_by_class_table(fit: FittedModel, tiers: TierDraws) -> Table:
    """Lay out what was drawn for each class of platforms, and from what.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    tiers : TierEstimates
        Its tiers over all platforms.

    Returns
    -------
    Table
        One row a class: observed platforms, platforms without evidence, their accounts together.
    """
    study = fit.study
    rows = []
    for class_ in dict.fromkeys(study.platform(name).class_ for name in tiers.imputed):
        members = [name for name in tiers.imputed if study.platform(name).class_ == class_]
        found = tiers.imputed[members[0]]
        cells = []
        for tier in ("registered", "monthly_active", "weekly"):
            together = sum(tiers.draws(tier, platform=name) for name in members)
            middle, span = printed_draws(np.asarray(together))
            cells.append(f"{middle} ({span})")
        basis = (
            f"its {found} observed platform{'s' if found > 1 else ''}"
            if found
            else "the stated prior of classes"
        )
        names = ", ".join(study.platform(name).name for name in members)
        rows.append((class_, names, *cells, basis))
    return Table(
        (
            "class",
            "platforms without evidence",
            "accounts (registered)",
            "seen in a month",
            "weekly",
            "drawn from",
        ),
        rows,
        title="Accounts on platforms without evidence, by class",
        align=("left", "left", "right", "right", "right", "left"),
        footer=(
            "Median (95 % credible interval) of the class's platforms together, in accounts of residents.",
        ),
    )


def imputed_sentences(fit: FittedModel, tiers: TierDraws) -> list[str]:
    """Say what of the numbers on all platforms no evidence speaks of.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    tiers : TierEstimates
        Its tiers over all platforms.

    Returns
    -------
    list of str
        Sentences.
    """
    study, sentences = fit.study, []
    if not tiers.imputed:
        return ["Every platform that residents can join is observed, or left out: nothing is imputed."]
    alone: dict[str, int] = {}
    for name, found in tiers.imputed.items():
        if not found:
            class_ = study.platform(name).class_
            alone[class_] = alone.get(class_, 0) + 1
    for kind, count in alone.items():
        sentences.append(
            f"No platform of the class '{kind}' is observed: its {count} come from the stated prior, and "
            f"without_class={kind!r} leaves them out."
        )
    if tiers.left_out:
        sentences.append(f"Left out: platforms without evidence of {', '.join(tiers.left_out)}.")
    if fit.design.n_platforms == 1:
        sentences.append(
            "One platform is observed, so that nothing tells how platforms differ or how many people are on "
            "several: these come from stated priors."
        )
    closed = [p.name for p in study.platforms if not p.takes_residents]
    if closed:
        takes = "takes" if len(closed) == 1 else "take"
        sentences.append(f"{', '.join(closed)} {takes} no residents, and {takes} no part.")
    pairs = [
        (study.platform(name).name, study.platform(host).name)
        for name in tiers.platforms
        if (host := study.platform(name).executes_on) in tiers.platforms
        and {name, host} & set(tiers.imputed)
        and host is not None
    ]
    if pairs:
        linked = "; ".join(f"{name} and {host}" for name, host in pairs)
        sentences.append(f"Layers of the same tasks, whose people are counted once: {linked}.")
    return sentences


def report_tables(fit: FittedModel) -> dict[str, Table | None]:
    """Make the report's tables of all platforms.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    dict of str to Table or None
        Tiers, accounts by class, and priors; None where the study observes every platform that it lists and
        residents can join.
    """
    names = ("all_platforms", "all_by_class", "all_priors")
    if not platforms_to_impute(fit.study):
        return dict.fromkeys(names)
    tiers = fit.tiers.over("all")
    rows = []
    for name in wider_prior_names(fit.study, fit.design):
        prior = fit.all_priors[name]
        low, high = prior.interval()
        spread = f"{prior.median:.2g} ({low:.2g} to {high:.2g})"
        rows.append((name, prior.meaning, spread, f"{prior.rationale} ({prior.source})"))
    priors = Table(
        ("prior", "what it is", "median (95 %)", "why (source)"),
        rows,
        title="Priors that all platforms rest on, besides those of the model",
        align=("left", "left", "left", "left"),
    )
    found = (all_platforms_table(fit, tiers), imputed_by_class_table(fit, tiers), priors)
    return dict(zip(names, found, strict=True))


def _share(draws: np.ndarray, level: float) -> str:
    low, middle, high = np.quantile(draws, (0.5 - level / 2, 0.5, 0.5 + level / 2))
    return f"{_percent(middle)} ({_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return format_share(round(float(share), 2))
