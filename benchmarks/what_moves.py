"""Seconds that the refits of `fit.influence()` and a plan of five candidates take, for France.

Compiling is part of the refits: each piece of evidence that is left out leaves a model of another shape.
The fit itself is not counted.
"""

import argparse
import json
import os
import sys
from time import perf_counter
from typing import Literal

import microestim as me
from microestim.workforce.candidates import Candidate

BUDGET = {"influence by evidence": 300.0, "influence by platform": 300.0, "plan of five": 120.0}


def candidates() -> dict[str, Candidate]:
    """Give one candidate of each kind that could be collected."""
    return {
        "a wave more": me.SurveyWaves(platform="foule-factory", answers=500, waves=1),
        "two waves elsewhere": me.SurveyWaves(platform="clickworker", answers=500),
        "labour-force survey": me.PopulationSurvey(people=50_000, population=50e6, asks=("tiers",)),
        "memberships in the population": me.PopulationSurvey(
            people=50_000, population=50e6, asks=("memberships",)
        ),
        "a second traffic source": me.TrafficSource(vendor="a panel"),
    }


def main() -> int:
    """Print the measurements as JSON; the exit status is 1 when one is over its budget or not converged."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", default="fr-2018")
    parser.add_argument("--rng", type=int, default=2018)
    options = parser.parse_args()
    fit = me.WorkforceModel(me.load_study(options.study)).fit(rng=options.rng)
    seconds: dict[str, float] = {}
    converged = fit.converged
    parts: tuple[Literal["evidence", "platform"], ...] = ("evidence", "platform")
    for by in parts:
        begun = perf_counter()
        found = fit.influence(by=by, progress=True)
        seconds[f"influence by {by}"] = round(perf_counter() - begun, 1)
        converged &= all(change.converged for change in found.changes)
    begun = perf_counter()
    me.plan(fit, candidates(), progress=True)
    seconds["plan of five"] = round(perf_counter() - begun, 1)
    print(
        json.dumps(
            {
                "study": options.study,
                "cores": os.cpu_count(),
                "seconds": seconds,
                "budgets": BUDGET,
                "converged": bool(converged),
            },
            indent=2,
        )
    )
    return int(not converged or any(seconds[name] > budget for name, budget in BUDGET.items()))


if __name__ == "__main__":
    sys.exit(main())
