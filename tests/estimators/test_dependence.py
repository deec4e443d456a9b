import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

import microestim as me
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.dependence import dependence
from microestim.estimators.dependence.three_lists import PAIRS, ThreeLists
from microestim.estimators.dependence.two_lists import least_without_overlap, limits_given, loglik_given
from reference_rows import reference_rows

BRUSSELS = me.Captures.from_counts(
    {"100": 89, "110": 24, "010": 103, "111": 27, "101": 29, "011": 13, "001": 21},
    names=["fieldwork", "low threshold", "crisis"],
)
CELLS = np.array([0.0, 21, 103, 13, 89, 29, 24, 27])


def arrays(*values):
    return tuple(np.array(float(value)) for value in values)


def table(n1, n2, size, odds_ratio):
    """Expected 2 x 2 table with given margins and odds ratio, by root finding."""
    least, most = max(0.0, n1 + n2 - size), min(n1, n2)

    def excess(both):
        return both * (size - n1 - n2 + both) - odds_ratio * (n1 - both) * (n2 - both)

    both = brentq(excess, least, most, xtol=1e-13, rtol=1e-15)
    return np.array([both, n1 - both, n2 - both, size - n1 - n2 + both])


# -- two samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [(500, 500, 89), (10, 15, 5), (12, 9, 6), (948, 421, 167), (20, 20, 20)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_an_odds_ratio_of_one_is_lincoln_petersen(counts, level):
    found = dependence(*counts, odds_ratio=(1, 1))
    plain = me.lincoln_petersen(*counts)
    # Two closed forms of one number.
    assert found.bounds == pytest.approx((plain.n_hat, plain.n_hat), rel=1e-12)
    # Two likelihoods written differently; both limits are roots found to double precision.
    assert found.interval(level)[:2] == pytest.approx(plain.interval(level)[:2], rel=1e-9)


@pytest.mark.parametrize("odds_ratio", [0.05, 0.5, 1.0, 2.0, 20.0])
@pytest.mark.parametrize("size", [1000.0, 3000.0, 40000.0])
def test_the_likelihood_is_that_of_the_table_with_these_margins(odds_ratio, size):
    n1, n2, m = 500.0, 400.0, 60.0
    x = np.array([m, n1 - m, n2 - m, size - n1 - n2 + m])
    p = table(n1, n2, size, odds_ratio) / size
    direct = math.lgamma(size + 1) - math.lgamma(x[3] + 1) + float((x * np.log(p)).sum())
    # Differences of sums of size 1e5, each to 16 digits.
    assert float(loglik_given(np.array(size), *arrays(n1, n2, m, odds_ratio))) == pytest.approx(
        direct, abs=1e-7
    )


