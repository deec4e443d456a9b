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
    from microestim import errors, simulate
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
    from microestim.estimators.closed_populations import closed, closed_models
    from microestim.estimators.frequency_counts import (
        ace,
        chao,
        chao_bunge,
        chao_improved,
        chao_one_inflated,
        jackknife,
        lanumteang_bohning,
        npmle,
        one_inflation_curve,
        ratio_regression,
        truncated_counts,
        turing,
        zelterman,
    )
    from microestim.estimators.two_samples import bailey, chapman, lincoln_petersen, two_sample_posterior
    from microestim.models.priors import Prior, read_priors
    from microestim.results import Estimate, Interval, compare
    from microestim.study import Study, load_study, read_study, studies, template
    from microestim.workforce import WorkforceFit, WorkforceModel, citation, load_fit

__all__ = [
    "Captures",
    "Estimate",
    "FrequencyCounts",
    "Interval",
    "MicroestimError",
    "MicroestimWarning",
    "Prior",
    "Study",
    "WorkforceFit",
    "WorkforceModel",
    "__version__",
    "ace",
    "audience_total",
    "bailey",
    "chao",
    "chao_bunge",
    "chao_improved",
    "chao_one_inflated",
    "chapman",
    "citation",
    "closed",
    "closed_models",
    "compare",
    "errors",
    "extrapolate_ratio",
    "inverse_bounds",
    "jackknife",
    "lanumteang_bohning",
    "lincoln_petersen",
    "load_fit",
    "load_study",
    "membership_bounds",
    "npmle",
    "one_inflation_curve",
    "people_from_accounts",
    "proxy_scale",
    "ratio_regression",
    "read_priors",
    "read_study",
    "reproduce",
    "simulate",
    "studies",
    "template",
    "truncated_counts",
    "turing",
    "two_sample_posterior",
    "zelterman",
]

_MODULES = ("errors", "simulate")
_HOMES = {
    "Captures": "capture",
    "Estimate": "results",
    "FrequencyCounts": "capture",
    "Interval": "results",
    "MicroestimError": "errors",
    "MicroestimWarning": "errors",
    "Prior": "models.priors",
    "Study": "study",
    "WorkforceFit": "workforce",
    "WorkforceModel": "workforce",
    "ace": "estimators.frequency_counts",
    "audience_total": "estimators.accounts",
    "bailey": "estimators.two_samples",
    "chao": "estimators.frequency_counts",
    "chao_bunge": "estimators.frequency_counts",
    "chao_improved": "estimators.frequency_counts",
    "chao_one_inflated": "estimators.frequency_counts",
    "chapman": "estimators.two_samples",
    "citation": "workforce",
    "closed": "estimators.closed_populations",
    "closed_models": "estimators.closed_populations",
    "compare": "results",
    "extrapolate_ratio": "estimators.accounts",
    "inverse_bounds": "estimators.accounts",
    "jackknife": "estimators.frequency_counts",
    "lanumteang_bohning": "estimators.frequency_counts",
    "lincoln_petersen": "estimators.two_samples",
    "load_fit": "workforce",
    "load_study": "study",
    "membership_bounds": "estimators.accounts",
    "npmle": "estimators.frequency_counts",
    "one_inflation_curve": "estimators.frequency_counts",
    "people_from_accounts": "estimators.accounts",
    "proxy_scale": "estimators.accounts",
    "ratio_regression": "estimators.frequency_counts",
    "read_priors": "models.priors",
    "read_study": "study",
    "reproduce": "checks.reproduction",
    "studies": "study",
    "template": "study",
    "truncated_counts": "estimators.frequency_counts",
    "turing": "estimators.frequency_counts",
    "two_sample_posterior": "estimators.two_samples",
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
