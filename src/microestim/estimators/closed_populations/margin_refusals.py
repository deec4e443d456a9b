"""Counts that leave a model of occasions and numbers of captures without an estimate, and why."""

import numpy as np

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts

__all__ = ["no_maximum", "refuse_extreme_spread", "refuse_what_cannot_be"]


def refuse_what_cannot_be(name: str, counts: MarginCounts, *, by_occasion: bool) -> None:
    """Refuse counts that leave no model of this family an estimate.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data.
    by_occasion : bool
        Whether each occasion has its own probability of capture.

    Raises
    ------
    NotEstimableError
        If nobody was captured twice, or everybody always, or an occasion caught nobody or everybody.
    """
    n = counts.n_observed
    if counts.captures == n:
        raise NotEstimableError(
            f"{name} extrapolates from people captured more than once, and nobody was: the data set no upper "
            "limit to the population."
        )
    if counts.occasions is not None and counts.captures == counts.occasions * n:
        raise NotEstimableError(
            f"everybody seen was captured on every occasion, so {name} sees nobody missing."
        )
    if by_occasion and isinstance(counts, ClosedCounts):
        empty, full = np.flatnonzero(counts.n_i == 0), np.flatnonzero(counts.n_i == n)
        if len(empty):
            raise NotEstimableError(
                f"{name} gives each occasion its own probability of capture, and nobody was captured on "
                f"occasion {empty[0] + 1}. Drop the occasion: it says nothing of the number of people."
            )
        if len(full):
            raise NotEstimableError(
                f"everybody seen was captured on occasion {full[0] + 1}, so {name} puts its probability of "
                "capture at 1 and sees nobody missing. Use a model without time effects, or drop it."
            )


def refuse_extreme_spread(name: str, counts: MarginCounts) -> None:
    """Refuse numbers of captures that are as alike, or as far apart, as they can be.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data.

    Raises
    ------
    NotEstimableError
        If the numbers of captures are at one of these ends.

    Notes
    -----
    The shapes are strictly convex in the number of captures. For given captures by occasion the mean of a
    convex function is least where everybody has one of two neighbouring numbers of captures, and for given
    captures in all it is largest where everybody has the least or the most; at these ends its coefficient
    runs to infinity, whatever the occasions.
    """
    times = np.flatnonzero(counts.f_k) + 1
    if times[-1] - times[0] <= 1:
        often = " or ".join(f"{k}" for k in times)
        raise NotEstimableError(
            f"the likelihood of {name} has no maximum for these data: everybody seen was captured {often} "
            "times, which is as alike as people can be, and the shape of heterogeneity would have them more "
            "alike still. Use a model without heterogeneity, or heterogeneity='chao' for a lower bound."
        )
    if set(times.tolist()) == {1, counts.cells}:
        raise NotEstimableError(
            f"the likelihood of {name} has no maximum for these data: everybody seen was captured once or "
            f"{counts.cells} times, which is as far apart as people can be, and the coefficient of the shape "
            "runs to infinity. Chao's lower bound needs people captured twice, and there are none."
        )


def no_maximum(name: str, *, bounded: bool) -> NotEstimableError:
    """Make the error for a likelihood without a maximum.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    bounded : bool
        Whether the model is the lower bound itself.

    Returns
    -------
    NotEstimableError
        With what to do instead.
    """
    instead = "" if bounded else ", or heterogeneity='chao' for a lower bound"
    return NotEstimableError(
        f"the likelihood of {name} has no maximum for these data: a parameter runs away to infinity, because "
        "the frequencies of capture leave it free or push the number not seen to zero or to infinity. Use a "
        f"model with fewer parameters{instead}."
    )
