"""What a consensus is made of: every estimate as it was stated and as it was believed, and all together."""

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
from microestim.results import normal_quantile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.consensus import Consensus

__all__ = ["plot_consensus"]

ROW_HEIGHT = 0.5


def plot_consensus(found: Consensus, *, level: float = 0.95) -> Figure:
    """Draw the estimates of a consensus, their limits as stated and as believed, and the result.

    Parameters
    ----------
    found : Consensus
        What `microestim.consensus` gave.
    level : float, default 0.95
        Level of the limits.

    Returns
    -------
    matplotlib.figure.Figure
        One row an estimate, in the order given, and the consensus below; sizes on a logarithmic axis.

    Examples
    --------
    >>> from microestim.estimators.consensus import consensus
    >>> found = consensus([(2000, 1000, 3000), (2500, 1500, 3500)], confidence=[0.9, 0.7])
    >>> figure = plot_consensus(found)
    >>> len(figure.axes)
    1
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    rows = found.inputs.to_dict("records")
    interval = found.interval(level)
    low, high = float(interval.low), float(interval.high)
    sheet = new_sheet(
        1.75 + ROW_HEIGHT * (len(rows) + 1),
        title=f"{found.n_hat:,.0f} people, by {len(rows)} estimates together",
        subtitle=f"{100 * level:g} % credible interval {low:,.0f} to {high:,.0f}. Thick: limits of an "
        "estimate as its error was stated.\nThin: as the confidence in it widens them, off the picture if "
        "need be. The percentage is its weight.",
    )
    axes = open_axes(sheet, left=2.3, right=0.8, top=1.0, bottom=0.6)
    z = normal_quantile(level)
    axes.axvspan(low, high, color=SECOND, alpha=0.1, linewidth=0)
    ends = [low, high]
    for place, row in enumerate(rows):
        value = float(row["estimate"])
        believed = np.exp(z * float(row["log_sd"]))
        stated = np.exp(z * float(row["log_sd"]) * float(row["confidence"]))
        for factor, width in ((believed, 1.2), (stated, 4.0)):
            axes.plot(
                [value / factor, value * factor],
                [place, place],
                color=FIRST,
                linewidth=width,
                solid_capstyle="butt",
            )
        axes.plot(value, place, "o", markersize=7, color=FIRST, markeredgecolor=PAPER, zorder=4)
        axes.annotate(
            f"{row['weight']:.0%}",
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            size=LABEL,
            color=INK,
            va="center",
            annotation_clip=False,
        )
        ends += [value / stated, value * stated]
    last = len(rows)
    axes.plot([low, high], [last, last], color=SECOND, linewidth=4.0, solid_capstyle="butt")
    axes.plot(found.n_hat, last, "D", markersize=7, color=SECOND, markeredgecolor=PAPER, zorder=4)
    axes.set_xscale("log")
    # Little confidence can widen limits beyond all sense: such a line runs off the picture.
    axes.set_xlim(min(ends) / 1.6, max(ends) * 1.6)
    axes.set_ylim(last + 0.6, -0.6)
    names = [f"{row['label']}, confidence {row['confidence']:g}" for row in rows]
    axes.set_yticks(range(last + 1), [*names, "consensus"])
    axes.tick_params(axis="y", labelsize=REMARK, labelcolor=INK, length=0)
    subs = (1.0, 2.0, 5.0) if max(ends) < 300 * min(ends) else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("people (logarithmic scale)", size=LABEL, color=MUTED)
    return sheet
