"""Families of heterogeneity and reaction with likelihoods of their own."""

import math
from dataclasses import replace
from functools import cache
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from microestim import simulate
from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.abilities import AbilityModel, Nodes
from microestim.estimators.closed_populations.ability_data import ability_data, start_effects
from microestim.estimators.closed_populations.beta_binomial import BetaBinomial
from microestim.estimators.closed_populations.class_abilities import ClassAbilities
from microestim.estimators.closed_populations.counts import ClosedCounts, closed_counts
from microestim.estimators.closed_populations.family import UnreliableMaximumError
from microestim.estimators.closed_populations.history_sizes import size_from
from microestim.estimators.closed_populations.identified import IDENTIFIED
from microestim.estimators.closed_populations.likelihood import climb
from microestim.estimators.closed_populations.margin_models import history_numbers
from microestim.estimators.closed_populations.models import MODELS, closed
from microestim.estimators.closed_populations.normal_abilities import NormalAbilities, fit_normal
from microestim.estimators.closed_populations.panel import closed_models
from microestim.estimators.closed_populations.reaction_models import (
    OccasionsAndReaction,
    fit_occasions_and_reaction,
)
from reference_rows import reference_rows


def closed_counts_of(histories, counts) -> ClosedCounts:
    return closed_counts(Captures.from_histories(np.asarray(histories), counts=np.asarray(counts)))


HISTORIES = {
    name: (
        np.array([[int(c) for c in r["history"]] for r in rows]),
        np.array([int(r["count"]) for r in rows]),
    )
    for name, rows in (
        (k, list(g)) for k, g in groupby(reference_rows("closed_histories.csv"), lambda r: r["dataset"])
    )
}
FREQUENCIES = {
    name: {int(r["times_seen"]): int(r["count"]) for r in rows}
    for name, rows in groupby(reference_rows("closed_frequencies.csv"), lambda r: r["dataset"])
}


@cache
def data_of(dataset, function="closedpCI.t"):
    if function.startswith("closedpCI.0"):
        t = function.partition("t=")[2]
        frequencies = FrequencyCounts(FREQUENCIES[dataset], occasions=None if t == "Inf" else int(t))
        return closed_counts(frequencies)
    return closed_counts_of(*HISTORIES[dataset])


