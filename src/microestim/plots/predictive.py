"""The evidence against evidence drawn anew from the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    PAPER,
    REMARK,
    density_of,
    new_sheet,
    open_axes,
    stamp_failures,
)
from microestim.results import format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = ["plot_predictive", "upper_tail"]


def upper_tail(observed: float, replicates: np.ndarray) -> float:
    """Share of replicates at or above what was observed, ties counted half.

    Parameters
    ----------
    observed : float
        Observed statistic.
    replicates : ndarray
        The same statistic of evidence drawn anew.

    Returns
    -------
    float
        Posterior predictive tail probability; near 0 or 1 where the model does not give such evidence.

    Examples
    --------
    >>> upper_tail(2.0, np.array([1.0, 2.0, 3.0, 4.0]))
    0.625
    """
    return float(np.mean(replicates > observed) + 0.5 * np.mean(replicates == observed))


def plot_predictive(
    fit: FittedModel, *, predictive: Mapping[str, tuple[float, np.ndarray]] | None = None
) -> Figure:
    """Draw the posterior predictive check of every piece of evidence.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    predictive : mapping of str to (float, ndarray), optional
        What ``fit.predictive()`` gave; drawn anew with the fit's own seed unless given.

    Returns
    -------
    matplotlib.figure.Figure
        One row a piece of evidence, each on its own scale.
    """
    drawn = fit.predictive() if predictive is None else predictive
    rows = len(fit.design.observations)
    sheet = new_sheet(
        1.3 + 0.72 * rows,
        title="Would this model produce such evidence?",
        subtitle="Hill: evidence drawn anew from the posterior; bar: its central 95 %. Diamond: what was "
        "observed.\n"
        "Each row has its own scale. Right: share of replicates at or above the observed value.",
    )
    height = sheet.get_size_inches()[1]
    for row, observation in enumerate(fit.design.observations):
        observed, replicates = drawn[observation.name]
        top = 0.98 + 0.72 * row
        axes = open_axes(sheet, left=2.95, right=1.0, top=top, bottom=height - top - 0.42)
        low, high = np.quantile(replicates, (0.025, 0.975))
        first, last = np.quantile(replicates, (0.002, 0.998))
        first, last = min(first, observed), max(last, observed)
        pad = 0.04 * (last - first) if last > first else 0.5
        values, times = np.unique(replicates, return_counts=True)
        if len(values) <= 2:
            # Yes or no: there is no hill between them.
            axes.vlines(values, 0.12, 0.12 + 0.88 * times / times.max(), color=FIRST, alpha=0.25, linewidth=7)
        else:
            grid, density = density_of(replicates)
            inside = (grid >= first) & (grid <= last)
            axes.fill_between(
                grid[inside],
                0.12,
                0.12 + 0.88 * density[inside] / density.max(),
                color=FIRST,
                alpha=0.25,
                linewidth=0,
            )
        axes.plot((low, high), (0.06, 0.06), color=FIRST, linewidth=3.0, solid_capstyle="butt")
        axes.plot(observed, 0.3, "D", markersize=6.5, color=INK, markeredgecolor=PAPER, zorder=5)
        axes.set_xlim(first - pad, last + pad)
        axes.set_ylim(0.0, 1.05)
        axes.set_xticks([low, high], [_figure(low), _figure(high)])
        axes.tick_params(axis="x", labelsize=REMARK - 1.0, pad=2)
        middle = 1 - (top + 0.16) / height
        sheet.text(
            0.15 / 8.0, middle, observation.label, size=LABEL - 0.5, weight="bold", color=INK, va="center"
        )
        sheet.text(
            0.15 / 8.0,
            middle - 0.19 / height,
            f"observed {_figure(observed)} {observation.unit}",
            size=REMARK - 0.5,
            color=MUTED,
            va="center",
        )
        tail = upper_tail(observed, replicates)
        sheet.text(
            1 - 0.75 / 8.0,
            middle - 0.05 / height,
            f"{tail:.3f}",
            size=LABEL,
            weight="bold",
            color=INK,
            va="center",
        )
    stamp_failures(sheet, (fit,))
    return sheet


def _figure(value: float) -> str:
    return format_number(float(value), digits=3)
