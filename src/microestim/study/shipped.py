"""The studies that come with the library."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import overload

from microestim.errors import InputError
from microestim.study.document import Study
from microestim.study.faults import near
from microestim.study.reading import parse_study

__all__ = ["Catalogue", "load_study", "studies"]


def _folder() -> Traversable:
    return files("microestim.study") / "catalogue"


class Catalogue(Sequence[tuple[str, str]]):
    """The ids and titles of the shipped studies; prints as a table.

    Parameters
    ----------
    entries : sequence of (str, str)
        Id and title of each.
    """

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        self._entries = tuple(entries)

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[str, str], ...]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | tuple[tuple[str, str], ...]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids alone."""
        return tuple(name for name, _ in self._entries)

    def __repr__(self) -> str:
        return f"<{len(self)} studies: {', '.join(self.ids)}>"

    def __str__(self) -> str:
        width = max(len(name) for name in self.ids)
        return "\n".join(f"{name:<{width}}  {title}" for name, title in self)


@cache
def _entries() -> tuple[tuple[str, str], ...]:
    found = []
    for entry in sorted(_folder().iterdir(), key=lambda e: e.name.removesuffix(".toml")):
        if entry.name.endswith(".toml"):
            head = tomllib.loads(entry.read_text(encoding="utf-8"))
            found.append((str(head["id"]), str(head["title"])))
    return tuple(found)


def studies() -> Catalogue:
    """List the studies that come with the library.

    Returns
    -------
    Catalogue
        A sequence of (id, title) that prints as a table.

    Examples
    --------
    >>> import microestim as me
    >>> me.studies().ids
    ('fr-2018', 'fr-2018-report', 'fr-2018-working-paper')
    """
    return Catalogue(_entries())


def load_study(id: str) -> Study:
    """Load a study that comes with the library.

    Parameters
    ----------
    id : str
        One of the ids that `studies` lists.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    InputError
        There is no study of this id; the message lists those that exist.

    Examples
    --------
    >>> import microestim as me
    >>> me.load_study("fr-2018").country_name
    'France'
    """
    known = [name for name, _ in _entries()]
    if id not in known:
        raise InputError(
            f"no study {id!r}; shipped: {near(id, known)}. To read a file of yours: read_study(path)"
        )
    return parse_study((_folder() / f"{id}.toml").read_text(encoding="utf-8"), name=f"{id}.toml")
