"""Seconds for a parametric bootstrap of a closed-population model, by model.

The budget is for 1,000 resamples of Mth with the Poisson shape at ten occasions, in one process.
"""

import argparse
import json
import os
import sys
from time import perf_counter

import numpy as np

import microestim as me

BUDGET = 2.0
MODELS = (("Mt", None), ("Mth", "poisson"), ("Mth", "darroch"), ("Mb", None))


def simulated(occasions: int, people: int, seed: int) -> me.Captures:
    """Draw captures of a population in which people and occasions differ.

    Parameters
    ----------
    occasions : int
        Number of occasions.
    people : int
        Size of the population.
    seed : int
        Seed of the draws.

    Returns
    -------
    Captures
        Those captured at least once.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(-2.0, 1.0, size=(people, 1)) + rng.normal(0.0, 0.5, size=occasions)
    seen = rng.random((people, occasions)) < 1 / (1 + np.exp(-logits))
    return me.Captures.from_histories(seen[seen.any(axis=1)])


def main() -> int:
    """Print the measurement as JSON; the exit status is 1 when a figure is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rng", type=int, default=2018)
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    figures = []
    passed = True
    for people in (1_000, 100_000):
        captures = simulated(10, people, options.rng)
        for model, shape in MODELS:
            found = me.closed(captures, model, shape)
            found.interval(method="bootstrap", rng=options.rng, n_resamples=100)
            begun = perf_counter()
            interval = found.interval(method="bootstrap", rng=options.rng, n_resamples=options.resamples)
            seconds = perf_counter() - begun
            budget = BUDGET if (model, shape) == ("Mth", "poisson") else None
            passed &= budget is None or seconds <= budget
            figures.append(
                {
                    "model": found.method,
                    "people": people,
                    "seconds": round(seconds, 2),
                    "budget": budget,
                    "limits": [round(float(limit)) for limit in interval[:2]],
                }
            )
    print(json.dumps({"cores": os.cpu_count(), "resamples": options.resamples, "fits": figures}, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
