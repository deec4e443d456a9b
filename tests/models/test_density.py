"""The sampled graph: its log density is the sum of its named parts, and it holds without any one of them."""

import numpy as np
import pytest

import microestim as me
from microestim.models.evaluation import Deviates, log_densities, log_jacobian
from microestim.models.graph import build_graph, coordinate_names, graph_data
from microestim.models.people import TIER_IDS

STUDIES = ("fr-2018", "one platform", "everything")
FRANCE = [
    item.id
    for item in me.load_study("fr-2018").evidence
    if item.role == "evidence" and item.type not in ("income", "hours", "benchmark")
]
SURVEY = ("ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any")


def density_of(model, *, gradient):
    """Log density of the graph, and its gradient, evaluated as written: nothing is rewritten or compiled."""
    from pytensor.compile.mode import Mode

    graph = build_graph(model.design, model._priors)
    outputs = [graph.logp(), graph.dlogp()] if gradient else [graph.logp()]
    return graph, graph.compile_fn(outputs, mode=Mode("py", None))


def named_sum(model, design, vectors):
    deviates = Deviates.from_vectors(vectors, design)
    prior, evidence = log_densities(design, model._priors, deviates)
    return sum(prior.values()) + sum(evidence.values()) + log_jacobian(design, model._priors, deviates)


@pytest.fixture(scope="module")
def compiled(models):
    # Without rewriting, PyTensor cannot add the more than 32 terms of the largest study's gradient.
    return {name: density_of(models[name], gradient=name != "everything") for name in STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_log_density_is_the_sum_of_its_named_parts(models, compiled, study):
    model = models[study]
    graph, function = compiled[study]
    rng = np.random.default_rng(12)
    size = len(coordinate_names(model.design))
    points = np.concatenate([0.5 * rng.standard_normal((3, size)), rng.standard_normal((3, size))])
    for reading in (False, True):
        design = model.design.with_reading(reading)
        for name, value in graph_data(design, model._priors).items():
            graph[name].set_value(value)
        for point in points:
            sampled = function({"deviate": point})[0]
            # The same sums in another order, of terms of up to 1e6.
            assert sampled == pytest.approx(named_sum(model, design, point[None])[0], rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("study", ["one platform", "fr-2018"])
def test_gradient_against_finite_differences(models, compiled, study):
    model = models[study]
    graph, function = compiled[study]
    for name, value in graph_data(model.design, model._priors).items():
        graph[name].set_value(value)
    point = 0.5 * np.random.default_rng(3).standard_normal(len(coordinate_names(model.design)))
    _, gradient = function({"deviate": point})
    step = 1e-5
    steps = step * np.eye(len(point))
    up, down = (named_sum(model, model.design, point + sign * steps) for sign in (1, -1))
    numeric = (up - down) / (2 * step)
    # Rounding of a density of some 1e5 over a step of 1e-5 is 1e-6 of the density: 0.1 at the worst.
    scale = np.abs(gradient).max()
    assert np.allclose(gradient, numeric, rtol=1e-4, atol=1e-5 * scale)


def test_new_numbers_need_no_new_graph(models, compiled):
    """Other evidence of the same shape and other priors enter as data."""
    model = models["fr-2018"]
    graph, function = compiled["fr-2018"]
    study = model.study.replacing("ff-registrations", value=41000.0).replacing("ff-captures", estimate=3100.0)
    other = me.WorkforceModel(
        study, priors={"inflation": {"median": 0.5, "spread": 0.3, "rationale": "a test"}}
    )
    for name, value in graph_data(other.design, other._priors).items():
        graph[name].set_value(value)
    point = 0.5 * np.random.default_rng(9).standard_normal(len(coordinate_names(model.design)))
    sampled, _ = function({"deviate": point})
    assert sampled == pytest.approx(named_sum(other, other.design, point[None])[0], rel=1e-9)
    # ... and they matter.
    assert sampled != pytest.approx(named_sum(model, model.design, point[None])[0], abs=0.1)


@pytest.mark.parametrize("dropped", [*FRANCE, "the survey"])
def test_any_piece_of_evidence_can_be_missing(dropped):
    ids = SURVEY if dropped == "the survey" else (dropped,)
    model = me.WorkforceModel(me.load_study("fr-2018").without(*ids))
    assert not {observation.name for observation in model.design.observations} & set(ids)
    _, function = density_of(model, gradient=True)
    rng = np.random.default_rng(2)
    for _ in range(2):
        point = rng.standard_normal(len(coordinate_names(model.design)))
        value, gradient = function({"deviate": point})
        assert value == pytest.approx(named_sum(model, model.design, point[None])[0], rel=1e-9, abs=1e-7)
        assert np.isfinite(gradient).all()
        # A quantity that nothing else speaks of still follows its prior: no coordinate is flat.
        assert np.all(np.abs(gradient) > 0)


@pytest.mark.slow
def test_the_survey_narrows_every_tier_of_activity():
    """Upper / lower of every tier of activity rises without the survey.

    The survey asks about activity and overlap. How many are registered rests on declared accounts and their
    inflation, so that ratio stays the same, to the 10 % that quantiles of 1,000 effective draws leave open.
    """
    study = me.load_study("fr-2018")
    ratios = []
    for each in (study, study.without(*SURVEY)):
        fit = me.WorkforceModel(each).fit(rng=3)
        ratios.append({tier: np.divide(*np.quantile(fit.draws(tier), [0.975, 0.025])) for tier in TIER_IDS})
    informed, uninformed = ratios
    for tier in ("monthly_active", "monthly", "weekly"):
        assert uninformed[tier] > informed[tier], tier
    assert uninformed["registered"] > 0.9 * informed["registered"]
