"""Several groups' sizes from how often people were seen: the sums on grids against other computations."""

import csv
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

import microestim as me
from microestim.errors import InputError, NotEstimableError, OneInflationWarning, PriorError
from microestim.estimators.frequency_counts.poisson_lognormal import log_lognormal
from microestim.estimators.pooled_counts.laws import CountLikelihood
from microestim.estimators.pooled_counts.size import size_posterior

NORTH = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
SOUTH = {1: 20, 2: 6, 3: 2}


def naive(counts, rates, u, v):
    """The likelihood by adaptive integration, and the chance of being seen."""
    t = counts.occasions
    if rates == "log-normal":
        density = stats.lognorm(s=math.exp(v), scale=math.exp(u)).pdf
    else:
        density = stats.gamma(math.exp(v), scale=math.exp(u - v)).pdf

    def chance(k, r):
        return stats.poisson.pmf(k, r) if t is None else stats.binom.pmf(k, t, -math.expm1(-r))

    def share(k):
        return integrate.quad(
            lambda x: chance(k, math.exp(x)) * density(math.exp(x)) * math.exp(x), -30, 8, limit=400, epsabs=0
        )[0]

    seen = 1.0 - share(0)
    return sum(
        n * math.log(share(k) / seen) for k, n in zip(counts.times_seen, counts.people, strict=True)
    ), seen


@pytest.mark.parametrize("occasions", [None, 9])
@pytest.mark.parametrize(
    ("rates", "u", "v"),
    [("log-normal", -1.0, 0.2), ("log-normal", 0.5, -0.8), ("gamma", -0.5, 0.7), ("gamma", 0.3, 1.5)],
)
def test_likelihood_against_adaptive_integration(occasions, rates, u, v):
    counts = me.FrequencyCounts(NORTH, occasions=occasions)
    value, seen = CountLikelihood(counts, rates, None).log_likelihood(np.array(u), np.array(v))
    expected, share = naive(counts, rates, u, v)
    # Adaptive integration is good to 1e-8 of each chance.
    assert float(value) == pytest.approx(expected, rel=1e-6)
    assert float(np.exp(seen)) == pytest.approx(share, rel=1e-6)


def test_likelihood_against_the_laws_of_the_library():
    counts = me.FrequencyCounts(NORTH)
    k = np.arange(8.0)
    grid = [(-2.0, 0.6), (0.3, 0.1), (-5.0, 0.9)]
    for u, v in grid:
        log_p = log_lognormal(k, np.array([u, v], dtype=complex)).real
        expected = sum(n * (log_p[t] - np.log1p(-np.exp(log_p[0]))) for t, n in NORTH.items())
        value, _ = CountLikelihood(counts, "log-normal", None).log_likelihood(np.array(u), np.array(v))
        # Rates below e^-20 are left out: 2e-9 of a chance.
        assert float(value) == pytest.approx(expected, rel=1e-8)
    for shape, mean in [(0.1, 0.4), (3.0, 1.5)]:
        law = stats.nbinom(shape, shape / (shape + mean))
        expected = sum(n * (law.logpmf(t) - np.log1p(-law.pmf(0))) for t, n in NORTH.items())
        value, _ = CountLikelihood(counts, "gamma", None).log_likelihood(np.log(mean), np.log(shape))
        assert float(value) == pytest.approx(expected, rel=1e-8)


def test_a_pooled_last_class_is_the_rest():
    exact = CountLikelihood(me.FrequencyCounts({1: 5, 2: 3, 3: 1}, occasions=3), "log-normal", None)
    pooled = CountLikelihood(
        me.FrequencyCounts({1: 5, 2: 3, 3: 1}, occasions=3, last_is_pooled=True), "log-normal", None
    )
    at = (np.array([-1.0, 0.5, 3.0]), np.array([0.1, 0.5, 1.2]))
    # Of three occasions, 'three and more' is three.
    assert np.allclose(exact.log_likelihood(*at)[0], pooled.log_likelihood(*at)[0], rtol=1e-9)


