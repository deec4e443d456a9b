"""The sampled graph: its log density is the sum of its named parts, and it holds without any one of them."""

import numpy as np
import pytest

import microestim as me
from microestim.models.evaluation import Deviates, log_densities, log_jacobian
from microestim.models.graph import build_graph, coordinate_names, graph_data
from microestim.models.loops import print_loops
from microestim.models.people import TIER_IDS
from microestim.models.sampling import compile_model

STUDIES = ("fr-2018", "one platform", "everything")
FRANCE = [
    item.id
    for item in me.load_study("fr-2018").evidence
    if item.role == "evidence" and item.type not in ("income", "hours", "composition", "benchmark")
]
SURVEY = ("ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any")


def as_python(model):
    """The printed log density of a model, run by Python itself."""
    graph = build_graph(model.design, model._priors)
    given = [each for group in graph.data.values() for each in group]
    scope = {}
    exec(print_loops(graph.value, graph.coordinates, given).source, scope)
    return scope["evaluate"]


def density(call, evaluate, model, design, point):
    """Log density and gradient at one point, from a printed or compiled function."""
    data = np.concatenate(list(graph_data(design, model._priors).values()), dtype=float)
    value, gradient, status = call(evaluate, point, data)
    assert status == 0
    return value, gradient


def named_sum(model, design, vectors):
    deviates = Deviates.from_vectors(vectors, design)
    prior, evidence = log_densities(design, model._priors, deviates)
    return sum(prior.values()) + sum(evidence.values()) + log_jacobian(design, model._priors, deviates)


@pytest.fixture(scope="module")
def printed(models):
    return {name: as_python(models[name]) for name in STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_log_density_is_the_sum_of_its_named_parts(models, printed, study, call):
    model = models[study]
    rng = np.random.default_rng(12)
    size = len(coordinate_names(model.design))
    points = np.concatenate([0.5 * rng.standard_normal((2, size)), rng.standard_normal((2, size))])
    for reading in (False, True):
        design = model.design.with_reading(reading)
        for point in points:
            sampled, _ = density(call, printed[study], model, design, point)
            # The same sums in another order, of terms of up to 1e6.
            assert sampled == pytest.approx(named_sum(model, design, point[None])[0], rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("study", STUDIES)
def test_gradient_against_finite_differences(models, printed, study, call):
    model = models[study]
    point = 0.5 * np.random.default_rng(3).standard_normal(len(coordinate_names(model.design)))
    _, gradient = density(call, printed[study], model, model.design, point)
    step = 1e-5
    steps = step * np.eye(len(point))
    up, down = (named_sum(model, model.design, point + sign * steps) for sign in (1, -1))
    numeric = (up - down) / (2 * step)
    # Rounding of a density of some 1e5 over a step of 1e-5 is 1e-6 of the density: 0.1 at the worst.
    scale = np.abs(gradient).max()
    assert np.allclose(gradient, numeric, rtol=1e-4, atol=1e-5 * scale)


def test_compiled_is_what_was_printed(models, printed, call):
    model = models["fr-2018"]
    compiled = compile_model(build_graph(model.design, model._priors))
    rng = np.random.default_rng(5)
    for _ in range(3):
        point = rng.standard_normal(compiled.size)
        value, gradient = density(call, printed["fr-2018"], model, model.design, point)
        fast, fast_gradient = density(call, compiled.function.ctypes, model, model.design, point)
        # The same operations in the same order; only libraries' elementary functions may differ in a digit.
        assert fast == pytest.approx(value, rel=1e-12)
        assert np.allclose(fast_gradient, gradient, rtol=1e-9, atol=1e-9 * np.abs(gradient).max())


def test_new_numbers_need_no_new_graph(models, printed, call):
    """Other evidence of the same shape and other priors enter as data."""
    model = models["fr-2018"]
    study = model.study.replacing("ff-registrations", value=41000.0).replacing("ff-captures", estimate=3100.0)
    other = me.WorkforceModel(
        study, priors={"inflation": {"median": 0.5, "spread": 0.3, "rationale": "a test"}}
    )
    point = 0.5 * np.random.default_rng(9).standard_normal(len(coordinate_names(model.design)))
    sampled, _ = density(call, printed["fr-2018"], other, other.design, point)
    assert sampled == pytest.approx(named_sum(other, other.design, point[None])[0], rel=1e-9)
    # ... and they matter.
    assert sampled != pytest.approx(named_sum(model, model.design, point[None])[0], abs=0.1)


def test_data_of_another_shape_are_refused(models, call):
    compiled = compile_model(build_graph(models["fr-2018"].design, models["fr-2018"]._priors))
    other = models["one platform"]
    with pytest.raises(ValueError, match="do not fit a model compiled for"):
        compiled.with_data(graph_data(other.design, other._priors))
    with pytest.raises(ValueError, match="has no data yet"):
        compiled.target()


@pytest.mark.parametrize("dropped", [*FRANCE, "the survey"])
def test_any_piece_of_evidence_can_be_missing(dropped, call):
    ids = SURVEY if dropped == "the survey" else (dropped,)
    model = me.WorkforceModel(me.load_study("fr-2018").without(*ids))
    assert not {observation.name for observation in model.design.observations} & set(ids)
    function = as_python(model)
    rng = np.random.default_rng(2)
    for _ in range(2):
        point = rng.standard_normal(len(coordinate_names(model.design)))
        value, gradient = density(call, function, model, model.design, point)
        assert value == pytest.approx(named_sum(model, model.design, point[None])[0], rel=1e-9, abs=1e-7)
        assert np.isfinite(gradient).all()
        # A quantity that nothing else speaks of still follows its prior: no coordinate is flat.
        assert np.all(np.abs(gradient) > 0)


@pytest.mark.slow
def test_the_survey_narrows_every_tier_of_activity():
    """Upper / lower of every tier of activity rises without the survey.

    The survey asks about activity and overlap. How many are registered rests on declared accounts and their
    inflation, so that ratio rises by little: over five seeds of 4 x 4,000 draws from 3.16 to 3.28 at 90 %
    (standard errors of the logs 0.013 and 0.005), less than one fit of the usual length can show.
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
