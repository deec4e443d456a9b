"""Agent-based worlds: truths are counted right, evidence is what it says, studies are valid."""

import dataclasses
import importlib.util
import json
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import microestim as me
from microestim.checks import published_arithmetic as arithmetic
from microestim.checks.result import CheckResult
from microestim.errors import InputError
from microestim.simulate.worlds.activity import draw_days
from microestim.simulate.worlds.people import Accounts, draw_engagement
from microestim.simulate.worlds.platforms import MONTH
from microestim.simulate.worlds.survey import wave_days
from microestim.study.vocabulary import TIERS

ROOT = Path(__file__).resolve().parents[2]
N_WORLDS = 24


def small(seed: int, **changes: object) -> me.simulate.Knobs:
    """Give random knobs of a small world, some of them fixed."""
    knobs = me.simulate.draw_knobs(seed)
    if "n_platforms" in changes:
        changes.setdefault("n_classes", 1)
    return dataclasses.replace(knobs, **({"n_people": 2_000} | changes))


def experiment(name: str) -> ModuleType:
    """Load a module of the experiments."""
    sys.path.insert(0, str(ROOT / "experiments"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "experiments" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "experiments"))
    return module


@pytest.fixture(scope="module")
def worlds() -> list[me.simulate.World]:
    """Give small worlds with random knobs, and one of each departure."""
    drawn = [me.simulate.world(rng=[3, seed], knobs=small(seed)) for seed in range(N_WORLDS)]
    return drawn + [
        me.simulate.world(rng=[4, i], knobs=small(100 + i), departure=departure)
        for i, departure in enumerate(me.simulate.DEPARTURES)
    ]


# ------------------------------------------------------------------------------------------ truth


def test_tiers_are_nested_as_they_are_defined(worlds: list[me.simulate.World]) -> None:
    for world in worlds:
        tiers = world.in_tiers
        assert not (tiers["weekly"] & ~tiers["monthly"]).any()
        assert not (tiers["monthly"] & ~tiers["registered"]).any()
        assert not (tiers["monthly_active"] & ~tiers["registered"]).any()
        for scope in ("all", "observed"):
            truths = world.truths(scope=scope)
            assert truths["weekly"] <= truths["monthly"] <= truths["registered"]
            assert truths["monthly_active"] <= truths["registered"]
            assert all(truths[tier] <= world.truths()[tier] for tier in TIERS)
        # The usual month and one month are two things: neither is within the other.
    assert any((w.in_tiers["monthly"] & ~w.in_tiers["monthly_active"]).any() for w in worlds)
    assert any((w.in_tiers["monthly_active"] & ~w.in_tiers["monthly"]).any() for w in worlds)


@pytest.mark.parametrize("seed", range(3))
def test_tiers_recounted_person_by_person(seed: int) -> None:
    """The definitions of the tiers once more, as loops over people and their accounts."""
    world = me.simulate.world(rng=seed, knobs=small(seed, n_people=300), platforms=5)
    a, days = world.accounts, world.days
    recount: dict[str, set[int]] = {tier: set() for tier in TIERS}
    on_platform: dict[str, dict[str, int]] = {tier: dict.fromkeys(world.platforms.ids, 0) for tier in TIERS}
    pairs = set()
    for i in range(len(a.person)):
        person, platform = int(a.person[i]), world.platforms.ids[a.platform[i]]
        assert (person, platform) not in pairs
        pairs.add((person, platform))
        if a.closed[i] or a.opened[i] >= 30:
            continue
        rate = days.usual[i] if a.used[i] and a.left[i] >= 30 else 0.0
        for tier, inside in (
            ("registered", True),
            ("monthly_active", days.counts["month"][i] >= 1),
            ("monthly", rate >= 1),
            ("weekly", rate * 7 >= 30.44),
        ):
            if inside:
                recount[tier].add(person)
                on_platform[tier][platform] += 1
    for tier in TIERS:
        assert world.truth(tier) == len(recount[tier])
        assert world.truth(tier, of="accounts") == sum(on_platform[tier].values())
        assert world.accounts_by_platform(tier) == on_platform[tier]


def test_what_is_no_tier_no_unit_and_no_scope_is_refused() -> None:
    world = me.simulate.world(rng=1, knobs=small(1))
    with pytest.raises(InputError, match="tier is 'daily'"):
        world.truth("daily")
    with pytest.raises(InputError, match="of is 'visitors'"):
        world.truth("weekly", of="visitors")
    with pytest.raises(InputError, match="scope is 'any'"):
        world.truth("weekly", scope="any")
    with pytest.raises(InputError, match="tier is 'daily'"):
        world.accounts_by_platform("daily")


