"""A study: what was observed, by whom, of whom, as one frozen object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict, ValidationError

from microestim.errors import InputError
from microestim.study.evidence import EVIDENCE_TYPES, Evidence
from microestim.study.faults import near, study_error
from microestim.study.platforms import Platform, PlatformSetDef
from microestim.study.publications import PublishedResult, Source, Step, Tier
from microestim.study.records import Record
from microestim.study.validation import find_faults
from microestim.study.vocabulary import (
    LANGUAGE_PATTERN,
    SCHEMA_VERSION,
    Id,
    Period,
    PlatformRef,
    Role,
    Text,
    Texts,
    TierId,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Study"]

_LATER_FIELDS = ("threshold", "between", "design_effect")
"""Fields of evidence that format 1.0 did not have from its beginning; each is optional."""


class Study(Record):
    """What is known about micro-work in one country: evidence, with its sources and its scope.

    A study is read from a TOML file by `read_study`, or made from keyword arguments; either way
    everything that is wrong with it is reported at once.

    Raises
    ------
    StudyError
        Fields are missing, of the wrong type, out of range or unknown.
    UnitError, ScopeError, DoubleCountingError
        All that is wrong is that unlike quantities, unlike sets of platforms, or the same people
        twice, were put together.

    Examples
    --------
    >>> import microestim as me
    >>> study = me.load_study("fr-2018")
    >>> study.item("ff-registrations").describe()
    '50,000 accounts, resident'
    """

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    """Version of the study format."""
    id: Id
    """Short name: country, year, variant ("fr-2018")."""
    title: Text
    """Title for people."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """ISO 3166 alpha-2."""
    country_name: Text
    """Name of the country."""
    language: Annotated[str, Field(pattern=LANGUAGE_PATTERN)]
    """BCP 47 tag of the language of the tiers' labels."""
    period: Period
    """The time that the study is about."""
    summary: Text
    """What the study holds, in a few sentences."""
    observed: PlatformRef
    """The platforms that the estimate covers: a list of ids, or the id of a platform set."""
    notes: Texts = ()
    """Whatever a reader must know: inconsistencies, doubts."""
    sources: Annotated[tuple[Source, ...], Strict(False)] = ()
    """Where the figures were taken from."""
    platforms: Annotated[tuple[Platform, ...], Strict(False)] = ()
    """The platforms known, observed or not."""
    platform_sets: Annotated[tuple[PlatformSetDef, ...], Strict(False)] = ()
    """Named sets of platforms."""
    tiers: Annotated[tuple[Tier, ...], Strict(False)] = ()
    """The study's own words for the four estimands."""
    evidence: Annotated[tuple[Evidence, ...], Strict(False)] = ()
    """What was observed."""
    published: Annotated[tuple[PublishedResult, ...], Strict(False)] = ()
    """Results that were printed, to stand beside the library's own."""
    steps: Annotated[tuple[Step, ...], Strict(False)] = ()
    """The published arithmetic, line by line."""

    def __init__(self, /, **data: Any) -> None:
        errors: list[Any] = []
        try:
            super().__init__(**data)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        faults = find_faults(type(self), data, errors)
        if faults:
            raise study_error(faults)

    def _find[R: Record](self, what: str, records: Sequence[R], name: str) -> R:
        found = {record.id: record for record in records}  # type: ignore[attr-defined]
        if name not in found:
            raise InputError(f"study {self.id} has no {what} {name!r}; it has: {near(name, sorted(found))}")
        return found[name]

    def platform(self, id: str) -> Platform:
        """Look up a platform.

        Parameters
        ----------
        id : str
            Its id.

        Returns
        -------
        Platform
            The platform.

        Raises
        ------
        InputError
            There is none of this id; the message lists those that exist.
        """
        return self._find("platform", self.platforms, id)

    def source(self, id: str) -> Source:
        """Look up a source.

        Parameters
        ----------
        id : str
            Its id.

        Returns
        -------
        Source
            The source.

        Raises
        ------
        InputError
            There is none of this id; the message lists those that exist.
        """
        return self._find("source", self.sources, id)

    def tier(self, id: TierId) -> Tier:
        """Look up how the study calls and defines a tier.

        Parameters
        ----------
        id : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.

        Returns
        -------
        Tier
            The study's own words for it.

        Raises
        ------
        InputError
            The study does not describe it.
        """
        return self._find("tier", self.tiers, id)

    def item(self, id: str) -> Evidence:
        """Look up a piece of evidence.

        Parameters
        ----------
        id : str
            Its id.

        Returns
        -------
        Evidence
            The evidence.

        Raises
        ------
        InputError
            There is none of this id; the message lists those that exist.
        """
        found = {item.id: item for item in self.evidence}
        if id not in found:
            raise InputError(f"study {self.id} has no evidence {id!r}; it has: {near(id, sorted(found))}")
        return found[id]

    def of_type(self, type: str, *, role: Role | None = None) -> tuple[Evidence, ...]:
        """Give the evidence of one type, in the order of the file.

        Parameters
        ----------
        type : str
            Such as "registrations" or "audience".
        role : {"evidence", "benchmark only", "shown only"}, optional
            Only items of this role; the joint model uses those of role "evidence".

        Returns
        -------
        tuple of Evidence
            Possibly empty.

        Raises
        ------
        InputError
            There is no such type.
        """
        if type not in EVIDENCE_TYPES:
            raise InputError(f"no type of evidence {type!r}; accepted: {near(type, sorted(EVIDENCE_TYPES))}")
        return tuple(e for e in self.evidence if e.type == type and role in (None, e.role))

    def resolve(self, platforms: str | Sequence[str]) -> tuple[str, ...]:
        """Give the platform ids behind a reference.

        Parameters
        ----------
        platforms : str or sequence of str
            A platform id, a list of platform ids, or the id of a platform set.

        Returns
        -------
        tuple of str
            Platform ids, in the order of the file; platforms that take no residents included.

        Raises
        ------
        InputError
            A platform is unknown, or the word is "any" or "population", which no list stands for.
        """
        order = [p.id for p in self.platforms]
        if isinstance(platforms, str):
            sets = {s.id: s.platforms for s in self.platform_sets}
            if platforms not in order and platforms not in sets:
                raise InputError(
                    f"study {self.id} has no platform or platform set {platforms!r}; "
                    f"it has: {near(platforms, [*order, *sets])}"
                )
            wanted: Sequence[str] = sets.get(platforms, (platforms,))
        else:
            wanted = tuple(platforms)
            for name in wanted:
                self.platform(name)
        return tuple(name for name in order if name in wanted)

    @property
    def observed_platforms(self) -> tuple[str, ...]:
        """Ids of the platforms that the estimate covers: those observed that residents can join."""
        return tuple(name for name in self.resolve(self.observed) if self.platform(name).takes_residents)

    @property
    def hash(self) -> str:
        """SHA-256 of the study's contents, as hexadecimal; comments and layout of the file do not matter."""
        contents = self.model_dump(mode="json", by_alias=True)
        for item in contents["evidence"]:
            # A study that does not use a field keeps the hash that it had before the format had the field.
            for name in _LATER_FIELDS:
                if item.get(name) is None:
                    item.pop(name, None)
        canonical = json.dumps(contents, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def without(self, *evidence_ids: str) -> Study:
        """Give the same study with some evidence left out.

        Parameters
        ----------
        *evidence_ids : str
            Ids of the evidence to drop.

        Returns
        -------
        Study
            Without them, without mention of them in any `contains`, and without the steps that used
            them, directly or through another step. A total that contained a dropped item stays as it
            is, and then counts those platforms itself.

        Raises
        ------
        InputError
            There is no such evidence.
        """
        for name in evidence_ids:
            self.item(name)
        gone = set(evidence_ids)
        contents = self.model_dump(by_alias=True)
        contents["evidence"] = [
            {**item, "contains": [c for c in item["contains"] if c not in gone]}
            for item in contents["evidence"]
            if item["id"] not in gone
        ]
        kept = []
        for step, record in zip(contents["steps"], self.steps, strict=True):
            if gone.isdisjoint(record.input_ids):
                kept.append(step)
            else:
                gone.add(record.id)
        contents["steps"] = kept
        return Study(**contents)

    def replacing(self, evidence_id: str, /, **changes: Any) -> Study:
        """Give the same study with one piece of evidence changed.

        Parameters
        ----------
        evidence_id : str
            Id of the evidence.
        **changes : object
            New values of its fields; None takes an optional field away.

        Returns
        -------
        Study
            With the change, checked like any study.

        Raises
        ------
        InputError
            There is no such evidence.
        StudyError
            The study is not valid with the change.

        Examples
        --------
        >>> import microestim as me
        >>> study = me.load_study("fr-2018").replacing("ff-frequency", frequency_scope="any platform")
        >>> study.item("ff-frequency").frequency_scope
        'any platform'
        """
        self.item(evidence_id)
        contents = self.model_dump(by_alias=True)
        contents["evidence"] = [
            {**item, **changes} if item["id"] == evidence_id else item for item in contents["evidence"]
        ]
        return Study(**contents)

    def to_toml(self) -> str:
        """Write the study as TOML.

        Returns
        -------
        str
            A file that `read_study` turns into an equal study.
        """
        from microestim.study.writing import study_to_toml

        return study_to_toml(self)

    def evidence_frame(self) -> pd.DataFrame:
        """Give the evidence as a table.

        Returns
        -------
        pandas.DataFrame
            One row a piece of evidence: id, type, platforms, value, unit, observed (in words),
            period, basis, role, source, locator, explanation, note.
        """
        import pandas as pd

        from microestim.study.showing import EVIDENCE_COLUMNS, evidence_rows

        return pd.DataFrame(evidence_rows(self), columns=list(EVIDENCE_COLUMNS))

    def __str__(self) -> str:
        from microestim.study.showing import study_text

        return study_text(self)

    def __repr__(self) -> str:
        return f"Study({self.id!r}, {len(self.evidence)} pieces of evidence, {len(self.platforms)} platforms)"

    def _repr_html_(self) -> str:
        from microestim.study.showing import study_html

        return study_html(self)
