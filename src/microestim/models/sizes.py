"""How many residents have an account on each platform, dormant ones included.

The logarithms of the numbers are normal over platforms. Declared numbers enter by a change of
variable: where a platform's number (or a total over platforms) was declared, the sampler moves in the
error of the declaration, which is standard normal, instead of in the number, which would have to
follow a narrow likelihood inside a wide prior. The two forms are the same model; `size_log_prior`
holds the density that the change leaves over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from microestim.models.namespace import Namespace, log_normal_density

__all__ = [
    "GROWTH_SPREAD",
    "INFLATION_SPREAD",
    "DeclaredTotal",
    "SizeDesign",
    "Sizes",
    "declared_error",
    "platform_sizes",
    "size_log_prior",
]

INFLATION_SPREAD = 0.5
"""Standard deviation over platforms of the log of inflation."""

GROWTH_SPREAD = 0.5
"""Standard deviation over platforms of the log of yearly growth."""


@dataclass(frozen=True)
class DeclaredTotal:
    """A declared total over several platforms, none of which declared its own number.

    Parameters
    ----------
    members : ndarray, shape (platforms,)
        1 for the platforms in the total.
    stated_error : float
        Standard deviation of the log of the total where the source states one, else 0.
    has_stated_error : bool
        Whether the source states one.
    assumed_error : bool
        Whether that error is an assumption, so that the model's own is added to it.
    years_old : float
        Years from the figure's date to the study's period.
    """

    members: np.ndarray
    stated_error: float
    has_stated_error: bool
    assumed_error: bool
    years_old: float


@dataclass(frozen=True)
class SizeDesign:
    """Which platforms declared what.

    Parameters
    ----------
    own : ndarray, shape (platforms,)
        1 where the platform's own number of accounts was declared.
    worldwide : ndarray, shape (platforms,)
        1 where the declared number is of the whole world.
    open_to_world : ndarray, shape (platforms,)
        1 where people from elsewhere may join, so that a number of residents rests on a country share.
    stated_error, has_stated_error : ndarray, shape (platforms,)
        Standard deviation of the log of the declared number, where the source states one.
    assumed_error : ndarray, shape (platforms,)
        1 where that error is an assumption, so that the model's own is added to it.
    years_old : ndarray, shape (platforms,)
        Years from the declared number's date to the study's period.
    total : DeclaredTotal or None
        The total that anchors the platforms without a number of their own.
    """

    own: np.ndarray
    worldwide: np.ndarray
    open_to_world: np.ndarray
    stated_error: np.ndarray
    has_stated_error: np.ndarray
    assumed_error: np.ndarray
    years_old: np.ndarray
    total: DeclaredTotal | None

    @property
    def n_platforms(self) -> int:
        """Number of platforms."""
        return len(self.own)


@dataclass(frozen=True)
class Sizes:
    """Numbers of accounts and what they were declared from.

    Parameters
    ----------
    log_accounts : array, shape (..., platforms)
        Log of the residents' accounts.
    inflation : array, shape (..., platforms)
        Log of declared accounts per resident account.
    growth : array, shape (..., platforms), or float
        Log of accounts per account one year before; 0 where no figure is of another time.
    level, spread : array, shape (...), or None
        Mean and standard deviation of the log over platforms; None where there is one platform.
    """

    log_accounts: Any
    inflation: Any
    growth: Any
    level: Any
    spread: Any

    def log_declared(self, years_old: Any) -> Any:
        """Give the log of the residents' accounts that platforms would have declared, without its error.

        Parameters
        ----------
        years_old : float or ndarray, shape (platforms,)
            Years from the date of the declaration to the study's period.

        Returns
        -------
        array, shape (..., platforms)
            The log.
        """
        return self.log_accounts + self.inflation - years_old * self.growth


def declared_error(xp: Namespace, design: SizeDesign, declared: Any, share: Any) -> Any:
    """Give the standard deviation of the log of each platform's declared number of accounts.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    design : SizeDesign
        Which platforms declared what.
    declared, share : array, shape (...)
        Error of declarations and of country shares.

    Returns
    -------
    array, shape (..., platforms)
        Standard deviations.
    """
    # A worldwide number meets its country share as a quantity of its own, so only residents' numbers
    # of open platforms carry the share's error here.
    from_share = design.open_to_world * (1.0 - design.worldwide)
    own = declared[..., None] ** 2 + share[..., None] ** 2 * from_share
    # What somebody assumes of another's figure does not take the place of what the model allows for.
    own = (1.0 - design.has_stated_error * (1.0 - design.assumed_error)) * own
    return xp.sqrt(design.has_stated_error * design.stated_error**2 + own)


def total_error(
    xp: Namespace, design: SizeDesign, total: DeclaredTotal, parts: Any, declared: Any, share: Any
) -> Any:
    """Give the standard deviation of the log of a declared total, whose platforms err independently.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    design : SizeDesign
        Which platforms are open to the world.
    total : DeclaredTotal
        The total.
    parts : array, shape (..., platforms)
        Each platform's part of the total, summing to 1.
    declared, share : array, shape (...)
        Error of declarations and of country shares.

    Returns
    -------
    array, shape (...)
        Standard deviation.
    """
    if total.has_stated_error and not total.assumed_error:
        return total.stated_error + 0.0 * declared
    own = declared**2 + share**2 * (parts * parts * design.open_to_world).sum(-1)
    return xp.sqrt(total.stated_error**2 + own)


def platform_sizes(
    xp: Namespace,
    design: SizeDesign,
    *,
    p: Any,
    rows: Any,
    log_declared: Any,
    log_total: Any,
    log_share: Any,
    centre: float | Any,
    centre_spread: float | Any,
    generative: bool = False,
) -> Sizes:
    """Numbers of accounts from standard normal deviates.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    design : SizeDesign
        Which platforms declared what.
    p : mapping of str to array
        Quantities in their own units, shape (...).
    rows : mapping of str to array
        Standard normal deviates by platform, shape (..., platforms).
    log_declared : array, shape (platforms,)
        Log of the declared numbers; ignored where none was declared.
    log_total : float
        Log of the declared total; ignored without one.
    log_share : array, shape (..., platforms)
        Log of the country share, 0 where it does not apply.
    centre, centre_spread : float
        Prior of the log of a typical platform's number of accounts.
    generative : bool, default False
        Ignore declared numbers and follow the prior, as a simulation of evidence must.

    Returns
    -------
    Sizes
        Log numbers of accounts, inflation, level and spread over platforms.
    """
    z = rows["size"]
    if design.n_platforms == 1:
        inflation = p["inflation"][..., None] + 0.0 * z
        growth = p["growth"][..., None] if "growth" in p else 0.0
        if generative or not design.own[0]:
            log_accounts = centre + centre_spread * z
        else:
            error = declared_error(xp, design, p["declared_error"], p["share_error"])
            gone = inflation - design.years_old * growth
            log_accounts = log_declared + log_share - gone - error * z
        return Sizes(log_accounts=log_accounts, inflation=inflation, growth=growth, level=None, spread=None)

    inflation = p["inflation"][..., None] * xp.exp(INFLATION_SPREAD * rows["inflation"])
    growth = p["growth"][..., None] * xp.exp(GROWTH_SPREAD * rows["growth"]) if "growth" in p else 0.0
    spread = p["accounts_spread"]
    relative = spread[..., None] * z
    deviate = p["accounts_level"]
    if generative or design.total is None:
        level = centre + centre_spread * deviate
    else:
        members = design.total.members
        declared_parts = members * xp.exp(relative + inflation - design.total.years_old * growth)
        whole = declared_parts.sum(-1)
        parts = declared_parts / whole[..., None]
        error = total_error(xp, design, design.total, parts, p["declared_error"], p["share_error"])
        level = log_total - error * deviate - xp.log(whole)
    free = level[..., None] + relative
    if generative or not design.own.any():
        return Sizes(log_accounts=free, inflation=inflation, growth=growth, level=level, spread=spread)
    error_own = declared_error(xp, design, p["declared_error"], p["share_error"])
    known = log_declared + log_share - (inflation - design.years_old * growth) - error_own * z
    log_accounts = design.own * known + (1.0 - design.own) * free
    return Sizes(log_accounts=log_accounts, inflation=inflation, growth=growth, level=level, spread=spread)


def size_log_prior(
    xp: Namespace, design: SizeDesign, sizes: Sizes, *, centre: Any, centre_spread: Any
) -> Any:
    """Log prior density of what the change of variable made derived.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    design : SizeDesign
        Which platforms declared what.
    sizes : Sizes
        The numbers.
    centre, centre_spread : float
        Prior of the log of a typical platform's number of accounts.

    Returns
    -------
    array, shape (...), or None
        Log density; None where every size is sampled in its prior's own terms.
    """
    if design.n_platforms == 1:
        if not design.own[0]:
            return None
        return log_normal_density(xp, sizes.log_accounts, centre, centre_spread + 0.0 * sizes.inflation).sum(
            -1
        )
    terms = []
    if design.total is not None:
        terms.append(log_normal_density(xp, sizes.level, centre, centre_spread + 0.0 * sizes.level))
    if design.own.any():
        z = (sizes.log_accounts - sizes.level[..., None]) / sizes.spread[..., None]
        each = -0.5 * z * z - xp.log(sizes.spread)[..., None] - 0.5 * math.log(2.0 * math.pi)
        terms.append((design.own * each).sum(-1))
    return sum(terms) if terms else None
