"""What the models of a closed population need of capture data: counts, never histories of people."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures
from microestim.errors import InputError

__all__ = [
    "CaptureData",
    "ClosedCounts",
    "FrequencyData",
    "MarginCounts",
    "closed_counts",
    "closed_counts_of",
]

Array = npt.NDArray[np.float64]


@runtime_checkable
class CaptureData(Protocol):
    """Anything that gives distinct capture histories and how many people have each."""

    @property
    def histories(self) -> npt.NDArray[Any]:
        """Distinct histories, shape (rows, t), of 0 and 1."""

    @property
    def counts(self) -> npt.NDArray[Any]:
        """People with each history, shape (rows,)."""


@runtime_checkable
class FrequencyData(Protocol):
    """Anything that says how many people were seen how often."""

    @property
    def times_seen(self) -> tuple[int, ...]:
        """Numbers of captures that occur."""

    @property
    def people(self) -> tuple[int, ...]:
        """People with each number of captures."""

    @property
    def occasions(self) -> int | None:
        """Number of occasions; None where people can be seen any number of times."""

    @property
    def last_is_pooled(self) -> bool:
        """Whether the last number of captures stands for itself and all above."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginCounts:
    """How many people were captured once, twice and so on.

    Parameters
    ----------
    occasions : int or None
        Number of occasions, t; None where captures can be any number.
    f_k : ndarray
        People captured k times, k = 1 first; as long as there are occasions.

    Raises
    ------
    InputError
        If a count is negative or no whole number, or nobody was captured.

    Examples
    --------
    >>> MarginCounts(occasions=3, f_k=np.array([10.0, 4.0, 1.0])).n_observed
    15.0
    """

    occasions: int | None
    f_k: Array

    def __post_init__(self) -> None:
        """Check the counts."""
        _check_counts("f_k", self.f_k)
        if self.occasions is not None and (self.occasions < 2 or len(self.f_k) != self.occasions):
            raise InputError(
                f"{len(self.f_k)} frequencies of capture with {self.occasions} occasions; a closed "
                "population needs two occasions or more, and one frequency for each number of captures."
            )
        if self.n_observed == 0:
            raise InputError("nobody was captured, so there is nothing to estimate from.")

    @property
    def n_observed(self) -> float:
        """People captured at least once."""
        return float(self.f_k.sum())

    @property
    def most(self) -> int:
        """Largest number of captures of one person."""
        return int(np.flatnonzero(self.f_k)[-1]) + 1

    @property
    def log_factorials(self) -> float:
        """Sum of the log factorials of the counts, the constant of their Poisson likelihood."""
        return _log_factorials(self.f_k)

    @property
    def saturated_loglik(self) -> float:
        """Poisson log-likelihood of the counts when each is its own expectation."""
        return _count_log_count(self.f_k) - self.n_observed - self.log_factorials


@dataclass(frozen=True, kw_only=True, eq=False)
class ClosedCounts(MarginCounts):
    """Capture histories reduced to what closed-population models depend on.

    Parameters
    ----------
    n_i : ndarray, shape (t,)
        People captured on each occasion.
    u_i : ndarray, shape (t,)
        People captured for the first time on each occasion.
    by_history : ndarray
        People with each history that occurs, in no particular order.

    Examples
    --------
    >>> counts = closed_counts_of(np.array([[1, 0], [0, 1], [1, 1]]), np.array([5, 4, 3]))
    >>> counts.n_i.tolist(), counts.u_i.tolist(), counts.f_k.tolist()
    ([8.0, 7.0], [8.0, 4.0], [9.0, 3.0])
    """

    n_i: Array
    u_i: Array
    by_history: Array

    @property
    def t(self) -> int:
        """Number of occasions."""
        return len(self.n_i)

    @property
    def log_factorials(self) -> float:
        """Sum of the log factorials of the counts by history."""
        return _log_factorials(self.by_history)

    @property
    def saturated_loglik(self) -> float:
        """Poisson log-likelihood of the counts by history when each is its own expectation."""
        return _count_log_count(self.by_history) - self.n_observed - self.log_factorials


