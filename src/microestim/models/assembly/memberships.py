"""From counted memberships to observations of how many platforms people are on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from microestim.errors import ScopeError, StudyError
from microestim.models.assembly.observed import ObservedStudy
from microestim.models.observations import (
    ActiveMemberships,
    AnyPlatformMemberships,
    MembershipCounts,
    MembershipCountsByFrequency,
    MembershipMean,
    Observation,
    PopulationMemberships,
)
from microestim.study.evidence import MembershipsEvidence

__all__ = ["read_memberships", "read_population_memberships"]


def _check_counted_over(observed: ObservedStudy, item: MembershipsEvidence) -> None:
    over = set(observed.study.resolve(item.platforms))
    if over != set(observed.platforms):
        raise ScopeError(
            f"evidence {item.id!r}: memberships were counted over {len(over)} platforms, the study "
            f"observes {len(observed.platforms)}; a factor holds only for the set over which it was counted"
        )


def _every_number(
    observed: ObservedStudy, item: MembershipsEvidence, counts: Mapping[int, int]
) -> dict[int, int]:
    """Count every possible number of memberships; one that is not listed was nobody's."""
    if max(counts, default=1) > len(observed.platforms):
        raise ScopeError(
            f"evidence {item.id!r}: {max(counts)} memberships were counted over "
            f"{len(observed.platforms)} platforms"
        )
    return {k: counts.get(k, 0) for k in range(1, len(observed.platforms) + 1)}


def _worth(item: MembershipsEvidence) -> int:
    """Give the answers of a simple random sample that are worth as much as the survey's."""
    return max(round(item.n_respondents / (item.design_effect or 1.0)), 1)


def _spread(item: MembershipsEvidence) -> float:
    """Give the standard deviation of counted memberships."""
    counts = item.counts_by_number or {}
    squares = sum(count * (k - item.headline) ** 2 for k, count in counts.items())
    return float(np.sqrt(squares / item.n_respondents))


def read_memberships(
    observed: ObservedStudy, item: MembershipsEvidence, frame: str, *, any_platform: bool
) -> Observation:
    """Read the numbers of memberships of a platform's respondents.

    Parameters
    ----------
    observed : ObservedStudy
        The study.
    item : MembershipsEvidence
        The evidence.
    frame : str
        Name of the surveyed platforms.
    any_platform : bool
        Whether frequency was asked over any platform.

    Returns
    -------
    Observation
        The observation.

    Raises
    ------
    ScopeError
        They were counted over another set of platforms.
    StudyError
        They are no quantity of the model, or have no spread to weigh them by.
    """
    effect = item.design_effect or 1.0
    if item.platforms == "any":
        n, single, sd = _worth(item), item.share_single, item.sd or None
        if item.counts_by_number is not None:
            # Where all gave one number, the model's own spread weighs it.
            single, sd = item.counts_by_number.get(1, 0) / item.n_respondents, _spread(item) or None
        return AnyPlatformMemberships(
            name=item.id,
            label="mean memberships on any platform",
            unit="platforms per person",
            frame=frame,
            mean=item.headline,
            n=n,
            single=None if single is None else single * n,
            sd=sd,
            rounded_to=item.rounded_to,
        )
    _check_counted_over(observed, item)
    counts = item.counts_by_number
    _every_number(observed, item, counts or {})
    wanted = "registered" if item.window == "ever" else "worked"
    if item.kind != wanted:
        raise StudyError(
            f"evidence {item.id!r}: platforms {item.kind} on over the window {item.window!r} are not a "
            f'quantity of the model; give those {wanted} on, or set role = "shown only"'
        )
    label = "mean memberships of respondents"
    unit = "platforms per person"
    if item.window != "ever":
        sd = _spread(item) if counts is not None else item.sd or 0.0
        if sd == 0:
            raise StudyError(
                f"evidence {item.id!r}: all respondents gave the same number, so its mean has no "
                "spread to weigh it by"
            )
        return ActiveMemberships(
            name=item.id,
            label=f"{label}, last {item.window}",
            unit=unit,
            value=item.headline,
            frame=frame,
            window=item.window,
            n=_worth(item),
            sd=sd,
            rounded_to=item.rounded_to,
        )
    elif item.by_frequency is not None:
        table = {
            (str(band), k): row.get(str(k), 0) / effect
            for band, row in item.by_frequency.items()
            for k in range(1, len(observed.platforms) + 1)
        }
        return MembershipCountsByFrequency(
            name=item.id,
            label=label,
            unit=unit,
            frame=frame,
            counts=table,
            any_platform=any_platform,
        )
    elif counts is not None:
        return MembershipCounts(
            name=item.id,
            label=label,
            unit=unit,
            frame=frame,
            counts={k: count / effect for k, count in _every_number(observed, item, counts).items()},
        )
    else:
        if item.sd == 0:
            raise StudyError(
                f"evidence {item.id!r}: a standard deviation of exactly 0 leaves no spread to weigh the "
                "mean by; give the counts, or leave sd out"
            )
        return MembershipMean(
            name=item.id,
            label=label,
            unit=unit,
            value=item.headline,
            frame=frame,
            n=_worth(item),
            sd=item.sd,
            rounded_to=item.rounded_to,
        )


def read_population_memberships(observed: ObservedStudy, item: MembershipsEvidence) -> PopulationMemberships:
    """Read the numbers of memberships of people asked in the general population.

    Parameters
    ----------
    observed : ObservedStudy
        The study.
    item : MembershipsEvidence
        The evidence.

    Returns
    -------
    PopulationMemberships
        The observation.

    Raises
    ------
    ScopeError
        They were counted over another set of platforms.
    """
    _check_counted_over(observed, item)
    counts = _every_number(observed, item, item.counts_by_number or {})
    return PopulationMemberships(
        name=item.id,
        label="mean memberships of people with an account",
        unit="platforms per person",
        counts={k: count / (item.design_effect or 1.0) for k, count in counts.items()},
    )
