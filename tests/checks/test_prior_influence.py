"""The influence of a prior, against cases that have an exact answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

import microestim as me
from microestim.checks.prior_influence import PriorInfluence, prior_influence, scale_change, scaled_prior
from microestim.errors import InputError


@pytest.fixture(scope="module")
def influence(converged_prior_fit: me.WorkforceFit) -> PriorInfluence:
    return prior_influence(converged_prior_fit)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (0.8, 0.5), (-1.5, 0.3)])
def test_change_of_scale_is_exact_for_a_normal_posterior(factor: float, mean: float, variance: float) -> None:
    rng = np.random.default_rng(3)
    z = mean + math.sqrt(variance) * rng.standard_normal(40_000)
    log_people = {"weekly": 9.0 + 0.7 * z + 0.2 * rng.standard_normal(len(z))}
    change = scale_change(z, log_people, factor)
    precision = 1.0 / variance - 1.0 + factor**-2
    exact = math.expm1(0.7 * (mean / variance / precision - mean))
    # Monte Carlo of reweighted quantiles: weights are uneven enough to leave some 2,000 effective draws,
    # so 0.7 * 0.8 / sqrt(2000) = 0.013, three times over.
    assert change.change["weekly"] == pytest.approx(exact, abs=0.04)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_simulation_errors_are_of_the_right_size(factor: float) -> None:
    ratios = []
    for seed in range(60):
        z, y = np.random.default_rng(seed).standard_normal((2, 2_000))
        # Nothing hangs on z, so every change is simulation error.
        found = scale_change(z, {"weekly": 0.5 * y}, factor)
        ratios.append(found.change["weekly"] / found.error["weekly"])
    # Errors from 8 batches have Student's t with 7 degrees of freedom: standard deviation 1.18, itself
    # known to 1.18 / sqrt(2 * 60) = 0.11, or 0.15 with the heavy tails; three of these.
    assert np.std(ratios) == pytest.approx(1.18, abs=0.45)
    # Beyond three errors in 2 % of cases, so 1.2 of 60 expected; more than 5 has chance below 0.002.
    assert np.sum(np.abs(ratios) > 3.0) <= 5


def test_a_curved_dependence_moves_the_median_although_the_mean_stays() -> None:
    z = np.random.default_rng(5).standard_normal(40_000)
    change = scale_change(z, {"weekly": 0.3 * z * z}, 0.5)
    # The median of z² is 0.4549, and a quarter of that with half the scale. A spline of five knots meets the
    # parabola to about 0.02.
    exact = math.expm1(0.3 * 0.4549 * (0.25 - 1.0))
    assert change.change["weekly"] == pytest.approx(exact, abs=0.03)


def test_draws_of_the_prior_have_no_contraction(influence: PriorInfluence) -> None:
    # A sample variance of 1,600 normal draws has standard error sqrt(2 / 1600) = 0.035; five of them.
    own = [each for each in influence.quantities if each.name != "accounts_centre"]
    assert max(abs(each.contraction) for each in own) < 0.18
    assert max(abs(each.shift) for each in own) < 0.13


def test_correlations_are_those_of_the_draws(
    influence: PriorInfluence, converged_prior_fit: me.WorkforceFit
) -> None:
    z = np.log(converged_prior_fit.quantity("inflation")).ravel()
    expected = np.corrcoef(z, np.log(converged_prior_fit.draws("registered")).ravel())[0, 1] ** 2
    # The prior is log-normal: its coordinate is linear in the log of the quantity.
    assert influence["inflation"].squared_correlation["registered"] == pytest.approx(expected, rel=1e-9)


def test_the_centre_of_the_sizes_is_measured_where_totals_replace_its_coordinate(
    influence: PriorInfluence, converged_prior_fit: me.WorkforceFit
) -> None:
    prior = converged_prior_fit.priors["accounts_centre"]
    z = (np.asarray(converged_prior_fit.latent.sizes.level) - prior.location) / prior.spread
    assert influence["accounts_centre"].contraction == pytest.approx(1.0 - z.var(), rel=1e-9)
    # The declared total pins it down.
    assert influence["accounts_centre"].contraction > 0.5


def test_every_prior_of_the_model_is_listed(
    influence: PriorInfluence, converged_prior_fit: me.WorkforceFit
) -> None:
    assert {each.prior.name for each in influence.quantities} == set(converged_prior_fit.priors)
    frame = influence.to_frame()
    assert list(frame["quantity"]) == [each.name for each in influence.quantities]
    assert len(influence.table.rows) == len(frame)


def test_the_most_influential_has_the_largest_weight(influence: PriorInfluence) -> None:
    name, sentence = influence.most_influential
    frame = influence.to_frame()
    assert name == frame.loc[frame["weight"].idxmax(), "quantity"]
    assert influence[name].prior.meaning in sentence
    with pytest.raises(InputError, match="no quantity 'departed'"):
        influence["departed"]


def test_scaled_prior_refuses_what_is_not_a_scale() -> None:
    prior = me.WorkforceModel(me.load_study("fr-2018")).priors["departure"]
    assert scaled_prior(prior, 0.5).spread == pytest.approx(prior.spread / 2)
    for factor in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="above 0"):
            scaled_prior(prior, factor)
