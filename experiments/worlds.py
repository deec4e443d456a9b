"""Calibration on worlds that do not follow the model, beside the published arithmetic and its bootstrap.

    python experiments/worlds.py --list                 # the worlds of the experiment, and their truths
    python experiments/worlds.py --describe random:17   # one world: knobs, truths, evidence, as JSON
    python experiments/worlds.py --fit random --jobs 2  # fit what is not in docs/_data/worlds.json yet

The worlds and their seeds are fixed here, and their truths and fingerprints in
experiments/worlds_drawn.json, before any of them is fitted: 200 whose knobs are all drawn at random, and 50
for each of eight departures. `--list --write` draws that file anew, and is never needed after a fit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import microestim as me
from microestim.checks import published_arithmetic
from microestim.models.priors import read_priors
from microestim.simulate import DEPARTURES, World, score_draws, world
from microestim.simulate.calibration import density_fingerprint

ROOT = Path(__file__).resolve().parents[1]
DRAWN = Path(__file__).with_name("worlds_drawn.json")
OUTPUT = ROOT / "docs" / "_data" / "worlds.json"

Priors = dict[str, dict[str, Any]]

SEED = 20260722
GROUPS: dict[str, int] = {"random": 200} | dict.fromkeys(DEPARTURES, 50)
"""How many worlds there are of each kind."""


def seed_of(group: str, number: int) -> list[int]:
    """Seed of one world of the experiment: the experiment's, the group's number, the world's."""
    return [SEED, list(GROUPS).index(group), number]


def make(group: str, number: int) -> World:
    """Draw one world of the experiment."""
    if group not in GROUPS or not 0 <= number < GROUPS[group]:
        known = ", ".join(f"{name} (0 to {size - 1})" for name, size in GROUPS.items())
        raise SystemExit(f"no world {group}:{number}; there are: {known}")
    return world(rng=seed_of(group, number), departure=None if group == "random" else group)


def label(group: str, number: int) -> str:
    """Name of a world of the experiment: the id of its study."""
    return f"world-{group.replace(' ', '-')}-{number}"


def all_worlds() -> Iterator[tuple[str, int]]:
    """Every world of the experiment, by group and number."""
    for group, size in GROUPS.items():
        for number in range(size):
            yield group, number


def listed(group: str, number: int) -> dict[str, Any]:
    """Say what is fixed of a world before it is fitted."""
    drawn = make(group, number)
    return {
        "group": group,
        "number": number,
        "seed": seed_of(group, number),
        "fingerprint": drawn.fingerprint[:16],
        "platforms": drawn.platforms.n,
        "observed": int(drawn.observed.sum()),
        "truth": drawn.truths(),
        "truth_observed": drawn.truths(scope="observed"),
    }


def describe(group: str, number: int) -> dict[str, Any]:
    """Everything about a world: what it is, what is true of it, and what is known of it."""
    from dataclasses import asdict

    drawn = make(group, number)
    study = drawn.study(id=label(group, number))
    inputs = published_arithmetic.read_inputs(study)
    return {
        **listed(group, number),
        "knobs": asdict(drawn.knobs),
        "accounts": {tier: drawn.accounts_by_platform(tier) for tier in drawn.truths()},
        "published_arithmetic": published_arithmetic.estimates(inputs),
        "evidence": [item.describe() for item in study.evidence],
        "study_toml": study.to_toml(),
    }


def score_arithmetic(study: me.Study, truths: dict[str, int], seed: list[int]) -> dict[str, Any]:
    """Scores of the published arithmetic's bootstrap, by tier; None where it has no inputs."""
    inputs = published_arithmetic.read_inputs(study)
    draws = published_arithmetic.bootstrap(inputs, np.random.default_rng([*seed, 1]))
    return {
        tier: None if draws[tier] is None else score_draws(draws[tier], truth)
        for tier, truth in truths.items()
    }


def model_fingerprint(priors: Priors | None) -> str:
    """Fingerprint of the model's density, on France's evidence."""
    model = me.WorkforceModel(me.load_study("fr-2018"), priors=priors)
    return density_fingerprint(model.design, model.priors)


def fit(
    group: str,
    number: int,
    *,
    fingerprint: str,
    observed_only: bool = False,
    priors: Priors | None = None,
    cores: int | None = None,
) -> dict[str, Any]:
    """Fit one world with the public interface, and score it and the published arithmetic."""
    drawn = make(group, number)
    seed, study = seed_of(group, number), drawn.study(id=label(group, number))
    if not drawn.fingerprint.startswith(fingerprint):
        raise SystemExit(f"{group}:{number} is not the world that was fixed as {fingerprint}")
    started = time.perf_counter()
    row: dict[str, Any] = {"group": group, "number": number, "fingerprint": fingerprint}
    row["platforms"], row["observed"] = drawn.platforms.n, int(drawn.observed.sum())
    both = not (observed_only or drawn.observed.all())
    scopes: tuple[Any, ...] = ("observed", "all") if both else ("observed",)
    row["arithmetic"] = {scope: score_arithmetic(study, drawn.truths(scope=scope), seed) for scope in scopes}
    inputs = published_arithmetic.read_inputs(study)
    row["arithmetic_complete"] = published_arithmetic.complete(inputs, study.observed_platforms)
    row["model"] = {}
    try:
        fitted = me.WorkforceModel(study, priors=priors).fit(
            rng=np.random.SeedSequence([*seed, 2]), cores=cores
        )
    except me.errors.StudyError as error:
        # A study that the model refuses is a world without an interval, and is shown as one.
        return row | {"converged": False, "refused": f"{type(error).__name__}: {error}"}
    for scope in scopes:
        row["model"][scope] = {
            tier: score_draws(fitted.draws(tier, of="people", scope=scope), truth)
            for tier, truth in drawn.truths(scope=scope).items()
        }
    # Whether a check of the fit names what is wrong with this world.
    row["failed_checks"] = [each.name for each in fitted.check() if each.passed is False]
    return row | {"converged": bool(fitted.converged), "seconds": round(time.perf_counter() - started, 1)}


