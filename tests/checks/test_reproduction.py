"""The published arithmetic, replayed: what follows, what does not, and by how much."""

import pytest

from microestim.checks.reproduction import compare_printed, reproduce
from microestim.errors import InputError
from microestim.study import Step, Study, load_study


def computed(study: Study) -> dict[str, float]:
    done = reproduce(study)
    return {line.id: line.computed for line in (*done.lines, *done.alternatives)}


def test_the_working_paper_is_reproduced_exactly() -> None:
    done = reproduce(load_study("fr-2018-working-paper"))
    # The three printed results are whole numbers; computed ones must round to them.
    assert {line.tier: round(line.computed) for line in done.lines if line.tier} == {
        "weekly": 14_903,
        "monthly_active": 52_337,
        "registered": 266_126,
    }
    assert {line.verdict for line in done.lines if line.printed is not None} == {"exact"}
    assert done.agrees
    assert done.verdict == "All 4 printed results follow from the study's inputs."


@pytest.mark.parametrize("name", ["fr-2018-report", "fr-2018"])
def test_the_report_does_not_follow_from_its_inputs(name: str) -> None:
    done = reproduce(load_study(name))
    values = {line.id: round(line.computed) for line in done.lines}
    assert values["captured-accounts"] == 17_864
    assert values["weekly-people"] == 14_066
    assert values["monthly-people"] == 48_819
    assert values["registered-people"] == 251_181
    verdicts = {line.id: line.verdict for line in done.lines if line.printed is not None}
    assert verdicts.pop("capture-ratio") == "exact"
    assert set(verdicts) == {"captured-accounts", "weekly-people", "monthly-people", "registered-people"}
    assert set(verdicts.values()) == {"does not follow"}
    assert not done.agrees
    assert done.line("registered-people").difference == pytest.approx(-8_818.9, abs=0.05)
    # 319,000 / 1.27 / 260,000
    assert done.line("registered-people").ratio == pytest.approx(0.96608, abs=5e-6)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("captured-accounts", "864 above (5.1%); it would take cutting down to a multiple of 1,000"),
        ("weekly-people", "934 below (6.2%); it would take rounding to the nearest 5,000"),
        ("monthly-people", "1,181 below (2.4%); it would take rounding to the nearest 5,000"),
        ("registered-people", "8,819 below (3.4%); no rounding gives it"),
    ],
)
def test_a_result_that_does_not_follow_says_by_how_much(step: str, words: str) -> None:
    done = reproduce(load_study("fr-2018-report"))
    assert words in done.line(step).detail
    assert any(words in sentence for sentence in done.sentences)
    assert words in " ".join(str(done).split())


def test_choices_that_the_study_did_not_make_are_shown_as_such() -> None:
    report = reproduce(load_study("fr-2018-report"))
    # 2,800 / 6,900 of 62,000 visitors; and the printed 17,000 carried on; each over 1.27.
    assert {line.id: round(line.computed) for line in report.alternatives} == {
        "weekly-people-by-audience": 19_811,
        "weekly-people-from-printed": 13_386,
    }
    assert {line.verdict for line in report.alternatives} == {"not in the study"}
    paper = reproduce(load_study("fr-2018-working-paper"))
    assert {line.id: round(line.computed) for line in paper.alternatives} == {
        "weekly-people-by-audience": 21_238
    }


def test_what_the_six_others_add_up_to() -> None:
    values = computed(load_study("fr-2018"))
    assert values["others-registrations-check"] == load_study("fr-2018").item("others-registrations").headline
    assert values["others-audience-check"] == load_study("fr-2018").item("others-audience").headline


def test_tier_1_of_the_paper_is_a_constant_share_of_tier_3() -> None:
    values = computed(load_study("fr-2018-working-paper"))
    # Equal but for the order of the same multiplications and divisions.
    assert values["weekly-people"] / values["registered-people"] == pytest.approx(0.056, rel=1e-14)


def test_two_waves_enter_by_their_lincoln_petersen_estimate() -> None:
    study = load_study("fr-2018-report").replacing(
        "ff-captures", estimate=None, estimator=None, error=None, n1=500, n2=500, m=89
    )
    # 500 x 500 / 89 = 2,809
    assert computed(study)["capture-ratio"] == pytest.approx(500 * 500 / 89 / 50_000, rel=1e-14)


@pytest.mark.parametrize(
    ("value", "printed", "agree", "verdict"),
    [
        (14_903.055, 14_903, "exact", "exact"),
        (14_903.5, 14_903, "exact", "does not follow"),
        (0.0564, 0.056, "exact", "exact"),
        (0.0566, 0.056, "exact", "does not follow"),
        (14_903.0, 15_000, "rounded to 1000", "after rounding"),
        (15_000.2, 15_000, "rounded to 1000", "exact"),
        (14_499.0, 15_000, "rounded to 1000", "does not follow"),
        # A half goes up, as readers round by hand, not to the even neighbour.
        (2_500.0, 3_000, "rounded to 1000", "after rounding"),
        (17_864.0, None, "exact", "not printed"),
    ],
)
def test_what_counts_as_following(value: float, printed: float | None, agree: str, verdict: str) -> None:
    inputs = {"numerator": "a", "denominator": "b"}
    step = Step(id="s", label="s", operation="ratio", inputs=inputs, printed=printed, agree=agree)
    assert compare_printed(value, step)[0] == verdict


def test_the_table_and_the_frame_hold_every_line() -> None:
    done = reproduce(load_study("fr-2018-report"))
    frame = done.to_frame()
    assert list(frame["step"]) == [line.id for line in (*done.lines, *done.alternatives)]
    computed = frame.set_index("step").loc["registered-people", "computed"]
    assert computed == pytest.approx(319_000 / 1.27, rel=1e-14)  # not rounded, but for the last bit
    for line in done.lines:
        assert line.formula in str(done)
        assert line.formula in done._repr_html_()
    assert repr(done).count("\n") == 0
    with pytest.raises(InputError, match="weekly-people"):
        done.line("weekly")


def test_a_study_without_steps_has_nothing_to_compare() -> None:
    study = load_study("fr-2018-report").without("ff-captures", "ff-memberships")
    done = reproduce(study)
    assert done.lines == ()
    assert done.verdict == "No step of the study has a printed result to compare with."
