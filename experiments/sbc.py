"""Simulation-based calibration of the joint model on the evidence that France 2018 has.

    python experiments/sbc.py --fits 300

draws worlds from the model's own prior, fits the model to the evidence of each, ranks the true number of
people of every tier in its posterior, and writes docs/_data/sbc.json and docs/_static/sbc.svg. Progress goes
to standard error. The fingerprint is a hash of the model's named log densities and tiers at fixed points:
when the code no longer gives it, the ranks no longer describe the code.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import microestim as me
from microestim.models.sampling import software_versions
from microestim.simulate.calibration import RANKS, Calibration, calibrate, density_fingerprint, ecdf_band

STUDY = "fr-2018"
SEED = 20190524
LEVELS = (0.5, 0.8, 0.9, 0.95)
DOCS = Path(__file__).resolve().parents[1] / "docs"
OUTPUT = DOCS / "_data" / "sbc.json"
FIGURE = DOCS / "_static" / "sbc.svg"


def record(model: me.WorkforceModel, calibration: Calibration, *, seed: int, settings: dict[str, Any]) -> Any:
    """Lay a calibration out as what is written to the tree."""
    doublings = calibration.doublings
    return {
        "what": "ranks of the true number of people among 99 thinned posterior draws, by tier; 0 to 99",
        "study": STUDY,
        "study_hash": model.study.hash,
        "fingerprint": density_fingerprint(model.design, model.priors),
        "fits": len(calibration.seeds),
        "seed": seed,
        "settings": settings,
        "worlds_drawn_again": calibration.impossible,
        "fits_run_longer": int((doublings > 0).sum()),
        "doublings": doublings.tolist(),
        "fits_unsettled_after_all_doublings": calibration.unsettled,
        "seconds": round(calibration.seconds),
        "p_values": {tier: round(p, 4) for tier, p in calibration.p_values.items()},
        "coverage": {
            str(level): {tier: round(share, 3) for tier, share in calibration.coverage(level).items()}
            for level in LEVELS
        },
        "versions": software_versions(),
        "seeds": list(calibration.seeds),
        "ranks": {tier: ranks.tolist() for tier, ranks in calibration.ranks.items()},
    }


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw how far the distribution of ranks is from uniform, with the simultaneous 95 % band."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    at, low, high = ecdf_band(result["fits"])
    for place, (tier, values) in enumerate(result["ranks"].items(), start=1):
        axes = figure.add_subplot(2, 2, place)
        share = (np.array(values)[:, None] < np.arange(1, RANKS)).mean(0)
        axes.fill_between(at, low - at, high - at, color="#c9d8e6", label="uniform ranks, 95 %")
        axes.step(at, share - at, where="post", color="#14508c", label="observed")
        axes.axhline(0.0, color="0.5", linewidth=0.8)
        axes.set_title(f"{tier}: p = {result['p_values'][tier]:.2f}", fontsize=10)
        axes.set_xlabel("rank of the truth, as a share")
        axes.set_ylabel("distribution less uniform")
    # Below the panels: in one of them it would lie on the line or on the band.
    drawn = figure.axes[0].get_legend_handles_labels()
    figure.legend(*drawn, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    # No date in the file: the same ranks give the same figure.
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Calibrate, and write the ranks and their figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fits", type=int, default=300, help="number of simulated worlds")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the first world")
    parser.add_argument("--draws", type=int, default=300, help="draws of each chain, before any doubling")
    parser.add_argument("--tune", type=int, default=300, help="steps of adaptation of each chain")
    given = parser.parse_args()
    settings = {"draws": given.draws, "tune": given.tune, "chains": 2, "target_accept": 0.85}
    model = me.WorkforceModel(me.load_study(STUDY))
    calibration = calibrate(model, fits=given.fits, rng=given.seed, progress=sys.stderr, **settings)
    result = record(model, calibration, seed=given.seed, settings=settings)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, FIGURE)
    for tier, p in result["p_values"].items():
        print(f"{tier}: p = {p:.3f}, 90 % intervals cover {result['coverage']['0.9'][tier]:.0%}")
    print(f"written to {OUTPUT} and {FIGURE}")


if __name__ == "__main__":
    main()
