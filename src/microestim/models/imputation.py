"""Platforms without evidence, drawn from what the observed platforms of their class are like.

Platforms without evidence say nothing, so nothing is sampled anew: given each draw of the observed
platforms, those of one class are drawn as alike in size and activity. The standard normal deviate of a
platform is sqrt(c) times that of its class plus sqrt(1 - c) times its own, with c the intraclass
correlation; given the deviates of the observed platforms of a class, its own is normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from microestim.errors import InputError
from microestim.models.activity import activity_weights
from microestim.models.latent import Latent
from microestim.models.namespace import NUMPY
from microestim.models.priors import Prior
from microestim.study import Study

__all__ = ["SPREADS", "Imputed", "impute_platforms", "platforms_to_impute"]

_ROWS = ("size", "active_share", "active_rate")
SPREADS = ("accounts_spread", "active_share_spread", "active_rate_platform_spread")
"""Priors of the spreads over platforms, of each of the rows."""


@dataclass(frozen=True)
class Imputed:
    """Platforms without evidence, one value a draw.

    Parameters
    ----------
    platforms : tuple of str
        Their ids, in the study's order.
    observed_of_class : tuple of int
        How many observed platforms are of the class of each; where there is none, its class follows its
        prior.
    accounts : ndarray, shape (draws, platforms)
        Residents with an account, dormant ones included.
    weights : ndarray, shape (draws, platforms, cells)
        Distribution of activity.
    of_new_people : ndarray, shape (draws, platforms)
        Share of the accounts whose holders are not counted already on a platform that is another layer of
        this one; 1 without such a platform.
    """

    platforms: tuple[str, ...]
    observed_of_class: tuple[int, ...]
    accounts: np.ndarray
    weights: np.ndarray
    of_new_people: np.ndarray


def platforms_to_impute(study: Study, without_class: Sequence[str] = ()) -> tuple[str, ...]:
    """List the platforms that residents can join and that the study does not observe.

    Parameters
    ----------
    study : Study
        The study.
    without_class : sequence of str, optional
        Classes whose platforms are left out.

    Returns
    -------
    tuple of str
        Ids, in the study's order; a platform that takes no residents has none of them, and is not in it.

    Raises
    ------
    InputError
        A class has no such platform; the message lists those that have.
    """
    observed = set(study.observed_platforms)
    others = [p for p in study.platforms if p.takes_residents and p.id not in observed]
    classes = list(dict.fromkeys(p.class_ for p in others))
    for name in without_class:
        if name not in classes:
            accepted = (
                ", ".join(map(repr, classes)) if classes else "none, since all its platforms are observed"
            )
            raise InputError(
                f"without_class has {name!r}, of which study {study.id} has no platform without evidence; it "
                f"has these of the classes: {accepted}"
            )
    return tuple(p.id for p in others if p.class_ not in without_class)


def impute_platforms(
    study: Study,
    latent: Latent,
    priors: Mapping[str, Prior],
    rng: np.random.Generator,
    *,
    without_class: Sequence[str] = (),
) -> Imputed:
    """Draw the accounts, and their activity, of the platforms without evidence.

    Parameters
    ----------
    study : Study
        The study.
    latent : Latent
        The observed platforms in NumPy, one leading dimension of draws, in the order of
        `study.observed_platforms`.
    priors : mapping of str to Prior
        Priors by name.
    rng : Generator
        Source of randomness.
    without_class : sequence of str, optional
        Classes whose platforms are left out. Leaving one out does not change the draws of the others.

    Returns
    -------
    Imputed
        The platforms.

    Raises
    ------
    InputError
        A class to leave out has no platform without evidence.

    Notes
    -----
    The likeness c is drawn from its prior and not learnt: a handful of platforms tells little of it. A
    study of one observed platform has no spread over platforms in its model; spreads then come from their
    priors, and the typical size from its prior given that one platform.
    """
    kept = platforms_to_impute(study, without_class)
    every = platforms_to_impute(study)
    n_draws = len(np.asarray(latent.accounts))
    # Everything is drawn for all platforms first, so that leaving some out changes none of the rest.
    likeness = _draw(priors["class_likeness"], rng, n_draws)
    level, spreads, known = _hierarchy(latent, priors, rng, n_draws)
    deviates = _platform_deviates(study, every, known, likeness, rng)
    overlap = {
        name: _draw(priors["layer_overlap"], rng, n_draws)
        for name in (p.id for p in study.platforms if p.executes_on is not None)
    }
    chosen = [every.index(name) for name in kept]
    size, share, rate = (deviates[row][:, chosen] for row in _ROWS)
    # Effects are measured from the same platform as those of the observed ones.
    anchor = latent.anchor
    zero = {row: 0.0 if anchor is None else (known[row] @ anchor)[:, None] for row in _ROWS}
    odds = np.log(latent.p["active_share"] / (1.0 - latent.p["active_share"]))
    active_share = 1.0 / (
        1.0 + np.exp(-(odds[:, None] + spreads["active_share"][:, None] * (share - zero["active_share"])))
    )
    centre = np.log(latent.p["active_rate"])[:, None] + spreads["active_rate"][:, None] * (
        rate - zero["active_rate"]
    )
    accounts = np.exp(level[:, None] + spreads["size"][:, None] * size)
    return Imputed(
        platforms=kept,
        observed_of_class=tuple(len(_of_class(study, name)) for name in kept),
        accounts=accounts,
        weights=activity_weights(
            NUMPY, active_share, centre, latent.p["active_rate_spread"], latent.dormant_centre
        ),
        of_new_people=_of_new_people(study, kept, np.asarray(latent.accounts), accounts, overlap),
    )


def _draw(prior: Prior, rng: np.random.Generator, size: int) -> np.ndarray:
    values: np.ndarray = prior.natural(prior.location + prior.spread * rng.standard_normal(size), np.exp)
    return values


def _of_class(study: Study, platform: str) -> list[int]:
    """Positions of the observed platforms of a platform's class."""
    class_ = study.platform(platform).class_
    return [j for j, name in enumerate(study.observed_platforms) if study.platform(name).class_ == class_]


