"""The platforms of a study, and named sets of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from microestim.study.records import Record
from microestim.study.vocabulary import Id, Ids, Layer, PlatformClass, Text

__all__ = ["Platform", "PlatformSetDef"]


class Platform(Record):
    """A platform on which people can find paid micro-tasks."""

    id: Id
    """Short name, unique among platforms and platform sets."""
    name: Text
    """Name as the platform writes it."""
    class_: Annotated[PlatformClass, Field(alias="class")]
    """Kind of work; platforms of one class inform each other."""
    layer: Layer
    """'two-sided' matches clients and people, 'intermediary' recruits for others, 'execution' hosts work."""
    residents_only: bool
    """Whether only residents of the country may join: then its country share is exactly 1."""
    takes_residents: bool = True
    """False where residents of the country cannot join: a structural zero, left out of every estimate."""
    executes_on: Id | None = None
    """For an intermediary: id of the platform on which its people do the tasks. One person is on both."""
    founded: Annotated[int, Field(ge=1900, le=2100)] | None = None
    """Year in which the platform began."""
    headquarters: Text | None = None
    """Where its seat is."""
    note: Text | None = None
    """Anything a reader should know."""

    @model_serializer(mode="wrap")
    def _leave_out_no_link(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A study that has no such link keeps the hash that it had before links could be written.
        contents: dict[str, Any] = handler(self)
        if self.executes_on is None:
            contents.pop("executes_on", None)
        return contents


class PlatformSetDef(Record):
    """A named set of platforms, so that totals over it need not repeat the list."""

    id: Id
    """Short name, unique among platforms and platform sets."""
    platforms: Annotated[Ids, Field(min_length=1)]
    """Ids of the platforms in it."""
    label: Text
    """What a reader calls this set."""
