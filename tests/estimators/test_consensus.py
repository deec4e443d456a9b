import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import halfcauchy, norm

import microestim as me
from microestim.errors import InputError, PriorError
from microestim.estimators.consensus.mixture import pooled
from reference_rows import reference_rows

SOURCES = {"three lists": (2000, 1000, 3000), "two lists": (2500, 1500, 3500), "service": (1000, 250, 2500)}
TRUST = {"three lists": 0.9, "two lists": 0.7, "service": 0.2}


def test_the_printed_example():
    found = me.consensus(SOURCES, confidence=TRUST, prior=(3000, 4000))
    known = {"median": found.n_hat, "mean": found.mean, "sd": found.se}
    for row in reference_rows("consensus_example.csv"):
        name, printed = row["quantity"], float(row["printed"])
        value = known[name] if name in known else found.quantile(float(name))
        # The printed values are of 4,000 draws: three Monte Carlo errors of the outer quantiles are 1.5 %.
        assert value == pytest.approx(printed, rel=0.015), name


def test_quadrature_in_two_dimensions_agrees():
    logs = np.log([2000, 2500, 1000])
    sds = np.array([math.log(3), math.log(7 / 3), math.log(10)]) / 3.92 / np.array([0.9, 0.7, 0.2])
    scale, prior = 0.01 * np.std(logs, ddof=1), (math.log(3000), math.log(4 / 3) / 0.674)
    mixture, _ = pooled(logs, sds, scale, prior)

    # No conjugacy: the joint density itself, by the trapezoidal rule in both directions.
    grid = np.linspace(math.log(2371) - 3, math.log(2371) + 3, 601)
    log_tau = np.linspace(-30, 20, 1501)
    tau = np.exp(log_tau)
    errors = np.ones((len(grid), len(tau)))
    for y, sd in zip(logs, sds, strict=True):
        errors *= norm.pdf(y, grid[:, None], np.sqrt(tau**2 + sd**2))
    joint = errors * halfcauchy.pdf(tau, scale=scale) * tau
    values = joint.sum(axis=1) * norm.pdf(grid, *prior)
    total = values.sum()
    mean = (values * np.exp(grid)).sum() / total
    sd = math.sqrt((values * np.exp(2 * grid)).sum() / total - mean**2)
    # Trapezoidal rules on smooth densities that die out within the grids.
    assert mixture.moments()[0] == pytest.approx(mean, rel=1e-6)
    assert math.sqrt(mixture.moments()[1]) == pytest.approx(sd, rel=1e-5)
    at = grid[320]
    below = (values[:320].sum() + values[320] / 2) / total
    # The same rule stopped within the grid: an error of step^2 / 12 times the slope.
    assert mixture.cdf(at) == pytest.approx(below, abs=1e-4)
    # Mean and standard deviation of another exact quadrature, to the digits that it printed.
    assert round(mixture.moments()[0], 2) == 2417.69
    assert round(math.sqrt(mixture.moments()[1]), 2) == 478.41


def test_without_spread_and_prior_it_is_the_weighted_mean_of_the_logs():
    found = me.consensus([(100, 50, 200), (300, 200, 450)], confidence=[0.5, 1], unexplained_bias=0)
    sds = np.array([math.log(4) / 0.5, math.log(2.25)]) / (2 * norm.ppf(0.975))
    weights = sds**-2 / (sds**-2).sum()
    middle = float(weights @ np.log([100, 300]))
    # Closed forms of a normal posterior.
    assert found.n_hat == pytest.approx(math.exp(middle), rel=1e-12)
    half = norm.ppf(0.975) * (sds**-2).sum() ** -0.5
    assert found.interval()[:2] == pytest.approx((math.exp(middle - half), math.exp(middle + half)), rel=1e-9)
    np.testing.assert_allclose(found.inputs["weight"], weights, rtol=1e-12)
    assert found.spread == 0


def test_equal_estimates_have_no_spread():
    found = me.consensus([(100, 50, 200)] * 2, confidence=1)
    assert found.n_hat == pytest.approx(100, rel=1e-12)
    assert found.spread == 0


@given(
    values=st.lists(st.floats(10, 1e6), min_size=2, max_size=5),
    width=st.floats(1.05, 10),
    trust=st.floats(0.05, 1),
    bias=st.floats(0, 2),
)
@settings(max_examples=20, deadline=None)
def test_the_answer_lies_among_the_estimates_and_scales_with_them(values, width, trust, bias):
    triples = [(v, v / width, v * width) for v in values]
    found = me.consensus(triples, confidence=trust, unexplained_bias=bias)
    assert min(values) * (1 - 1e-9) <= found.n_hat <= max(values) * (1 + 1e-9)
    low, high, *_ = found.interval()
    assert 0 < low < found.n_hat < high < np.inf
    tripled = me.consensus(
        [tuple(3 * x for x in t) for t in triples], confidence=trust, unexplained_bias=bias
    )
    # The log scale only shifts; the grid of the spread moves by rounding.
    assert tripled.n_hat == pytest.approx(3 * found.n_hat, rel=1e-7)
    # Half the confidence in all is twice the error, and with no spread twice the width on the log scale.
    full, half = (
        me.consensus(triples, confidence=c, unexplained_bias=0).interval() for c in (trust, trust / 2)
    )
    assert math.log(half.high / half.low) == pytest.approx(2 * math.log(full.high / full.low), rel=1e-9)


