"""Distributions of ability, Mtb and Mtbh: drawn from, laid beside what was seen, and fitted again."""

import pickle
from functools import cache
from itertools import product

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, expit, gammaln

from microestim import simulate
from microestim.capture import Captures, FrequencyCounts
from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.ability_chances import Abilities, ability_chances
from microestim.estimators.closed_populations.counts import ClosedCounts
from microestim.estimators.closed_populations.models import closed
from microestim.estimators.closed_populations.resampling import (
    DrawnCounts,
    chances_of,
    draw_by_history,
    draw_counts,
    margin_of,
)

FITS = [
    ("Mh", "normal"),
    ("Mth", "normal"),
    ("Mh", "mixture(2)"),
    ("Mth", "mixture(2)"),
    ("Mh", "beta-binomial"),
    ("Mtb", None),
    ("Mtbh", "normal"),
    ("Mtbh", "mixture(2)"),
]
FIT_NAMES = [f"{model} {shape}" for model, shape in FITS]
SKINKS = {1: 56, 2: 19, 3: 28, 4: 18, 5: 24, 6: 14, 7: 9}
BUTTERFLIES = {1: 118, 2: 74, 3: 44, 4: 24, 5: 29, 6: 22, 7: 20}


@cache
def hares(t=6, seed=4):
    """Two classes of people, apart enough that every family of heterogeneity has a maximum."""
    return simulate.captures(
        "Mtbh",
        1500,
        capture=list(np.linspace(0.2, 0.4, t)),
        heterogeneity="mixture(2)",
        shares=[0.6, 0.4],
        abilities=[0.0, 2.0],
        reaction=0.3,
        rng=seed,
    )


@cache
def fitted(model, shape):
    return closed(hares(), model, shape)


def every_history(t):
    return np.array(list(product((0, 1), repeat=t)))


def averaged(histories, effects, reaction, ability, weight):
    """Probability of each history: independent captures of a person, one ability after the other."""
    again = np.cumsum(histories, axis=1) - histories > 0
    total = np.zeros(len(histories))
    for place, share in zip(ability, weight, strict=True):
        chance = expit(effects + place + reaction * again)
        total += share * np.prod(np.where(histories == 1, chance, 1 - chance), axis=1)
    return total


def by_brute_force(found, t):
    """Probability of every one of the 2^t histories from the parameters of a fit."""
    histories, theta = every_history(t), found._resampler.theta
    k = histories.sum(axis=1)
    if found.heterogeneity is not None and found.heterogeneity.shape == "beta-binomial":
        mean, dispersion = found.coefficients["mean"], found.coefficients["dispersion"]
        a, b = mean / dispersion, (1 - mean) / dispersion
        return histories, np.exp(betaln(a + k, b + t - k) - betaln(a, b))
    effects = np.broadcast_to(theta[:1], t) if found.model == "Mh" else theta[:t]
    rest = theta[1:] if found.model == "Mh" else theta[t:]
    reaction = found.coefficients.get("reaction", 0.0)
    rest = rest[1:] if "reaction" in found.coefficients else rest
    if found.heterogeneity is None:
        ability, weight = np.zeros(1), np.ones(1)
    elif found.heterogeneity.shape == "normal":
        # A rule of its own: 4,001 nodes to ten standard deviations.
        z = np.linspace(-10, 10, 4001)
        ability, weight = found.coefficients["sigma"] * z, np.exp(-(z**2) / 2)
    else:
        classes = (len(rest) + 2) // 2
        ability = np.append(0.0, rest[: classes - 1])
        weight = np.exp(np.append(0.0, rest[classes - 1 :]))
    return histories, averaged(histories, effects, reaction, ability, weight / weight.sum())


def closed_or_reason(captures, model, shape):
    """The estimate, or the reason why there is none."""
    try:
        return closed(captures, model, shape)
    except NotEstimableError as refused:
        return refused.reason


