"""Truncated distributions of times seen: against two R packages, by hand, and where none exists."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from microestim.capture import FrequencyCounts
from microestim.errors import InputError, MicroestimError, NotEstimableError
from microestim.estimators.frequency_counts.one_inflation import one_inflation_curve
from microestim.estimators.frequency_counts.truncated import truncated_counts
from reference_rows import reference_rows

# Some published counts, and some random ones, have far more people seen once than the others lead to.
pytestmark = pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")

RABBITS = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
FAMILIES = {"poisson": "poisson", "geom": "geometric", "negbin": "negbin"}
# A hurdle before the truncation has the number of "drop-ones": it models the people seen once by themselves.
INFLATIONS = {
    "zt": None,
    "oizt": "one-before",
    "ztoi": "one-after",
    "ztHurdle": "hurdle",
    "Hurdlezt": "drop-ones",
    "zot": "drop-ones",
}


COUNTS: dict[str, dict[int, int]] = {}
for line in reference_rows("frequency_counts.csv"):
    COUNTS.setdefault(line["dataset"], {})[int(line["times_seen"])] = int(line["count"])
ROWS = [r for r in reference_rows("frequency_estimates.csv") if r["estimate"]]


def model_of(row):
    name = row["model"].partition(" ")[0]
    end = next(e for e in FAMILIES if name.endswith(e))
    return FAMILIES[end], INFLATIONS[name.removesuffix(end)]


def is_refused(row):
    """Rows at the edge of a model: the package returns where its iteration stopped."""
    family, inflation = model_of(row)
    if family == "negbin":
        return row["dataset"] in {
            "domestic_violence",
            "flare_stars",
            "traffic_accidents_belgium",
            "arboreal_geckos",
        }
    if inflation in ("one-before", "one-after"):
        return row["dataset"] == "arboreal_geckos" or (row["dataset"], family) == (
            "heroin_usage",
            "geometric",
        )
    return False


SINGLE = [
    r
    for r in ROWS
    if r["package"] == "singleRcapture"
    and r["parameter"] == "N (normal interval)"
    and not r["model"].startswith(("chao", "zelterman"))
]
SINGLE_NAMES = [f"{r['dataset']}-{r['model'].partition(' ')[0]}" for r in SINGLE]


@pytest.mark.parametrize("row", SINGLE, ids=SINGLE_NAMES)
def test_singlercapture(row) -> None:
    family, inflation = model_of(row)
    counts = COUNTS[row["dataset"]]
    if is_refused(row):
        with pytest.raises(NotEstimableError) as caught:
            truncated_counts(counts, family=family, inflation=inflation)
        assert caught.value.bound > sum(counts.values())
        return
    fit = truncated_counts(counts, family=family, inflation=inflation)
    if family == "negbin":
        # The package's simplex stops early (README): our maximum is the higher one, and close by.
        assert fit.loglik > float(row["loglik"])
        assert fit.n_hat == pytest.approx(float(row["estimate"]), rel=1e-3)
        return
    # The package iterates to about 1e-8.
    assert fit.n_hat == pytest.approx(float(row["estimate"]), rel=1e-6)
    if not row["model"].startswith("Hurdle"):
        # Ten digits are printed of numbers up to 30,000.
        assert fit.loglik == pytest.approx(float(row["loglik"]), rel=1e-8)
    if row["model"].startswith("zot") or row["model"].startswith("oiztgeom"):
        # Its errors of these are wrong (README); ours by hand, from the spread of the rate that it prints.
        assert fit.se == pytest.approx(error_by_hand(row), rel=1e-6)
        assert abs(fit.se / float(row["se"]) - 1) > 1e-3
    else:
        assert fit.se == pytest.approx(float(row["se"]), rel=1e-6)


def error_by_hand(row):
    """Error of n + n2 u(rate), with the rate and its error as the package prints them."""
    family, _ = model_of(row)
    rate_row = next(
        r
        for r in ROWS
        if (r["dataset"], r["model"], r["parameter"]) == (row["dataset"], row["model"], "coef (Intercept)")
    )
    rate, error = math.exp(float(rate_row["estimate"])), float(rate_row["se"])
    if family == "poisson":
        rest = math.exp(rate) - 1 - rate
        unseen, slope = 1 / rest, -rate * (math.exp(rate) - 1) / rest**2
    else:
        unseen, slope = (1 + rate) / rate**2, -(2 + rate) / rate**2
    more = sum(f for k, f in COUNTS[row["dataset"]].items() if k > 1)
    return math.sqrt(more * unseen * (1 + unseen) + (more * slope * error) ** 2)


HOMOGENEOUS = [r for r in ROWS if r["model"] == "Homogeneous (MLE)"]


@pytest.mark.parametrize("row", HOMOGENEOUS, ids=[r["dataset"] for r in HOMOGENEOUS])
def test_spader_homogeneous_maximum_likelihood(row) -> None:
    fit = truncated_counts(COUNTS[row["dataset"]])
    interval = fit.interval()
    given_values = [float(row[name]) for name in ("estimate", "se", "lower", "upper")]
    # Half a unit of the third decimal, to which the package rounds.
    assert [fit.n_hat, fit.se, interval.low, interval.high] == pytest.approx(given_values, abs=5.0001e-4)


def test_published_poisson_interval_of_dutch_immigrants() -> None:
    fit = truncated_counts(COUNTS["dutch_illegal_immigrants"])
    low, high, _, _ = fit.interval(method="wald")
    # Printed as whole people (van der Heijden et al. 2003): 7,080 (6,363 to 7,797).
    assert [fit.n_hat, low, high] == pytest.approx([7080, 6363, 7797], abs=0.5)


@pytest.mark.parametrize("family", ["poisson", "geometric", "negbin"])
@pytest.mark.parametrize("inflation", [None, "drop-ones", "hurdle"])
def test_derivatives_are_those_of_differences(family, inflation) -> None:
    """The observed information against second differences of the likelihood alone."""
    from microestim.estimators.frequency_counts.families import FAMILIES
    from microestim.estimators.frequency_counts.family_fit import fit_family
    from microestim.estimators.frequency_counts.family_likelihood import FamilyData

    counts, first = FrequencyCounts(COUNTS["heroin_usage"]), 1 if inflation is None else 2
    fit = fit_family(counts, family, first)
    data = FamilyData.of(counts, first, FAMILIES[family])
    step = 1e-3

    def loglik(eta):
        return data.loglik(np.asarray(eta, complex)).real

    size = len(fit.eta)
    information = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            a, b = step * np.eye(size)[i], step * np.eye(size)[j]
            second = loglik(fit.eta + a + b) - loglik(fit.eta + a - b)
            second -= loglik(fit.eta - a + b) - loglik(fit.eta - a - b)
            information[i, j] = -second / (4 * step**2)
    # Second differences of step 1e-3 have errors of its square, times the fourth derivative.
    assert np.linalg.inv(information) == pytest.approx(fit.covariance, rel=1e-3)


def test_expected_counts_add_up_and_keep_the_mean() -> None:
    fit = truncated_counts(RABBITS)
    expected = fit.expected(60)
    assert sum(expected.values()) == pytest.approx(76, rel=1e-12)
    # The maximum of a Poisson likelihood fits the mean: to the root finder's 1e-14, some digits lost.
    assert sum(k * f for k, f in expected.items()) == pytest.approx(142, rel=1e-10)
    inflated = truncated_counts(RABBITS, inflation="one-after").expected(60)
    assert inflated[1] == 43
    assert sum(inflated.values()) == pytest.approx(76, rel=1e-12)


def test_negative_binomial_finds_the_mixture_that_the_counts_are_from() -> None:
    shape, mean, size = 2.0, 1.5, 1e10
    chance = shape / (shape + mean)
    counts = {
        k: round(
            size
            * math.exp(math.lgamma(k + shape) - math.lgamma(shape) - math.lgamma(k + 1))
            * chance**shape
            * (1 - chance) ** k
        )
        for k in range(1, 40)
    }
    fit = truncated_counts(counts, family="negbin")
    # Counts are rounded to whole people among 1e10, and the tail above 39 has one in 1e12.
    assert fit.n_hat == pytest.approx(size, rel=1e-6)
    assert fit.params["rate"] == pytest.approx(mean, rel=1e-6)
    assert fit.params["dispersion"] == pytest.approx(1 / shape, rel=1e-6)


@pytest.mark.parametrize("family", ["poisson", "geometric"])
def test_the_curve_runs_from_one_reading_to_the_other(family) -> None:
    curve = one_inflation_curve(RABBITS, family=family, alpha=[0, 0.25, 1])
    before = truncated_counts(RABBITS, family=family, inflation="one-before")
    after = truncated_counts(RABBITS, family=family, inflation="one-after")
    # The same fit by two formulas: rounding only.
    assert curve.n_hat[[0, 2]] == pytest.approx([before.n_hat, after.n_hat], rel=1e-12)
    assert curve.se[[0, 2]] == pytest.approx([before.se, after.se], rel=1e-9)
    assert curve.f0[1] == pytest.approx(0.75 * curve.f0[0] + 0.25 * curve.f0[2], rel=1e-12)
    assert before.params["one_inflation"] * before.n_hat == pytest.approx(curve.surplus, rel=1e-9)
    assert after.params["one_inflation"] < before.params["one_inflation"] * before.n_hat / 43


def test_mturk_participation_has_no_negative_binomial_maximum() -> None:
    # Answers by account in the MTurk demographics survey 2015-2017 (Difallah et al. 2018).
    counts = {int(r["times_seen"]): int(r["count"]) for r in reference_rows("mturk_participation.csv")}
    with pytest.raises(NotEstimableError, match="runs to infinity") as caught:
        truncated_counts(counts, family="negbin")
    assert caught.value.bound > sum(counts.values())


@pytest.mark.parametrize(
    ("counts", "options", "kind", "message"),
    [
        ({1: 9}, {}, NotEstimableError, "more than once"),
        ({1: 9, 2: 4}, {"inflation": "drop-ones"}, NotEstimableError, "more than twice"),
        ({1: 9}, {"inflation": "one-after"}, NotEstimableError, "more than twice"),
        ({1: 1, 2: 26, 3: 9}, {"inflation": "one-after"}, NotEstimableError, "not too many"),
        (RABBITS, {"family": "binomial"}, InputError, "poisson, geometric, negbin"),
        (RABBITS, {"inflation": "one"}, InputError, "one-before"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts, options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        truncated_counts(counts, **options)


@pytest.mark.parametrize("alpha", [-0.1, [0.5, 1.1], [[0.5]], float("nan")])
def test_shares_outside_their_range_are_refused(alpha) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        one_inflation_curve(RABBITS, alpha=alpha)


@pytest.mark.parametrize("family", ["poisson", "geometric", "negbin"])
@settings(max_examples=25)
@given(
    counts=st.dictionaries(st.integers(1, 15), st.integers(0, 10**5), min_size=1, max_size=7),
    inflation=st.sampled_from([None, "one-before", "one-after", "hurdle", "drop-ones"]),
)
def test_any_counts_give_a_finite_answer_or_a_reason(family, counts, inflation) -> None:
    try:
        fit = truncated_counts(counts, family=family, inflation=inflation)
    except MicroestimError as refused:
        bound = getattr(refused, "bound", None)
        if bound is not None and not math.isfinite(bound):
            pytest.fail(f"refused with a bound of {bound}")
        return
    assert fit.n_observed <= fit.n_hat < math.inf
    assert 0 <= fit.se < math.inf
    assert math.isfinite(fit.loglik)


@pytest.mark.slow
@pytest.mark.parametrize("inflation", [None, "drop-ones"])
def test_standard_errors_are_the_spread_over_samples(inflation) -> None:
    size, rate = 20_000, 1.2
    chances = [(rate / (1 + rate)) ** k / (1 + rate) for k in range(80)]
    drawn = np.random.default_rng(3).multinomial(size, np.array(chances) / sum(chances), size=400)
    fits = [
        truncated_counts({k: int(f) for k, f in enumerate(d) if k}, family="geometric", inflation=inflation)
        for d in drawn
    ]
    numbers = [f.n_hat for f in fits]
    # A standard deviation from 400 draws has a relative error of 3.5 %; four of them.
    assert np.mean([f.se for f in fits]) == pytest.approx(np.std(numbers, ddof=1), rel=0.14)


def test_one_inflation_is_tested_by_the_likelihood_ratio() -> None:
    curve = one_inflation_curve(RABBITS)
    plain, inflated = truncated_counts(RABBITS), truncated_counts(RABBITS, inflation="one-after")
    assert curve.statistic == pytest.approx(2 * (inflated.loglik - plain.loglik), rel=1e-9)
    # Half of chi-squared with one degree of freedom: that of a normal deviate above its root.
    assert curve.p_value == pytest.approx(0.5 * math.erfc(math.sqrt(curve.statistic / 2)), rel=1e-12)
    assert curve.p_value < 1e-3
    # Where nobody is seen more than twice often enough, a family may lack a maximum without inflation.
    assert one_inflation_curve({1: 900, 2: 10, 3: 4, 4: 1}, family="geometric").p_value < 0.05


ALL_INFLATIONS = [None, "one-before", "one-after", "hurdle", "drop-ones"]


@pytest.mark.parametrize(
    ("family", "inflation", "last"),
    [
        *(
            (f, i, last)
            for f in ("poisson", "geometric", "negbin")
            for i in ALL_INFLATIONS
            for last in (3, 5)
        ),
        *(("poisson-lognormal", i, 5) for i in (None, "drop-ones")),
        ("poisson-lognormal", "hurdle", 3),
    ],
)
def test_a_pooled_class_by_the_likelihood_itself(family, inflation, last) -> None:
    """The likelihood written out with a sum for the tail, maximised by another optimiser."""
    from scipy.optimize import minimize

    from microestim.estimators.frequency_counts.families import FAMILIES

    counts = {1: 900, 2: 300, 3: 130, 4: 60, 5: 30, 6: 14, 7: 7, 8: 5, 9: 1, 11: 1}
    held = {k: f for k, f in counts.items() if k < last}
    held[last] = sum(f for k, f in counts.items() if k >= last)
    first = 1 if inflation is None else 2
    if family in ("negbin", "poisson-lognormal") and last - first < 2:
        # Two parameters and one ratio.
        with pytest.raises(NotEstimableError):
            truncated_counts(FrequencyCounts(held, last_is_pooled=True), family=family, inflation=inflation)
        return
    fit = truncated_counts(FrequencyCounts(held, last_is_pooled=True), family=family, inflation=inflation)
    times = np.arange(250.0)

    def chances(eta):
        return np.exp(FAMILIES[family](times, np.asarray(eta, dtype=complex)).real)

    def minus(eta):
        p = chances(eta)
        share = p[first:].sum()
        exact = sum(f * np.log(p[k] / share) for k, f in held.items() if first <= k < last)
        return -(exact + held[last] * np.log(p[last:].sum() / share))

    start = [0.2, -0.1] if family in ("negbin", "poisson-lognormal") else [0.2]
    found = minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    seen, once = sum(held.values()), held[1]
    own = 0.0
    if inflation in ("one-before", "one-after", "hurdle"):
        own = once * np.log(once / seen) + (seen - once) * np.log(1 - once / seen)
    # The simplex is good to the root of the rounding of a log-likelihood of 2,000, the likelihood to that.
    assert fit.loglik == pytest.approx(own - found.fun, rel=1e-10)
    p = chances(found.x)
    rest = 1 - p[0] - p[1]
    number = {
        None: seen / (1 - p[0]),
        "one-before": seen + (seen - once) * p[0] / rest,
        "one-after": seen / (1 - p[0]),
        "hurdle": seen * (1 + p[0] / rest),
        "drop-ones": seen + (seen - once) * p[0] / rest,
    }[inflation]
    assert fit.n_hat == pytest.approx(number, rel=1e-4)
    expected = fit.expected()
    assert list(expected) == list(range(1, last + 1))
    assert sum(expected.values()) == pytest.approx(seen, rel=1e-12)


@pytest.mark.parametrize("family", ["poisson", "geometric", "negbin", "poisson-lognormal"])
@pytest.mark.parametrize("inflation", [None, "drop-ones"])
def test_pooling_far_out_changes_nothing(family, inflation) -> None:
    counts = {1: 9000, 2: 3000, 3: 1300, 4: 600, 5: 300, 6: 140, 7: 70, 8: 50, 9: 10, 11: 10}
    plain = truncated_counts(counts, family=family, inflation=inflation)
    exact, pooled = (
        truncated_counts(
            FrequencyCounts(counts | {60: 1}, last_is_pooled=pooled), family=family, inflation=inflation
        )
        for pooled in (False, True)
    )
    # One person in 14,000, who may have been seen more than 60 times: that moves the number far less than
    # the person did.
    assert abs(pooled.n_hat - exact.n_hat) < 0.2 * abs(exact.n_hat - plain.n_hat)


def test_pooled_counts_of_equal_people_by_hand() -> None:
    """One ratio, so that the fit is exact: p1 / (1 - p0) is the share of the people seen once."""
    fit = truncated_counts(FrequencyCounts({1: 60, 2: 40}, last_is_pooled=True), family="geometric")
    # Geometric: the share seen once among those seen is one less theta, and p0 too.
    assert fit.params["rate"] == pytest.approx(0.4 / 0.6, rel=1e-10)
    assert fit.n_hat == pytest.approx(100 / 0.4, rel=1e-10)


def test_what_a_pooled_class_hides_is_refused() -> None:
    with pytest.raises(NotEstimableError, match="nothing keeps the rate"):
        truncated_counts(FrequencyCounts({1: 60, 2: 40}, last_is_pooled=True), inflation="hurdle")
    with pytest.raises(NotEstimableError, match="nothing keeps the rate"):
        truncated_counts(FrequencyCounts({4: 40}, last_is_pooled=True))
    with pytest.raises(InputError, match="pools everybody"):
        truncated_counts(FrequencyCounts({1: 40}, last_is_pooled=True))


BOOTSTRAPPED = {1: 300, 2: 110, 3: 45, 4: 20, 5: 8, 6: 3, 7: 1}


@pytest.mark.parametrize("inflation", ALL_INFLATIONS)
@pytest.mark.parametrize("pooled", [False, True])
def test_bootstrap_has_the_width_of_the_standard_error(inflation, pooled) -> None:
    counts = BOOTSTRAPPED | ({1: 500} if inflation in ("one-before", "one-after") else {})
    fit = truncated_counts(
        FrequencyCounts(counts, last_is_pooled=pooled), family="geometric", inflation=inflation
    )
    interval = fit.interval(method="bootstrap", rng=3, n_resamples=400)
    assert interval == fit.interval(method="bootstrap", rng=3, n_resamples=400)
    assert interval.kind == "confidence: bootstrap percentile"
    low, high, _, _ = fit.interval(method="lognormal")
    assert interval.low < fit.n_hat < interval.high
    # Widths of percentile intervals vary by a tenth over 400 resamples.
    assert interval.high - interval.low == pytest.approx(high - low, rel=0.25)


def test_bootstrap_at_the_edges_of_a_model() -> None:
    """Resamples without inflation and at the Poisson limit have a number; those that run away have none."""
    from microestim.estimators.frequency_counts.truncated import _number

    too_few = FrequencyCounts({1: 10, 2: 40, 3: 30, 4: 10})
    assert _number(too_few, "poisson", "one-after") == truncated_counts(too_few).n_hat
    even = FrequencyCounts({1: 5, 2: 40, 3: 60, 4: 30, 5: 5})
    assert _number(even, "negbin", None) == truncated_counts(even).n_hat
    with pytest.raises(NotEstimableError):
        _number(FrequencyCounts({1: 5}), "poisson", None)
    interval = truncated_counts({1: 9, 2: 3, 3: 1}).interval(method="bootstrap", rng=1, n_resamples=100)
    assert interval.low >= 13
    if interval.high == math.inf:
        assert "no estimate" in interval.note


@pytest.mark.parametrize("inflation", ALL_INFLATIONS)
def test_a_pooled_class_of_nearly_everybody(inflation) -> None:
    """Where the dispersion is large the rate has no limit; the maximum lies elsewhere."""
    counts = FrequencyCounts({44: 7, 275: 19, 315: 565}, last_is_pooled=True)
    if inflation in ("one-before", "one-after"):
        with pytest.raises(NotEstimableError, match="not too many"):
            truncated_counts(counts, family="negbin", inflation=inflation)
        return
    fit = truncated_counts(counts, family="negbin", inflation=inflation)
    assert 0.1 < fit.params["dispersion"] < 2
    assert fit.n_hat == pytest.approx(591, abs=0.1)


@pytest.mark.parametrize("inflation", ["hurdle", "drop-ones"])
def test_rates_next_to_zero_keep_their_digits(inflation) -> None:
    # With a rate r next to zero a geometric distribution has p0 = 1 - r and r^2 for twice or more, which one
    # less p0 and p1 loses in rounding; found by random tables.
    twice, thrice = 10**11, 40
    found = truncated_counts({2: twice, 3: thrice}, family="geometric", inflation=inflation)
    rate = thrice / twice
    # The mean above the cut is 2 + r, to the first order in r.
    assert found.params["rate"] == pytest.approx(rate, rel=1e-6)
    people = twice + thrice
    assert float(found.n_hat) - people == pytest.approx(people / rate**2, rel=1e-6)
    assert found.expected()[3] == pytest.approx(thrice, rel=1e-6)
    with pytest.raises(NotEstimableError, match="no share of one-inflation"):
        one_inflation_curve({2: twice, 3: thrice}, family="geometric")
