"""The published arithmetic on any study, with a parametric bootstrap: what a posterior is compared with.

As in France: registrations summed and divided by mean memberships; audience likewise; the size that two
waves give, as a share of the accounts of its platform, carried over to all. The month's figure is the only
one that the arithmetic has for `monthly_active` and for `monthly`, which it does not tell apart. It is given
every chance: where the surveyed platform has no registrations the share is taken of its audience, and where
memberships are unknown people are accounts. A platform without a figure is left out of its sums, as it was.

The bootstrap draws what the study states as uncertain: recaptures, memberships, and figures with a stated
error. Nothing else has one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import MicroestimWarning
from microestim.estimators.accounts import extrapolate_ratio, people_from_accounts
from microestim.estimators.two_samples import lincoln_petersen
from microestim.study import Study
from microestim.study.evidence import (
    AudienceEvidence,
    CapturesEvidence,
    CountryShareEvidence,
    MembershipsEvidence,
    RegistrationsEvidence,
)

__all__ = ["Figure", "Inputs", "bootstrap", "complete", "estimates", "read_inputs"]

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000


@dataclass(frozen=True)
class Figure:
    """A figure and its stated error.

    Parameters
    ----------
    value : float
        The figure.
    error : float, default 0.0
        Stated standard deviation of its log; 0 where none is stated.
    """

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class Inputs:
    """What the arithmetic takes from a study; None where the study has nothing.

    Parameters
    ----------
    registrations, visitors : dict
        Residents' accounts and visitors, by evidence id, with the platforms that each is about.
    captures : tuple of int, or Figure, or None
        n1, n2, m of the first two waves, or a printed estimate.
    survey_on : str or None
        The surveyed platform.
    memberships : tuple of (float, float, int) or None
        Mean, standard deviation and number of respondents.
    within : frozenset of str
        Ids of figures that another one of theirs contains: no sum adds them again.
    """

    registrations: dict[str, tuple[tuple[str, ...], Figure]]
    visitors: dict[str, tuple[tuple[str, ...], Figure]]
    captures: tuple[int, int, int] | Figure | None
    survey_on: str | None
    memberships: tuple[float, float, int] | None
    within: frozenset[str] = frozenset()


def read_inputs(study: Study) -> Inputs:
    """Take from a study what the arithmetic uses; only the first audience service is, and one month of it.

    Parameters
    ----------
    study : Study
        The study; only evidence of role "evidence" counts.

    Returns
    -------
    Inputs
        What it has.
    """
    items = [item for item in study.evidence if item.role == "evidence"]
    shares = {item.platforms: item for item in items if isinstance(item, CountryShareEvidence)}
    registrations: dict[str, tuple[tuple[str, ...], Figure]] = {}
    for item in items:
        if not isinstance(item, RegistrationsEvidence):
            continue
        where, value, error = study.resolve(item.platforms), item.value, _stated(item)
        if item.reach == "worldwide":
            share = shares.get(item.platforms)
            if share is None:
                continue
            value, error = value * share.value, math.hypot(error, _stated(share))
        registrations[item.id] = (where, Figure(value, error))
    audiences = [item for item in items if isinstance(item, AudienceEvidence) and item.value]
    first = min((each.vendor for each in audiences), default=None)
    # A later month of the same platforms takes the place of an earlier one: months do not add up.
    month = {
        study.resolve(each.platforms): each
        for each in sorted(audiences, key=lambda each: each.period)
        if each.vendor == first
    }
    visitors = {each.id: (where, Figure(each.value or 0.0, _stated(each))) for where, each in month.items()}
    used = registrations.keys() | visitors.keys()
    within = frozenset(part for item in items if item.id in used for part in item.contains)
    captures: tuple[int, int, int] | Figure | None = None
    survey_on = None
    memberships = None
    for item in items:
        if isinstance(item, CapturesEvidence):
            asked = study.resolve(item.platforms)
            survey_on = asked[0] if len(asked) == 1 else None
            counts = item.counts_by_history
            if item.estimate is not None:
                captures = Figure(item.estimate, _stated(item))
            elif counts is not None:
                captures = _first_two_waves(counts)
    for item in study.evidence:
        if (
            isinstance(item, MembershipsEvidence)
            and item.frame != "population"
            and item.platforms != "any"
            and item.window == "ever"
        ):
            memberships = _moments(item)
    return Inputs(registrations, visitors, captures, survey_on, memberships, within)


def estimates(inputs: Inputs) -> dict[str, float | None]:
    """Give the people by tier, from the library's estimators.

    Parameters
    ----------
    inputs : Inputs
        What a study has.

    Returns
    -------
    dict of str to (float or None)
        People by tier; None where the arithmetic has no inputs.
    """
    accounts = _total(inputs.registrations, inputs.within)
    visitors = _total(inputs.visitors, inputs.within)
    memberships = 1.0 if inputs.memberships is None else inputs.memberships[0]
    size = _size(inputs.captures)
    weekly_accounts = None
    anchor = _anchor(inputs)
    if size is not None and anchor is not None:
        own, total = anchor
        weekly_accounts = float(extrapolate_ratio(size, of=own, to=total).n_hat)
    month = _people(visitors, memberships)
    return {
        "registered": _people(accounts, memberships),
        "monthly_active": month,
        "monthly": month,
        "weekly": _people(weekly_accounts, memberships),
    }


def complete(inputs: Inputs, observed: Sequence[str]) -> dict[str, bool]:
    """Say whether its sums are over all observed platforms: it counts nobody where a figure is missing.

    Parameters
    ----------
    inputs : Inputs
        What a study has.
    observed : sequence of str
        The observed platforms.

    Returns
    -------
    dict of str to bool
        For registrations and for visitors.
    """
    return {
        "registrations": _covered(inputs.registrations) == set(observed),
        "visitors": _covered(inputs.visitors) == set(observed),
    }


def _covered(figures: dict[str, tuple[tuple[str, ...], Figure]]) -> set[str]:
    return {name for where, _ in figures.values() for name in where}


def bootstrap(
    inputs: Inputs, rng: np.random.Generator, *, resamples: int = RESAMPLES
) -> dict[str, Floats | None]:
    """Draw `estimates` again under its own assumptions: the population that it found, sampled anew.

    Parameters
    ----------
    inputs : Inputs
        What a study has.
    rng : numpy.random.Generator
        Source of random numbers.
    resamples : int, default 2000
        Number of draws.

    Returns
    -------
    dict of str to (ndarray or None)
        Draws of the people by tier; None where the arithmetic has no inputs.
    """
    registrations = {
        name: _draws(figure, rng, resamples) for name, (_, figure) in inputs.registrations.items()
    }
    visitors = {name: _draws(figure, rng, resamples) for name, (_, figure) in inputs.visitors.items()}
    memberships: Floats = np.ones(resamples)
    if inputs.memberships is not None:
        mean, sd, n = inputs.memberships
        memberships = np.maximum(mean + sd / math.sqrt(n) * rng.standard_normal(resamples), 1.0)
    size = _size_draws(inputs.captures, rng, resamples)

    def added(drawn: dict[str, Floats]) -> Floats | None:
        apart = [values for name, values in drawn.items() if name not in inputs.within]
        return np.sum(apart, axis=0) if apart else None

    accounts, seen = added(registrations), added(visitors)
    weekly = None
    found = _anchor_name(inputs)
    if size is not None and found is not None:
        kind, name = found
        drawn = registrations if kind == "registrations" else visitors
        whole = added(drawn)
        assert whole is not None
        weekly = size / drawn[name] * whole / memberships
    month = None if seen is None else seen / memberships
    return {
        "registered": None if accounts is None else accounts / memberships,
        "monthly_active": month,
        "monthly": month,
        "weekly": weekly,
    }


def _stated(
    item: RegistrationsEvidence | CountryShareEvidence | AudienceEvidence | CapturesEvidence,
) -> float:
    return 0.0 if item.error is None else float(item.error.relative)


def _first_two_waves(counts: dict[str, int]) -> tuple[int, int, int]:
    """n1, n2, m of the first two waves, whatever came later."""
    n1, n2, m = (
        sum(count for history, count in counts.items() if all(history[w] == "1" for w in waves))
        for waves in ((0,), (1,), (0, 1))
    )
    return n1, n2, m


def _moments(item: MembershipsEvidence) -> tuple[float, float, int]:
    counts, mean, n = item.counts_by_number, item.headline, item.n_respondents
    if counts is not None:
        sd = math.sqrt(sum(count * (k - mean) ** 2 for k, count in counts.items()) / n)
    elif item.sd is not None:
        sd = item.sd
    else:
        # A mean alone: further platforms as a Poisson number.
        sd = math.sqrt(mean - 1)
    return mean, sd, n


def _total(figures: dict[str, tuple[tuple[str, ...], Figure]], within: frozenset[str]) -> float | None:
    apart = [figure.value for name, (_, figure) in figures.items() if name not in within]
    return sum(apart) if apart else None


def _anchor_name(inputs: Inputs) -> tuple[str, str] | None:
    """Name what the surveyed platform's share is taken of: its registrations, or else its audience."""
    for kind, figures in (("registrations", inputs.registrations), ("visitors", inputs.visitors)):
        for name, (where, _) in figures.items():
            if where == (inputs.survey_on,):
                return kind, name
    return None


