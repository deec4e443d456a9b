"""Whether a compiled log density is that of another design: the same function, given other data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from microestim.models.design import Design
from microestim.models.evaluation import Deviates, log_densities, log_jacobian
from microestim.models.graph import graph_data
from microestim.models.priors import Prior
from microestim.models.sampling import CompiledModel

__all__ = ["is_compiled_from"]

_POINTS = 3
# Both add up some hundreds of terms in different orders; a number that differs moves the sum by far more.
_TOLERANCE = 1e-9


def is_compiled_from(compiled: CompiledModel, design: Design, priors: Mapping[str, Prior]) -> bool:
    """Say whether a compiled log density, given a design's data, is the design's own.

    Parameters
    ----------
    compiled : CompiledModel
        Compiled for this design or another one.
    design : Design
        The design.
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    bool
        True where the data have the compiled lengths, and the compiled density equals the formulas in NumPy
        at three points.
    """
    data = graph_data(design, priors)
    size = len(design.parameters) + len(design.rows) * design.n_platforms
    if size != compiled.size or {name: len(values) for name, values in data.items()} != dict(
        compiled.lengths
    ):
        return False
    given = compiled.with_data(data)
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (_POINTS, size))
    deviates = Deviates.from_vectors(points, design)
    prior, evidence = log_densities(design, priors, deviates)
    own = sum(prior.values()) + sum(evidence.values()) + log_jacobian(design, priors, deviates)
    fast = np.array([given.log_density(point) for point in points])
    return bool(np.allclose(fast, own, rtol=_TOLERANCE, atol=_TOLERANCE))
