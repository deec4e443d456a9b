"""Sample coverage: against CARE1, written-out formulas, finite differences and populations of known size."""

import math
from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError, NotEstimableError
from reference_rows import reference_rows

HISTORIES: dict[str, dict[str, int]] = defaultdict(dict)
for row in reference_rows("closed_histories.csv"):
    HISTORIES[row["dataset"]][row["history"]] = int(row["count"])
CARE1 = reference_rows("list_coverage.csv")
CORRECTIONS = {"Indep": "none", "HSC": "full", "LSC": "one-step"}


@pytest.mark.parametrize("row", [row for row in CARE1 if row["model"] and not row["se"]], ids=str)
def test_list_coverage_agrees_with_care1(row: dict[str, str]) -> None:
    captures = me.Captures.from_counts(HISTORIES[row["dataset"]])
    if row["dataset"] == "new_orleans_trafficking_5list" and row["model"] == "HSC":
        # The package prints the number seen in place of a negative size.
        with pytest.raises(NotEstimableError, match="no finite size fits"):
            me.list_coverage(captures)
        return
    found = me.list_coverage(captures, correction=CORRECTIONS[row["model"]])
    assert found.n_hat == pytest.approx(float(row["estimate"]), rel=1e-9)


@pytest.mark.parametrize("row", [row for row in CARE1 if row["parameter"] in ("D", "Chat")], ids=str)
def test_coverage_and_people_found_elsewhere_agree_with_care1(row: dict[str, str]) -> None:
    found = me.list_coverage(me.Captures.from_counts(HISTORIES[row["dataset"]]), correction="none")
    name = {"D": "found_elsewhere", "Chat": "coverage"}[row["parameter"]]
    # Printed with three decimals.
    assert found.params[name] == pytest.approx(float(row["estimate"]), abs=5.1e-4)


@pytest.mark.parametrize(
    "row", [row for row in CARE1 if row["se"] and row["model"] in ("Indep", "LSC")], ids=str
)
def test_standard_errors_are_near_those_of_care1s_bootstrap(row: dict[str, str]) -> None:
    found = me.list_coverage(
        me.Captures.from_counts(HISTORIES[row["dataset"]]), correction=CORRECTIONS[row["model"]]
    )
    # 200 resamples have an error of 5 %; the delta method leaves out what small counts add.
    assert 0.5 < found.se / float(row["se"]) < 1.3


def written_out(counts: dict[str, int], coverage: int, model: str) -> float:
    t = len(next(iter(counts)))
    f = [sum(c for h, c in counts.items() if h.count("1") == k) for k in range(t + 1)]
    n = [sum(c for h, c in counts.items() if h[i] == "1") for i in range(t)]
    captured = sum(n)
    missed = f[1]
    if coverage >= 2:
        missed -= 2 * f[2] / (t - 1)
    if coverage == 3:
        missed += 6 * f[3] / ((t - 1) * (t - 2))
    share = 1 - missed / captured
    people = sum(f[1:])
    if model == "Mh":
        n = [captured / t] * t
    pairs = 2 * sum(a * b for a, b in combinations(n, 2))
    spread = max(people / share * sum(k * (k - 1) * f[k] for k in range(t + 1)) / pairs - 1, 0)
    return people / share + (0 if model == "Mt" else f[1] / share * spread)


@pytest.mark.parametrize("coverage", [1, 2, 3])
@pytest.mark.parametrize("model", ["Mt", "Mh", "Mth"])
@pytest.mark.parametrize("dataset", ["snowshoe_hare", "deermice_6", "meadow_vole_primary1_5"])
def test_sample_coverage_is_the_written_out_formula(dataset: str, model: str, coverage: int) -> None:
    counts = HISTORIES[dataset]
    found = me.sample_coverage(me.Captures.from_counts(counts), model, coverage=coverage)
    assert found.n_hat == pytest.approx(written_out(counts, coverage, model), rel=1e-12)


def by_finite_differences(counts: dict[str, int], estimate: object, n_hat: float) -> float:
    """Delta method, each count moved by a thousandth of a person in counts a thousand times as large."""
    scale, first, second = 10_000, 0.0, 0.0
    for history, count in counts.items():
        sizes = []
        for sign in (1, -1):
            moved = {h: scale * c for h, c in counts.items()}
            moved[history] += sign
            sizes.append(estimate(me.Captures.from_counts(moved)).n_hat)
        slope = (sizes[0] - sizes[1]) / 2
        first += slope * count
        second += slope**2 * count
    return math.sqrt(second - first**2 / n_hat)