def _hierarchy(
    latent: Latent, priors: Mapping[str, Prior], rng: np.random.Generator, n_draws: int
) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Level of the log size, spreads over platforms, and the deviates of the observed platforms."""
    log_accounts = np.asarray(latent.sizes.log_accounts)
    if latent.n_platforms > 1:
        level, spread = np.asarray(latent.sizes.level), np.asarray(latent.sizes.spread)
        spreads = {
            "size": spread,
            "active_share": latent.p["active_share_spread"],
            "active_rate": latent.p["active_rate_platform_spread"],
        }
        known = {row: np.asarray(latent.rows[row]) for row in _ROWS}
        # Where a number was declared, the sampler's own deviate is that of the declaration's error.
        known["size"] = (log_accounts - level[:, None]) / spread[:, None]
        return level, spreads, known
    spreads = {row: _draw(priors[name], rng, n_draws) for row, name in zip(_ROWS, SPREADS, strict=True)}
    # The one platform is an observation of the level, whose prior is normal.
    prior = priors["accounts_centre"]
    precision = 1.0 / prior.spread**2 + 1.0 / spreads["size"] ** 2
    centre = (prior.location / prior.spread**2 + log_accounts[:, 0] / spreads["size"] ** 2) / precision
    level = centre + rng.standard_normal(n_draws) / np.sqrt(precision)
    known = {row: rng.standard_normal((n_draws, 1)) for row in _ROWS[1:]}
    known["size"] = (log_accounts - level[:, None]) / spreads["size"][:, None]
    return level, spreads, known


def _platform_deviates(
    study: Study,
    platforms: tuple[str, ...],
    known: Mapping[str, np.ndarray],
    likeness: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Deviates of platforms without evidence, given those of the observed ones of their class."""
    n_draws = len(likeness)
    found = {row: np.empty((n_draws, len(platforms))) for row in _ROWS}
    for class_ in dict.fromkeys(study.platform(name).class_ for name in platforms):
        members = [j for j, name in enumerate(platforms) if study.platform(name).class_ == class_]
        observed = _of_class(study, platforms[members[0]])
        for row in _ROWS:
            # Normal given normal: each observed deviate is sqrt(c) g + sqrt(1 - c) e.
            precision = 1.0 + len(observed) * likeness / (1.0 - likeness)
            mean = np.sqrt(likeness) / (1.0 - likeness) * known[row][:, observed].sum(-1) / precision
            of_class = mean + rng.standard_normal(n_draws) / np.sqrt(precision)
            own = rng.standard_normal((n_draws, len(members)))
            found[row][:, members] = (
                np.sqrt(likeness)[:, None] * of_class[:, None] + np.sqrt(1.0 - likeness)[:, None] * own
            )
    return found


def _of_new_people(
    study: Study,
    platforms: tuple[str, ...],
    observed_accounts: np.ndarray,
    accounts: np.ndarray,
    overlap: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Share of each platform's accounts that no other layer of it has already counted."""
    size = {name: accounts[:, j] for j, name in enumerate(platforms)}
    seen = {name: observed_accounts[:, j] for j, name in enumerate(study.observed_platforms)}
    both = size | seen
    share = np.ones_like(accounts)
    for name, drawn in overlap.items():
        executes_on = study.platform(name).executes_on
        if executes_on is None or name not in both or executes_on not in both:
            continue
        # Taken off the one without evidence; two observed platforms are what the model says of them.
        off = name if name in size else executes_on
        if off in size:
            shared = drawn * np.minimum(both[name], both[executes_on])
            share[:, platforms.index(off)] *= 1.0 - shared / size[off]
    return share
