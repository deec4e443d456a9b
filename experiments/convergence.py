"""Fit every shipped study on three seeds with the default settings, and write how the sampler did.

Run: python experiments/convergence.py            (about five minutes on two cores)
Writes docs/_data/convergence.json: one entry a study, reading and seed, and a fingerprint of each model.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import microestim as me
from microestim.simulate import density_fingerprint

TARGET = Path(__file__).parents[1] / "docs" / "_data" / "convergence.json"


def main() -> None:
    """Fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--studies", nargs="+", default=["fr-2018", "fr-2018-report", "fr-2018-working-paper"]
    )
    parser.add_argument("--out", type=Path, default=TARGET)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
    rows, fingerprints = [], {}
    for study_id in arguments.studies:
        model = me.WorkforceModel(me.load_study(study_id))
        fingerprints[study_id] = density_fingerprint(model.design, model.priors)
        for seed in arguments.seeds:
            for reading in model.readings:
                fit = model.fit(rng=seed, reading=reading)
                judged = fit.convergence
                steps = fit.sample_stats["n_steps"]
                rows.append(
                    {
                        "study": study_id,
                        "reading": reading,
                        "seed": seed,
                        "steps": int(steps.sum()),
                        "divergences": judged.divergences,
                        "draws": judged.draws,
                        "r_hat": max(judged.r_hat.values()),
                        "ess_bulk": min(judged.ess_bulk.values()),
                        "ess_tail": min(judged.ess_tail.values()),
                        "converged": judged.converged,
                        "medians": {
                            row.tier: row.estimate for row in fit.tiers.to_frame().head(4).itertuples()
                        },
                    }
                )
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    written = {"fingerprints": fingerprints, "fits": rows}
    arguments.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
