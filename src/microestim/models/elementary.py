"""Elementary functions for Numba without branches or calls, so that loops of them run on vectors.

A mathematical library's functions take one number at a time. These are arithmetic only, so the compiler
turns a loop of them into instructions on several numbers; they are then three to ten times as fast, and
within two units in the last place. Each is inlined where it is called. Sums must not be reordered inside
them, whatever the caller allows: the roundings are part of the method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic

__all__ = ["erf", "exp", "log", "log1p"]

type _Function = Callable[[float], float]


def _inlined(function: _Function) -> _Function:
    compiled: _Function = numba.njit(error_model="numpy", forceinline=True, fastmath={"contract"})(function)
    return compiled


def _reinterpreted(given: Any, wanted: Any) -> Any:
    """Make a function that gives the same 64 bits another type."""

    def reinterpret(_typing: Any, _number: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(wanted))

        return wanted(given), generate

    return intrinsic(reinterpret)


_bits = _reinterpreted(numba.float64, numba.int64)
_number = _reinterpreted(numba.int64, numba.float64)

_LOG2_E = 1.0 / math.log(2.0)
# log 2 in two parts: the first has so few digits that its product with an exponent is exact.
_LOG_2_HIGH = 6.93147180369123816490e-01
_LOG_2_LOW = 1.90821492927058770002e-10
# A number of this size has no fraction: adding it rounds, and leaves the whole number in the last bits.
_ROUNDER = 1.5 * 2.0**52
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13 = (
    1.0 / math.factorial(n) for n in range(2, 14)
)


@_inlined
def exp(x: float) -> float:
    """Exponential function: 2**k times Taylor's series of the rest, which is at most log(2) / 2.

    Results below 3e-308 are 0, those above 8e307 infinite.

    Parameters
    ----------
    x : float
        Where.

    Returns
    -------
    float
        The value; not a number where `x` is not.
    """
    rounded = x * _LOG2_E + _ROUNDER
    k = rounded - _ROUNDER
    r = x - k * _LOG_2_HIGH - k * _LOG_2_LOW
    p = ((((_E13 * r + _E12) * r + _E11) * r + _E10) * r + _E9) * r + _E8
    p = (((((p * r + _E7) * r + _E6) * r + _E5) * r + _E4) * r + _E3) * r + _E2
    value = (p * r * r + r + 1.0) * _number((_bits(rounded) + 1023) << 52)
    value = 0.0 if x < -708.0 else value
    return math.inf if x > 709.0 else value


_SMALLEST = float(np.finfo(float).smallest_normal)
_BITS_OF_ROOT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
_L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (2.0 / (2 * n + 1) for n in range(1, 11))


@_inlined
def log(x: float) -> float:
    """Natural logarithm: k log(2) and the series of log(m) = 2 artanh((m - 1) / (m + 1)), m around 1.

    Numbers below the smallest normal one (2e-308) count as 0.

    Parameters
    ----------
    x : float
        Where.

    Returns
    -------
    float
        The value; not a number where `x` is negative or not a number.
    """
    bits = _bits(x) - _BITS_OF_ROOT_HALF
    exponent = bits >> 52
    m = _number(bits - (exponent << 52) + _BITS_OF_ROOT_HALF)
    k = float(exponent)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = ((((_L10 * z + _L9) * z + _L8) * z + _L7) * z + _L6) * z + _L5
    p = (((p * z + _L4) * z + _L3) * z + _L2) * z + _L1
    value = k * _LOG_2_HIGH + (2.0 * s + (s * z * p + k * _LOG_2_LOW))
    outside = -math.inf if x >= 0.0 else math.nan
    value = value if x >= _SMALLEST else outside
    return x if x == math.inf else value


@_inlined
def log1p(x: float) -> float:
    """Natural logarithm of 1 + x, with what the addition rounds off added to it.

    Parameters
    ----------
    x : float
        Where; finite.

    Returns
    -------
    float
        The value.
    """
    u = 1.0 + x
    rest = (x - (u - 1.0)) / u
    return log(u) + (rest if u > 0.0 else 0.0)


@_inlined
def erf(x: float) -> float:
    """Error function, by the rational approximations of the Cephes library [1]_.

    Parameters
    ----------
    x : float
        Where.

    Returns
    -------
    float
        The value; not a number where `x` is not.

    References
    ----------
    .. [1] Moshier, S. L. (1989). Methods and Programs for Mathematical Functions. Ellis Horwood.
       Coefficients: https://www.netlib.org/cephes/, ndtr.c
    """
    z = x * x
    p = (9.60497373987051638749e0 * z + 9.00260197203842689217e1) * z + 2.23200534594684319226e3
    p = (p * z + 7.00332514112805075473e3) * z + 5.55923013010394962768e4
    q = (z + 3.35617141647503099647e1) * z + 5.21357949780152679795e2
    q = ((q * z + 4.59432382970980127987e3) * z + 2.26290000613890934246e4) * z + 4.92673942608635921086e4
    near = x * p / q

    a = abs(x)
    p = (2.46196981473530512524e-10 * a + 5.64189564831068821977e-1) * a + 7.46321056442269912687e0
    p = ((p * a + 4.86371970985681366614e1) * a + 1.96520832956077098242e2) * a + 5.26445194995477358631e2
    p = ((p * a + 9.34528527171957607540e2) * a + 1.02755188689515710272e3) * a + 5.57535335369399327526e2
    q = (a + 1.32281951154744992508e1) * a + 8.67072140885989742329e1
    q = ((q * a + 3.54937778887819891062e2) * a + 9.75708501743205489753e2) * a + 1.82390916687909736289e3
    q = ((q * a + 2.24633760818710981792e3) * a + 1.65666309194161350182e3) * a + 5.57535340817727675546e2
    far = 1.0 - exp(-z) * p / q
    far = 1.0 if a > 6.0 else far
    far = -far if x < 0.0 else far
    return near if a < 1.0 else far
