"""People on all platforms: those on the observed ones, and those who are only on the others.

The people of the observed platforms are as the model counts them. Each of them may hold accounts on
platforms without evidence too, and others hold accounts only there: how many follows from the same
distribution of memberships and the same conditional Bernoulli sampling, over all platforms. A tier's people
are those of the observed platforms and more, in every draw, by construction.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from microestim.models.design import Design
from microestim.models.imputation import SPREADS, Imputed, platforms_to_impute
from microestim.models.inclusion import SharedOut, membership_polynomials, share_out
from microestim.models.latent import Latent, frame_members
from microestim.models.memberships import membership_chances, membership_pmf
from microestim.models.namespace import NUMPY
from microestim.models.observations import AnyPlatformMemberships
from microestim.models.people import CHUNK, TIER_CELLS, TIER_IDS, Tiers, chances_by_factor, quadrature_nodes
from microestim.models.priors import Prior
from microestim.study import Study

__all__ = ["WiderMemberships", "WiderTiers", "count_wider", "wider_memberships", "wider_prior_names"]

_OF_MEMBERSHIPS = (
    "memberships",
    "membership_slope",
    "membership_dispersion",
    "departure",
    "activity_correlation",
)

# Search of the largest log factor: e**40 is more memberships than anybody has, and 60 halvings leave nothing.
_FARTHEST = 40.0
_HALVINGS = 60


@dataclass(frozen=True)
class WiderMemberships:
    """How many accounts the people of the observed platforms hold on all, one value a draw.

    Parameters
    ----------
    n_platforms : int
        Number of all platforms.
    chance : ndarray, shape (draws, cells)
        Mean chance that a person is also on another of all the platforms.
    dispersion : ndarray, shape (draws,)
        Intraclass correlation of the beta-binomial distribution of memberships.
    tilt : ndarray, shape (draws,)
        Log odds of each further membership of people who are on no surveyed platform.
    correlation : ndarray, shape (draws,)
        Correlation of the activity of one person's accounts.
    additional : ndarray, shape (draws, cells)
        Mean number of memberships on platforms without evidence.
    """

    n_platforms: int
    chance: np.ndarray
    dispersion: np.ndarray
    tilt: np.ndarray
    correlation: np.ndarray
    additional: np.ndarray

    def pmf(self, draws: slice) -> np.ndarray:
        """Give the distribution of the number of memberships of the surveyed platforms' people.

        Parameters
        ----------
        draws : slice
            Which draws.

        Returns
        -------
        ndarray, shape (draws, cells, memberships)
            Chances of 1, 2, ... memberships.
        """
        return np.stack(
            membership_pmf(NUMPY, self.n_platforms, self.chance[draws], self.dispersion[draws]), axis=-1
        )


@dataclass(frozen=True)
class WiderTiers:
    """Accounts and people by tier on all platforms, one value a draw.

    Parameters
    ----------
    accounts : dict of str to ndarray, shape (draws, platforms)
        Accounts in the tier; observed platforms first, then those without evidence.
    people : dict of str to ndarray, shape (draws,)
        People in the tier.
    weight_residual : ndarray, shape (draws,)
        Largest relative miss of a platform's accounts by the inclusion weights.
    """

    accounts: dict[str, np.ndarray]
    people: dict[str, np.ndarray]
    weight_residual: np.ndarray


def wider_prior_names(study: Study, design: Design) -> tuple[str, ...]:
    """List the priors that only the people on all platforms rest on.

    Parameters
    ----------
    study : Study
        The study.
    design : Design
        Its model. What the model of one platform, or of one without a survey, lacks is drawn from its prior.

    Returns
    -------
    tuple of str
        Names; empty where every platform that residents can join is observed.
    """
    if not platforms_to_impute(study):
        return ()
    layered = any(platform.executes_on is not None for platform in study.platforms)
    names = ("class_likeness", "wider_memberships", *(("layer_overlap",) if layered else ()))
    lacking = (name for name in (*SPREADS, *_OF_MEMBERSHIPS) if name not in design.prior_names)
    return (*names, *lacking)


def wider_memberships(
    latent: Latent,
    design: Design,
    imputed: Imputed,
    priors: Mapping[str, Prior],
    rng: np.random.Generator,
) -> WiderMemberships:
    """Carry memberships over from the observed platforms to all.

    Parameters
    ----------
    latent : Latent
        The observed platforms in NumPy, one leading dimension of draws.
    design : Design
        The model.
    imputed : Imputed
        The platforms without evidence, at least one.
    priors : mapping of str to Prior
        Priors by name.
    rng : Generator
        Source of randomness.

    Returns
    -------
    WiderMemberships
        The memberships.

    Notes
    -----
    The odds of other memberships on platforms without evidence are those on the observed ones, times the
    ratio of the accounts there to the accounts on the other observed platforms, times `wider_memberships`.
    Where respondents were asked on how many platforms of any kind they are, their additional memberships
    are at most those that they have outside the observed platforms: `wider_memberships` follows its prior
    truncated there. A study of one observed platform has no memberships in its model, and takes their priors.
    """
    n_draws = len(np.asarray(latent.accounts))
    n_new = len(imputed.platforms)
    uniform = rng.random(n_draws)
    p: dict[str, Any] = {}
    for name in _OF_MEMBERSHIPS:
        prior = priors[name]
        drawn = prior.natural(prior.location + prior.spread * rng.standard_normal(n_draws), np.exp)
        p[name] = latent.p.get(name, drawn)
    odds = p["memberships"] * _ratio_of_accounts(latent, imputed)

    def additional(log_factor: np.ndarray) -> np.ndarray:
        return n_new * np.asarray(
            membership_chances(NUMPY, n_new + 1, odds * np.exp(log_factor), p["membership_slope"])
        )

    prior = priors["wider_memberships"]
    ceiling = _ceiling(latent, design, additional, n_draws)
    factor = prior.location + prior.spread * _below((ceiling - prior.location) / prior.spread, uniform)
    more = additional(factor)
    n_others = latent.n_platforms - 1
    return WiderMemberships(
        n_platforms=latent.n_platforms + n_new,
        chance=(np.asarray(latent.others) + more) / (n_others + n_new),
        dispersion=p["membership_dispersion"],
        # The tilt acts on a person's taste for platforms, whatever their number.
        tilt=p["departure"] * max(n_others, 1) / (n_others + n_new),
        correlation=p["activity_correlation"],
        additional=more,
    )


def _ratio_of_accounts(latent: Latent, imputed: Imputed) -> np.ndarray:
    """Accounts on platforms without evidence, for one on the observed platforms other than the frame's."""
    accounts = np.asarray(latent.accounts)
    new = (imputed.accounts * imputed.of_new_people).sum(-1)
    if latent.n_platforms == 1:
        return np.ones_like(new)
    frame = frame_members(latent.surveyed)
    framed = accounts * frame
    own = (framed * framed).sum(-1) / framed.sum(-1)
    ratio: np.ndarray = new / (accounts.sum(-1) - own)
    return ratio


