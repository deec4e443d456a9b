from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln

from microestim.estimators.closed_populations.symmetric import (
    history_moments,
    log_symmetric,
    log_total,
    transitions,
)


def listed(log_effects, log_weights):
    """Weights of all histories, listed one by one."""
    histories = np.array(list(product((0, 1), repeat=len(log_effects))))
    return histories, np.exp(histories @ log_effects + log_weights[histories.sum(axis=1)])


@pytest.mark.parametrize("t", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("without_zero", [True, False])
def test_moments_equal_those_of_all_histories_listed(t, without_zero):
    rng = np.random.default_rng(t)
    effects, weights = rng.normal(scale=2, size=t), rng.normal(scale=2, size=t + 1)
    if without_zero:
        weights[0] = -np.inf
    histories, each = listed(effects, weights)
    chance = each / each.sum()
    margins = histories.sum(axis=1)
    found = history_moments(effects, weights)
    # Sums of at most 1024 positive terms: a few units of rounding.
    close = {"rel": 1e-12, "abs": 1e-15}
    assert found.log_total == pytest.approx(np.log(each.sum()), rel=1e-12)
    assert log_total(effects, weights) == pytest.approx(found.log_total, rel=1e-12)
    assert found.captured == pytest.approx(chance @ histories, **close)
    assert found.pairs == pytest.approx((histories.T * chance) @ histories, **close)
    assert found.margin == pytest.approx(np.bincount(margins, chance, t + 1), **close)
    joint = [np.bincount(margins, chance * column, t + 1) for column in histories.T]
    assert found.captured_with_margin == pytest.approx(np.array(joint), **close)


def test_equal_effects_at_500_occasions_give_binomial_numbers():
    t, effect = 500, -3.0
    k = np.arange(t + 1)
    exact = gammaln(t + 1) - gammaln(k + 1) - gammaln(t - k + 1) + effect * k
    # 500 additions in logs of size 500, each good to 1e-16 of them.
    assert log_symmetric(np.full(t, effect)) == pytest.approx(exact, rel=1e-11, abs=1e-11)


def test_steep_weights_and_uneven_effects_neither_overflow_nor_lose_probability():
    t = 200
    effects = np.linspace(-60.0, 20.0, t)
    weights = 0.4 * np.arange(t + 1.0) ** 2
    total, chances = transitions(effects, weights)
    assert np.isfinite(total)
    assert ((chances >= 0) & (chances <= 1)).all()
    found = history_moments(effects, weights)
    # 200 steps, each rounding a probability once.
    assert found.margin.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.captured.sum() == pytest.approx(found.margin @ np.arange(t + 1), rel=1e-12)
