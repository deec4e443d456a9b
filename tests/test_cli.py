"""The command line: what it prints where, what it exits with, and that wrong input writes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import microestim as me
from microestim.cli import main

FRANCE = me.load_study("fr-2018").to_toml()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def sampled(
    monkeypatch: pytest.MonkeyPatch, converged_prior_fit: me.WorkforceFit, other_reading: me.WorkforceFit
) -> list[dict[str, Any]]:
    """Replace sampling by draws of the prior, and record how it was asked for."""
    calls: list[dict[str, Any]] = []

    def fit(self: me.WorkforceModel, **options: Any) -> me.WorkforceFit:
        calls.append({"priors": self.priors | self.wider_priors, **options})
        return {each.reading: each for each in (converged_prior_fit, other_reading)}[options["reading"]]

    monkeypatch.setattr(me.WorkforceModel, "fit", fit)
    return calls


def test_run_prints_the_table_and_writes_the_files(
    folder: Path, sampled: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "fr-2018"]) == 0
    out, err = capsys.readouterr()
    # Not a terminal: no progress.
    assert err == ""
    for words in (
        "95% credible interval",
        "environ 50 000",
        "people on all platforms",
        "read as about any platform",
        "read as about this platform",
        "The assumption that matters most: ",
        "passed   convergence",
        "Seed 1, 4 chains of 400 draws",
        "fr-2018/report.html",
    ):
        assert words in out
    assert "NOT CONVERGED" not in out
    assert [call["reading"] for call in sampled] == ["any platform", "this platform"]
    written = files_in(folder)
    assert {"fr-2018/report.html", "fr-2018/estimates.csv", "fr-2018/posterior.nc"} <= set(written)
    assert any(name.startswith("fr-2018/figures/") and name.endswith(".png") for name in written)


def test_run_passes_every_option_on(folder: Path, sampled: list[dict[str, Any]]) -> None:
    (folder / "priors.toml").write_text('[departure]\nspread = 0.2\nrationale = "a second survey"\n')
    options = ["--out", "results", "--rng", "7", "--draws", "250", "--priors", "priors.toml"]
    assert main(["run", "fr-2018", *options]) == 0
    assert sampled[0]["rng"] == sampled[1]["rng"] == 7
    assert sampled[0]["draws"] == sampled[1]["draws"] == 250
    assert sampled[0]["priors"]["departure"].spread == pytest.approx(0.2)

    assert (folder / "results" / "report.html").is_file()
    assert not (folder / "fr-2018").exists()


def test_a_prior_that_only_all_platforms_rest_on_can_be_replaced(
    folder: Path, sampled: list[dict[str, Any]]
) -> None:
    (folder / "priors.toml").write_text('[class_likeness]\nspread = 0.1\nrationale = "alike"\n')
    assert main(["run", "fr-2018", "--priors", "priors.toml"]) == 0
    assert sampled[0]["priors"]["class_likeness"].spread == pytest.approx(0.1)


def test_refits_are_asked_for(
    folder: Path, sampled: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    plain = me.WorkforceFit.check

    def check(self: me.WorkforceFit, *, refits: bool = False, progress: bool = False) -> Any:
        asked.append(refits)
        return plain(self)

    monkeypatch.setattr(me.WorkforceFit, "check", check)
    assert main(["run", "fr-2018"]) == 0
    assert not any(asked)
    assert main(["run", "fr-2018", "--refits"]) == 0
    assert sum(asked) == 1


def test_json_is_all_that_stdout_holds(
    folder: Path,
    sampled: list[dict[str, Any]],
    converged_prior_fit: me.WorkforceFit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "fr-2018", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["converged"] is True
    assert len(document["fits"]) == 2
    rows = pd.DataFrame(document["fits"][0]["estimates"])
    expected = converged_prior_fit.tiers.to_frame()
    # Text of a double holds all its digits.
    assert list(rows["estimate"][: len(expected)]) == list(expected["estimate"])
    wider = converged_prior_fit.tiers.over("all")
    total = rows[
        rows["scope"].str.startswith("all") & (rows["unit"] == "people") & (rows["tier"] == "weekly")
    ]
    assert total["estimate"].iloc[0] == np.median(wider.draws("weekly"))
    assert set(rows["platform"]) == {"", *wider.platforms}
    assert not rows.duplicated(["tier", "platform", "estimand", "unit", "scope"]).any()
    assert all((folder / path).is_file() for path in document["files"].values())
    assert document["versions"]["nutpie"]


def test_a_fit_that_did_not_converge_exits_3_and_says_so(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    prior_fit: me.WorkforceFit,
    other_reading: me.WorkforceFit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not prior_fit.converged
    fits = iter([prior_fit, other_reading])
    monkeypatch.setattr(me.WorkforceModel, "fit", lambda self, **options: next(fits))
    assert main(["run", "fr-2018"]) == 3
    out = capsys.readouterr().out
    assert "France 2018, the library's own reading - NOT CONVERGED" in out
    assert "failed   convergence: NOT CONVERGED" in out
    assert "NOT CONVERGED" in (folder / "fr-2018" / "report.html").read_text(encoding="utf-8")
    method = pd.read_csv(folder / "fr-2018" / "estimates.csv")["method"]
    own = method.str.contains(f"about {prior_fit.reading}")
    assert list(method.str.contains("NOT CONVERGED")) == list(own)
    assert 0 < own.sum() < len(own)


def test_run_again_replaces_its_own_files_only(folder: Path, sampled: list[dict[str, Any]]) -> None:
    (folder / "fr-2018").mkdir()
    (folder / "fr-2018" / "notes.txt").write_text("mine")
    (folder / "fr-2018" / "report.html").write_text("old")
    assert main(["run", "fr-2018"]) == 0
    assert (folder / "fr-2018" / "notes.txt").read_text() == "mine"
    assert "<html" in (folder / "fr-2018" / "report.html").read_text(encoding="utf-8")


WRONG = {
    "unknown study": (["run", "fr-2081"], "no study 'fr-2081'"),
    "no file": (["run", "nowhere/br.toml"], "nowhere/br.toml"),
    "not TOML": (["run", "broken.toml"], "broken.toml"),
    "template unfilled": (["check", "template.toml"], "line "),
    "negative value": (["check", "negative.toml"], "line "),
    "too few draws": (["run", "fr-2018", "--draws", "3"], "draws is 3"),
    "draws not a number": (["run", "fr-2018", "--draws", "many"], "'many'"),
    "negative seed": (["run", "fr-2018", "--rng", "-1"], "rng is -1"),
    "no priors": (["run", "fr-2018", "--priors", "none.toml"], "none.toml"),
    "unknown prior": (["run", "fr-2018", "--priors", "unknown.toml"], "unknown prior 'arrival'"),
    "unused prior": (["run", "fr-2018", "--priors", "unused.toml"], "'account_age'"),
    "folder is a file": (["run", "fr-2018", "--out", "broken.toml"], "is a file"),
    "folder in a file": (["run", "fr-2018", "--out", "broken.toml/x"], "is a file"),
    "no command": (["estimate"], "estimate"),
    "no study": (["run"], "STUDY"),
    "id with a space": (["new", "br 2023"], "'br 2023'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_exits_2_with_one_message_and_writes_nothing(
    case: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compiled(*args: Any, **options: Any) -> float:
        raise AssertionError("wrong input must be found before anything is compiled")

    monkeypatch.setattr(me.WorkforceModel, "compile", compiled)
    (folder / "broken.toml").write_text('id = "br-2023\n')
    (folder / "template.toml").write_text(me.template("br-2023"))
    (folder / "negative.toml").write_text(FRANCE.replace("value = 50000", "value = -50000", 1))
    (folder / "unknown.toml").write_text('[arrival]\nspread = 1.0\nrationale = "why"\n')
    (folder / "unused.toml").write_text('[account_age]\nspread = 1.0\nrationale = "why"\n')
    before = files_in(folder)
    arguments, words = WRONG[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert files_in(folder) == before


def test_calibrate_passes_every_option_on_and_says_what_it_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[dict[str, Any]] = []

    class Found:
        def __str__(self) -> str:
            return "the table"

        def to_json(self) -> str:
            return '{"study": "fr-2018"}\n'

    def calibrate(study: me.Study, **options: Any) -> Found:
        calls.append({"study": study.id, **options})
        return Found()

    monkeypatch.setattr(me, "calibrate", calibrate)
    assert main(["calibrate", "fr-2018"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("the table\n")
    assert "fr-2018-calibration/calibration.json" in out
    arguments = ["--worlds", "7", "--jobs", "2", "--out", "here", "--rng", "9", "--resume", "--json"]
    assert main(["calibrate", "fr-2018", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == {"study": "fr-2018"}
    first, second = calls
    assert (first["worlds"], first["rng"], first["jobs"], first["resume"]) == (200, 1, 1, False)
    assert (second["worlds"], second["rng"], second["jobs"], second["resume"]) == (7, 9, 2, True)
    assert second["output"] == Path("here")
    # Nothing is drawn for what cannot be written.
    Path("file").write_text("", encoding="utf-8")
    assert main(["calibrate", "fr-2018", "--out", "file/here"]) == 2
    assert len(calls) == 2


def test_check_reports_every_fault_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FRANCE.replace("value = 50000", "value = -50000", 1).replace(
        'country = "FR"', 'country = "France"'
    )
    (folder / "fr.toml").write_text(text, encoding="utf-8")
    assert main(["check", "fr.toml"]) == 2
    err = capsys.readouterr().err
    lines = text.splitlines()
    for wrong, path in (("value = -50000", "value"), ('country = "France"', "country")):
        assert f"line {lines.index(wrong) + 1}: " in err
        assert path in err


def test_check_says_what_the_model_will_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fr-2018"]) == 0
    used, _, left = capsys.readouterr().out.partition("Not in the joint model:")
    used = used.partition("In the joint model:")[2]
    assert "ff-captures" in used
    assert "full-time-jobs" not in used
    assert "full-time-jobs" in left


def test_a_template_round_trips_to_the_checker(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "br-2023"]) == 0
    out = capsys.readouterr().out
    assert out == me.template("br-2023")
    assert main(["new", "br-2023", "--public"]) == 0
    assert capsys.readouterr().out == me.template("br-2023", public=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["studies"], "fr-2018-working-paper"),
        (["reproduce", "fr-2018-working-paper"], "14,903"),
        (["reproduce", "fr-2018-report"], "does not follow"),
        (["cite"], "@software{microestim"),
        (["cite", "fr-2018"], "@misc{report-2019"),
        (["--version"], me.__version__),
        (["--help"], "microestim run fr-2018"),
        (["run", "--help"], "the seed is 1"),
    ],
)
def test_what_prints(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert words in capsys.readouterr().out


def test_an_interrupt_is_quiet(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: me.WorkforceModel, **options: Any) -> me.WorkforceFit:
        raise KeyboardInterrupt

    monkeypatch.setattr(me.WorkforceModel, "fit", interrupt)
    assert main(["run", "fr-2018"]) == 130
    assert capsys.readouterr().err.strip() == ""
    assert files_in(folder) == []


def test_a_reader_that_has_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "microestim", "new", "br-2023"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert done.stderr == ""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from microestim.cli import main; main(['--help'])\n"
        "heavy = ('numpy', 'numba', 'pandas', 'pydantic', 'pytensor')\n"
        "print(*[name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


@pytest.mark.slow
def test_run_end_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "microestim", "run", "fr-2018", "--draws", "300", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    # So few draws may miss the limits; then the exit status says so, and everything is there all the same.
    assert done.returncode in (0, 3), done.stderr
    document = json.loads(done.stdout)
    assert document["converged"] is (done.returncode == 0)
    assert all((tmp_path / path).is_file() for path in document["files"].values())
    fit = me.load_fit(tmp_path / "fr-2018" / "posterior.nc")
    rows = pd.DataFrame(document["fits"][0]["estimates"])
    people = rows[(rows["unit"] == "people") & (rows["platform"] == "")].set_index("tier")["estimate"]
    assert people["weekly"].iloc[0] == pytest.approx(fit.tiers.to_frame()["estimate"].iloc[3], rel=1e-9)