def drawn(t, people, seed, *, spread=1.0, reaction=0.0):
    """Counts of people whose logits of capture differ, and change after the first capture."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.0, spread, size=(people, 1)) + rng.normal(0, 0.4, size=t)
    seen = np.zeros((people, t), dtype=int)
    for i in range(t):
        chance = 1 / (1 + np.exp(-logits[:, i] - reaction * seen.any(axis=1)))
        seen[:, i] = rng.random(people) < chance
    histories, counts = np.unique(seen[seen.any(axis=1)], axis=0, return_counts=True)
    return histories, counts


# -- the likelihoods, history by history ------------------------------------------------------------------


def every_history(t):
    return np.array(list(product((0, 1), repeat=t)))


def chances_by_brute_force(histories, effects, reaction, ability, weight):
    """Probability of each history, one ability after the other."""
    t = histories.shape[1]
    before = np.cumsum(histories, axis=1) - histories > 0
    total = np.zeros(len(histories))
    for place, share in zip(ability, weight, strict=True):
        logits = effects + place + reaction * before
        chance = 1 / (1 + np.exp(-logits))
        total += share * np.prod(np.where(histories == 1, chance, 1 - chance), axis=1)
    assert t == len(effects)
    return total


def models_on_all_histories(t, seed):
    """Every kind of model at random parameters, with the effects and abilities that they mean."""
    rng = np.random.default_rng(seed)
    histories = every_history(t)
    people = np.append(0, rng.integers(1, 9, 2**t - 1))
    counts = closed_counts_of(histories[1:], people[1:])
    classes = (np.array([0.0, -1.0, 1.2]), np.array([0.3, -0.4]))
    weight = np.exp(np.append(0.0, classes[1]))
    weight /= weight.sum()
    z = np.linspace(-9, 9, 601)
    normal = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    for by_occasion, reaction in ((False, False), (True, False), (True, True)):
        data = ability_data(counts, by_occasion=by_occasion, reaction=reaction)
        effects = rng.normal(-0.5, 0.4, len(data.captured))
        b = [0.7] if reaction else []
        full = np.broadcast_to(effects, t)
        theta = np.concatenate([effects, b, classes[0][1:], classes[1]])
        means = full, 0.7 * reaction
        yield histories, people, ClassAbilities(data=data, classes=3), theta, (*means, classes[0], weight)
        theta = np.concatenate([effects, b, [1.3]])
        yield histories, people, NormalAbilities(data=data), theta, (*means, 1.3 * z, normal)
    effects = rng.normal(-0.5, 0.4, t)
    model = OccasionsAndReaction(n_i=counts.n_i, u_i=counts.u_i)
    yield histories, people, model, np.append(effects, 0.7), (effects, 0.7, np.zeros(1), np.ones(1))


@pytest.mark.parametrize("t", [4, 6, 10])
def test_likelihoods_are_those_of_all_histories(t):
    for histories, people, model, theta, meaning in models_on_all_histories(t, seed=t):
        chances = chances_by_brute_force(histories, *meaning)
        assert chances.sum() == pytest.approx(1.0, abs=1e-12)
        seen, unseen = model.parts(theta)
        # Two sums of at most 1024 logarithms, in different orders.
        assert seen.value == pytest.approx(people @ np.log(chances), rel=1e-12)
        assert unseen.value == pytest.approx(math.log(chances[0]), rel=1e-11)


def test_derivatives_are_those_of_finite_differences():
    cases = [(model, theta) for _, _, model, theta, _ in models_on_all_histories(5, seed=2)]
    beta = BetaBinomial(f_k=np.array([30.0, 20.0, 11.0, 5.0, 4.0]))
    cases += [(beta, np.array([-0.4, -1.1])), (BetaBinomial(f_k=beta.f_k, spread=False), np.array([-0.4]))]
    for model, theta in cases:
        width = 1e-5
        for part in (0, 1):
            moved = [
                (model.parts(theta + width * axis)[part], model.parts(theta - width * axis)[part])
                for axis in np.eye(len(theta))
            ]
            slope = [(up.value - down.value) / (2 * width) for up, down in moved]
            bend = [(up.slope - down.slope) / (2 * width) for up, down in moved]
            at = model.parts(theta)[part]
            # Central differences: rounding of 1e-12 over a width of 1e-5.
            assert at.slope == pytest.approx(np.array(slope), rel=1e-6, abs=1e-6)
            assert at.bend == pytest.approx(np.array(bend), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("t", [3, 5, 10])
def test_beta_binomial_chances_are_integrals_over_a_beta_distribution(t):
    mean, dispersion = 0.3, 0.4
    a, b = mean / dispersion, (1 - mean) / dispersion
    for k in range(1, t + 1):
        f_k = np.zeros(t)
        f_k[k - 1] = 1
        seen, unseen = BetaBinomial(f_k=f_k).parts(
            np.array([math.log(mean / (1 - mean)), math.log(dispersion)])
        )
        for value, captures in ((seen.value, k), (unseen.value, 0)):
            chance = beta_integral(a + captures, b + t - captures) / beta_integral(a, b)
            assert math.exp(value) == pytest.approx(chance, rel=1e-9)


def beta_integral(a, b):
    # With p = sin^2 the integrand has no poles at the ends.
    whole, _ = quad(
        lambda x: 2 * math.sin(x) ** (2 * a - 1) * math.cos(x) ** (2 * b - 1), 0, math.pi / 2, epsabs=1e-13
    )
    return whole


# -- quadrature ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.05, 0.9, 2.5, 6.0])
@pytest.mark.parametrize(("t", "logit"), [(3, -3.0), (20, -1.0), (200, 0.5), (200, -6.0)])
def test_the_integral_does_not_depend_on_its_rule(t, logit, sigma):
    f_k = np.zeros(t)
    f_k[: min(t, 30)] = 1.0
    data = ability_data(
        closed_counts(FrequencyCounts({k + 1: 1 for k in range(min(t, 30))}, occasions=t)),
        by_occasion=False,
        reaction=False,
    )
    theta = np.array([logit, sigma])
    plain, finer = NormalAbilities(data=data), NormalAbilities(data=data, fineness=3.0)
    for one, other in zip(plain.parts(theta), finer.parts(theta), strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12, abs=1e-12)
        assert one.slope == pytest.approx(other.slope, rel=1e-9, abs=1e-9)
    if t <= 20:
        whole, _ = quad(
            lambda z: math.exp(-z * z / 2 - t * math.log1p(math.exp(logit + sigma * z))),
            -12,
            12,
            epsabs=1e-15,
        )
        unseen = math.exp(plain.parts(theta)[1].value)
        assert unseen == pytest.approx(whole / math.sqrt(2 * math.pi), rel=1e-9)


class PeersRule(NormalAbilities):
    """The peer's quadrature: Gauss-Hermite with 20 nodes, whatever the number of occasions."""

    def nodes(self, theta):
        x, weight = np.polynomial.hermite.hermgauss(20)
        return Nodes(
            place=math.sqrt(2) * x[:, None],
            log_weight=np.log(weight / math.sqrt(math.pi)),
            tilt=np.zeros((20, 0)),
        )