def test_second_and_fake_accounts_are_nobody() -> None:
    """They fill what is declared, and change no tier."""
    quiet = {"second_accounts": 0.0, "fake_accounts": 0.0, "closed_counted": 0.0, "staleness": 0.0}
    plain = quiet | {"overstatement": 1.0, "overstatement_spread": 0.0, "declared_digits": 4}
    plain |= {"p_declared": 1.0, "p_worldwide": 0.0}
    without = me.simulate.world(rng=5, knobs=small(5, **plain))
    many = me.simulate.world(
        rng=5, knobs=small(5, **(plain | {"second_accounts": 0.5, "fake_accounts": 2.0}))
    )
    assert without.truths() == many.truths()
    registered = without.accounts_by_platform("registered")
    for j, name in enumerate(without.platforms.ids):
        # Rounded to at least three digits.
        assert without.declared.value[j] == pytest.approx(registered[name], rel=0.005)
    assert sum(v or 0 for v in many.declared.value) > 2 * sum(registered.values())


# --------------------------------------------------------------------------------------- activity


def steady(size: int, *, rate: float, on_share: float) -> Accounts:
    """Give accounts of as many people that were opened long ago and are never left."""
    return Accounts(
        person=np.arange(size),
        platform=np.zeros(size, np.int64),
        engagement=np.zeros(size),
        rate=np.full(size, rate),
        on_share=np.full(size, on_share),
        used=np.ones(size, bool),
        worked=np.ones(size, bool),
        opened=np.full(size, -1e6),
        left=np.full(size, 1e6),
        closed=np.zeros(size, bool),
    )


def test_the_usual_frequency_is_that_of_the_long_run() -> None:
    """Visits over eight years, against the usual rate; and one month is much less regular than that."""
    knobs = small(
        1, n_platforms=1, season_spread=0.0, on_spell=4.0, long_pauses=0.3, long_pause_factor=6.0,
        shared_pauses=0.4,
    )  # fmt: skip
    accounts = steady(400, rate=3.0, on_share=0.3)
    windows = {"years": (-2922, 0), "month": (0, 30)}
    days = draw_days(knobs, accounts, windows, np.random.default_rng(1))
    monthly = days.counts["years"] / (2922 / MONTH)
    assert days.usual == pytest.approx(3.0)
    # 400 accounts of eight years each: the mean is within four standard errors, as observed.
    error = monthly.std(ddof=1) / math.sqrt(len(monthly))
    assert error < 0.1
    assert abs(monthly.mean() - 3.0) < 4 * error
    # Without pauses 95 % would be seen in a month; with a third of the time on, far fewer are.
    seen = (days.counts["month"] > 0).mean()
    assert 0.3 < seen < 0.7


def test_without_pauses_visits_are_binomial() -> None:
    knobs = small(1, n_platforms=1, season_spread=0.0, on_spell=1e6, shared_pauses=0.5)
    days = draw_days(
        knobs, steady(40_000, rate=3.0, on_share=0.99), {"month": (0, 30)}, np.random.default_rng(2)
    )
    share = 3.0 / MONTH
    counts = days.counts["month"]
    # On 99 % of the time, or hardly ever off: within 2 % of the binomial's mean, and its chance of none.
    assert counts.mean() == pytest.approx(30 * share, rel=0.03)
    assert (counts == 0).mean() == pytest.approx((1 - share) ** 30, abs=0.02)


def test_windows_that_overlap_see_the_same_visits() -> None:
    knobs = small(2, n_platforms=1)
    accounts = steady(500, rate=6.0, on_share=0.5)
    windows = {"all": (-20, 40), "first": (-20, 11), "second": (11, 40), "within": (3, 8)}
    counts = draw_days(knobs, accounts, windows, np.random.default_rng(3)).counts
    assert (counts["first"] + counts["second"] == counts["all"]).all()
    assert (counts["within"] <= counts["first"]).all()
    assert counts["within"].sum() > 0


def test_nobody_is_seen_before_opening_or_after_leaving_an_account() -> None:
    knobs = small(3, n_platforms=1)
    base = steady(300, rate=20.0, on_share=0.9)
    accounts = dataclasses.replace(
        base, opened=np.repeat([10.5, -50.0, 45.0], 100), left=np.repeat([1e6, -5.0, 1e6], 100)
    )
    counts = draw_days(
        knobs, accounts, {"before": (0, 10), "month": (0, 30)}, np.random.default_rng(4)
    ).counts
    assert counts["before"].sum() == 0
    # Opening an account is a visit.
    assert (counts["month"][:100] >= 1).all()
    assert counts["month"][100:].sum() == 0


