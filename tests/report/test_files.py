"""The files of a run: all or none, and the same numbers in each."""

import pandas as pd
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.report import write_outputs
from microestim.results import FRAME_COLUMNS


def test_all_files_are_written_and_agree(tmp_path, prior_fit, other_reading):
    folder = tmp_path / "new" / "fr-2018"
    (folder / "figures").mkdir(parents=True)
    (folder / "mine.txt").write_text("kept")
    files = write_outputs(prior_fit, folder, alternatives=[other_reading])
    written = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert written == {*files, "mine.txt"}
    assert {"report.html", "estimates.csv", "posterior.nc", "figures/tiers.png"} <= set(files)
    exact = dict.fromkeys(["estimate", "ci_high"], float)
    frame = pd.read_csv(files["estimates.csv"], keep_default_na=False, converters=exact)
    assert tuple(frame.columns) == (*FRAME_COLUMNS, "imputed_accounts", "imputed_people")
    for fit in (prior_fit, other_reading):
        rows = frame[frame["method"].str.contains(f"read as about {fit.reading}", regex=False)]
        wider = fit.tiers.over("all")
        platforms = wider.to_frame(by="platform")
        expected = pd.concat(
            [
                *(fit.tiers.to_frame(by=by) for by in ("total", "platform", "band")),
                wider.to_frame(),
                platforms[platforms["platform"].isin(list(wider.imputed))],
                wider.to_frame(by="band"),
            ]
        )
        assert len(wider.imputed) > 10
        # The file holds full precision: 17 digits give the same double back.
        assert rows["estimate"].tolist() == expected["estimate"].tolist()
        assert rows["ci_high"].tolist() == expected["ci_high"].tolist()
        assert rows["method"].str.contains("NOT CONVERGED").all() == (not fit.converged)
    assert (me.load_fit(files["posterior.nc"]).vectors == prior_fit.vectors).all()


def test_a_figure_of_an_earlier_run_does_not_stay(tmp_path, single_platform_fit):
    (tmp_path / "figures").mkdir()
    stale = tmp_path / "figures" / "memberships.png"
    stale.write_bytes(b"old")
    files = write_outputs(single_platform_fit, tmp_path)
    assert "figures/memberships.png" not in files
    assert not stale.exists()


def test_nothing_is_written_when_something_fails(tmp_path, single_platform_fit, monkeypatch):
    def fail(self, path):
        raise OSError("disk full")

    monkeypatch.setattr(me.WorkforceFit, "save", fail)
    with pytest.raises(InputError, match="disk full"):
        write_outputs(single_platform_fit, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_a_folder(tmp_path, prior_fit):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        write_outputs(prior_fit, taken)
    assert taken.read_text() == "mine"
