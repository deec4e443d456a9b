"""What audience services say: devices, shared connections and the curious, seen through a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.activity import Days
from microestim.simulate.worlds.declared import Declared, round_to_digits
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import Accounts
from microestim.simulate.worlds.platforms import WorldPlatforms

__all__ = ["Audience", "measure_audience", "report_visitors"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Audience:
    """Visitors in the reference month; one element a platform.

    Parameters
    ----------
    people : ndarray of int
        Residents with an account who were seen.
    visitors : ndarray of float
        Visitors who are there to be counted: devices of these people, fake accounts and the curious.
    reported : mapping of str to tuple of (float or None)
        What each service reports; 0 below its threshold, None where it did not measure.
    whole_site : bool
        Whether the services counted the whole site, or its work pages.
    """

    people: Ints
    visitors: Floats
    reported: Mapping[str, tuple[float | None, ...]]
    whole_site: bool


def measure_audience(
    knobs: Knobs,
    platforms: WorldPlatforms,
    accounts: Accounts,
    days: Days,
    declared: Declared,
    rng: np.random.Generator,
) -> Audience:
    """Count visitors as audience services do.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its residents' accounts.
    days : Days
        Their visits, with a window "month".
    declared : Declared
        Its second and fake accounts.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Audience
        True and reported visitors of residents.
    """
    j = platforms.n
    seen = accounts.registered & (days.counts["month"] > 0)
    platform, visits = accounts.platform[seen], days.counts["month"][seen]
    people = np.bincount(platform, minlength=j)
    # A further device is likelier for who comes often; the mean over those seen is that of the knob.
    often = 1 - 0.6**visits
    often = often / often.mean() if len(often) else often
    extra = rng.poisson((knobs.devices - 1) * often)
    devices = np.bincount(platform, weights=1 + extra, minlength=j)
    fakes = rng.binomial(declared.fake, knobs.fakes_seen)
    connections = (devices + fakes) * (1 - knobs.shared_connections)
    whole_site = bool(rng.random() < knobs.p_whole_site)
    per_person = knobs.curious * (knobs.whole_site if whole_site else 1.0)
    curious = per_person * np.exp(knobs.curious_spread * rng.standard_normal(j)) * people
    visitors = connections + curious
    reported = {"service A": report_visitors(knobs, visitors, knobs.vendor_bias, rng)}
    # The other service is off in its own way.
    if rng.random() < knobs.p_second_vendor:
        reported["service B"] = report_visitors(knobs, visitors, 0.4 * rng.standard_normal() - 0.1, rng)
    return Audience(people, visitors, reported, whole_site)


def report_visitors(
    knobs: Knobs, visitors: Floats, bias: float, rng: np.random.Generator
) -> tuple[float | None, ...]:
    """Report the visitors of each platform as one service does, from the members of its panel.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    visitors : ndarray of float
        Visitors who are there to be counted; one element a platform.
    bias : float
        Log of the factor by which the service is off on all platforms alike.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    tuple of (float or None)
        What it reports; 0 below its threshold, None where it did not measure.
    """
    j = len(visitors)
    noise = np.exp(bias + knobs.vendor_noise * rng.standard_normal(j))
    estimated = rng.poisson(visitors * noise * knobs.panel_share) / knobs.panel_share
    shown = np.where(estimated < knobs.threshold, 0.0, estimated)
    known = rng.random(j) < knobs.p_audience
    return tuple(round_to_digits(float(shown[i]), 3) if known[i] else None for i in range(j))
