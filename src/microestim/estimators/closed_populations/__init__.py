"""How many there are, from two or more occasions between which nobody joins or leaves."""

from microestim.estimators.closed_populations.coverage_of_samples import (
    CoverageEstimate,
    list_coverage,
    sample_coverage,
)
from microestim.estimators.closed_populations.likelihood_ratios import ClosedTests, closed_tests
from microestim.estimators.closed_populations.models import ClosedEstimate, closed
from microestim.estimators.closed_populations.panel import ClosedModels, closed_models

__all__ = [
    "ClosedEstimate",
    "ClosedModels",
    "ClosedTests",
    "CoverageEstimate",
    "closed",
    "closed_models",
    "closed_tests",
    "list_coverage",
    "sample_coverage",
]
