"""Ratio regression: by generalised least squares done by hand, by differences, and by collapse."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from microestim.capture import FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.lower_bounds import chao, lanumteang_bohning
from microestim.estimators.frequency_counts.ratio_regression import count_ratios, ratio_regression
from reference_rows import reference_rows

IMMIGRANTS = {1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}


def by_hand(f, *, first=1, occasions=None, whole=True):
    """The number not seen, by another program's least squares."""
    used = np.array([f[k] for k in range(first, max(f) + 1)], float)
    x = np.arange(first, max(f), dtype=float)
    ways = (x + 1) if occasions is None else (x + 1) / (occasions - x)
    matrix = np.diag(1 / used[:-1] + 1 / used[1:])
    if whole:
        matrix -= np.diag(1 / used[1:-1], 1) + np.diag(1 / used[1:-1], -1)
    fit = sm.GLS(np.log(ways * used[1:] / used[:-1]), sm.add_constant(x), sigma=matrix).fit()
    t = occasions or 1
    once = f.get(1, 0)
    if first == 2:
        once = 2 * f[2] / ((t - 1) if occasions else 1) / math.exp(fit.params.sum())
    return once * math.exp(-fit.params[0]) / t, fit


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("occasions", [None, 9])
@pytest.mark.parametrize("whole", [True, False])
def test_by_generalised_least_squares(first, occasions, whole) -> None:
    counts = FrequencyCounts(IMMIGRANTS, occasions=occasions)
    made = ratio_regression(counts, without_ones=first == 2, covariance=whole)
    unseen, fit = by_hand(IMMIGRANTS, first=first, occasions=occasions, whole=whole)
    # Two solutions of one linear system.
    assert made.params["f0_hat"] == pytest.approx(unseen, rel=1e-9)
    assert [made.params["intercept"], made.params["slope"]] == pytest.approx(fit.params, rel=1e-9)
    squares = float(fit.wresid @ fit.wresid)
    assert made.params["chi_squared"] == pytest.approx(squares, rel=1e-9)
    assert made.params["p_value"] == pytest.approx(chi2.sf(squares, made.params["df"]), rel=1e-9)


@pytest.mark.parametrize("first", [1, 2])
def test_error_by_differences(first) -> None:
    made = ratio_regression(IMMIGRANTS, without_ones=first == 2)
    f = np.array(list(IMMIGRANTS.values()), float)

    def size(values):
        return values.sum() + by_hand(dict(enumerate(values, 1)), first=first)[0]

    slope = []
    for place in range(f.size):
        step = 1e-5 * f[place] * np.eye(f.size)[place]
        slope.append((size(f + step) - size(f - step)) / (2e-5 * f[place]))
    covariance = np.diag(f) - np.outer(f, f) / made.n_hat
    # Central differences with a relative step of 1e-5.
    assert made.se == pytest.approx(math.sqrt(slope @ covariance @ np.array(slope)), rel=1e-6)


@pytest.mark.parametrize("occasions", [None, 12])
@pytest.mark.parametrize("without_ones", [False, True])
def test_one_rate_for_all_gives_back_the_population(occasions, without_ones) -> None:
    size, rate = 10**12, 1.3
    if occasions is None:
        chances = {k: math.exp(-rate) * rate**k / math.factorial(k) for k in range(1, 15)}
    else:
        p = rate / occasions
        chances = {
            k: math.comb(occasions, k) * p**k * (1 - p) ** (occasions - k) for k in range(1, occasions + 1)
        }
    counts = FrequencyCounts({k: round(size * c) for k, c in chances.items()}, occasions=occasions)
    made = ratio_regression(counts, without_ones=without_ones)
    # Whole people among 1e12.
    assert made.n_hat == pytest.approx(size, rel=1e-6)
    assert made.params["slope"] == pytest.approx(0, abs=1e-6)


def test_three_classes_determine_the_line() -> None:
    counts = {1: 60, 2: 25, 3: 12}
    made = ratio_regression(counts)
    first, second = 2 * 25 / 60, 3 * 12 / 25
    # The line at zero is the first ratio squared over the second, which is Lanumteang and Böhning's
    # correction.
    assert made.n_hat == pytest.approx(97 + 60 * second / first**2, rel=1e-12)
    assert made.n_hat == pytest.approx(lanumteang_bohning(counts).n_hat, rel=1e-12)
    assert "p_value" not in made.params


def test_people_seen_once_without_end_change_nothing_but_their_own_number() -> None:
    few = ratio_regression(IMMIGRANTS, without_ones=True)
    many = ratio_regression(IMMIGRANTS | {1: 5000}, without_ones=True)
    assert many.params["f0_hat"] == pytest.approx(few.params["f0_hat"], rel=1e-12)


def test_classes_end_at_a_gap_a_pooled_class_and_a_limit() -> None:
    plain = ratio_regression({1: 60, 2: 25, 3: 12, 4: 9}).params["f0_hat"]
    gap = ratio_regression({1: 60, 2: 25, 3: 12, 4: 9, 6: 40})
    pooled = ratio_regression(FrequencyCounts({1: 60, 2: 25, 3: 12, 4: 9, 5: 40}, last_is_pooled=True))
    cut = ratio_regression({1: 60, 2: 25, 3: 12, 4: 9, 5: 40}, rare=4)
    assert [e.params["f0_hat"] for e in (gap, pooled, cut)] == pytest.approx([plain] * 3, rel=1e-12)
    assert count_ratios(FrequencyCounts({2: 3})).times.size == 0


def test_mturk_participation_is_far_from_a_line() -> None:
    counts = {int(r["times_seen"]): int(r["count"]) for r in reference_rows("mturk_participation.csv")}
    made = ratio_regression(counts)
    assert math.isfinite(made.n_hat)
    assert made.params["p_value"] < 1e-6


@pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")
@pytest.mark.parametrize(
    ("counts", "options", "kind", "message"),
    [
        ({1: 9, 2: 3}, {}, NotEstimableError, "two ratios"),
        ({2: 9, 3: 3, 4: 1}, {}, NotEstimableError, "two ratios"),
        ({1: 9, 2: 3, 3: 1}, {"without_ones": True}, NotEstimableError, "two ratios"),
        ({1: 10**9, 2: 1, 3: 1000}, {}, NotEstimableError, "beyond all sense"),
        (IMMIGRANTS, {"rare": 1}, InputError, "at least 2"),
        (IMMIGRANTS, {"covariance": "no"}, InputError, "covariance"),
    ],
)
def test_what_has_no_line_is_refused(counts, options, kind, message) -> None:
    with pytest.raises(kind, match=message) as caught:
        ratio_regression(counts, **options)
    if kind is NotEstimableError:
        assert caught.value.bound == chao(counts, bias_corrected=True).n_hat
