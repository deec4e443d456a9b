"""Saving a fit of several countries, and loading it again: the joint draws and what they rest on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from microestim.models.assembly import design_model
from microestim.models.correlations import CountryCorrelation
from microestim.models.pooling import pool_designs
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings
from microestim.study import parse_study
from microestim.workforce.fit_files import draws_hash, read_fit_file, write_fit_file
from microestim.workforce.pooled_fit import PooledFit

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load_pooled_fit", "save_pooled_fit"]

_FORMAT = "microestim pooled fit 2"


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
        "draws_hash": draws_hash(fit.deviates),
    }
    return write_fit_file(tree, path)


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
        The file is missing, is not a fit of several countries, or is damaged.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_pooled_fit("countries.nc")  # doctest: +SKIP
    """
    tree = read_fit_file(
        path,
        _FORMAT,
        otherwise=f"a fit of several countries ({_FORMAT!r}); one of a single study is read by load_fit()",
    )
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
        versions=json.loads(tree.attrs["versions"]),
    )
