"""Lists of people, matched by their ids: who is on which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from numbers import Number
from typing import Any

import numpy as np

from microestim.capture.cells import Bits, Cells, collapse
from microestim.capture.checking import group_codes, is_missing, occasion_names
from microestim.capture.covariates import covariate_columns, values_of
from microestim.errors import InputError

__all__ = ["cells_from_lists"]


def cells_from_lists(
    lists: Mapping[str, Iterable[object]],
    *,
    by: Mapping[Any, object] | None,
    covariates: Mapping[str, Mapping[Any, object]] | None,
) -> Cells:
    """Match lists by equal ids.

    Parameters
    ----------
    lists : mapping
        Ids of the people on each list, by the list's name.
    by : mapping or None
        Stratum of each person, by id.
    covariates : mapping or None
        Values by id, by the name of the covariate.

    Returns
    -------
    Cells
        How many people are on which lists.
    """
    if not isinstance(lists, Mapping):
        raise InputError('lists must be a mapping from name to ids, such as {"survey": [1, 2], "app": [2]}.')
    names = occasion_names(tuple(lists), len(lists))
    on_lists: dict[object, int] = {}
    kinds: dict[str, str] = {}
    for position, (name, given) in enumerate(lists.items()):
        ids = _ids(str(name), given)
        for kind in {_kind(value) for value in ids}:
            other = next((k for k in kinds if k != kind), None)
            if other is not None:
                raise InputError(
                    f"list {str(name)!r} has ids that are {kind}, list {kinds[other]!r} ids that are {other}"
                    ": 1 and '1' never match. Bring all ids to one type."
                )
            kinds.setdefault(kind, str(name))
        bit = 1 << position
        for value in ids:
            on_lists[value] = on_lists.get(value, 0) | bit
    known = {name: _by_id(covariates, name) for name in covariate_columns(covariates, taken=names)}
    if by is None and not known:
        patterns = Counter(on_lists.values())
        return collapse(
            _rows(list(patterns), len(names)),
            names=names,
            counts=np.array(list(patterns.values()), dtype=np.int64),
        )
    groups, group_of = ((), None) if by is None else group_codes(_looked_up(by, on_lists), what="by")
    return collapse(
        _rows(list(on_lists.values()), len(names)),
        names=names,
        groups=groups,
        group_of=group_of,
        covariates={name: values_of(_looked_up(values, on_lists), name) for name, values in known.items()},
    )


def _rows(patterns: list[int], n_lists: int) -> Bits:
    rows = [[pattern >> position & 1 for position in range(n_lists)] for pattern in patterns]
    return np.array(rows, dtype=np.uint8).reshape(len(patterns), n_lists)


def _by_id(covariates: Mapping[str, Mapping[Any, object]] | None, name: str) -> Mapping[Any, object]:
    values = (covariates or {})[name]
    if not isinstance(values, Mapping):
        raise InputError(f"covariate {name!r} is a {type(values).__name__}; give a mapping from id to value.")
    return values


def _looked_up(values: Mapping[Any, object], ids: Iterable[object]) -> list[object]:
    if not isinstance(values, Mapping):
        raise InputError(f"by is a {type(values).__name__}; give a mapping from id to stratum.")
    return [values.get(value) for value in ids]


def _ids(name: str, given: Iterable[object]) -> list[object]:
    if isinstance(given, str | bytes):
        raise InputError(f"list {name!r} is a text; give a sequence of ids.")
    ids = list(given.tolist()) if isinstance(given, np.ndarray) else list(given)
    missing = sum(is_missing(value) for value in ids)
    if missing:
        raise InputError(
            f"list {name!r} has {missing:,} missing ids among {len(ids):,}; whether they are people on other "
            "lists is unknown, so decide before matching."
        )
    try:
        repeated = [(value, times) for value, times in Counter(ids).most_common() if times > 1]
    except TypeError as fault:
        raise InputError(f"list {name!r} has ids that cannot be compared; give numbers or texts.") from fault
    if repeated:
        value, times = repeated[0]
        raise InputError(
            f"list {name!r} has {len(repeated):,} ids more than once, such as {value!r} ({times} times); a "
            "person is on a list or not. Remove the repetitions if they are the same people."
        )
    return ids


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    return "numbers" if isinstance(value, Number | np.number) else type(value).__name__
