"""Prior against posterior of every quantity, all on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.checks.prior_influence import PriorInfluence
from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    REMARK,
    RULE,
    SECOND,
    density_of,
    new_sheet,
    open_axes,
    stamp_failures,
)
from microestim.results import format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedAlone

__all__ = ["plot_priors", "standard_draws"]

_REACH = 3.2


def plot_priors(fit: FittedAlone, *, influence: PriorInfluence | None = None) -> Figure:
    """Draw prior and posterior of every quantity, those that matter most to the tiers first.

    Every prior is normal on the scale of its family, so all stand on one axis: prior standard deviations from
    the prior's median. Medians and 95 % intervals are written in the quantity's own unit.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    influence : PriorInfluence, optional
        What `prior_influence` gave, which sets the order; computed unless given.

    Returns
    -------
    matplotlib.figure.Figure
        One row a quantity.
    """
    ranked = (fit.prior_influence() if influence is None else influence).ranked
    rows = len(ranked)
    sheet = new_sheet(
        1.55 + 0.31 * rows,
        title="What was assumed, and what the evidence made of it",
        subtitle="Grey: prior. Colour: posterior; orange where the evidence leaves the prior (nearly) as it "
        "was: a prior, not a finding.\nThe quantities that matter most to the tiers come first.",
    )
    axes = open_axes(sheet, left=2.95, right=2.85, top=1.0, bottom=0.55)
    standard = np.linspace(-_REACH, _REACH, 161)
    bell = np.exp(-0.5 * standard**2)
    # A narrow posterior is higher than its prior, up to the height at which it would cover the rows above.
    highest = 0.62
    for row, each in enumerate(ranked):
        z = standard_draws(fit, each.name)
        base = float(-row)
        colour = SECOND if each.prior_only else FIRST
        axes.fill_between(standard, base, base + highest * bell, color="#c3cad1", linewidth=0, zorder=2)
        grid, density = density_of(z)
        inside = np.abs(grid) <= _REACH
        relative = density * np.sqrt(2.0 * np.pi)
        relative = relative * min(1.0, 2.4 / relative.max())
        axes.fill_between(
            grid[inside],
            base,
            base + highest * relative[inside],
            color=colour,
            alpha=0.28,
            linewidth=0,
            zorder=3,
        )
        axes.plot(grid[inside], base + highest * relative[inside], color=colour, linewidth=1.0, zorder=4)
        axes.plot((-_REACH, _REACH), (base, base), color=RULE, linewidth=0.6, zorder=1)
        axes.annotate(
            each.name,
            (0.0, base + 0.2),
            xycoords=("axes fraction", "data"),
            xytext=(-202, 0),
            size=REMARK if len(each.name) <= 36 else REMARK - 1.0,
            textcoords="offset points",
            color=INK,
            va="center",
            annotation_clip=False,
        )
        low, median, high = (
            float(value)
            for value in each.prior.natural(
                each.prior.location + each.prior.spread * np.quantile(z, (0.025, 0.5, 0.975)), np.exp
            )
        )
        axes.annotate(
            f"{format_number(each.prior.median)} → {format_number(median)}",
            (1.0, base + 0.2),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            size=REMARK,
            color=colour,
            weight="bold",
            va="center",
            annotation_clip=False,
        )
        axes.annotate(
            f"{format_number(low, digits=2)} to {format_number(high, digits=2)}",
            (1.0, base + 0.2),
            xycoords=("axes fraction", "data"),
            xytext=(124, 0),
            textcoords="offset points",
            size=REMARK - 0.5,
            color=MUTED,
            va="center",
            annotation_clip=False,
        )
    axes.set_xlim(-_REACH, _REACH)
    axes.set_ylim(-rows + 0.75, 1.6)
    axes.set_xticks(range(-3, 4))
    axes.axvline(0.0, color=MUTED, linewidth=0.6, linestyle=(0, (2, 3)), zorder=1)
    axes.set_xlabel("prior standard deviations from the prior's median", size=LABEL, color=MUTED)
    for offset, words in ((8, "median: prior → posterior"), (124, "95 % of posterior")):
        axes.annotate(
            words,
            (1.0, 1.35),
            xycoords=("axes fraction", "data"),
            xytext=(offset, 0),
            textcoords="offset points",
            size=REMARK - 0.5,
            color=MUTED,
            va="center",
            annotation_clip=False,
        )
    stamp_failures(sheet, (fit,))
    return sheet


def standard_draws(fit: FittedAlone, name: str) -> np.ndarray:
    """Give the draws of a quantity in prior standard deviations from its prior's centre.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    name : str
        Name of a quantity, as `prior_influence` lists them.

    Returns
    -------
    ndarray, shape (draws,)
        Draws, without unit.
    """
    design = fit.design
    names = [parameter.name for parameter in design.parameters]
    if name in names:
        return fit.deviates.scalars[:, names.index(name)]
    prior = fit.all_priors[name.partition("[")[0]]
    if name == "accounts_centre":
        sizes = fit.latent.sizes
        level = sizes.log_accounts[:, 0] if sizes.level is None else sizes.level
        return (np.asarray(level) - prior.location) / prior.spread
    platform = name.partition("[")[2].rstrip("]")
    return fit.deviates.platforms[:, design.rows.index("share"), design.platforms.index(platform)]
