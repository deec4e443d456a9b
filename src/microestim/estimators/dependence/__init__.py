"""How many there are when the samples may depend on each other within limits."""

from microestim.estimators.dependence.bounds import dependence
from microestim.estimators.dependence.results import (
    Dependence,
    EstimateGivenDependence,
    ThreeListDependence,
    TwoListDependence,
)

__all__ = [
    "Dependence",
    "EstimateGivenDependence",
    "ThreeListDependence",
    "TwoListDependence",
    "dependence",
]
