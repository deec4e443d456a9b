"""What the models of a closed population read of capture data: counts, never histories of people."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError

__all__ = ["ClosedCounts", "MarginCounts", "closed_counts", "refuse_many_populations"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MarginCounts:
    """How many people were captured once, twice and so on.

    Parameters
    ----------
    source : FrequencyCounts or Captures
        The data. Without occasions the number of captures has no upper limit.

    Examples
    --------
    >>> counts = MarginCounts(FrequencyCounts({1: 10, 2: 4, 3: 1}, occasions=3))
    >>> counts.f_k.tolist(), counts.n_observed, counts.captures
    ([10.0, 4.0, 1.0], 15.0, 21.0)
    """

    source: FrequencyCounts | Captures

    @property
    def occasions(self) -> int | None:
        """Number of occasions, t; None where captures can be any number."""
        return self.source.occasions if isinstance(self.source, FrequencyCounts) else self.source.n_occasions

    @cached_property
    def f_k(self) -> Array:
        """People captured k times, k = 1 first; as long as there are occasions."""
        if not isinstance(self.source, FrequencyCounts):
            return self.source.f_k.astype(float)
        times = np.asarray(self.source.times_seen)
        f_k = np.zeros(int(times[-1]) if self.source.occasions is None else self.source.occasions)
        f_k[times - 1] = self.source.people
        return f_k

    @cached_property
    def n_observed(self) -> float:
        """People captured at least once."""
        return float(self.source.n_observed)

    @cached_property
    def captures(self) -> float:
        """Captures of all people on all occasions."""
        if isinstance(self.source, Captures):
            return float(self.source.n_captures)
        return float(self.f_k @ np.arange(1, len(self.f_k) + 1))

    @property
    def cells(self) -> int:
        """Largest number of captures that the data could show: t, or the largest that they do."""
        return len(self.f_k) if self.occasions is None else self.occasions

    @property
    def most(self) -> int:
        """Largest number of captures of one person."""
        return int(np.flatnonzero(self.f_k)[-1]) + 1

    @cached_property
    def log_factorials(self) -> float | None:
        """Sum of the log factorials of the counts, the constant of their Poisson likelihood."""
        return _log_factorials(self.f_k)

    @cached_property
    def saturated_loglik(self) -> float | None:
        """Poisson log-likelihood of the counts when each is its own expectation."""
        return _saturated(self.f_k)


@dataclass(frozen=True, eq=False)
class ClosedCounts(MarginCounts):
    """Who was captured when, reduced to what closed-population models depend on.

    Parameters
    ----------
    source : Captures
        The data. Where they were given as statistics by occasion, `f_k` raises and the likelihood of the
        counts by history has no known constant.

    Examples
    --------
    >>> counts = ClosedCounts(Captures.from_counts({"10": 5, "01": 4, "11": 3}))
    >>> counts.n_i.tolist(), counts.u_i.tolist(), counts.f_k.tolist()
    ([8.0, 7.0], [8.0, 4.0], [9.0, 3.0])
    """

    source: Captures

    @property
    def t(self) -> int:
        """Number of occasions."""
        return self.source.n_occasions

    @cached_property
    def n_i(self) -> Array:
        """People captured on each occasion, shape (t,)."""
        return self.source.n_i.astype(float)

    @cached_property
    def u_i(self) -> Array:
        """People captured for the first time on each occasion, shape (t,)."""
        return self.source.u_i.astype(float)

    @cached_property
    def by_history(self) -> Array | None:
        """People with each history that occurs, in the order of the container; None where not known."""
        return self.source.counts.astype(float) if self.source.has_histories else None

    @cached_property
    def first_and_number(self) -> Array:
        """People by the occasion of their first capture, and by their number of captures, 1 first."""
        histories, people = self.source.histories, self.source.counts.astype(float)
        table = np.zeros((self.t, self.t))
        np.add.at(table, (histories.argmax(axis=1), histories.sum(axis=1).astype(int) - 1), people)
        return table

    @cached_property
    def log_factorials(self) -> float | None:
        """Sum of the log factorials of the counts by history; None where they are not known."""
        return None if self.by_history is None else _log_factorials(self.by_history)

    @cached_property
    def saturated_loglik(self) -> float | None:
        """Log-likelihood of counts by history that are their own expectations; None where not known."""
        return None if self.by_history is None else _saturated(self.by_history)


def closed_counts(captures: Any) -> ClosedCounts | MarginCounts:
    """Read a container of captures, or of frequencies of capture.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        The data; counts that were read before are returned as they are.

    Returns
    -------
    ClosedCounts or MarginCounts
        In people.

    Raises
    ------
    InputError
        If the data are of another kind, have strata, or a pooled last frequency.
    NotEstimableError
        If the number of people seen is not known.
    """
    if isinstance(captures, MarginCounts):
        return captures
    if isinstance(captures, FrequencyCounts):
        if captures.last_is_pooled:
            raise InputError(
                "the last frequency is pooled ('so many times or more'), and these models need every "
                "frequency by itself; use an estimator that does without it, such as chao()."
            )
        return MarginCounts(captures)
    if not isinstance(captures, Captures):
        raise InputError(
            f"closed() takes Captures or FrequencyCounts, and was given {type(captures).__name__}; make "
            "captures with Captures.from_histories, from_counts, from_lists or from_events, and frequencies "
            "of capture with FrequencyCounts({1: f1, 2: f2, ...}, occasions=)."
        )
    refuse_many_populations(captures)
    absent = [name for name in ("n_i", "u_i") if name in captures.missing]
    if absent:
        raise NotEstimableError(
            f"the data do not say {' and '.join(absent)}, so the number of people seen is not known: a "
            "closed-population model needs both. An m-array gives them when the releases of the last "
            "occasion are among `released`."
        )
    if captures.has_histories and captures.covariates:
        # These models do without covariates: people with one history are one count.
        people: dict[str | tuple[int, ...], int] = dict(captures.to_counts().items())
        captures = Captures.from_counts(people, names=captures.names)
    return ClosedCounts(captures)


def refuse_many_populations(captures: Captures) -> None:
    """Refuse captures that are of several populations, or of one that does not stay as it is.

    Parameters
    ----------
    captures : Captures
        The data.

    Raises
    ------
    InputError
        If people were lost on capture, or the captures have strata.
    """
    captures.refuse_losses()
    if len(captures.groups) > 1:
        raise InputError(
            f"these captures have the strata {', '.join(captures.groups)}, and a closed-population model is "
            "of one population: fit each by captures.stratum(name), or all together as one by "
            "captures.pooled()."
        )


def _log_factorials(counts: Array) -> float:
    from scipy.special import gammaln

    return float(np.sum(gammaln(counts + 1)))


def _saturated(counts: Array) -> float:
    from scipy.special import xlogy

    return float(np.sum(xlogy(counts, counts)) - counts.sum() - _log_factorials(counts))
