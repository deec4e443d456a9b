import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microestim as me
from microestim.errors import InputError, NotEstimableError

RABBITS = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}


def expected_counts(people, missed):
    """Expected classes after matching: j of k sightings recognised, k - j people seen once."""
    seen = dict.fromkeys(range(1, max(people) + 1), 0.0)
    for k, number in people.items():
        for j in range(k + 1):
            weight = number * math.comb(k, j) * (1 - missed) ** j * missed ** (k - j)
            if j:
                seen[j] += weight
            seen[1] += weight * (k - j)
    return seen


def whole(counts, scale=10**9):
    return {k: round(scale * n) for k, n in counts.items()}, scale


@pytest.mark.parametrize("occasions", [None, 18])
def test_a_rate_of_zero_is_chao_and_small_rates_lead_to_it(occasions):
    counts = me.FrequencyCounts(RABBITS, occasions=occasions)
    plain, zero = me.chao(counts), me.chao_missed_matches(counts, missed_match=0)
    assert (zero.n_hat, zero.se, zero.n_observed) == (plain.n_hat, plain.se, plain.n_observed)
    near = me.chao_missed_matches(counts, missed_match=1e-11)
    # 142 sightings at a rate of 1e-11, times the slope of some 5 people each.
    assert (near.n_hat, near.se) == pytest.approx((plain.n_hat, plain.se), rel=1e-9)


# Chao's bound says that three in ten sightings not recognised make too many people seen once.
@pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")
@pytest.mark.parametrize("missed", [0.02, 0.1, 0.3])
def test_expected_counts_of_equal_people_give_their_number(missed):
    # Poisson at rate 1.5: Chao's bound is the size itself, with and without thinning.
    rate, size = 1.5, 1000.0
    people = {k: size * math.exp(-rate) * rate**k / math.factorial(k) for k in range(1, 40)}
    counts, scale = whole(expected_counts(people, missed))
    found = me.chao_missed_matches(counts, missed_match=missed)
    # Counts rounded to 1e-9 people.
    assert found.n_hat / scale == pytest.approx(size, rel=1e-6)
    assert me.chao(counts).n_hat / scale > size * (1 + missed)


def test_expected_counts_of_equal_people_on_occasions_give_their_number():
    t, p, size, missed = 8, 0.2, 1000.0, 0.1
    people = {k: size * math.comb(t, k) * p**k * (1 - p) ** (t - k) for k in range(1, t + 1)}
    counts, scale = whole(expected_counts(people, missed))
    found = me.chao_missed_matches(me.FrequencyCounts(counts, occasions=t), missed_match=missed)
    assert found.n_hat / scale == pytest.approx(size, rel=1e-6)


def test_people_who_differ_make_it_a_lower_bound():
    sizes, rates, missed = (700.0, 300.0), (0.5, 2.0), 0.1
    people = {
        k: sum(n * math.exp(-r) * r**k / math.factorial(k) for n, r in zip(sizes, rates, strict=True))
        for k in range(1, 40)
    }
    counts, scale = whole(expected_counts(people, missed))
    assert 600 < me.chao_missed_matches(counts, missed_match=missed).n_hat / scale < 1000


