"""Coverage of the profile interval of every closed-population model, on data drawn from that model.

    python experiments/closed_coverage.py --samples 1000

writes docs/_data/closed_coverage.json, and goes on from the samples that it holds: a later run with more
samples extends the same streams. Each cell draws samples from a population of N people by one model, fits
that very model and counts how often its 95 % profile interval holds N. A sample without an estimate is
counted apart: what is covered is covered among the others. Whether N is inside is one likelihood, not two
limits: it is when twice the fall of the profile from its maximum to N is within the quantile of chi-square.
The first samples of each cell are compared with `interval("profile")` itself, and the comparison is in the
table. The fingerprint holds estimate and limits of one fixed sample a model: when the code no longer gives
them, the table no longer describes the code.
"""

import argparse
import json
import math
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri
from scipy.stats import binom, binomtest

from microestim import closed, simulate
from microestim.errors import NotEstimableError
from microestim.results import Table

LEVEL = 0.95
SEED = 20070315
SAMPLES = 1_000
SIZES = (200, 2_000)
OCCASIONS = (5, 15)
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "_data" / "closed_coverage.json"
# Samples of a cell whose limits are found as well.
CHECKED = 4
# A task of one process; the checked samples of a cell are in its first.
BATCH = 25
# A population that many times the number seen is where `interval` gives up looking for an upper limit.
FAR = 1e7
# Level of the limits in the fingerprint: finite for every model, and so found in a moment.
MARKED = 0.5
# Twice a log-likelihood ratio nearer to the quantile than this is decided by the limits.
CLOSE = 1e-2
# Twice a gain in log-likelihood that need not be looked for.
NO_FALL = 1e-4
# Share of Monte Carlo bands that hold the level, were every coverage the level.
BAND = 0.99

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

    def drawn(self, size: int, occasions: int, rng: Any) -> Any:
        """Draw captures from the model.

        Parameters
        ----------
        size : int
            People in the population.
        occasions : int
            Number of occasions.
        rng : SeedSequence or Generator
            Source of randomness.

        Returns
        -------
        Captures
            Those captured.
        """
        known = {} if self.heterogeneity is None else {"heterogeneity": self.heterogeneity}
        return simulate.captures(self.model, size, rng=rng, **known, **self.parameters(occasions))  # type: ignore[arg-type]

    def fitted(self, captures: Any) -> Any:
        """Fit the model.

        Parameters
        ----------
        captures : Captures
            The data.

        Returns
        -------
        ClosedEstimate
            The estimate.
        """
        return closed(captures, self.model, heterogeneity=self.heterogeneity)  # type: ignore[arg-type]


def _equal(t: int) -> dict[str, Any]:
    return {"capture": CAPTURE[t], "occasions": t}


def _by_occasion(t: int) -> dict[str, Any]:
    return {"capture": CAPTURE[t] * np.linspace(0.7, 1.3, t)}


def _uneven_occasions(t: int) -> dict[str, Any]:
    # A trend would look like the decline of first captures: the chances alternate.
    return {"capture": CAPTURE[t] * (1 + 0.4 * (-1.0) ** np.arange(t))}


def _shy(t: int) -> dict[str, Any]:
    return _equal(t) | {"recapture": CAPTURE[t] / 2}


def _shy_after_the_first(t: int) -> dict[str, Any]:
    return _shy(t) | {"first": 1.5 * CAPTURE[t]}


# About half the odds of a capture for those captured before.
REACTION = {"reaction": -0.8}
# Coefficients that give the chances of capture a coefficient of variation of 0.4. Poisson with base 2 on 15
# occasions has 0.14: beyond that it describes a population in which some are captured every time.
TAU = {
    "poisson(2)": {5: 0.1025, 15: 0.0008},
    "darroch": {5: 0.2384, 15: 0.1499},
    "gamma(3.5)": {5: 6.341, 15: 4.906},
}
# The same coefficient of variation; 0.6 for two classes, since nearer ones are seldom told from one in five
# occasions.
ABILITY: dict[str, dict[int, dict[str, Any]]] = {
    "normal": {5: {"sigma": 0.555}, 15: {"sigma": 0.440}},
    "mixture(2)": {
        5: {"shares": (0.7, 0.3), "abilities": (0.0, 1.6)},
        15: {"shares": (0.7, 0.3), "abilities": (0.0, 1.3)},
    },
    "beta-binomial": {5: {"dispersion": 0.056}, 15: {"dispersion": 0.018}},
}


def _unequal(shape: str, others: Callable[[int], dict[str, Any]], t: int) -> dict[str, Any]:
    return others(t) | ({"tau": TAU[shape][t]} if shape in TAU else ABILITY[shape][t])


def _reacting(others: Callable[[int], dict[str, Any]], t: int) -> dict[str, Any]:
    return others(t) | REACTION


