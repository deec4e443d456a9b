"""People counted from accounts, against populations simulated one person at a time."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from microestim.models.activity import CELL_RATES, IN_MONTHLY, IN_WEEKLY, activity_weights
from microestim.models.evaluation import Deviates, evaluate
from microestim.models.imputation import Imputed
from microestim.models.latent import Latent
from microestim.models.namespace import NUMPY
from microestim.models.people import TIER_CELLS, TIER_IDS, count_people
from microestim.models.wider_scope import count_wider


def choose_platforms(number, weights, rng):
    """Draw each person's platforms by conditional Bernoulli sampling, one platform at a time."""
    n = len(weights)
    # left[j, k]: sum over subsets of size k of platforms j, j + 1, ... of products of weights.
    left = np.zeros((n + 1, n + 1))
    left[n, 0] = 1.0
    for j in range(n - 1, -1, -1):
        left[j, 0] = 1.0
        left[j, 1:] = left[j + 1, 1:] + weights[j] * left[j + 1, :-1]
    on = np.zeros((len(number), n), dtype=bool)
    missing = number.copy()
    for j in range(n):
        chance = np.where(
            missing > 0, weights[j] * left[j + 1, np.maximum(missing - 1, 0)] / left[j, missing], 0.0
        )
        on[:, j] = rng.random(len(number)) < chance
        missing -= on[:, j]
    assert not missing.any()
    return on


def simulate(shares, *, frame, correlation, mean_extra, drift, n_people, seed):
    """A population, and what the model would know exactly: see `draw_population`."""
    population = draw_population(
        shares, correlation=correlation, mean_extra=mean_extra, drift=drift, n_people=n_people, seed=seed
    )
    truth = {tier: int(member.any(1).sum()) for tier, member in population.tiers.items()}
    return known_exactly(population, slice(None), frame), truth, population.tiers


def draw_population(shares, *, correlation, mean_extra, drift, n_people, seed):
    """A population: who is on which platform, and in which cell of activity there.

    People's common taste for activity raises their number of memberships (`drift`), and ties the activities
    of their accounts (`correlation`).
    """
    rng = np.random.default_rng(seed)
    n = len(shares)
    taste = rng.standard_normal(n_people)
    odds = np.exp(np.log(mean_extra / (n - 1 - mean_extra)) + drift * taste)
    number = 1 + rng.binomial(n - 1, odds / (1 + odds))
    on = choose_platforms(number, np.asarray(shares, dtype=float) / np.sum(shares), rng)
    weights = activity_weights(
        NUMPY, np.full(n, 0.3), np.log(np.linspace(0.8, 2.0, n)), np.array(1.5), np.array(np.log(0.03))
    )
    scores = np.sqrt(correlation) * taste[:, None] + np.sqrt(1 - correlation) * rng.standard_normal(on.shape)
    # The marginal distribution of activity on each platform, whatever it is, is measured from the accounts.
    cells = np.stack(
        [np.searchsorted(np.cumsum(weights[j]), stats.norm.cdf(scores[:, j])) for j in range(n)], axis=1
    ).clip(0, len(CELL_RATES) - 1)
    seen = rng.random(on.shape) < 1 - np.exp(-CELL_RATES[cells])
    tiers = {
        "registered": on,
        "monthly_active": on & seen,
        "monthly": on & (IN_MONTHLY[cells] > 0),
        "weekly": on & (IN_WEEKLY[cells] > 0),
    }
    return SimpleNamespace(tiers=tiers, cells=cells, correlation=correlation)


