"""Estimators from shares of marked people and from removals."""

import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microestim as me
from microestim.capture import Captures
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations import closed, removal, schnabel, schumacher_eschmeyer
from reference_rows import reference_rows

# The data set PikeNY of the R package FSAdata: pike captured, recaptured, and returned with a mark.
PIKE = {
    "captured": [2, 3, 2, 3, 20, 18, 14, 9, 17, 6, 7, 10, 7, 5, 9, 8, 6, 1, 5, 2, 1],
    "recaptured": [0, 0, 0, 0, 2, 3, 4, 4, 14, 5, 6, 7, 7, 3, 6, 7, 4, 1, 5, 2, 1],
    "returned": [2, 3, 2, 3, 20, 18, 13, 9, 17, 6, 7, 9, 7, 5, 9, 7, 6, 1, 5, 2, 1],
}


HISTORIES = {
    name: {row["history"]: int(row["count"]) for row in rows}
    for name, rows in groupby(reference_rows("closed_histories.csv"), lambda row: row["dataset"])
}
ROWS = [
    row for row in reference_rows("multiple_marking_fsa.csv") if row["dataset"] in {*HISTORIES, "fsa_pike_ny"}
]


def estimate_of(dataset, function):
    arguments = {"captures": Captures.from_counts(HISTORIES[dataset])} if dataset in HISTORIES else PIKE
    if function == "SchumacherEschmeyer":
        return schumacher_eschmeyer(**arguments)
    return schnabel(**arguments, chapman=function.endswith("TRUE"))


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: "-".join((row["dataset"], row["function"], row["model"]))
)
def test_estimates_and_limits_equal_the_peers(row):
    found = estimate_of(row["dataset"], row["function"])
    # Ten printed digits.
    assert found.n_hat == pytest.approx(float(row["estimate"]), rel=1e-9)
    if row["model"] == "estimate":
        return
    method = "inverse" if row["model"] == "interval normal" else "poisson"
    interval = found.interval(float(row["level"]), method)
    if not row["lower"]:
        # The peer divides by the captures of an occasion without any; that occasion says nothing.
        assert row["dataset"] == "cottontail_rabbits_18"
        assert found.n_observed < interval.low < found.n_hat < interval.high < math.inf
        return
    low, high = float(row["lower"]), float(row["upper"])
    # Six printed decimals; the exact limits of the peer are found by a search that stops within 2e-7 of them.
    assert interval.high == pytest.approx(high, rel=1e-6)
    assert interval.low == pytest.approx(max(low, found.n_observed), rel=1e-6)
    assert interval.floor_applied == (low < found.n_observed)


def test_two_occasions_are_those_of_two_samples():
    plain = schnabel(captured=[500, 500], recaptured=[0, 89], chapman=False)
    assert plain.n_hat == me.lincoln_petersen(500, 500, 89).n_hat
    # Chapman's (1952) modification of Schnabel's sum, not his (1951) of two samples.
    assert schnabel(captured=[500, 500], recaptured=[0, 89]).n_hat == pytest.approx(500 * 500 / 90)
    with pytest.raises(NotEstimableError, match="use lincoln_petersen"):
        schumacher_eschmeyer(captured=[500, 500], recaptured=[0, 89])


def test_a_population_that_follows_the_line_is_found_exactly():
    # 1,000 people, of whom exactly a share of the captured is marked: 100 marked, 10 of 100; 190 marked, 38
    # of 200.
    exact = {"captured": [100, 100, 200], "recaptured": [0, 10, 38]}
    found = schumacher_eschmeyer(**exact)
    assert found.n_hat == pytest.approx(1000, rel=1e-12)
    assert found.se == pytest.approx(0.0, abs=1e-4)
    assert schnabel(**exact, chapman=False).n_hat == pytest.approx(1000, rel=1e-12)


