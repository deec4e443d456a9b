"""What every piece of evidence carries: scope, period, source, basis, and the error someone stated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from microestim.study.records import Problem, Record, Rule, Values
from microestim.study.vocabulary import Basis, Id, Ids, Period, PlatformRef, Positive, Role, Text

__all__ = ["EvidenceItem", "StatedError", "error_text"]


def _basis_is_explained(values: Values) -> Iterator[Problem]:
    basis = values["basis"]
    if basis == "assumption" and values["rationale"] is None:
        yield Problem((), "an assumption needs its rationale", None, 'rationale = "why this value"')
    if basis == "derived" and values["derivation"] is None:
        yield Problem((), "a derived value needs its derivation", None, 'derivation = "how it was computed"')


def _source_is_named(values: Values) -> Iterator[Problem]:
    if values["basis"] == "assumption":
        return
    if values["source"] is None:
        yield Problem(
            (), "only an assumption may lack a source", None, "source = the id of one of the sources"
        )
    if values["basis"] == "published" and values["locator"] is None:
        yield Problem(
            (), "a published value needs its place in the source", None, 'locator = "section, page or table"'
        )


class StatedError(Record):
    """How far off a value may be, as said by someone.

    The error is the standard deviation of the logarithm of the value, so 0.09 means about 9 %.
    """

    relative: Positive
    """Standard deviation of the log of the value (no unit)."""
    basis: Basis
    """Who says so: 'published', 'derived' or 'assumption'."""
    rationale: Text
    """Why this size; printed wherever the error is used."""


class EvidenceItem(Record):
    """What every piece of evidence carries."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(("basis", "rationale", "derivation"), _basis_is_explained),
        Rule(("basis", "source", "locator"), _source_is_named),
    )

    id: Id
    """Name of this piece of evidence, unique in the study."""
    platforms: PlatformRef
    """The platform, the list of platforms, or the platform set, that the value is about."""
    period: Period
    """When: ISO 8601, such as "2018", "2018-05" or "2018-05/2018-07"."""
    basis: Basis
    """'published' (as printed), 'derived' (computed from published figures) or 'assumption'."""
    source: Id | None = None
    """Id of the source."""
    locator: Text | None = None
    """Where in the source: section, page, table."""
    rationale: Text | None = None
    """Why this value; required of an assumption."""
    derivation: Text | None = None
    """How it was computed; required of a derived value."""
    note: Text | None = None
    """Anything a reader should know."""
    contains: Ids = ()
    """Totals only: ids of the evidence that this total already includes."""
    role: Role = "evidence"
    """Only 'evidence' enters the joint model."""

    @property
    def headline(self) -> float | None:
        """The item's main number, in its `unit`; None where it has no single one."""
        raise NotImplementedError

    def describe(self) -> str:
        """Say in a few words what was observed.

        Returns
        -------
        str
            The value with its unit, scope and stated error.
        """
        return self._words()

    def _words(self) -> str:
        raise NotImplementedError


def error_text(error: StatedError | None) -> str:
    """Say a stated error after a value.

    Parameters
    ----------
    error : StatedError or None
        The error.

    Returns
    -------
    str
        Words to stand after the value, marked where they rest on an assumption.
    """
    if error is None:
        return ""
    mark = " (assumption)" if error.basis == "assumption" else ""
    return f", error {error.relative:.0%}{mark}"
