"""Priors as data: what is assumed of each quantity before the evidence, and why."""

from __future__ import annotations

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
                f"prior {self.name!r}: median is {self.median}; a logit-normal median must lie between 0 and 1"
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


def _prior(
    name: str,
    family: PriorFamily,
    median: float,
    spread: float,
    unit: str,
    meaning: str,
    rationale: str,
    source: str = "judgement",
) -> Prior:
    return Prior(
        name=name,
        family=family,
        median=median,
        spread=spread,
        unit=unit,
        meaning=meaning,
        rationale=rationale,
        source=source,
    )


_REPORT = "Casilli et al. 2019, Le micro-travail en France, Annexe 3"
_DIFALLAH = "Difallah, Filatova & Ipeirotis 2018, doi:10.1145/3159652.3159661"
_PEW = "Pew Research Center 2016; Difallah, Filatova & Ipeirotis 2018"

_DEFAULTS = (
    _prior(
        "accounts_centre",
        "log-normal",
        20_000,
        2.0,
        "accounts",
        "typical number of residents with an account on a platform",
        "From a few hundred to a million: platforms differ by orders of magnitude.",
    ),
    _prior(
        "accounts_spread",
        "log-normal",
        1.2,
        0.4,
        "log accounts",
        "spread of the number of accounts over platforms (standard deviation of the log)",
        "The largest platform of a country is often ten times the typical one.",
    ),
    _prior(
        "declared_error",
        "log-normal",
        0.10,
        0.5,
        "log accounts",
        "rounding and publicity in declared numbers of accounts (standard deviation of the log)",
        "Declared numbers are round ('50 000') and undated.",
        _REPORT,
    ),
    _prior(
        "share_error",
        "log-normal",
        0.25,
        0.4,
        "log share",
        "error of a country share taken from traffic (standard deviation of the log)",
        "Shares of connections stand in for shares of accounts; relays and expatriates blur them.",
        _REPORT,
    ),
    _prior(
        "country_share",
        "logit-normal",
        0.03,
        1.2,
        "share",
        "share of a worldwide platform's accounts or visitors that is in the country, where no source gives it",
        "A middle-sized country has one to ten per cent of a worldwide platform.",
    ),
    _prior(
        "inflation",
        "log-normal",
        0.25,
        0.7,
        "log accounts per person",
        "log of declared accounts per resident who has one: second, fake and closed accounts",
        "Declared totals are cumulative and never cleaned; no evidence here tells a closed account from a "
        "dormant person, so this stays a stated prior.",
        _REPORT,
    ),
    _prior(
        "active_share",
        "logit-normal",
        0.25,
        1.5,
        "share",
        "share of accounts in the active component of the activity distribution",
        "Far more people register than ever work; between 2 and 85 per cent.",
        _REPORT,
    ),
    _prior(
        "active_rate",
        "log-normal",
        1.0,
        1.5,
        "visits a month",
        "median activity rate in the active component",
        "From once in half a year to several times a week.",
    ),
    _prior(
        "active_rate_spread",
        "log-normal",
        1.5,
        0.25,
        "log visits",
        "spread of activity within the active component (standard deviation of the log rate)",
        "Observed activity on one platform is heavy-tailed over two to three orders of magnitude.",
        _DIFALLAH,
    ),
    _prior(
        "dormant_rate",
        "log-normal",
        0.03,
        0.8,
        "visits a month",
        "median activity rate in the dormant component",
        "Dormant accounts are opened once in a few years.",
    ),
    _prior(
        "active_share_spread",
        "log-normal",
        0.7,
        0.5,
        "log odds",
        "spread over platforms of the log odds of the active share",
        "Platforms differ in age and in how much work they offer.",
    ),
    _prior(
        "active_rate_platform_spread",
        "log-normal",
        0.5,
        0.5,
        "log visits",
        "spread over platforms of the median activity rate (standard deviation of the log)",
        "User tests come once a month, micro-tasks every day.",
    ),
    _prior(
        "visitors_per_person[work pages]",
        "log-normal",
        1.5,
        0.6,
        "visitors per person",
        "unique visitors of the pages where people work, per resident active in the month",
        "Several devices and browsers raise it, undercounting panels lower it; on one platform 750,000 "
        "visitors a month stood beside 100,000 to 200,000 people who work.",
        _PEW,
    ),
    _prior(
        "visitors_per_person[whole site]",
        "log-normal",
        2.5,
        0.8,
        "visitors per person",
        "unique visitors of a whole site, per resident active in the month",
        "Clients, job seekers and the curious come on top of devices.",
        _PEW,
    ),
    _prior(
        "visitors_spread",
        "log-normal",
        0.3,
        0.5,
        "log visitors",
        "spread over platforms of visitors per person (standard deviation of the log)",
        "Some sites draw more curious visitors than others.",
    ),
    _prior(
        "audience_error",
        "log-normal",
        0.25,
        0.3,
        "log visitors",
        "error of the audience service (standard deviation of the log)",
        "Panel-based counts of small sites are rough; the service's method is not public.",
        _REPORT,
    ),
    _prior(
        "capture_rate",
        "log-normal",
        0.05,
        1.5,
        "answers per visit",
        "survey answers per visit in a wave, at one visit a month",
        "Between a few per mille and most of those who see the survey.",
    ),
    _prior(
        "capture_rate_change",
        "log-normal",
        1.0,
        0.25,
        "ratio",
        "capture rate of a later wave relative to the first",
        "Same questionnaire, same pay, a few weeks later.",
    ),
    _prior(
        "capture_exponent",
        "log-normal",
        0.8,
        0.35,
        "power",
        "how strongly the chance of answering rises with activity (power of the rate)",
        "1 if every visit is a chance to answer; below 1 if refusal, not absence, keeps people out.",
    ),
    _prior(
        "wave_dependence",
        "log-normal",
        1.0,
        0.35,
        "odds ratio",
        "odds ratio of answering the second wave given an answer to the first, at equal activity",
        "Having answered before may attract or deter; two waves cannot tell.",
    ),
    _prior(
        "missed_match",
        "logit-normal",
        0.05,
        0.7,
        "share",
        "share of true recaptures that were not recognised",
        "Identifiers change and are mistyped.",
    ),
    _prior(
        "false_match",
        "logit-normal",
        0.005,
        0.8,
        "share",
        "share of second-wave newcomers wrongly linked to a first-wave answer",
        "Rare where accounts are identified.",
    ),
    _prior(
        "outside_answers",
        "logit-normal",
        0.03,
        0.8,
        "share",
        "share of answers that come from outside the population",
        "Non-residents and duplicates that checks did not catch.",
    ),
    _prior(
        "estimate_error",
        "log-normal",
        0.12,
        0.5,
        "log accounts",
        "error of a published capture-recapture estimate that was printed without one",
        "A few hundred answers in each wave with some tens of recaptures give 8 to 20 per cent.",
    ),
    _prior(
        "overstated_frequency",
        "logit-normal",
        0.15,
        1.0,
        "share",
        "share of respondents who state the next higher band of frequency than their own",
        "People round their activity up, and 'looking for tasks' is less than working.",
    ),
    _prior(
        "understated_frequency",
        "logit-normal",
        0.05,
        0.8,
        "share",
        "share of respondents who state the next lower band of frequency than their own",
        "Forgetting is rarer than rounding up.",
    ),
    _prior(
        "memberships",
        "log-normal",
        0.5,
        1.2,
        "other platforms",
        "other platforms of the study on which a person with a weekly rate is registered (odds scale)",
        "From almost none to several.",
    ),
    _prior(
        "membership_slope",
        "normal",
        0.5,
        0.8,
        "log odds",
        "growth of memberships with activity, over a factor of 400 in the rate",
        "More active people hold more accounts; the margin of memberships does not identify it, a table of "
        "memberships by frequency would.",
    ),
    _prior(
        "membership_dispersion",
        "logit-normal",
        0.12,
        1.0,
        "share",
        "how much people differ in their taste for other platforms (intraclass correlation)",
        "'Some have four or five' beside a mean of 1.27.",
        _REPORT,
    ),
    _prior(
        "departure",
        "normal",
        0.0,
        0.5,
        "log odds",
        "memberships of people who are not on the surveyed platform, relative to its people, per platform",
        "People off the frame are never seen: a stated prior, never a finding.",
    ),
    _prior(
        "activity_correlation",
        "logit-normal",
        0.55,
        0.8,
        "correlation",
        "correlation of the activity of one person's accounts on different platforms",
        "Those who work a lot here tend to work elsewhere; nobody was asked on how many platforms "
        "they are active.",
    ),
    _prior(
        "other_memberships",
        "log-normal",
        1.0,
        1.0,
        "other platforms",
        "platforms outside the study on which a person of the frame works",
        "Surveys, cashback and mystery-shopping sites count among them.",
        _REPORT,
    ),
    _prior(
        "other_dispersion",
        "log-normal",
        3.0,
        0.7,
        "shape",
        "shape of the spread of all other memberships over people (small = very unequal)",
        "A fifth have none while the mean is two.",
        _REPORT,
    ),
    _prior(
        "account_age",
        "log-normal",
        24.0,
        0.6,
        "months",
        "time since registration over which an account may have been used",
        "Platforms are a few years old and grow.",
    ),
)

DEFAULT_PRIORS: Mapping[str, Prior] = {prior.name: prior for prior in _DEFAULTS}
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
    priors = dict(DEFAULT_PRIORS)
    for name, given in (overrides or {}).items():
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
        changes = {key: float(given[key]) for key in ("median", "spread") if key in given}
        priors[name] = replace(
            priors[name],
            **changes,
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