# Frequencies whose last class is pooled: here the rule of the peer and the integral have nothing in common.
POOLED = {"insects_6plus_pooled", "malay_butterflies_25plus_pooled"}
NORMAL = [
    row
    for row in reference_rows("closed_normal.csv")
    if row["dataset"] in {**HISTORIES, **FREQUENCIES} and row["dataset"] not in POOLED
]
# The search of the peer ended 150 and more below the maximum of its own likelihood.
FAR_FROM_THE_MAXIMUM = {
    ("spina_bifida_ny_3list_626", "Mh normal"),
    ("spina_bifida_ny_621", "Mh normal"),
    ("spina_bifida_ny_621_caucasian", "Mh normal"),
    ("scotland_pwid_2006_GGC_Female_Old", "Mh normal"),
}
# At standard deviations above five, 20 nodes are a few classes of people and no normal distribution; such a
# mixture fits these better than the integral does anywhere.
NODES_AS_CLASSES = {("meadow_vole_primary1_5", "Mth normal"), ("meadow_vole_primary4_5", "Mth normal")}


@pytest.mark.parametrize("row", NORMAL, ids=lambda row: f"{row['dataset']}-{row['function']}-{row['model']}")
def test_with_the_peers_rule_the_normal_model_gives_the_peers_numbers(row):
    case = (row["dataset"], row["model"])
    counts = data_of(row["dataset"], row["function"])
    data = ability_data(counts, by_occasion=row["model"].startswith("Mth"), reaction=False)
    model, start = PeersRule(data=data), start_effects(data)
    peak = climb(model, np.append(start * 1.2, 1.0))
    found = size_from(model, peak)
    n = counts.n_observed
    loglik = found.loglik_kernel - n - counts.log_factorials
    if row["function"].startswith("closedpCI.0"):
        loglik += float(counts.f_k @ history_numbers(counts))
    size, reference = n + found.f0, float(row["estimate"])
    lacking = loglik - float(row["loglik"])
    if case in NODES_AS_CLASSES:
        assert lacking < -0.1
        return
    if case in FAR_FROM_THE_MAXIMUM:
        assert lacking > 100
        return
    # Ten printed digits of the peer's log-likelihood, which is never above ours.
    assert lacking > -1e-7
    # Its search stops when it gains little, and a gain of d in log-likelihood is a distance of sqrt(2 d)
    # errors. Nine digits after the decimal point leave 1e-8 of it unknown.
    assert abs(size - reference) < 1.5 * math.sqrt(2 * max(lacking, 1e-8)) * found.se
    if lacking < 1e-7:
        # The peer inverts the curvature of the deviance for that of the log-likelihood: half of the variance.
        half = math.sqrt(found.f0 + (found.se**2 - found.f0) / 2)
        assert half == pytest.approx(float(row["se"]), rel=2e-3)


@pytest.mark.parametrize(
    ("dataset", "function", "model"),
    [
        ("snowshoe_hare", "closedpCI.t", "Mth"),
        ("deermice_6", "closedpCI.t", "Mh"),
        ("voles1", "closedpCI.0 t=5", "Mh"),
        ("meadow_vole_primary4_5", "closedpCI.t", "Mth"),
        ("domestic_violence", "closedpCI.0 t=Inf", "Mh"),
        ("bbs2001_species", "closedpCI.0 t=50", "Mh"),
    ],
)
def test_the_normal_estimate_is_the_highest_of_many_searches_whatever_the_rule(dataset, function, model):
    counts = data_of(dataset, function)
    found = fit_normal(f"{model} normal", counts, by_occasion=model == "Mth").fit
    data = ability_data(counts, by_occasion=model == "Mth", reaction=False)
    finer, start = NormalAbilities(data=data, fineness=2.0), start_effects(data)
    peaks = [climb(finer, np.append(start * math.sqrt(1 + s**2 / 3), s)) for s in (0.1, 0.6, 2.0, 5.0)]
    best = size_from(finer, max(peaks, key=lambda peak: peak.at.value))
    assert found.f0 == pytest.approx(best.f0, rel=1e-6)
    assert found.se == pytest.approx(best.se, rel=1e-6)


