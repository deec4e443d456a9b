import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from microestim.errors import InputError, NotEstimableError, PriorError
from microestim.estimators.two_samples import chapman, lincoln_petersen, two_sample_posterior
from microestim.estimators.two_samples.gamma_ratio import log_rising
from microestim.estimators.two_samples.waring import waring_logpmf, waring_quantile, waring_sf

PRIORS = {
    "1/N": ("1/N", lambda size: 1 / size),
    "uniform": ("uniform", lambda size: np.ones_like(size)),
    "waring 0": (("waring", 0.0), lambda size: 1 / (size + 1)),
    "waring 1": (("waring", 1.0), lambda size: 1 / ((size + 1) * (size + 2))),
    "lognormal": (("lognormal", 60.0, 0.8), lambda size: stats.lognorm.pdf(size, 0.8, scale=60.0)),
}


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("triple", [(20, 15, 8), (60, 40, 12)])
def test_posterior_equals_a_sum_over_all_sizes(name, triple, summed_posterior):
    prior, weight = PRIORS[name]
    posterior = two_sample_posterior(*triple, prior=prior)
    sizes, expected = summed_posterior(*triple, weight, 300_000)
    # For m >= 8 the mass beyond 300,000 is below (200 / 300,000)^6, so only rounding is left, and what the
    # log-normal posterior may leave out.
    left_out = 1e-12 if name == "lognormal" else 0.0
    np.testing.assert_allclose(posterior.pmf(sizes[:2000]), expected[:2000], rtol=1e-9, atol=left_out)
    cumulative = np.cumsum(expected)
    for size in (sizes[0], sizes[0] + 7, sizes[0] + 100, 600.0, 5000.0):
        assert float(posterior.cdf(size)) == pytest.approx(cumulative[int(size - sizes[0])], rel=1e-9)
    quantiles = dict(zip((0.5, 0.025, 0.975), (posterior.n_hat, *posterior.interval()[:2]), strict=True))
    for probability, size in quantiles.items():
        place = int(size - sizes[0])
        # A median can be reached exactly, where the sum may be a rounding error below one half.
        assert cumulative[place] >= probability - 1e-11
        assert place == 0 or cumulative[place - 1] < probability
    assert posterior.mean == pytest.approx(expected @ sizes, rel=1e-9)
    # The variance of m = 8 gathers terms as N^-6, of which 300,000 leaves 1e-16.
    assert posterior.sd == pytest.approx(math.sqrt(expected @ (sizes - expected @ sizes) ** 2), rel=1e-7)
    assert posterior.se == posterior.sd
    assert posterior.pmf(posterior.mode) == pytest.approx(expected.max(), rel=1e-9)


@pytest.mark.parametrize("name", PRIORS)
def test_highest_density_interval_is_the_shortest(name, summed_posterior):
    prior, weight = PRIORS[name]
    sizes, expected = summed_posterior(20, 15, 8, weight, 20_000)
    below = np.concatenate(([0.0], np.cumsum(expected)))
    starts = np.arange(np.searchsorted(below, 1 - 0.9))
    ends = np.searchsorted(below, below[starts] + 0.9) - 1
    shortest = (ends - starts).min()
    low, high, _, kind = two_sample_posterior(20, 15, 8, prior=prior).interval(0.9, "highest density")
    assert kind == "credible: highest density"
    assert high - low == shortest
    assert below[int(high - sizes[0]) + 1] - below[int(low - sizes[0])] >= 0.9


@pytest.mark.parametrize("m", [1, 2])
def test_heavy_tails_are_not_cut_off(m):
    """Exact rational arithmetic for a posterior whose mean, or variance, is infinite."""
    n1, n2 = 9, 7
    a, b, rho = n1 - m + 1, n2 - m + 1, m
    total, probability = Fraction(0), Fraction(1)
    for i in range(a):
        probability *= Fraction(rho + i, rho + b + i)
    for k in range(2001):
        total += probability
        if k in (0, 3, 100, 2000):
            # The finite sum keeps its relative accuracy in the tail.
            assert waring_sf(k, a, b, rho) == pytest.approx(float(1 - total), rel=1e-12)
            assert math.exp(waring_logpmf(k, a, b, rho)) == pytest.approx(float(probability), rel=1e-12)
        probability *= Fraction((a + k) * (b + k), (a + b + rho + k) * (k + 1))


