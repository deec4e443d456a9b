"""A compiled density is kept for another study only where it is that study's own."""

import numpy as np
import pytest

import microestim as me
from microestim.models.graph import build_graph
from microestim.models.reuse import is_compiled_from
from microestim.models.sampling import compile_model


@pytest.fixture(scope="module")
def model() -> me.WorkforceModel:
    """Compile France."""
    model = me.WorkforceModel(me.load_study("fr-2018"))
    model.compile()
    return model


@pytest.mark.parametrize(
    ("item", "changes", "kept"),
    [
        ("ff-registrations", {"value": 41_000.0}, True),
        ("ff-captures", {"estimate": 3_100.0}, True),
        ("ff-frequency", {"shares": {"weekly": 0.8}, "n": 700}, True),
        # Part of the formulas.
        ("ff-memberships", {"n": 907}, False),
        ("ff-memberships", {"sd": 0.6}, False),
        ("ff-captures", {"error": {"relative": 0.0901, "basis": "assumption", "rationale": "a test"}}, False),
        # Another graph, of other length.
        ("ff-frequency", {"shares": {"weekly": 0.8, "monthly": 0.1}}, False),
    ],
)
def test_numbers_that_are_data_keep_the_compiled_function(
    model: me.WorkforceModel, item: str, changes: dict[str, object], kept: bool
) -> None:
    other = model.with_study(model.study.replacing(item, **changes))
    assert other.shares_compiled(model) is kept
    # A model that is not compiled shares nothing.
    assert not me.WorkforceModel(model.study).shares_compiled(model)


def test_density_of_the_compiled_model_and_priors(model: me.WorkforceModel) -> None:
    compiled = compile_model(build_graph(model.design, model._priors))
    with pytest.raises(ValueError, match="no data yet"):
        compiled.log_density(np.zeros(compiled.size))
    assert is_compiled_from(compiled, model.design, model._priors)
    # Medians and spreads of priors are data too.
    priors = {"inflation": {"median": 0.5, "spread": 0.3, "rationale": "a test"}}
    other = me.WorkforceModel(model.study, priors=priors)
    assert is_compiled_from(compiled, other.design, other._priors)
