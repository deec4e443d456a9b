"""From a study to the model that its evidence asks for: which quantities, which observations."""

from __future__ import annotations

from collections.abc import Sequence

from microestim.errors import StudyError
from microestim.models.assembly.audience import read_audience
from microestim.models.assembly.observed import ObservedStudy
from microestim.models.assembly.shares import read_never_used, read_ratios
from microestim.models.assembly.sizes import read_sizes
from microestim.models.assembly.surveys import read_surveys
from microestim.models.design import Design, Parameter
from microestim.models.frames import Frame
from microestim.models.observations import (
    AccountRatio,
    AnyPlatformMemberships,
    AudienceFigure,
    CensoredVisitors,
    CountryShare,
    DeclaredAccounts,
    DeclaredSum,
    HistoryCounts,
    LastVisits,
    MembershipCountsByFrequency,
    MonthlyVisitors,
    NeverUsed,
    Observation,
    PublishedEstimate,
    StatedFrequency,
)
from microestim.models.observations.audience import steady_error_row
from microestim.models.sizes import SizeDesign
from microestim.study import Study

__all__ = ["design_model"]


def design_model(study: Study, *, like: Design | None = None) -> Design:
    """Decide what the joint model of a study consists of.

    Parameters
    ----------
    study : Study
        The study; only evidence whose role is "evidence" is used, and only on observed platforms.
    like : Design, optional
        The model of the same study with more evidence, of which this one is to be a part: what errors of
        audiences are made of is as it is there.

    Returns
    -------
    Design
        Platforms, surveys, quantities and observations.

    Raises
    ------
    StudyError
        Evidence contradicts itself (a total below what it contains), or the study has neither
        registrations nor audience to say how large anything is.
    ScopeError
        Evidence mixes observed platforms with others, or memberships were counted over another set.
    """
    observed = ObservedStudy(study)
    sizes, declared = read_sizes(observed)
    figures = [] if like is None else [o for o in like.observations if isinstance(o, AudienceFigure)]
    sources, visitors = read_audience(observed, figures)
    frames, answers = read_surveys(observed)
    observations = (*declared, *visitors, *answers, *read_never_used(observed), *read_ratios(observed))
    if not any(map(_says_how_large, observations)):
        raise StudyError(
            f"study {study.id!r} has no registrations, no audience and no captures on its observed "
            "platforms: nothing says how large anything is"
        )
    several = len(observed.platforms) > 1
    months = next((figure.months for figure in visitors), ())
    return Design(
        platforms=observed.platforms,
        sizes=sizes,
        frames=frames,
        parameters=_parameters(sizes, frames, sources, months, observations, several=several),
        rows=_rows(sizes, observations, several=several),
        observations=observations,
        left_out=observed.left_out,
    )


def _says_how_large(observation: Observation) -> bool:
    match observation:
        case DeclaredAccounts() | DeclaredSum() | MonthlyVisitors() | HistoryCounts() | PublishedEstimate():
            return True
        case CensoredVisitors(low=low):
            # That a count is below a threshold says nothing of how large anything is.
            return low is not None
        case _:
            return False


def _grown(sizes: SizeDesign, observations: Sequence[Observation]) -> bool:
    """Whether a declared number is of another time than the study's."""
    return bool(sizes.years_old.any()) or any(
        isinstance(o, DeclaredSum) and o.total.years_old for o in observations
    )


def _rows(sizes: SizeDesign, observations: Sequence[Observation], *, several: bool) -> tuple[str, ...]:
    """Name what is drawn for each platform."""
    figures = [o for o in observations if isinstance(o, AudienceFigure)]
    rows = ["size"]
    if several:
        rows += ["inflation", "active_share", "active_rate"]
        if _grown(sizes, observations):
            rows.append("growth")
        if figures:
            rows.append("visitors")
    rows += dict.fromkeys(steady_error_row(figure.source) for figure in figures if figure.repeated)
    if (
        sizes.worldwide.any()
        or any(isinstance(o, CountryShare) for o in observations)
        or any(figure.worldwide for figure in figures)
    ):
        rows.append("share")
    return tuple(rows)


def _parameters(
    sizes: SizeDesign,
    frames: tuple[Frame, ...],
    sources: dict[str, str],
    months: tuple[str, ...],
    observations: Sequence[Observation],
    *,
    several: bool,
) -> tuple[Parameter, ...]:
    """Name what is drawn once, in the order of the sampler's coordinates."""
    kinds = {type(observation) for observation in observations}
    found: list[Parameter] = []

    def add(*names: str) -> None:
        found.extend(Parameter(name, name) for name in names)

    if several:
        found.append(Parameter("accounts_level", None))
        add("accounts_spread")
    add("inflation")
    if _grown(sizes, observations):
        add("growth")
    if kinds & {DeclaredAccounts, DeclaredSum}:
        add("declared_error")
    if kinds & {DeclaredAccounts, DeclaredSum, CountryShare}:
        add("share_error")
    add("active_share", "active_rate", "active_rate_spread", "dormant_rate")
    if several:
        add("active_share_spread", "active_rate_platform_spread")
    if sources:
        found.extend(Parameter(name, prior) for name, prior in sources.items())
        add("audience_error")
        if several:
            add("visitors_spread")
        if any(isinstance(o, AudienceFigure) and o.repeated for o in observations):
            add("audience_persistence")
        found.extend(Parameter(name, "audience_month") for name in months)
    if frames:
        add("capture_exponent")
        found.extend(Parameter(name, prior) for frame in frames for name, prior in frame.parameters)
    if any(frame.waves == 2 for frame in frames):
        add("wave_dependence", "missed_match", "false_match", "outside_answers")
    if any(isinstance(o, PublishedEstimate) and o.stated_error is None for o in observations):
        add("estimate_error")
    stated = (
        StatedFrequency in kinds
        or MembershipCountsByFrequency in kinds
        or any(isinstance(o, HistoryCounts) and any(band for band, _ in o.counts) for o in observations)
    )
    if stated:
        add("overstated_frequency", "understated_frequency")
    if several:
        add("memberships", "membership_slope", "membership_dispersion", "departure")
    if several or stated:
        add("activity_correlation")
    if stated or AnyPlatformMemberships in kinds:
        add("other_memberships", "other_dispersion")
    if LastVisits in kinds:
        add("stated_gap")
    worked = any(isinstance(o, AccountRatio) and o.numerator == "ever_worked" for o in observations)
    if NeverUsed in kinds or worked:
        add("account_age")
    return tuple(found)
