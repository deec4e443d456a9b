"""Groups that differ around common values: the exact posterior on grids, group by group.

Each group has two quantities: u, the log of its rate, and v, the log of how unequal rates are. Over groups
u ~ N(M, T^2) and v ~ N(A, S^2), with M, A normal and T, S half-normal. Given M, T, A and S the groups are
independent, so that each is summed over its own grid, and the four over a common one. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.pooled_counts.laws import CountLikelihood

__all__ = ["Common", "GroupGrid", "Hyperprior", "group_grid", "posterior"]

Array = npt.NDArray[np.float64]

_DEPTH = 18.0
"""Log-likelihood below its top at which a grid ends: a factor of 2e-8."""
_ROWS, _COLUMNS = 49, 33
"""Cells of a group's grid; some quarter of a posterior standard deviation each."""
_U_LOW, _U_HIGH = -16.0, 6.0
_FAR = 9.0
"""Prior standard deviations that the common values may lie from their medians."""
_NEGLIGIBLE = 1e-7


@dataclass(frozen=True)
class Hyperprior:
    """Priors of what the groups have in common, on log scales.

    Parameters
    ----------
    rate, rate_sd : float
        Mean and standard deviation of M.
    rate_between : float
        Scale of the half-normal T.
    shape, shape_sd : float
        Mean and standard deviation of A.
    shape_between : float
        Scale of the half-normal S.
    """

    rate: float
    rate_sd: float
    rate_between: float
    shape: float
    shape_sd: float
    shape_between: float


@dataclass(frozen=True)
class GroupGrid:
    """The likelihood of one group on its own grid: rows of v, and for each v columns of u.

    Parameters
    ----------
    v_edges : ndarray, shape (rows + 1,)
        Edges of the cells of v.
    u_edges : ndarray, shape (rows, columns + 1)
        Edges of the cells of u, for each v.
    log_likelihood, log_seen : ndarray, shape (rows, columns)
        Log-likelihood less its top, and log of the chance of being seen.
    """

    v_edges: Array
    u_edges: Array
    log_likelihood: Array
    log_seen: Array


@dataclass(frozen=True)
class Common:
    """Posterior of the four common quantities, as probabilities on grids.

    Parameters
    ----------
    rate, rate_between, shape, shape_between : ndarray
        Grid values of M, T, A and S.
    probability : ndarray, shape (A, S, M, T)
        Probabilities; they sum to 1.
    """

    rate: Array
    rate_between: Array
    shape: Array
    shape_between: Array
    probability: Array

    def marginal(self, name: str) -> tuple[Array, Array]:
        """Give the grid and the probabilities of one quantity.

        Parameters
        ----------
        name : str
            "rate", "rate_between", "shape" or "shape_between".

        Returns
        -------
        values, probability : ndarray
            The marginal posterior.
        """
        axis = ("shape", "shape_between", "rate", "rate_between").index(name)
        others = tuple(i for i in range(4) if i != axis)
        return getattr(self, name), self.probability.sum(others)


_V_LIMITS = {"log-normal": (float(np.log(0.15)), float(np.log(20.0))), "gamma": (float(np.log(2e-3)), 3.4)}


def group_grid(likelihood: CountLikelihood) -> GroupGrid:
    """Lay a grid where a group's likelihood is not negligible.

    Parameters
    ----------
    likelihood : CountLikelihood
        The likelihood.

    Returns
    -------
    GroupGrid
        The grid. Where the likelihood does not fall before the limit of the grid, the cell there holds all
        that is beyond; where almost nobody would be seen there, its chance of being seen is 0.
    """
    v_low, v_high = _V_LIMITS[likelihood.rates]
    low, high = v_low, v_high
    for _ in range(3):
        v = np.linspace(low, high, 17)
        top, _, _ = _profile(likelihood, v)
        kept = np.flatnonzero(top > top.max() - _DEPTH)
        step = v[1] - v[0]
        low, high = max(v_low, v[kept[0]] - step), min(v_high, v[kept[-1]] + step)
    edges = np.linspace(low, high, _ROWS + 1)
    v = (edges[1:] + edges[:-1]) / 2
    _, left, right = _profile(likelihood, v)
    share = np.linspace(0.0, 1.0, _COLUMNS + 1)
    u_edges = left[:, None] + (right - left)[:, None] * share
    u = (u_edges[:, 1:] + u_edges[:, :-1]) / 2
    value, seen = likelihood.log_likelihood(u, np.broadcast_to(v[:, None], u.shape))
    u_edges[left <= _U_LOW, 0] = -np.inf
    seen[left <= _U_LOW, 0] = -np.inf
    u_edges[right >= _U_HIGH, -1] = np.inf
    edges = edges.copy()
    if low <= v_low:
        edges[0] = -np.inf
        if likelihood.rates == "gamma":
            seen[0] = -np.inf
    if high >= v_high:
        edges[-1] = np.inf
        if likelihood.rates == "log-normal":
            seen[-1] = -np.inf
    return GroupGrid(edges, u_edges, value - value.max(), seen)


