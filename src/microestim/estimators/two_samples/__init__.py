"""How many there are, from two samples: Lincoln-Petersen and its relatives, and the exact posterior."""

from microestim.estimators.two_samples.estimates import TwoSampleEstimate, bailey, chapman, lincoln_petersen
from microestim.estimators.two_samples.multiplier import MultiplierEstimate, multiplier
from microestim.estimators.two_samples.posterior import TwoSamplePosterior, two_sample_posterior

__all__ = [
    "MultiplierEstimate",
    "TwoSampleEstimate",
    "TwoSamplePosterior",
    "bailey",
    "chapman",
    "lincoln_petersen",
    "multiplier",
    "two_sample_posterior",
]
