"""Coverage of a study's intervals over worlds shaped like it, against what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from microestim.models.people import TIER_IDS
from microestim.plots.canvas import FIRST, INK, LABEL, MUTED, REMARK, RULE, SECOND, new_sheet, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.simulate.coverage import ScoreSummary

__all__ = ["plot_study_calibration"]


def plot_study_calibration(
    summaries: Mapping[str, Mapping[str, ScoreSummary | None]], *, study: str, worlds: int
) -> Figure:
    """Draw how often intervals hold the truth, against how often they say that they do.

    Parameters
    ----------
    summaries : mapping of str to mapping of str to (ScoreSummary or None)
        By method, at most two, and tier: scores over worlds; None where a method has no interval.
    study : str
        Id of the study.
    worlds : int
        Number of worlds.

    Returns
    -------
    matplotlib.figure.Figure
        One column a tier: a dot a level and method, with a line over the exact binomial 95 % limits. On the
        diagonal, intervals do as they say.
    """
    width = 9.0
    sheet = new_sheet(
        3.9,
        title=f"How often would the intervals of {study} hold the truth?",
        subtitle=f"Over {worlds} worlds shaped like the study. Lines: exact 95 % limits of "
        "the share.\nOn the dashed line, an interval holds the truth as often as it says.",
        width=width,
    )
    left, gap = 0.65, 0.3
    column = (width - left - 0.25 - gap * (len(TIER_IDS) - 1)) / len(TIER_IDS)
    for place, tier in enumerate(TIER_IDS):
        start = left + place * (column + gap)
        axes = open_axes(sheet, left=start, right=width - start - column, top=1.2, bottom=0.75)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        looks = ((FIRST, -0.008), (SECOND, 0.008))
        for (method, of), (colour, shift) in zip(summaries.items(), looks, strict=False):
            found = of[tier]
            for number, each in enumerate(found["levels"] if found else ()):
                at = each["level"] + shift
                axes.plot(
                    [at, at], [each["coverage_low"], each["coverage_high"]], color=colour, linewidth=1.6
                )
                label = method if number == 0 else "_"
                axes.plot(at, each["coverage"], "o", markersize=5, color=colour, label=label)
        axes.set_xlim(0.4, 1.0)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xticks([0.5, 0.8, 0.9], ["50", "80", "90 %"])
        shares = [0.0, 0.5, 0.8, 1.0]
        axes.set_yticks(shares, [f"{share:.0%}" for share in shares] if place == 0 else [""] * 4)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.tick_params(colors=MUTED, labelsize=REMARK, length=0)
        axes.set_title(tier, size=LABEL, color=INK, loc="left")
        if place == 0:
            sheet.legend(
                *axes.get_legend_handles_labels(), loc="lower left", ncols=2, frameon=False, fontsize=REMARK
            )
    return sheet
