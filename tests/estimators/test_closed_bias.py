"""Bias-corrected sizes against Rcapture 1.4-4, and against what the correction is meant to do."""

from collections import defaultdict
from functools import cache

import numpy as np
import pytest
from scipy.stats import poisson

from microestim.capture import Captures, FrequencyCounts
from microestim.datasets import load
from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.bias_correction import WAITED_LESS, frequency_changes
from microestim.estimators.closed_populations.models import closed
from microestim.estimators.closed_populations.removal_models import people_left
from reference_rows import reference_rows

HISTORIES, FREQUENCIES = defaultdict(list), defaultdict(dict)
for line in reference_rows("closed_histories.csv"):
    HISTORIES[line["dataset"]].append(line)
for line in reference_rows("closed_frequencies.csv"):
    FREQUENCIES[line["dataset"]][int(line["times_seen"])] = int(line["count"])
OCCASIONS = {
    row["dataset"]: int(row["function"].partition("t=")[2])
    for row in reference_rows("closed_rcapture.csv")
    if row["function"].startswith("closedpCI.0 t=") and not row["function"].endswith("Inf")
}
ROWS = reference_rows("closed_bias_corrected.csv")


@cache
def data_of(dataset, function):
    if function.endswith("nbcap"):
        return FrequencyCounts(FREQUENCIES[dataset], occasions=OCCASIONS[dataset])
    rows = HISTORIES[dataset]
    matrix = np.array([[int(c) for c in row["history"]] for row in rows])
    return Captures.from_histories(matrix, counts=[int(row["count"]) for row in rows])


def corrected(row):
    model, _, shape = row["model"].partition(" ")
    data = data_of(row["dataset"], row["function"])
    try:
        return closed(data, model, shape or None, bias_corrected=True)
    except NotEstimableError as refused:
        return refused.reason


@pytest.mark.parametrize("model", sorted({row["model"] for row in ROWS}))
def test_corrected_sizes_equal_the_peers(model):
    compared = 0
    for row in (row for row in ROWS if row["model"] == model):
        found = corrected(row)
        if isinstance(found, str):
            # What has no estimate without a correction has none with it, and the reason is given.
            continue
        compared += 1
        # Ten printed digits. For the wood mice R's glm says 'did not converge' without a correction too.
        early = (row["dataset"], model) == ("woodmice", "Mh poisson(2)")
        assert found.n_hat == pytest.approx(float(row["estimate"]), rel=1e-5 if early else 1e-6), row
        # R's error is from the last but one step of its iteration, here of a design with few people.
        assert found.se == pytest.approx(float(row["se"]), rel=1e-3 if early else 2.5e-4), row
        assert found.method == f"{model}, bias-corrected"
        assert found.interval_methods == ("lognormal", "wald")
    assert compared >= (5 if model.endswith("gamma(3.5)") else 8)


@pytest.mark.parametrize(
    ("model", "shape"), [("Mtb", None), ("Mth", "gamma"), ("Mth", "poisson(1.5)"), ("Mth", "normal")]
)
def test_models_without_a_correction_are_refused(model, shape):
    with pytest.raises(NotEstimableError, match="no bias-corrected form"):
        closed(data_of("snowshoe_hare", "closedp.bc"), model, shape, bias_corrected=True)


def test_two_occasions_have_chapmans_correction():
    with pytest.raises(NotEstimableError, match="chapman"):
        closed(Captures.from_counts({"10": 20, "01": 20, "11": 9}), "Mt", bias_corrected=True)


def test_a_removal_needs_three_first_captures_to_correct():
    two = Captures.from_counts({"10": 40, "01": 20, "11": 9})
    with pytest.raises(NotEstimableError, match="needs 3 occasions; there are 2"):
        closed(two, "Mb", bias_corrected=True)
    three = Captures.from_counts({"100": 40, "010": 20, "001": 9, "011": 9})
    with pytest.raises(NotEstimableError, match="needs 4 occasions; there are 3"):
        closed(three, "Mbh", bias_corrected=True)
    early = Captures.from_counts({"100": 40, "110": 30, "010": 2, "001": 0})
    with pytest.raises(NotEstimableError, match="waited 2 in all"):
        closed(early, "Mb", bias_corrected=True)


