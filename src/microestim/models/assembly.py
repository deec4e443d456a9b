"""From a study to the model that its evidence asks for: which quantities, which observations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from microestim.errors import DoubleCountingError, ScopeError, StudyError
from microestim.models.design import Design, Parameter
from microestim.models.frames import Frame
from microestim.models.observations import (
    AccountRatio,
    ActiveMemberships,
    AnyPlatformMemberships,
    AudienceFigure,
    CensoredVisitors,
    CountryShare,
    DeclaredAccounts,
    DeclaredSum,
    HistoryCounts,
    LastVisits,
    MembershipCounts,
    MembershipCountsByFrequency,
    MembershipMean,
    MonthlyVisitors,
    NeverUsed,
    Observation,
    PopulationMemberships,
    PublishedEstimate,
    StatedFrequency,
)
from microestim.models.observations.audience import month_name, source_name, steady_error_row
from microestim.models.sizes import DeclaredTotal, SizeDesign
from microestim.study import BANDS, Study
from microestim.study.evidence import (
    ActivityEvidence,
    AudienceEvidence,
    CapturesEvidence,
    CountryShareEvidence,
    LastVisitEvidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RatioEvidence,
    RegistrationsEvidence,
)
from microestim.study.periods import years_before

__all__ = ["design_model"]


def design_model(study: Study) -> Design:
    """Decide what the joint model of a study consists of.

    Parameters
    ----------
    study : Study
        The study; only evidence whose role is "evidence" is used, and only on observed platforms.

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
    return _Assembly(study).design()


def _assumed(item: RegistrationsEvidence | AudienceEvidence | CountryShareEvidence) -> bool:
    """Whether the error of a figure is what somebody assumes."""
    return item.error is not None and item.error.basis == "assumption"


