"""Leave one country out: what a country without a survey gains from being pooled, in simulated countries.

    python experiments/pooled_countries.py --worlds 250 --pooled 100

Each world has three countries whose quantities are drawn from the pooled prior, so that their correlations
are those of the model. Two have the evidence of France 2018; the third has declared accounts and audiences
only. The third is fitted alone in all worlds, which takes a second, and pooled with the two in the first
ones, which takes half a minute; its true number of people is compared with both posteriors. Written to
docs/_data/pooled_countries.json after every world: coverage, width, interval score and bias on the log scale,
and whether the chains converged. A run with the same settings resumes, and more worlds extend the same
stream. With --independent the countries are drawn with correlation 0 and still pooled with the model's: how
wrong borrowing can go; that goes to docs/_data/independent_countries.json.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import microestim as me
from microestim.checks.convergence import RHAT_LIMIT, judge_convergence
from microestim.models.correlations import DEFAULT_CORRELATIONS, override_correlations
from microestim.models.evaluation import Deviates, evaluate
from microestim.models.graph import build_graph
from microestim.models.people import TIER_IDS, count_people
from microestim.models.pooled_density import pooled_density
from microestim.models.pooling import PooledMap, pool_designs
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    sample,
    software_versions,
)
from microestim.simulate.calibration import density_fingerprint
from microestim.simulate.evidence import SimulatedStudy, simulate_evidence
from microestim.study import Study, parse_study

SURVEY = ("ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any")
DATA = Path(__file__).resolve().parents[1] / "docs" / "_data"
LEVEL = 0.9


def countries() -> list[Study]:
    """France, a second country with the same evidence, and a third without a survey."""
    france = me.load_study("fr-2018")
    found = [france]
    for country, platform in (("BE", "closed-be"), ("BR", "closed-br")):
        text = france.to_toml()
        for old, new in (
            ('id = "fr-2018"', f'id = "{country.lower()}-2018"'),
            ('country = "FR"', f'country = "{country}"'),
            ('"foule-factory"', f'"{platform}"'),
        ):
            text = text.replace(old, new)
        found.append(parse_study(text, name=country))
    found[-1] = found[-1].without(*SURVEY)
    return found


def draw_world(models: list[me.WorkforceModel], truth: PooledMap, seed: int) -> list[SimulatedStudy] | None:
    """Draw all countries together, and the evidence of each; None where no study could hold it."""
    generator = np.random.default_rng(seed)
    vectors = truth.apply(generator.standard_normal((1, truth.size)))
    worlds = []
    for model, vector in zip(models, vectors, strict=True):
        try:
            worlds.append(simulate_evidence(model, generator, vectors=vector))
        except me.errors.InputError:
            return None
    return worlds


def people_of(world: SimulatedStudy, vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Posterior draws of people by tier, a row a chain."""
    flat = vectors.reshape(-1, vectors.shape[-1])
    counts = count_people(evaluate(world.design, DEFAULT_PRIORS, Deviates.from_vectors(flat, world.design)))
    return {tier: counts.people[tier].reshape(vectors.shape[:-1]) for tier in TIER_IDS}


def scored(world: SimulatedStudy, vectors: np.ndarray, diverging: np.ndarray) -> dict[str, dict[str, float]]:
    """Judge each tier: its interval against the truth, and how well the chains agree."""
    people = people_of(world, vectors)
    chains = judge_convergence(people, diverging)
    divergences = chains.divergences / chains.draws
    return {
        tier: {
            **judged(people[tier], world.people[tier]),
            "r_hat": chains.r_hat[tier],
            "ess_bulk": chains.ess_bulk[tier],
            "ess_tail": chains.ess_tail[tier],
            "diverging": divergences,
        }
        for tier in TIER_IDS
    }


def judged(draws: np.ndarray, truth: float) -> dict[str, float]:
    """Whether an interval of the log holds the truth, its width, its score and the error of the median."""
    log, at, tail = np.log(draws), float(np.log(truth)), (1 - LEVEL) / 2
    low, high = np.quantile(log, [tail, 1 - tail])
    miss = max(low - at, 0.0) + max(at - high, 0.0)
    return {
        "covered": float(low <= at <= high),
        "width": float(high - low),
        "score": float(high - low + miss / tail),
        "error": float(np.median(log) - at),
    }


