"""From accounts to people: how many people are in each tier, draw by draw.

A person is in a tier when at least one of their accounts on the observed platforms is. The number of
people with k accounts follows from the accounts and the distribution of memberships of each platform's
people; which platforms a person with k accounts is on follows conditional Bernoulli sampling, with weights
such that every platform gets its own number of accounts. The activities of one person's accounts are tied
by a Gaussian copula, so a person who is weekly is monthly too, in every draw, by construction.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from microestim.models.activity import IN_MONTHLY, IN_WEEKLY, SEEN_IN_MONTH
from microestim.models.inclusion import share_out
from microestim.models.latent import Latent, frame_members

__all__ = [
    "CHUNK",
    "TIER_CELLS",
    "TIER_IDS",
    "Tiers",
    "chances_by_factor",
    "count_people",
    "quadrature_nodes",
]

TIER_IDS = ("registered", "monthly_active", "monthly", "weekly")
"""The four estimands, widest first."""

TIER_CELLS: dict[str, np.ndarray] = {
    "registered": np.ones_like(IN_WEEKLY),
    "monthly_active": SEEN_IN_MONTH,
    "monthly": IN_MONTHLY,
    "weekly": IN_WEEKLY,
}
"""Chance that an account in each cell of activity is in the tier, shape (cells,)."""

CHUNK = 250
"""Draws that are counted at a time."""
# The closer the tie between a person's accounts, the steeper the integrand: 21 nodes err by 0.3 % at a
# correlation of 0.8 and by 10 % at 0.95, where 81 err by 0.4 %.
_QUADRATURE_NODES = 21
_CLOSE_TIE = 0.8
_QUADRATURE_NODES_CLOSE = 81


type _Counted = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, dict[str, np.ndarray]]
"""Of some draws: people by tier, people by memberships, residual of the weights, memberships on the frame."""


@dataclass(frozen=True)
class Tiers:
    """Accounts and people by tier, one value a draw.

    Parameters
    ----------
    accounts : dict of str to ndarray, shape (draws, platforms)
        Accounts in the tier, by tier.
    people : dict of str to ndarray, shape (draws,)
        People in the tier, by tier.
    people_by_memberships : ndarray, shape (draws, platforms)
        People with 1, 2, ... accounts.
    frame_memberships : dict of str to ndarray, shape (draws,)
        Mean number of platforms in the tier, of those surveyed who are in it.
    weight_residual : ndarray, shape (draws,)
        Largest relative miss of a platform's accounts by the inclusion weights.
    """

    accounts: dict[str, np.ndarray]
    people: dict[str, np.ndarray]
    people_by_memberships: np.ndarray
    frame_memberships: dict[str, np.ndarray]
    weight_residual: np.ndarray


def count_people(latent: Latent) -> Tiers:
    """Count the people of each tier for every draw.

    Parameters
    ----------
    latent : Latent
        Latent quantities in NumPy, one leading dimension of draws.

    Returns
    -------
    Tiers
        Accounts and people by tier.
    """
    weights, accounts = np.asarray(latent.weights), np.asarray(latent.accounts)
    tier_accounts = {tier: accounts * (weights * cells).sum(-1) for tier, cells in TIER_CELLS.items()}
    if latent.n_platforms == 1:
        people = {tier: values[:, 0] for tier, values in tier_accounts.items()}
        ones = np.ones(len(accounts))
        return Tiers(
            accounts=tier_accounts,
            people=people,
            people_by_memberships=accounts,
            frame_memberships=dict.fromkeys(TIER_IDS, ones),
            weight_residual=np.zeros(len(accounts)),
        )
    pmf = np.stack([np.asarray(each) for each in latent.membership_pmf], axis=-1)
    frame = frame_members(latent.surveyed)

    def count(start: int) -> _Counted:
        rows = slice(start, start + CHUNK)
        return _count_chunk(
            accounts[rows],
            weights[rows],
            pmf[rows],
            frame,
            latent.p["departure"][rows],
            latent.p["activity_correlation"][rows],
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pieces = list(pool.map(count, range(0, len(accounts), CHUNK)))
    # Nobody has two accounts on one platform, so a tier has at least the people of its largest platform, and
    # at most its accounts. The limits bind by rounding only, and where no inclusion weights give every
    # platform its accounts.
    people = {
        tier: np.clip(
            np.concatenate([piece[0][tier] for piece in pieces]),
            tier_accounts[tier].max(-1),
            tier_accounts[tier].sum(-1),
        )
        for tier in TIER_IDS
    }
    frame_memberships = {tier: np.concatenate([piece[3][tier] for piece in pieces]) for tier in TIER_IDS}
    return Tiers(
        accounts=tier_accounts,
        people=people,
        people_by_memberships=np.concatenate([piece[1] for piece in pieces]),
        frame_memberships=frame_memberships,
        weight_residual=np.concatenate([piece[2] for piece in pieces]),
    )


def _count_chunk(
    accounts: np.ndarray,
    weights: np.ndarray,
    pmf: np.ndarray,
    frame: np.ndarray,
    departure: np.ndarray,
    correlation: np.ndarray,
) -> _Counted:
    number = np.arange(1, accounts.shape[-1] + 1)
    shared = share_out(accounts, weights, pmf, frame, departure)
    framed, residual, by_cell = shared.on_frame, shared.residual, shared.by_cell()
    by_number = by_cell.sum(1)
    people_by_number = by_number / number
    activity = by_cell / by_number[:, None, :]
    tiers = {tier: np.empty(people_by_number.shape) for tier in TIER_IDS}
    met = {tier: np.empty(people_by_number.shape) for tier in TIER_IDS}
    for draws, nodes in quadrature_nodes(correlation):
        found = _in_tier(activity[draws], number, correlation[draws], nodes)
        for tier in TIER_IDS:
            tiers[tier][draws], met[tier][draws] = found[0][tier], found[1][tier]
    people = {tier: (people_by_number * tiers[tier]).sum(-1) for tier in TIER_IDS}
    frame_memberships = {}
    for tier in TIER_IDS:
        on = (framed[..., None] * pmf * TIER_CELLS[tier][:, None]).sum(-2)
        frame_memberships[tier] = (on * met[tier]).sum(-1) / on.sum(-1)
    return people, people_by_number, residual, frame_memberships


def quadrature_nodes(correlation: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """Sort draws by how many nodes the quadrature over the common factor takes.

    Parameters
    ----------
    correlation : ndarray, shape (draws,)
        Correlation of the activity of one person's accounts.

    Yields
    ------
    draws : ndarray of bool, shape (draws,)
        Some of the draws, at least one.
    n_nodes : int
        Nodes for them.
    """
    close = correlation > _CLOSE_TIE
    for draws, n_nodes in ((~close, _QUADRATURE_NODES), (close, _QUADRATURE_NODES_CLOSE)):
        if draws.any():
            yield draws, n_nodes


@functools.cache
def _quadrature(n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights that integrate over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    return nodes, weights / weights.sum()


def _in_tier(
    activity: np.ndarray, number: np.ndarray, correlation: np.ndarray, n_nodes: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Chance that at least one of k accounts is in each tier, and the mean number met from one that is.

    `activity` has shape (draws, cells, memberships). One common normal factor per person carries the
    correlation; Gauss-Hermite quadrature integrates over it. Whoever is met through an account in the tier is
    met in proportion to how many of their accounts are, so the mean met is E[K**2] / E[K].
    """
    shape = (len(activity), len(number), len(TIER_IDS))
    at_least_one, first, second = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for node_weight, each in chances_by_factor(activity, correlation, n_nodes):
        met = number[:, None] * each
        at_least_one += node_weight * (1.0 - (1.0 - each) ** number[:, None])
        first += node_weight * met
        second += node_weight * met * (1.0 - each + met)
    mean_met = second / np.maximum(first, 1e-300)
    return (
        {tier: at_least_one[..., i] for i, tier in enumerate(TIER_IDS)},
        {tier: mean_met[..., i] for i, tier in enumerate(TIER_IDS)},
    )


