"""Survey waves: counts by capture history, or a published estimate without its counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

import numpy as np

from microestim.models.activity import share
from microestim.models.frames import history_chance
from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import GaussianObservation, ReadFrequency, Replicates

__all__ = ["HistoryCounts", "PublishedEstimate"]


def _linked(xp: Namespace, latent: Latent, counts: dict[str, Any]) -> dict[str, Any]:
    """Turn expected counts of two true waves into expected counts as matched, with answers from outside."""
    missed, false, outside = (latent.p[name] for name in ("missed_match", "false_match", "outside_answers"))
    first, second, both = counts["10"], counts["01"], counts["11"]
    strangers = outside / (1.0 - outside)
    lost = missed * both
    linked = false * (second + lost)
    return {
        "11": both - lost + linked,
        "10": first + lost - linked + strangers * (first + both),
        "01": second + lost - linked + strangers * (second + both),
    }


@dataclass(frozen=True, kw_only=True)
class HistoryCounts(ReadFrequency):
    """Answers by capture history, and by stated frequency where that is known: independent Poisson counts.

    Where the frequency that the same people stated is a piece of evidence of its own, their number by band
    is left to it, so that no answer counts twice: what is read here is their number in all, and the histories
    within each band. Both pieces together are then the Poisson counts again.

    With two waves the counts carry matching errors, answers from outside the population and dependence
    between the waves; with more, waves depend on each other only through activity.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    waves : int
        Number of waves.
    counts : mapping of (str, str) to int
        Answers by (band, history); the band is "" where frequency is not known.
    bands_known : bool, default False
        Whether the number of answers by band is evidence of its own.
    """

    frame: str
    waves: int
    counts: Mapping[tuple[str, str], int]
    bands_known: bool = False

    def key(self, band: str, history: str) -> str:
        """Name of the number that counts one cell.

        Parameters
        ----------
        band : str
            Stated band of frequency; "" where it is not known.
        history : str
            Capture history.

        Returns
        -------
        str
            The name.
        """
        return f"{self.name}[{band}{':' if band else ''}{history}]"

    @property
    def reading(self) -> str:
        """Name of the number that says what the question on frequency was about."""
        return f"{self.name}: any platform"

    @property
    def _bands(self) -> list[str]:
        return sorted({band for band, _ in self.counts})

    @property
    @override
    def observed(self) -> dict[str, float]:
        reading = {} if self._bands == [""] else {self.reading: float(self.any_platform)}
        return reading | {self.key(*cell): float(count) for cell, count in self.counts.items()}

    def _expected(self, xp: Namespace, latent: Latent, any_platform: Any) -> dict[tuple[str, str], Any]:
        frame = latent.frame(self.frame)
        bands = self._bands
        stated = {"": 1.0} if bands == [""] else frame.stated_bands(any_platform)
        expected: dict[tuple[str, str], Any] = {}
        for band in bands:
            weights = frame.weights * stated[band]
            table = {
                history: frame.accounts * share(weights, history_chance(frame.captures, history))
                for history in _histories(self.waves)
            }
            if self.waves == 2:
                table = _linked(xp, latent, table)
            expected |= {(band, history): value for history, value in table.items()}
        return expected

    @override
    def log_likelihood(self, xp: Namespace, latent: Latent, numbers: Mapping[str, Any]) -> Any:
        expected = self._expected(xp, latent, numbers.get(self.reading, 0.0))
        total: Any = 0.0
        for cell, mean in expected.items():
            total = total - mean
            if cell in self.counts:
                total = total + numbers[self.key(*cell)] * xp.log(mean)
        total = total - sum(math.lgamma(count + 1.0) for count in self.counts.values())
        if not self.bands_known:
            return total
        # Less the multinomial probability of the numbers by band, which is the other piece's.
        by_band = {
            band: (
                sum(mean for (of, _), mean in expected.items() if of == band),
                sum(numbers[key] for (of, _), key in self._cells() if of == band),
            )
            for band in self._bands
        }
        whole = sum(mean for mean, _ in by_band.values())
        for mean, count in by_band.values():
            total = total - count * (xp.log(mean) - xp.log(whole))
        return total

    @override
    def replicate(self, rng: np.random.Generator, latent: Latent) -> Replicates:
        expected = self._expected(latent.xp, latent, float(self.any_platform))
        return {self.key(*cell): rng.poisson(expected[cell]).astype(float) for cell in self.counts}

    @override
    def statistic(self, numbers: Mapping[str, Any]) -> Any:
        repeated = [key for (band, history), key in self._cells() if history.count("1") > 1]
        return (
            sum(numbers[key] for key in repeated)
            if repeated
            else sum(numbers[key] for _, key in self._cells())
        )

    def _cells(self) -> list[tuple[tuple[str, str], str]]:
        return [(cell, self.key(*cell)) for cell in self.counts]


def _histories(waves: int) -> list[str]:
    return [format(code, f"0{waves}b") for code in range(1, 2**waves)]


@dataclass(frozen=True, kw_only=True)
class PublishedEstimate(GaussianObservation):
    """A two-sample estimate printed without its counts: log-normal around what such an estimate expects.

    The expectation is N E[p1] E[p2] / E[p1 p2] over the frame's activity, with matching errors and
    answers from outside: below N where the active are easier to capture.

    Parameters
    ----------
    frame : str
        Name of the survey's frame.
    stated_error : float or None
        Standard deviation of the log of the estimate.
    """

    frame: str
    stated_error: float | None

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        frame = latent.frame(self.frame)
        counts = _linked(
            xp,
            latent,
            {
                history: share(frame.weights, history_chance(frame.captures, history))
                for history in ("10", "01", "11")
            },
        )
        first, second, both = counts["10"] + counts["11"], counts["01"] + counts["11"], counts["11"]
        centre = xp.log(frame.accounts) + xp.log(first) + xp.log(second) - xp.log(both)
        error = latent.p["estimate_error"] if self.stated_error is None else self.stated_error
        return centre, error + 0.0 * centre
