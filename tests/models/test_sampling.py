"""Chains start apart, as high as the posterior's own draws, and where the density is finite."""

import numpy as np
import pytest

import microestim as me
from microestim.models.graph import build_graph, graph_data
from microestim.models.sampling import CompiledModel, compile_model


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    """France."""
    model = me.WorkforceModel(me.load_study("fr-2018"))
    function = compile_model(build_graph(model.design, model._priors))
    return function.with_data(graph_data(model.design, model._priors))


def test_chains_start_apart_and_no_lower_than_draws_lie(compiled: CompiledModel) -> None:
    starts = np.array([compiled.start(seed) for seed in range(40)])
    heights = np.array([compiled.log_density(start) for start in starts])
    highest = max(heights)
    # Draws of a normal distribution lie below its mode by half the number of its coordinates; these, by at
    # most twice that.
    assert (heights > highest - compiled.size).all()
    drawn = [np.random.default_rng(seed).uniform(-1.0, 1.0, compiled.size) for seed in range(40)]
    assert max(compiled.log_density(point) for point in drawn) < heights.min()
    # Deviates are standard normal in the prior: the starts keep most of the spread they were drawn with.
    assert np.median(starts.std(axis=0)) > 0.4
    assert np.array_equal(compiled.start(3), starts[3])


def test_a_start_without_a_density_is_left_to_the_sampler(compiled: CompiledModel) -> None:
    assert compiled.data is not None
    broken = compiled.with_data({name: np.full(length, np.nan) for name, length in compiled.lengths.items()})
    assert np.isnan(broken.log_density(np.zeros(broken.size)))
    expected = np.random.default_rng(1).uniform(-1.0, 1.0, broken.size)
    assert np.array_equal(broken.start(1), expected)
