"""Simulation-based calibration: whether the posterior holds the truth as often as it says.

Parameters are drawn from the prior, evidence from the parameters, and the model is fitted to that evidence.
Over many such worlds the rank of the true value among posterior draws is uniform, if and only if simulator,
density and sampler agree (Talts et al. 2018, arXiv:1804.06788). The verdict uses simultaneous bands for the
empirical distribution function of the ranks (Säilynoja, Bürkner & Vehtari 2022,
doi:10.1007/s11222-022-10090-6).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TextIO

import numpy as np

from microestim.errors import InputError
from microestim.models.design import Design
from microestim.models.evaluation import Deviates, evaluate, log_densities
from microestim.models.graph import build_graph
from microestim.models.people import TIER_IDS, count_people
from microestim.models.priors import DEFAULT_PRIORS, Prior
from microestim.models.sampling import CompiledModel, SamplerSettings, compile_model, sample
from microestim.simulate.evidence import DesignedModel, SimulatedStudy, simulate_evidence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RANKS", "Calibration", "calibrate", "density_fingerprint", "ecdf_band", "uniformity"]

RANKS = 100
"""Number of possible ranks: the true value among 99 thinned draws."""
LEAST_ESS = 100
"""Least bulk effective sample size of a tier from which 99 draws are thinned."""
R_HAT_LIMIT = 1.05
"""Largest R-hat of a tier with which a fit is ranked without running it longer."""
_DOUBLINGS = 3


@dataclass(frozen=True)
class Calibration:
    """Ranks of the truth in many fits.

    Parameters
    ----------
    ranks : dict of str to ndarray of int, shape (fits,)
        Rank of the true number of people among thinned posterior draws, 0 to 99, by tier.
    seeds : tuple of int
        Seed of each world and of its fit.
    impossible : int
        Worlds drawn again because no study could hold their evidence.
    doublings : ndarray of int, shape (fits,)
        How often each fit was run again with twice the steps.
    unsettled : int
        Fits that were ranked although their chains still disagreed after the last doubling.
    seconds : float
        Time that all fits took.
    """

    ranks: dict[str, np.ndarray]
    seeds: tuple[int, ...]
    impossible: int
    doublings: np.ndarray
    unsettled: int
    seconds: float

    @property
    def p_values(self) -> dict[str, float]:
        """Probability of ranks at least this far from uniform, by tier."""
        return {tier: uniformity(ranks) for tier, ranks in self.ranks.items()}

    def coverage(self, level: float = 0.9) -> dict[str, float]:
        """Give the share of fits whose equal-tailed interval holds the truth, by tier.

        Parameters
        ----------
        level : float, default 0.9
            Level of the intervals.

        Returns
        -------
        dict of str to float
            Shares; near `level` where the model is calibrated.
        """
        tail = (1.0 - level) / 2.0 * RANKS
        return {
            tier: float(((ranks + 0.5 > tail) & (ranks + 0.5 < RANKS - tail)).mean())
            for tier, ranks in self.ranks.items()
        }


def calibrate(
    model: DesignedModel,
    *,
    fits: int,
    rng: int,
    draws: int = 500,
    tune: int = 500,
    chains: int = 2,
    cores: int = 2,
    target_accept: float = 0.9,
    progress: TextIO | None = None,
) -> Calibration:
    """Fit the model to worlds drawn from its own prior, and rank the truth in each.

    No fit is dropped: one whose chains disagree, or that has too few effective draws, is run again with twice
    the steps, up to three times, and is then ranked as it is and counted.

    Parameters
    ----------
    model : WorkforceModel
        The model; it is compiled once.
    fits : int
        Number of worlds, at least 10.
    rng : int
        Seed of the first world; the others follow from it.
    draws, tune : int, default 500
        Draws and steps of adaptation in each chain, before any doubling.
    chains, cores : int, default 2
        Chains, and how many run at the same time.
    target_accept : float, default 0.9
        Acceptance that the step size is adapted to.
    progress : text stream, optional
        Where to write a line a fit.

    Returns
    -------
    Calibration
        The ranks.
    """
    if fits < 10:
        raise InputError(f"fits is {fits}; ranks of fewer than 10 fits say nothing")
    if draws * chains < RANKS - 1:
        raise InputError(f"draws x chains is {draws * chains}; at least {RANKS - 1} are thinned to")
    priors = {**DEFAULT_PRIORS, **model.priors}
    compiled = compile_model(build_graph(model.design, priors))
    started = time.perf_counter()
    seeds = tuple(int(seed) for seed in np.random.SeedSequence(rng).generate_state(fits))
    ranks: dict[str, list[int]] = {tier: [] for tier in TIER_IDS}
    doublings, impossible, unsettled = [], 0, 0
    for number, seed in enumerate(seeds, start=1):
        world = simulate_evidence(model, seed)
        impossible += world.impossible
        for doubling in range(_DOUBLINGS + 1):
            settings = SamplerSettings(
                draws=draws * 2**doubling,
                tune=tune * 2**doubling,
                chains=chains,
                cores=cores,
                seed=seed,
                target_accept=target_accept,
            )
            people = _posterior_people(compiled, world, settings, priors)
            settled = _is_settled(people)
            if settled:
                break
        doublings.append(doubling)
        unsettled += not settled
        for tier, values in people.items():
            ranks[tier].append(_rank(world.people[tier], values))
        if progress is not None:
            seconds = time.perf_counter() - started
            progress.write(
                f"  fit {number} of {fits}, {seconds / number:.1f} s each, doubled {doubling} times\n"
            )
            progress.flush()
    return Calibration(
        ranks={tier: np.array(values) for tier, values in ranks.items()},
        seeds=seeds,
        impossible=impossible,
        doublings=np.array(doublings),
        unsettled=unsettled,
        seconds=time.perf_counter() - started,
    )


def _posterior_people(
    compiled: CompiledModel, world: SimulatedStudy, settings: SamplerSettings, priors: Mapping[str, Prior]
) -> dict[str, np.ndarray]:
    tree: xr.DataTree = sample(compiled.with_data(world.data), settings)
    vectors = tree["posterior"]["deviate"].to_numpy()
    shape = vectors.shape[:2]
    deviates = Deviates.from_vectors(vectors.reshape(-1, vectors.shape[-1]), world.design)
    counts = count_people(evaluate(world.design, priors, deviates))
    return {tier: counts.people[tier].reshape(shape) for tier in TIER_IDS}


def _is_settled(people: Mapping[str, np.ndarray]) -> bool:
    import arviz as az

    return all(
        float(az.rhat(np.log(values))) <= R_HAT_LIMIT
        and float(az.ess(np.log(values), method="bulk")) >= LEAST_ESS
        for values in people.values()
    )


def _rank(truth: float, draws: np.ndarray) -> int:
    flat = draws.ravel()
    thinned = flat[np.linspace(0, len(flat) - 1, RANKS - 1).round().astype(int)]
    return int((thinned < truth).sum())


def _tail_probability(below: np.ndarray, fits: int, at: np.ndarray) -> np.ndarray:
    """Smallest two-sided binomial probability over the points, for counts of ranks below each."""
    from scipy.special import bdtr, bdtrc

    lower = bdtr(below, fits, at)
    upper = np.where(below > 0, bdtrc(below - 1, fits, at), 1.0)
    smallest: np.ndarray = 2.0 * np.minimum(lower, upper).min(-1)
    return smallest


def _counts_below(ranks: np.ndarray) -> np.ndarray:
    """How many ranks are below 1, 2, ..., 99, along the last axis."""
    edges = np.arange(1, RANKS)
    below: np.ndarray = (ranks[..., None] < edges).sum(-2)
    return below


@cache
def _null(fits: int) -> np.ndarray:
    """Smallest tail probabilities of uniform ranks, simulated from a fixed seed."""
    at = np.arange(1, RANKS) / RANKS
    rng = np.random.default_rng(fits)
    # In blocks, so that hundreds of fits fit in memory.
    return np.concatenate(
        [_tail_probability(_counts_below(rng.integers(0, RANKS, (200, fits))), fits, at) for _ in range(20)]
    )


def uniformity(ranks: np.ndarray) -> float:
    """Give the probability of ranks at least this far from uniform.

    The statistic is the smallest two-sided binomial tail probability of the empirical distribution function
    over all ranks; its distribution under uniform ranks is simulated (4,000 times, from a fixed seed).

    Parameters
    ----------
    ranks : ndarray of int, shape (fits,)
        Ranks, 0 to 99.

    Returns
    -------
    float
        Probability; small where the ranks are not uniform.

    Examples
    --------
    >>> import numpy as np
    >>> uniformity(np.arange(100)) > 0.5, uniformity(np.full(100, 40)) < 0.001
    (True, True)
    """
    own = float(_tail_probability(_counts_below(np.asarray(ranks)), len(ranks), np.arange(1, RANKS) / RANKS))
    return float((1 + (_null(len(ranks)) <= own).sum()) / 4001)


def ecdf_band(fits: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the simultaneous band of the empirical distribution function of uniform ranks.

    Parameters
    ----------
    fits : int
        Number of ranks.
    level : float, default 0.95
        Probability that the whole function of uniform ranks stays within the band.

    Returns
    -------
    at, low, high : ndarray, shape (99,)
        Rank as a share, and the limits of the share of ranks below it.
    """
    from scipy.special import bdtr

    at = np.arange(1, RANKS) / RANKS
    tail = float(np.quantile(_null(fits), 1.0 - level)) / 2.0
    below = bdtr(np.arange(fits + 1)[:, None], fits, at)
    # The least count whose lower tail is not too small, and the largest whose upper tail is not.
    low = (below < tail).sum(0)
    high = (below <= 1.0 - tail).sum(0)
    return at, low / fits, np.minimum(high, fits) / fits


