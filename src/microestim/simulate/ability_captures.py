"""Chance of the next capture where people differ in ability, given the captures that they had so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Abilities", "ability_chance", "effects_for", "normal_abilities"]

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# Standard deviations at which a normal density ends; beyond them lies 1e-21 of it.
REACH = 9.5
# Distance of the nodes in standard deviations of the narrowest integrand, and in distances of the poles of
# the logistic function from the real axis, pi / sigma: the trapezoidal rule is then exact to rounding.
SPACING = 0.5
NEAR_POLES = 0.15


@dataclass(frozen=True, kw_only=True, eq=False)
class Abilities:
    """A distribution of ability on the logit scale.

    Parameters
    ----------
    place : ndarray, shape (nodes,)
        Abilities.
    share : ndarray, shape (nodes,)
        Share of people who have each; above 0.
    """

    place: Array
    share: Array


def normal_abilities(sigma: float, occasions: int) -> Abilities:
    """Return nodes for a normal distribution of ability.

    Parameters
    ----------
    sigma : float
        Standard deviation of the logits of capture.
    occasions : int
        Number of occasions; captures on many of them leave a narrow range of abilities.

    Returns
    -------
    Abilities
        Nodes so close that the sums over them are the integrals to rounding.

    Examples
    --------
    >>> nodes = normal_abilities(0.8, 5)
    >>> round(float(nodes.share @ nodes.place**2), 12)
    0.64
    """
    if sigma == 0:
        return Abilities(place=np.zeros(1), share=np.ones(1))
    step = min(SPACING / np.sqrt(1 + sigma**2 * occasions / 4), NEAR_POLES * np.pi / sigma)
    z = np.linspace(-REACH, REACH, 2 * int(np.ceil(REACH / step)) + 1)
    share = np.exp(-(z**2) / 2)
    return Abilities(place=sigma * z, share=share / share.sum())


def effects_for(capture: Array, abilities: Abilities) -> Array:
    """Effects of the occasions under which the average person has given chances of capture.

    Parameters
    ----------
    capture : ndarray, shape (t,)
        Chance of capture on each occasion of a person drawn at random.
    abilities : Abilities
        How people differ.

    Returns
    -------
    ndarray, shape (t,)
        Logits of capture of a person with ability 0.

    Examples
    --------
    >>> everybody = Abilities(place=np.zeros(1), share=np.ones(1))
    >>> effects_for(np.array([0.5]), everybody).round(6).tolist()
    [0.0]
    """
    from scipy.optimize import brentq
    from scipy.special import expit, logit

    found = {}
    for chance in set(capture.tolist()):

        def excess(effect: float, chance: float = chance) -> float:
            return float(abilities.share @ expit(effect + abilities.place)) - chance

        # The least and the most able would have the chance themselves at the ends.
        low = logit(chance) - abilities.place.max() - 1e-6
        high = logit(chance) - abilities.place.min() + 1e-6
        found[chance] = brentq(excess, low, high, xtol=1e-14, rtol=1e-14)
    return np.array([found[chance] for chance in capture.tolist()])


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
    >>> able = Abilities(place=np.array([-40.0, 40.0]), share=np.array([0.5, 0.5]))
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
    logs = np.log(abilities.share) + np.multiply.outer(k, abilities.place)
    logs -= upto_fresh[free] + upto_known[occasion] - upto_known[free]
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    now = logits[occasion] + np.where(k > 0, reaction, 0.0)[:, None]
    chance = np.sum(weight * np.exp(-np.logaddexp(0, -now)), axis=1) / weight.sum(axis=1)
    return np.asarray(chance[inverse.reshape(-1)])
