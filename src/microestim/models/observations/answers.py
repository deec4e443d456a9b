"""How often respondents say that they look for tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

import numpy as np

from microestim.models.activity import share
from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import ReadFrequency, Replicates

__all__ = ["StatedFrequency"]


@dataclass(frozen=True, kw_only=True)
class StatedFrequency(ReadFrequency):
    """Respondents by stated band of frequency: multinomial over their activity, with misreport.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    counts : mapping of str to float
        Respondents by group; a group joins the bands in its name ("weekly", "monthly+less").
    """

    frame: str
    counts: Mapping[str, float]

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {self.reading: float(self.any_platform)} | {
            f"{self.name}[{group}]": float(count) for group, count in self.counts.items()
        }

    def _shares(self, latent: Latent, any_platform: Any) -> dict[str, Any]:
        frame = latent.frame(self.frame)
        stated = frame.stated_bands(any_platform)
        return {
            group: share(frame.respondents, sum(stated[band] for band in group.split("+")))
            for group in self.counts
        }

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        shares = self._shares(latent, numbers[self.reading])
        return sum(numbers[f"{self.name}[{group}]"] * xp.log(chance) for group, chance in shares.items())

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        shares = self._shares(latent, float(self.any_platform))
        chances = np.stack(list(shares.values()), axis=-1)
        n = round(sum(self.counts.values()))
        drawn = rng.multinomial(n, chances / chances.sum(-1, keepdims=True))
        return {f"{self.name}[{group}]": drawn[..., i].astype(float) for i, group in enumerate(shares)}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        keys = [f"{self.name}[{group}]" for group in self.counts]
        return 100.0 * numbers[keys[0]] / sum(numbers[key] for key in keys)