def density_fingerprint(design: Design, priors: Mapping[str, Prior]) -> str:
    """Hash the named log densities of a model, and its tiers, at fixed points.

    A refactoring keeps it; a changed prior, observation, or way of counting people changes it.

    Parameters
    ----------
    design : Design
        The model.
    priors : mapping of str to Prior
        Its priors, by name.

    Returns
    -------
    str
        SHA-256 of the values to six significant digits.
    """
    every = {**DEFAULT_PRIORS, **priors}
    n = len(design.parameters) + len(design.rows) * design.n_platforms
    # Points from a formula, not from a generator whose stream may change; all within 0.9 of the middle.
    vectors = 0.9 * np.sin(np.arange(3.0)[:, None] + 1.7 * np.arange(1.0, n + 1.0))
    deviates = Deviates.from_vectors(vectors, design)
    prior, evidence = log_densities(design, every, deviates)
    counts = count_people(evaluate(design, every, deviates))
    # A prior's density does not show its scale in these coordinates: the quantities themselves do.
    values = evaluate(design, every, deviates).p
    lines = [
        f"{kind} {name} " + " ".join(f"{value:.6g}" for value in np.ravel(table[name]))
        for kind, table in (
            ("prior", prior),
            ("evidence", evidence),
            ("people", counts.people),
            ("p", values),
        )
        for name in sorted(table)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
