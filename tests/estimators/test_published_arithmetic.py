import math

import numpy as np
import pytest

from microestim.errors import InputError, NotEstimableError, UnitError
from microestim.estimators.accounts import (
    audience_total,
    extrapolate_ratio,
    inverse_bounds,
    membership_bounds,
    people_from_accounts,
    proxy_scale,
)
from microestim.estimators.two_samples import chapman, lincoln_petersen, two_sample_posterior
from microestim.results import Estimand, Estimate

# Le Ludec, Tubaro & Casilli (2019) back-solved, and the DiPLab report (2019), Annexe 3, as printed.
WORKING_PAPER = {"accounts": 337_980, "visitors": 66_468}
REPORT = {"accounts": 319_000, "visitors": 62_000}
MEMBERSHIPS = 1.27


def people(value):
    return round(float(people_from_accounts(value, memberships=MEMBERSHIPS).n_hat))


@pytest.mark.parametrize(
    ("inputs", "weekly", "monthly", "registered"),
    [(WORKING_PAPER, 14_903, 52_337, 266_126), (REPORT, 14_066, 48_819, 251_181)],
)
def test_three_tiers_of_the_french_study(inputs, weekly, monthly, registered):
    assert people(extrapolate_ratio(2_800, of=50_000, to=inputs["accounts"])) == weekly
    assert people(audience_total(inputs["visitors"])) == monthly
    assert people(inputs["accounts"]) == registered


@pytest.mark.parametrize(("inputs", "weekly"), [(WORKING_PAPER, 21_238), (REPORT, 19_811)])
def test_the_audience_as_anchor_gives_two_fifths_more(inputs, weekly):
    anchor, total = audience_total(6_900), audience_total(inputs["visitors"])
    assert people(extrapolate_ratio(2_800, of=anchor, to=total)) == weekly


def test_printed_inputs_do_not_give_the_printed_product():
    assert round(extrapolate_ratio(2_800, of=50_000, to=319_000).n_hat) == 17_864  # printed: about 17,000
    assert round(extrapolate_ratio(2_800, of=6_900, to=62_000).n_hat) == 25_159
    assert people(17_000) == 13_386


def test_dividing_only_the_six_other_platforms():
    assert 50_000 + people(269_000) == 261_811
    assert 6_900 + people(55_100) == 50_286
    assert 2_800 + people(extrapolate_ratio(2_800, of=50_000, to=269_000)) == 14_661


def test_known_anchors_scale_the_interval_whatever_its_construction():
    base = chapman(500, 500, 89)
    result = people_from_accounts(extrapolate_ratio(base, of=50_000, to=319_000), memberships=MEMBERSHIPS)
    factor = 319_000 / 50_000 / MEMBERSHIPS
    for method in base.interval_methods:
        options = {"rng": 5} if method == "bootstrap" else {}
        ours, theirs = (e.interval(0.9, method, **options) for e in (result, base))
        # Two multiplications instead of one.
        assert tuple(ours[:2]) == pytest.approx((theirs.low * factor, theirs.high * factor), rel=1e-12)
        assert ours.kind == theirs.kind
    assert result.se == pytest.approx(base.se * factor, rel=1e-12)
    assert result.estimand.unit == "people"
    assert result.n_observed is None


def test_a_posterior_and_an_array_are_scaled_too():
    posterior = two_sample_posterior(500, 500, 89)
    result = extrapolate_ratio(posterior, of=50_000, to=100_000)
    assert result.interval().kind == "credible: equal-tailed"
    assert result.n_hat == 2 * posterior.n_hat
    both = extrapolate_ratio(lincoln_petersen([500, 50], [500, 40], [89, 0]), of=1.0, to=2.0)
    assert both.status.tolist() == ["estimated", "not estimable"]
    with pytest.raises(InputError, match="array of estimates"):
        extrapolate_ratio(2_800, of=chapman([5, 6], 4, 3), to=2.0)
    with pytest.raises(InputError, match="not to an array"):
        extrapolate_ratio(chapman([5, 6], 4, 3), of=1.0, to=2.0, to_se=0.1)


def test_errors_of_the_factors_against_simulation():
    rng = np.random.default_rng(4)
    size = 400_000
    result = people_from_accounts(
        extrapolate_ratio(2_800, of=50_000, to=319_000, se=56, of_se=1_500, to_se=6_380),
        memberships=MEMBERSHIPS,
        memberships_se=0.02,
    )
    simulated = (
        rng.normal(2_800, 56, size)
        * rng.normal(319_000, 6_380, size)
        / (rng.normal(50_000, 1_500, size) * rng.normal(MEMBERSHIPS, 0.02, size))
    )
    # Relative errors of at most 3 %: the delta method is off by their square, and 400,000 draws give the
    # standard deviation to 0.11 %.
    assert result.se == pytest.approx(simulated.std(), rel=0.006)
    low, high, *_ = result.interval()
    assert np.mean((simulated > low) & (simulated < high)) == pytest.approx(0.95, abs=0.003)


