"""Are there more people seen once than widely differing rates lead to: the test behind a warning."""

from __future__ import annotations

import math
import warnings

from microestim.capture.frequencies import FrequencyCounts
from microestim.errors import OneInflationWarning

__all__ = ["has_surplus_ones", "overall_statistic", "rare_statistic", "warn_of_surplus_ones"]

# Half of chi-squared with one degree of freedom exceeds this with a probability of 0.001.
CRITICAL = 9.549535706
# Classes 1 to 5, times seen under a gamma distribution of shape 1/2: a coefficient of variation of 1.41.
RARE = 5
LOG_WEIGHTS = [math.lgamma(times + 0.5) - math.lgamma(times + 1) for times in range(RARE + 1)]
STEEPEST, BISECTIONS = 60.0, 70


def has_surplus_ones(counts: FrequencyCounts) -> bool:
    r"""Return whether far more people were seen once than widely differing rates lead to.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.

    Returns
    -------
    bool
        Whether both likelihood-ratio tests of one-inflation reject at a level of 0.001.

    Notes
    -----
    One takes exponential rates and all counts (`overall_statistic`). Rates that differ even more make a tail
    that no geometric distribution has, and would fail it without any one-inflation; so the other takes gamma
    rates of shape 1/2 and the people seen at most five times (`rare_statistic`). No Poisson mixture sets an
    upper limit to the people seen once, so a test has to say which it takes for possible.

    Examples
    --------
    >>> has_surplus_ones(FrequencyCounts({1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}))
    True
    """
    return overall_statistic(counts) > CRITICAL and rare_statistic(counts) > CRITICAL


def overall_statistic(counts: FrequencyCounts) -> float:
    r"""Return the likelihood ratio of one-inflation with geometric counts as the reference.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts; a pooled last class enters by its chance.

    Returns
    -------
    float
        Twice the gain in log-likelihood when the people seen once are fitted by themselves; 0 where there
        are no more of them than a geometric distribution of those seen twice or more expects, and where the
        counts cannot tell.

    Notes
    -----
    Geometric counts are Poisson counts with exponential rates. From j on they are geometric again: with U
    people seen an exact number of times and S sightings beyond j of all people, the pooled ones taken at
    the lowest of their class, the log-likelihood is :math:`U \log (1 - \theta) + S \log \theta`, largest at
    :math:`\theta = S / (S + U)`.

    Examples
    --------
    >>> round(overall_statistic(FrequencyCounts({1: 80, 2: 20, 3: 10, 4: 5})), 3)
    0.592
    >>> overall_statistic(FrequencyCounts({1: 40, 2: 20, 3: 10, 4: 6}))
    0.0
    """
    last = counts.times_seen[-1]
    if counts.last_is_pooled and last <= 2:
        return 0.0
    held = counts.counts
    once = float(held.get(1, 0))
    more = float(counts.n_observed) - once
    beyond = float(sum((times - 2) * people for times, people in held.items() if times > 1))
    exact = more - (float(held[last]) if counts.last_is_pooled else 0.0)
    # Nobody above two, or everybody in the pooled class: no number of people seen once is too large.
    if beyond == 0 or exact == 0 or once <= more * exact / beyond:
        return 0.0
    apart = _log_parts(exact, beyond) + _log_parts(once, more)
    return max(2 * (apart - _log_parts(once + exact, beyond + more)), 0.0)


def rare_statistic(counts: FrequencyCounts) -> float:
    r"""Return the likelihood ratio of one-inflation among the people seen at most five times.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts; without a pooled class where it is among the first five.

    Returns
    -------
    float
        As `overall_statistic`, with counts under gamma rates of shape 1/2 as the reference.

    Notes
    -----
    The chances of k times are proportional to :math:`\Gamma(k + 1/2) \theta^k / k!` on the classes that are
    looked at, an exponential family whose mean is that of the counts at the maximum.

    Examples
    --------
    >>> round(rare_statistic(FrequencyCounts({1: 80, 2: 20, 3: 10, 4: 5, 9: 3})), 3)
    0.55
    """
    last = counts.times_seen[-1] - 1 if counts.last_is_pooled else counts.times_seen[-1]
    people = [float(counts.counts.get(times, 0)) for times in range(1, min(RARE, last) + 1)]
    more = sum(people[1:])
    if more == 0 or sum(people[2:]) == 0:
        return 0.0
    apart, slope = _tilted(people[1:], 2)
    logs = [LOG_WEIGHTS[times] + slope * (times - 2) for times in range(1, len(people) + 1)]
    above = max(logs[1:])
    expected = more * math.exp(logs[0] - above) / sum(math.exp(value - above) for value in logs[1:])
    if people[0] <= expected:
        return 0.0
    together, _ = _tilted(people, 1)
    return max(2 * (apart + _log_parts(people[0], more) - together), 0.0)


def warn_of_surplus_ones(counts: FrequencyCounts, method: str) -> None:
    """Warn where far more people were seen once than the others lead to.

    Call it from the public function itself, whose caller the warning points at.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts.
    method : str
        The estimator that uses the people seen once.

    Warns
    -----
    OneInflationWarning
        If `has_surplus_ones`.

    Examples
    --------
    >>> warn_of_surplus_ones(FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6}), "Chao's bound")
    """
    if not has_surplus_ones(counts):
        return
    warnings.warn(
        f"{counts.singletons:,} people were seen once: many more than those seen twice or more lead to, even "
        f"if rates differ widely. If some are one-time visitors or failed matches, {method} is too high; "
        "chao_one_inflated() and truncated_counts(..., inflation=...) do without the people seen once, and "
        "one_inflation_curve() shows the range.",
        OneInflationWarning,
        stacklevel=3,
    )


def _log_parts(first: float, second: float) -> float:
    """Return the largest log-likelihood of two kinds of events, so many of each."""
    both = first + second
    return first * math.log(first / both) + second * math.log(second / both) if first and second else 0.0


def _tilted(people: list[float], first: int) -> tuple[float, float]:
    """Return the largest log-likelihood of the tilted weights, and the log of the ratio that tilts them."""
    total = sum(people)
    mean = sum(place * held for place, held in enumerate(people)) / total
    low, high = -STEEPEST, STEEPEST
    for _ in range(BISECTIONS):
        slope = (low + high) / 2
        chances = [math.exp(LOG_WEIGHTS[first + place] + slope * place) for place in range(len(people))]
        if sum(place * chance for place, chance in enumerate(chances)) < mean * sum(chances):
            low = slope
        else:
            high = slope
    whole = math.log(sum(chances))
    return sum(n * (math.log(p) - whole) for n, p in zip(people, chances, strict=True)), slope
