"""Calibration of a study: rows for every world, runs that resume, the shared compiled function."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.simulate.calibration import density_fingerprint
from microestim.simulate.worlds.shaped import ShapedWorld
from microestim.workforce import calibration
from microestim.workforce.study_calibration import ARITHMETIC, MODEL, StudyCalibration

STUDY = me.load_study("fr-2018")
TRUTH = {"registered": 1000, "monthly_active": 400, "monthly": 300, "weekly": 100}


class World:
    """A stand-in for a drawn world: the study itself, and made-up truths."""

    def __init__(self, study: me.Study) -> None:
        self.study, self.redrawn = study, {"nobody was seen again": 2}

    def truths(self) -> dict[str, int]:
        return TRUTH


class Convergence:
    """What a fit says of its chains."""

    faults = ("R-hat of weekly is 1.2",)


class Fit:
    """A stand-in for a posterior: draws around the truth, and a fault where it is asked for."""

    convergence = Convergence()

    def __init__(self, converged: bool) -> None:
        self.converged = converged

    def draws(self, tier: str) -> np.ndarray:
        return TRUTH[tier] * np.exp(0.1 * np.random.default_rng(1).standard_normal((2, 300)))


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replace worlds and fits: world 1 is refused, world 2 does not converge, world 3 cannot be drawn."""
    drawn: list[int] = []

    def shaped_world(study: me.Study, *, rng: list[int]) -> World:
        drawn.append(rng[1])
        if rng[1] == 3:
            raise InputError("none of 60 worlds")
        return World(study)

    def fit(self: me.WorkforceModel, **options: Any) -> Fit:
        if drawn[-1] == 1:
            raise me.errors.StudyError("too little evidence")
        return Fit(drawn[-1] != 2)

    monkeypatch.setattr(calibration, "shaped_world", shaped_world)
    monkeypatch.setattr(calibration, "_compiled", lambda study, priors: me.WorkforceModel(study))
    monkeypatch.setattr(me.WorkforceModel, "fit", fit)
    return drawn


def test_every_world_is_a_row_and_is_counted(stand_ins: list[int]) -> None:
    found = me.calibrate(STUDY, worlds=4, rng=5)
    assert [row["world"] for row in found.rows] == [0, 1, 2, 3]
    assert set(found.refused) == {1, 3}
    assert "too little evidence" in found.refused[1]
    assert "no world could be drawn" in found.refused[3]
    assert found.not_converged == (2,)
    assert found.redrawn == {"nobody was seen again": 6}
    # The fit that did not converge is in the table, the refused ones are not.
    assert found.summary("weekly")["worlds"] == 2
    assert found.summary("weekly", method=ARITHMETIC)["worlds"] == 3
    text = str(found)
    for words in (
        "4 worlds shaped like fr-2018",
        "Not converged: 1 of 2 fits",
        "too little evidence",
        "Fewer than 100 worlds",
    ):
        assert words in text


def test_scores_are_those_of_the_draws(stand_ins: list[int]) -> None:
    found = me.calibrate(STUDY, worlds=1, rng=5)
    exact = me.simulate.score_draws(Fit(True).draws("weekly"), 100)
    assert found.scores("weekly") == [exact]
    summary = found.summary("weekly")
    assert summary["log_crps"] == exact["log_crps"]
    assert summary["levels"][0]["factor"] == pytest.approx(math.exp(exact["intervals"][0]["log_width"]))
    theirs = found.scores("weekly", method=ARITHMETIC)[0]
    assert found.ratio("weekly", level=0.8) == pytest.approx(
        theirs["intervals"][1]["log_score"] / exact["intervals"][1]["log_score"]
    )
    frame = found.to_frame()
    assert len(frame) == 4 * 2 * 4
    row = frame.query("tier == 'weekly' and method == @MODEL and level == 0.9").iloc[0]
    assert (row["covered"], row["worlds"]) == (1, 1)
    # One of one: the exact lower limit is 0.025.
    assert row["coverage_low"] == pytest.approx(0.025)
    assert frame.query("method == @ARITHMETIC")["ratio"].isna().all()


