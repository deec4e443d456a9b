"""Estimates and standard errors from two samples, and the check of their counts: arrays in, arrays out."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.rates import Rate
from microestim.estimators.two_samples.matching_errors import (
    corrected_overlap,
    matching_variance,
    rates_variance,
)

__all__ = ["Counts", "Estimator", "check_counts", "corrected_point_and_se", "point_and_se"]

Array = npt.NDArray[np.float64]
Estimator = Literal["Lincoln-Petersen", "Chapman", "Bailey"]
Counts = int | float | npt.ArrayLike


def check_counts(n1: Counts, n2: Counts, m: Counts) -> tuple[Array, Array, Array]:
    """Return the counts as float arrays of one shape, if two samples can have them.

    Parameters
    ----------
    n1, n2, m : int or array_like of int
        People in each sample and in both.

    Returns
    -------
    n1, n2, m : ndarray
        Broadcast against each other.

    Raises
    ------
    InputError
        If a count is negative or no whole number, a sample is empty, or m exceeds a sample.

    Examples
    --------
    >>> check_counts(5, [6, 7], 2)[0]
    array([5., 5.])
    """
    given: list[Array] = []
    for name, value in (("n1", n1), ("n2", n2), ("m", m)):
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise InputError(f"{name} is {value!r}; give a count, or an array of counts.")
        array = array.astype(float)
        wrong = ~(np.isfinite(array) & (array >= (0 if name == "m" else 1)) & (array == np.floor(array)))
        if wrong.any():
            least = "0" if name == "m" else "1 (a sample cannot be empty)"
            raise InputError(f"{name} is {array[wrong][0]:g}; give a whole number of at least {least}.")
        given.append(array)
    try:
        size1, size2, both = np.broadcast_arrays(*given)
    except ValueError as error:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(("n1", "n2", "m"), given, strict=True))
        raise InputError(f"the counts cannot be broadcast against each other: {shapes}.") from error
    excess = both > np.minimum(size1, size2)
    if excess.any():
        raise InputError(
            f"m is {both[excess][0]:g} with n1 = {size1[excess][0]:g} and n2 = {size2[excess][0]:g}; nobody "
            "can be in both samples without being in each, so give an m of at most the smaller sample."
        )
    return size1, size2, both


def point_and_se(estimator: Estimator, n1: Array, n2: Array, m: Array) -> tuple[Array, Array]:
    """Estimate and standard error from counts matched without error.

    Parameters
    ----------
    estimator : {"Lincoln-Petersen", "Chapman", "Bailey"}
        Which estimator.
    n1, n2, m : ndarray
        People in each sample and in both.

    Returns
    -------
    size, se : ndarray
        In people; nan where there is no estimate.

    Examples
    --------
    >>> size, se = point_and_se("Bailey", np.array(12.0), np.array(9.0), np.array(6.0))
    >>> round(float(size), 3)
    17.143
    """
    if estimator == "Lincoln-Petersen":
        both = np.where(m > 0, m, np.nan)
        return n1 * n2 / both, np.sqrt(n1**2 * n2 * (n2 - both) / both**3)
    if estimator == "Chapman":
        point = (n1 + 1) * (n2 + 1) / (m + 1) - 1
        return point, np.sqrt((n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / (m + 2)) / (m + 1)
    point = n1 * (n2 + 1) / (m + 1)
    return point, n1 * np.sqrt((n2 + 1) * (n2 - m) / (m + 2)) / (m + 1)


def corrected_point_and_se(
    estimator: Estimator, n1: Array, n2: Array, m: Array, false: Rate, missed: Rate
) -> tuple[Array, Array]:
    """Estimate and standard error with the people in both corrected for matching errors.

    Parameters
    ----------
    estimator : {"Lincoln-Petersen", "Chapman"}
        Which estimator.
    n1, n2, m : ndarray
        People in each sample, and matched.
    false, missed : Rate
        Rates of matching errors.

    Returns
    -------
    size, se : ndarray
        In people; nan where false matches alone would make as many.

    Examples
    --------
    >>> counts = (np.array(500.0), np.array(500.0), np.array(89.0))
    >>> size, se = corrected_point_and_se("Lincoln-Petersen", *counts, Rate(0.0), Rate(0.11))
    >>> round(float(size), 6)
    2500.0
    """
    overlap = corrected_overlap(n2, m, false, missed)
    lincoln = estimator == "Lincoln-Petersen"
    overlap = np.where(overlap > 0 if lincoln else overlap >= 0, overlap, np.nan)
    extra = rates_variance(n2, overlap, false, missed)
    if lincoln:
        point = n1 * n2 / overlap
        # Matches are binomial among n2, whatever mixture of true and false ones they are.
        spread = (
            m * (n2 - m) / n2 * (overlap / np.where(m > false.value * n2, m - false.value * n2, np.nan)) ** 2
        )
        return point, point / overlap * np.sqrt(spread + extra)
    point = (n1 + 1) * (n2 + 1) / (overlap + 1) - 1
    slope = (n1 + 1) * (n2 + 1) / (overlap + 1) ** 2
    inside = np.minimum(overlap, np.minimum(n1, n2))
    perfect = point_and_se(estimator, n1, n2, inside)[1] ** 2
    errors = matching_variance(n2, overlap, false, missed)
    return point, np.sqrt(perfect + slope**2 * (errors + extra))
