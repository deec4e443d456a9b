"""Unique visitors a month, as audience services count them: a figure, or limits that it lies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

import numpy as np

from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import (
    GaussianObservation,
    Observation,
    Replicates,
    stated_or_own,
)
from microestim.models.tails import log_normal_cdf, log_normal_interval

__all__ = [
    "AudienceFigure",
    "CensoredVisitors",
    "MonthlyVisitors",
    "month_name",
    "source_name",
    "steady_error_row",
]

_ROUNDING = 0.02


@dataclass(frozen=True, kw_only=True)
class AudienceFigure(Observation):
    """What an audience service counts: log-normal around people seen times visitors per person.

    Where a service counted a platform more than once, a part of its error stays from figure to figure: one
    deviate a platform and source. Where the figures of a study are of several months, each month has a
    deviation from their mean, the same for all platforms and sources.

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
    assumed_error : bool, default False
        Whether that error is an assumption, so that the model's own is added to it.
    repeated : bool, default False
        Whether the source counted one of its platforms more than once.
    month : str or None
        Name of the quantity that holds the month's deviation; None where the study has one month only.
    months : tuple of str, optional
        Those of all the study's months.
    """

    members: np.ndarray
    worldwide: bool
    source: str
    stated_error: float | None
    assumed_error: bool = False
    repeated: bool = False
    month: str | None = None
    months: tuple[str, ...] = ()

    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        """Give the mean and the standard deviation of the log of the count.

        Parameters
        ----------
        xp : Namespace
            NumPy or PyTensor.
        latent : Latent
            The latent quantities.

        Returns
        -------
        centre, error : array, shape (...)
            Mean and standard deviation.
        """
        log_visitors = latent.log_visitors - (latent.log_share if self.worldwide else 0.0)
        visitors = self.members * xp.exp(log_visitors)
        whole = visitors.sum(-1)
        centre = xp.log(whole) + xp.log(latent.p[self.source])
        if self.month is not None:
            # Relative to the mean over the months: the source's level is that of an average month.
            mean = sum(xp.log(latent.p[name]) for name in self.months) / len(self.months)
            centre = centre + xp.log(latent.p[self.month]) - mean
        parts = visitors / whole[..., None]
        error = self._error(xp, latent, parts)
        if not self.repeated:
            return centre, error
        steady, deviates = latent.p["audience_persistence"], latent.rows[steady_error_row(self.source)]
        # The deviates of a total's platforms, weighed as their errors are in it; standard normal again.
        shared = (parts * deviates).sum(-1) / xp.sqrt((parts * parts).sum(-1))
        return centre + xp.sqrt(steady) * error * shared, xp.sqrt(1.0 - steady) * error

    def _error(self, xp: Namespace, latent: Latent, parts: Any) -> Any:
        error = latent.p["audience_error"]
        if self.members.sum() != 1:
            # Platforms err independently of each other; a printed total is rounded besides.
            error = xp.sqrt(_ROUNDING**2 + error**2 * (parts * parts).sum(-1))
        return stated_or_own(xp, self.stated_error, self.assumed_error, error)


@dataclass(frozen=True, kw_only=True)
class MonthlyVisitors(AudienceFigure, GaussianObservation):
    """Visitors of one platform or of several, as a number: normal on the log."""


@dataclass(frozen=True, kw_only=True)
class CensoredVisitors(AudienceFigure):
    """Visitors known only to lie between limits: the probability of it.

    What is observed is one, for 'within the limits'; a replicate is one or zero. The limits are fixed by
    the service, and not by the count.

    Parameters
    ----------
    low : float or None
        Lower limit, in visitors; None where there is none.
    high : float
        Upper limit, in visitors.
    within : float, default 1.0
        1 where the count is within the limits, 0 in simulated evidence where it is not.
    """

    low: float | None
    high: float
    within: float = 1.0

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {self.name: self.within}

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        centre, error = self.centre_and_error(xp, latent)
        high = (np.log(self.high) - centre) / error
        if self.low is None:
            inside, outside = log_normal_cdf(xp, high), log_normal_cdf(xp, -high)
        else:
            low = (np.log(self.low) - centre) / error
            inside = log_normal_interval(xp, low, high)
            below, above = log_normal_cdf(xp, low), log_normal_cdf(xp, -high)
            more, less = xp.maximum(below, above), xp.minimum(below, above)
            outside = more + xp.log1p(xp.exp(less - more))
        within = numbers[self.name]
        return within * inside + (1.0 - within) * outside

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        visitors = np.exp(rng.normal(*self.centre_and_error(latent.xp, latent)))
        inside = (visitors < self.high) & (visitors >= (self.low or 0.0))
        return {self.name: inside.astype(float)}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        return numbers[self.name]


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


def steady_error_row(source: str) -> str:
    """Name of the deviates by platform of that part of a source's error that stays from month to month.

    Parameters
    ----------
    source : str
        Name of the source's visitors per person.

    Returns
    -------
    str
        The name.
    """
    return source.replace("visitors_per_person", "steady_audience_error")


def month_name(period: str) -> str:
    """Name of the quantity that holds the deviation of one month from the mean of a study's months.

    Parameters
    ----------
    period : str
        The month, as the study writes it.

    Returns
    -------
    str
        The name.
    """
    return f"audience_month[{period}]"