def test_the_table_of_best_fit_is_the_one_with_these_margins():
    n1, n2, m, size, odds_ratio = 500.0, 400.0, 60.0, 5000.0, 2.5
    x = np.array([m, n1 - m, n2 - m, size - n1 - n2 + m])

    def loss(z):
        # Free chances of being in each sample, and the odds ratio given.
        p1, p2 = 1 / (1 + np.exp(-z))
        return -float((x * np.log(table(p1, p2, 1.0, odds_ratio))).sum())

    best = minimize(loss, [-2.0, -2.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    assert 1 / (1 + np.exp(-best.x)) == pytest.approx([n1 / size, n2 / size], rel=1e-5)


@given(
    first=st.integers(1, 300),
    second=st.integers(1, 300),
    both=st.integers(1, 300),
    odds=st.floats(0.05, 20),
    wider=st.floats(1, 5),
)
@settings(max_examples=15, deadline=None)
def test_more_dependence_allows_more_sizes(first, second, both, odds, wider):
    narrow = dependence(first + both, second + both, both, odds_ratio=(odds, odds))
    wide = dependence(first + both, second + both, both, odds_ratio=(odds / wider, odds * wider))
    seen = first + second + both
    unseen = odds * first * second / both
    assert narrow.lower == pytest.approx(seen + unseen, rel=1e-12)
    assert wide.lower <= narrow.lower <= wide.upper
    inner, outer = narrow.interval(), wide.interval()
    # Limits are roots to double precision.
    assert seen <= outer.low <= inner.low * (1 + 1e-9)
    assert inner.high <= outer.high * (1 + 1e-9)
    assert np.isfinite(outer.high)


def test_the_interval_is_the_union_over_the_range():
    found = dependence(500, 400, 60, odds_ratio=(0.4, 3))
    sweep = found.sweep(25)
    low, high, *_ = found.interval()
    assert low == pytest.approx(sweep["ci_low"].min(), rel=1e-12)
    assert high == pytest.approx(sweep["ci_high"].max(), rel=1e-12)
    assert sweep["estimate"].is_monotonic_increasing
    assert sweep["odds_ratio"].iloc[[0, -1]].to_list() == [0.4, 3]
    assert found.bounds == pytest.approx(tuple(sweep["estimate"].iloc[[0, -1]]), rel=1e-12)


def test_the_error_is_that_of_a_multinomial_table():
    n1, n2, m, odds = 500.0, 400.0, 60.0, 2.0
    estimate = dependence(n1, n2, m, odds_ratio=(odds, odds)).at(odds)
    x = np.array([m, n1 - m, n2 - m])

    def size(x):
        return x.sum() + odds * x[1] * x[2] / x[0]

    slopes = np.array([(size(x + h) - size(x - h)) / 2e-3 for h in 1e-3 * np.eye(3)])
    # Delta method with central differences of step 1e-3; the cells are multinomial among N.
    variance = float(slopes**2 @ x - (slopes @ x) ** 2 / size(x))
    assert estimate.se == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_a_small_simulation_covers_at_both_ends():
    rng = np.random.default_rng(20)
    size, p1, p2, odds = 2000, 0.25, 0.2, 2.0
    cells = rng.multinomial(size, table(p1, p2, 1.0, odds), size=2000)
    n1, n2, m = cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2], cells[:, 0]
    interval = dependence(n1, n2, m, odds_ratio=(odds, odds)).interval()
    covered = np.mean((interval.low <= size) & (size <= interval.high))
    # Three Monte Carlo standard errors of 0.95 over 2,000 tables: 0.015.
    assert covered == pytest.approx(0.95, abs=0.015)
    wider = dependence(n1, n2, m, odds_ratio=(0.5, odds)).interval()
    assert np.mean((wider.low <= size) & (size <= wider.high)) >= covered


@pytest.mark.parametrize(
    ("n1", "n2", "odds", "probability"), [(30, 20, 0.5, 0.05), (30, 20, 4, 0.025), (7, 9, 1, 0.3)]
)
def test_the_least_size_without_overlap_is_that_of_fishers_distribution(n1, n2, odds, probability):
    from scipy.stats import nchypergeom_fisher

    found = least_without_overlap(n1, n2, odds, probability)
    assert nchypergeom_fisher(found, n1, n2, odds).pmf(0) >= probability
    assert nchypergeom_fisher(found - 1, n1, n2, odds).pmf(0) < probability


def test_nobody_in_both_is_explained():
    with pytest.raises(NotEstimableError, match="without an upper bound") as caught:
        dependence(50, 40, 0, odds_ratio=(0.5, 2))
    assert caught.value.bound == least_without_overlap(50, 40, 0.5, 0.05)
    rows = dependence([50, 50], 40, [0, 8], odds_ratio=(0.5, 2))
    assert list(rows.status) == ["not estimable", "bound"]
    assert np.isnan([rows.lower[0], rows.upper[0]]).all()
    interval = rows.interval()
    assert interval.low[0] == least_without_overlap(50, 40, 0.5, 0.025)
    assert interval.high[0] == np.inf
    assert "no upper limit" in interval.note
    alone = dependence(50, 40, 8, odds_ratio=(0.5, 2))
    assert rows.upper[1] == alone.upper
    assert rows.to_frame()["status"].to_list() == ["not estimable"] * 2 + ["bound"] * 2
    assert "not estimable" in str(rows)
    with pytest.raises(InputError, match="one pair of samples"):
        rows.sweep()


def test_a_sample_within_the_other_is_explained():
    found = dependence(20, 30, 20, odds_ratio=(0.2, 5))
    assert found.bounds == (30, 30)
    assert "no odds ratio moves the estimate" in found.reason
    low, high, *_ = found.interval()
    assert low == 30
    assert 30 < high < 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((500, 500, 89, (2, 1)), "0 < low <= high"),
        ((500, 500, 89, (0, 1)), "0 < low <= high"),
        ((500, 500, 89, (1, math.inf)), "both finite"),
        ((500, 500, 89, 2), r"range \(low, high\)"),
        ((500, 500, 89, {("a", "b"): (1, 2)}), "one range"),
        ((500, None, None, (1, 2)), "all of the counts"),
        ((50, 50, 89, (1, 2)), "at most the smaller"),
        ((BRUSSELS, 5, None, (1, 2)), "captures alone"),
        ((BRUSSELS, None, None, {("fieldwork", "prison"): (1, 2)}), "two different names"),
        ((BRUSSELS, None, None, {}), "names no pair"),
        ((me.Captures.from_counts({"1100": 4, "0111": 5, "1010": 3}), None, None, (1, 2)), "4 samples"),
    ],
)
def test_refusals(arguments, message):
    *data, odds_ratio = arguments
    with pytest.raises(InputError, match=message):
        dependence(*data, odds_ratio=odds_ratio)
    with pytest.raises(InputError, match="interval method"):
        dependence(500, 500, 89, odds_ratio=(1, 2)).interval(method="wald")
    with pytest.raises(InputError, match="positive, finite"):
        dependence(500, 500, 89, odds_ratio=(1, 2)).at(-1)
    with pytest.raises(InputError, match="at least 2"):
        dependence(500, 500, 89, odds_ratio=(1, 2)).sweep(1)


