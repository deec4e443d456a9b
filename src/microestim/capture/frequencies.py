"""How many people were seen once, twice, three times: frequency counts, without who was seen when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from microestim.errors import InputError
from microestim.results import Summary, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["CountsLike", "FrequencyCounts", "HasFrequencies", "as_frequency_counts"]


@dataclass(frozen=True, init=False, repr=False)
class FrequencyCounts:
    """How many people were seen once, twice, three times and so on.

    Parameters
    ----------
    counts : mapping of int to int
        People by the number of times each was seen, ``{1: f1, 2: f2, ...}``. Classes without people may
        be left out. Nobody is seen zero times in the data: 0 is not a class.
    occasions : int, optional
        Number of occasions, where each person is seen at most once an occasion (incidence). Without it,
        the times seen have no upper limit (abundance).
    last_is_pooled : bool, default False
        Whether the last class holds everybody seen *at least* that often.

    Raises
    ------
    InputError
        If a class or a count is no whole number, a class is zero or exceeds the occasions, or nobody was
        seen.

    Notes
    -----
    Only the frequencies are kept, so the size of the object follows the number of distinct classes and
    never the number of people.

    Examples
    --------
    >>> counts = FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, occasions=18)
    >>> counts
    <FrequencyCounts: 76 people seen 142 times in 18 occasions, 43 of them once>
    >>> counts[2], counts[5], counts.singletons
    (16, 0, 43)
    """

    times_seen: tuple[int, ...]
    people: tuple[int, ...]
    occasions: int | None
    last_is_pooled: bool

    def __init__(
        self, counts: Mapping[int, int], *, occasions: int | None = None, last_is_pooled: bool = False
    ) -> None:
        if not isinstance(counts, Mapping):
            raise InputError(
                f"counts is a {type(counts).__name__}; give a mapping from times seen to people, such as "
                "{1: 43, 2: 16}. A list of f1, f2, ... becomes one by dict(enumerate(values, start=1))."
            )
        if not isinstance(last_is_pooled, bool):
            raise InputError(f"last_is_pooled is {last_is_pooled!r}; give True or False.")
        checked: dict[int, int] = {}
        for given, people in counts.items():
            times = _whole(given, "a number of times seen", least=1)
            if times in checked:
                raise InputError(f"the class {times} is given twice; add its people up and give it once.")
            checked[times] = _whole(people, f"the number of people seen {times} times", least=0)
        present = sorted(times for times, people in checked.items() if people)
        if not present:
            raise InputError("nobody was seen: give at least one class with people in it.")
        limit = None if occasions is None else _whole(occasions, "occasions", least=2)
        if limit is not None and max(checked) > limit:
            raise InputError(
                f"there is a class of people seen {max(checked)} times, but only {limit} occasions; with "
                "occasions each person is seen at most once an occasion. Leave occasions out if people can "
                "be seen more often."
            )
        object.__setattr__(self, "times_seen", tuple(present))
        object.__setattr__(self, "people", tuple(checked[times] for times in present))
        object.__setattr__(self, "occasions", limit)
        # With nobody in the pooled class, everybody's number of times is known.
        object.__setattr__(self, "last_is_pooled", last_is_pooled and checked[max(checked)] > 0)

    def __getitem__(self, times: int) -> int:
        """Return the number of people seen exactly so many times.

        Parameters
        ----------
        times : int
            Times seen, at least 1.

        Returns
        -------
        int
            People; 0 where nobody was seen so often.

        Raises
        ------
        InputError
            If the class lies in the pooled one, so that its number is not known.
        """
        wanted = _whole(times, "a number of times seen", least=1)
        if self.last_is_pooled and wanted >= self.times_seen[-1]:
            raise InputError(
                f"how many people were seen exactly {wanted} times is not known: the last class holds all "
                f"{self.people[-1]:,} people seen {self.times_seen[-1]} times or more."
            )
        return dict(zip(self.times_seen, self.people, strict=True)).get(wanted, 0)

    @property
    def counts(self) -> dict[int, int]:
        """People by times seen, classes without people left out; a copy."""
        return dict(zip(self.times_seen, self.people, strict=True))

    @property
    def n_observed(self) -> int:
        """Distinct people seen."""
        return sum(self.people)

    @property
    def total_captures(self) -> int | None:
        """Times that anybody was seen, all people together; None where the pooled class hides it."""
        if self.last_is_pooled:
            return None
        return sum(times * people for times, people in zip(self.times_seen, self.people, strict=True))

    @property
    def singletons(self) -> int:
        """People seen exactly once."""
        return self[1]

    @property
    def kind(self) -> str:
        """``"incidence"`` where the number of occasions is known, else ``"abundance"``."""
        return "abundance" if self.occasions is None else "incidence"

    def to_frame(self) -> pd.DataFrame:
        """Export one row a class.

        Returns
        -------
        pandas.DataFrame
            Columns `times_seen`, `people` and `or_more` (whether the class is pooled).

        Examples
        --------
        >>> print(FrequencyCounts({1: 5, 2: 3}, last_is_pooled=True).to_frame())
           times_seen  people  or_more
        0           1       5    False
        1           2       3     True
        """
        import pandas as pd

        pooled = [False] * len(self.times_seen)
        pooled[-1] = self.last_is_pooled
        return pd.DataFrame({"times_seen": self.times_seen, "people": self.people, "or_more": pooled})

    def summary(self) -> Summary:
        """Return the counts as a table to read, with the frame behind it.

        Returns
        -------
        Summary
            One row a class, with the share of the people seen.

        Examples
        --------
        >>> FrequencyCounts({1: 6, 2: 2}).summary()
        seen 10 times in all, 8 people
        times seen  people  share
        ----------  ------  ------
        1                6  75.0 %
        2                2  25.0 %
        """
        frame = self.to_frame().assign(share=[people / self.n_observed for people in self.people])
        rows = [
            (
                f"{times}{' or more' if pooled else ''}",
                f"{people:,}",
                f"{100 * people / self.n_observed:.1f} %",
            )
            for times, people, pooled in zip(self.times_seen, self.people, frame["or_more"], strict=True)
        ]
        total = "" if self.total_captures is None else f"seen {self.total_captures:,} times in all, "
        occasions = "" if self.occasions is None else f", {self.occasions} occasions"
        title = f"{total}{self.n_observed:,} people{occasions}"
        return Summary(Table(("times seen", "people", "share"), rows, title=title), frame)

    def plot(self) -> Figure:
        """Draw the ratios of neighbouring frequencies, by which unequal rates and one-inflation show.

        Returns
        -------
        matplotlib.figure.Figure
            As `microestim.plots.plot_ratios`, which says how to read it and draws a fit beside.

        Raises
        ------
        NotEstimableError
            If there are no two neighbouring classes with people.

        Examples
        --------
        >>> len(FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6}).plot().axes)
        1
        """
        # Upwards through the rooms, and so only when a figure is asked for.
        from microestim.plots.ratios import plot_ratios

        return plot_ratios(self)

    def __repr__(self) -> str:
        """Return one line."""
        often = "" if self.total_captures is None else f" {self.total_captures:,} times"
        within = "" if self.occasions is None else f" in {self.occasions} occasions"
        # A pooled first class says nothing of how many were seen exactly once.
        once = (
            "" if self.last_is_pooled and self.times_seen[-1] == 1 else f", {self.singletons:,} of them once"
        )
        pooled = f", last class {self.times_seen[-1]} or more" if self.last_is_pooled else ""
        return f"<FrequencyCounts: {self.n_observed:,} people seen{often}{within}{once}{pooled}>"


class HasFrequencies(Protocol):
    """Whatever holds frequency counts, such as a set of captures."""

    @property
    def frequencies(self) -> FrequencyCounts:
        """How many people were seen once, twice and so on."""
        ...


CountsLike = FrequencyCounts | Mapping[int, int] | HasFrequencies
"""What the estimators accept: the container, what holds one, or a mapping from times seen to people."""


def as_frequency_counts(counts: object) -> FrequencyCounts:
    """Return frequency counts from whatever holds them.

    Parameters
    ----------
    counts : FrequencyCounts or mapping, or an object with `frequencies`
        A mapping is taken as abundance; an object such as a set of captures gives its own frequencies.

    Returns
    -------
    FrequencyCounts
        The same object where it is one already.

    Raises
    ------
    InputError
        If there are no frequency counts in it.

    Examples
    --------
    >>> as_frequency_counts({1: 5, 2: 3})
    <FrequencyCounts: 8 people seen 11 times, 5 of them once>
    """
    if isinstance(counts, FrequencyCounts):
        return counts
    if isinstance(counts, Mapping):
        return FrequencyCounts(counts)
    held = getattr(counts, "frequencies", None)
    if isinstance(held, FrequencyCounts):
        return held
    raise InputError(
        f"counts is a {type(counts).__name__}; give FrequencyCounts({{1: f1, 2: f2, ...}}, occasions=...)."
    )


def _whole(value: object, what: str, *, least: int) -> int:
    """Return a whole number as int; NumPy's and whole floats are accepted, as frames deliver them."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        whole = False
    else:
        whole = float(value).is_integer()
    number = int(cast(float, value)) if whole else least - 1
    if number < least:
        hint = ""
        if what == "a number of times seen" and whole and number == 0:
            hint = " Nobody in the data was seen zero times: their number is what is to be estimated."
        raise InputError(f"{what} is {value!r}; give a whole number of at least {least}.{hint}")
    return number
