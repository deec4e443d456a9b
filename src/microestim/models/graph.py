"""The model's log density as a PyTensor graph of standard normal deviates.

Everything that may change from fit to fit (observed numbers, medians and spreads of priors) is data, so
that a refit needs no compiling.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.models.design import Design
from microestim.models.evaluation import log_declared, model_numbers, natural_values, prior_scales
from microestim.models.latent import Latent
from microestim.models.namespace import pytensor_namespace
from microestim.models.priors import Prior
from microestim.models.sizes import size_log_prior

if TYPE_CHECKING:
    from pytensor.graph.basic import Variable

__all__ = ["DensityGraph", "build_graph", "coordinate_names", "graph_data"]


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
    return {
        "prior_location": location,
        "prior_scale": scale,
        "numbers": np.array(list(model_numbers(design, priors).values())),
        "log_declared": log_declared(design),
    }


@dataclass(frozen=True)
class DensityGraph:
    """The log density of a design as a PyTensor graph.

    Parameters
    ----------
    value : scalar PyTensor variable
        The log density.
    coordinates : tuple of PyTensor variables
        What the sampler moves: a scalar a quantity, then a vector a row of platforms.
    data : dict of str to tuple of PyTensor variables
        What a refit may change, by the names of `graph_data`; the variables of one name stand one after
        the other in its array.
    """

    value: Variable[Any, Any]
    coordinates: tuple[Variable[Any, Any], ...]
    data: dict[str, tuple[Variable[Any, Any], ...]]


def build_graph(design: Design, priors: Mapping[str, Prior]) -> DensityGraph:
    """Build the log density of a design.

    Parameters
    ----------
    design : Design
        Which quantities and which evidence.
    priors : mapping of str to Prior
        Priors by name; their medians and spreads are data, their families are not.

    Returns
    -------
    DensityGraph
        The graph.
    """
    from pytensor.configdefaults import config

    # PyTensor notes for each variable where it was made, which takes half of the time.
    with config.change_flags(traceback__limit=0):
        return _build_graph(design, priors)


def _build_graph(design: Design, priors: Mapping[str, Prior]) -> DensityGraph:
    import pytensor.tensor as pt

    xp = pytensor_namespace()
    parameters, by_platform = design.parameters, (design.n_platforms,)
    deviates = tuple(pt.dscalar(parameter.name) for parameter in parameters)
    rows = tuple(pt.dvector(name, shape=by_platform) for name in design.rows)
    locations = tuple(pt.dscalar(f"location of {parameter.name}") for parameter in parameters)
    scales = tuple(pt.dscalar(f"scale of {parameter.name}") for parameter in parameters)
    numbers = {name: pt.dscalar(name) for name in model_numbers(design, priors)}
    declared = pt.dvector("log_declared", shape=by_platform)
    values = [location + scale * z for z, location, scale in zip(deviates, locations, scales, strict=True)]
    latent = Latent(
        xp,
        sizes=design.sizes,
        frames=design.frames,
        numbers=numbers,
        log_declared=declared,
        p=natural_values(design, priors, values, pt.exp),
        rows=dict(zip(design.rows, rows, strict=True)),
    )
    size = len(deviates) + len(rows) * design.n_platforms
    terms = [-0.5 * z * z for z in deviates]
    terms += [-0.5 * (row * row).sum() for row in rows]
    terms.append(-0.5 * size * math.log(2.0 * math.pi))
    derived = size_log_prior(
        xp,
        design.sizes,
        latent.sizes,
        centre=numbers["prior:accounts_centre"],
        centre_spread=numbers["prior:accounts_centre spread"],
    )
    if derived is not None:
        terms.append(derived)
    terms += [
        observation.log_likelihood(xp, latent, numbers)
        for observation in design.observations
        if not observation.in_definition
    ]
    return DensityGraph(
        value=sum(terms),
        coordinates=deviates + rows,
        data={
            "prior_location": locations,
            "prior_scale": scales,
            "numbers": tuple(numbers.values()),
            "log_declared": (declared,),
        },
    )
