"""Chance of the next capture where people differ in ability, given the captures that they had so far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

__all__ = ["Abilities", "ability_chance", "ability_chances", "urn_chance"]

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Abilities:
    """A distribution of ability on the logit scale.

    Parameters
    ----------
    place : ndarray, shape (nodes,)
        Abilities.
    log_share : ndarray, shape (nodes,)
        Logarithm of the share of people who have each.
    """

    place: Array
    log_share: Array

    @property
    def share(self) -> Array:
        """Share of people who have each ability."""
        return np.asarray(np.exp(self.log_share))


def ability_chance(
    occasion: int, before: Indices, first: Indices, *, effects: Array, abilities: Abilities, reaction: float
) -> Array:
    r"""Chance of capture on an occasion, for people with given captures before it.

    Parameters
    ----------
    occasion : int
        Index of the occasion.
    before : ndarray of int, shape (rows,)
        Captures before the occasion.
    first : ndarray of int, shape (rows,)
        Index of the occasion of the first capture; that of this occasion or a later one for none.
    effects : ndarray, shape (t,)
        Logits of capture of a person with ability 0 who was not captured before.
    abilities : Abilities
        How people differ.
    reaction : float
        Added to the logit of everybody captured before.

    Returns
    -------
    ndarray, shape (rows,)
        The chances.

    Notes
    -----
    Given captures so far, an ability a has a weight in proportion to its share, times
    :math:`e^{k a}` for k captures, over :math:`\prod (1 + e^{\eta})` with the logits :math:`\eta` of the
    occasions past; factors that all abilities have in common cancel.

    Examples
    --------
    >>> able = Abilities(place=np.array([-40.0, 40.0]), log_share=np.log([0.5, 0.5]))
    >>> known = dict(effects=np.zeros(2), abilities=able, reaction=0.0)
    >>> ability_chance(1, np.array([0, 1]), np.array([1, 0]), **known).round(6).tolist()
    [0.0, 1.0]
    """
    states, inverse = np.unique(np.stack([before, np.minimum(first, occasion)]), axis=1, return_inverse=True)
    k, since = states
    logits = effects[: occasion + 1, None] + abilities.place
    fresh, known = np.logaddexp(0, logits), np.logaddexp(0, logits + reaction)
    none = np.zeros((1, len(abilities.place)))
    upto_fresh = np.concatenate([none, np.cumsum(fresh, axis=0)])
    upto_known = np.concatenate([none, np.cumsum(known, axis=0)])
    # A first capture on occasion `since` was made without a reaction, all that followed with it.
    free = np.minimum(since + 1, occasion)
    logs = abilities.log_share + np.multiply.outer(k, abilities.place)
    logs -= upto_fresh[free] + upto_known[occasion] - upto_known[free]
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    now = logits[occasion] + np.where(k > 0, reaction, 0.0)[:, None]
    chance = np.sum(weight * np.exp(-np.logaddexp(0, -now)), axis=1) / weight.sum(axis=1)
    return np.asarray(chance[inverse.reshape(-1)])


def ability_chances(effects: Array, abilities: Abilities, reaction: float | None = None) -> Array:
    """Chance of capture on each occasion, after every number of captures that there can be before it.

    Parameters
    ----------
    effects : ndarray, shape (t,)
        Logits of capture of a person with ability 0 who was not captured before.
    abilities : Abilities
        How people differ.
    reaction : float, optional
        Added to the logit of everybody captured before; None where a first capture changes nothing.

    Returns
    -------
    ndarray, shape (t, t + 1) or (t, t + 1, t)
        Row i, column k: the chance of a capture on occasion i after k captures; with a reaction, on the last
        axis, the first of them on each occasion. 0 where k cannot be.

    Notes
    -----
    Ability is averaged out once, in O(t^2) operations a node, and O(t^3) with a reaction; whatever is drawn
    or expected afterwards needs no node.

    Examples
    --------
    >>> alike = Abilities(place=np.zeros(1), log_share=np.zeros(1))
    >>> ability_chances(np.zeros(2), alike).tolist()
    [[0.5, 0.0, 0.0], [0.5, 0.5, 0.0]]
    """
    t = len(effects)
    chance = partial(ability_chance, effects=effects, abilities=abilities, reaction=reaction or 0.0)
    if reaction is None:
        chances = np.zeros((t, t + 1))
        for i in range(t):
            k = np.arange(i + 1)
            chances[i, : i + 1] = chance(i, k, np.zeros_like(k))
        return chances
    chances = np.zeros((t, t + 1, t))
    for i in range(t):
        k, first = (axis.ravel() + start for axis, start in zip(np.indices((i, i)), (1, 0), strict=True))
        can_be = k <= i - first
        k, first = np.append(k[can_be], 0), np.append(first[can_be], i)
        found = chance(i, k, first)
        chances[i, k[:-1], first[:-1]] = found[:-1]
        chances[i, 0] = found[-1]
    return chances


def urn_chance(mean: float, dispersion: float, occasion: int | Indices, before: Indices) -> Array:
    r"""Chance of the next capture where chances follow a beta distribution among people: Polya's urn.

    Parameters
    ----------
    mean : float
        Mean chance of capture.
    dispersion : float
        :math:`1 / (a + b)` of the beta distribution.
    occasion : int or ndarray of int
        Index of the occasion.
    before : ndarray of int
        Captures before it.

    Returns
    -------
    ndarray
        :math:`(\mu + k \gamma) / (1 + i \gamma)` after k captures on i occasions.

    Examples
    --------
    >>> urn_chance(0.5, 0.5, 1, np.array([0, 1])).round(3).tolist()
    [0.333, 0.667]
    """
    return np.asarray((mean + before * dispersion) / (1 + occasion * dispersion))
