"""The report's tables of a fit; every cell is finished text, rounded by the library's rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from microestim.checks.scope import platforms_without_own_evidence, rests_on_assumption
from microestim.models.people import TIER_IDS
from microestim.models.priors import DEFAULT_PRIORS
from microestim.report.wording import chance, reading_in_words
from microestim.results import Table, format_number
from microestim.results.posterior import printed_draws

if TYPE_CHECKING:
    from microestim.checks.fitted import FittedModel
    from microestim.checks.prior_influence import PriorInfluence
    from microestim.study import Study

__all__ = [
    "BANDS",
    "band_table",
    "benchmark_table",
    "evidence_table",
    "influence_tables",
    "left_out_table",
    "platform_table",
    "prior_table",
    "reading_table",
    "result_table",
    "settings_table",
    "source_table",
]

BANDS = ("weekly", "monthly, not weekly", "registered, less than monthly")
"""The exclusive bands, the most active first."""

_LEFT: Literal["left"] = "left"
_RIGHT: Literal["right"] = "right"


def _word(study: Study, tier: str) -> str:
    """Give the study's own word for a tier, where it has one."""
    return next((each.label for each in study.tiers if each.id == tier), "")


def result_table(fit: FittedModel) -> Table:
    """Lay out the answer: each tier with what was published of it.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        Tier, estimand in words, published figure, median, 95 % credible interval, P(tier > published).
    """
    words = fit.tiers.to_frame().query("unit == 'people'").set_index("tier")["estimand"]
    rows = []
    for tier in TIER_IDS:
        draws = fit.draws(tier)
        printed = fit.published(tier)
        label = _word(fit.study, tier)
        rows.append(
            (
                f"{tier} ({label})" if label else tier,
                str(words[tier]),
                f"{printed[0][2]} ({printed[0][0]})" if printed else "not published",
                *printed_draws(draws),
                chance(draws, printed[0][1]) if printed else "",
            )
        )
    return Table(
        (
            "tier (the study's word)",
            "people counted",
            "published",
            "median",
            "95 % credible interval",
            "P(tier > published)",
        ),
        rows,
        title="People by tier",
        align=(_LEFT, _LEFT, _LEFT, _RIGHT, _RIGHT, _RIGHT),
        footer=(
            "Tiers are cumulative: weekly lies within monthly, and monthly within registered. monthly_active "
            "counts who is seen in a given month, monthly who usually comes every month: neither "
            "contains the "
            "other.",
            "'Registered' is not 'works': dormant accounts are in it.",
        ),
    )


def band_table(fit: FittedModel) -> Table:
    """Lay out the exclusive bands, which add up to the people registered.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        Band, median, 95 % credible interval, share of the registered.
    """
    registered = fit.draws("registered")
    rows = []
    for band in BANDS:
        draws = fit.tiers.band(band)
        middle, span = printed_draws(100.0 * draws / registered)
        rows.append((band, *printed_draws(draws), f"{middle} %", f"{span} %"))
    return Table(
        (
            "band, by usual frequency",
            "median",
            "95 % credible interval",
            "of the registered",
            "95 % credible interval",
        ),
        rows,
        title="People in exclusive bands",
        footer=("Every draw's bands add up to its registered; medians need not.",),
    )


def reading_table(fits: Sequence[FittedModel]) -> Table:
    """Set the readings of the question on frequency side by side.

    Parameters
    ----------
    fits : sequence of WorkforceFit
        Fits of one study.

    Returns
    -------
    Table
        One row a tier, one column a reading.
    """
    columns = [reading_in_words(fit) + ("" if fit.converged else " (NOT CONVERGED)") for fit in fits]
    rows = []
    for tier in TIER_IDS:
        cells = []
        for fit in fits:
            middle, span = printed_draws(fit.draws(tier))
            cells.append(f"{middle} ({span})")
        rows.append((tier, *cells))
    return Table(
        ("tier", *columns),
        rows,
        title="People by tier, by reading of the question on frequency",
        footer=("Median (95 % credible interval).",),
    )


