"""Every model of a closed population side by side: its size, and the interval around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import NotEstimableError
from microestim.plots.canvas import FIRST, INK, LABEL, MUTED, PAPER, REMARK, RULE, new_sheet, open_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.closed_populations import ClosedModels

__all__ = ["plot_models"]

_ROW = 0.27


def plot_models(panel: ClosedModels, *, level: float = 0.95, method: str = "lognormal") -> Figure:
    """Draw the size that each model of a panel gives, with its interval.

    Parameters
    ----------
    panel : ClosedModels
        What `microestim.closed_models` gave.
    level : float, default 0.95
        Level of the intervals, between 0 and 1.
    method : {"lognormal", "profile", "wald"}, default "lognormal"
        Construction of the intervals.

    Returns
    -------
    matplotlib.figure.Figure
        One row a model in the order of the panel: a dot for an estimate, a ring for a lower bound, and an
        arrow where an interval has no upper limit; the people seen as a line. Models without an estimate
        are named below.
    """
    shown = panel.estimates
    refused = [row.name for row in panel.rows if row.estimate is None]
    sheet = new_sheet(
        1.7 + _ROW * len(shown) + (0.2 if refused else 0.0),
        title="How many there are, model by model",
        subtitle=f"Dot: estimate. Ring: lower bound. Line: {100 * level:g} % interval ({method}). Best "
        f"{panel.criterion.upper()} on top."
        + (f"\nWithout an estimate: {', '.join(refused)}." if refused else ""),
    )
    axes = open_axes(sheet, left=1.75, right=0.5, top=1.0 if refused else 0.82, bottom=0.62)
    limits = []
    for estimate in shown:
        try:
            low, high, *_ = estimate.interval(level, method)
        except NotEstimableError:
            low = high = estimate.n_hat
        limits.append((float(low), float(high)))
    sizes = [float(estimate.n_hat) for estimate in shown]
    seen = float(shown[0].n_observed or 0.0) if shown else 0.0
    finite = [high for _, high in limits if np.isfinite(high)]
    edge = max([*sizes, *finite], default=1.0) * 1.04
    for row, (estimate, (low, high)) in enumerate(zip(shown, limits, strict=True)):
        y = -row
        axes.plot([low, min(high, edge)], [y, y], color=FIRST, linewidth=1.4, solid_capstyle="butt")
        if not np.isfinite(high):
            axes.plot(edge, y, marker=">", color=FIRST, markersize=5, clip_on=False)
        hollow = estimate.status == "bound"
        axes.plot(
            estimate.n_hat, y, "o", markersize=6, color=FIRST, markerfacecolor=PAPER if hollow else FIRST
        )
    axes.axvline(seen, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.annotate(f"{seen:,.0f} seen", (seen, 0.75), size=REMARK, color=MUTED, ha="left", va="center")
    axes.set_xlim(min([seen, *(low for low, _ in limits)]) - 0.02 * edge, edge * 1.02)
    axes.set_ylim(-len(shown) + 0.4, 1.1)
    axes.set_yticks(-np.arange(len(shown), dtype=float), [estimate.method for estimate in shown])
    axes.tick_params(axis="y", colors=INK, labelsize=REMARK, length=0)
    axes.tick_params(axis="x", colors=MUTED, labelsize=REMARK)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("people", size=LABEL, color=MUTED)
    return sheet
