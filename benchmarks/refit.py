"""Seconds that a fit takes once a study of the same shape is compiled.

Every count of accounts and visitors is moved by some per cent and handed to the compiled model as data, at
the settings that `WorkforceModel.fit` has by default. The time goes from the new study to the verdict on
convergence.
"""

import argparse
import inspect
import json
import os
import sys
from time import perf_counter

import microestim as me
from microestim.models.graph import build_graph, graph_data
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import CompiledModel, SamplerSettings, compile_model, sample

BUDGET = 15.0


def with_other_numbers(study: me.Study, factor: float) -> me.Study:
    """Give the study with its counts of accounts and visitors multiplied.

    Parameters
    ----------
    study : Study
        The study.
    factor : float
        What to multiply with (no unit).

    Returns
    -------
    Study
        Study with the same evidence, platforms and sources.
    """
    evidence = tuple(
        item.model_copy(update={"value": item.value * factor})
        if item.type in ("registrations", "audience")
        else item
        for item in study.evidence
    )
    return study.model_copy(update={"evidence": evidence})


def default_settings(seed: int) -> SamplerSettings:
    """Give the settings that `WorkforceModel.fit` has by default.

    Parameters
    ----------
    seed : int
        Seed of the sampler.

    Returns
    -------
    SamplerSettings
        The settings, with as many cores as the machine has and the chains can use.
    """
    options = inspect.signature(me.WorkforceModel.fit).parameters
    chains = options["chains"].default
    return SamplerSettings(
        draws=options["draws"].default,
        tune=options["tune"].default,
        chains=chains,
        cores=min(chains, os.cpu_count() or 1),
        seed=seed,
        target_accept=options["target_accept"].default,
    )


def refit(compiled: CompiledModel, study: me.Study, seed: int) -> me.WorkforceFit:
    """Fit a study with a model that was compiled for another of the same shape.

    Parameters
    ----------
    compiled : CompiledModel
        The model.
    study : Study
        The study.
    seed : int
        Seed of the sampler.

    Returns
    -------
    WorkforceFit
        The posterior.
    """
    model = me.WorkforceModel(study)
    reading = model.readings[0] if model.readings else None
    design = model.design.read_as(reading)
    settings = default_settings(seed)
    tree = sample(compiled.with_data(graph_data(design, DEFAULT_PRIORS)), settings)
    return me.WorkforceFit(
        study=study,
        design=design,
        priors=DEFAULT_PRIORS,
        vectors=tree["posterior"]["deviate"].to_numpy(),
        sample_stats=tree["sample_stats"].to_dataset(),
        settings=settings,
        reading=reading,
    )


def main() -> int:
    """Print the measurement as JSON; the exit status is 1 when it is over the budget or not converged."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", default="fr-2018")
    parser.add_argument("--rng", type=int, default=2018)
    options = parser.parse_args()
    study = me.load_study(options.study)
    compiled = compile_model(build_graph(me.WorkforceModel(study).design, DEFAULT_PRIORS))
    fits = []
    passed = True
    for number, factor in enumerate((1.05, 0.95, 1.2)):
        begun = perf_counter()
        converged = refit(compiled, with_other_numbers(study, factor), options.rng + number).converged
        seconds = perf_counter() - begun
        passed &= seconds <= BUDGET and converged
        fits.append({"factor": factor, "seconds": round(seconds, 1), "converged": converged})
    result = {"study": study.id, "cores": os.cpu_count(), "compile_seconds": round(compiled.seconds, 1)}
    print(json.dumps(result | {"budget": BUDGET, "refits": fits}, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
