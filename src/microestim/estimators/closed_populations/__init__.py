"""How many there are, from two or more occasions between which nobody joins or leaves."""

from microestim.estimators.closed_populations.coverage_of_samples import (
    CoverageEstimate,
    list_coverage,
    sample_coverage,
)
from microestim.estimators.closed_populations.equal_catchability import LeslieTest, leslie_test
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.likelihood_ratios import ClosedTests, closed_tests
from microestim.estimators.closed_populations.models import closed
from microestim.estimators.closed_populations.multiple_marking import schnabel, schumacher_eschmeyer
from microestim.estimators.closed_populations.panel import ClosedModels, closed_models
from microestim.estimators.closed_populations.removal import removal

__all__ = [
    "ClosedEstimate",
    "ClosedModels",
    "ClosedTests",
    "CoverageEstimate",
    "LeslieTest",
    "closed",
    "closed_models",
    "closed_tests",
    "leslie_test",
    "list_coverage",
    "removal",
    "sample_coverage",
    "schnabel",
    "schumacher_eschmeyer",
]
