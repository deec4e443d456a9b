"""Logits of capture that are normal among people: the integral over ability, as fine as it needs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.abilities import AbilityModel, Nodes, mean_chances
from microestim.estimators.closed_populations.ability_data import ability_data, cumulants, start_effects
from microestim.estimators.closed_populations.counts import MarginCounts
from microestim.estimators.closed_populations.family import FamilyFit, refuse_endless, settle
from microestim.estimators.closed_populations.history_sizes import HistoryProfile, climb_near
from microestim.estimators.closed_populations.likelihood import climb, conditional_surface
from microestim.estimators.closed_populations.margin_refusals import refuse_what_cannot_be

__all__ = ["NormalAbilities", "fit_normal"]

Array = npt.NDArray[np.float64]
# Abilities, in standard deviations, among which the integrands are looked for.
SEARCHED = np.linspace(-40.0, 40.0, 161)
# The log of what is left out at the ends, relative to the peak of each integrand.
LEFT_OUT = -40.0
# The normal distribution itself, in standard deviations.
BULK = 9.0
# Distance of the nodes in standard deviations of the narrowest integrand, and in distances of the poles of
# the logistic function from the real axis, pi / sigma.
SPACING = 0.6
NEAR_POLES = 0.15
MOST_NODES = 4000
# Below this standard deviation of logits no data can tell people apart.
NO_SPREAD = 1e-4
# Beyond it nearly everybody is captured always or never.
LARGEST_SPREAD = 8.0
# A search does not begin below.
LEAST_START = 0.1
_NO_SPREAD = (
    "the standard deviation of ability is at its boundary 0: the data show no heterogeneity, and this is the "
    "estimate without it, whose error takes that as known"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalAbilities(AbilityModel):
    r"""Ability is normal: the parameter after the effects is its standard deviation on the logit scale.

    Parameters
    ----------
    data : AbilityData
        The data.
    fineness : float, default 1.0
        Factor by which nodes are closer than they need to be.

    Notes
    -----
    A history of k captures has the probability
    :math:`\int e^{\sum_i (\beta_i + \sigma z) \omega_i} \prod_i (1 + e^{\beta_i + \sigma z})^{-1} \phi(z) dz`
    [1]_ [2]_. The integrands are log-concave, with a curvature between 1 and :math:`1 + \sigma^2 v`, v the
    largest variance of captures given ability. For such functions the trapezoidal rule converges
    geometrically in the inverse of the distance of its nodes: as :math:`\exp(-2 \pi^2 / d^2)` with d in
    standard deviations of the narrowest peak, and as :math:`\exp(-2 \pi / d)` with d in distances of the
    poles, :math:`\pi / \sigma`; d is 0.6 and 0.15, for 1e-18 or so. A Gauss-Hermite rule of fixed
    order follows the standard deviation of ability, and misses peaks that many occasions make narrow.

    References
    ----------
    .. [1] Rivest, L.-P. (2011). A lower bound model for multiple record systems estimation with heterogeneous
       catchability. International Journal of Biostatistics 7(1), 23. doi:10.2202/1557-4679.1283
    .. [2] Coull, B. A. & Agresti, A. (1999). The use of mixed logit models to reflect heterogeneity in
       capture-recapture studies. Biometrics 55(1), 294-301. doi:10.1111/j.0006-341X.1999.00294.x
    """

    fineness: float = 1.0

    def nodes(self, theta: Array) -> Nodes:
        """See `AbilityModel`."""
        low, high, distance = self._range(theta)
        count = min(int(np.ceil((high - low) / distance)), MOST_NODES) + 1
        z = np.linspace(low, high, count)
        logs = -(z**2) / 2 + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi))
        return Nodes(place=z[:, None], log_weight=logs, tilt=np.zeros((count, 0)))

    def _range(self, theta: Array) -> tuple[float, float, float]:
        """First and last node, and the distance between neighbours."""
        data, rows = self.data, len(self.data.captured)
        sigma = float(theta[self.effects])
        logits = theta[:rows, None] + sigma * SEARCHED
        constant, _, variance = cumulants(data, logits)
        normal = -(SEARCHED**2) / 2
        none = normal - constant.sum(axis=0)
        if data.reaction:
            after, _, more = cumulants(data, logits + theta[rows])
            # Between no reaction and a reaction from the start: every first capture lies between the two.
            variance = np.maximum(variance, more)
            constant = np.maximum(constant, after)
            none = np.maximum(none, normal - after.sum(axis=0))
        most = normal + data.number.max() * sigma * SEARCHED - constant.sum(axis=0)
        wanted = (none - none.max() > LEFT_OUT) | (most - most.max() > LEFT_OUT)
        place = np.flatnonzero(wanted | (np.abs(SEARCHED) <= BULK))
        kept = slice(place[0], place[-1] + 1)
        sharpest = float(variance.sum(axis=0)[kept].max())
        step = SEARCHED[1] - SEARCHED[0]
        low, high = SEARCHED[place[0]] - step, SEARCHED[place[-1]] + step
        distance = SPACING / np.sqrt(1 + sigma**2 * sharpest)
        distance = min(distance, NEAR_POLES * np.pi / max(abs(sigma), 1e-9))
        return float(low), float(high), float(distance / self.fineness)


def _best_start(counts: MarginCounts, model: NormalAbilities, starts: list[Array]) -> Array:
    """Choose where to begin.

    With a reaction, that is the maximum without one, which takes a fraction of the work: cells are then
    numbers of captures alone.
    """
    alike, place = model, np.arange(len(starts[0]))
    if model.data.reaction:
        alike = NormalAbilities(data=ability_data(counts, by_occasion=True, reaction=False))
        place = np.delete(place, len(model.data.captured))
    best = max(starts, key=lambda start: conditional_surface(alike, start[place]).value)
    if model.data.reaction:
        peak = climb(alike, best[place])
        # At a spread of 0 the slope by the spread is 0 whatever the data, and beyond the largest nothing is.
        if peak.converged and LEAST_START < abs(peak.theta[-1]) < LARGEST_SPREAD:
            best = best.copy()
            best[place] = peak.theta
    return best


def fit_normal(
    name: str,
    counts: MarginCounts,
    *,
    by_occasion: bool,
    reaction: bool = False,
    near: Array | None = None,
) -> FamilyFit:
    """Fit a model whose logits of capture are normal among people.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data; `ClosedCounts` where `by_occasion` or `reaction`.
    by_occasion : bool
        Whether each occasion has an effect of its own.
    reaction : bool
        Whether the chance of capture changes after the first capture.
    near : ndarray, optional
        Parameters of a fit to similar data: the search begins there, and elsewhere only where it ends without
        a maximum.

    Returns
    -------
    FamilyFit
        The fit; with a standard deviation at its boundary 0, that of the model without heterogeneity, and it
        says so.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum.
    """
    refuse_what_cannot_be(name, counts, by_occasion=by_occasion)
    data = ability_data(counts, by_occasion=by_occasion, reaction=reaction)
    model = NormalAbilities(data=data)
    effects = start_effects(data)
    starts = [np.append(effects * np.sqrt(1 + s**2 / 3), s) for s in (0.3, 1.0, 2.5)]
    # At a spread of 0 the slope by the spread is 0 whatever the data: no place to begin at.
    told = near is not None and abs(near[-1]) > NO_SPREAD
    found_near = climb_near(model, near) if near is not None and told else None
    if found_near is not None and NO_SPREAD < abs(found_near.theta[-1]) < LARGEST_SPREAD:
        peak = found_near
    else:
        peak = climb(model, _best_start(counts, model, starts))
    sigma = abs(float(peak.theta[-1]))
    if sigma > LARGEST_SPREAD:
        raise refuse_endless(
            name, counts, "the spread of ability runs to infinity, where nobody is in between"
        )
    none = sigma < NO_SPREAD
    free = np.ones(len(peak.theta), dtype=bool)
    if none:
        peak = climb(model, np.append(peak.theta[:-1], 0.0))
        free[-1] = False
    why = "the size runs to infinity, with people whom no occasion can capture"
    found = settle(name, counts, model, peak, free=free if none else None, why=why)
    coefficients = {"sigma": 0.0 if none else sigma}
    if reaction:
        coefficients["reaction"] = float(peak.theta[len(data.captured)])
    return FamilyFit(
        model=model,
        fit=found,
        profile=HistoryProfile(model=model, starts=(peak.theta, *(starts[1:2] if none else ()))),
        parameters=1 + len(peak.theta),
        chances=mean_chances(model, peak.theta),
        coefficients=coefficients,
        reason=_NO_SPREAD if none else "",
    )
