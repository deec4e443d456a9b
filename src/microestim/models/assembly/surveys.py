"""From surveys of a platform's people to observations of who was met, how often, and when last."""

from __future__ import annotations

from collections.abc import Mapping

from microestim.errors import StudyError
from microestim.models.assembly.memberships import read_memberships, read_population_memberships
from microestim.models.assembly.observed import ObservedStudy
from microestim.models.frames import Frame
from microestim.models.observations import (
    HistoryCounts,
    LastVisits,
    Observation,
    PublishedEstimate,
    StatedFrequency,
)
from microestim.study import BANDS
from microestim.study.evidence import (
    ActivityEvidence,
    CapturesEvidence,
    LastVisitEvidence,
    MembershipsEvidence,
)
from microestim.study.periods import overlap

__all__ = ["read_surveys"]


def read_surveys(observed: ObservedStudy) -> tuple[tuple[Frame, ...], list[Observation]]:
    """Read what respondents were asked: captures, frequency, last visits, memberships.

    Parameters
    ----------
    observed : ObservedStudy
        The study.

    Returns
    -------
    frames : tuple of Frame
        Surveyed platforms, with their waves.
    observations : list of Observation
        The answers, in the order of the study.

    Raises
    ------
    ScopeError
        Memberships were counted over another set of platforms.
    StudyError
        Surveys of one platform have different numbers of waves, or answers have no spread.
    """
    observations: list[Observation] = []
    waves: dict[str, int] = {}

    def use(frame: str, count: int = 1) -> str:
        waves[frame] = max(count, waves.get(frame, 1))
        return frame

    def use_waves(item: CapturesEvidence) -> str:
        frame = _frame_of(observed, item)
        # A published size is of two waves, whatever dates are given.
        count = 2 if item.estimate is not None else item.occasions or 2
        if waves.get(frame, 1) not in (1, count):
            raise StudyError(
                f"evidence {item.id!r} has {count} waves, another survey of the same platform has "
                f"{waves[frame]}: surveys of one platform share the capture rates of their waves; set "
                'role = "shown only" on one of them'
            )
        return use(frame, count)

    def asked_apart(item: CapturesEvidence, frame: str) -> bool:
        """Whether a table of frequency has the same answers: one of the same survey, at the same time."""
        return item.histories_by_frequency is not None and any(
            isinstance(other, ActivityEvidence)
            and _frame_of(observed, other) == frame
            and overlap(other.period, item.period)
            for other in observed.items
        )

    readings = {
        _frame_of(observed, item): item.frequency_scope == "any platform"
        for item in observed.items
        if isinstance(item, ActivityEvidence)
    }
    for item in observed.items:
        if isinstance(item, CapturesEvidence):
            frame = use_waves(item)
            any_platform, apart = readings.get(frame, False), asked_apart(item, frame)
            observations.append(_captures(item, frame, any_platform=any_platform, bands_known=apart))
        elif isinstance(item, ActivityEvidence):
            observations.append(_frequency(item, use(_frame_of(observed, item))))
        elif isinstance(item, LastVisitEvidence):
            observations.append(_last_visits(item, use(_frame_of(observed, item))))
        elif isinstance(item, MembershipsEvidence) and item.frame == "population":
            observations.append(read_population_memberships(observed, item))
        elif isinstance(item, MembershipsEvidence):
            frame = use(_frame_of(observed, item))
            any_platform = readings.get(frame, False)
            observations.append(read_memberships(observed, item, frame, any_platform=any_platform))
    frames = tuple(
        Frame(id=frame, members=observed.members(tuple(frame.split("+"))), waves=count)
        for frame, count in waves.items()
    )
    return frames, observations


def _frame_of(
    observed: ObservedStudy,
    item: ActivityEvidence | CapturesEvidence | LastVisitEvidence | MembershipsEvidence,
) -> str:
    asked = item.frame if isinstance(item, MembershipsEvidence) else item.platforms
    return "+".join(observed.study.resolve(asked))


def _captures(
    item: CapturesEvidence, frame: str, *, any_platform: bool, bands_known: bool
) -> PublishedEstimate | HistoryCounts:
    if item.estimate is not None:
        return PublishedEstimate(
            name=item.id,
            label=f"published {item.estimator} estimate",
            unit="accounts",
            value=item.estimate,
            frame=frame,
            stated_error=item.error.relative if item.error else None,
        )
    waves = item.occasions or 2
    by_band: Mapping[str, Mapping[str, int]] = {"": item.counts_by_history or {}}
    if item.histories_by_frequency is not None:
        by_band = {str(band): table for band, table in item.histories_by_frequency.items()}
    # A history that is not listed was nobody's; a band that is not listed was not looked at.
    counts = {
        (band, history): table.get(history, 0)
        for band, table in by_band.items()
        for history in (format(code, f"0{waves}b") for code in range(1, 2**waves))
    }
    return HistoryCounts(
        name=item.id,
        label="answers seen in more than one wave",
        unit="answers",
        frame=frame,
        waves=waves,
        counts=counts,
        any_platform=any_platform,
        bands_known=bands_known,
    )


def _frequency(item: ActivityEvidence, frame: str) -> StatedFrequency:
    if item.counts is not None:
        counts = {str(band): float(item.counts[band]) for band in BANDS}
    else:
        shares = dict(item.shares or {})
        counts = {str(band): item.n * shares[band] for band in BANDS if band in shares}
        rest = [band for band in BANDS if band not in shares]
        if rest:
            counts["+".join(rest)] = item.n - sum(counts.values())
    first = next(iter(counts))
    if item.design_effect is not None:
        counts = {group: count / item.design_effect for group, count in counts.items()}
    return StatedFrequency(
        name=item.id,
        label=f"respondents who say {first}",
        unit="% of respondents",
        frame=frame,
        counts=counts,
        any_platform=item.frequency_scope == "any platform",
    )


def _last_visits(item: LastVisitEvidence, frame: str) -> LastVisits:
    return LastVisits(
        name=item.id,
        label=f"respondents who were there within {item.days[0]:g} days before",
        unit="% of respondents",
        frame=frame,
        days=item.days,
        counts=tuple(count / (item.design_effect or 1.0) for count in item.counts),
    )
