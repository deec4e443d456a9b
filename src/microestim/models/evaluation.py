"""The model's formulas evaluated in NumPy on draws: latent quantities, densities by name, new evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microestim.models.design import Design
from microestim.models.frames import Frame
from microestim.models.latent import Latent
from microestim.models.namespace import NUMPY
from microestim.models.priors import Prior
from microestim.models.sizes import SizeDesign, declared_error, size_log_prior, total_error

__all__ = [
    "Deviates",
    "evaluate",
    "latent_of",
    "log_densities",
    "log_jacobian",
    "model_numbers",
    "natural_values",
    "prior_scales",
]


@dataclass(frozen=True)
class Deviates:
    """Draws in the sampler's coordinates, in which every prior is standard normal.

    Parameters
    ----------
    scalars : ndarray, shape (draws, parameters)
        One column a scalar quantity.
    platforms : ndarray, shape (draws, rows, platforms)
        One row a quantity by platform.
    """

    scalars: np.ndarray
    platforms: np.ndarray

    @classmethod
    def from_vectors(cls, vectors: np.ndarray, design: Design) -> Deviates:
        """Split vectors of the sampler's coordinates.

        Parameters
        ----------
        vectors : ndarray, shape (draws, coordinates)
            Scalar quantities first, then row by row the platforms.
        design : Design
            The model.

        Returns
        -------
        Deviates
            The draws.
        """
        n = len(design.parameters)
        return cls(vectors[:, :n], vectors[:, n:].reshape(len(vectors), len(design.rows), design.n_platforms))


def prior_scales(design: Design, priors: Mapping[str, Prior]) -> tuple[np.ndarray, np.ndarray]:
    """Location and scale that turn a standard normal deviate into each scalar quantity.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    location, scale : ndarray, shape (parameters,)
        On the scale of each prior's family.
    """
    pairs = [
        (0.0, 1.0)
        if parameter.prior is None
        else (priors[parameter.prior].location, priors[parameter.prior].spread)
        for parameter in design.parameters
    ]
    location, scale = np.array(pairs).T
    return location, scale


def natural_values(
    design: Design, priors: Mapping[str, Prior], values: Iterable[Any], exp: Callable[[Any], Any]
) -> dict[str, Any]:
    """Bring every scalar quantity from the scale of its prior's family to its own unit.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.
    values : iterable of array or scalar graph
        One value a quantity, in order.
    exp : callable
        Exponential function that fits the kind of the values.

    Returns
    -------
    dict of str to array or scalar graph
        Values by the name of the quantity.
    """
    return {
        parameter.name: value if parameter.prior is None else priors[parameter.prior].natural(value, exp)
        for parameter, value in zip(design.parameters, values, strict=True)
    }


def model_numbers(design: Design, priors: Mapping[str, Prior]) -> dict[str, float]:
    """Give every number that the model takes as data, by name: observations and constants of priors.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    dict of str to float
        Numbers by name.
    """
    numbers: dict[str, float] = {}
    for name in ("accounts_centre", "country_share"):
        numbers[f"prior:{name}"] = priors[name].location
        numbers[f"prior:{name} spread"] = priors[name].spread
    for observation in design.observations:
        numbers |= observation.observed
        if getattr(observation, "anchors", False):
            numbers["declared total"] = math.log(observation.observed[observation.name])
    return numbers


def log_declared(design: Design) -> np.ndarray:
    """Log of each platform's own declared number of accounts, 0 where there is none.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    ndarray, shape (platforms,)
        Logs.
    """
    from microestim.models.observations import DeclaredAccounts

    values = np.zeros(design.n_platforms)
    for observation in design.observations:
        if isinstance(observation, DeclaredAccounts):
            values[observation.platform] = math.log(observation.value)
    return values


def evaluate(
    design: Design, priors: Mapping[str, Prior], deviates: Deviates, *, generative: bool = False
) -> Latent:
    """Evaluate the latent quantities on draws.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.
    deviates : Deviates
        Draws in the sampler's coordinates.
    generative : bool, default False
        Ignore declared numbers and follow the prior, to simulate evidence.

    Returns
    -------
    Latent
        Quantities with one leading dimension, draws.
    """
    location, scale = prior_scales(design, priors)
    values = location + scale * deviates.scalars
    p = natural_values(design, priors, values.T, np.exp)
    rows = {name: deviates.platforms[:, i] for i, name in enumerate(design.rows)}
    return latent_of(design, priors, p=p, rows=rows, generative=generative)


def latent_of(
    design: Design,
    priors: Mapping[str, Prior],
    *,
    p: Mapping[str, np.ndarray],
    rows: Mapping[str, np.ndarray],
    generative: bool = False,
    planned: tuple[Frame, ...] = (),
    asked: SizeDesign | None = None,
) -> Latent:
    """Give the latent quantities of a design in NumPy.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.
    p : mapping of str to ndarray, shape (draws,)
        Scalar quantities in their own units.
    rows : mapping of str to ndarray, shape (draws, platforms)
        Standard normal deviates by platform.
    generative : bool, default False
        Ignore declared numbers and follow the prior.
    planned : tuple of Frame, optional
        Surveys that were not made.
    asked : SizeDesign, optional
        Which platforms declared what, as observations read it; the design's own unless given.

    Returns
    -------
    Latent
        Quantities with one leading dimension, draws.
    """
    return Latent(
        NUMPY,
        sizes=design.sizes,
        frames=design.frames,
        numbers=model_numbers(design, priors),
        log_declared=log_declared(design),
        p=p,
        rows=rows,
        generative=generative,
        planned=planned,
        asked=asked,
    )


def _standard_normal(z: np.ndarray) -> np.ndarray:
    return np.asarray(-0.5 * z * z - 0.5 * math.log(2.0 * math.pi))


def log_densities(
    design: Design, priors: Mapping[str, Prior], deviates: Deviates
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Log density of every prior and of every piece of evidence, by name.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.
    deviates : Deviates
        Draws in the sampler's coordinates.

    Returns
    -------
    prior, evidence : dict of str to ndarray, shape (draws,)
        Densities of priors are in the sampler's coordinates. Their sum, with `log_jacobian`, is the
        log density that was sampled.
    """
    latent = evaluate(design, priors, deviates)
    prior: dict[str, np.ndarray] = {}
    for i, parameter in enumerate(design.parameters):
        if parameter.name == "accounts_level" and design.sizes.total is not None:
            continue
        prior[parameter.name] = _standard_normal(deviates.scalars[:, i])
    for i, row in enumerate(design.rows):
        each = _standard_normal(deviates.platforms[:, i])
        if row == "size":
            each = each * (1.0 - design.sizes.own)
        prior[f"{row} of platforms"] = each.sum(-1)
    numbers = model_numbers(design, priors)
    derived = size_log_prior(
        NUMPY,
        design.sizes,
        latent.sizes,
        centre=numbers["prior:accounts_centre"],
        centre_spread=numbers["prior:accounts_centre spread"],
    )
    if derived is not None:
        prior["accounts_centre"] = derived
    evidence = {
        observation.name: np.asarray(observation.log_likelihood(NUMPY, latent, numbers))
        for observation in design.observations
    }
    return prior, evidence


def log_jacobian(design: Design, priors: Mapping[str, Prior], deviates: Deviates) -> np.ndarray:
    """Log Jacobian of the change of variable that declared numbers enter by.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Priors by name.
    deviates : Deviates
        Draws in the sampler's coordinates.

    Returns
    -------
    ndarray, shape (draws,)
        Log Jacobian.
    """
    latent = evaluate(design, priors, deviates)
    total = np.zeros(len(deviates.scalars))
    if design.sizes.own.any():
        error = declared_error(NUMPY, design.sizes, latent.p["declared_error"], latent.p["share_error"])
        total = total + (design.sizes.own * np.log(np.where(design.sizes.own > 0, error, 1.0))).sum(-1)
    if design.sizes.total is not None:
        residents = latent.sizes.log_declared(design.sizes.total.years_old)
        declared = design.sizes.total.members * np.exp(residents)
        parts = declared / declared.sum(-1, keepdims=True)
        error = total_error(
            NUMPY,
            design.sizes,
            design.sizes.total,
            parts,
            latent.p["declared_error"],
            latent.p["share_error"],
        )
        total = total + np.log(error)
    return total