def test_no_error_in_the_inputs_is_said_and_not_made_up():
    result = people_from_accounts(319_000, memberships=MEMBERSHIPS)
    assert result.se is None
    with pytest.raises(NotEstimableError, match="no sampling error in the inputs"):
        result.interval()


def test_audience_adds_independent_errors_and_shares_that_of_devices():
    one = audience_total({"a": 30_000, "b": 40_000}, se={"a": 300, "b": 400}, visitors_per_person=2.0)
    assert (one.n_hat, one.se) == pytest.approx((35_000, 250), rel=1e-12)  # 300-400-500 triangle over 2
    assert (one.estimand.unit, one.estimand.scope, one.estimand.window) == ("visitors", "a, b", "1 month")
    shared = audience_total([30_000, 40_000], visitors_per_person=2.0, visitors_per_person_se=0.1)
    assert shared.se == pytest.approx(35_000 * 0.05, rel=1e-12)
    with pytest.raises(InputError, match="one standard error for each"):
        audience_total({"a": 1, "b": 2}, se={"a": 1})


def test_proxy_scaling():
    result = proxy_scale(160_000, index_known=40, index_total=150, index_known_se=4)
    assert (result.n_hat, result.se) == pytest.approx((600_000, 60_000), rel=1e-12)
    assert result.estimand.unit == "people"


def test_units_are_kept_apart():
    with pytest.raises(UnitError, match="in people"):
        people_from_accounts(chapman(500, 500, 89), memberships=MEMBERSHIPS)
    accounts = Estimate(n_hat=319_000.0, method="sum", estimand=Estimand(unit="accounts"))
    with pytest.raises(UnitError, match="visitors on the platform"):
        extrapolate_ratio(2_800, of=audience_total(6_900), to=accounts)
    with pytest.raises(UnitError, match="index_known is in visitors"):
        proxy_scale(2_800, index_known=audience_total(6_900), index_total=accounts)


@pytest.mark.parametrize("bad", [0, -1, math.inf, math.nan, "many", True, [1, 2]])
def test_numbers_must_be_positive_and_finite(bad):
    for call in (
        lambda: extrapolate_ratio(2_800, of=bad, to=319_000),
        lambda: people_from_accounts(bad, memberships=MEMBERSHIPS),
        lambda: people_from_accounts(319_000, memberships=bad),
        lambda: audience_total({"a": 5, "b": bad}),
        lambda: membership_bounds(frame_accounts=bad, total_accounts=5, frame_mean=1, n_platforms=7),
    ):
        with pytest.raises(InputError):
            call()


def test_inverse_memberships_and_their_error():
    counts = {1: 700, 2: 180, 3: 20, "4": 8}
    result = people_from_accounts(10_000, memberships=counts, method="inverse")
    values = np.repeat([1, 1 / 2, 1 / 3, 1 / 4], [700, 180, 20, 8])
    # Mean and standard error of the 908 values one by one.
    assert result.n_hat == pytest.approx(10_000 * values.mean(), rel=1e-12)
    assert result.se == pytest.approx(10_000 * values.std(ddof=1) / math.sqrt(908), rel=1e-12)
    mean = people_from_accounts(10_000, memberships=counts)
    platforms = np.repeat([1, 2, 3, 4], [700, 180, 20, 8])
    assert mean.n_hat == pytest.approx(10_000 / platforms.mean(), rel=1e-12)
    relative = platforms.std(ddof=1) / math.sqrt(908) / platforms.mean()
    assert mean.se == pytest.approx(mean.n_hat * relative, rel=1e-12)
    assert mean.n_hat < result.n_hat
    # Shares of a whole carry no number of respondents, hence no error.
    assert people_from_accounts(1_000, memberships={1: 0.8, 2: 0.2}, method="inverse").se is None


@pytest.mark.parametrize(
    ("memberships", "message"),
    [
        ({0: 5, 1: 5}, "key 0"),
        ({1: -5}, "count or a share of at least 0"),
        ({1: 0.5, 2: 0.1}, "add up to 0.6"),
        ({}, "no weight"),
        ({"one": 5}, "key 'one'"),
        (0.9, "at least 1 platform"),
    ],
)
def test_impossible_memberships_are_refused(memberships, message):
    with pytest.raises(InputError, match=message):
        people_from_accounts(1_000, memberships=memberships)


def test_a_mean_does_not_give_the_mean_inverse():
    with pytest.raises(NotEstimableError, match=r"between 0\.865 and 1\.000"):
        people_from_accounts(319_000, memberships=1.27, method="inverse")
    with pytest.raises(InputError, match="'mean' or 'inverse'"):
        people_from_accounts(319_000, memberships=1.27, method="median")


