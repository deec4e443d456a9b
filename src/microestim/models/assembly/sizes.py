"""From declared numbers and country shares to what is known of the platforms' sizes."""

from __future__ import annotations

import numpy as np

from microestim.errors import ScopeError
from microestim.models.assembly.observed import ObservedStudy, is_assumed
from microestim.models.observations import CountryShare, DeclaredAccounts, DeclaredSum, Observation
from microestim.models.sizes import DeclaredTotal, SizeDesign
from microestim.study.evidence import CountryShareEvidence, RegistrationsEvidence
from microestim.study.periods import years_before

__all__ = ["read_sizes"]


def read_sizes(observed: ObservedStudy) -> tuple[SizeDesign, list[Observation]]:
    """Read declared numbers of accounts and country shares.

    Parameters
    ----------
    observed : ObservedStudy
        The study.

    Returns
    -------
    sizes : SizeDesign
        Which platforms declared what.
    observations : list of Observation
        The figures, single platforms first.

    Raises
    ------
    ScopeError
        A country share is of several platforms.
    """
    observations: list[Observation] = []
    n = len(observed.platforms)
    own, worldwide, stated, has_stated, assumed, years_old = (np.zeros(n) for _ in range(6))
    open_to_world = np.array(
        [float(not observed.study.platform(p).residents_only) for p in observed.platforms]
    )
    total: DeclaredTotal | None = None
    sums: list[tuple[RegistrationsEvidence, float, np.ndarray, float | None]] = []
    shares = {item.id: item for item in observed.items if isinstance(item, CountryShareEvidence)}
    for item in observed.items:
        if not isinstance(item, RegistrationsEvidence):
            continue
        value, platforms, error = observed.residual(item, item.value)
        if len(platforms) > 1:
            sums.append((item, value, observed.members(platforms), error))
            continue
        j = observed.index[platforms[0]]
        own[j] = 1.0
        worldwide[j] = float(item.reach == "worldwide" and bool(open_to_world[j]))
        years_old[j] = years_before(item.period, observed.study.period)
        if error is not None:
            stated[j], has_stated[j] = error, 1.0
            assumed[j] = float(is_assumed(item))
        observations.append(
            DeclaredAccounts(
                name=item.id,
                label=f"registrations, {observed.study.platform(platforms[0]).name}",
                unit="accounts",
                value=value,
                platform=j,
            )
        )
    for item, value, members, error in sums:
        declared = DeclaredTotal(
            members=members,
            stated_error=error or 0.0,
            has_stated_error=error is not None,
            assumed_error=is_assumed(item),
            years_old=years_before(item.period, observed.study.period),
        )
        anchors = total is None and not (members * own).any()
        total = declared if anchors else total
        observations.append(
            DeclaredSum(
                name=item.id,
                label=f"registrations, {int(members.sum())} platforms together",
                unit="accounts",
                value=value,
                total=declared,
                anchors=anchors,
            )
        )
    for share_item in shares.values():
        platforms = observed.study.resolve(share_item.platforms)
        if len(platforms) > 1:
            raise ScopeError(f"evidence {share_item.id!r}: a country share belongs to one platform")
        observations.append(
            CountryShare(
                name=share_item.id,
                label=f"country share, {observed.study.platform(platforms[0]).name}",
                unit="share",
                value=share_item.value,
                platform=observed.index[platforms[0]],
                stated_error=share_item.error.relative if share_item.error else None,
                assumed_error=is_assumed(share_item),
            )
        )
    sizes = SizeDesign(
        own=own,
        worldwide=worldwide,
        open_to_world=open_to_world,
        stated_error=stated,
        has_stated_error=has_stated,
        assumed_error=assumed,
        years_old=years_old,
        total=total,
    )
    return sizes, observations
