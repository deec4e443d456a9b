"""Worlds shaped like a study: the shape is the study's, the truth is counted, and seeds fix both."""

from typing import Any

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.simulate.worlds import shaped
from microestim.simulate.worlds.shape import Shape
from microestim.simulate.worlds.shaped_items import Impossible, digits_of, figure_numbers, rounded_like

ABOUT: dict[str, Any] = {"period": "2022", "basis": "published", "source": "s", "locator": "p. 1"}


def small_study(**changes: object) -> me.Study:
    """Three platforms, one of them observed by a survey, with evidence in every form that is not France's."""
    platform = {"class": "online micro-tasks", "layer": "two-sided", "residents_only": True}
    three = ["a", "b", "c"]
    evidence: list[dict[str, Any]] = [
        {"id": "a-accounts", "type": "registrations", "platforms": "a", "value": 9000, "reach": "resident"},
        {"id": "b-accounts", "type": "registrations", "platforms": "b", "value": 150000, "reach": "worldwide"}
        | {"error": {"relative": 0.2, "basis": "assumption", "rationale": "a guess"}},
        {"id": "b-share", "type": "country_share", "platforms": "b", "value": 0.05},
        {"id": "all-visitors", "type": "audience", "platforms": three, "value": 6200, "reach": "resident"}
        | {"page_scope": "work pages", "vendor": "V", "contains": ["a-visitors"]},
        {"id": "a-visitors", "type": "audience", "platforms": "a", "value": 2100, "reach": "resident"}
        | {"page_scope": "work pages", "vendor": "V"},
        {"id": "c-visitors", "type": "audience", "platforms": "c", "value": 0, "reach": "resident"}
        | {"page_scope": "whole site", "vendor": "W"},
        {"id": "waves", "type": "captures", "platforms": "a"}
        | {"histories": {"100": 60, "010": 55, "001": 50, "110": 9, "011": 8, "101": 7, "111": 3}},
        {"id": "often", "type": "activity", "platforms": "a", "frequency_scope": "this platform"}
        | {"question": "How often?", "n": 120, "counts": {"weekly": 70, "monthly": 30, "less": 20}},
        {"id": "on-all", "type": "memberships", "platforms": three, "frame": "a", "kind": "registered"}
        | {"by_frequency": {"weekly": {"1": 40, "2": 30}, "less": {"1": 20}}},
        {"id": "on-all-month", "type": "memberships", "platforms": three, "frame": "a", "kind": "worked"}
        | {"window": "month", "mean": 1.3, "sd": 0.5, "n": 100},
        {"id": "people", "type": "memberships", "platforms": three, "frame": "population"}
        | {"kind": "registered", "counts": {"1": 40, "2": 9}},
        {"id": "unused", "type": "never_used", "platforms": "a", "value": 0.4, "n": 200},
        {"id": "pay", "type": "income", "platforms": "a", "value": 20.0, "unit": "EUR/month"},
    ]
    contents: dict[str, Any] = {
        "id": "small", "title": "Small", "country": "XX", "country_name": "X", "language": "en",
        "period": "2022", "summary": "A test.", "observed": three,
        "sources": [{"id": "s", "authors": ["A"], "title": "T", "year": 2022}],
        "platforms": [
            {"id": name, "name": name.upper(), **platform, "residents_only": name == "a"}
            for name in (*three, "unseen")
        ],
        "evidence": [ABOUT | item for item in evidence],
    }  # fmt: skip
    return me.Study(**contents | changes)


@pytest.fixture(scope="module")
def study() -> me.Study:
    """Give the small study."""
    return small_study()


@pytest.fixture(scope="module")
def worlds(study: me.Study) -> list[me.simulate.ShapedWorld]:
    """Give some of its worlds."""
    return [me.simulate.shaped_world(study, rng=[1, seed]) for seed in range(6)]


def test_every_piece_of_evidence_has_the_form_of_the_study(
    study: me.Study, worlds: list[me.simulate.ShapedWorld]
) -> None:
    numbers = {"value", "histories", "counts", "by_frequency", "mean", "sd", "note"}
    for world in worlds:
        assert [item.id for item in world.study.evidence] == [
            item.id for item in study.evidence if item.type != "income"
        ]
        for item in world.study.evidence:
            mine, theirs = item.model_dump(), study.item(item.id).model_dump()
            assert {key for key in mine if mine[key] != theirs[key]} <= numbers
            assert {key for key in mine if mine[key] is None} - {"note"} == {
                key for key in theirs if theirs[key] is None
            } - {"note"}
        assert world.study.item("often").n == sum(world.study.item("often").counts.values()) == 120
        assert world.study.item("people").n_respondents == 49
        assert world.study.item("c-visitors").value == 0
        # At least half of the answers of each wave of the study.
        for wave, had in enumerate((79, 75, 68)):
            answers = sum(n for word, n in world.study.item("waves").histories.items() if word[wave] == "1")
            assert 2 * answers >= had


def test_the_model_of_a_world_is_that_of_the_study(
    study: me.Study, worlds: list[me.simulate.ShapedWorld]
) -> None:
    own = me.WorkforceModel(study).design
    for world in worlds:
        design = me.WorkforceModel(world.study).design
        assert design.parameters == own.parameters
        assert design.rows == own.rows
        assert [type(each) for each in design.observations] == [type(each) for each in own.observations]


