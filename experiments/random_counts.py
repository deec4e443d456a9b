"""Random frequency counts through every estimator from frequency counts: a finite answer, or a reason.

    python experiments/random_counts.py --tables 20000 --jobs 2

prints what became of them as JSON, and ends with status 1 when a fault was found. The tables are sparse and
full, tiny and huge, of one class, with gaps, with a pooled last class, with occasions. Every answer must be
finite or carry a reason; no interval may start below the number seen; nothing may be NaN, and no exception or
warning may come from outside `microestim.errors`.

Of the estimators that maximise a likelihood, which take nearly all of the time, each table is given to one,
drawn by the table's number; `--fits 0` gives it to all.
"""

import argparse
import json
import math
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import microestim as me
from microestim.errors import MicroestimError, MicroestimWarning, NotEstimableError

SEED = 20250607
# Tables that a process takes at a time: a few seconds.
CHUNK = 25

Estimator = Callable[[me.FrequencyCounts], Any]


def every_estimator() -> dict[str, Estimator]:
    """Return every estimator from frequency counts, with its options."""
    made: dict[str, Estimator] = {
        "chao": me.chao,
        "chao, bias-corrected": lambda c: me.chao(c, bias_corrected=True),
        "chao, finite sample": lambda c: me.chao(c, finite_sample=True),
        "chao_improved": me.chao_improved,
        "chao_improved, bias-corrected": lambda c: me.chao_improved(c, bias_corrected=True),
        "chao_one_inflated": me.chao_one_inflated,
        "chao_one_inflated, bias-corrected": lambda c: me.chao_one_inflated(c, bias_corrected=True),
        "lanumteang_bohning": me.lanumteang_bohning,
        "zelterman": me.zelterman,
        "turing": me.turing,
        "turing, rare": lambda c: me.turing(c, rare=4),
        "ace": me.ace,
        "ace, rare": lambda c: me.ace(c, rare=3),
        "ace-1": lambda c: me.ace(c, variant="ace-1"),
        "chao_bunge": me.chao_bunge,
        "jackknife": me.jackknife,
        "jackknife, interpolated": lambda c: me.jackknife(c, interpolate=True),
        "jackknife, finite sample": lambda c: me.jackknife(c, finite_sample=True),
        "jackknife, order 4": lambda c: me.jackknife(c, order=4),
    }
    for without in (False, True):
        made[f"ratio_regression, without_ones={without}"] = lambda c, w=without: me.ratio_regression(
            c, without_ones=w
        )
    made["ratio_regression, variances"] = lambda c: me.ratio_regression(c, covariance=False, rare=6)
    for method in ("unconditional", "penalised", "conditional"):
        made[f"npmle, {method}"] = lambda c, m=method: me.npmle(c, method=m)
    made["npmle, rare"] = lambda c: me.npmle(c, rare=10)
    for family in ("poisson", "geometric", "negbin", "poisson-lognormal"):
        for inflation in (None, "one-before", "one-after", "hurdle", "drop-ones"):
            made[f"truncated_counts, {family}, {inflation}"] = lambda c, f=family, i=inflation: (
                me.truncated_counts(c, family=f, inflation=i)
            )
        made[f"one_inflation_curve, {family}"] = lambda c, f=family: me.one_inflation_curve(c, family=f)
    return made


_FITTED = ("npmle", "truncated_counts, negbin", "truncated_counts, poisson-lognormal")


def estimators_of(place: int, *, fits: int | None) -> dict[str, Estimator]:
    """Return the estimators that a table is given to.

    Parameters
    ----------
    place : int
        The table.
    fits : int or None
        How many of those that take long; all where None.

    Returns
    -------
    dict of str to callable
        Estimators by name: every one that is quick, and those drawn of the others.
    """
    every = every_estimator()
    slow = [name for name in every if name.startswith(_FITTED)]
    kept = np.random.default_rng([SEED, place]).permutation(slow)[:fits]
    return {name: estimator for name, estimator in every.items() if name not in slow or name in kept}


def random_tables(number: int, seed: int = SEED) -> Iterator[me.FrequencyCounts]:
    """Yield random tables, each from a stream of its own, so that any of them can be made again.

    Parameters
    ----------
    number : int
        How many.
    seed : int
        Of all streams together.

    Yields
    ------
    FrequencyCounts
    """
    for place in range(number):
        yield random_table(place, seed)


