"""Evidence against what was assumed of it: uniform where it comes from the prior, named where it does not."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import microestim as me
from microestim.checks.conflict import two_sided
from microestim.checks.power_scaling import SENSITIVE_ABOVE, PowerScaling, check_power_scaling, power_scaling
from microestim.checks.prior_conflict import check_assumptions, check_prior_predictive
from microestim.models.evaluation import Deviates, evaluate
from microestim.models.people import TIER_IDS
from microestim.simulate import simulate_evidence


def changed(fit: me.WorkforceFit, **members: Any) -> me.WorkforceFit:
    other = copy.copy(fit)
    other.__dict__ |= members
    return other


def test_figures_that_the_prior_calls_impossible_are_named(
    prior_fit: me.WorkforceFit, make_prior_fit: Callable[..., me.WorkforceFit]
) -> None:
    assert check_prior_predictive(prior_fit).passed is True
    study = prior_fit.study.replacing("ff-registrations", value=5e11)
    check = check_prior_predictive(make_prior_fit(study, draws=100))
    assert check.passed is False
    assert "ff-registrations" in check.sentence
    assert "others-registrations" not in check.sentence


def test_p_values_of_evidence_drawn_from_the_prior_are_uniform(single_platform_fit: me.WorkforceFit) -> None:
    fit = single_platform_fit
    model = me.WorkforceModel(fit.study)
    worlds = [simulate_evidence(model, rng).design.observations for rng in range(120)]
    rng = np.random.default_rng(7)
    size = len(fit.design.parameters) + len(fit.design.rows)
    deviates = Deviates.from_vectors(rng.standard_normal((4_000, size)), fit.design)
    latent = evaluate(fit.design, fit.all_priors, deviates, generative=True)
    place = next(i for i, o in enumerate(fit.design.observations) if o.name == "ff-audience")
    observation = fit.design.observations[place]
    replicates = np.asarray(observation.statistic(observation.replicate(rng, latent)))
    p = [two_sided(float(world[place].statistic(world[place].observed)), replicates) for world in worlds]
    # A seeded test at 1 in 1,000.
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_a_quantity_far_from_its_prior_is_named(converged_prior_fit: me.WorkforceFit) -> None:
    influence = converged_prior_fit.prior_influence()
    assert check_assumptions(converged_prior_fit).passed is True
    first = influence["inflation"]

    def shifted(shift: float, contraction: float) -> me.WorkforceFit:
        moved = dataclasses.replace(first, shift=shift, contraction=contraction)
        quantities = tuple(moved if each is first else each for each in influence.quantities)
        return changed(
            converged_prior_fit, _prior_influence=dataclasses.replace(influence, quantities=quantities)
        )

    failed = check_assumptions(shifted(2.0, 0.2))
    assert failed.passed is False
    # The prior's median times exp(2 x 0.7).
    assert "inflation (1.01 against 0.25" in failed.sentence
    # So well known that a shift of two is what evidence from the prior may bring.
    assert check_assumptions(shifted(2.0, 0.95)).passed is True
    assert check_assumptions(shifted(1.4, 0.05)).passed is True


def test_power_scaling_of_draws_of_the_prior_finds_no_evidence_in_what_was_not_used(
    converged_prior_fit: me.WorkforceFit,
) -> None:
    scaled = power_scaling(converged_prior_fit)
    # A prior on which no tier depends does not matter; the level of accounts does.
    assert max(scaled.by_prior["wave_dependence"].values()) < SENSITIVE_ABOVE
    assert max(scaled.by_prior["accounts_centre"].values()) > 0.0
    assert set(scaled.by_evidence) == {o.name for o in converged_prior_fit.design.observations}
    assert "active_share of platforms" not in scaled.by_prior
    assert "accounts_level" not in scaled.by_prior


def test_power_scaling_is_the_distance_that_closed_forms_give() -> None:
    """For a normal posterior from a normal prior, beside the exact distance by quadrature."""
    import arviz as az
    import xarray as xr

    rng = np.random.default_rng(1)
    # Prior N(0, 1), evidence N(y = 4, 1): the posterior is N(2, 1 / 2).
    draws = rng.normal(2.0, np.sqrt(0.5), (4, 5_000))
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({"t": (("chain", "draw"), draws)}),
            "/log_prior": xr.Dataset({"a": (("chain", "draw"), -0.5 * draws**2)}),
            "/log_likelihood": xr.Dataset({"b": (("chain", "draw"), -0.5 * (4.0 - draws) ** 2)}),
        }
    )
    both = [float(az.psense(tree, group=group)["t"]) for group in ("prior", "likelihood")]
    # Prior and evidence pull by as much: equal by symmetry, and far from nothing.
    assert both[0] == pytest.approx(both[1], rel=0.1)
    assert min(both) > SENSITIVE_ABOVE


def test_the_diagnosis_of_a_tier_follows_from_both_sensitivities(
    converged_prior_fit: me.WorkforceFit,
) -> None:
    def scaled(priors: float, evidence: float) -> str:
        return PowerScaling(
            priors=dict.fromkeys(TIER_IDS, priors),
            evidence=dict.fromkeys(TIER_IDS, evidence),
            by_prior={},
            by_evidence={},
        ).diagnosis("weekly")

    assert scaled(0.01, 0.2) == "priors matter little"
    assert scaled(0.2, 0.01) == "rests on priors more than on evidence"
    assert scaled(0.2, 0.2) == "priors and evidence both matter, and may pull apart"
    check = check_power_scaling(converged_prior_fit)
    assert check.passed is None
    assert check.table is not None
    assert [row[0] for row in check.table.rows[:2]] == ["all priors", "all evidence"]
