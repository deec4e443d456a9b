"""How many there are, from how often people were seen: bounds, coverage, fitted distributions."""

from microestim.estimators.frequency_counts.compound_gamma import (
    CompoundGammaCounts,
    poisson_compound_gamma,
)
from microestim.estimators.frequency_counts.coverage import ace, chao_bunge, turing
from microestim.estimators.frequency_counts.estimate import CountEstimate
from microestim.estimators.frequency_counts.jackknife import jackknife
from microestim.estimators.frequency_counts.lower_bounds import (
    chao,
    chao_improved,
    chao_one_inflated,
    lanumteang_bohning,
    zelterman,
)
from microestim.estimators.frequency_counts.missed_matches import chao_missed_matches
from microestim.estimators.frequency_counts.nonparametric import NonparametricCounts, npmle
from microestim.estimators.frequency_counts.one_inflation import one_inflation_curve
from microestim.estimators.frequency_counts.ratio_regression import ratio_regression
from microestim.estimators.frequency_counts.truncated import TruncatedCounts, truncated_counts

__all__ = [
    "CompoundGammaCounts",
    "CountEstimate",
    "NonparametricCounts",
    "TruncatedCounts",
    "ace",
    "chao",
    "chao_bunge",
    "chao_improved",
    "chao_missed_matches",
    "chao_one_inflated",
    "jackknife",
    "lanumteang_bohning",
    "npmle",
    "one_inflation_curve",
    "poisson_compound_gamma",
    "ratio_regression",
    "truncated_counts",
    "turing",
    "zelterman",
]
