"""The figures of a report as pictures, each with the words that stand for it where it cannot be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from microestim.checks.bounds import study_bounds
from microestim.models.people import TIER_IDS
from microestim.plots import (
    plot_influence,
    plot_memberships,
    plot_platforms,
    plot_predictive,
    plot_priors,
    plot_tiers,
)
from microestim.plots.canvas import stamp_failures
from microestim.results.posterior import printed_draws

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.fitted import FittedAlone
    from microestim.checks.prior_influence import PriorInfluence

__all__ = ["FIGURE_NAMES", "Picture", "draw_figures"]

FIGURE_NAMES = (
    "tiers",
    "memberships",
    "platforms",
    "priors",
    "predictive",
    "without_evidence",
    "without_platform",
)
"""Names of all figures that a report may have, in its order."""

_LEFT_OUT = {"evidence": "piece of evidence", "platform": "platform"}


@dataclass(frozen=True)
class Picture:
    """A figure as a PNG.

    Parameters
    ----------
    png : bytes
        The picture.
    width, height : int
        Its size on a page, in CSS pixels.
    alt : str
        What it shows, in words.
    """

    png: bytes
    width: int
    height: int
    alt: str


def draw_figures(
    fit: FittedAlone,
    *,
    alternatives: Sequence[FittedAlone],
    influence: PriorInfluence,
    predictive: Mapping[str, tuple[float, np.ndarray]],
) -> dict[str, Picture]:
    """Draw every figure that the fit has.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    alternatives : sequence of WorkforceFit
        Fits under other readings.
    influence : PriorInfluence
        What `prior_influence` gave.
    predictive : mapping of str to (float, ndarray)
        What ``fit.predictive()`` gave.

    Returns
    -------
    dict of str to Picture
        By name, as in `FIGURE_NAMES`.
    """
    spans = {tier: " (".join(printed_draws(fit.draws(tier))) + ")" for tier in TIER_IDS}
    pictures = {
        "tiers": _picture(
            plot_tiers(fit, alternatives=alternatives),
            "Posterior density, median and intervals of the people in each tier, with published figures: "
            + "; ".join(f"{tier} {span}" for tier, span in spans.items())
            + ".",
            fit,
        ),
        "platforms": _picture(
            plot_platforms(fit),
            "Medians and intervals of the accounts of residents on each platform, and of those seen in "
            "a month; the same numbers are in the table.",
            fit,
        ),
        "priors": _picture(
            plot_priors(fit, influence=influence),
            f"Prior and posterior densities of {len(influence.quantities)} quantities on a common scale. "
            + (
                f"The evidence leaves as they were: {', '.join(influence.prior_only)}."
                if influence.prior_only
                else "The evidence narrows all of them."
            ),
            fit,
        ),
        "predictive": _picture(
            plot_predictive(fit, predictive=predictive),
            "Each piece of evidence against what the fitted model would produce; the table has the same "
            "numbers.",
            fit,
        ),
    }
    bounds = study_bounds(fit.study)
    if bounds is not None:
        figure = plot_memberships(bounds)
        stamp_failures(figure, (fit,))
        pictures["memberships"] = _picture(
            figure,
            f"Number of people against the mean memberships of people outside the surveyed platform: from "
            f"{bounds.upper_given_mean:,.0f} down to {bounds.lower:,.0f}.",
            fit,
        )
    for by, found in fit.refitted.items():
        if not found.changes:
            continue
        figure = plot_influence(found)
        stamp_failures(figure, (fit,))
        pictures[f"without_{by}"] = _picture(
            figure,
            f"The 90 % interval of each tier with all evidence, and without each {_LEFT_OUT[by]} in turn; "
            "the table has the same numbers.",
            fit,
        )
    return {name: pictures[name] for name in FIGURE_NAMES if name in pictures}


def _picture(figure: Figure, alt: str, fit: FittedAlone) -> Picture:
    from microestim.plots.sheet import to_png

    width, height = figure.get_size_inches() * 96
    words = alt if fit.converged else f"NOT CONVERGED. {alt}"
    return Picture(to_png(figure), round(float(width)), round(float(height)), words)
