"""Simulated captures follow the model that they are drawn from."""

from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import beta, norm

import microestim as me
from microestim.errors import InputError
from microestim.estimators.closed_populations.heterogeneity import heterogeneity_of
from microestim.simulate.closed_captures import _chance

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


ABILITY_WORLDS = {
    "Mtb": {"capture": [0.3, 0.2, 0.4, 0.1], "reaction": 0.9},
    "Mh normal": {"capture": 0.3, "sigma": 1.2, "occasions": 4},
    "Mth normal": {"capture": [0.1, 0.5, 0.3, 0.2], "sigma": 0.7},
    "Mtbh normal": {"capture": [0.2, 0.4, 0.3, 0.2], "sigma": 0.9, "reaction": -1.1},
    "Mh mixture(3)": {
        "capture": 0.25,
        "shares": [0.5, 0.2, 0.3],
        "abilities": [0, 2.5, -1],
        "occasions": 4,
    },
    "Mth mixture": {"capture": [0.1, 0.5, 0.3, 0.2], "shares": [0.7, 0.3], "abilities": [-1, 1]},
    "Mtbh mixture": {
        "capture": [0.2, 0.4, 0.3, 0.2],
        "shares": [0.6, 0.4],
        "abilities": [0, 1.5],
        "reaction": 0.8,
    },
    "Mh beta-binomial": {"capture": 0.3, "dispersion": 0.4, "occasions": 4},
}


def mean_over_people(value, shape, world):
    """Average a function of ability (of the chance itself for a beta distribution) over people."""
    if shape == "normal":
        sigma = world["sigma"]
        return quad(lambda z: value(sigma * z) * norm.pdf(z), -12, 12, epsabs=1e-13, epsrel=1e-12)[0]
    if shape == "beta-binomial":
        a = world["capture"] / world["dispersion"]
        people = beta(a, 1 / world["dispersion"] - a)
        return quad(lambda p: value(p) * people.pdf(p), 0, 1, epsabs=1e-13)[0]
    if not shape:
        return value(0.0)
    return sum(s * value(a) for s, a in zip(world["shares"], world["abilities"], strict=True))


@pytest.mark.parametrize("name", ABILITY_WORLDS)
def test_shares_of_histories_are_averages_over_people(name):
    model, _, shape = name.partition(" ")
    world = ABILITY_WORLDS[name]
    size = 4_000_000
    options = world | ({"heterogeneity": shape} if shape else {})
    found = me.simulate.captures(model, size, rng=7, **options).to_counts()
    capture = np.broadcast_to(world["capture"], 4)
    effects = np.zeros(4)
    if shape != "beta-binomial":
        effects = [
            brentq(lambda e, p=p: mean_over_people(lambda a: expit(e + a), shape, world) - p, -9, 9)
            for p in capture
        ]

    def given(ability, history):
        chance, seen = 1.0, False
        for effect, captured in zip(effects, history, strict=True):
            p = expit(effect + ability + (world.get("reaction", 0) if seen else 0))
            if shape == "beta-binomial":
                p = ability
            chance *= p if captured else 1 - p
            seen = seen or captured
        return chance

    histories = list(product((0, 1), repeat=4))
    expected = np.array([mean_over_people(lambda a, h=h: given(a, h), shape, world) for h in histories])
    assert expected.sum() == pytest.approx(1.0, abs=1e-9)
    share = np.array([found.get("".join(map(str, h)), 0) for h in histories]) / size
    share[0] = 1 - share.sum()
    # Five standard errors of a share of people.
    assert (np.abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / size)).all()


def test_chances_given_captures_are_exact():
    """Products of them along a history are its probability, without any draw."""
    capture = np.array([0.2, 0.4, 0.3])
    shape = heterogeneity_of("normal")
    chance = _chance(capture, shape=shape, reaction=0.7, parameters={"sigma": np.array(1.4)})
    world = {"sigma": 1.4}
    effects = [
        brentq(lambda e, p=p: mean_over_people(lambda a: expit(e + a), "normal", world) - p, -9, 9)
        for p in capture
    ]
    for history in product((0, 1), repeat=3):

        def given(a, history=history):
            value = 1.0
            for i, captured in enumerate(history):
                p = expit(effects[i] + a + 0.7 * any(history[:i]))
                value *= p if captured else 1 - p
            return value

        product_of_chances = 1.0
        for i, captured in enumerate(history):
            first = history.index(1) if any(history[:i]) else 3
            p = float(chance(i, np.array([sum(history[:i])]), np.array([first]))[0])
            product_of_chances *= p if captured else 1 - p
        # To the accuracy of the numeric integral.
        assert product_of_chances == pytest.approx(mean_over_people(given, "normal", world), rel=1e-9)


