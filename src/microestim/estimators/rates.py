"""A share between 0 and 1 with its standard error: a rate of matching errors, a proportion in a survey."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from microestim.errors import InputError

__all__ = ["Rate", "RateLike", "as_rate"]

RateLike = float | tuple[float, float]
"""A share, or a pair (share, standard error)."""


@dataclass(frozen=True)
class Rate:
    """A share and its standard error.

    Parameters
    ----------
    value : float
        The share, from 0 to 1.
    se : float
        Its standard error; 0 where it is taken as exact.

    Examples
    --------
    >>> Rate(0.05, 0.01).exact_zero
    False
    """

    value: float
    se: float = 0.0

    @property
    def exact_zero(self) -> bool:
        """Whether the share is zero, with no doubt about it."""
        return self.value == 0.0 and self.se == 0.0

    def __str__(self) -> str:
        """Return the share, and its standard error where it has one."""
        return f"{self.value:g}" if self.se == 0.0 else f"{self.value:g} (se {self.se:g})"


def as_rate(name: str, given: RateLike | Rate) -> Rate:
    """Read a share that may come with its standard error.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    given : float or tuple of float
        A share from 0 to 1, or the pair (share, standard error).

    Returns
    -------
    Rate
        The share with its standard error, 0 where none was given.

    Raises
    ------
    InputError
        If it is no share, or the standard error is negative or not finite.

    Examples
    --------
    >>> as_rate("missed_match", (0.05, 0.01))
    Rate(value=0.05, se=0.01)
    """
    if isinstance(given, Rate):
        return given
    parts: tuple[object, ...] = given if isinstance(given, tuple) else (given,)
    if not 1 <= len(parts) <= 2 or any(_not_a_number(part) for part in parts):
        raise InputError(
            f"{name} is {given!r}; give a share between 0 and 1, or a pair (share, standard error)."
        )
    value, se = (float(np.asarray(part)) for part in (*parts, 0.0)[:2])
    if not 0.0 <= value <= 1.0:
        raise InputError(f"{name} is {value:g}; give a share between 0 and 1 (0.05, not 5).")
    if not (math.isfinite(se) and se >= 0.0):
        raise InputError(f"the standard error of {name} is {se:g}; give a finite number of at least 0.")
    return Rate(value, se)


def _not_a_number(part: object) -> bool:
    array = np.asarray(part)
    return array.ndim != 0 or array.dtype.kind not in "iuf" or bool(np.isnan(array))