@pytest.mark.parametrize("family", ["lognormal", "gamma", "pareto", "two kinds"])
def test_activity_has_mean_0_and_spread_1_in_logs_in_every_family(family: str) -> None:
    draws = draw_engagement(family, 200_000, np.random.default_rng(5))
    # Standard errors: 1/447 for the mean, and at most three times that for the spread.
    assert draws.mean() == pytest.approx(0, abs=0.01)
    assert draws.std() == pytest.approx(1, abs=0.02)


# --------------------------------------------------------------------------------------- evidence


def test_the_same_seed_gives_the_same_world() -> None:
    one, two, other = (me.simulate.world(rng=[9, s], knobs=small(9)) for s in (1, 1, 2))
    assert one.study().hash == two.study().hash
    assert one.truths() == two.truths()
    assert one.study().hash != other.study().hash
    # The order of questions does not matter, and asking twice changes nothing.
    two.truths(scope="observed")
    assert one.study().hash == two.study().hash


def test_a_knob_of_the_evidence_does_not_change_the_people() -> None:
    knobs = small(11)
    base = me.simulate.world(rng=11, knobs=knobs)
    noisy = me.simulate.world(rng=11, knobs=dataclasses.replace(knobs, vendor_noise=2.0, overstatement=5.0))
    assert base.truths() == noisy.truths()
    assert base.audience.reported != noisy.audience.reported


def test_every_study_is_valid_and_survives_its_file(worlds: list[me.simulate.World], tmp_path: Path) -> None:
    for world in worlds:
        study = world.study()
        path = tmp_path / "world.toml"
        path.write_text(study.to_toml(), encoding="utf-8")
        assert me.read_study(path).hash == study.hash
        observed = [p for p, seen in zip(world.platforms.ids, world.observed, strict=True) if seen]
        assert list(study.observed_platforms) == observed
        assert {p.id for p in study.platforms if p.takes_residents} == set(world.platforms.ids)


def test_no_truth_is_in_the_study(worlds: list[me.simulate.World]) -> None:
    """The errors that are stated are the authors', the same in every world, and never the true ones."""
    stated = {"registrations": 0.10, "audience": 0.15, "country_share": 0.20}
    for world in worlds:
        for item in world.study().evidence:
            error = getattr(item, "error", None)
            if item.type in stated and error is not None:
                assert world.knobs.stated_errors
                assert (error.relative, error.basis) == (stated[item.type], "assumption")


def test_units_scopes_and_counts_of_the_evidence(worlds: list[me.simulate.World]) -> None:
    seen_types = set()
    for world in worlds:
        study = world.study()
        closed = dict(zip(world.platforms.ids, world.platforms.residents_only, strict=True))
        for item in study.evidence:
            seen_types.add(item.type)
            if item.type == "country_share":
                assert not closed[item.platforms]
            if item.type == "registrations" and item.reach == "worldwide":
                assert not closed[item.platforms]
            if item.type == "audience":
                assert (item.unit, item.reach) == ("visitors", "resident")
                assert item.value == 0 or item.value >= 0.99 * world.knobs.threshold
                if item.value == 0:
                    assert item.error is None
                    assert "threshold" in item.note
            if item.type in ("captures", "activity"):
                assert item.platforms == world.platforms.ids[world.survey_on]
            if item.type == "captures" and item.n_observed is not None:
                assert item.occasions == world.knobs.n_waves
            if item.type == "memberships" and item.platforms != "any":
                assert set(study.resolve(item.platforms)) == set(study.observed_platforms)
                assert (item.role == "shown only") == (item.kind == "worked" and item.window == "ever")
    assert seen_types == {
        "registrations", "country_share", "audience", "captures", "activity", "memberships", "never_used",
    }  # fmt: skip


def test_below_the_threshold_the_service_shows_zero_and_the_platform_is_observed() -> None:
    knobs = small(
        12, threshold=1e9, p_audience=1.0, p_declared=0.0, has_survey=False, totals=False, n_platforms=3,
        p_second_vendor=0.0,
    )  # fmt: skip
    world = me.simulate.world(rng=12, knobs=knobs)
    audiences = world.study().of_type("audience")
    assert [item.value for item in audiences] == [0, 0, 0]
    assert world.observed.all()