# -- collapse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "plain"), [("Mh", "M0"), ("Mth", "Mt")])
@pytest.mark.parametrize("dataset", ["snowshoe_hare", "deermice_6", "congenital_anomaly_massachusetts"])
def test_one_class_is_the_model_without_heterogeneity(dataset, model, plain):
    one, none = closed(data_of(dataset), model, heterogeneity="mixture(1)"), closed(data_of(dataset), plain)
    # Newton's maxima of one likelihood written in two ways, with the same constants.
    assert one.n_hat == pytest.approx(none.n_hat, rel=1e-9)
    assert one.se == pytest.approx(none.se, rel=1e-8)
    assert one.loglik == pytest.approx(none.loglik, abs=1e-9)
    assert (one.n_params, one.df_resid) == (none.n_params, none.df_resid)
    assert one.deviance == pytest.approx(none.deviance, rel=1e-8)
    assert one.interval(0.9)[:2] == pytest.approx(none.interval(0.9)[:2], rel=1e-8)
    assert one.capture_probabilities == pytest.approx(none.capture_probabilities, rel=1e-8)


def test_without_heterogeneity_in_the_data_every_family_says_so():
    counts = data_of("spina_bifida_ny_621")
    for model, plain in (("Mh", "M0"), ("Mth", "Mt")):
        none = closed(counts, plain)
        shapes = {"normal": "boundary 0", "beta-binomial": "boundary 0"}
        for shape, reason in shapes.items():
            if model == "Mth" and shape == "beta-binomial":
                continue
            found = closed(counts, model, heterogeneity=shape)
            assert reason in found.reason
            assert found.status == "estimated"
            assert found.n_hat == pytest.approx(none.n_hat, rel=1e-7)
            assert found.se == pytest.approx(none.se, rel=1e-6)
            assert found.loglik == pytest.approx(none.loglik, abs=1e-7)
            assert found.n_params > none.n_params
    counts = data_of("scotland_pwid_2006_GGC_Female_Young")
    found = closed(counts, "Mth", heterogeneity="mixture(2)")
    assert "classes coincide" in found.reason
    assert found.n_hat == pytest.approx(closed(counts, "Mt").n_hat, rel=1e-9)


def test_the_reaction_without_effects_of_occasions_is_mb_and_without_a_reaction_mt():
    counts = closed_counts_of(*drawn(5, 800, 3, reaction=0.8))
    mb, mt = closed(counts, "Mb"), closed(counts, "Mt")
    model = OccasionsAndReaction(n_i=counts.n_i, u_i=counts.u_i)
    p, c = float(mb.capture_probabilities[0]), mb.recapture_probability
    logit = math.log(p / (1 - p))
    theta = np.append(np.full(5, logit), math.log(c / (1 - c)) - logit)
    seen, unseen = model.parts(theta)
    n = counts.n_observed
    # At the parameters of Mb the likelihood is that of Mb.
    loglik = seen.value + n * math.log(n / -math.expm1(unseen.value)) - n - counts.log_factorials
    assert loglik == pytest.approx(mb.loglik, abs=1e-8)
    chances = mt.capture_probabilities
    seen, unseen = model.parts(np.append(np.log(chances / (1 - chances)), 0.0))
    loglik = seen.value + n * math.log(n / -math.expm1(unseen.value)) - n - counts.log_factorials
    assert loglik == pytest.approx(mt.loglik, abs=1e-8)
    assert closed(counts, "Mtb").loglik > max(mb.loglik, mt.loglik)


# -- the estimate, by its definition -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ("Mh", "normal"),
        ("Mth", "normal"),
        ("Mh", "mixture(2)"),
        ("Mth", "mixture(2)"),
        ("Mh", "beta-binomial"),
        ("Mtb", None),
        ("Mtbh", "normal"),
        ("Mtbh", "mixture(2)"),
    ],
)
def test_estimates_maximise_the_poisson_likelihood_and_their_profile_the_multinomial(model, shape):
    counts = closed_counts_of(*drawn(6, 1500, 4, spread=1.2, reaction=0.5))
    found = closed(counts, model, heterogeneity=shape)
    profile = found._profile
    n, best = counts.n_observed, profile.starts[0]
    _, unseen = profile.model.parts(best)

    def poisson(size, theta):
        seen, unseen = profile.model.parts(theta)
        return seen.value + n * math.log(size) - size * -math.expm1(unseen.value) - counts.log_factorials

    assert found.n_hat == pytest.approx(n / -math.expm1(unseen.value), rel=1e-9)
    assert found.loglik == pytest.approx(poisson(found.n_hat, best), abs=1e-8)
    # By the size and by each parameter the likelihood falls to both sides.
    for width in (-1e-3, 1e-3):
        assert poisson(found.n_hat * (1 + width), best) < found.loglik
        for axis in np.eye(len(best)):
            assert poisson(found.n_hat, best + width * axis) < found.loglik
    # The error by numbers: the information of (log N, parameters), and a population of fixed size.
    p, step = len(best) + 1, 1e-4
    point = np.append(math.log(found.n_hat), best)

    def at(x):
        return poisson(math.exp(x[0]), x[1:])

    information = np.empty((p, p))
    for i, j in product(range(p), repeat=2):
        ei, ej = step * np.eye(p)[i], step * np.eye(p)[j]
        information[i, j] = -(
            at(point + ei + ej) - at(point + ei - ej) - at(point - ei + ej) + at(point - ei - ej)
        )
    variance = np.linalg.inv(information / (4 * step**2))
    # f0 = N P0; its log has the slope 1 by log N, and that of log P0 by the parameters.
    slope = np.append(1.0, unseen.slope)
    f0 = found.n_hat - n
    log_variance = slope @ variance @ slope
    # Second differences of a function of the order of 1e3, over 1e-8.
    assert found.se == pytest.approx(math.sqrt(f0 + f0**2 * log_variance), rel=2e-3)
    peak = found.multinomial_maximum
    low, high = found.interval(0.9)[:2]
    assert n <= low < peak < high
    assert abs(peak - found.n_hat) < found.se
    drop = [2 * (profile.loglik(peak) - profile.loglik(limit)) for limit in (low, high)]
    # chi-square of one degree of freedom at 90 %.
    assert drop == pytest.approx([2.705543454095404] * 2, rel=1e-5)
    width = 1e-3 * peak
    slope = (profile.loglik(high + width) - profile.loglik(high - width)) / (2 * width)
    # A central difference, whose error is of the order of the square of its width.
    assert profile.slope(high) == pytest.approx(slope, rel=1e-3)


