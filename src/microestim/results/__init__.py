"""What an answer is: estimates, intervals, tables and the rule by which they are rounded."""

from microestim.results.comparison import Comparison, compare, differences
from microestim.results.estimand import FRAME_COLUMNS, IDENTIFYING_COLUMNS, IMPUTED_COLUMNS, Estimand
from microestim.results.estimate import STATUSES, Estimate, Rng, lognormal_limits, normal_quantile
from microestim.results.fitted import FittedEstimate
from microestim.results.interval import INTERVAL_KINDS, Interval, check_level, floored_interval
from microestim.results.posterior import credible_interval, printed_draws
from microestim.results.reference import Reference
from microestim.results.rounding import ROUNDING_RULE, format_interval, format_number, format_share
from microestim.results.table import Summary, Table

__all__ = [
    "FRAME_COLUMNS",
    "IDENTIFYING_COLUMNS",
    "IMPUTED_COLUMNS",
    "INTERVAL_KINDS",
    "ROUNDING_RULE",
    "STATUSES",
    "Comparison",
    "Estimand",
    "Estimate",
    "FittedEstimate",
    "Interval",
    "Reference",
    "Rng",
    "Summary",
    "Table",
    "check_level",
    "compare",
    "credible_interval",
    "differences",
    "floored_interval",
    "format_interval",
    "format_number",
    "format_share",
    "lognormal_limits",
    "normal_quantile",
    "printed_draws",
]
