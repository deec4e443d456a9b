"""The verdict on ranks, the fingerprint of the calibration in the tree, and a calibration in short."""

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import microestim as me
from microestim.models.people import TIER_IDS
from microestim.simulate import calibrate, density_fingerprint, ecdf_band, uniformity

DATA = Path(__file__).parents[2] / "docs" / "_data"
CALIBRATION, CONVERGENCE = DATA / "sbc.json", DATA / "convergence.json"


def test_uniform_ranks_pass_as_often_as_they_should():
    rng = np.random.default_rng(7)
    p = np.array([uniformity(rng.integers(0, 100, 60)) for _ in range(100)])
    # 100 draws of a share of 0.1: 0.1 +- 0.09 is three standard errors.
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=0.09)


@pytest.mark.parametrize(
    "centre_spread",
    [
        pytest.param((0.0, 2.2), id="too sure"),
        pytest.param((0.0, 0.45), id="not sure enough"),
        pytest.param((0.8, 1.0), id="biased"),
    ],
)
def test_ranks_of_a_wrong_posterior_fail(centre_spread):
    """Truth drawn with another centre or spread than the posterior's: 300 fits must show it."""
    centre, spread = centre_spread
    rng = np.random.default_rng(3)
    truth = rng.normal(centre, spread, 300)
    draws = rng.standard_normal((300, 99))
    assert uniformity((draws < truth[:, None]).sum(1)) < 0.001


@pytest.mark.parametrize("fits", [60, 300])
def test_band_holds_the_function_of_uniform_ranks(fits):
    at, low, high = ecdf_band(fits)
    rng = np.random.default_rng(11)
    shares = np.array([(rng.integers(0, 100, fits)[:, None] < np.arange(1, 100)).mean(0) for _ in range(400)])
    inside = np.all((shares >= low - 1e-9) & (shares <= high + 1e-9), axis=1).mean()
    # 0.95, discrete: at least that less three standard errors of 400 draws.
    assert inside > 0.95 - 0.033
    assert np.all((low <= at) & (at <= high))


def test_fingerprint_shows_a_changed_prior_and_nothing_else():
    model = me.WorkforceModel(me.load_study("fr-2018"))
    own = density_fingerprint(model.design, model.priors)
    assert own == density_fingerprint(model.design, model.priors)
    changed = me.WorkforceModel(model.study, priors={"departure": {"spread": 0.51, "rationale": "a test"}})
    assert own != density_fingerprint(changed.design, changed.priors)


def test_calibration_in_the_tree_is_of_this_model():
    """`python experiments/sbc.py --fits 300` writes it anew."""
    written = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    model = me.WorkforceModel(me.load_study(written["study"]))
    assert written["fingerprint"] == density_fingerprint(model.design, model.priors)
    for tier in TIER_IDS:
        ranks = np.array(written["ranks"][tier])
        assert len(ranks) == written["fits"]
        assert uniformity(ranks) == pytest.approx(written["p_values"][tier], abs=1e-3)
        # Four tiers at 0.25 % each: a calibrated model fails one time in a hundred.
        assert written["p_values"][tier] > 0.0025, tier


@pytest.mark.parametrize("name", ["pooled_countries.json", "independent_countries.json"])
def test_pooled_countries_in_the_tree_are_of_these_models(monkeypatch, name):
    """`python experiments/pooled_countries.py`, plain and with `--independent`, writes them anew."""
    monkeypatch.syspath_prepend(str(DATA.parents[1] / "experiments"))
    import pooled_countries

    written = json.loads((DATA / name).read_text(encoding="utf-8"))
    assert written["drawn"] == ("from the pooled prior" if name[0] == "p" else "with correlation 0")
    models = [me.WorkforceModel(study) for study in pooled_countries.countries()]
    own = "+".join(density_fingerprint(model.design, model.priors)[:16] for model in models)
    assert written["fingerprint"] == own
    assert len({world["seed"] for world in written["worlds"]}) == len(written["worlds"])
    assert written["summary"] == pooled_countries.summarised(written["worlds"])


@pytest.mark.parametrize("name", ["worlds.json", "worlds_wider_inflation.json"])
def test_worlds_in_the_tree_are_of_this_model(monkeypatch, name):
    """`python experiments/worlds.py --fit all` writes them anew."""
    monkeypatch.syspath_prepend(str(DATA.parents[1] / "experiments"))
    import worlds

    written = json.loads((DATA / name).read_text(encoding="utf-8"))
    assert written["model"] == worlds.model_fingerprint(written["priors"] or None)
    fixed = json.loads(worlds.DRAWN.read_text(encoding="utf-8"))["worlds"]
    drawn = {(each["group"], each["number"]): each["fingerprint"] for each in fixed}
    of = {(row["group"], row["number"]): row["fingerprint"] for row in written["worlds"]}
    assert len(of) == len(written["worlds"])
    assert all(drawn[key] == fingerprint for key, fingerprint in of.items())
    if name == "worlds.json":
        assert of == drawn


def test_convergence_in_the_tree_is_of_these_models():
    """`python experiments/convergence.py` writes it anew."""
    written = json.loads(CONVERGENCE.read_text(encoding="utf-8"))
    for study_id, fingerprint in written["fingerprints"].items():
        model = me.WorkforceModel(me.load_study(study_id))
        assert fingerprint == density_fingerprint(model.design, model.priors), study_id
        fits = [fit for fit in written["fits"] if fit["study"] == study_id]
        assert {(fit["reading"], fit["seed"]) for fit in fits} == set(product(model.readings, (1, 2, 3)))
        assert all(fit["converged"] for fit in fits)


@pytest.mark.slow
def test_ranks_of_sixty_fits_are_uniform():
    model = me.WorkforceModel(me.load_study("fr-2018"))
    calibration = calibrate(
        model, fits=60, rng=2018, draws=300, tune=300, target_accept=0.85, progress=sys.stderr
    )
    assert all(len(ranks) == 60 for ranks in calibration.ranks.values())
    for tier, p in calibration.p_values.items():
        # As above; the seeds are fixed, so this is one draw of the verdict, not a new one each time.
        assert p > 0.0025, (tier, calibration.ranks[tier])
