"""The kinds of evidence that a study may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from microestim.study.answers import ActivityEvidence, HoursEvidence, IncomeEvidence, MembershipsEvidence
from microestim.study.benchmarks import BenchmarkEvidence
from microestim.study.captures import CapturesEvidence
from microestim.study.compositions import CompositionEvidence
from microestim.study.evidence_item import EvidenceItem, StatedError
from microestim.study.last_visits import LastVisitEvidence
from microestim.study.platform_counts import (
    AudienceEvidence,
    CountryShareEvidence,
    NeverUsedEvidence,
    RegistrationsEvidence,
)
from microestim.study.ratios import RatioEvidence

__all__ = [
    "EVIDENCE_TYPES",
    "ActivityEvidence",
    "AudienceEvidence",
    "BenchmarkEvidence",
    "CapturesEvidence",
    "CompositionEvidence",
    "CountryShareEvidence",
    "Evidence",
    "EvidenceItem",
    "HoursEvidence",
    "IncomeEvidence",
    "LastVisitEvidence",
    "MembershipsEvidence",
    "NeverUsedEvidence",
    "RatioEvidence",
    "RegistrationsEvidence",
    "StatedError",
]

type Evidence = Annotated[
    RegistrationsEvidence
    | CountryShareEvidence
    | AudienceEvidence
    | CapturesEvidence
    | ActivityEvidence
    | MembershipsEvidence
    | NeverUsedEvidence
    | LastVisitEvidence
    | RatioEvidence
    | IncomeEvidence
    | HoursEvidence
    | CompositionEvidence
    | BenchmarkEvidence,
    Field(discriminator="type"),
]

EVIDENCE_TYPES: dict[str, type[EvidenceItem]] = {
    "registrations": RegistrationsEvidence,
    "country_share": CountryShareEvidence,
    "audience": AudienceEvidence,
    "captures": CapturesEvidence,
    "activity": ActivityEvidence,
    "memberships": MembershipsEvidence,
    "never_used": NeverUsedEvidence,
    "last_visit": LastVisitEvidence,
    "ratio": RatioEvidence,
    "income": IncomeEvidence,
    "hours": HoursEvidence,
    "composition": CompositionEvidence,
    "benchmark": BenchmarkEvidence,
}
"""The class of each type of evidence."""
