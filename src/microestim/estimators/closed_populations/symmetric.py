"""Histories summed by how many captures they have, without listing the 2^t of them.

When the weight of a capture history depends only on which occasions it contains and on how many, the sum
over all histories with k captures is a weight times the k-th elementary symmetric polynomial of the
occasions' effects. Read occasion by occasion, such histories form a Markov chain in the number of captures
so far; its transition probabilities give every moment that a fit needs, from positive terms only.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["HistoryMoments", "history_moments", "log_symmetric", "log_total", "transitions"]

Array = npt.NDArray[np.float64]
# Far below the rounding of a sum, so that what is left out cannot be seen in any moment.
NEGLIGIBLE = 1e-25


@dataclass(frozen=True, kw_only=True, eq=False)
class HistoryMoments:
    """Sum of the weights of all histories, and the first two moments of a history drawn by weight.

    Leading axes, where there are any, are those of the weights: one set of moments for each.

    Parameters
    ----------
    log_total : ndarray, shape (...)
        Logarithm of the sum of the weights.
    captured : ndarray, shape (..., t)
        Probability of a capture on each occasion.
    pairs : ndarray, shape (..., t, t)
        Probability of a capture on both of two occasions; `captured` on the diagonal.
    margin : ndarray, shape (..., t + 1)
        Probability of 0, 1, ..., t captures.
    captured_with_margin : ndarray, shape (..., t, t + 1)
        Probability of a capture on an occasion together with each number of captures.
    """

    log_total: Array
    captured: Array
    pairs: Array
    margin: Array
    captured_with_margin: Array


def log_symmetric(log_effects: Array) -> Array:
    r"""Logarithms of the elementary symmetric polynomials of positive numbers.

    :math:`e_k(x) = \sum_{|A| = k} \prod_{i \in A} x_i`, by adding one number at a time:
    :math:`e_k(x_1, \dots, x_m) = e_k(x_1, \dots, x_{m-1}) + x_m e_{k-1}(x_1, \dots, x_{m-1})` [1]_.

    Parameters
    ----------
    log_effects : ndarray, shape (..., t)
        Logarithms of the numbers.

    Returns
    -------
    ndarray, shape (..., t + 1)
        log e_0 = 0, log e_1, ..., log e_t.

    References
    ----------
    .. [1] Baker, F. B. & Harwell, M. R. (1996). Computing elementary symmetric functions and their
       derivatives: a didactic. Applied Psychological Measurement 20(2), 169-192.
       doi:10.1177/014662169602000206

    Examples
    --------
    >>> np.exp(log_symmetric(np.log([1.0, 2.0, 3.0]))).round(6).tolist()
    [1.0, 6.0, 11.0, 6.0]
    """
    *many, t = log_effects.shape
    logs = np.zeros((*many, 1))
    for i in range(t):
        grown = np.full((*many, i + 2), -np.inf)
        grown[..., :-1] = logs
        grown[..., 1:] = np.logaddexp(grown[..., 1:], logs + log_effects[..., i : i + 1])
        logs = grown
    return logs


def log_total(log_effects: Array, log_weights: Array) -> Array:
    """Logarithm of the sum of weights over all histories.

    Parameters
    ----------
    log_effects : ndarray, shape (..., t)
        Logarithm of the factor that a capture on each occasion brings.
    log_weights : ndarray, shape (..., t + 1)
        Logarithm of the factor for 0, 1, ..., t captures; -inf leaves histories out.

    Returns
    -------
    ndarray, shape (...)
        The logarithm of the sum.

    Examples
    --------
    >>> float(np.exp(log_total(np.log([1.0, 2.0]), np.zeros(3))))
    6.0
    """
    return np.asarray(np.logaddexp.reduce(log_symmetric(log_effects) + log_weights, axis=-1))


def transitions(log_effects: Array, log_weights: Array) -> tuple[Array, Array]:
    """Chance of a capture on each occasion, given the number of captures before it.

    Parameters
    ----------
    log_effects : ndarray, shape (..., t)
        Logarithm of the factor that a capture on each occasion brings.
    log_weights : ndarray, shape (..., t + 1)
        Logarithm of the factor for 0, 1, ..., t captures. Only the first may be -inf.

    Returns
    -------
    log_total : ndarray, shape (...)
        Logarithm of the sum of the weights of all histories.
    chances : ndarray, shape (..., t, t + 1)
        Row i, column k: the chance of a capture on occasion i after k captures; 0 where k cannot be.

    Notes
    -----
    With :math:`b_t(k)` the weight of k captures and
    :math:`b_{i-1}(k) = b_i(k) + x_i b_i(k + 1)`, the chance is :math:`x_i b_i(k + 1) / b_{i-1}(k)`; b is kept
    as a logarithm, so neither many occasions nor steep weights overflow.

    Examples
    --------
    >>> total, chances = transitions(np.log([1.0, 2.0]), np.zeros(3))
    >>> chances[:, 0].round(3).tolist()
    [0.5, 0.667]
    """
    *many, t = log_effects.shape
    chances = np.zeros((*many, t, t + 1))
    after = log_weights
    for i in range(t - 1, -1, -1):
        captured = after[..., 1:] + log_effects[..., i : i + 1]
        before = np.logaddexp(after[..., :-1], captured)
        chances[..., i, : i + 1] = np.exp(captured - before)
        after = before
    return after[..., 0], chances


def history_moments(
    log_effects: Array, log_weights: Array, *, importance: Array | None = None
) -> HistoryMoments:
    """First and second moments of a history drawn with probability in proportion to its weight.

    Parameters
    ----------
    log_effects : ndarray, shape (..., t)
        Logarithm of the factor that a capture on each occasion brings.
    log_weights : ndarray, shape (..., t + 1)
        Logarithm of the factor for 0, 1, ..., t captures. Only the first may be -inf.
    importance : ndarray, shape (t + 1,), optional
        Largest factor by which a caller multiplies the probability of each number of captures; 1 unless
        given. Numbers of captures that matter less than rounding are left out of `pairs` and
        `captured_with_margin`.

    Returns
    -------
    HistoryMoments
        In O(t^3) operations on arrays, from positive terms only.

    Examples
    --------
    >>> moments = history_moments(np.log([1.0, 2.0]), np.array([-np.inf, 0.0, 0.0]))
    >>> moments.captured.round(3).tolist(), moments.margin.round(3).tolist()
    ([0.6, 0.8], [0.0, 0.6, 0.4])
    """
    *many, t = log_effects.shape
    total, chances = transitions(log_effects, log_weights)
    margin = np.zeros((*many, t + 1))
    margin[..., 0] = 1.0
    taken = np.zeros((*many, t, t + 1))
    for i in range(t):
        taken[..., i, :] = margin * chances[..., i, :]
        margin = margin * (1 - chances[..., i, :])
        margin[..., 1:] += taken[..., i, :-1]
    share = margin if importance is None else margin * importance
    matters = share > NEGLIGIBLE * share.sum(axis=-1, keepdims=True)
    top = int(np.flatnonzero(matters.reshape(-1, t + 1).any(axis=0))[-1])
    together = np.zeros((*many, t, t + 1))
    pairs = np.zeros((*many, t, t))
    for i in range(t):
        # Histories that were captured on an earlier occasion j are followed apart, one row for each j.
        width = min(i, top) + 1
        earlier = together[..., :i, :width]
        again = earlier * chances[..., i : i + 1, :width]
        pairs[..., :i, i] = again.sum(axis=-1)
        earlier -= again
        room = min(width, top)
        together[..., :i, 1 : room + 1] += again[..., :room]
        together[..., i, 1 : top + 1] = taken[..., i, :top]
    captured = taken.sum(axis=-1)
    pairs += np.swapaxes(pairs, -1, -2)
    diagonal = np.arange(t)
    pairs[..., diagonal, diagonal] = captured
    return HistoryMoments(
        log_total=total, captured=captured, pairs=pairs, margin=margin, captured_with_margin=together
    )
