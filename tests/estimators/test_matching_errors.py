import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microestim as me
from microestim.errors import InputError, NotEstimableError

ESTIMATORS = [me.lincoln_petersen, me.chapman]


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("counts", [(500, 500, 89), (10, 15, 5), ([500, 40], [300, 20], [60, 3])])
def test_rates_of_zero_are_the_ordinary_estimate(estimator, counts):
    plain, zero = estimator(*counts), estimator(*counts, false_match=0, missed_match=(0.0, 0.0))
    assert np.array_equal(zero.n_hat, plain.n_hat)
    assert np.array_equal(zero.se, plain.se)
    assert np.array_equal(zero.n_observed, plain.n_observed)
    assert zero.interval_methods == plain.interval_methods


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_small_rates_lead_to_the_ordinary_estimate(estimator):
    plain = estimator(500, 400, 60)
    near = estimator(500, 400, 60, false_match=1e-10, missed_match=1e-10)
    # Rates of 1e-10 move m by 1e-10 (n2 - m) / m relative to it, and the variance alike.
    assert near.n_hat == pytest.approx(plain.n_hat, rel=1e-8)
    assert near.se == pytest.approx(plain.se, rel=1e-8)


def expected_matches(n1, n2, both, false, missed):
    """Mean and variance of the matches, person by person over both outcomes."""
    chances = [1 - missed] * both + [false] * (n2 - both)
    weights = {0: 1.0}
    for chance in chances:
        after = {}
        for (found, weight), hit in product(weights.items(), (0, 1)):
            after[found + hit] = after.get(found + hit, 0.0) + weight * (chance if hit else 1 - chance)
        weights = after
    mean = sum(found * weight for found, weight in weights.items())
    return mean, sum((found - mean) ** 2 * weight for found, weight in weights.items())


