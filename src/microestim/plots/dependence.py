"""How the size depends on what the counts cannot tell: the estimate over a range of the odds ratio."""

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

    from microestim.estimators.dependence import Dependence

__all__ = ["plot_dependence"]

# Colour, pattern and width by pair, so that pairs differ without colour too.
PAIRS = ((FIRST, "-", 2.2), (SECOND, (0, (5, 2)), 2.0), (MUTED, (0, (1.5, 1.5)), 2.0))


def plot_dependence(found: Dependence, *, level: float = 0.95) -> Figure:
    """Draw the estimate and its limits against the odds ratio of the samples.

    Parameters
    ----------
    found : Dependence
        What `microestim.dependence` gave, for one set of counts.
    level : float, default 0.95
        Confidence level of the limits.

    Returns
    -------
    matplotlib.figure.Figure
        One curve for two samples, with its limits and both bounds; one for each pair of three samples, with
        the sizes that fit all pairs.

    Examples
    --------
    >>> from microestim.estimators.dependence import dependence
    >>> figure = plot_dependence(dependence(500, 500, 89, odds_ratio=(0.5, 2)))
    >>> len(figure.axes)
    1
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    frame = found.sweep(81, level=level)
    names = list(dict.fromkeys(frame["pair"]))
    low, high = (float(end) for end in found.bounds)
    several = len(names) > 1 or type(found).__name__ == "ThreeListDependence"
    interval = found.interval(level)
    around = f"{100 * level:g} % interval {interval.low:,.0f} to {interval.high:,.0f}"
    between = f"{low:,.0f} to {high:,.0f} people" if low < high else f"{low:,.0f} people"
    sheet = new_sheet(
        4.2,
        title=f"{between}: how much do the samples depend on each other?",
        subtitle=f"{float(found.n_observed):,.0f} people seen; {around}.\n"
        + (
            "One curve for each pair of samples; the band fits all of them."
            if several
            else f"The counts fit every odds ratio alike. Shaded: {100 * level:g} % limits for each."
        ),
    )
    axes = open_axes(sheet, left=0.95, right=0.35, top=1.0, bottom=0.65)
    axes.set_xscale("log")
    top = 0.0
    for name, (colour, pattern, width) in zip(names, PAIRS, strict=False):
        rows = frame[frame["pair"] == name]
        odds, size = rows["odds_ratio"].to_numpy(), rows["estimate"].to_numpy()
        axes.plot(odds, size, color=colour, linewidth=width, linestyle=pattern, zorder=3, label=name)
        # A pair without anybody in common has no curve.
        top = max([top, *size[np.isfinite(size)]])
        if not several:
            limits = rows["ci_low"].to_numpy(), rows["ci_high"].to_numpy()
            axes.fill_between(odds, *limits, color=colour, alpha=0.13, linewidth=0)
            top = max(top, limits[1].max())
    if several:
        axes.axhspan(low, max(high, low * 1.004), color=FIRST, alpha=0.15, linewidth=0)
        axes.legend(frameon=False, fontsize=REMARK, labelcolor=INK, loc="upper left")
    else:
        ends = frame["odds_ratio"].iloc[[0, -1]]
        for odds, size, side, shift in zip(ends, (low, high), ("left", "right"), (8, -8), strict=True):
            axes.plot(odds, size, "o", markersize=7, color=FIRST, markeredgecolor=PAPER, zorder=4)
            axes.annotate(
                f"{size:,.0f}",
                (odds, size),
                xytext=(shift, 10),
                textcoords="offset points",
                size=REMARK,
                color=INK,
                ha=side,
                weight="bold",
            )
    first, last = frame["odds_ratio"].min(), frame["odds_ratio"].max()
    if first < 1 < last:
        axes.axvline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            "independent",
            (1.0, 0.0),
            xytext=(4, 5),
            textcoords="offset points",
            size=REMARK,
            color=MUTED,
        )
    margin = (last / first) ** 0.03 if last > first else 1.1
    axes.set_xlim(first / margin, last * margin)
    axes.set_ylim(0.0, top * 1.06)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(axis="y", colors=MUTED, labelsize=REMARK, length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_xlabel("odds ratio of being in both samples (logarithmic scale)", size=LABEL, color=MUTED)
    axes.set_ylabel("people", size=LABEL, color=MUTED)
    return sheet
