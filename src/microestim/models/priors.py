"""Priors as data: what is assumed of each quantity before the evidence, and why."""

from __future__ import annotations

import importlib.resources
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from microestim.errors import PriorError

__all__ = ["DEFAULT_PRIORS", "Prior", "PriorFamily", "override_priors", "read_priors"]

PriorFamily = Literal["normal", "log-normal", "logit-normal"]


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A prior distribution with its reason.

    A normal distribution on the quantity itself, on its logarithm, or on its log odds.

    Parameters
    ----------
    name : str
        Name of the quantity; `microestim.models.priors.DEFAULT_PRIORS` lists them.
    family : {"normal", "log-normal", "logit-normal"}
        Scale on which the distribution is normal.
    median : float
        Median, in the quantity's own unit.
    spread : float
        Standard deviation on the scale of `family` (the log, the log odds, or the quantity itself).
    unit : str
        Unit of the quantity.
    meaning : str
        What the quantity is.
    rationale : str
        Why this distribution.
    source : str
        Where the reason comes from; "judgement" where it is the authors' own.

    Raises
    ------
    PriorError
        The median is impossible in this family, or the spread is not positive.

    Examples
    --------
    >>> from microestim import Prior
    >>> prior = Prior(
    ...     name="departure",
    ...     family="normal",
    ...     median=0.0,
    ...     spread=0.3,
    ...     unit="log odds",
    ...     meaning="memberships off the frame",
    ...     rationale="second survey",
    ...     source="own survey",
    ... )
    >>> prior.interval(0.9)
    (-0.4934..., 0.4934...)
    """

    name: str
    family: PriorFamily
    median: float
    spread: float
    unit: str
    meaning: str
    rationale: str
    source: str

    def __post_init__(self) -> None:
        if self.family not in get_args(PriorFamily):
            allowed = ", ".join(get_args(PriorFamily))
            raise PriorError(f"prior {self.name!r}: unknown family {self.family!r}; use one of {allowed}")
        if not (math.isfinite(self.median) and math.isfinite(self.spread)):
            raise PriorError(f"prior {self.name!r}: median and spread must be finite numbers")
        if self.spread <= 0:
            raise PriorError(f"prior {self.name!r}: spread is {self.spread}; it must be above 0")
        if self.family == "log-normal" and self.median <= 0:
            raise PriorError(
                f"prior {self.name!r}: median is {self.median}; a log-normal median must be above 0"
            )
        if self.family == "logit-normal" and not 0 < self.median < 1:
            raise PriorError(
                f"prior {self.name!r}: median is {self.median}; a logit-normal median must lie "
                "between 0 and 1"
            )
        if not self.rationale.strip():
            raise PriorError(f"prior {self.name!r}: give the rationale; it is printed in every report")

    @property
    def location(self) -> float:
        """Mean on the scale of the family (no unit)."""
        if self.family == "log-normal":
            return math.log(self.median)
        if self.family == "logit-normal":
            return math.log(self.median / (1.0 - self.median))
        return self.median

    def natural(self, value: Any, exp: Any = math.exp) -> Any:
        """Bring a value from the scale of the family to the quantity's own unit.

        Parameters
        ----------
        value : array or float
            Value on the scale of the family.
        exp : callable, default math.exp
            Exponential function that fits the kind of `value`.

        Returns
        -------
        array or float
            The value in `unit`.
        """
        if self.family == "log-normal":
            return exp(value)
        if self.family == "logit-normal":
            return 1.0 / (1.0 + exp(-value))
        return value

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the equal-tailed interval of the prior.

        Parameters
        ----------
        level : float, default 0.95
            Probability between the limits.

        Returns
        -------
        low, high : float
            Limits in `unit`.
        """
        from scipy.special import ndtri

        half = float(ndtri(0.5 + level / 2.0)) * self.spread
        return float(self.natural(self.location - half)), float(self.natural(self.location + half))


def _default_priors() -> dict[str, Prior]:
    text = importlib.resources.files("microestim.models").joinpath("default_priors.toml").read_text("utf-8")
    return {name: Prior(name=name, **table) for name, table in tomllib.loads(text).items()}


DEFAULT_PRIORS: Mapping[str, Prior] = _default_priors()
"""The library's priors, by name."""


def override_priors(overrides: Mapping[str, Prior | Mapping[str, Any]] | None) -> dict[str, Prior]:
    """Replace some of the library's priors.

    Parameters
    ----------
    overrides : mapping of str to Prior or mapping, optional
        By name of the quantity: a `Prior`, or a table with some of `median`, `spread`, `rationale`
        and `source`. A changed median or spread needs a rationale.

    Returns
    -------
    dict of str to Prior
        All priors, those overridden included.

    Raises
    ------
    PriorError
        A name is unknown (the message lists the valid ones), or a value is impossible.
    """
    priors, replaced = dict(DEFAULT_PRIORS), overrides or {}
    if not isinstance(replaced, Mapping):
        raise PriorError(f"priors is a {type(replaced).__name__}; give a mapping of names to priors")
    for name, given in replaced.items():
        if name not in priors:
            raise PriorError(f"unknown prior {name!r}; the priors are: {', '.join(sorted(priors))}")
        if isinstance(given, Prior):
            if given.name != name:
                raise PriorError(f"prior {given.name!r} was given for {name!r}; the two names must agree")
            if given.family != priors[name].family:
                raise PriorError(
                    f"prior {name!r}: family {given.family!r} does not fit; use {priors[name].family!r}, "
                    "on whose scale the model is written"
                )
            priors[name] = given
            continue
        allowed = {"median", "spread", "rationale", "source"}
        if not isinstance(given, Mapping):
            raise PriorError(
                f"prior {name!r}: give a Prior or a table with {', '.join(sorted(allowed))}, "
                f"not {type(given).__name__}"
            )
        unknown = sorted(set(given) - allowed)
        if unknown:
            raise PriorError(f"prior {name!r}: unknown key {unknown[0]!r}; use {', '.join(sorted(allowed))}")
        for key in ("median", "spread"):
            if key in given and (isinstance(given[key], bool) or not isinstance(given[key], int | float)):
                raise PriorError(f"prior {name!r}: {key} is {given[key]!r}; it must be a number")
        if "rationale" not in given:
            raise PriorError(f"prior {name!r}: say why in 'rationale'; it is printed in every report")
        priors[name] = replace(
            priors[name],
            median=float(given.get("median", priors[name].median)),
            spread=float(given.get("spread", priors[name].spread)),
            rationale=str(given["rationale"]),
            source=str(given.get("source", "given by the user")),
        )
    return priors


def read_priors(path: str | Path) -> dict[str, dict[str, Any]]:
    """Read overrides of priors from a TOML file with one table a prior.

    Parameters
    ----------
    path : str or Path
        File with tables such as ``[inflation]`` holding ``median``, ``spread``, ``rationale``.

    Returns
    -------
    dict
        Tables by name, for `override_priors`.

    Raises
    ------
    PriorError
        The file cannot be read, is not TOML, or names an unknown prior.

    Examples
    --------
    >>> import microestim as me
    >>> study = me.load_study("fr-2018")
    >>> me.WorkforceModel(study, priors=me.read_priors("priors.toml"))  # doctest: +SKIP
    """
    try:
        with Path(path).open("rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise PriorError(f"cannot read the file of priors {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PriorError(f"{str(path)!r} is not a TOML file: {error}") from error
    override_priors(tables)
    return tables
