"""The two fits of France 2018 that the pages show: sampled once, and again when what they rest on changes."""

import hashlib
import json
from pathlib import Path

import microestim as me
from microestim.models.evaluation import log_densities
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import software_versions

FOLDER = Path(__file__).parents[1] / "_build" / "fits"
"""Where the fits are kept: one netCDF file a reading, and the key that says what they were made from."""

FILES = ("fr-2018.nc", "fr-2018-other-reading.nc")
"""The study's own reading of the question on frequency, and the other one."""


def sample(study: me.Study) -> tuple[me.WorkforceFit, me.WorkforceFit]:
    """Fit the joint model under both readings of the question on frequency."""
    model = me.WorkforceModel(study)
    own, other = model.readings
    fit = model.fit(rng=2018, reading=own)
    alternative = model.fit(rng=2018, reading=other)
    return fit, alternative


def key(study: me.Study) -> str:
    """Hash what the draws depend on: the study, the model's densities at fixed points, the software."""
    model = me.WorkforceModel(study)
    parts = log_densities(model.design, DEFAULT_PRIORS, model.prior_deviates(5, rng=1))
    densities = [
        [name, [f"{value:.6g}" for value in values]] for part in parts for name, values in part.items()
    ]
    stated = [study.hash, densities, software_versions()]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()


def ensure_fits() -> list[str]:
    """Sample where the kept fits do not fit the code any more; give what is wrong with them, in words."""
    study = me.load_study("fr-2018")
    kept = FOLDER / "key"
    if not kept.is_file() or kept.read_text() != key(study):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for fit, name in zip(sample(study), FILES, strict=True):
            fit.save(FOLDER / name)
        kept.write_text(key(study))
    fits = (me.load_fit(FOLDER / name) for name in FILES)
    return [f"{fit.reading}: {fault}" for fit in fits for fault in fit.convergence.faults]
