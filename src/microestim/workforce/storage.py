"""Saving a fit, and loading it again: one netCDF file with everything that the numbers rest on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.models.assembly import design_model
from microestim.models.graph import coordinate_names
from microestim.models.people import TIER_IDS
from microestim.models.priors import DEFAULT_PRIORS, Prior
from microestim.models.sampling import SamplerSettings
from microestim.study import parse_study
from microestim.workforce.fit_files import draws_hash, read_fit_file, write_fit_file

if TYPE_CHECKING:
    import xarray as xr

    from microestim.workforce.fit import WorkforceFit

__all__ = ["load_fit", "save_fit", "to_datatree"]

_FORMAT = "microestim fit 2"


def to_datatree(fit: WorkforceFit) -> xr.DataTree:
    """Arrange a fit as an `xarray.DataTree`.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    xarray.DataTree
        Groups `posterior` (quantities in their own units), `estimates` (people and accounts by tier),
        `deviates` (the sampler's coordinates), `sample_stats`, `log_likelihood`, `log_prior`,
        `posterior_predictive` and `observed_data`; provenance as JSON in the attributes.
    """
    import xarray as xr

    chains, draws = fit.shape
    sampled = ("chain", "draw")
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    platforms = list(fit.design.platforms)
    latent = fit.latent

    def by_draw(values: np.ndarray) -> np.ndarray:
        return np.asarray(values).reshape(chains, draws, *np.shape(values)[1:])

    posterior: dict[str, Any] = {name: (sampled, by_draw(values)) for name, values in latent.p.items()}
    by_platform = {
        "accounts": latent.accounts,
        "inflation_by_platform": latent.sizes.inflation,
        "active_share_by_platform": latent.active_share,
        "seen_share": latent.seen_share,
    }
    posterior |= {name: ((*sampled, "platform"), by_draw(values)) for name, values in by_platform.items()}
    estimates: dict[str, Any] = {
        f"{tier}_people": (sampled, fit.draws(tier), {"units": "people"}) for tier in TIER_IDS
    }
    estimates |= {
        f"{tier}_accounts": ((*sampled, "platform"), fit.tiers.accounts[tier], {"units": "accounts"})
        for tier in TIER_IDS
    }
    predictive = fit.predictive()
    groups = {
        "posterior": xr.Dataset(posterior, coords=coords | {"platform": platforms}),
        "estimates": xr.Dataset(estimates, coords=coords | {"platform": platforms}),
        "deviates": xr.Dataset(
            {"deviate": ((*sampled, "coordinate"), fit.vectors)},
            coords=coords | {"coordinate": coordinate_names(fit.design)},
        ),
        "sample_stats": fit.sample_stats[["diverging"]].assign_coords(coords),
        "log_likelihood": xr.Dataset(
            {k: (sampled, v) for k, v in fit.log_likelihood().items()}, coords=coords
        ),
        "log_prior": xr.Dataset({k: (sampled, v) for k, v in fit.log_prior().items()}, coords=coords),
        "posterior_predictive": xr.Dataset(
            {k: (sampled, by_draw(v)) for k, (_, v) in predictive.items()}, coords=coords
        ),
        "observed_data": xr.Dataset({k: ((), v) for k, (v, _) in predictive.items()}),
    }
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    tree.attrs = {
        "format": _FORMAT,
        "study": fit.study.to_toml(),
        "study_hash": fit.study.hash,
        "priors": json.dumps({name: dataclasses.asdict(prior) for name, prior in fit.all_priors.items()}),
        "settings": json.dumps(dataclasses.asdict(fit.settings)),
        "reading": fit.reading or "",
        "versions": json.dumps(fit.versions),
        "inference_library": "nutpie",
        "converged": int(fit.converged),
        "draws_hash": draws_hash(fit.vectors),
    }
    return tree


def save_fit(fit: WorkforceFit, path: Path) -> Path:
    """Write a fit to a netCDF file.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    path : Path
        File to write.

    Returns
    -------
    Path
        The file.
    """
    return write_fit_file(fit.datatree, path)


def load_fit(path: str | Path) -> WorkforceFit:
    """Read a fit that `WorkforceFit.save` wrote.

    Parameters
    ----------
    path : str or Path
        The netCDF file.

    Returns
    -------
    WorkforceFit
        The fit, with the same draws. A `MicroestimWarning` names software whose version has changed
        since it was made.

    Raises
    ------
    InputError
        The file is missing, is not a fit of this library, or is damaged.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_fit("fr-2018/posterior.nc")  # doctest: +SKIP
    """
    from microestim.workforce.fit import WorkforceFit

    tree = read_fit_file(path, _FORMAT, otherwise=f"a fit saved by microestim ({_FORMAT!r})")
    study = parse_study(tree.attrs["study"], name=str(path))
    reading = tree.attrs["reading"] or None
    design = design_model(study)
    return WorkforceFit(
        study=study,
        design=design.read_as(reading),
        # Priors that came into the library after the fit was made are the library's.
        priors={
            **DEFAULT_PRIORS,
            **{name: Prior(**fields) for name, fields in json.loads(tree.attrs["priors"]).items()},
        },
        vectors=tree["deviates"]["deviate"].to_numpy(),
        sample_stats=tree["sample_stats"].to_dataset(),
        settings=SamplerSettings(**json.loads(tree.attrs["settings"])),
        reading=reading,
        versions=json.loads(tree.attrs["versions"]),
    )