# -- published numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [2, 3])
def test_the_profile_of_classes_does_not_depend_on_the_sizes_asked_before(seed):
    """A search that ends on a lower top, as near the number seen, must not lead later ones there."""
    captures = simulate.captures(
        "Mth",
        2_000,
        capture=0.25 * np.linspace(0.7, 1.3, 5),
        heterogeneity="mixture(2)",
        shares=[0.7, 0.3],
        abilities=[0.0, 1.6],
        rng=seed,
    )
    found = closed(captures, "Mth", "mixture(2)")
    interval = found.interval(0.95, "profile")
    assert interval.low < found.multinomial_maximum < interval.high
    # The two maxima differ by a fraction of the standard error.
    assert found.multinomial_maximum == pytest.approx(found.n_hat, abs=0.2 * found.se)
    start, rng = found._profile.starts[0], np.random.default_rng(seed)
    for size in (interval.low, found.n_hat, min(interval.high, 3 * found.n_hat)):
        asked_before = found._profile.loglik(size)
        searches = [
            climb(found._profile.model, start + rng.normal(size=len(start)), size=size) for _ in range(4)
        ]
        alone = replace(found._profile).loglik(size)
        # Where searches end is known to the square of their last step.
        assert asked_before == pytest.approx(alone, abs=1e-6)
        factorials = asked_before - found._profile._fit(size)[1]
        assert asked_before >= max(search.at.value for search in searches) + factorials - 1e-6


def test_a_few_who_are_always_captured_are_found():
    """Far from where a class is usually looked for: 0.2 % of the people, among 580 million."""
    counts = {"00001": 38979822, "00010": 421869072, "11000": 116962205, "11101": 3, "11110": 4}
    captures = Captures.from_counts(counts | {"11111": 2493008})
    found = closed(captures, "Mth", heterogeneity="mixture(2)")
    # Only they are seen on all five occasions.
    assert found.coefficients["share2"] * found.n_hat == pytest.approx(2493008, rel=1e-3)
    assert found.loglik > closed(captures, "Mt").loglik + 2e7


def test_two_classes_of_skinks_as_morgan_and_ridout_print_them():
    # User guide of estimateN (Morgan & Ridout 2008, Applied Statistics 57, 433-446), the multinomial maximum:
    # N 216.9 with profile limits 185.9 and 332.5, chances 0.13 and 0.6586, share of the first 0.3982 printed.
    skinks = FrequencyCounts(FREQUENCIES["skinks"], occasions=7)
    found = closed(skinks, "Mh", heterogeneity="mixture(2)")
    assert found.multinomial_maximum == pytest.approx(216.9, abs=0.05)
    assert found.interval(0.95)[:2] == pytest.approx((185.9, 332.5), abs=0.05)
    theta = found._profile._fitted[min(found._profile._fitted, key=lambda size: abs(size - 216.917))][0]
    at_most = 1 / (1 + np.exp(-theta[0] - np.append(0.0, theta[1])))
    assert at_most == pytest.approx([0.13, 0.6586], abs=5e-4)
    share = 1 / (1 + math.exp(theta[2]))
    # The guide prints the share of the class with the larger chance.
    assert 1 - share == pytest.approx(0.3982, abs=5e-4)


