"""What the answers of one survey give: people by when they last came, and shares with survey weights."""

from microestim.estimators.surveys.last_visit import LastVisitEstimate, last_visit
from microestim.estimators.surveys.weights import WeightedShares, weighted_shares

__all__ = ["LastVisitEstimate", "WeightedShares", "last_visit", "weighted_shares"]
