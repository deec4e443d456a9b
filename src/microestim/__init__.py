"""How many people in a country do paid micro-tasks on online platforms.

Everything public is reachable from here, and loaded when it is first used: a two-sample estimate
loads NumPy and SciPy, never the sampler.

Examples
--------
>>> import microestim as me
>>> round(me.chapman(500, 500, 89).n_hat)
2788
"""

import importlib
from typing import TYPE_CHECKING, Any

from microestim._version import __version__

if TYPE_CHECKING:
    from microestim import datasets, errors, simulate
    from microestim.capture import Captures, FrequencyCounts
    from microestim.checks.reproduction import reproduce
    from microestim.errors import MicroestimError, MicroestimWarning
    from microestim.estimators.accounts import (
        audience_total,
        extrapolate_ratio,
        inverse_bounds,
        membership_bounds,
        people_from_accounts,
        proxy_scale,
    )
    from microestim.estimators.closed_populations import (
        closed,
        closed_models,
        closed_tests,
        leslie_test,
        list_coverage,
        removal,
        sample_coverage,
        schnabel,
        schumacher_eschmeyer,
    )
    from microestim.estimators.consensus import consensus
    from microestim.estimators.dependence import dependence
    from microestim.estimators.frequency_counts import (
        ace,
        chao,
        chao_bunge,
        chao_improved,
        chao_missed_matches,
        chao_one_inflated,
        jackknife,
        lanumteang_bohning,
        npmle,
        one_inflation_curve,
        poisson_compound_gamma,
        ratio_regression,
        truncated_counts,
        turing,
        zelterman,
    )
    from microestim.estimators.pooled_counts import CountPriors, pooled_counts
    from microestim.estimators.surveys import last_visit, weighted_shares
    from microestim.estimators.two_samples import (
        bailey,
        chapman,
        lincoln_petersen,
        multiplier,
        two_sample_posterior,
    )
    from microestim.models.priors import Prior, read_priors
    from microestim.results import Estimate, Interval, compare
    from microestim.study import Study, load_study, read_study, studies, template
    from microestim.workforce import (
        PlatformFigure,
        PooledFit,
        PooledModel,
        PopulationSurvey,
        SurveyWaves,
        TrafficSource,
        WorkforceFit,
        WorkforceModel,
        calibrate,
        citation,
        full_time_equivalents,
        load_fit,
        load_pooled_fit,
        plan,
    )

__all__ = [
    "Captures",
    "CountPriors",
    "Estimate",
    "FrequencyCounts",
    "Interval",
    "MicroestimError",
    "MicroestimWarning",
    "PlatformFigure",
    "PooledFit",
    "PooledModel",
    "PopulationSurvey",
    "Prior",
    "Study",
    "SurveyWaves",
    "TrafficSource",
    "WorkforceFit",
    "WorkforceModel",
    "__version__",
    "ace",
    "audience_total",
    "bailey",
    "calibrate",
    "chao",
    "chao_bunge",
    "chao_improved",
    "chao_missed_matches",
    "chao_one_inflated",
    "chapman",
    "citation",
    "closed",
    "closed_models",
    "closed_tests",
    "compare",
    "consensus",
    "datasets",
    "dependence",
    "errors",
    "extrapolate_ratio",
    "full_time_equivalents",
    "inverse_bounds",
    "jackknife",
    "lanumteang_bohning",
    "last_visit",
    "leslie_test",
    "lincoln_petersen",
    "list_coverage",
    "load_fit",
    "load_pooled_fit",
    "load_study",
    "membership_bounds",
    "multiplier",
    "npmle",
    "one_inflation_curve",
    "people_from_accounts",
    "plan",
    "poisson_compound_gamma",
    "pooled_counts",
    "proxy_scale",
    "ratio_regression",
    "read_priors",
    "read_study",
    "removal",
    "reproduce",
    "sample_coverage",
    "schnabel",
    "schumacher_eschmeyer",
    "simulate",
    "studies",
    "template",
    "truncated_counts",
    "turing",
    "two_sample_posterior",
    "weighted_shares",
    "zelterman",
]

_MODULES = ("datasets", "errors", "simulate")
_HOMES = {
    "Captures": "capture",
    "CountPriors": "estimators.pooled_counts",
    "Estimate": "results",
    "FrequencyCounts": "capture",
    "Interval": "results",
    "MicroestimError": "errors",
    "MicroestimWarning": "errors",
    "PlatformFigure": "workforce",
    "PooledFit": "workforce",
    "PooledModel": "workforce",
    "PopulationSurvey": "workforce",
    "Prior": "models.priors",
    "Study": "study",
    "SurveyWaves": "workforce",
    "TrafficSource": "workforce",
    "WorkforceFit": "workforce",
    "WorkforceModel": "workforce",
    "ace": "estimators.frequency_counts",
    "audience_total": "estimators.accounts",
    "bailey": "estimators.two_samples",
    "chao": "estimators.frequency_counts",
    "chao_bunge": "estimators.frequency_counts",
    "chao_improved": "estimators.frequency_counts",
    "chao_missed_matches": "estimators.frequency_counts",
    "chao_one_inflated": "estimators.frequency_counts",
    "chapman": "estimators.two_samples",
    "calibrate": "workforce",
    "citation": "workforce",
    "closed": "estimators.closed_populations",
    "closed_models": "estimators.closed_populations",
    "closed_tests": "estimators.closed_populations",
    "compare": "results",
    "consensus": "estimators.consensus",
    "dependence": "estimators.dependence",
    "extrapolate_ratio": "estimators.accounts",
    "full_time_equivalents": "workforce",
    "inverse_bounds": "estimators.accounts",
    "jackknife": "estimators.frequency_counts",
    "lanumteang_bohning": "estimators.frequency_counts",
    "last_visit": "estimators.surveys",
    "leslie_test": "estimators.closed_populations",
    "lincoln_petersen": "estimators.two_samples",
    "list_coverage": "estimators.closed_populations",
    "load_fit": "workforce",
    "load_pooled_fit": "workforce",
    "load_study": "study",
    "membership_bounds": "estimators.accounts",
    "multiplier": "estimators.two_samples",
    "npmle": "estimators.frequency_counts",
    "one_inflation_curve": "estimators.frequency_counts",
    "people_from_accounts": "estimators.accounts",
    "plan": "workforce",
    "poisson_compound_gamma": "estimators.frequency_counts",
    "pooled_counts": "estimators.pooled_counts",
    "proxy_scale": "estimators.accounts",
    "ratio_regression": "estimators.frequency_counts",
    "read_priors": "models.priors",
    "read_study": "study",
    "removal": "estimators.closed_populations",
    "reproduce": "checks.reproduction",
    "sample_coverage": "estimators.closed_populations",
    "schnabel": "estimators.closed_populations",
    "schumacher_eschmeyer": "estimators.closed_populations",
    "studies": "study",
    "template": "study",
    "truncated_counts": "estimators.frequency_counts",
    "turing": "estimators.frequency_counts",
    "two_sample_posterior": "estimators.two_samples",
    "weighted_shares": "estimators.surveys",
    "zelterman": "estimators.frequency_counts",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home the first time that it is asked for (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