def test_tail_under_one_over_n_with_a_single_recapture(summed_posterior):
    posterior = two_sample_posterior(9, 7, 1)
    _, expected = summed_posterior(9, 7, 1, lambda size: 1 / size, 4_000_000)
    # The posterior falls as N^-2, so the mass beyond 4 million is 4 million times its last term, to 1e-5.
    left = expected[-1] * 4e6
    cumulative = np.cumsum(expected) / (1 + left)
    for size in (15, 100, 511, 512, 5000, 100_000):
        # The remainder is 2e-5 of the whole and known to 1e-5 of itself.
        assert float(posterior.cdf(size)) == pytest.approx(cumulative[size - 15], abs=1e-9)
    assert posterior.mean == math.inf
    assert posterior.sd == math.inf
    assert "infinite" in str(posterior)


@pytest.mark.parametrize(
    ("prior", "m", "least"), [("uniform", 1, 2), ("uniform", 0, 2), ("1/N", 0, 1), (("waring", 0), 0, 1)]
)
def test_improper_posteriors_are_refused_with_the_least_m(prior, m, least):
    with pytest.raises(NotEstimableError, match=f"needs m >= {least}"):
        two_sample_posterior(30, 20, m, prior=prior)
    assert two_sample_posterior(30, 20, least, prior=prior).n_hat > 49


@pytest.mark.parametrize(
    ("prior", "finite_mean_from"), [("uniform", 3), ("1/N", 2), (("waring", 0), 2), (("waring", 0.5), 1)]
)
def test_the_mean_needs_one_recapture_more(prior, finite_mean_from):
    assert two_sample_posterior(30, 20, finite_mean_from - 1 or 1, prior=prior).mean == math.inf or (
        finite_mean_from == 1
    )
    assert math.isfinite(two_sample_posterior(30, 20, finite_mean_from, prior=prior).mean)
    assert two_sample_posterior(30, 20, finite_mean_from, prior=prior).sd == math.inf
    assert math.isfinite(two_sample_posterior(30, 20, finite_mean_from + 1, prior=prior).sd)


@pytest.mark.parametrize("prior", [("waring", 0.5), ("lognormal", 500, 1.0)])
def test_a_proper_prior_gives_a_posterior_without_a_recapture(prior):
    posterior = two_sample_posterior(30, 20, 0, prior=prior)
    low, high, *_ = posterior.interval()
    assert 50 <= low < posterior.n_hat < high < math.inf


def test_lognormal_prior_without_a_recapture_against_a_longer_sum(summed_posterior):
    sizes, expected = summed_posterior(30, 20, 0, lambda s: stats.lognorm.pdf(s, 1.0, scale=500.0), 3_000_000)
    posterior = two_sample_posterior(30, 20, 0, prior=("lognormal", 500, 1.0))
    # Beyond 3 million lies less than 1e-17 of the prior (8.7 sigma); the posterior may leave out 1e-12 of
    # itself, which weighs at most a million times more in the mean than in the probabilities.
    assert posterior.mean == pytest.approx(expected @ sizes, rel=1e-8)
    assert posterior.n_hat == sizes[np.searchsorted(np.cumsum(expected), 0.5)]


