"""Compositions: shares that sum to one, the Dirichlet by its moments, people marked, refusals."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import microestim as me
from microestim.checks.composition import MARK, compose
from microestim.errors import InputError, StudyError
from microestim.models.people import TIER_IDS
from microestim.study.compositions import REST

SHIPPED = me.load_study("fr-2018")
FRANCE = SHIPPED.without("ff-sex", "ff-age", "ff-occupation")


def study_with(**changes: Any) -> me.Study:
    """Give France with one composition more."""
    contents = FRANCE.model_dump(by_alias=True)
    item = {
        "id": "women", "type": "composition", "platforms": "foule-factory", "variable": "sex", "n": 908,
        "shares": {"women": 0.561}, "period": "2018", "basis": "published", "source": "report-2019",
        "locator": "Body",
    } | changes  # fmt: skip
    return me.Study(**contents | {"evidence": [*contents["evidence"], item]})


def stand_in(study: me.Study, *, converged: bool = True) -> Any:
    """Give what compositions need of a fit: 10,000 people in every tier, exactly."""
    people = {tier: np.full((4, 5000), 10_000.0) for tier in TIER_IDS}
    return SimpleNamespace(study=study, tiers=SimpleNamespace(people=people), converged=converged)


def test_shares_are_those_of_the_dirichlet() -> None:
    """Jeffreys' posterior of 509.4 among 908: moments of the beta distribution with parameters + 1/2."""
    found = compose(stand_in(study_with()), rng=1)
    frame = found.to_frame(level=0.9)
    women = frame.query("category == 'women' and tier == ''").iloc[0]
    a, b = 908 * 0.561 + 0.5, 908 * 0.439 + 0.5
    sd = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    # Medians of 20,000 draws: their Monte Carlo error is 1.25 sd / sqrt(20,000).
    assert women["median"] == pytest.approx(a / (a + b), abs=4 * 1.25 * sd / np.sqrt(20_000))
    assert women["ci_high"] - women["ci_low"] == pytest.approx(2 * 1.645 * sd, rel=0.05)
    shares = np.array([part.shares for part in found.parts])
    assert np.allclose(shares.sum(axis=0), 1.0)
    assert [part.category for part in found.parts] == ["women", REST]


def test_a_design_effect_widens_by_its_root() -> None:
    one = compose(stand_in(study_with()), rng=1).to_frame()
    four = compose(stand_in(study_with(weighted=True, design_effect=4.0)), rng=1).to_frame()
    widths = [(f["ci_high"] - f["ci_low"])[0] for f in (one, four)]
    # The quantiles of 20,000 draws are good for some per cent of the width.
    assert widths[1] / widths[0] == pytest.approx(2.0, rel=0.06)


def test_people_are_shares_times_the_tier_and_marked() -> None:
    found = compose(stand_in(study_with()), rng=1)
    frame = found.to_frame().query("category == 'women'").set_index("tier")
    for tier in TIER_IDS:
        assert frame.loc[tier, "median"] == pytest.approx(10_000 * frame.loc["", "median"])
        assert frame.loc[tier, "unit"] == "people"
    assert set(frame["mark"]) == {MARK}
    text = str(found.table(tier="weekly"))
    assert "unless the model extends it" in text.replace("\n", " ")
    assert "people, weekly" in text
    assert "people, weekly" not in str(found)
    # Shares do not come from the chains; people do.
    failed = compose(stand_in(study_with(), converged=False), rng=1)
    assert "NOT CONVERGED" in str(failed.table(tier="weekly"))
    assert "NOT CONVERGED" not in str(failed) + text


@pytest.mark.parametrize(
    ("changes", "categories"),
    [
        ({"shares": None, "counts": {"women": 500, "men": 408}}, {"women": 500 / 908, "men": 408 / 908}),
        ({"shares": None, "counts": {"women": 454}}, {"women": 0.5, REST: 0.5}),
        ({"shares": {"women": 0.56, "men": 0.44}}, {"women": 0.56, "men": 0.44}),
        # Printed to a per cent, three shares may sum to 0.99 or 1.01.
        ({"shares": {"a": 0.33, "b": 0.33, "c": 0.33}}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        ({"shares": {"a": 0.33, "b": 0.33, "c": 0.3}}, {"a": 0.33, "b": 0.33, "c": 0.3, REST: 0.04}),
    ],
)
def test_categories_sum_to_one(changes: dict[str, Any], categories: dict[str, float]) -> None:
    item = study_with(**changes).item("women")
    assert dict(item.categories) == pytest.approx(categories)
    assert sum(item.categories.values()) == pytest.approx(1.0)


def test_it_changes_no_model_and_is_no_evidence() -> None:
    study = study_with()
    assert "women" in me.WorkforceModel(study).design.left_out
    own, other = (me.WorkforceModel(each).design for each in (FRANCE, study))
    # Arrays in them have no single truth value.
    assert repr(own.observations) == repr(other.observations)
    with pytest.raises(StudyError, match="does not enter the joint model"):
        study_with(role="evidence")
    with pytest.raises(StudyError, match="about one platform"):
        study_with(platforms="seven")


def test_france_prints_three() -> None:
    """56.1 % women of 908; 33.4 % are 25 to 34 and 63.4 % 25 to 44 of 907; 36 % have no occupation."""
    frame = compose(stand_in(SHIPPED), rng=1).to_frame().query("tier == ''").set_index("category")
    printed = {"women": 0.561, "25 to 34": 0.334, "35 to 44": 0.300, "no occupation": 0.36}
    for category, share in printed.items():
        row = frame.loc[category]
        # The prior of Jeffreys moves a share of 900 respondents by less than a thousandth.
        assert row["median"] == pytest.approx(share, abs=0.002)
        # Beside the interval of Wald, within a twentieth of its width.
        assert row["ci_high"] - row["ci_low"] == pytest.approx(
            2 * 1.96 * np.sqrt(share * (1 - share) / 908), rel=0.05
        )


def test_refusals() -> None:
    with pytest.raises(InputError, match="no evidence of type composition"):
        compose(stand_in(FRANCE), rng=1)
    with pytest.raises(InputError, match="tier is 'daily'"):
        compose(stand_in(study_with()), rng=1).table(tier="daily")