@pytest.mark.parametrize(
    "estimate",
    [
        lambda captures: me.sample_coverage(captures, "Mth"),
        lambda captures: me.sample_coverage(captures, "Mh", coverage=1),
        lambda captures: me.sample_coverage(captures, "Mt", coverage=3),
        lambda captures: me.list_coverage(captures),
        lambda captures: me.list_coverage(captures, correction="one-step"),
        lambda captures: me.list_coverage(captures, correction="none"),
    ],
)
@pytest.mark.parametrize("dataset", ["hepatitis_a_taiwan", "diabetes_italy"])
def test_standard_errors_are_the_delta_methods(dataset: str, estimate: object) -> None:
    counts = HISTORIES[dataset]
    found = estimate(me.Captures.from_counts(counts))
    # A difference over a ten-thousandth of a count has an error of its square.
    assert found.se == pytest.approx(by_finite_differences(counts, estimate, found.n_hat), rel=1e-4)


def expected_counts(chances: np.ndarray, people: float) -> dict[str, int]:
    """Counts that a population has on average; `chances` by class of person and occasion, classes alike."""
    t = chances.shape[1]
    counts = {}
    for code in range(1, 2**t):
        history = f"{code:0{t}b}"
        seen = np.array([bit == "1" for bit in history])
        share = np.where(seen, chances, 1 - chances).prod(axis=1).mean()
        if round(people * share):
            counts[history] = round(people * share)
    return counts


def test_heterogeneity_is_followed_where_people_are_unequal() -> None:
    person, occasion = np.linspace(0.5, 1.5, 11), np.array([0.2, 0.35, 0.25, 0.4, 0.3, 0.2, 0.25, 0.3])
    captures = me.Captures.from_counts(expected_counts(np.outer(person, occasion), 1e7))
    unequal, equal = me.sample_coverage(captures, "Mth"), me.sample_coverage(captures, "Mt")
    # The spread is measured with the size of equal people, which is too low, so it is too low too.
    assert 0.5 * np.var(person) < unequal.params["cv_squared"] < np.var(person)
    assert captures.n_observed < equal.n_hat < unequal.n_hat < 1e7
    assert unequal.n_hat > 0.97e7


def test_equal_people_give_the_size_in_every_model() -> None:
    captures = me.Captures.from_counts(expected_counts(np.full((1, 10), 0.3), 1e7))
    for model in ("Mt", "Mh", "Mth"):
        assert me.sample_coverage(captures, model, coverage=3).n_hat == pytest.approx(1e7, rel=0.01)
    for correction in CORRECTIONS.values():
        assert me.list_coverage(captures, correction=correction).n_hat == pytest.approx(1e7, rel=1e-3)


def test_frequencies_serve_where_occasions_do_not_matter() -> None:
    captures = me.Captures.from_counts(HISTORIES["snowshoe_hare"])
    for model in ("Mt", "Mh"):
        whole, short = me.sample_coverage(captures, model), me.sample_coverage(captures.frequencies, model)
        assert (whole.n_hat, whole.se) == pytest.approx((short.n_hat, short.se), rel=1e-12)
    with pytest.raises(InputError, match="Mth depends on how many people were captured on each occasion"):
        me.sample_coverage(captures.frequencies, "Mth")


def test_what_cannot_be_estimated_is_refused_with_the_reason() -> None:
    never_again = me.Captures.from_counts({"100": 5, "010": 6, "001": 4})
    with pytest.raises(NotEstimableError, match="coverage is 0"):
        me.sample_coverage(never_again)
    with pytest.raises(NotEstimableError, match="nobody is on more than one list"):
        me.list_coverage(never_again)
    two = me.Captures.from_counts({"10": 5, "01": 6, "11": 4})
    with pytest.raises(InputError, match="dependence cannot be told"):
        me.list_coverage(two)
    assert me.list_coverage(two, correction="none").n_hat > 15
    with pytest.raises(InputError, match="coverage=3 needs three occasions"):
        me.sample_coverage(two, coverage=3)
    with pytest.raises(InputError, match="needs the number of occasions"):
        me.sample_coverage(me.FrequencyCounts({1: 5, 2: 3}), "Mh")
    with pytest.raises(InputError, match="have the strata a, b"):
        me.sample_coverage(me.Captures.from_strata({"a": two, "b": two}))
    with pytest.raises(InputError, match="model is 'Mb'"):
        me.sample_coverage(two, "Mb")
    with pytest.raises(InputError, match="correction is 'half'"):
        me.list_coverage(two, correction="half")
