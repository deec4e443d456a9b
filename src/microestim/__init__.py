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
    from microestim.models.priors import Prior, read_priors
    from microestim.results import Estimate, Interval, compare
    from microestim.study import Study, load_study, read_study, studies, template
    from microestim.workforce import WorkforceFit, WorkforceModel, citation, load_fit

__all__ = [
    "Estimate",
    "Interval",
    "MicroestimError",
    "MicroestimWarning",
    "Prior",
    "Study",
    "WorkforceFit",
    "WorkforceModel",
    "__version__",
    "audience_total",
    "bailey",
    "chapman",
    "citation",
    "compare",
    "errors",
    "extrapolate_ratio",
    "inverse_bounds",
    "lincoln_petersen",
    "load_fit",
    "load_study",
    "membership_bounds",
    "people_from_accounts",
    "proxy_scale",
    "read_priors",
    "read_study",
    "reproduce",
    "simulate",
    "studies",
    "template",
    "two_sample_posterior",
]

_MODULES = ("errors", "simulate")
_HOMES = {
    "Estimate": "results",
    "Interval": "results",
    "MicroestimError": "errors",
    "MicroestimWarning": "errors",
    "Prior": "models.priors",
    "Study": "study",
    "WorkforceFit": "workforce",
    "WorkforceModel": "workforce",
    "audience_total": "estimators",
    "bailey": "estimators",
    "chapman": "estimators",
    "citation": "workforce",
    "compare": "results",
    "extrapolate_ratio": "estimators",
    "inverse_bounds": "estimators",
    "lincoln_petersen": "estimators",
    "load_fit": "workforce",
    "load_study": "study",
    "membership_bounds": "estimators",
    "people_from_accounts": "estimators",
    "proxy_scale": "estimators",
    "read_priors": "models.priors",
    "read_study": "study",
    "reproduce": "checks.reproduction",
    "studies": "study",
    "template": "study",
    "two_sample_posterior": "estimators",
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