def known_exactly(population, platforms, frame):
    """What the model would know exactly: accounts, their activity, memberships by activity on the frame."""
    on, cells = population.tiers["registered"][:, platforms], population.cells[:, platforms]
    number, n = on.sum(1), on.shape[1]
    counts = np.stack([np.bincount(cells[on[:, j], j], minlength=len(CELL_RATES)) for j in range(n)]).astype(
        float
    )
    accounts = counts.sum(1)
    table = np.full((len(CELL_RATES), n), 1e-9)
    for j in np.flatnonzero(frame):
        members = on[:, j]
        np.add.at(table, (cells[members, j], number[members] - 1), 1.0)
    return SimpleNamespace(
        weights=(counts / accounts[:, None])[None],
        accounts=accounts[None],
        n_platforms=n,
        membership_pmf=list(np.moveaxis((table / table.sum(1, keepdims=True))[None], -1, 0)),
        surveyed=np.asarray(frame, dtype=float),
        p={"departure": np.zeros(1), "activity_correlation": np.array([population.correlation])},
    )


CASES = {
    "alike": {"shares": np.ones(7), "drift": 0.0},
    "one giant, frame among the small": {"shares": [1, 30, 1, 1, 1, 1, 1], "drift": 0.0},
    "one giant that is the frame": {"shares": [30, 1, 1, 1, 1, 1, 1], "drift": 0.0},
    "frame is tiny": {"shares": [1, 30, 20, 10, 8, 5, 3], "drift": 0.3},
    "three platforms": {"shares": [2, 5, 1], "drift": 0.3},
    "three platforms, many memberships": {"shares": [2, 5, 1], "drift": 0.3, "mean_extra": 0.9},
    "twelve platforms": {"shares": np.geomspace(1, 30, 12), "drift": 0.3},
    "memberships grow with activity": {"shares": [3, 8, 4, 2, 2, 1, 1], "drift": 0.5},
    "loosely tied accounts": {"shares": [3, 8, 4, 2, 2, 1, 1], "drift": 0.3, "correlation": 0.2},
    "closely tied accounts": {"shares": [3, 8, 4, 2, 2, 1, 1], "drift": 0.3, "correlation": 0.85},
}


@pytest.mark.parametrize("case", CASES)
def test_people_against_a_simulated_population(case):
    options = {"correlation": 0.55, "mean_extra": 0.35, "n_people": 200_000, "seed": 11} | CASES[case]
    n = len(options["shares"])
    latent, truth, tiers = simulate(frame=np.eye(n)[0], **options)
    counts = count_people(latent)
    for tier in TIER_IDS:
        # 5 %: the accuracy asked of inclusion chances when everything else is known.
        assert counts.people[tier][0] / truth[tier] == pytest.approx(1.0, abs=0.05), tier
        assert counts.accounts[tier].sum() == pytest.approx(tiers[tier].sum(), rel=0.03)
    on_frame = tiers["registered"][:, 0]
    for tier in TIER_IDS:
        number = tiers[tier][on_frame & tiers[tier][:, 0]].sum(1).mean()
        assert counts.frame_memberships[tier][0] == pytest.approx(number, rel=0.1), tier


def departed(population, departure):
    """Thin the people who are not on the first platform by their number of memberships."""
    on = population.tiers["registered"]
    k = on.sum(1)
    kept = np.exp(departure * (k - 1 if departure < 0 else k - k.max()))
    there = on[:, 0] | (np.random.default_rng(6).random(len(on)) < kept)
    return SimpleNamespace(
        tiers={tier: member[there] for tier, member in population.tiers.items()},
        cells=population.cells[there],
        correlation=population.correlation,
    )


@pytest.mark.parametrize("departure", [-0.6, -0.3, 0.3, 0.6])
@pytest.mark.parametrize("shares", [[3, 8, 4, 2, 2, 1, 1], [8, 3, 1], [1, 12, 9, 4]])
def test_people_of_a_population_whose_unsurveyed_people_depart(departure, shares):
    """People on no surveyed platform are thinned by exp(departure (k - 1)), up to a constant."""
    everyone = draw_population(shares, correlation=0.55, mean_extra=0.6, drift=0.3, n_people=400_000, seed=5)
    left = departed(everyone, departure)
    latent = known_exactly(left, slice(None), np.eye(len(shares))[0])
    latent.p["departure"] = np.array([departure])
    counts = count_people(latent)
    for tier in TIER_IDS:
        # The weights hold exactly after such thinning: 3 % is for the drift, and for chance.
        assert counts.people[tier][0] / left.tiers[tier].any(1).sum() == pytest.approx(1.0, abs=0.03), tier


