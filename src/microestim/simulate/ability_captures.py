"""Abilities that people are drawn with, and effects of occasions that give a wanted chance of capture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.ability_chances import Abilities

__all__ = ["effects_for", "normal_abilities"]

Array = npt.NDArray[np.float64]
# Standard deviations at which a normal density ends; beyond them lies 1e-21 of it.
REACH = 9.5
# Distance of the nodes in standard deviations of the narrowest integrand, and in distances of the poles of
# the logistic function from the real axis, pi / sigma: the trapezoidal rule is then exact to rounding.
SPACING = 0.5
NEAR_POLES = 0.15


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
        return Abilities(place=np.zeros(1), log_share=np.zeros(1))
    step = min(SPACING / np.sqrt(1 + sigma**2 * occasions / 4), NEAR_POLES * np.pi / sigma)
    z = np.linspace(-REACH, REACH, 2 * int(np.ceil(REACH / step)) + 1)
    share = np.exp(-(z**2) / 2)
    return Abilities(place=sigma * z, log_share=-(z**2) / 2 - np.log(share.sum()))


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
    >>> everybody = Abilities(place=np.zeros(1), log_share=np.zeros(1))
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
