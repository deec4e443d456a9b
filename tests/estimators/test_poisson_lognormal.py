"""Log-normal rates: probabilities by numeric integration, the fit by differences, and where none exists."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from microestim.capture import FrequencyCounts
from microestim.errors import NotEstimableError
from microestim.estimators.frequency_counts.families import FAMILIES, parameter_slopes
from microestim.estimators.frequency_counts.family_fit import fit_family
from microestim.estimators.frequency_counts.family_likelihood import FamilyData
from microestim.estimators.frequency_counts.lower_bounds import chao
from microestim.estimators.frequency_counts.poisson_lognormal import (
    log_lognormal,
    log_lognormal_share,
    lognormal_share_slopes,
    lognormal_slopes,
)
from microestim.estimators.frequency_counts.truncated import truncated_counts
from reference_rows import reference_rows

# Some published counts, and some random ones, have far more people seen once than the others lead to.
pytestmark = pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")


COUNTS: dict[str, dict[int, int]] = {}
for line in reference_rows("frequency_counts.csv"):
    COUNTS.setdefault(line["dataset"], {})[int(line["times_seen"])] = int(line["count"])


@pytest.mark.parametrize("sigma", [0.02, 0.3, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("center", [-6.0, -1.0, 0.5, 3.0])
def test_probabilities_by_numeric_integration(center, sigma) -> None:
    eta = np.array([center, math.log(sigma)], dtype=complex)
    for k in (0, 1, 2, 7, 60):

        def logs(z, k=k):
            u = center + sigma * z
            return k * u - np.exp(u) - z**2 / 2 - gammaln(k + 1) - 0.5 * math.log(2 * math.pi)

        wide = np.linspace(-60, 60, 400_001)
        with np.errstate(over="ignore"):
            values = logs(wide)
        top, mode = values.max(), wide[values.argmax()]
        held = wide[values > top - 50]
        total = quad(
            lambda z, top=top: math.exp(logs(z) - top),
            held[0],
            held[-1],
            points=[mode],
            limit=400,
            epsabs=0,
            epsrel=1e-12,
        )[0]
        # quad is asked for 1e-12; logs lose another digit.
        assert log_lognormal(np.array([float(k)]), eta)[0].real == pytest.approx(
            top + math.log(total), abs=1e-10
        )


@pytest.mark.parametrize("first", [1, 2])
def test_the_chance_of_being_seen_is_what_is_left(first) -> None:
    eta = np.array([0.4, 0.1], dtype=complex)
    below = np.exp(log_lognormal(np.arange(float(first)), eta)).sum()
    assert np.exp(log_lognormal_share(first, eta)) == pytest.approx(1 - below, rel=1e-12)
    # Where next to nobody is seen, the first class holds nearly all: here to one part in 1e12.
    rare = np.array([-30.0, -2.0], dtype=complex)
    one = log_lognormal(np.array([float(first)]), rare)[0].real
    assert log_lognormal_share(first, rare).real == pytest.approx(one, abs=1e-11)


def test_without_spread_it_is_the_poisson_distribution() -> None:
    times, rate = np.arange(12.0), 1.7
    poisson = times * math.log(rate) - rate - gammaln(times + 1)
    near = log_lognormal(times, np.array([math.log(rate), math.log(1e-5)], dtype=complex)).real
    # The difference is of the order of the variance times the square of the class.
    assert near == pytest.approx(poisson, abs=1e-8)


@pytest.mark.parametrize("inflation", [None, "one-before", "one-after", "hurdle", "drop-ones"])
def test_the_fit_by_differences_of_the_likelihood(inflation) -> None:
    counts, first = FrequencyCounts(COUNTS["dutch_illegal_immigrants"]), 1 if inflation is None else 2
    fit = fit_family(counts, "poisson-lognormal", first)
    data = FamilyData.of(counts, first, FAMILIES["poisson-lognormal"])

    def loglik(eta):
        return data.loglik(np.asarray(eta, complex)).real

    step = 2e-3 * np.eye(2)
    slope = [(loglik(fit.eta + s / 100) - loglik(fit.eta - s / 100)) / 4e-5 for s in step]
    # A value near 900, good to 1e-13 of itself, over a step of 2e-5.
    assert slope == pytest.approx([0, 0], abs=1e-4)
    second = [
        [
            loglik(fit.eta + a + b)
            - loglik(fit.eta + a - b)
            - loglik(fit.eta - a + b)
            + loglik(fit.eta - a - b)
            for a in step
        ]
        for b in step
    ]
    information = -np.array(second) / (4 * 2e-3**2)
    # Second differences have errors of the square of the step, which the inverse enlarges.
    assert np.linalg.inv(information) == pytest.approx(fit.covariance, rel=2e-3)
    made = truncated_counts(counts, family="poisson-lognormal", inflation=inflation)
    p0, p1 = fit.chances
    n, n2 = counts.n_observed, counts.n_observed - counts[1]
    unseen = p0 / (1 - p0 - p1)
    expected = {None: n / (1 - p0), "one-after": n / (1 - p0), "hurdle": n * (1 + unseen)}
    assert made.n_hat == pytest.approx(expected.get(inflation, n + n2 * unseen), rel=1e-12)


def test_it_finds_the_population_that_the_counts_are_from() -> None:
    size = 10**10
    eta = np.array([0.2, math.log(0.8)], dtype=complex)
    chances = np.exp(log_lognormal(np.arange(200.0), eta).real)
    counts = {k: round(size * p) for k, p in enumerate(chances) if k and size * p >= 1}
    fit = truncated_counts(counts, family="poisson-lognormal")
    # Counts are rounded to whole people among 1e10.
    assert fit.n_hat == pytest.approx(size, rel=1e-6)
    assert fit.params["median_rate"] == pytest.approx(math.exp(0.2), rel=1e-6)
    assert fit.params["sigma"] == pytest.approx(0.8, rel=1e-6)
    assert fit.expected()[3] == pytest.approx(counts[3], rel=1e-6)


def test_where_there_is_no_maximum_the_limit_is_named() -> None:
    with pytest.raises(NotEstimableError, match="Poisson limit"):
        truncated_counts(COUNTS["arboreal_geckos"], family="poisson-lognormal")
    runaway = {1: 900, 2: 30, 3: 12, 4: 9, 5: 7, 9: 6, 20: 5, 50: 5, 200: 5}
    with pytest.raises(NotEstimableError, match="runs to infinity") as caught:
        truncated_counts(runaway, family="poisson-lognormal")
    assert caught.value.bound == chao(runaway, bias_corrected=True).n_hat


def test_mturk_participation_is_finite() -> None:
    counts = {int(r["times_seen"]): int(r["count"]) for r in reference_rows("mturk_participation.csv")}
    fit = truncated_counts(counts, family="poisson-lognormal")
    # The negative binomial has no maximum here; this family has one, four times Chao's bound.
    assert chao(counts).n_hat < fit.n_hat < math.inf
    assert fit.interval().high < math.inf


@pytest.mark.parametrize("log_sigma", [-3.0, -1.0, 0.0, 1.5])
@pytest.mark.parametrize("log_median", [-8.0, -2.0, 0.5, 3.0])
def test_slopes_are_those_of_complex_steps(log_median, log_sigma):
    eta = np.array([log_median, log_sigma])
    for times in (1, 2, 9, 40):
        by_step = parameter_slopes(lambda x, k=times: complex(log_lognormal(np.array([float(k)]), x)[0]), eta)
        found = lognormal_slopes(np.array([float(times)]), eta)[:, 0]
        # Both are exact but for rounding.
        np.testing.assert_allclose(found, by_step, rtol=1e-12, atol=1e-12)
        by_step = parameter_slopes(lambda x, k=times: log_lognormal_share(k, x), eta)
        np.testing.assert_allclose(lognormal_share_slopes(times, eta), by_step, rtol=1e-12, atol=1e-12)