def test_a_platform_of_which_nothing_is_known_is_listed_and_not_observed() -> None:
    knobs = small(13, p_audience=0.0, p_declared=0.0, has_survey=True, n_platforms=4, survey_on="any")
    world = me.simulate.world(rng=13, knobs=knobs)
    study = world.study()
    assert len(study.observed_platforms) == 1
    assert len([p for p in study.platforms if p.takes_residents]) == 4
    assert world.truth("registered", scope="observed") < world.truth("registered")


def test_an_exact_audience_service_counts_the_people_who_were_seen() -> None:
    knobs = small(
        14, n_people=20_000, devices=1.0, shared_connections=0.0, curious=0.0, fakes_seen=0.0,
        vendor_bias=0.0, vendor_noise=0.0, panel_share=1.0, threshold=0.0, p_audience=1.0,
        p_second_vendor=0.0, n_platforms=3,
    )  # fmt: skip
    world = me.simulate.world(rng=14, knobs=knobs)
    people = list(world.accounts_by_platform("monthly_active").values())
    assert world.audience.people.tolist() == people
    assert world.audience.visitors.tolist() == people
    (reported,) = world.audience.reported.values()
    for value, truth in zip(reported, people, strict=True):
        # What is left is the panel's own sampling: five standard deviations, and three digits.
        assert value == pytest.approx(truth, abs=5 * math.sqrt(truth) + 0.005 * truth)


def exact_survey(seed: int, **changes: object) -> me.simulate.Knobs:
    """Give knobs of a survey that everybody takes, and that makes no mistake."""
    perfect = {
        "has_survey": True, "n_waves": 2, "take_rate": 1.0, "willingness_spread": 0.0, "refusers": 0.0,
        "wave_habit": 1.0, "quota": 10**9, "outsiders": 0.0, "missed_matches": 0.0, "false_matches": 0.0,
        "second_accounts": 0.0, "incomplete": 0.0, "captures_form": "two samples", "usual_rate": 4.0,
        "memberships_windows": False, "n_people": 6_000,
    }  # fmt: skip
    return small(seed, **(perfect | changes))


def test_a_survey_without_mistakes_captures_everybody_who_comes() -> None:
    world = me.simulate.world(rng=15, knobs=exact_survey(15))
    there = (world.accounts.platform == world.survey_on) & ~world.accounts.closed
    first, second = (world.days.counts[f"wave {w}"][there] > 0 for w in (1, 2))
    (item,) = world.study().of_type("captures")
    # A visitor takes it at the first visit with chance 0.999.
    assert item.n1 == pytest.approx(first.sum(), rel=0.01)
    assert item.n2 == pytest.approx(second.sum(), rel=0.01)
    assert item.m == pytest.approx((first & second).sum(), rel=0.02)


def test_quotas_close_waves_and_take_the_active() -> None:
    knobs = exact_survey(19, quota=100, take_rate=0.3, activity_spread=1.8)
    world = me.simulate.world(rng=19, knobs=knobs)
    (item,) = world.study().of_type("captures")
    assert (item.n1, item.n2) == (100, 100)
    usual = world.days.usual
    visitors = (world.days.counts["wave 1"] > 0) & (world.accounts.platform == world.survey_on)
    assert np.median(usual[world.respondents.account]) > 1.3 * np.median(usual[visitors])


def test_matching_errors_make_two_people_of_one_and_one_of_two() -> None:
    worlds = {
        name: me.simulate.world(rng=17, knobs=exact_survey(17, **{name: 0.3} if name else {}))
        for name in ("", "missed_matches", "false_matches")
    }
    items = {name: world.study().of_type("captures")[0] for name, world in worlds.items()}
    exact, missed, false = items[""], items["missed_matches"], items["false_matches"]
    assert (missed.n1, missed.n2) == (exact.n1, exact.n2)
    assert missed.m == pytest.approx(0.7 * exact.m, abs=4 * math.sqrt(0.21 * exact.m))
    once = exact.n2 - exact.m
    assert false.m - exact.m == pytest.approx(0.3 * once, abs=4 * math.sqrt(0.21 * once))


