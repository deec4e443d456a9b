"""The stored coverage of closed-population intervals describes the code as it is, and the intervals cover."""

import importlib.util
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from microestim.estimators.closed_populations import profile
from microestim.estimators.closed_populations.identified import IDENTIFIED

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


def fitted(cell):
    return cell["samples"] - cell["no_estimate"]


def test_fingerprint_of_the_intervals_still_fits():
    assert experiment.same_fingerprint(experiment.fingerprint(), TABLE["fingerprint"]), (
        "an interval changed: run python experiments/closed_coverage.py again"
    )


def test_another_interval_has_another_fingerprint(monkeypatch):
    monkeypatch.setattr(experiment, "WORLDS", {"Mb": experiment.WORLDS["Mb"]})
    stored = {"Mb": TABLE["fingerprint"]["Mb"]}
    assert experiment.same_fingerprint(experiment.fingerprint(), stored)
    loglik = profile.RemovalProfile.loglik
    monkeypatch.setattr(profile.RemovalProfile, "loglik", lambda self, size: 1.0001 * loglik(self, size))
    assert not experiment.same_fingerprint(experiment.fingerprint(), stored)
    assert not experiment.same_fingerprint({}, stored)


def test_the_table_has_the_cells_of_the_script():
    assert list(CELLS) == experiment.grid()
    assert (TABLE["seed"], TABLE["level"]) == (experiment.SEED, experiment.LEVEL)
    assert min(cell["samples"] for cell in TABLE["cells"]) >= 100


def test_every_model_that_closed_fits_has_a_world():
    """But for bounds, which describe no population."""
    worlds = {
        (world.model, world.heterogeneity and world.heterogeneity.partition("(")[0])
        for world in experiment.WORLDS.values()
    }
    rows = {(row.model, row.heterogeneity) for row in IDENTIFIED if row.heterogeneity != "chao"}
    assert worlds == rows


@pytest.mark.parametrize("place", CELLS, ids=str)
def test_counts_of_a_cell_add_up(place):
    cell = CELLS[place]
    assert cell["covered"] + cell["interval_above"] + cell["interval_below"] == fitted(cell)
    assert cell["coverage"] == pytest.approx(cell["covered"] / fitted(cell), abs=5e-5)
    assert (cell["outside"] == "") == (cell["band"][0] <= cell["coverage"] <= cell["band"][1])
    # Whether N is inside and what the limits say is the same.
    assert cell["disagreed"] == 0
    assert cell["checked"] > 0


@pytest.mark.slow
def test_a_small_experiment_repeats_the_stored_one():
    """New samples of cells in the table are covered as often as the table says."""
    for name, world in experiment.WORLDS.items():
        place = (name, 2_000, 5)
        stored = CELLS[place]
        count = 20 if world.heterogeneity is None or world.heterogeneity in experiment.TAU else 8
        # Beyond the samples that are stored, so that they are new.
        counts = experiment.batch(place, stored["samples"], count)
        share = stored["coverage"]
        made = counts["samples"] - counts["no_estimate"]
        error = math.sqrt(max(share * (1 - share), 0.01) * (1 / made + 1 / fitted(stored)))
        assert abs(counts["covered"] / made - share) <= 4 * error, name


@pytest.mark.slow
@pytest.mark.parametrize("name", experiment.WORLDS)
def test_likelihood_and_limits_say_the_same(name, monkeypatch):
    monkeypatch.setattr(experiment, "CHECKED", 10**9)
    for size in (200, 2_000):
        counts = experiment.batch((name, size, 5), 5_000, 2)
        assert counts["disagreed"] == 0
        assert counts["checked"] == counts["samples"] - counts["no_estimate"]


def test_a_batch_counts_what_is_covered(monkeypatch):
    place = ("M0", 200, 5)
    counts = experiment.batch(place, 0, 8)
    assert (counts["samples"], counts["no_estimate"], counts["covered"]) == (8, 0, 8)
    assert 0.7 < counts["seen"] / 1_600 < 0.85
    assert (counts["checked"], counts["no_upper_limit"]) == (experiment.CHECKED, 0)
    # An interval for another population does not hold this one.
    drawn = experiment.World.drawn
    monkeypatch.setattr(experiment.World, "drawn", lambda self, size, t, rng: drawn(self, 400, t, rng))
    counts = experiment.batch(place, 0, 8)
    assert (counts["covered"], counts["interval_above"], counts["interval_below"]) == (0, 8, 0)
    monkeypatch.setattr(experiment.World, "drawn", lambda self, size, t, rng: drawn(self, 150, t, rng))
    counts = experiment.batch(("M0", 400, 5), 0, 8)
    assert (counts["covered"], counts["interval_above"], counts["interval_below"]) == (0, 0, 8)


@pytest.mark.parametrize("name", ["M0", "Mb", "Mth gamma(3.5)"])
def test_the_likelihood_at_a_size_says_whether_the_limits_hold_it(name):
    """At the floor, just beside both limits and far beyond them."""
    world = experiment.WORLDS[name]
    found = world.fitted(world.drawn(200, 5, np.random.SeedSequence(4)))
    interval = found.interval(experiment.LEVEL, "profile")
    quantile = experiment.chdtri(1, 1 - experiment.LEVEL)
    sizes = [found.n_observed, interval.low - 0.5, interval.low + 0.5, interval.high - 0.5]
    for size in (*sizes, interval.high + 0.5, 1e6):
        if size >= found.n_observed:
            ratio, peak = experiment.verdict(found, size)
            assert (ratio <= quantile) == (interval.low <= size <= interval.high)
            assert interval.low <= peak <= interval.high


def test_more_samples_go_on_with_the_same_streams(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "WORLDS", {name: experiment.WORLDS[name] for name in ("Mb", "Mbh")})
    at_once, in_steps = tmp_path / "once.json", tmp_path / "steps.json"
    for path, samples in ((at_once, 14), (in_steps, 5), (in_steps, 14)):
        command = ["closed_coverage.py", f"--samples={samples}", "--processes=1", f"--output={path}"]
        monkeypatch.setattr(sys, "argv", command)
        experiment.main()
    once, steps = (json.loads(path.read_text())["cells"] for path in (at_once, in_steps))
    assert once == steps
    assert [cell["samples"] for cell in once] == 8 * [14]
    # Samples of other code are not added to.
    monkeypatch.setattr(experiment, "LEVEL", 0.9)
    assert experiment.load(at_once, experiment.fingerprint()) == {}


def test_the_table_shows_every_cell_and_those_outside_their_band():
    table = experiment.coverage_table()
    assert [row[0] for row in table.rows] == [*experiment.WORLDS, "all samples"]
    assert all(len(row) == 5 for row in table.rows)
    outside = experiment.coverage_table(outside=True)
    assert len(outside.rows) == sum(bool(cell["outside"]) for cell in TABLE["cells"])
    marked = sum(text[-1] in "-+" for row in table.rows for text in row[1:])
    assert marked == len(outside.rows)
