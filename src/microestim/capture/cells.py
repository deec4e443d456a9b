"""Distinct capture histories with the number of people who have each: collapsed, ordered, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from microestim.capture.checking import LARGEST_TOTAL, IntArray, number_of_people
from microestim.capture.covariates import Covariates, Values
from microestim.errors import InputError

__all__ = ["Bits", "Bools", "Cells", "collapse"]

Bits = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """Distinct (group, history, covariates, lost) rows in order, each with the number of people who have it.

    Parameters
    ----------
    histories : ndarray of uint8, shape (rows, occasions)
        1 where the people of the row were seen on the occasion.
    counts : ndarray of int64, shape (rows,)
        People with that history in that group; all above 0.
    names : tuple of str
        Occasions.
    groups : tuple of str
        Strata; empty where there are none.
    group_of : ndarray of int64, shape (rows,)
        Position in `groups` of each row's stratum; 0 where there are none.
    lost : ndarray of bool, shape (rows,)
        Whether the people of the row were removed when they were last seen.
    covariates : dict of str to ndarray, shape (rows,)
        What else is known of them.
    """

    histories: Bits
    counts: IntArray
    names: tuple[str, ...]
    groups: tuple[str, ...]
    group_of: IntArray
    lost: Bools
    covariates: Covariates = field(default_factory=dict)

    @property
    def last_seen(self) -> IntArray:
        """Position of the occasion on which the people of each row were last seen, shape (rows,)."""
        last: IntArray = len(self.names) - 1 - self.histories[:, ::-1].argmax(axis=1).astype(np.int64)
        return last

    def select(self, columns: Sequence[int]) -> tuple[Cells | None, int]:
        """Keep some occasions, in the order given.

        Parameters
        ----------
        columns : sequence of int
            Positions of the occasions to keep.

        Returns
        -------
        cells : Cells or None
            What was seen on them; None where that is nobody.
        unseen : int
            People who were seen on none of them.

        Raises
        ------
        InputError
            If people were lost, and the occasions change their order or leave out a loss that others follow.
        """
        histories = self.histories[:, list(columns)]
        seen = histories.any(axis=1)
        unseen = int(self.counts[~seen].sum())
        if not seen.any():
            return None, unseen
        lost = self._lost_within(columns, seen) if self.lost.any() else self.lost
        names = tuple(self.names[column] for column in columns)
        return self.taken(seen, histories=histories, names=names, lost=lost), unseen

    def _lost_within(self, columns: Sequence[int], seen: Bools) -> Bools:
        if any(later < earlier for earlier, later in pairwise(columns)):
            raise InputError(
                "people were lost on capture, and from then on could not be seen: the occasions keep their "
                "order."
            )
        with_them = np.isin(self.last_seen, list(columns))
        torn = self.lost & seen & ~with_them & (self.last_seen < max(columns))
        if torn.any():
            raise InputError(
                f"{number_of_people(int(self.counts[torn].sum()))} lost on an occasion that is left out, "
                "while later ones stay on which they could not be seen. Leave out the occasions after it "
                "too, or merge it with its neighbour."
            )
        # Whoever was lost after the last occasion that is kept could be seen on all of them.
        return self.lost & with_them

    def merge(self, parts: Sequence[Sequence[int]], names: tuple[str, ...]) -> Cells:
        """Make one occasion of several: a person is seen on it who was seen on any of them.

        Parameters
        ----------
        parts : sequence of sequence of int
            Positions of the occasions that become one, for each new occasion.
        names : tuple of str
            New occasions.

        Returns
        -------
        Cells
            The same people on fewer occasions.

        Raises
        ------
        InputError
            If people were lost, and occasions become one that are no neighbours.
        """
        if self.lost.any() and [column for part in parts for column in sorted(part)] != list(
            range(len(self.names))
        ):
            raise InputError(
                "people were lost on capture, and from then on could not be seen: only neighbouring "
                "occasions can become one."
            )
        merged = np.empty((len(self.counts), len(parts)), dtype=np.uint8)
        for position, part in enumerate(parts):
            merged[:, position] = self.histories[:, list(part)].any(axis=1)
        return self.taken(np.ones(len(merged), dtype=bool), histories=merged, names=names)

    def taken(
        self,
        rows: Bools,
        *,
        histories: Bits | None = None,
        names: tuple[str, ...] | None = None,
        lost: Bools | None = None,
        grouped: bool = True,
    ) -> Cells:
        """Take some rows, with changes, and collapse what has become equal.

        Parameters
        ----------
        rows : ndarray of bool, shape (rows,)
            Which to take.
        histories : ndarray of uint8, shape (rows, occasions), optional
            Instead of `histories`, for all rows.
        names : tuple of str, optional
            Instead of `names`.
        lost : ndarray of bool, shape (rows,), optional
            Instead of `lost`, for all rows.
        grouped : bool, optional
            Whether to keep the strata.

        Returns
        -------
        Cells
            Distinct rows.
        """
        groups: tuple[str, ...] = ()
        group_of: IntArray | None = None
        if grouped and self.groups:
            present = np.unique(self.group_of[rows])
            groups = tuple(self.groups[code] for code in present)
            group_of = np.searchsorted(present, self.group_of[rows]).astype(np.int64)
        return collapse(
            (self.histories if histories is None else histories)[rows],
            names=self.names if names is None else names,
            counts=self.counts[rows],
            groups=groups,
            group_of=group_of,
            lost=(self.lost if lost is None else lost)[rows],
            covariates={name: values[rows] for name, values in self.covariates.items()},
        )


def collapse(
    histories: Bits,
    *,
    names: tuple[str, ...],
    counts: IntArray | None = None,
    groups: tuple[str, ...] = (),
    group_of: IntArray | None = None,
    lost: Bools | None = None,
    covariates: Covariates | None = None,
    numbered: bool = False,
) -> Cells:
    """Make equal rows one, in order of group, history, covariates and loss.

    Parameters
    ----------
    histories : ndarray of uint8, shape (rows, occasions)
        Zeros and ones; rows may repeat.
    names : tuple of str
        Occasions.
    counts : ndarray of int64, optional
        People in each row; one each unless given. Rows with 0 say nothing and are left out.
    groups : tuple of str, optional
        Strata.
    group_of : ndarray of int64, optional
        Position in `groups` of each row's stratum.
    lost : ndarray of bool, optional
        Whether the people of each row were removed when last seen; nobody unless given.
    covariates : dict of str to ndarray, optional
        Values of each row, by name.
    numbered : bool, optional
        Whether the rows have numbers that the user knows, so that an error can name one.

    Returns
    -------
    Cells
        Distinct rows.

    Raises
    ------
    InputError
        If somebody was never seen, or if nobody was seen at all.
    """
    filled = np.ones(len(histories), dtype=bool) if counts is None else counts > 0
    unseen = filled & ~histories.any(axis=1)
    if unseen.any():
        people = int(unseen.sum()) if counts is None else int(counts[unseen].sum())
        place = f" (the first in row {int(np.argmax(unseen)) + 1}, counted from 1)" if numbered else ""
        raise InputError(
            f"{number_of_people(people)} with a history of zeros only{place}; whoever was never seen cannot "
            "be in the data, and their number is what is to be estimated. Leave these rows out."
        )
    if not filled.any():
        raise InputError("nobody was seen on any occasion; captures need at least one person.")
    if counts is not None and float(counts.sum(dtype=float)) >= LARGEST_TOTAL:
        raise InputError("the counts add up to more than 2**53 people; that is no population.")
    if group_of is None or not groups:
        group_of = np.zeros(len(histories), dtype=np.int64)
    else:
        # A stratum of rows that say nothing is no stratum of these data.
        present = np.unique(group_of[filled])
        groups, group_of = tuple(groups[place] for place in present), np.searchsorted(present, group_of)
    if lost is None:
        lost = np.zeros(len(histories), dtype=bool)
    # From the least important key to the most, as lexsort wants them; what all rows share is no key.
    keys: list[npt.NDArray[np.generic]] = [lost] if lost.any() else []
    keys += [np.unique(values, return_inverse=True)[1] for values in reversed((covariates or {}).values())]
    keys += [_sortable(histories), *([group_of] if groups else [])]
    order = np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys)
    order = order[filled[order]]
    starts = np.zeros(len(order), dtype=bool)
    starts[0] = True
    for key in keys:
        sorted_key = key[order]
        starts[1:] |= sorted_key[1:] != sorted_key[:-1]
    first = np.flatnonzero(starts)
    rows = order[first]
    weights = np.ones(len(order), dtype=np.int64) if counts is None else counts[order]
    return Cells(
        histories=_frozen(np.ascontiguousarray(histories[rows])),
        counts=_frozen(np.add.reduceat(weights, first)),
        names=names,
        groups=groups,
        group_of=_frozen(group_of[rows]),
        lost=_frozen(lost[rows]),
        covariates={name: _frozen(_narrow(values[rows])) for name, values in (covariates or {}).items()},
    )


def _sortable(histories: Bits) -> npt.NDArray[np.uint64] | npt.NDArray[np.bytes_]:
    """Give one key a row that sorts as the row does: an integer up to 64 occasions, else bytes.

    NumPy takes trailing zero bytes for padding. All keys are equally long and zero is the smallest
    byte, so neither order nor equality suffers.
    """
    packed = np.packbits(histories, axis=1)
    width = packed.shape[1]
    if width <= 8:
        padded = np.zeros((len(packed), 8), dtype=np.uint8)
        padded[:, :width] = packed
        return padded.view(">u8").ravel().astype(np.uint64)
    keys: npt.NDArray[np.bytes_] = np.ascontiguousarray(packed).view(f"S{width}").ravel()
    return keys


def _narrow(values: Values) -> Values:
    """Make texts as wide as the longest of them, so that equal values are equal arrays."""
    return np.array(values.tolist(), dtype=str) if values.dtype.kind == "U" else values


def _frozen[A: np.ndarray](array: A) -> A:
    array.setflags(write=False)
    return array
