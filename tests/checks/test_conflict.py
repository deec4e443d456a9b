"""Conflict between sources: exact models beside the formulas, and evidence planted in worlds of the model."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

import microestim as me
from microestim.checks.conflict import (
    SourceConflict,
    check_conflict,
    explained_variance,
    source_conflict,
    two_sided,
)
from microestim.checks.extended_latent import extended_latent
from microestim.checks.unexplained_spread import check_unexplained, unexplained_spread
from microestim.models.design import Design
from microestim.models.evaluation import Deviates, evaluate, log_densities
from microestim.models.graph import graph_data
from microestim.models.observations import Observation
from microestim.models.people import TIER_IDS
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import SamplerSettings, sample
from microestim.simulate import simulate_evidence


def conflict(
    name: str, *, shift: float, explained: float, p: float = 0.5, error: float = 0.0
) -> SourceConflict:
    return SourceConflict(
        left_out=name,
        label=f"{name} (people)",
        observed=100.0,
        expected=90.0,
        low=50.0,
        high=150.0,
        p=p,
        shift=dict.fromkeys(TIER_IDS, shift),
        shift_error=dict.fromkeys(TIER_IDS, error),
        explained=dict.fromkeys(TIER_IDS, explained),
    )


def normal_sources(values: np.ndarray, errors: np.ndarray) -> list[SourceConflict]:
    """Sources that measure one quantity with normal errors and a flat prior: everything in closed form."""
    weights = errors**-2.0
    whole = (weights * values).sum() / weights.sum()
    found = []
    for i, weight in enumerate(weights):
        rest = weights.sum() - weight
        mean = (weights * values).sum() - weight * values[i]
        variance = 1.0 / rest + 1.0 / weight
        z = (values[i] - mean / rest) / math.sqrt(variance)
        found.append(
            conflict(
                str(i),
                shift=float(whole - mean / rest),
                # The gain of the update, squared, times the variance of the figure that may come.
                explained=float((weight / weights.sum()) ** 2 * variance),
                p=float(2.0 * stats.norm.sf(abs(z))),
            )
        )
    return found


@pytest.mark.parametrize(("observed", "expected"), [(0.0, 1.0), (-3.0, 0.2), (3.0, 0.2), (1.0, 0.8)])
def test_two_sided_counts_ties_half_and_is_never_nought(observed: float, expected: float) -> None:
    replicates = np.array([-2.0, -1.0, 1.0, 2.0, np.nan])
    # By hand: (below + ties / 2 + 1 / 2) / 5, the smaller side doubled.
    assert two_sided(observed, replicates) == pytest.approx(expected, abs=1e-12)


def test_equal_sources_give_the_birge_ratio() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.0, 2.0, 6)
    spread = unexplained_spread(normal_sources(values, np.full(6, 0.7)))["weekly"]
    birge = math.sqrt(np.sum(((values - values.mean()) / 0.7) ** 2) / 5)
    # The same arithmetic in another order.
    assert spread.factor == pytest.approx(birge, rel=1e-12)


def test_agreeing_sources_give_one_on_average_and_planted_errors_more() -> None:
    rng, errors = np.random.default_rng(2), np.array([0.1, 0.2, 0.5, 0.3])
    squares: dict[float, list[float]] = {1.0: [], 3.0: []}
    for factor, found in squares.items():
        for _ in range(600):
            spread = unexplained_spread(normal_sources(rng.normal(0.0, factor * errors), errors))
            factor_found = spread["weekly"].factor
            assert factor_found is not None
            found.append(factor_found**2)
    # Numerator and denominator have the same expectation, and the denominator does not vary here; the
    # standard error of the mean of 600 is 0.06 at a factor of 1.
    assert np.mean(squares[1.0]) == pytest.approx(1.0, abs=0.18)
    assert np.mean(squares[3.0]) == pytest.approx(9.0, rel=0.18)
    # The limit's promise: one time in 20 or less.
    assert np.mean(np.array(squares[1.0]) > 4.0) <= 0.05


def test_the_check_of_conflict_keeps_its_promise_over_all_pieces() -> None:
    rng, errors = np.random.default_rng(3), np.array([0.1, 0.2, 0.5, 0.3])
    failed = [not check_conflict(normal_sources(rng.normal(0.0, errors), errors)).passed for _ in range(400)]
    # At most 5 %; dependence between the pieces makes it less. Three standard errors are 3 %.
    assert 0.005 < np.mean(failed) < 0.08


def test_a_source_in_conflict_is_named_with_a_remedy() -> None:
    sound = [conflict(str(i), shift=0.1, explained=0.01) for i in range(4)]
    check = check_conflict([*sound, conflict("planted", shift=2.0, explained=0.01, p=0.001)])
    assert check.passed is False
    assert "contradicts planted (p 0.001)" in check.sentence
    assert check_conflict(sound).passed is True
    assert check_conflict([]).passed is None
    spread = check_unexplained(unexplained_spread([*sound, conflict("planted", shift=2.0, explained=0.01)]))
    assert spread.passed is False
    assert "are too narrow" in spread.sentence
    assert check_unexplained(unexplained_spread(sound)).passed is True


def test_a_ratio_of_simulation_errors_is_not_given() -> None:
    noise = [conflict(str(i), shift=0.02, explained=1e-4, error=0.02) for i in range(4)]
    spread = unexplained_spread(noise)["monthly"]
    assert spread.factor is None
    check = check_unexplained(unexplained_spread(noise))
    assert check.passed is None
    assert "beyond simulation error" in check.sentence
    assert unexplained_spread([])["weekly"].factor is None


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_the_explained_variance_is_that_of_normal_theory(noise: float) -> None:
    rng = np.random.default_rng(4)
    truth = rng.standard_normal(8_000)
    # The figure is log-normal around the truth, as most are.
    found = explained_variance(truth, np.exp(truth + noise * rng.standard_normal(8_000))[:, None])
    # The standard error of a squared correlation from 8,000 draws is below 0.01.
    assert found == pytest.approx(1.0 / (1.0 + noise**2), abs=0.04)
    assert explained_variance(truth, np.ones((8_000, 1))) == 0.0


def moved(observation: Observation, factor: float) -> Observation:
    return dataclasses.replace(observation, value=observation.value * factor)


def test_evidence_like_what_the_rest_expects_agrees_and_a_hundred_times_as_much_does_not(
    converged_prior_fit: me.WorkforceFit,
) -> None:
    fit = converged_prior_fit
    observation = next(o for o in fit.design.observations if o.name == "ff-audience")
    found = source_conflict(fit, fit, observation, np.random.default_rng(1))
    assert found.p > 0.05
    # The same draws on both sides: nothing moves.
    assert set(found.shift.values()) == {0.0}
    assert all(0.0 < value < np.log(fit.draws(tier)).var() for tier, value in found.explained.items())
    typical = moved(observation, found.expected / found.observed)
    assert source_conflict(fit, fit, typical, np.random.default_rng(1)).p > 0.9
    far = moved(observation, 1e5)
    assert source_conflict(fit, fit, far, np.random.default_rng(1)).p < 0.01


def test_a_fit_without_evidence_is_asked_with_the_priors_of_what_it_lacks(prior_fit: me.WorkforceFit) -> None:
    draws = prior_fit.vectors.shape[1]
    rest_model = me.WorkforceModel(prior_fit.study.without("ff-registrations", "ff-captures"))
    size = len(rest_model.design.parameters) + len(rest_model.design.rows) * rest_model.design.n_platforms
    rest = me.WorkforceFit(
        study=rest_model.study,
        design=rest_model.design.read_as(prior_fit.reading),
        priors=prior_fit.all_priors,
        vectors=np.random.default_rng(4).standard_normal((4, draws, size)),
        sample_stats=prior_fit.sample_stats,
        settings=prior_fit.settings,
        reading=prior_fit.reading,
    )
    latent = extended_latent(rest, np.random.default_rng(5), asked=prior_fit.design)
    # Sizes are those of the fit that is asked; what observations read is the asking model's.
    np.testing.assert_array_equal(latent.accounts, rest.latent.accounts)
    np.testing.assert_array_equal(latent.size_design.own, prior_fit.design.sizes.own)
    assert "wave_dependence" not in rest.latent.p
    for observation in prior_fit.design.observations:
        drawn = observation.replicate(np.random.default_rng(6), latent)
        assert set(drawn) <= set(observation.observed)
        assert all(len(values) == 4 * draws for values in drawn.values())
    declared = next(o for o in prior_fit.design.observations if o.name == "ff-registrations")
    centre, error = declared.centre_and_error(latent.xp, latent)
    sizes = rest.latent.sizes
    np.testing.assert_allclose(centre, sizes.log_accounts[:, 0] + sizes.inflation[:, 0], rtol=1e-12)
    open_to_world = prior_fit.design.sizes.open_to_world[0]
    expected = np.hypot(latent.p["declared_error"], latent.p["share_error"] * open_to_world)
    np.testing.assert_allclose(error, expected, rtol=1e-12)


def test_a_fit_without_the_old_figure_is_asked_with_its_growth(prior_fit: me.WorkforceFit) -> None:
    contents = prior_fit.study.model_dump(by_alias=True)
    evidence = {item["id"]: dict(item) for item in contents["evidence"]}
    evidence["ff-registrations"] |= {"period": "2014"}
    ratio = {
        "id": "ever",
        "type": "ratio",
        "role": "evidence",
        "platforms": "seven",
        "period": "2018",
        "basis": "assumption",
        "rationale": "invented for this test",
        "numerator": "ever_worked",
        "denominator": "registered",
        "unit": "share",
        "value": 0.3,
        "error": {"relative": 0.3, "basis": "assumption", "rationale": "carried over"},
    }
    asking = me.WorkforceModel(me.Study(**(contents | {"evidence": [*evidence.values(), ratio]}))).design
    # The fit that is asked has neither the growth of registers nor the age of accounts.
    assert {"growth", "account_age"}.isdisjoint(prior_fit.latent.p)
    latent = extended_latent(prior_fit, np.random.default_rng(5), asked=asking)
    np.testing.assert_array_equal(latent.accounts, prior_fit.latent.accounts)
    drawn = {o.name: o.replicate(np.random.default_rng(6), latent) for o in asking.observations}
    assert np.isfinite(drawn["ever"]["ever"]).all()
    declared = next(o for o in asking.observations if o.name == "ff-registrations")
    centre, _ = declared.centre_and_error(latent.xp, latent)
    # Four years of growth, with the platforms' own differences.
    growth = latent.p["growth"] * np.exp(0.5 * latent.rows["growth"][:, 0])
    sizes = prior_fit.latent.sizes
    expected = sizes.log_accounts[:, 0] + sizes.inflation[:, 0] - 4.0 * growth
    np.testing.assert_allclose(centre, expected, rtol=1e-12)


@pytest.mark.slow
def test_in_worlds_of_the_model_p_values_are_uniform_and_spread_is_explained(
    single_platform_fit: me.WorkforceFit,
) -> None:
    """Fits without each piece of evidence of worlds that the model itself draws, and one planted error."""
    fits = WorldFits(me.WorkforceModel(single_platform_fit.study))
    p, observed, expected = [], 0.0, 0.0
    for world in range(10):
        found = fits.conflicts(simulate_evidence(fits.model, world).design)
        p += [each.p for each in found]
        spread = unexplained_spread(found)["monthly_active"]
        observed, expected = observed + spread.observed**2, expected + spread.expected**2
    # 10 worlds of 4 pieces; pieces of one world depend on each other little. A seeded test at 1 in 1,000.
    assert stats.kstest(p, "uniform").pvalue > 0.001
    # Sums of 10 squares with two or three degrees of freedom each: a relative standard error of about 0.3.
    assert observed / expected == pytest.approx(1.0, abs=0.9)
    design = simulate_evidence(fits.model, 3).design
    wrong = tuple(moved(o, 60.0) if o.name == "ff-audience" else o for o in design.observations)
    found = fits.conflicts(dataclasses.replace(design, observations=wrong))
    assert check_conflict(found).passed is False
    factor = unexplained_spread(found)["monthly_active"].factor
    assert factor is not None
    assert factor > 2.0


def test_a_month_left_out_shares_its_lasting_error_with_the_month_that_is_left(
    single_platform_fit: me.WorkforceFit,
) -> None:
    """The rest is a part of the whole: May has the same density, and June comes of the same quantities."""
    contents = single_platform_fit.study.model_dump(by_alias=True)
    (audience,) = (item for item in contents["evidence"] if item["id"] == "ff-audience")
    may, june = (audience | {"id": name, "period": f"2018-0{n}"} for n, name in ((5, "may"), (6, "june")))
    whole = me.WorkforceModel(me.Study(**contents | {"evidence": [may, june]}))
    rest = whole.without("june")
    assert [each.name for each in rest.design.observations] == ["may"]
    assert (rest.design.parameters, rest.design.rows) == (whole.design.parameters, whole.design.rows)
    alone = me.WorkforceModel(rest.study)
    assert len(alone.design.parameters) < len(rest.design.parameters)
    size = len(whole.design.parameters) + len(whole.design.rows)
    vectors = np.random.default_rng(1).standard_normal((20, size))
    parts = {}
    for model in (whole, rest):
        deviates = Deviates.from_vectors(vectors, model.design)
        _, evidence = log_densities(model.design, DEFAULT_PRIORS, deviates)
        latent = evaluate(model.design, DEFAULT_PRIORS, deviates)
        observed = {each.name: each for each in whole.design.observations}["june"]
        parts[model] = evidence["may"], observed.replicate(np.random.default_rng(2), latent)["june"]
    for one, other in zip(parts[whole], parts[rest], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


class WorldFits:
    """Fits of one study's model, and of it without each piece of evidence, to evidence that was drawn."""

    def __init__(self, model: me.WorkforceModel) -> None:
        self.model = model
        names = [observation.name for observation in model.design.observations]
        self.models = {"": model} | {name: model.without(name) for name in names}
        for each in self.models.values():
            each.compile()

    def fit(self, name: str, drawn: Design) -> me.WorkforceFit:
        model = self.models[name]
        by_name = {observation.name: observation for observation in drawn.observations}
        observations = tuple(by_name[observation.name] for observation in model.design.observations)
        design = dataclasses.replace(model.design, observations=observations)
        settings = SamplerSettings(draws=400, tune=400, chains=4, cores=2, seed=1, target_accept=0.95)
        assert model._compiled is not None
        tree = sample(model._compiled.with_data(graph_data(design, DEFAULT_PRIORS)), settings)
        return me.WorkforceFit(
            study=model.study,
            design=design,
            priors=DEFAULT_PRIORS,
            vectors=tree["posterior"]["deviate"].to_numpy(),
            sample_stats=tree["sample_stats"].to_dataset(),
            settings=settings,
            reading=None,
        )

    def conflicts(self, drawn: Design) -> list[SourceConflict]:
        whole = self.fit("", drawn)
        return [
            source_conflict(whole, self.fit(each.name, drawn), each, np.random.default_rng(i))
            for i, each in enumerate(whole.design.observations)
        ]