def test_declared_totals_are_about_those_of_the_study(worlds: list[me.simulate.ShapedWorld]) -> None:
    """In residents: 9,000 + 5 % of 150,000. Rounding to one digit and a spread of factors are between."""
    totals = [
        world.study.item("a-accounts").value
        + world.study.item("b-accounts").value * world.study.item("b-share").value
        for world in worlds
    ]
    assert np.exp(np.mean(np.log(totals))) == pytest.approx(16_500, rel=0.5)


def test_truths_nest_and_are_those_of_the_observed(worlds: list[me.simulate.ShapedWorld]) -> None:
    for world in worlds:
        seen, everywhere = world.truths(), world.truths(scope="all")
        assert seen["weekly"] <= seen["monthly"] <= seen["registered"]
        assert all(0 < seen[tier] <= everywhere[tier] for tier in seen)
        # One platform is listed and not observed: by hand, people with an account on one of the first three.
        kept = world.accounts.registered & (world.accounts.platform < 3)
        assert seen["registered"] == len(np.unique(world.accounts.person[kept]))
        assert everywhere["registered"] == len(np.unique(world.accounts.person[world.accounts.registered]))
    with pytest.raises(InputError, match="scope is 'none'"):
        worlds[0].truths(scope="none")


def test_a_seed_fixes_a_world(study: me.Study, worlds: list[me.simulate.ShapedWorld]) -> None:
    again = me.simulate.shaped_world(study, rng=[1, 2])
    assert again.study.hash == worlds[2].study.hash
    assert again.truths() == worlds[2].truths()
    assert len({world.study.hash for world in worlds}) == len(worlds)


def test_knobs_that_the_study_does_not_fix_differ(worlds: list[me.simulate.ShapedWorld]) -> None:
    for knob in ("activity_spread", "overstatement", "vendor_bias", "extra_memberships", "recall_noise"):
        assert len({getattr(world.knobs, knob) for world in worlds}) == len(worlds)
    assert {world.knobs.n_platforms for world in worlds} == {4}


@pytest.mark.parametrize(
    ("printed", "digits"), [(50_000, 1), (269_000, 3), (1.27, 3), (0.05, 1), (0.153, 3), (100, 1), (3.0, 1)]
)
def test_digits_that_a_number_shows(printed: float, digits: int) -> None:
    assert digits_of(printed) == digits
    found = rounded_like(0.123456789 * 10**6, printed)
    assert found == pytest.approx(float(f"{123456.789:.{digits - 1}e}"))


def test_shapes_that_worlds_cannot_have_are_refused(study: me.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="survey on several platforms at once"):
        Shape(study.replacing("on-all", frame=["a", "b"]))
    nothing = [item.id for item in study.evidence if item.type in ("registrations", "audience", "captures")]
    with pytest.raises(InputError, match="nothing says how large"):
        me.simulate.shaped_world(study.without(*nothing))
    monkeypatch.setattr(shaped, "MOST_PEOPLE", 1_000)
    with pytest.raises(InputError, match=r"none of 60 worlds .* more than 1,000 people \(\d+ times\)"):
        me.simulate.shaped_world(study, rng=1)


@pytest.mark.parametrize("kind", ["audience", "captures"])
def test_without_registrations_the_size_is_that_of_what_else_there_is(kind: str, study: me.Study) -> None:
    gone = {"registrations", "country_share"} | ({"audience"} if kind == "captures" else set())
    less = study.without(*[item.id for item in study.evidence if item.type in gone])
    assert Shape(less).size(0.03)[0] == kind
    world = me.simulate.shaped_world(less, rng=2)
    if kind == "audience":
        assert 6200 / 3 < world.study.item("all-visitors").value < 6200 * 3
    assert world.truths()["registered"] > 100


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"value": None, "between": (4000, 9000), "vendor": "another"}, "is a range of visitors"),
        ({"period": "2017-06"}, "is one of several audience periods"),
    ],
)
def test_evidence_that_no_world_draws_is_refused(study: me.Study, extra: dict[str, Any], reason: str) -> None:
    item = study.item("a-visitors").model_copy(update={"id": "extra", "vendor": "V"} | extra)
    more = study.model_copy(update={"evidence": (*study.evidence, item)})
    with pytest.raises(InputError, match=rf"'extra' {reason}.*shown only"):
        Shape(more)


def test_a_register_of_another_time_is_refused(
    study: me.Study,
) -> None:
    one = next(item for item in study.evidence if item.type == "registrations")
    year = int(study.period[:4])
    with pytest.raises(InputError, match=rf"{one.id!r} is a declared number of {year - 3}, outside"):
        Shape(study.replacing(one.id, period=str(year - 3)))
    Shape(study.replacing(one.id, period=f"{year}-02"))


def test_a_zero_below_a_threshold_is_true_of_the_world(study: me.Study) -> None:
    low = study.replacing("c-visitors", threshold=400.0)
    numbers = Shape(low)
    c = numbers.index["c"]
    item = low.item("c-visitors")
    assert figure_numbers(item, {c: 399.0}, [c]) == {}
    with pytest.raises(Impossible, match="above a threshold"):
        figure_numbers(item, {c: 400.0}, [c])
    # Without a threshold a service's 0 says nothing, whatever the world has.
    assert figure_numbers(study.item("c-visitors"), {c: 400.0}, [c]) == {}
    world = me.simulate.shaped_world(low, rng=3)
    assert world.study.item("c-visitors").limits == (None, 400.0)
