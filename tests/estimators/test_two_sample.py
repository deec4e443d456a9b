import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.two_samples import bailey, chapman, lincoln_petersen
from reference_rows import reference_rows

ESTIMATORS = {"Petersen": lincoln_petersen, "Chapman": chapman, "Bailey": bailey}


def fsa_rows():
    return reference_rows("two_sample_fsa.csv")


@st.composite
def counts(draw, least_m=0):
    n1, n2 = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    top = min(n1, n2)
    return n1, n2, draw(st.integers(min(least_m, top), top))


@pytest.mark.parametrize("row", fsa_rows(), ids=lambda r: f"{r['estimator']}-{r['n1']}-{r['n2']}-{r['m']}")
def test_estimate_and_error_equal_those_of_fsa(row):
    estimate = ESTIMATORS[row["estimator"]](int(row["n1"]), int(row["n2"]), int(row["m"]))
    # FSA printed six to eight decimals; half a unit of the last is below 1e-6 of the value.
    assert estimate.n_hat == pytest.approx(float(row["estimate"]), rel=1e-6)
    assert estimate.se == pytest.approx(float(row["se"]), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("level", [0.95, 0.90])
@pytest.mark.parametrize(
    "row", [r for r in fsa_rows() if r["low_95"]], ids=lambda r: f"{r['estimator']}-{r['n1']}-{r['m']}"
)
@pytest.mark.filterwarnings("ignore::microestim.errors.SmallRecaptureWarning")
def test_wald_limits_are_fsas_normal_limits_raised_to_the_number_seen(row, level):
    estimate = ESTIMATORS[row["estimator"]](int(row["n1"]), int(row["n2"]), int(row["m"]))
    interval = estimate.interval(level, "wald")
    limits = [float(row[f"{end}_{100 * level:.0f}"]) for end in ("low", "high")]
    # As above: the precision to which FSA printed.
    assert tuple(interval[:2]) == pytest.approx([max(x, estimate.n_observed) for x in limits], rel=1e-6)
    assert interval.floor_applied == (min(limits) < estimate.n_observed)


@pytest.mark.parametrize(
    ("estimator", "counts", "printed"),
    [
        (lincoln_petersen, (948, 421, 167), 2390),  # Krebs 1989, box 2.1
        (chapman, (948, 421, 167), 2383),  # Krebs 1989, box 2.1
        (chapman, (109, 177, 57), 337),  # Ricker 1975
        (chapman, (421, 332, 88), 1578),  # Pine et al. 2013, box 11.2
        (chapman, (500, 149, 7), 9393),  # Seber 2002, table 3.7; the book drops the fraction of 9,393.75
        (chapman, (1000, 243, 21), 11101),  # Seber 2002
        (lincoln_petersen, (400, 400, 40), 4000),  # Cannon & Roe 1982
    ],
)
def test_textbook_estimates(estimator, counts, printed):
    # Printed without decimals, and by some books cut off instead of rounded.
    assert estimator(*counts).n_hat == pytest.approx(printed, abs=1.0)


@pytest.mark.parametrize(
    ("counts", "product"), [((2812, 2828, 593), 13410.35), ((2877, 2889, 677), 12277.18)]
)
def test_pairs_of_difallah_filatova_and_ipeirotis(counts, product):
    # Computed from the published counts to two decimals.
    assert lincoln_petersen(*counts).n_hat == pytest.approx(product, abs=0.005)


def test_no_recapture_has_an_explained_error_and_a_bound():
    with pytest.raises(NotEstimableError, match="m = 0") as caught:
        lincoln_petersen(50, 40, 0)
    bound = int(caught.value.bound)

    def chance_of_none(size):
        return math.comb(size - 50, 40) / math.comb(size, 40)

    assert chance_of_none(bound) >= 0.05 > chance_of_none(bound - 1)
    assert chapman(50, 40, 0).n_hat == 51 * 41 - 1
    assert bailey(50, 40, 0).n_hat == 50 * 41


def test_arrays_broadcast_and_carry_a_status_for_each_row():
    estimate = lincoln_petersen(500, [500, 40], [[89, 4], [0, 0]])
    assert estimate.n_hat.shape == estimate.se.shape == estimate.n_observed.shape == (2, 2)
    assert estimate.status.tolist() == [["estimated"] * 2, ["not estimable"] * 2]
    assert np.isnan(estimate.n_hat[1]).all()
    assert estimate.reason[1, 0] == "nobody was in both samples (m = 0)"
    assert estimate.n_hat[0, 1] == lincoln_petersen(500, 40, 4).n_hat
    interval = estimate.interval()
    assert tuple(x[0, 1] for x in interval[:2]) == lincoln_petersen(500, 40, 4).interval()[:2]
    frame = estimate.to_frame()
    assert frame["status"].to_list() == ["estimated"] * 2 + ["not estimable"] * 2


def test_an_estimate_below_what_was_seen_is_returned_and_flagged():
    estimate = bailey(45, 60, 45)
    assert estimate.n_hat == pytest.approx(45 * 61 / 46, rel=1e-15)  # one division apart
    assert estimate.n_hat < estimate.n_observed
    assert "below the number seen" in estimate.reason
    assert "below the number seen" in str(estimate)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((10, 12, 11), "m is 11 with n1 = 10 and n2 = 12"),
        ((10, 12, -1), "m is -1"),
        ((10, 12.5, 3), "n2 is 12.5"),
        ((0, 12, 0), "cannot be empty"),
        ((10, float("nan"), 3), "n2 is nan"),
        (("ten", 12, 3), "n1 is 'ten'"),
        ((True, 12, 1), "n1 is True"),
        (([1, 2], [1, 2, 3], 1), "cannot be broadcast"),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS.values())
def test_impossible_counts_are_refused_with_name_and_value(estimator, counts, message):
    with pytest.raises(InputError, match=message):
        estimator(*counts)


@given(counts(least_m=1))
def test_lincoln_petersen_and_chapman_do_not_care_which_sample_came_first(triple):
    n1, n2, m = triple
    assert lincoln_petersen(n1, n2, m).n_hat == lincoln_petersen(n2, n1, m).n_hat
    assert chapman(n1, n2, m).n_hat == chapman(n2, n1, m).n_hat
    # The products in Chapman's variance are rounded in another order.
    assert chapman(n1, n2, m).se == pytest.approx(chapman(n2, n1, m).se, rel=1e-14)


@given(counts(least_m=2))
@settings(max_examples=40, deadline=None)
def test_more_recaptures_mean_fewer_people(triple):
    n1, n2, m = triple
    for estimator in ESTIMATORS.values():
        fewer = estimator(n1, n2, max(m - 1, 1))
        assert estimator(n1, n2, m).n_hat <= fewer.n_hat
    # The transformed logit is left out: its upper limit rises again when a whole sample is recaptured.
    for method in ("profile", "waring"):
        more, less = (
            chapman(n1, n2, m).interval(method=method),
            chapman(n1, n2, max(m - 1, 1)).interval(method=method),
        )
        # The profile limits are solved for; 1e-9 is far above their error.
        assert more.high <= less.high * (1 + 1e-9)
