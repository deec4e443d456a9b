"""What platforms declare: registers with dead and fake accounts, overstated, old, rounded or missing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.people import REFERENCE_DAYS, Accounts
from microestim.simulate.worlds.platforms import MONTH, WorldPlatforms

__all__ = ["Declared", "declare", "round_to_digits"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Declared:
    """What is known of the registers; one element a platform.

    Parameters
    ----------
    second, fake : ndarray of int
        Second accounts of residents, and accounts that no resident has, that count as residents'.
    value : tuple of (float or None)
        The declared number of accounts; None where it is not known.
    worldwide : tuple of bool
        Whether that number is of all accounts, or of the residents'.
    country_share : tuple of (float or None)
        The published share of the country; None where it is not known, or is 1 since only residents join.
    """

    second: Ints
    fake: Ints
    value: tuple[float | None, ...]
    worldwide: tuple[bool, ...]
    country_share: tuple[float | None, ...]


def declare(
    knobs: Knobs, platforms: WorldPlatforms, accounts: Accounts, rng: np.random.Generator
) -> Declared:
    """Let every platform declare how many accounts it has.

    Parameters
    ----------
    knobs : Knobs
        The world's knobs.
    platforms : WorldPlatforms
        Its platforms.
    accounts : Accounts
        Its residents' accounts.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Declared
        The declared numbers, and what is in them beside residents' accounts.
    """
    j = platforms.n
    ever = np.bincount(accounts.platform[accounts.opened < REFERENCE_DAYS], minlength=j)
    second = rng.binomial(ever, min(knobs.second_accounts, 1.0))
    fake = rng.poisson(knobs.fake_accounts * ever * np.exp(0.5 * rng.standard_normal(j)))
    # The register as it was when the number was printed; closed accounts go on counting.
    printed = REFERENCE_DAYS - knobs.staleness * MONTH
    then = np.bincount(accounts.platform[accounts.opened < printed], minlength=j)
    register = then * (1 + (second + fake) / np.maximum(ever, 1))
    factor = knobs.overstatement * np.exp(knobs.overstatement_spread * rng.standard_normal(j))
    worldwide = ~platforms.residents_only & (rng.random(j) < knobs.p_worldwide)
    total = np.where(worldwide, register / platforms.country_share, register) * factor
    digits = np.clip(knobs.declared_digits + rng.integers(-1, 2, j), 1, 4)
    known = rng.random(j) < knobs.p_declared
    if not knobs.has_survey:
        # Something has to be known of a country that is studied.
        known[np.argmax(register)] = True
    value = tuple(
        round_to_digits(float(total[i]), int(digits[i])) if known[i] and total[i] >= 1 else None
        for i in range(j)
    )
    traffic = platforms.country_share * np.exp(knobs.country_share_error * rng.standard_normal(j))
    share_known = ~platforms.residents_only & (rng.random(j) < knobs.p_country_share)
    share = tuple(
        round_to_digits(min(float(traffic[i]), 0.95), 2) if share_known[i] else None for i in range(j)
    )
    return Declared(second, fake, value, tuple(bool(w) for w in worldwide), share)


def round_to_digits(value: float, digits: int) -> float:
    """Round to a number of significant digits, as people do who print a number.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Digits to keep.

    Returns
    -------
    float
        0 stays 0.
    """
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))