def test_ability_without_spread_is_the_model_without_it():
    options = {"capture": [0.2, 0.4, 0.3], "rng": 3}
    plain = me.simulate.captures("Mt", 500, **options)
    one = {"heterogeneity": "mixture(1)", "shares": [1], "abilities": [5]}
    assert plain == me.simulate.captures("Mth", 500, heterogeneity="normal", sigma=0, **options)
    assert plain == me.simulate.captures("Mth", 500, **one, **options)
    assert plain == me.simulate.captures("Mtb", 500, reaction=0, **options)
    equal = {"capture": 0.2, "occasions": 5, "rng": 3}
    urn = me.simulate.captures("Mh", 500, heterogeneity="beta-binomial", dispersion=0, **equal)
    assert urn == me.simulate.captures("M0", 500, **equal)


def test_many_occasions_and_wide_abilities_stay_chances():
    found = me.simulate.captures(
        "Mtbh", 400, capture=[0.1] * 60, heterogeneity="normal", sigma=4.0, reaction=2.0, rng=2
    )
    # Half the people have logits below -5: most of them are not met in 60 occasions without a reaction.
    assert 100 < found.n_observed < 400
    assert found.n_occasions == 60


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


def table(chance, t):
    """Chances by occasion and number of captures before it."""
    return np.array([chance(i, np.arange(t + 1), np.zeros(t + 1, dtype=int)) for i in range(t)])


@pytest.mark.parametrize("shape", ["poisson", "darroch", "gamma(0.5)"])
def test_no_heterogeneity_is_the_model_without_it(shape):
    capture = np.array([0.2, 0.4, 0.3])
    flat = table(_chance(capture, shape=heterogeneity_of(shape), parameters={"tau": np.array(0.0)}), 3)
    plain = table(_chance(capture, shape=None), 3)
    # No more captures than occasions so far; to the accuracy to which the effects are found.
    reachable = np.tri(3, 4, dtype=bool)
    np.testing.assert_allclose(flat[reachable], plain[reachable], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("shape", "tau"), [("poisson", 0.0008), ("darroch", 0.3), ("gamma(3.5)", 30.0)])
def test_shares_captured_are_those_asked_for_however_steep_the_shape(shape, tau):
    capture = np.linspace(0.07, 0.13, 15)
    chances = table(_chance(capture, shape=heterogeneity_of(shape), parameters={"tau": np.array(tau)}), 15)
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
            "tau is -1.0; Mh gamma",
        ),
        ("Mtb", {"capture": [0.3, 0.2, 0.2]}, "Mtb needs either recapture= or reaction="),
        (
            "Mtbh",
            {"capture": [0.3, 0.2], "heterogeneity": "normal", "sigma": 1.0},
            "reaction is None; Mtbh needs a number",
        ),
        ("Mb", {"capture": 0.3, "occasions": 3, "recapture": 0.2, "reaction": 1.0}, "Mb has no reaction"),
        ("Mth", {"capture": [0.3, 0.2], "heterogeneity": "beta-binomial"}, "Mth takes the shapes"),
        (
            "Mh",
            {"capture": 0.3, "occasions": 3, "heterogeneity": "normal", "tau": 1.0, "sigma": 1.0},
            "Mh normal has no tau",
        ),
        (
            "Mth",
            {"capture": [0.3, 0.2], "heterogeneity": "mixture", "shares": [0.5, 0.6], "abilities": [0, 1]},
            "give numbers above 0 that sum to 1",
        ),
        (
            "Mth",
            {"capture": [0.3, 0.2], "heterogeneity": "mixture(3)", "shares": [0.5, 0.5], "abilities": [0, 1]},
            "needs 3 numbers, one a class",
        ),
        ("Mth", {"capture": [0.3, 0.2], "heterogeneity": "normal"}, "sigma is None; Mth normal needs"),
        ("M0", {"capture": 0.3, "occasions": 3, "heterogeneity": "gamma"}, "M0 has no heterogeneity"),
        ("M0", {"capture": 1e-9, "occasions": 2}, "none of 40 people was captured"),
    ],
)
def test_refusals(model, options, message):
    with pytest.raises(InputError, match=message):
        me.simulate.captures(model, 40, rng=1, **options)
    with pytest.raises(InputError, match="size is 0; give a whole number"):
        me.simulate.captures("M0", 0, capture=0.3, occasions=3, rng=1)
