"""Published capture data, as containers that every estimator takes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError

__all__ = ["Dataset", "load", "names"]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Capture data that were published, and what is known beside them.

    Parameters
    ----------
    name : str
        Name to load them by.
    title : str
        Who was captured, where and how often.
    data : Captures or FrequencyCounts
        The data.
    truth : int or None
        Size of the population, where it was known beside the captures.
    source : str
        The publication.
    read_from : str
        Where the counts were read, if not in the publication itself.
    note : str
        What else a user should know; empty where there is nothing.

    Examples
    --------
    >>> load("taxicabs")
    <taxicabs: 283 seen, truth 420>
    """

    name: str
    title: str
    data: Captures | FrequencyCounts
    truth: int | None
    source: str
    read_from: str
    note: str

    def __repr__(self) -> str:
        known = "" if self.truth is None else f", truth {self.truth:,}"
        return f"<{self.name}: {self.data.n_observed:,} seen{known}>"

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}.", f"Seen: {self.data.n_observed:,}."]
        if self.truth is not None:
            lines.append(f"True size: {self.truth:,}.")
        lines += [self.note] if self.note else []
        return "\n".join([*lines, f"Source: {self.source}", f"Read from: {self.read_from}."])


@cache
def _published() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("microestim.datasets") / "published.toml").read_text(encoding="utf-8"))


def names() -> tuple[str, ...]:
    """List the data sets that come with the library.

    Returns
    -------
    tuple of str
        Names for `load`.

    Examples
    --------
    >>> names()[:3]
    ('rabbits', 'taxicabs', 'geckos')
    """
    return tuple(_published())


def load(name: str) -> Dataset:
    """Load a published data set.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Dataset
        The data as `Captures` or `FrequencyCounts`, the true size where it is known, and the source.

    Raises
    ------
    InputError
        If there is no data set of that name.

    Examples
    --------
    >>> rabbits = load("rabbits")
    >>> rabbits.data, rabbits.truth
    (<Captures: 76 people, 18 occasions, 44 distinct histories>, 135)
    """
    known = _published()
    if name not in known:
        raise InputError(f"there is no data set {name!r}; there are {', '.join(known)}.")
    entry = known[name]
    return Dataset(
        name=name,
        title=entry["title"],
        data=_data(entry),
        truth=entry.get("truth"),
        source=entry["source"],
        read_from=entry["read_from"],
        note=entry.get("note", ""),
    )


def _data(entry: dict[str, Any]) -> Captures | FrequencyCounts:
    if "histories" in entry:
        return Captures.from_counts(entry["histories"], names=entry.get("occasions"))
    return FrequencyCounts(
        {int(times): people for times, people in entry["frequencies"].items()},
        occasions=entry.get("occasions"),
        last_is_pooled=entry.get("last_is_pooled", False),
    )
