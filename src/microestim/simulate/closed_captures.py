"""Captures of a closed population whose size is known, drawn from any of the models that estimate it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures
from microestim.errors import InputError
from microestim.estimators.closed_populations.ability_chances import Abilities, ability_chance, urn_chance
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.identified import shapes_of
from microestim.estimators.closed_populations.symmetric import history_moments, transitions
from microestim.results import Rng
from microestim.simulate.ability_captures import effects_for, normal_abilities

__all__ = ["SimulatedModel", "captures"]

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# From an occasion, captures before it and the occasion of the first capture to a chance of capture.
Chance = Callable[[int, Indices, Indices], Array]
SimulatedModel = Literal["M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh", "Mtbh"]

BY_OCCASION = ("Mt", "Mth", "Mtb", "Mtbh")
WITH_RECAPTURE = ("Mb", "Mtb", "Mbh")
WITH_REACTION = ("Mtb", "Mtbh")
# The parameters of each shape, besides the mean chance of capture.
PARAMETERS = {
    "poisson": ("tau",),
    "darroch": ("tau",),
    "gamma": ("tau",),
    "normal": ("sigma",),
    "mixture": ("shares", "abilities"),
    "beta-binomial": ("dispersion",),
}
# Newton's method on a convex function, halved where it overshoots; a dozen steps do in ordinary cases.
MOST_STEPS = 200


def captures(
    model: SimulatedModel,
    size: int,
    *,
    capture: float | Sequence[float] | Array,
    rng: Rng,
    occasions: int | None = None,
    recapture: float | None = None,
    reaction: float | None = None,
    first: float | None = None,
    heterogeneity: str | Heterogeneity | None = None,
    tau: float | None = None,
    sigma: float | None = None,
    dispersion: float | None = None,
    shares: Sequence[float] | Array | None = None,
    abilities: Sequence[float] | Array | None = None,
    names: Sequence[str] | None = None,
) -> Captures:
    r"""Draw capture histories of a closed population from a model's true parameters.

    Parameters
    ----------
    model : {"M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh", "Mtbh"}
        The model, as in `closed`.
    size : int
        People in the population, N.
    capture : float or sequence of float, shape (t,)
        Chance of capture of a person drawn at random, between 0 and 1: for each occasion in Mt, Mth, Mtb and
        Mtbh, one for all occasions in the others. With behaviour, as if nobody had been captured before.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    occasions : int, optional
        Number of occasions, t; given with one chance for all occasions.
    recapture : float, optional
        Chance of capture of somebody captured before, for Mb and Mbh, and for Mtb unless `reaction` is given.
    reaction : float, optional
        Change of the logit of capture after a first capture, for Mtbh, and for Mtb unless `recapture` is
        given: the model that `closed` fits.
    first : float, optional
        Chance of capture on the first occasion, for Mbh.
    heterogeneity : str or Heterogeneity, optional
        Shape of unequal catchability, as in `closed`: for Mh and Mth ``"poisson"``, ``"darroch"``,
        ``"gamma"``, ``"normal"`` or ``"mixture(k)"``, for Mh also ``"beta-binomial"``, for Mtbh ``"normal"``
        or ``"mixture(k)"``. ``"chao"`` is a bound and describes no population.
    tau : float, optional
        Coefficient of ``"poisson"``, ``"darroch"`` or ``"gamma"``, 0 or more; 0 makes everybody alike.
    sigma : float, optional
        Standard deviation of the logits of capture, for ``"normal"``; 0 or more.
    dispersion : float, optional
        :math:`1 / (a + b)` of the beta distribution of chances of capture, for ``"beta-binomial"``; 0 or
        more.
    shares : sequence of float, shape (k,), optional
        Share of people in each class, for ``"mixture(k)"``; they sum to 1.
    abilities : sequence of float, shape (k,), optional
        Ability of each class on the logit scale, for ``"mixture(k)"``. Differences matter and no level, since
        `capture` sets the average.
    names : sequence of str, optional
        Occasions; 1, 2, ... unless given.

    Returns
    -------
    Captures
        The people captured at least once.

    Raises
    ------
    InputError
        If a parameter is missing, does not belong to the model or is no probability, or if nobody was
        captured.

    Notes
    -----
    In all these models a person with k captures so far, the first on occasion f, is captured on occasion i
    with a chance :math:`c_{ikf}` that depends on i, k and f only. With behaviour alone it is the chance of a
    recapture for :math:`k > 0`. In log-linear shapes of heterogeneity the history :math:`\omega` has the
    probability :math:`\exp\{\sum_i \beta_i \omega_i + \tau h(k_\omega)\}` up to a constant [1]_, the very
    model that is fitted. With ``"normal"`` and ``"mixture"`` the logit of capture is an effect of the
    occasion plus the person's ability, plus the reaction after a first capture, and :math:`c_{ikf}` is
    averaged over the abilities of those with such captures; with ``"beta-binomial"`` it is
    :math:`(\mu + k \gamma) / (1 + m \gamma)` after m occasions, :math:`\mu` the mean and :math:`\gamma` the
    dispersion. Effects of occasions are those under which `capture` is the share of people captured, but for
    a reaction. People with one history so far are split at random into those captured and those not, so that
    the cost follows distinct histories, never people.

    References
    ----------
    .. [1] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5). doi:10.18637/jss.v019.i05

    Examples
    --------
    >>> import microestim as me
    >>> waves = me.simulate.captures("Mt", 1000, capture=[0.3, 0.2, 0.4], rng=1)
    >>> waves.n_occasions, 500 < waves.n_observed < 800
    (3, True)
    >>> me.closed(waves, "Mt").interval().low < 1000
    True
    """
    if model not in get_args(SimulatedModel):
        raise InputError(
            f"model {model!r} is unknown; it must be one of {', '.join(get_args(SimulatedModel))}."
        )
    people = _people(size)
    shape = _shape_of(model, heterogeneity)
    given = {"tau": tau, "sigma": sigma, "dispersion": dispersion, "shares": shares, "abilities": abilities}
    if model == "Mtb" and (recapture is None) == (reaction is None):
        raise InputError("Mtb needs either recapture= or reaction=.")
    chances = _by_occasion(model, capture, occasions)
    chance = _chance(
        chances,
        shape=shape,
        recapture=_belongs("recapture", recapture, model, WITH_RECAPTURE, needed=reaction is None),
        reaction=_belongs("reaction", reaction, model, WITH_REACTION, needed=recapture is None),
        first=_belongs("first", first, model, ("Mbh",)),
        parameters=_parameters(model, shape, given),
    )
    rows, counts = _drawn(chance, len(chances), people, np.random.default_rng(rng))
    seen = rows.any(axis=1)
    if not seen.any():
        raise InputError(
            f"none of {people:,} people was captured in this draw; draw again, or give more people, more "
            "occasions or higher chances of capture."
        )
    return Captures.from_histories(rows[seen], counts=counts[seen], names=names)


def _people(size: object) -> int:
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise InputError(f"size is {size!r}; give a whole number of people of at least 1.")
    return int(size)


def _by_occasion(model: str, capture: float | Sequence[float] | Array, occasions: int | None) -> Array:
    given = np.asarray(capture, dtype=float)
    if given.ndim > 1 or not ((given > 0) & (given < 1)).all():
        raise InputError(f"capture is {capture!r}; give chances between 0 and 1.")
    if given.ndim == 1:
        if model not in BY_OCCASION:
            raise InputError(f"{model} has one chance of capture for all occasions; give it with occasions=.")
        if occasions is not None and occasions != len(given):
            raise InputError(f"occasions is {occasions}, but there are {len(given)} chances of capture.")
        return given
    if occasions is None or occasions < 2:
        raise InputError(
            f"occasions is {occasions!r}; with one chance of capture for all of them give their number, 2 or "
            "more."
        )
    return np.full(occasions, float(given))


def _belongs(
    name: str, value: float | None, model: str, models: tuple[str, ...], *, needed: bool = True
) -> float | None:
    if model not in models:
        if value is not None:
            raise InputError(f"{model} has no {name}; it belongs to {', '.join(models)}.")
        return None
    if value is None and not needed:
        return None
    lowest, highest = (-np.inf, np.inf) if name == "reaction" else (0.0, 1.0)
    if value is None or not (lowest <= value <= highest and np.isfinite(value)):
        allowed = "a number" if name == "reaction" else "a chance between 0 and 1"
        raise InputError(f"{name} is {value!r}; {model} needs {allowed}.")
    return float(value)


def _shape_of(model: str, heterogeneity: str | Heterogeneity | None) -> Heterogeneity | None:
    shapes = [shape for shape in shapes_of(model) if shape != "chao"]
    if not shapes:
        if heterogeneity is not None:
            raise InputError(f"{model} has no heterogeneity; it belongs to Mh, Mth and Mtbh.")
        return None
    listed = ", ".join(repr(shape) for shape in shapes)
    if heterogeneity is None:
        raise InputError(f"{model} needs a shape of heterogeneity: one of {listed}.")
    shape = heterogeneity_of(heterogeneity)
    if shape.is_bound:
        raise InputError("'chao' is a bound over all shapes and describes no population; choose a shape.")
    if shape.shape not in shapes:
        raise InputError(f"{model} takes the shapes {listed}; heterogeneity is {str(shape)!r}.")
    return shape


def _parameters(
    model: str, shape: Heterogeneity | None, given: dict[str, float | Sequence[float] | Array | None]
) -> dict[str, Array]:
    """Check the parameters of the shape: those that it has, and no others."""
    wanted = () if shape is None else PARAMETERS[shape.shape]
    name = model if shape is None else f"{model} {shape}"
    found = {}
    for parameter, value in given.items():
        if parameter not in wanted:
            if value is not None:
                raise InputError(f"{name} has no {parameter}.")
            continue
        array = np.asarray(np.nan if value is None else value, dtype=float)
        classes = None if shape is None else shape.classes
        if classes is not None:
            if array.shape != (classes,) or not np.isfinite(array).all():
                raise InputError(f"{parameter} is {value!r}; {name} needs {classes} numbers, one a class.")
            if parameter == "shares" and not ((array > 0).all() and abs(array.sum() - 1) < 1e-9):
                raise InputError(f"shares is {value!r}; give numbers above 0 that sum to 1.")
        elif array.shape != () or not (array >= 0 and np.isfinite(array)):
            raise InputError(f"{parameter} is {value!r}; {name} needs a number from 0 on.")
        found[parameter] = array
    return found


def _chance(
    capture: Array,
    *,
    shape: Heterogeneity | None,
    recapture: float | None = None,
    reaction: float | None = None,
    first: float | None = None,
    parameters: dict[str, Array] | None = None,
) -> Chance:
    """Chance of capture on an occasion, given the number of captures before it and the first of them."""
    known = parameters or {}
    if shape is None and reaction is None:
        return partial(_from_table, _behaviour_table(capture, recapture, first))
    if shape is not None and shape.is_log_linear:
        log_weights = float(known["tau"]) * shape.columns(len(capture))[:, 0]
        return partial(_from_table, transitions(_effects(capture, log_weights), log_weights)[1])
    if shape is not None and shape.shape == "beta-binomial":
        return partial(_urn, float(capture[0]), float(known["dispersion"]))
    if shape is None:
        people = normal_abilities(0.0, len(capture))
    elif shape.shape == "normal":
        people = normal_abilities(float(known["sigma"]), len(capture))
    else:
        people = Abilities(place=known["abilities"], log_share=np.log(known["shares"]))
    effects = effects_for(capture, people)
    return partial(ability_chance, effects=effects, abilities=people, reaction=reaction or 0.0)


def _from_table(table: Array, occasion: int, before: Indices, first: Indices) -> Array:
    del first
    return np.asarray(table[occasion, before])


def _urn(mean: float, dispersion: float, occasion: int, before: Indices, first: Indices) -> Array:
    del first
    return urn_chance(mean, dispersion, occasion, before)


def _behaviour_table(capture: Array, recapture: float | None, first: float | None) -> Array:
    """Chances by occasion (rows) and number of captures before it (columns)."""
    chances = np.repeat(capture[:, None], len(capture) + 1, axis=1)
    if recapture is not None:
        chances[:, 1:] = recapture
    if first is not None:
        chances[0, 0] = first
    return chances


def _effects(capture: Array, log_weights: Array) -> Array:
    """Effects of the occasions under which a person is captured on each of them with the given chance."""

    def excess(effects: Array) -> float:
        return float(transitions(effects, log_weights)[0] - effects @ capture)

    from scipy.optimize import brentq

    alike = np.log(capture) - np.log1p(-capture)

    def too_many(shift: float) -> float:
        return float(np.sum(history_moments(alike + shift, log_weights).captured - capture))

    # One shift for all occasions first: with equal chances that is the answer, else a start near it.
    widest = 60.0 + float(np.abs(log_weights).max())
    effects = alike + brentq(too_many, -widest, widest, xtol=1e-14, rtol=1e-14)
    for _ in range(MOST_STEPS):
        moments = history_moments(effects, log_weights)
        gap = capture - moments.captured
        # To the accuracy to which probabilities are summed.
        if np.abs(gap).max() < 1e-12:
            return effects
        spread = moments.pairs - np.outer(moments.captured, moments.captured)
        try:
            step = np.linalg.solve(spread, gap)
        except np.linalg.LinAlgError:
            # All occasions or none: the shape leaves one direction to go in, if any.
            break
        # Close to the answer a step lowers the excess by less than its rounding: such a step is taken whole.
        here, share = excess(effects), 1.0
        while share > 1e-10 and excess(effects + share * step) > here + 1e-12 * (1 + abs(here)):
            share /= 2
        effects = effects + share * step
    raise InputError(
        f"no effects of the occasions give the chances of capture {capture.tolist()} together with this tau: "
        "the shape is too steep. Choose a smaller tau."
    )


def _drawn(
    chance: Chance, t: int, size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    rows = np.zeros((1, t), dtype=np.uint8)
    counts = np.array([size], dtype=np.int64)
    before, first = np.zeros(1, dtype=np.intp), np.full(1, t, dtype=np.intp)
    for occasion in range(t):
        # Chances are quotients of sums and may exceed 1 by a rounding.
        captured = rng.binomial(counts, np.minimum(chance(occasion, before, first), 1.0))
        again = rows.copy()
        again[:, occasion] = 1
        rows = np.concatenate([rows, again])
        counts = np.concatenate([counts - captured, captured])
        before = np.concatenate([before, before + 1])
        first = np.concatenate([first, np.minimum(first, occasion)])
        kept = counts > 0
        rows, counts, before, first = rows[kept], counts[kept], before[kept], first[kept]
    return rows, counts
