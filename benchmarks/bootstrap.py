"""Seconds for a parametric bootstrap of a closed-population model, by model.

The budget is for 1,000 resamples of Mth with the Poisson shape at ten occasions, in one process. Models with
a likelihood of their own are fitted to each resample by itself, and have no budget.
"""

import argparse
import json
import os
import sys
from time import perf_counter

import microestim as me
from unequal_captures import simulated

BUDGET = 2.0
MODELS = (
    ("Mt", None),
    ("Mth", "poisson"),
    ("Mth", "darroch"),
    ("Mb", None),
    ("Mtb", None),
    ("Mth", "normal"),
    ("Mth", "mixture(2)"),
    ("Mtbh", "normal"),
)


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