def test_families_of_link_fit_alike_and_give_other_sizes():
    # Link (2003): frequencies that a mixture and a beta-binomial distribution give exactly alike.
    link = FrequencyCounts(FREQUENCIES["link1"], occasions=4)
    mixture = closed(link, "Mh", heterogeneity="mixture(2)")
    beta = closed(link, "Mh", heterogeneity="beta-binomial")
    normal = closed(link, "Mh", heterogeneity="normal")
    # Classes of 3/4 with p = 1/4 and of 1/4 with p = 3/4; a beta distribution with mean 1/4 and a + b = 2.
    assert mixture.n_hat == pytest.approx(256, rel=1e-6)
    assert [mixture.coefficients[name] for name in ("share1", "p1", "share2", "p2")] == pytest.approx(
        [0.75, 0.25, 0.25, 0.75], abs=1e-5
    )
    assert beta.n_hat == pytest.approx(384, rel=1e-6)
    assert beta.coefficients == pytest.approx({"mean": 0.25, "dispersion": 0.5}, abs=1e-6)
    assert mixture.loglik == pytest.approx(beta.loglik, abs=1e-6)
    assert normal.loglik == pytest.approx(beta.loglik, abs=1e-3)


MTB = reference_rows("closed_mtb.csv")
# Where the likelihood is flat the peer's search stops short of the maximum.
STOPPED_EARLY = {
    "congenital_anomaly_massachusetts",
    "scotland_pwid_2006_GGC_Female_Old",
    "scotland_pwid_2006_Rest_Female_Old",
    "meadow_vole_primary1_5",
    "meadow_vole_primary3_5",
}
# Where the maximum has a standard error larger than itself, it is found and refused.
FLAT = STOPPED_EARLY - {"meadow_vole_primary1_5"}
# And where it has no maximum, the peer prints where it stopped: 18,581 to 493,213 people.
ENDLESS = {
    "hepatitis_a_taiwan",
    "scotland_pwid_2006_GGC_Male_Old",
    "scotland_pwid_2006_GGC_Female_Young",
    "new_orleans_trafficking_5list",
    "meadow_vole_primary2_5",
    "meadow_vole_primary4_5",
}


@pytest.mark.parametrize(
    "row",
    [row for row in MTB if row["estimate"] and row["dataset"] in HISTORIES],
    ids=lambda row: f"{row['dataset']}-{row['function']}",
)
def test_mtb_equals_the_peers(row):
    counts = data_of(row["dataset"])
    if row["dataset"] in ENDLESS:
        with pytest.raises(NotEstimableError, match="runs to infinity") as refused:
            closed(counts, "Mtb")
        assert refused.value.bound > counts.n_observed
        return
    fitted = fit_occasions_and_reaction("Mtb", counts)
    n_hat, se = counts.n_observed + fitted.fit.f0, fitted.fit.se
    if row["dataset"] in FLAT:
        assert se > n_hat
        # By the peer's own numbers, too.
        assert float(row["se"]) > float(row["estimate"])
        with pytest.raises(UnreliableMaximumError, match="is flat") as refused:
            closed(counts, "Mtb")
        assert refused.value.bound is not None
        assert f"{refused.value.bound:,.0f} (heterogeneity='chao')" in refused.value.reason
    else:
        found = closed(counts, "Mtb")
        assert (found.n_hat, found.se) == (n_hat, se)
    if row["aic"]:
        loglik = fitted.fit.loglik_kernel - counts.n_observed - counts.log_factorials
        lacking = float(row["aic"]) / 2 - fitted.parameters + loglik
        # Ten printed digits.
        assert lacking > -1e-7
        distance = math.sqrt(2 * max(lacking, 0.0)) * se
    else:
        distance = 2e-4 * se
    tolerance = 1e-6 * n_hat + distance * (2.5 if row["dataset"] in STOPPED_EARLY else 1.5)
    assert abs(n_hat - float(row["estimate"])) < tolerance
    if row["function"] == "closedp.Mtb" and row["dataset"] not in STOPPED_EARLY:
        assert se == pytest.approx(float(row["se"]), rel=1e-3)


# -- what is identified ----------------------------------------------------------------------------------