WORLDS = {
    world.name: world
    for world in (
        World("M0", None, _equal),
        World("Mt", None, _by_occasion),
        World("Mb", None, _shy),
        World("Mtb", None, partial(_reacting, _uneven_occasions)),
        World("Mbh", None, _shy_after_the_first),
        *(World("Mh", shape, partial(_unequal, shape, _equal)) for shape in (*TAU, *ABILITY)),
        *(
            World("Mth", shape, partial(_unequal, shape, _by_occasion))
            for shape in (*TAU, "normal", "mixture(2)")
        ),
        *(
            World("Mtbh", shape, partial(_reacting, partial(_unequal, shape, _uneven_occasions)))
            for shape in ("normal", "mixture(2)")
        ),
    )
}
"""Models by name. A new model is one more line: what to fit, and the parameters that data are drawn from."""

Fingerprint = dict[str, list[float]]
COUNTS = (
    "samples",
    "seen",
    "no_estimate",
    "boundary",
    "covered",
    "interval_above",
    "interval_below",
    "estimate_above",
    "checked",
    "disagreed",
    "no_upper_limit",
)
"""What is counted in a cell: samples drawn, people seen in all of them, samples without an estimate; of the
others those with an estimate at a boundary, intervals that hold N, lie above it or lie below it, and
estimates above N; samples whose limits were found too, and among these the ones in which limits and
likelihood did not agree, and those without an upper limit."""


def grid() -> list[tuple[str, int, int]]:
    """List the cells: model, size and occasions."""
    return [(name, size, t) for name in WORLDS for t in OCCASIONS for size in SIZES]


def seeds(place: tuple[str, int, int], start: int, count: int) -> list[np.random.SeedSequence]:
    """Seeds of samples of a cell, the same however many are drawn and in whatever order.

    Parameters
    ----------
    place : tuple of str, int, int
        Model, size and occasions.
    start : int
        Number of samples before.
    count : int
        Number of samples.

    Returns
    -------
    list of SeedSequence
        One for each sample.
    """
    name, size, occasions = place
    root = np.random.SeedSequence([SEED, zlib.crc32(name.encode()), size, occasions])
    return root.spawn(start + count)[start:]


def verdict(found: Any, size: float) -> tuple[float, float]:
    """Ask the profile of one size, without its limits.

    Parameters
    ----------
    found : ClosedEstimate
        The estimate.
    size : float
        Size of the population, in people.

    Returns
    -------
    ratio : float
        Twice the fall of the profile from its maximum to the size.
    peak : float
        Size at which the profile is highest, nearly; infinite where it has no maximum.
    """
    profile = found._profile
    peak = _peak(profile, found)
    top = FAR * profile.n_observed if math.isinf(peak) else peak
    return 2 * (profile.loglik(top) - profile.loglik(size)), peak


def _peak(profile: Any, found: Any) -> float:
    """Where the profile is highest, as near as its value needs: its error enters squared."""
    seen, shortest = profile.n_observed, math.log(1e-3)

    def slope(log_unseen: float) -> float:
        unseen = math.exp(log_unseen)
        return float(profile.slope(seen + unseen)) * unseen

    unseen = max(found.n_hat - seen, 1e-2)
    low = high = math.log(unseen)
    # The estimate is near the maximum: Newton's method with its error, then secants.
    at, step = slope(low), 0.0
    variance = min((found.se / unseen) ** 2, 1.0) if math.isfinite(found.se) else 1.0
    for _ in range(4):
        step = min(max(at * variance, -0.5), 0.5)
        before, at = at, slope(low + step)
        low = high = low + step
        if before != at and (rate := step / (before - at)) > 0:
            variance = rate
            if at**2 * variance < NO_FALL:
                return float(seen + math.exp(low))
    step = 0.05
    if profile.slope(seen) <= 0:
        return float(seen)
    if at > 0:
        while slope(high) > 0:
            low, high, step = high, high + step, 2 * step
            if math.exp(high) > FAR * seen:
                return math.inf
    else:
        while slope(low) <= 0:
            low, high, step = low - step, low, 2 * step
            if low < shortest:
                return float(seen)
    return float(seen + math.exp(brentq(slope, low, high, xtol=1e-3, rtol=1e-10)))


