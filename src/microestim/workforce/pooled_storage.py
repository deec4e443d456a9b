"""Saving a fit of several countries, and loading it again: the joint draws and what they rest on."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from microestim.errors import InputError, MicroestimWarning
from microestim.models.assembly import design_model
from microestim.models.correlations import CountryCorrelation
from microestim.models.pooling import pool_designs
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings, software_versions
from microestim.study import parse_study
from microestim.workforce.pooled_fit import PooledFit

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load_pooled_fit", "save_pooled_fit"]

_FORMAT = "microestim pooled fit 1"


def save_pooled_fit(fit: PooledFit, path: Path) -> Path:
    """Write a fit of several countries to a netCDF file.

    Parameters
    ----------
    fit : PooledFit
        The fit.
    path : Path
        File to write.

    Returns
    -------
    Path
        The file.
    """
    import xarray as xr

    first = next(iter(fit.values()))
    tree: xr.DataTree = xr.DataTree.from_dict(
        {
            "/deviates": xr.Dataset({"deviate": (("chain", "draw", "coordinate"), fit.deviates)}),
            "/sample_stats": first.sample_stats[["diverging"]],
        }
    )
    tree.attrs = {
        "format": _FORMAT,
        "studies": json.dumps([each.study.to_toml() for each in fit.values()]),
        "readings": json.dumps([each.reading for each in fit.values()]),
        "priors": json.dumps({name: dataclasses.asdict(prior) for name, prior in first.all_priors.items()}),
        "correlations": json.dumps(
            {name: dataclasses.asdict(each) for name, each in fit.correlations.items()}
        ),
        "settings": json.dumps(dataclasses.asdict(fit.settings)),
        "versions": json.dumps(first.versions),
        "inference_library": "nutpie",
        "converged": int(fit.converged),
    }
    tree.to_netcdf(path, engine="h5netcdf")
    return path


def load_pooled_fit(path: str | Path) -> PooledFit:
    """Read a fit of several countries that `PooledFit.save` wrote.

    Parameters
    ----------
    path : str or Path
        The netCDF file.

    Returns
    -------
    PooledFit
        The fit, with the same draws. A `MicroestimWarning` names software whose version has changed.

    Raises
    ------
    InputError
        The file is missing, or is not a fit of several countries.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_pooled_fit("countries.nc")  # doctest: +SKIP
    """
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}; give the netCDF file that save() wrote")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except OSError as error:
        raise InputError(f"{str(path)!r} is not a netCDF file") from error
    if tree.attrs.get("format") != _FORMAT:
        raise InputError(
            f"{str(path)!r} is not a fit of several countries ({_FORMAT!r}); one of a single study is "
            "read by load_fit()"
        )
    versions = json.loads(tree.attrs["versions"])
    changed = [
        f"{name} {versions[name]} (now {new})"
        for name, new in software_versions().items()
        if versions.get(name, new) != new
    ]
    if changed:
        warnings.warn("this fit was made with " + ", ".join(changed), MicroestimWarning, stacklevel=2)
    studies = tuple(parse_study(text, name=str(path)) for text in json.loads(tree.attrs["studies"]))
    readings = {
        study.id: reading for study, reading in zip(studies, json.loads(tree.attrs["readings"]), strict=True)
    }
    designs = {study.id: design_model(study).read_as(readings[study.id]) for study in studies}
    correlations = {
        name: CountryCorrelation(**fields) for name, fields in json.loads(tree.attrs["correlations"]).items()
    }
    return PooledFit.from_deviates(
        tree["deviates"]["deviate"].to_numpy(),
        pooled=pool_designs(list(designs.values()), correlations),
        studies=studies,
        designs=designs,
        priors={name: Prior(**fields) for name, fields in json.loads(tree.attrs["priors"]).items()},
        correlations=correlations,
        sample_stats=tree["sample_stats"].to_dataset(),
        settings=SamplerSettings(**json.loads(tree.attrs["settings"])),
        readings=readings,
        versions=versions,
    )
