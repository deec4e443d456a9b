"""Each tier without each piece of evidence, beside the tier with all of it."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from microestim.models.people import TIER_IDS
from microestim.plots.canvas import (
    FAILED,
    FIRST,
    INK,
    LABEL,
    MUTED,
    REMARK,
    SECOND,
    log_people_axis,
    new_sheet,
    open_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.evidence_influence import EvidenceInfluence

__all__ = ["plot_influence"]

_ROW = 0.4


def plot_influence(influence: EvidenceInfluence) -> Figure:
    """Draw every tier with all evidence, and without each piece of it.

    Parameters
    ----------
    influence : EvidenceInfluence
        What `WorkforceFit.influence` gave.

    Returns
    -------
    matplotlib.figure.Figure
        One column a tier, on a logarithmic axis of people: a band for the 90 % interval with all evidence, a
        dot and a line for the median and the 90 % interval without one piece of it, or without one platform.
    """
    names = list(dict.fromkeys(change.left_out for change in influence.changes))
    evidence = influence.by == "evidence"
    what = "each piece of evidence" if evidence else "each platform"
    sheet = new_sheet(
        2.0 + _ROW * len(names),
        title=f"What does {what} do to the number of people?",
        subtitle="Band: 90 % interval with all evidence. Dot and line: median and interval without "
        + ("it." if evidence else "all that is about the platform alone.")
        + ("" if all(change.converged for change in influence.changes) else " Red: did not converge."),
        width=11.0,
    )
    left, gap = 3.3, 0.25
    column = (11.0 - left - 0.35 - gap * (len(TIER_IDS) - 1)) / len(TIER_IDS)
    for place, tier in enumerate(TIER_IDS):
        start = left + place * (column + gap)
        axes = open_axes(sheet, left=start, right=11.0 - start - column, top=1.05, bottom=0.7)
        low, high = influence.limits[tier]
        axes.axvspan(low, high, color=FIRST, alpha=0.12, linewidth=0)
        axes.axvline(influence.medians[tier], color=FIRST, linewidth=1.2)
        changes = [influence.of(name, tier) for name in names]
        for row, change in enumerate(changes):
            colour = SECOND if change.converged else FAILED
            axes.plot([change.low, change.high], [-row, -row], color=colour, linewidth=1.4)
            axes.plot(change.median, -row, "o", markersize=5.5, color=colour)
        ends = [end for change in changes for end in (change.low, change.high)]
        log_people_axis(axes, min(low, *ends) / 1.2, max(high, *ends) * 1.2, "")
        axes.set_ylim(-len(names) + 0.4, 0.6)
        labels = (
            [fill(influence.labels[name], 44, break_on_hyphens=False) for name in names]
            if place == 0
            else [""] * len(names)
        )
        axes.set_yticks(-np.arange(len(names), dtype=float), labels)
        axes.tick_params(axis="y", colors=INK, labelsize=REMARK, length=0)
        axes.tick_params(axis="x", colors=MUTED, labelsize=REMARK - 1)
        axes.set_title(tier, size=LABEL, color=INK, loc="left")
    return sheet