def test_the_error_of_the_line_is_that_of_weighted_least_squares():
    found = estimate_of("fsa_pike_ny", "SchumacherEschmeyer")
    data = found.samples
    used = data.captured > 0
    root = np.sqrt(data.captured[used])
    x, y = (root * data.marked[used])[:, None], root * data.recaptured[used] / data.captured[used]
    slope, residual, _, _ = np.linalg.lstsq(x, y)
    error = math.sqrt(float(residual[0]) / (len(y) - 2) / float((x**2).sum()))
    assert 1 / found.n_hat == pytest.approx(float(slope[0]), rel=1e-10)
    assert found.inverse_se == pytest.approx(error, rel=1e-10)
    assert found.se == pytest.approx(error * found.n_hat**2, rel=1e-10)


def test_statistics_by_occasion_suffice():
    captures = Captures.from_counts(HISTORIES["snowshoe_hare"])
    given_only = Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i)
    for method in (schnabel, schumacher_eschmeyer):
        assert method(given_only).n_hat == method(captures).n_hat
        assert method(captured=captures.n_i, recaptured=captures.m_i).n_hat == method(captures).n_hat


def test_without_recaptures_there_is_no_estimate_but_a_lower_limit():
    none = {"captured": [20, 30, 25], "recaptured": [0, 0, 0]}
    for method in (lambda: schnabel(**none, chapman=False), lambda: schumacher_eschmeyer(**none)):
        with pytest.raises(NotEstimableError, match="nobody was captured twice"):
            method()
    found = schnabel(**none)
    assert found.status == "bound"
    assert "nobody was captured twice" in found.reason
    exposure = 30 * 20 + 25 * 50
    interval = found.interval(0.95, "poisson")
    # No Poisson event is seen with a chance of 2.5 % where 3.69 are expected; one is added.
    assert interval.low == pytest.approx(exposure / (-math.log(0.025) + 1), rel=1e-9)
    assert interval.high == pytest.approx(exposure)
    few = schnabel(captured=[20, 30, 25], recaptured=[0, 1, 1], chapman=False)
    assert few.interval(0.95, "inverse").high == math.inf
    assert "no upper limit" in few.interval(0.95, "inverse").note


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give captures, or both"),
        ({"captured": [1, 2]}, "give captures, or both"),
        ({"captured": [5, 6], "recaptured": [1, 2]}, "first occasion nobody is marked"),
        ({"captured": [5, 6], "recaptured": [0, 7]}, "7 recaptures among 6 captured"),
        ({"captured": [5, 9], "recaptured": [0, 6]}, "with 5 marked before"),
        ({"captured": [5, 9], "recaptured": [0, 6, 2]}, "one number for each"),
        ({"captured": [5, 2.5], "recaptured": [0, 1]}, "whole numbers"),
        ({"captured": [5, 6], "recaptured": [0, 1], "returned": [9, 6]}, "more people were returned"),
        ({"captured": [5, 0], "recaptured": [0, 0]}, "no second sample"),
        ({"captures": [[1, 0], [1, 1]]}, "give Captures"),
    ],
)
def test_counts_that_contradict_each_other_are_refused(arguments, message):
    for method in (schnabel, schumacher_eschmeyer):
        with pytest.raises(InputError, match=message):
            method(**arguments)


def test_both_kinds_of_data_at_once_are_refused():
    with pytest.raises(InputError, match="not both"):
        schnabel(Captures.from_counts(HISTORIES["snowshoe_hare"]), captured=[1, 2], recaptured=[0, 1])


# -- removal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catches", "size", "error", "chance"),
    [
        # Seber (1982), example 7.4, and Cowx (1983), page 75, as the tests of the R package FSA quote them.
        ([79, 28], (122, 0.5), (8.8, 0.05), (0.65, 0.005)),
        ([72, 56], (324, 0.5), (178.19, 0.005), (0.22, 0.005)),
        # Cowx (1983), page 75: the closed form for three passes, of the same likelihood.
        ([72, 56, 46], (353, 0.5), None, None),
    ],
)
def test_removals_of_textbooks(catches, size, error, chance):
    found = removal(catches)
    assert found.n_hat == pytest.approx(size[0], abs=size[1])
    if error is not None:
        assert found.se == pytest.approx(error[0], abs=error[1])
        assert found.capture_probability == pytest.approx(chance[0], abs=chance[1])


