"""The two fits of France 2018 that the pages show: sampled once, and again when what they rest on changes."""

import hashlib
import inspect
import json
from pathlib import Path

import microestim as me
from microestim.models import sampling
from microestim.simulate.calibration import density_fingerprint

FOLDER = Path(__file__).parents[1] / "_build" / "fits"
"""Where the fits are kept: one netCDF file a reading, and the key that says what they were made from."""

FILES = ("fr-2018.nc", "fr-2018-other-reading.nc")
"""The study's own reading of the question on frequency, and the other one."""


def sample(study: me.Study) -> tuple[me.WorkforceFit, me.WorkforceFit]:
    """Fit the joint model under both readings of the question on frequency."""
    model = me.WorkforceModel(study)
    own, other = model.readings
    fit = model.fit(rng=1, reading=own)
    alternative = model.fit(rng=1, reading=other)
    return fit, alternative


def key(study: me.Study) -> str:
    """Hash what the draws rest on: the study, densities at fixed points, software, and how they are drawn."""
    model = me.WorkforceModel(study)
    how = [inspect.getsource(sample), inspect.getsource(sampling)]
    densities = density_fingerprint(model.design, model.priors)
    stated = [study.hash, densities, sampling.software_versions(), how]
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
