"""Who answers a survey: the chance of being captured, by activity, in each wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microestim.models.activity import CELL_LOG_RATES
from microestim.models.namespace import Namespace

__all__ = ["Captures", "Frame", "capture_chances", "history_chance"]


@dataclass(frozen=True)
class Frame:
    """The platforms whose people one survey asked.

    Parameters
    ----------
    id : str
        Name of the frame: the platform's id, or several joined by "+".
    members : ndarray, shape (platforms,)
        1 for the platforms in the frame.
    waves : int
        Number of survey waves.
    """

    id: str
    members: np.ndarray
    waves: int

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Names of the frame's own quantities, each with the name of its prior."""
        first = ((f"capture_rate[{self.id}]", "capture_rate"),)
        later = tuple(
            (f"capture_rate_change[{self.id}, wave {t}]", "capture_rate_change")
            for t in range(2, self.waves + 1)
        )
        return first + later


@dataclass(frozen=True)
class Captures:
    """Chances of capture by cell of activity.

    Parameters
    ----------
    by_wave : tuple of array, each of shape (..., cells)
        Chance of an answer in each wave.
    both : array, shape (..., cells), or None
        Chance of an answer in both of two waves; None with one wave or more than two.
    any : array, shape (..., cells)
        Chance of an answer in at least one wave.
    """

    by_wave: tuple[Any, ...]
    both: Any
    any: Any


def capture_chances(xp: Namespace, frame: Frame, p: Any) -> Captures:
    """Chance of an answer in each wave, in both of two, and in any.

    The chance in wave t is 1 - exp(-rate_t r**exponent). Two waves depend on each other, at equal
    activity, through an odds ratio (Plackett's joint distribution).

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    frame : Frame
        The survey.
    p : mapping of str to array
        Quantities in their own units, shape (...).

    Returns
    -------
    Captures
        Chances by cell.
    """
    exposure = xp.exp(p["capture_exponent"][..., None] * CELL_LOG_RATES)
    rate = p[f"capture_rate[{frame.id}]"]
    waves = [1.0 - xp.exp(-rate[..., None] * exposure)]
    for t in range(2, frame.waves + 1):
        change = p[f"capture_rate_change[{frame.id}, wave {t}]"]
        waves.append(1.0 - xp.exp(-(rate * change)[..., None] * exposure))
    if frame.waves == 1:
        return Captures(by_wave=(waves[0],), both=None, any=waves[0])
    if frame.waves == 2:
        odds = p["wave_dependence"][..., None]
        s = 1.0 + (waves[0] + waves[1]) * (odds - 1.0)
        product = odds * waves[0] * waves[1]
        # This form of Plackett's root has no 0/0 at an odds ratio of 1.
        both = 2.0 * product / (s + xp.sqrt(s * s - 4.0 * (odds - 1.0) * product))
        return Captures(by_wave=(waves[0], waves[1]), both=both, any=waves[0] + waves[1] - both)
    never = math.prod(1.0 - wave for wave in waves)
    return Captures(by_wave=tuple(waves), both=None, any=1.0 - never)


def history_chance(captures: Captures, history: str) -> Any:
    """Chance of one capture history, by cell of activity.

    Parameters
    ----------
    captures : Captures
        Chances by wave.
    history : str
        One digit a wave, "1" where captured.

    Returns
    -------
    array, shape (..., cells)
        The chance.
    """
    if captures.both is not None:
        first, second = captures.by_wave
        return {"11": captures.both, "10": first - captures.both, "01": second - captures.both}[history]
    return math.prod(
        (wave if digit == "1" else 1.0 - wave) for wave, digit in zip(captures.by_wave, history, strict=True)
    )
