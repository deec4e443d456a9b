"""Several countries fitted together: the people of each, and what each would have had alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from microestim.models.people import TIER_IDS
from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    REMARK,
    RULE,
    SECOND,
    draw_interval,
    log_people_axis,
    new_sheet,
    open_axes,
    stamp_failures,
)
from microestim.plots.tiers import TIER_WORDS
from microestim.results import printed_draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = ["plot_countries"]

ROW, HEAD = 0.34, 0.42
"""Heights in inches of one country's row, and of a tier's heading."""


def plot_countries(pooled: Mapping[str, FittedModel], *, alone: Mapping[str, FittedModel]) -> Figure:
    """Draw how many people each country has, tier by tier.

    Parameters
    ----------
    pooled : mapping of str to CountryFit
        The countries of one pooled fit, by id of the study.
    alone : mapping of str to WorkforceFit
        Fits of some of the studies by themselves, drawn below the pooled ones.

    Returns
    -------
    matplotlib.figure.Figure
        One row a tier and country on a logarithmic axis of people: median, 50 % and 95 % equal-tailed
        intervals.
    """
    height_of = {name: ROW * (1.6 if name in alone else 1.0) for name in pooled}
    inches = len(TIER_IDS) * (HEAD + sum(height_of.values()))
    sheet = new_sheet(
        1.55 + inches,
        title=f"People on observed platforms, {len(pooled)} countries fitted together",
        subtitle="Dot: posterior median. Thick bar: 50 %, thin bar: 95 % equal-tailed credible interval."
        + ("\nRing: the study fitted alone." if alone else ""),
    )
    axes = open_axes(sheet, left=1.75, right=2.15, top=0.78 + 0.15 * bool(alone), bottom=0.6)
    ends: list[float] = []
    down = 0.0
    for tier in TIER_IDS:
        _left(axes, down + 0.5 * HEAD, TIER_WORDS[tier][0], LABEL + 1, weight="bold")
        axes.axhline(down + HEAD - 0.1, color=RULE, linewidth=0.6)
        down += HEAD
        for name, fit in pooled.items():
            at = down + 0.5 * ROW
            _left(axes, at, name, LABEL)
            ends += _row(axes, fit, tier, at, FIRST)
            if name in alone:
                ends += _row(axes, alone[name], tier, at + 0.6 * ROW, SECOND, hollow=True)
            down += height_of[name]
    # Less than one person is nobody: an interval that reaches down there runs off the picture.
    log_people_axis(axes, max(min(ends) / 1.35, 1.0), max(ends) * 1.25, "people")
    axes.set_ylim(down + 0.05, 0.0)
    stamp_failures(sheet, [*pooled.values(), *alone.values()])
    return sheet


def _row(
    axes: Axes, fit: FittedModel, tier: str, y: float, colour: str, *, hollow: bool = False
) -> tuple[float, float]:
    """Draw one country's interval with its numbers beside it; give its limits."""
    draws = fit.draws(tier)
    low, _, high = draw_interval(axes, draws, y, colour, hollow=hollow, scale=0.75 if hollow else 1.0)
    median, interval = printed_draws(draws)
    axes.annotate(
        f"{median}  ({interval})",
        (1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(10, 0),
        textcoords="offset points",
        size=REMARK,
        color=colour,
        va="center",
        annotation_clip=False,
    )
    return low, high


def _left(axes: Axes, y: float, words: str, size: float, *, weight: str = "normal") -> None:
    axes.annotate(
        words,
        (0.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-118, 0),
        textcoords="offset points",
        size=size,
        weight=weight,
        color=INK,
        va="center",
        annotation_clip=False,
    )
