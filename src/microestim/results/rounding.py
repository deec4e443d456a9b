"""The one rule by which sizes are rounded when they are printed; nothing is rounded when stored."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from microestim.errors import InputError

__all__ = ["ROUNDING_RULE", "format_interval", "format_number", "format_share"]

ROUNDING_RULE = (
    "Printed sizes are rounded to two significant digits of their standard error (of a quarter of the "
    "interval's width where only limits are known), but to two of their own at least, and sizes without a "
    "known uncertainty to three. Full precision is kept in to_frame()."
)
"""The rule in one sentence, for footers."""

# Half goes up, the way readers round by hand; enough digits that no double can overflow them.
_BY_HAND = Context(prec=700, rounding=ROUND_HALF_UP)
NOT_A_NUMBER = "not estimable"
INFINITE = "no upper limit"


def format_number(value: float, se: float | None = None, *, digits: int = 3) -> str:
    """Print a size by the declared rule.

    Two significant digits of its own are always kept. Where an interval is wide and skewed, the place that
    fits its width could round the median to 0, and the lower limit below the number of people seen.

    Parameters
    ----------
    value : float
        The size, in any unit.
    se : float, optional
        Its standard error in the same unit. None, nan, infinity and zero mean that there is none to
        round by.
    digits : int, optional
        Significant digits where there is no standard error.

    Returns
    -------
    str
        Digits with a comma between thousands; ``"not estimable"`` for nan, ``"no upper limit"`` for
        infinity.

    Examples
    --------
    >>> format_number(14903.05, 1200.0)
    '14,900'
    >>> format_number(266126.0)
    '266,000'
    >>> format_number(1.2742, 0.021)
    '1.274'
    """
    if digits < 1:
        raise InputError(f"digits is {digits}; at least 1 significant digit can be printed.")
    if math.isnan(value):
        return NOT_A_NUMBER
    if math.isinf(value):
        return INFINITE if value > 0 else "no lower limit"
    if se is not None and math.isfinite(se) and se > 0:
        return _to_place(value, _place(se, 2) if value == 0 else min(_place(se, 2), _place(value, 2)))
    if value == 0:
        return "0"
    text = _to_place(value, _place(value, digits))
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_interval(low: float, high: float, se: float | None = None) -> str:
    """Print two limits by the declared rule.

    Parameters
    ----------
    low, high : float
        The limits, in one unit.
    se : float, optional
        Standard error of the estimate between them; without it a quarter of the width stands in.

    Returns
    -------
    str
        ``"low to high"``.

    Examples
    --------
    >>> format_interval(2400.4, 3382.3)
    '2,400 to 3,380'
    >>> format_interval(911.0, float("inf"))
    '911 to no upper limit'
    """
    if se is None and math.isfinite(low) and math.isfinite(high):
        se = (high - low) / 4
    return f"{format_number(low, se)} to {format_number(high, se)}"


def format_share(value: float) -> str:
    """Print a share as a percentage with three significant digits.

    Parameters
    ----------
    value : float
        A share; 1 is the whole.

    Returns
    -------
    str
        For instance ``"5.6 %"``.

    Examples
    --------
    >>> format_share(0.056)
    '5.6 %'
    """
    return f"{format_number(100 * value)} %" if math.isfinite(value) else NOT_A_NUMBER


def _place(value: float, digits: int) -> int:
    """Power of ten of the last of `digits` significant digits of `value`."""
    exact = Decimal(repr(float(abs(value))))
    # 996 to two digits is 1,000: the place must follow the rounded value, not the raw one.
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), context=_BY_HAND)
    return rounded.adjusted() - digits + 1


def _to_place(value: float, place: int) -> str:
    """Round to the given power of ten."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(place), context=_BY_HAND)
    return f"{rounded:,.{max(0, -place)}f}"
