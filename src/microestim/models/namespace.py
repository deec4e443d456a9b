"""One set of formulas for two languages: NumPy on draws, PyTensor in the sampled graph.

Every part of the joint model takes a `Namespace` as its first argument and uses nothing else for
mathematics. Arrays carry any number of leading dimensions (none in the graph, chains and draws in
NumPy), so a formula addresses its own dimensions from the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

__all__ = ["NUMPY", "Namespace", "log_normal_density", "normal_cdf", "pytensor_namespace"]

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Namespace:
    """The elementwise functions that the model's formulas are written with.

    Parameters
    ----------
    exp, log, log1p, sqrt, erf, minimum, maximum : callable
        As in NumPy and SciPy.
    """

    exp: Callable[..., Any]
    log: Callable[..., Any]
    log1p: Callable[..., Any]
    sqrt: Callable[..., Any]
    erf: Callable[..., Any]
    minimum: Callable[..., Any]
    maximum: Callable[..., Any]


NUMPY = Namespace(
    exp=np.exp,
    log=np.log,
    log1p=np.log1p,
    sqrt=np.sqrt,
    erf=scipy.special.erf,
    minimum=np.minimum,
    maximum=np.maximum,
)


def pytensor_namespace() -> Namespace:
    """Give the namespace that builds a PyTensor graph (imports PyTensor).

    Returns
    -------
    Namespace
        PyTensor's functions.
    """
    import pytensor.tensor as pt

    return Namespace(
        exp=pt.exp,
        log=pt.log,
        log1p=pt.log1p,
        sqrt=pt.sqrt,
        erf=pt.erf,
        minimum=pt.minimum,
        maximum=pt.maximum,
    )


def normal_cdf(xp: Namespace, x: Any) -> Any:
    """Distribution function of the standard normal distribution.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    x : array
        Quantile.

    Returns
    -------
    array
        Probability below `x`.
    """
    return 0.5 * (1.0 + xp.erf(x * math.sqrt(0.5)))


def log_normal_density(xp: Namespace, x: Any, mean: Any, sd: Any) -> Any:
    """Log density of a normal distribution.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    x, mean, sd : array
        Where, around what, and with which standard deviation.

    Returns
    -------
    array
        Log density at `x`.
    """
    z = (x - mean) / sd
    return -0.5 * z * z - xp.log(sd) - _LOG_SQRT_2PI