def chances_by_factor(
    activity: np.ndarray, correlation: np.ndarray, n_nodes: int
) -> Iterator[tuple[float, np.ndarray]]:
    """Chance that an account is in each tier, given the common normal factor of its person's activity.

    Parameters
    ----------
    activity : ndarray, shape (draws, cells, groups)
        Distribution of activity, by group of accounts.
    correlation : ndarray, shape (draws,)
        Correlation of the activity of one person's accounts.
    n_nodes : int
        Nodes of the Gauss-Hermite quadrature over the factor.

    Yields
    ------
    weight : float
        Weight of a node.
    chances : ndarray, shape (draws, groups, tiers)
        Chance of each tier there.
    """
    # A tier's chance is that of its first cell, and of every cell above a step up in it.
    chances = np.stack([TIER_CELLS[tier] for tier in TIER_IDS], axis=-1)
    lowest, steps = chances[0], np.diff(chances, axis=0)
    up = steps.any(-1)
    # Counting from the most active cell down keeps the upper tail exact.
    above = np.cumsum(activity[:, ::-1, :], axis=1)[:, ::-1, :][:, 1:, :][:, up, :].swapaxes(1, 2)
    rest = np.sqrt(1.0 - correlation)[:, None, None]
    scores = -ndtri(np.clip(above, 1e-300, 1.0 - 1e-16)) / rest
    loading = np.sqrt(correlation)[:, None, None] / rest
    for node, node_weight in zip(*_quadrature(n_nodes), strict=True):
        yield node_weight, np.clip(lowest + ndtr(loading * node - scores) @ steps[up], 0.0, 1.0)
