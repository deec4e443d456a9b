"""Random frequency counts through every estimator of the room: a finite answer, or a reason."""

import importlib.util
from pathlib import Path

import pytest

import microestim as me

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("random_counts", ROOT / "experiments" / "random_counts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_hundred_tables(experiment) -> None:
    """Each table through every 45th estimator, in turn; the command asks all of them."""
    estimators = list(experiment.every_estimator().items())
    outcomes = {
        experiment.judge(name, estimator, counts)
        for place, counts in enumerate(experiment.random_tables(200))
        for name, estimator in estimators[place % 45 :: 45]
    }
    # All of these must occur, or the tables are too tame to find a fault.
    assert outcomes == {"estimated", "bound", "refused", "wrong use"}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_two_thousand_tables(experiment, part) -> None:
    estimators = list(experiment.every_estimator().items())
    for place, counts in enumerate(experiment.random_tables(200, seed=experiment.SEED + 1 + part)):
        for name, estimator in estimators[place % 24 :: 24]:
            experiment.judge(name, estimator, counts)


def test_tables_can_be_made_again(experiment) -> None:
    first, second = (list(experiment.random_tables(20)) for _ in range(2))
    assert first == second
    assert first != list(experiment.random_tables(20, seed=1))


def test_any_table_can_be_judged_by_its_number(experiment) -> None:
    assert experiment.random_table(7) == list(experiment.random_tables(8))[7]
    tally = experiment.judge_all(range(7, 9), experiment.SEED)
    tally.add(experiment.judge_all(range(9, 10), experiment.SEED))
    assert tally.tables == 3
    assert tally.outcomes.total() == 3 * len(experiment.every_estimator())
    assert tally.faults == []


@pytest.mark.parametrize("number", [1676, 1798, 2615, 3030])
def test_tables_that_had_a_fault(experiment, number) -> None:
    """Steps that overflowed, rates next to zero that lost their digits, a slope of either sign."""
    assert experiment.judge_all(range(number, number + 1), experiment.SEED).faults == []


def wrong_interval(method):
    class Wrong(me.Estimate):
        def _make_interval(self, *_):
            return me.Interval(1.0, 2.0, 0.95, "confidence: Wald")

    return lambda counts: Wrong(n_hat=20.0, se=1.0, n_observed=8.0, method=method)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda c: me.Estimate(n_hat=float("nan"), n_observed=8.0, method="x"), "nan"),
        (lambda c: me.Estimate(n_hat=5.0, n_observed=8.0, method="x"), "5.0"),
        (wrong_interval("x"), "low=1.0"),
    ],
)
def test_the_judge_finds_faults(experiment, wrong, message) -> None:
    with pytest.raises(AssertionError, match=message):
        experiment.judge("x", wrong, me.FrequencyCounts({1: 5, 2: 3}))
    with pytest.raises(ZeroDivisionError):
        experiment.judge("x", lambda counts: 1 / 0, me.FrequencyCounts({1: 5, 2: 3}))


def test_every_slow_estimator_gets_its_share_of_tables(experiment):
    every = experiment.every_estimator()
    for place in range(3):
        assert experiment.estimators_of(place, fits=None).keys() == every.keys()
    given = [experiment.estimators_of(place, fits=1).keys() for place in range(200)]
    quick = set.intersection(*map(set, given))
    assert {len(each) for each in given} == {len(quick) + 1}
    assert set.union(*map(set, given)) == every.keys()
