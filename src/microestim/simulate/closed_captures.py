"""Captures of a closed population whose size is known, drawn from any of the models that estimate it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures
from microestim.errors import InputError
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.symmetric import history_moments, transitions
from microestim.results import Rng

__all__ = ["SimulatedModel", "captures"]

Array = npt.NDArray[np.float64]
SimulatedModel = Literal["M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh"]

BY_OCCASION = ("Mt", "Mth", "Mtb")
WITH_BEHAVIOUR = ("Mb", "Mtb", "Mbh")
WITH_HETEROGENEITY = ("Mh", "Mth")
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
    first: float | None = None,
    heterogeneity: str | Heterogeneity | None = None,
    tau: float | None = None,
    names: Sequence[str] | None = None,
) -> Captures:
    r"""Draw capture histories of a closed population from a model's true parameters.

    Parameters
    ----------
    model : {"M0", "Mt", "Mh", "Mth", "Mb", "Mtb", "Mbh"}
        The model, as in `closed`.
    size : int
        People in the population, N.
    capture : float or sequence of float, shape (t,)
        Chance of capture of a person drawn at random, between 0 and 1: for each occasion in Mt, Mth and Mtb,
        one for all occasions in the others. With behaviour, of somebody not captured before.
    rng : int, Generator, SeedSequence or None
        Source of randomness.
    occasions : int, optional
        Number of occasions, t; given with one chance for all occasions.
    recapture : float, optional
        Chance of capture of somebody captured before, for Mb, Mtb and Mbh.
    first : float, optional
        Chance of capture on the first occasion, for Mbh.
    heterogeneity : str or Heterogeneity, optional
        Shape of unequal catchability, for Mh and Mth: ``"poisson"``, ``"darroch"`` or ``"gamma"``, with a
        parameter in brackets as in `closed`. ``"chao"`` is a bound and describes no population.
    tau : float, optional
        Coefficient of that shape, 0 or more; 0 makes everybody alike.
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
    In all these models a person with k captures so far is captured on occasion i with a chance
    :math:`c_{ik}` that depends on i and k only. With behaviour it is the chance of a recapture for
    :math:`k > 0`. With heterogeneity the history :math:`\omega` has the probability
    :math:`\exp\{\sum_i \beta_i \omega_i + \tau h(k_\omega)\}` up to a constant [1]_, the very model that is
    fitted; the :math:`\beta_i` are those under which `capture` is the share of people captured. People with
    one history so far are split at random into those captured and those not, so that the cost follows
    distinct histories, never people.

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
    chances = _chances(
        model,
        _by_occasion(model, capture, occasions),
        recapture=_belongs("recapture", recapture, model, WITH_BEHAVIOUR),
        first=_belongs("first", first, model, ("Mbh",)),
        shape=_shape_of(model, heterogeneity),
        tau=_belongs("tau", tau, model, WITH_HETEROGENEITY),
    )
    rows, counts = _drawn(chances, people, np.random.default_rng(rng))
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


def _belongs(name: str, value: float | None, model: str, models: tuple[str, ...]) -> float | None:
    if model not in models:
        if value is not None:
            raise InputError(f"{model} has no {name}; it belongs to {', '.join(models)}.")
        return None
    highest = np.inf if name == "tau" else 1.0
    if value is None or not (0 <= value <= highest and np.isfinite(value)):
        allowed = "a number from 0 on" if name == "tau" else "a chance between 0 and 1"
        raise InputError(f"{name} is {value!r}; {model} needs {allowed}.")
    return float(value)


def _shape_of(model: str, heterogeneity: str | Heterogeneity | None) -> Heterogeneity | None:
    if model not in WITH_HETEROGENEITY:
        if heterogeneity is not None:
            raise InputError(f"{model} has no heterogeneity; it belongs to {', '.join(WITH_HETEROGENEITY)}.")
        return None
    if heterogeneity is None:
        raise InputError(f"{model} needs a shape of heterogeneity: 'poisson', 'darroch' or 'gamma'.")
    shape = heterogeneity_of(heterogeneity)
    if shape.is_bound:
        raise InputError("'chao' is a bound over all shapes and describes no population; choose a shape.")
    return shape


def _chances(
    model: str,
    capture: Array,
    *,
    recapture: float | None,
    first: float | None,
    shape: Heterogeneity | None,
    tau: float | None,
) -> Array:
    """Chance of capture on each occasion (rows), given the number of captures before it (columns)."""
    t = len(capture)
    if shape is not None:
        assert tau is not None
        log_weights = tau * shape.columns(t)[:, 0]
        return transitions(_effects(capture, log_weights), log_weights)[1]
    chances = np.repeat(capture[:, None], t + 1, axis=1)
    if recapture is not None:
        chances[:, 1:] = recapture
    if model == "Mbh":
        assert first is not None
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
        here, share = excess(effects), 1.0
        while share > 1e-10 and excess(effects + share * step) > here:
            share /= 2
        effects = effects + share * step
    raise InputError(
        f"no effects of the occasions give the chances of capture {capture.tolist()} together with this tau: "
        "the shape is too steep. Choose a smaller tau."
    )


def _drawn(
    chances: Array, size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    rows = np.zeros((1, len(chances)), dtype=np.uint8)
    counts = np.array([size], dtype=np.int64)
    before = np.zeros(1, dtype=np.intp)
    for occasion, by_captures in enumerate(chances):
        # Chances are quotients of sums and may exceed 1 by a rounding.
        captured = rng.binomial(counts, np.minimum(by_captures[before], 1.0))
        again = rows.copy()
        again[:, occasion] = 1
        rows = np.concatenate([rows, again])
        counts = np.concatenate([counts - captured, captured])
        before = np.concatenate([before, before + 1])
        kept = counts > 0
        rows, counts, before = rows[kept], counts[kept], before[kept]
    return rows, counts
