"""The public face of the joint model: the model, its fit, and what to collect next."""

from microestim.workforce.calibration import calibrate
from microestim.workforce.candidates import PlatformFigure, PopulationSurvey, SurveyWaves, TrafficSource
from microestim.workforce.citing import citation
from microestim.workforce.derived import full_time_equivalents
from microestim.workforce.fit import WorkforceFit
from microestim.workforce.model import WorkforceModel
from microestim.workforce.planning import plan
from microestim.workforce.pooled import PooledModel
from microestim.workforce.pooled_fit import CountryFit, PooledFit
from microestim.workforce.pooled_storage import load_pooled_fit
from microestim.workforce.storage import load_fit
from microestim.workforce.tiers import TierEstimates

__all__ = [
    "CountryFit",
    "PlatformFigure",
    "PooledFit",
    "PooledModel",
    "PopulationSurvey",
    "SurveyWaves",
    "TierEstimates",
    "TrafficSource",
    "WorkforceFit",
    "WorkforceModel",
    "calibrate",
    "citation",
    "full_time_equivalents",
    "load_fit",
    "load_pooled_fit",
    "plan",
]
