"""Simulated studies: their truth, their evidence, and what a study cannot hold."""

from pathlib import Path

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.models.evaluation import Deviates, log_densities, model_numbers
from microestim.models.graph import graph_data
from microestim.models.people import TIER_IDS
from microestim.models.priors import DEFAULT_PRIORS
from microestim.simulate import simulate_evidence

EVERYTHING = Path(__file__).parents[1] / "models" / "everything.toml"


@pytest.fixture(scope="module", params=["fr-2018", "everything"])
def model(request):
    study = me.load_study("fr-2018") if request.param == "fr-2018" else me.read_study(EVERYTHING)
    return me.WorkforceModel(study)


def test_worlds_have_the_shapes_of_the_study(model):
    own = graph_data(model.design, {**DEFAULT_PRIORS, **model.priors})
    for seed in range(8):
        world = simulate_evidence(model, seed)
        assert {k: v.shape for k, v in world.data.items()} == {k: v.shape for k, v in own.items()}
        assert all(np.isfinite(values).all() for values in world.data.values())
        # Priors are those of the model, only numbers are new.
        assert np.array_equal(world.data["prior_scale"], own["prior_scale"])
        assert not np.array_equal(world.data["numbers"], own["numbers"])
        people = world.people
        assert people["weekly"] <= people["monthly"] * (1 + 1e-9) <= people["registered"] * (1 + 2e-9)
        assert set(people) == set(TIER_IDS)


def test_every_drawn_number_reaches_the_model(model):
    """No observed number survives: a number left in place would be evidence of another world."""
    priors = {**DEFAULT_PRIORS, **model.priors}
    first, second = (model_numbers(simulate_evidence(model, seed).design, priors) for seed in (1, 2))
    own = model_numbers(model.design, priors)
    for name, value in own.items():
        continuous = value != round(value) or value > 1000
        if name.startswith("prior:") or name.endswith("any platform"):
            assert first[name] == value
        elif continuous:
            assert first[name] != value, name
            assert first[name] != second[name], name


def test_declared_numbers_enter_the_change_of_variable(model):
    world = simulate_evidence(model, 3)
    declared = {
        o.name: o
        for o in world.design.observations
        if type(o).__name__ in ("DeclaredAccounts", "DeclaredSum")
    }
    numbers = model_numbers(world.design, {**DEFAULT_PRIORS, **model.priors})
    for observation in declared.values():
        if hasattr(observation, "platform"):
            assert world.data["log_declared"][observation.platform] == pytest.approx(
                np.log(observation.value)
            )
        elif observation.anchors:
            assert numbers["declared total"] == pytest.approx(np.log(observation.value))


def test_the_truth_is_a_likely_place_for_its_own_evidence(model):
    """Densities of the simulated evidence are finite near the middle of the prior."""
    world = simulate_evidence(model, 5)
    priors = {**DEFAULT_PRIORS, **model.priors}
    size = len(model.design.parameters) + len(model.design.rows) * model.design.n_platforms
    deviates = Deviates.from_vectors(0.1 * np.random.default_rng(0).standard_normal((3, size)), world.design)
    prior, evidence = log_densities(world.design, priors, deviates)
    for name, values in (prior | evidence).items():
        assert np.isfinite(values).all(), name


def test_a_seed_gives_the_same_world_again(model):
    one, two, other = (simulate_evidence(model, seed) for seed in (4, 4, 5))
    assert one.people == two.people
    assert np.array_equal(one.data["numbers"], two.data["numbers"])
    assert one.people != other.people


def test_impossible_worlds_are_counted_and_too_many_are_an_error():
    study = me.read_study(EVERYTHING)
    # Hardly anybody answers: most worlds have a survey without an answer.
    rare = {"median": 1e-12, "spread": 1.0, "rationale": "a test"}
    model = me.WorkforceModel(study, priors={"capture_rate": rare})
    with pytest.raises(InputError, match="none of 200 worlds"):
        simulate_evidence(model, 1)
    some = {"median": 2e-4, "spread": 2.0, "rationale": "a test"}
    model = me.WorkforceModel(study, priors={"capture_rate": some})
    assert sum(simulate_evidence(model, seed).impossible for seed in range(5)) > 0