def counts_of(captures, *, first=False):
    """The statistics that a data set drawn from a model would be told by."""
    counts = ClosedCounts(captures)
    table = counts.first_and_number[None] if first else None
    return DrawnCounts(
        n_i=counts.n_i[None], u_i=counts.u_i[None], f_k=counts.f_k[None], first_and_number=table
    )


# -- expected counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "shape"), FITS, ids=FIT_NAMES)
def test_expected_counts_are_those_of_all_histories_listed(model, shape):
    found = fitted(model, shape)
    t = hares().n_occasions
    histories, chance = by_brute_force(found, t)
    # Sums of 64 positive terms, from nodes that are exact to rounding.
    assert chance.sum() == pytest.approx(1, rel=1e-12)
    by_captures, by_history = found.expected(), found.expected("histories")
    margin = np.bincount(histories.sum(axis=1), weights=chance)
    assert by_captures["expected"].to_numpy() == pytest.approx(found.n_hat * margin, rel=1e-10)
    listed = {
        "".join(map(str, row)): found.n_hat * p for row, p in zip(histories.tolist(), chance, strict=True)
    }
    shown = by_history[:-1]
    assert shown["expected"].tolist() == pytest.approx([listed[name] for name in shown["history"]], rel=1e-10)
    unseen = sum(listed.values()) - sum(listed[name] for name in shown["history"]) - listed["0" * t]
    assert by_history["expected"].iloc[-1] == pytest.approx(unseen, abs=1e-9 * found.n_hat)
    # The size is the number seen over the chance of being seen, so expectations add up to what was seen.
    assert by_history["expected"].sum() == pytest.approx(found.n_observed, rel=1e-10)
    assert by_captures["expected"][1:].sum() == pytest.approx(found.n_observed, rel=1e-10)
    assert by_captures["observed"][1:].tolist() == hares().f_k.tolist()


@pytest.mark.parametrize(("model", "shape"), FITS, ids=FIT_NAMES)
def test_expected_counts_give_the_deviance(model, shape):
    found = fitted(model, shape)
    rows = found.expected("histories")[:-1]
    y, mu = rows["observed"].to_numpy(), rows["expected"].to_numpy()
    # The deviance of independent Poisson counts whose expectations have the same sum.
    assert 2 * np.sum(y * np.log(y / mu)) == pytest.approx(found.deviance, rel=1e-8)
    assert rows["pearson_residual"].to_numpy() == pytest.approx((y - mu) / np.sqrt(mu), rel=1e-12)


@pytest.mark.parametrize("shape", ["normal", "mixture(2)", "beta-binomial"])
def test_expected_frequencies_of_known_occasions(shape):
    found = closed(FrequencyCounts(SKINKS, occasions=7), "Mh", shape)
    histories, chance = by_brute_force(found, 7)
    margin = np.bincount(histories.sum(axis=1), weights=chance)
    assert found.expected()["expected"].to_numpy() == pytest.approx(found.n_hat * margin, rel=1e-10)
    with pytest.raises(NotEstimableError, match="who was seen when"):
        found.expected("histories")


