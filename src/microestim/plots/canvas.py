"""What all figures share: the sheet, its colours and type, axes that count people, and the stamp."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedModel

__all__ = [
    "FAILED",
    "FIRST",
    "INK",
    "MUTED",
    "PAPER",
    "PIXELS_PER_INCH",
    "RULE",
    "SECOND",
    "THIRD",
    "draw_interval",
    "draw_ridge",
    "log_people_axis",
    "new_sheet",
    "open_axes",
    "stamp_failures",
]

# Blue and vermilion of the palette of Okabe & Ito stay apart for every common kind of colour blindness, and
# in a grey print (their lightness differs).
FIRST = "#0b5394"
"""Colour of the fit that the figure is about."""
SECOND = "#d55e00"
"""Colour of what is set beside it."""
THIRD = "#2f7d5b"
"""Colour of a third thing."""
INK = "#1c2733"
"""Colour of text and of published figures."""
MUTED = "#5b6773"
"""Colour of remarks and axes: at least 4.5 to 1 on white."""
RULE = "#d5dbe1"
"""Colour of grid lines."""
PAPER = "#ffffff"
"""Colour of the sheet."""
FAILED = "#b3261e"
"""Colour of the stamp on a failed fit."""
PIXELS_PER_INCH = 150
"""Resolution of the pictures: twice a screen's, and enough for print at report width."""

TITLE, LABEL, REMARK = 12.5, 9.5, 8.5


def new_sheet(height: float, *, title: str, subtitle: str = "", width: float = 8.0) -> Figure:
    """Start a figure with its title.

    Parameters
    ----------
    height : float
        Height in inches.
    title : str
        What the figure says, at the top left.
    subtitle : str, optional
        How to read it, below the title; lines are kept.
    width : float, default 8.0
        Width in inches: a report page.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, without axes.
    """
    from microestim.plots.sheet import Sheet

    figure = Sheet(figsize=(width, height), dpi=PIXELS_PER_INCH, facecolor=PAPER)
    figure.text(0.15 / width, 1 - 0.10 / height, title, size=TITLE, weight="bold", color=INK, va="top")
    if subtitle:
        figure.text(
            0.15 / width, 1 - 0.38 / height, subtitle, size=REMARK, color=MUTED, va="top", linespacing=1.4
        )
    return figure


def open_axes(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Add axes with margins in inches, with nothing drawn but the lower edge.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    left, right, top, bottom : float
        Margins in inches.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.
    """
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    )
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=MUTED, labelsize=REMARK, length=3)
    axes.patch.set_visible(False)
    return axes


def log_people_axis(axes: Axes, low: float, high: float, label: str) -> None:
    """Make the horizontal axis logarithmic, with round numbers written out.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    low, high : float
        Range in the unit of the label, above 0.
    label : str
        What is counted.
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    width = axes.bbox.width / PIXELS_PER_INCH
    ticks = round_numbers(low, high, width=width)
    axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.xaxis.set_major_formatter(FixedFormatter([_written(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{label} (logarithmic scale)", size=LABEL, color=MUTED)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def round_numbers(low: float, high: float, *, width: float = 6.0) -> list[float]:
    """Choose round numbers for a logarithmic scale, as many as can be written side by side.

    Parameters
    ----------
    low, high : float
        Range, above 0.
    width : float, default 6.0
        Length of the scale in inches.

    Returns
    -------
    list of float
        Ticks within the range, ascending.

    Examples
    --------
    >>> round_numbers(900, 120_000)
    [1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0, 100000.0]
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    inches = width / np.log(high / low)
    ticks: list[float] = []
    for leading, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 6)):
        ticks = [
            float(lead * 10.0**power)
            for power in range(first, last + 1, every)
            for lead in leading
            if low <= lead * 10.0**power <= high
        ]
        # A figure of the tick labels' size is about 0.075 inches wide.
        if all(
            inches * np.log(right / left) > 0.0375 * (len(_written(left)) + len(_written(right))) + 0.12
            for left, right in itertools.pairwise(ticks)
        ):
            break
    return ticks


def _written(tick: float) -> str:
    return f"{tick:,.0f}" if tick >= 1 else f"{tick:g}"


def draw_ridge(
    axes: Axes, draws: np.ndarray, base: float, height: float, colour: str, *, log: bool = True
) -> None:
    """Draw the density of draws as a hill that stands on a line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    draws : ndarray
        Draws; above 0 where `log` is true.
    base, height : float
        Where the hill stands and how high it is, in vertical data units.
    colour : str
        Its colour.
    log : bool, default True
        Whether the density is that of the logarithm, as a logarithmic axis needs.
    """
    grid, density = density_of(np.log(draws) if log else draws)
    x = np.exp(grid) if log else grid
    axes.fill_between(x, base, base + height * density / density.max(), color=colour, alpha=0.22, linewidth=0)
    axes.plot(x, base + height * density / density.max(), color=colour, linewidth=1.0, alpha=0.8)


def density_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate a density from draws.

    Parameters
    ----------
    values : ndarray
        Draws.

    Returns
    -------
    grid, density : ndarray, shape (512,)
        Where it was evaluated, and its values.
    """
    import arviz as az

    grid, density, _ = az.kde(np.asarray(values, dtype=float).ravel())
    return np.asarray(grid), np.asarray(density)


def draw_interval(
    axes: Axes, draws: np.ndarray, y: float, colour: str, *, hollow: bool = False, scale: float = 1.0
) -> tuple[float, float, float]:
    """Draw the median with the 50 % (thick) and 95 % (thin) equal-tailed intervals of draws.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    draws : ndarray
        Draws, in the unit of the axis.
    y : float
        Height, in vertical data units.
    colour : str
        Colour.
    hollow : bool, default False
        Draw the median as a ring: what it rests on is indirect.
    scale : float, default 1.0
        Thickness, relative to the usual.

    Returns
    -------
    low, median, high : float
        The 95 % interval and the median.
    """
    low, quarter, median, three_quarters, high = (
        float(value) for value in np.quantile(draws, (0.025, 0.25, 0.5, 0.75, 0.975))
    )
    axes.plot((low, high), (y, y), color=colour, linewidth=1.4 * scale, solid_capstyle="butt", zorder=3)
    axes.plot(
        (quarter, three_quarters),
        (y, y),
        color=colour,
        linewidth=4.5 * scale,
        solid_capstyle="butt",
        zorder=3,
        alpha=0.75,
    )
    axes.plot(
        median,
        y,
        marker="o",
        markersize=6.0 * scale,
        color=PAPER if hollow else colour,
        markeredgecolor=colour if hollow else PAPER,
        markeredgewidth=1.2,
        zorder=4,
    )
    return low, median, high


def stamp_failures(figure: Figure, fits: Sequence[FittedModel]) -> None:
    """Stamp a figure when any fit in it did not converge.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    fits : sequence of FittedModel
        The fits that it shows.
    """
    if all(fit.converged for fit in fits):
        return
    width, height = figure.get_size_inches()
    figure.text(
        0.5,
        0.5,
        "NOT CONVERGED",
        size=44,
        weight="bold",
        color=FAILED,
        alpha=0.16,
        rotation=18,
        ha="center",
        va="center",
        zorder=10,
    )
    figure.text(
        1 - 0.15 / width,
        1 - 0.10 / height,
        "NOT CONVERGED",
        size=REMARK,
        weight="bold",
        color=PAPER,
        ha="right",
        va="top",
        zorder=11,
        bbox={"boxstyle": "square,pad=0.35", "facecolor": FAILED, "edgecolor": "none"},
    )
