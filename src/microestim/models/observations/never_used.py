"""The share of accounts that never did a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

from microestim.models.activity import CELL_RATES, share
from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import GaussianObservation

__all__ = ["NeverUsed"]


@dataclass(frozen=True, kw_only=True)
class NeverUsed(GaussianObservation):
    """Share of a platform's accounts never used: log-normal around E[exp(-r age)].

    Parameters
    ----------
    platform : int
        Index of the platform.
    error : float
        Standard deviation of the log of the share: stated, or from the number of accounts looked at.
    """

    platform: int
    error: float

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        unused = xp.exp(-latent.p["account_age"][..., None] * CELL_RATES)
        weights = latent.platform_weights(self.platform)
        centre = xp.log(share(weights, unused))
        return centre, self.error + 0.0 * centre
