"""How many people stand behind accounts and audiences: the published arithmetic, and what it leaves open."""

from microestim.estimators.accounts.audience import audience_total, extrapolate_ratio, proxy_scale
from microestim.estimators.accounts.memberships import (
    InverseBounds,
    MembershipBounds,
    inverse_bounds,
    membership_bounds,
    people_from_accounts,
)
from microestim.estimators.accounts.scaling import ScaledEstimate

__all__ = [
    "InverseBounds",
    "MembershipBounds",
    "ScaledEstimate",
    "audience_total",
    "extrapolate_ratio",
    "inverse_bounds",
    "membership_bounds",
    "people_from_accounts",
    "proxy_scale",
]
