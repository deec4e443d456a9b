"""Shares with survey weights: against brute force, simulation, and the unweighted case."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microestim as me
from microestim.errors import InputError


def frame(answers, weights):
    return pd.DataFrame({"often": answers, "w": weights})


def test_equal_weights_are_plain_shares():
    found = me.weighted_shares(frame(["weekly"] * 30 + ["less"] * 10, [2.5] * 40), of="often", weights="w")
    assert found.answers == ("less", "weekly")
    assert found.shares == pytest.approx([0.25, 0.75], rel=1e-12)
    assert found.design_effect == pytest.approx(1.0, rel=1e-12)
    assert found.n_effective == pytest.approx(40)
    # The unbiased standard error of a share.
    assert found.se == pytest.approx(math.sqrt(0.25 * 0.75 / 39), rel=1e-12)
    assert found.counts.tolist() == [10, 30]


@given(st.lists(st.floats(0.01, 100.0), min_size=2, max_size=30), st.floats(0.1, 10.0))
def test_the_design_effect_is_one_plus_the_squared_variation_of_the_weights(weights, unit):
    answers = [i % 2 for i in range(len(weights))]
    found = me.weighted_shares({"a": answers, "w": np.array(weights) * unit}, of="a", weights="w")
    variation = np.std(weights) / np.mean(weights)
    assert found.design_effect == pytest.approx(1 + variation**2, rel=1e-9)
    assert found.shares.sum() == pytest.approx(1.0)
    assert 1.0 - 1e-12 <= found.design_effect <= len(weights) * (1 + 1e-12)


def test_standard_errors_are_those_of_repeated_surveys():
    rng, n, replicates = np.random.default_rng(2), 400, 1500
    shares, errors = [], []
    for _ in range(replicates):
        active = rng.random(n) < 0.4
        # The active are asked three times as often, and weigh a third.
        weight = np.where(active, 1.0, 3.0) * rng.uniform(0.5, 1.5, n)
        found = me.weighted_shares({"a": active, "w": weight}, of="a", weights="w")
        shares.append(found.shares[1])
        errors.append(found.se[1])
    # A standard deviation of 1,500 replicates has a relative error of 1.8 %; four of them.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(shares), rel=0.075)
    # Of 0.4 active who weigh a third.
    assert np.mean(shares) == pytest.approx(
        0.4 / (0.4 + 0.6 * 3), abs=4 * np.std(shares) / math.sqrt(replicates)
    )


def test_missing_answers_are_left_out_and_counted():
    found = me.weighted_shares(frame(["a", None, "b", "b"], [1.0, 7.0, 1.0, 2.0]), of="often", weights="w")
    assert (found.missing, found.n) == (1, 3)
    assert found.shares == pytest.approx([0.25, 0.75])
    numbers = me.weighted_shares({"k": [1.0, 2.0, math.nan], "w": [1, 1, 1]}, of="k", weights="w")
    assert numbers.answers == (1.0, 2.0)
    assert numbers.missing == 1


@pytest.mark.parametrize("kind", ["string", "category", "object"])
def test_tables_of_any_kind_are_read(kind):
    table = frame(["a", None, "b", "b"], [1, 7, 1, 2]).astype({"often": kind, "w": "Int64"})
    found = me.weighted_shares(table, of="often", weights="w")
    assert (found.missing, found.answers) == (1, ("a", "b"))
    assert found.shares == pytest.approx([0.25, 0.75])
    table.loc[2, "w"] = pd.NA
    with pytest.raises(InputError, match="1 weights that are missing"):
        me.weighted_shares(table, of="often", weights="w")


def test_the_frame_has_a_row_an_answer():
    found = me.weighted_shares(frame(["a", "b", "b"], [1, 1, 2]), of="often", weights="w")
    table = found.to_frame()
    assert table["share"].tolist() == pytest.approx([0.25, 0.75])
    assert table["count"].tolist() == [1, 2]
    assert "design effect 1.12" in str(found)


@pytest.mark.parametrize("nothing", [math.nan, None, pd.NA])
def test_no_answer_in_a_list_of_text_is_no_answer(nothing):
    table = {"often": ["weekly", nothing, "less", "less"], "w": [1.0, 1.0, 1.0, 1.0]}
    found = me.weighted_shares(table, of="often", weights="w")
    assert found.answers == ("less", "weekly")
    assert found.shares.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found.missing == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1, 2]}, "no column 'w'"),
        ({"w": [1, 2]}, "no column 'a'"),
        ({"a": [1, 2], "w": [1, -1]}, "negative"),
        ({"a": [1, 2], "w": [1, math.nan]}, "missing"),
        ({"a": [1, 2], "w": [1, math.inf]}, "not finite"),
        ({"a": [1, 2], "w": ["1", "2"]}, "does not hold numbers"),
        ({"a": [1, 2], "w": [0, 1]}, "fewer than two"),
        ({"a": [1, 2], "w": [1, 1, 1]}, "differ in length"),
        ({"a": np.array([1, "x"], dtype=object), "w": [1, 1]}, "mixes text and numbers"),
        ({"a": ["x", 1], "w": [1, 1]}, "mixes text and numbers"),
        ({"a": [[1, 2], [1, 2]], "w": [1, 1]}, "2 dimensions"),
        (None, "no column"),
    ],
)
def test_what_cannot_be_weighed_is_refused(table, message):
    with pytest.raises(InputError, match=message):
        me.weighted_shares(table, of="a", weights="w")