@pytest.mark.parametrize(("occasions", "missed"), [(None, 0.1), (None, 0.3), (6, 0.15)])
def test_the_variance_is_that_of_whole_people(occasions, missed):
    """Delta method with the covariance of the counts enumerated person by person."""
    size, top = 1000.0, 30 if occasions is None else occasions
    mixture = ((0.6, 0.5), (0.4, 2.0)) if occasions is None else ((0.6, 0.1), (0.4, 0.4))

    def chance(k):
        if occasions is None:
            return sum(w * math.exp(-r) * r**k / math.factorial(k) for w, r in mixture)
        return sum(w * math.comb(top, k) * p**k * (1 - p) ** (top - k) for w, p in mixture)

    people = {k: size * chance(k) for k in range(1, top + 1)}
    seen = np.array([expected_counts(people, missed)[k] for k in range(1, top + 1)])
    factor = 1 if occasions is None else (top - 1) / top
    times = np.arange(1, top + 1)

    def estimate(f):
        lost = missed * (times * f).sum()
        return f.sum() - lost + factor * (f[0] - lost) ** 2 / (2 * f[1])

    step = 1e-4
    slope = np.array([(estimate(seen + h) - estimate(seen - h)) / (2 * step) for h in step * np.eye(top)])
    square = mean = 0.0
    for k, number in people.items():
        for j in range(k + 1):
            weight = number * math.comb(k, j) * (1 - missed) ** j * missed ** (k - j)
            added = (slope[j - 1] if j else 0.0) + (k - j) * slope[0]
            square += weight * added**2
            mean += weight * added
    variance = square - mean**2 / size
    counts, scale = whole(dict(zip(times.tolist(), seen.tolist(), strict=True)))
    found = me.chao_missed_matches(me.FrequencyCounts(counts, occasions=occasions), missed_match=missed)
    # All terms of the estimated variance are sums over the counts, but N, which the bound replaces.
    expected = square - mean**2 / estimate(seen)
    assert found.se**2 / scale == pytest.approx(expected, rel=1e-5)
    assert expected <= variance


def test_the_error_of_the_rate_enters_by_its_slope():
    known = me.chao_missed_matches(RABBITS, missed_match=0.1)
    unsure = me.chao_missed_matches(RABBITS, missed_match=(0.1, 0.03))
    up, down = (me.chao_missed_matches(RABBITS, missed_match=0.1 + h).n_hat for h in (1e-6, -1e-6))
    # Central differences of step 1e-6.
    slope = (up - down) / 2e-6
    assert unsure.se**2 - known.se**2 == pytest.approx((slope * 0.03) ** 2, rel=1e-6)


def test_a_small_simulation():
    rng = np.random.default_rng(11)
    size, rate, missed, runs = 1000, 1.2, 0.1, 600
    sizes, errors = [], []
    for _ in range(runs):
        sightings = rng.poisson(rate, size)
        right = rng.binomial(sightings, 1 - missed)
        f = np.bincount(right, minlength=3)
        f[1] += (sightings - right).sum()
        found = me.chao_missed_matches({k: int(n) for k, n in enumerate(f) if k and n}, missed_match=missed)
        sizes.append(found.n_hat)
        errors.append(found.se)
    # Spread known to 1 / sqrt(1200) = 3 %; three of these.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(sizes), rel=0.1)
    assert np.mean(sizes) == pytest.approx(size, rel=0.01)


@given(
    counts=st.dictionaries(st.integers(1, 9), st.integers(1, 200), min_size=1),
    missed=st.floats(0.001, 1),
    se=st.floats(0, 0.2),
)
@settings(max_examples=150, deadline=None)
def test_every_count_is_answered_or_refused(counts, missed, se):
    sure = sum(n for k, n in counts.items() if k > 1)
    refusal = None
    try:
        found = me.chao_missed_matches(counts, missed_match=(missed, se))
    except NotEstimableError as caught:
        refusal = caught
    if refusal is not None:
        assert refusal.bound == sure
        return
    assert found.n_observed == sure
    assert sure < found.n_hat < np.inf
    assert found.se is None or np.isfinite(found.se)


def test_refusals():
    with pytest.raises(NotEstimableError, match="rate accounts for all of them") as caught:
        me.chao_missed_matches(RABBITS, missed_match=0.4)
    assert caught.value.bound == 33
    with pytest.raises(NotEstimableError, match="nobody was seen twice"):
        me.chao_missed_matches({1: 10, 3: 1}, missed_match=0.1)
    with pytest.raises(InputError, match="pooled last class"):
        me.chao_missed_matches(me.FrequencyCounts(RABBITS, last_is_pooled=True), missed_match=0.1)
    with pytest.raises(InputError, match="share between 0 and 1"):
        me.chao_missed_matches(RABBITS, missed_match=1.1)