def _profile(likelihood: CountLikelihood, v: Array) -> tuple[Array, Array, Array]:
    """Highest log-likelihood over u for each v, and where it has fallen by `_DEPTH` on either side."""
    low, high = np.full(len(v), _U_LOW), np.full(len(v), _U_HIGH)
    points = np.linspace(0.0, 1.0, 13)
    for _ in range(5):
        u = low[:, None] + (high - low)[:, None] * points
        value, _ = likelihood.log_likelihood(u, np.broadcast_to(v[:, None], u.shape))
        best = value.argmax(1)
        step = (high - low) / 12.0
        middle = u[np.arange(len(v)), best]
        top = value.max(1)
        low, high = np.maximum(middle - step, _U_LOW), np.minimum(middle + step, _U_HIGH)
    away = np.geomspace(3e-3, _U_HIGH - _U_LOW, 22)
    limits = []
    for sign, bound in ((-1.0, _U_LOW), (1.0, _U_HIGH)):
        u = np.clip(middle[:, None] + sign * away, _U_LOW, _U_HIGH)
        value, _ = likelihood.log_likelihood(u, np.broadcast_to(v[:, None], u.shape))
        fallen = value < top[:, None] - _DEPTH
        first = np.where(fallen.any(1), fallen.argmax(1), len(away) - 1)
        edge = u[np.arange(len(v)), first]
        limits.append(np.where(fallen.any(1), edge, bound))
    return top, limits[0], limits[1]


def posterior(grids: Sequence[GroupGrid], prior: Hyperprior) -> tuple[Common, list[Array]]:
    """Give the posterior of the common quantities, and of every group on its grid.

    Parameters
    ----------
    grids : sequence of GroupGrid
        The groups.
    prior : Hyperprior
        The priors.

    Returns
    -------
    common : Common
        Of M, T, A and S.
    groups : list of ndarray, shape (rows, columns)
        Probability of each cell of each group.
    """
    axes = _axes(prior, None, 31, 12)
    common, _ = _pass(grids, prior, axes, groups=False)
    cells: list[Array] = []
    for size, spreads in ((21, 12), (25, 16)):
        axes = _axes(prior, common, size, spreads)
        common, cells = _pass(grids, prior, axes, groups=size == 25)
    return common, cells


def _axes(prior: Hyperprior, found: Common | None, size: int, spreads: int) -> list[Array]:
    """Edges of the grids of A, S, M and T: where the prior is, then where the posterior is."""
    axes = []
    for name, centre, sd in (("shape", prior.shape, prior.shape_sd), ("rate", prior.rate, prior.rate_sd)):
        scale = getattr(prior, f"{name}_between")
        for which, low, high, number in (
            (name, centre - _FAR * sd, centre + _FAR * sd, size),
            (f"{name}_between", 0.0, 5.0 * scale, spreads),
        ):
            if found is not None:
                values, probability = found.marginal(which)
                kept = np.flatnonzero(probability > _NEGLIGIBLE * probability.max())
                step = values[1] - values[0]
                low = max(low, values[kept[0]] - 1.0 * step)
                high = min(high, values[kept[-1]] + 1.0 * step)
            axes.append(np.linspace(low, high, number + 1))
    return axes


def _pass(
    grids: Sequence[GroupGrid], prior: Hyperprior, axes: Sequence[Array], *, groups: bool
) -> tuple[Common, list[Array]]:
    from scipy.special import ndtr

    shape, shape_between, rate, rate_between = ((edges[1:] + edges[:-1]) / 2 for edges in axes)
    a, s = (each.ravel() for each in np.meshgrid(shape, shape_between, indexing="ij"))
    m, t = (each.ravel() for each in np.meshgrid(rate, rate_between, indexing="ij"))
    log_prior = (-0.5 * ((a - prior.shape) / prior.shape_sd) ** 2 - 0.5 * (s / prior.shape_between) ** 2)[
        :, None
    ] + (-0.5 * ((m - prior.rate) / prior.rate_sd) ** 2 - 0.5 * (t / prior.rate_between) ** 2)
    total = log_prior.copy()
    pieces = []
    for grid in grids:
        weight = np.exp(grid.log_likelihood)
        rows = np.diff(ndtr((grid.v_edges - a[:, None]) / s[:, None]), axis=1)
        below = ndtr((grid.u_edges - m[:, None, None]) / t[:, None, None])
        columns = np.diff(below, axis=2)
        along = np.einsum("hvu,vu->hv", columns, weight, optimize=True)
        mass = rows @ along.T
        with np.errstate(divide="ignore"):
            total += np.log(mass)
        if groups:
            pieces.append((weight, rows, columns, mass))
    probability = np.exp(total - total.max())
    probability /= probability.sum()
    cells = []
    for weight, rows, columns, mass in pieces:
        ratio = np.divide(probability, mass, out=np.zeros_like(mass), where=mass > 0)
        inner = rows.T @ ratio
        each = weight * np.einsum("vh,hvu->vu", inner, columns, optimize=True)
        cells.append(each / each.sum())
    whole = probability.reshape(len(shape), len(shape_between), len(rate), len(rate_between))
    return Common(rate, rate_between, shape, shape_between, whole), cells
