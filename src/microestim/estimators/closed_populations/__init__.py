"""How many there are, from two or more occasions between which nobody joins or leaves."""

from microestim.estimators.closed_populations.models import ClosedEstimate, closed
from microestim.estimators.closed_populations.multiple_marking import schnabel, schumacher_eschmeyer
from microestim.estimators.closed_populations.panel import ClosedModels, closed_models
from microestim.estimators.closed_populations.removal import removal

__all__ = [
    "ClosedEstimate",
    "ClosedModels",
    "closed",
    "closed_models",
    "removal",
    "schnabel",
    "schumacher_eschmeyer",
]
