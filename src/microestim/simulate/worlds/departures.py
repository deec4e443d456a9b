"""Worlds that depart in one named way from those of everyday: what each departure changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from microestim.errors import InputError
from microestim.simulate.worlds.knobs import Knobs

__all__ = ["DEPARTURES", "Departure", "depart"]

type Departure = Literal[
    "no link",
    "strong overlap",
    "three platforms",
    "tiny survey",
    "bad audience",
    "heavy inflation",
    "two visitors",
    "silent class",
]
DEPARTURES: tuple[Departure, ...] = get_args(Departure.__value__)
"""The eight departures."""


def _no_link(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    # More than one platform, so that there is an overlap to have no link.
    n_platforms = max(knobs.n_platforms, 3)
    return replace(knobs, n_platforms=n_platforms, overlap_activity_link=0.0)


def _strong_overlap(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    return replace(
        knobs,
        n_platforms=max(knobs.n_platforms, 5),
        extra_memberships=float(rng.uniform(1.5, 4.0)),
        overlap_activity_link=float(rng.uniform(0.5, 1.0)),
    )


def _three_platforms(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    return replace(knobs, n_platforms=3, n_classes=min(knobs.n_classes, 3))


def _tiny_survey(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    return replace(knobs, has_survey=True, quota=int(rng.integers(25, 81)))


def _bad_audience(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    return replace(
        knobs,
        vendor_noise=float(rng.uniform(0.7, 1.2)),
        vendor_bias=float(rng.choice([-1, 1]) * rng.uniform(0.3, 0.9)),
        panel_share=float(rng.uniform(0.0005, 0.002)),
        threshold=float(rng.uniform(1_000, 5_000)),
        p_audience=float(rng.uniform(0.4, 0.8)),
    )


def _heavy_inflation(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    return replace(
        knobs,
        overstatement=float(rng.uniform(2.5, 6.0)),
        overstatement_spread=float(rng.uniform(0.3, 0.7)),
        fake_accounts=float(rng.uniform(0.3, 1.0)),
        closed_counted=float(rng.uniform(0.2, 0.6)),
    )


def _two_visitors(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    # Exactly two devices a person, and little else that could hide them.
    return replace(
        knobs, devices=2.0, shared_connections=0.0, fakes_seen=0.0, curious=0.02, curious_spread=0.1,
        p_whole_site=0.0, vendor_bias=0.0, p_audience=max(knobs.p_audience, 0.8),
    )  # fmt: skip


def _silent_class(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    n_platforms = max(knobs.n_platforms, 4)
    return replace(knobs, n_platforms=n_platforms, n_classes=max(knobs.n_classes, 2), silent_class=True)


_CHANGES: dict[Departure, Callable[[Knobs, np.random.Generator], Knobs]] = {
    "no link": _no_link,
    "strong overlap": _strong_overlap,
    "three platforms": _three_platforms,
    "tiny survey": _tiny_survey,
    "bad audience": _bad_audience,
    "heavy inflation": _heavy_inflation,
    "two visitors": _two_visitors,
    "silent class": _silent_class,
}


def depart(
    knobs: Knobs,
    departure: Departure,
    *,
    rng: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Knobs:
    """Change the knobs of a world in one named way; all others stay as they are.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    departure : str
        "no link": people on more platforms are no more active. "strong overlap": about two and a half to
        five platforms a person. "three platforms". "tiny survey": 25 to 80 answers a wave. "bad audience":
        errors of a factor of two and more, and a high threshold. "heavy inflation": declared numbers three
        to ten times the accounts that residents have. "two visitors": everybody is counted twice by the
        audience service. "silent class": nothing is known of one class of platforms.
    rng : int, numpy.random.Generator, numpy.random.SeedSequence or None, optional
        Seed, or source of random numbers, for departures of random size.

    Returns
    -------
    Knobs
        The changed knobs.

    Raises
    ------
    InputError
        There is no such departure.

    Examples
    --------
    >>> import microestim as me
    >>> knobs = me.simulate.depart(me.simulate.draw_knobs(rng=1), "three platforms")
    >>> knobs.n_platforms
    3
    """
    if departure not in _CHANGES:
        raise InputError(f"no departure {departure!r}; use one of {', '.join(map(repr, DEPARTURES))}")
    return _CHANGES[departure](knobs, np.random.default_rng(rng))