def test_an_interrupted_run_resumes(stand_ins: list[int], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    me.calibrate(STUDY, worlds=2, rng=5, output=folder)
    with pytest.raises(InputError, match="exists; go on with resume=True"):
        me.calibrate(STUDY, worlds=4, rng=5, output=folder)
    whole = me.calibrate(STUDY, worlds=4, rng=5, output=folder, resume=True)
    assert stand_ins == [0, 1, 2, 3]
    kept = StudyCalibration.from_json((folder / "calibration.json").read_text(encoding="utf-8"))
    assert kept.table() == whole.table()
    assert (folder / "calibration.csv").read_text(encoding="utf-8").count("\n") == 1 + 4 * 2 * 4
    assert (folder / "calibration.png").stat().st_size > 10_000
    # Fewer worlds are the first of them.
    assert len(me.calibrate(STUDY, worlds=2, rng=5, output=folder, resume=True).rows) == 2
    assert len(stand_ins) == 4
    # And the file loses none.
    kept = StudyCalibration.from_json((folder / "calibration.json").read_text(encoding="utf-8"))
    assert len(kept.rows) == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rng": 6}, "its seed differ"),
        ({"draws": 500}, "its draws differ"),
        (
            {"priors": {"inflation": {"median": 0.5, "spread": 0.3, "rationale": "a test"}}},
            "fingerprint, priors differ",
        ),
        ({"study": STUDY.without("ff-audience")}, "study_hash"),
    ],
)
def test_another_calibration_is_not_gone_on_with(
    stand_ins: list[int], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    me.calibrate(STUDY, worlds=1, rng=5, output=tmp_path)
    given = {"worlds": 2, "rng": 5, "output": tmp_path, "resume": True} | changes
    with pytest.raises(InputError, match=words):
        me.calibrate(given.pop("study", STUDY), **given)
    assert stand_ins == [0]


def test_another_model_does_not_go_on(
    stand_ins: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me.calibrate(STUDY, worlds=1, rng=5, output=tmp_path)
    monkeypatch.setattr(calibration, "density_fingerprint", lambda design, priors: "changed")
    with pytest.raises(InputError, match="its fingerprint differ"):
        me.calibrate(STUDY, worlds=2, rng=5, output=tmp_path, resume=True)


def test_calibration_of_france_in_the_tree_is_of_this_model() -> None:
    """`microestim calibrate fr-2018 --worlds 200 --jobs 2` writes it anew."""
    path = Path(__file__).parents[2] / "docs" / "_data" / "fr_2018_calibration.json"
    written = StudyCalibration.from_json(path.read_text(encoding="utf-8"))
    model = me.WorkforceModel(STUDY)
    assert written.settings["study_hash"] == STUDY.hash
    assert written.settings["fingerprint"] == density_fingerprint(model.design, model.priors)
    assert [row["world"] for row in written.rows] == list(range(200))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"worlds": 0}, "worlds is 0"),
        ({"worlds": 2.5}, r"worlds is 2\.5"),
        ({"jobs": 0}, "jobs is 0"),
        ({"resume": True}, "resume needs output"),
        ({"chains": 1}, "chains is 1"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_bad_input_is_refused_before_a_world_is_drawn(
    stand_ins: list[int], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        me.calibrate(STUDY, **options)
    assert stand_ins == []


def test_bad_documents_and_words_are_refused(stand_ins: list[int]) -> None:
    for text in ("no JSON", "{}", json.dumps({"study": "a"})):
        with pytest.raises(InputError, match="no calibration of a study"):
            StudyCalibration.from_json(text)
    found = me.calibrate(STUDY, worlds=1, rng=5)
    with pytest.raises(InputError, match="tier is 'daily'"):
        found.scores("daily")
    with pytest.raises(InputError, match="method is 'guess'"):
        found.summary("weekly", method="guess")
    with pytest.raises(InputError, match=r"level is 0\.7"):
        found.ratio("weekly", level=0.7)


def test_the_first_world_that_cannot_be_drawn_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(study: me.Study, *, rng: list[int]) -> ShapedWorld:
        raise InputError("none of 60 worlds")

    monkeypatch.setattr(calibration, "shaped_world", never)
    with pytest.raises(InputError, match="none of 60"):
        me.calibrate(STUDY, worlds=3, rng=1)


@pytest.mark.slow
def test_two_worlds_end_to_end() -> None:
    """Two real worlds, fitted by the function that was compiled for the study."""
    found = me.calibrate(STUDY, worlds=2, rng=1)
    assert all(row["compiled"] for row in found.rows)
    assert found.summary("weekly", method=MODEL)["worlds"] == 2