def test_estimates_frames_and_mappings_say_the_same():
    one, two = me.chapman(500, 500, 89), me.chapman(400, 300, 50)
    rows = [(e.n_hat, *e.interval()[:2]) for e in (one, two)]
    frame = pd.DataFrame(rows, columns=["estimate", "ci_low", "ci_high"])
    by_object = me.consensus([one, two], confidence=[0.5, 0.9])
    by_row = me.consensus(frame, confidence=[0.5, 0.9])
    assert by_object.n_hat == by_row.n_hat
    assert by_object.n_observed == 911
    assert by_row.n_observed is None
    assert by_object.comparison is not None
    assert by_object.reason == ""
    assert by_object.interval(0.999999).low >= 911


def test_a_frame_of_the_library_keeps_its_levels_units_and_differences(converged_prior_fit):
    one, two = me.chapman(500, 500, 89), me.chapman(400, 300, 50)
    frame = pd.concat([one.to_frame(level=0.5), two.to_frame(level=0.95)])
    found = me.consensus(frame, confidence=1)
    z = {0.5: norm.ppf(0.75), 0.95: norm.ppf(0.975)}
    widths = np.log(frame["ci_high"] / frame["ci_low"])
    expected = [width / (2 * z[level]) for width, level in zip(widths, frame["ci_level"], strict=True)]
    assert found.inputs["log_sd"].to_list() == pytest.approx(expected)
    assert found.inputs["level"].to_list() == [0.5, 0.95]
    assert found.reason == ""
    tiers = converged_prior_fit.tiers.to_frame(level=0.5)
    with pytest.raises(InputError, match="of accounts and people"):
        me.consensus(tiers, confidence=1)
    people = me.consensus(tiers[tiers["unit"] == "people"], confidence=1)
    assert "not all estimates are of the same quantity" in people.reason
    accounts = me.consensus(tiers[tiers["unit"] == "accounts"].iloc[:2], confidence=1)
    assert accounts.estimand.unit == "accounts"
    with pytest.raises(InputError, match="'2' is a bound"):
        me.consensus(frame.assign(status=["estimated", "bound"]), confidence=1)
    with pytest.raises(InputError, match="level is 95"):
        me.consensus(frame.assign(ci_level=95), confidence=1)


def test_unlike_estimates_are_flagged_and_other_units_refused():
    one, two = me.chapman(500, 500, 89), me.chapman(400, 300, 50)
    found = me.consensus({"a": one.about(period="2018"), "b": two.about(period="2019")}, confidence=1)
    assert "b: period (2019, not 2018)" in found.reason
    assert "not all estimates are of the same quantity" in str(found)
    with pytest.raises(InputError, match="of accounts and people"):
        me.consensus([one, two.about(unit="accounts")], confidence=1)


def test_a_flat_prior_has_no_standard_deviation_on_the_scale_of_people():
    flat = me.consensus(SOURCES, confidence=TRUST)
    assert flat.se == math.inf
    assert flat.mean == math.inf
    assert "infinite" in str(flat)
    assert np.isfinite(flat.interval()[:2]).all()


@pytest.mark.parametrize(
    ("estimates", "options", "error", "message"),
    [
        ([(1, 0.5, 2)], {}, InputError, "two or more"),
        ([(1, 0.5, 2), (1, 2, 3)], {}, InputError, "low <= value <= high"),
        ([(1, 0.5, 2), (1, 0, 3)], {}, InputError, "0 < low"),
        ([(1, 0.5, 2), (1, 1, 1)], {}, InputError, "low below high"),
        ([(1, 0.5, 2), (1, 1)], {}, InputError, "'2' is"),
        ([(1, 0.5, 2)] * 2, {"confidence": 0}, InputError, "above 0"),
        ([(1, 0.5, 2)] * 2, {"confidence": 1.1}, InputError, "at most 1"),
        ([(1, 0.5, 2)] * 2, {"confidence": [1, 1, 1]}, InputError, "one for each of 2"),
        (SOURCES, {"confidence": {"service": 1}}, InputError, "exactly three lists"),
        ([(1, 0.5, 2)] * 2, {"prior": (3, 2)}, PriorError, "upper quartile above"),
        ([(1, 0.5, 2)] * 2, {"prior": 3}, PriorError, "median and upper quartile"),
        ([(1, 0.5, 2)] * 2, {"unexplained_bias": -1}, InputError, "at least 0"),
        ([(1, 0.5, 2)] * 2, {"level": 95}, InputError, "level"),
        ([me.chao({1: 9, 2: 3}), (1, 0.5, 2)], {}, InputError, "is a bound"),
        ([me.chapman([500, 400], 500, 89), (1, 0.5, 2)], {}, InputError, "is an array"),
        (pd.DataFrame({"estimate": [1, 2]}), {}, InputError, "lacks the columns ci_low, ci_high"),
        (7, {}, InputError, "several estimates"),
    ],
)
def test_refusals(estimates, options, error, message):
    with pytest.raises(error, match=message):
        me.consensus(estimates, **({"confidence": 0.5} | options))
