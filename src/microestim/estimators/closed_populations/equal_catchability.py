"""Leslie's test of equal catchability: of people captured before, who is captured again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures
from microestim.errors import InputError, NotEstimableError
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FollowedGroup", "LeslieTest", "leslie_test"]

Array = npt.NDArray[np.float64]

_ANY_DIFFERENCE = (
    "A small p value says that people differ, or that a recapture changes the next; a large one that these "
    "data do not show it."
)


@dataclass(frozen=True, kw_only=True)
class FollowedGroup:
    """People first captured on one occasion, and how evenly they were captured afterwards.

    Parameters
    ----------
    marked_on : str
        Occasion of their first capture.
    people : float
        How many they are.
    occasions : int
        Later occasions on which some of them, and not all, were captured; others say nothing.
    statistic : float or None
        Leslie's; None where the captures could not have been spread otherwise.
    df : float
        People less one.
    variance : float
        Of the statistic, over all ways to spread the captures of each occasion over the people.
    """

    marked_on: str
    people: float
    occasions: int
    statistic: float | None
    df: float
    variance: float


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LeslieTest:
    """Leslie's test of equal catchability, over all groups of people with the same first capture.

    Parameters
    ----------
    rows : tuple of FollowedGroup
        One a group.
    statistic : float
        Sum over the groups that can be tested.
    df : float
        Sum of their degrees of freedom.
    p_value : float
        Chance of a statistic as large where all are captured with equal chances, by the gamma distribution
        with the exact mean and variance.
    p_value_chi_square : float
        The same by chi-square with `df` degrees of freedom, as the test was published; with few occasions it
        is seldom small.

    Examples
    --------
    >>> waves = {"1000": 9, "1111": 6, "1010": 5, "1100": 7, "1001": 5, "0101": 4, "0111": 3, "0100": 8}
    >>> test = leslie_test(Captures.from_counts(waves))
    >>> test
    <LeslieTest: p 0.0039, 47 people followed>
    >>> round(test.statistic, 2), test.df
    (70.08, 45.0)
    """

    rows: tuple[FollowedGroup, ...]
    statistic: float
    df: float
    p_value: float
    p_value_chi_square: float

    def to_frame(self) -> pd.DataFrame:
        """Export one row a group, in full precision.

        Returns
        -------
        pandas.DataFrame
            Columns `marked_on`, `people`, `occasions`, `statistic`, `df` and `variance`.
        """
        import pandas as pd

        names = ("marked_on", "people", "occasions", "statistic", "df", "variance")
        frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.rows])
        return frame.astype({"statistic": float})

    def table(self) -> Table:
        """Return the test as a table for a reader.

        Returns
        -------
        Table
            One row a group, and their sum.
        """
        rows = [
            (
                row.marked_on,
                f"{row.people:,.0f}",
                f"{row.occasions}",
                "" if row.statistic is None else f"{row.statistic:,.2f}",
                "" if row.statistic is None else f"{row.df:,.0f}",
            )
            for row in self.rows
        ]
        rows.append(("all", f"{self._followed:,.0f}", "", f"{self.statistic:,.2f}", f"{self.df:,.0f}"))
        return Table(
            ("first captured on", "people", "occasions", "chi-square", "df"),
            rows,
            title=f"Leslie's test of equal catchability: p value {_shown(self.p_value)}",
            footer=(_ANY_DIFFERENCE,),
            align=("left", "right", "right", "right", "right"),
        )

    @property
    def _followed(self) -> float:
        return sum(row.people for row in self.rows if row.statistic is not None)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<LeslieTest: p {_shown(self.p_value)}, {self._followed:,.0f} people followed>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()


def leslie_test(captures: Captures, *, alive_on: str | None = None) -> LeslieTest:
    r"""Test whether people who were captured before are captured again with equal chances.

    Parameters
    ----------
    captures : Captures
        Who was captured when; three occasions at least.
    alive_on : str, optional
        Name of an occasion. Only people who were captured on it or later are followed, and only up to the
        occasion before it. They are known to have been there all the time, so that the test holds for
        populations that people leave, too. Everybody is followed to the end when None, which takes the
        population for closed.

    Returns
    -------
    LeslieTest
        Statistic, degrees of freedom and p value, and the same by group.

    Raises
    ------
    NotEstimableError
        If nobody can be followed over two occasions on which some and not all are captured.
    InputError
        If the captures have no histories or have strata, or there is no such occasion.

    See Also
    --------
    closed_tests : Tests within models of the whole population, those never captured included.

    Notes
    -----
    Of G people with the same first capture, :math:`n_i` are captured on a later occasion i. Where all have
    the same chance on an occasion, however it differs between occasions and from that of a first capture, the
    numbers of captures :math:`x_j` vary as sums of independent draws, and

    .. math:: \sum_j (x_j - \bar x)^2 \Big/ \sum_i \frac{n_i}{G} \Big(1 - \frac{n_i}{G}\Big)

    is near to chi-square with G - 1 degrees of freedom [1]_. Times (G - 1) / G it is Cochran's Q [2]_ with
    the people as treatments. The sum over groups is as if each were a series of its own.

    Over all ways to spread the captures of each occasion over the people, the statistic has mean G and
    variance :math:`4 G^2 / (G - 1) \cdot \sum_{i < l} b_i b_l / (\sum_i b_i)^2`, with
    :math:`b_i = (n_i / G)(1 - n_i / G)`, exactly: the numbers of people captured on both of two occasions are
    hypergeometric, and uncorrelated. With k like occasions that is about 1 - 1/k of the variance of
    chi-square, whose large values are therefore too rare. `p_value` is that of a gamma distribution with the
    exact mean and variance.

    A recapture that changes the next one, and captures that follow one another closely, look like unequal
    chances. People who are never captured are not followed.

    References
    ----------
    .. [1] Orians, G. H., Leslie, P. H. (1958). A capture-recapture analysis of a shearwater population, with
       a statistical appendix. Journal of Animal Ecology 27(1), 71-86.
    .. [2] Cochran, W. G. (1950). The comparison of percentages in matched samples. Biometrika 37(3/4),
       256-266. doi:10.1093/biomet/37.3-4.256

    Examples
    --------
    >>> from microestim import datasets
    >>> leslie_test(datasets.load("snowshoe-hares").data)
    <LeslieTest: p 0.0012, 58 people followed>
    """
    histories, people, names = _checked(captures)
    end = len(names)
    if alive_on is not None:
        if alive_on not in names:
            raise InputError(f"alive_on is {alive_on!r}; give one of {', '.join(names)}.")
        end = names.index(alive_on)
        there = histories[:, end:].any(axis=1)
        histories, people = histories[there], people[there]
    first = histories.argmax(axis=1)
    rows = tuple(
        _group(names[start], histories[first == start, start + 1 : end], people[first == start])
        for start in range(end - 1)
        if people[first == start].sum() > 0
    )
    tested = [row for row in rows if row.statistic is not None]
    if not tested:
        raise NotEstimableError(
            "Leslie's test follows people from their first capture over at least two later occasions on "
            "which some of them, and not all, are captured; there is no such group."
        )
    return _summed(rows, tested)


def _checked(captures: object) -> tuple[npt.NDArray[np.int64], Array, tuple[str, ...]]:
    if not isinstance(captures, Captures):
        raise InputError(
            f"Leslie's test follows people by their histories, and {type(captures).__name__} has none; give "
            "Captures."
        )
    if not captures.has_histories:
        raise InputError(
            "these captures were given as statistics by occasion, and Leslie's test follows people by their "
            "histories."
        )
    captures.refuse_losses()
    if captures.groups:
        raise InputError(
            f"the captures have strata ({', '.join(captures.groups)}); call pooled() to put them together, "
            "or test each by itself."
        )
    return captures.histories.astype(int), captures.counts.astype(float), tuple(captures.names)


def _group(name: str, later: npt.NDArray[np.int64], people: Array) -> FollowedGroup:
    size = float(people.sum())
    share = people @ later / size
    spread = share * (1 - share)
    told = int((spread > 0).sum())
    statistic, variance = None, 0.0
    if told >= 2:
        times = later.sum(axis=1)
        statistic = float(people @ (times - share.sum()) ** 2 / spread.sum())
        # Twice the sum over pairs is the square of the sum less the sum of squares.
        pairs = float(spread.sum() ** 2 - spread @ spread)
        variance = 2 * size**2 / (size - 1) * pairs / float(spread.sum()) ** 2
    return FollowedGroup(
        marked_on=name, people=size, occasions=told, statistic=statistic, df=size - 1, variance=variance
    )


def _summed(rows: tuple[FollowedGroup, ...], tested: list[FollowedGroup]) -> LeslieTest:
    from scipy.special import chdtrc, gammaincc

    statistic = sum(row.statistic for row in tested if row.statistic is not None)
    df = sum(row.df for row in tested)
    mean, variance = sum(row.people for row in tested), sum(row.variance for row in tested)
    return LeslieTest(
        rows=rows,
        statistic=statistic,
        df=df,
        p_value=float(gammaincc(mean**2 / variance, statistic * mean / variance)),
        p_value_chi_square=float(chdtrc(df, statistic)),
    )


def _shown(p_value: float) -> str:
    return "below 0.001" if p_value < 0.001 else f"{p_value:.2g}"
