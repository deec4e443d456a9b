"""Fit a study again without each piece of its evidence, or without all that is about each platform."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TextIO

import numpy as np

from microestim.checks.evidence_influence import EvidenceInfluence, LeftOut, compare_without
from microestim.errors import ConvergenceWarning, InputError, StudyError
from microestim.models.design import Design
from microestim.models.sampling import progress_stream, seed_from
from microestim.workforce.model import WorkforceModel

if TYPE_CHECKING:
    from microestim.workforce.fit import WorkforceFit

__all__ = ["evidence_influence", "evidence_of_platforms"]


def evidence_influence(
    fit: WorkforceFit,
    *,
    by: LeftOut,
    draws: int,
    tune: int,
    cores: int | None,
    rng: int | np.random.Generator | np.random.SeedSequence | None,
    progress: bool | TextIO,
) -> EvidenceInfluence:
    """Fit a study again without each piece of its evidence, or without each platform's, and compare.

    Parameters
    ----------
    fit : WorkforceFit
        The fit to all evidence.
    by : {"evidence", "platform"}
        What to leave out: one piece at a time, or all that is about one platform alone.
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

    Raises
    ------
    InputError
        `by` is neither of its two values.
    """
    if by not in ("evidence", "platform"):
        raise InputError(f"by is {by!r}; use 'evidence' or 'platform'")
    groups = (
        {observation.name: (observation.name,) for observation in fit.design.observations}
        if by == "evidence"
        else evidence_of_platforms(fit.design)
    )
    whole = WorkforceModel(fit.study, priors=fit.all_priors)
    stream = progress_stream(progress)
    seed, without, needed = seed_from(rng), {}, {}
    for number, (left_out, names) in enumerate(groups.items(), start=1):
        if not names:
            needed[left_out] = "no evidence is about it alone"
            continue
        if stream is not None:
            stream.write(f"  without {left_out} ({number} of {len(groups)})\n")
            stream.flush()
        try:
            model = whole.without(*names)
        except StudyError as refused:
            needed[left_out] = str(refused)
            continue
        with warnings.catch_warnings():
            # Said in the matrix, for each fit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            without[left_out] = model.fit(
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
    return compare_without(fit, without, needed=needed, by=by)


def evidence_of_platforms(design: Design) -> dict[str, tuple[str, ...]]:
    """List the evidence that is about each platform alone.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    dict of str to tuple of str
        Ids of evidence by platform: its own declared number, share, visitors, and all that its people
        answered. A total over several platforms is about none of them alone.
    """
    frames = {frame.id: frame.members for frame in design.frames}
    found: dict[str, list[str]] = {platform: [] for platform in design.platforms}
    for observation in design.observations:
        members = getattr(observation, "members", None)
        if hasattr(observation, "frame"):
            members = frames[observation.frame]
        if hasattr(observation, "platform"):
            members = np.eye(design.n_platforms)[observation.platform]
        if members is not None and members.sum() == 1:
            found[design.platforms[int(members.argmax())]].append(observation.name)
    return {platform: tuple(names) for platform, names in found.items()}
