"""On which platforms people with k accounts are, and how accounts share out over their holders.

A person with k accounts is on k different platforms, drawn by conditional Bernoulli sampling with weights
under which every platform gets its own number of accounts. People on no surveyed platform may hold more or
fewer accounts than such sampling gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SharedOut", "inclusion_chances", "membership_polynomials", "share_out", "solve_weights"]


def _symmetric_polynomials(weights: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Elementary symmetric polynomials e_0 .. e_J of the last axis; `others`: those of platforms before."""
    n = weights.shape[-1]
    before = 0 if others is None else others.shape[-1] - 1
    e = np.zeros((*weights.shape[:-1], before + n + 1))
    e[..., : before + 1] = 1.0 if others is None else others
    for j in range(n):
        # No set of the first j + 1 platforms has more members.
        top = before + j + 1
        e[..., 1 : top + 1] += weights[..., j, None] * e[..., :top]
    return e


def membership_polynomials(weights: np.ndarray, only: np.ndarray) -> np.ndarray:
    """Sum over sets of 0, 1, ... platforms the product of their weights.

    Parameters
    ----------
    weights : ndarray, shape (..., platforms)
        Positive weights.
    only : ndarray, shape (platforms,)
        1 for the platforms that the sets are made of. Weights are scaled over all, so that sums over two
        parts and over the whole go together.

    Returns
    -------
    ndarray, shape (..., platforms + 1)
        Elementary symmetric polynomials.
    """
    return _symmetric_polynomials(_scaled(weights) * only)


def _scaled(weights: np.ndarray) -> np.ndarray:
    # Weights run away where no weights can give a platform its accounts; a product of all must not underflow.
    floor = 10.0 ** (-250.0 / weights.shape[-1])
    scaled: np.ndarray = np.maximum(weights / weights.max(-1, keepdims=True), floor)
    return scaled


def inclusion_chances(weights: np.ndarray) -> np.ndarray:
    """Chance that a person with k memberships is on each platform, by conditional Bernoulli sampling.

    pi_j(k) = w_j e_{k-1}(w without j) / e_k(w), with e the elementary symmetric polynomials (Chen,
    Dempster & Liu 1994, doi:10.1093/biomet/81.3.457). The chances of one k sum to k.

    Parameters
    ----------
    weights : ndarray, shape (..., platforms)
        Positive weights.

    Returns
    -------
    ndarray, shape (..., platforms, memberships)
        Chances for k = 1 .. J.
    """
    return _inclusion_and_unmet(weights, np.zeros(weights.shape[-1]))[0]