def _ceiling(latent: Latent, design: Design, additional: Any, n_draws: int) -> np.ndarray:
    """Largest log factor at which respondents hold no more additional memberships than they stated."""
    ceiling = np.full(n_draws, np.inf)
    for observation in design.observations:
        if not isinstance(observation, AnyPlatformMemberships):
            continue
        respondents = np.asarray(latent.frame(observation.frame).respondents)
        most = latent.p["other_memberships"]

        def too_many(factor: np.ndarray, who: np.ndarray = respondents, most: np.ndarray = most) -> Any:
            return (who * additional(factor)).sum(-1) > most

        low, high = np.full(n_draws, -_FARTHEST), np.full(n_draws, _FARTHEST)
        bound = too_many(high)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            over = too_many(middle)
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        ceiling = np.minimum(ceiling, np.where(bound, low, np.inf))
    return ceiling


def _below(limit: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Quantiles of the standard normal distribution truncated from above."""
    from scipy.special import log_ndtr, ndtri_exp

    drawn: np.ndarray = ndtri_exp(np.log(uniform) + log_ndtr(limit))
    return drawn


def count_wider(
    latent: Latent, observed: Tiers, imputed: Imputed, memberships: WiderMemberships
) -> WiderTiers:
    """Count the people of each tier on all platforms, for every draw.

    Parameters
    ----------
    latent : Latent
        The observed platforms in NumPy, one leading dimension of draws.
    observed : Tiers
        Their accounts and people.
    imputed : Imputed
        The platforms without evidence, at least one.
    memberships : WiderMemberships
        Memberships on all platforms.

    Returns
    -------
    WiderTiers
        Accounts and people by tier.
    """
    inside, outside = np.asarray(latent.accounts), imputed.accounts * imputed.of_new_people
    activity, n_inside = np.asarray(latent.weights), latent.n_platforms
    n_new, frame = outside.shape[-1], frame_members(latent.surveyed)
    # Without a survey nobody departs from it, on whatever platform.
    tilt = memberships.tilt * bool(latent.surveyed.any())
    pmf = None
    if n_inside > 1:
        pmf = np.stack([np.asarray(each) for each in latent.membership_pmf], axis=-1)
        departure = latent.p["departure"]

    def count(start: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(start, start + CHUNK)
        if pmf is None:
            by_cell = (inside[rows, :, None] * activity[rows])[:, 0, :, None]
        else:
            by_cell = share_out(inside[rows], activity[rows], pmf[rows], frame, departure[rows]).by_cell()
        shared = share_out(
            np.concatenate([inside[rows], outside[rows]], axis=-1),
            np.concatenate([activity[rows], imputed.weights[rows]], axis=-2),
            memberships.pmf(rows),
            np.append(frame, np.zeros(n_new)),
            tilt[rows],
        )
        return _people(by_cell, shared, n_inside, memberships.correlation[rows]), shared.residual

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pieces = list(pool.map(count, range(0, len(inside), CHUNK)))
    counted = np.concatenate([piece[0] for piece in pieces])
    new_accounts = {
        tier: imputed.accounts * (imputed.weights * cells).sum(-1) for tier, cells in TIER_CELLS.items()
    }
    accounts = {
        tier: np.concatenate([observed.accounts[tier], new_accounts[tier]], axis=-1) for tier in TIER_IDS
    }
    # As for the observed platforms, the limits bind by rounding only, and where no inclusion weights give
    # every platform its accounts.
    people = {
        tier: np.clip(
            counted[:, i],
            np.maximum(observed.people[tier], accounts[tier].max(-1)),
            accounts[tier].sum(-1),
        )
        for i, tier in enumerate(TIER_IDS)
    }
    return WiderTiers(
        accounts=accounts, people=people, weight_residual=np.concatenate([piece[1] for piece in pieces])
    )


def _people(
    inside_by_cell: np.ndarray, shared: SharedOut, n_inside: int, correlation: np.ndarray
) -> np.ndarray:
    """People in each tier, shape (draws, tiers).

    `inside_by_cell` are the accounts on observed platforms by activity and by the number of observed
    platforms of their holders, `shared` those on all platforms.
    """
    n_new = shared.inclusion.shape[-1] - n_inside
    k, new = np.arange(1, n_inside + 1), np.arange(n_new + 1)
    inside_by_number = inside_by_cell.sum(1)
    inside_people = inside_by_number / k
    inside_activity = _normalised(inside_by_cell)
    new_activity = _normalised(shared.by_cell(slice(n_inside, None)))
    pairs = _people_by_both(shared, n_inside)
    only_new = pairs[:, 0]
    totals = pairs[:, 1:].sum(-1, keepdims=True)
    # Chance of each number of new memberships, given that of observed ones.
    given = np.divide(pairs[:, 1:], totals, out=np.zeros_like(pairs[:, 1:]), where=totals > 0)
    given[..., 0] += totals[..., 0] <= 0
    # Accounts on new platforms are as active as those of people with as many memberships in all.
    total = np.maximum(np.arange(n_inside + 1)[:, None] + new, 1) - 1
    found = np.zeros((len(inside_people), len(TIER_IDS)))
    for draws, n_nodes in quadrature_nodes(correlation):
        both = zip(
            chances_by_factor(inside_activity[draws], correlation[draws], n_nodes),
            chances_by_factor(new_activity[draws], correlation[draws], n_nodes),
            strict=True,
        )
        for (weight, inside), (_, outside) in both:
            missed_inside = (1.0 - inside) ** k[:, None]
            missed_outside = _powers(1.0 - outside, n_new)[new, :, total]
            missed = missed_inside * np.einsum("dkn,kndt->dkt", given[draws], missed_outside[1:])
            found[draws] += weight * np.einsum("dk,dkt->dt", inside_people[draws], 1.0 - missed)
            found[draws] += weight * np.einsum("dn,ndt->dt", only_new[draws], 1.0 - missed_outside[0])
    return found


def _powers(base: np.ndarray, most: int) -> np.ndarray:
    """Powers 0, 1, ... of an array, in a new first dimension."""
    powers = np.ones((most + 1, *base.shape))
    np.multiply.accumulate(np.broadcast_to(base, (most, *base.shape)), axis=0, out=powers[1:])
    return powers


def _normalised(by_cell: np.ndarray) -> np.ndarray:
    whole = by_cell.sum(1, keepdims=True)
    parts: np.ndarray = np.divide(by_cell, whole, out=np.zeros_like(by_cell), where=whole > 0)
    return parts


def _people_by_both(shared: SharedOut, n_inside: int) -> np.ndarray:
    """People by numbers of observed and of new platforms, shape (draws, observed + 1, new + 1)."""
    n = shared.inclusion.shape[-1]
    people = shared.by_cell().sum(1) / np.arange(1, n + 1)
    inside, off_frame = (np.arange(n) < n_inside).astype(float), 1.0 - shared.frame

    def sets(only: np.ndarray) -> np.ndarray:
        return membership_polynomials(shared.inclusion, only)

    # Nobody has no account: what stands for 0 memberships is multiplied by no people.
    gain, people = (np.pad(each, ((0, 0), (1, 0))) for each in (shared.gain, people))
    per_set = people / (sets(np.ones(n)) + gain * sets(off_frame))
    number = np.arange(n_inside + 1)[:, None] + np.arange(n - n_inside + 1)
    # Sets without a surveyed platform gain or lose people.
    of_inside = sets(inside)[:, : n_inside + 1, None]
    of_unsurveyed = sets(inside * off_frame)[:, : n_inside + 1, None]
    of_outside = sets(1.0 - inside)[:, None, : n - n_inside + 1]
    both: np.ndarray = (of_inside + gain[:, number] * of_unsurveyed) * of_outside * per_set[:, number]
    return both
