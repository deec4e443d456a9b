"""What was published: sources, the tiers as the study names them, results, and the steps that led there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from microestim.study.records import Problem, Record, Rule
from microestim.study.vocabulary import (
    Id,
    InputRef,
    Operation,
    Period,
    PlatformRef,
    Positive,
    Text,
    Texts,
    TierId,
    read_only,
)

__all__ = ["STEP_INPUTS", "PublishedResult", "Source", "Step", "Tier"]

STEP_INPUTS: dict[Operation, tuple[str, ...]] = {
    "ratio": ("numerator", "denominator"),
    "extrapolate": ("share", "anchor"),
    "sum": ("terms",),
    "difference": ("whole", "part"),
    "per_person": ("accounts", "memberships"),
    "scale": ("quantity", "factor"),
}
"""The inputs that each operation takes, by name."""


class Source(Record):
    """A publication, a web page or a data set that figures were taken from."""

    id: Id
    """Short name, unique in the study."""
    authors: Annotated[Texts, Field(min_length=1)]
    """Authors, 'Family, Given' or an institution."""
    year: Annotated[int, Field(ge=1900, le=2100)]
    """Year of publication."""
    title: Text
    """Title, in its own language."""
    identifier: Text | None = None
    """DOI, HAL or arXiv number, or address."""
    locator: Text | None = None
    """The part of it that matters here."""
    retrieved: Period | None = None
    """When it was read, for pages that change."""
    note: Text | None = None
    """Anything a reader should know."""


class Tier(Record):
    """A level of engagement, in the study's own words."""

    id: TierId
    """Which of the library's four estimands it is."""
    label: Text
    """The study's word for it, in the study's language."""
    definition: Text
    """Who is in it."""
    least_rate: Positive | None = None
    """Least usual frequency, visits a month; None where the tier is not defined by one."""
    window: Text | None = None
    """The time over which presence is judged: "1 month"."""


class PublishedResult(Record):
    """A figure that the study's authors printed, to stand beside the library's own."""

    id: Id
    """Short name, unique in the study."""
    tier: TierId
    """The estimand that it is nearest to."""
    value: Positive
    """The figure."""
    printed: Text
    """The figure as printed, with the words around it."""
    unit: Literal["people", "accounts", "visitors"]
    """What it counts."""
    platforms: PlatformRef
    """The platforms that it covers."""
    source: Id
    """Id of the source."""
    locator: Text | None = None
    """Where in the source."""
    estimand: Text | None = None
    """What it measures, as the authors put it."""


def _inputs_fit_operation(values: Mapping[str, Any]) -> Iterator[Problem]:
    names = STEP_INPUTS[values["operation"]]
    inputs = values["inputs"]
    if not isinstance(inputs, Mapping):
        return
    accepted = ", ".join(names)
    for name in inputs:
        if name not in names:
            yield Problem(("inputs", name), f"{values['operation']} takes no input {name!r}", name, accepted)
    for name in names:
        if name not in inputs:
            yield Problem(
                ("inputs",), f"{values['operation']} needs the input {name!r}", sorted(inputs), accepted
            )
        elif name != "terms" and not isinstance(inputs[name], str):
            yield Problem(
                ("inputs", name), "one id, not a list", inputs[name], "the id of a piece of evidence or step"
            )
        elif name == "terms" and (isinstance(inputs[name], str) or len(inputs[name]) < 2):
            yield Problem(("inputs", name), "a sum needs a list", inputs[name], "two or more ids")


class Step(Record):
    """One line of a study's published arithmetic, so that it can be replayed.

    ratio: numerator / denominator, over the same platforms. extrapolate: share x anchor, where the
    anchor counts what the share's denominator counts. sum: of its terms, over separate platforms.
    difference: whole - part. per_person: accounts / mean memberships over the same platforms.
    scale: quantity x factor.
    """

    rules: ClassVar[tuple[Rule, ...]] = (Rule(("operation", "inputs"), _inputs_fit_operation),)

    id: Id
    """Short name, unique among evidence and steps."""
    label: Text
    """What is computed, in words."""
    operation: Operation
    """What is done."""
    inputs: dict[str, InputRef]
    """Ids of evidence or of earlier steps, by the operation's own names for them."""
    printed: Annotated[float, Field(ge=0)] | None = None
    """The result as the source prints it."""
    printed_as: Text | None = None
    """The words in which it is printed."""
    agree: Annotated[str, Field(pattern=r"^(exact|rounded to [1-9][0-9]*)$")] = "exact"
    """How near the computed result must be: 'exact' (as many digits as are printed) or 'rounded to 1000'."""
    tier: TierId | None = None
    """The tier that it yields, if it yields one."""
    platforms: PlatformRef | None = None
    """The platforms that the result covers; checked against the inputs."""
    unit: Literal["people", "accounts", "visitors", "share"] | None = None
    """What the result counts; checked against the inputs."""
    source: Id | None = None
    """Where the step and its result are printed."""
    locator: Text | None = None
    """Where in the source."""
    note: Text | None = None
    """Anything a reader should know."""

    @field_validator("inputs", mode="after")
    @classmethod
    def _freeze(cls, value: dict[str, Any]) -> dict[str, Any]:
        return read_only(value)

    @property
    def input_ids(self) -> tuple[str, ...]:
        """All ids that the step uses."""
        return tuple(
            i for given in self.inputs.values() for i in ((given,) if isinstance(given, str) else given)
        )
