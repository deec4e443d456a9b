"""One observation model per kind of evidence: its log-likelihood, and how it draws evidence anew.

Each observation gives its log-likelihood under its own name, in either language, so that the parts can
be checked to sum to the model's log-density, and a piece of evidence can be scored, dropped or replicated.
"""

from microestim.models.observations.answers import StatedFrequency
from microestim.models.observations.audience import AudienceFigure, CensoredVisitors, MonthlyVisitors
from microestim.models.observations.captures import HistoryCounts, PublishedEstimate
from microestim.models.observations.last_visits import LastVisits
from microestim.models.observations.never_used import NeverUsed
from microestim.models.observations.observation import Observation, ReadFrequency, Replicates
from microestim.models.observations.overlap import (
    ActiveMemberships,
    AnyPlatformMemberships,
    MembershipCounts,
    MembershipCountsByFrequency,
    MembershipMean,
    PopulationMemberships,
)
from microestim.models.observations.ratios import AccountRatio
from microestim.models.observations.registrations import CountryShare, DeclaredAccounts, DeclaredSum

__all__ = [
    "AccountRatio",
    "ActiveMemberships",
    "AnyPlatformMemberships",
    "AudienceFigure",
    "CensoredVisitors",
    "CountryShare",
    "DeclaredAccounts",
    "DeclaredSum",
    "HistoryCounts",
    "LastVisits",
    "MembershipCounts",
    "MembershipCountsByFrequency",
    "MembershipMean",
    "MonthlyVisitors",
    "NeverUsed",
    "Observation",
    "PopulationMemberships",
    "PublishedEstimate",
    "ReadFrequency",
    "Replicates",
    "StatedFrequency",
]
