"""How many there are, from two or more occasions between which nobody joins or leaves."""

from microestim.estimators.closed_populations.likelihood_ratios import ClosedTests, closed_tests
from microestim.estimators.closed_populations.models import ClosedEstimate, closed
from microestim.estimators.closed_populations.panel import ClosedModels, closed_models

__all__ = ["ClosedEstimate", "ClosedModels", "ClosedTests", "closed", "closed_models", "closed_tests"]