def test_table_prior_weighs_the_sizes_it_has():
    sizes, weights = np.array([5000, 30, 40, 35]), np.array([2.0, 1.0, 0.0, 3.0])
    posterior = two_sample_posterior(20, 15, 4, prior=(sizes, weights))
    likelihood = stats.hypergeom.pmf(4, [35, 5000], 20, 15)
    expected = likelihood * [3.0, 2.0] / (likelihood @ [3.0, 2.0])
    # Two log-gamma evaluations of the same formula.
    np.testing.assert_allclose(
        posterior.pmf([30, 35, 36, 40, 5000]), [0, expected[0], 0, 0, expected[1]], rtol=1e-9
    )
    assert set(posterior.draws(50, rng=1)) <= {35, 5000}


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("flat", "'1/N', 'uniform'"),
        ("1/n", "'1/N'"),
        (("waring", -1), "rho is -1"),
        (("lognormal", 0, 1), "median is 0"),
        (("lognormal", 100, math.nan), "sigma is nan"),
        (("lognormal", 100), "it must be"),
        (("lognormal", 1e9, 3.0), "cannot be shown to stay within"),
        (([10, 20], [1, 1]), "reaches the 31 people seen"),
        (([100, 100], [1, 1]), "stands in it twice"),
        (([100.5], [1]), "positive whole number"),
        (([100], [-1]), "at least 0"),
        (([100, 200], [1]), "equal length"),
        (3.0, "it must be"),
    ],
)
def test_impossible_priors_are_refused(prior, message):
    with pytest.raises(PriorError, match=message):
        two_sample_posterior(20, 15, 4, prior=prior)


def test_arrays_are_refused():
    with pytest.raises(InputError, match="one pair of samples"):
        two_sample_posterior([20, 30], 15, 4)


@pytest.mark.parametrize("prior", ["1/N", "uniform", ("waring", 0.5), ("lognormal", 3000, 0.3)])
@pytest.mark.parametrize("triple", [(500, 500, 89), (25, 20, 6)])
def test_draws_have_the_posterior_distribution(prior, triple):
    posterior = two_sample_posterior(*triple, prior=prior)
    draws = posterior.draws(20_000, rng=20)
    np.testing.assert_array_equal(draws, posterior.draws(20_000, rng=np.random.default_rng(20)))
    for probability in (0.05, 0.5, 0.95):
        size = posterior.quantile(probability)
        expected = float(posterior.cdf(size))
        # Four standard errors of a share in 20,000 draws; the seed is fixed.
        tolerance = 4 * math.sqrt(expected * (1 - expected) / 20_000)
        assert np.mean(draws <= size) == pytest.approx(expected, abs=tolerance)
    assert draws.min() >= triple[0] + triple[1] - triple[2]


def test_reconstruction_of_the_french_waves():
    """500 / 500 / 89 is a reconstruction: the counts of the French study were never published."""
    posterior = two_sample_posterior(500, 500, 89)
    assert round(lincoln_petersen(500, 500, 89).n_hat) == 2809
    assert round(chapman(500, 500, 89).n_hat) == 2788
    assert round(chapman(500, 500, 89).se) == 240
    assert posterior.n_hat == 2822
    assert posterior.interval()[:2] == (2400, 3382)
    assert round(lincoln_petersen(498, 499, 89).n_hat) == 2792
    assert int(lincoln_petersen(500, 500, 92).n_hat) == 2717
    # Printed for two waves of uneven size, without saying by which rule.
    low, high, *_ = two_sample_posterior(800, 200, 57).interval()
    assert (low, high) == pytest.approx((2320, 3552), rel=0.02)


@st.composite
def counts(draw):
    n1, n2 = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    return n1, n2, draw(st.integers(1, min(n1, n2)))


@given(counts())
@settings(max_examples=30, deadline=None)
def test_waring_prior_is_the_waring_interval_and_one_over_n_lies_next_to_it(triple):
    waring = two_sample_posterior(*triple, prior=("waring", 0)).interval()
    assert waring[:2] == chapman(*triple).interval(method="waring")[:2]
    reciprocal = two_sample_posterior(*triple).interval()
    # 1/N puts more weight on small sizes than 1/(N + 1), so its distribution function is nowhere smaller.
    assert reciprocal.low <= waring.low
    assert reciprocal.high <= waring.high