def bias_of_removal(t, p, size=1e4):
    """First-order bias over Poisson first captures, and its slope by what is waited: finite differences."""
    mu = size * p * (1 - p) ** np.arange(t)
    place = np.arange(t)

    def number(caught, waited):
        return mu.sum() + caught + people_left(t, mu.sum() + caught, mu @ place + waited)[0]

    # A thousandth of the people: the error of the differences is the square of it.
    h = size * 1e-3
    twice = number(h, 0) + number(-h, 0) - 2 * number(0, 0), number(0, h) + number(0, -h) - 2 * number(0, 0)
    mixed = (number(h, h) - number(h, -h) - number(-h, h) + number(-h, -h)) / 4
    bends = (twice[0] + 2 * place * mixed + place**2 * twice[1]) / h**2
    return mu @ bends / 2, (number(0, h) - number(0, -h)) / (2 * h)


@pytest.mark.parametrize(("p", "waited_less"), [(0.2, 4.66), (0.3, 3.08), (0.5, 1.99)])
def test_waiting_three_occasions_less_takes_the_bias_of_a_removal_away(p, waited_less):
    bias, slope = bias_of_removal(5, p)
    # To the digits printed in the comment on the constant.
    assert bias / slope == pytest.approx(waited_less, abs=0.02)
    assert abs(bias - WAITED_LESS * slope) < 0.6 * bias


def test_a_simulated_removal_is_less_biased():
    rng = np.random.default_rng(11)
    t, p, size = 5, 0.3, 1_000
    chances = np.append(p * (1 - p) ** np.arange(t), (1 - p) ** t)
    first = rng.multinomial(size, chances, size=2_000)[:, :t].astype(float)
    plain = [people_left(t, u.sum(), u @ np.arange(t))[0] for u in first]
    better = [people_left(t, u.sum(), u @ np.arange(t) - WAITED_LESS)[0] for u in first]
    bias, slope = bias_of_removal(t, p)
    # The two come from the same counts, so their difference has little error; second order is a tenth of it.
    assert np.mean(plain) - np.mean(better) == pytest.approx(WAITED_LESS * slope, rel=0.15)
    assert bias > 0


def test_the_constants_take_the_bias_of_a_product_of_powers_away():
    # f0 in proportion to f1^2 / f2 for M0, to f1^3 f3 / f2^3 for Darroch's shape: expectations over Poisson
    # counts by summing, with means so large that a count of nobody does not matter.
    for column, powers in ((None, (2, -1, 0)), (np.array([0.0, 0.5, 2.0, 4.5]), (3, -3, 1))):
        plain = corrected_mean = 1.0
        for mean, power, change in zip((300, 120, 60), powers, frequency_changes(column, None), strict=True):
            counts = np.arange(1.0, 900.0)
            weights = poisson.pmf(counts, mean)
            plain *= weights @ counts**power / float(mean) ** power
            corrected_mean *= weights @ (counts + change) ** power / float(mean) ** power
        # What is left is of second order: the square of a first-order bias of at most a twentieth.
        assert abs(corrected_mean - 1) < abs(plain - 1) ** 2 * 3 < 0.03


def test_the_correction_takes_most_of_the_bias_of_m0_away():
    rng = np.random.default_rng(3)
    plain, better = [], []
    for _ in range(150):
        seen = rng.random((200, 5)) < 0.2
        captures = Captures.from_histories(seen[seen.any(axis=1)])
        plain.append(closed(captures, "M0").n_hat)
        better.append(closed(captures, "M0", bias_corrected=True).n_hat)
    # Both come from the same data, so their difference has hardly any error: the bias of first order, as
    # the fit itself estimates it on average.
    expected = closed(Captures.from_histories(seen[seen.any(axis=1)]), "M0").asymptotic_bias
    assert np.mean(plain) - np.mean(better) == pytest.approx(expected, rel=0.6)


@pytest.mark.parametrize("shape", ["normal", "beta-binomial"])
def test_shapes_without_a_correction_are_refused_as_such(shape):
    hares = load("snowshoe-hares").data
    with pytest.raises(NotEstimableError, match="there is no bias-corrected form of Mh"):
        closed(hares, "Mh", shape, bias_corrected=True)


def test_a_refused_bound_does_not_send_people_to_itself():
    captures = Captures.from_counts({"100": 1, "110": 1, "001": 1})
    with pytest.raises(NotEstimableError, match=r"gives 4\.[0-9]+.*bias_corrected=True") as refused:
        closed(captures, "Mh", "chao")
    assert "heterogeneity='chao'" not in str(refused.value)