def _inclusion_and_unmet(weights: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inclusion chances, and the chance to be on each platform and on none of the frame's."""
    n = weights.shape[-1]
    scaled = _scaled(weights)
    whole = _symmetric_polynomials(scaled)[..., None, 1:]
    # A platform of weight 0 adds nothing: one row a platform that is left out.
    without = scaled[..., None, :] * (1.0 - np.eye(n))
    off_frame = _symmetric_polynomials(without[..., frame == 0])
    chances: np.ndarray = _symmetric_polynomials(without[..., frame > 0], off_frame)[..., :-1]
    chances *= scaled[..., None] / whole
    unmet = np.zeros_like(chances)
    most = min(off_frame.shape[-1], n)
    unmet[..., :most] = off_frame[..., :most] * (scaled * (frame == 0))[..., None] / whole[..., :most]
    return chances, unmet


def solve_weights(
    accounts: np.ndarray,
    frame_pmf: np.ndarray,
    frame: np.ndarray,
    gain: np.ndarray,
    *,
    iterations: int = 60,
) -> tuple[np.ndarray, np.ndarray]:
    """Find inclusion weights under which every platform gets its own number of accounts.

    Parameters
    ----------
    accounts : ndarray, shape (draws, platforms)
        Accounts.
    frame_pmf : ndarray, shape (draws, memberships)
        Distribution of the number of memberships of the surveyed platforms' people.
    frame : ndarray, shape (platforms,)
        1 for surveyed platforms; all platforms where there was no survey.
    gain : ndarray, shape (draws, memberships)
        How much more frequent each number of memberships is among people on no surveyed platform, less 1.
    iterations : int, default 60
        Steps of iterative proportional fitting.

    Returns
    -------
    weights : ndarray, shape (draws, platforms)
        Weights.
    residual : ndarray, shape (draws,)
        Largest relative difference between a platform's accounts and those that the weights give.
    """
    weights = accounts / accounts.sum(-1, keepdims=True)
    residual = np.full(len(accounts), np.inf)
    framed = (accounts * frame).sum(-1, keepdims=True) * frame_pmf
    missed = np.arange(len(accounts))
    for _ in range(iterations):
        chances = _chances_met(weights[missed], frame, gain[missed])
        # People with k memberships, from those among them who are on the frame.
        people = framed[missed] / np.maximum(_met_on_frame(chances, frame), 1e-300)
        ratio = accounts[missed] / (chances @ people[..., None])[..., 0]
        residual[missed] = np.abs(ratio - 1.0).max(-1)
        again = residual[missed] >= 1e-6
        missed, ratio = missed[again], ratio[again]
        if not len(missed):
            break
        # Half steps: full ones overshoot where one platform holds nearly everyone.
        moved = weights[missed] * ratio**0.7
        weights[missed] = np.maximum(moved / moved.max(-1, keepdims=True), 1e-30)
    return weights, residual


def _chances_met(weights: np.ndarray, frame: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Chance that a person with k memberships is on each platform, where those off the frame gain.

    Not divided by how many there are after the gain: a constant of each k, which the ratio to the frame's
    people does not have.
    """
    # Whoever is on a surveyed platform too is known from there; the others may have more or fewer accounts.
    chances, unmet = _inclusion_and_unmet(weights, frame)
    gained: np.ndarray = chances + unmet * gain[..., None, :]
    return gained


def _met_on_frame(chances: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Accounts on surveyed platforms per person with k memberships, shape (draws, memberships)."""
    on_frame: np.ndarray = (chances * frame[:, None]).sum(-2)
    return on_frame


@dataclass(frozen=True)
class SharedOut:
    """Accounts shared out over the numbers of memberships of the people who hold them.

    Parameters
    ----------
    inclusion : ndarray, shape (draws, platforms)
        Inclusion weights.
    residual : ndarray, shape (draws,)
        Largest relative miss of a platform's accounts by the inclusion weights.
    frame : ndarray, shape (platforms,)
        1 for surveyed platforms; all platforms where there was no survey.
    gain : ndarray, shape (draws, memberships)
        How much more frequent each number of memberships is among people on no surveyed platform, less 1.
    on_frame : ndarray, shape (draws, cells)
        Activity of the accounts on surveyed platforms.
    pmf : ndarray, shape (draws, cells, memberships)
        Distribution of the number of memberships of the surveyed platforms' people, by cell of activity.
    ratio : ndarray, shape (draws, platforms, memberships)
        How much likelier each number is among people met on each platform.
    per_unit : ndarray, shape (draws, platforms, cells)
        Accounts over the sum of the distribution times the ratio.
    """

    inclusion: np.ndarray
    residual: np.ndarray
    frame: np.ndarray
    gain: np.ndarray
    on_frame: np.ndarray
    pmf: np.ndarray
    ratio: np.ndarray
    per_unit: np.ndarray

    def by_cell(self, platforms: slice = slice(None)) -> np.ndarray:
        """Give the accounts on some platforms by activity and by the number of memberships of their holders.

        Parameters
        ----------
        platforms : slice, default all
            Which platforms.

        Returns
        -------
        ndarray, shape (draws, cells, memberships)
            Accounts.
        """
        each: np.ndarray = self.pmf * (
            self.per_unit[:, platforms].swapaxes(-1, -2) @ self.ratio[:, platforms]
        )
        return each


def share_out(
    accounts: np.ndarray,
    weights: np.ndarray,
    pmf: np.ndarray,
    frame: np.ndarray,
    tilt: np.ndarray,
) -> SharedOut:
    """Share accounts out over the numbers of memberships of the people who hold them.

    Parameters
    ----------
    accounts : ndarray, shape (draws, platforms)
        Accounts.
    weights : ndarray, shape (draws, platforms, cells)
        Distribution of activity on each platform.
    pmf : ndarray, shape (draws, cells, memberships)
        Distribution of the number of memberships of the surveyed platforms' people, by cell of activity.
    frame : ndarray, shape (platforms,)
        1 for surveyed platforms; all platforms where there was no survey.
    tilt : ndarray, shape (draws,)
        Log odds of each further membership among people on no surveyed platform, against those on one.

    Returns
    -------
    SharedOut
        The accounts by number of memberships.
    """
    number = np.arange(1, accounts.shape[-1] + 1)
    framed = (accounts * frame)[..., None] * weights
    framed = framed.sum(-2) / (accounts * frame).sum(-1)[:, None]
    frame_pmf = (framed[..., None] * pmf).sum(-2)
    gain = np.expm1(tilt[:, None] * (number - 1))
    inclusion, residual = solve_weights(accounts, frame_pmf, frame, gain)
    met = _chances_met(inclusion, frame, gain)
    # People met on platform j: as met on the frame, times how much likelier k memberships are to include j.
    ratio = met / _met_on_frame(met, frame)[:, None, :]
    # Accounts of each platform and cell, shared out over numbers of memberships by pmf times ratio.
    per_unit = accounts[..., None] * weights / (ratio @ pmf.swapaxes(-1, -2))
    return SharedOut(inclusion, residual, frame, gain, framed, pmf, ratio, per_unit)