def rank_is_full(row, t, seed=1):
    """Whether expected counts by history move in as many directions as there are parameters."""
    rng = np.random.default_rng(seed)
    histories = every_history(t)
    counts = closed_counts_of(histories[1:], np.ones(2**t - 1, dtype=int))
    by_occasion, reaction = row.model in ("Mt", "Mth", "Mtb", "Mtbh"), row.model in ("Mb", "Mtb", "Mtbh")
    data = ability_data(counts, by_occasion=by_occasion, reaction=False)
    extra = {"normal": [1.1], "mixture": [1.3, 0.4]}.get(row.heterogeneity, [])
    theta = np.concatenate([rng.normal(-0.3, 0.5, len(data.captured)), [0.6] if reaction else [], extra])
    z = np.linspace(-9, 9, 241)

    def chances(theta):
        e = len(data.captured)
        effects = np.broadcast_to(theta[:e], t)
        b, rest = (theta[e], theta[e + 1 :]) if reaction else (0.0, theta[e:])
        if row.heterogeneity == "normal":
            weight = np.exp(-(z**2) / 2)
            return chances_by_brute_force(histories, effects, b, rest[0] * z, weight / weight.sum())
        if row.heterogeneity == "mixture":
            weight = np.exp(np.append(0.0, rest[1]))
            return chances_by_brute_force(
                histories, effects, b, np.append(0.0, rest[0]), weight / weight.sum()
            )
        return chances_by_brute_force(histories, effects, b, np.zeros(1), np.ones(1))

    width = 1e-5
    slopes = [
        (chances(theta + width * a) - chances(theta - width * a)) / (2 * width) for a in np.eye(len(theta))
    ]
    jacobian = np.vstack([chances(theta), *slopes])[:, 1:]
    if jacobian.shape[0] > jacobian.shape[1]:
        return False
    jacobian /= np.linalg.norm(jacobian, axis=1)[:, None]
    # A central difference of width 1e-5 leaves errors of 1e-10 or so.
    return np.linalg.svd(jacobian, compute_uv=False)[-1] > 1e-6


LOCAL = [
    row
    for row in IDENTIFIED
    if row.heterogeneity in (None, "normal", "mixture") and row.model not in ("Mbh",)
]


@pytest.mark.parametrize("row", LOCAL, ids=lambda row: f"{row.model}-{row.heterogeneity}")
def test_the_table_says_what_the_rank_of_the_model_says(row):
    assert rank_is_full(row, row.least)
    # Mb is identified with two occasions, below which there is none; Mtbh is refused where it is just so.
    if row.least > 2 and row.model != "Mtbh":
        assert not rank_is_full(row, row.least - 1)


def test_the_table_names_every_model():
    assert {row.model for row in IDENTIFIED} == set(MODELS)
    assert all(row.reason for row in IDENTIFIED if row.least > 2)


@pytest.mark.parametrize("row", IDENTIFIED, ids=lambda row: f"{row.model}-{row.heterogeneity}")
def test_fewer_occasions_are_refused_with_the_reason_of_the_table(row):
    if row.least == 2:
        return
    t = row.least - 1
    counts = closed_counts_of(every_history(t)[1:], np.arange(2**t, 1, -1))
    with pytest.raises(NotEstimableError, match=f"not identified with {t} occasions") as refused:
        closed(counts, row.model, heterogeneity=row.heterogeneity)
    assert row.reason in refused.value.reason


def test_each_class_needs_two_more_occasions():
    counts = data_of("snowshoe_hare")
    with pytest.raises(NotEstimableError, match="needs 8 or more"):
        closed(counts, "Mth", heterogeneity="mixture(4)")
    assert closed(counts, "Mh", heterogeneity="mixture(3)").n_params == 6


