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
    from microestim.estimators import (
        audience_total,
        bailey,
        chapman,
        extrapolate_ratio,
        inverse_bounds,
        lincoln_petersen,
        membership_bounds,
        people_from_accounts,
        proxy_scale,
        two_sample_posterior,
    )
    from microestim.estimators.closed import closed
    from microestim.estimators.closed_panel import closed_models
    from microestim.estimators.counts import (
        chao,
        chao_improved,
        chao_one_inflated,
        lanumteang_bohning,
        zelterman,
    )
    from microestim.estimators.coverage import ace, chao_bunge, turing
    from microestim.estimators.jackknife import jackknife
    from microestim.estimators.one_inflation import one_inflation_curve
    from microestim.estimators.truncated_counts import truncated_counts
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
    "one_inflation_curve",
    "people_from_accounts",
    "proxy_scale",
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
    "ace": "estimators.coverage",
    "audience_total": "estimators",
    "bailey": "estimators",
    "chao": "estimators.counts",
    "chao_bunge": "estimators.coverage",
    "chao_improved": "estimators.counts",
    "chao_one_inflated": "estimators.counts",
    "chapman": "estimators",
    "citation": "workforce",
    "closed": "estimators.closed",
    "closed_models": "estimators.closed_panel",
    "compare": "results",
    "extrapolate_ratio": "estimators",
    "inverse_bounds": "estimators",
    "jackknife": "estimators.jackknife",
    "lanumteang_bohning": "estimators.counts",
    "lincoln_petersen": "estimators",
    "load_fit": "workforce",
    "load_study": "study",
    "membership_bounds": "estimators",
    "one_inflation_curve": "estimators.one_inflation",
    "people_from_accounts": "estimators",
    "proxy_scale": "estimators",
    "read_priors": "models.priors",
    "read_study": "study",
    "reproduce": "checks.reproduction",
    "studies": "study",
    "template": "study",
    "truncated_counts": "estimators.truncated_counts",
    "turing": "estimators.coverage",
    "two_sample_posterior": "estimators",
    "zelterman": "estimators.counts",
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
