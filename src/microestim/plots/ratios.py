"""Ratios of neighbouring frequency counts, by which one rate, many rates and one-inflation show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.capture.frequencies import CountsLike, as_frequency_counts
from microestim.errors import NotEstimableError
from microestim.estimators.frequency_counts.ratio_regression import count_ratios
from microestim.plots.canvas import FIRST, LABEL, MUTED, PAPER, REMARK, RULE, SECOND, new_sheet, open_axes
from microestim.results import normal_quantile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.frequency_counts.truncated import TruncatedCounts

__all__ = ["plot_ratios"]


def plot_ratios(counts: CountsLike, fit: TruncatedCounts | None = None) -> Figure:
    """Draw the ratios of neighbouring frequencies against the times seen, with intervals, and those of a fit.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen; drawn up to the first class without people, or pooled.
    fit : TruncatedCounts, optional
        A fitted family whose ratios are drawn beside.

    Returns
    -------
    matplotlib.figure.Figure
        :math:`(x + 1) f_{x+1} / f_x`, with t occasions over :math:`t - x`, by x, on a logarithmic scale; bars
        are 95 % intervals of each ratio.

    Raises
    ------
    NotEstimableError
        If there are no two neighbouring classes with people.

    Examples
    --------
    >>> figure = plot_ratios({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    >>> len(figure.axes)
    1
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    held = as_frequency_counts(counts)
    ratios = count_ratios(held, first=1 if 1 in held.counts else held.times_seen[0])
    if not ratios.times.size:
        raise NotEstimableError(
            "a ratio needs two neighbouring classes with people in both, and there are none."
        )
    sheet = new_sheet(
        3.9,
        title=f"{held.n_observed:,} people: how the frequencies of capture follow one another",
        subtitle="Level: all are seen at one rate. Rising: rates differ between people. "
        "A first point far\nbelow where the others lead: more people were seen once than the others lead to.",
    )
    axes = open_axes(sheet, left=0.95, right=0.45, top=1.0, bottom=0.62)
    reach = normal_quantile(0.95) * np.sqrt(ratios.variances)
    middle = np.exp(ratios.logs)
    bars = np.stack((middle - np.exp(ratios.logs - reach), np.exp(ratios.logs + reach) - middle))
    axes.set_yscale("log")
    axes.errorbar(ratios.times, middle, yerr=bars, fmt="none", ecolor=FIRST, elinewidth=1.4, zorder=3)
    axes.plot(ratios.times, middle, "o", markersize=7, color=FIRST, markeredgecolor=PAPER, zorder=4)
    if fit is not None:
        expected = fit.expected(int(ratios.times[-1]) + 1)
        people = np.array([expected[int(k)] for k in (*ratios.times, ratios.times[-1] + 1)])
        line = (ratios.times + 1) * people[1:] / people[:-1]
        axes.plot(ratios.times, line, color=SECOND, linewidth=1.8, zorder=2, label=fit.method)
        axes.legend(loc="upper left", frameon=False, fontsize=REMARK, labelcolor=SECOND)
    axes.set_xlim(ratios.times[0] - 0.6, ratios.times[-1] + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 300 * low else (1.0, 2.0, 5.0), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", which="both", colors=MUTED, labelsize=REMARK, length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    over = "" if held.occasions is None else f" / ({held.occasions} - x)"
    axes.set_xlabel("times seen (x)", size=LABEL, color=MUTED)
    axes.set_ylabel(f"(x + 1) f(x + 1) / f(x){over}", size=LABEL, color=MUTED)
    return sheet