@pytest.mark.parametrize("shape", ["normal", "mixture(2)"])
def test_frequencies_without_occasions_are_poisson_counts_cut_off(shape):
    found = closed(FrequencyCounts(BUTTERFLIES), "Mh", shape)
    theta, k = found._resampler.theta, np.arange(8)
    if shape == "normal":
        z = np.linspace(-10, 10, 4001)
        rates, weight = np.exp(theta[0] + theta[1] * z), np.exp(-(z**2) / 2)
    else:
        rates, weight = np.exp(theta[0] + np.array([0.0, theta[1]])), np.exp(np.array([0.0, theta[2]]))
    poisson = rates[:, None] ** k / np.exp(gammaln(k + 1))
    poisson /= poisson.sum(axis=1, keepdims=True)
    expected = found.n_hat * weight / weight.sum() @ poisson
    # The nodes are laid for the logistic function; counts that are cut off ask for a little more.
    assert found.expected()["expected"].to_numpy() == pytest.approx(expected, rel=1e-8)
    drawn = found._resampler.draw(4000, np.random.default_rng(3))
    # Five standard errors of a mean over 4,000 draws.
    assert drawn.f_k.mean(axis=0) == pytest.approx(expected[1:], abs=5 * np.sqrt(expected.max() / 4000))
    assert drawn.n_i.shape == (4000, 0)
    few = DrawnCounts(n_i=drawn.n_i[:6], u_i=drawn.u_i[:6], f_k=drawn.f_k[:6])
    for row, size in enumerate(found._resampler.refitted(few)):
        numbers = {times: int(people) for times, people in enumerate(drawn.f_k[row], start=1) if people}
        assert size == pytest.approx(closed(FrequencyCounts(numbers), "Mh", shape).n_hat, rel=1e-6)
    fit = found.goodness_of_fit(rng=1, n_resamples=100)
    # The deviance, of 3 or 4 degrees of freedom, is 3.3 and 1.5.
    assert 0.05 < fit.deviance_p < 1
    assert fit.pearson == pytest.approx((found.expected()["pearson_residual"][1:] ** 2).sum(), rel=1e-12)


# -- what is drawn --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "shape"), FITS, ids=FIT_NAMES)
def test_drawn_data_have_the_expected_counts(model, shape):
    found, resamples = fitted(model, shape), 4000
    t, n = hares().n_occasions, round(found.n_hat)
    histories, chance = by_brute_force(found, t)
    drawn = found._resampler.draw(resamples, np.random.default_rng(7))
    k, first = histories.sum(axis=1), histories.argmax(axis=1)
    seen = chance * (k > 0)
    # Five standard errors of a mean over 4,000 draws of at most n people.
    close = {"abs": 5 * np.sqrt(n / 4 / resamples)}
    assert drawn.n_i.mean(axis=0) == pytest.approx(n * seen @ histories, **close)
    assert drawn.u_i.mean(axis=0) == pytest.approx(n * np.bincount(first, seen, t), **close)
    assert drawn.f_k.mean(axis=0) == pytest.approx(n * np.bincount(k, seen)[1:], **close)
    assert (drawn.n_i.sum(axis=1) == drawn.f_k @ np.arange(1, t + 1)).all()
    assert (drawn.u_i.sum(axis=1) == drawn.n_observed).all()
    table = drawn.first_and_number
    assert (table is not None) == (model == "Mtbh")
    if table is not None:
        expected = np.zeros((t, t))
        np.add.at(expected, (first[k > 0], k[k > 0] - 1), n * chance[k > 0])
        assert table.mean(axis=0) == pytest.approx(expected, **close)
        # The correlation of two numbers of people, not their means alone.
        assert (table.sum(axis=2) == drawn.u_i).all()
        assert (table.sum(axis=1) == drawn.f_k).all()


@pytest.mark.parametrize(("model", "shape"), [("Mth", "normal"), ("Mtbh", "normal"), ("Mtbh", "mixture(2)")])
def test_counts_by_history_have_the_expected_counts(model, shape):
    found = fitted(model, shape)
    listed, chance = by_brute_force(found, hares().n_occasions)
    people = 4_000_000
    histories, counts = draw_by_history(found._resampler.chances, people, np.random.default_rng(2))
    place = {tuple(row): number for number, row in enumerate(listed.tolist())}
    expected = people * chance[[place[tuple(row)] for row in histories.tolist()]]
    # Five standard deviations of binomial numbers, of each of 63.
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()
    assert len(histories) == 63


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(1, 4), st.booleans(), st.integers(0, 10_000))
def test_a_table_of_chances_holds_the_probability_of_every_history(t, nodes, reacts, seed):
    rng = np.random.default_rng(seed)
    effects, ability = rng.normal(-0.5, 1.5, t), rng.normal(0, 2, nodes)
    weight = rng.dirichlet(np.ones(nodes))
    reaction = float(rng.normal(0, 2)) if reacts else None
    chances = ability_chances(effects, Abilities(place=ability, log_share=np.log(weight)), reaction)
    histories = every_history(t)
    expected = averaged(histories, effects, reaction or 0.0, ability, weight)
    # Products and quotients of sums of positive terms.
    assert chances_of(chances, histories) == pytest.approx(expected, rel=1e-10, abs=1e-300)
    margin = np.bincount(histories.sum(axis=1), weights=expected)
    assert margin_of(chances) == pytest.approx(margin, rel=1e-10, abs=1e-14)
    drawn = draw_counts(chances, 50, 3, rng)
    assert (drawn.n_i.sum(axis=1) == drawn.f_k @ np.arange(1, t + 1)).all()
    assert (drawn.u_i.sum(axis=1) == drawn.n_observed).all()
    assert (drawn.n_observed <= 50).all()


