"""Shares of a survey with weights, and how many unweighted answers they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.results import Table, format_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WeightedShares", "weighted_shares"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedShares:
    """Weighted shares of the answers to one question.

    Parameters
    ----------
    of : str
        The question.
    answers : tuple
        The answers, in their order.
    shares : ndarray, shape (answers,)
        Weighted share of each (no unit); they sum to 1.
    se : ndarray, shape (answers,)
        Standard error of each share.
    counts : ndarray of int, shape (answers,)
        Respondents by answer, unweighted.
    design_effect : float
        Kish's design effect of unequal weights: respondents over `n_effective`, at least 1.
    missing : int
        Respondents without an answer, who are left out.

    Examples
    --------
    >>> answers = {"often": ["weekly", "weekly", "less"], "weight": [1.0, 1.0, 2.0]}
    >>> weighted_shares(answers, of="often", weights="weight").design_effect
    1.125
    """

    of: str
    answers: tuple[Any, ...]
    shares: Array
    se: Array
    counts: npt.NDArray[np.int64]
    design_effect: float
    missing: int

    @property
    def n(self) -> int:
        """Respondents who answered."""
        return int(self.counts.sum())

    @property
    def n_effective(self) -> float:
        """Kish's effective sample size: unweighted answers that are worth as much."""
        return self.n / self.design_effect

    def to_frame(self) -> pd.DataFrame:
        """Give one row an answer, in full precision.

        Returns
        -------
        pandas.DataFrame
            Columns `answer`, `share`, `se`, `count`, `n_effective`.

        Examples
        --------
        >>> answers = {"often": ["weekly", "less"], "weight": [1.0, 3.0]}
        >>> weighted_shares(answers, of="often", weights="weight").to_frame()["share"].tolist()
        [0.75, 0.25]
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "answer": list(self.answers),
                "share": self.shares,
                "se": self.se,
                "count": self.counts,
                "n_effective": self.n_effective,
            }
        )

    def __repr__(self) -> str:
        """Return one line with the shares."""
        shares = ", ".join(
            f"{answer} {format_share(share)}" for answer, share in zip(self.answers, self.shares, strict=True)
        )
        return f"<weighted shares of {self.of!r}: {shares}; {self.n:,} answers worth {self.n_effective:,.0f}>"

    def __str__(self) -> str:
        """Return the shares as a table."""
        title = (
            f"{self.of}: {self.n:,} answers worth {self.n_effective:,.0f} "
            f"(design effect {self.design_effect:.3g})"
        )
        rows = [
            (str(answer), format_share(share), format_share(se), f"{count:,}")
            for answer, share, se, count in zip(self.answers, self.shares, self.se, self.counts, strict=True)
        ]
        return str(Table(("answer", "weighted share", "standard error", "respondents"), rows, title=title))


def weighted_shares(frame: Any, *, of: str, weights: str) -> WeightedShares:
    r"""Compute the weighted shares of the answers to a question, and what the weights cost.

    For the frequency and the memberships of a survey whose respondents carry weights: a study takes the
    shares, with the number of respondents and the design effect.

    Parameters
    ----------
    frame : data frame, or mapping of str to array_like
        One row a respondent: pandas, polars or any table that gives its columns by name.
    of : str
        Column of the answers: text or numbers. Respondents without an answer are left out and counted.
    weights : str
        Column of the survey's weights, 0 and above, in any unit.

    Returns
    -------
    WeightedShares
        Shares with their standard errors and the design effect; answers in ascending order.

    Raises
    ------
    InputError
        If a column is missing, a weight is missing, negative or not finite, or fewer than two respondents
        with a weight above 0 answered.

    Notes
    -----
    The share of an answer is its part of the weights. Kish's effective sample size is
    :math:`n_e = (\sum w)^2 / \sum w^2` and the design effect :math:`n / n_e` [1]_. It is what unequal weights
    cost where they have nothing to do with the answers. The standard errors do not assume that: they are
    those of a ratio of sums over independent respondents,
    :math:`se^2 = \frac{n}{n - 1} \sum w_i^2 (y_i - p)^2 / (\sum w)^2`. Clusters and strata are not seen
    here: a survey that has them has a design effect of its own.

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley, New York, section 11.7.

    Examples
    --------
    >>> answers = {"often": ["weekly", "weekly", "less"], "weight": [1.0, 1.0, 2.0]}
    >>> weighted_shares(answers, of="often", weights="weight")
    <weighted shares of 'often': less 50 %, weekly 50 %; 3 answers worth 3>
    """
    values, weight = _column(frame, of), _column(frame, weights)
    if len(values) != len(weight):
        raise InputError(f"columns {of!r} and {weights!r} differ in length: {len(values)} and {len(weight)}.")
    if weight.dtype.kind == "O" and all(isinstance(each, Real) for each in weight.tolist()):
        weight = weight.astype(float)
    if weight.dtype.kind not in "iuf":
        raise InputError(f"column {weights!r} does not hold numbers; give the weight of each respondent.")
    weight = weight.astype(float)
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        raise InputError(
            f"column {weights!r} has {int(wrong.sum())} weights that are missing, negative or not finite; a "
            "respondent without a weight stands for nobody that is known."
        )
    absent = np.array([_is_missing(value) for value in values.tolist()], dtype=bool)
    values, weight = values[~absent], weight[~absent]
    if (weight > 0).sum() < 2:
        raise InputError(
            f"fewer than two respondents with a weight above 0 answered {of!r}: one answer has no spread."
        )
    try:
        answers, which = np.unique(values, return_inverse=True)
    except TypeError:
        raise InputError(f"column {of!r} mixes text and numbers; write all its answers in one way.") from None
    whole, n = weight.sum(), len(weight)
    chosen = which[None, :] == np.arange(len(answers))[:, None]
    shares = (chosen * weight).sum(1) / whole
    spread = (weight**2 * (chosen - shares[:, None]) ** 2).sum(1) / whole**2
    return WeightedShares(
        of=of,
        answers=tuple(answers.tolist()),
        shares=shares,
        se=np.sqrt(spread * n / (n - 1)),
        counts=chosen.sum(1),
        design_effect=float(n * (weight**2).sum() / whole**2),
        missing=int(absent.sum()),
    )


def _is_missing(value: Any) -> bool:
    # Not a number is not equal to itself, and of pandas' NA nobody knows whether it is.
    same = value is not None and value == value
    return not (isinstance(same, bool | np.bool_) and same)


def _column(frame: Any, name: str) -> npt.NDArray[Any]:
    try:
        column = frame[name]
    except (KeyError, TypeError, IndexError, LookupError):
        raise InputError(f"there is no column {name!r}; give a table with one row a respondent.") from None
    array = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if array.dtype.kind == "U" and not isinstance(column, np.ndarray):
        # NumPy writes what is not text as text: a missing answer would become the answer 'nan'.
        array = np.array(list(column), dtype=object)
    if array.ndim != 1:
        raise InputError(f"column {name!r} has {array.ndim} dimensions; give one value a respondent.")
    return np.asarray(array)
