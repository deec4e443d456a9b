"""How many people accounts can be: the curve that memberships asked on one platform leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    PAPER,
    REMARK,
    RULE,
    SECOND,
    new_sheet,
    open_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.accounts.memberships import MembershipBounds

__all__ = ["plot_memberships"]


def plot_memberships(bounds: MembershipBounds) -> Figure:
    """Draw people against the mean memberships of those outside the surveyed platform.

    Parameters
    ----------
    bounds : MembershipBounds
        What `microestim.membership_bounds` gave; no fit enters.

    Returns
    -------
    matplotlib.figure.Figure
        The curve U(k'), its ends, and the published division by the mean.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    sheet = new_sheet(
        3.9,
        title=f"{bounds.total_accounts:,.0f} accounts: how many people?",
        subtitle="Published figures only. Members of the surveyed platform are on "
        f"{bounds.frame_mean:g} platforms on average;\n"
        "nobody asked the others, so every point of the curve fits what was observed.",
    )
    axes = open_axes(sheet, left=0.95, right=0.45, top=1.0, bottom=0.62)
    last = max(bounds.n_platforms - 1.0, 1.0)
    others = np.linspace(1.0, last, 200)
    axes.plot(others, bounds.at(others), color=FIRST, linewidth=2.2, zorder=3)
    axes.fill_between(others, 0.0, bounds.at(others), color=FIRST, alpha=0.07, linewidth=0)
    axes.axhline(bounds.free_upper, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.annotate(
        f"{bounds.free_upper:,.0f}: every account is a person, whatever the respondents said",
        (last, bounds.free_upper),
        xytext=(0, 4),
        textcoords="offset points",
        size=REMARK,
        color=MUTED,
        ha="right",
        va="bottom",
    )
    points = [
        (1.0, bounds.upper_given_mean, "nobody else is on a second platform", FIRST, (12, -1), "left"),
        (last, bounds.lower, "everybody else is on all the others", FIRST, (0, -14), "right"),
    ]
    if bounds.frame_mean <= last:
        people = float(bounds.at(bounds.frame_mean))
        points.append(
            (
                bounds.frame_mean,
                people,
                "the published division: all are like the respondents",
                SECOND,
                (12, -1),
                "left",
            )
        )
    for x, y, words, colour, offset, side in points:
        axes.plot(x, y, "o", markersize=7, color=colour, markeredgecolor=PAPER, zorder=4)
        axes.annotate(
            f"{y:,.0f}: {words}",
            (x, y),
            xytext=offset,
            textcoords="offset points",
            size=REMARK,
            color=colour if colour == SECOND else INK,
            ha=side,
            va="center",
            weight="bold",
        )
    axes.set_xlim(1.0 - 0.03 * last, last + 0.03 * last)
    axes.set_ylim(0.0, bounds.free_upper * 1.1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(axis="y", colors=MUTED, labelsize=REMARK, length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_xlabel(
        "mean number of platforms among people outside the surveyed one (k')", size=LABEL, color=MUTED
    )
    axes.set_ylabel("people", size=LABEL, color=MUTED)
    return sheet
