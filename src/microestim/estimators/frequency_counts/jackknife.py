"""Size of a closed population by the jackknife of its frequency counts."""

from fractions import Fraction
from math import comb, factorial

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    check_flag,
    classes,
    count_estimate,
    finite_size,
    multinomial_variance,
    need_classes,
)
from microestim.estimators.frequency_counts.lower_bounds import ASSUMPTIONS
from microestim.estimators.frequency_counts.references import BURNHAM_OVERTON_1979
from microestim.estimators.frequency_counts.surplus_ones import warn_of_surplus_ones

__all__ = ["jackknife"]

Array = npt.NDArray[np.float64]

HIGHEST_ORDER = 10


def jackknife(
    counts: CountsLike,
    *,
    order: int | None = None,
    max_order: int = 5,
    significance: float = 0.05,
    interpolate: bool = False,
    finite_sample: bool | None = None,
) -> CountEstimate:
    r"""Estimate a population's size by the jackknife, its order chosen by a test or given.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.
    order : int, optional
        Order of the jackknife, 1 to 10; chosen by Burnham & Overton's test when None.
    max_order : int, default 5
        Highest order that the test may choose, 1 to 10; the test also stops one below the most times that
        anybody was seen. Not used where `order` is given.
    significance : float, default 0.05
        Level of the test; a share. Not used where `order` is given.
    interpolate : bool, default False
        Whether to interpolate between the chosen order and the one before it, as Burnham & Overton advise
        for a smoother estimate. There is nothing to interpolate where the test chose order 1 or ran out of
        orders; `method` and `params` say whether it was done.
    finite_sample : bool, optional
        Whether the weights are those of a finite number of samples: the occasions, or for abundance the
        captures. By default they are where the number of occasions is known.

    Returns
    -------
    CountEstimate
        In people; `params` has the ``"order"``, and the ``"p_value"`` of the test against the next order
        where the order was chosen.

    Raises
    ------
    InputError
        If the counts or an option do not fit, or the order exceeds the number of samples.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    The jackknife of order m over t samples removes the bias of the number seen up to the power m of 1 / t
    [1]_: :math:`\hat N_m = \sum_k a_{mk} f_k` with

    .. math:: a_{mk} = \frac{1}{m!} \sum_{i=0}^{m} (-1)^i \binom{m}{i} (t - i)^m
       \left[1 - \binom{t - k}{i - k} \Big/ \binom{t}{i}\right],

    the last term 0 for i < k; for t without limit :math:`a_{mk} = 1 + (-1)^{k+1} \binom{m}{k}`. Variance
    :math:`\sum a_{mk}^2 f_k - \hat N_m`. The test takes the smallest m for which :math:`\hat N_{m+1}` does
    not differ from :math:`\hat N_m` at the level given, and the highest order where all differ. Interpolated,
    with P the tests' p-values and m > 1, the weights are :math:`c\,a_m + (1 - c)\,a_{m-1}` with
    :math:`c = (\alpha - P_{m-1}) / (P_m - P_{m-1})`. The order's choice is not in the variance, and the
    estimate grows with the effort that is spent: it has no limit that does not depend on t.

    References
    ----------
    .. [1] Burnham, K. P., Overton, W. S. (1979). Robust estimation of population size when capture
       probabilities vary among animals. Ecology 60(5), 927-936. doi:10.2307/1936861

    Examples
    --------
    >>> rabbits = FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, occasions=18)
    >>> jackknife(rabbits)
    <jackknife of order 3: 158 people, se 22, 76 seen>
    """
    held = as_frequency_counts(counts)
    smooth = check_flag("interpolate", interpolate)
    if isinstance(significance, bool) or not 0 < significance < 1:
        raise InputError(f"significance is {significance!r}; give a share between 0 and 1, such as 0.05.")
    samples = finite_size(held, finite_sample)
    if order is not None:
        if smooth:
            raise InputError("interpolate=True belongs to an order chosen by the test; leave order out.")
        chosen = _order("order", order, samples)
        need_classes(held, chosen, what=f"the jackknife of order {chosen}")
        times, people = classes(held, chosen)
        warn_of_surplus_ones(held, "the jackknife")
        return _estimate(held, people, _weights(chosen, times, samples), chosen, {})
    last = held.times_seen[-1]
    highest = min(_order("max_order", max_order, np.inf), int(min(samples, HIGHEST_ORDER)), max(last - 1, 1))
    need_classes(held, highest, what=f"the jackknife with max_order={highest}")
    # The order after the highest is needed only for the p-value that is reported.
    tested = int(min(highest + 1, samples, last - 1 if held.last_is_pooled else np.inf))
    times, people = classes(held, tested)
    weights = [_weights(m, times, samples) for m in range(1, tested + 1)]
    p_values = [_p_value(weights[m] - weights[m - 1], people) for m in range(1, tested)]
    chosen = next((m for m, p in enumerate(p_values[: highest - 1], 1) if p > significance), highest)
    params: dict[str, float] = {}
    if chosen <= len(p_values):
        params["p_value"] = p_values[chosen - 1]
    final = weights[chosen - 1]
    if smooth and chosen > 1 and chosen <= len(p_values) and p_values[chosen - 1] > significance:
        share = (significance - p_values[chosen - 2]) / (p_values[chosen - 1] - p_values[chosen - 2])
        final = share * final + (1 - share) * weights[chosen - 2]
        params["interpolation"] = share
    warn_of_surplus_ones(held, "the jackknife")
    return _estimate(held, people, final, chosen, params)


