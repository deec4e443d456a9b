"""Sizes of several groups from how often people were seen, each group informed by the others."""

from microestim.estimators.pooled_counts.pooled import CountPriors, PooledCounts, pooled_counts

__all__ = ["CountPriors", "PooledCounts", "pooled_counts"]