def summarised(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give worlds, how many have chains that agree, coverage, median width, mean score and mean error."""
    found: dict[str, dict[str, Any]] = {}
    for how in ("alone", "pooled", "surveyed"):
        fitted = [row[how] for row in rows if how in row]
        agree = sum(all(one[tier]["r_hat"] <= RHAT_LIMIT for tier in TIER_IDS) for one in fitted)
        found[how] = {"worlds": len(fitted), "chains_agree": agree}
        for tier in TIER_IDS if fitted else ():
            each = [one[tier] for one in fitted]
            found[how][tier] = {
                "coverage": float(np.mean([one["covered"] for one in each])),
                "width": float(np.median([one["width"] for one in each])),
                "score": float(np.mean([one["score"] for one in each])),
                "bias": float(np.mean([one["error"] for one in each])),
            }
    return found


def main() -> None:
    """Run the worlds, and write what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=250, help="worlds to fit the third country alone in")
    parser.add_argument(
        "--pooled", type=int, default=100, help="of these, worlds to fit all three countries in"
    )
    parser.add_argument("--seed", type=int, default=20270000)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--tune", type=int, default=500)
    parser.add_argument(
        "--independent", action="store_true", help="draw countries that have nothing in common"
    )
    parser.add_argument("--out", type=Path, help="file to write, instead of the one in docs/_data")
    given = parser.parse_args()
    output = given.out or DATA / f"{'independent' if given.independent else 'pooled'}_countries.json"
    models = [me.WorkforceModel(study) for study in countries()]
    designs = [model.design for model in models]
    pooled = pool_designs(designs, DEFAULT_CORRELATIONS)
    nothing = {
        name: {"correlation": 0.0, "rationale": "countries alike in nothing"} for name in DEFAULT_CORRELATIONS
    }
    truth = pool_designs(designs, override_correlations(nothing)) if given.independent else pooled
    functions = [compile_model(build_graph(design, DEFAULT_PRIORS)) for design in designs]
    settings_used = {"seed": given.seed, "draws": given.draws, "tune": given.tune}
    drawn = "with correlation 0" if given.independent else "from the pooled prior"
    fingerprint = "+".join(density_fingerprint(model.design, model.priors)[:16] for model in models)
    made_of = {"drawn": drawn, "settings": settings_used, "fingerprint": fingerprint}
    rows: list[dict[str, Any]] = []
    if output.exists():
        before = json.loads(output.read_text(encoding="utf-8"))
        if {name: before.get(name) for name in made_of} == made_of:
            rows = before["worlds"]

    def write() -> None:
        result = {
            "what": f"{LEVEL:.0%} intervals of the log of the number of people in a country without a survey",
            **made_of,
            "worlds_drawn_again": max(int(row["seed"]) for row in rows) - given.seed - len(rows),
            "summary": summarised(rows),
            "versions": software_versions(),
            "worlds": rows,
        }
        output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    def fit(density: CompiledModel, seed: int) -> tuple[np.ndarray, np.ndarray]:
        settings = SamplerSettings(
            draws=given.draws, tune=given.tune, chains=2, cores=2, seed=seed, target_accept=0.9
        )
        tree = sample(density, settings)
        return tree["posterior"]["deviate"].to_numpy(), tree["sample_stats"]["diverging"].to_numpy()

    seed = max([given.seed, *(int(row["seed"]) for row in rows)])
    while len(rows) < given.worlds:
        seed += 1
        worlds = draw_world(models, truth, seed)
        if worlds is None:
            continue
        vectors, diverging = fit(functions[-1].with_data(worlds[-1].data), seed)
        rows.append({"seed": seed, "alone": scored(worlds[-1], vectors, diverging)})
        write()
        sys.stderr.write(f"  alone, world {len(rows)} of {given.worlds}\n")
    started, fitted = time.perf_counter(), 0
    for place, row in enumerate(rows[: given.pooled]):
        if "pooled" in row:
            continue
        worlds = draw_world(models, truth, int(row["seed"]))
        assert worlds is not None
        parts = [each.with_data(world.data) for each, world in zip(functions, worlds, strict=True)]
        drawn_together, diverging = fit(pooled_density(parts, pooled).compiled, int(row["seed"]))
        each_country = pooled.apply(drawn_together)
        row["pooled"] = scored(worlds[-1], each_country[-1], diverging)
        row["surveyed"] = scored(worlds[0], each_country[0], diverging)
        write()
        fitted += 1
        seconds = (time.perf_counter() - started) / fitted
        sys.stderr.write(f"  pooled, world {place + 1} of {given.pooled}, {seconds:.1f} s each\n")
    for how, tiers in summarised(rows).items():
        for tier in TIER_IDS if tiers["worlds"] else ():
            shown = "  ".join(f"{name} {value:5.2f}" for name, value in tiers[tier].items())
            print(f"{how:9} {tiers['worlds']:4} {tier:15} {shown}")


if __name__ == "__main__":
    main()
