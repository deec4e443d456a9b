"""How much each prior matters: what the evidence adds to it, and which tier moves with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microestim.checks.fitted import FittedAlone
from microestim.checks.splines import natural_spline
from microestim.errors import InputError
from microestim.models.observations import AudienceFigure, CountryShare
from microestim.models.people import TIER_IDS
from microestim.models.priors import Prior
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PRIOR_ONLY_BELOW",
    "PriorInfluence",
    "QuantityInfluence",
    "ScaleChange",
    "prior_influence",
    "scaled_prior",
]

PRIOR_ONLY_BELOW = 0.1
"""Contraction below which a quantity is called a prior, not a finding."""

_BATCHES = 8
_FOOTER = (
    f"* The evidence takes less than {PRIOR_ONLY_BELOW:.0%} off the prior's variance: a prior, not a "
    "finding.",
    "Shift: posterior mean in prior standard deviations from the prior's centre. Contraction: 1 less "
    "posterior over prior variance.",
    "Squared correlations (r²) are of each quantity with the log of the people in a tier, one at a time; "
    "quantities go together in the posterior, so they overlap and do not sum to 1.",
    "Halved / doubled: change of a tier's median with half and with twice the prior's spread, the "
    "prior's median kept; ~0 where the change is within three simulation errors. No refit: the draws of "
    "the quantity are reweighted (Pareto-smoothed), and a regression of the log of the tier on the "
    "quantity carries the change over; † where the weights are too uneven and a normal approximation "
    "takes their place. Refit with scaled_prior() before such a change is reported as a result.",
)


@dataclass(frozen=True)
class ScaleChange:
    """What another spread of one prior does to the tiers.

    Parameters
    ----------
    factor : float
        The spread over the one that was used.
    by : {"reweighting", "normal approximation"}
        How the change was computed.
    pareto_k : float
        Shape of the tail of the weights; reweighting is used up to the limit of `pareto_limit`.
    change : mapping of str to float
        By tier, the relative change of the posterior median (0.1 is 10 % more).
    error : mapping of str to float
        By tier, the simulation error of the change: its standard error from batches of the draws.
    """

    factor: float
    by: Literal["reweighting", "normal approximation"]
    pareto_k: float
    change: Mapping[str, float]
    error: Mapping[str, float]

    def clear(self, tier: str) -> bool:
        """Tell whether a change is beyond three simulation errors and rounds to a per cent.

        Parameters
        ----------
        tier : str
            The tier.

        Returns
        -------
        bool
            Whether it is.
        """
        return abs(self.change[tier]) > max(3.0 * self.error[tier], 0.005)


@dataclass(frozen=True)
class QuantityInfluence:
    """How much the prior of one quantity matters.

    Parameters
    ----------
    name : str
        Name of the quantity.
    prior : Prior
        The prior that it follows.
    shift : float
        Posterior mean less prior mean, in prior standard deviations.
    contraction : float
        1 less posterior over prior variance.
    squared_correlation : mapping of str to float
        By tier, of the quantity (on its prior's scale) with the log of the people.
    moved : mapping of str to float
        By tier, the relative change of the people when the prior's centre moves up by one prior standard
        deviation (0.1 is 10 % more), from the derivative at the centre that was used.
    halved, doubled : ScaleChange
        What half and twice the prior's spread do.
    """

    name: str
    prior: Prior
    shift: float
    contraction: float
    squared_correlation: Mapping[str, float]
    moved: Mapping[str, float]
    halved: ScaleChange
    doubled: ScaleChange

    @property
    def prior_only(self) -> bool:
        """Whether the evidence leaves the prior as it was, or wider: a prior, not a finding."""
        return self.contraction < PRIOR_ONLY_BELOW

    @property
    def weight(self) -> float:
        """Mean over tiers of the squared correlation, times posterior over prior variance.

        This is the squared change of the log of a tier, in its posterior standard deviations, when the
        prior's centre moves by one prior standard deviation. What the evidence pins down has a small one,
        however strongly a tier moves with it: it is a finding, not an assumption.
        """
        return (1.0 - self.contraction) * float(np.mean(list(self.squared_correlation.values())))


@dataclass(frozen=True, repr=False)
class PriorInfluence:
    """How much each prior of a fit matters.

    Parameters
    ----------
    quantities : tuple of QuantityInfluence
        One a quantity, in the model's order.
    converged : bool
        Whether the fit converged.
    """

    quantities: tuple[QuantityInfluence, ...]
    converged: bool = True

    def __getitem__(self, name: str) -> QuantityInfluence:
        for each in self.quantities:
            if each.name == name:
                return each
        raise InputError(f"no quantity {name!r}; use one of {', '.join(q.name for q in self.quantities)}")

    @property
    def ranked(self) -> tuple[QuantityInfluence, ...]:
        """The quantities, the one that matters most first."""
        return tuple(sorted(self.quantities, key=lambda each: -each.weight))

    @property
    def prior_only(self) -> tuple[str, ...]:
        """Names of the quantities that the evidence does not identify."""
        return tuple(each.name for each in self.quantities if each.prior_only)

    @property
    def most_influential(self) -> tuple[str, str]:
        """Name of the quantity whose prior matters most, and a sentence that says how much."""
        first = self.ranked[0]
        tier = max(first.squared_correlation, key=lambda each: first.squared_correlation[each])
        up = float(first.prior.natural(first.prior.location + first.prior.spread))
        parts = [
            f"{first.prior.meaning} ({first.name})",
            f"it goes with {first.squared_correlation[tier]:.0%} of the variance of the log of {tier}",
            "the evidence does not identify it"
            if first.prior_only
            else f"the evidence takes {first.contraction:.0%} off the prior's variance",
            f"a prior median of {up:.3g} instead of {first.prior.median:.3g} {first.prior.unit}, one "
            f"prior standard deviation up, would change {tier} by about {first.moved[tier]:+.0%}",
        ]
        return first.name, "; ".join(parts) + "."

    @property
    def table(self) -> Table:
        """The quantities for reading, the one that matters most first."""
        columns = (
            "quantity",
            "shift",
            "contraction",
            *(f"r² {tier}" for tier in TIER_IDS),
            *(f"{tier}, halved / doubled" for tier in TIER_IDS),
        )
        rows = []
        for each in self.ranked:
            mark = " *" if each.prior_only else ""
            changes = [f"{_percent(each.halved, tier)} / {_percent(each.doubled, tier)}" for tier in TIER_IDS]
            rows.append(
                (
                    each.name + mark,
                    f"{each.shift:+.2f}",
                    f"{each.contraction:.2f}",
                    *(f"{each.squared_correlation[tier]:.2f}" for tier in TIER_IDS),
                    *changes,
                )
            )
        title = "Influence of the priors" + ("" if self.converged else " - NOT CONVERGED")
        return Table(columns, rows, title=title, footer=_FOOTER)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a quantity, in full precision.

        Returns
        -------
        pandas.DataFrame
            quantity, prior, meaning, unit, shift, contraction, prior_only, weight; ``r2_<tier>``;
            ``moved_<tier>``; relative changes of medians ``halved_<tier>`` and ``doubled_<tier>``, their
            simulation errors ``halved_error_<tier>`` and ``doubled_error_<tier>``, ``halved_by``,
            ``doubled_by``, ``halved_pareto_k`` and ``doubled_pareto_k``.
        """
        import pandas as pd

        return pd.DataFrame([_record(each) for each in self.quantities])

    def __repr__(self) -> str:
        return f"PriorInfluence({len(self.quantities)} quantities, most influential: {self.ranked[0].name})"

    def __str__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()


def _percent(change: ScaleChange, tier: str) -> str:
    mark = "" if change.by == "reweighting" else "†"
    return f"{100.0 * change.change[tier]:+.0f}%{mark}" if change.clear(tier) else f"~0{mark}"


def _record(each: QuantityInfluence) -> dict[str, object]:
    record: dict[str, object] = {
        "quantity": each.name,
        "prior": each.prior.name,
        "meaning": each.prior.meaning,
        "unit": each.prior.unit,
        "shift": each.shift,
        "contraction": each.contraction,
        "prior_only": each.prior_only,
        "weight": each.weight,
    }
    record |= {f"r2_{tier}": value for tier, value in each.squared_correlation.items()}
    record |= {f"moved_{tier}": value for tier, value in each.moved.items()}
    for name, change in (("halved", each.halved), ("doubled", each.doubled)):
        record |= {f"{name}_{tier}": value for tier, value in change.change.items()}
        record |= {f"{name}_error_{tier}": value for tier, value in change.error.items()}
        record |= {f"{name}_by": change.by, f"{name}_pareto_k": change.pareto_k}
    return record


def scaled_prior(prior: Prior, factor: float) -> Prior:
    """Give the same prior with another spread, to refit with.

    Parameters
    ----------
    prior : Prior
        The prior.
    factor : float
        By what to multiply its spread (no unit), above 0.

    Returns
    -------
    Prior
        With the same median, and a rationale that says so.

    Raises
    ------
    InputError
        The factor is not a positive number.

    Examples
    --------
    >>> from microestim.models.priors import DEFAULT_PRIORS
    >>> scaled_prior(DEFAULT_PRIORS["departure"], 2.0).spread
    1.0
    """
    if not (math.isfinite(factor) and factor > 0):
        raise InputError(f"factor is {factor}; it must be a number above 0")
    rationale = f"{prior.rationale} Here with {factor:g} times its spread, to see how much it matters."
    return replace(prior, spread=prior.spread * factor, rationale=rationale)


def pareto_limit(n_draws: int) -> float:
    """Largest Pareto shape at which reweighted draws are used.

    Parameters
    ----------
    n_draws : int
        Number of draws.

    Returns
    -------
    float
        min(1 - 1 / log10(n), 0.7), of Vehtari et al. 2024.
    """
    return min(1.0 - 1.0 / math.log10(n_draws), 0.7)


def prior_influence(fit: FittedAlone) -> PriorInfluence:
    r"""Measure how much each prior matters to each tier, without fitting again.

    Parameters
    ----------
    fit : WorkforceFit
        A fit.

    Returns
    -------
    PriorInfluence
        One row a scalar quantity that follows a prior; a prior that several quantities share (one a survey
        wave, say) is varied for each of them alone.

    Notes
    -----
    Every quantity has a coordinate z with the prior N(0, 1). Were the prior N(u, 1), the posterior mean of
    log T would change with u at the rate Cov(z, log T), exactly at u = 0; this ranks the assumptions. With
    k times the spread the prior is N(0, k²), and the draws of z get the weights :math:`\exp\{-z^2 (k^{-2} -
    1) / 2\}`, whose tail is Pareto-smoothed [1]_. The weights are a function of z alone, so the tier
    follows z through :math:`E[\log T \mid z]`: each draw's z is moved to the same quantile of the
    reweighted distribution, and log T by the difference that a natural cubic spline gives. Where the Pareto
    shape is beyond its limit, the posterior of z is taken as normal with the draws' mean m and variance v:
    the new precision is :math:`\max(1/v - 1, 0) + k^{-2}`, since evidence cannot inform by less than
    nothing, and the new mean is m / v over it.

    References
    ----------
    .. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance
       sampling. Journal of Machine Learning Research 25(72), 1-58. doi:10.48550/arXiv.1507.02646

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.WorkforceModel(me.load_study("fr-2018")).fit(rng=1)  # doctest: +SKIP
    >>> prior_influence(fit).most_influential[0]  # doctest: +SKIP
    'visitors_per_person[work pages, SimilarWeb]'
    """
    log_people = {tier: np.log(fit.draws(tier).ravel()) for tier in TIER_IDS}
    quantities = tuple(_influence(name, prior, z, log_people) for name, prior, z in _coordinates(fit))
    return PriorInfluence(quantities, fit.converged)


def _coordinates(fit: FittedAlone) -> Iterator[tuple[str, Prior, np.ndarray]]:
    """Every scalar quantity with its prior and its draws in prior standard deviations."""
    design, priors = fit.design, fit.all_priors
    centre = priors["accounts_centre"]
    sizes = fit.latent.sizes
    # Declared numbers enter by a change of variable, so this prior has no coordinate of its own everywhere.
    level = sizes.log_accounts[:, 0] if sizes.level is None else sizes.level
    yield centre.name, centre, (np.asarray(level) - centre.location) / centre.spread
    for i, parameter in enumerate(design.parameters):
        if parameter.prior is not None:
            yield parameter.name, priors[parameter.prior], fit.deviates.scalars[:, i]
    if "share" in design.rows:
        row = fit.deviates.platforms[:, design.rows.index("share")]
        for j, platform in enumerate(design.platforms):
            if _share_is_used(fit, j):
                yield f"country_share[{platform}]", priors["country_share"], row[:, j]


def _share_is_used(fit: FittedAlone, platform: int) -> bool:
    sizes = fit.design.sizes
    if not sizes.open_to_world[platform]:
        return False
    return bool(sizes.worldwide[platform]) or any(
        (isinstance(each, CountryShare) and each.platform == platform)
        or (isinstance(each, AudienceFigure) and each.worldwide and each.members[platform] > 0)
        for each in fit.design.observations
    )


def _influence(
    name: str, prior: Prior, z: np.ndarray, log_people: Mapping[str, np.ndarray]
) -> QuantityInfluence:
    return QuantityInfluence(
        name=name,
        prior=prior,
        shift=float(z.mean()),
        contraction=float(1.0 - z.var()),
        squared_correlation={tier: float(np.corrcoef(z, y)[0, 1] ** 2) for tier, y in log_people.items()},
        moved={tier: math.expm1(float(np.cov(z, y)[0, 1])) for tier, y in log_people.items()},
        halved=scale_change(z, log_people, 0.5),
        doubled=scale_change(z, log_people, 2.0),
    )


def scale_change(z: np.ndarray, log_people: Mapping[str, np.ndarray], factor: float) -> ScaleChange:
    """Change of each tier's median when a prior's spread is multiplied.

    Parameters
    ----------
    z : ndarray, shape (draws,)
        Draws of the quantity in prior standard deviations from the prior's centre.
    log_people : mapping of str to ndarray, shape (draws,)
        Draws of the log of the people, by tier.
    factor : float
        By what the spread is multiplied.

    Returns
    -------
    ScaleChange
        The changes, and how they were computed.
    """
    from arviz_stats.base.array import BaseArray

    # It takes log-likelihoods to leave out, so the negative of the log weights.
    smooth: Any = BaseArray()
    try:
        log_weights, shape = smooth.psislw(0.5 * z * z * (factor**-2 - 1.0))
    except ValueError:
        # Where a chain stands still the largest weights are all one draw's: there is no tail to smooth.
        log_weights, shape = np.zeros_like(z), math.inf
    pareto_k = float(shape)
    by: Literal["reweighting", "normal approximation"]
    if pareto_k <= pareto_limit(len(z)):
        by, moved = "reweighting", _reweighted(z, np.asarray(log_weights))
    else:
        by = "normal approximation"
        mean, variance = float(z.mean()), float(z.var())
        precision = max(1.0 / variance - 1.0, 0.0) + factor**-2
        moved = mean / variance / precision + (z - mean) / math.sqrt(variance * precision)
    before, after = natural_spline(z, z), natural_spline(moved, z)
    y = np.column_stack(list(log_people.values()))
    whole = _median_change(before, after, y)
    batches = np.array_split(np.arange(len(z)), _BATCHES)
    parts = np.array([_median_change(before[rows], after[rows], y[rows]) for rows in batches])
    error = parts.std(axis=0, ddof=1) / math.sqrt(_BATCHES)
    return ScaleChange(
        factor,
        by,
        pareto_k,
        change=dict(zip(log_people, np.expm1(whole).tolist(), strict=True)),
        error=dict(zip(log_people, error.tolist(), strict=True)),
    )


def _median_change(before: np.ndarray, after: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Change of the median of each column of y when its regression on the quantity is followed."""
    coefficients = np.linalg.lstsq(before, y, rcond=None)[0]
    return np.asarray(np.median(y + (after - before) @ coefficients, axis=0) - np.median(y, axis=0))


def _reweighted(z: np.ndarray, log_weights: np.ndarray) -> np.ndarray:
    """Move every draw to its own quantile of the weighted distribution."""
    order = np.argsort(z)
    weights = np.exp(log_weights[order] - log_weights.max())
    upto = np.cumsum(weights) / weights.sum()
    middle = upto - 0.5 * weights / weights.sum()
    moved = np.empty_like(z)
    moved[order] = np.interp((np.arange(len(z)) + 0.5) / len(z), middle, z[order])
    return moved
