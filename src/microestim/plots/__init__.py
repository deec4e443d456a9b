"""Figures: every function returns a matplotlib `Figure` and shows or saves nothing."""

from microestim.plots.captures import plot_captures
from microestim.plots.closed_models import plot_models
from microestim.plots.consensus import plot_consensus
from microestim.plots.dependence import plot_dependence
from microestim.plots.influence import plot_influence
from microestim.plots.memberships import plot_memberships
from microestim.plots.one_inflation import plot_one_inflation_curve
from microestim.plots.platforms import plot_platforms
from microestim.plots.predictive import plot_predictive
from microestim.plots.priors import plot_priors
from microestim.plots.ratios import plot_ratios
from microestim.plots.tiers import plot_tiers

__all__ = [
    "plot_captures",
    "plot_consensus",
    "plot_dependence",
    "plot_influence",
    "plot_memberships",
    "plot_models",
    "plot_one_inflation_curve",
    "plot_platforms",
    "plot_predictive",
    "plot_priors",
    "plot_ratios",
    "plot_tiers",
]