def _anchor(inputs: Inputs) -> tuple[float, float] | None:
    found = _anchor_name(inputs)
    if found is None:
        return None
    kind, name = found
    figures = inputs.registrations if kind == "registrations" else inputs.visitors
    total = _total(figures, inputs.within)
    assert total is not None
    return figures[name][1].value, total


def _size(captures: tuple[int, int, int] | Figure | None) -> float | None:
    if captures is None:
        return None
    if isinstance(captures, Figure):
        return captures.value
    if captures[2] == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MicroestimWarning)
        return float(lincoln_petersen(*captures).n_hat)


def _size_draws(
    captures: tuple[int, int, int] | Figure | None, rng: np.random.Generator, resamples: int
) -> Floats | None:
    size = _size(captures)
    if size is None or captures is None:
        return None
    if isinstance(captures, Figure):
        return _draws(captures, rng, resamples)
    n1, n2, _ = captures
    m = rng.hypergeometric(n1, max(round(size) - n1, 0), n2, resamples)
    # A resample without a recapture has no size; the least that it can be is that of one recapture.
    return n1 * n2 / np.maximum(m, 1)


def _draws(figure: Figure, rng: np.random.Generator, resamples: int) -> Floats:
    return figure.value * np.exp(figure.error * rng.standard_normal(resamples))


def _people(accounts: float | None, memberships: float) -> float | None:
    return None if accounts is None else float(people_from_accounts(accounts, memberships=memberships).n_hat)
