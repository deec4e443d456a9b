"""Fit worlds that are shaped like a study, and count how often their intervals hold the truth."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from microestim._version import __version__
from microestim.checks import published_arithmetic
from microestim.errors import ConvergenceWarning, InputError, StudyError
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings, seed_from
from microestim.simulate.calibration import density_fingerprint
from microestim.simulate.scores import score_draws
from microestim.simulate.worlds import shaped_world
from microestim.study import Study
from microestim.workforce.model import WorkforceModel
from microestim.workforce.study_calibration import ARITHMETIC, MODEL, StudyCalibration, WorldRow

__all__ = ["calibrate"]

_FILE = "calibration.json"


def calibrate(
    study: Study,
    *,
    worlds: int = 200,
    rng: int | np.random.Generator | np.random.SeedSequence | None = None,
    priors: Mapping[str, Prior | Mapping[str, Any]] | None = None,
    draws: int = 1000,
    tune: int = 600,
    chains: int = 4,
    jobs: int | None = 1,
    output: str | Path | None = None,
    resume: bool = False,
    progress: bool | TextIO = False,
) -> StudyCalibration:
    """Say how often intervals from evidence like a study's hold the truth.

    Worlds of people with known truth are drawn in the shape of the study: its platforms, about its size, its
    evidence in its forms (`simulate.shaped_world`). They follow neither the model nor its priors. The model
    is fitted to the evidence of each, and compared with the published arithmetic and its bootstrap.

    Parameters
    ----------
    study : Study
        The study.
    worlds : int, default 200
        Number of worlds. With 50, the exact limits of a coverage of 90 % are 78 % and 97 %.
    rng : int, Generator, SeedSequence or None
        Seed; world k is the same whatever the number of worlds and jobs.
    priors : mapping of str to Prior or mapping, optional
        Priors to replace, as for `WorkforceModel`.
    draws, tune, chains : int, default 1000, 600 and 4
        As for `WorkforceModel.fit`.
    jobs : int, optional
        Worlds at the same time, by joblib: -1 for one a processor; None for what `joblib.parallel_config`
        says, which also chooses the back end.
    output : str or Path, optional
        Folder in which `calibration.json` is kept as worlds are done, and table and figure are written at the
        end. Worlds that the file has beyond `worlds` stay in it.
    resume : bool, default False
        Go on from the `calibration.json` of the folder, which has to be of the same study, model, seed,
        priors and settings.
    progress : bool or text stream, default False
        Write a line for each batch of worlds, to standard error where True.

    Returns
    -------
    StudyCalibration
        One row a world. A world that the model refuses is a row that says so, and a fit that did not converge
        is counted and kept.

    Raises
    ------
    InputError
        The study's shape is not one that worlds can have, a number is out of range, or the folder holds
        another calibration.
    StudyError
        The model refuses the study itself.

    Notes
    -----
    A fit takes some seconds, and a world of several hundred thousand people as many. The model is compiled
    once, where the study prints no numbers that are part of the model's formulas (standard deviations of
    memberships, for example); else once a world.

    Examples
    --------
    >>> import microestim as me
    >>> study = me.load_study("fr-2018")
    >>> found = me.calibrate(study, worlds=200, rng=1, jobs=2, output="fr-2018")  # doctest: +SKIP
    >>> found.plot()  # doctest: +SKIP
    """
    if worlds < 1 or int(worlds) != worlds:
        raise InputError(f"worlds is {worlds!r}; use a whole number of at least 1")
    if jobs is not None and (jobs == 0 or int(jobs) != jobs):
        raise InputError(f"jobs is {jobs!r}; use a whole number other than 0, or None")
    if resume and output is None:
        raise InputError("resume needs output: the folder of the calibration to go on with")
    seed = seed_from(rng)
    given = _Settings(draws=draws, tune=tune, chains=chains)
    model = WorkforceModel(study, priors=priors)
    settings = {
        "study_hash": study.hash,
        "fingerprint": density_fingerprint(model.design, model.priors),
        "seed": seed,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "priors": {name: repr(prior) for name, prior in model.priors.items()},
        "version": __version__,
    }
    folder = None if output is None else Path(output)
    rows = list(_done(folder, study, settings, resume=resume))
    left = [number for number in range(worlds) if number not in {row["world"] for row in rows}]
    stream = sys.stderr if progress is True else progress or None
    from joblib import Parallel, delayed, effective_n_jobs

    batch = max(1, effective_n_jobs(jobs))
    cores = 1 if batch > 1 else min(chains, os.cpu_count() or 1)
    for start in range(0, len(left), batch):
        rows += Parallel(n_jobs=jobs)(
            delayed(_one)(study, dict(model.priors), seed, number, given, cores)
            for number in left[start : start + batch]
        )
        rows.sort(key=lambda row: row["world"])
        _keep(folder, StudyCalibration(study.id, settings, tuple(rows)))
        if stream is not None:
            stream.write(f"  {len(rows)} of {worlds} worlds\n")
            stream.flush()
    found = StudyCalibration(study.id, settings, tuple(row for row in rows if row["world"] < worlds))
    if folder is not None:
        found.write(folder)
        # Worlds beyond those that were asked for stay in the file: they took long.
        _keep(folder, StudyCalibration(study.id, settings, tuple(rows)))
    return found


class _Settings:
    """How each world is fitted; what the sampler would refuse is refused before any world is drawn."""

    def __init__(self, *, draws: int, tune: int, chains: int) -> None:
        SamplerSettings(draws=draws, tune=tune, chains=chains, cores=1, seed=0, target_accept=0.98)
        self.draws, self.tune, self.chains = draws, tune, chains


_COMPILED: dict[tuple[str, str], WorkforceModel] = {}
"""The compiled model of the study that this process works on."""


def _compiled(study: Study, priors: Mapping[str, Prior]) -> WorkforceModel:
    key = (study.hash, repr(sorted(priors.items())))
    if key not in _COMPILED:
        _COMPILED.clear()
        model = WorkforceModel(study, priors=priors)
        model.compile()
        _COMPILED[key] = model
    return _COMPILED[key]


def _one(
    study: Study, priors: Mapping[str, Prior], seed: int, number: int, given: _Settings, cores: int
) -> WorldRow:
    """Draw one world, fit it, and score it and the published arithmetic."""
    started = time.perf_counter()
    try:
        world = shaped_world(study, rng=[seed, number, 0])
    except InputError as error:
        if number == 0:
            raise
        return {
            "world": number,
            "truth": {},
            "scores": {},
            "converged": None,
            "redrawn": {},
            "refused": f"no world could be drawn: {error}",
        }
    truth = {str(tier): people for tier, people in world.truths().items()}
    inputs = published_arithmetic.read_inputs(world.study)
    boot = published_arithmetic.bootstrap(inputs, np.random.default_rng([seed, number, 1]))
    row: WorldRow = {
        "world": number,
        "truth": truth,
        "scores": {
            ARITHMETIC: {
                tier: None if (drawn := boot[tier]) is None else score_draws(drawn, people)
                for tier, people in truth.items()
            }
        },
        "converged": None,
        "redrawn": world.redrawn,
    }
    shared = _compiled(study, priors)
    try:
        model = shared.with_study(world.study)
        with warnings.catch_warnings():
            # Said in the table.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit = model.fit(
                rng=np.random.SeedSequence([seed, number, 2]),
                draws=given.draws,
                tune=given.tune,
                chains=given.chains,
                cores=cores,
            )
    except StudyError as error:
        row["scores"][MODEL] = dict.fromkeys(truth)
        row["refused"] = f"{type(error).__name__}: {error}"
        return row
    row["scores"][MODEL] = {tier: score_draws(fit.draws(tier), people) for tier, people in truth.items()}
    row["converged"] = bool(fit.converged)
    row["faults"] = list(fit.convergence.faults)
    row["compiled"] = model.shares_compiled(shared)
    row["seconds"] = round(time.perf_counter() - started, 1)
    return row


def _done(
    folder: Path | None, study: Study, settings: Mapping[str, Any], *, resume: bool
) -> Sequence[WorldRow]:
    """Find the worlds that a folder has, which have to be of this calibration."""
    if folder is None or not (folder / _FILE).exists():
        return ()
    path = folder / _FILE
    if not resume:
        raise InputError(f"{str(path)!r} exists; go on with resume=True, or give another folder")
    found = StudyCalibration.from_json(path.read_text(encoding="utf-8"))
    here = json.loads(json.dumps(settings))
    unlike = [name for name in here if found.settings.get(name) != here[name]]
    if unlike:
        raise InputError(
            f"{str(path)!r} is of another calibration (its {', '.join(unlike)} differ); give another folder"
        )
    return found.rows


def _keep(folder: Path | None, found: StudyCalibration) -> None:
    """Write the file beside the old one and then in its place: an interrupted run leaves it whole."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{_FILE}.part"
    beside.write_text(found.to_json(), encoding="utf-8")
    beside.replace(folder / _FILE)
