"""What follows from the number of people: shares of a population, wage bills, full-time equivalents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import InputError
from microestim.results import (
    ROUNDING_RULE,
    Table,
    check_level,
    credible_interval,
    normal_quantile,
    printed_draws,
)
from microestim.workforce.tiers import Scope, TierEstimates

if TYPE_CHECKING:
    import pandas as pd

    from microestim.study import Study
    from microestim.workforce.fit import WorkforceFit

__all__ = ["ByTier", "Derived", "DerivedQuantity", "Known", "derive", "full_time_equivalents"]

type Known = float | tuple[float, float]
"""A positive number that is known, or the limits between which it lies with 95 % probability."""
type ByTier = Known | Mapping[str, Known]
"""The same for the people of every tier, or one for each tier."""

WEEKS_A_MONTH = 52 / 12
HOURS_A_WEEK = 168

_JOBS = "full-time jobs"


@dataclass(frozen=True, eq=False)
class DerivedQuantity:
    """One quantity that follows from the number of people in a tier.

    Parameters
    ----------
    name : str
        What it is.
    tier : str
        The tier whose people it is of.
    unit : str
        Its unit.
    formula : str
        How it is made, in words.
    draws : ndarray, shape (chains, draws)
        Posterior draws.
    """

    name: str
    tier: str
    unit: str
    formula: str
    draws: np.ndarray


@dataclass(frozen=True, eq=False)
class Derived:
    """Quantities that follow from the number of people; made by `WorkforceFit.derived`.

    Parameters
    ----------
    quantities : tuple of DerivedQuantity
        One a quantity and tier.
    inputs : tuple of str
        What was given by the caller, as printed.
    title : str
        Title of the table.
    study : Study
        The study whose people they are made of.
    """

    quantities: tuple[DerivedQuantity, ...]
    inputs: tuple[str, ...]
    title: str
    study: Study

    def draws(self, name: str, tier: str) -> np.ndarray:
        """Give the posterior draws of one quantity.

        Parameters
        ----------
        name : str
            What it is, as in the table.
        tier : str
            The tier.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws, in the quantity's unit.
        """
        for quantity in self.quantities:
            if (quantity.name, quantity.tier) == (name, tier):
                return quantity.draws
        known = ", ".join(dict.fromkeys(f"{each.name!r} of {each.tier}" for each in self.quantities))
        raise InputError(f"there is no {name!r} of {tier!r}; there are {known}")

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Give one row a quantity, in full precision.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        pandas.DataFrame
            Columns quantity, tier, unit, median, ci_low, ci_high, ci_level, ci_kind and formula.
        """
        import pandas as pd

        rows = []
        for each in self.quantities:
            low, high, *_ = interval = credible_interval(each.draws, level)
            rows.append(
                {
                    "quantity": each.name,
                    "tier": each.tier,
                    "unit": each.unit,
                    "median": float(np.median(each.draws)),
                    "ci_low": low,
                    "ci_high": high,
                    "ci_level": level,
                    "ci_kind": interval.kind,
                    "formula": each.formula,
                }
            )
        return pd.DataFrame(rows)

    def table(self, *, level: float = 0.95) -> Table:
        """Lay the quantities out for a reader.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        Table
            One row a quantity and tier, rounded; formulas and what was given stand below.
        """
        check_level(level)
        rows = []
        for each in self.quantities:
            share = each.unit == "share"
            median, interval = printed_draws(100 * each.draws if share else each.draws, level)
            unit = "%" if share else each.unit
            rows.append((each.name, each.tier, median, interval, unit))
        made = dict.fromkeys(f"{each.name}: {each.formula}." for each in self.quantities)
        return Table(
            ("quantity", "tier", "median", f"{100 * level:g}% credible interval", "unit"),
            rows,
            title=self.title,
            footer=(*made, *self.inputs, ROUNDING_RULE),
            align=("left", "left", "right", "right", "left"),
        )

    def __repr__(self) -> str:
        return f"<Derived: {', '.join(dict.fromkeys(each.name for each in self.quantities))}>"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().to_html()


