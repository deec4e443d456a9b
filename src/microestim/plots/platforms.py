"""What each platform has: accounts of residents, and residents seen in a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microestim.checks.scope import platforms_without_own_evidence
from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    REMARK,
    SECOND,
    draw_interval,
    log_people_axis,
    new_sheet,
    open_axes,
    stamp_failures,
)
from microestim.results import format_interval, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = ["plot_platforms"]


def plot_platforms(fit: FittedModel) -> Figure:
    """Draw each platform's accounts of residents, and its residents seen in a month.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    matplotlib.figure.Figure
        One row a platform on a logarithmic axis of accounts; rings mark those without a figure of their own.
    """
    platforms = fit.design.platforms
    indirect = platforms_without_own_evidence(fit.design)
    rows = len(platforms)
    sheet = new_sheet(
        1.75 + 0.52 * rows,
        title="Accounts of residents, by platform",
        subtitle="Median with 50 % and 95 % credible intervals. A ring: the model has no figure of this "
        "platform's own,\nso the interval says how a total may be divided, not what was measured there.",
    )
    axes = open_axes(sheet, left=2.0, right=2.05, top=1.12, bottom=0.62)
    ends: list[float] = []
    for row, platform in enumerate(platforms):
        for offset, tier, colour in ((0.16, "registered", FIRST), (-0.16, "monthly_active", SECOND)):
            low, median, high = draw_interval(
                axes,
                fit.draws(tier, of="accounts", platform=platform),
                -row + offset,
                colour,
                hollow=platform in indirect,
                scale=0.8,
            )
            error = (high - low) / 4.0
            axes.annotate(
                f"{format_number(median, error)}  ({format_interval(low, high, error)})",
                (1.0, -row + offset),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                size=REMARK - 0.5,
                color=colour,
                va="center",
                annotation_clip=False,
            )
            ends += [low, high]
        axes.annotate(
            fit.study.platform(platform).name,
            (0.0, -row + 0.14),
            xycoords=("axes fraction", "data"),
            xytext=(-136, 0),
            textcoords="offset points",
            size=LABEL,
            weight="bold",
            color=INK,
            va="center",
            annotation_clip=False,
        )
        axes.annotate(
            "no figure of its own" if platform in indirect else "own figures",
            (0.0, -row - 0.16),
            xycoords=("axes fraction", "data"),
            xytext=(-136, 0),
            textcoords="offset points",
            size=REMARK - 0.5,
            color=MUTED,
            va="center",
            annotation_clip=False,
        )
        if row:
            axes.axhline(-row + 0.5, color="#eef1f4", linewidth=0.8, zorder=0)
    log_people_axis(axes, max(min(ends), 1.0) / 1.3, max(ends) * 1.2, "accounts")
    axes.set_ylim(-rows + 0.5, 0.5)
    height = sheet.get_size_inches()[1]
    for x, words, colour in (
        (0.15, "● accounts (registered)", FIRST),
        (2.15, "● accounts seen in a month", SECOND),
    ):
        sheet.text(x / 8.0, 1 - 0.80 / height, words, size=REMARK, color=colour, weight="bold", va="top")
    stamp_failures(sheet, (fit,))
    return sheet
