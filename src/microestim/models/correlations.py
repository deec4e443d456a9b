"""How alike countries are, as data: the correlation of each quantity's deviate, and why."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microestim.errors import PriorError

__all__ = ["DEFAULT_CORRELATIONS", "CountryCorrelation", "correlation_kind", "override_correlations"]


@dataclass(frozen=True, kw_only=True)
class CountryCorrelation:
    """How alike countries are in one quantity, with the reason.

    In every country the quantity is a standard normal deviate x, put on the scale of its prior. Between
    countries x = sqrt(correlation) * shared + sqrt(1 - correlation) * own: each country keeps its prior.

    Parameters
    ----------
    name : str
        The quantity; `microestim.models.correlations.DEFAULT_CORRELATIONS` lists them.
    correlation : float
        From 0, nothing is shared, to 1, one value for all countries.
    rationale : str
        Why.
    source : str
        Where the reason comes from; "judgement" where it is the authors' own.

    Raises
    ------
    PriorError
        The correlation is not between 0 and 1, or the reason is missing.

    Examples
    --------
    >>> CountryCorrelation(
    ...     name="inflation", correlation=0.5, rationale="two kinds of law", source="judgement"
    ... )
    CountryCorrelation(name='inflation', correlation=0.5, rationale='two kinds of law', source='judgement')
    """

    name: str
    correlation: float
    rationale: str
    source: str

    def __post_init__(self) -> None:
        value: Any = self.correlation
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise PriorError(
                f"correlation of {self.name!r} between countries is {value!r}; it must be a number from "
                "0 to 1"
            )
        if not self.rationale.strip():
            raise PriorError(f"correlation of {self.name!r} between countries: give the rationale")


def _defaults() -> dict[str, CountryCorrelation]:
    folder = importlib.resources.files("microestim.models")
    tables = tomllib.loads(folder.joinpath("country_correlations.toml").read_text("utf-8"))
    return {name: CountryCorrelation(name=name, **table) for name, table in tables.items()}


DEFAULT_CORRELATIONS: Mapping[str, CountryCorrelation] = _defaults()
"""The library's correlations between countries, by name of the quantity."""


def correlation_kind(name: str) -> str:
    """Give the name under which a quantity's correlation stands: one for all sources, surveys and waves.

    Parameters
    ----------
    name : str
        Name of a scalar quantity, such as "visitors_per_person[work pages, a service]".

    Returns
    -------
    str
        Its first part.

    Examples
    --------
    >>> correlation_kind("capture_rate[foule-factory]")
    'capture_rate'
    """
    return name.partition("[")[0]


def override_correlations(
    overrides: Mapping[str, Any] | None,
) -> dict[str, CountryCorrelation]:
    """Replace some of the library's correlations between countries.

    Parameters
    ----------
    overrides : mapping of str to CountryCorrelation or mapping, optional
        By name of the quantity: a `CountryCorrelation`, or a table with `correlation`, `rationale` and,
        if any, `source`.

    Returns
    -------
    dict of str to CountryCorrelation
        All correlations, those overridden included.

    Raises
    ------
    PriorError
        A name is unknown (the message lists the valid ones), or a value is impossible.
    """
    found = dict(DEFAULT_CORRELATIONS)
    for name, given in (overrides or {}).items():
        if name not in found:
            raise PriorError(
                f"unknown quantity {name!r} in the correlations between countries; use one of "
                f"{', '.join(sorted(found))}"
            )
        if isinstance(given, CountryCorrelation):
            if given.name != name:
                raise PriorError(
                    f"the correlation of {given.name!r} was given for {name!r}; the two names must agree"
                )
            found[name] = given
            continue
        if not isinstance(given, Mapping) or not {"correlation", "rationale"} <= set(given):
            raise PriorError(
                f"correlation of {name!r} between countries: give a table with 'correlation' and 'rationale'"
            )
        unknown = sorted(set(given) - {"correlation", "rationale", "source"})
        if unknown:
            raise PriorError(
                f"correlation of {name!r} between countries: unknown key {unknown[0]!r}; use correlation, "
                "rationale, source"
            )
        found[name] = CountryCorrelation(
            name=name,
            correlation=given["correlation"],
            rationale=str(given["rationale"]),
            source=str(given.get("source", "given by the user")),
        )
    return found