@pytest.mark.parametrize("departure", [-1.0, 0.0, 1.0])
def test_nobody_can_depart_from_one_of_two_platforms(departure):
    """Whoever is not on the surveyed one of two platforms has one account: people are exact."""
    population = draw_population([3, 5], correlation=0.55, mean_extra=0.4, drift=0.0, n_people=50_000, seed=3)
    on = population.tiers["registered"]
    latent = known_exactly(population, slice(None), np.array([1.0, 0.0]))
    latent.p["departure"] = np.array([departure])
    assert count_people(latent).people["registered"][0] == pytest.approx(on.any(1).sum(), rel=0.002)


WIDER_CASES = {
    "others alike": {"shares": np.ones(8)},
    "a giant among the others": {"shares": [2, 3, 1, 1, 2, 25, 1, 1]},
    "others are small": {"shares": [6, 9, 4, 8, 5, 1, 0.5, 1]},
    "a giant that is the frame": {"shares": [25, 3, 1, 1, 2, 4, 1, 1]},
    "one observed": {"shares": [3, 8, 4, 2, 2, 1], "n_observed": 1},
    "memberships grow with activity": {"shares": [3, 8, 4, 2, 2, 5, 1, 1], "drift": 0.5},
    "many memberships": {"shares": [3, 8, 4, 2, 2, 5, 1, 1], "mean_extra": 1.5},
    "fewer off the frame": {"shares": [3, 8, 4, 2, 2, 5, 1, 1], "mean_extra": 0.8, "departure": -0.5},
    "more off the frame": {"shares": [3, 8, 4, 2, 2, 5, 1, 1], "mean_extra": 0.8, "departure": 0.5},
}


@pytest.mark.parametrize("case", WIDER_CASES)
def test_people_on_all_platforms_against_a_simulated_population(case):
    """All that is known of platforms and memberships is exact; people are still to be counted once."""
    options = {"correlation": 0.55, "mean_extra": 0.4, "n_people": 200_000, "seed": 12, "drift": 0.2}
    options |= WIDER_CASES[case]
    n_observed, departure = options.pop("n_observed", 5), options.pop("departure", 0.0)
    n = len(options["shares"])
    population = departed(draw_population(**options), departure)
    inside, outside = slice(0, n_observed), slice(n_observed, None)
    latent = known_exactly(population, inside, np.eye(n_observed)[0])
    new = known_exactly(population, outside, np.zeros(n - n_observed))
    everything = known_exactly(population, slice(None), np.eye(n)[0])
    latent.p["departure"] = np.array([departure])
    observed = count_people(latent)
    wider = count_wider(
        latent,
        observed,
        Imputed(
            platforms=("x",) * (n - n_observed),
            observed_of_class=(1,) * (n - n_observed),
            accounts=new.accounts,
            weights=new.weights,
            of_new_people=np.ones_like(new.accounts),
        ),
        SimpleNamespace(
            pmf=lambda _: np.stack(everything.membership_pmf, axis=-1),
            tilt=np.array([departure]),
            correlation=np.array([options["correlation"]]),
        ),
    )
    for tier in TIER_IDS:
        member = population.tiers[tier]
        # 5 %, as for the observed platforms.
        assert wider.people[tier][0] / member.any(1).sum() == pytest.approx(1.0, abs=0.05), tier
        assert wider.people[tier][0] >= observed.people[tier][0]
        # Those who are in the tier on no observed platform by themselves: a difference of two numbers, each
        # within 5 %.
        added = member.any(1).sum() - member[:, inside].any(1).sum()
        found = wider.people[tier][0] - observed.people[tier][0]
        assert found / added == pytest.approx(1.0, abs=0.1), tier


