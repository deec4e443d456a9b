"""How many people are in each tier of a world: counted from its accounts, by the definitions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.activity import Days
from microestim.simulate.worlds.people import Accounts
from microestim.simulate.worlds.platforms import MONTH
from microestim.study.vocabulary import TierId

__all__ = ["WEEKLY_RATE", "accounts_in_tiers", "count_people"]

Bools = npt.NDArray[np.bool_]

WEEKLY_RATE = MONTH / 7
"""Least usual rate of the weekly (visits a month)."""


def accounts_in_tiers(accounts: Accounts, days: Days) -> dict[TierId, Bools]:
    """Say which accounts are in which tier, at the end of the reference month.

    Parameters
    ----------
    accounts : Accounts
        The world's accounts.
    days : Days
        Their visits, with a window "month".

    Returns
    -------
    dict of str to ndarray of bool
        One element an account. `registered`: it exists, used or not. `monthly_active`: it was visited in
        the month. `monthly` and `weekly`: it is still in use, and its usual rate is at least one visit a
        month, or a week.
    """
    registered, in_use = accounts.registered, accounts.in_use
    return {
        "registered": registered,
        "monthly_active": registered & (days.counts["month"] > 0),
        "monthly": in_use & (days.usual >= 1.0),
        "weekly": in_use & (days.usual >= WEEKLY_RATE),
    }


def count_people(accounts: Accounts, chosen: Bools) -> int:
    """Count the people who have at least one of the chosen accounts.

    Parameters
    ----------
    accounts : Accounts
        The world's accounts.
    chosen : ndarray of bool
        Which accounts; one element an account.

    Returns
    -------
    int
        People.
    """
    return int(np.count_nonzero(np.bincount(accounts.person[chosen], minlength=accounts.n_people)))
