"""A study in use: reading back what was written, looking things up, leaving things out."""

import pickle
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from microestim.errors import InputError, StudyError
from microestim.study import Study, load_study, parse_study, studies

# Any character but lone surrogates, which no UTF-8 file can hold; not blank, not the mark of a blank.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map("x{}".format)
SIZES = st.floats(0.001, 1e18, allow_nan=False)
SHARES = st.floats(0.01, 0.99)


@st.composite
def changed(draw: st.DrawFn, contents: dict[str, Any]) -> dict[str, Any]:
    """The study with every field, with its texts and numbers replaced."""
    study = {**contents, "notes": draw(st.lists(TEXTS, max_size=3)), "title": draw(TEXTS)}
    study["evidence"] = [dict(item) for item in contents["evidence"]]
    items = {item["id"]: item for item in study["evidence"]}
    for item in items.values():
        item["note"] = draw(TEXTS)
    part = draw(SIZES)
    items["alpha-registrations"]["value"] = part
    items["total-registrations"]["value"] = part * draw(st.floats(1.01, 1e6))
    items["beta-share"]["value"] = draw(SHARES)
    items["beta-share"]["error"] = {"relative": draw(SIZES), "basis": "assumption", "rationale": draw(TEXTS)}
    m = draw(st.integers(0, 10**6))
    n1, n2 = m + draw(st.integers(1, 10**12)), m + draw(st.integers(1, 10**12))
    items["two-waves"].update(n1=n1, n2=n2, m=m, draw_method=draw(TEXTS))
    histories = st.text("01", min_size=3, max_size=3).filter(lambda h: "1" in h)
    items["three-waves"]["histories"] = draw(st.dictionaries(histories, st.integers(1, 10**9), min_size=1))
    items["frequency-shares"]["shares"] = {"weekly": draw(SHARES)}
    study["steps"] = []
    return study


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_what_is_written_reads_back_the_same(contents: dict[str, Any], data: st.DataObject) -> None:
    study = Study(**data.draw(changed(contents)))
    again = parse_study(study.to_toml())
    assert again == study
    assert again.hash == study.hash
    assert again.to_toml() == study.to_toml()


@pytest.mark.parametrize("name", studies().ids)
def test_a_shipped_study_reads_back_the_same(name: str) -> None:
    study = load_study(name)
    assert parse_study(study.to_toml()) == study
    assert pickle.loads(pickle.dumps(study)) == study


def test_the_hash_is_of_the_contents_alone(text: str) -> None:
    study = parse_study(text)
    same = "# another comment\n" + text.replace("value = 40000", "value = 40_000.0")
    assert parse_study(same).hash == study.hash
    assert parse_study(text.replace("value = 40000", "value = 40001")).hash != study.hash


def test_a_study_is_frozen_all_the_way_down(text: str) -> None:
    study = parse_study(text)
    with pytest.raises(ValueError, match="frozen"):
        study.title = "other"
    counts = study.item("frequency-counts").counts
    assert counts is not None
    with pytest.raises(TypeError, match="frozen"):
        counts["weekly"] = 3
    with pytest.raises(TypeError, match="frozen"):
        counts.update(weekly=3)
    assert hash(study) == hash(parse_study(text))


def test_platforms_are_resolved_in_the_order_of_the_file(text: str) -> None:
    study = parse_study(text)
    assert study.resolve("gamma") == ("gamma",)
    assert study.resolve(["beta", "alpha"]) == ("alpha", "beta")
    assert study.resolve("open") == ("alpha", "beta")
    for word in ("any", "population", "opne"):
        with pytest.raises(InputError, match=r"no platform or platform set"):
            study.resolve(word)


def test_a_platform_closed_to_residents_is_not_observed(text: str) -> None:
    everything = text.replace('observed = "open"', 'observed = ["alpha", "beta", "gamma"]')
    assert parse_study(everything).observed_platforms == ("alpha", "beta")
    with pytest.raises(StudyError, match="none of the observed platforms takes residents"):
        parse_study(text.replace('observed = "open"', 'observed = "gamma"'))


