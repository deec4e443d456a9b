"""What several finished estimates of one size say together."""

from microestim.estimators.consensus.combine import Consensus, consensus

__all__ = ["Consensus", "consensus"]