def test_the_correction_inverts_the_expected_matches():
    from microestim.estimators.rates import Rate
    from microestim.estimators.two_samples.matching_errors import corrected_overlap, matching_variance

    n1, n2, both, false, missed = 30, 25, 9, 0.07, 0.2
    mean, variance = expected_matches(n1, n2, both, false, missed)
    rates = Rate(false), Rate(missed)
    # Enumerated over all outcomes; exact up to rounding.
    assert float(corrected_overlap(np.array(n2), np.array(mean), *rates)) == pytest.approx(both, rel=1e-12)
    added = float(matching_variance(np.array(float(n2)), np.array(float(both)), *rates))
    assert added == pytest.approx(variance / (1 - false - missed) ** 2, rel=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_errors_of_the_rates_enter_by_their_slopes(estimator):
    n1, n2, m, false, missed = 500, 400, 60, 0.03, 0.1
    known = estimator(n1, n2, m, false_match=false, missed_match=missed)
    for name, value, se in (("false_match", false, 0.004), ("missed_match", missed, 0.05)):
        rates = {"false_match": false, "missed_match": missed}
        unsure = estimator(n1, n2, m, **(rates | {name: (value, se)}))
        up, down = (estimator(n1, n2, m, **(rates | {name: value + h})).n_hat for h in (1e-6, -1e-6))
        # Central differences of step 1e-6 are good to about 1e-9.
        slope = (up - down) / 2e-6
        assert unsure.n_hat == known.n_hat
        assert unsure.se**2 - known.se**2 == pytest.approx((slope * se) ** 2, rel=1e-6)


def test_lincoln_petersens_error_is_the_delta_method_of_binomial_matches():
    n1, n2, m, false, missed = 500, 400, 60, 0.03, 0.1
    q = m / n2

    def size(q):
        return n1 * (1 - false - missed) / (q - false)

    slope = (size(q + 1e-6) - size(q - 1e-6)) / 2e-6
    estimate = me.lincoln_petersen(n1, n2, m, false_match=false, missed_match=missed)
    assert estimate.n_hat == pytest.approx(size(q), rel=1e-12)
    # Central differences, as above.
    assert estimate.se == pytest.approx(abs(slope) * math.sqrt(q * (1 - q) / n2), rel=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_small_simulation_with_uncertain_rates(estimator):
    rng = np.random.default_rng(7)
    size, n1, n2, runs = 4000, 900, 800, 1200
    false, missed, false_se, missed_se = 0.02, 0.15, 0.003, 0.03
    both = rng.hypergeometric(n1, size - n1, n2, size=runs)
    m = rng.binomial(both, 1 - missed) + rng.binomial(n2 - both, false)
    known = rng.normal(false, false_se, runs), rng.normal(missed, missed_se, runs)
    inside, sizes, errors = 0, [], []
    for matched, f, u in zip(m.tolist(), *known, strict=True):
        found = estimator(
            n1, n2, matched, false_match=(max(f, 0.0), false_se), missed_match=(max(u, 0.0), missed_se)
        )
        low, high, *_ = found.interval()
        inside += low <= size <= high
        sizes.append(found.n_hat)
        errors.append(found.se)
    # Three Monte Carlo standard errors of 0.95 over 1,200 runs are 0.019; Lincoln-Petersen's binomial
    # variance is larger than the hypergeometric one of these samples, so it covers a little more.
    assert 0.931 <= inside / runs <= 0.98
    # The delta method of a ratio with a relative error of 9 %: its second order is about 1 %.
    assert np.median(sizes) == pytest.approx(size, rel=0.015)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(sizes), rel=0.12)
    plain = np.median([me.lincoln_petersen(n1, n2, int(x)).n_hat for x in m[:500]])
    assert abs(plain - size) > 100


@pytest.mark.filterwarnings("ignore::microestim.errors.SmallRecaptureWarning")
@given(
    n1=st.integers(1, 300),
    n2=st.integers(1, 300),
    share=st.floats(0, 1),
    false=st.floats(0, 0.5),
    missed=st.floats(0, 0.49),
    se=st.floats(0, 0.2),
)
@settings(max_examples=100, deadline=None)
def test_every_count_is_answered_flagged_or_refused(n1, n2, share, false, missed, se):
    m = int(share * min(n1, n2))
    for estimator in ESTIMATORS:
        try:
            found = estimator(n1, n2, m, false_match=(false, se), missed_match=(missed, se))
        except NotEstimableError as caught:
            refusal = caught
        else:
            refusal = None
        if refusal is not None:
            assert refusal.bound >= max(n1, n2)
            continue
        assert np.isfinite([found.n_hat, found.se]).all()
        assert found.n_observed >= max(n1, n2)
        assert ("below the number seen" in found.reason) == (found.n_hat < found.n_observed)
        assert found.interval(method="wald").low >= found.n_observed


def test_the_floor_is_what_was_seen_for_certain():
    # A missed match makes one person into two, so only the larger sample is certain.
    assert me.lincoln_petersen(500, 400, 60, missed_match=0.1).n_observed == 500
    # Rates that may be above zero count as errors even where the best guess is zero.
    assert me.lincoln_petersen(500, 400, 60, missed_match=(0.0, 0.01)).n_observed == 500
    # False matches alone make too few people, never too many.
    assert me.lincoln_petersen(500, 400, 60, false_match=0.02).n_observed == 840


def test_more_matches_than_people_are_flagged_and_not_clipped():
    found = me.lincoln_petersen(100, 100, 95, missed_match=0.1)
    assert found.n_hat == pytest.approx(10_000 * 0.9 / 95, rel=1e-12)
    assert found.reason == "the estimate is below the number seen"
    with pytest.raises(NotEstimableError, match="log-normal"):
        found.interval()
    assert found.interval(method="wald").low == 100


def test_refusals():
    with pytest.raises(NotEstimableError, match="false matches alone would make 12") as caught:
        me.lincoln_petersen(500, 400, 12, false_match=0.03)
    assert caught.value.bound == 888
    with pytest.raises(NotEstimableError, match="nobody was matched"):
        me.lincoln_petersen(500, 400, 0, missed_match=0.03)
    rows = me.lincoln_petersen([500, 500], 400, [12, 60], false_match=0.03)
    assert list(rows.status) == ["not estimable", "estimated"]
    assert rows.reason[0] == "no more matches than false ones alone would make"
    with pytest.raises(InputError, match="add up to 1 or more"):
        me.chapman(500, 400, 60, false_match=0.5, missed_match=0.5)
    with pytest.raises(InputError, match=r"share between 0 and 1 \(0.05, not 5\)"):
        me.chapman(500, 400, 60, missed_match=5)
    with pytest.raises(InputError, match="standard error of false_match"):
        me.chapman(500, 400, 60, false_match=(0.1, -0.1))
    with pytest.raises(InputError, match="pair"):
        me.chapman(500, 400, 60, false_match=(0.1, 0.1, 0.1))
    with pytest.raises(InputError, match="interval method 'profile'"):
        me.chapman(500, 400, 60, false_match=0.01).interval(method="profile")
    assert "missed matches" in str(me.chapman(500, 400, 60, missed_match=(0.1, 0.02)))