def _order(name: str, value: object, samples: float) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= HIGHEST_ORDER:
        raise InputError(f"{name} is {value!r}; give a whole number from 1 to {HIGHEST_ORDER}.")
    if value > samples:
        raise InputError(f"{name} is {value}, but there are only {samples:g} samples to leave out.")
    return int(value)


def _weights(order: int, times: Array, samples: float) -> Array:
    """Return the weight of each class; exact fractions, since large powers cancel."""
    if samples == np.inf:
        few = [(-1) ** (int(k) + 1) * comb(order, int(k)) if k <= order else 0 for k in times]
        return 1.0 + np.array(few, dtype=float)
    t = int(samples)
    weights = np.ones(len(times))
    for place, k in enumerate(times.astype(int)):
        # A person seen k times is missed only when all k of those samples are left out.
        missed = sum(
            Fraction((-1) ** i * comb(order, i) * (t - i) ** order * comb(t - k, i - k), comb(t, i))
            for i in range(k, order + 1)
        )
        weights[place] = float(1 - missed / factorial(order))
    return weights


def _p_value(difference: Array, people: Array) -> float:
    """Two-sided p-value of the difference between two orders, given the number seen."""
    from scipy.special import ndtr

    seen = people.sum()
    change = float((difference * people).sum())
    if seen <= 1:
        return 1.0
    variance = seen / (seen - 1) * (float((difference**2 * people).sum()) - change**2 / seen)
    if variance <= 0:
        return 1.0 if change == 0 else 0.0
    return float(2 * ndtr(-abs(change) / np.sqrt(variance)))


def _estimate(
    counts: FrequencyCounts, people: Array, weights: Array, order: int, params: dict[str, float]
) -> CountEstimate:
    n_hat = float((weights * people).sum())
    name = f"jackknife of order {order}"
    return count_estimate(
        counts,
        n_hat,
        multinomial_variance(weights, people, n_hat) if n_hat > 0 else -1.0,
        method=f"{name}, interpolated" if "interpolation" in params else name,
        assumptions=(
            *ASSUMPTIONS,
            "The bias of the number seen falls with the number of samples as a polynomial of its inverse.",
        ),
        reference=BURNHAM_OVERTON_1979,
        params={"order": float(order), **params},
    )
