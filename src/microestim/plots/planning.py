"""What each candidate would do to each tier's interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from microestim.plots.canvas import FIRST, INK, LABEL, MUTED, REMARK, RULE, new_sheet, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.expected_width import ExpectedWidth

__all__ = ["plot_widths"]

_ROW = 0.34


def plot_widths(widths: Sequence[ExpectedWidth], *, tier: str) -> Figure:
    """Draw the expected width of every tier's interval, as a share of the width now.

    Parameters
    ----------
    widths : sequence of ExpectedWidth
        One a candidate and tier, candidates in the order to draw them.
    tier : str
        The tier that ordered them.

    Returns
    -------
    matplotlib.figure.Figure
        One column a tier, one row a candidate: the expected width as a point, and a line over 80 % of the
        data that the candidate may bring.
    """
    candidates = list(dict.fromkeys(each.candidate for each in widths))
    tiers = list(dict.fromkeys(each.tier for each in widths))
    height = 1.75 + _ROW * len(candidates)
    sheet = new_sheet(
        height,
        title="What would narrow the interval?",
        subtitle="Expected width of the 90 % interval over its width now. A line holds 80 % of the data "
        f"that may come.\nOrdered by {tier}.",
    )
    left, gap = 2.6, 0.18
    column = (8.0 - left - 0.35 - gap * (len(tiers) - 1)) / len(tiers)
    for place, name in enumerate(tiers):
        start = left + place * (column + gap)
        axes = open_axes(sheet, left=start, right=8.0 - start - column, top=1.1, bottom=0.6)
        rows = [each for each in widths if each.tier == name]
        for each in rows:
            y = -candidates.index(each.candidate)
            axes.plot([each.low / each.now, each.high / each.now], [y, y], color=FIRST, linewidth=1.4)
            axes.plot(each.ratio, y, "o", markersize=6, color=FIRST)
        axes.axvline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.axvline(0.5, color=RULE, linewidth=0.8)
        axes.set_xlim(0.0, max(1.15, *(each.high / each.now for each in rows)))
        axes.set_ylim(-len(candidates) + 0.4, 0.6)
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "half", "now"])
        axes.tick_params(axis="x", colors=MUTED, labelsize=REMARK, length=0)
        labels = candidates if place == 0 else [""] * len(candidates)
        axes.set_yticks(-np.arange(len(candidates), dtype=float), labels)
        axes.tick_params(axis="y", colors=INK, labelsize=REMARK, length=0)
        axes.set_title(name, size=LABEL, color=INK, loc="left")
    return sheet
