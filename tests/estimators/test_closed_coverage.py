"""The stored coverage of closed-population intervals describes the code as it is, and the intervals cover."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = json.loads((ROOT / "docs" / "_data" / "closed_coverage.json").read_text(encoding="utf-8"))


def script():
    path = ROOT / "experiments" / "closed_coverage.py"
    spec = importlib.util.spec_from_file_location("closed_coverage", path)
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


experiment = script()
CELLS = {(cell["model"], cell["size"], cell["occasions"]): cell for cell in TABLE["cells"]}


def test_fingerprint_of_the_intervals_still_fits():
    assert experiment.fingerprint() == TABLE["fingerprint"], (
        "an interval changed: run python experiments/closed_coverage.py again"
    )


def test_the_table_has_the_cells_of_the_script():
    assert list(CELLS) == experiment.grid()
    assert (TABLE["seed"], TABLE["level"]) == (experiment.SEED, experiment.LEVEL)


@pytest.mark.parametrize("place", CELLS, ids=str)
def test_stored_intervals_cover(place):
    cell = CELLS[place]
    assert cell["no_estimate"] <= 0.25
    fitted = TABLE["samples_per_cell"] * (1 - cell["no_estimate"])
    # Four Monte Carlo errors, and two points for a likelihood that is not yet a parabola.
    slack = 4 * math.sqrt(0.95 * 0.05 / fitted) + 0.02
    assert abs(cell["coverage"] - 0.95) <= slack


@pytest.mark.slow
@pytest.mark.parametrize("name", experiment.WORLDS)
def test_a_small_experiment_covers(name):
    again = experiment.cell(name, 2_000, 5, samples=100, seed=1)
    fitted = 100 * (1 - again["no_estimate"])
    assert fitted >= 50
    assert abs(again["coverage"] - 0.95) <= 4 * math.sqrt(0.95 * 0.05 / fitted) + 0.02


def test_a_cell_counts_what_is_covered(monkeypatch):
    found = experiment.cell("M0", 200, 5, samples=8, seed=2)
    assert (found["no_estimate"], found["no_upper_limit"]) == (0, 0)
    assert 0.7 < found["share_seen"] < 0.85
    # An interval for another population does not hold this one.
    monkeypatch.setattr(experiment.World, "drawn", lambda self, size, t, rng: captures_of(400, t, rng))
    assert experiment.cell("M0", 200, 5, samples=8, seed=2)["coverage"] == 0


def captures_of(size, t, rng):
    return experiment.simulate.captures("M0", size, capture=0.25, occasions=t, rng=rng)
