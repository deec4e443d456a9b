"""Chains start apart, as high as the posterior's own draws, and where the density is finite."""

import numpy as np
import pytest
from scipy import optimize

import microestim as me
from microestim.errors import InputError
from microestim.models.graph import build_graph, graph_data
from microestim.models.sampling import CompiledModel, SamplerSettings, compile_model, seed_from


def compiled_model(study: me.Study) -> CompiledModel:
    model = me.WorkforceModel(study)
    function = compile_model(build_graph(model.design, model._priors))
    return function.with_data(graph_data(model.design, model._priors))


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    """France."""
    return compiled_model(me.load_study("fr-2018"))


@pytest.mark.parametrize("small", [False, True])
def test_chains_start_apart_and_as_high_as_draws_lie(
    compiled: CompiledModel, single_platform_fit: me.WorkforceFit, small: bool
) -> None:
    density = compiled_model(single_platform_fit.study) if small else compiled
    starts = np.array([density.start(seed) for seed in range(40)])
    heights = np.array([density.log_density(start) for start in starts])

    def downhill(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = density._density_and_gradient(point)
        return -value, -gradient

    mode = -optimize.minimize(downhill, starts[0], jac=True, options={"maxiter": 2000}).fun
    # Draws of a normal distribution lie below its mode by half the number of its coordinates. A few steps do
    # not find the mode itself, so the starts are a little lower.
    assert (mode - heights).min() > 0.45 * density.size
    assert (mode - heights).max() < density.size
    # Deviates are standard normal in the prior: the starts keep most of its spread.
    assert np.median(starts.std(axis=0)) > 0.6
    assert np.array_equal(density.start(3), starts[3])


def test_a_whole_number_of_any_kind_is_a_seed_and_a_length() -> None:
    assert seed_from(np.int64(7)) == seed_from(7) == 7
    given = {"draws": np.int64(10), "tune": 100, "chains": 2, "cores": 1, "seed": 1, "target_accept": 0.9}
    assert SamplerSettings(**given).draws == 10


@pytest.mark.parametrize("rng", ["1", 1.5, True, -1, 2**32, [1, 2]])
def test_what_is_no_seed_is_refused(rng: object) -> None:
    with pytest.raises(InputError, match="rng is"):
        seed_from(rng)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"target_accept": "a"}, "target_accept is 'a'; it must be a number from 0.5"),
        ({"target_accept": 1.0}, "target_accept is 1.0"),
        ({"cores": 0}, "cores is 0; it must be a whole number of at least 1"),
        ({"draws": True}, "draws is True"),
    ],
)
def test_settings_that_no_sampler_has_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        me.WorkforceModel(me.load_study("fr-2018")).fit(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["fr-2018", None])
def test_a_model_is_of_a_study(wrong: object) -> None:
    with pytest.raises(InputError, match="; give a Study: "):
        me.WorkforceModel(wrong)  # type: ignore[arg-type]
    with pytest.raises(me.errors.PriorError, match="priors is a list; give a mapping"):
        me.WorkforceModel(me.load_study("fr-2018"), priors=[1])  # type: ignore[arg-type]


def test_a_start_without_a_density_is_left_to_the_sampler(compiled: CompiledModel) -> None:
    assert compiled.data is not None
    broken = compiled.with_data({name: np.full(length, np.nan) for name, length in compiled.lengths.items()})
    assert np.isnan(broken.log_density(np.zeros(broken.size)))
    expected = np.random.default_rng(1).uniform(-2.0, 2.0, broken.size)
    assert np.array_equal(broken.start(1), expected)
