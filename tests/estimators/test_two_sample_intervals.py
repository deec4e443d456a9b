import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from microestim.errors import InputError, NotEstimableError, SmallRecaptureWarning
from microestim.estimators.two_samples import bailey, chapman, lincoln_petersen

TRIPLES = [(500, 500, 89), (346, 184, 49), (12, 9, 6), (45, 60, 45), (30, 20, 1), (2812, 2828, 593)]
Z95 = 1.959963984540054


@pytest.mark.parametrize("triple", [*TRIPLES, (30, 20, 0)])
def test_logit_limits_against_the_formula_by_hand(triple):
    n1, n2, m = triple
    a, b, c = m + 0.5, n1 - m + 0.5, n2 - m + 0.5
    sigma = math.sqrt(1 / a + 1 / b + 1 / c + a / (b * c))
    low = n1 + n2 - m - 0.5 + b * c / a * math.exp(-Z95 * sigma)
    high = n1 + n2 - m - 0.5 + b * c / a * math.exp(Z95 * sigma)
    interval = chapman(*triple).interval(method="logit")
    # Same formula in plain floats: only rounding differs.
    assert tuple(interval[:2]) == pytest.approx((max(low, n1 + n2 - m), high), rel=1e-12)
    assert ("no upper limit" in interval.note) == (m == 0)


@pytest.mark.parametrize("triple", [t for t in TRIPLES if t[2] >= 6])
@pytest.mark.parametrize("estimator", [lincoln_petersen, chapman])
def test_lognormal_limits_against_the_formula_by_hand(estimator, triple):
    estimate = estimator(*triple)
    unseen = estimate.n_hat - estimate.n_observed
    if unseen == 0 and estimate.se == 0:
        assert estimate.interval(method="lognormal")[:2] == (estimate.n_hat, estimate.n_hat)
        return
    if unseen == 0:
        with pytest.raises(NotEstimableError, match="not above the number seen"):
            estimate.interval(method="lognormal")
        return
    spread = math.exp(Z95 * math.sqrt(math.log(1 + (estimate.se / unseen) ** 2)))
    expected = (estimate.n_observed + unseen / spread, estimate.n_observed + unseen * spread)
    # Same formula in plain floats: only rounding differs.
    assert tuple(estimate.interval(method="lognormal")[:2]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("triple", [t for t in TRIPLES if t[2] >= 6])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_waring_limits_against_a_sum_over_all_sizes(triple, level, summed_posterior):
    # With m >= 6 the mass beyond a million is below (14,000 / 1,000,000)^6, far under the tails of interest.
    sizes, posterior = summed_posterior(*triple, lambda size: 1 / (size + 1), 1_000_000)
    cumulative = np.cumsum(posterior)
    expected = [sizes[np.searchsorted(cumulative, p)] for p in ((1 - level) / 2, (1 + level) / 2)]
    interval = chapman(*triple).interval(level, "waring")
    assert list(interval[:2]) == expected
    assert interval.kind == "credible: generalized Waring"


def test_waring_needs_a_recapture_and_says_so():
    with pytest.raises(NotEstimableError, match="proper from m = 1"):
        chapman(30, 20, 0).interval(method="waring")
    interval = chapman(30, 20, [0, 3]).interval(method="waring")
    assert np.isnan(interval.low).tolist() == [True, False]
    assert "proper from m = 1" in interval.note


def maximised_loglik(size, n1, n2, m):
    """Largest multinomial log-likelihood over the two capture probabilities, found numerically."""
    cells = [m, n1 - m, n2 - m, size - (n1 + n2 - m)]

    def negative(logits):
        p1, p2 = 1 / (1 + np.exp(-logits))
        chances = [p1 * p2, p1 * (1 - p2), (1 - p1) * p2, (1 - p1) * (1 - p2)]
        return -stats.multinomial.logpmf(cells, size, chances)

    start = [math.log((n + 0.5) / (size - n + 0.5)) for n in (n1, n2)]
    return -optimize.minimize(
        negative, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}
    ).fun


