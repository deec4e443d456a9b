"""What the model of one study consists of: platforms, surveys, quantities, observations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from microestim.models.frames import Frame
from microestim.models.observations import Observation, ReadFrequency
from microestim.models.sizes import SizeDesign

__all__ = ["Design", "Parameter"]


@dataclass(frozen=True)
class Parameter:
    """A scalar quantity of the model and the prior that it follows.

    Parameters
    ----------
    name : str
        Name of the quantity.
    prior : str or None
        Name of its prior; None for a bare standard normal deviate.
    """

    name: str
    prior: str | None


@dataclass(frozen=True)
class Design:
    """What the model of one study consists of.

    Parameters
    ----------
    platforms : tuple of str
        Ids of the observed platforms.
    sizes : SizeDesign
        Which platforms declared what.
    frames : tuple of Frame
        The surveys.
    parameters : tuple of Parameter
        Scalar quantities.
    rows : tuple of str
        Names of the standard normal deviates by platform.
    observations : tuple of Observation
        The evidence.
    left_out : dict of str to str
        Evidence that does not enter, by id, with the reason.
    """

    platforms: tuple[str, ...]
    sizes: SizeDesign
    frames: tuple[Frame, ...]
    parameters: tuple[Parameter, ...]
    rows: tuple[str, ...]
    observations: tuple[Observation, ...]
    left_out: dict[str, str]

    @property
    def n_platforms(self) -> int:
        """Number of observed platforms."""
        return len(self.platforms)

    @property
    def surveyed(self) -> np.ndarray:
        """1 for platforms in some survey's frame, shape (platforms,)."""
        members = sum((frame.members for frame in self.frames), np.zeros(self.n_platforms))
        return np.minimum(members, 1.0)

    @property
    def prior_names(self) -> tuple[str, ...]:
        """Names of the priors that the model uses, in order."""
        names = [parameter.prior for parameter in self.parameters if parameter.prior is not None]
        names.append("accounts_centre")
        if "share" in self.rows:
            names.append("country_share")
        return tuple(dict.fromkeys(names))

    def with_reading(self, any_platform: bool) -> Design:
        """Give the same design with stated frequency read as about any platform, or about the surveyed one.

        Parameters
        ----------
        any_platform : bool
            Whether the question was about any platform.

        Returns
        -------
        Design
            The design; only numbers differ, so the compiled model serves both.
        """
        observations = tuple(
            replace(each, any_platform=any_platform) if isinstance(each, ReadFrequency) else each
            for each in self.observations
        )
        return replace(self, observations=observations)

    def read_as(self, reading: str | None) -> Design:
        """Give the same design under a named reading of the questions on frequency.

        Parameters
        ----------
        reading : str or None
            "this platform" or "any platform"; anything else leaves each question as the study states it.

        Returns
        -------
        Design
            The design.
        """
        if reading in ("this platform", "any platform"):
            return self.with_reading(reading == "any platform")
        return self
