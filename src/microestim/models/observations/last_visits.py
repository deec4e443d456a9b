"""How long ago respondents were on the platform before the visit at which they answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, override

import numpy as np

from microestim.models.activity import CELL_RATES, share
from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import Observation, Replicates

__all__ = ["LastVisits"]

DAYS_A_MONTH = 30.44


@dataclass(frozen=True, kw_only=True)
class LastVisits(Observation):
    """Respondents by bands of days since their visit before: multinomial over their activity.

    At rate r the time since the visit before is exponential. What people state, and what bursts do to it, is
    in one factor on all times, `stated_gap`.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    days : tuple of float
        Limits between the bands, in days, ascending.
    counts : tuple of float
        Respondents by band, one more than limits; divided by the design effect where there is one.
    """

    frame: str
    days: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {self._key(band): float(count) for band, count in enumerate(self.counts)}

    def _key(self, band: int) -> str:
        return f"{self.name}[{band}]"

    def _chances(self, xp: Namespace, latent: Latent) -> list[Any]:
        respondents = latent.frame(self.frame).respondents
        factor = latent.p["stated_gap"][..., None]
        # Chance that the time since the visit before, as stated, is longer than each limit.
        longer = [xp.exp(-CELL_RATES * (limit / DAYS_A_MONTH) / factor) for limit in self.days]
        first, last = 1.0 - longer[0], longer[-1]
        between = [one - other for one, other in pairwise(longer)]
        return [share(respondents, chance) for chance in (first, *between, last)]

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        chances = self._chances(xp, latent)
        return sum(numbers[self._key(band)] * xp.log(chance) for band, chance in enumerate(chances))

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        chances = np.stack(self._chances(latent.xp, latent), axis=-1)
        drawn = rng.multinomial(round(sum(self.counts)), chances / chances.sum(-1, keepdims=True))
        return {self._key(band): drawn[..., band].astype(float) for band in range(len(self.counts))}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        whole = sum(numbers[self._key(band)] for band in range(len(self.counts)))
        return 100.0 * numbers[self._key(0)] / whole