def random_table(place: int, seed: int = SEED) -> me.FrequencyCounts:
    """Make one of the tables of `random_tables` again.

    Parameters
    ----------
    place : int
        Which, from 0 on.
    seed : int
        Of all streams together.

    Returns
    -------
    FrequencyCounts
        The table.
    """
    return one_table(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place,))))


def one_table(rng: np.random.Generator) -> me.FrequencyCounts:
    """Draw one table of a kind that is itself drawn."""
    kind = rng.choice(["sparse", "mixture", "one class", "wide", "tiny", "huge", "flat"])
    if kind == "mixture":
        size = int(10 ** rng.uniform(1, 5))
        shape = 10 ** rng.uniform(-1.5, 2)
        seen = rng.poisson(rng.gamma(shape, 10 ** rng.uniform(-1.5, 1) / shape, size))
        times, people = np.unique(seen[seen > 0], return_counts=True)
        held = dict(zip(times.tolist(), people.tolist(), strict=True)) or {1: 1}
    elif kind == "one class":
        held = {int(rng.integers(1, 9)): int(10 ** rng.uniform(0, 6))}
    elif kind == "tiny":
        held = {int(k): int(rng.integers(1, 3)) for k in rng.integers(1, 6, size=rng.integers(1, 4))}
    elif kind == "wide":
        where = np.unique((10 ** rng.uniform(0, 3.5, size=rng.integers(2, 60))).astype(int))
        held = {int(k): int(10 ** rng.uniform(0, 3)) for k in where}
    elif kind == "flat":
        held = {k: int(rng.integers(0, 20)) for k in range(1, int(rng.integers(2, 20)))} | {1: 1}
    else:
        top = 4 if kind == "sparse" else 15
        where = rng.choice(np.arange(1, 16), size=rng.integers(1, 9), replace=False)
        held = {int(k): int(10 ** rng.uniform(0, top)) for k in where}
    # Huge counts reach 1e15, where whole numbers are still exact as floats.
    largest = max(held)
    occasions = None
    if rng.random() < 0.35:
        occasions = max(largest, 2) + (int(rng.integers(0, 30)) if rng.random() < 0.7 else 0)
    return me.FrequencyCounts(held, occasions=occasions, last_is_pooled=bool(rng.random() < 0.25))


def judge(name: str, estimator: Estimator, counts: me.FrequencyCounts) -> str:
    """Return what became of one table, or fail with what is wrong.

    Parameters
    ----------
    name : str
        The estimator, for the message.
    estimator : callable
        The estimator.
    counts : FrequencyCounts
        The table.

    Returns
    -------
    {"estimated", "bound", "refused", "wrong use"}
        What became of it.

    Raises
    ------
    AssertionError
        If the answer is no answer.
    """
    about = f"{name} of {counts.counts}, occasions={counts.occasions}, pooled={counts.last_is_pooled}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", MicroestimWarning)
        try:
            estimate = estimator(counts)
            if isinstance(estimate, me.Estimate):
                return _judge_estimate(about, estimate)
            values = np.concatenate([estimate.n_hat, estimate.se])
            assert np.isfinite(values).all(), about
            assert (estimate.n_hat >= counts.n_observed).all(), about
            frame = estimate.to_frame()
            assert (frame["ci_low"] >= counts.n_observed).all(), about
            assert (frame["ci_high"] >= frame["ci_low"]).all(), about
        except NotEstimableError as refused:
            _judge_refusal(f"{about}: bound {refused.bound}", refused, counts.n_observed)
            return "refused"
        except MicroestimError:
            return "wrong use"
        except Exception as fault:
            fault.add_note(about)
            raise
    return "estimated"


def _judge_refusal(about: str, refused: NotEstimableError, seen: int) -> None:
    assert len(refused.reason) > 30, about
    if refused.bound is not None:
        # The bound is a sum, good to rounding.
        assert seen * (1 - 1e-12) <= refused.bound < math.inf, about