def test_the_multinomial_maximum_of_four_removals():
    # Van Deventer (1989), page 13, as the tests of FSA quote it: 249 people, the whole number of the highest
    # multinomial likelihood, with an error of 6.164 and a chance of 0.501 there.
    found = removal([124, 61, 35, 14])
    assert found.multinomial_maximum == pytest.approx(249, abs=0.5)
    likelihood = {size: found._profile.loglik(size) for size in range(245, 254)}
    assert max(likelihood, key=likelihood.get) == 249
    assert found.se == pytest.approx(6.164, abs=0.25)
    assert found.capture_probability == pytest.approx(0.501, abs=0.005)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5000), st.integers(1, 4999))
def test_two_removals_have_the_closed_form_of_seber_and_le_cren(first, second):
    if second >= first:
        with pytest.raises(NotEstimableError, match="decline"):
            removal([first, second])
        return
    found = removal([first, second])
    size = first**2 / (first - second)
    # The larger the size, the closer q is to 1, and the fewer digits 1 - q^2 keeps.
    assert found.n_hat == pytest.approx(size, rel=1e-9 * size / first + 1e-9)
    error = first * second * math.sqrt(first + second) / (first - second) ** 2
    assert found.se == pytest.approx(error, rel=1e-5 * (size / first) ** 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_removals_give_a_finite_answer_or_a_reason(catches):
    try:
        found = removal(catches)
    except NotEstimableError:
        return
    total, k = sum(catches), len(catches)
    assert total <= found.n_hat < math.inf
    assert 0 < found.se < math.inf
    assert total <= found.multinomial_maximum
    # The estimating equation, and the error of Mb for people who stay, by another formula.
    q = 1 - found.capture_probability
    mean = sum(j * catch for j, catch in enumerate(catches)) / total
    if q < 0.99:
        assert q / (1 - q) - k * q**k / (1 - q**k) == pytest.approx(mean, abs=1e-8)
    low, high = found.interval(0.9)[:2]
    assert total <= low <= high
    assert math.isfinite(high) or "no upper limit" in found.interval(0.9).note


def test_removal_is_mb_for_people_who_stay():
    captures = Captures.from_counts({"100": 38, "010": 20, "011": 6, "001": 12})
    found, stayed = removal(captures.u_i), closed(captures, "Mb")
    assert found.n_hat == pytest.approx(stayed.n_hat, rel=1e-10)
    assert found.se == pytest.approx(stayed.se, rel=1e-9)
    assert found.interval(0.9)[:2] == pytest.approx(stayed.interval(0.9)[:2], rel=1e-8)
    assert found.df_resid == 1


@pytest.mark.parametrize(
    ("catches", "error", "message"),
    [
        ([5, 7, 8], NotEstimableError, "do not: 5, 7, 8"),
        ([9, 0, 0], NotEstimableError, "nobody is missing"),
        ([0, 0], NotEstimableError, "nobody was caught"),
        ([5], InputError, "two or more"),
        ([5, -1], InputError, "whole numbers"),
        ([[5, 1]], InputError, "two or more"),
    ],
)
def test_removals_that_cannot_be_are_refused(catches, error, message):
    with pytest.raises(error, match=message):
        removal(catches)


@pytest.mark.parametrize("wrong", ["abc", [[1, 2], [3]], None, {"a": 1}])
def test_catches_that_are_no_numbers_are_refused(wrong):
    with pytest.raises(InputError, match="captured is"):
        schnabel(captured=[wrong, 2], recaptured=[0, 1])
    with pytest.raises(InputError, match="captured is"):
        schumacher_eschmeyer(captured=[wrong, 2, 3], recaptured=[0, 1, 1])
    with pytest.raises(InputError, match="catches is"):
        removal([wrong, 2])


def test_removal_from_captures_says_what_to_give_instead():
    captures = Captures.from_counts({"100": 20, "010": 9, "011": 4, "001": 5})
    with pytest.raises(InputError, match=r"removal\(captures\.u_i\)"):
        removal(captures)
    assert removal(captures.u_i).n_hat == pytest.approx(closed(captures, "Mb").n_hat, rel=1e-6)