def platform_table(fit: FittedModel) -> Table:
    """Lay out each platform's accounts by tier.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a platform: accounts of residents, seen in a month, weekly, and what they rest on.
    """
    indirect = platforms_without_own_evidence(fit.design)
    rows = []
    for platform in fit.design.platforms:
        cells = []
        for tier in ("registered", "monthly_active", "weekly"):
            middle, span = printed_draws(fit.draws(tier, of="accounts", platform=platform))
            cells.append(f"{middle} ({span})")
        basis = "totals and the other platforms only" if platform in indirect else "figures of its own"
        rows.append((fit.study.platform(platform).name, *cells, basis))
    return Table(
        ("platform", "accounts (registered)", "seen in a month", "weekly", "rests on"),
        rows,
        title="Accounts of residents by platform",
        align=(_LEFT, _RIGHT, _RIGHT, _RIGHT, _LEFT),
        footer=("Median (95 % credible interval), in accounts. A person with two accounts is in two rows.",),
    )


def evidence_table(fit: FittedModel) -> Table:
    """Lay out the evidence that the model rests on, with source, basis and what rests on an assumption.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a piece of evidence, in the study's order.
    """
    return Table(
        _EVIDENCE,
        _evidence_rows(fit, _in_the_model(fit)),
        title="Evidence in the model",
        align=(_LEFT,) * len(_EVIDENCE),
    )


def left_out_table(fit: FittedModel) -> Table:
    """Say which evidence is not in the model, and why; benchmarks have a table of their own.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a piece of evidence; without rows where there is none.
    """
    inside = _in_the_model(fit)
    names = [item.id for item in fit.study.evidence if item.id not in inside and item.type != "benchmark"]
    rows = [(*row, _why_left_out(fit, row[0])) for row in _evidence_rows(fit, names)]
    return Table(
        (*_EVIDENCE, "why it is not in the model"),
        rows,
        title="Evidence that is not in the model, and why",
        align=(_LEFT,) * (len(_EVIDENCE) + 1),
    )


def benchmark_table(fit: FittedModel) -> Table:
    """List the figures from elsewhere that stand beside the result and never enter the model.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a benchmark; without rows where there is none.
    """
    names = [item.id for item in fit.study.evidence if item.type == "benchmark"]
    rows = [(row[0], *row[2:]) for row in _evidence_rows(fit, names)]
    return Table(
        (_EVIDENCE[0], *_EVIDENCE[2:]),
        rows,
        title="Figures from elsewhere, not in the model",
        align=(_LEFT,) * (len(_EVIDENCE) - 1),
        footer=(
            "None counts the people of a tier on the observed platforms: each is of another population, "
            "definition or year, so it gives an order of magnitude, not a test.",
        ),
    )


_EVIDENCE = ("evidence", "platforms", "observed", "period", "basis", "source", "remarks")


def _why_left_out(fit: FittedModel, name: str) -> str:
    if fit.study.item(name).role == "shown only":
        return "The study shows it and keeps it out of the model (role 'shown only')."
    return _sentence(fit.design.left_out.get(name, "it adds nothing to the rest"))


def _in_the_model(fit: FittedModel) -> list[str]:
    return [observation.name for observation in fit.design.observations]