@pytest.mark.parametrize("triple", [(500, 500, 89), (100, 80, 20), (12, 9, 6), (30, 20, 2)])
def test_profile_limits_part_the_whole_sizes_by_likelihood_ratio(triple):
    n1, n2, m = triple
    low, high, *_ = chapman(*triple).interval(method="profile")
    near = range(n1 + n2 - m, 3 * n1 * n2 // m)
    guess = n1 * n2 / m
    best = max(maximised_loglik(size, *triple) for size in near if abs(size - guess) < 0.02 * guess + 3)
    # The maximum over whole sizes is below that over real ones by at most their curvature over half a person.
    slack = 0.5 / (high - low)
    for size, inside in ((math.floor(low) - 1, False), (math.ceil(low) + 1, True)):
        if size > n1 + n2 - m:
            assert (
                2 * (best - maximised_loglik(size, *triple)) <= Z95**2 + slack * (1 if inside else -1)
            ) == inside
    for size, inside in ((math.floor(high) - 1, True), (math.ceil(high) + 1, False)):
        assert (
            2 * (best - maximised_loglik(size, *triple)) <= Z95**2 + slack * (1 if inside else -1)
        ) == inside


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_profile_without_a_recapture_has_an_exact_lower_limit_and_no_upper_one(level):
    interval = chapman(30, 20, 0).interval(level, "profile")
    size, tail = int(interval.low), Fraction(1 - level) / 2
    chances = [Fraction(math.comb(n - 30, 20), math.comb(n, 20)) for n in (size - 1, size)]
    assert chances[0] < tail <= chances[1]
    assert interval.high == math.inf
    assert "m = 0" in interval.note
    rows = chapman([30, 30], [20, 20], [0, 3]).interval(level, "profile")
    assert rows.low.tolist() == [interval.low, chapman(30, 20, 3).interval(level, "profile").low]
    assert np.isinf(rows.high).tolist() == [True, False]


@pytest.mark.parametrize("estimator", [lincoln_petersen, chapman, bailey])
def test_bootstrap_limits_are_quantiles_of_the_hypergeometric_redraw(estimator):
    n1, n2, m = 346, 184, 49
    estimate = estimator(n1, n2, m)
    redraw = stats.hypergeom(round(estimate.n_hat), n1, n2)
    interval = estimate.interval(method="bootstrap", rng=1, n_resamples=20_000)
    for limit, tail in ((interval.low, 0.975), (interval.high, 0.025)):
        quantile = int(redraw.ppf(tail))
        # 20,000 redraws place a quantile within one recapture.
        nearby = [estimator(n1, n2, quantile + step).n_hat for step in (-1, 0, 1)]
        assert min(abs(limit - value) for value in nearby) < 1e-9


def test_bootstrap_is_reproducible_and_counts_empty_redraws_as_infinite():
    estimate = lincoln_petersen(30, 20, 2)
    first = estimate.interval(method="bootstrap", rng=7)
    assert first == estimate.interval(method="bootstrap", rng=np.random.default_rng(7))
    assert first.high == math.inf
    assert "resamples had m = 0" in first.note
    with pytest.raises(InputError, match="at least 100"):
        estimate.interval(method="bootstrap", n_resamples=10)


def test_wald_warns_when_recaptures_are_few():
    with pytest.warns(SmallRecaptureWarning, match="m = 3"):
        chapman(30, 20, 3).interval(method="wald")


@st.composite
def counts(draw):
    n1, n2 = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    return n1, n2, draw(st.integers(1, min(n1, n2)))


@pytest.mark.parametrize("estimator", [lincoln_petersen, chapman, bailey])
@pytest.mark.parametrize("method", ["logit", "lognormal", "profile", "waring", "wald", "bootstrap"])
@given(triple=counts(), level=st.sampled_from([0.5, 0.95, 0.999]))
@settings(max_examples=30, deadline=None)
@pytest.mark.filterwarnings("ignore::microestim.errors.SmallRecaptureWarning")
def test_no_interval_starts_below_the_number_seen(estimator, method, triple, level):
    # As arrays, since a log-normal interval does not exist for every triple.
    estimate = estimator(*([count] for count in triple))
    options = {"rng": 1, "n_resamples": 100} if method == "bootstrap" else {}
    interval = estimate.interval(level, method, **options)
    low, high = interval.low[0], interval.high[0]
    if not np.isnan(low):
        assert estimate.n_observed[0] <= low <= high
    else:
        assert method == "lognormal"
        assert interval.note


@given(triple=counts())
@settings(max_examples=25, deadline=None)
def test_a_higher_level_gives_a_wider_interval(triple):
    for method in ("logit", "profile", "waring"):
        inner, outer = (chapman(*triple).interval(level, method) for level in (0.8, 0.95))
        # Solved limits may touch at the number seen up to rounding.
        assert outer.low <= inner.low * (1 + 1e-12)
        assert inner.high <= outer.high * (1 + 1e-12)