def run(
    chosen: list[tuple[str, int]],
    *,
    jobs: int,
    output: Path,
    observed_only: bool = False,
    priors: Priors | None = None,
) -> None:
    """Fit the worlds that are not in the file yet; it is written after each."""
    from joblib import Parallel, delayed

    empty = _empty(priors)
    results = json.loads(output.read_text(encoding="utf-8")) if output.exists() else empty
    for name in ("seed", "model"):
        if results.get(name) != empty[name]:
            raise SystemExit(f"{output} is of another {name} ({results.get(name)}, not {empty[name]})")
    drawn = json.loads(DRAWN.read_text(encoding="utf-8"))["worlds"]
    fixed = {(row["group"], row["number"]): row["fingerprint"] for row in drawn}
    done = {(row["group"], row["number"]) for row in results["worlds"]}
    left = [key for key in chosen if key not in done]
    print(f"{len(chosen) - len(left)} of {len(chosen)} worlds are done", flush=True)
    # With worlds side by side the chains of each wait for each other.
    options: dict[str, Any] = {
        "observed_only": observed_only,
        "priors": priors,
        "cores": None if jobs == 1 else 1,
    }
    running = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="all")
    rows = running(delayed(fit)(*key, fingerprint=fixed[key], **options) for key in left)
    for number, row in enumerate(rows, start=1):
        results["worlds"].append(_short(row))
        _write(results, output)
        print(f"{number} of {len(left)} fitted: {label(row['group'], row['number'])}", flush=True)


def _short(value: Any) -> Any:
    """Keep six significant digits of every number: more would say nothing, and fill the file."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _write(results: dict[str, Any], output: Path) -> None:
    """Write one line a world, beside the file and then in its place: an interrupted run leaves it whole."""
    head = {key: value for key, value in results.items() if key != "worlds"}
    places = {key: place for place, key in enumerate(all_worlds())}
    rows = sorted(results["worlds"], key=lambda row: places[row["group"], row["number"]])
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    text = json.dumps(head)[:-1] + f', "worlds": [\n{lines}\n]}}\n'
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = output.with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(output)


def _empty(priors: Priors | None) -> dict[str, Any]:
    return {
        "what": "the joint model and the published arithmetic's bootstrap on worlds that follow neither",
        "seed": SEED,
        "model": model_fingerprint(priors),
        "priors": priors or {},
        "version": me.__version__,
        "worlds": [],
    }


def _parse_world(text: str) -> tuple[str, int]:
    group, _, number = text.rpartition(":")
    if not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no world; write the group and a number: random:17")
    return group.replace("-", " "), int(number)


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="draw every world, and say what is true of it")
    what.add_argument("--describe", metavar="GROUP:N", type=_parse_world, help="one world in full, as JSON")
    what.add_argument("--fit", metavar="GROUP", nargs="+", help=f"all, or any of: {', '.join(GROUPS)}")
    parser.add_argument("--write", action="store_true", help=f"with --list: write {DRAWN.name}")
    parser.add_argument("--jobs", type=int, default=1, help="worlds fitted at once")
    parser.add_argument("--first", type=int, help="with --fit: only the first so many worlds of each group")
    parser.add_argument("--observed-only", action="store_true", help="observed platforms only")
    parser.add_argument("--priors", type=Path, help="TOML file of priors to replace, with another --output")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the scores go")
    given = parser.parse_args()
    if given.describe:
        json.dump(describe(*given.describe), sys.stdout, indent=1)
        print()
    elif given.list:
        rows = [listed(*key) for key in all_worlds()]
        lines = ",\n".join(json.dumps(row) for row in rows)
        text = f'{{"seed": {SEED}, "numpy": "{np.__version__}", "worlds": [\n{lines}\n]}}\n'
        if given.write:
            DRAWN.write_text(text, encoding="utf-8")
        else:
            print(text, end="")
    else:
        groups = list(GROUPS) if given.fit == ["all"] else [group.replace("-", " ") for group in given.fit]
        unknown = [group for group in groups if group not in GROUPS]
        if unknown:
            parser.error(f"no group {unknown[0]!r}; use all, or any of: {', '.join(GROUPS)}")
        if given.jobs < 1:
            parser.error("--jobs is a whole number of at least 1")
        chosen = [key for key in all_worlds() if key[0] in groups]
        wanted = [key for key in chosen if given.first is None or key[1] < given.first]
        priors = None if given.priors is None else read_priors(given.priors)
        run(wanted, jobs=given.jobs, output=given.output, observed_only=given.observed_only, priors=priors)


if __name__ == "__main__":
    main()
