"""People fall into a few classes, each with its own chance of capture: finite mixtures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.abilities import AbilityModel, Nodes, mean_chances
from microestim.estimators.closed_populations.ability_data import (
    AbilityData,
    ability_data,
    cumulants,
    start_effects,
)
from microestim.estimators.closed_populations.counts import MarginCounts
from microestim.estimators.closed_populations.family import FamilyFit, settle
from microestim.estimators.closed_populations.history_sizes import HistoryProfile, climb_near
from microestim.estimators.closed_populations.likelihood import (
    Peak,
    climb,
    conditional_surface,
    value_rounding,
)
from microestim.estimators.closed_populations.margin_refusals import refuse_what_cannot_be

__all__ = ["ClassAbilities", "fit_classes"]

Array = npt.NDArray[np.float64]
# A class gains less than this in log-likelihood only where it coincides with another, or is empty.
NO_CLASS = 1e-7
# Captures short of always, of a class that is taken to be captured always.
ALWAYS = 1e-5
SEARCHES = 3
# Where a class of those captured most is looked for: so many splits of the people, so far on the logit scale.
MOST_SPLITS = 10
FARTHEST = 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassAbilities(AbilityModel):
    r"""Abilities of a few classes; effects are those of the first, then come distances and shares.

    Parameters
    ----------
    data : AbilityData
        The data.
    classes : int
        Number of classes.

    Notes
    -----
    The logit of capture is an effect of the occasion plus one of the class [1]_. Parameters are the abilities
    of the classes above the first's, and the logarithms of their shares relative to the first's.

    References
    ----------
    .. [1] Pledger, S. (2000). Unified maximum likelihood estimates for closed capture-recapture models using
       mixtures. Biometrics 56(2), 434-442. doi:10.1111/j.0006-341X.2000.00434.x
    """

    classes: int

    def nodes(self, theta: Array) -> Nodes:
        """See `AbilityModel`."""
        del theta
        others = np.eye(self.classes)[:, 1:]
        return Nodes(place=others, log_weight=np.zeros(self.classes), tilt=others)


def fit_classes(
    name: str,
    counts: MarginCounts,
    classes: int,
    *,
    by_occasion: bool,
    reaction: bool = False,
    near: Array | None = None,
) -> FamilyFit:
    """Fit a model with a few classes of people.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data; `ClosedCounts` where `by_occasion` or `reaction`.
    classes : int
        Number of classes.
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
        The fit, classes in ascending order of their chance of capture. Where classes coincide, that with
        fewer classes, and it says so.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum: the chance of capture of a class runs to 0.

    Notes
    -----
    Searches start from the fit with one class less, a class added or one split, at the three best of a grid
    of places and shares and of those captured most; so the likelihood never falls with the number of classes.
    """
    refuse_what_cannot_be(name, counts, by_occasion=by_occasion)
    data = ability_data(counts, by_occasion=by_occasion, reaction=reaction)
    model, peak = _highest(data, classes, near)
    peak = _ordered(model, peak)
    always = _captured_always(model, peak.theta)
    free = np.ones(len(peak.theta), dtype=bool)
    if always and not peak.converged:
        free[model.effects + model.classes - 2] = False
    why = (
        "the chance of capture of a class runs to 0, and with it the size to infinity"
        if model.classes > 1
        else "the size runs to infinity"
    )
    fit = settle(name, counts, model, peak, free=None if free.all() else free, why=why)
    reason = ""
    if model.classes < classes:
        left = (
            "one class, that is without heterogeneity" if model.classes == 1 else f"{model.classes} classes"
        )
        reason = (
            f"{classes} classes fit no better than {model.classes}: classes coincide, and this is the "
            f"estimate with {left}"
        )
    elif not free.all():
        reason = "the chance of capture of one class is at its boundary 1; the error takes that as known"
    return FamilyFit(
        model=model,
        fit=fit,
        profile=HistoryProfile(model=model, starts=(peak.theta,)),
        # Classes that coincide are counted: the model allowed for them.
        parameters=1 + model.effects + 2 * (classes - 1),
        chances=mean_chances(model, peak.theta),
        coefficients=_describe(model, peak.theta),
        reason=reason,
    )


def _highest(data: AbilityData, classes: int, near: Array | None) -> tuple[ClassAbilities, Peak]:
    """Search for the highest likelihood; with fewer classes where one more gains nothing."""
    model = ClassAbilities(data=data, classes=classes)
    # A fit with fewer classes, whose parameters are fewer, is no place to begin at.
    if near is not None and len(near) == model.effects + 2 * (classes - 1):
        found_near = climb_near(model, near)
        if found_near is not None:
            return model, found_near
    model = ClassAbilities(data=data, classes=1)
    peak = climb(model, start_effects(data))
    for number in range(2, classes + 1):
        larger = ClassAbilities(data=data, classes=number)
        found = [climb(larger, start) for start in _starts(model, larger, peak.theta)]
        best = max(found, key=lambda end: end.at.value)
        if best.at.value < peak.at.value + NO_CLASS + value_rounding(peak.at):
            break
        model, peak = larger, best
    return model, peak


def _starts(smaller: ClassAbilities, larger: ClassAbilities, theta: Array) -> list[Array]:
    """Parameters with one class more, the best of a grid."""
    effects, k = theta[: smaller.effects], smaller.classes
    places = np.append(0.0, theta[smaller.effects : smaller.effects + k - 1])
    shares = np.exp(np.append(0.0, theta[smaller.effects + k - 1 :]))
    shares /= shares.sum()
    made = []
    for place in (-4.0, -2.5, -1.5, -0.8, 0.8, 1.5, 2.5, 4.0):
        for share in (0.15, 0.5):
            made.append((np.append(places, place), np.append(shares * (1 - share), share)))
    for place, share in _most_captured(smaller.data, effects):
        made.append((np.append(places, place), np.append(shares * (1 - share), share)))
    for split in range(k):
        for width, share in ((1.0, 0.3), (1.0, 0.7), (2.0, 0.5)):
            moved = places.copy()
            moved[split] -= width * (1 - share)
            cut = shares.copy()
            cut[split] *= share
            added = places[split] + width * share
            made.append((np.append(moved, added), np.append(cut, shares[split] * (1 - share))))
    rows = len(smaller.data.captured)
    found = []
    for where, weight in made:
        first = effects.copy()
        first[:rows] += where[0]
        found.append(np.concatenate([first, where[1:] - where[0], np.log(weight[1:] / weight[0])]))
    best = np.argsort(-_heights(larger, np.array(found)), kind="stable")[:SEARCHES]
    return [found[place] for place in best]


def _most_captured(data: AbilityData, effects: Array) -> list[tuple[float, float]]:
    """Place and share of a class of those captured most: a few, perhaps, and far from the others."""
    people = data.weights[0]
    grid = np.linspace(-FARTHEST, FARTHEST, 241)
    means = _means(data, effects, grid)
    found = []
    for least in np.unique(np.linspace(2, data.most, MOST_SPLITS).round()):
        among = people * (data.number >= least)
        if 0 < among.sum() < data.people:
            mean = min(among @ data.number / among.sum(), data.most - 0.01)
            found.append((float(np.interp(mean, means, grid)), float(among.sum() / data.people)))
    return found


def _heights(model: ClassAbilities, starts: Array) -> Array:
    """Log-likelihood of the histories seen at many parameters, a row each.

    Reactions are left out: their effect on which start is best is small.
    """
    data, e, k = model.data, model.effects, model.classes
    rows = len(data.captured)
    places = np.concatenate([np.zeros((len(starts), 1)), starts[:, e : e + k - 1]], axis=1)
    logs = np.concatenate([np.zeros((len(starts), 1)), starts[:, e + k - 1 :]], axis=1)
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    constant = cumulants(data, starts[:, :rows, None] + places[:, None, :])[0].sum(axis=1)
    by_class = logs[:, None] + data.number[:, None] * places[:, None] - constant[:, None]
    averages = np.logaddexp.reduce(by_class, axis=2)
    seen = averages @ data.weights[0] + starts[:, :rows] @ data.captured
    unseen = np.minimum(averages @ data.weights[1], -1e-300)
    return np.asarray(seen - data.people * np.log(-np.expm1(unseen)))


def _ordered(model: ClassAbilities, peak: Peak) -> Peak:
    """Name the classes anew, in ascending order of ability."""
    e, k, rows = model.effects, model.classes, len(model.data.captured)
    places = np.append(0.0, peak.theta[e : e + k - 1])
    logs = np.append(0.0, peak.theta[e + k - 1 :])
    order = np.argsort(places)
    first = peak.theta[:e].copy()
    first[:rows] += places[order[0]]
    theta = np.concatenate([first, places[order[1:]] - places[order[0]], logs[order[1:]] - logs[order[0]]])
    return Peak(theta=theta, at=conditional_surface(model, theta), converged=peak.converged)


def _means(data: AbilityData, theta: Array, places: Array) -> Array:
    """Mean number of captures of each class, before any reaction."""
    logits = theta[: len(data.captured), None] + places
    return np.asarray(cumulants(data, logits)[1].sum(axis=0))


def _captured_always(model: ClassAbilities, theta: Array) -> bool:
    if model.classes == 1:
        return False
    place = theta[model.effects + model.classes - 2]
    return bool(_means(model.data, theta, np.array([place]))[0] > model.data.most - ALWAYS)


def _describe(model: ClassAbilities, theta: Array) -> dict[str, float]:
    """Share of each class, and its chance of capture; with occasions of their own, its mean chance."""
    ability, log_weight = model.distribution(theta)
    means = _means(model.data, theta, ability)
    trials = model.data.most if model.data.trials is not None else 1
    word = "p" if model.data.trials is not None else "mean"
    found = {}
    for number, (weight, mean) in enumerate(zip(np.exp(log_weight), means, strict=True), start=1):
        found[f"share{number}"] = float(weight)
        found[f"{word}{number}"] = float(mean / trials)
    if model.data.reaction:
        found["reaction"] = float(theta[len(model.data.captured)])
    return found
