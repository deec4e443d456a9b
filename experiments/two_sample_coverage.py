"""Coverage and width of every two-sample interval, by simulation.

    python experiments/two_sample_coverage.py

writes docs/_data/two_sample_coverage.json. Each cell draws 20,000 pairs of independent samples from a
population of N people, each of whom is in the first with probability p1 and in the second with p2. Equal
triples (n1, n2, m) are computed once. The fingerprint is a hash of the deterministic intervals at fixed
triples: when the code no longer gives it, the table no longer describes the code.
"""

import hashlib
import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim import bailey, chapman, lincoln_petersen
from microestim.errors import SmallRecaptureWarning

LEVEL = 0.95
SEED = 20190524
SAMPLES = 20_000
RESAMPLES = 500
CELLS = (
    (50, 0.2, 0.2),
    (50, 0.5, 0.2),
    (50, 0.5, 0.5),
    (50, 0.8, 0.8),
    (200, 0.1, 0.1),
    (200, 0.3, 0.1),
    (200, 0.5, 0.5),
    (1_000, 0.05, 0.05),
    (1_000, 0.2, 0.05),
    (1_000, 0.3, 0.3),
    (2_800, 0.02, 0.02),
    (2_800, 0.18, 0.18),
    (50_000, 0.005, 0.005),
    (50_000, 0.1, 0.01),
)
# What does not depend on the estimator is computed once, under Chapman's.
INTERVALS = (
    ("logit", "any", chapman),
    ("waring", "any", chapman),
    ("profile", "any", chapman),
    ("lognormal", "Chapman", chapman),
    ("lognormal", "Lincoln-Petersen", lincoln_petersen),
    ("wald", "Chapman", chapman),
    ("wald", "Lincoln-Petersen", lincoln_petersen),
    ("bootstrap", "Chapman", chapman),
)
FIXED_TRIPLES = ((500, 500, 89), (346, 184, 49), (12, 9, 6), (45, 60, 45), (30, 20, 1), (2812, 2828, 593))
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "_data" / "two_sample_coverage.json"

Counts = npt.NDArray[np.int64]


def fingerprint() -> str:
    """Hash every deterministic interval at the fixed triples, to six significant digits."""
    lines = []
    for triple in FIXED_TRIPLES:
        for estimator in (lincoln_petersen, chapman, bailey):
            for method in ("logit", "waring", "profile", "lognormal", "wald"):
                # As arrays, so that a construction that does not exist for a triple gives nan.
                low, high = limits(estimator, method, *(np.array([count]) for count in triple), rng=None)
                lines.append(f"{triple} {estimator.__name__} {method} {low[0]:.6g} {high[0]:.6g}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def limits(
    estimator: Any, method: str, n1: Counts, n2: Counts, m: Counts, *, rng: np.random.Generator | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lower and upper limits of one kind for arrays of counts."""
    options = {"rng": rng, "n_resamples": RESAMPLES} if method == "bootstrap" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallRecaptureWarning)
        interval = estimator(n1, n2, m).interval(LEVEL, method, **options)
    return np.asarray(interval.low), np.asarray(interval.high)


def cell(size: int, p1: float, p2: float, generator: np.random.Generator) -> dict[str, Any]:
    """Coverage and width of every interval in one cell of the grid."""
    n1 = generator.binomial(size, p1, SAMPLES)
    n2 = generator.binomial(size, p2, SAMPLES)
    m = generator.hypergeometric(n1, size - n1, n2)
    usable = (n1 > 0) & (n2 > 0)
    triples, counts = np.unique(np.stack([n1, n2, m])[:, usable], axis=1, return_counts=True)
    weight = counts / counts.sum()
    rows = []
    for method, estimate, estimator in INTERVALS:
        parts = [
            limits(estimator, method, *triples[:, start : start + 2000], rng=generator)
            for start in range(0, triples.shape[1], 2000)
        ]
        low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
        exists = ~np.isnan(low)
        finite = exists & np.isfinite(high)
        width = np.where(finite, high - low, np.nan)
        share = weight[exists].sum()
        covers = weight[exists & (low <= size) & (size <= high)].sum() / share
        rows.append(
            {
                "method": method,
                "estimate": estimate,
                "coverage": round(float(covers), 4),
                "coverage_se": round(math.sqrt(covers * (1 - covers) / (share * usable.sum())), 4),
                "no_interval": round(max(0.0, 1 - float(share)), 4),
                "no_upper_limit": round(float(weight[exists & ~finite].sum() / share), 4),
                "mean_width": float(f"{np.nansum(width * weight) / weight[finite].sum():.4g}"),
                "median_width": float(f"{_weighted_median(width[finite], weight[finite]):.4g}"),
            }
        )
    return {
        "size": size,
        "p1": p1,
        "p2": p2,
        "expected_recaptures": round(size * p1 * p2, 3),
        "share_without_recapture": round(float(weight[triples[2] == 0].sum()), 4),
        "intervals": rows,
    }


def _weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][reached])


def main() -> None:
    """Run the grid and write the table."""
    cells = []
    for number, (size, p1, p2) in enumerate(CELLS):
        cells.append(cell(size, p1, p2, np.random.default_rng([SEED, number])))
        print(f"N = {size:,}, p1 = {p1}, p2 = {p2}")
    result = {
        "what": "coverage and width of two-sample intervals; widths are over the finite intervals",
        "level": LEVEL,
        "samples_per_cell": SAMPLES,
        "bootstrap_resamples": RESAMPLES,
        "seed": SEED,
        "fingerprint": fingerprint(),
        "cells": cells,
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {OUTPUT}")


if __name__ == "__main__":
    main()