class _Assembly:
    def __init__(self, study: Study) -> None:
        self.study = study
        self.platforms = study.observed_platforms
        self.index = {platform: j for j, platform in enumerate(self.platforms)}
        self.left_out: dict[str, str] = {}
        self.observations: list[Observation] = []
        self.months: tuple[str, ...] = ()
        self.steady: tuple[str, ...] = ()
        self.items = []
        for item in study.evidence:
            if item.type in ("income", "hours", "composition", "benchmark"):
                self.left_out[item.id] = (
                    "shown beside the result; it does not measure how many people there are"
                )
            elif item.role != "evidence":
                self.left_out[item.id] = f"its role is {item.role!r}"
            else:
                self.items.append(item)

    def members(self, platforms: tuple[str, ...]) -> np.ndarray:
        return np.array([float(platform in platforms) for platform in self.platforms])

    def residual(
        self, item: RegistrationsEvidence | AudienceEvidence, whole: float
    ) -> tuple[float, tuple[str, ...]]:
        """Take off a total what it contains: its value and platforms are those that are left."""
        value, platforms = whole, set(self.study.resolve(item.platforms))
        for part_id in item.contains:
            part = self.study.item(part_id)
            if part.type != item.type or part.role != "evidence" or part.value is None:
                continue
            if isinstance(part, AudienceEvidence) and part.threshold is not None:
                # Somewhere below the threshold: the total still counts those platforms.
                continue
            value -= part.value
            platforms -= set(self.study.resolve(part.platforms))
        if not platforms:
            raise DoubleCountingError(
                f"evidence {item.id!r} says nothing beyond what it contains ({', '.join(item.contains)}); "
                'set role = "shown only" on one of them'
            )
        if value <= 0:
            raise StudyError(
                f"evidence {item.id!r}: the total {whole:,.0f} is not above the sum of what it contains "
                f"({', '.join(item.contains)}); a total must exceed its parts"
            )
        return value, tuple(p for p in self.study.resolve(item.platforms) if p in platforms)

    def design(self) -> Design:
        sizes = self.registrations()
        sources = self.audience()
        frames = self.surveys()
        self.never_used()
        self.ratios()
        if not any(
            isinstance(
                o, DeclaredAccounts | DeclaredSum | MonthlyVisitors | HistoryCounts | PublishedEstimate
            )
            # That a count is below a threshold says nothing of how large anything is.
            or (isinstance(o, CensoredVisitors) and o.low is not None)
            for o in self.observations
        ):
            raise StudyError(
                f"study {self.study.id!r} has no registrations, no audience and no captures on its observed "
                "platforms: nothing says how large anything is"
            )
        return Design(
            platforms=self.platforms,
            sizes=sizes,
            frames=frames,
            parameters=self.parameters(frames, sources),
            rows=self.rows(),
            observations=tuple(self.observations),
            left_out=self.left_out,
        )

    def registrations(self) -> SizeDesign:
        n = len(self.platforms)
        own, worldwide, stated, has_stated, assumed, years_old = (np.zeros(n) for _ in range(6))
        open_to_world = np.array([float(not self.study.platform(p).residents_only) for p in self.platforms])
        total: DeclaredTotal | None = None
        sums: list[tuple[RegistrationsEvidence, float, np.ndarray]] = []
        shares = {item.id: item for item in self.items if isinstance(item, CountryShareEvidence)}
        for item in self.items:
            if not isinstance(item, RegistrationsEvidence):
                continue
            value, platforms = self.residual(item, item.value)
            if len(platforms) > 1:
                sums.append((item, value, self.members(platforms)))
                continue
            j = self.index[platforms[0]]
            own[j] = 1.0
            worldwide[j] = float(item.reach == "worldwide" and bool(open_to_world[j]))
            years_old[j] = years_before(item.period, self.study.period)
            if item.error is not None:
                stated[j], has_stated[j] = item.error.relative, 1.0
                assumed[j] = float(_assumed(item))
            self.observations.append(
                DeclaredAccounts(
                    name=item.id,
                    label=f"registrations, {self.study.platform(platforms[0]).name}",
                    unit="accounts",
                    value=value,
                    platform=j,
                )
            )
        for item, value, members in sums:
            error = item.error.relative if item.error else 0.0
            declared = DeclaredTotal(
                members=members,
                stated_error=error,
                has_stated_error=item.error is not None,
                assumed_error=_assumed(item),
                years_old=years_before(item.period, self.study.period),
            )
            anchors = total is None and not (members * own).any()
            total = declared if anchors else total
            self.observations.append(
                DeclaredSum(
                    name=item.id,
                    label=f"registrations, {int(members.sum())} platforms together",
                    unit="accounts",
                    value=value,
                    total=declared,
                    anchors=anchors,
                )
            )
        self.worldwide_used = bool(worldwide.any())
        self.grown = bool(years_old.any()) or any(
            o.total.years_old for o in self.observations if isinstance(o, DeclaredSum)
        )
        for share_item in shares.values():
            platforms = self.study.resolve(share_item.platforms)
            if len(platforms) > 1:
                raise ScopeError(f"evidence {share_item.id!r}: a country share belongs to one platform")
            self.observations.append(
                CountryShare(
                    name=share_item.id,
                    label=f"country share, {self.study.platform(platforms[0]).name}",
                    unit="share",
                    value=share_item.value,
                    platform=self.index[platforms[0]],
                    stated_error=share_item.error.relative if share_item.error else None,
                    assumed_error=_assumed(share_item),
                )
            )
            self.worldwide_used = True
        return SizeDesign(
            own=own,
            worldwide=worldwide,
            open_to_world=open_to_world,
            stated_error=stated,
            has_stated_error=has_stated,
            assumed_error=assumed,
            years_old=years_old,
            total=total,
        )

    def audience(self) -> dict[str, str]:
        sources: dict[str, str] = {}
        used: list[tuple[AudienceEvidence, float | None, tuple[str, ...]]] = []
        for item in self.items:
            if not isinstance(item, AudienceEvidence):
                continue
            if item.limits is not None:
                used.append((item, None, self.study.resolve(item.platforms)))
            elif item.value:
                used.append((item, *self.residual(item, item.value)))
            else:
                self.left_out[item.id] = (
                    "a count of zero means 'below the service's threshold', which is not given"
                )
        times = Counter(
            (source_name(item.page_scope, item.vendor), platform)
            for item, _, platforms in used
            for platform in platforms
        )
        repeated = {source for (source, _), count in times.items() if count > 1}
        periods = tuple(dict.fromkeys(item.period for item, _, _ in used))
        self.months = tuple(month_name(period) for period in periods) if len(periods) > 1 else ()
        self.steady = tuple(
            dict.fromkeys(steady_error_row(source) for source, _ in times if source in repeated)
        )
        for item, value, platforms in used:
            self.worldwide_used = self.worldwide_used or item.reach == "worldwide"
            source = source_name(item.page_scope, item.vendor)
            sources[source] = f"visitors_per_person[{item.page_scope}]"
            where = (
                self.study.platform(platforms[0]).name
                if len(platforms) == 1
                else f"{len(platforms)} platforms together"
            )
            about: dict[str, Any] = {
                "name": item.id,
                "members": self.members(platforms),
                "worldwide": item.reach == "worldwide",
                "source": source,
                "stated_error": item.error.relative if item.error else None,
                "assumed_error": _assumed(item),
                "repeated": source in repeated,
                "month": month_name(item.period) if self.months else None,
                "months": self.months,
            }
            if value is not None:
                self.observations.append(
                    MonthlyVisitors(label=f"visitors, {where}", unit="visitors", value=value, **about)
                )
                continue
            assert item.limits is not None
            low, high = item.limits
            said = f"below {high:,.0f}" if low is None else f"{low:,.0f} to {high:,.0f}"
            self.observations.append(
                CensoredVisitors(
                    label=f"visitors {said}, {where}", unit="(1: yes, 0: no)", low=low, high=high, **about
                )
            )
        return sources

    def frame_of(
        self, item: ActivityEvidence | CapturesEvidence | LastVisitEvidence | MembershipsEvidence
    ) -> str:
        asked = item.frame if isinstance(item, MembershipsEvidence) else item.platforms
        return "+".join(self.study.resolve(asked))

    def surveys(self) -> tuple[Frame, ...]:
        waves: dict[str, int] = {}

        def use(frame: str, count: int = 1) -> str:
            waves[frame] = max(count, waves.get(frame, 1))
            return frame

        def use_waves(item: CapturesEvidence) -> str:
            frame = self.frame_of(item)
            # A published size is of two waves, whatever dates are given.
            count = 2 if item.estimate is not None else item.occasions or 2
            if waves.get(frame, 1) not in (1, count):
                raise StudyError(
                    f"evidence {item.id!r} has {count} waves, another survey of the same platform has "
                    f"{waves[frame]}: surveys of one platform share the capture rates of their waves; set "
                    'role = "shown only" on one of them'
                )
            return use(frame, count)

        readings = {
            self.frame_of(item): item.frequency_scope == "any platform"
            for item in self.items
            if isinstance(item, ActivityEvidence)
        }
        for item in self.items:
            if isinstance(item, CapturesEvidence):
                frame = use_waves(item)
                self.captures(item, frame, readings.get(frame, False))
            elif isinstance(item, ActivityEvidence):
                self.frequency(item, use(self.frame_of(item)))
            elif isinstance(item, LastVisitEvidence):
                self.last_visits(item, use(self.frame_of(item)))
            elif isinstance(item, MembershipsEvidence) and item.frame == "population":
                self.population_memberships(item)
            elif isinstance(item, MembershipsEvidence):
                frame = use(self.frame_of(item))
                self.memberships(item, frame, readings.get(frame, False))
        return tuple(
            Frame(id=frame, members=self.members(tuple(frame.split("+"))), waves=count)
            for frame, count in waves.items()
        )

    def captures(self, item: CapturesEvidence, frame: str, any_platform: bool) -> None:
        if item.estimate is not None:
            self.observations.append(
                PublishedEstimate(
                    name=item.id,
                    label=f"published {item.estimator} estimate",
                    unit="accounts",
                    value=item.estimate,
                    frame=frame,
                    stated_error=item.error.relative if item.error else None,
                )
            )
            return
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
        self.observations.append(
            HistoryCounts(
                name=item.id,
                label="answers seen in more than one wave",
                unit="answers",
                frame=frame,
                waves=waves,
                counts=counts,
                any_platform=any_platform,
            )
        )

    def frequency(self, item: ActivityEvidence, frame: str) -> None:
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
        self.observations.append(
            StatedFrequency(
                name=item.id,
                label=f"respondents who say {first}",
                unit="% of respondents",
                frame=frame,
                counts=counts,
                any_platform=item.frequency_scope == "any platform",
            )
        )

    def last_visits(self, item: LastVisitEvidence, frame: str) -> None:
        self.observations.append(
            LastVisits(
                name=item.id,
                label=f"respondents who were there within {item.days[0]:g} days before",
                unit="% of respondents",
                frame=frame,
                days=item.days,
                counts=tuple(count / (item.design_effect or 1.0) for count in item.counts),
            )
        )

    def check_counted_over(self, item: MembershipsEvidence) -> None:
        over = set(self.study.resolve(item.platforms))
        if over != set(self.platforms):
            raise ScopeError(
                f"evidence {item.id!r}: memberships were counted over {len(over)} platforms, the study "
                f"observes {len(self.platforms)}; a factor holds only for the set over which it was counted"
            )

    def every_number(self, item: MembershipsEvidence, counts: Mapping[int, int]) -> dict[int, int]:
        """Count every possible number of memberships; one that is not listed was nobody's."""
        if max(counts, default=1) > len(self.platforms):
            raise ScopeError(
                f"evidence {item.id!r}: {max(counts)} memberships were counted over "
                f"{len(self.platforms)} platforms"
            )
        return {k: counts.get(k, 0) for k in range(1, len(self.platforms) + 1)}

    def worth(self, item: MembershipsEvidence) -> int:
        """Give the answers of a simple random sample that are worth as much as the survey's."""
        return max(round(item.n_respondents / (item.design_effect or 1.0)), 1)

    def memberships(self, item: MembershipsEvidence, frame: str, any_platform: bool) -> None:
        effect = item.design_effect or 1.0
        if item.platforms == "any":
            n = self.worth(item)
            single = item.share_single
            if item.counts_by_number is not None:
                single = item.counts_by_number.get(1, 0) / item.n_respondents
            self.observations.append(
                AnyPlatformMemberships(
                    name=item.id,
                    label="mean memberships on any platform",
                    unit="platforms per person",
                    frame=frame,
                    mean=item.headline,
                    n=n,
                    single=None if single is None else single * n,
                )
            )
            return
        self.check_counted_over(item)
        counts = item.counts_by_number
        self.every_number(item, counts or {})
        wanted = "registered" if item.window == "ever" else "worked"
        if item.kind != wanted:
            raise StudyError(
                f"evidence {item.id!r}: platforms {item.kind} on over the window {item.window!r} are not a "
                f'quantity of the model; give those {wanted} on, or set role = "shown only"'
            )
        label = "mean memberships of respondents"
        unit = "platforms per person"
        if item.window != "ever":
            n, sd = self.worth(item), item.sd or 0.0
            if counts is not None:
                squares = sum(c * (k - item.headline) ** 2 for k, c in counts.items())
                sd = float(np.sqrt(squares / item.n_respondents))
            if sd == 0:
                raise StudyError(
                    f"evidence {item.id!r}: all respondents gave the same number, so its mean has no "
                    "spread to weigh it by"
                )
            self.observations.append(
                ActiveMemberships(
                    name=item.id,
                    label=f"{label}, last {item.window}",
                    unit=unit,
                    value=item.headline,
                    frame=frame,
                    window=item.window,
                    n=n,
                    sd=sd,
                )
            )
        elif item.by_frequency is not None:
            table = {
                (str(band), k): row.get(str(k), 0) / effect
                for band, row in item.by_frequency.items()
                for k in range(1, len(self.platforms) + 1)
            }
            self.observations.append(
                MembershipCountsByFrequency(
                    name=item.id,
                    label=label,
                    unit=unit,
                    frame=frame,
                    counts=table,
                    any_platform=any_platform,
                )
            )
        elif counts is not None:
            self.observations.append(
                MembershipCounts(
                    name=item.id,
                    label=label,
                    unit=unit,
                    frame=frame,
                    counts={k: count / effect for k, count in self.every_number(item, counts).items()},
                )
            )
        else:
            if item.sd == 0:
                raise StudyError(
                    f"evidence {item.id!r}: a standard deviation of exactly 0 leaves no spread to weigh the "
                    "mean by; give the counts, or leave sd out"
                )
            self.observations.append(
                MembershipMean(
                    name=item.id,
                    label=label,
                    unit=unit,
                    value=item.headline,
                    frame=frame,
                    n=self.worth(item),
                    sd=item.sd,
                )
            )

    def population_memberships(self, item: MembershipsEvidence) -> None:
        self.check_counted_over(item)
        counts = self.every_number(item, item.counts_by_number or {})
        self.observations.append(
            PopulationMemberships(
                name=item.id,
                label="mean memberships of people with an account",
                unit="platforms per person",
                counts={k: count / (item.design_effect or 1.0) for k, count in counts.items()},
            )
        )

    def ratios(self) -> None:
        for item in self.items:
            if not isinstance(item, RatioEvidence):
                continue
            self.observations.append(
                AccountRatio(
                    name=item.id,
                    label=f"ratio from elsewhere, {item.numerator} / {item.denominator}",
                    unit="share",
                    value=item.value,
                    members=self.members(self.study.resolve(item.platforms)),
                    numerator=item.numerator,
                    denominator=item.denominator,
                    # A relative error of a share is one of its log odds, divided by (1 - share).
                    error=item.error.relative / (1.0 - item.value),
                )
            )

    def never_used(self) -> None:
        for item in self.items:
            if not isinstance(item, NeverUsedEvidence):
                continue
            platforms = self.study.resolve(item.platforms)
            if item.error is not None:
                error = item.error.relative
            else:
                if item.value == 1.0:
                    raise StudyError(
                        f"evidence {item.id!r}: a share of exactly 1 has no sampling error; state an error, "
                        "or give the smallest share that the source does not exclude"
                    )
                error = float(np.sqrt((1.0 - item.value) / (item.value * (item.n or 1))))
            self.observations.append(
                NeverUsed(
                    name=item.id,
                    label=f"accounts never used, {self.study.platform(platforms[0]).name}",
                    unit="share",
                    value=item.value,
                    platform=self.index[platforms[0]],
                    error=error,
                )
            )

    def rows(self) -> tuple[str, ...]:
        rows = ["size"]
        if len(self.platforms) > 1:
            rows += ["inflation", "active_share", "active_rate"]
            if self.grown:
                rows.append("growth")
            if any(isinstance(o, AudienceFigure) for o in self.observations):
                rows.append("visitors")
        rows += self.steady
        if self.worldwide_used:
            rows.append("share")
        return tuple(rows)

    def parameters(self, frames: tuple[Frame, ...], sources: dict[str, str]) -> tuple[Parameter, ...]:
        kinds = {type(observation) for observation in self.observations}
        found: list[Parameter] = []

        def add(*names: str) -> None:
            found.extend(Parameter(name, name) for name in names)

        several = len(self.platforms) > 1
        if several:
            found.append(Parameter("accounts_level", None))
            add("accounts_spread")
        add("inflation")
        if self.grown:
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
            if self.steady:
                add("audience_persistence")
            found.extend(Parameter(name, "audience_month") for name in self.months)
        if frames:
            add("capture_exponent")
            found.extend(Parameter(name, prior) for frame in frames for name, prior in frame.parameters)
        if any(frame.waves == 2 for frame in frames):
            add("wave_dependence", "missed_match", "false_match", "outside_answers")
        if any(isinstance(o, PublishedEstimate) and o.stated_error is None for o in self.observations):
            add("estimate_error")
        stated = (
            StatedFrequency in kinds
            or MembershipCountsByFrequency in kinds
            or any(
                isinstance(o, HistoryCounts) and any(band for band, _ in o.counts) for o in self.observations
            )
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
        worked = any(isinstance(o, AccountRatio) and o.numerator == "ever_worked" for o in self.observations)
        if NeverUsed in kinds or worked:
            add("account_age")
        return tuple(found)