def test_bounds_of_the_inverse_of_a_mean_of_1_27_over_seven_platforms():
    low, high = inverse_bounds(1.27, 7)
    # Printed to three decimals.
    assert (low, high) == pytest.approx((0.865, 0.961), abs=5e-4)
    # Printed as 275,935 to 306,695 and as 292,353 to 324,944: whole people, cut off.
    assert (319_000 * low, 319_000 * high) == pytest.approx((275_935, 306_695), abs=1)
    assert (337_980 * low, 337_980 * high) == pytest.approx((292_353, 324_944), abs=1)


@pytest.mark.parametrize(
    "distribution",
    [
        lambda k: math.exp(-0.27) * 0.27 ** (k - 1) / math.factorial(k - 1),  # shifted Poisson: 0.876
        lambda k: (1 / 1.27) * (1 - 1 / 1.27) ** (k - 1),  # shifted geometric: 0.885
    ],
)
def test_distributions_with_the_mean_lie_within_the_bounds(distribution):
    # Cut at seven platforms, the mean moves below 1.27 by less than 1e-4.
    shares = {k: distribution(k) for k in range(1, 8)}
    inverse = people_from_accounts(1.0, memberships=shares, method="inverse").n_hat
    low, high = inverse_bounds(1.27, 7)
    assert low < inverse < high
    assert inverse == pytest.approx({True: 0.876, False: 0.885}[shares[2] > 0.2], abs=1e-3)


def test_inverse_bounds_are_reached():
    assert inverse_bounds(2.0, 7).low == 0.5
    assert inverse_bounds(7.0, 7) == pytest.approx((1 / 7, 1 / 7), rel=1e-15)
    assert inverse_bounds(3.0).high == 1.0
    for wrong in ((0.9, 7), (7.5, 7), (1.2, 0)):
        with pytest.raises(InputError):
            inverse_bounds(*wrong)


FRANCE = membership_bounds(
    frame_accounts=50_000, total_accounts=319_000, frame_mean=MEMBERSHIPS, n_platforms=7
)


@pytest.mark.parametrize(
    ("memberships", "report", "paper"),
    [
        (1, 305_500, 324_480),
        (1.1, 282_273, 299_527),
        (1.27, 251_181, 266_126),
        (1.5, 220_333, 232_987),
        (2, 177_750, 187_240),
        (3, 135_167, 141_493),
        (6, 92_583, None),
    ],
)
def test_identified_curve_of_the_french_study(memberships, report, paper):
    assert round(float(FRANCE.at(memberships))) == report
    if paper is not None:
        other = membership_bounds(
            frame_accounts=50_000, total_accounts=337_980, frame_mean=MEMBERSHIPS, n_platforms=7
        )
        assert round(float(other.at(memberships))) == paper


def test_identified_curve_of_monthly_visits():
    monthly = membership_bounds(
        frame_accounts=6_900, total_accounts=62_000, frame_mean=MEMBERSHIPS, n_platforms=7
    )
    expected = [60_137, 55_297, 48_819, 42_391, 33_518, 24_646]
    # Printed as whole people; 33,518.5 was rounded to even.
    np.testing.assert_allclose(monthly.at([1, 1.1, 1.27, 1.5, 2, 3]), expected, atol=0.5)


def test_ends_of_the_curve_are_named_for_what_they_are_conditional_on():
    assert round(FRANCE.lower) == 92_583
    assert FRANCE.upper_given_mean == 305_500
    assert FRANCE.free_upper == 319_000
    # Seven accounts each would need 350,000 accounts, more than there are: the 50,000 may own all of them.
    assert FRANCE.free_lower == 50_000
    text = str(FRANCE)
    for number in ("319,000", "305,500", "251,181", "177,750", "92,583"):
        assert number in text
    assert text.count("frame members are on 1.27 platforms") == 4
    assert text.count("nothing the respondents said") == 2
    frame = FRANCE.to_frame([1.0, 1.5])
    assert frame["people"].round().to_list() == [305_500, 220_333]


def test_free_lower_end_when_members_cannot_own_everything():
    bounds = membership_bounds(frame_accounts=10, total_accounts=100, frame_mean=1.5, n_platforms=3)
    # 10 members on 3 platforms own 30 accounts; the other 70 belong to people on the other two.
    assert bounds.free_lower == 10 + 70 / 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame_mean": 0.9}, "between 1 and n_platforms"),
        ({"frame_mean": 8}, "between 1 and n_platforms"),
        ({"total_accounts": 40_000}, "contains the frame"),
        ({"frame_mean": 6.9}, "more than the 319,000"),
        ({"n_platforms": 7.5}, "whole number"),
        ({"n_platforms": 1, "frame_mean": 1}, "at least 2"),
    ],
)
def test_contradictory_bounds_are_refused(changes, message):
    figures = {"frame_accounts": 50_000, "total_accounts": 319_000, "frame_mean": 1.27, "n_platforms": 7}
    with pytest.raises(InputError, match=message):
        membership_bounds(**(figures | changes))
    for wrong in (0.5, 6.5):
        with pytest.raises(InputError, match="at least 1 and at most 6"):
            FRANCE.at(wrong)