def test_respondents_who_forget_nothing_state_what_is_true() -> None:
    knobs = exact_survey(
        18, n_platforms=4, recall_noise=0.0, recall_bias=0.0, recency=0.0, heaping=0.0, careless=0.0,
        forgotten=0.0, frequency_form="counts", frequency_scope="this platform", memberships_form="counts",
        memberships_kind="registered", p_audience=1.0,
    )  # fmt: skip
    world = me.simulate.world(rng=18, knobs=knobs)
    assert world.observed.all()
    (said,) = world.study().of_type("memberships", role="evidence")[:1]
    (frequency,) = world.study().of_type("activity")
    accounts, account = world.accounts, world.respondents.account
    # Accounts that were opened before the end of the reference month exist; later ones are thought of once
    # used: no more than a few per cent of these respondents.
    exist = ~accounts.closed & (accounts.opened < wave_days(knobs)[-1][1])
    k = np.bincount(accounts.person[exist], minlength=accounts.n_people)[accounts.person[account]]
    assert said.headline == pytest.approx(k.mean(), rel=0.03)
    usual = world.days.usual[account]
    # The frequency thought of is 0.1 visits above the usual one, so that one has a logarithm.
    assert frequency.counts["weekly"] == int((usual + 0.1 >= MONTH / 7).sum())
    assert frequency.counts["less"] == int((usual + 0.1 < 1).sum())


# ------------------------------------------------------------------------------ knobs and departures


