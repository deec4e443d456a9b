"""From accounts to people: a person on several platforms has several accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError, UnitError
from microestim.estimators.accounts.scaling import Quantity, estimand_of, positive, quantity, scaled
from microestim.estimators.references import LE_LUDEC_2019, SIRKEN_1970
from microestim.results import Estimate, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["InverseBounds", "MembershipBounds", "inverse_bounds", "membership_bounds", "people_from_accounts"]

Memberships = float | Mapping[int, float] | Mapping[str, float]


def people_from_accounts(
    accounts: float | Estimate,
    *,
    memberships: Memberships,
    method: Literal["mean", "inverse"] = "mean",
    accounts_se: float | None = None,
    memberships_se: float | None = None,
) -> Estimate:
    r"""Turn accounts (or visitors) summed over platforms into people.

    Parameters
    ----------
    accounts : float or Estimate
        Accounts, or visitors, summed over the platforms.
    memberships : float or mapping of int to float
        Number of *those same* platforms that one person is on: a mean, or a distribution
        ``{1: 700, 2: 180, 3: 28}`` of respondents as counts or as shares.
    method : {"mean", "inverse"}, default "mean"
        ``"mean"`` divides by the mean; ``"inverse"`` multiplies by the mean of 1 / K, which needs the
        distribution.
    accounts_se : float, optional
        Standard error of a plain number of accounts.
    memberships_se : float, optional
        Standard error of the mean, or for ``"inverse"`` of the mean of 1 / K. Where counts are given it is
        computed from them and must be left out.

    Returns
    -------
    Estimate
        In people. Its assumptions name what the number is conditional on.

    Raises
    ------
    UnitError
        If the accounts are an estimate in people already.
    NotEstimableError
        If ``"inverse"`` is asked of a mean alone; `inverse_bounds` says what a mean does tell.
    InputError
        If a number or a distribution is impossible.

    Notes
    -----
    With A_j accounts on platform j and K the platforms of a person,
    :math:`N = \sum_j A_j \, E[1/K \mid \text{member of } j]` exactly [1]_. ``"inverse"`` puts the
    respondents' E[1/K] in the place of every platform's. ``"mean"`` is right when the mean is taken over
    *people*; among members of one platform people with many accounts are over-represented, so their mean
    is too large and the result too small.

    References
    ----------
    .. [1] Sirken, M. G. (1970). Household surveys with multiplicity. Journal of the American Statistical
       Association 65(329), 257-266. doi:10.1080/01621459.1970.10481077

    Examples
    --------
    >>> round(people_from_accounts(319_000, memberships=1.27).n_hat)
    251181
    >>> round(people_from_accounts(1_000, memberships={1: 0.8, 2: 0.2}, method="inverse").n_hat)
    900
    """
    if method not in ("mean", "inverse"):
        raise InputError(f"method is {method!r}; it must be 'mean' or 'inverse'.")
    source = quantity("accounts", accounts, accounts_se, arrays=True)
    if source.unit == "people":
        raise UnitError(
            "accounts is an estimate in people; nobody is in it twice, so there is nothing to divide by. "
            "Give accounts or visitors."
        )
    if isinstance(memberships, Mapping):
        divisor = _from_distribution(memberships, method, memberships_se)
    else:
        mean = positive("memberships", memberships)
        if mean < 1:
            raise InputError(f"memberships is {mean:g}; people with an account are on at least 1 platform.")
        if method == "inverse":
            low, high = inverse_bounds(mean)
            raise NotEstimableError(
                f"the mean of 1 / K cannot be computed from a mean of K, {mean:g}; it lies between {low:.3f} "
                f"and {high:.3f}. Give the distribution of K, or use inverse_bounds with the number of "
                "platforms.",
                bound=None if np.isnan(source.value) else low * source.value,
            )
        divisor = quantity("memberships", mean, memberships_se)
    exact = "" if divisor.se is not None else " The figure is taken as exact."
    if method == "mean":
        condition = (
            f"People, on the frame of the survey or not, are on {divisor.value:.4g} of the platforms in the "
            f"mean.{exact}"
        )
        return scaled(
            source,
            over=(divisor,),
            method=_named(source, "divided by mean memberships"),
            assumption=(condition,),
            reference=LE_LUDEC_2019,
            estimand=estimand_of(source, unit="people"),
        )
    condition = (
        "The owner of an account on any of the platforms is like a respondent: 1 / K is "
        f"{divisor.value:.4g} in the mean.{exact}"
    )
    return scaled(
        source,
        times=(divisor,),
        method=_named(source, "times mean inverse memberships"),
        assumption=(condition,),
        reference=SIRKEN_1970,
        estimand=estimand_of(source, unit="people"),
    )


class InverseBounds(NamedTuple):
    """Least and largest mean of 1 / K that a mean of K allows.

    Parameters
    ----------
    low, high : float
        Shares of one; people for each account.

    Examples
    --------
    >>> inverse_bounds(1.0).low
    1.0
    """

    low: float
    high: float


def inverse_bounds(mean: float, n_platforms: int | None = None) -> InverseBounds:
    r"""Bound the mean of 1 / K by the mean of K, for whole numbers K of at least 1.

    Parameters
    ----------
    mean : float
        Mean number of platforms that a person is on, at least 1.
    n_platforms : int, optional
        Number of platforms, the largest possible K; without it K has no limit.

    Returns
    -------
    InverseBounds
        The exact bounds; no distribution with this mean lies outside.

    Raises
    ------
    InputError
        If the mean is below 1 or above the number of platforms.

    Notes
    -----
    1/K is convex, so its mean is least when K takes only the two whole numbers around its mean, and
    largest when K takes only 1 and J: :math:`1 - (\mu - 1) / J`, which tends to 1 without a J. This is
    Jensen's inequality and its converse on a bounded set, derived here.

    Examples
    --------
    >>> low, high = inverse_bounds(1.27, 7)
    >>> round(low, 3), round(high, 3)
    (0.865, 0.961)
    """
    mean = positive("mean", mean)
    if n_platforms is not None and (np.asarray(n_platforms).dtype.kind not in "iu" or n_platforms < 1):
        raise InputError(f"n_platforms is {n_platforms!r}; give a whole number of at least 1.")
    if mean < 1 or (n_platforms is not None and mean > n_platforms):
        most = "" if n_platforms is None else f" and at most {n_platforms}"
        raise InputError(f"mean is {mean:g}; a mean number of platforms is at least 1{most}.")
    whole = np.floor(mean)
    part = mean - whole
    low = (1 - part) / whole + part / (whole + 1)
    high = 1.0 if n_platforms is None else 1 - (mean - 1) / n_platforms
    return InverseBounds(float(low), float(high))


@dataclass(frozen=True, kw_only=True, repr=False)
class MembershipBounds:
    """How many people a number of accounts can be, given memberships asked on one platform only.

    Parameters
    ----------
    frame_accounts : float
        Accounts on the platform where respondents were asked, one a person.
    total_accounts : float
        Accounts over all the platforms, that one included.
    frame_mean : float
        Mean number of these platforms among its members.
    n_platforms : int
        Number of these platforms.

    Examples
    --------
    >>> bounds = membership_bounds(
    ...     frame_accounts=50_000, total_accounts=319_000, frame_mean=1.27, n_platforms=7
    ... )
    >>> round(bounds.lower), round(bounds.upper_given_mean), round(bounds.free_upper)
    (92583, 305500, 319000)
    """

    frame_accounts: float
    total_accounts: float
    frame_mean: float
    n_platforms: int

    @property
    def outside_accounts(self) -> float:
        """Accounts of people who are not on the frame: the total less all those of its members."""
        return self.total_accounts - self.frame_mean * self.frame_accounts

    @property
    def upper_given_mean(self) -> float:
        """Most people, if the respondents' mean holds for the whole frame: all others have one account."""
        return float(self.at(1.0))

    @property
    def lower(self) -> float:
        """Fewest people, if that mean holds: all others are on every platform but the frame."""
        return float(self.at(self.n_platforms - 1.0)) if self.n_platforms > 1 else self.frame_accounts

    @property
    def free_upper(self) -> float:
        """Most people, whatever the respondents said: every account is a person."""
        return self.total_accounts

    @property
    def free_lower(self) -> float:
        """Fewest people, whatever the respondents said: members of the frame own all they can."""
        left = max(self.total_accounts - self.n_platforms * self.frame_accounts, 0.0)
        return self.frame_accounts + (left / (self.n_platforms - 1) if left else 0.0)

    def at(self, memberships: npt.ArrayLike) -> npt.NDArray[np.float64]:
        r"""Return the people for a mean number of platforms among those outside the frame.

        Parameters
        ----------
        memberships : array_like
            k', between 1 and the number of platforms other than the frame.

        Returns
        -------
        ndarray
            People, :math:`U(k') = N_F + (\sum_j A_j - k_F N_F) / k'`.

        Raises
        ------
        InputError
            If a k' is outside its range.

        Examples
        --------
        >>> bounds = membership_bounds(
        ...     frame_accounts=50_000, total_accounts=319_000, frame_mean=1.27, n_platforms=7
        ... )
        >>> float(bounds.at(2.0))
        177750.0
        """
        others = np.asarray(memberships, dtype=float)
        largest = max(self.n_platforms - 1, 1)
        wrong = ~((others >= 1) & (others <= largest))
        if wrong.any():
            raise InputError(
                f"memberships is {others[wrong].ravel()[0]:g}; people outside the frame are on at least 1 "
                f"and at most {largest} of the {self.n_platforms} platforms."
            )
        return np.asarray(self.frame_accounts + self.outside_accounts / others)

    def to_frame(self, memberships: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Export the curve.

        Parameters
        ----------
        memberships : array_like, optional
            Values of k'; by default 1, the respondents' mean, 2 and the largest, where they are possible.

        Returns
        -------
        pandas.DataFrame
            One row a value, with the columns ``memberships``, ``people`` and ``conditional_on``.
        """
        import pandas as pd

        values = self._shown() if memberships is None else np.atleast_1d(np.asarray(memberships, dtype=float))
        return pd.DataFrame(
            {
                "memberships": values,
                "people": self.at(values),
                "conditional_on": [self._condition(value) for value in values],
            }
        )

    def table(self) -> Table:
        """Return the bounds as a table for a reader.

        Returns
        -------
        Table
            One row a value, and what each is conditional on.
        """
        rows = [
            (f"{row['memberships']:g}", f"{row['people']:,.0f}", row["conditional_on"])
            for row in self.to_frame().to_dict("records")
        ]
        free = "nothing the respondents said"
        rows.insert(0, ("", f"{self.free_upper:,.0f}", f"{free}: every account is a person"))
        rows.append(("", f"{self.free_lower:,.0f}", f"{free}: frame members own all accounts they can"))
        title = (
            f"People behind {self.total_accounts:,.0f} accounts on {self.n_platforms} platforms, "
            f"{self.frame_accounts:,.0f} of them on the frame"
        )
        columns = ("k' off the frame", "people", "conditional on")
        return Table(columns, rows, title=title, align=("right", "right", "left"))

    def __repr__(self) -> str:
        """Return one line."""
        return f"<MembershipBounds: {self.lower:,.0f} to {self.upper_given_mean:,.0f} people given the mean>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def _shown(self) -> npt.NDArray[np.float64]:
        largest = max(self.n_platforms - 1.0, 1.0)
        return np.unique([value for value in (1.0, self.frame_mean, 2.0, largest) if value <= largest])

    def _condition(self, value: float) -> str:
        respondents = f"frame members are on {self.frame_mean:g} platforms in the mean"
        if value == self.frame_mean:
            return f"{respondents}, and so is everybody else (this is the division by the mean)"
        if value == 1:
            return f"{respondents}; nobody else is on more than one (upper bound given the mean)"
        if value == self.n_platforms - 1:
            return f"{respondents}; everybody else is on all the others (lower bound given the mean)"
        return f"{respondents}; everybody else on {value:g}"


def membership_bounds(
    *, frame_accounts: float, total_accounts: float, frame_mean: float, n_platforms: int
) -> MembershipBounds:
    r"""Say what memberships asked on one platform identify about people on several.

    Parameters
    ----------
    frame_accounts : float
        Accounts on the platform where respondents were asked (the frame), one a person.
    total_accounts : float
        Accounts over all the platforms, the frame included.
    frame_mean : float
        Mean number of these platforms among members of the frame, at least 1.
    n_platforms : int
        Number of these platforms, at least 1.

    Returns
    -------
    MembershipBounds
        The curve U(k') in people, its ends, and the ends that need no respondents at all.

    Raises
    ------
    InputError
        If the figures contradict each other.

    Notes
    -----
    Members of the frame own :math:`k_F N_F` of the accounts. The others own the rest, and k' each:
    :math:`U = N_F + (\sum_j A_j - k_F N_F) / k'`. With :math:`k' = k_F` this is the division by the mean.
    Nothing asked on the frame says anything about k'. Derived here from :math:`\sum_j A_j = \sum_i K_i`, with
    K_i the platforms of person i.

    Examples
    --------
    >>> bounds = membership_bounds(
    ...     frame_accounts=50_000, total_accounts=319_000, frame_mean=1.27, n_platforms=7
    ... )
    >>> bounds
    <MembershipBounds: 92,583 to 305,500 people given the mean>
    """
    frame = positive("frame_accounts", frame_accounts)
    total = positive("total_accounts", total_accounts)
    mean = positive("frame_mean", frame_mean)
    if np.asarray(n_platforms).dtype.kind not in "iu" or n_platforms < 1:
        raise InputError(f"n_platforms is {n_platforms!r}; give a whole number of at least 1.")
    if total < frame:
        raise InputError(
            f"total_accounts is {total:,g} and frame_accounts {frame:,g}; the total contains the frame."
        )
    if not 1 <= mean <= n_platforms:
        raise InputError(f"frame_mean is {mean:g}; it must lie between 1 and n_platforms, {n_platforms}.")
    if mean * frame > total:
        raise InputError(
            f"frame members would own {mean * frame:,.0f} accounts (frame_mean times frame_accounts), more "
            f"than the {total:,.0f} there are; the mean is not the whole frame's, or the total is too small."
        )
    if n_platforms == 1 and total > frame:
        raise InputError("with one platform the total is that platform's; give n_platforms of at least 2.")
    return MembershipBounds(
        frame_accounts=frame, total_accounts=total, frame_mean=mean, n_platforms=int(n_platforms)
    )


def _from_distribution(
    given: Mapping[int, float] | Mapping[str, float], method: str, se: float | None
) -> Quantity:
    numbers, weights = [], []
    for key, weight in given.items():
        text = str(key)
        if not (text.isascii() and text.isdigit()) or int(text) < 1:
            raise InputError(f"memberships has the key {key!r}; give whole numbers of platforms from 1.")
        value = np.asarray(weight)
        if value.ndim or value.dtype.kind not in "iuf" or not np.isfinite(value) or value < 0:
            raise InputError(f"memberships[{key!r}] is {weight!r}; give a count or a share of at least 0.")
        numbers.append(int(text))
        weights.append(float(value))
    total = sum(weights)
    if total <= 0:
        raise InputError("memberships has no weight; give a count or a share for at least one number.")
    of = np.asarray(numbers, dtype=float)
    if method == "inverse":
        of = 1 / of
    shares = np.asarray(weights) / total
    mean = float(shares @ of)
    counted = total > 1 and all(weight == np.floor(weight) for weight in weights)
    if not counted:
        if abs(total - 1) > 0.005:
            raise InputError(f"memberships are shares that add up to {total:g}, not to 1.")
        return quantity("memberships", mean, se)
    if se is not None:
        raise InputError(
            "memberships are counts, which give their own standard error; leave memberships_se out."
        )
    if total < 2:
        return Quantity(mean)
    variance = float(shares @ (of - mean) ** 2) * total / (total - 1)
    return Quantity(mean, float(np.sqrt(variance / total)) or None)


def _named(source: Quantity, step: str) -> str:
    return step if source.estimate is None else f"{source.estimate.method}, {step}"
