import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import microestim as me
from microestim.errors import InputError, NotEstimableError

Z = 1.959963984540054


def test_the_size_is_the_count_over_the_share():
    found = me.multiplier(1200, reported=90, sample=300, design_effect=2)
    share = 0.3
    se = math.sqrt(2 * share * (1 - share) / 300)
    # Closed forms.
    assert found.n_hat == pytest.approx(1200 / share, rel=1e-12)
    assert found.se == pytest.approx(1200 * se / share**2, rel=1e-12)
    given_as_share = me.multiplier(1200, (share, se))
    assert (given_as_share.n_hat, given_as_share.se) == pytest.approx((found.n_hat, found.se), rel=1e-12)
    low, high, *_ = found.interval()
    assert (low, high) == pytest.approx(tuple(4000 * math.exp(s * Z * se / share) for s in (-1, 1)), rel=1e-9)
    assert found.n_observed == 1200


def test_the_error_of_the_count_enters():
    found = me.multiplier(1200, (0.3, 0.03), count_se=60)
    assert found.se / found.n_hat == pytest.approx(math.hypot(0.05, 0.1), rel=1e-12)
    # An estimated count is no number of people seen.
    assert found.n_observed is None


@pytest.mark.parametrize("count_se", [0.0, 100.0])
def test_fiellers_limits_are_where_the_normal_test_is_just_passed(count_se):
    found = me.multiplier(1200, (0.3, 0.04), count_se=count_se)

    def excess(size):
        return abs(1200 - size * 0.3) - Z * math.hypot(count_se, size * 0.04)

    low, high, *_ = found.interval(method="fieller")
    assert low == pytest.approx(max(brentq(excess, 1000, 4000), 0 if count_se else 1200), rel=1e-9)
    assert high == pytest.approx(brentq(excess, 4000, 1e6), rel=1e-9)


def test_a_share_that_may_be_zero_has_no_upper_limit():
    found = me.multiplier(1200, (0.05, 0.04))
    low, high, *_ = found.interval(method="fieller")
    # Without an error of the count: the count over the largest share that is not excluded.
    assert low == pytest.approx(1200 / (0.05 + Z * 0.04), rel=1e-9)
    assert high == np.inf
    assert "share of zero" in found.interval(method="fieller").note


def test_a_small_simulation_covers():
    rng = np.random.default_rng(5)
    inside = 0
    runs = 3000
    for reported in rng.binomial(400, 0.25, runs).tolist():
        low, high, *_ = me.multiplier(1000, reported=reported, sample=400).interval()
        inside += low <= 4000 <= high
    # Three Monte Carlo standard errors of 0.95 over 3,000 surveys: 0.012.
    assert inside / runs == pytest.approx(0.95, abs=0.015)


@given(
    count=st.integers(1, 10**6),
    reported=st.integers(0, 500),
    more=st.integers(1, 500),
    effect=st.floats(0.5, 5),
)
@settings(max_examples=80, deadline=None)
def test_every_survey_is_answered_or_refused(count, reported, more, effect):
    if reported == 0:
        with pytest.raises(NotEstimableError, match="share of 0") as caught:
            me.multiplier(count, reported=0, sample=more)
        assert caught.value.bound == count
        return
    found = me.multiplier(count, reported=reported, sample=reported + more, design_effect=effect)
    for method in found.interval_methods:
        low, high, *_ = found.interval(method=method)
        assert count <= low <= found.n_hat * (1 + 1e-12)
        assert found.n_hat * (1 - 1e-12) <= high


def test_a_share_without_error_has_no_interval():
    found = me.multiplier(1200, 0.3)
    assert found.se is None
    with pytest.raises(NotEstimableError, match="no sampling error"):
        found.interval()
    # An error of the count alone would say that the share is exact.
    assert me.multiplier(1200, 0.3, count_se=100).interval_methods == ()
    assert me.multiplier(1200, reported=3, sample=3, count_se=100).interval_methods == ()
    exact = me.multiplier(1200, (0.3, 0.0), count_se=100)
    assert exact.se == pytest.approx(100 / 0.3)
    everybody = me.multiplier(1200, reported=30, sample=30)
    assert (everybody.n_hat, everybody.se) == (1200, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0, "proportion": 0.3}, "count is 0"),
        ({"count": 10}, "both reported and sample"),
        ({"count": 10, "reported": 5}, "both reported and sample"),
        ({"count": 10, "reported": 5, "sample": 4}, "at most sample"),
        ({"count": 10, "reported": 1.5, "sample": 4}, "whole numbers"),
        ({"count": 10, "proportion": 0.3, "sample": 4}, "not both"),
        ({"count": 10, "proportion": 30}, "share between 0 and 1"),
        ({"count": 10, "reported": 1, "sample": 4, "design_effect": 0}, "design_effect is 0"),
        ({"count": 10, "proportion": 0.3, "count_se": -1}, "count_se is -1"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(InputError, match=message):
        me.multiplier(**arguments)
