"""Fit a study again without each piece of its evidence."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, TextIO

from microestim.checks.evidence_influence import EvidenceInfluence, compare_without
from microestim.errors import ConvergenceWarning, StudyError
from microestim.models.sampling import seed_from
from microestim.workforce.model import WorkforceModel

if TYPE_CHECKING:
    import numpy as np

    from microestim.workforce.fit import WorkforceFit

__all__ = ["evidence_influence"]


def evidence_influence(
    fit: WorkforceFit,
    *,
    draws: int,
    tune: int,
    cores: int | None,
    rng: int | np.random.Generator | np.random.SeedSequence | None,
    progress: bool | TextIO,
) -> EvidenceInfluence:
    """Fit a study again without each piece of its evidence, and compare.

    Parameters
    ----------
    fit : WorkforceFit
        The fit to all evidence.
    draws, tune : int
        Draws kept, and steps of adaptation, in each chain.
    cores : int or None
        Chains run at the same time.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    progress : bool or text stream
        Where to write progress.

    Returns
    -------
    EvidenceInfluence
        The matrix. A fit that did not converge is marked in it.
    """
    stream = sys.stderr if progress is True else progress or None
    seed, without, needed = seed_from(rng), {}, {}
    observations = fit.design.observations
    for number, observation in enumerate(observations, start=1):
        if stream is not None:
            stream.write(f"  without {observation.name} ({number} of {len(observations)})\n")
            stream.flush()
        try:
            model = WorkforceModel(fit.study.without(observation.name), priors=fit.all_priors)
        except StudyError as refused:
            needed[observation.name] = str(refused)
            continue
        with warnings.catch_warnings():
            # Said in the matrix, for each fit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            without[observation.name] = model.fit(
                rng=seed,
                draws=draws,
                tune=tune,
                chains=fit.settings.chains,
                cores=cores,
                target_accept=fit.settings.target_accept,
                reading=None
                if fit.reading not in model.readings
                else model.readings[model.readings.index(fit.reading)],
                progress=progress,
            )
    return compare_without(fit, without, needed=needed)