@pytest.mark.parametrize("scale", [1, 500])
def test_stopped_people_are_integrated_out(scale):
    """Against quadrature over their share; large counts use the leading term where the rest underflows."""
    counts = me.FrequencyCounts({t: n * scale for t, n in NORTH.items()})
    stopped = 0.2
    plain = CountLikelihood(counts, "log-normal", None)
    inflated = CountLikelihood(counts, "log-normal", stopped)
    b = 1 / stopped - 1
    for u, v in [(-0.5, 0.0), (0.5, 0.3), (1.5, -0.7)]:
        value, _ = inflated.log_likelihood(np.array(u), np.array(v))
        base, _ = plain.log_likelihood(np.array(u), np.array(v))
        log_p = log_lognormal(np.arange(2.0), np.array([u, v], dtype=complex)).real
        p1 = np.exp(log_p[1]) / -np.expm1(log_p[0])
        w = np.linspace(0.0, 1.0, 400_001)[:-1]
        more = counts.n_observed - counts[1]
        log = counts[1] * np.log((p1 + w * (1 - p1)) / p1) + (more + b - 1) * np.log1p(-w) + np.log(b)
        expected = float(base) + special.logsumexp(log) + np.log(w[1])
        assert float(value) == pytest.approx(expected, abs=2e-3)


def test_posterior_against_weighted_draws_from_the_prior():
    """Importance sampling of the whole hierarchy: no grid, no conditional independence."""
    groups = {name: me.FrequencyCounts(each) for name, each in (("north", NORTH), ("south", SOUTH))}
    found = me.pooled_counts(groups)
    prior = found.priors
    rng, n = np.random.default_rng(11), 60_000
    rate = np.log(prior.times) + prior.times_sd * rng.standard_normal(n)
    between = prior.times_between * np.abs(rng.standard_normal(n))
    shape = np.log(prior.unequal) + prior.unequal_sd * rng.standard_normal(n)
    shape_between = prior.unequal_between * np.abs(rng.standard_normal(n))
    log_weight, seen = np.zeros(n), {}
    for name, counts in groups.items():
        u, v = rate + between * rng.standard_normal(n), shape + shape_between * rng.standard_normal(n)
        value, seen[name] = CountLikelihood(counts, "log-normal", None).log_likelihood(u, v)
        log_weight += value
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    effective = 1 / (weight**2).sum()
    assert effective > 800
    for name, counts in groups.items():
        m = counts.n_observed
        people = m + rng.negative_binomial(m, np.clip(np.exp(seen[name]), 1e-6, 1.0))
        interval = found.interval(name, 0.8)
        for limit, share in ((interval.low, 0.1), (found.median(name), 0.5), (interval.high, 0.9)):
            # Four standard errors of the effective number of draws, and a count's own step.
            error = 4 * math.sqrt(share * (1 - share) / effective) + 0.02
            assert weight[people <= limit].sum() == pytest.approx(share, abs=error)
    table = found.assumptions()
    medians = {
        0: np.exp(rate),
        1: between,
        2: np.exp(shape),
        3: shape_between,
    }
    for row, values in medians.items():
        at = float(table["posterior_median"][row])
        assert weight[values <= at].sum() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(effective) + 0.02)


@given(seen=st.integers(1, 400), chance=st.floats(0.01, 0.99), share=st.floats(0.01, 0.99))
@settings(max_examples=60)
def test_a_known_chance_gives_the_negative_binomial(seen, chance, share):
    size = size_posterior(seen, np.log([chance]), np.ones(1))
    limit = size.quantile(share)
    # floats of up to 1e5 people are found to a ten-millionth: the exact number, or its neighbour.
    expected = seen + stats.nbinom(seen, chance).ppf(share)
    assert abs(limit - expected) <= max(1.0, 1e-6 * expected)
    assert limit >= seen


def test_chance_zero_has_no_upper_limit():
    size = size_posterior(10, np.array([math.log(0.5), -math.inf]), np.array([0.9, 0.1]))
    assert size.quantile(0.95) == math.inf
    assert math.isfinite(size.quantile(0.85))


def test_more_alike_groups_borrow_more():
    """A small group beside a large one: alike by prior, its interval is narrower than alone."""
    large = {t: 40 * n for t, n in NORTH.items()}
    alone = me.pooled_counts({"south": SOUTH})
    beside = me.pooled_counts({"north": large, "south": SOUTH})

    def width(interval):
        return math.log(interval.high / interval.low)

    assert width(beside.interval("south")) < 0.8 * width(alone.interval("south"))
    assert width(beside.interval("north")) < width(beside.interval("south"))
    assert width(alone.interval("south", wide=True)) > width(alone.interval("south"))


