"""How many people there are, by what those are who were seen once too often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microestim.plots.canvas import FIRST, INK, LABEL, MUTED, PAPER, REMARK, RULE, new_sheet, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.frequency_counts.one_inflation import OneInflationCurve

__all__ = ["plot_one_inflation_curve"]


def plot_one_inflation_curve(curve: OneInflationCurve, *, level: float = 0.95) -> Figure:
    """Draw the number of people between the two readings of too many people seen once.

    Parameters
    ----------
    curve : OneInflationCurve
        What `microestim.one_inflation_curve` gave.
    level : float, default 0.95
        Level of the log-normal interval that is shaded, between 0 and 1.

    Returns
    -------
    matplotlib.figure.Figure
        The curve, its interval, its two ends and the number seen.

    Examples
    --------
    >>> import microestim as me
    >>> figure = plot_one_inflation_curve(me.one_inflation_curve({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}))
    >>> len(figure.axes)
    1
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    frame = curve.to_frame(level).sort_values("alpha")
    counts, family = curve.counts, curve.family.replace("poisson", "Poisson")
    sheet = new_sheet(
        3.9,
        title=f"{curve.surplus:,.0f} of {counts.singletons:,} people seen once are surplus: who are they?",
        subtitle=f"Zero-truncated {family}, fitted to those seen twice or more. The counts cannot "
        "tell the two readings apart,\nso every point of the curve fits them equally well. "
        f"Shaded: {100 * level:g} % log-normal confidence interval.",
    )
    axes = open_axes(sheet, left=0.95, right=0.45, top=1.0, bottom=0.62)
    axes.fill_between(frame["alpha"], frame["ci_low"], frame["ci_high"], color=FIRST, alpha=0.13, linewidth=0)
    axes.plot(frame["alpha"], frame["estimate"], color=FIRST, linewidth=2.2, zorder=3)
    axes.axhline(counts.n_observed, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.annotate(
        f"{counts.n_observed:,} seen",
        (1.0, counts.n_observed),
        xytext=(0, 4),
        textcoords="offset points",
        size=REMARK,
        color=MUTED,
        ha="right",
        va="bottom",
    )
    ends = [
        (0, "they are always seen exactly once", (10, -10), "left"),
        (-1, "they are like all others, and stopped", (-10, 12), "right"),
    ]
    for place, words, offset, side in ends:
        row = frame.iloc[place]
        axes.plot(
            row["alpha"], row["estimate"], "o", markersize=7, color=FIRST, markeredgecolor=PAPER, zorder=4
        )
        axes.annotate(
            f"{row['estimate']:,.0f}: {words}",
            (row["alpha"], row["estimate"]),
            xytext=offset,
            textcoords="offset points",
            size=REMARK,
            color=INK,
            ha=side,
            va="bottom" if offset[1] > 0 else "top",
            weight="bold",
        )
    axes.set_xlim(-0.03, 1.03)
    span = float(frame["ci_high"].max()) - counts.n_observed
    axes.set_ylim(counts.n_observed - 0.08 * span, counts.n_observed + 1.15 * span)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(axis="y", colors=MUTED, labelsize=REMARK, length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_xlabel("share of the surplus who are people like all others (alpha)", size=LABEL, color=MUTED)
    axes.set_ylabel("people", size=LABEL, color=MUTED)
    return sheet
