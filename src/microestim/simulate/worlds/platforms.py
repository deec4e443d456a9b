"""The platforms of a world: how much they attract, since when, whom they let in, and which class they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.knobs import Knobs
from microestim.study.vocabulary import Layer, PlatformClass

__all__ = ["MONTH", "REFERENCE_YEAR", "WorldPlatforms", "draw_platforms"]

Floats = npt.NDArray[np.float64]

MONTH = 30.44
"""Days in a month, on average."""
REFERENCE_YEAR = 2022
# In the order in which they come: most studies are of online micro-tasks first.
_CLASSES: tuple[PlatformClass, ...] = (
    "online micro-tasks",
    "localised tasks",
    "user tests",
    "deep labour",
    "freelancing",
    "other",
)


@dataclass(frozen=True, eq=False)
class WorldPlatforms:
    """What the platforms of a world are like; arrays have one element a platform that residents can join.

    Parameters
    ----------
    ids : tuple of str
        Their names.
    classes : tuple of str
        Class of each.
    layers : tuple of str
        Layer of each.
    class_of : ndarray of int
        Number of the class of each.
    attraction : ndarray of float
        Log of how much it attracts newcomers.
    residents_only : ndarray of bool
        Whether only residents may join.
    age : ndarray of float
        Time since it opened, at the end of the reference month (months).
    rate : ndarray of float
        Log of its visits per account in use, against an average platform.
    country_share : ndarray of float
        Share of residents among its accounts.
    intermediary, execution : int or None
        Positions of the platform that hands people over and of the one that gets them.
    closed_to_residents : tuple of str
        Ids of platforms that residents cannot join.
    """

    ids: tuple[str, ...]
    classes: tuple[PlatformClass, ...]
    layers: tuple[Layer, ...]
    class_of: npt.NDArray[np.int64]
    attraction: Floats
    residents_only: npt.NDArray[np.bool_]
    age: Floats
    rate: Floats
    country_share: Floats
    intermediary: int | None
    execution: int | None
    closed_to_residents: tuple[str, ...]

    @property
    def n(self) -> int:
        """Platforms that residents can join."""
        return len(self.ids)

    @property
    def founded(self) -> tuple[int, ...]:
        """Year in which each began."""
        return tuple(int(REFERENCE_YEAR + 0.5 - age / 12) for age in self.age)


def draw_platforms(knobs: Knobs, rng: np.random.Generator) -> WorldPlatforms:
    """Draw the platforms of a world.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    WorldPlatforms
        Every class has at least one platform.
    """
    n = knobs.n_platforms
    class_of = np.concatenate([np.arange(knobs.n_classes), rng.integers(0, knobs.n_classes, n)])[:n]
    residents_only = rng.random(n) < knobs.closed_share
    # Logit-normal around the median share, so that it stays a share.
    logit = np.log(knobs.country_share / (1 - knobs.country_share)) + 0.8 * rng.standard_normal(n)
    pair = rng.permutation(n)[:2]
    linked = knobs.handover > 0 and n > 1
    layers: list[Layer] = ["two-sided"] * n
    if linked:
        layers[pair[0]], layers[pair[1]] = "intermediary", "execution"
    return WorldPlatforms(
        ids=tuple(f"p{j + 1}" for j in range(n)),
        classes=tuple(_CLASSES[c] for c in class_of),
        layers=tuple(layers),
        class_of=class_of,
        attraction=knobs.size_spread * rng.standard_normal(n),
        residents_only=residents_only,
        age=np.clip(knobs.platform_age * np.exp(0.5 * rng.standard_normal(n)), 6.0, 240.0),
        rate=knobs.platform_spread * rng.standard_normal(n),
        country_share=np.where(residents_only, 1.0, 1 / (1 + np.exp(-logit))),
        intermediary=int(pair[0]) if linked else None,
        execution=int(pair[1]) if linked else None,
        closed_to_residents=tuple(f"x{j + 1}" for j in range(knobs.n_without_residents)),
    )
