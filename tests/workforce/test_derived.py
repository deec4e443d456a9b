"""What follows from the number of people: by hand on a few draws, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.workforce.derived import Derived, derive
from microestim.workforce.tiers import TierEstimates

PEOPLE = {
    "registered": np.array([[200_000.0, 260_000.0], [180_000.0, 240_000.0]]),
    "monthly_active": np.array([[40_000.0, 50_000.0], [60_000.0, 45_000.0]]),
    "monthly": np.array([[30_000.0, 40_000.0], [45_000.0, 35_000.0]]),
    "weekly": np.array([[20_000.0, 26_000.0], [30_000.0, 24_000.0]]),
}


@pytest.fixture
def tiers() -> TierEstimates:
    accounts = {tier: people[..., None] for tier, people in PEOPLE.items()}
    return TierEstimates(study=me.load_study("fr-2018"), method="x", people=PEOPLE, accounts=accounts)


def test_every_quantity_is_what_its_formula_says(tiers: TierEstimates) -> None:
    found = derive(
        tiers,
        rng=1,
        active_population=30_000_000,
        monthly_income=21,
        monthly_wage=1092,
        weekly_hours={"weekly": 3},
        full_time_hours=35,
        hourly_pay=3,
    )
    registered, weekly = PEOPLE["registered"], PEOPLE["weekly"]
    close = np.testing.assert_allclose
    close(found.draws("reserve", "weekly"), registered / weekly)
    close(found.draws("share of the active population", "weekly"), weekly / 30_000_000)
    close(found.draws("wage bill", "registered"), registered * 21)
    close(found.draws("full-time equivalents by income", "registered"), registered * 21 / 1092)
    close(found.draws("full-time equivalents by hours", "weekly"), weekly * 3 / 35)
    close(
        found.draws("full-time equivalents by the hours that income pays", "registered"),
        registered * 21 / 3 / (35 * 52 / 12),
    )
    with pytest.raises(InputError, match="no 'full-time equivalents by hours' of 'registered'"):
        found.draws("full-time equivalents by hours", "registered")


def test_the_published_full_time_jobs_are_an_income_equivalent(tiers: TierEstimates) -> None:
    # 260,000 people, 21 euros a month: 5,000 jobs at 1,092 euros, 12,000 to 18,000 at 3 to 2 euros an hour.
    fixed = TierEstimates(
        study=tiers.study,
        method="x",
        people={tier: np.full((1, 1), 260_000.0) for tier in PEOPLE},
        accounts={},
    )
    by_income = derive(fixed, rng=1, monthly_income=21, monthly_wage=1092)
    assert round(float(by_income.draws("full-time equivalents by income", "registered")[0, 0])) == 5_000
    for pay, jobs in ((3, 12_000), (2, 18_000)):
        found = derive(fixed, rng=1, monthly_income=21, hourly_pay=pay, full_time_hours=35)
        draws = found.draws("full-time equivalents by the hours that income pays", "registered")
        assert float(draws[0, 0]) == pytest.approx(jobs, rel=1e-3)


def test_limits_enter_as_a_log_normal_with_95_percent_between_them(tiers: TierEstimates) -> None:
    many = TierEstimates(
        study=tiers.study,
        method="x",
        people={tier: np.full((1, 200_000), 1_000.0) for tier in PEOPLE},
        accounts={},
    )
    income = derive(many, rng=1, monthly_income=(10, 40)).draws("wage bill", "weekly") / 1_000
    low, middle, high = np.quantile(income, [0.025, 0.5, 0.975])
    # 200,000 draws: 0.5 % of the median, 1 % of the limits.
    assert middle == pytest.approx(20, rel=0.01)
    assert (low, high) == (pytest.approx(10, rel=0.02), pytest.approx(40, rel=0.02))
    again = derive(many, rng=1, monthly_income=(10, 40)).draws("wage bill", "weekly") / 1_000
    np.testing.assert_array_equal(income, again)


def test_an_input_of_all_tiers_is_one_number_in_every_draw(tiers: TierEstimates) -> None:
    found = derive(tiers, rng=1, monthly_income=(10, 40))
    rates = [found.draws("wage bill", tier) / PEOPLE[tier] for tier in PEOPLE]
    for rate in rates[1:]:
        np.testing.assert_allclose(rate, rates[0])


def test_the_table_says_what_was_given_and_how_it_was_used(tiers: TierEstimates) -> None:
    found: Derived = derive(tiers, rng=1, monthly_income=21, monthly_wage=(1000, 1200), currency="EUR")
    text = str(found)
    assert (
        "monthly income: 21 EUR a month and person, as given, the same for the people of every tier" in text
    )
    assert "monthly wage: 1,000 to 1,200 (95 %) EUR a month, as given" in text
    assert "full-time equivalents by income: people x monthly income / full-time wage" in text
    frame = found.to_frame(level=0.9)
    assert set(frame["quantity"]) == {"reserve", "wage bill", "full-time equivalents by income"}
    assert (frame["ci_low"] <= frame["median"]).all()
    assert (frame["ci_level"] == 0.9).all()
    assert repr(found) == "<Derived: reserve, wage bill, full-time equivalents by income>"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"monthly_wage": 1000}, "monthly_wage says nothing alone; give monthly_income too"),
        ({"monthly_income": 21, "hourly_pay": 3}, "hourly_pay says nothing alone"),
        ({"weekly_hours": 3}, "weekly_hours says nothing alone; give full_time_hours too"),
        ({"full_time_hours": 35}, "full_time_hours says nothing alone"),
        ({"active_population": [1e6, 2e6]}, "active_population is .*; give a number above 0"),
        ({"weekly_hours": 200, "full_time_hours": 35}, "weekly_hours is 200; a week has 168 hours"),
        ({"weekly_hours": 20, "full_time_hours": (151, 200)}, "full_time_hours is .*; a week has 168"),
        ({"monthly_income": -1}, "monthly_income is -1; give a number above 0"),
        ({"monthly_income": (40, 10)}, r"monthly_income is \(40, 10\)"),
        ({"monthly_income": (1, 2, 3)}, r"monthly_income is \(1, 2, 3\)"),
        ({"monthly_income": float("nan")}, "monthly_income is nan"),
        ({"monthly_income": True}, "monthly_income is True"),
        (
            {"monthly_income": {"daily": 3}},
            r"given for \['daily'\]; the tiers are registered",
        ),
        ({"monthly_income": {}}, "monthly_income is given for no tier"),
        ({"active_population": 100_000}, "active_population is 100,000; registered alone has 220,000 people"),
    ],
)
def test_what_cannot_be_used_is_refused(tiers: TierEstimates, given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        derive(tiers, rng=1, **given)


def test_a_fit_derives_with_its_own_seed(prior_fit: me.WorkforceFit) -> None:
    first, second = (prior_fit.derived(monthly_income=(10, 40)) for _ in range(2))
    np.testing.assert_array_equal(first.draws("wage bill", "weekly"), second.draws("wage bill", "weekly"))
    other = prior_fit.derived(monthly_income=(10, 40), rng=99)
    assert (other.draws("wage bill", "weekly") != first.draws("wage bill", "weekly")).any()


def test_full_time_equivalents_are_the_jobs_of_what_is_derived(prior_fit: me.WorkforceFit) -> None:
    given = {"monthly_income": 21, "monthly_wage": 1185, "hourly_pay": (2, 3), "full_time_hours": 35}
    found, whole = me.full_time_equivalents(prior_fit, **given), prior_fit.derived(**given)
    assert {each.name for each in found.quantities} == {
        "full-time equivalents by income",
        "full-time equivalents by the hours that income pays",
    }
    for each in found.quantities:
        np.testing.assert_array_equal(each.draws, whole.draws(each.name, each.tier))
    assert "21" in str(found)
    with pytest.raises(InputError, match="nothing to make full-time equivalents of; give monthly_income"):
        me.full_time_equivalents(prior_fit)


def test_what_follows_stands_in_the_report_of_its_own_study_only(
    prior_fit: me.WorkforceFit, single_platform_fit: me.WorkforceFit, tmp_path: Path
) -> None:
    other = single_platform_fit.derived(monthly_income=3)
    for write in (prior_fit.report, prior_fit.write):
        with pytest.raises(InputError, match="derived is made of the people of"):
            write(tmp_path / "out", derived=other)
    assert not list(tmp_path.iterdir())


def test_what_follows_is_of_the_platforms_that_were_asked_for(prior_fit: me.WorkforceFit) -> None:
    given = {"monthly_income": 20, "monthly_wage": 1000}
    scope = {"scope": "all", "without_class": "localised tasks"}
    for found in (prior_fit.derived(**given, **scope), me.full_time_equivalents(prior_fit, **given, **scope)):
        people = prior_fit.draws("weekly", **scope)
        jobs = found.draws("full-time equivalents by income", "weekly")
        np.testing.assert_allclose(jobs, people * 20 / 1000, rtol=1e-12)
        assert "all but those without evidence of localised tasks" in found.title
    observed = prior_fit.derived(**given)
    assert "platforms" not in observed.title
    assert (observed.draws("wage bill", "weekly") <= people * 20).all()
    with pytest.raises(InputError, match="give scope='all'"):
        prior_fit.derived(without_class="localised tasks")