class _Inputs:
    """What the caller gave, drawn once each, so that a number that enters twice is the same twice."""

    def __init__(self, shape: tuple[int, ...], rng: np.random.Generator, tiers: tuple[str, ...]) -> None:
        self.shape, self.rng, self.tiers = shape, rng, tiers
        self.printed: list[str] = []

    def known(self, name: str, value: Known | None, unit: str) -> np.ndarray | None:
        if value is None:
            return None
        drawn = self._draw(name, value)
        self.printed.append(f"{name.replace('_', ' ')}: {_words(value)} {unit}, as given.")
        return drawn

    def by_tier(self, name: str, value: ByTier | None, unit: str) -> dict[str, np.ndarray]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            drawn = self._draw(name, value)
            self.printed.append(
                f"{name.replace('_', ' ')}: {_words(value)} {unit}, as given, the same for the people of "
                "every tier. If it was measured among the most active, it is too high for the others."
            )
            return dict.fromkeys(self.tiers, drawn)
        unknown = [tier for tier in value if tier not in self.tiers]
        if unknown or not value:
            raise InputError(
                f"{name} is given for {unknown or 'no tier'}; the tiers are {', '.join(self.tiers)}"
            )
        found = {tier: self._draw(f"{name}[{tier!r}]", each) for tier, each in value.items()}
        given = "; ".join(f"{tier} {_words(each)}" for tier, each in value.items())
        self.printed.append(f"{name.replace('_', ' ')}: {given} {unit}, as given.")
        return found

    def _draw(self, name: str, value: Known) -> np.ndarray:
        limits: tuple[float, ...] = value if isinstance(value, tuple) else (value, value)
        if len(limits) != 2 or not all(map(_positive, limits)) or limits[0] > limits[1]:
            raise InputError(
                f"{name} is {value!r}; give a number above 0, or (low, high): limits between which it lies "
                "with 95 % probability"
            )
        if "hours" in name and limits[1] > HOURS_A_WEEK:
            raise InputError(f"{name} is {value!r}; a week has {HOURS_A_WEEK} hours")
        low, high = math.log(limits[0]), math.log(limits[1])
        spread = (high - low) / (2 * float(normal_quantile(0.95)))
        return np.exp((low + high) / 2 + spread * self.rng.standard_normal(self.shape))


def _positive(value: object) -> bool:
    return not isinstance(value, bool | np.bool) and isinstance(value, Real) and 0 < float(value) < math.inf


def _words(value: Known) -> str:
    return f"{value[0]:,.10g} to {value[1]:,.10g} (95 %)" if isinstance(value, tuple) else f"{value:,.10g}"


def derive(
    tiers: TierEstimates,
    *,
    rng: int | np.random.Generator,
    currency: str = "money",
    active_population: Known | None = None,
    monthly_income: ByTier | None = None,
    monthly_wage: Known | None = None,
    weekly_hours: ByTier | None = None,
    full_time_hours: Known | None = None,
    hourly_pay: Known | None = None,
) -> Derived:
    """Make every quantity that follows from the number of people and what else is given.

    Parameters
    ----------
    tiers : TierEstimates
        Posterior draws of the people in each tier.
    rng : int or Generator
        Source of randomness for what is given with limits.
    currency : str, default "money"
        Name of the currency, for units.
    active_population, monthly_income, monthly_wage, weekly_hours, full_time_hours, hourly_pay : optional
        See `WorkforceFit.derived`.

    Returns
    -------
    Derived
        The quantities.
    """
    people = tiers.people
    inputs = _Inputs(people["registered"].shape, np.random.default_rng(rng), tuple(people))
    population = inputs.known("active_population", active_population, "people")
    income = inputs.by_tier("monthly_income", monthly_income, f"{currency} a month and person")
    wage = inputs.known("monthly_wage", monthly_wage, f"{currency} a month")
    hours = inputs.by_tier("weekly_hours", weekly_hours, "hours a week and person")
    full_time = inputs.known("full_time_hours", full_time_hours, "hours a week")
    pay = inputs.known("hourly_pay", hourly_pay, f"{currency} an hour")
    paid = bool(income) and full_time is not None
    filled = bool(hours) or (bool(income) and pay is not None)
    for name, given, useful, partner in (
        ("monthly_wage", monthly_wage, bool(income), "monthly_income"),
        ("hourly_pay", hourly_pay, paid, "monthly_income and full_time_hours"),
        ("full_time_hours", full_time_hours, filled, "weekly_hours, or monthly_income and hourly_pay"),
        ("weekly_hours", weekly_hours, full_time is not None, "full_time_hours"),
    ):
        if given is not None and not useful:
            raise InputError(f"{name} says nothing alone; give {partner} too")
    rows = [
        DerivedQuantity(
            "reserve",
            tier,
            "registered people per person of the tier",
            "registered people / people in the tier",
            people["registered"] / people[tier],
        )
        for tier in ("monthly_active", "weekly")
    ]
    if population is not None:
        rows += [_share(tier, draws, population) for tier, draws in people.items()]

    def add(
        name: str, unit: str, formula: str, each: Mapping[str, np.ndarray], divisor: np.ndarray | float
    ) -> None:
        for tier, values in each.items():
            rows.append(DerivedQuantity(name, tier, unit, formula, people[tier] * values / divisor))

    job, what = _JOBS, "full-time equivalents by"
    add("wage bill", f"{currency} a month", "people x monthly income", income, 1.0)
    if wage is not None:
        add(f"{what} income", job, "people x monthly income / full-time wage", income, wage)
    if full_time is not None:
        add(f"{what} hours", job, "people x weekly hours / full-time hours", hours, full_time)
        if pay is not None:
            formula = "people x monthly income / hourly pay / full-time hours a month"
            add(f"{what} the hours that income pays", job, formula, income, pay * full_time * WEEKS_A_MONTH)
    title = f"{tiers.study.title}: what follows from the number of people"
    return Derived(tuple(rows), tuple(inputs.printed), title + _where(tiers), tiers.study)


