"""The tiers' posterior beside the published points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    PAPER,
    REMARK,
    SECOND,
    THIRD,
    draw_interval,
    draw_ridge,
    log_people_axis,
    new_sheet,
    open_axes,
    stamp_failures,
)
from microestim.results import format_interval, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = ["TIER_WORDS", "plot_tiers"]

TIER_WORDS = {
    "registered": ("Registered", "at least one account,\ndormant ones included"),
    "monthly_active": ("Active in a month", "seen at least once\nin a given month"),
    "monthly": ("Monthly", "usual frequency\nat least monthly"),
    "weekly": ("Weekly", "usual frequency\nat least weekly"),
}
"""Heading and definition of each tier, for a figure's margin."""

_COLOURS = (FIRST, SECOND, THIRD)


def plot_tiers(fit: FittedModel, *, alternatives: Sequence[FittedModel] = ()) -> Figure:
    """Draw how many people are in each tier, with what was published.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    alternatives : sequence of WorkforceFit, optional
        At most two fits of the same study under other readings, drawn below each tier of the first.

    Returns
    -------
    matplotlib.figure.Figure
        One row a tier on a logarithmic axis of people: density, median, 50 % and 95 % equal-tailed intervals.
    """
    fits = (fit, *alternatives)
    if len(fits) > len(_COLOURS):
        raise InputError(f"{len(fits)} fits in one figure; it has room for {len(_COLOURS)}")
    published = any(fit.published(tier) for tier in TIER_IDS)
    sheet = new_sheet(
        1.75 + (1.02 + 0.22 * (len(fits) - 1)) * len(TIER_IDS),
        title=f"People on the {fit.design.n_platforms} observed platforms, {fit.study.country_name} "
        f"{fit.study.period}"
        if fit.design.n_platforms > 1
        else f"People on {fit.study.platform(fit.design.platforms[0]).name}, {fit.study.country_name} "
        f"{fit.study.period}",
        subtitle="Dot: posterior median. Thick bar: 50 %, thin bar: 95 % equal-tailed credible interval."
        + (" Diamonds: published." if published else ""),
    )
    axes = open_axes(sheet, left=1.75, right=1.85, top=0.85 if len(fits) == 1 else 1.05, bottom=0.62)
    ends: list[float] = [value for tier in TIER_IDS for _, value, _ in fit.published(tier)]
    step = 0.22
    for row, tier in enumerate(TIER_IDS):
        base = float(-row)
        draw_ridge(axes, fit.draws(tier), base, 0.44, FIRST)
        for i, each in enumerate(fits):
            y = base - 0.08 - step * i * 0.72
            low, median, high = draw_interval(
                axes, each.draws(tier), y, _COLOURS[i], scale=1.0 if i == 0 else 0.75
            )
            error = (high - low) / 4.0
            axes.annotate(
                f"{format_number(median, error)}\n" if i == 0 else "",
                (1.0, y),
                xycoords=("axes fraction", "data"),
                xytext=(10, 0),
                textcoords="offset points",
                size=LABEL + 1.5,
                weight="bold",
                color=_COLOURS[i],
                va="center",
                annotation_clip=False,
            )
            axes.annotate(
                ("\n" if i == 0 else f"{format_number(median, error)}: ") + format_interval(low, high, error),
                (1.0, y),
                xycoords=("axes fraction", "data"),
                xytext=(10, 0),
                textcoords="offset points",
                size=REMARK if i == 0 else REMARK - 0.7,
                color=_COLOURS[i],
                va="center",
                annotation_clip=False,
            )
            ends += [low, high]
        _published(axes, fit, tier, base)
        heading, words = TIER_WORDS[tier]
        _margin(axes, base + 0.2, heading, words)
    log_people_axis(axes, min(ends) / 1.35, max(ends) * 1.25, "people")
    axes.set_ylim(-len(TIER_IDS) + 1 - 0.34 - step * 0.72 * (len(fits) - 1), 0.72)
    if len(fits) > 1:
        _readings(sheet, fits)
    stamp_failures(sheet, fits)
    return sheet


def _margin(axes: Axes, y: float, heading: str, words: str) -> None:
    axes.annotate(
        heading,
        (0.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-118, 6),
        size=LABEL + 1,
        textcoords="offset points",
        weight="bold",
        color=INK,
        va="center",
        annotation_clip=False,
    )
    axes.annotate(
        words,
        (0.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-118, -5),
        size=REMARK - 0.5,
        textcoords="offset points",
        color=MUTED,
        va="top",
        annotation_clip=False,
        linespacing=1.25,
    )


def _published(axes: Axes, fit: FittedModel, tier: str, base: float) -> None:
    """Mark every printed figure; the first, which stands in the table, is filled and named."""
    printed = fit.published(tier)
    if not printed:
        return
    values = list(dict.fromkeys(value for _, value, _ in printed))
    y = base + 0.56
    axes.plot(
        values[1:],
        np.full(len(values) - 1, y),
        "D",
        markersize=4.5,
        color=PAPER,
        markeredgecolor=INK,
        markeredgewidth=0.9,
        zorder=5,
    )
    axes.plot(values[0], y, "D", markersize=6.5, color=INK, markeredgecolor=PAPER, zorder=6)
    axes.annotate(
        f"published {values[0]:,.0f}",
        (min(values), y),
        xytext=(-8, 0),
        size=REMARK - 0.5,
        textcoords="offset points",
        color=INK,
        ha="right",
        va="center",
        zorder=6,
    )


def _readings(sheet: Figure, fits: Sequence[FittedModel]) -> None:
    width, height = sheet.get_size_inches()
    x = 0.15
    for each, colour in zip(fits, _COLOURS, strict=False):
        words = f"frequency read as about {each.reading}" if each.reading else "no question on frequency"
        sheet.text(
            x / width, 1 - 0.66 / height, "● " + words, size=REMARK, color=colour, va="top", weight="bold"
        )
        x += 0.077 * len(words) + 0.45
