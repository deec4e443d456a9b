"""What every estimator from frequency counts returns, and how its standard error is made.

The frequencies f1, f2, ... and the number not seen are one multinomial sample of the population, so the
delta method needs an estimator's derivatives only. They are taken by a complex step (Squire & Trapp 1998,
doi:10.1137/S003614459631241X): exact to rounding, and from the very function that gives the estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.results import Estimate, Interval, Reference, Rng

__all__ = [
    "CountEstimate",
    "check_flag",
    "classes",
    "count_estimate",
    "finite_size",
    "lower_bound",
    "multinomial_variance",
    "need_classes",
    "slopes",
    "unseen_variance",
]

Array = npt.NDArray[np.float64]
Frequencies = npt.NDArray[np.complex128]
Size = Callable[[Frequencies], complex]

COMPLEX_STEP = 1e-30


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CountEstimate(Estimate):
    """An estimate from frequency counts, with the counts and what was estimated on the way.

    Parameters
    ----------
    counts : FrequencyCounts
        How many people were seen once, twice and so on.
    params : mapping of str to float
        Quantities behind the estimate, such as ``"f0_hat"``, the people not seen.

    Examples
    --------
    >>> from microestim.estimators.frequency_counts.lower_bounds import chao
    >>> estimate = chao({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    >>> round(estimate.params["f0_hat"], 2)
    57.78
    """

    counts: FrequencyCounts
    params: Mapping[str, float] = field(default_factory=dict)

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("lognormal", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method in ("lognormal", "wald") and self.se is None:
            raise NotEstimableError(
                f"the delta method gives no positive variance for this estimate ({self.method}), so no "
                "interval can be made around it; chao() gives a lower bound that has one."
            )
        if method in ("lognormal", "wald") and float(self.se or 0.0) == 0.0:
            raise NotEstimableError(
                f"for these counts {self.method} adds nobody to the people seen, with a standard error of "
                "zero; that is no proof that everybody was seen, so no interval is made from it."
            )
        return super()._make_interval(method, level, rng, n_resamples)

    def _extra_rows(self) -> list[tuple[str, str]]:
        shown = [
            f"f{times}{'+' if self.counts.last_is_pooled and times == self.counts.times_seen[-1] else ''} = "
            f"{people:,}"
            for times, people in list(self.counts.counts.items())[:6]
        ]
        return [("counts", ", ".join(shown) + (", ..." if len(self.counts.times_seen) > 6 else ""))]


def classes(counts: FrequencyCounts, least: int) -> tuple[Array, Array]:
    """Return the classes and the people in them, with every class up to `least` present.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts; a pooled last class stands at its lowest number of times.
    least : int
        Classes 1 to this are present even without people, so that f_k stands at place k - 1.

    Returns
    -------
    times, people : ndarray
        Times seen and people.

    Examples
    --------
    >>> classes(FrequencyCounts({1: 5, 6: 3}), 3)
    (array([1., 2., 3., 6.]), array([5., 0., 0., 3.]))
    """
    held = counts.counts
    times = sorted(set(held) | set(range(1, least + 1)))
    return np.array(times, dtype=float), np.array([held.get(k, 0) for k in times], dtype=float)


def slopes(size: Size, people: Array) -> Array:
    """Return the derivatives of an estimator by the number of people in each class.

    Parameters
    ----------
    size : callable
        The estimator, analytic in the frequencies; it branches on real parts only.
    people : ndarray
        Frequencies, one a class.

    Returns
    -------
    ndarray
        Derivatives, people per person; 0 for classes without people, which no variance needs.

    Examples
    --------
    >>> slopes(lambda f: f.sum() + f[0] ** 2 / (2 * f[1]), np.array([43.0, 16.0])).round(4)
    array([ 3.6875, -2.6113])
    """
    derivatives = np.zeros(len(people))
    for place in np.flatnonzero(people):
        shifted = people.astype(complex)
        shifted[place] += COMPLEX_STEP * 1j
        derivatives[place] = size(shifted).imag / COMPLEX_STEP
    return derivatives


def multinomial_variance(derivatives: Array, people: Array, n_hat: float) -> float:
    r"""Variance of an estimator by the delta method, frequencies multinomial among N.

    :math:`\sum_k d_k^2 f_k - (\sum_k d_k f_k)^2 / \hat N`.

    Parameters
    ----------
    derivatives, people : ndarray
        One value a class.
    n_hat : float
        The estimate, people.

    Returns
    -------
    float
        Variance; negative only where the estimate lies below the number seen.

    Examples
    --------
    >>> multinomial_variance(np.array([2.0]), np.array([10.0]), 20.0)
    20.0
    """
    first = float((derivatives * people).sum())
    return float((derivatives**2 * people).sum()) - first**2 / n_hat


def unseen_variance(derivatives: Array, people: Array, unseen: float) -> float:
    r"""Variance of the number seen plus an estimate of the number not seen.

    :math:`\hat f_0 + \sum_k e_k^2 f_k` with :math:`e_k = d_k - 1` the derivatives of :math:`\hat f_0`. It
    equals the multinomial one where doubling all counts doubles the estimate, and stands in Chao's (1987)
    paper for the bias-corrected form too.

    Parameters
    ----------
    derivatives, people : ndarray
        One value a class.
    unseen : float
        Estimated people not seen.

    Returns
    -------
    float
        Variance.

    Examples
    --------
    >>> unseen_variance(np.array([2.0]), np.array([10.0]), 10.0)
    20.0
    """
    return unseen + float(((derivatives - 1) ** 2 * people).sum())


def check_flag(name: str, value: object) -> bool:
    """Return an option that must be True or False.

    Parameters
    ----------
    name : str
        The option's name.
    value : bool
        Its value.

    Returns
    -------
    bool
        The value.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> check_flag("bias_corrected", True)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} is {value!r}; give True or False.")
    return bool(value)


def finite_size(counts: FrequencyCounts, finite_sample: bool | None) -> float:
    """Return the sample's size for finite-sample factors, infinite where they are not wanted.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    finite_sample : bool or None
        None: the occasions where they are known, else infinite. True: the same, but total captures for
        abundance. False: infinite.

    Returns
    -------
    float
        Occasions, captures, or infinity.

    Raises
    ------
    InputError
        If the option is anything else, or the total is hidden by a pooled class.

    Examples
    --------
    >>> finite_size(FrequencyCounts({1: 5, 2: 3}), None)
    inf
    """
    if finite_sample is not None and not check_flag("finite_sample", finite_sample):
        return np.inf
    if counts.occasions is not None:
        return float(counts.occasions)
    if finite_sample is None:
        return np.inf
    if counts.total_captures is None:
        raise InputError(
            "finite_sample=True needs the total number of captures, which a pooled last class hides; leave "
            "it out."
        )
    return float(counts.total_captures)


def need_classes(counts: FrequencyCounts, upto: int, *, what: str) -> None:
    """Refuse counts whose pooled class hides a frequency that an estimator uses.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    upto : int
        The largest class that is used by its number.
    what : str
        The estimator, for the message.

    Raises
    ------
    InputError
        If the pooled class starts at or below `upto`.

    Examples
    --------
    >>> need_classes(FrequencyCounts({1: 5, 2: 3}), 2, what="chao")
    """
    last = counts.times_seen[-1]
    if counts.last_is_pooled and last <= upto:
        raise InputError(
            f"{what} needs the number of people seen exactly k times up to k = {upto}, but the last class "
            f"pools everybody seen {last} times or more."
        )


def lower_bound(counts: FrequencyCounts) -> float:
    """Return the bound that always exists: Chao's bias-corrected one, or else the number seen.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.

    Returns
    -------
    float
        People.

    Examples
    --------
    >>> lower_bound(FrequencyCounts({1: 5}))
    15.0
    """
    if counts.last_is_pooled and counts.times_seen[-1] <= 2:
        return float(counts.n_observed)
    factor = 1 - 1 / finite_size(counts, None)
    f1, f2 = float(counts[1]), float(counts[2])
    return counts.n_observed + factor * f1 * (f1 - 1) / (2 * (f2 + 1))


def count_estimate(
    counts: FrequencyCounts,
    n_hat: float,
    variance: float,
    *,
    method: str,
    assumptions: tuple[str, ...],
    reference: Reference,
    bound: str = "",
    params: Mapping[str, float] | None = None,
) -> CountEstimate:
    """Make the estimate that an estimator from frequency counts returns.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    n_hat, variance : float
        The estimate in people, and its variance; a negative variance becomes no standard error.
    method : str
        The estimator's name.
    assumptions : tuple of str
        What must hold.
    reference : Reference
        Where it comes from.
    bound : str, optional
        Why the estimate is a lower bound; empty where it is a central value.
    params : mapping of str to float, optional
        What else was estimated.

    Returns
    -------
    CountEstimate
        Flagged where the estimate is a bound, or below the number seen.

    Examples
    --------
    >>> from microestim.estimators.frequency_counts.references import CHAO_1984
    >>> counts = FrequencyCounts({1: 5, 2: 3})
    >>> count_estimate(counts, 12.0, 4.0, method="x", assumptions=(), reference=CHAO_1984)
    <x: 12.0 people, se 2.0, 8 seen>
    """
    seen = counts.n_observed
    if not (np.isfinite(n_hat) and np.isfinite(variance)):
        raise NotEstimableError(
            f"{method} is too large to be computed for these counts.", bound=lower_bound(counts)
        )
    reasons = [bound] if bound else []
    if n_hat < seen:
        reasons.append("the estimate is below the number seen")
    values: dict[str, Any] = {"f0_hat": n_hat - seen, **(params or {})}
    return CountEstimate(
        n_hat=float(n_hat),
        se=float(np.sqrt(variance)) if variance >= 0 else None,
        n_observed=float(seen),
        status="bound" if bound else "estimated",
        reason="; ".join(reasons),
        method=method,
        assumptions=assumptions,
        reference=reference,
        counts=counts,
        params=values,
    )
