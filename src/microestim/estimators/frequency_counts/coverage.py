"""Size of a closed population from the coverage of its sample: Turing, Chao & Lee, Chao & Bunge.

The coverage is the share of all future sightings that would be of people seen already. People seen often
say little of those not seen, so the estimators look at the people seen at most `rare` times and add the
others as they are.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    Frequencies,
    classes,
    count_estimate,
    lower_bound,
    multinomial_variance,
    need_classes,
    slopes,
)
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.references import (
    CHAO_BUNGE_2002,
    CHAO_LEE_1992,
    GOOD_1953,
)
from microestim.estimators.frequency_counts.surplus_ones import warn_of_surplus_ones
from microestim.estimators.references import LEE_CHAO_1994

__all__ = ["AceVariant", "ace", "chao_bunge", "turing"]

AceVariant = Literal["ace", "ace-1"]
"""ACE; or ACE-1, for populations whose people differ much."""


def turing(counts: CountsLike, *, rare: int | None = None) -> CountEstimate:
    r"""Estimate a population's size as the people seen over the sample's coverage.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.
    rare : int, optional
        Use the people seen at most so often and add the others as they are; everybody when None.

    Returns
    -------
    CountEstimate
        In people; `params` has the ``"coverage"``, a share.

    Raises
    ------
    NotEstimableError
        If the estimated coverage is 0 (everybody was seen once) or 1 (nobody was); the error carries the
        bound that exists.
    InputError
        If the counts do not fit, or a pooled class hides how often people were seen.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    :math:`\hat N = n / \hat C` with Turing's coverage :math:`\hat C = 1 - f_1 / \sum_k k f_k` [1]_. With t
    occasions the share of the people seen once that stands for sightings of those not seen is
    :math:`(t - 1) f_1 / \{(t - 1) f_1 + 2 f_2\}`, so
    :math:`\hat C = 1 - \frac{f_1}{\sum_k k f_k} \cdot \frac{(t - 1) f_1}{(t - 1) f_1 + 2 f_2}` (where
    f2 = 0, f1 - 1 and 1 in place of f1 and f2 in the second ratio). It holds where everybody is seen at
    the same rate, and is too low otherwise. The variance is the delta method's with multinomial frequencies.

    References
    ----------
    .. [1] Good, I. J. (1953). The population frequencies of species and the estimation of population
       parameters. Biometrika 40(3/4), 237-264. doi:10.1093/biomet/40.3-4.237

    Examples
    --------
    >>> turing({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <Turing: 109 people, se 11, 76 seen>
    """
    held = as_frequency_counts(counts)
    group = _group(held, rare, "Turing's estimator")
    warn_of_surplus_ones(held, "Turing's estimate")

    def size(f: Frequencies) -> complex:
        kept = f[group.rare]
        return complex(f[~group.rare].sum() + kept.sum() / _coverage(kept, group))

    n_hat = size(group.people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        multinomial_variance(slopes(size, group.people), group.people, n_hat),
        method="Turing",
        assumptions=(
            *ASSUMPTIONS,
            "Everybody is seen at the same rate; differences make the number too low.",
        ),
        reference=GOOD_1953,
        params={"coverage": group.coverage},
    )


def ace(counts: CountsLike, *, rare: int = 10, variant: AceVariant = "ace") -> CountEstimate:
    r"""Estimate a population's size from the coverage and the spread of the rates among rare people.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen; with occasions the incidence form (ICE) is used.
    rare : int, default 10
        People seen at most so often are rare; the others are added as they are.
    variant : {"ace", "ace-1"}, default "ace"
        ``"ace-1"`` corrects the coefficient of variation, for populations whose people differ much.

    Returns
    -------
    CountEstimate
        In people; `params` has the ``"coverage"`` and the squared coefficient of variation
        ``"cv_squared"`` of the rare people.

    Raises
    ------
    NotEstimableError
        If the estimated coverage is 0 (all the rare were seen once) or 1 (nobody was); the error carries
        the bound that exists.
    InputError
        If the counts or an option do not fit, or the pooled class is among the rare.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    With S rare people, their coverage C as in `turing`, n their sightings and
    :math:`a = \sum k (k - 1) f_k`,

    .. math:: \hat N = S_{often} + S / C + (f_1 / C) \gamma^2, \quad
       \gamma^2 = \max\{\tau (S / C) a / \{n (n - 1)\} - 1, 0\},

    with :math:`\tau` = 1 for abundance [1]_ and t / (t - 1) for incidence [2]_; ACE-1 multiplies
    :math:`\gamma^2` by :math:`1 + \tau (f_1 / C) a / \{n (n - 1)\}`. The variance is the delta method's with
    multinomial frequencies; where :math:`\gamma^2` is cut at 0, so is its part in the variance.

    References
    ----------
    .. [1] Chao, A., Lee, S.-M. (1992). Estimating the number of classes via sample coverage. Journal of the
       American Statistical Association 87(417), 210-217. doi:10.1080/01621459.1992.10475194
    .. [2] Lee, S.-M., Chao, A. (1994). Estimating population size via sample coverage for closed
       capture-recapture models. Biometrics 50(1), 88-97. doi:10.2307/2533199

    Examples
    --------
    >>> ace({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <ACE: 133 people, se 20, 76 seen>
    """
    held = as_frequency_counts(counts)
    if variant not in get_args(AceVariant):
        raise InputError(f"variant is {variant!r}; it must be one of {', '.join(get_args(AceVariant))}.")
    group = _group(held, rare, "ACE")
    warn_of_surplus_ones(held, "the estimate from coverage")
    times = group.times[group.rare]
    scale = 1.0 if held.occasions is None else held.occasions / (held.occasions - 1)

    def parts(f: Frequencies) -> tuple[complex, complex]:
        kept = f[group.rare]
        coverage = _coverage(kept, group)
        sightings = (times * kept).sum()
        pairs = scale * (times * (times - 1) * kept).sum() / (sightings * (sightings - 1))
        spread = complex(kept.sum() / coverage * pairs - 1)
        if spread.real <= 0:
            spread = 0j
        if variant == "ace-1":
            spread *= complex(1 + kept[0] / coverage * pairs)
        return complex(f[~group.rare].sum() + (kept.sum() + kept[0] * spread) / coverage), spread

    def size(f: Frequencies) -> complex:
        return parts(f)[0]

    total, spread = parts(group.people.astype(complex))
    name = "ACE" if held.occasions is None else "ICE"
    return count_estimate(
        held,
        total.real,
        multinomial_variance(slopes(size, group.people), group.people, total.real),
        method=name if variant == "ace" else f"{name}-1",
        assumptions=(
            *ASSUMPTIONS,
            "The rates at which rare people are seen may differ, but not so much that their coefficient of "
            "variation cannot be told from the sample.",
        ),
        reference=CHAO_LEE_1992 if held.occasions is None else LEE_CHAO_1994,
        params={"coverage": group.coverage, "cv_squared": spread.real},
    )


def chao_bunge(counts: CountsLike, *, rare: int = 10) -> CountEstimate:
    r"""Estimate a population's size from the people seen more than once and the share that they are.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen, as counts without an upper limit: occasions, where given, are taken to be
        many.
    rare : int, default 10
        People seen at most so often are rare; the others are added as they are.

    Returns
    -------
    CountEstimate
        In people; `params` has the ``"duplication"``, the estimated share of the rare people who are
        seen more than once.

    Raises
    ------
    NotEstimableError
        If the estimated share of people seen more than once is not above zero, which would make the
        estimate infinite or negative; the error carries the bound that exists.
    InputError
        If the counts do not fit, or the pooled class is among the rare.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    :math:`\hat N = S_{often} + (S - f_1) / \hat\theta` with S the rare people and
    :math:`\hat\theta = 1 - f_1 \sum k^2 f_k / (\sum k f_k)^2`, sums over the rare [1]_: consistent where
    rates follow a gamma distribution. :math:`\hat\theta` near zero gives numbers beyond all sense with
    standard errors to match. The variance is the delta method's with multinomial frequencies.

    References
    ----------
    .. [1] Chao, A., Bunge, J. (2002). Estimating the number of species in a stochastic abundance model.
       Biometrics 58(3), 531-539. doi:10.1111/j.0006-341X.2002.00531.x

    Examples
    --------
    >>> chao_bunge({1: 56, 2: 19, 3: 28, 4: 18, 5: 24, 6: 14, 7: 9})
    <Chao-Bunge: 209 people, se 15, 168 seen>
    """
    held = as_frequency_counts(counts)
    group = _group(held, rare, "Chao-Bunge")
    times = group.times[group.rare]

    def duplication(f: Frequencies) -> complex:
        kept = f[group.rare]
        return complex(1 - kept[0] * (times**2 * kept).sum() / (times * kept).sum() ** 2)

    def size(f: Frequencies) -> complex:
        kept = f[group.rare]
        return complex(f[~group.rare].sum() + kept[1:].sum() / duplication(f))

    share = duplication(group.people.astype(complex)).real
    if share <= 0:
        bound = lower_bound(held)
        raise NotEstimableError(
            "Chao-Bunge divides by the estimated share of people who are seen more than once, and for these "
            f"counts that is {share:.3g}: so many were seen just once that a gamma distribution of rates has "
            f"no finite number of people. The bias-corrected Chao bound is {bound:,.1f} people.",
            bound=bound,
        )
    warn_of_surplus_ones(held, "the estimate of Chao and Bunge")
    n_hat = size(group.people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        multinomial_variance(slopes(size, group.people), group.people, n_hat),
        method="Chao-Bunge",
        assumptions=(*ASSUMPTIONS, "The rates at which people are seen follow a gamma distribution."),
        reference=CHAO_BUNGE_2002,
        params={"duplication": share},
    )


@dataclass(frozen=True)
class _Group:
    """Classes, who is rare among them, and the coverage of the rare."""

    times: npt.NDArray[np.float64]
    people: npt.NDArray[np.float64]
    rare: npt.NDArray[np.bool_]
    occasions: int | None
    coverage: float


def _group(counts: FrequencyCounts, rare: object, what: str) -> _Group:
    last = counts.times_seen[-1]
    if rare is None:
        limit = last
    else:
        if isinstance(rare, bool) or not isinstance(rare, (int, np.integer)) or rare < 2:
            raise InputError(f"rare is {rare!r}; give a whole number of times seen, at least 2.")
        limit = int(rare)
    need_classes(counts, limit, what=what)
    times, people = classes(counts, 2)
    is_rare = times <= limit
    bound = lower_bound(counts)
    if not people[0]:
        raise NotEstimableError(
            f"{what} needs people seen once, and there are none: the estimated coverage is 1, so the data do "
            f"not say that anybody was missed beyond the {counts.n_observed:,} seen.",
            bound=bound,
        )
    if people[is_rare].sum() == people[0]:
        raise NotEstimableError(
            f"{what} needs people seen from 2 to {max(limit, 2)} times, and there are none: with nobody but "
            "people seen once the estimated coverage is 0. The bias-corrected Chao bound is "
            f"{bound:,.1f} people.",
            bound=bound,
        )
    group = _Group(times, people, is_rare, counts.occasions, 1.0)
    coverage = _coverage(people[is_rare].astype(complex), group).real
    return _Group(times, people, is_rare, counts.occasions, coverage)


def _coverage(kept: Frequencies, group: _Group) -> complex:
    sightings = (group.times[group.rare] * kept).sum()
    if group.occasions is None:
        return complex(1 - kept[0] / sightings)
    later = group.occasions - 1
    if kept[1].real > 0:
        weight = later * kept[0] / (later * kept[0] + 2 * kept[1])
    else:
        weight = later * (kept[0] - 1) / (later * (kept[0] - 1) + 2)
    return complex(1 - kept[0] / sightings * weight)
