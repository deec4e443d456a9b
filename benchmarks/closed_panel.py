"""Seconds for the whole panel of closed-population models, by number of occasions and of people.

People differ in how easily they are captured, and occasions too, so that no model of the panel has an easy
fit. The time is that of `closed_models` on captures that were read before; reading them is not timed.
"""

import argparse
import json
import os
import sys
from time import perf_counter

import microestim as me
from unequal_captures import simulated

OCCASIONS = (10, 20, 50, 100, 200)
PEOPLE = (1_000, 100_000)
BUDGETS = {20: 0.2, 200: 5.0}


def main() -> int:
    """Print the measurement as JSON; the exit status is 1 when a figure is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rng", type=int, default=2018)
    parser.add_argument("--repeats", type=int, default=3, help="the fastest of so many counts")
    options = parser.parse_args()
    me.closed_models(simulated(5, 500, options.rng))
    panels = []
    passed = True
    for occasions in OCCASIONS:
        for people in PEOPLE:
            captures = simulated(occasions, people, options.rng)
            seconds = []
            for _ in range(options.repeats):
                begun = perf_counter()
                panel = me.closed_models(captures)
                seconds.append(perf_counter() - begun)
            budget = BUDGETS.get(occasions)
            passed &= budget is None or min(seconds) <= budget
            panels.append(
                {
                    "occasions": occasions,
                    "people": people,
                    "distinct_histories": len(captures.counts),
                    "seconds": round(min(seconds), 3),
                    "budget": budget,
                    "estimates": len(panel.estimates),
                    "models": len(panel.rows),
                }
            )
    print(json.dumps({"cores": os.cpu_count(), "panels": panels}, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
