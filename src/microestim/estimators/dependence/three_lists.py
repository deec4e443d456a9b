r"""Three samples whose pairwise odds ratios lie in known ranges: sizes that fit, and limits by likelihood.

The odds ratio of two samples is that of their 2 x 2 table over everybody, people in neither included,
whatever the third sample says. The three-way ratio is the odds ratio of two samples among the people in the
third over that among the people not in it, the same whichever is the third. Expected cells are written as
exponentials, so that each stays positive.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.results import normal_quantile

__all__ = ["PAIRS", "ThreeLists"]

Array = npt.NDArray[np.float64]
Range = tuple[float, float]

PAIRS = ((0, 1), (0, 2), (1, 2))
HISTORIES = np.array([[int(bit) for bit in format(code, "03b")] for code in range(8)])
# In one sample or in all three: the cells that the three-way ratio multiplies; it divides by the others.
ODD = HISTORIES.sum(axis=1) % 2 == 1
# Expected cells below this are zero: they move no log-likelihood by more.
LEAST_CELL = 1e-6
# How far a solution may miss a constraint on a logarithm: limits are good to about 1e-5 of their value, and
# with cells of zero people the search creeps along a ridge to the last digits.
SLACK = 1e-5


@dataclass(frozen=True, eq=False)
class ThreeLists:
    """Counts of three samples, with the range of the odds ratio of each pair.

    Parameters
    ----------
    cells : ndarray, shape (8,)
        People by history, as the binary number of the three samples; the first, in none, is 0.
    ranges : mapping of pair to (low, high)
        Pairs as in `PAIRS`; a pair that is left out may depend in any way.
    three_way : (low, high), optional
        Range of the three-way ratio; any ratio when None.

    Examples
    --------
    >>> cells = np.array([0.0, 21, 103, 13, 89, 29, 24, 27])
    >>> lists = ThreeLists(cells, dict.fromkeys(PAIRS, (1.0, 6.0)))
    >>> low, high = lists.bounds()
    >>> round(low, 1), round(high, 1)
    (553.4, 614.6)
    """

    cells: Array
    ranges: Mapping[tuple[int, int], Range]
    three_way: Range | None = None

    @property
    def n_observed(self) -> float:
        """Distinct people seen."""
        return float(self.cells[1:].sum())

    def pair(self, pair: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return the 2 x 2 table of two samples, over the people seen.

        Parameters
        ----------
        pair : tuple of int
            Places of the two samples.

        Returns
        -------
        both, first, second, neither : float
            People; those in neither were in the third sample.
        """
        both, first, second, neither = (float(self.cells[mask].sum()) for mask in _masks(pair))
        return both, first, second, neither

    def implied(self, pair: tuple[int, int], odds_ratio: float) -> float:
        """Return the size at which two samples have a given odds ratio, all cells as observed.

        Parameters
        ----------
        pair : tuple of int
            Places of the two samples.
        odds_ratio : float
            Their odds ratio.

        Returns
        -------
        float
            People; infinite where nobody was in both. Below the number seen where more people are in the
            third sample only than the odds ratio leaves room for.
        """
        both, first, second, _ = self.pair(pair)
        if both == 0:
            return np.inf
        return both + first + second + odds_ratio * first * second / both

    def bounds(self) -> tuple[float, float]:
        """Return the sizes between which the observed cells fit exactly within all ranges.

        Returns
        -------
        low, high : float
            People. `low` exceeds `high` where no size fits.
        """
        lows = [self.implied(pair, limits[0]) for pair, limits in self.ranges.items()]
        highs = [self.implied(pair, limits[1]) for pair, limits in self.ranges.items()]
        if self.three_way is not None:
            # The larger the ratio, the fewer were missed.
            lows.append(self.implied_three_way(self.three_way[1])[0])
            highs.append(self.implied_three_way(self.three_way[0])[1])
        return max(*lows, self.n_observed), min(*highs, np.inf)

    def implied_three_way(self, ratio: float) -> tuple[float, float]:
        """Return the sizes at which the three samples have a given three-way ratio, all cells as observed.

        Parameters
        ----------
        ratio : float
            Of the odds ratio of two samples among the people in the third, over that among the others.

        Returns
        -------
        low, high : float
            People, equal but where observed cells without people leave the ratio free: then 0 and infinity.
            Infinite where nobody was in exactly some two of the samples.
        """
        above, below = (float(np.prod(self.cells[1:][mask])) for mask in (ODD[1:], ~ODD[1:]))
        if below == 0:
            return (0.0, np.inf) if above == 0 else (np.inf, np.inf)
        size = self.n_observed + above / (below * ratio)
        return size, size

    @property
    def limited_above(self) -> bool:
        """Whether a range says how large the population is at most: nobody in both says nothing."""
        by_three = self.three_way is not None and bool(np.all(self.cells[1:][~ODD[1:]] > 0))
        return by_three or any(self.pair(pair)[0] > 0 for pair in self.ranges)

    @cached_property
    def _saturated(self) -> float:
        x = self.cells[1:]
        return float((x[x > 0] * np.log(x[x > 0])).sum() - x.sum())

    @cached_property
    def best(self) -> tuple[float, float]:
        """Size where the likelihood is largest within the ranges, and how far below the free maximum.

        Returns
        -------
        size, shortfall : float
            People, and the likelihood-ratio statistic against the observed cells as they are. Where a
            range of sizes fits exactly the shortfall is 0 and the size is the middle of it.
        """
        low, high = self.bounds()
        if low <= high:
            return (low + high) / 2 if np.isfinite(high) else low, 0.0
        x, total = self.cells[1:], self.n_observed

        def loss(z: Array) -> tuple[float, Array]:
            fitted = np.exp(z)
            value = (fitted[1:].sum() - x @ z[1:] + self._saturated) / total
            return float(value), np.concatenate(([0.0], (fitted[1:] - x) / total))

        z, value = self._solve(loss, ())
        return float(np.exp(z).sum()), max(2 * value * total, 0.0)

    def limits(self, level: float) -> tuple[float, float]:
        r"""Limits of the size by profile likelihood over all ranges at once.

        A size belongs to the interval when cells can be found within the ranges whose log-likelihood lies
        at most half a chi-squared quantile (one degree of freedom) below the best.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        low, high : float
            People, before any floor; `high` is infinite where no pair sets a limit.
        """
        x, total = self.cells[1:], self.n_observed
        allowed = normal_quantile(level) ** 2 / 2 + self.best[1] / 2

        def spare(z: Array) -> float:
            return float((allowed - (np.exp(z[1:]).sum() - x @ z[1:] + self._saturated)) / total)

        def slope(z: Array) -> Array:
            return np.concatenate(([0.0], (x - np.exp(z[1:])) / total))

        near: dict[str, Any] = {"type": "ineq", "fun": spare, "jac": slope}
        found = []
        for sign in (1.0, -1.0):
            if sign < 0 and not self.limited_above:
                found.append(np.inf)
                continue

            def loss(z: Array, sign: float = sign) -> tuple[float, Array]:
                fitted = np.exp(z)
                return float(sign * np.log(fitted.sum())), sign * fitted / fitted.sum()

            found.append(float(np.exp(self._solve(loss, (near,))[0]).sum()))
        return found[0], found[1]

    def _solve(self, loss: Any, more: tuple[dict[str, Any], ...]) -> tuple[Array, float]:
        """Minimise over the logarithms of the eight cells within all ranges, from several starts."""
        from scipy.optimize import minimize

        constraints: Any = [*more, *self._constraints]
        options: Any = {"maxiter": 200, "ftol": 1e-12}
        bottom = np.log(LEAST_CELL)
        top = np.log(self.n_observed) + 60.0
        best: tuple[Array, float] | None = None
        for start in self._starts():
            with warnings.catch_warnings():
                # A step may end outside a bound by rounding, and is then put on it.
                warnings.filterwarnings("ignore", message="Values in x were outside bounds")
                done = minimize(
                    loss,
                    start,
                    jac=True,
                    method="SLSQP",
                    bounds=[(bottom, top)] * 8,
                    constraints=constraints,
                    options=options,
                )
            if not np.isfinite(done.fun) or self._violation(done.x, constraints) > SLACK:
                continue
            if best is None or done.fun < best[1]:
                best = np.asarray(done.x), float(done.fun)
        if best is None:
            raise NotEstimableError(
                "the search found no cells within the ranges; the ranges of the pairs, and of the three-way "
                "ratio where it has one, may contradict each other. Widen them."
            )
        return best

    @cached_property
    def _constraints(self) -> list[dict[str, Any]]:
        made = []
        for pair, (low, high) in self.ranges.items():
            masks = _masks(pair)

            def log_ratio(z: Array, masks: tuple[Any, ...] = masks) -> float:
                both, first, second, neither = (np.log(np.exp(z[mask]).sum()) for mask in masks)
                return float(both + neither - first - second)

            def slope(z: Array, masks: tuple[Any, ...] = masks) -> Array:
                fitted, gradient = np.exp(z), np.empty(8)
                for mask, sign in zip(masks, (1.0, -1.0, -1.0, 1.0), strict=True):
                    gradient[mask] = sign * fitted[mask] / fitted[mask].sum()
                return gradient

            if low == high:
                made.append(_constraint("eq", log_ratio, slope, 1.0, -np.log(low)))
            else:
                made.append(_constraint("ineq", log_ratio, slope, 1.0, -np.log(low)))
                made.append(_constraint("ineq", log_ratio, slope, -1.0, np.log(high)))
        if self.three_way is not None:
            low, high = self.three_way
            signs = np.where(ODD, 1.0, -1.0)
            line = (lambda z: float(signs @ z)), (lambda _: signs)
            if low == high:
                made.append(_constraint("eq", *line, 1.0, -np.log(low)))
            else:
                made.append(_constraint("ineq", *line, 1.0, -np.log(low)))
                made.append(_constraint("ineq", *line, -1.0, np.log(high)))
        return made

    def _starts(self) -> list[Array]:
        observed = np.maximum(self.cells[1:], 0.5)
        sizes = {float(self.implied(pair, limit)) for pair, limits in self.ranges.items() for limit in limits}
        for ratio in self.three_way or ():
            sizes.add(self.implied_three_way(ratio)[0])
        missed = sorted({max(size - self.n_observed, 0.5) for size in sizes if np.isfinite(size)})
        return [np.log(np.concatenate(([unseen], observed))) for unseen in missed or [self.n_observed]]

    @staticmethod
    def _violation(z: Array, constraints: list[dict[str, Any]]) -> float:
        worst = 0.0
        for constraint in constraints:
            value = constraint["fun"](z)
            worst = max(worst, abs(value) if constraint["type"] == "eq" else -value)
        return worst


def _masks(pair: tuple[int, int]) -> tuple[npt.NDArray[np.bool_], ...]:
    """Histories in both samples, the first only, the second only, neither."""
    first, second = (HISTORIES[:, place] == 1 for place in pair)
    return first & second, first & ~second, ~first & second, ~first & ~second


def _constraint(kind: str, value: Any, slope: Any, sign: float, shift: float) -> dict[str, Any]:
    return {
        "type": kind,
        "fun": lambda z: sign * value(z) + shift,
        "jac": lambda z: sign * slope(z),
    }
