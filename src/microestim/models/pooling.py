"""Which deviates several countries share, and the linear map from independent deviates to theirs.

A group holds one quantity's deviates in n countries, with correlation rho between any two:
R = (1 - rho) I + rho 11'. Its symmetric root a I + b 11', with a = sqrt(1 - rho) and
b = (sqrt(1 - rho + n rho) - a) / n, turns n independent deviates into them; where rho is 1, one deviate
serves all. A quantity that one country has alone is its own deviate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from microestim.models.correlations import CountryCorrelation, correlation_kind
from microestim.models.design import Design
from microestim.models.graph import coordinate_names
from microestim.models.observations import DeclaredAccounts

__all__ = ["Link", "OtherCountries", "PooledMap", "pool_designs"]


@dataclass(frozen=True)
class Link:
    """One quantity that several countries share.

    Parameters
    ----------
    name : str
        Name of the coordinate in each country.
    kind : str
        Name under which its correlation stands.
    correlation : float
        Correlation between any two countries.
    countries : tuple of int
        Indices of the countries.
    """

    name: str
    kind: str
    correlation: float
    countries: tuple[int, ...]


@dataclass(frozen=True)
class PooledMap:
    """The linear map from independent deviates to those of every country, x = L z, as a sparse matrix.

    Parameters
    ----------
    sizes : tuple of int
        Number of coordinates of each country, in order.
    size : int
        Number of independent deviates.
    rows, columns : ndarray of int, shape (entries,)
        Place of each entry, rows in order.
    values : ndarray, shape (entries,)
        The entries.
    links : tuple of Link
        What is shared.
    """

    sizes: tuple[int, ...]
    size: int
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    links: tuple[Link, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        """First coordinate of each country."""
        return tuple(int(each) for each in np.concatenate([[0], np.cumsum(self.sizes)[:-1]]))

    def apply(self, deviates: np.ndarray) -> tuple[np.ndarray, ...]:
        """Give every country's coordinates.

        Parameters
        ----------
        deviates : ndarray, shape (..., size)
            Independent deviates.

        Returns
        -------
        tuple of ndarray, each of shape (..., coordinates of the country)
            The coordinates.
        """
        from scipy.sparse import csr_array

        matrix = csr_array((self.values, (self.rows, self.columns)), shape=(sum(self.sizes), self.size))
        flat = (matrix @ deviates.reshape(-1, self.size).T).T
        whole = np.ascontiguousarray(flat).reshape(*deviates.shape[:-1], -1)
        return tuple(
            whole[..., start : start + size] for start, size in zip(self.starts, self.sizes, strict=True)
        )


@dataclass(frozen=True)
class OtherCountries:
    """What the countries that one was fitted with say of quantities that its own model does not have.

    Parameters
    ----------
    designs : tuple of Design
        The other countries' models.
    vectors : tuple of ndarray, each of shape (draws, coordinates)
        Their draws, from the same joint draws as the country's.
    correlations : mapping of str to CountryCorrelation
        Correlations by name.
    """

    designs: tuple[Design, ...]
    vectors: tuple[np.ndarray, ...]
    correlations: Mapping[str, CountryCorrelation]

    @cached_property
    def _columns(self) -> dict[tuple[str, str], list[np.ndarray]]:
        columns: dict[tuple[str, str], list[np.ndarray]] = {}
        for design, vectors in zip(self.designs, self.vectors, strict=True):
            for place, (name, kind) in enumerate(_keys(design)):
                if kind is not None:
                    columns.setdefault((name, kind), []).append(vectors[:, place])
        return columns

    def given(self, name: str, platform: str | None = None) -> tuple[np.ndarray | float, float]:
        """Give the law of a deviate that only the other countries have, given theirs: normal.

        Parameters
        ----------
        name : str
            Name of a scalar quantity, or of a quantity that each platform has.
        platform : str, optional
            Which platform's.

        Returns
        -------
        mean : ndarray, shape (draws,), or float
            Mean, by draw; 0 where no other country has it.
        sd : float
            Standard deviation; 1 where no other country has it.
        """
        kind = correlation_kind(name)
        key = (name, kind) if platform is None else (f"{name}[{platform}]", f"{kind} of a platform")
        known = self._columns.get(key, [])
        if not known:
            return 0.0, 1.0
        correlation, n = self.correlations[key[1]].correlation, len(known)
        weight = correlation / (1.0 - correlation + n * correlation)
        return weight * np.sum(known, axis=0), math.sqrt(max(1.0 - n * correlation * weight, 0.0))


def pool_designs(designs: Sequence[Design], correlations: Mapping[str, CountryCorrelation]) -> PooledMap:
    """Find what countries share, and make the map to their coordinates.

    Parameters
    ----------
    designs : sequence of Design
        One a country.
    correlations : mapping of str to CountryCorrelation
        Correlations by name.

    Returns
    -------
    PooledMap
        The map.
    """
    sizes = tuple(len(coordinate_names(design)) for design in designs)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for country, design in enumerate(designs):
        for place, (name, kind) in enumerate(_keys(design)):
            if kind is not None and correlations[kind].correlation > 0.0:
                groups.setdefault((name, kind), []).append((country, int(starts[country]) + place))
    shared = {key: members for key, members in groups.items() if len(members) > 1}
    root: dict[int, list[tuple[int, float]]] = {}
    column = 0
    for (_, kind), members in shared.items():
        correlation = correlations[kind].correlation
        places, n = [place for _, place in members], len(members)
        if correlation == 1.0:
            root |= {place: [(column, 1.0)] for place in places}
            column += 1
            continue
        own = math.sqrt(1.0 - correlation)
        common = (math.sqrt(1.0 - correlation + n * correlation) - own) / n
        for i, place in enumerate(places):
            root[place] = [(column + k, common + (own if k == i else 0.0)) for k in range(n)]
        column += n
    for place in range(int(starts[-1])):
        if place not in root:
            root[place] = [(column, 1.0)]
            column += 1
    entries = [(place, k, value) for place in sorted(root) for k, value in root[place]]
    rows, columns, values = (np.array(each) for each in zip(*entries, strict=True))
    return PooledMap(
        sizes=sizes,
        size=column,
        rows=rows,
        columns=columns,
        values=values.astype(float),
        links=tuple(
            Link(name, kind, correlations[kind].correlation, tuple(country for country, _ in members))
            for (name, kind), members in shared.items()
        ),
    )


def _keys(design: Design) -> list[tuple[str, str | None]]:
    """Name each coordinate so that equal names mean one quantity; with it, its entry among correlations."""
    keys: list[tuple[str, str | None]] = []
    for parameter in design.parameters:
        anchored = parameter.name == "accounts_level" and design.sizes.total is not None
        # Where a total was declared, this deviate is the error of that total and not a level.
        keys.append((parameter.name, None if anchored else correlation_kind(parameter.name)))
    declared = {o.platform: o.value for o in design.observations if isinstance(o, DeclaredAccounts)}
    for row in design.rows:
        for j, platform in enumerate(design.platforms):
            if row != "size":
                keys.append((f"{row}[{platform}]", f"{correlation_kind(row)} of a platform"))
            elif not design.sizes.own[j]:
                keys.append((f"size[{platform}]", "size of a platform"))
            elif design.sizes.worldwide[j]:
                # The deviate is the declaration's error: shared where the number is the same.
                name = f"worldwide declaration of {declared[j]:g} accounts[{platform}]"
                keys.append((name, "worldwide declaration"))
            else:
                keys.append((f"declared size[{platform}]", None))
    return keys