def test_captures_of_two_samples_are_the_three_counts():
    captures = me.Captures.from_counts({"11": 60, "10": 440, "01": 340})
    assert (
        dependence(captures, odds_ratio=(0.5, 2)).bounds
        == dependence(500, 400, 60, odds_ratio=(0.5, 2)).bounds
    )


# -- three samples -------------------------------------------------------------------------------


def test_brussels():
    rows = {row["quantity"]: row for row in reference_rows("brussels_dependence.csv")}
    found = dependence(BRUSSELS, odds_ratio=(1, 5))
    interval = found.interval()
    lists = found.lists
    values = {
        "size_at_max": found.lower,
        "loglik_at_max": lists._saturated - lists.best[1] / 2,
        "low_95": interval.low,
        "high_95": interval.high,
    }
    assert set(values) == set(rows)
    for name, row in rows.items():
        assert values[name] == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), name
    # No size fits exactly: the first pair needs 553 people or more, the second 546 or fewer.
    assert lists.bounds() == pytest.approx(
        (306 + 118 * 116 / 51 - 21, 306 + 5 * 113 * 34 / 56 - 103), rel=1e-12
    )
    assert "no size fits the counts exactly" in found.reason


def profile(cells, ranges, size, starts=4, three_way=None):
    """Largest log-likelihood at a given size, by an optimiser on the cells themselves and random starts."""
    rng = np.random.default_rng(3)
    x = cells[1:]
    codes = np.array([[int(b) for b in format(c, "03b")] for c in range(8)])

    def full(y):
        return np.concatenate(([size - y.sum()], y))

    def slack(y):
        m, found = full(y), []
        for (a, b), (low, high) in ranges.items():
            s = [
                m[(codes[:, a] == i) & (codes[:, b] == j)].sum() for i, j in ((1, 1), (0, 0), (1, 0), (0, 1))
            ]
            ratio = s[0] * s[1] / (s[2] * s[3])
            found += [ratio / low - 1, 1 - ratio / high]
        if three_way is not None:
            ratio = odds_ratio_given(m, 1) / odds_ratio_given(m, 0)
            found += [ratio / three_way[0] - 1, 1 - ratio / three_way[1]]
        return np.array([*found, (size - y.sum()) / size])

    best = -np.inf
    for _ in range(starts):
        start = x * rng.uniform(0.8, 1.2, 7) + 0.1
        done = minimize(
            lambda y: -float((x * np.log(y)).sum() - y.sum()),
            start,
            jac=lambda y: 1 - x / y,
            method="SLSQP",
            bounds=[(1e-9, None)] * 7,
            constraints=[{"type": "ineq", "fun": slack}],
            options={"maxiter": 300, "ftol": 1e-13},
        )
        if slack(done.x).min() > -1e-6:
            best = max(best, -done.fun)
    return best


