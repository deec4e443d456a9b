"""How a study reads: its evidence as rows, itself as text and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microestim.results.table import Table

if TYPE_CHECKING:
    from microestim.study.document import Study
    from microestim.study.evidence import Evidence

__all__ = ["EVIDENCE_COLUMNS", "evidence_rows", "evidence_table", "study_html", "study_text"]

EVIDENCE_COLUMNS = (
    "id",
    "type",
    "platforms",
    "value",
    "unit",
    "observed",
    "period",
    "basis",
    "role",
    "source",
    "locator",
    "explanation",
    "note",
)


def _about(item: Evidence) -> str:
    if item.platforms is None:
        return ""
    return item.platforms if isinstance(item.platforms, str) else ", ".join(item.platforms)


def _explanation(item: Evidence) -> str:
    """Why an assumed or derived value, or an assumed error, is what it is."""
    texts = [text for text in (item.derivation, item.rationale) if text]
    error = getattr(item, "error", None)
    if error is not None:
        texts.append(f"error ({error.basis}): {error.rationale}")
    return " ".join(texts)


def evidence_rows(study: Study) -> list[dict[str, Any]]:
    """Give one row a piece of evidence, in the order of the file.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of dict
        By column; the columns are `EVIDENCE_COLUMNS`.
    """
    return [
        {
            "id": item.id,
            "type": item.type,
            "platforms": _about(item),
            "value": item.headline,
            "unit": item.unit,
            "observed": item.describe(),
            "period": item.period,
            "basis": item.basis,
            "role": item.role,
            "source": item.source or "",
            "locator": item.locator or "",
            "explanation": _explanation(item),
            "note": item.note or "",
        }
        for item in study.evidence
    ]


def evidence_table(study: Study) -> Table:
    """Lay out the evidence for reading.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Table
        Id, platforms, what was observed, period, basis and role.
    """
    rows = [
        [row["id"], row["platforms"], row["observed"], row["period"], row["basis"], row["role"]]
        for row in evidence_rows(study)
    ]
    assumed = [
        f"Assumption in {row['id']}: {row['explanation']}"
        for row, item in zip(evidence_rows(study), study.evidence, strict=True)
        if "assumption" in (item.basis, getattr(getattr(item, "error", None), "basis", None))
    ]
    return Table(
        ("evidence", "platforms", "observed", "period", "basis", "role"),
        rows,
        footer=assumed,
        align=("left",) * 6,
    )


def _heading(study: Study) -> list[str]:
    covered = len(study.observed_platforms)
    return [
        f"{study.title} ({study.id})",
        f"{study.country_name}, {study.period}; {covered} observed platform{'s' if covered != 1 else ''} "
        f"of {len(study.platforms)} listed; {len(study.evidence)} pieces of evidence from "
        f"{len(study.sources)} source{'s' if len(study.sources) != 1 else ''}.",
        " ".join(study.summary.split()),
    ]


def _published_table(study: Study) -> Table:
    rows = [
        [r.id, study.tier(r.tier).label if _has_tier(study, r.tier) else r.tier, r.tier, r.printed, r.source]
        for r in study.published
    ]
    return Table(("published", "the study's word", "tier", "as printed", "source"), rows, align=("left",) * 5)


def _has_tier(study: Study, tier: str) -> bool:
    return any(t.id == tier for t in study.tiers)


def study_text(study: Study) -> str:
    """Write a readable summary of a study.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        Title, scope, evidence and published results.
    """
    blocks = ["\n".join(_heading(study)), str(evidence_table(study))]
    if study.published:
        blocks.append(str(_published_table(study)))
    return "\n\n".join(blocks)


def study_html(study: Study) -> str:
    """Write the same summary as HTML.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        A fragment for a notebook.
    """
    import html

    title, scope, summary = (html.escape(line) for line in _heading(study))
    blocks = [f"<h3>{title}</h3><p>{scope}</p><p>{summary}</p>", evidence_table(study).to_html()]
    if study.published:
        blocks.append(_published_table(study).to_html())
    return "".join(blocks)
