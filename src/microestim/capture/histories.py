"""Capture histories as people write them down: a matrix, or counts by history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.capture.cells import Bits, Cells, collapse
from microestim.capture.checking import IntArray, group_codes, occasion_names, whole_numbers
from microestim.capture.covariates import covariate_columns, lost_rows, values_of
from microestim.errors import InputError

__all__ = ["cells_from_counts", "cells_from_matrix", "not_binary"]


def cells_from_matrix(
    matrix: npt.ArrayLike,
    *,
    names: Sequence[object] | None,
    counts: npt.ArrayLike | None,
    by: Sequence[object] | npt.NDArray[Any] | None,
    covariates: Sequence[str] | Mapping[str, npt.ArrayLike] | None,
    lost: npt.ArrayLike | None,
) -> Cells:
    """Collapse a matrix with one row a person, or a row for several where `counts` says so.

    Parameters
    ----------
    matrix : array_like, shape (rows, occasions)
        1 or True where the person was seen, else 0 or False.
    names : sequence, optional
        Occasions.
    counts : array_like, optional
        People in each row.
    by : sequence, optional
        Each row's stratum.
    covariates : mapping, optional
        Values of each row, by the name of the covariate; names alone are refused.
    lost : array_like, optional
        Whether the people of each row were removed when last seen.

    Returns
    -------
    Cells
        Distinct rows.
    """
    histories = _bits(matrix, names)
    checked = occasion_names(names, histories.shape[1])
    for given, word in ((counts, "counts"), (by, "by")):
        if isinstance(given, str):
            raise InputError(f"{word} is the text {given!r}, but a matrix has no columns with names.")
    people = None if counts is None else whole_numbers(counts, what="counts")
    groups: tuple[str, ...] = ()
    group_of: IntArray | None = None
    if by is not None:
        groups, group_of = group_codes(by.tolist() if isinstance(by, np.ndarray) else by, what="by")
    for array, word in ((people, "counts"), (group_of, "by")):
        if array is not None and array.shape != (len(histories),):
            raise InputError(f"{word} has shape {array.shape}; the matrix has {len(histories)} rows.")
    known_by_name = {} if covariates is None else covariates
    if not isinstance(known_by_name, Mapping):
        raise InputError(
            "a matrix has no columns with names: give covariates as a mapping from name to values, such as "
            '{"age": [34, 27, ...]}.'
        )
    columns = covariate_columns(known_by_name, taken=checked)
    known = {name: values_of(known_by_name[name], name) for name in columns}
    for name, values in known.items():
        if len(values) != len(histories):
            raise InputError(
                f"covariate {name!r} has {len(values):,} values; the matrix has {len(histories):,} rows."
            )
    return collapse(
        histories,
        names=checked,
        counts=people,
        groups=groups,
        group_of=group_of,
        lost=None if lost is None else lost_rows(lost, len(histories)),
        covariates=known,
        numbered=True,
    )


def _bits(matrix: npt.ArrayLike, names: Sequence[object] | None) -> Bits:
    try:
        array = np.asarray(matrix)
    except ValueError as fault:
        raise InputError(_ragged(matrix)) from fault
    if array.ndim != 2:
        raise InputError(
            f"a matrix of histories has two dimensions, people by occasions; this has {array.ndim}. "
            "Histories as text, such as '110', go to from_counts: from_counts(collections.Counter(texts))."
        )
    if array.dtype.kind in "SU":
        raise InputError("the entries are text; a matrix of histories holds the numbers 0 and 1.")
    wrong = ~((array == 0) | (array == 1))
    if wrong.any():
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        name = list(names)[column] if names is not None and len(list(names)) > column else column + 1
        raise InputError(not_binary(array[row, column], f"row {row + 1}", str(name), int(wrong.sum())))
    return array.astype(np.uint8)


def _ragged(matrix: Any) -> str:
    lengths = [len(row) if hasattr(row, "__len__") else 1 for row in matrix]
    for number, length in enumerate(lengths, start=1):
        if length != lengths[0]:
            return (
                f"row {number} has {length} entries and row 1 has {lengths[0]}; every row needs one entry an "
                "occasion."
            )
    return "the rows cannot be read as a matrix of 0 and 1."


def not_binary(value: object, row: str, column: str, total: int) -> str:
    """Say that an entry of a history is neither 0 nor 1.

    Parameters
    ----------
    value : object
        The entry.
    row, column : str
        Where it is.
    total : int
        How many such entries there are.

    Returns
    -------
    str
        The message of the error.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    more = f" ({total:,} such entries)" if total > 1 else ""
    return (
        f"{row}, column {column!r} is {plain!r}{more}; an entry is 1 (seen) or 0 (not seen). Numbers of "
        "sightings become histories by `> 0`; a missing entry has to be decided before."
    )


def cells_from_counts(
    counts: Mapping[str | tuple[int, ...], int],
    *,
    names: Sequence[object] | None,
    lost: Mapping[str | tuple[int, ...], int] | None,
) -> Cells:
    """Read numbers of people by history.

    Parameters
    ----------
    counts : mapping
        People by history: a text of zeros and ones such as ``"110"``, or a tuple of them.
    names : sequence, optional
        Occasions.
    lost : mapping, optional
        How many of them were removed when last seen, by history.

    Returns
    -------
    Cells
        Distinct rows.
    """
    if not isinstance(counts, Mapping):
        raise InputError('counts must be a mapping from history to people, such as {"110": 12, "011": 9}.')
    if not counts:
        raise InputError("there are no histories; captures need at least one person.")
    rows = _digits(counts)
    people = whole_numbers(list(counts.values()), what="counts")
    histories = np.array(rows, dtype=np.uint8).reshape(len(rows), -1)
    checked = occasion_names(names, len(rows[0]))
    if not lost:
        return collapse(histories, names=checked, counts=people)
    removed = np.array([lost.get(history, 0) for history in counts])
    removed = whole_numbers(removed, what="lost")
    for history in lost:
        if history not in counts:
            raise InputError(f"lost has the history {history!r}, which counts has not.")
    if (removed > people).any():
        place = int(np.argmax(removed > people))
        raise InputError(
            f"of the {people[place]:,} people with history {list(counts)[place]!r} {removed[place]:,} are "
            "said to be lost; lost counts some of those in counts."
        )
    return collapse(
        np.concatenate([histories, histories]),
        names=checked,
        counts=np.concatenate([people - removed, removed]),
        lost=np.repeat([False, True], len(histories)),
    )


def _digits(counts: Mapping[str | tuple[int, ...], int]) -> list[list[int]]:
    rows: list[list[int]] = []
    for history in counts:
        if not isinstance(history, str | tuple):
            raise InputError(
                f"the history {history!r} is not text; a number loses its leading zeros, so write it as "
                f"'{history}' with one digit an occasion."
            )
        row = []
        for position, entry in enumerate(history, start=1):
            if entry not in ("0", "1", 0, 1):
                raise InputError(
                    f"history {history!r} has {entry!r} at occasion {position}; an entry is 1 (seen) or 0."
                )
            row.append(int(entry))
        if rows and len(row) != len(rows[0]):
            raise InputError(
                f"history {history!r} has {len(row)} occasions and {next(iter(counts))!r} has {len(rows[0])}"
                "; every history needs one entry an occasion."
            )
        rows.append(row)
    return rows
