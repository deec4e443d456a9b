"""Unique visitors a month, as audience services count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

import numpy as np

from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import GaussianObservation, stated_or_own

__all__ = ["MonthlyVisitors"]

_ROUNDING = 0.02


@dataclass(frozen=True, kw_only=True)
class MonthlyVisitors(GaussianObservation):
    """Visitors of one platform or of several: log-normal around people seen times visitors per person.

    Parameters
    ----------
    members : ndarray, shape (platforms,)
        1 for the platforms counted.
    worldwide : bool
        Whether the visitors are of the whole world.
    source : str
        Name of the quantity that holds this source's visitors per person.
    stated_error : float or None
        Standard deviation of the log of the count, where the source states one.
    assumed_error : bool
        Whether that error is an assumption, so that the model's own is added to it.
    """

    members: np.ndarray
    worldwide: bool
    source: str
    stated_error: float | None
    assumed_error: bool = False

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        log_visitors = latent.log_visitors - (latent.log_share if self.worldwide else 0.0)
        visitors = self.members * xp.exp(log_visitors)
        whole = visitors.sum(-1)
        centre = xp.log(whole) + xp.log(latent.p[self.source])
        error = latent.p["audience_error"]
        if self.members.sum() != 1:
            parts = visitors / whole[..., None]
            # Platforms err independently of each other; a printed total is rounded besides.
            error = xp.sqrt(_ROUNDING**2 + error**2 * (parts * parts).sum(-1))
        return centre, stated_or_own(xp, self.stated_error, self.assumed_error, error)


def source_name(page_scope: str, vendor: str) -> str:
    """Name of the quantity that holds one audience source's visitors per person.

    Parameters
    ----------
    page_scope : str
        "work pages" or "whole site".
    vendor : str
        The audience service.

    Returns
    -------
    str
        The name.
    """
    return f"visitors_per_person[{page_scope}, {vendor}]"
