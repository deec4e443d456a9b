"""The stored coverage table describes the code as it is, and says what the docstrings claim."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from microestim.estimators.two_samples import chapman

ROOT = Path(__file__).parents[2]
TABLE = json.loads((ROOT / "docs" / "_data" / "two_sample_coverage.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("coverage", ROOT / "experiments" / "two_sample_coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fingerprint_of_the_intervals_still_fits(experiment):
    assert experiment.fingerprint() == TABLE["fingerprint"], (
        "an interval changed: run python experiments/two_sample_coverage.py again"
    )


def test_the_table_was_made_with_the_settings_in_the_script(experiment):
    assert [(c["size"], c["p1"], c["p2"]) for c in TABLE["cells"]] == [
        tuple(cell) for cell in experiment.CELLS
    ]
    assert (TABLE["seed"], TABLE["samples_per_cell"]) == (experiment.SEED, experiment.SAMPLES)
    assert TABLE["samples_per_cell"] >= 20_000


def test_one_cell_can_be_computed_again(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "SAMPLES", 2_000)
    monkeypatch.setattr(experiment, "INTERVALS", experiment.INTERVALS[:3])
    number = experiment.CELLS.index((50, 0.5, 0.5))
    again = experiment.cell(50, 0.5, 0.5, np.random.default_rng(3))
    for now, stored in zip(again["intervals"], TABLE["cells"][number]["intervals"], strict=False):
        assert now["method"] == stored["method"]
        # Four standard errors of a coverage of 0.95 in 2,000 samples are 0.0195.
        assert now["coverage"] == pytest.approx(stored["coverage"], abs=0.02)


def coverages(method, estimate, least_size=0, least_recaptures=0.0):
    return [
        row["coverage"]
        for cell in TABLE["cells"]
        if cell["size"] >= least_size and cell["expected_recaptures"] >= least_recaptures
        for row in cell["intervals"]
        if (row["method"], row["estimate"]) == (method, estimate)
    ]


def test_what_the_docstring_says_of_the_default_and_the_others():
    assert chapman(5, 5, 2).interval_methods[0] == "profile"
    assert min(coverages("profile", "any")) >= 0.925
    assert max(coverages("profile", "any")) <= 0.985
    assert min(coverages("profile", "any", least_size=1_000)) >= 0.94
    rows = [{row["method"]: row for row in cell["intervals"][:3]} for cell in TABLE["cells"]]
    assert all(row["profile"]["no_interval"] == 0 for row in rows)
    assert all(
        row["profile"]["no_upper_limit"] == cell["share_without_recapture"]
        for row, cell in zip(rows, TABLE["cells"], strict=True)
    )
    assert min(coverages("logit", "any", least_recaptures=2)) >= 0.94
    assert min(coverages("logit", "any")) < min(coverages("profile", "any", least_size=1_000))
    assert min(coverages("waring", "any")) >= 0.93
    dense = next(row for row, cell in zip(rows, TABLE["cells"], strict=True) if cell["p1"] == 0.8)
    assert dense["waring"]["mean_width"] < 0.75 * dense["logit"]["mean_width"]
    assert dense["waring"]["coverage"] > max(dense["logit"]["coverage"], dense["profile"]["coverage"])
    assert min(coverages("wald", "Chapman")) < 0.65
    assert min(coverages("lognormal", "Chapman")) < 0.80