# -- resamples, fitted again ----------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "shape"), FITS, ids=FIT_NAMES)
def test_a_resample_is_fitted_as_the_data_would_be(model, shape):
    resampler, rng = fitted(model, shape)._resampler, np.random.default_rng(5)
    compared = 0
    for _ in range(8):
        histories, counts = draw_by_history(resampler.chances, round(resampler.people), rng)
        data = Captures.from_histories(histories, counts=counts.astype(np.int64))
        size = resampler.refitted(counts_of(data, first=model == "Mtbh"))[0]
        # The whole search, from starts of its own.
        again = closed_or_reason(data, model, shape)
        if isinstance(again, str):
            # A large error withholds an estimate, but the maximum is there.
            assert np.isfinite(size) == ("is flat" in again)
        else:
            # Both are at the maximum to the square of the last step, of 1e-7.
            assert size == pytest.approx(again.n_hat, rel=1e-6)
            compared += 1
    assert compared >= 4


def test_three_classes_are_fitted_again_from_where_they_were():
    captures = simulate.captures(
        "Mh",
        8000,
        capture=0.35,
        occasions=8,
        heterogeneity="mixture(3)",
        shares=[0.5, 0.3, 0.2],
        abilities=[0.0, 2.2, 4.4],
        rng=2,
    )
    found = closed(captures, "Mh", "mixture(3)")
    histories, chance = by_brute_force(found, 8)
    margin = np.bincount(histories.sum(axis=1), weights=chance)
    assert found.expected()["expected"].to_numpy() == pytest.approx(found.n_hat * margin, rel=1e-10)
    drawn = found._resampler.draw(6, np.random.default_rng(3))
    for row, size in enumerate(found._resampler.refitted(drawn)):
        numbers = {k: int(people) for k, people in enumerate(drawn.f_k[row], start=1)}
        again = closed_or_reason(FrequencyCounts(numbers, occasions=8), "Mh", "mixture(3)")
        assert not isinstance(again, str)
        assert size == pytest.approx(again.n_hat, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(3, 5).flatmap(lambda t: st.lists(st.integers(0, 12), min_size=2**t - 1, max_size=2**t - 1)),
    st.sampled_from(FITS),
    st.integers(0, 1000),
)
def test_whatever_has_an_estimate_is_drawn_and_fitted_without_a_nan(people, which, seed):
    people = np.array(people)
    if not people.any():
        return
    histories = every_history(int(np.log2(len(people) + 1)))[1:]
    found = closed_or_reason(
        Captures.from_histories(histories[people > 0], counts=people[people > 0]), *which
    )
    if isinstance(found, str):
        return
    for expected in (found.expected()["expected"][1:], found.expected("histories")["expected"]):
        assert (expected >= 0).all()
        # Sums of products of chances; the size is the number seen over the chance of being seen.
        assert expected.sum() == pytest.approx(found.n_observed, rel=1e-7)
    drawn = found._resampler.draw(2, np.random.default_rng(seed))
    sizes = found._resampler.refitted(drawn)
    # Infinite or a number of people, and never nan, which is not as large as anything.
    assert (sizes >= drawn.n_observed * (1 - 1e-12)).all()


