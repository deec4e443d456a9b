"""Evidence that counts a platform's accounts or visitors, or gives a share of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from microestim.study.evidence_item import EvidenceItem, StatedError, error_text
from microestim.study.records import Problem, Rule, Values, exactly_one
from microestim.study.vocabulary import Positive, Text

__all__ = ["AudienceEvidence", "CountryShareEvidence", "NeverUsedEvidence", "RegistrationsEvidence"]


Visitors = Annotated[float, Field(ge=0)]


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


def _range_of_visitors(values: Values) -> Iterator[Problem]:
    value, threshold, between = values["value"], values["threshold"], values["between"]
    if threshold is not None and value != 0:
        yield Problem(
            ("threshold",),
            "a threshold says what a count of 0 means, and the count is not 0",
            threshold,
            "value = 0; or no threshold",
        )
    if between is None:
        return
    low, high = between
    if low >= high:
        yield Problem(
            ("between",), "the limits are not in order", list(between), "[low, high], low below high"
        )
    if values["contains"]:
        yield Problem(
            ("contains",),
            "nothing can be taken off a total that is known only to lie between two limits",
            list(values["contains"]),
            "no `contains`",
        )


class AudienceEvidence(EvidenceItem):
    """Unique visitors in a month, as an audience service counts them.

    A figure, a zero that means 'below the threshold', or the two limits of a rank bucket.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *EvidenceItem.rules,
        exactly_one(("value",), ("between",), what="the visitors"),
        Rule(("value", "threshold", "between", "contains"), _range_of_visitors),
    )

    type: Literal["audience"] = "audience"
    unit: Literal["visitors"] = "visitors"
    value: Annotated[float, Field(ge=0)] | None = None
    """Unique visitors a month. A service's zero means 'below its threshold'."""
    threshold: Positive | None = None
    """With a value of 0: the fewest visitors a month that the service shows."""
    between: Annotated[tuple[Visitors, Visitors], Strict(False)] | None = None
    """Instead of a value: the lowest and the highest number of visitors a month that it may be."""
    page_scope: Literal["work pages", "whole site"]
    """Whether the pages counted are those where people work, or all, clients' pages included."""
    vendor: Text
    """The audience service; one bias is shared by all that it measured."""
    reach: Literal["worldwide", "resident"]
    """Whether the visitors are of the whole world or of the country."""
    error: StatedError | None = None
    """Error of the value, where someone states one."""

    @property
    def limits(self) -> tuple[float | None, float] | None:
        """Limits of the visitors, where that is all that is known; a threshold has no lower one."""
        if self.threshold is not None:
            return None, self.threshold
        if self.between is None:
            return None
        low, high = self.between
        return low or None, high

    @property
    def headline(self) -> float | None:
        """Visitors a month; None where only limits are known."""
        return self.value

    def _words(self) -> str:
        if self.between is not None:
            visitors = f"{self.between[0]:,.0f} to {self.between[1]:,.0f}"
        elif self.threshold is not None:
            visitors = f"fewer than {self.threshold:,.0f}"
        else:
            visitors = f"{self.value:,.0f}"
        return (
            f"{visitors} visitors a month, {self.page_scope}, {self.reach}, "
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
