"""Ratios of accounts between two tiers, observed elsewhere and carried over with a stated error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, override

import numpy as np

from microestim.models.activity import CELL_RATES, IN_MONTHLY, IN_WEEKLY, SEEN_IN_MONTH
from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import GaussianObservation

__all__ = ["AccountRatio", "account_ratio"]

_CHANCES = {"monthly_active": SEEN_IN_MONTH, "monthly": IN_MONTHLY, "weekly": IN_WEEKLY}


def _accounts(xp: Namespace, latent: Latent, members: np.ndarray, which: str, age: Any) -> Any:
    """Accounts of one kind on the platforms together, shape (...)."""
    if which == "declared":
        return (members * xp.exp(latent.sizes.log_accounts + latent.sizes.inflation)).sum(-1)
    if which == "registered":
        return (members * latent.accounts).sum(-1)
    if which == "ever_worked":
        chance = 1.0 - xp.exp(-age[..., None] * CELL_RATES)
        return (members * latent.accounts * (latent.weights * chance[..., None, :]).sum(-1)).sum(-1)
    return (members * latent.accounts * (latent.weights * _CHANCES[which]).sum(-1)).sum(-1)


def account_ratio(
    xp: Namespace, latent: Latent, members: np.ndarray, numerator: str, denominator: str, *, age: Any = None
) -> Any:
    """Compute the ratio of accounts of two kinds on some platforms together.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    latent : Latent
        The latent quantities.
    members : ndarray, shape (platforms,)
        1 for the platforms.
    numerator, denominator : str
        Tiers, "ever_worked" or "declared".
    age : array, shape (...), optional
        Months over which an account may have been used; the model's `account_age` unless given.

    Returns
    -------
    array, shape (...)
        The ratio.
    """
    months = latent.p.get("account_age") if age is None else age
    whole = _accounts(xp, latent, members, denominator, months)
    return _accounts(xp, latent, members, numerator, months) / whole


@dataclass(frozen=True, kw_only=True)
class AccountRatio(GaussianObservation):
    """A ratio of accounts, normal on the log odds, so that it never passes 1.

    Parameters
    ----------
    members : ndarray, shape (platforms,)
        1 for the platforms that it is carried to.
    numerator, denominator : str
        Tiers, "ever_worked" or "declared".
    error : float
        Standard deviation of the log odds of the ratio: a prior of fixed width.
    """

    scale: ClassVar[Literal["identity", "log", "logit"]] = "logit"
    members: np.ndarray
    numerator: str
    denominator: str
    error: float

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        ratio = account_ratio(xp, latent, self.members, self.numerator, self.denominator)
        return xp.log(ratio) - xp.log(1.0 - ratio), self.error + 0.0 * ratio