def test_knobs_of_200_worlds_are_spread_over_their_ranges() -> None:
    drawn = [dataclasses.asdict(me.simulate.draw_knobs(seed)) for seed in range(200)]
    assert {k["n_platforms"] for k in drawn} == set(range(1, 13))
    assert {k["n_classes"] for k in drawn} == {1, 2, 3, 4}
    assert {k["n_waves"] for k in drawn} == {2, 3, 4}
    for name in ("activity_family", "survey_on", "captures_form", "frequency_form", "memberships_form"):
        assert len({k[name] for k in drawn}) == {"survey_on": 2, "frequency_form": 3}.get(name, 4)
    for name in drawn[0]:
        if name != "silent_class":
            assert len({k[name] for k in drawn}) > 1, name
    for name, low, high in (
        ("n_people", 5_000, 300_000), ("extra_memberships", 0.05, 2.0), ("overlap_activity_link", 0.0, 1.0),
        ("usual_rate", 0.35, 5.0), ("never_used", 0.05, 0.75), ("overstatement", 0.95, 2.0),
        ("quota", 120, 2_500), ("curious", 0.05, 2.0), ("threshold", 50, 3_000), ("take_rate", 0.02, 0.6),
    ):  # fmt: skip
        values = np.array([k[name] for k in drawn])
        assert low <= values.min()
        assert values.max() <= high
        # 200 draws leave a gap of a tenth of the range at either end with a chance of 1e-9.
        scale = np.log(values / low) / np.log(high / low) if low > 0 and high / low > 3 else values / high
        assert scale.min() < 0.1 if name != "overstatement" else values.min() < 1.1
        assert scale.max() > 0.9


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"n_platforms": 61}, "knob n_platforms is 61"),
        ({"n_people": 0}, "knob n_people is 0"),
        ({"n_people": 1e4}, "whole number"),
        ({"refusers": 1.2}, "knob refusers is 1.2"),
        ({"vendor_noise": math.nan}, "knob vendor_noise is nan"),
        ({"usual_rate": 0.0}, "knob usual_rate is 0.0"),
        ({"activity_family": "weibull"}, "use one of 'lognormal'"),
        ({"captures_form": "two samples", "n_waves": 3}, "needs n_waves = 2"),
        ({"silent_class": True, "n_classes": 1}, "n_classes of at least 2"),
    ],
)
def test_knobs_out_of_range_are_refused(changes: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        dataclasses.replace(me.simulate.draw_knobs(1), **changes)


def test_an_unknown_departure_is_refused() -> None:
    with pytest.raises(InputError, match="no departure 'chaos'; use one of 'no link'"):
        me.simulate.world(rng=1, departure="chaos")


def test_the_number_of_platforms_can_be_given() -> None:
    assert me.simulate.world(rng=1, knobs=small(1), platforms=2).platforms.n == 2
    with pytest.raises(InputError, match="knob n_platforms is 0"):
        me.simulate.world(rng=1, platforms=0)


def memberships(world: me.simulate.World) -> np.ndarray:
    """Count the platforms of each person, dormant and later accounts included."""
    return np.bincount(world.accounts.person, minlength=world.accounts.n_people)


def test_no_link_and_a_link_between_overlap_and_activity() -> None:
    knobs = small(
        21, n_people=20_000, n_platforms=8, extra_memberships=0.8, overlap_activity_link=0.7,
        activity_family="lognormal", handover=0.0,
    )  # fmt: skip
    linked = me.simulate.world(rng=21, knobs=knobs)
    free = me.simulate.world(rng=21, knobs=knobs, departure="no link")
    correlation = [np.corrcoef(memberships(w), w.accounts.engagement)[0, 1] for w in (linked, free)]
    assert correlation[0] > 0.2
    # Four standard errors of a correlation that is 0.
    assert abs(correlation[1]) < 4 / math.sqrt(20_000)


def test_strong_overlap() -> None:
    for seed in range(5):
        assert (
            memberships(me.simulate.world(rng=seed, knobs=small(seed), departure="strong overlap")).mean()
            > 1.7
        )


def test_three_platforms_tiny_surveys_and_silent_classes() -> None:
    for seed in range(5):
        assert me.simulate.world(rng=seed, knobs=small(seed), departure="three platforms").platforms.n == 3
        tiny = me.simulate.world(rng=seed, knobs=small(seed), departure="tiny survey")
        assert tiny.respondents.waves.sum(axis=0).max() <= 80
        silent = me.simulate.world(rng=seed, knobs=small(seed), departure="silent class")
        study = silent.study()
        quiet = {p.id for p, mute in zip(study.platforms, silent.silent, strict=False) if mute}
        assert quiet
        assert len({p.class_ for p in study.platforms if p.id in quiet}) == 1
        assert not quiet & set(study.observed_platforms)
        assert not any(
            quiet & set(study.resolve(e.platforms)) for e in study.evidence if e.platforms != "any"
        )
        loud = [p.class_ for p in study.platforms if p.takes_residents and p.id not in quiet]
        assert study.platform(min(quiet)).class_ not in loud


def test_bad_audience_heavy_inflation_and_two_visitors() -> None:
    standardised: dict[str | None, list[float]] = {}
    spread: dict[str | None, list[float]] = {}
    inflation: dict[str | None, list[float]] = {}
    for departure in (None, "bad audience", "heavy inflation", "two visitors"):
        for seed in range(8):
            # Many visitors, so that some are above the threshold of a bad service.
            knobs = small(
                seed, n_people=10_000, n_platforms=4, p_audience=0.8, threshold=50.0, staleness=0.0,
                usual_rate=5.0, never_used=0.05, account_half_life=30.0,
            )  # fmt: skip
            world = me.simulate.world(rng=seed, knobs=knobs, departure=departure)
            people, registered = world.audience.people, world.accounts_by_platform("registered")
            # Two devices, and 2 % of curious people; further devices are a Poisson number.
            error = (world.audience.visitors.sum() / people.sum() - 2.02) * math.sqrt(people.sum())
            standardised.setdefault(departure, []).append(error)
            logs = [
                math.log(value / visitors)
                for value, visitors in zip(
                    world.audience.reported["service A"], world.audience.visitors, strict=True
                )
                if value
            ]
            spread.setdefault(departure, []).extend(logs)
            for j, name in enumerate(world.platforms.ids):
                value = world.declared.value[j]
                if value is not None and registered[name]:
                    share = world.platforms.country_share[j] if world.declared.worldwide[j] else 1.0
                    inflation.setdefault(departure, []).append(value * share / registered[name])
    assert max(map(abs, standardised["two visitors"])) < 4
    off = {departure: np.sqrt(np.mean(np.square(logs))) for departure, logs in spread.items()}
    assert off["bad audience"] > 1.5 * off[None]
    assert len(spread["bad audience"]) < 0.8 * len(spread[None])
    assert np.median(inflation["heavy inflation"]) > 3 * np.median(inflation[None])


# ------------------------------------------------------------------------------------- experiment


def test_the_worlds_of_the_experiment_are_those_that_were_fixed() -> None:
    """Seeds, truths and fingerprints were written down before any fit: `experiments/worlds_drawn.json`."""
    worlds = experiment("worlds")
    drawn = json.loads(worlds.DRAWN.read_text(encoding="utf-8"))
    fixed = {(row["group"], row["number"]): row for row in drawn["worlds"]}
    if drawn["numpy"].split(".")[:2] != np.__version__.split(".")[:2]:
        pytest.skip(f"NumPy {np.__version__} may draw other numbers than {drawn['numpy']}")
    assert list(fixed) == list(worlds.all_worlds())
    assert sum(worlds.GROUPS.values()) == 600
    assert len({tuple(row["seed"]) for row in drawn["worlds"]}) == 600
    smallest = sorted(fixed, key=lambda key: fixed[key]["truth"]["registered"])[:3]
    for key in smallest:
        assert worlds.listed(*key) == fixed[key]
    assert all(min(row["truth"].values()) > 0 for row in drawn["worlds"])


def test_answers_that_are_all_alike_are_shown_only() -> None:
    """World 86: 13 respondents, all on one platform. The study can be read and modelled; the world stays."""
    worlds = experiment("worlds")
    fixed = json.loads(worlds.DRAWN.read_text(encoding="utf-8"))["worlds"][86]
    world = worlds.make("random", 86)
    assert world.fingerprint.startswith(fixed["fingerprint"])
    study = world.study()
    assert study.item("memberships-month").counts == {"1": 13}
    assert study.item("memberships-month").role == "shown only"
    assert "memberships-month" in me.WorkforceModel(study).design.left_out
    with pytest.raises(me.errors.StudyError, match="no spread to weigh it by"):
        study.replacing("memberships-month", role="evidence")


def test_published_arithmetic_gives_the_french_results() -> None:
    """On the study that prints them: 14,066, 48,819 and 251,181 from the report's own inputs."""
    inputs = arithmetic.Inputs(
        registrations={
            "ff": (("ff",), arithmetic.Figure(50_000.0)),
            "rest": (("a", "b"), arithmetic.Figure(269_000.0)),
        },
        visitors={"all": (("ff", "a", "b"), arithmetic.Figure(62_000.0))},
        captures=arithmetic.Figure(2_800.0),
        survey_on="ff",
        memberships=(1.27, 0.6, 908),
    )
    found = arithmetic.estimates(inputs)
    assert {tier: round(value) for tier, value in found.items()} == {
        "registered": 251_181, "monthly_active": 48_819, "monthly": 48_819, "weekly": 14_066,
    }  # fmt: skip
    assert arithmetic.complete(inputs, ("a", "b", "ff")) == {"registrations": True, "visitors": True}
    assert not any(arithmetic.complete(inputs, ("a", "b", "c", "ff")).values())
    draws = arithmetic.bootstrap(inputs, np.random.default_rng(1), resamples=20_000)
    for tier, value in found.items():
        # Only memberships are drawn here: their relative standard error is 0.6 / sqrt(908) / 1.27.
        assert np.median(draws[tier]) == pytest.approx(value, rel=0.002)
        assert np.std(draws[tier]) / value == pytest.approx(0.6 / math.sqrt(908) / 1.27, rel=0.05)


def test_published_arithmetic_adds_no_total_to_its_parts_and_no_month_to_another() -> None:
    """The report's totals contain the figures of the surveyed platform: 251,181 and not 290,551."""
    study = me.load_study("fr-2018-report")
    inputs = arithmetic.read_inputs(study)
    assert inputs.within == {"ff-registrations", "ff-audience"}
    found = arithmetic.estimates(inputs)
    assert round(found["registered"]) == 251_181
    assert round(found["monthly_active"]) == 48_819
    assert round(found["weekly"]) == 14_066
    draws = arithmetic.bootstrap(inputs, np.random.default_rng(1), resamples=20_000)
    for tier in TIERS:
        assert np.median(draws[tier]) == pytest.approx(found[tier], rel=0.02)
    # June in the place of May.
    (total,) = (item for item in study.evidence if item.id == "total-audience")
    may, june = (
        total.model_copy(update={"id": name, "period": f"2018-{month}", "contains": (), "value": value})
        for name, month, value in (("may", "05", 9_000.0), ("june", "06", 11_000.0))
    )
    months = study.model_copy(update={"evidence": (june, may)})
    assert arithmetic.estimates(arithmetic.read_inputs(months))["monthly_active"] == 11_000


def test_published_arithmetic_of_worlds_is_centred_on_its_estimates(worlds: list[me.simulate.World]) -> None:
    n_weekly = 0
    for world in worlds:
        inputs = arithmetic.read_inputs(world.study())
        found = arithmetic.estimates(inputs)
        draws = arithmetic.bootstrap(inputs, np.random.default_rng(2))
        for tier in TIERS:
            assert (found[tier] is None) == (draws[tier] is None)
            if found[tier] is not None:
                low, high = np.quantile(draws[tier], [0.02, 0.98])
                assert low <= found[tier] * (1 + 1e-9)
                assert found[tier] * (1 - 1e-9) <= high
        n_weekly += found["weekly"] is not None
    # In these small worlds many surveys have too few answers to be printed.
    assert n_weekly > len(worlds) / 3


def test_a_run_resumes_where_it_stopped_and_refuses_another_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for the sampler: draws around the truth, and one study that the model refuses."""
    worlds = experiment("worlds")
    table = experiment("worlds_table")
    fitted: list[tuple[str, int]] = []

    class Fit:
        converged = True

        def draws(self, tier: str, *, of: str, scope: str) -> np.ndarray:
            truth = self.world.truth(tier, of=of, scope=scope)
            return truth * np.exp(0.1 * np.random.default_rng(1).standard_normal((2, 500)))

        def check(self) -> list[CheckResult]:
            return [
                CheckResult("scope of the evidence", passed, "A sentence.") for passed in (True, False, None)
            ]

    class Model:
        def __init__(self, study: me.Study, *, priors: object) -> None:
            group, number = study.id.removeprefix("world-").rsplit("-", 1)
            self.key = (group.replace("-", " "), int(number))

        def fit(self, *, rng: object, cores: object) -> Fit:
            fitted.append(self.key)
            if self.key[1] == 1:
                raise me.errors.StudyError("too little evidence")
            fit = Fit()
            fit.world = worlds.make(*self.key)
            return fit

    monkeypatch.setattr(me, "WorkforceModel", Model)
    monkeypatch.setattr(worlds, "model_fingerprint", lambda priors: f"with {priors or 'defaults'}")
    output = tmp_path / "worlds.json"
    keys = [("random", 0), ("random", 1), ("silent class", 0)]
    worlds.run(keys[:2], jobs=1, output=output)
    worlds.run(keys, jobs=1, output=output)
    assert fitted == keys
    rows = json.loads(output.read_text(encoding="utf-8"))["worlds"]
    assert [(row["group"], row["number"]) for row in rows] == keys
    assert "too little evidence" in rows[1]["refused"]
    assert set(rows[0]["arithmetic_complete"]) == {"registrations", "visitors"}
    # The scores of the file are those of the draws.
    exact = me.simulate.score_draws(
        worlds.make("random", 0).truth("weekly", scope="observed")
        * np.exp(0.1 * np.random.default_rng(1).standard_normal(1000)),
        worlds.make("random", 0).truth("weekly", scope="observed"),
    )
    assert rows[0]["model"]["observed"]["weekly"]["log_crps"] == pytest.approx(exact["log_crps"], rel=1e-5)
    summary = table.summarise(rows, scope="all")
    (weekly,) = (r for r in summary if (r["group"], r["tier"], r["method"]) == ("random", "weekly", "model"))
    assert (weekly["worlds"], weekly["without"], weekly["refused"], weekly["not_converged"]) == (2, 1, 1, 0)
    ninety = next(each for each in weekly["scores"]["levels"] if each["level"] == 0.9)
    assert ninety["coverage"] == 1.0
    # One of one: the exact interval reaches down to 0.025.
    assert (ninety["coverage_low"], ninety["coverage_high"]) == pytest.approx((0.025, 1.0))
    # The ratio is over the worlds with both; the complete ones are among them.
    theirs = rows[0]["arithmetic"]["observed"]["weekly"]
    assert weekly["ratio"]["worlds"] == int(theirs is not None)
    assert weekly["ratio_complete"]["worlds"] <= weekly["ratio"]["worlds"]
    checked = {row["group"]: row for row in table.named_by_checks(rows)}
    assert checked["random"]["failed"] == {"scope of the evidence": 1}
    assert checked["random"]["checked"] == 1
    assert "2 of 200" in str(table.coverage_table(rows))
    assert json.loads(json.dumps(table.document(rows), allow_nan=False))["worlds"] == 3
    # The page is built with no world at all, too.
    assert table.load(tmp_path / "none.json") == []
    assert "0 of 600 worlds" in table.coverage_table([]).to_markdown()

    # A file is not continued by another model, nor from another seed.
    with pytest.raises(SystemExit, match=r"of another model .*with defaults"):
        worlds.run(keys, jobs=1, output=output, priors={"activity_mean": (0.0, 1.0)})
    other = json.loads(output.read_text(encoding="utf-8")) | {"seed": 1}
    output.write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(SystemExit, match="of another seed"):
        worlds.run(keys, jobs=1, output=output)
    with pytest.raises(SystemExit, match="not the world that was fixed"):
        worlds.fit("random", 0, fingerprint="0" * 16)
