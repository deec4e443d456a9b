"""What every observation model answers, and the form that most of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, override

import numpy as np

from microestim.models.latent import Latent
from microestim.models.namespace import Namespace, log_normal_density

__all__ = ["GaussianObservation", "Observation", "ReadFrequency", "Replicates", "stated_or_own"]

type Replicates = dict[str, np.ndarray]
"""Evidence drawn anew: by name of the number, one value a draw."""


@dataclass(frozen=True, kw_only=True)
class Observation(ABC):
    """A piece of evidence as the model sees it.

    Parameters
    ----------
    name : str
        Id of the piece of evidence.
    label : str
        What was observed, in words.
    unit : str
        Unit of the statistic that is shown against its replicates.
    """

    name: str
    label: str
    unit: str

    @property
    def in_definition(self) -> bool:
        """Whether the evidence enters by a change of variable instead of a term of its own."""
        return False

    @property
    @abstractmethod
    def observed(self) -> dict[str, float]:
        """The observed numbers, by name."""

    @abstractmethod
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        """Compute the log-likelihood of the evidence.

        Parameters
        ----------
        xp : Namespace
            NumPy or PyTensor.
        latent : Latent
            The latent quantities.
        numbers : mapping of str to float or scalar graph
            Observed numbers.

        Returns
        -------
        array, shape (...)
            Log-likelihood, up to a constant of the data alone.
        """

    @abstractmethod
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        """Draw the evidence anew for each draw of the parameters.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        latent : Latent
            The latent quantities, in NumPy.

        Returns
        -------
        dict of str to ndarray
            New numbers under the names of `observed`.
        """

    @abstractmethod
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        """Give the one number that is shown for this evidence.

        Parameters
        ----------
        numbers : mapping of str to float or ndarray
            Observed or replicated numbers.

        Returns
        -------
        float or ndarray
            The statistic, in `unit`.
        """


@dataclass(frozen=True, kw_only=True)
class GaussianObservation(Observation):
    """One number that is normal on the scale of its kind: itself, its log, or its log odds.

    Parameters
    ----------
    value : float
        The observed number.
    """

    value: float
    scale: ClassVar[Literal["identity", "log", "logit"]] = "log"

    @abstractmethod
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        """Give the expected value and the standard deviation, on the scale.

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

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {self.name: self.value}

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        value = numbers[self.name]
        if self.scale == "log":
            value = xp.log(value)
        elif self.scale == "logit":
            value = xp.log(value) - xp.log(1.0 - value)
        return log_normal_density(xp, value, *self.centre_and_error(xp, latent))

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        drawn = rng.normal(*self.centre_and_error(latent.xp, latent))
        if self.scale == "log":
            drawn = np.exp(drawn)
        elif self.scale == "logit":
            drawn = 1.0 / (1.0 + np.exp(-drawn))
        return {self.name: drawn}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        return numbers[self.name]


@dataclass(frozen=True, kw_only=True)
class ReadFrequency(Observation):
    """Evidence that rests on stated frequency, which can be read in two ways.

    Parameters
    ----------
    any_platform : bool
        Whether the question is read as about any platform instead of the surveyed one.
    """

    any_platform: bool = False

    @property
    def reading(self) -> str:
        """Name of the number that holds the reading: data, so that both readings share a graph."""
        return f"{self.name}: any platform"


def stated_or_own(xp: Namespace, stated: float | None, assumed: bool, own: Any) -> Any:
    """Give the error of a figure: the one that was stated, the model's own, or both.

    An error that the source states takes the place of the model's own. One that the authors of a study
    assume of somebody else's figure is added to it: such judgements are on average too small.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    stated : float or None
        Error that was stated.
    assumed : bool
        Whether it is an assumption.
    own : array, shape (...)
        What the model allows for.

    Returns
    -------
    array, shape (...)
        Standard deviation.
    """
    if stated is None:
        return own
    if not assumed:
        return stated + 0.0 * own
    return xp.sqrt(stated**2 + own**2)