def test_captures_are_brought_to_one_form(text: str) -> None:
    study = parse_study(text)
    two, three, bands, size = (
        study.item(name) for name in ("two-waves", "three-waves", "waves-by-frequency", "size-only")
    )
    assert (two.two_sample, two.occasions, two.n_observed) == ((300, 280, 40), 2, 540)
    assert two.counts_by_history == {"10": 260, "01": 240, "11": 40}
    assert (three.two_sample, three.occasions, three.n_observed) == (None, 3, 146)
    assert (bands.two_sample, bands.n_observed) == ((38, 28, 8), 58)
    assert (size.two_sample, size.occasions, size.n_observed, size.headline) == (None, None, None, 2100)


def test_memberships_are_brought_to_one_form(text: str) -> None:
    study = parse_study(text)
    counts, mean, bands = (study.item(f"memberships-{name}") for name in ("counts", "mean", "by-frequency"))
    assert counts.counts_by_number == {1: 400, 2: 140}
    assert counts.headline == pytest.approx(680 / 540, rel=1e-15)  # one division in each
    assert (mean.counts_by_number, mean.headline, mean.n_respondents) == (None, 2.5, 90)
    assert (bands.counts_by_number, bands.n_respondents) == ({1: 180, 2: 60}, 240)


def test_leaving_evidence_out_leaves_nothing_dangling(text: str) -> None:
    study = parse_study(text)
    less = study.without("alpha-registrations")
    assert "alpha-registrations" not in [e.id for e in less.evidence]
    assert less.item("total-registrations").contains == ()
    # 'rest' used it, and 'whole', 'spread', 'used' and 'people' used 'rest'.
    assert [s.id for s in less.steps] == []
    assert [s.id for s in study.without("never-used").steps] == [
        "part-of-accounts",
        "rest",
        "whole",
        "spread",
        "people",
    ]
    assert study.without() == study
    with pytest.raises(InputError, match="alpha-registrations"):
        study.without("alpha-registration")


def test_replacing_a_field_checks_the_study_again() -> None:
    study = load_study("fr-2018")
    other = study.replacing("ff-frequency", frequency_scope="this platform")
    assert other.item("ff-frequency").frequency_scope == "this platform"
    assert other.hash != study.hash
    with pytest.raises(StudyError, match="allowed words"):
        study.replacing("ff-frequency", frequency_scope="some platform")


@pytest.mark.parametrize("look_up", ["platform", "source", "tier", "item"])
def test_looking_up_what_is_not_there_lists_what_is(text: str, look_up: str) -> None:
    study = parse_study(text)
    there = {"platform": "alpha", "source": "book", "tier": "weekly", "item": "hours"}[look_up]
    assert getattr(study, look_up)(there).id == there
    with pytest.raises(InputError, match=there):
        getattr(study, look_up)(there + "x")


def test_evidence_of_a_type_can_be_limited_to_a_role() -> None:
    study = load_study("fr-2018")
    assert [e.id for e in study.of_type("audience", role="evidence")] == ["ff-audience", "others-audience"]
    assert "total-audience" in [e.id for e in study.of_type("audience")]
    with pytest.raises(InputError, match="audience"):
        study.of_type("audiences")


def test_evidence_is_shown_with_its_basis_and_every_assumption_with_its_reason() -> None:
    study = load_study("fr-2018")
    frame = study.evidence_frame().set_index("id")
    assert list(frame.index) == [e.id for e in study.evidence]
    assert frame.loc["others-registrations", "basis"] == "derived"
    assert "319,000 - 50,000" in frame.loc["others-registrations", "explanation"]
    printed = " ".join(str(study).split())
    assert "error 9% (assumption)" in printed
    assert "A reconstruction, not data." in printed
    page = study._repr_html_()
    assert "A reconstruction, not data." in page
    assert "O&#x27;Farrell" in page  # text is escaped
