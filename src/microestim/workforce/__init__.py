"""The public face of the joint model: `WorkforceModel`, `WorkforceFit`, `load_fit`."""

from microestim.workforce.citing import citation
from microestim.workforce.fit import WorkforceFit
from microestim.workforce.model import WorkforceModel
from microestim.workforce.storage import load_fit
from microestim.workforce.tiers import TierEstimates

__all__ = ["TierEstimates", "WorkforceFit", "WorkforceModel", "citation", "load_fit"]
