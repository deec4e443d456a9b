"""Simulated captures follow the model that they are drawn from."""

from itertools import product

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.estimators.closed_populations.heterogeneity import heterogeneity_of
from microestim.simulate.closed_captures import _chances

WORLDS = {
    "M0": {"capture": 0.3, "occasions": 4},
    "Mt": {"capture": [0.1, 0.5, 0.3, 0.2]},
    "Mb": {"capture": 0.3, "recapture": 0.1, "occasions": 4},
    "Mtb": {"capture": [0.3, 0.2, 0.4, 0.1], "recapture": 0.6},
    "Mbh": {"capture": 0.2, "recapture": 0.5, "first": 0.6, "occasions": 4},
    "Mh poisson": {"capture": 0.3, "tau": 0.1, "heterogeneity": "poisson", "occasions": 4},
    "Mh darroch": {"capture": 0.3, "tau": 0.8, "heterogeneity": "darroch", "occasions": 4},
    "Mth gamma": {"capture": [0.1, 0.5, 0.3, 0.2], "tau": 6.0, "heterogeneity": "gamma(3.5)"},
}


def probability(model, history, world):
    """Probability of one history, up to a constant where there is heterogeneity; by hand."""
    capture = np.broadcast_to(world["capture"], len(history))
    chance, seen = 1.0, False
    for place, captured in enumerate(history):
        p = capture[place]
        if model == "Mbh" and place == 0:
            p = world["first"]
        if seen and "recapture" in world:
            p = world["recapture"]
        chance *= p if captured else 1 - p
        seen = seen or captured
    return chance


@pytest.mark.parametrize("name", WORLDS)
def test_shares_of_histories_are_the_model_s(name):
    model, world = name.partition(" ")[0], WORLDS[name]
    size = 4_000_000
    found = me.simulate.captures(model, size, rng=7, **world).to_counts()
    histories = list(product((0, 1), repeat=4))
    share = np.array([found.get("".join(map(str, h)), 0) for h in histories]) / size
    share[0] = 1 - share.sum()
    if "tau" not in world:
        expected = np.array([probability(model, history, world) for history in histories])
    else:
        # No interaction of occasions beyond the shape; their effects come from the shares themselves.
        omega = np.array(histories)
        h = heterogeneity_of(world["heterogeneity"]).columns(4)[omega.sum(axis=1), 0]
        design = np.column_stack([np.ones(16), omega])
        offset = np.log(share) - world["tau"] * h
        beta = np.linalg.solve((design.T * share) @ design, (design.T * share) @ offset)
        expected = np.exp(design @ beta + world["tau"] * h)
        on_occasion = omega.T @ share
        # Five standard errors of a share of people.
        np.testing.assert_allclose(
            on_occasion, np.broadcast_to(world["capture"], 4), atol=5 * np.sqrt(0.25 / size)
        )
    assert expected.sum() == pytest.approx(1.0, abs=1e-4)
    error = np.sqrt(expected * (1 - expected) / size)
    assert (np.abs(share - expected) < 5 * error).all()


@pytest.mark.parametrize("shape", ["poisson", "darroch", "gamma(0.5)"])
def test_no_heterogeneity_is_the_model_without_it(shape):
    capture = np.array([0.2, 0.4, 0.3])
    options = {"recapture": None, "first": None}
    flat = _chances("Mth", capture, shape=heterogeneity_of(shape), tau=0.0, **options)
    plain = _chances("Mt", capture, shape=None, tau=None, **options)
    # No more captures than occasions so far; to the accuracy to which the effects are found.
    reachable = np.tri(3, 4, dtype=bool)
    np.testing.assert_allclose(flat[reachable], plain[reachable], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("shape", "tau"), [("poisson", 0.0008), ("darroch", 0.3), ("gamma(3.5)", 30.0)])
def test_shares_captured_are_those_asked_for_however_steep_the_shape(shape, tau):
    capture = np.linspace(0.07, 0.13, 15)
    options = {"recapture": None, "first": None, "shape": heterogeneity_of(shape), "tau": tau}
    chances = _chances("Mth", capture, **options)
    captures_before, share = np.eye(16)[0], []
    for row in chances:
        share.append(captures_before @ row)
        captures_before = captures_before * (1 - row) + np.append(0, (captures_before * row)[:-1])
    # To the accuracy to which the effects are found, over 15 sums.
    np.testing.assert_allclose(share, capture, rtol=0, atol=1e-10)


def test_the_seed_gives_the_draw_and_cost_follows_histories():
    options = {"capture": 0.5, "occasions": 3, "rng": 5}
    many = me.simulate.captures("M0", 10**15, **options)
    assert many == me.simulate.captures("M0", 10**15, **options)
    assert len(many.counts) == 7
    # Of 10^15 people an eighth is never captured, to seven digits.
    assert many.n_observed == pytest.approx(7 / 8 * 10**15, rel=1e-6)
    long = me.simulate.captures(
        "Mh", 300, capture=0.1, occasions=200, heterogeneity="darroch", tau=0.01, rng=1
    )
    assert (long.n_occasions, long.n_observed) == (200, 300)
    named = me.simulate.captures("Mt", 50, capture=[0.5, 0.5], names=["a", "b"], rng=1)
    assert named.names == ("a", "b")


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("Mx", {"capture": 0.3, "occasions": 3}, "model 'Mx' is unknown"),
        ("M0", {"capture": 0.3}, "occasions is None; with one chance"),
        ("M0", {"capture": [0.3, 0.2]}, "M0 has one chance of capture for all occasions"),
        ("Mt", {"capture": [0.3, 0.2], "occasions": 3}, "occasions is 3, but there are 2 chances"),
        ("Mt", {"capture": [0.3, 1.2]}, "give chances between 0 and 1"),
        ("M0", {"capture": 0.3, "occasions": 3, "recapture": 0.2}, "M0 has no recapture; it belongs to Mb"),
        ("Mb", {"capture": 0.3, "occasions": 3}, "recapture is None; Mb needs a chance"),
        ("Mbh", {"capture": 0.3, "occasions": 3, "recapture": 0.2}, "first is None; Mbh needs a chance"),
        ("Mh", {"capture": 0.3, "occasions": 3, "tau": 1.0}, "Mh needs a shape of heterogeneity"),
        (
            "Mh",
            {"capture": 0.3, "occasions": 3, "tau": 1.0, "heterogeneity": "chao"},
            "describes no population",
        ),
        (
            "Mh",
            {"capture": 0.3, "occasions": 3, "tau": -1.0, "heterogeneity": "gamma"},
            "tau is -1.0; Mh needs",
        ),
        ("M0", {"capture": 0.3, "occasions": 3, "heterogeneity": "gamma"}, "M0 has no heterogeneity"),
        ("M0", {"capture": 1e-9, "occasions": 2}, "none of 40 people was captured"),
    ],
)
def test_refusals(model, options, message):
    with pytest.raises(InputError, match=message):
        me.simulate.captures(model, 40, rng=1, **options)
    with pytest.raises(InputError, match="size is 0; give a whole number"):
        me.simulate.captures("M0", 0, capture=0.3, occasions=3, rng=1)
