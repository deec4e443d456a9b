"""Time of the nonparametric maximum likelihood for 10,000 species.

    python benchmarks/npmle.py

draws the counts of 10,000 species with gamma-distributed rates, and prints the seconds of each method as
JSON. Ends with status 1 when one takes longer than its budget.
"""

import json
import sys
import time

import numpy as np

import microestim as me

BUDGET = 1.0
SPECIES = 10_000


def main() -> int:
    """Run the command."""
    rng = np.random.default_rng(7)
    seen = rng.poisson(rng.gamma(0.8, 3.0, SPECIES))
    times, people = np.unique(seen[seen > 0], return_counts=True)
    counts = me.FrequencyCounts(dict(zip(times.tolist(), people.tolist(), strict=True)))
    # The first call loads SciPy.
    me.npmle({1: 5, 2: 3, 3: 1}, method="penalised")
    report: dict[str, object] = {
        "seen": counts.n_observed,
        "classes": len(counts.times_seen),
        "budget": BUDGET,
    }
    slowest = 0.0
    for method in ("unconditional", "penalised", "conditional"):
        started = time.perf_counter()
        try:
            size = me.npmle(counts, method=method).n_hat
        except me.errors.NotEstimableError:
            size = None
        seconds = time.perf_counter() - started
        report[method] = {"seconds": round(seconds, 3), "estimate": size}
        slowest = max(slowest, seconds)
    print(json.dumps(report, indent=2))
    return 1 if slowest > BUDGET else 0


if __name__ == "__main__":
    sys.exit(main())
