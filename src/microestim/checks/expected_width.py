"""How narrow an interval would be after more data: by regression on posterior draws, without a refit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from microestim.checks.splines import KNOTS, natural_spline

__all__ = ["LEVEL", "ExpectedWidth", "expected_limits", "expected_width", "predicted_from"]

LEVEL = 0.9
"""Level of the intervals whose width is planned."""
_NEIGHBOURS = 0.1
_FOLDS = 10
_PLACES = 41


@dataclass(frozen=True)
class ExpectedWidth:
    """Width of one tier's interval, now and after one candidate.

    Parameters
    ----------
    candidate : str
        Name of the candidate.
    tier : str
        The tier.
    now, expected : float
        Width of the 90 % interval now, and its mean over the data that the candidate may bring, in people.
    low, high : float
        Between these lies the width for 80 % of such data, in people.
    factor_now, factor_expected : float
        Upper over lower limit now, and its geometric mean over such data.
    cost : float or None
        Cost of the candidate.
    """

    candidate: str
    tier: str
    now: float
    expected: float
    low: float
    high: float
    factor_now: float
    factor_expected: float
    cost: float | None

    @property
    def ratio(self) -> float:
        """Expected width over the width now."""
        return self.expected / self.now

    @property
    def saved_per_cost(self) -> float | None:
        """People of width that a unit of cost is expected to take off; None without a cost."""
        return None if self.cost is None else (self.now - self.expected) / self.cost


def expected_width(
    log_people: np.ndarray, data: np.ndarray, *, candidate: str, tier: str, cost: float | None
) -> ExpectedWidth:
    """Compare the width of a tier's interval with that after more data.

    Parameters
    ----------
    log_people : ndarray, shape (draws,)
        Draws of the log of the people.
    data : ndarray, shape (draws, numbers)
        Data drawn for each of them.
    candidate, tier : str
        Names, to be kept.
    cost : float or None
        Cost, to be kept.

    Returns
    -------
    ExpectedWidth
        The widths.
    """
    tails = (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)
    lower, upper = np.quantile(log_people, tails)
    lows, highs = expected_limits(log_people, data)
    after = np.exp(highs) - np.exp(lows)
    return ExpectedWidth(
        candidate=candidate,
        tier=tier,
        now=float(np.exp(upper) - np.exp(lower)),
        expected=float(after.mean()),
        low=float(np.quantile(after, 0.1)),
        high=float(np.quantile(after, 0.9)),
        factor_now=float(np.exp(upper - lower)),
        factor_expected=float(np.exp((highs - lows).mean())),
        cost=cost,
    )


def expected_limits(log_people: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the 90 % interval given data, for data drawn from the posterior predictive distribution.

    Parameters
    ----------
    log_people : ndarray, shape (draws,)
        Draws of the log of the people.
    data : ndarray, shape (draws, numbers)
        Data drawn for each of them.

    Returns
    -------
    low, high : ndarray, shape (draws,)
        Limits of the log of the people given each draw's data.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> truth = rng.standard_normal(4000)
    >>> low, high = expected_limits(truth, (truth + rng.standard_normal(4000))[:, None])
    >>> bool(abs((high - low).mean() - 2 * 1.645 * 0.5**0.5) < 0.1)
    True
    """
    predicted = predicted_from(log_people, data)
    residual = log_people - predicted
    order = np.argsort(predicted)
    half = max(int(_NEIGHBOURS * len(order)) // 2, 50)
    centres = np.linspace(half, len(order) - half - 1, _PLACES).astype(int)
    limits = np.array(
        [
            np.quantile(residual[order[centre - half : centre + half]], (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
            for centre in centres
        ]
    )
    at = predicted[order[centres]]
    low, high = (np.interp(predicted, at, limits[:, side]) for side in (0, 1))
    return predicted + low, predicted + high


def predicted_from(log_people: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Mean of the log of the people given data, for data drawn from the posterior predictive distribution.

    Parameters
    ----------
    log_people : ndarray, shape (draws,)
        Draws of the log of the people.
    data : ndarray, shape (draws, numbers)
        Data drawn for each of them.

    Returns
    -------
    ndarray, shape (draws,)
        For every draw, from a regression on the other draws.
    """
    features, predicted = _features(data), np.empty_like(log_people)
    # Predicted by a regression that never saw the draw, so that noise does not count as knowledge. Leaving
    # out one draw at a time would order the predictions against the very values that they are for.
    for fold in range(_FOLDS):
        out = np.arange(len(data)) % _FOLDS == fold
        coefficients = np.linalg.lstsq(features[~out], log_people[~out], rcond=None)[0]
        predicted[out] = features[out] @ coefficients
    return predicted


def _features(data: np.ndarray) -> np.ndarray:
    """Natural splines of every number and products of pairs, without what does not vary."""
    spread = data.std(axis=0)
    numbers = (data - data.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    columns = [np.ones((len(data), 1))]
    for each in numbers.T:
        # Counts of few people repeat: as many knots as there are different values, at most.
        many = len(np.unique(np.quantile(each, KNOTS))) == len(KNOTS)
        columns.append(natural_spline(each, each)[:, 1:] if many else each[:, None])
    first, second = np.triu_indices(numbers.shape[1], 1)
    columns.append(numbers[:, first] * numbers[:, second])
    whole = np.hstack(columns)
    # Columns that are combinations of others add nothing.
    values, vectors = np.linalg.eigh(whole.T @ whole / len(whole))
    kept = values > 1e-9 * values[-1]
    return np.asarray(whole @ vectors[:, kept])
