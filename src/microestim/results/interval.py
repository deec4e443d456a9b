"""An interval that says how it was made.

`Interval` is a tuple of exactly four things, so that it can be unpacked, with two remarks beside it:
whether a limit was raised to the number seen, and why a limit is infinite.
"""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.results.rounding import format_interval

__all__ = ["INTERVAL_KINDS", "Interval", "check_level", "floored_interval"]

INTERVAL_KINDS = (
    "confidence: Wald",
    "confidence: log-normal",
    "confidence: transformed logit",
    "confidence: profile likelihood",
    "confidence: Fieller",
    "confidence: bootstrap percentile",
    "confidence: exact Poisson",
    "confidence: t for the reciprocal",
    "credible: generalized Waring",
    "credible: equal-tailed",
    "credible: highest density",
)
"""Every way in which the library makes an interval; `Interval.kind` is one of these."""

Limit = float | npt.NDArray[np.float64]
Flag = bool | npt.NDArray[np.bool_]


def check_level(level: float) -> float:
    """Return `level` as a float if it is a probability strictly between 0 and 1.

    Parameters
    ----------
    level : float
        Confidence level or credibility; a share, so 0.95 and not 95.

    Returns
    -------
    float
        The same level.

    Raises
    ------
    InputError
        If the level is not strictly between 0 and 1.

    Examples
    --------
    >>> check_level(0.95)
    0.95
    """
    if isinstance(level, bool) or not isinstance(level, (int, float, np.integer, np.floating)):
        raise InputError(f"level is {level!r}; give a number between 0 and 1, such as 0.95.")
    if not 0.0 < level < 1.0:
        raise InputError(f"level is {level!r}; give a share strictly between 0 and 1, such as 0.95 (not 95).")
    return float(level)


class _FourFields(NamedTuple):
    low: Limit
    high: Limit
    level: float
    kind: str


class Interval(_FourFields):
    """Lower and upper limit, their level, and how they were made.

    A tuple of four, so ``low, high, level, kind = estimate.interval()`` works. `floor_applied` and
    `note` are attributes beside the tuple.

    Parameters
    ----------
    low, high : float or ndarray
        The limits, in the unit of the estimate. `high` may be infinite; `note` then says why.
    level : float
        Confidence level or credibility, between 0 and 1.
    kind : str
        One of `INTERVAL_KINDS`: confidence or credible, and the construction.
    floor_applied : bool or ndarray of bool, optional
        Whether a limit had to be raised to the number seen.
    note : str, optional
        What a reader must know of these limits.

    Raises
    ------
    InputError
        If the kind is not in the list, the level is no probability, or a lower limit exceeds its upper.

    Examples
    --------
    >>> low, high, level, kind = Interval(2400.0, 3380.0, 0.95, "credible: equal-tailed")
    >>> print(Interval(2401.2, 3379.8, 0.95, "credible: equal-tailed"))
    95 % credible interval (equal-tailed): 2,400 to 3,380
    """

    floor_applied: Flag = False
    note: str = ""

    def __new__(
        cls,
        low: Limit,
        high: Limit,
        level: float,
        kind: str,
        *,
        floor_applied: Flag = False,
        note: str = "",
    ) -> Self:
        """Check the four values and make the tuple."""
        if kind not in INTERVAL_KINDS:
            raise InputError(f"interval kind is {kind!r}; it must be one of {', '.join(INTERVAL_KINDS)}.")
        if np.any(np.asarray(low) > np.asarray(high)):
            raise InputError(f"an interval has its lower limit ({low}) above its upper limit ({high}).")
        made = super().__new__(cls, low, high, check_level(level), kind)
        object.__setattr__(made, "floor_applied", floor_applied)
        object.__setattr__(made, "note", note)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: an interval does not change."""
        raise AttributeError(f"an Interval is frozen; {name!r} cannot be set.")

    def __repr__(self) -> str:
        """Return one line that names every part."""
        remarks = ""
        if np.any(self.floor_applied):
            remarks += f", floor_applied={self.floor_applied!r}"
        if self.note:
            remarks += f", note={self.note!r}"
        return (
            f"Interval(low={_plain(self.low)!r}, high={_plain(self.high)!r}, "
            f"level={self.level!r}, kind={self.kind!r}{remarks})"
        )

    def __str__(self) -> str:
        """Return one line for a reader, limits rounded by the declared rule."""
        family, _, construction = self.kind.partition(": ")
        head = f"{100 * self.level:g} % {family} interval ({construction})"
        if np.ndim(self.low) or np.ndim(self.high):
            return f"{head}: limits for {np.size(self.low)} estimates"
        line = f"{head}: {format_interval(float(self.low), float(self.high))}"
        if np.any(self.floor_applied):
            line += ", raised to the number seen"
        return f"{line} ({self.note})" if self.note else line


def _plain(limit: Limit) -> Limit:
    """Python float for a scalar, so that `repr` does not print NumPy's type name."""
    return float(limit) if np.ndim(limit) == 0 else limit


def floored_interval(
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    level: float,
    kind: str,
    floor: npt.ArrayLike,
    note: str = "",
) -> Interval:
    """Make an `Interval` whose limits are never below `floor`, and which says where that was needed.

    Parameters
    ----------
    low, high : array_like
        Limits as the formula gives them. Limits that do not exist are nan and stay so.
    level : float
        Confidence level or credibility, between 0 and 1.
    kind : str
        One of `INTERVAL_KINDS`.
    floor : array_like
        The number seen: no population is smaller.
    note : str, optional
        Passed on.

    Returns
    -------
    Interval
        Scalars where all inputs are scalar, else arrays.

    Examples
    --------
    >>> floored_interval(-5.0, 40.0, level=0.95, kind="confidence: Wald", floor=12).low
    12.0
    """
    lows, highs, floors = np.broadcast_arrays(
        np.asarray(low, dtype=float), np.asarray(high, dtype=float), np.asarray(floor, dtype=float)
    )
    applied = (lows < floors) | (highs < floors)
    lows, highs = np.maximum(lows, floors), np.maximum(highs, floors)
    if lows.ndim == 0:
        return Interval(float(lows), float(highs), level, kind, floor_applied=bool(applied), note=note)
    return Interval(lows, highs, level, kind, floor_applied=applied, note=note)
