"""Scores of draws against a truth: closed forms, brute force, and refusals."""

import math
from statistics import NormalDist

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.simulate import crps, interval_score, score_draws


def test_crps_of_a_few_draws_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 50):
        x, truth = rng.gamma(2, 3, size), float(rng.gamma(2, 3))
        pairs = np.mean([[abs(a - b) for a in x] for b in x])
        assert crps(x, truth) == pytest.approx(np.mean(np.abs(x - truth)) - pairs / 2, rel=1e-12)


def test_crps_of_a_normal_distribution_in_closed_form() -> None:
    """Gneiting and Raftery (2007), equation 21, at a grid of quantiles, which leaves an error of 1e-4."""
    n = 20_000
    x = np.array([NormalDist(3, 2).inv_cdf((i + 0.5) / n) for i in range(n)])
    for truth in (-1.0, 3.0, 6.5):
        z = (truth - 3) / 2
        standard = NormalDist()
        exact = 2 * (z * (2 * standard.cdf(z) - 1) + 2 * standard.pdf(z) - 1 / math.sqrt(math.pi))
        assert crps(x, truth) == pytest.approx(exact, abs=2e-4)


def test_crps_is_the_integrated_squared_distance_of_distribution_functions() -> None:
    x, truth = np.array([1.0, 2.0, 5.0]), 3.0
    grid = np.linspace(0, 6, 600_001)
    below = np.mean(grid[:, None] >= x, axis=1)
    assert crps(x, truth) == pytest.approx(np.trapezoid((below - (grid >= truth)) ** 2, grid), abs=1e-4)


def test_interval_score_penalises_by_the_level() -> None:
    assert interval_score(2, 6, 4, level=0.8) == 4
    assert interval_score(2, 6, 1, level=0.8) == pytest.approx(4 + 10)
    assert interval_score(2, 6, 7.5, level=0.95) == pytest.approx(4 + 40 * 1.5)


def test_the_true_interval_has_the_best_expected_score() -> None:
    right = NormalDist().inv_cdf(0.95)
    truth = np.random.default_rng(2).standard_normal(20_000)
    expected = {
        z: np.mean([interval_score(-z, z, float(y), level=0.9) for y in truth]) for z in (right, 1.2, 2.3)
    }
    assert min(expected, key=expected.__getitem__) == right


def test_scores_of_draws() -> None:
    draws = np.exp(np.random.default_rng(3).normal(math.log(1_000), 0.3, (4, 5_000)))
    scores = score_draws(draws, 1_500.0)
    assert scores["log_bias"] == pytest.approx(math.log(np.median(draws) / 1_500))
    assert scores["crps"] == pytest.approx(crps(draws, 1_500.0))
    assert scores["log_crps"] == pytest.approx(crps(np.log(draws), math.log(1_500)))
    # 1,500 is 1.35 standard deviations of the log above the middle: in the interval from 82 % on.
    assert [i["covered"] for i in scores["intervals"]] == [False, False, True, True]
    for interval in scores["intervals"]:
        low, high = np.quantile(draws, [0.5 - interval["level"] / 2, 0.5 + interval["level"] / 2])
        assert (interval["low"], interval["high"], interval["width"]) == pytest.approx(
            (low, high, high - low)
        )
        assert interval["score"] == pytest.approx(interval_score(low, high, 1_500, level=interval["level"]))
        # Quantiles of logs are logs of quantiles, but for the step between two draws.
        assert interval["log_width"] == pytest.approx(math.log(high / low), rel=1e-3)


def test_a_draw_of_zero_has_no_logarithm() -> None:
    scores = score_draws([0.0, 1.0, 2.0], 1.0)
    assert scores["log_bias"] is None
    assert scores["log_crps"] is None
    assert scores["intervals"][0]["log_score"] is None
    assert scores["crps"] == pytest.approx(2 / 3 - 4 / 9)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: crps([], 1.0), "no draws"),
        (lambda: crps([1.0, math.nan], 1.0), "not a finite number"),
        (lambda: score_draws([1.0, -1.0], 1.0), "at least 0"),
        (lambda: interval_score(2, 1, 1, level=0.9), "wrong order"),
        (lambda: interval_score(1, 2, 1, level=90), "between 0 and 1"),
    ],
)
def test_refusals(call: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        call()


def test_scores_are_public() -> None:
    assert {"crps", "interval_score", "score_draws"} <= set(me.simulate.__all__)
