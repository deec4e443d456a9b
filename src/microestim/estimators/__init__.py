"""How many there are: closed-form answers, arrays in and an `Estimate` out."""

from microestim.estimators.audience import audience_total, extrapolate_ratio, proxy_scale
from microestim.estimators.memberships import (
    InverseBounds,
    MembershipBounds,
    inverse_bounds,
    membership_bounds,
    people_from_accounts,
)
from microestim.estimators.scaling import ScaledEstimate
from microestim.estimators.two_sample import TwoSampleEstimate, bailey, chapman, lincoln_petersen
from microestim.estimators.two_sample_posterior import TwoSamplePosterior, two_sample_posterior

__all__ = [
    "InverseBounds",
    "MembershipBounds",
    "ScaledEstimate",
    "TwoSampleEstimate",
    "TwoSamplePosterior",
    "audience_total",
    "bailey",
    "chapman",
    "extrapolate_ratio",
    "inverse_bounds",
    "lincoln_petersen",
    "membership_bounds",
    "people_from_accounts",
    "proxy_scale",
    "two_sample_posterior",
]