def _evidence_rows(fit: FittedModel, names: Sequence[str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in fit.study.evidence_frame().to_dict("records"):
        if row["id"] not in names:
            continue
        assumed = rests_on_assumption(fit.study, row["id"]) and row["basis"] != "assumption"
        remarks = [_sentence(" ".join(text.split())) for text in (row["explanation"], row["note"]) if text]
        rows.append(
            (
                row["id"],
                row["platforms"],
                row["observed"],
                row["period"].replace("/", " to "),
                row["basis"] + (", with an assumption" if assumed else ""),
                ", ".join(filter(None, (row["source"], row["locator"]))) or "none",
                " ".join(remarks),
            )
        )
    return rows


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!", ".'")) else ".")


def prior_table(fit: FittedModel) -> Table:
    """Lay out the priors with their reasons.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a prior that the model uses. Each is an assumption, and is called one.
    """
    rows = []
    for name, prior in fit.priors.items():
        low, high = prior.interval()
        basis = (
            "assumption (judgement)" if prior.source == "judgement" else f"assumption, after {prior.source}"
        )
        if prior != DEFAULT_PRIORS.get(name):
            basis += "; not the library's default"
        rows.append(
            (
                name,
                f"{_sentence(prior.meaning)} {prior.rationale}",
                f"{prior.family}: median {format_number(prior.median)}, 95 % from "
                f"{format_number(low, digits=2)} to {format_number(high, digits=2)} {prior.unit}",
                basis,
            )
        )
    return Table(
        ("prior", "of what, and why", "distribution", "basis"),
        rows,
        title="Priors, all of them assumptions",
        align=(_LEFT,) * 4,
    )


def influence_tables(influence: PriorInfluence) -> tuple[Table, Table]:
    """Lay out the influence of the priors in two tables that fit a page.

    Parameters
    ----------
    influence : PriorInfluence
        What `prior_influence` gave.

    Returns
    -------
    correlations, changes : Table
        Squared correlation of each quantity with each tier, and the change of each tier's median when the
        prior's spread is halved and doubled.
    """
    whole = influence.table
    changes = [i for i, column in enumerate(whole.columns) if "halved" in column]
    others = [i for i in range(len(whole.columns)) if i not in changes]

    def part(chosen: list[int], title: str, footer: Sequence[str]) -> Table:
        return Table(
            [whole.columns[i] for i in chosen],
            [[row[i] for i in chosen] for row in whole.rows],
            title=title,
            footer=footer,
            align=[whole.align[i] for i in chosen],
        )

    return (
        part(
            others,
            "What the evidence adds to each prior, and the squared correlation (r²) with each tier",
            (),
        ),
        part(
            [0, *changes],
            "Change of each tier's median when the prior's spread is halved and doubled",
            whole.footer,
        ),
    )


def source_table(fit: FittedModel) -> Table:
    """List the study's sources.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table
        One row a source.
    """
    rows = [
        (
            source.id,
            "; ".join(source.authors),
            str(source.year),
            " ".join(source.title.split()),
            ". ".join(filter(None, (source.identifier, source.locator, source.note))),
        )
        for source in fit.study.sources
    ]
    return Table(("source", "authors", "year", "title", "where"), rows, title="Sources", align=(_LEFT,) * 5)


def settings_table(fits: Sequence[FittedModel]) -> Table:
    """Say how the posterior was drawn, and with which software.

    Parameters
    ----------
    fits : sequence of WorkforceFit
        Fits of one study.

    Returns
    -------
    Table
        One row a setting or a package, one column a fit.
    """
    rows = [
        ("seed", *(str(fit.settings.seed) for fit in fits)),
        ("chains, draws each", *(f"{fit.settings.chains}, {fit.settings.draws:,}" for fit in fits)),
        ("steps of adaptation", *(f"{fit.settings.tune:,}" for fit in fits)),
        ("target acceptance", *(f"{fit.settings.target_accept:g}" for fit in fits)),
        ("sampler", *("NUTS, by nutpie" for _ in fits)),
        ("study", *(f"{fit.study.id}, SHA-256 {fit.study.hash[:16]}…" for fit in fits)),
        *((name, *(fit.versions.get(name, "not recorded") for fit in fits)) for name in fits[0].versions),
    ]
    columns = ("setting", *(reading_in_words(fit) for fit in fits))
    return Table(columns, rows, title="Settings and versions", align=(_LEFT,) * (1 + len(fits)))