@pytest.mark.parametrize(("model", "shape"), [("Mth", "normal"), ("Mtb", None), ("Mtbh", "normal")])
def test_an_occasion_without_captures_is_left_out_of_a_resample(model, shape):
    captures = hares()
    t = captures.n_occasions
    first = model == "Mtbh"
    drawn = counts_of(captures, first=first)
    # The fit of t + 1 occasions, of which nobody in the data set drawn was captured on the third.
    longer = closed(
        Captures.from_histories(
            np.vstack([np.insert(captures.histories, 2, 0, axis=1), np.eye(t + 1, dtype=int)[2]]),
            counts=[*captures.counts, 1],
        ),
        model,
        shape,
    )
    table = drawn.first_and_number
    empty = DrawnCounts(
        n_i=np.insert(drawn.n_i, 2, 0.0, axis=1),
        u_i=np.insert(drawn.u_i, 2, 0.0, axis=1),
        f_k=np.insert(drawn.f_k, t, 0.0, axis=1),
        first_and_number=None
        if table is None
        else np.insert(np.insert(table, 2, 0.0, axis=1), t, 0.0, axis=2),
    )
    assert longer._resampler.refitted(empty) == pytest.approx(fitted(model, shape).n_hat, rel=1e-6)


def test_resamples_without_a_maximum_or_with_nobody_missing():
    found = closed(
        simulate.captures("Mt", 500, capture=[0.3, 0.4, 0.3], rng=3), "Mth", heterogeneity="normal"
    )
    sizes = found._resampler.refitted(
        DrawnCounts(
            n_i=np.array([[5, 4, 3], [9, 9, 9], [9, 4, 0], [9, 4, 5], [0, 0, 0], [7, 6, 0]], dtype=float),
            u_i=np.array([[5, 4, 3], [9, 0, 0], [9, 0, 0], [9, 0, 0], [0, 0, 0], [7, 2, 0]], dtype=float),
            f_k=np.array([[12, 0, 0], [0, 0, 9], [5, 4, 0], [3, 3, 3], [0, 0, 0], [5, 4, 0]], dtype=float),
        )
    )
    # Nobody twice; everybody always; everybody on the first occasion, twice; nobody at all; and two
    # occasions, with which the model is not identified.
    assert sizes.tolist() == [np.inf, 9.0, 9.0, 9.0, np.inf, np.inf]


@pytest.mark.parametrize(
    ("larger", "smaller"),
    [
        (("Mh", "mixture(1)"), ("M0", None)),
        (("Mth", "mixture(1)"), ("Mt", None)),
        (("Mtbh", "mixture(1)"), ("Mtb", None)),
    ],
)
def test_one_class_is_the_model_without_heterogeneity(larger, smaller):
    one, none = closed(hares(), *larger), closed(hares(), *smaller)
    assert one.n_hat == pytest.approx(none.n_hat, rel=1e-8)
    for of in ("captures", "histories"):
        assert one.expected(of)["expected"].to_numpy() == pytest.approx(
            none.expected(of)["expected"].to_numpy(), rel=1e-6, abs=1e-7
        )
    drawn = none._resampler.draw(10, np.random.default_rng(1))
    if larger[0] == "Mtbh":
        drawn = one._resampler.draw(10, np.random.default_rng(1))
    assert one._resampler.refitted(drawn) == pytest.approx(none._resampler.refitted(drawn), rel=1e-6)


@pytest.mark.parametrize(
    ("shape", "model"), [("normal", "Mt"), ("mixture(2)", "Mt"), ("beta-binomial", "M0")]
)
def test_without_heterogeneity_in_the_data_the_draws_are_those_of_the_model_without_it(shape, model):
    # Captured on as equal numbers of occasions as can be: less alike than chance would have them.
    alike = Captures.from_counts({"1100": 30, "0110": 30, "0011": 30, "1001": 30, "1010": 3, "0001": 2})
    found, plain = closed(alike, {"Mt": "Mth", "M0": "Mh"}[model], shape), closed(alike, model)
    assert found.reason
    assert found._resampler.chances == pytest.approx(plain._resampler.chances, rel=1e-6, abs=1e-7)
    drawn = plain._resampler.draw(4, np.random.default_rng(1))
    # A resample may show heterogeneity, and then leads higher; none leads lower than without it.
    assert (found._resampler.refitted(drawn) >= plain._resampler.refitted(drawn) * (1 - 1e-6)).all()


