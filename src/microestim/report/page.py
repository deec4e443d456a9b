"""The report: one self-contained HTML page."""

from __future__ import annotations

import base64
import html
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from microestim.checks.bounds import draw_bounds, frame_platform, study_bounds
from microestim.checks.composition import composition_table
from microestim.checks.reproduction import Reproduction, reproduce
from microestim.checks.result import CheckResult
from microestim.errors import InputError, NotEstimableError
from microestim.models.imputation import platforms_to_impute
from microestim.report import tables
from microestim.report.all_platforms import report_tables
from microestim.report.figures import Picture, draw_figures
from microestim.report.paragraph import languages, paragraph
from microestim.report.wording import headline, lead, reading_sentence
from microestim.results import ROUNDING_RULE, Table

if TYPE_CHECKING:
    from microestim.checks.fitted import FittedAlone

__all__ = ["Report", "compose_report", "write_report"]

_PLACES = {
    "convergence": "sampling",
    "nesting": "sampling",
    "posterior predictive": "predictive",
    "leave one piece of evidence out": "predictive",
    "leave one platform out": "predictive",
    "conflict between sources": "predictive",
    "unexplained spread": "predictive",
    "prior predictive": "priors",
    "assumptions": "priors",
    "tiers that are priors": "priors",
    "power scaling": "priors",
    "number of platforms": "priors",
    "size of surveys": "evidence",
    "evidence on activity": "evidence",
    "classes of platforms": "evidence",
    "memberships add up": "sampling",
    "visitors per person": "priors",
    "published figures": "result",
    "choice of anchor": "published",
    "declared numbers": "priors",
    "ratios from elsewhere": "published",
}
"""Section in which the table of a check stands; checks without an entry stand with the sampler's."""

_SHOWN_ELSEWHERE = ("scope and dates", "priors", "identified bounds", "benchmarks")
"""Checks whose tables the report shows in a fuller form of its own."""


@dataclass(frozen=True)
class Report:
    """A report, ready to be written.

    Parameters
    ----------
    html : str
        The page.
    pictures : mapping of str to Picture
        Its figures, by name.
    """

    html: str
    pictures: Mapping[str, Picture]


def write_report(
    fit: FittedAlone, path: Path, *, alternatives: Sequence[FittedAlone] = (), derived: Table | None = None
) -> Path:
    """Write the report as one self-contained HTML file: nothing is loaded from elsewhere.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    path : Path
        File to write; it is replaced as a whole or not at all.
    alternatives : sequence of WorkforceFit, optional
        Fits of the same study under other readings, shown beside this one.
    derived : Table, optional
        What follows from the number of people.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        An alternative is of another study, or the file cannot be written.
    """
    report = compose_report(fit, alternatives=alternatives, derived=derived)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".microestim-", suffix=".html")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(report.html)
            # The temporary file is private to its owner, which a report need not be.
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"cannot write the report to {str(path)!r}: {error.strerror}; give a file in a folder that exists"
        ) from error
    return path


def compose_report(
    fit: FittedAlone, *, alternatives: Sequence[FittedAlone] = (), derived: Table | None = None
) -> Report:
    """Make the report in memory.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    alternatives : sequence of WorkforceFit, optional
        Fits of the same study under other readings.
    derived : Table, optional
        What follows from the number of people.

    Returns
    -------
    Report
        The page and its figures.

    Raises
    ------
    InputError
        An alternative is a fit of another study.
    """
    if not isinstance(alternatives, list | tuple):
        raise InputError("alternatives must be a list of fits of the same study")
    for other in alternatives:
        if other.study.hash != fit.study.hash:
            raise InputError(
                f"an alternative is a fit of the study {other.study.id!r}, not of {fit.study.id!r} as this "
                "one; fits of several studies need a report each"
            )
    influence = fit.prior_influence()
    pictures = draw_figures(fit, alternatives=alternatives, influence=influence, predictive=fit.predictive())
    context = _context(fit, tuple(alternatives)) | {"derived": derived}
    context["influence"] = influence
    context["correlations"], context["changes"] = tables.influence_tables(influence)
    context["most"] = influence[influence.most_influential[0]]
    context["pictures"] = {
        name: {
            "source": f"data:image/png;base64,{base64.b64encode(each.png).decode()}",
            "alt": each.alt,
            "width": each.width,
            "height": each.height,
        }
        for name, each in pictures.items()
    }
    return Report(_render(context), pictures)


def _context(fit: FittedAlone, alternatives: tuple[FittedAlone, ...]) -> dict[str, Any]:
    fits = (fit, *alternatives)
    checks = fit.check()
    bounds = study_bounds(fit.study)
    return {
        "fit": fit,
        "study": fit.study,
        "failures": [(each.reading, each.convergence.faults) for each in fits if not each.converged],
        "headline": headline(fit),
        "lead": lead(fit),
        "quotes": _quotes(fit),
        "all_quotes": _quotes(fit, scope="all") if platforms_to_impute(fit.study) else {},
        "result": tables.result_table(fit),
        "bands": tables.band_table(fit),
        "readings": tables.reading_table(fits) if alternatives else None,
        "reading_sentence": reading_sentence(fits),
        "checks": checks,
        "check_tables": _check_tables(checks),
        "reproduction": _reproduction(fit),
        "bounds": bounds,
        "tier_bounds": draw_bounds(fit).table if frame_platform(fit.design) is not None else None,
        "platforms": tables.platform_table(fit),
        **report_tables(fit),
        "evidence": tables.evidence_table(fit),
        "left_out": tables.left_out_table(fit),
        "composition": composition_table(fit),
        "benchmarks": tables.benchmark_table(fit),
        "priors": tables.prior_table(fit),
        "settings": tables.settings_table(fits),
        "sources": tables.source_table(fit),
        "citations": fit.citations(),
        "rounding": ROUNDING_RULE,
    }


def _quotes(fit: FittedAlone, *, scope: Literal["observed", "all"] = "observed") -> dict[str, str]:
    """Write the paragraph to quote, in English and in the study's own language where it is known."""
    own = fit.study.language
    chosen = dict.fromkeys(["en", own] if own in languages() else ["en"])
    return {language: paragraph(fit, language, scope=scope) for language in chosen}


def _check_tables(checks: Sequence[CheckResult]) -> dict[str, list[tuple[str, Table]]]:
    """Sort the tables of the checks by the section in which they stand."""
    by_section: dict[str, list[tuple[str, Table]]] = {}
    for check in checks:
        if check.table is not None and check.name not in _SHOWN_ELSEWHERE:
            by_section.setdefault(_PLACES.get(check.name, "sampling"), []).append((check.name, check.table))
    return by_section


def _reproduction(fit: FittedAlone) -> Reproduction | str:
    if not fit.study.steps:
        return "The study file holds no published steps."
    try:
        return reproduce(fit.study)
    except NotEstimableError as error:
        return f"The published steps cannot be replayed: {error}"


def _render(context: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("microestim.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["marked"] = _marked
    return environment.get_template("report.html").render(context)


def _marked(text: str) -> str:
    """Make an assumption visible wherever the word stands in a table; the text comes back escaped."""
    pattern = r"\b(assumption|does not follow|NOT CONVERGED|failed)\b"
    classes = {"assumption": "assumption"}
    return re.sub(
        pattern,
        lambda found: f'<strong class="{classes.get(found[1], "failed")}">{found[1]}</strong>',
        html.escape(text),
    )