def batch(place: tuple[str, int, int], start: int, count: int) -> Counter[str]:
    """Draw samples of a cell, fit them and count.

    Parameters
    ----------
    place : tuple of str, int, int
        Model, size and occasions.
    start : int
        Number of samples before.
    count : int
        Number of samples.

    Returns
    -------
    Counter
        By name, see `COUNTS`.
    """
    name, size, occasions = place
    world, quantile = WORLDS[name], float(chdtri(1, 1 - LEVEL))
    counts: Counter[str] = Counter()
    for number, seed in enumerate(seeds(place, start, count), start=start):
        captures = world.drawn(size, occasions, seed)
        counts["samples"] += 1
        counts["seen"] += captures.n_observed
        try:
            found = world.fitted(captures)
        except NotEstimableError:
            counts["no_estimate"] += 1
            continue
        counts["boundary"] += bool(found.reason)
        counts["estimate_above"] += bool(found.n_hat > size)
        ratio, peak = verdict(found, size)
        inside, above = ratio <= quantile, size < peak
        near = abs(ratio - quantile) < CLOSE
        if number < CHECKED or near:
            # The profile of another fit: one that remembers its searches could agree with itself only.
            interval = world.fitted(captures).interval(LEVEL, "profile")
            really = bool(interval.low <= size <= interval.high)
            if number < CHECKED:
                counts["checked"] += 1
                counts["disagreed"] += inside != really and not near
                counts["no_upper_limit"] += math.isinf(interval.high)
            inside, above = really, size < interval.low
        counts["covered"] += inside
        counts["interval_above"] += not inside and above
        counts["interval_below"] += not inside and not above
    return counts


def summary(place: tuple[str, int, int], counts: Mapping[str, int]) -> dict[str, Any]:
    """Make a cell of the table.

    Parameters
    ----------
    place : tuple of str, int, int
        Model, size and occasions.
    counts : mapping of str to int
        See `COUNTS`; what is not there is 0.

    Returns
    -------
    dict
        Counts first, then shares of them: `coverage` and its Monte Carlo error are among samples with an
        estimate, `band` holds the level with that many samples in 99 of 100 cells, and `outside` says whether
        the coverage is outside it, and on which side.
    """
    name, size, occasions = place
    whole = {key: int(counts.get(key, 0)) for key in COUNTS}
    fitted, covered = whole["samples"] - whole["no_estimate"], whole["covered"]
    shares: dict[str, Any] = {"coverage": None, "coverage_se": None, "band": None, "outside": ""}
    if fitted:
        share = covered / fitted
        low, high = (float(end) / fitted for end in binom.interval(BAND, fitted, LEVEL))
        shares = {
            "coverage": round(share, 4),
            "coverage_se": round(math.sqrt(share * (1 - share) / fitted), 4),
            "p_value": float(f"{binomtest(covered, fitted, LEVEL).pvalue:.2g}"),
            "band": [round(low, 4), round(high, 4)],
            "outside": "below" if share < low else "above" if share > high else "",
        }
    return {"model": name, "size": size, "occasions": occasions} | whole | shares


def fingerprint() -> Fingerprint:
    """Find numbers seen, estimate and limits of every model for fixed samples."""
    found = {}
    for name, world in WORLDS.items():
        seed = np.random.SeedSequence([SEED, zlib.crc32(name.encode())])
        captures, longer = (world.drawn(2_000, t, seed) for t in OCCASIONS)
        estimate = world.fitted(captures)
        interval = estimate.interval(MARKED, "profile")
        numbers = (captures.n_observed, longer.n_observed, estimate.n_hat, interval.low, interval.high)
        found[name] = [float(f"{number:.9g}") for number in numbers]
    return found


def same_fingerprint(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints are of code that gives the same numbers, to six digits.

    Parameters
    ----------
    one, other : dict of str to list
        As of `fingerprint`.

    Returns
    -------
    bool
        Searches that end elsewhere within their tolerance are the same code; another estimate is not.
    """
    return list(one) == list(other) and all(
        np.allclose(numbers, other[name], rtol=1e-6) for name, numbers in one.items()
    )


def coverage_table(path: Path = OUTPUT, *, outside: bool = False) -> Table:
    """Lay the stored experiment out, one model a row.

    Parameters
    ----------
    path : Path, optional
        The JSON.
    outside : bool, default False
        Only the cells whose coverage is outside its Monte Carlo band, one a row, with what became of their
        samples.

    Returns
    -------
    Table
        Coverage in per cent.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))
    if outside:
        return _outside_table(stored)
    cells = {(cell["model"], cell["occasions"], cell["size"]): cell for cell in stored["cells"]}
    places = [(t, size) for t in OCCASIONS for size in SIZES]
    marks = {"below": "-", "above": "+", "": " "}

    def shown(cell: dict[str, Any] | None) -> str:
        if cell is None:
            return "not drawn"
        if cell["coverage"] is None:
            return "no estimate"
        return f"{100 * cell['coverage']:.1f}{marks[cell['outside']]}"

    def pooled(t: int, size: int) -> str:
        there = [cell for cell in stored["cells"] if (cell["occasions"], cell["size"]) == (t, size)]
        fitted = sum(cell["samples"] - cell["no_estimate"] for cell in there)
        return f"{100 * sum(cell['covered'] for cell in there) / fitted:.1f} " if fitted else "not drawn"

    drawn = sorted({cell["samples"] for cell in stored["cells"]})
    how_many = f"{drawn[0]:,}" if len(drawn) == 1 else f"{drawn[0]:,} to {drawn[-1]:,}"
    return Table(
        ("model", *(f"N = {size:,}, t = {t}" for t, size in places)),
        [
            *((name, *(shown(cells.get((name, *at))) for at in places)) for name in stored["fingerprint"]),
            ("all samples", *(pooled(*at) for at in places)),
        ],
        title=f"How often the {stored['level']:.0%} profile interval holds N, per cent of samples",
        footer=(
            f"{how_many} samples in each cell, drawn from the model that is fitted; t occasions. Counted "
            "among samples with an estimate. With a minus or plus, the coverage is below or above the range "
            f"that holds {stored['band']:.0%} of cells whose true coverage is {stored['level']:.0%}.",
        ),
    )