def test_where_the_likelihood_runs_away_the_prior_decides():
    """Logarithmic series: the limit of gamma rates of shape 0, where the number of people is infinite."""
    series = {t: round(20_000 * 0.8**t / t) for t in range(1, 25)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OneInflationWarning)
        found = me.pooled_counts(
            {"a": series}, rates="gamma", priors=me.CountPriors(unequal=0.3, unequal_sd=0.3)
        )
    wide = found.interval("a", wide=True)
    assert wide.high > 2 * found.interval("a").high
    frame = found.to_frame()
    assert frame["prior_factor"][0] > 1.5
    assert "another one can give several times as many" in " ".join(str(found).split())


def test_what_has_no_limit_says_so():
    """The same with far more people: the likelihood alone decides, and it decides for infinity."""
    series = {t: round(2_000_000 * 0.7**t / t) for t in range(1, 40)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OneInflationWarning)
        found = me.pooled_counts({"a": series}, rates="gamma", priors=me.CountPriors(unequal_sd=3.0))
    row = found.to_frame().iloc[0]
    assert (row["status"], row["estimate"], row["ci_high"]) == ("not estimable", math.inf, math.inf)
    assert row["ci_low"] > 10 * row["seen"]
    assert "no upper limit" in str(found)


def reference():
    counts: dict[str, dict[int, int]] = {}
    path = Path(__file__).parents[1] / "reference" / "mturk_participation_by_country.csv"
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts.setdefault(row["country"], {})[int(row["times_participated"])] = int(row["workers"])
    return counts


def test_shipped_counts_are_the_published_ones():
    published = reference()
    everybody = published.pop("ALL")
    shipped = me.datasets.mturk_countries()
    renamed = {name.replace("OTHER_OR_UNKNOWN", "other or unknown"): each for name, each in published.items()}
    assert {
        name: dict(zip(c.times_seen, c.people, strict=True)) for name, c in shipped.counts.items()
    } == renamed
    total = {t: sum(each.get(t, 0) for each in published.values()) for t in everybody}
    assert total == everybody
    assert "not work" in str(shipped)


def test_chao_bounds_are_those_printed():
    counts = me.datasets.mturk_countries().counts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OneInflationWarning)
        found = me.pooled_counts({name: counts[name] for name in ("FR", "VE")})
    # France, abundance form: 146 + 109^2 / (2 * 19) = 458.66, printed 459; with 29 occasions (t - 1) / t.
    france = 146 + 28 / 29 * 109**2 / (2 * 19)
    assert found.to_frame().set_index("study")["chao"]["FR"] == pytest.approx(france, rel=1e-12)
    assert pytest.approx(459, abs=0.5) == 146 + 109**2 / (2 * 19)
    for name in ("FR", "VE"):
        assert found.interval(name).low >= counts[name].n_observed


def test_too_many_ones_are_named():
    with pytest.warns(OneInflationWarning, match=r"in a more people were seen once.*stopped=0.2"):
        free = me.pooled_counts({"a": {1: 900, 2: 60, 3: 40, 4: 28, 5: 20, 6: 14, 7: 9, 8: 7}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stopped = me.pooled_counts(
            {"a": {1: 900, 2: 60, 3: 40, 4: 28, 5: 20, 6: 14, 7: 9, 8: 7}}, stopped=0.2
        )
    assert stopped.median("a") < 0.8 * free.median("a")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({},), InputError, "at least one group"),
        (([NORTH],), InputError, "at least one group"),
        (({"a": {1: 5}, "b": {1: 9}},), NotEstimableError, "everybody was seen once"),
        (({"a": me.FrequencyCounts(NORTH, occasions=9), "b": SOUTH},), InputError, "different occasions"),
    ],
)
def test_impossible_data_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        me.pooled_counts(*arguments)


def test_impossible_options_are_refused():
    with pytest.raises(InputError, match="use 'log-normal' or 'gamma'"):
        me.pooled_counts({"a": NORTH}, rates="poisson")
    with pytest.raises(InputError, match="a share between 0 and 1"):
        me.pooled_counts({"a": NORTH}, stopped=1.0)
    with pytest.raises(InputError, match="nobody was seen exactly once"):
        me.pooled_counts({"a": {2: 4, 3: 1}}, stopped=0.2)
    with pytest.raises(PriorError, match="times_sd is 0"):
        me.CountPriors(times_sd=0)
    found = me.pooled_counts({"a": NORTH})
    with pytest.raises(InputError, match="there is no group 'b'"):
        found.interval("b")
    with pytest.raises(InputError, match="level"):
        found.interval("a", 1.5)
