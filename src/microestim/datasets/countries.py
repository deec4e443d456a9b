"""Published counts of one survey's participants in many countries at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from microestim.capture import FrequencyCounts

__all__ = ["CountryCounts", "mturk_countries"]


@dataclass(frozen=True, kw_only=True, repr=False)
class CountryCounts:
    """How often people of several countries were seen, and where the counts come from.

    Parameters
    ----------
    title : str
        Who was counted, where and when.
    counts : mapping of str to FrequencyCounts
        People by times seen, by country (ISO 3166 alpha-2, or "other or unknown").
    source : str
        The publication.
    read_from : str
        Where the counts were read.
    licence : str
        Under what terms.
    note : str
        What the counts mean, and what they do not.

    Examples
    --------
    >>> mturk_countries()
    <33 groups, 39,460 people seen>
    """

    title: str
    counts: Mapping[str, FrequencyCounts]
    source: str
    read_from: str
    licence: str
    note: str

    def __repr__(self) -> str:
        seen = sum(each.n_observed for each in self.counts.values())
        return f"<{len(self.counts)} groups, {seen:,} people seen>"

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.title}.",
                self.note,
                f"Source: {self.source}",
                f"Read from: {self.read_from}.",
                f"Licence: {self.licence}",
            ]
        )


@cache
def mturk_countries() -> CountryCounts:
    """Load how often people of 32 countries answered the MTurk demographics survey, 2015 to 2017.

    Returns
    -------
    CountryCounts
        The counts by country, those of smaller countries together. They are participations in a survey that
        could be answered about once a month, not work.

    Examples
    --------
    >>> france = mturk_countries().counts["FR"]
    >>> france.n_observed, france[1], france[2]
    (146, 109, 19)
    """
    text = (files("microestim.datasets") / "mturk_countries.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    counts = {
        country: FrequencyCounts(
            {int(times): people for times, people in row.items()}, occasions=table["occasions"]
        )
        for country, row in table["counts"].items()
    }
    words = {name: table[name] for name in ("title", "source", "read_from", "licence", "note")}
    return CountryCounts(counts=counts, **words)
