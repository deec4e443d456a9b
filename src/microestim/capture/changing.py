"""Captures made from captures: fewer occasions, several as one, strata apart and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from microestim.capture.cells import collapse
from microestim.capture.checking import number_of_people, occasion_names
from microestim.capture.seen import Seen
from microestim.errors import InputError

__all__ = ["ChangedCaptures"]


@dataclass(frozen=True, eq=False, repr=False)
class ChangedCaptures(Seen):
    """The methods of `Captures` that give new ones."""

    def select(self, names: Sequence[str]) -> Self:
        """Keep some occasions, in the order given.

        Parameters
        ----------
        names : sequence of str
            Occasions to keep; two at least.

        Returns
        -------
        Captures
            Without the people who were seen on none of them; a note says how many they are.

        Raises
        ------
        InputError
            If an occasion is unknown or named twice, if nobody is left, or if people were lost on capture and
            the order changes, or they were lost on an occasion left out before others that stay.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> captures = Captures.from_counts({"100": 3, "011": 2}, names=["a", "b", "c"])
        >>> captures.select(["c", "b"]).to_counts()
        {'11': 2}
        """
        columns = self._positions(names, "names")
        occasion_names([self.names[column] for column in columns], len(columns))
        cells, unseen = self._cells("select").select(columns)
        if cells is None:
            raise InputError(f"nobody was seen on any of the occasions {', '.join(map(str, names))}.")
        note = (f"Left out with the dropped occasions, being seen on no other: {number_of_people(unseen)}.",)
        return replace(self, source=cells, notes=self.notes + (note if unseen else ()))

    def drop(self, names: str | Sequence[str]) -> Self:
        """Leave out occasions, and the people who were seen on no other.

        Parameters
        ----------
        names : str or sequence of str
            Occasions to leave out.

        Returns
        -------
        Captures
            The other occasions in their order; a note says how many people were left out.

        Raises
        ------
        InputError
            If an occasion is unknown, or if fewer than two or nobody are left.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> captures = Captures.from_counts({"100": 3, "011": 2}, names=["a", "b", "c"])
        >>> captures.drop("a")
        <Captures: 2 people, 2 occasions, 1 distinct history>
        """
        dropped = set(self._positions([names] if isinstance(names, str) else names, "names"))
        return self.select([name for place, name in enumerate(self.names) if place not in dropped])

    def merge(self, parts: Mapping[str, Sequence[str]]) -> Self:
        """Make one occasion of several: who was seen on any of them was seen on it.

        Parameters
        ----------
        parts : mapping
            Occasions that become one, by its name. It takes the place of the first of them; the others
            stay as they are.

        Returns
        -------
        Captures
            The same people on fewer occasions.

        Raises
        ------
        InputError
            If an occasion is unknown or named twice, if fewer than two are left, or if people were lost on
            capture and occasions that are no neighbours become one.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> captures = Captures.from_counts({"101": 3, "011": 2}, names=["May", "June", "July"])
        >>> captures.merge({"spring": ["May", "June"]}).to_counts()
        {'11': 5}
        """
        merged = {str(name): self._positions(members, f"part {name!r}") for name, members in parts.items()}
        members = [column for columns in merged.values() for column in columns]
        if len(set(members)) < len(members):
            twice = next(self.names[column] for column in members if members.count(column) > 1)
            raise InputError(f"occasion {twice!r} is in two parts.")
        if not all(merged.values()):
            raise InputError("a part has no occasions; name those that become one.")
        pieces = [(min(columns), name, columns) for name, columns in merged.items()]
        pieces += [(c, name, [c]) for c, name in enumerate(self.names) if c not in members]
        pieces.sort()
        checked = occasion_names([name for _, name, _ in pieces], len(pieces))
        cells = self._cells("merge").merge([columns for _, _, columns in pieces], checked)
        return replace(self, source=cells)

    def stratum(self, name: str) -> Self:
        """Take the people of one stratum.

        Parameters
        ----------
        name : str
            One of `groups`.

        Returns
        -------
        Captures
            Its people on all occasions.

        Raises
        ------
        InputError
            If there is no such stratum.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> captures = Captures.from_histories([[1, 0], [1, 1], [0, 1]], by=["f", "f", "m"])
        >>> captures.stratum("f").to_counts()
        {'10': 1, '11': 1}
        """
        cells = self._cells("stratum")
        if str(name) not in cells.groups:
            known = (
                f"the strata are {', '.join(cells.groups)}" if cells.groups else "these data have no strata"
            )
            raise InputError(f"there is no stratum {name!r}; {known}.")
        rows = cells.group_of == cells.groups.index(str(name))
        return replace(self, source=cells.taken(rows, grouped=False))

    @property
    def strata(self) -> dict[str, Self]:
        """One container a stratum, by name; empty without strata."""
        return {name: self.stratum(name) for name in self.groups}

    def pooled(self) -> Self:
        """Forget the strata; covariates and losses stay.

        Returns
        -------
        Captures
            The same people as one stratum.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> captures = Captures.from_histories([[1, 1], [1, 1]], by=["f", "m"])
        >>> captures.pooled()
        <Captures: 2 people, 2 occasions, 1 distinct history>
        """
        cells = self._cells("pooled")
        return replace(self, source=cells.taken(np.ones(len(cells.counts), dtype=bool), grouped=False))

    @classmethod
    def from_strata(cls, strata: Mapping[str, Self]) -> Self:
        """Put containers with the same occasions side by side, each as a stratum.

        Parameters
        ----------
        strata : mapping
            Containers with histories and without strata, by the name of the stratum.

        Returns
        -------
        Captures
            All their people, with the stratum of each.

        Raises
        ------
        InputError
            If there is no container, the occasions or covariates differ, or one has strata of its own.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> women, men = (Captures.from_counts({"10": 5, "11": k}) for k in (2, 3))
        >>> both = Captures.from_strata({"women": women, "men": men})
        >>> both.groups, both.stratum("men").n_observed
        (('men', 'women'), 8)
        """
        if not strata:
            raise InputError(
                'strata must be a mapping from name to Captures, such as {"women": ..., "men": ...}.'
            )
        groups = tuple(sorted(str(name) for name in strata))
        by_name = {str(name): captures for name, captures in strata.items()}
        parts = [by_name[name]._cells("strata") for name in groups]
        for name, part in zip(groups, parts, strict=True):
            if part.names != parts[0].names:
                raise InputError(
                    f"stratum {name!r} has the occasions {', '.join(part.names)}; {groups[0]!r} has "
                    f"{', '.join(parts[0].names)}."
                )
            if part.groups:
                raise InputError(f"stratum {name!r} has strata of its own; call its pooled() first.")
            here, there = (
                {c: values.dtype.kind.replace("i", "f") for c, values in cells.covariates.items()}
                for cells in (part, parts[0])
            )
            if here != there:
                raise InputError(
                    f"stratum {name!r} has the covariates {', '.join(here) or 'none'}; {groups[0]!r} has "
                    f"{', '.join(there) or 'none'}. They are the same, of the same type and in the same "
                    "order, in all strata."
                )
        cells = collapse(
            np.concatenate([part.histories for part in parts]),
            names=parts[0].names,
            counts=np.concatenate([part.counts for part in parts]),
            groups=groups,
            group_of=np.repeat(np.arange(len(parts)), [len(part.counts) for part in parts]),
            lost=np.concatenate([part.lost for part in parts]),
            covariates={
                name: np.concatenate([part.covariates[name] for part in parts])
                for name in parts[0].covariates
            },
        )
        notes = tuple(f"{name}: {note}" for name in groups for note in by_name[name].notes)
        return cls(cells, notes)

    def _positions(self, names: Sequence[str], what: str) -> list[int]:
        if isinstance(names, str):
            raise InputError(f"{what} is the text {names!r}; give a sequence of occasions.")
        positions = []
        for name in names:
            if str(name) not in self.names:
                shown = ", ".join(self.names[:20]) + (", ..." if self.n_occasions > 20 else "")
                raise InputError(f"there is no occasion {name!r}; the occasions are {shown}.")
            positions.append(self.names.index(str(name)))
        return positions