def _where(tiers: TierEstimates) -> str:
    """Say which platforms the people are on, where these are not the observed ones, and a failed sampler."""
    where = "" if tiers.scope == "observed" else f" ({tiers.platforms_in_words})"
    return where if tiers.converged else f"{where} - NOT CONVERGED"


def full_time_equivalents(
    fit: WorkforceFit,
    *,
    monthly_income: ByTier | None = None,
    monthly_wage: Known | None = None,
    weekly_hours: ByTier | None = None,
    full_time_hours: Known | None = None,
    hourly_pay: Known | None = None,
    currency: str = "money",
    scope: Scope = "observed",
    without_class: str | Sequence[str] = (),
    rng: int | np.random.Generator | None = None,
) -> Derived:
    """Count the full-time jobs that micro-work comes to, by income and by hours, for each tier.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    monthly_income : float or (low, high), or mapping of these by tier, optional
        Mean income from micro-work of a person of the tier, in money a month.
    monthly_wage : float or (low, high), optional
        Wage of a full-time job, in money a month: by it income becomes jobs.
    weekly_hours : float or (low, high), or mapping of these by tier, optional
        Mean hours a week that a person of the tier spends on micro-work.
    full_time_hours : float or (low, high), optional
        Hours a week of a full-time job: by it hours become jobs.
    hourly_pay : float or (low, high), optional
        Pay of an hour of micro-work: by it income becomes hours.
    currency : str, default "money"
        Name of the currency, for units.
    scope : {"observed", "all"}, default "observed"
        Which platforms' people. The title says so where it is "all".
    without_class : str or sequence of str, optional
        With scope "all": classes whose platforms without evidence are left out.
    rng : int, Generator or None
        Source of randomness for inputs with limits; the fit's own seed unless given.

    Returns
    -------
    Derived
        Jobs by each way that the inputs allow, one row a tier, as a table, a frame and draws.

    Raises
    ------
    InputError
        If nothing can be made of the inputs, or one is not positive.

    See Also
    --------
    WorkforceFit.derived : These, and all else that follows from the number of people.

    Notes
    -----
    By income: people x monthly income / full-time wage. By hours: people x weekly hours / full-time hours.
    By the hours that income pays: people x monthly income / hourly pay / full-time hours a month, with
    52 / 12 weeks a month. These are definitions: what a study calls full-time jobs is one of them. Where
    micro-work pays less than the wage, the first is smaller than the others: say which one is meant.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_fit("fr-2018.nc")  # doctest: +SKIP
    >>> me.full_time_equivalents(fit, monthly_income=21, monthly_wage=1185)  # doctest: +SKIP
    """
    found = fit.derived(
        monthly_income=monthly_income,
        monthly_wage=monthly_wage,
        weekly_hours=weekly_hours,
        full_time_hours=full_time_hours,
        hourly_pay=hourly_pay,
        currency=currency,
        scope=scope,
        without_class=without_class,
        rng=rng,
    )
    jobs = tuple(each for each in found.quantities if each.unit == _JOBS)
    if not jobs:
        raise InputError(
            "nothing to make full-time equivalents of; give monthly_income and monthly_wage, or weekly_hours "
            "and full_time_hours, or monthly_income, hourly_pay and full_time_hours"
        )
    title = f"{fit.study.title}: full-time equivalents"
    where = _where(fit.tiers.over(scope, without_class=without_class))
    return replace(found, quantities=jobs, title=title + where)


def _share(tier: str, people: np.ndarray, population: np.ndarray) -> DerivedQuantity:
    draws = people / population
    if np.median(draws) > 1:
        given, counted = np.median(population), np.median(people)
        raise InputError(f"active_population is {given:,.0f}; {tier} alone has {counted:,.0f} people")
    return DerivedQuantity(
        "share of the active population", tier, "share", "people / active population", draws
    )
