"""Studies: what was observed, by whom, of whom; read from TOML files and checked."""

from microestim.study.document import Study
from microestim.study.evidence import (
    EVIDENCE_TYPES,
    ActivityEvidence,
    AudienceEvidence,
    BenchmarkEvidence,
    CapturesEvidence,
    CompositionEvidence,
    CountryShareEvidence,
    Evidence,
    EvidenceItem,
    HoursEvidence,
    IncomeEvidence,
    LastVisitEvidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RatioEvidence,
    RegistrationsEvidence,
    StatedError,
)
from microestim.study.faults import Fault
from microestim.study.new import template
from microestim.study.platforms import Platform, PlatformSetDef
from microestim.study.publications import PublishedResult, Source, Step, Tier
from microestim.study.reading import parse_study, read_study
from microestim.study.shipped import Catalogue, load_study, studies
from microestim.study.vocabulary import BANDS, TIERS

__all__ = [
    "BANDS",
    "EVIDENCE_TYPES",
    "TIERS",
    "ActivityEvidence",
    "AudienceEvidence",
    "BenchmarkEvidence",
    "CapturesEvidence",
    "Catalogue",
    "CompositionEvidence",
    "CountryShareEvidence",
    "Evidence",
    "EvidenceItem",
    "Fault",
    "HoursEvidence",
    "IncomeEvidence",
    "LastVisitEvidence",
    "MembershipsEvidence",
    "NeverUsedEvidence",
    "Platform",
    "PlatformSetDef",
    "PublishedResult",
    "RatioEvidence",
    "RegistrationsEvidence",
    "Source",
    "StatedError",
    "Step",
    "Study",
    "Tier",
    "load_study",
    "parse_study",
    "read_study",
    "studies",
    "template",
]
