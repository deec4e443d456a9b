"""Captures in which people and occasions differ, so that no model has an easy fit: what benchmarks fit."""

import numpy as np

import microestim as me

__all__ = ["simulated"]


def simulated(occasions: int, people: int, seed: int) -> me.Captures:
    """Draw captures of a population in which people and occasions differ.

    Parameters
    ----------
    occasions : int
        Number of occasions.
    people : int
        Size of the population.
    seed : int
        Seed of the draws.

    Returns
    -------
    Captures
        Those captured at least once.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(-2.0, 1.0, size=(people, 1)) + rng.normal(0.0, 0.5, size=occasions)
    seen = rng.random((people, occasions)) < 1 / (1 + np.exp(-logits))
    return me.Captures.from_histories(seen[seen.any(axis=1)])
