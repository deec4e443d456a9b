"""How many there are when samples may depend on each other, within a stated range of their odds ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.dependence.results import (
    CLOSED,
    Dependence,
    ThreeListDependence,
    TwoListDependence,
    reference_of,
)
from microestim.estimators.dependence.three_lists import PAIRS, Range, ThreeLists
from microestim.estimators.dependence.two_lists import least_without_overlap, size_given
from microestim.estimators.two_samples.estimates import Counts, check_counts

__all__ = ["dependence"]

Ranges = tuple[float, float] | Mapping[tuple[str, str], tuple[float, float]]


@runtime_checkable
class NamedHistories(Protocol):
    """Anything that gives distinct capture histories, how many people have each, and names of the samples."""

    @property
    def histories(self) -> npt.NDArray[Any]:
        """Distinct histories, shape (rows, t), of 0 and 1."""

    @property
    def counts(self) -> npt.NDArray[Any]:
        """People with each history, shape (rows,)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Samples, in order."""


def dependence(
    n1: NamedHistories | Counts,
    n2: Counts | None = None,
    m: Counts | None = None,
    *,
    odds_ratio: Ranges,
    three_way: tuple[float, float] | None = None,
) -> Dependence:
    r"""Bound a population's size when two or three samples may depend on each other within limits.

    The odds ratio of two samples, :math:`\theta = n_{11} n_{00} / (n_{10} n_{01})`, is 1 where they are
    independent, above 1 where people in one are more likely to be in the other (the active are in both), and
    below 1 where they are less likely (who was asked in one is left alone by the other). The counts cannot
    tell it. Given a range of it, they give a range of sizes.

    Parameters
    ----------
    n1 : Captures or int or array_like of int
        Captures of two or three samples; or people in the first of two samples.
    n2, m : int or array_like of int
        People in the second sample and in both, where `n1` is a number. Arrays broadcast.
    odds_ratio : (low, high), or mapping of pairs to (low, high)
        Least and largest odds ratio of every pair of samples, positive and finite. With three samples a
        mapping from pairs of names gives each pair its own range; a pair that is left out may depend in
        any way, and an empty mapping leaves all of them free, where `three_way` sets a limit.
    three_way : (low, high), optional
        With three samples: least and largest ratio between the odds ratio of two samples among the people in
        the third and that among the people not in it, positive and finite. It is the same whichever sample is
        the third; 1 is a log-linear model without three-way interaction. Any ratio when None.

    Returns
    -------
    Dependence
        `bounds`, `interval`, `sweep`, and for two samples `at` (the estimate for one odds ratio); people.
        `microestim.plots.plot_dependence` draws the sweep.

    Raises
    ------
    NotEstimableError
        If nothing that is limited sets an upper bound, as where no pair of samples has anybody in common;
        the message gives the bound that exists.
    InputError
        If the counts or the odds ratios do not fit, or there are more than three samples.

    See Also
    --------
    lincoln_petersen : The same with an odds ratio of exactly 1.
    closed : Models for more occasions.

    Notes
    -----
    *Two samples.* For each odds ratio the likelihood's maximum is
    :math:`\hat N(\theta) = n + \theta \, n_{10} n_{01} / n_{11}` [1]_, so the bounds are its values at both
    ends. The interval reaches from the lower limit at the least odds ratio to the upper limit at the
    largest, each by the profile likelihood of `lincoln_petersen` with that odds ratio (or log-normal, with
    ``method="lognormal"``). It holds the true size with at least the stated probability for every odds
    ratio in the range. Each end has the error of a two-sided interval. Where the range is wide next to the
    sampling error only one end can fail, so the interval holds the size more often than stated; the shorter
    interval of Imbens and Manski [2]_, which allows for that, is not used.

    *Three samples.* The odds ratio of each pair is that of its 2 x 2 table over everybody. The bounds are the
    sizes at which the observed cells fit exactly with all pairs in their ranges. Where there is none, the
    ranges contradict the counts; both bounds are then the size where the likelihood within the ranges is
    largest, and `reason` gives the likelihood-ratio statistic. The interval is the profile likelihood over
    all cells and ranges at once, with the seven observed cells as Poisson counts and the size as their
    expected total [3]_. Treating the size as expected makes it somewhat longer than a multinomial one.

    *Three-way interaction.* Pairs say nothing of :math:`\tau = (n_{111} n_{001} / n_{101} n_{011}) \big/
    (n_{110} n_{000} / n_{100} n_{010})`. Where all seven observed cells are taken as they are,
    :math:`n_{000} = n_{111} n_{100} n_{010} n_{001} / (n_{110} n_{101} n_{011} \tau)` [4]_, so a range of
    :math:`\tau` alone gives one of sizes; with ranges of pairs the sizes are those that are in all of them.
    A triple of samples that the same kind of people are in has a ratio above 1 where being in two makes the
    third more likely still. The seven counts cannot tell it: a fit without interaction is an assumption.

    *Model selection with two samples is refused by this library, and this function stands in its place.* Two
    samples give three counts. Samples of different effort (time), a first capture that changes the second
    (behaviour) and people who differ (heterogeneity) all move the same three counts, and for each of them
    some odds ratio fits exactly. No criterion can choose between them; only outside knowledge can, and the
    range of the odds ratio is where it enters.

    References
    ----------
    .. [1] Gerritse, S. C., van der Heijden, P. G. M., Bakker, B. F. M. (2015). Sensitivity of population size
       estimation for violating parametric assumptions in log-linear models. Journal of Official Statistics
       31(3), 357-379. doi:10.1515/jos-2015-0017
    .. [2] Imbens, G. W., Manski, C. F. (2004). Confidence intervals for partially identified parameters.
       Econometrica 72(6), 1845-1857. doi:10.1111/j.1468-0262.2004.00555.x
    .. [3] Sun, J., Van Baelen, L., Plettinckx, E., Crawford, F. W. (2020). Partial identification and
       dependence-robust confidence intervals for capture-recapture surveys. doi:10.48550/arXiv.2008.00127
    .. [4] Fienberg, S. E. (1972). The multiple recapture census for closed populations and incomplete 2^k
       contingency tables. Biometrika 59(3), 591-603. doi:10.1093/biomet/59.3.591

    Examples
    --------
    >>> found = dependence(500, 500, 89, odds_ratio=(0.5, 2))
    >>> found
    <limited dependence: 1,860 to 4,710 people, odds ratio 0.5 to 2, 911 seen>
    >>> print(found.interval())
    95 % confidence interval (profile likelihood): 1,600 to 5,800
    """
    if isinstance(n1, NamedHistories):
        if n2 is not None or m is not None:
            raise InputError("give captures alone, or the three counts n1, n2 and m.")
        return _from_captures(n1, odds_ratio, three_way)
    if n2 is None or m is None:
        raise InputError("give captures, or all of the counts n1, n2 and m.")
    _refuse_three_way(three_way)
    return _two(n1, n2, m, _range("odds_ratio", odds_ratio))


def _refuse_three_way(three_way: object) -> None:
    if three_way is not None:
        raise InputError("three_way says how an odds ratio differs by a third sample; there are two samples.")


def _from_captures(captures: NamedHistories, odds_ratio: Ranges, three_way: Range | None) -> Dependence:
    histories = np.asarray(captures.histories).astype(int)
    counts = np.asarray(captures.counts, dtype=float)
    samples = histories.shape[1]
    names = tuple(str(name) for name in captures.names)
    if samples not in (2, 3):
        raise InputError(
            f"there are {samples} samples; limited dependence is worked out for two or three. Choose them "
            "with captures.select(...), or merge occasions with captures.merge(...)."
        )
    cells = np.zeros(2**samples)
    np.add.at(cells, histories @ (2 ** np.arange(samples)[::-1]), counts)
    if samples == 2:
        _refuse_three_way(three_way)
        ranges = _pair_ranges(odds_ratio, names)
        if not ranges:
            raise InputError(
                f"odds_ratio names no pair of samples; give the range of ({names[0]!r}, {names[1]!r})."
            )
        return _two(cells[2] + cells[3], cells[1] + cells[3], cells[3], ranges[0, 1])
    together = None if three_way is None else _range("three_way", three_way)
    return _three(cells, names, _pair_ranges(odds_ratio, names), odds_ratio, together)


def _two(n1: Counts, n2: Counts, m: Counts, limits: Range) -> TwoListDependence:
    size1, size2, both = check_counts(n1, n2, m)
    low, high = limits
    lower, _ = size_given(size1, size2, both, np.array(low))
    upper, _ = size_given(size1, size2, both, np.array(high))
    seen = size1 + size2 - both
    absent = both == 0
    scalar = both.ndim == 0
    if scalar and absent:
        bound = least_without_overlap(float(size1), float(size2), low, 0.05)
        raise NotEstimableError(
            "nobody was in both samples (m = 0), so every odds ratio leaves the size without an upper bound. "
            f"What the data do say: with 95 % confidence N is at least {bound:,.0f}, if the odds ratio "
            f"is {low:g} or more.",
            bound=bound,
        )
    everybody = (seen == np.maximum(size1, size2)) & ~absent
    reason = np.select(
        [absent, everybody],
        [
            "nobody was in both samples (m = 0)",
            "everybody of one sample was in the other, so no odds ratio moves the estimate",
        ],
        default="",
    )
    status = np.where(absent, "not estimable", "bound")
    return TwoListDependence(
        odds_ratio=limits,
        lower=float(lower) if scalar else lower,
        upper=float(upper) if scalar else upper,
        n_observed=float(seen) if scalar else seen,
        n1=float(size1) if scalar else size1,
        n2=float(size2) if scalar else size2,
        m=float(both) if scalar else both,
        status=str(status) if scalar else status,
        reason=str(reason) if scalar else reason,
        assumptions=(*CLOSED, f"The odds ratio of the two samples lies between {low:g} and {high:g}."),
        reference=reference_of(2),
    )


def _three(
    cells: npt.NDArray[np.float64],
    names: tuple[str, ...],
    ranges: dict[tuple[int, int], Range],
    given: Ranges,
    three_way: Range | None,
) -> ThreeListDependence:
    if not ranges and three_way is None:
        raise InputError(
            "odds_ratio names no pair of samples, and there is no three_way, so nothing limits the size."
        )
    lists = ThreeLists(cells, ranges, three_way)
    if lists.n_observed == 0:
        raise InputError("nobody was in any sample.")
    if not lists.limited_above:
        raise NotEstimableError(
            "no pair of samples whose odds ratio is limited has anybody in common"
            + ("" if three_way is None else ", and nobody was in some two samples and not in the third")
            + f", so the size has no upper bound; {lists.n_observed:,.0f} people were seen.",
            bound=lists.n_observed,
        )
    lower, upper = lists.bounds()
    reason = ""
    fitting = "all pairs in their ranges" + ("" if three_way is None else ", and the three-way ratio in its")
    if lower > upper:
        lower = upper = max(lists.best[0], lists.n_observed)
        statistic = lists.best[1]
        reason = (
            f"no size fits the counts exactly with {fitting}; both bounds are the size that "
            f"comes nearest (likelihood-ratio statistic {statistic:.3g})"
        )
        if statistic > 3.84:
            reason += ". That is more than chance: the ranges contradict the counts"
    stated = [
        f"The odds ratio of {names[a]} and {names[b]} lies between {low:g} and {high:g}."
        for (a, b), (low, high) in sorted(ranges.items())
    ]
    if three_way is not None:
        stated.append(
            "The odds ratio of two samples among people in the third is between "
            f"{three_way[0]:g} and {three_way[1]:g} times that among people not in it."
        )
    return ThreeListDependence(
        odds_ratio=None if isinstance(given, Mapping) else _range("odds_ratio", given),
        lower=lower,
        upper=upper,
        n_observed=lists.n_observed,
        reason=reason,
        assumptions=(*CLOSED, *stated),
        reference=reference_of(3),
        lists=lists,
        names=names,
    )


def _pair_ranges(given: Ranges, names: tuple[str, ...]) -> dict[tuple[int, int], Range]:
    pairs = PAIRS if len(names) == 3 else ((0, 1),)
    if not isinstance(given, Mapping):
        return dict.fromkeys(pairs, _range("odds_ratio", given))
    found: dict[tuple[int, int], Range] = {}
    for pair, limits in given.items():
        named = set(pair)
        if len(named) != 2 or not named <= set(names):
            raise InputError(
                f"odds_ratio has the pair {pair!r}; give two different names out of {', '.join(names)}."
            )
        first, second = sorted(names.index(name) for name in named)
        if (first, second) in found:
            raise InputError(f"odds_ratio has the pair {pair!r} twice, once in each order.")
        found[first, second] = _range(f"odds_ratio of {names[first]} and {names[second]}", limits)
    return found


def _range(name: str, given: Any) -> Range:
    if isinstance(given, Mapping):
        raise InputError(f"{name} is a mapping; with two samples give one range (low, high).")
    parts = np.asarray(given)
    if parts.shape != (2,) or parts.dtype.kind not in "iuf":
        raise InputError(f"{name} is {given!r}; give a range (low, high), such as (0.5, 2).")
    low, high = (float(part) for part in parts)
    if not (0 < low <= high and math.isfinite(high)):
        raise InputError(
            f"{name} is {given!r}; give 0 < low <= high, both finite. Independent samples have an odds ratio "
            "of 1."
        )
    return low, high
