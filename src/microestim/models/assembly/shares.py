"""From shares of accounts, of one platform or observed elsewhere, to observations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from microestim.errors import StudyError
from microestim.models.assembly.observed import ObservedStudy
from microestim.models.observations import AccountRatio, NeverUsed
from microestim.study.evidence import NeverUsedEvidence, RatioEvidence

__all__ = ["read_never_used", "read_ratios"]


def read_ratios(observed: ObservedStudy) -> Iterator[AccountRatio]:
    """Read ratios of accounts that were observed elsewhere.

    Parameters
    ----------
    observed : ObservedStudy
        The study.

    Yields
    ------
    AccountRatio
        One a ratio.
    """
    for item in observed.items:
        if not isinstance(item, RatioEvidence):
            continue
        yield (
            AccountRatio(
                name=item.id,
                label=f"ratio from elsewhere, {item.numerator} / {item.denominator}",
                unit="share",
                value=item.value,
                members=observed.members(observed.study.resolve(item.platforms)),
                numerator=item.numerator,
                denominator=item.denominator,
                # A relative error of a share is one of its log odds, divided by (1 - share).
                error=item.error.relative / (1.0 - item.value),
            )
        )


def read_never_used(observed: ObservedStudy) -> Iterator[NeverUsed]:
    """Read shares of accounts that were never used.

    Parameters
    ----------
    observed : ObservedStudy
        The study.

    Yields
    ------
    NeverUsed
        One a share.

    Raises
    ------
    StudyError
        A share of exactly 1 has no stated error.
    """
    for item in observed.items:
        if not isinstance(item, NeverUsedEvidence):
            continue
        platforms = observed.study.resolve(item.platforms)
        if item.error is not None:
            error = item.error.relative
        else:
            if item.value == 1.0:
                raise StudyError(
                    f"evidence {item.id!r}: a share of exactly 1 has no sampling error; state an error, "
                    "or give the smallest share that the source does not exclude"
                )
            error = float(np.sqrt((1.0 - item.value) / (item.value * (item.n or 1))))
        yield (
            NeverUsed(
                name=item.id,
                label=f"accounts never used, {observed.study.platform(platforms[0]).name}",
                unit="share",
                value=item.value,
                platform=observed.index[platforms[0]],
                error=error,
            )
        )