def _outside_table(stored: dict[str, Any]) -> Table:
    rows = []
    for cell in stored["cells"]:
        fitted = cell["samples"] - cell["no_estimate"]
        if cell["outside"]:
            shares = [cell["no_estimate"] / cell["samples"]]
            counted = ("boundary", "interval_above", "interval_below", "estimate_above")
            shares += [cell[key] / fitted for key in counted]
            rows.append(
                (
                    cell["model"],
                    f"{cell['size']:,}",
                    f"{cell['occasions']}",
                    f"{100 * cell['coverage']:.1f} ± {100 * cell['coverage_se']:.1f}",
                    *(f"{100 * share:.1f}" for share in shares),
                )
            )
    return Table(
        (
            *("model", "N", "t", "coverage", "no estimate", "at a boundary", "interval above N"),
            *("interval below N", "estimate above N"),
        ),
        rows,
        title=f"Cells whose coverage is not {stored['level']:.0%} within Monte Carlo error, in per cent",
        footer=("Without an estimate: of all samples; the others of those with an estimate.",),
    )


def load(path: Path, mark: Fingerprint) -> dict[tuple[str, int, int], dict[str, Any]]:
    """Read the cells of an earlier run.

    Parameters
    ----------
    path : Path
        The JSON.
    mark : dict
        Fingerprint of the code.

    Returns
    -------
    dict
        Cells by place; none where there is no file, or it is of other code or another seed.
    """
    if not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    if (stored["seed"], stored["level"]) != (SEED, LEVEL) or isinstance(stored["fingerprint"], str):
        return {}
    # A model that was added or changed begins anew, the others go on.
    return {
        (cell["model"], cell["size"], cell["occasions"]): cell
        for cell in stored["cells"]
        if cell["model"] in mark
        and same_fingerprint({"": mark[cell["model"]]}, {"": stored["fingerprint"].get(cell["model"], [0.0])})
    }


def store(path: Path, cells: dict[tuple[str, int, int], dict[str, Any]], mark: Fingerprint) -> None:
    """Write the table.

    Parameters
    ----------
    path : Path
        The JSON.
    cells : dict
        Cells by place.
    mark : dict
        Fingerprint of the code.
    """
    result = {
        "what": "coverage of profile intervals on data drawn from the model fitted",
        "level": LEVEL,
        "band": BAND,
        "seed": SEED,
        "fingerprint": mark,
        "cells": [cells[place] for place in grid() if place in cells],
    }
    text = json.dumps(result, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _limited(place: tuple[str, int, int], start: int, count: int) -> Any:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return place, batch(place, start, count)


def main() -> None:
    """Run the grid and write the table after every round."""
    from joblib import Parallel, delayed

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples that every cell shall have")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no round after that time")
    parser.add_argument("--models", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    begun, mark = time.monotonic(), fingerprint()
    cells = {place: summary(place, cell) for place, cell in load(options.output, mark).items()}
    store(options.output, cells, mark)
    wanted = [place for place in grid() if place[0] in options.models]

    def done(place: tuple[str, int, int]) -> int:
        return int(cells[place]["samples"]) if place in cells else 0

    with Parallel(n_jobs=options.processes, return_as="generator_unordered") as pool:
        while time.monotonic() - begun < 60 * options.minutes:
            # Those with the fewest samples first, so that all have the same number when time runs out.
            least = min((done(place) for place in wanted), default=options.samples)
            if least >= options.samples:
                break
            work = [
                delayed(_limited)(place, done(place), min(BATCH, options.samples - done(place)))
                for place in wanted
                if done(place) == least
            ]
            for place, counts in pool(work):
                before = cells.get(place, {})
                cells[place] = summary(place, {key: counts[key] + before.get(key, 0) for key in COUNTS})
                store(options.output, cells, mark)
            print(f"{time.monotonic() - begun:,.0f} s: {least + BATCH:,} samples a cell", flush=True)
    print(coverage_table(options.output))
    print(coverage_table(options.output, outside=True))


if __name__ == "__main__":
    main()