@pytest.mark.parametrize(
    "ranges",
    [
        dict.fromkeys(PAIRS, (1.0, 5.0)),
        dict.fromkeys(PAIRS, (0.5, 8.0)),
        {(0, 1): (1.0, 10.0), (0, 2): (0.5, 6.0)},
    ],
)
def test_limits_are_where_the_profile_falls_by_the_quantile(ranges):
    lists = ThreeLists(CELLS, ranges)
    top = lists._saturated - lists.best[1] / 2
    for limit in lists.limits(0.95):
        # Half the 95 % quantile of chi-squared; both optimisers stop within 1e-5 of it.
        assert top - profile(CELLS, ranges, limit) == pytest.approx(1.920729, abs=2e-4)


def odds_ratio_given(cells, third):
    """Odds ratio of the first two samples among the people in the third, or not in it."""
    neither, second, first, both = cells[third::2]
    return both * neither / (first * second)


@pytest.mark.parametrize(
    ("ranges", "three_way"),
    [
        ({}, (0.5, 2.0)),
        ({(0, 1): (0.5, 8.0)}, (0.8, 0.8)),
        (dict.fromkeys(PAIRS, (1.0, 5.0)), (0.5, 2.0)),
        (dict.fromkeys(PAIRS, (0.5, 8.0)), (1.0, 4.0)),
    ],
)
def test_limits_with_a_three_way_range(ranges, three_way):
    lists = ThreeLists(CELLS, ranges, three_way)
    top = lists._saturated - lists.best[1] / 2
    for limit in lists.limits(0.95):
        # As without: half the quantile, by an optimiser on the cells themselves.
        assert top - profile(CELLS, ranges, limit, three_way=three_way) == pytest.approx(1.920729, abs=5e-4)


def test_three_way_bounds_are_sizes_with_the_ratio():
    found = dependence(BRUSSELS, odds_ratio={}, three_way=(0.5, 2))
    for size, ratio in zip(found.bounds, (2, 0.5), strict=True):
        cells = CELLS.copy()
        cells[0] = size - cells.sum()
        for order in itertools.permutations(range(3)):
            # The same whichever sample is the third.
            turned = cells.reshape(2, 2, 2).transpose(order).ravel()
            assert odds_ratio_given(turned, 1) / odds_ratio_given(turned, 0) == pytest.approx(
                ratio, rel=1e-12
            )
    assert "0.5 and 2 times that among people not in it" in str(found.assumptions)


def test_a_three_way_ratio_of_one_is_the_log_linear_model_with_all_pairs():
    found = dependence(BRUSSELS, odds_ratio={}, three_way=(1, 1))
    # Seven parameters for seven cells: the fit is exact, and so is its number of people in no sample.
    codes = np.array([[int(b) for b in format(c, "03b")] for c in range(8)])
    design = np.column_stack([np.ones(8), codes, *(codes[:, a] * codes[:, b] for a, b in PAIRS)])
    intercept = np.linalg.solve(design[1:], np.log(CELLS[1:]))[0]
    assert found.bounds == pytest.approx((306 + np.exp(intercept),) * 2, rel=1e-12)


