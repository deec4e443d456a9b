"""Log probabilities of normal tails and intervals, as good far out as in the middle.

Elementwise arithmetic only, so that the same formulas are sampled and evaluated.
"""

from __future__ import annotations

import math
from typing import Any

from microestim.models.namespace import Namespace, normal_cdf

__all__ = ["log_normal_cdf", "log_normal_interval"]

_CROSSING = -4.0
_TERMS = 20
_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


def _log_tail(xp: Namespace, x: Any) -> Any:
    """Log of the probability below `x`, of -4 and less: Laplace's continued fraction of Mills' ratio."""
    far = -x
    denominator = far
    for k in range(_TERMS, 0, -1):
        denominator = far + k / denominator
    return -0.5 * far * far - _LOG_SQRT_2PI - xp.log(denominator)


def log_normal_cdf(xp: Namespace, x: Any) -> Any:
    """Log of the distribution function of the standard normal distribution.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    x : array
        Quantile.

    Returns
    -------
    array
        Log of the probability below `x`, finite wherever the square of `x` is.

    Examples
    --------
    >>> from microestim.models.namespace import NUMPY
    >>> float(log_normal_cdf(NUMPY, -40.0))
    -804.6084...
    """
    middle = xp.log(normal_cdf(xp, xp.maximum(x, _CROSSING)))
    # Below the crossing the first term stands still, and the second goes on from where it stands.
    tail = _log_tail(xp, xp.minimum(x, _CROSSING)) - _AT_CROSSING
    return middle + tail


def log_normal_interval(xp: Namespace, low: Any, high: Any) -> Any:
    """Log of the probability that a standard normal number lies between two limits.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    low, high : array
        Limits, the first below the second.

    Returns
    -------
    array
        Log of the probability.

    Examples
    --------
    >>> from microestim.models.namespace import NUMPY
    >>> float(log_normal_interval(NUMPY, 30.0, 31.0))
    -454.3212...
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    # By symmetry the interval is looked at on the left, where nothing cancels.
    left = -xp.maximum(middle, -middle)
    inner, outer = log_normal_cdf(xp, left + half), log_normal_cdf(xp, left - half)
    return inner + xp.log(1.0 - xp.exp(outer - inner))


def _constant_at_crossing() -> float:
    from microestim.models.namespace import NUMPY

    return float(_log_tail(NUMPY, _CROSSING))


_AT_CROSSING = _constant_at_crossing()
