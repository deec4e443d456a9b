"""One wave that asks for the visit before: exact on enumerated histories, unbiased in simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microestim as me
from microestim.errors import InputError, NotEstimableError


def chance(days, stay, come):
    """Chance of a history of days under a stationary chain: how often one comes, and comes again."""
    share = come / (1 - stay + come)
    result = share if days[0] else 1 - share
    for before, now in itertools.pairwise(days):
        again = stay if before else come
        result *= again if now else 1 - again
    return result


@pytest.mark.parametrize(("stay", "come"), [(0.9, 0.05), (0.2, 0.2), (0.0, 0.5), (0.05, 0.9)])
@pytest.mark.parametrize("window", [2, 3, 7])
def test_each_person_stands_for_what_they_should(stay, come, window):
    """Over all histories of a chain: the mean of the contribution, and of the squared error, are as said."""
    mean = squared = in_window = claimed = 0.0
    for days in itertools.product((0, 1), repeat=window):
        p = chance(days, stay, come)
        today = days[-1]
        before = [d for d in range(1, window) if days[-1 - d]]
        m = min([*before, window]) if today else 0
        mean += p * m
        in_window += p * any(days)
        squared += p * (m - any(days)) ** 2
        claimed += p * m * (m - 1)
    assert mean == pytest.approx(in_window, rel=1e-12)
    assert squared == pytest.approx(claimed, rel=1e-12)


def histories(rng, people, days, kind):
    """Days on which each of many unequal people comes, from a stationary pattern."""
    if kind == "unequal":
        rates = 1 - np.exp(-np.exp(rng.normal(-2.5, 1.5, people)))
        return rng.random((people, days)) < rates[:, None]
    if kind == "periodic":
        period = rng.choice([2, 7, 14, 28], people)
        return (np.arange(days) + rng.integers(0, 28, people)[:, None]) % period[:, None] == 0
    awake = np.zeros((people, days), dtype=bool)
    now = rng.random(people) < 0.2
    for day in range(days):
        awake[:, day] = now
        # A fifth of the time awake, for ten days at a stretch.
        now = np.where(now, rng.random(people) < 0.9, rng.random(people) < 0.025)
    return awake & (rng.random((people, days)) < 0.6)


def asked(visits):
    """Days since the visit before the last day's, for its visitors."""
    today = visits[visits[:, -1]][:, -2::-1]
    return np.where(today.any(1), today.argmax(1) + 1.0, math.inf)


@pytest.mark.parametrize("kind", ["unequal", "periodic", "bursts"])
@pytest.mark.parametrize("sampled", [False, True])
def test_simulated_people_are_estimated_without_bias_and_with_their_error(kind, sampled):
    window, replicates, rng = 30, 300, np.random.default_rng(8)
    errors, variances, covered = [], [], 0
    for _ in range(replicates):
        visits = histories(rng, 1500, 60, kind)
        gaps = asked(visits)
        true = visits[:, -window:].any(1).sum()
        came = len(gaps)
        if sampled:
            gaps = rng.choice(gaps, came // 2, replace=False)
        found = me.last_visit(gaps, window=window, visitors=came)
        errors.append(found.n_hat - true)
        variances.append(found.se**2)
        low, high, *_ = found.interval()
        covered += low <= true <= high
    spread = np.std(errors)
    # Four standard errors of a mean over 300 replicates, and of a standard deviation (times 1 / sqrt(2)).
    assert abs(np.mean(errors)) < 4 * spread / math.sqrt(replicates)
    assert math.sqrt(np.mean(variances)) == pytest.approx(spread, rel=4 / math.sqrt(2 * replicates))
    assert covered / replicates > 0.95 - 4 * math.sqrt(0.95 * 0.05 / replicates)


def test_counts_by_gap_are_the_gaps_one_by_one():
    counted = me.last_visit({1: 3, 5: 2, math.inf: 1}, window=10)
    listed = me.last_visit([1, 5, math.inf, 1, 5, 1], window=10)
    # 3 + 2 x 5 + 10, and 2 x 5 x 4 + 10 x 9.
    assert counted.n_hat == listed.n_hat == pytest.approx(23)
    assert counted.se == listed.se == pytest.approx(math.sqrt(130))
    assert counted.n_observed == 6
    assert counted.estimand.window == "10 days"


def test_a_sample_is_scaled_and_less_sure():
    gaps = {1: 30, 4: 20, 60: 5}
    whole, part = me.last_visit(gaps), me.last_visit(gaps, visitors=550)
    assert part.n_hat == pytest.approx(10 * whole.n_hat, rel=1e-12)
    assert part.se / part.n_hat > whole.se / whole.n_hat / math.sqrt(10)
    assert part.n_observed == 550
    m = np.repeat([1.0, 4.0, 30.0], [30, 20, 5])
    # The variance of a mean of 55 of 550, and the people's own.
    expected = 550**2 * (1 - 55 / 550) * m.var(ddof=1) / 55 + 10 * (m * (m - 1)).sum()
    assert part.se**2 == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=40), st.integers(2, 60))
def test_a_longer_window_never_has_fewer_people(gaps, window):
    if max(gaps) == 1:
        with pytest.raises(NotEstimableError):
            me.last_visit(gaps, window=window)
        return
    shorter, longer = (me.last_visit(gaps, window=w) for w in (window, window + 1))
    assert len(gaps) < shorter.n_hat <= longer.n_hat
    low, high, *_ = shorter.interval()
    assert len(gaps) <= low <= shorter.n_hat <= high


def test_daily_visitors_tell_nothing_of_others():
    with pytest.raises(NotEstimableError, match="at least the day's 40 visitors") as caught:
        me.last_visit({1: 20}, visitors=40)
    assert caught.value.bound == 40


@pytest.mark.parametrize(
    ("gaps", "options", "message"),
    [
        ([0, 1, 2], {}, "at least 1"),
        ([1.5, 2], {}, "whole number of days"),
        ([1, math.nan], {}, "whole number of days"),
        ({1: -2, 3: 4}, {}, "number of people"),
        ({1: 2.5, 3: 4}, {}, "number of people"),
        ([], {}, "nobody answered"),
        ({}, {}, "nobody answered"),
        (["yesterday"], {}, "numbers of days"),
        ([[1, 2]], {}, "numbers of days"),
        ([1, 2], {"visitors": 1}, "all visitors of the day"),
        ([2], {"visitors": 5}, "no spread"),
        ([1, 2], {"window": 1}, "at least 2"),
        ([1, 2], {"window": 30.0}, "whole number"),
        ([1, 2], {"visitors": True}, "whole number"),
    ],
)
def test_impossible_answers_are_refused(gaps, options, message):
    with pytest.raises(InputError, match=message):
        me.last_visit(gaps, **options)
