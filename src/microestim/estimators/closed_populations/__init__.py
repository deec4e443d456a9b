"""How many there are, from two or more occasions between which nobody joins or leaves."""

from microestim.estimators.closed_populations.coverage_of_samples import (
    CoverageEstimate,
    list_coverage,
    sample_coverage,
)
from microestim.estimators.closed_populations.models import ClosedEstimate, closed
from microestim.estimators.closed_populations.panel import ClosedModels, closed_models

__all__ = [
    "ClosedEstimate",
    "ClosedModels",
    "CoverageEstimate",
    "closed",
    "closed_models",
    "list_coverage",
    "sample_coverage",
]
