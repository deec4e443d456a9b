"""Evidence drawn from the model's own prior: a study whose true number of people is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from microestim.errors import InputError
from microestim.models.design import Design
from microestim.models.evaluation import Deviates, evaluate
from microestim.models.graph import graph_data
from microestim.models.observations import (
    ActiveMemberships,
    AnyPlatformMemberships,
    CensoredVisitors,
    HistoryCounts,
    LastVisits,
    MembershipCounts,
    MembershipCountsByFrequency,
    MembershipMean,
    NeverUsed,
    Observation,
    PopulationMemberships,
    StatedFrequency,
)
from microestim.models.observations.observation import GaussianObservation
from microestim.models.people import TIER_IDS, count_people
from microestim.models.priors import DEFAULT_PRIORS, Prior

__all__ = ["DesignedModel", "SimulatedStudy", "simulate_evidence"]

_ATTEMPTS = 200


class DesignedModel(Protocol):
    """What a simulation needs of a model: its parts and its priors."""

    @property
    def design(self) -> Design:
        """Which quantities and observations the model consists of."""
        ...

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors that the model uses, by name."""
        ...


@dataclass(frozen=True)
class SimulatedStudy:
    """One world drawn from the model: its evidence, and the truth behind it.

    Parameters
    ----------
    design : Design
        The model's design with the drawn numbers in the place of the observed ones.
    data : dict of str to ndarray
        The drawn numbers as data of the compiled graph, of the same shapes as the study's own.
    people : dict of str to float
        True number of people, by tier.
    accounts : dict of str to ndarray, shape (platforms,)
        True number of accounts, by tier.
    quantities : dict of str to float
        True scalar quantities, in their own units.
    impossible : int
        Worlds that were drawn before this one and discarded, because no study could hold their evidence.
    """

    design: Design
    data: dict[str, np.ndarray]
    people: dict[str, float]
    accounts: dict[str, np.ndarray]
    quantities: dict[str, float]
    impossible: int


def simulate_evidence(
    model: DesignedModel,
    rng: int | np.random.Generator | np.random.SeedSequence | None = None,
    *,
    vectors: np.ndarray | None = None,
) -> SimulatedStudy:
    """Draw a world from the model's prior, and all the evidence that the study would have of it.

    Worlds whose evidence no study could hold (nobody answered, a mean of memberships below one or above the
    number of platforms, a share above one) are drawn again and counted. Whether a world is drawn again
    depends on its evidence alone, so the posterior of a kept world is not affected.

    Parameters
    ----------
    model : WorkforceModel
        The model; its observed numbers are not used, only which evidence it has and of what size.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    vectors : ndarray, shape (1, coordinates), optional
        The truth in the sampler's coordinates, where it is drawn with that of other countries; then only one
        set of evidence is drawn from it.

    Returns
    -------
    SimulatedStudy
        The evidence and the truth.

    Raises
    ------
    InputError
        Not one of two hundred worlds, or not the one given, gave evidence that a study could hold.

    Examples
    --------
    >>> import microestim as me
    >>> model = me.WorkforceModel(me.load_study("fr-2018"))
    >>> world = simulate_evidence(model, 1)
    >>> world.people["weekly"] <= world.people["monthly"] <= world.people["registered"]
    True
    """
    generator = np.random.default_rng(rng)
    design = model.design
    # The graph's data name every constant prior, those that this model has no use for included.
    priors = {**DEFAULT_PRIORS, **model.priors}
    size = len(design.parameters) + len(design.rows) * design.n_platforms
    attempts = _ATTEMPTS if vectors is None else 1
    for attempt in range(attempts):
        drawn_vectors = generator.standard_normal((1, size)) if vectors is None else vectors
        deviates = Deviates.from_vectors(drawn_vectors, design)
        latent = evaluate(design, priors, deviates, generative=True)
        drawn = [
            (observation, {key: float(np.squeeze(value)) for key, value in replicates.items()})
            for observation in design.observations
            for replicates in (observation.replicate(generator, latent),)
        ]
        if any(_is_impossible(observation, numbers, design) for observation, numbers in drawn):
            continue
        counts = count_people(latent)
        simulated = replace(
            design, observations=tuple(_with_numbers(observation, numbers) for observation, numbers in drawn)
        )
        return SimulatedStudy(
            design=simulated,
            data=graph_data(simulated, priors),
            people={tier: float(counts.people[tier][0]) for tier in TIER_IDS},
            accounts={tier: counts.accounts[tier][0] for tier in TIER_IDS},
            quantities={name: float(value[0]) for name, value in latent.p.items()},
            impossible=attempt,
        )
    raise InputError(
        f"none of {attempts} worlds drawn from the prior gave evidence that a study could hold; "
        "look at the priors of capture_rate and memberships"
    )


def _is_impossible(observation: Observation, numbers: Mapping[str, float], design: Design) -> bool:
    values = list(numbers.values())
    if not np.isfinite(values).all():
        return True
    match observation:
        case HistoryCounts():
            return sum(values) == 0
        case MembershipMean() | ActiveMemberships():
            return not 1.0 <= values[0] <= design.n_platforms
        case AnyPlatformMemberships():
            return values[0] < 1.0
        case NeverUsed():
            return values[0] > 1.0
        case GaussianObservation():
            # Beyond the largest float or below the smallest, a logarithm is lost.
            return values[0] <= 0.0 or (observation.scale == "logit" and values[0] >= 1.0)
    return False


def _with_numbers(observation: Observation, numbers: Mapping[str, float]) -> Observation:
    """Give the same observation with drawn numbers in the place of the observed ones."""
    name = observation.name
    match observation:
        case GaussianObservation():
            return replace(observation, value=numbers[name])
        case CensoredVisitors():
            return replace(observation, within=numbers[name])
        case AnyPlatformMemberships():
            return replace(observation, mean=numbers[name], single=numbers.get(f"{name}[one only]"))
        case LastVisits():
            return replace(observation, counts=tuple(numbers.values()))
        case StatedFrequency():
            return replace(
                observation, counts={group: numbers[f"{name}[{group}]"] for group in observation.counts}
            )
        case MembershipCounts() | PopulationMemberships():
            return replace(
                observation, counts={k: round(numbers[f"{name}[{k}]"]) for k in observation.counts}
            )
        case MembershipCountsByFrequency():
            return replace(
                observation,
                counts={(band, k): round(numbers[f"{name}[{band}:{k}]"]) for band, k in observation.counts},
            )
        case HistoryCounts():
            return replace(
                observation,
                counts={cell: round(numbers[observation.key(*cell)]) for cell in observation.counts},
            )
    raise TypeError(f"no way to put drawn numbers into {type(observation).__name__}")
