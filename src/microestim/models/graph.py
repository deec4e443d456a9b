"""The model as a PyMC graph: one vector of standard normal deviates, and one named term a piece of evidence.

Only sums and elementwise arithmetic are used, and everything that may change from fit to fit (observed
numbers, medians and spreads of priors) is data, so that a refit needs no compiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.models.design import Design
from microestim.models.evaluation import log_declared, model_numbers, prior_scales
from microestim.models.latent import Latent
from microestim.models.namespace import pytensor_namespace
from microestim.models.priors import Prior
from microestim.models.sizes import size_log_prior

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build_graph", "coordinate_names", "graph_data"]


def coordinate_names(design: Design) -> list[str]:
    """Name every coordinate that the sampler moves in.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    list of str
        Names of the scalar quantities, then "row[platform]".
    """
    by_platform = [f"{row}[{platform}]" for row in design.rows for platform in design.platforms]
    return [parameter.name for parameter in design.parameters] + by_platform


def graph_data(design: Design, priors: Mapping[str, Prior]) -> dict[str, np.ndarray]:
    """Give the data of the graph: what a refit changes without compiling.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    dict of str to ndarray
        Arrays by the name of their container in the graph.
    """
    location, scale = prior_scales(design, priors)
    by_platform = len(design.rows) * design.n_platforms
    return {
        "prior_location": np.concatenate([location, np.zeros(by_platform)]),
        "prior_scale": np.concatenate([scale, np.ones(by_platform)]),
        "numbers": np.array(list(model_numbers(design, priors).values())),
        "log_declared": log_declared(design),
    }


def build_graph(design: Design, priors: Mapping[str, Prior]) -> pm.Model:
    """Build the PyMC model of a design.

    Parameters
    ----------
    design : Design
        Which quantities and which evidence.
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    pymc.Model
        One free variable, `deviate`: the standard normal deviates of the scalar quantities, then those of
        each row by platform.
    """
    import pymc as pm
    import pytensor.tensor as pt

    xp = pytensor_namespace()
    data = graph_data(design, priors)
    names = list(model_numbers(design, priors))
    coords = {"coordinate": coordinate_names(design)}
    n_scalars, n_rows, n_platforms = len(design.parameters), len(design.rows), design.n_platforms
    size = n_scalars + n_rows * n_platforms
    with pm.Model(coords=coords, check_bounds=False) as model:
        held = {name: pm.Data(name, values) for name, values in data.items()}
        z = pm.Normal("deviate", 0.0, 1.0, dims="coordinate")
        # Masked sums, here and below, compile far faster than indexing does.
        selection = np.eye(size)
        values = held["prior_location"] + held["prior_scale"] * z
        p = {
            parameter.name: _natural((values * selection[i]).sum(), parameter.prior, priors, pt.exp)
            for i, parameter in enumerate(design.parameters)
        }
        rows = {
            name: (z * selection[n_scalars + i * n_platforms :][:n_platforms]).sum(-1)
            for i, name in enumerate(design.rows)
        }
        numbers = {
            name: (held["numbers"] * unit).sum() for name, unit in zip(names, np.eye(len(names)), strict=True)
        }
        latent = Latent(
            xp,
            sizes=design.sizes,
            frames=design.frames,
            numbers=numbers,
            log_declared=held["log_declared"],
            p=p,
            rows=rows,
        )
        derived = size_log_prior(
            xp,
            design.sizes,
            latent.sizes,
            centre=numbers["prior:accounts_centre"],
            centre_spread=numbers["prior:accounts_centre spread"],
        )
        if derived is not None:
            pm.Potential("accounts_centre", derived)
        for observation in design.observations:
            if not observation.in_definition:
                pm.Potential(observation.name, observation.log_likelihood(xp, latent, numbers))
    return model


def _natural(value: Any, prior: str | None, priors: Mapping[str, Prior], exp: Any) -> Any:
    return value if prior is None else priors[prior].natural(value, exp)