@given(triple=counts())
@settings(max_examples=40, deadline=None)
def test_one_over_n_equals_a_sum_with_its_remainder(summed_posterior, triple):
    sizes, expected = summed_posterior(*triple, lambda size: 1 / size, 200_000)
    # The rest falls as N^-(m + 1) from the last term on; that is right to 1 part in 1,000 of itself here.
    left = expected[-1] * 200_000 / triple[2]
    posterior = two_sample_posterior(*triple)
    place = len(sizes) // 100
    assert float(posterior.cdf(sizes[place])) == pytest.approx(
        np.cumsum(expected)[place] / (1 + left), abs=2e-3 * left + 1e-12
    )


@given(st.integers(1, 40), st.floats(0.5, 50), st.floats(0.3, 30), st.floats(0.001, 0.999))
@settings(max_examples=100, deadline=None)
def test_waring_quantile_is_the_first_size_that_reaches_the_probability(a, b, rho, probability):
    k = waring_quantile(probability, a, b, rho)
    assert waring_sf(k, a, b, rho) <= (1 - probability) * (1 + 2e-11)  # exact ties count as reached
    assert k == 0 or waring_sf(k - 1, a, b, rho) > 1 - probability


def test_waring_is_scipys_beta_negative_binomial():
    k = np.arange(60)
    # SciPy's own evaluation loses a few digits to log-gammas.
    np.testing.assert_allclose(
        np.exp(waring_logpmf(k, 5, 7.5, 2.5)), stats.betanbinom.pmf(k, 5, 2.5, 7.5), rtol=1e-10
    )


@given(st.floats(0.01, 1e9), st.floats(0, 1e6))
def test_log_rising_against_log_gamma(x, n):
    expected = special.gammaln(x + n) - special.gammaln(x)
    # The subtraction itself loses as much as eps times the larger log-gamma.
    assert float(log_rising(x, n)) == pytest.approx(
        expected, rel=1e-11, abs=1e-15 * special.gammaln(x + n + 3) + 1e-13
    )


@pytest.mark.parametrize("shift", [0.8, 1.0, 1.2])
def test_the_tail_of_many_terms_is_the_sum_of_all_of_them(shift):
    # Added up one by one in rational steps of floats: fsum, and no logarithm of a large gamma function.
    a, b, rho = 60_000, 70_000, 40_000.0
    k = math.floor(shift * a * b / rho)
    trials = a + k
    j = np.arange(trials, dtype=float)
    steps = np.log1p((trials * (rho - 1) - b + 1 - j * (rho + b - 2)) / ((j + 1) * (b + trials - 1 - j)))
    terms = np.concatenate(([0.0], np.cumsum(steps)))
    terms = np.exp(terms - terms.max())
    expected = math.fsum(terms[:a]) / math.fsum(terms)
    # Rounding of 150,000 steps added up.
    assert waring_sf(k, a, b, rho) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("k", [1e6, 1e9, 1e12])
def test_the_tail_with_one_success_before_is_a_product(k):
    # For rho = 1, a successes or more among T trials have probability prod (T - i) / (T + b - i).
    a, b = 60_000, 70_000
    i = np.arange(a, dtype=float)
    trials = a + k
    expected = -math.expm1(math.fsum(np.log1p(-b / (trials + b - i))))
    assert waring_sf(k, a, b, 1.0) == pytest.approx(expected, rel=1e-9)


def test_ten_million_in_each_sample_take_no_sum_over_them():
    # The law is then nearly normal, and its equal-tailed limits those of the likelihood to a part in 1e6.
    credible = chapman(10**7, 10**7, 10**6).interval(method="waring")
    likelihood = chapman(10**7, 10**7, 10**6).interval(method="profile")
    assert credible.low == pytest.approx(likelihood.low, rel=1e-6)
    assert credible.high == pytest.approx(likelihood.high, rel=1e-6)


def test_a_sum_over_too_many_people_is_refused():
    with pytest.raises(InputError, match="too few matches to confine it"):
        chapman(10**9, 10**9, 2).interval(method="waring")
