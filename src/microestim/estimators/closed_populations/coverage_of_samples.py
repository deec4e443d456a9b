"""Size of a closed population from the coverage of its samples: for unequal people, and for dependent lists.

The coverage is the share of all captures to come that would be of people captured already. It is estimated
from the people captured once, however unequal people are; only the step from coverage to size needs more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.counts import MarginCounts, refuse_many_populations
from microestim.estimators.frequency_counts.estimate import (
    COMPLEX_STEP,
    lower_bound,
    multinomial_variance,
    need_classes,
)
from microestim.estimators.references import CHAO_LEE_JENG_1992, CHAO_TSAY_1998, LEE_CHAO_1994
from microestim.results import Estimate, Reference, format_share

__all__ = ["CoverageEstimate", "CoverageModel", "ListCorrection", "list_coverage", "sample_coverage"]

Array = npt.NDArray[np.float64]
Statistics = npt.NDArray[np.complex128]
Size = Callable[[Statistics], complex]
CoverageModel = Literal["Mt", "Mh", "Mth"]
"""What the chance of capture depends on: the occasion (t), the person (h)."""
ListCorrection = Literal["full", "one-step", "none"]
"""How far dependence between lists is followed."""

_CLOSED = "The population is closed between the first occasion and the last: nobody joins or leaves."
_MATCHED = "People are recognised on every occasion without error."
_ASSUMES: Mapping[str, str] = {
    "Mt": "On each occasion everybody has the same chance of capture; differences make the number too low.",
    "Mh": "Each person has a chance of capture of their own, the same on every occasion; people differ by a "
    "coefficient of variation that those captured twice reveal.",
    "Mth": "A person's chance of capture is their own factor times an occasion's; people differ by a "
    "coefficient of variation that those captured twice reveal.",
    "full": "Lists depend on each other in pairs; dependence among three or more is negligible.",
    "one-step": "Lists depend on each other in pairs; the number of people in their covariances is a first, "
    "low one, which errs towards the independent lists.",
    "none": "Lists are independent of one another.",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CoverageEstimate(Estimate):
    """An estimate from the coverage of samples, with the coverage.

    Parameters
    ----------
    params : mapping of str to float
        ``"coverage"``, a share, and what else was estimated.

    Examples
    --------
    >>> found = sample_coverage(FrequencyCounts({1: 56, 2: 19, 3: 28, 4: 18}, occasions=7), "Mh")
    >>> round(found.params["coverage"], 3)
    0.801
    """

    params: Mapping[str, float] = field(default_factory=dict)

    def _extra_rows(self) -> list[tuple[str, str]]:
        shares = {"coverage"}
        return [
            (name.replace("_", " "), format_share(value) if name in shares else f"{value:.4g}")
            for name, value in self.params.items()
        ]


def sample_coverage(
    captures: Captures | FrequencyCounts, model: CoverageModel = "Mth", *, coverage: int = 2
) -> CoverageEstimate:
    r"""Estimate a closed population's size from the coverage of its samples.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        Who was captured when; or how many people were captured how often in how many occasions, for Mt
        and Mh.
    model : {"Mt", "Mh", "Mth"}, default "Mth"
        What the chance of capture depends on.
    coverage : {1, 2, 3}, default 2
        Which estimator of the coverage: the higher, the smaller its bias and the larger its variance.

    Returns
    -------
    CoverageEstimate
        In people; `params` has the ``"coverage"`` and the squared coefficient of variation
        ``"cv_squared"`` of people's chances of capture.

    Raises
    ------
    NotEstimableError
        If the estimated coverage is not above 0: hardly anybody was captured twice.
    InputError
        If data and options do not go together.

    Notes
    -----
    With D people captured, S = :math:`\sum k f_k` captures on t occasions and :math:`n_j` of them on the
    j-th,

    .. math:: C_1 = 1 - \frac{f_1}{S}, \quad C_2 = 1 - \frac{f_1 - 2 f_2 / (t - 1)}{S}, \quad
       C_3 = 1 - \frac{f_1 - 2 f_2 / (t - 1) + 6 f_3 / \{(t - 1)(t - 2)\}}{S},

    .. math:: \hat N = \frac{D}{C} + \frac{f_1}{C} \gamma^2, \quad
       \gamma^2 = \max\Big\{\frac{D}{C} \frac{\sum k (k - 1) f_k}{2 \sum_{i < j} n_i n_j} - 1, 0\Big\}

    for Mth [1]_; for Mh all :math:`n_j` are S / t [2]_; for Mt :math:`\gamma^2 = 0`. The variance is the
    delta method's with multinomial histories.

    References
    ----------
    .. [1] Chao, A., Lee, S.-M. & Jeng, S.-L. (1992). Estimating population size for capture-recapture data
       when capture probabilities vary by time and individual animal. Biometrics 48(1), 201-216.
       doi:10.2307/2532750
    .. [2] Lee, S.-M. & Chao, A. (1994). Estimating population size via sample coverage for closed
       capture-recapture models. Biometrics 50(1), 88-97. doi:10.2307/2533199

    Examples
    --------
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> sample_coverage(taxicabs, "Mh")
    <sample coverage, Mh: 386 people, se 23, 283 seen>
    """
    if model not in get_args(CoverageModel):
        raise InputError(f"model is {model!r}; it must be one of {', '.join(get_args(CoverageModel))}.")
    if coverage not in (1, 2, 3):
        raise InputError(f"coverage is {coverage!r}; it must be 1, 2 or 3.")
    if not isinstance(captures, Captures | FrequencyCounts):
        raise InputError(f"captures is a {type(captures).__name__}; give Captures or FrequencyCounts.")
    if isinstance(captures, Captures):
        refuse_many_populations(captures)
    elif model == "Mth":
        raise InputError(
            "Mth depends on how many people were captured on each occasion, and only frequencies of capture "
            "are given; they allow Mt and Mh."
        )
    held = captures.frequencies if isinstance(captures, Captures) else captures
    need_classes(held, held.times_seen[-1], what="sample_coverage")
    t = held.occasions
    if t is None:
        raise InputError("sample_coverage needs the number of occasions; without occasions use ace().")
    if coverage == 3 and t < 3:
        raise InputError("coverage=3 needs three occasions or more.")
    k = np.arange(1, t + 1, dtype=float)

    def coverage_of(f: Statistics) -> complex:
        missed = f[0] - (2 * f[1] / (t - 1) if coverage > 1 else 0)
        missed += 6 * f[2] / ((t - 1) * (t - 2)) if coverage > 2 else 0
        return complex(1 - missed / (f @ k))

    def spread_of(f: Statistics, n_i: Statistics) -> complex:
        captured = f @ k
        pairs = n_i.sum() ** 2 - n_i @ n_i if len(n_i) else captured**2 * (t - 1) / t
        spread = f.sum() / coverage_of(f) * (f @ (k * (k - 1))) / pairs - 1
        return complex(spread) if model != "Mt" and spread.real > 0 else 0j

    def size(statistics: Statistics) -> complex:
        f, n_i = statistics[:t], statistics[t:]
        return complex((f.sum() + f[0] * spread_of(f, n_i)) / coverage_of(f))

    if isinstance(captures, Captures) and model == "Mth":
        weights = _frequency_columns(captures, t)
        rows, people = np.hstack([weights, captures.histories]), captures.counts.astype(float)
    else:
        rows, people = np.eye(t), MarginCounts(held).f_k
    statistics = (people @ rows).astype(complex)
    share = coverage_of(statistics[:t]).real
    if not share > 0:
        raise NotEstimableError(
            f"the estimated coverage is {share:.3g}: hardly anybody was captured more than once, and the "
            "data set no upper limit to the population.",
            bound=lower_bound(held),
        )
    return _estimate(
        size,
        rows,
        people,
        method=f"sample coverage, {model}",
        assumes=model,
        reference=LEE_CHAO_1994 if model == "Mh" else CHAO_LEE_JENG_1992,
        params={"coverage": share, "cv_squared": spread_of(statistics[:t], statistics[t:]).real},
    )


def list_coverage(captures: Captures, *, correction: ListCorrection = "full") -> CoverageEstimate:
    r"""Estimate a population's size from lists that depend on each other, by their coverage.

    Parameters
    ----------
    captures : Captures
        Who is on which list; two lists at least, and three for a correction.
    correction : {"full", "one-step", "none"}, default "full"
        Follow the dependence of pairs of lists to its end; follow it one step, which errs towards
        independent lists and is recommended where the coverage is below some 55 %; or not at all.

    Returns
    -------
    CoverageEstimate
        In people; `params` has the ``"coverage"``, a share, and the people found on lists other than a
        given one, on average, ``"found_elsewhere"``.

    Raises
    ------
    NotEstimableError
        If nobody is on two lists, or the equation for the size has no positive solution: the coverage is
        too low for the full correction.
    InputError
        If there are fewer than three lists and a correction is asked for.

    Notes
    -----
    Of the :math:`n_i` people on list i, :math:`S_i` are on no other. With
    :math:`C = 1 - t^{-1} \sum_i S_i / n_i` and :math:`D = t^{-1} \sum_i (n - S_i)`, independent lists give
    :math:`\hat N_0 = D / C`. For lists that depend on each other in pairs, with :math:`m_{ij}` people on both
    and :math:`A_{ij}` people on list i and on no list but possibly j,

    .. math:: N = \frac{D}{C} + \frac{1}{t C} \sum_{i < j} (A_{ij} + A_{ji})
       \Big(\frac{N m_{ij}}{n_i n_j} - 1\Big),

    which is linear in N [1]_. The one-step form puts :math:`\hat N_0` for the N on the right, and the result
    once more. The variance is the delta method's with multinomial histories.

    References
    ----------
    .. [1] Chao, A. & Tsay, P. K. (1998). A sample coverage approach to multiple-system estimation with
       application to census undercount. Journal of the American Statistical Association 93(441), 283-293.
       doi:10.2307/2669624

    Examples
    --------
    >>> hepatitis = Captures.from_counts(
    ...     {"001": 63, "010": 55, "011": 18, "100": 69, "101": 17, "110": 21, "111": 28}
    ... )
    >>> list_coverage(hepatitis, correction="one-step")
    <list coverage, one-step: 508 people, se 47, 271 seen>
    """
    if correction not in get_args(ListCorrection):
        options = ", ".join(get_args(ListCorrection))
        raise InputError(f"correction is {correction!r}; it must be one of {options}.")
    if not isinstance(captures, Captures):
        raise InputError(f"captures is a {type(captures).__name__}; give Captures: who is on which list.")
    refuse_many_populations(captures)
    t = captures.n_occasions
    if t < 3 and correction != "none":
        raise InputError(
            "with two lists their dependence cannot be told from the number of people on neither; use "
            "correction='none', or three lists."
        )
    present, people = captures.histories.astype(float), captures.counts.astype(float)
    single = present * (present.sum(axis=1) == 1)[:, None]
    first, second = np.triu_indices(t, 1)
    both = present[:, first] * present[:, second]
    others = present.sum(axis=1)[:, None] - present[:, first] - present[:, second]
    # People on list i (or j) and on no list but possibly j (or i): those on both count twice.
    alone = (others == 0) * (present[:, first] + present[:, second])
    rows = np.hstack([np.ones((len(people), 1)), present, single, both, alone])
    empty = captures.n_i == 0
    if empty.any():
        raise InputError(f"nobody is on list {captures.names[int(np.argmax(empty))]!r}; drop it.")

    def parts(statistics: Statistics) -> tuple[complex, complex, Statistics, Statistics]:
        n, rest = statistics[0], statistics[1:]
        on, only, pairs, near = np.split(rest, [t, 2 * t, 2 * t + len(first)])
        share = 1 - (only / on).sum() / t
        found = n - only.sum() / t
        return share, found, near, near * pairs / (on[first] * on[second])

    def size(statistics: Statistics) -> complex:
        share, found, near, slope = parts(statistics)
        if correction == "none":
            return complex(found / share)
        base, growth = (found - near.sum() / t) / share, slope.sum() / (t * share)
        if correction == "full":
            return complex(base / (1 - growth))
        once = base + growth * found / share
        return complex(base + growth * once)

    statistics = (people @ rows).astype(complex)
    share, found = (float(part.real) for part in parts(statistics)[:2])
    if not share > 0:
        raise NotEstimableError(
            "nobody is on more than one list: the lists set no upper limit to the population.",
            bound=lower_bound(captures.frequencies),
        )
    if correction == "full":
        slope = parts(statistics)[3].sum().real / (t * share)
        if slope >= 1:
            raise NotEstimableError(
                f"the lists depend on each other so strongly, at a coverage of {share:.2f}, that no finite "
                "size fits. Use correction='one-step', which errs towards independent lists.",
                bound=found / share,
            )
    return _estimate(
        size,
        rows,
        people,
        method=f"list coverage, {correction}" if correction != "none" else "list coverage",
        assumes=correction,
        reference=CHAO_TSAY_1998,
        params={"coverage": share, "found_elsewhere": found},
    )


def _frequency_columns(captures: Captures, t: int) -> Array:
    return np.asarray(np.eye(t)[captures.histories.sum(axis=1).astype(int) - 1])


def _estimate(
    size: Size,
    rows: Array,
    people: Array,
    *,
    method: str,
    assumes: str,
    reference: Reference,
    params: dict[str, Any],
) -> CoverageEstimate:
    """Make the estimate; `rows` are what each history adds to the statistics."""
    statistics = (people @ rows).astype(complex)
    n_hat, seen = size(statistics).real, float(people.sum())
    gradient = np.zeros(len(statistics))
    for place in range(len(statistics)):
        moved = statistics.copy()
        moved[place] += COMPLEX_STEP * 1j
        gradient[place] = size(moved).imag / COMPLEX_STEP
    if not n_hat > 0:
        raise NotEstimableError(f"{method} gives {n_hat:,.0f}, which is no number of people.", bound=seen)
    variance = multinomial_variance(rows @ gradient, people, n_hat)
    return CoverageEstimate(
        n_hat=n_hat,
        se=float(np.sqrt(variance)) if variance >= 0 else None,
        n_observed=seen,
        reason="the estimate is below the number seen" if n_hat < seen else "",
        method=method,
        assumptions=(_CLOSED, _MATCHED, _ASSUMES[assumes]),
        reference=reference,
        params=params,
    )
