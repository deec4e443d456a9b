import pytest

from microestim.errors import InputError
from microestim.estimators.two_samples import chapman, lincoln_petersen, two_sample_posterior
from microestim.results import Estimate, compare


def test_same_estimand_is_comparable_whatever_the_method():
    estimates = [f(500, 500, 89) for f in (lincoln_petersen, chapman, two_sample_posterior)]
    frame = compare(estimates).to_frame()
    assert frame["comparable"].all()
    assert frame["estimate"].to_list() == [float(estimate.n_hat) for estimate in estimates]
    assert frame["label"].to_list() == ["Lincoln-Petersen", "Chapman", "exact posterior, prior 1/N"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"unit": "accounts"}, "unit"),
        ({"scope": "23 platforms"}, "scope"),
        ({"period": "2019"}, "period"),
        ({"tier": "monthly"}, "tier"),
        ({"window": "1 week"}, "window"),
        ({"threshold": 2.0}, "threshold"),
        ({"platform": "Appen"}, "platform"),
    ],
)
def test_each_part_of_the_estimand_is_flagged(changed, field):
    first = chapman(500, 500, 89).about(
        scope="7 platforms", period="2018", tier="weekly", window="1 month", threshold=1.0, platform="FF"
    )
    comparison = compare({"a": first, "b": first.about(**changed), "c": first})
    frame = comparison.to_frame()
    assert frame["comparable"].to_list() == [True, False, True]
    assert frame["differs_in"][1].startswith(f"{field} (")
    assert field in str(comparison)


def test_what_one_states_and_the_other_leaves_open_is_flagged():
    known = chapman(500, 500, 89)
    frame = compare([known, known.about(scope="7 platforms")]).to_frame()
    assert frame["differs_in"].to_list() == ["", "scope (7 platforms, not left open)"]


def test_estimates_without_interval_stand_beside_those_with_one():
    text = str(compare([chapman(500, 500, 89), Estimate(n_hat=2800.0, method="printed")]))
    assert "2,390 to 3,360" in text
    assert "2,800" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [([], "nothing to compare"), ([3.0], "no to_frame"), (chapman(500, 500, 89), "takes a list")],
)
def test_what_cannot_be_compared_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        compare(given)
