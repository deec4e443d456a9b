"""Evidence that counts a platform's accounts or visitors, or gives a share of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from microestim.study.evidence_item import EvidenceItem, StatedError, error_text
from microestim.study.vocabulary import Positive, Text

__all__ = ["AudienceEvidence", "CountryShareEvidence", "NeverUsedEvidence", "RegistrationsEvidence"]


class RegistrationsEvidence(EvidenceItem):
    """Accounts that a platform, or several, declare.

    They count accounts, dormant ones included, and say nothing of who works.
    """

    type: Literal["registrations"] = "registrations"
    unit: Literal["accounts"] = "accounts"
    value: Positive
    """Accounts."""
    reach: Literal["worldwide", "resident"]
    """Whether the accounts are of the whole world or of residents of the country."""
    error: StatedError | None = None
    """Error of the value, where someone states one."""

    @property
    def headline(self) -> float:
        """Accounts."""
        return self.value

    def _words(self) -> str:
        return f"{self.value:,.0f} accounts, {self.reach}{error_text(self.error)}"


class CountryShareEvidence(EvidenceItem):
    """The part of a platform's accounts, or of its audience, that is in the country."""

    type: Literal["country_share"] = "country_share"
    unit: Literal["share"] = "share"
    value: Annotated[float, Field(gt=0, le=1)]
    """Share, above 0 and up to 1."""
    error: StatedError | None = None
    """Relative error of the share."""

    @property
    def headline(self) -> float:
        """Share."""
        return self.value

    def _words(self) -> str:
        return f"{self.value:.3g} of the total is in the country{error_text(self.error)}"


class AudienceEvidence(EvidenceItem):
    """Unique visitors in a month, as an audience service counts them."""

    type: Literal["audience"] = "audience"
    unit: Literal["visitors"] = "visitors"
    value: Annotated[float, Field(ge=0)]
    """Unique visitors a month. A service's zero means 'below its threshold'."""
    page_scope: Literal["work pages", "whole site"]
    """Whether the pages counted are those where people work, or all, clients' pages included."""
    vendor: Text
    """The audience service; one bias is shared by all that it measured."""
    reach: Literal["worldwide", "resident"]
    """Whether the visitors are of the whole world or of the country."""
    error: StatedError | None = None
    """Error of the value, where someone states one."""

    @property
    def headline(self) -> float:
        """Visitors a month."""
        return self.value

    def _words(self) -> str:
        return (
            f"{self.value:,.0f} visitors a month, {self.page_scope}, {self.reach}, "
            f"by {self.vendor}{error_text(self.error)}"
        )


class NeverUsedEvidence(EvidenceItem):
    """The part of accounts that never did a task."""

    type: Literal["never_used"] = "never_used"
    unit: Literal["share"] = "share"
    value: Annotated[float, Field(ge=0, lt=1)]
    """Share of accounts, from 0 to below 1."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Accounts looked at, where the share comes from a sample."""
    error: StatedError | None = None
    """Relative error of the share."""

    @property
    def headline(self) -> float:
        """Share of accounts."""
        return self.value

    def _words(self) -> str:
        of = "" if self.n is None else f" of {self.n:,}"
        return f"{self.value:.1%}{of} accounts never used{error_text(self.error)}"