@pytest.mark.parametrize(
    ("model", "shape"), [("Mth", "normal"), ("Mth", "mixture(2)"), ("Mh", "beta-binomial"), ("Mtb", None)]
)
def test_bootstrap_and_profile_agree_where_there_are_many_people(model, shape):
    found = fitted(model, shape)
    drawn = found.interval(method="bootstrap", rng=1, n_resamples=200)
    assert drawn.kind == "confidence: bootstrap percentile"
    assert drawn.low >= found.n_observed
    # A percentile of 200 draws has an error of about 0.2 standard errors, and the intervals differ by 0.3.
    assert drawn[:2] == pytest.approx(found.interval()[:2], abs=0.9 * found.se)


def test_the_back_end_changes_no_digit():
    found = fitted("Mtbh", "mixture(2)")
    alone = found._resampler.sizes(5, np.random.default_rng(3)).tolist()
    copied = pickle.loads(pickle.dumps(found._resampler))
    assert copied.sizes(5, np.random.default_rng(3)).tolist() == alone
    mtb = fitted("Mtb", None)
    interval = mtb.interval(method="bootstrap", rng=7, n_resamples=150)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert mtb.interval(method="bootstrap", rng=7, n_resamples=150) == interval


# -- goodness of fit ------------------------------------------------------------------------------------


def test_goodness_of_fit_tells_a_wrong_model_from_a_right_one():
    wrong = fitted("Mtb", None).goodness_of_fit(rng=1, n_resamples=100)
    right = fitted("Mtbh", "mixture(2)").goodness_of_fit(rng=1, n_resamples=100)
    # Nothing drawn is as far away as the data.
    assert wrong.deviance_p == wrong.pearson_p == 1 / (1 + wrong.n_resamples)
    assert right.deviance_p > 0.02
    assert right.pearson_p > 0.02
    assert right.n_resamples + right.n_without_fit == 100


def test_resamples_are_compared_at_their_own_maximum():
    # The search of a resample begins at the first fit, and ends where a search of its own does.
    found = fitted("Mth", "normal")
    histories, counts = draw_by_history(
        found._resampler.chances, round(found.n_hat), np.random.default_rng(8)
    )
    data = Captures.from_histories(histories, counts=counts.astype(np.int64))
    near, alone = found._refit(data), closed(data, "Mth", "normal")
    assert near.deviance == pytest.approx(alone.deviance, abs=1e-7)
    assert near.n_hat == pytest.approx(alone.n_hat, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "shape", "world", "repeats"),
    [
        ("Mth", "normal", {"sigma": 1.0}, 20),
        ("Mth", "mixture(2)", {"shares": [0.6, 0.4], "abilities": [0.0, 2.5]}, 20),
        ("Mtb", None, {"reaction": 0.5}, 80),
    ],
)
def test_the_bootstrap_covers(model, shape, world, repeats):
    rng, covered = np.random.default_rng(11), 0
    for _ in range(repeats):
        captures = simulate.captures(
            model, 1000, capture=list(np.linspace(0.25, 0.4, 6)), heterogeneity=shape, rng=rng, **world
        )
        interval = closed(captures, model, shape).interval(method="bootstrap", rng=rng, n_resamples=100)
        covered += interval.low <= 1000 <= interval.high
    # 95 %, less some three points of percentiles of 100 draws of a skewed estimate: three standard errors
    # of a share below that.
    assert covered / repeats > 0.92 - 3 * np.sqrt(0.92 * 0.08 / repeats)
