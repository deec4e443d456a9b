"""Memberships: numbers, platforms and the tie between a person's accounts, against brute force."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from microestim.models.inclusion import inclusion_chances, solve_weights
from microestim.models.memberships import (
    active_elsewhere,
    membership_chances,
    membership_pmf,
    normal_quantile,
)
from microestim.models.namespace import NUMPY


@given(
    n_platforms=st.integers(2, 25),
    memberships=st.floats(0.01, 20),
    slope=st.floats(-2, 3),
    dispersion=st.floats(0.001, 0.9),
)
def test_numbers_of_memberships_are_beta_binomial(n_platforms, memberships, slope, dispersion):
    chance = membership_chances(NUMPY, n_platforms, np.array(memberships), np.array(slope))
    pmf = np.stack(membership_pmf(NUMPY, n_platforms, chance, np.array(dispersion)), axis=-1)
    others = n_platforms - 1
    size = 1 / dispersion - 1
    for cell in (0, 20, 46):
        expected = stats.betabinom(others, chance[cell] * size, (1 - chance[cell]) * size).pmf(
            range(n_platforms)
        )
        # SciPy sums log gammas of up to 1,000, good to some 1e-10.
        assert np.allclose(pmf[cell], expected, rtol=1e-8, atol=1e-12)
    assert np.allclose(pmf.sum(-1), 1.0, atol=1e-12)
    assert np.allclose(pmf @ np.arange(n_platforms), others * chance, rtol=1e-10)


def test_memberships_at_a_weekly_rate_are_the_odds():
    # Log rate 2 (7.4 visits a month) is where the odds are read off: chance = odds / (J - 1 + odds).
    chance = membership_chances(NUMPY, 7, np.array(0.5), np.array(0.0))
    assert np.allclose(chance, 0.5 / 6.5, rtol=1e-12)


@given(
    weights=st.lists(st.floats(1e-4, 1e4), min_size=2, max_size=6),
)
def test_inclusion_chances_against_all_subsets(weights):
    chances = inclusion_chances(np.array(weights))
    n = len(weights)
    for k in range(1, n + 1):
        subsets = list(itertools.combinations(range(n), k))
        products = np.array([np.prod([weights[j] for j in subset]) for subset in subsets])
        on = np.array([[j in subset for j in range(n)] for subset in subsets])
        assert np.allclose(chances[:, k - 1], products @ on / products.sum(), rtol=1e-10)
    assert np.allclose(chances.sum(0), range(1, n + 1), rtol=1e-12)


@pytest.mark.parametrize("n_platforms", [7, 23, 40])
def test_inclusion_chances_survive_weights_that_run_away(n_platforms):
    weights = np.geomspace(1.0, 1e-300, n_platforms)
    chances = inclusion_chances(weights)
    assert np.isfinite(chances).all()
    assert np.allclose(chances.sum(0), range(1, n_platforms + 1), rtol=1e-9)


def binomial(n: int, chance: float) -> Callable[[np.ndarray], np.ndarray]:
    return stats.binom(n, chance).pmf


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param([1, 1, 1], id="three alike"),
        pytest.param([100, 1, 1, 1, 1, 1, 1], id="one giant"),
        pytest.param([1, 100, 30, 10, 3, 1, 1], id="the frame is tiny"),
        pytest.param(np.geomspace(1, 300, 12), id="twelve, skewed"),
    ],
)
def test_weights_give_every_platform_its_accounts(shares):
    shares = np.asarray(shares, dtype=float)
    n = len(shares)
    true = shares / shares.sum()
    rng = np.random.default_rng(1)
    # Any weights and any numbers of memberships are a possible population: these are their accounts.
    weights = true * rng.lognormal(0.0, 0.3, n)
    chances = inclusion_chances(weights)
    people = 1e5 * binomial(n - 1, 0.08)(np.arange(n))
    accounts = chances @ people
    frame = np.eye(n)[0]
    frame_pmf = chances[0] * people / (chances[0] @ people)
    found, residual = solve_weights(accounts[None], frame_pmf[None], frame, np.zeros((1, len(accounts))))
    # Sixty steps leave a miss of 1e-6, but of 0.15 % where nearly everybody is on one platform.
    assert residual[0] < 0.002
    assert np.allclose(inclusion_chances(found[0]), chances, rtol=0.02, atol=1e-9)


def test_quantile_stays_within_its_promise():
    p = np.concatenate([np.geomspace(1e-3, 0.5, 200), 1 - np.geomspace(1e-3, 0.5, 200)])
    assert np.max(np.abs(normal_quantile(NUMPY, p) - stats.norm.ppf(p))) < 0.01


@pytest.mark.parametrize("correlation", [0.1, 0.55, 0.9])
def test_active_elsewhere_against_pairs_of_scores(correlation):
    rng = np.random.default_rng(3)
    own = 0.7
    other = correlation * own + np.sqrt(1 - correlation**2) * rng.standard_normal(400_000)
    expected = (other > 1.2).mean()
    got = active_elsewhere(NUMPY, np.array([own]), np.array(1.2), np.array(correlation))[0]
    # Four binomial standard errors; seeded.
    assert got == pytest.approx(expected, abs=4 * np.sqrt(expected / 400_000))