def _judge_estimate(about: str, estimate: me.Estimate) -> str:
    n_hat = float(estimate.n_hat)
    assert math.isfinite(n_hat), f"{about}: {n_hat}"
    assert n_hat > 0 or "below the number seen" in str(estimate.reason), f"{about}: {n_hat}"
    assert estimate.n_observed is not None, about
    seen = float(estimate.n_observed)
    if n_hat < seen:
        assert "below the number seen" in str(estimate.reason), f"{about}: {n_hat}"
    assert estimate.se is None or (math.isfinite(estimate.se) and estimate.se >= 0), f"{about}: {estimate.se}"
    for value in (getattr(estimate, "params", None) or {}).values():
        assert not np.any(np.isnan(value)), f"{about}: {estimate.params}"
    loglik = getattr(estimate, "loglik", None)
    assert loglik is None or math.isfinite(loglik), f"{about}: log-likelihood {loglik}"
    for method in estimate.interval_methods:
        if method == "bootstrap":
            continue
        try:
            interval = estimate.interval(method=method)
        except NotEstimableError:
            continue
        assert seen <= interval.low <= interval.high, f"{about}: {interval!r}"
        assert interval.high < math.inf or interval.note, f"{about}: {interval!r}"
    assert "nan" not in str(estimate).lower(), f"{about}: {estimate}"
    return str(estimate.status)


@dataclass
class Tally:
    """What became of some tables.

    Parameters
    ----------
    outcomes : Counter of str
        Answers by what they are.
    faults : list of str
        What must not be.
    slowest : dict of str to (float, int)
        Seconds of the slowest table of each estimator, and its number.
    tables : int
        How many.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: dict[str, tuple[float, int]] = field(default_factory=dict)
    tables: int = 0

    def add(self, other: "Tally") -> None:
        """Add the tally of other tables.

        Parameters
        ----------
        other : Tally
            Of those.
        """
        self.outcomes += other.outcomes
        self.faults += other.faults
        self.tables += other.tables
        for name, seconds in other.slowest.items():
            self.slowest[name] = max(self.slowest.get(name, seconds), seconds)


def judge_all(places: range, seed: int, *, fits: int | None = None) -> Tally:
    """Judge the estimators of some tables.

    Parameters
    ----------
    places : range
        Numbers of the tables.
    seed : int
        Of all streams together.
    fits : int, optional
        How many of the estimators that take long each table is given to; all unless given.

    Returns
    -------
    Tally
        What became of them.
    """
    tally = Tally(tables=len(places))
    for place in places:
        counts = random_table(place, seed)
        for name, estimator in estimators_of(place, fits=fits).items():
            begun = time.perf_counter()
            try:
                tally.outcomes[judge(name, estimator, counts)] += 1
            except AssertionError as fault:
                tally.faults.append(f"table {place}: {fault}")
            except Exception as fault:  # noqa: BLE001 - the report lists every fault, whatever it is
                about = "; ".join(fault.__notes__)
                tally.faults.append(f"table {place}: {type(fault).__name__}: {fault} ({about})")
            spent = (time.perf_counter() - begun, place)
            tally.slowest[name] = max(tally.slowest.get(name, spent), spent)
    return tally


def main() -> int:
    """Run the command."""
    from joblib import Parallel, delayed

    parser = argparse.ArgumentParser(description="Random frequency counts through every estimator.")
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0, help="number of the first table")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--fits", type=int, default=1, help="slow estimators a table; 0 for all")
    parser.add_argument("--jobs", type=int, default=1, help="processes; -1 for one a core")
    options = parser.parse_args()
    started, tally = time.perf_counter(), Tally()
    end = options.start + options.tables
    parts = [range(first, min(first + CHUNK, end)) for first in range(options.start, end, CHUNK)]
    running = Parallel(n_jobs=options.jobs, return_as="generator_unordered")
    for part in running(
        delayed(judge_all)(places, options.seed, fits=options.fits or None) for places in parts
    ):
        tally.add(part)
        print(
            f"{tally.tables:,} of {options.tables:,} tables, {len(tally.faults)} faults, "
            f"{time.perf_counter() - started:,.0f} s",
            file=sys.stderr,
            flush=True,
        )
        for fault in part.faults:
            print(fault, file=sys.stderr, flush=True)
    slowest = sorted(tally.slowest.items(), key=lambda item: -item[1][0])[:5]
    report = {
        "tables": options.tables,
        "seed": options.seed,
        "estimators": len(every_estimator()),
        "slow_estimators_a_table": options.fits or "all",
        "outcomes": dict(sorted(tally.outcomes.items())),
        "faults": len(tally.faults),
        "first_faults": sorted(tally.faults)[:20],
        "seconds": round(time.perf_counter() - started, 1),
        "slowest": {k: {"seconds": round(v, 3), "table": table} for k, (v, table) in slowest},
    }
    print(json.dumps(report, indent=2))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
