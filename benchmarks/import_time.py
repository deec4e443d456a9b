"""Seconds that `import microestim` costs beyond `import numpy`, in fresh processes.

Each process imports NumPy and then the package, and times the two; the least of the runs is free of what
else the machine was doing.
"""

import argparse
import json
import statistics
import subprocess
import sys

CODE = """
from time import perf_counter
begun = perf_counter()
import numpy
between = perf_counter()
import microestim
print(between - begun, perf_counter() - between)
"""
BUDGET = 0.1


def measure(runs: int) -> dict[str, float | int]:
    """Import in fresh processes.

    Parameters
    ----------
    runs : int
        Number of processes.

    Returns
    -------
    dict
        Seconds: least and median of the package's own share, the median of NumPy's, and the budget.
    """
    times = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
        times.append([float(word) for word in done.stdout.split()])
    numpy, own = zip(*times, strict=True)
    return {
        "runs": runs,
        "microestim_least": round(min(own), 4),
        "microestim_median": round(statistics.median(own), 4),
        "numpy_median": round(statistics.median(numpy), 4),
        "budget": BUDGET,
    }


def main() -> int:
    """Print the measurement as JSON; the exit status is 1 when it is over the budget."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=9)
    result = measure(parser.parse_args().runs)
    print(json.dumps(result, indent=2))
    return int(result["microestim_median"] > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
