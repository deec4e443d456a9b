"""The warning of too many people seen once: where it is due, where not, and what it points at."""

import inspect
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

import microestim as me
from microestim.errors import OneInflationWarning
from microestim.estimators.frequency_counts.family_fit import fit_family
from microestim.estimators.frequency_counts.surplus_ones import (
    RARE,
    has_surplus_ones,
    overall_statistic,
    rare_statistic,
)

INFLATED = {1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}
ESTIMATORS = {
    "chao": me.chao,
    "chao_improved": me.chao_improved,
    "lanumteang_bohning": me.lanumteang_bohning,
    "zelterman": me.zelterman,
    "turing": me.turing,
    "ace": me.ace,
    "jackknife": me.jackknife,
    "jackknife, order 2": lambda c: me.jackknife(c, order=2),
    "truncated_counts": me.truncated_counts,
}
WITHOUT = {
    "chao_one_inflated": me.chao_one_inflated,
    "one_inflation_curve": me.one_inflation_curve,
    "truncated_counts, one-before": lambda c: me.truncated_counts(c, inflation="one-before"),
    "truncated_counts, drop-ones": lambda c: me.truncated_counts(c, inflation="drop-ones"),
    "ratio_regression": lambda c: me.ratio_regression(c, without_ones=True),
    "chao_missed_matches": lambda c: me.chao_missed_matches(c, missed_match=0.0),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_it_is_issued_once_and_points_at_the_caller(name) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ESTIMATORS[name](INFLATED)
    assert [each.category for each in caught] == [OneInflationWarning]
    if name != "jackknife, order 2":
        assert caught[0].filename == inspect.getfile(test_it_is_issued_once_and_points_at_the_caller)
    text = str(caught[0].message)
    for remedy in ("chao_one_inflated", "truncated_counts(..., inflation=...)", "one_inflation_curve"):
        assert remedy in text


@pytest.mark.parametrize("name", WITHOUT)
def test_what_does_without_the_ones_does_not_warn(name) -> None:
    # Warnings are errors here.
    WITHOUT[name](INFLATED)


def test_refits_do_not_warn() -> None:
    with pytest.warns(OneInflationWarning) as caught:
        fit = me.truncated_counts(INFLATED, family="geometric")
    fit.interval(method="bootstrap", rng=1, n_resamples=100)
    assert len(caught) == 1


def test_counts_at_hand() -> None:
    """Which published counts warn, and which long tails do not."""
    warned = {
        name
        for name in me.datasets.names()
        if isinstance(me.datasets.load(name).data, me.FrequencyCounts)
        and has_surplus_ones(me.datasets.load(name).data)
    }
    assert warned == {"dutch-immigrants", "mturk-participation"}


@pytest.mark.parametrize(
    "counts",
    [
        me.FrequencyCounts({1: 90, 2: 20, 3: 10, 4: 5, 9: 1}),
        me.FrequencyCounts({1: 90, 2: 20, 3: 10, 4: 5, 7: 4}, last_is_pooled=True),
    ],
    ids=["exact", "pooled"],
)
def test_the_first_statistic_is_the_likelihood_ratio_of_fits(counts) -> None:
    two, one = fit_family(counts, "geometric", 2), fit_family(counts, "geometric", 1)
    once, seen = counts[1], counts.n_observed
    split = once * np.log(once / seen) + (seen - once) * np.log(1 - once / seen)
    # Sums of logs of some hundred people.
    assert overall_statistic(counts) == pytest.approx(2 * (two.loglik + split - one.loglik), abs=1e-10)
    assert overall_statistic(counts) > 0


def test_the_second_statistic_by_another_optimiser() -> None:
    people = np.array([120.0, 18, 9, 6, 3])
    counts = me.FrequencyCounts({**dict(enumerate(people.astype(int), start=1)), 8: 4})

    def best(first):
        times = np.arange(first, RARE + 1)

        def minus(log_ratio):
            logs = gammaln(times + 0.5) - gammaln(times + 1) + log_ratio * times
            return -float(people[first - 1 :] @ (logs - np.log(np.exp(logs).sum())))

        return -minimize_scalar(minus, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}).fun

    seen, once = people.sum(), people[0]
    split = once * np.log(once / seen) + (seen - once) * np.log(1 - once / seen)
    # The optimiser is good to the root of rounding in the slope, its square in the value.
    assert rare_statistic(counts) == pytest.approx(2 * (best(2) + split - best(1)), abs=1e-8)


@pytest.mark.parametrize(
    "counts",
    [
        me.FrequencyCounts({1: 500}),
        me.FrequencyCounts({1: 500, 2: 3}),
        me.FrequencyCounts({1: 500, 9: 3}),
        me.FrequencyCounts({2: 5, 3: 4}),
        me.FrequencyCounts({1: 500, 2: 3}, last_is_pooled=True),
        me.FrequencyCounts({1: 500}, last_is_pooled=True),
        me.FrequencyCounts({1: 500, 2: 3, 3: 4}, last_is_pooled=True),
    ],
    ids=repr,
)
def test_counts_that_cannot_tell_do_not_warn(counts) -> None:
    assert not has_surplus_ones(counts)


def seen_counts(times):
    seen, people = np.unique(times[times > 0], return_counts=True)
    return me.FrequencyCounts(dict(zip(seen.tolist(), people.tolist(), strict=True)))


def share_warned(shape, people, mean, always_once, seeds=200):
    warned = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        times = rng.poisson(rng.gamma(shape, mean / shape, people))
        times[: int(always_once * people)] = 1
        warned += has_surplus_ones(seen_counts(times))
    return warned / seeds


# Coefficients of variation of 0.7, 1 and 1.41.
@pytest.mark.parametrize(("shape", "at_most"), [(2.0, 0.02), (1.0, 0.02), (0.5, 0.05)])
@pytest.mark.parametrize(("people", "mean"), [(1000, 1.0), (5000, 3.0)])
def test_rates_that_differ_do_not_warn(shape, at_most, people, mean) -> None:
    assert share_warned(shape, people, mean, 0.0) <= at_most


@pytest.mark.parametrize(("shape", "share"), [(0.5, 0.2), (1.0, 0.4), (2.0, 0.4)])
def test_one_inflation_warns(shape, share) -> None:
    assert share_warned(shape, 1000, 1.5, share, seeds=50) > 0.7
