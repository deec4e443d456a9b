"""How much more the tiers move from source to source than the stated errors explain: one number a tier."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from microestim.checks.conflict import SourceConflict
from microestim.checks.result import CheckResult
from microestim.models.people import TIER_IDS
from microestim.results import Table

__all__ = ["SPREAD_LIMIT", "UnexplainedSpread", "check_unexplained", "unexplained_spread"]

SPREAD_LIMIT = 2.0
"""Factor of unexplained spread above which a tier's sources are said to disagree.

With one piece of evidence that decides, it is the size of a normal deviate, beyond 2 one time in 20; with
more, less often."""


@dataclass(frozen=True)
class UnexplainedSpread:
    """How much more a tier moves from source to source than their stated errors explain.

    Parameters
    ----------
    tier : str
        The tier.
    factor : float or None
        Square root of the observed over the expected sum of squared shifts: about 1 where the sources agree.
        None where no piece of evidence is expected to move the tier beyond simulation error.
    observed, expected : float
        Root mean square of the shifts of the mean of the log of the people, and what the errors explain.
    """

    tier: str
    factor: float | None
    observed: float
    expected: float


def unexplained_spread(conflicts: Sequence[SourceConflict]) -> dict[str, UnexplainedSpread]:
    r"""Measure how much more the tiers move from source to source than their stated errors explain.

    Parameters
    ----------
    conflicts : sequence of SourceConflict
        One a piece of evidence.

    Returns
    -------
    dict of str to UnexplainedSpread
        By tier.

    Notes
    -----
    With :math:`m = E[\log T \mid y]` and :math:`m_{-i} = E[\log T \mid y_{-i}]`,

    .. math:: R^2 = \frac{\sum_i (m - m_{-i})^2}{\sum_i \mathrm{Var}(E[\log T \mid y_i, y_{-i}] \mid y_{-i})}.

    Each term above has the term below it as its expectation, whatever the shape of the posteriors: m is one
    of the means that are averaged in :math:`m_{-i}` (law of total variance). So R is about 1 where all
    errors are as stated. Where sources measure one quantity with equal normal errors, R is the Birge ratio
    [1]_. The variances below come from a cross-validated regression of the log of the tier on evidence drawn
    anew, in the fit without it. The simulation error of each shift is taken off its square.

    References
    ----------
    .. [1] Birge, R. T. (1932). The calculation of errors by the method of least squares. Physical Review 40,
       207-227. doi:10.1103/PhysRev.40.207
    """
    found = {}
    for tier in TIER_IDS:
        noise = sum(each.shift_error[tier] ** 2 for each in conflicts)
        above = max(sum(each.shift[tier] ** 2 for each in conflicts) - noise, 0.0)
        below = sum(each.explained[tier] for each in conflicts)
        n = max(len(conflicts), 1)
        found[tier] = UnexplainedSpread(
            tier=tier,
            # Where all that is expected drowns in simulation error, the ratio would be one of errors.
            factor=math.sqrt(above / below) if below > 4.0 * noise and below > 0.0 else None,
            observed=math.sqrt(above / n),
            expected=math.sqrt(below / n),
        )
    return found


def check_unexplained(spreads: Mapping[str, UnexplainedSpread]) -> CheckResult:
    """Check whether the tiers move from source to source as the stated errors lead one to expect.

    Parameters
    ----------
    spreads : mapping of str to UnexplainedSpread
        By tier.

    Returns
    -------
    CheckResult
        Failed where a factor is above `SPREAD_LIMIT`; informs where none is determined.
    """
    rows = [
        (
            tier,
            f"{each.observed:.3f}",
            f"{each.expected:.3f}",
            "not determined" if each.factor is None else f"{each.factor:.2f}",
        )
        for tier, each in spreads.items()
    ]
    table = Table(
        ("tier", "shift of the log when a source joins", "explained by stated errors", "factor"),
        rows,
        footer=("Root mean squares over the pieces of evidence. Agreeing sources give a factor of about 1.",),
        align=("left", "right", "right", "right"),
    )
    known = {tier: each.factor for tier, each in spreads.items() if each.factor is not None}
    if not known:
        sentence = (
            "No piece of evidence moves a tier beyond simulation error, so there is no spread to explain."
        )
        return CheckResult("unexplained spread", None, sentence, table)
    beyond = {tier: factor for tier, factor in known.items() if factor > SPREAD_LIMIT}
    worst = max(known, key=lambda tier: known[tier])
    if beyond:
        named = ", ".join(f"{tier} ({factor:.1f} times)" for tier, factor in beyond.items())
        sentence = (
            f"Sources move {named} more than their stated errors explain, so the intervals of these tiers "
            "are too narrow. See which source is in conflict, and state its error anew or leave it out."
        )
    else:
        sentence = (
            "The tiers move from source to source as the stated errors explain: by at most "
            f"{known[worst]:.1f} times as much ({worst})."
        )
    return CheckResult("unexplained spread", not beyond, sentence, table)
