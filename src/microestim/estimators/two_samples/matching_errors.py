r"""What imperfect matching does to the people found in both of two samples, and how it is undone.

A person in both samples is not matched with the probability :math:`\mu` (missed match). A person of the
second sample who is not in the first is matched to somebody there with the probability :math:`\phi` (false
match). Of m people truly in both, matching then finds :math:`(1 - \mu) m + \phi (n_2 - m)` on average.

References
----------
Ding, Y. & Fienberg, S. E. (1994). Dual system estimation of Census undercount in the presence of matching
error. Survey Methodology 20(2), 149-158.

Di Consiglio, L. & Tuoto, T. (2015). Coverage evaluation on probabilistically linked data. Journal of
Official Statistics 31(3), 415-429. doi:10.1515/jos-2015-0025
"""

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.rates import Rate

__all__ = ["corrected_overlap", "least_seen", "matching_variance", "rates_variance", "separation"]

Array = npt.NDArray[np.float64]


def separation(false_match: Rate, missed_match: Rate) -> float:
    """Return how much more often people in both are matched than people who are not, 1 - missed - false.

    Parameters
    ----------
    false_match, missed_match : Rate
        Rates of matching errors.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    InputError
        If it is not positive: such matches say nothing.

    Examples
    --------
    >>> separation(Rate(0.1), Rate(0.15))
    0.75
    """
    left = 1.0 - missed_match.value - false_match.value
    if left <= 0:
        raise InputError(
            f"false_match {false_match.value:g} and missed_match {missed_match.value:g} add up to 1 or more: "
            "people in both samples would be matched no more often than others, so matches say nothing."
        )
    return left


def corrected_overlap(n2: Array, m: Array, false_match: Rate, missed_match: Rate) -> Array:
    r"""Return the people in both samples from those that were matched.

    :math:`\hat m = (m - \phi n_2) / (1 - \mu - \phi)`.

    Parameters
    ----------
    n2 : ndarray
        People in the second sample.
    m : ndarray
        People of it that were matched to the first.
    false_match, missed_match : Rate
        Rates of matching errors.

    Returns
    -------
    ndarray
        People; negative where false matches alone would make more matches.

    Examples
    --------
    >>> float(corrected_overlap(np.array(500.0), np.array(89.0), Rate(0.0), Rate(0.11)).round(6))
    100.0
    """
    return np.asarray((m - false_match.value * n2) / separation(false_match, missed_match))


def matching_variance(n2: Array, overlap: Array, false_match: Rate, missed_match: Rate) -> Array:
    r"""Return the variance that matching errors of known rates add to the corrected overlap.

    Given the people truly in both,
    :math:`\{m \mu (1 - \mu) + (n_2 - m) \phi (1 - \phi)\} / (1 - \mu - \phi)^2`.

    Parameters
    ----------
    n2, overlap : ndarray
        People in the second sample, and in both.
    false_match, missed_match : Rate
        Rates of matching errors.

    Returns
    -------
    ndarray
        People squared.

    Examples
    --------
    >>> float(matching_variance(np.array(500.0), np.array(100.0), Rate(0.0), Rate(0.5)))
    100.0
    """
    missed, false = missed_match.value, false_match.value
    # An estimated overlap may exceed the sample; nobody is then left to be matched falsely.
    noise = overlap * missed * (1 - missed) + np.maximum(n2 - overlap, 0.0) * false * (1 - false)
    return np.asarray(noise / separation(false_match, missed_match) ** 2)


def rates_variance(n2: Array, overlap: Array, false_match: Rate, missed_match: Rate) -> Array:
    r"""Return the variance of the corrected overlap that comes from not knowing the rates.

    :math:`\{m^2 se_\mu^2 + (n_2 - m)^2 se_\phi^2\} / (1 - \mu - \phi)^2`, the rates' errors independent.

    Parameters
    ----------
    n2, overlap : ndarray
        People in the second sample, and in both.
    false_match, missed_match : Rate
        Rates of matching errors.

    Returns
    -------
    ndarray
        People squared.

    Examples
    --------
    >>> float(rates_variance(np.array(500.0), np.array(100.0), Rate(0.0), Rate(0.5, 0.1)))
    400.0
    """
    spread = (overlap * missed_match.se) ** 2 + ((n2 - overlap) * false_match.se) ** 2
    return np.asarray(spread / separation(false_match, missed_match) ** 2)


def least_seen(n1: Array, n2: Array, m: Array, missed_match: Rate) -> Array:
    """Return the least number of distinct people that the samples can hold.

    Nobody counts twice within a sample, so there are at least as many as in the larger. If no match is ever
    missed, the people in both are among those matched, and there are at least n1 + n2 - m.

    Parameters
    ----------
    n1, n2, m : ndarray
        People in each sample, and matched.
    missed_match : Rate
        Rate of missed matches.

    Returns
    -------
    ndarray
        People.

    Examples
    --------
    >>> float(least_seen(np.array(50.0), np.array(40.0), np.array(10.0), Rate(0.05)))
    50.0
    """
    return np.asarray(n1 + n2 - m if missed_match.exact_zero else np.maximum(n1, n2))
