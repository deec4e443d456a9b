"""Figures that several studies of a pooled fit hold, and that it takes as independent in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from microestim.checks.result import CheckResult
from microestim.results import Table
from microestim.study import AudienceEvidence, RatioEvidence, Study

__all__ = ["check_shared_figures"]

NAME = "one figure in several countries"


def check_shared_figures(study: Study, used: Iterable[str], others: Mapping[str, Study]) -> CheckResult:
    """Check that no figure with one error counts as several.

    A worldwide number of visitors, or a ratio observed elsewhere, errs once; where several studies hold it,
    each takes its error as its own. (A worldwide number of accounts does have one error in all of them.)

    Parameters
    ----------
    study : Study
        The study.
    used : iterable of str
        Ids of its evidence that the model uses.
    others : mapping of str to Study
        The other studies of the fit, by id.

    Returns
    -------
    CheckResult
        Failed if another study holds one of its figures and this one states no error of it; for information
        where errors are stated, since a stated error may have been widened for that.
    """
    held = {name: [_identity(other, item) for item in other.evidence] for name, other in others.items()}
    rows, unstated = [], []
    for item in map(study.item, used):
        identity = _identity(study, item)
        countries = [name for name, known in held.items() if identity is not None and identity in known]
        if countries:
            rows.append((item.id, item.type, ", ".join(countries)))
            if getattr(item, "error", None) is None:
                unstated.append(item.id)
    if not rows:
        return CheckResult(
            NAME, True, "No figure that is taken as this study's own stands in another one too."
        )
    names = ", ".join(unstated or [row[0] for row in rows])
    sentence = (
        f"Taken as independent although other studies hold the same figure: {names}. Its error is one, so "
        "intervals that rest on it in n countries are too narrow, unless each study states that error times "
        "the square root of n. Or use it in one study only (study.without)."
    )
    table = Table(("evidence", "what", "also in"), rows)
    return CheckResult(NAME, False if unstated else None, sentence, table)


def _identity(study: Study, item: object) -> tuple[object, ...] | None:
    """Say what makes two pieces of evidence one figure; None where a figure is always a study's own."""
    match item:
        case AudienceEvidence(reach="worldwide"):
            counted = (item.value, item.limits, item.vendor, item.page_scope, item.period)
            return ("audience", tuple(sorted(study.resolve(item.platforms))), *counted)
        case RatioEvidence(role="evidence"):
            return ("ratio", item.numerator, item.denominator, item.value, item.period)
        case _:
            return None
