"""How many people come within a window, from one day's visitors who say when they last came before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.results import Estimand, Estimate, Reference

__all__ = ["LastVisitEstimate", "last_visit"]

Array = npt.NDArray[np.float64]

LASKA_1988 = Reference(
    authors=("Laska, E. M.", "Meisner, M.", "Siegel, C."),
    year=1988,
    title="Estimating the size of a population from a single sample",
    journal="Biometrics",
    volume="44",
    pages="461-472",
)
_ASSUMES = (
    "Visits are stationary over the window and the survey's day: each person's chances are the same on every "
    "day of the window, whatever pattern they have. A weekday, a season or growth breaks this.",
    "Everybody who came on the survey's day was asked once, or those asked are a random sample of them.",
    "People say rightly how many days ago their visit before this one was.",
    "People come independently of each other (for the standard error only).",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LastVisitEstimate(Estimate):
    """People who came within a window of days, from the visitors of its last day.

    Parameters
    ----------
    window : int
        Length of the window, in days, the survey's day included.
    answered : int
        Visitors who said when they last came.
    visitors : int
        Visitors of the survey's day.
    mean_gap : float
        Mean over those who answered of the days since the visit before, each at most `window`.

    Examples
    --------
    >>> last_visit({1: 60, 7: 30, 40: 10}).mean_gap
    5.7
    """

    window: int
    answered: int
    visitors: int
    mean_gap: float

    def _extra_rows(self) -> list[tuple[str, str]]:
        return [
            ("answered", f"{self.answered:,} of {self.visitors:,} visitors of the day"),
            ("mean gap", f"{self.mean_gap:.3g} days, each at most the window"),
        ]


def last_visit(
    gaps: Mapping[float, int] | Sequence[float] | npt.NDArray[np.float64],
    *,
    window: int = 30,
    visitors: int | None = None,
) -> LastVisitEstimate:
    r"""Estimate how many people come within a window of days, from one day's visitors.

    A single wave suffices: everybody who comes on one day is asked when they were last there before. Who
    comes daily says yesterday, and stands for one person; who came thirty days ago stands for thirty such
    people, of whom one comes a day.

    Parameters
    ----------
    gaps : mapping of number to int, or array_like
        Days since the visit before the survey's: people by number of days, or one number a person. 1 is the
        day before; ``math.inf`` is never before. All beyond the window count alike.
    window : int, default 30
        Length of the window, in days, the survey's day included; at least 2.
    visitors : int, optional
        People who came on the survey's day, each once, where those who answered are a random sample of them.
        All of them answered unless given.

    Returns
    -------
    LastVisitEstimate
        People who came at least once in the window that ends with the survey's day; the estimand's window
        says so. The number seen is that of the day's visitors.

    Raises
    ------
    NotEstimableError
        If everybody came the day before too: nobody then tells of those who come less often. The error
        carries the visitors of the day.
    InputError
        If a gap is no whole number of days of at least 1, nobody answered, or there are fewer visitors than
        answers.

    See Also
    --------
    chao : A lower bound from how often people came, where visits were counted.

    Notes
    -----
    The idea is that of Laska, Meisner and Siegel [1]_; the formulas are derived here, not taken from their
    paper. The people who come in a window of K days are counted at their first visit in it. Those whose first
    visit is on the d-th day came on that day, and on none of the d - 1 days before. If visits are stationary,
    their expected number is that of the survey day's visitors with a gap of d or more. Summed over d,

    .. math:: \hat N_K = \sum_i \min(g_i, K),

    without any assumption on how people differ. Given stationarity, each person's contribution has the same
    mean as what it stands for, so that for independent people the mean squared error of
    :math:`\hat N_K` around the people who did come in the window is the expectation of
    :math:`\sum_i m_i (m_i - 1)` with :math:`m_i = \min(g_i, K)`, whatever their pattern. With n answers of V
    visitors the sum is scaled by V / n, and
    :math:`V^2 (1 - n / V) s_m^2 / n` is added. The interval is log-normal in the number not seen.

    References
    ----------
    .. [1] Laska, E. M., Meisner, M., Siegel, C. (1988). Estimating the size of a population from a single
       sample. Biometrics 44, 461-472.

    Examples
    --------
    >>> last_visit({1: 60, 7: 30, 40: 10}, window=30)
    <last visit: 570 people, se 100, 100 seen>
    """
    days, people = _read(gaps)
    length = _whole("window", window, least=2)
    answered = int(people.sum())
    came = answered if visitors is None else _whole("visitors", visitors, least=1)
    if came < answered:
        raise InputError(
            f"visitors is {came:,} and {answered:,} answered; give all visitors of the day, each once."
        )
    if answered < 2 and came > answered:
        raise InputError("a sample of one visitor has no spread; give the answers of two visitors or more.")
    stands_for = np.minimum(days, length)
    mean = float((people * stands_for).sum() / answered)
    if mean == 1.0:
        raise NotEstimableError(
            "everybody who answered had been there the day before, so nothing says how many come less often; "
            f"at least the day's {came:,} visitors are there.",
            bound=float(came),
        )
    scale = came / answered
    variance = scale * float((people * stands_for * (stands_for - 1)).sum())
    if came > answered:
        spread = float((people * (stands_for - mean) ** 2).sum()) / (answered - 1)
        variance += came**2 * (1 - answered / came) * spread / answered
    return LastVisitEstimate(
        n_hat=came * mean,
        se=math.sqrt(variance),
        n_observed=float(came),
        method="last visit",
        assumptions=_ASSUMES,
        reference=LASKA_1988,
        estimand=Estimand(name="people who came in the window", window=f"{length} days"),
        window=length,
        answered=answered,
        visitors=came,
        mean_gap=mean,
    )


def _read(given: object) -> tuple[Array, Array]:
    """Gaps, and how many people have each."""
    if isinstance(given, Mapping):
        days, people = np.array(list(given)), np.array(list(given.values()))
    else:
        days = np.asarray(given)
        people = np.ones(days.shape, dtype=int)
    if days.ndim != 1 or days.dtype.kind not in "iuf" or people.dtype.kind not in "iuf":
        raise InputError(
            "gaps must be numbers of days, one a person, or people by number of days: {1: 60, 7: 30}."
        )
    days, people = days.astype(float), people.astype(float)
    finite = days[np.isfinite(days)]
    if np.isnan(days).any() or (days < 1).any() or (finite != np.floor(finite)).any():
        raise InputError(
            "gaps has a value that is no whole number of days of at least 1 (1 is the day before, math.inf "
            "is never before); leave out who did not answer, and say with visitors how many came."
        )
    if not np.isfinite(people).all() or (people < 0).any() or (people != np.floor(people)).any():
        raise InputError("gaps has a number of people that is no whole number of at least 0.")
    if people.sum() < 1:
        raise InputError("nobody answered: gaps has no people.")
    return days, people


def _whole(name: str, given: object, *, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least:
        raise InputError(f"{name} is {given!r}; give a whole number of at least {least}.")
    return int(given)
