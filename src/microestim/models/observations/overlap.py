"""On how many platforms respondents have an account, or work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, override

import numpy as np

from microestim.models.activity import CELL_RATES, SEEN_IN_MONTH, WEEKLY_RATE, share
from microestim.models.latent import FrameLatent, Latent
from microestim.models.namespace import Namespace, log_normal_density
from microestim.models.observations.observation import (
    GaussianObservation,
    Observation,
    ReadFrequency,
    Replicates,
)

__all__ = [
    "ActiveMemberships",
    "AnyPlatformMemberships",
    "MembershipCounts",
    "MembershipCountsByFrequency",
    "MembershipMean",
    "PopulationMemberships",
]


def _spread_of_mean(
    xp: Namespace,
    frame: FrameLatent,
    mean_by_cell: Any,
    variance_by_cell: Any,
    mean: Any,
    n: int,
    sd: float | None,
) -> Any:
    if sd is not None:
        return sd / n**0.5 + 0.0 * mean
    second = share(frame.respondents, variance_by_cell + mean_by_cell * mean_by_cell)
    return xp.sqrt((second - mean * mean) / n)


def _as_printed(xp: Namespace, error: Any, rounded_to: float | None) -> Any:
    """Add what rounding leaves open: the variance of a uniform law over the width of a printed unit."""
    return error if rounded_to is None else xp.sqrt(error * error + rounded_to**2 / 12.0)


@dataclass(frozen=True, kw_only=True)
class MembershipMean(GaussianObservation):
    """Respondents' mean number of the study's platforms: normal around the model's mean.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    n : int
        Respondents.
    sd : float or None
        Standard deviation over respondents, where printed; else the model's own.
    rounded_to : float or None
        Unit to which the mean was rounded.
    """

    scale: ClassVar[Literal["identity", "log", "logit"]] = "identity"
    frame: str
    n: int
    sd: float | None
    rounded_to: float | None = None

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        frame = latent.frame(self.frame)
        others = share(frame.respondents, latent.others)
        error = _spread_of_mean(xp, frame, latent.others, latent.membership_variance, others, self.n, self.sd)
        return 1.0 + others, _as_printed(xp, error, self.rounded_to)


@dataclass(frozen=True, kw_only=True)
class ActiveMemberships(GaussianObservation):
    """Mean number of platforms worked on in the last month or week: normal around the model's mean.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    window : {"month", "week"}
        Over which time.
    n : int
        Respondents who worked at all in the window.
    sd : float
        Standard deviation over respondents.
    rounded_to : float or None
        Unit to which the mean was rounded.
    """

    scale: ClassVar[Literal["identity", "log", "logit"]] = "identity"
    frame: str
    window: Literal["month", "week"]
    n: int
    sd: float
    rounded_to: float | None = None

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        frame = latent.frame(self.frame)
        seen = SEEN_IN_MONTH if self.window == "month" else 1.0 - np.exp(-CELL_RATES / WEEKLY_RATE)
        here = frame.respondents * seen
        # 'Seen in the window' on another platform is taken as its threshold form at the same share.
        elsewhere = frame.elsewhere(share(frame.weights, seen))
        others = share(here, latent.others * elsewhere) / here.sum(-1)
        return 1.0 + others, _as_printed(xp, self.sd / self.n**0.5 + 0.0 * others, self.rounded_to)


@dataclass(frozen=True, kw_only=True)
class AnyPlatformMemberships(Observation):
    """Memberships counted over all platforms, those outside the study included.

    The number of respondents with a single platform is binomial. Given that number, the mean is normal around
    what those with several have on average: one, the study's others and those outside it.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    mean : float
        Mean number of platforms.
    n : int
        Respondents.
    single : float or None
        Respondents with exactly one platform.
    sd : float or None
        Standard deviation over respondents, where known; else the model's own.
    rounded_to : float or None
        Unit to which the mean was rounded.
    """

    frame: str
    mean: float
    n: int
    single: float | None
    sd: float | None = None
    rounded_to: float | None = None

    @property
    @override
    def observed(self) -> dict[str, float]:
        numbers = {self.name: self.mean}
        return numbers if self.single is None else numbers | {f"{self.name}[one only]": self.single}

    def _moments(self, xp: Namespace, latent: Latent) -> tuple[Any, Any, Any]:
        """Mean of the other platforms and of their square, and the share of people who have none."""
        frame = latent.frame(self.frame)
        by_cell = latent.others + latent.p["other_memberships"][..., None]
        shape = latent.p["other_dispersion"][..., None]
        others = share(frame.respondents, by_cell)
        second = share(frame.respondents, by_cell + by_cell * by_cell / shape + by_cell * by_cell)
        return others, second, share(frame.respondents, frame.no_other(1.0))

    def _centre_and_error(
        self, xp: Namespace, moments: tuple[Any, Any, Any], several: Any
    ) -> tuple[Any, Any]:
        """Give the law of the mean, where so many respondents have several platforms (None: not told)."""
        others, second, alone = moments
        spread = second - others * others
        if several is None:
            centre, variance = 1.0 + others, spread / self.n
        else:
            each = others / (1.0 - alone)
            centre = 1.0 + each * several / self.n
            # With nobody on several platforms the mean is 1, and has no law.
            variance = (second / (1.0 - alone) - each * each) * xp.maximum(several, 1.0) / self.n**2
        if self.sd is not None:
            variance = variance * (self.sd**2 / spread)
        return centre, _as_printed(xp, xp.sqrt(variance), self.rounded_to)

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        moments = self._moments(xp, latent)
        if self.single is None:
            return log_normal_density(xp, numbers[self.name], *self._centre_and_error(xp, moments, None))
        count, alone = numbers[f"{self.name}[one only]"], moments[2]
        several = self.n - count
        law = self._centre_and_error(xp, moments, several)
        of_mean = xp.minimum(several, 1.0) * log_normal_density(xp, numbers[self.name], *law)
        return of_mean + count * xp.log(alone) + several * xp.log(1.0 - alone)

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        moments = self._moments(latent.xp, latent)
        if self.single is None:
            return {self.name: rng.normal(*self._centre_and_error(latent.xp, moments, None))}
        single = rng.binomial(self.n, moments[2]).astype(float)
        centre, error = self._centre_and_error(latent.xp, moments, self.n - single)
        drawn = np.where(single < self.n, rng.normal(centre, error), 1.0)
        return {self.name: drawn, f"{self.name}[one only]": single}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        return numbers[self.name]


@dataclass(frozen=True, kw_only=True)
class MembershipCounts(Observation):
    """Respondents by number of the study's platforms: multinomial.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    counts : mapping of int to float
        Respondents by number of platforms.
    """

    frame: str
    counts: Mapping[int, float]

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {f"{self.name}[{k}]": float(count) for k, count in self.counts.items()}

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        frame = latent.frame(self.frame)
        return sum(
            numbers[f"{self.name}[{k}]"] * xp.log(share(frame.respondents, latent.membership_pmf[k - 1]))
            for k in self.counts
        )

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        frame = latent.frame(self.frame)
        chances = np.stack([share(frame.respondents, pmf) for pmf in latent.membership_pmf], axis=-1)
        drawn = rng.multinomial(round(sum(self.counts.values())), chances / chances.sum(-1, keepdims=True))
        return {
            f"{self.name}[{k}]": drawn[..., k - 1].astype(float) for k in range(1, latent.n_platforms + 1)
        }

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        cells = {
            int(key[len(self.name) + 1 : -1]): value
            for key, value in numbers.items()
            if key.startswith(f"{self.name}[")
        }
        return sum(k * value for k, value in cells.items()) / sum(cells.values())


@dataclass(frozen=True, kw_only=True)
class MembershipCountsByFrequency(ReadFrequency):
    """Respondents by number of platforms within each stated band of frequency: a multinomial a band.

    The margin of frequency is left to the frequency evidence, so that no answer counts twice.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    counts : mapping of (str, int) to float
        Respondents by band and number of platforms.
    """

    frame: str
    counts: Mapping[tuple[str, int], float]

    @property
    def reading(self) -> str:
        """Name of the number that says what the question on frequency was about."""
        return f"{self.name}: any platform"

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {self.reading: float(self.any_platform)} | {
            f"{self.name}[{band}:{k}]": float(count) for (band, k), count in self.counts.items()
        }

    def _chances(self, latent: Latent, any_platform: Any) -> dict[str, list[Any]]:
        frame = latent.frame(self.frame)
        stated = frame.stated_bands(any_platform)
        chances = {}
        for band in dict.fromkeys(band for band, _ in self.counts):
            respondents = frame.respondents * stated[band]
            whole = respondents.sum(-1)
            chances[band] = [share(respondents, pmf) / whole for pmf in latent.membership_pmf]
        return chances

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        chances = self._chances(latent, numbers[self.reading])
        return sum(
            numbers[f"{self.name}[{band}:{k}]"] * xp.log(chances[band][k - 1]) for band, k in self.counts
        )

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        drawn: Replicates = {}
        for band, by_number in self._chances(latent, float(self.any_platform)).items():
            n = round(sum(count for (other, _), count in self.counts.items() if other == band))
            chances = np.stack(by_number, axis=-1)
            table = rng.multinomial(n, chances / chances.sum(-1, keepdims=True))
            drawn |= {
                f"{self.name}[{band}:{k + 1}]": table[..., k].astype(float) for k in range(table.shape[-1])
            }
        return drawn

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        cells = [
            (int(key.rsplit(":", 1)[1][:-1]), value)
            for key, value in numbers.items()
            if key.startswith(f"{self.name}[")
        ]
        return sum(k * value for k, value in cells) / sum(value for _, value in cells)


@dataclass(frozen=True, kw_only=True)
class PopulationMemberships(Observation):
    """People of the general population by number of the study's platforms: multinomial over people.

    A person with k accounts appears k times among accounts, so people weigh each account by 1/k.

    Parameters
    ----------
    counts : mapping of int to float
        Respondents with at least one account, by number of platforms.
    """

    counts: Mapping[int, float]

    @property
    @override
    def observed(self) -> dict[str, float]:
        return {f"{self.name}[{k}]": float(count) for k, count in self.counts.items()}

    def _chances(self, latent: Latent) -> list[Any]:
        people = latent.people_by_memberships
        whole = sum(people)
        return [value / whole for value in people]

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        chances = self._chances(latent)
        return sum(numbers[f"{self.name}[{k}]"] * xp.log(chances[k - 1]) for k in self.counts)

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        chances = np.stack(self._chances(latent), axis=-1)
        drawn = rng.multinomial(round(sum(self.counts.values())), chances / chances.sum(-1, keepdims=True))
        return {f"{self.name}[{k + 1}]": drawn[..., k].astype(float) for k in range(drawn.shape[-1])}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        cells = {
            int(key[len(self.name) + 1 : -1]): value
            for key, value in numbers.items()
            if key.startswith(f"{self.name}[")
        }
        return sum(k * value for k, value in cells.items()) / sum(cells.values())
