"""The Poisson-compound gamma estimator: against the published program, by brute force, at the edges."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import nbinom, poisson

from microestim.capture import FrequencyCounts
from microestim.errors import InputError, MicroestimError, NotEstimableError
from microestim.estimators.frequency_counts.compound_gamma import poisson_compound_gamma
from microestim.estimators.frequency_counts.compound_gamma_data import CompoundGammaData
from microestim.estimators.frequency_counts.compound_gamma_odds import _Search, best_odds, nearest_odds
from microestim.estimators.frequency_counts.compound_gamma_shape import SHAPES, cross_validation
from microestim.estimators.frequency_counts.lower_bounds import chao
from microestim.estimators.frequency_counts.mixture_data import MixtureData
from microestim.estimators.frequency_counts.mixtures import best_mixture
from microestim.estimators.frequency_counts.nonparametric import npmle
from reference_rows import reference_rows

RABBITS = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
GECKOS = {1: 33, 2: 26, 3: 9, 4: 2}
TWO_PEAKS = {1: 2, 15: 10}

COUNTS: dict[str, dict[int, int]] = {}
for line in reference_rows("frequency_counts.csv"):
    COUNTS.setdefault(line["dataset"], {})[int(line["times_seen"])] = int(line["count"])
ROWS = reference_rows("species_pcg.csv")


def arrays(counts):
    kept = {k: f for k, f in counts.items() if f}
    return np.array(list(kept), float), np.array(list(kept.values()), float)


def law(rates, shape):
    """The distributions by another program."""
    return poisson(rates) if math.isinf(shape) else nbinom(shape, shape / (shape + rates))


def truncated(times, rates, shape):
    untruncated = law(rates, shape)
    return untruncated.pmf(times[:, None]) / untruncated.sf(0)


def odds(rates, shape):
    return law(rates, shape).pmf(0) / law(rates, shape).sf(0)


@pytest.mark.parametrize("row", [r for r in ROWS if r["estimate"]], ids=lambda r: r["dataset"])
def test_species(row) -> None:
    fit = poisson_compound_gamma(COUNTS[row["dataset"]], rare=int(row["function"].partition("=")[2]))
    assert fit.alpha == float(row["alpha"])
    # The program cuts to whole people, from means on a grid of 0.001 and 0.01 and steps that stop early.
    assert fit.n_hat == pytest.approx(float(row["estimate"]), abs=1.0)


@pytest.mark.parametrize("alpha", [1.0, "inf"])
@pytest.mark.parametrize("row", [r for r in ROWS if not r["estimate"]], ids=lambda r: r["dataset"])
def test_where_the_program_has_no_result_no_mixture_is_better(row, alpha) -> None:
    rare = int(row["function"].partition("=")[2])
    fit = poisson_compound_gamma(COUNTS[row["dataset"]], alpha=alpha, rare=rare)
    times, people = arrays({k: f for k, f in COUNTS[row["dataset"]].items() if k <= rare})
    n, theta = people.sum(), fit.params["odds"]
    weights = fit.weights * law(fit.rates, fit.alpha).sf(0)
    weights /= weights.sum()
    assert weights @ odds(fit.rates, fit.alpha) == pytest.approx(theta, rel=1e-9)
    shares = people / (truncated(times, fit.rates, fit.alpha) @ weights)
    # Towards any point mass the likelihood grows by no more than the log of the odds does: a peak.
    grid = np.concatenate((np.geomspace(1e-5, 1, 600), np.linspace(1, rare + 5, 1500), fit.rates))
    gradient = shares @ truncated(times, grid, fit.alpha) - n - (odds(grid, fit.alpha) / theta - 1)
    # The root of the slope by the odds is found to 1e-10, of at most n times its size.
    assert gradient.max() < 1e-5 + 1e-9 * n
    assert fit.gap < 1e-5
    assert fit.n_hat == pytest.approx(
        FrequencyCounts(COUNTS[row["dataset"]]).n_observed + n * theta, rel=1e-12
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")
@pytest.mark.parametrize("row", [r for r in ROWS if not r["estimate"]], ids=lambda r: r["dataset"])
def test_where_the_program_has_no_result_a_shape_is_chosen(row) -> None:
    fit = poisson_compound_gamma(COUNTS[row["dataset"]], rare=int(row["function"].partition("=")[2]))
    assert fit.criteria[fit.alpha] == min(fit.criteria.values())
    assert fit.n_hat == fit.sizes[fit.alpha] > chao(COUNTS[row["dataset"]]).n_hat * 0.9


@pytest.mark.parametrize("shape", [1.0, 4.0, math.inf])
@pytest.mark.parametrize("counts", [RABBITS, TWO_PEAKS], ids=["rabbits", "two peaks"])
def test_penalised_likelihood_by_a_general_optimiser(counts, shape) -> None:
    times, people = arrays(counts)
    found = best_odds(times, people, shape)

    spread = 1 / shape
    rising = np.cumsum(np.log1p(spread * np.arange(times[-1])))[times.astype(int) - 1] - gammaln(times + 1)

    def loss(z):
        rates, share = np.exp(z[:2]), 1 / (1 + np.exp(z[2]))
        weights = np.array([share, 1 - share])
        waits = rates if spread == 0 else np.log1p(spread * rates) / spread
        each = 1 / np.expm1(waits)
        logs = times[:, None] * (np.log(rates) - np.log1p(spread * rates)) + rising[:, None]
        fitted = np.exp(logs) * each @ weights
        with np.errstate(divide="ignore"):
            return float(np.log(weights @ each) - people @ np.log(fitted))

    starts = [(a, b, c) for a in (-1.0, 0.5) for b in (1.0, 2.6) for c in (-1.0, 1.0)]
    best = min(
        (minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600}) for start in starts),
        key=lambda each: each.fun,
    )
    assert found.rates.size <= 2
    # The simplex stops some 1e-8 from a minimum; ours may not lie above it.
    assert -found.value <= best.fun + 1e-9
    assert -found.value == pytest.approx(best.fun, abs=1e-5)


def test_the_higher_of_two_peaks_is_found_wherever_the_search_starts() -> None:
    times, people = arrays(TWO_PEAKS)
    search = _Search(times, people, 5.0)
    values = np.array([search.at(rho).value for rho in np.geomspace(1e-3, search.highest_weight(), 60)])
    assert ((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])).sum() == 2
    found = [best_odds(times, people, 5.0, guess=guess).odds for guess in (1e-5, 1e-3, 0.02, 1.0)]
    assert found == pytest.approx([found[0]] * 4, rel=1e-8)
    assert best_odds(times, people, 5.0).value >= values.max()


@pytest.mark.parametrize("shape", [2.0, math.inf])
def test_the_bound_between_two_places_holds(shape) -> None:
    """Mixtures of any odds lie below the bound that their neighbours give."""
    times, people = arrays(RABBITS)
    search = _Search(times, people, shape)
    low, high = search.at(0.05), search.at(0.005)
    bound, at = search.between(low, high)
    assert low.odds < at < high.odds
    inside = [search.at(rho).value for rho in np.geomspace(0.005, 0.05, 20)]
    assert max(inside) <= bound + 1e-9
    # Tight enough to be of use: the bound is not the same as at twice the distance.
    assert bound < search.between(search.at(0.5), search.at(0.0005))[0]


@pytest.mark.parametrize("unseen", [0.0, 0.3, 1.0, 40.0])
@pytest.mark.parametrize("shape", [0.5, 3.0, math.inf])
def test_chances_and_their_slopes(shape, unseen) -> None:
    times = np.array([1.0, 2.0, 5.0, 12.0])
    data = CompoundGammaData(times, np.ones(4), shape=shape, unseen=unseen)
    rates = np.array([0.01, 0.3, 2.0, 15.0])
    never = law(rates, shape).pmf(0)
    by_scipy = np.log(law(rates, shape).pmf(times[:, None]) / (law(rates, shape).sf(0) + unseen * never))
    differences = data.log_kernel(rates) - by_scipy
    # Up to a constant of each class; sums of rounding errors of logs of gamma functions.
    assert np.ptp(differences, axis=1) == pytest.approx(0, abs=1e-10)
    first, second = data.slopes(rates)
    step = 1e-4 * rates
    up, down = data.log_kernel(rates + step), data.log_kernel(rates - step)
    assert first == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)
    ups, downs = data.slopes(rates + step)[0], data.slopes(rates - step)[0]
    assert second == pytest.approx((ups - downs) / (2 * step), rel=1e-5, abs=1e-5)
    assert data.odds_at(rates) == pytest.approx(odds(rates, shape), rel=1e-9)


@pytest.mark.parametrize(("unseen", "is_truncated"), [(0.0, True), (1.0, False)])
def test_without_a_shape_it_is_a_mixture_of_poisson_distributions(unseen, is_truncated) -> None:
    times, people = arrays(RABBITS)
    plain = best_mixture(MixtureData(times, people, truncated=is_truncated))
    assert best_mixture(CompoundGammaData(times, people, unseen=unseen)).loglik == pytest.approx(
        plain.loglik, abs=1e-9
    )
    # The curve has one height at given odds, whichever weight leads there.
    place = _Search(times, people, math.inf).at(unseen)
    assert place.loglik == pytest.approx(
        float(people @ np.log(truncated(times, place.rates, math.inf) @ place.weights)), abs=1e-9
    )


def test_a_large_shape_is_nearly_none_and_the_odds_are_those_of_npmle_without_the_penalty() -> None:
    near, limit = (poisson_compound_gamma(RABBITS, alpha=alpha) for alpha in (1e9, "inf"))
    assert near.n_hat == pytest.approx(limit.n_hat, rel=1e-6)
    assert poisson_compound_gamma(GECKOS, alpha="inf").params["unpenalised_odds"] == pytest.approx(
        npmle(GECKOS, method="conditional").params["odds"], rel=1e-6
    )
    # No likelihood sets a limit for the skinks, and the fit says so.
    skinks = poisson_compound_gamma(COUNTS["skinks"], alpha="inf")
    assert skinks.params["unpenalised_odds"] == math.inf
    assert "without limit" in skinks.reason


def test_one_geometric_distribution_in_closed_form() -> None:
    """One point: the times seen over one person less are the mean of those seen, 1 + lambda."""
    times, people = arrays(COUNTS["heroin_usage"])
    fit = best_odds(times, people, 1.0)
    assert fit.rates.size == 1
    mean = times @ people / (people.sum() - 1) - 1
    assert fit.rates[0] == pytest.approx(mean, rel=1e-8)
    assert fit.odds == pytest.approx(1 / mean, rel=1e-8)


@pytest.mark.parametrize("shape", [2.0, math.inf])
@pytest.mark.parametrize("counts", [RABBITS, TWO_PEAKS, {1: 1, 2: 1, 10: 8}], ids=str)
def test_cross_validation_by_explicit_refits(counts, shape) -> None:
    times, people = arrays(counts)
    n, fit = people.sum(), best_odds(times, people, shape)
    every = np.arange(1.0, times[-1] + 1)
    wanted = ((truncated(every, fit.rates, shape) @ fit.weights) ** 2).sum()
    for k, f in counts.items():
        refit = best_odds(*arrays({**counts, k: f - 1}), shape)
        wanted -= 2 * f / n * float(truncated(np.array([float(k)]), refit.rates, shape)[0] @ refit.weights)
    # The refits stop where the log of the odds is good to 1e-7.
    assert cross_validation(times, people, fit) == pytest.approx(wanted, abs=1e-6)


def test_a_peak_near_to_another_sample_is_its_highest() -> None:
    """The higher peak of the sample is the lower one of the sample with one person less."""
    times, people = arrays(TWO_PEAKS)
    fit = best_odds(times, people, 5.0)
    fewer = people - np.array([1.0, 0.0])
    near, best = nearest_odds(times, fewer, fit), best_odds(times, fewer, 5.0)
    assert best.odds < fit.odds / 5
    assert near.odds == pytest.approx(best.odds, rel=1e-6)


def test_the_shape_with_the_least_criterion_is_taken() -> None:
    fit = poisson_compound_gamma(GECKOS)
    assert set(fit.criteria) == set(fit.sizes) == set(SHAPES)
    assert fit.alpha == min(fit.criteria, key=fit.criteria.get)
    given_shape = poisson_compound_gamma(GECKOS, alpha=fit.alpha)
    assert given_shape.n_hat == pytest.approx(fit.n_hat, rel=1e-8)
    assert given_shape.n_params == fit.n_params - 1
    assert given_shape.criteria == {}
    assert poisson_compound_gamma(GECKOS, alpha=1).n_hat == pytest.approx(fit.sizes[1.0], rel=1e-8)
    assert "99 to 165 people" in fit.reason


def test_people_seen_often_are_added_as_they_are() -> None:
    plain = poisson_compound_gamma(RABBITS, alpha=2)
    more = poisson_compound_gamma({**RABBITS, 36: 5, 900: 1}, alpha=2)
    assert more.n_hat == pytest.approx(plain.n_hat + 6, rel=1e-12)
    pooled = FrequencyCounts({**RABBITS, 36: 6}, last_is_pooled=True)
    assert poisson_compound_gamma(pooled, alpha=2).n_hat == pytest.approx(plain.n_hat + 6, rel=1e-12)
    assert sum(more.expected(60).values()) == pytest.approx(76, rel=1e-6)
    assert more.expected() == plain.expected()


def test_bootstrap_percentiles_hold_the_estimate() -> None:
    fit = poisson_compound_gamma({**GECKOS, 40: 3}, alpha="inf")
    interval = fit.interval(rng=4, n_resamples=100)
    assert interval.kind == "confidence: bootstrap percentile"
    assert 73 <= interval.low < fit.n_hat < interval.high < math.inf
    assert fit.interval(rng=4, n_resamples=100) == interval
    assert fit.se is None


@pytest.mark.parametrize(
    ("counts", "options", "kind", "message"),
    [
        ({1: 5}, {}, NotEstimableError, "penalty alone"),
        ({3: 1, 40: 9}, {}, NotEstimableError, "fewer than two"),
        ({40: 9}, {}, NotEstimableError, "0 people are described"),
        ({1: 1, 3: 1}, {}, NotEstimableError, "give alpha"),
        (RABBITS, {"alpha": 0}, InputError, "alpha is 0;"),
        (RABBITS, {"alpha": math.nan}, InputError, "alpha is nan"),
        (RABBITS, {"alpha": True}, InputError, "alpha is True"),
        (RABBITS, {"alpha": "Inf."}, InputError, "alpha is 'Inf.'"),
        (RABBITS, {"rare": 1}, InputError, "rare is 1;"),
        (RABBITS, {"rare": 301}, InputError, "between 2 and 300"),
        (RABBITS, {"rare": 2.0}, InputError, "rare is 2.0;"),
        (FrequencyCounts({1: 9, 2: 4, 3: 2}, last_is_pooled=True), {}, InputError, "pools everybody"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts, options, kind, message) -> None:
    with pytest.raises(kind, match=message) as caught:
        poisson_compound_gamma(counts, **options)
    if kind is NotEstimableError:
        assert caught.value.bound >= sum(counts.values())


def test_two_people_have_an_estimate_where_the_shape_is_given() -> None:
    """The penalty takes one person's weight: the mean of those seen is that of twice the times seen."""
    fit = poisson_compound_gamma({1: 1, 3: 1}, alpha=1)
    assert fit.n_hat == pytest.approx(2 * (1 + 1 / 3), rel=1e-8)


@settings(max_examples=25, deadline=None)
@given(
    counts=st.dictionaries(st.integers(1, 40), st.integers(1, 60), min_size=1, max_size=6),
    alpha=st.sampled_from([0.01, 0.5, 1.0, 7.0, "inf"]),
)
def test_any_counts_give_a_finite_answer_or_a_reason(counts, alpha) -> None:
    try:
        fit = poisson_compound_gamma(counts, alpha=alpha)
    except MicroestimError:
        return
    assert sum(counts.values()) <= fit.n_hat < math.inf
    assert fit.gap < 1e-4
    assert fit.weights.sum() == pytest.approx(1)
    assert (fit.rates > 0).all()