def closed_counts_of(histories: npt.ArrayLike, counts: npt.ArrayLike) -> ClosedCounts:
    """Reduce histories with counts to sufficient statistics.

    Parameters
    ----------
    histories : array_like, shape (rows, t)
        Capture histories of 0 and 1, none of them all zero.
    counts : array_like, shape (rows,)
        People with each history.

    Returns
    -------
    ClosedCounts
        In people.

    Raises
    ------
    InputError
        If a history holds anything but 0 and 1, is all zero, or a count is no count.
    """
    matrix = np.asarray(histories)
    people = np.asarray(counts, dtype=float)
    if matrix.ndim != 2 or people.shape != (len(matrix),):
        raise InputError(
            f"histories have the shape {matrix.shape} and counts {people.shape}; give one row of occasions "
            "and one count for each history."
        )
    if not np.isin(matrix, (0, 1)).all():
        raise InputError("a capture history holds 0 (not captured) and 1 (captured) only.")
    _check_counts("counts", people)
    matrix, people = matrix[people > 0].astype(bool), people[people > 0]
    if not matrix.any(axis=1).all():
        raise InputError("a history without any capture was observed; those people cannot be in the data.")
    # Rows of one history are one count: a likelihood by history depends on it.
    matrix, place = np.unique(matrix, axis=0, return_inverse=True)
    people = np.bincount(place.ravel(), weights=people, minlength=len(matrix))
    t = matrix.shape[1]
    first = matrix.argmax(axis=1) if len(matrix) else np.zeros(0, dtype=int)
    return ClosedCounts(
        occasions=t,
        f_k=np.bincount(matrix.sum(axis=1), weights=people, minlength=t + 1)[1:],
        n_i=people @ matrix,
        u_i=np.bincount(first, weights=people, minlength=t),
        by_history=people,
    )


def closed_counts(captures: Any) -> ClosedCounts | MarginCounts:
    """Reduce a container of captures, or of frequencies of capture, to sufficient statistics.

    Parameters
    ----------
    captures : Captures, FrequencyCounts, ClosedCounts or MarginCounts
        Anything with `histories` and `counts`, or with `frequencies` and `occasions`.

    Returns
    -------
    ClosedCounts or MarginCounts
        In people.

    Raises
    ------
    InputError
        If the data are of another kind.
    """
    if isinstance(captures, MarginCounts):
        return captures
    if isinstance(captures, FrequencyData):
        if captures.last_is_pooled:
            raise InputError(
                "the last frequency is pooled ('so many times or more'), and these models need every "
                "frequency by itself; use an estimator that does without it, such as chao()."
            )
        return _margin_counts(captures)
    if isinstance(captures, Captures):
        captures.refuse_losses()
    if isinstance(captures, CaptureData):
        return closed_counts_of(captures.histories, captures.counts)
    raise InputError(
        f"closed() takes Captures or FrequencyCounts, and was given {type(captures).__name__}; make captures "
        "with Captures.from_histories, from_counts, from_lists or from_events."
    )


def _margin_counts(frequencies: FrequencyData) -> MarginCounts:
    cells = max(frequencies.times_seen) if frequencies.occasions is None else frequencies.occasions
    f_k = np.zeros(cells)
    f_k[np.asarray(frequencies.times_seen) - 1] = frequencies.people
    return MarginCounts(occasions=frequencies.occasions, f_k=f_k)


def _check_counts(name: str, counts: Array) -> None:
    wrong = ~(np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts)))
    if wrong.any():
        raise InputError(f"{name} holds {counts[wrong][0]:g}; counts of people are whole numbers from 0 on.")


def _log_factorials(counts: Array) -> float:
    from scipy.special import gammaln

    return float(np.sum(gammaln(counts + 1)))


def _count_log_count(counts: Array) -> float:
    from scipy.special import xlogy

    return float(np.sum(xlogy(counts, counts)))