@pytest.mark.parametrize("frame", [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
@pytest.mark.parametrize("departure", [-0.5, 0.0, 0.5])
def test_two_ways_to_count_agree_where_platforms_are_alike(frame, departure):
    """People asked in the general population are read with platforms taken as alike in their overlap.

    Where some depart from others, equal accounts no longer make the frame's platforms like the rest: 6 % for
    the rarest number.
    """
    weights = activity_weights(NUMPY, np.full(4, 0.3), np.zeros(4), np.array(1.5), np.array(-3.5))
    chances = np.linspace(0.05, 0.5, len(CELL_RATES))[:, None] ** np.arange(4)
    latent = SimpleNamespace(
        xp=NUMPY,
        weights=weights[None],
        accounts=np.full((1, 4), 1000.0),
        n_platforms=4,
        membership_pmf=list(np.moveaxis((chances / chances.sum(1, keepdims=True))[None], -1, 0)),
        surveyed=np.asarray(frame, dtype=float),
        p={"departure": np.array([departure]), "activity_correlation": np.array([0.5])},
    )
    alike = np.concatenate(Latent.people_by_memberships.func(latent))
    exact = departure == 0.0 or not any(frame) or all(frame)
    counted = count_people(latent).people_by_memberships[0]
    assert alike == pytest.approx(counted, rel=1e-5 if exact else 0.06)
    if not any(frame) or all(frame):
        latent.p["departure"] = np.zeros(1)
        assert alike == pytest.approx(np.concatenate(Latent.people_by_memberships.func(latent)), rel=1e-12)


def test_people_of_independent_accounts_in_closed_form():
    """Two platforms alike, nobody's activity tied: P(in a tier | k) = 1 - (1 - share)**k."""
    weights = activity_weights(NUMPY, np.full(2, 0.3), np.zeros(2), np.array(1.5), np.array(-3.5))
    both = 0.3
    latent = SimpleNamespace(
        weights=weights[None],
        accounts=np.full((1, 2), 1000.0),
        n_platforms=2,
        membership_pmf=[np.full((1, 47), 1 - both), np.full((1, 47), both)],
        surveyed=np.ones(2),
        p={"departure": np.zeros(1), "activity_correlation": np.array([1e-9])},
    )
    counts = count_people(latent)
    single, double = 2000 * (1 - both), 1000 * both
    for tier, cells in TIER_CELLS.items():
        share = weights[0] @ cells
        assert counts.people[tier][0] == pytest.approx(
            single * share + double * (1 - (1 - share) ** 2), rel=1e-4
        )


@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(0.2, 2.0),
    study=st.sampled_from(["fr-2018", "everything"]),
)
def test_tiers_are_nested_wherever_the_parameters_are(models, seed, scale, study):
    design, priors = models[study].design, models[study]._priors
    size = len(design.parameters) + len(design.rows) * design.n_platforms
    vectors = scale * np.random.default_rng(seed).standard_normal((20, size))
    counts = count_people(evaluate(design, priors, Deviates.from_vectors(vectors, design)))
    people, accounts = counts.people, counts.accounts
    # Exact up to the rounding of sums over cells.
    slack = 1 + 1e-9
    assert np.all(people["weekly"] <= people["monthly"] * slack)
    assert np.all(people["monthly"] <= people["registered"] * slack)
    assert np.all(people["monthly_active"] <= people["registered"] * slack)
    for tier in TIER_IDS:
        assert np.all(people[tier] <= accounts[tier].sum(-1) * slack), tier
        assert np.all(people[tier] >= accounts[tier].max(-1) / slack), tier


def test_one_platform_has_as_many_people_as_accounts(models):
    model = models["one platform"]
    counts = count_people(evaluate(model.design, model._priors, model.prior_deviates(5, rng=1)))
    for tier in TIER_IDS:
        assert np.array_equal(counts.people[tier], counts.accounts[tier][:, 0])
