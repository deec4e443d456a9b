"""Who was seen when: captures by occasion and by number of times, and whether everybody is as easily seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from microestim.plots.canvas import FIRST, INK, LABEL, MUTED, REMARK, RULE, SECOND, new_sheet, open_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from microestim.capture import Captures

__all__ = ["plot_captures"]

Values = npt.NDArray[np.float64]

WIDTH, PANEL_HEIGHT = 8.0, 2.9


def plot_captures(captures: Captures) -> Figure:
    """Draw captures by occasion and by number of times, and the two graphs that show heterogeneity.

    The lower two are the exploratory graphs of heterogeneity [1]_, on logarithmic axes: first captures
    u_i against i, and f_k divided by the number of ways to be seen k times out of t, C(t, k), against k
    (times t, so that the first point is f_1; a factor moves the graph and does not bend it).

    Parameters
    ----------
    captures : Captures
        The data. Without frequencies (statistics only) the two graphs of frequencies are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Two or four graphs; a number of zero has no place on a logarithmic axis and is left out there.

    Raises
    ------
    NotEstimableError
        If the data do not say how many were seen on each occasion.

    Notes
    -----
    With one chance p of a first capture for everybody on all occasions (M0, and Mb whatever the chance of a
    recapture), E(u_i) = N p (1 - p)^(i - 1): its logarithm is a straight line with the slope log(1 - p).
    Under M0, E(f_k) = N C(t, k) p^k (1 - p)^(t - k): the logarithm of f_k / C(t, k) is a straight line with
    the slope logit(p). People who differ in their chances bend both upwards (convex): the easily seen are
    seen first and often. The graph of f_k is nearly straight under Mt too, while occasions that differ make
    the graph of u_i uneven in either direction.

    References
    ----------
    .. [1] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5), 1-31. doi:10.18637/jss.v019.i05

    Examples
    --------
    >>> from microestim.capture import Captures
    >>> figure = plot_captures(Captures.from_counts({"110": 9, "100": 30, "011": 4, "010": 21}))
    >>> len(figure.axes)
    4
    """
    from scipy.special import gammaln

    t = captures.n_occasions
    number = np.arange(1, t + 1, dtype=float)
    n_i, u_i = (values.astype(float) for values in (captures.n_i, captures.u_i))
    with_frequencies = "f_k" not in captures.missing
    columns = 2 if with_frequencies else 1
    sheet = new_sheet(
        0.8 + 2 * PANEL_HEIGHT,
        title=f"{captures.n_observed:,} people seen on {t:,} occasions, {captures.n_captures:,} captures",
        subtitle="Below: straight where all are as easily seen, bent upwards at the ends where some are not.",
        width=WIDTH,
    )

    def panel(row: int, column: int, title: str, label: str) -> Axes:
        width = WIDTH / columns
        axes = open_axes(
            sheet,
            left=column * width + 0.75,
            right=(columns - 1 - column) * width + 0.3,
            top=0.8 + row * PANEL_HEIGHT + 0.3,
            bottom=(1 - row) * PANEL_HEIGHT + 0.6,
        )
        axes.set_title(title, size=LABEL, color=INK, loc="left")
        axes.set_xlabel(label, size=LABEL, color=MUTED)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return axes

    _bars(panel(0, 0, "seen on each occasion (dark: for the first time)", "occasion"), number, n_i, u_i)
    _points(panel(1, 0, "seen for the first time (logarithmic scale)", "occasion"), number, u_i)
    if with_frequencies:
        f_k = captures.f_k.astype(float)
        ways = np.exp(gammaln(t + 1) - gammaln(number + 1) - gammaln(t - number + 1) - np.log(t))
        _bars(panel(0, 1, "people by times seen", "times seen (k)"), number, f_k, None)
        _points(
            panel(1, 1, "f_k · t / C(t, k) (logarithmic scale)", "times seen (k)"),
            number,
            f_k / ways,
        )
    return sheet


def _bars(axes: Axes, number: Values, people: Values, first: Values | None) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.bar(number, people, width=0.8, color=FIRST, alpha=0.35 if first is not None else 0.85)
    if first is not None:
        axes.bar(number, first, width=0.8, color=FIRST, alpha=0.85)
    axes.set_xlim(number[0] - 0.6, number[-1] + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(axis="y", colors=MUTED, labelsize=REMARK, length=0)


def _points(axes: Axes, number: Values, value: Values) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    shown = value > 0
    axes.set_yscale("log")
    axes.plot(number[shown], value[shown], "o-", color=SECOND, markersize=4, linewidth=1.0)
    axes.set_xlim(number[0] - 0.6, number[-1] + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    # Numbers between the powers of ten help over short ranges only.
    wide = value[shown].max() > 300 * value[shown].min()
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", which="both", colors=MUTED, labelsize=REMARK, length=0)