def test_ranges_of_pairs_and_of_three_meet():
    pairs, three = (
        dependence(BRUSSELS, odds_ratio=(0.5, 8)),
        dependence(BRUSSELS, odds_ratio={}, three_way=(0.9, 4)),
    )
    both = dependence(BRUSSELS, odds_ratio=(0.5, 8), three_way=(0.9, 4))
    assert both.bounds == (max(pairs.lower, three.lower), min(pairs.upper, three.upper))
    inside, outside = both.interval(), pairs.interval()
    assert outside.low * (1 - 1e-5) <= inside.low < inside.high <= outside.high * (1 + 1e-5)


def test_three_way_where_nobody_was_in_exactly_two_samples():
    counts = {"100": 20, "010": 30, "001": 25, "111": 4}
    with pytest.raises(NotEstimableError, match="some two samples and not in the third") as caught:
        dependence(me.Captures.from_counts(counts), odds_ratio={}, three_way=(0.5, 2))
    assert caught.value.bound == 79
    # With nobody in all three either, the ratio is free and pairs alone set the limits.
    lists = ThreeLists(
        np.array([0.0, 25, 30, 0, 20, 9, 8, 0]), dict.fromkeys(PAIRS[:1], (0.5, 3.0)), (0.5, 2.0)
    )
    assert lists.bounds() == ThreeLists(lists.cells, lists.ranges).bounds()


@pytest.mark.parametrize(
    ("data", "odds_ratio", "three_way", "message"),
    [
        ((500, 500, 89), (1, 2), (1, 1), "there are two samples"),
        ((BRUSSELS.select(["fieldwork", "crisis"]),), (1, 2), (1, 1), "there are two samples"),
        ((BRUSSELS,), (1, 2), (2, 1), "three_way is .* 0 < low <= high"),
        ((BRUSSELS,), (1, 2), 1.0, r"three_way is 1.0; give a range"),
        ((BRUSSELS,), {}, None, "there is no three_way"),
    ],
)
def test_three_way_refusals(data, odds_ratio, three_way, message):
    with pytest.raises(InputError, match=message):
        dependence(*data, odds_ratio=odds_ratio, three_way=three_way)
    with pytest.raises(InputError, match="no pair has a range"):
        dependence(BRUSSELS, odds_ratio={}, three_way=(1, 2)).sweep()


@given(
    cells=st.lists(st.integers(0, 40), min_size=7, max_size=7),
    low=st.floats(0.2, 1),
    high=st.floats(1, 6),
    alone=st.booleans(),
)
@settings(max_examples=6, deadline=None)
def test_every_table_with_a_three_way_range_is_answered_or_refused(cells, low, high, alone):
    captures = {format(code, "03b"): people for code, people in enumerate(cells, start=1)}
    try:
        found = dependence(
            me.Captures.from_counts(captures), odds_ratio={} if alone else (0.2, 6), three_way=(low, high)
        )
        interval = found.interval()
    except me.MicroestimError:
        return
    assert sum(cells) <= found.lower <= found.upper < np.inf
    assert sum(cells) <= interval.low <= found.lower * (1 + 1e-6)
    assert interval.high >= found.upper * (1 - 1e-6)


def test_empty_cells_are_no_obstacle():
    lists = ThreeLists(np.array([0.0, 4, 1, 3, 0, 0, 2, 2]), dict.fromkeys(PAIRS, (0.18309294, 0.56449434)))
    # The best of a search to the last digits; its limits are good to 1e-5.
    assert lists.limits(0.95) == pytest.approx((6.42591, 20.1260), rel=2e-5)


def test_bounds_fit_the_cells_exactly():
    found = dependence(BRUSSELS, odds_ratio=(1, 6))
    for size in found.bounds:
        cells = CELLS.copy()
        cells[0] = size - cells.sum()
        ratios = []
        for a, b in PAIRS:
            full = ThreeLists(cells, {})
            both, first, second, neither = full.pair((a, b))
            ratios.append(both * neither / (first * second))
        # At a bound one pair is at an end of its range, up to rounding, and none is outside.
        assert min(ratios) == pytest.approx(1, rel=1e-9) or max(ratios) == pytest.approx(6, rel=1e-9)
        assert all(1 - 1e-9 <= ratio <= 6 + 1e-9 for ratio in ratios)
    assert found.reason == ""


