"""Nonparametric maximum likelihood of a Poisson mixture, with the gradient that certifies it.

The log-likelihood is concave in the mixing distribution, so a distribution is at the maximum exactly when no
point mass added to it raises the likelihood: the largest directional derivative is at most zero, and however
large it is, the likelihood at the maximum exceeds the one reached by no more (Lindsay 1983,
doi:10.1214/aos/1176346059).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from microestim.estimators.frequency_counts.mixture_data import LOWEST_RATE, ROOT_STEP, MixtureData, odds_of

__all__ = ["Mixture", "best_mixture"]

Array = npt.NDArray[np.float64]

# A step that leaves a class without a chance is refused by its likelihood; until then its slopes stay finite.
LEAST_FITTED = 1e-120
# How far below the maximum the log-likelihood may lie, for one person and for all constants together.
TOLERANCE, RELATIVE = 1e-9, 1e-13
NEXT_TO_ZERO = 1e-3
FINER = np.linspace(0, 1, 17)[:, None]
WIDE_ROOT, FAR, SPREAD = 3.0, 1e4, (0.1, 1e-2, 1e-3, 1e-4)
STEPS, STALLED, HALVINGS, POLISH, REFINED = 500, 30, 40, 20, 5


@dataclass(frozen=True)
class Mixture:
    """A mixing distribution with finitely many points.

    Parameters
    ----------
    rates, weights : ndarray, shape (points,)
        Where the mass is, ascending, and how much; weights add up to 1.
    loglik : float
        Penalised log-likelihood, with all constants but the multinomial coefficient.
    gap : float
        No mixing distribution has a log-likelihood higher than this one's by more.
    certified : bool
        Whether `gap` is as small as rounding allows.
    """

    rates: Array
    weights: Array
    loglik: float
    gap: float = np.inf
    certified: bool = False

    @property
    def odds(self) -> float:
        """Odds of not being seen, with a truncated mixture: infinite with mass at a rate of zero."""
        return float((self.weights * odds_of(self.rates)).sum())


def best_mixture(data: MixtureData, start: Mixture | None = None) -> Mixture:
    """Find the mixing distribution with the highest likelihood, by the constrained Newton method.

    Parameters
    ----------
    data : MixtureData
        The counts and what is mixed.
    start : Mixture, optional
        A distribution near to the one that is looked for.

    Returns
    -------
    Mixture
        At the maximum, as `gap` certifies; `certified` is False where rounding kept it from getting there.

    Notes
    -----
    Each step adds every local maximum of the gradient to the support, and solves a least-squares problem for
    the weights [1]_; then support and weights together are brought to where all derivatives vanish by
    Newton's method. What certifies the result is the gradient, not the steps.

    References
    ----------
    .. [1] Wang, Y. (2007). On fast computation of the non-parametric maximum likelihood estimate of a mixing
       distribution. Journal of the Royal Statistical Society B 69(2), 185-198.
       doi:10.1111/j.1467-9868.2007.00583.x

    Examples
    --------
    >>> data = MixtureData(np.array([0.0, 1.0, 8.0]), np.array([5.0, 5.0, 10.0]), truncated=False)
    >>> found = best_mixture(data)
    >>> found.rates.round(3), found.weights.round(3)
    (array([0.498, 7.966]), array([0.498, 0.502]))
    """
    search = _Search(data)
    if start is None:
        state = search.state(data.start(), np.ones(data.start().size))
    else:
        state = search.polished(search.state(start.rates, start.weights))
    limit = search.limit(state)
    stalled, best = 0, state
    for _ in range(STEPS):
        gap, tops = search.gradient_tops(state)
        if gap < best.gap:
            best = replace(state, gap=max(gap, 0.0))
        if gap <= limit or stalled == STALLED:
            break
        after = search.polished(search.newton_step(state, tops))
        if np.array_equal(after.rates, state.rates) and np.array_equal(after.weights, state.weights):
            # Each step from here would be this one again.
            break
        # Rounding alone moves the likelihood now.
        stalled = stalled + 1 if after.loglik - state.loglik < 1e-3 * limit else 0
        state = after
    return replace(best, certified=best.gap <= max(1e-6, 100 * limit))


class _Search:
    """One search: the kernel on the grid is computed once."""

    def __init__(self, data: MixtureData) -> None:
        self.data = data
        self.grid, self.kernel = data.grid()
        self.grid_odds = odds_of(self.grid) if data.odds is not None else np.zeros(self.grid.size)

    def limit(self, state: Mixture) -> float:
        """Return what rounding makes of differences between log-likelihoods."""
        return TOLERANCE + RELATIVE * (abs(state.loglik) + self.data.total)

    def state(self, rates: Array, weights: Array) -> Mixture:
        order = np.argsort(rates)
        rates, weights = rates[order], weights[order] / weights.sum()
        return Mixture(rates, weights, self.loglik(rates, weights))

    def loglik(self, rates: Array, weights: Array) -> float:
        fitted = np.exp(self.data.log_kernel(rates)) @ weights
        with np.errstate(divide="ignore"):
            value = float((self.data.people * np.log(fitted)).sum()) + self.data.constant
        if self.data.odds is None:
            return value
        return value - self.data.penalty(float(weights @ odds_of(rates)))[0]

    def gradient_tops(self, state: Mixture) -> tuple[float, Array]:
        """Largest directional derivative towards one point, and the rates of all local maxima."""
        data = self.data
        fitted = np.maximum(np.exp(data.log_kernel(state.rates)) @ state.weights, LEAST_FITTED)
        shares = data.people / fitted
        slope, odds = 0.0, 0.0
        if data.odds is not None:
            odds = float(state.weights @ odds_of(state.rates))
            slope = data.penalty(odds)[1]
        values = shares @ self.kernel - slope * self.grid_odds
        padded = np.concatenate(([-np.inf], values, [-np.inf]))
        tops = np.flatnonzero((values >= padded[:-2]) & (values > padded[2:]))
        low = self.grid[np.maximum(tops - 1, 0)]
        high = self.grid[np.minimum(tops + 1, self.grid.size - 1)]
        # Between the points too: near two points of support the gradient can have two tops in one step.
        mesh = np.maximum((np.sqrt(low) + FINER * (np.sqrt(high) - np.sqrt(low))) ** 2, LOWEST_RATE * 1e-3)
        heights = (shares @ np.exp(data.log_kernel(mesh.ravel()))).reshape(mesh.shape)
        if data.odds is not None:
            heights = heights - slope * odds_of(mesh)
        finer, middle = mesh[heights.argmax(axis=0), np.arange(tops.size)], self.grid[tops]
        for _ in range(REFINED):
            rise, bend = self._rise(shares, slope, finer)
            # Where it is not bent downwards the point of the grid stands; Newton's step stays between
            # neighbours.
            step = np.where(bend < 0, -rise / np.where(bend < 0, bend, -1.0), 0.0)
            finer = np.clip(finer + step, np.maximum(low, LOWEST_RATE * 1e-3), high)
        # And around the support, where the grid may have no top of its own.
        around = np.maximum(np.sqrt(state.rates) + ROOT_STEP * (2 * FINER - 1), np.sqrt(LOWEST_RATE)) ** 2
        rates = np.concatenate((finer, middle, state.rates, around.ravel()))
        level = shares @ np.exp(data.log_kernel(rates)) - data.total
        if data.odds is not None:
            level = level - slope * (odds_of(rates) - odds)
        found = level[: 2 * tops.size].reshape(2, -1)
        best = np.where(found[0] >= found[1], finer, middle)
        return float(level.max()), best[found.max(axis=0) > -0.5 * data.total]

    def _rise(self, shares: Array, slope: float, rates: Array) -> tuple[Array, Array]:
        """First and second derivative of the gradient by the rate of the point that it is taken towards."""
        first, second = self.data.slopes(rates)
        kernel = np.exp(self.data.log_kernel(rates))
        rise, bend = shares @ (kernel * first), shares @ (kernel * (second + first**2))
        if slope:
            # The odds fall by their own product with one plus themselves.
            each = odds_of(rates)
            rise = rise + slope * each * (1 + each)
            bend = bend - slope * each * (1 + each) * (1 + 2 * each)
        return rise, bend

    def newton_step(self, state: Mixture, tops: Array) -> Mixture:
        """Best weights on the old support and the new points, for the quadratic that fits at the state."""
        from scipy.optimize import nnls

        data = self.data
        rates = np.concatenate((state.rates, tops))
        weights = np.concatenate((state.weights, np.zeros(tops.size)))
        kernel = np.exp(data.log_kernel(rates))
        before = state.loglik
        ratios = kernel / np.maximum(kernel @ weights, LEAST_FITTED)[:, None]
        if ratios.max() > FAR:
            # From next to nothing a Newton step only doubles a chance: first some mass everywhere.
            for share in SPREAD:
                spread = np.concatenate(((1 - share) * state.weights, np.full(tops.size, share / tops.size)))
                if (level := self.loglik(rates, spread)) > before:
                    weights, before = spread, level
            ratios = kernel / np.maximum(kernel @ weights, LEAST_FITTED)[:, None]
        rows = np.sqrt(data.people / data.total)[:, None] * (ratios - 2)
        if data.odds is not None:
            each = odds_of(rates)
            _, slope, curve = data.penalty(float(weights @ each))
            target = float(weights @ each) - slope / curve
            rows = np.vstack((rows, np.sqrt(curve / data.total) * (each - target)))
        # Least squares with weights that add up to one, as nonnegative least squares (Dax 1990).
        wanted = np.concatenate((np.zeros(len(rows)), [1.0]))
        solved, _ = nnls(np.vstack((rows, np.ones(rates.size))), wanted, maxiter=50 * rates.size)
        aim = solved / solved.sum()
        # What is fitted on the way is between what is fitted at its ends.
        shares = 0.5 ** np.arange(HALVINGS)
        fitted = np.outer(1 - shares, kernel @ weights) + np.outer(shares, kernel @ aim)
        with np.errstate(divide="ignore"):
            levels = np.log(fitted) @ data.people + data.constant
        if data.odds is not None:
            odds = (1 - shares) * float(weights @ each) + shares * float(aim @ each)
            levels = levels - (odds - data.odds) ** 2 / (2 * data.odds)
        for share in shares[levels > before]:
            tried = (1 - share) * weights + share * aim
            kept = tried > 1e-14
            after = self.state(rates[kept], tried[kept])
            if after.loglik > before:
                return after
        return self.state(rates, weights) if before > state.loglik else state

    def polished(self, state: Mixture) -> Mixture:
        """Bring support and weights to where all derivatives vanish, without lowering the likelihood."""
        state = self._merged(state)
        slope, curvature = self._derivatives(state)
        # Where the likelihood itself is flat in rounding, its derivatives still tell the way.
        rounding = 1e-13 * (abs(state.loglik) + self.data.total)
        for _ in range(POLISH):
            after = self._joint_step(state, slope, curvature)
            if after is None or after.loglik < state.loglik - rounding:
                break
            next_slope, next_curvature = self._derivatives(after)
            if after.loglik <= state.loglik and np.abs(next_slope).max() >= np.abs(slope).max():
                break
            state, slope, curvature = after, next_slope, next_curvature
        return self._merged(state)

    def _merged(self, state: Mixture) -> Mixture:
        """Join points that stand so close together that they stand for one, and one next to zero with it."""
        if self.data.odds is None and 0 < state.rates[0] < NEXT_TO_ZERO:
            # From above zero a Newton step never gets there.
            at_zero = self.state(np.concatenate(([0.0], state.rates[1:])), state.weights)
            if at_zero.loglik >= state.loglik - 1e-15 * (abs(state.loglik) + self.data.total):
                state = at_zero
        while state.rates.size > 1:
            roots = np.sqrt(state.rates)
            # Relative where rates are small; above, against how far the distributions reach.
            gaps = np.diff(roots) / (1e-3 + np.minimum(roots[1:], WIDE_ROOT))
            place = int(np.argmin(gaps))
            if gaps[place] > 0.1:
                break
            pair = state.weights[place : place + 2]
            joined = float(pair @ state.rates[place : place + 2] / pair.sum())
            rates = np.concatenate((state.rates[:place], [joined], state.rates[place + 2 :]))
            weights = np.concatenate((state.weights[:place], [pair.sum()], state.weights[place + 2 :]))
            merged = self.state(rates, weights)
            settled = self._joint_step(merged, *self._derivatives(merged))
            merged = merged if settled is None or settled.loglik < merged.loglik else settled
            if merged.loglik < state.loglik - self.limit(state):
                break
            state = merged
        return state

    def _derivatives(self, state: Mixture) -> tuple[Array, Array]:
        """Slopes and curvature by the weights, then by the rates above zero.

        The multiplier of the weights' sum is the number of people, since doubling all weights adds it times
        log 2.
        """
        data = self.data
        rates, weights = state.rates, state.weights
        free = np.flatnonzero(rates > 0)
        kernel = np.exp(data.log_kernel(rates))
        log_first, log_second = data.slopes(rates[free])
        first = kernel[:, free] * log_first
        second = kernel[:, free] * (log_second + log_first**2)
        fitted = np.maximum(kernel @ weights, LEAST_FITTED)
        shares = data.people / fitted
        by = np.hstack((kernel, first * weights[free]))
        slope = shares @ by
        slope[: rates.size] -= data.total
        curvature = -(by * (shares / fitted)[:, None]).T @ by
        at = rates.size + np.arange(free.size)
        curvature[at, at] += weights[free] * (shares @ second)
        cross = shares @ first
        if data.odds is not None:
            each = odds_of(rates)
            fall = -each * (1 + each)
            average = float(weights @ each)
            _, lean, bend = data.penalty(average)
            # Of the penalty of the weights' average, which no multiple of the weights changes.
            way = np.concatenate((each - average, weights * fall))
            slope -= lean * way
            curvature -= bend * np.outer(way, way)
            curvature[at, at] -= lean * weights * (each * (1 + each) * (1 + 2 * each))
            cross = cross - lean * fall
        curvature[free, at] += cross
        curvature[at, free] += cross
        return slope, curvature

    def _joint_step(self, state: Mixture, slope: Array, curvature: Array) -> Mixture | None:
        """Go one Newton step in rates and weights, as far as both stay positive."""
        rates, weights = state.rates, state.weights
        free = np.flatnonzero(rates > 0)
        try:
            step = np.linalg.solve(curvature, -slope)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        values = np.concatenate((weights, rates[free]))
        # At most most of the way to where a weight or a rate is zero.
        falling = step < 0
        with np.errstate(over="ignore"):
            # A step next to nothing never leads to zero.
            share = min(1.0, 0.9 * float((values[falling] / -step[falling]).min(initial=np.inf)))
        values = values + share * step
        moved = rates.copy()
        moved[free] = values[rates.size :]
        return self.state(moved, values[: rates.size])