@pytest.mark.parametrize(("shape", "least"), [("normal", 3), ("mixture(2)", 4), ("mixture(3)", 6)])
def test_without_occasions_the_frequencies_must_be_enough(shape, least):
    few = FrequencyCounts({k: 200 >> k for k in range(1, least)})
    with pytest.raises(NotEstimableError, match=f"captured {least} times or more"):
        closed(few, "Mh", heterogeneity=shape)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        ("Mth", "beta-binomial", "takes the shapes"),
        ("Mtbh", "chao", "'normal' or 'mixture'"),
        ("Mtbh", None, "no default"),
        ("Mtb", "normal", "use Mtbh"),
        ("Mh", "mixture(2.5)", "number of classes"),
        ("Mh", "mixture(0)", "number of classes"),
        ("Mh", "normal(2)", "no parameter"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(model, shape, message):
    with pytest.raises(InputError, match=message):
        closed(data_of("snowshoe_hare"), model, heterogeneity=shape)


def test_a_flat_maximum_is_refused_with_the_bound_and_is_a_row_of_the_panel():
    # Of 620 people 554 were seen once: the normal model puts the size at 314,834, give or take 896,048.
    counts = data_of("scotland_pwid_2006_GGC_Male_Young")
    with pytest.raises(UnreliableMaximumError, match="314,834, with a standard error of 896,") as refused:
        closed(counts, "Mh", heterogeneity="normal")
    chao = closed(counts.source.frequencies, "Mh", heterogeneity="chao").n_hat
    assert refused.value.bound == pytest.approx(chao)
    row = closed_models(counts)["Mh normal"]
    assert (row.estimate, row.reason) == (None, refused.value.reason)
    assert row.converged


@pytest.mark.parametrize(("frequencies", "occasions"), [({1: 63, 2: 1}, 3), ({1: 3, 3: 1, 4: 1, 6: 2}, 8)])
def test_searches_at_sizes_far_away_end_where_rounding_hides_any_gain(monkeypatch, frequencies, occasions):
    found = closed(FrequencyCounts(frequencies, occasions=occasions), "Mh", heterogeneity="normal")
    calls, parts = [], AbilityModel.parts
    monkeypatch.setattr(AbilityModel, "parts", lambda model, theta: calls.append(1) or parts(model, theta))
    low, high = found.interval()[:2]
    assert found.n_observed <= low < found.n_hat
    assert high == math.inf
    # Some fifty sizes, at two starts of some ten evaluations each. Searches that went on below the rounding
    # of the likelihood took two thousand evaluations at each of several sizes.
    assert len(calls) < 2000


def test_what_runs_to_infinity_is_refused_with_the_bound_that_exists():
    taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    with pytest.raises(NotEstimableError, match="class runs to 0") as refused:
        closed(taxicabs, "Mh", heterogeneity="mixture(2)")
    chao = closed(taxicabs, "Mh", heterogeneity="chao").n_hat
    assert refused.value.bound == pytest.approx(chao)
    assert f"{chao:,.0f}" in refused.value.reason
    counts = data_of("hepatitis_a_taiwan")
    with pytest.raises(NotEstimableError, match="size runs to infinity") as refused:
        closed(counts, "Mh", heterogeneity="beta-binomial")
    assert refused.value.bound > counts.n_observed
    with pytest.raises(InputError, match="occasions="):
        closed(FrequencyCounts({1: 30, 2: 9, 3: 2}), "Mh", heterogeneity="beta-binomial")


@pytest.mark.parametrize("shape", ["normal", "mixture(2)", "beta-binomial"])
def test_people_seen_once_or_always_are_refused(shape):
    with pytest.raises(NotEstimableError, match="nobody was"):
        closed(FrequencyCounts({1: 30}, occasions=5), "Mh", heterogeneity=shape)
    with pytest.raises(NotEstimableError, match="every occasion"):
        closed(FrequencyCounts({5: 30}, occasions=5), "Mh", heterogeneity=shape)


@pytest.mark.parametrize(
    ("histories", "counts", "reason"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [9, 5, 4], "nobody was"),
        ([[1, 1, 1], [0, 1, 1], [0, 0, 1]], [9, 5, 4], "a recapture is certain"),
        ([[1, 1, 0], [1, 0, 0], [0, 1, 0]], [9, 5, 4], "occasion 3"),
    ],
)
def test_mtb_without_a_maximum_is_refused(histories, counts, reason):
    with pytest.raises(NotEstimableError, match=reason):
        closed(closed_counts_of(histories, counts), "Mtb")


@settings(max_examples=25, deadline=None)
@given(
    st.integers(3, 6).flatmap(
        lambda t: st.tuples(st.just(t), st.lists(st.integers(0, 25), min_size=2**t - 1, max_size=2**t - 1))
    ),
    st.sampled_from(
        [("Mh", "normal"), ("Mth", "normal"), ("Mh", "mixture(2)"), ("Mh", "beta-binomial"), ("Mtb", None)]
    ),
    st.randoms(use_true_random=False),
)
def test_random_tables_give_a_finite_answer_or_a_reason_whatever_the_order(table, which, random):
    t, people = table
    model, shape = which
    if not any(people):
        return
    histories, people = every_history(t)[1:], np.array(people)
    order = list(range(t))
    if model != "Mtb":
        random.shuffle(order)
    try:
        found = closed(closed_counts_of(histories, people), model, heterogeneity=shape)
    except NotEstimableError as error:
        reason, bound = error.reason, error.bound
    else:
        reason, bound = "", None
    assert bound is None or bound >= people.sum()
    if reason:
        assert len(reason) > 40
        return
    assert found.n_observed <= found.n_hat < math.inf
    assert 0 < found.se < math.inf
    assert np.isfinite([found.loglik, found.deviance, *found.coefficients.values()]).all()
    # One likelihood, with its occasions in another order.
    again = closed(closed_counts_of(histories[:, order], people), model, heterogeneity=shape)
    assert again.loglik == pytest.approx(found.loglik, abs=1e-6)