def test_each_pair_of_the_sweep_is_two_samples():
    sweep = dependence(BRUSSELS, odds_ratio=(0.5, 6)).sweep(3)
    assert sweep["pair"].unique().tolist() == [
        "fieldwork, low threshold",
        "fieldwork, crisis",
        "low threshold, crisis",
    ]
    two = dependence(BRUSSELS.select(["fieldwork", "crisis"]), odds_ratio=(0.5, 6)).sweep(3)
    three = sweep[sweep["pair"] == "fieldwork, crisis"]
    np.testing.assert_allclose(three["estimate"], two["estimate"], rtol=1e-12)
    # Nobody falls below the 306 people seen in all three samples.
    np.testing.assert_allclose(three["ci_low"], np.maximum(two["ci_low"], 306), rtol=1e-12)


def test_the_order_of_the_samples_does_not_matter():
    counts = {"100": 89, "110": 24, "010": 103, "111": 27, "101": 29, "011": 13, "001": 21}
    expected = dependence(BRUSSELS, odds_ratio=(0.5, 6)).interval()
    for order in itertools.islice(itertools.permutations(range(3)), 3, 5):
        turned = me.Captures.from_counts({"".join(h[i] for i in order): n for h, n in counts.items()})
        interval = dependence(turned, odds_ratio=(0.5, 6)).interval()
        # One optimum from other starts.
        assert interval[:2] == pytest.approx(expected[:2], rel=1e-5)


def test_ranges_against_the_counts_and_empty_overlaps_are_explained():
    against = dependence(BRUSSELS, odds_ratio=(1, 1))
    assert "more than chance" in against.reason
    apart = me.Captures.from_counts({"100": 20, "010": 30, "001": 25})
    with pytest.raises(NotEstimableError, match="no upper bound") as caught:
        dependence(apart, odds_ratio=(0.5, 2))
    assert caught.value.bound == 75
    # One pair without overlap sets no limit, the others do.
    part = dependence(
        me.Captures.from_counts({"100": 20, "010": 30, "001": 25, "110": 9, "101": 0}), odds_ratio=(0.5, 3)
    )
    low, high, *_ = part.interval()
    assert 84 <= low < high < np.inf


@given(
    cells=st.lists(st.integers(0, 60), min_size=7, max_size=7), low=st.floats(0.2, 1), high=st.floats(1, 6)
)
@settings(max_examples=6, deadline=None)
def test_every_table_is_answered_or_refused(cells, low, high):
    captures = {format(code, "03b"): people for code, people in enumerate(cells, start=1)}
    try:
        found = dependence(me.Captures.from_counts(captures), odds_ratio=(low, high))
        interval = found.interval()
    except me.MicroestimError:
        return
    assert sum(cells) <= found.lower <= found.upper < np.inf
    assert sum(cells) <= interval.low <= interval.high
    assert interval.low <= found.lower * (1 + 1e-6)
    assert interval.high >= found.upper * (1 - 1e-6)


def test_bounds_stand_beside_estimates():
    frame = me.compare([me.chapman(500, 500, 89), dependence(500, 500, 89, odds_ratio=(0.5, 2))]).to_frame()
    assert frame["status"].to_list() == ["estimated", "bound", "bound"]
    assert frame["comparable"].all()


def test_limits_broadcast():
    low, high = limits_given(
        np.array([500.0, 100.0]), np.array(400.0), np.array([60.0, 20.0]), np.array(2.0), 0.9
    )
    alone = limits_given(*arrays(100, 400, 20, 2), 0.9)
    assert (low[1], high[1]) == pytest.approx(tuple(map(float, alone)), rel=1e-12)
