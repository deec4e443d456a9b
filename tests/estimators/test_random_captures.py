"""Any table of captures gets an estimate, an infinite limit with its reason, or a refusal with one."""

import importlib.util
import re
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from microestim.capture import Captures
from microestim.estimators.closed_populations import closed
from microestim.results import Interval

SCRIPT = Path(__file__).parents[2] / "experiments" / "random_captures.py"


def script():
    spec = importlib.util.spec_from_file_location("random_captures", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


random_captures = script()
KINDS = list(random_captures.KINDS)


def faults(numbers):
    found = [f for n in numbers for f in random_captures.faults_of(random_captures.random_table(n))]
    return "\n\n".join(f"# {fault}\n{random_captures.snippet(fault)}" for fault in found)


@pytest.mark.parametrize("number", [12031, 18783])
def test_tables_that_had_a_fault(number):
    """A second class that gains nothing but rounding, and one far from the grid of the search."""
    assert faults([number]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_ten_tables_of_each_kind(kind):
    start = KINDS.index(kind)
    assert faults(range(start, 10 * len(KINDS), len(KINDS))) == ""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_tables(kind):
    start = 10 * len(KINDS) + KINDS.index(kind)
    assert faults(range(start, 135 * len(KINDS), len(KINDS))) == ""


def changed(**fields):
    """Make an estimator whose answer has a wrong field."""
    return lambda captures, model, *, heterogeneity: replace(
        closed(captures, model, heterogeneity=heterogeneity), **fields
    )


def warns(captures, model, *, heterogeneity):
    warnings.warn("divide by zero encountered", RuntimeWarning, stacklevel=1)
    return closed(captures, model, heterogeneity=heterogeneity)


def depends_on_order(captures, model, *, heterogeneity):
    found = closed(captures, model, heterogeneity=heterogeneity)
    return replace(found, n_hat=found.n_hat + captures.u_i[0]) if isinstance(captures, Captures) else found


def depends_on_rows(captures, model, *, heterogeneity):
    found = closed(captures, model, heterogeneity=heterogeneity)
    return replace(found, n_hat=found.n_hat + len(captures.counts)) if found else found


TABLE = Captures.from_counts({"100": 50, "010": 21, "001": 9, "110": 24, "011": 4, "111": 12})


@pytest.mark.parametrize(
    ("estimator", "what"),
    [
        (changed(n_hat=np.nan), "n_hat is nan without a reason"),
        (changed(n_hat=np.inf), "n_hat is inf without a reason"),
        (changed(n_hat=9.0), "n_hat is 9.0, below the 120 seen"),
        (changed(se=np.nan), "se is nan"),
        (changed(deviance=-1.0), "deviance is -1.0"),
        (changed(capture_probabilities=np.array([1.2])), "capture probabilities are"),
        (lambda *_, heterogeneity: 1 / 0, "ZeroDivisionError"),
        (warns, "RuntimeWarning: divide by zero"),
        (depends_on_order, "n_hat .* became"),
        (depends_on_rows, "n_hat .* became"),
    ],
)
def test_the_search_finds_what_is_wrong(monkeypatch, estimator, what):
    table = random_captures.RandomTable(0, "even", TABLE)
    assert not list(random_captures.faults_of_model(table, ("M0", None), methods=("wald",)))
    monkeypatch.setattr(random_captures, "closed", estimator)
    found = random_captures.faults_of_model(table, ("M0", None), methods=())
    assert [fault.what for fault in found if re.search(what, fault.what)]


@pytest.mark.parametrize(
    ("low", "high", "note", "what"),
    [
        (119.0, 150.0, "", "below the 120 seen"),
        (120.0, np.inf, "", "infinite upper limit without a reason"),
        (np.inf, np.inf, "no limit", "limits are inf and inf"),
        (200.0, 300.0, "", "do not hold the estimate"),
    ],
)
def test_the_search_finds_wrong_limits(low, high, note, what):
    interval = Interval(low, high, 0.95, "confidence: log-normal", note=note)
    estimate = SimpleNamespace(n_hat=130.0, n_observed=120.0, interval=lambda method: interval)
    assert re.search(what, " ".join(random_captures.wrong_limits(estimate, "lognormal")))


def test_the_search_finds_the_smallest_table():
    def too_many_at_once(table):
        if table.captures.n_i[0] > 2:
            yield random_captures.Fault(table, "n_i", "more than two")

    fault = next(too_many_at_once(random_captures.RandomTable(0, "even", TABLE)))
    least = random_captures.smallest(fault, too_many_at_once)
    assert least.table.captures.n_occasions == 2
    assert least.table.captures.counts.sum() == 3
    assert "Captures.from_counts({" in random_captures.snippet(least)
