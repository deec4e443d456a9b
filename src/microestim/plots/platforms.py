"""What each platform has: accounts of residents, and residents seen in a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from microestim.results import format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = ["Footing", "platform_footings", "plot_platforms"]


@dataclass(frozen=True)
class Footing:
    """What the posterior of one platform rests on.

    Parameters
    ----------
    own : tuple of str
        Ids of the evidence in the model that is about this platform alone.
    shared : tuple of str
        Ids of the evidence in the model that covers it together with others.
    """

    own: tuple[str, ...]
    shared: tuple[str, ...]

    @property
    def words(self) -> str:
        """The footing in a few words."""
        if self.own:
            return "figures of its own"
        return "totals only" if self.shared else "no evidence of its own: pooled from the others"


def platform_footings(fit: FittedModel) -> dict[str, Footing]:
    """Say of each observed platform which evidence in the model bears on its size or activity.

    Memberships link platforms but measure none of them, so they are not counted.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    dict of str to Footing
        By platform id.
    """
    study = fit.study
    own: dict[str, list[str]] = {platform: [] for platform in fit.design.platforms}
    shared: dict[str, list[str]] = {platform: [] for platform in fit.design.platforms}
    for item in study.evidence:
        if item.id in fit.design.left_out or item.type == "memberships" or item.platforms is None:
            continue
        covered = study.resolve(item.platforms)
        for platform in covered:
            if platform in own:
                (own if len(covered) == 1 else shared)[platform].append(item.id)
    return {platform: Footing(tuple(own[platform]), tuple(shared[platform])) for platform in own}


def plot_platforms(fit: FittedModel) -> Figure:
    """Draw each platform's accounts of residents, and its residents seen in a month.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    matplotlib.figure.Figure
        One row a platform on a logarithmic axis of accounts; rings mark platforms without a figure of their own.
    """
    footings = platform_footings(fit)
    rows = len(footings)
    sheet = new_sheet(
        1.75 + 0.52 * rows,
        title="Accounts of residents, by platform",
        subtitle="Median with 50 % and 95 % credible intervals. A ring: no figure of this platform's own is in the model,\n"
        "so the interval says how a total may be divided, not what was measured there.",
    )
    axes = open_axes(sheet, left=1.75, right=2.05, top=1.12, bottom=0.62)
    ends: list[float] = []
    for row, (platform, footing) in enumerate(footings.items()):
        for offset, tier, colour in ((0.16, "registered", FIRST), (-0.16, "monthly_active", SECOND)):
            low, median, high = draw_interval(
                axes, fit.draws(tier, of="accounts", platform=platform), -row + offset, colour,
                hollow=not footing.own, scale=0.8,
            )
            error = (high - low) / 4.0
            axes.annotate(
                f"{format_number(median, error)}  ({format_number(low, error)} to {format_number(high, error)})",
                (1.0, -row + offset), xycoords=("axes fraction", "data"), xytext=(8, 0),
                textcoords="offset points", size=REMARK - 0.5, color=colour, va="center", annotation_clip=False,
            )
            ends += [low, high]
        axes.annotate(fit.study.platform(platform).name, (0.0, -row + 0.14), xycoords=("axes fraction", "data"),
                      xytext=(-118, 0), textcoords="offset points", size=LABEL, weight="bold", color=INK,
                      va="center", annotation_clip=False)
        axes.annotate("own figures" if footing.own else "totals only" if footing.shared else "pooled only",
                      (0.0, -row - 0.16), xycoords=("axes fraction", "data"), xytext=(-118, 0),
                      textcoords="offset points", size=REMARK - 0.5, color=MUTED, va="center", annotation_clip=False)
        if row:
            axes.axhline(-row + 0.5, color="#eef1f4", linewidth=0.8, zorder=0)
    log_people_axis(axes, max(min(ends), 1.0) / 1.3, max(ends) * 1.2, "accounts")
    axes.set_ylim(-rows + 0.5, 0.5)
    height = sheet.get_size_inches()[1]
    for x, words, colour in ((0.15, "● accounts (registered)", FIRST), (2.15, "● accounts seen in a month", SECOND)):
        sheet.text(x / 8.0, 1 - 0.80 / height, words, size=REMARK, color=colour, weight="bold", va="top")
    stamp_failures(sheet, (fit,))
    return sheet
