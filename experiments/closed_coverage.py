"""Coverage of the profile interval of every closed-population model, on data drawn from that model.

    python experiments/closed_coverage.py

writes docs/_data/closed_coverage.json. Each cell draws samples from a population of N people by one model,
fits that very model and counts how often its 95 % profile interval holds N. A sample without an estimate is
counted apart: what is covered is covered among the others. The fingerprint is a hash of estimates and limits
for one fixed sample a model: when the code no longer gives it, the table no longer describes the code.
"""

import argparse
import hashlib
import json
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from microestim import closed, simulate
from microestim.errors import NotEstimableError

LEVEL = 0.95
SEED = 20070315
SAMPLES = 1_000
SIZES = (200, 2_000)
OCCASIONS = (5, 15)
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "_data" / "closed_coverage.json"

# Mean chance of capture on one occasion, so that three to five people of six are captured at least once.
CAPTURE = {5: 0.25, 15: 0.1}


@dataclass(frozen=True)
class World:
    """A model, and the population that its data are drawn from.

    Parameters
    ----------
    model : str
        As in `closed`.
    heterogeneity : str or None
        As in `closed`.
    parameters : callable
        From the number of occasions to the arguments of `simulate.captures`.
    """

    model: str
    heterogeneity: str | None
    parameters: Callable[[int], dict[str, Any]]

    @property
    def name(self) -> str:
        """Model and shape."""
        return self.model if self.heterogeneity is None else f"{self.model} {self.heterogeneity}"

    def drawn(self, size: int, occasions: int, rng: np.random.Generator) -> Any:
        """Draw captures from the model.

        Parameters
        ----------
        size : int
            People in the population.
        occasions : int
            Number of occasions.
        rng : Generator
            Source of randomness.

        Returns
        -------
        Captures
            Those captured.
        """
        known = {} if self.heterogeneity is None else {"heterogeneity": self.heterogeneity}
        return simulate.captures(self.model, size, rng=rng, **known, **self.parameters(occasions))  # type: ignore[arg-type]


def _equal(t: int) -> dict[str, Any]:
    return {"capture": CAPTURE[t], "occasions": t}


def _by_occasion(t: int) -> dict[str, Any]:
    return {"capture": CAPTURE[t] * np.linspace(0.7, 1.3, t)}


def _shy(t: int) -> dict[str, Any]:
    return _equal(t) | {"recapture": CAPTURE[t] / 2}


def _shy_after_the_first(t: int) -> dict[str, Any]:
    return _shy(t) | {"first": 1.5 * CAPTURE[t]}


# Coefficients that give the chances of capture a coefficient of variation of 0.4. Poisson with base 2 on 15
# occasions has 0.14: beyond that it describes a population in which some are captured every time.
TAU = {
    "poisson(2)": {5: 0.1025, 15: 0.0008},
    "darroch": {5: 0.2384, 15: 0.1499},
    "gamma(3.5)": {5: 6.341, 15: 4.906},
}


def _unequal(shape: str, others: Callable[[int], dict[str, Any]], t: int) -> dict[str, Any]:
    return others(t) | {"tau": TAU[shape][t]}


WORLDS = {
    world.name: world
    for world in (
        World("M0", None, _equal),
        World("Mt", None, _by_occasion),
        World("Mb", None, _shy),
        World("Mbh", None, _shy_after_the_first),
        *(World("Mh", shape, partial(_unequal, shape, _equal)) for shape in TAU),
        *(World("Mth", shape, partial(_unequal, shape, _by_occasion)) for shape in TAU),
    )
}
"""Models by name. A new model is one more line: what to fit, and the parameters that data are drawn from."""


def cell(name: str, size: int, occasions: int, *, samples: int, seed: int) -> dict[str, Any]:
    """Find coverage and width in one cell.

    Parameters
    ----------
    name : str
        One of `WORLDS`.
    size : int
        People in the population.
    occasions : int
        Number of occasions.
    samples : int
        Number of samples to draw.
    seed : int
        Seed of the cell.

    Returns
    -------
    dict
        A row of the table.
    """
    world, rng = WORLDS[name], np.random.default_rng(seed)
    estimates, widths = [], []
    seen = covered = unlimited = 0
    for _ in range(samples):
        captures = world.drawn(size, occasions, rng)
        seen += captures.n_observed
        try:
            found = closed(captures, world.model, heterogeneity=world.heterogeneity)  # type: ignore[arg-type]
        except NotEstimableError:
            continue
        interval = found.interval(LEVEL, "profile")
        estimates.append(float(found.n_hat))
        covered += interval.low <= size <= interval.high
        if math.isinf(interval.high):
            unlimited += 1
        else:
            widths.append(interval.high - interval.low)
    fitted = len(estimates)
    share = covered / fitted if fitted else math.nan
    return {
        "model": name,
        "size": size,
        "occasions": occasions,
        "share_seen": round(seen / (samples * size), 4),
        "no_estimate": round(1 - fitted / samples, 4),
        "no_upper_limit": round(unlimited / fitted, 4) if fitted else None,
        "coverage": round(share, 4) if fitted else None,
        "coverage_se": round(math.sqrt(share * (1 - share) / fitted), 4) if fitted else None,
        "median_estimate": float(f"{np.median(estimates):.4g}") if fitted else None,
        "median_width": float(f"{np.median(widths):.4g}") if widths else None,
    }


def fingerprint() -> str:
    """Hash estimate and limits of every model for one fixed sample each, to six significant digits."""
    lines = []
    for name, world in WORLDS.items():
        captures = world.drawn(2_000, 5, np.random.default_rng(SEED))
        found = closed(captures, world.model, heterogeneity=world.heterogeneity)  # type: ignore[arg-type]
        interval = found.interval(LEVEL, "profile")
        lines.append(f"{name} {captures.n_observed} {found.n_hat:.6g} {interval.low:.6g} {interval.high:.6g}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def grid() -> list[tuple[str, int, int]]:
    """List the cells: model, size and occasions."""
    return [(name, size, t) for name in WORLDS for t in OCCASIONS for size in SIZES]


def _numbered(place: tuple[int, tuple[str, int, int]], samples: int) -> dict[str, Any]:
    number, (name, size, occasions) = place
    # A stream a cell: how they are spread over processes changes no digit.
    return cell(name, size, occasions, samples=samples, seed=SEED + number)


def main() -> None:
    """Run the grid and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    rows = []
    with ProcessPoolExecutor(options.processes) as pool:
        for row in pool.map(partial(_numbered, samples=options.samples), enumerate(grid())):
            print(row, flush=True)
            rows.append(row)
    result = {
        "what": "coverage of profile intervals on data drawn from the model fitted; widths where finite",
        "level": LEVEL,
        "samples_per_cell": options.samples,
        "seed": SEED,
        "fingerprint": fingerprint(),
        "cells": rows,
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
