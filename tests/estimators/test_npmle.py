"""Nonparametric maximum likelihood: against an R package, by brute force, at the edges."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize
from scipy.special import gammaln

from microestim.capture import FrequencyCounts
from microestim.errors import InputError, MicroestimError, NotEstimableError
from microestim.estimators.frequency_counts.lower_bounds import chao
from microestim.estimators.frequency_counts.mixture_data import MixtureData, odds_of
from microestim.estimators.frequency_counts.mixture_profile import MixtureProfile, _kept
from microestim.estimators.frequency_counts.mixtures import best_mixture
from microestim.estimators.frequency_counts.nonparametric import npmle
from microestim.estimators.frequency_counts.truncated import truncated_counts
from reference_rows import reference_rows

RABBITS = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}


COUNTS: dict[str, dict[int, int]] = {}
for line in reference_rows("frequency_counts.csv"):
    COUNTS.setdefault(line["dataset"], {})[int(line["times_seen"])] = int(line["count"])
ROWS = [r for r in reference_rows("species_npmle.csv") if r["estimate"]]
# Where the package's search of the penalised likelihood ends at Chao's bound, or before the maximum (README).
STOPPED_EARLY = {"cottontail_rabbits", "taxicab_edinburgh_A", "bbs2001_species"}


def arrays(counts):
    return np.array(list(counts), float), np.array(list(counts.values()), float)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['dataset']}-{r['function'].partition(' ')[0]}")
def test_species(row) -> None:
    counts, rare = COUNTS[row["dataset"]], int(row["function"].partition("=")[2])
    method = "penalised" if row["function"].startswith("pnpmle") else "unconditional"
    printed = float(row["estimate"])
    if row["dataset"] == "skinks" and method == "unconditional":
        # 578,663 people: where the package's iteration gave up on a likelihood that grows without end.
        with pytest.raises(NotEstimableError, match="grows") as caught:
            npmle(counts, rare=rare)
        assert caught.value.bound == chao(counts, bias_corrected=True).n_hat
        return
    fit = npmle(counts, rare=rare, method=method)
    if method == "penalised" and row["dataset"] in STOPPED_EARLY:
        # The penalised likelihood is concave: where no point mass raises it is its only maximum.
        kept = {k: f for k, f in counts.items() if k <= rare}
        times, people = arrays(kept)
        weights = fit.weights * -np.expm1(-fit.rates)
        gradient, _ = largest_gradient(
            times,
            people,
            fit.rates,
            weights / weights.sum(),
            truncated=True,
            center=counts[1] ** 2 / (2 * counts[2] * people.sum()),
        )
        assert gradient < 1e-6
        assert fit.n_hat > printed + 1
        return
    # The package cuts to whole people, and takes Stirling's formula for the full likelihood: one person more.
    assert fit.n_hat == pytest.approx(printed, abs=1.0)


def largest_gradient(times, people, rates, weights, *, truncated, center=None):
    """The gradient on a grid of its own, from probabilities by another formula."""

    def chances(rates):
        plain = np.exp(times[:, None] * np.log(rates) - rates - gammaln(times[:, None] + 1))
        return plain / -np.expm1(-rates) if truncated else plain

    shares = people / (chances(rates) @ weights)
    grid = np.concatenate((np.geomspace(1e-4, 1, 800), np.linspace(1, times.max() + 5, 4000), rates))
    gradient = shares @ chances(grid) - people.sum()
    if center is not None:
        odds = weights @ odds_of(rates)
        gradient -= (odds - center) / center * (odds_of(grid) - odds)
    return gradient.max(), float(people @ np.log(chances(rates) @ weights))


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize("name", ["cottontail_rabbits", "heroin_usage", "bbs2001_species"])
def test_no_point_mass_raises_the_likelihood(name, truncated) -> None:
    times, people = arrays({k: f for k, f in COUNTS[name].items() if f})
    if not truncated:
        times, people = np.append(0.0, times), np.append(0.7 * people.sum(), people)
    found = best_mixture(MixtureData(times, people, truncated=truncated))
    rates = np.maximum(found.rates, 1e-13)
    gradient, loglik = largest_gradient(times, people, rates, found.weights, truncated=truncated)
    # The gradient rises above zero by rounding alone.
    assert gradient < 1e-6
    assert found.loglik == pytest.approx(loglik, rel=1e-12)
    assert found.certified


def test_penalised_likelihood_by_a_general_optimiser() -> None:
    fit = npmle(RABBITS, method="penalised")
    times, people = arrays(RABBITS)
    n = people.sum()
    center = 43**2 / (2 * 16) / n

    def loss(z):
        rates = np.exp(z[:3])
        weights = np.exp(np.append(z[3:], 0.0))
        weights /= weights.sum()
        chances = np.exp(times[:, None] * np.log(rates) - gammaln(times[:, None] + 1)) / np.expm1(rates)
        odds = weights @ odds_of(rates)
        return -(people @ np.log(chances @ weights)) + (odds - center) ** 2 / (2 * center)

    best = minimize(
        loss, [-0.7, 0.6, 1.1, 0.5, 0.5], method="Nelder-Mead", options={"maxiter": 8000, "xatol": 1e-9}
    )
    odds = fit.params["odds"]
    penalty = (odds - center) ** 2 / (2 * center)
    # The simplex stops some 1e-6 from a minimum; ours may not lie above it.
    assert -(fit.loglik - penalty) == pytest.approx(best.fun, abs=1e-5)
    assert -(fit.loglik - penalty) <= best.fun + 1e-9


def test_full_likelihood_by_its_definition() -> None:
    """The log-likelihood of N people, N at its best, and its slope by differences."""
    times, people = arrays(RABBITS)
    profile = MixtureProfile(times, people)
    for unseen in (5.0, 40.0, 200.0):
        value, slope, mixture = profile.at(unseen)
        never = mixture.weights @ np.exp(-mixture.rates)
        chances = np.exp(times[:, None] * np.log(mixture.rates) - mixture.rates - gammaln(times[:, None] + 1))
        full = gammaln(77 + unseen) - gammaln(1 + unseen) - gammaln(77)
        full += people @ np.log(chances @ mixture.weights) + unseen * np.log(never)
        assert value == pytest.approx(full, abs=1e-9)
        step = 1e-3
        by_difference = (profile.at(unseen + step)[0] - profile.at(unseen - step)[0]) / (2 * step)
        # Central differences of a value good to 1e-13 times 100: 1e-8.
        assert slope == pytest.approx(by_difference, abs=1e-7)
    fit = npmle(RABBITS)
    assert profile.at(fit.n_hat - 76)[1] == pytest.approx(0, abs=1e-9)
    assert fit.params["loglik_gain"] == pytest.approx(profile.at(fit.n_hat - 76)[0] - profile.limit, abs=1e-9)


def test_likelihood_of_very_many_people_is_the_limit() -> None:
    profile = MixtureProfile(*arrays(RABBITS))
    # It approaches the limit as one over the number.
    assert profile.at(1e7)[0] == pytest.approx(profile.limit, abs=1e-5)
    level = [profile.at(profile.seen * profile.odds * factor)[0] for factor in (1 - 1e-9, 1 + 1e-9)]
    assert level[0] == pytest.approx(level[1], abs=1e-6)


def test_one_rate_for_all_is_the_poisson_fit() -> None:
    counts = {k: round(1e6 * math.exp(-3) * 3**k / math.factorial(k)) for k in range(1, 20)}
    counts = {k: f for k, f in counts.items() if f > 10}
    poisson, mixed = truncated_counts(counts), npmle(counts, method="conditional")
    # Rounded counts are a Poisson sample's up to one part in a million; the mixture uses what is left.
    assert mixed.n_hat == pytest.approx(poisson.n_hat, rel=1e-3)
    assert mixed.loglik >= poisson.loglik - 1e-9
    single = npmle({2: 4}, method="conditional")
    assert single.n_hat == pytest.approx(truncated_counts({2: 4}).n_hat, rel=1e-9)
    assert single.loglik == pytest.approx(truncated_counts({2: 4}).loglik, rel=1e-12)


def test_mixture_of_two_is_found() -> None:
    size = 10**6
    chances = [0.6 * math.exp(-0.8) * 0.8**k / math.factorial(k) for k in range(30)]
    chances = [c + 0.4 * math.exp(-4) * 4**k / math.factorial(k) for k, c in enumerate(chances)]
    counts = {k: round(size * c) for k, c in enumerate(chances) if k and size * c > 1}
    for method in ("conditional", "penalised"):
        fit = npmle(counts, method=method)
        # One part in 1e6 of rounding, which the unmixing enlarges.
        assert fit.n_hat == pytest.approx(size, rel=5e-3), method
        assert fit.expected()[3] == pytest.approx(counts[3], rel=1e-3)


def test_the_profile_interval_has_a_lower_limit_and_says_why_no_upper_one() -> None:
    fit = npmle(RABBITS)
    interval = fit.interval()
    assert 76 < interval.low < fit.n_hat
    assert interval.high == math.inf
    assert "no upper limit" in interval.note
    drop = fit._profile.at(interval.low - 76)[0] - fit._profile.peak.loglik
    # Half the 95 % quantile of chi-squared with one degree of freedom.
    assert drop == pytest.approx(-1.920729, abs=1e-6)
    # Where next to nobody was missed, the limit is finite.
    known = npmle({k: round(1e4 * math.exp(-8) * 8**k / math.factorial(k)) for k in range(1, 20)})
    assert known.interval().high < 1.02 * known.n_observed
    assert "without limit" in fit.reason


def test_bootstrap_percentiles_hold_the_estimate() -> None:
    fit = npmle(COUNTS["arboreal_geckos"], method="conditional")
    interval = fit.interval(method="bootstrap", rng=1, n_resamples=100)
    assert interval.low < fit.n_hat < interval.high
    assert interval == fit.interval(method="bootstrap", rng=1, n_resamples=100)
    with pytest.raises(InputError, match="at least 100"):
        fit.interval(method="bootstrap", rng=1, n_resamples=10)


@pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")
def test_mturk_participation_is_refused_or_finite() -> None:
    counts = {int(r["times_seen"]): int(r["count"]) for r in reference_rows("mturk_participation.csv")}
    seen = sum(counts.values())
    with pytest.raises(NotEstimableError, match="without limit") as caught:
        npmle(counts, method="conditional")
    assert caught.value.bound == pytest.approx(chao(counts, bias_corrected=True).n_hat, rel=1e-12)
    free, drawn = npmle(counts), npmle(counts, method="penalised")
    # The penalty draws towards Chao's bound; a mixture of any shape sets no upper limit.
    assert chao(counts).n_hat < drawn.n_hat < free.n_hat
    assert seen < free.interval().low < free.interval().high == math.inf


@pytest.mark.parametrize(
    ("counts", "options", "kind", "message"),
    [
        (RABBITS, {"method": "em"}, InputError, "unconditional, penalised, conditional"),
        (RABBITS, {"rare": 1}, InputError, "at least 2"),
        (FrequencyCounts({1: 5, 2: 3, 3: 4}, last_is_pooled=True), {}, InputError, "pools"),
        ({12: 5}, {"rare": 10}, NotEstimableError, "nothing to tell"),
        ({1: 9}, {}, NotEstimableError, "without limit"),
        ({1: 9}, {"method": "conditional"}, NotEstimableError, "rate of zero"),
        ({2: 5, 3: 1}, {"method": "penalised"}, NotEstimableError, "Chao"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts, options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        npmle(counts, **options)


def test_a_pooled_class_among_the_often_seen_is_added_as_it_is() -> None:
    pooled = FrequencyCounts({**RABBITS, 12: 9}, last_is_pooled=True)
    assert npmle(pooled, rare=10).n_hat == pytest.approx(npmle(RABBITS).n_hat + 9, rel=1e-9)


@settings(max_examples=30)
@given(
    counts=st.dictionaries(st.integers(1, 12), st.integers(0, 10**5), min_size=1, max_size=6),
    method=st.sampled_from(["unconditional", "penalised", "conditional"]),
)
def test_any_counts_give_a_finite_answer_or_a_reason(counts, method) -> None:
    try:
        fit = npmle(counts, method=method)
    except MicroestimError:
        return
    assert fit.n_observed <= fit.n_hat < math.inf
    assert fit.gap < 1e-5
    assert fit.interval().low >= fit.n_observed


def wide_table(seed):
    rng = np.random.default_rng(seed)
    times = np.unique((10 ** rng.uniform(0, 3.5, size=rng.integers(2, 60))).astype(int))
    return times.astype(float), (10 ** rng.uniform(0, 3, size=times.size)).astype(int).astype(float)


def two_rates(seed):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0.2, 1.5)
    high = low * rng.uniform(1.5, 5)
    seen = rng.poisson(np.where(rng.random(10**6) < rng.uniform(0.1, 0.9), low, high))
    times, people = np.unique(seen[seen > 0], return_counts=True)
    return times.astype(float), people.astype(float)


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize("table", [wide_table, two_rates])
def test_classes_in_the_thousands_and_samples_of_a_million(table, truncated) -> None:
    certain = 0
    for seed in range(12):
        times, people = table(seed)
        found = best_mixture(MixtureData(times, people, truncated=truncated))
        certain += found.certified
        # The gradient by its definition, at rates between those of the search.
        rates = np.concatenate((times, np.linspace(0.0037, 1.3, 1001) * times[-1]))
        data = MixtureData(times, people, truncated=truncated)
        fitted = np.exp(data.log_kernel(found.rates)) @ found.weights
        level = (people / fitted) @ np.exp(data.log_kernel(rates)) - people.sum()
        # Two tops that nearly touch are told apart to a few millionths of a log-likelihood of a million.
        assert level.max() < found.gap + 1e-5
    # Where rates hardly differ, two points that nearly touch can stop the search short of its certificate.
    assert certain >= 11


def test_a_penalty_that_leads_beyond_all_sense_is_refused() -> None:
    with pytest.raises(NotEstimableError, match="more than a million"):
        npmle({1: 59957631554906, 5: 153148, 13: 31392086651424}, method="penalised")


def test_a_step_next_to_nothing_is_no_overflow() -> None:
    # A weight over a step of 1e-310 is infinite, which is far enough; found by random tables.
    counts = {1: 1, 4: 21, 10: 21, 13: 981, 15: 14, 62: 23, 274: 10, 359: 1, 529: 68, 866: 6, 2493: 16}
    with pytest.raises(NotEstimableError, match="rate of zero"):
        npmle(counts, method="conditional")


def test_what_was_asked_before_changes_no_digit() -> None:
    _kept.cache_clear()
    alone = npmle(RABBITS, method="penalised").interval(0.9)
    _kept.cache_clear()
    for method in ("unconditional", "conditional", "penalised"):
        for level in (0.95, 0.8, 0.9):
            found = npmle(RABBITS, method=method).interval(level)
    assert found == alone


def test_limits_are_where_the_likelihood_falls_by_the_quantile() -> None:
    profile = MixtureProfile(*arrays(RABBITS))
    low, _ = profile.limits(0.95)
    # Half the quantile of chi-squared; the limit is found to 1e-9 of the people not seen.
    assert profile.peak.loglik - profile.at(low)[0] == pytest.approx(1.920729410, abs=1e-7)
