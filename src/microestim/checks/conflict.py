"""Do the sources agree: each piece of evidence beside what all the others say of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from microestim.checks.expected_width import predicted_from
from microestim.checks.extended_latent import extended_latent
from microestim.checks.fitted import FittedModel
from microestim.checks.replay import figure
from microestim.checks.result import CheckResult
from microestim.models.people import TIER_IDS
from microestim.results import Table, format_interval, format_number

if TYPE_CHECKING:
    from microestim.models.observations import Observation

__all__ = [
    "CONFLICT_LEVEL",
    "SourceConflict",
    "check_conflict",
    "explained_variance",
    "source_conflict",
    "two_sided",
]

CONFLICT_LEVEL = 0.05
"""Chance that a check of evidence without conflict fails, over all its pieces together (Bonferroni)."""


def two_sided(observed: float, replicates: np.ndarray) -> float:
    """Two-sided tail probability of a figure among replicates of it.

    Parameters
    ----------
    observed : float
        The figure.
    replicates : ndarray, shape (draws,)
        The replicates; those that are not finite are left out.

    Returns
    -------
    float
        Twice the smaller tail, ties counted half, and half a draw added to each side: never 0.

    Examples
    --------
    >>> two_sided(0.0, np.array([-2.0, -1.0, 1.0, 2.0]))
    1.0
    """
    defined = replicates[np.isfinite(replicates)]
    below = float(np.sum(defined < observed)) + 0.5 * float(np.sum(defined == observed)) + 0.5
    share = below / (len(defined) + 1.0)
    return min(1.0, 2.0 * min(share, 1.0 - share))


@dataclass(frozen=True)
class SourceConflict:
    """One piece of evidence beside what all other evidence says of it; made by `source_conflict`.

    Parameters
    ----------
    left_out : str
        Id of the evidence.
    label : str
        What was observed, with its unit.
    observed : float
        Its figure, in that unit.
    expected, low, high : float
        Median and 2.5 and 97.5 % quantiles of the figure drawn from the fit without it.
    p : float
        Two-sided conflict p value.
    shift : mapping of str to float
        By tier, how far the mean of the log of the people moves when the evidence joins the rest.
    shift_error : mapping of str to float
        Its Monte Carlo standard error.
    explained : mapping of str to float
        By tier, the variance of that shift over figures that the rest says may come.
    """

    left_out: str
    label: str
    observed: float
    expected: float
    low: float
    high: float
    p: float
    shift: Mapping[str, float]
    shift_error: Mapping[str, float]
    explained: Mapping[str, float]


def source_conflict(
    fit: FittedModel, rest: FittedModel, observation: Observation, rng: np.random.Generator
) -> SourceConflict:
    r"""Compare a piece of evidence with what all other evidence says of it.

    Parameters
    ----------
    fit : WorkforceFit
        The fit to all evidence.
    rest : WorkforceFit
        The fit without this piece.
    observation : Observation
        The piece, as the model of all evidence has it.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SourceConflict
        The comparison.

    Notes
    -----
    The figure y is drawn anew from :math:`p(y_i \mid y_{-i})`, and p is the two-sided tail probability of the
    observed one: the cross-validatory check of Marshall & Spiegelhalter [1]_. For evidence that is normal on
    its scale it is the node-split p value of Presanis et al. [2]_ too: with the figure's own quantity split
    into one copy that only the evidence informs (flat prior, :math:`\phi_a \sim N(y, s^2)`) and one that only
    the rest informs, :math:`P(\phi_a > \phi_b) = P(y + s z > \phi_b)`, which is a tail of the replicates.
    Under the model p is uniform. Quantities that only this evidence made the model need come from their
    priors.

    References
    ----------
    .. [1] Marshall, E. C. & Spiegelhalter, D. J. (2007). Identifying outliers in Bayesian hierarchical
       models: a simulation-based approach. Bayesian Analysis 2(2), 409-444. doi:10.1214/07-BA218
    .. [2] Presanis, A. M., Ohlssen, D., Spiegelhalter, D. J. & De Angelis, D. (2013). Conflict diagnostics in
       directed acyclic graphs, with applications in Bayesian evidence synthesis. Statistical Science 28(3),
       376-397. doi:10.1214/13-STS426
    """
    import arviz as az

    latent = extended_latent(rest, rng, asked=fit.design)
    drawn = observation.replicate(rng, latent)
    replicates = np.asarray(observation.statistic(drawn))
    observed = float(observation.statistic(observation.observed))
    defined = replicates[np.isfinite(replicates)]
    low, middle, high = np.quantile(defined, [0.025, 0.5, 0.975])
    data = np.column_stack([np.asarray(values, dtype=float) for values in drawn.values()])
    shift, error, explained = {}, {}, {}
    for tier in TIER_IDS:
        whole, before = np.log(fit.draws(tier)), np.log(rest.draws(tier))
        shift[tier] = float(whole.mean() - before.mean())
        error[tier] = math.hypot(*(float(az.mcse(draws, method="mean")) for draws in (whole, before)))
        explained[tier] = explained_variance(before.ravel(), data)
    return SourceConflict(
        left_out=observation.name,
        label=f"{observation.label} ({observation.unit})",
        observed=observed,
        expected=float(middle),
        low=float(low),
        high=float(high),
        p=two_sided(observed, replicates),
        shift=shift,
        shift_error=error,
        explained=explained,
    )


def explained_variance(log_people: np.ndarray, data: np.ndarray) -> float:
    """Give the variance of the mean of the log of the people given data, over data that may come.

    Parameters
    ----------
    log_people : ndarray, shape (draws,)
        Draws of the log of the people.
    data : ndarray, shape (draws, numbers)
        Data drawn for each of them: counts, sizes, means and shares, from 0 up.

    Returns
    -------
    float
        The variance, from a cross-validated regression; 0 where the data say nothing.
    """
    # On the log scale the logs of tiers follow data more nearly linearly.
    steady = np.log(data + 0.5 * (data == 0.0).any(axis=0))
    rows = np.isfinite(steady).all(axis=1)
    values, steady = log_people[rows], steady[rows]
    if not (steady.std(axis=0) > 0.0).any():
        return 0.0
    missed = values - predicted_from(values, steady)
    return max(float(values.var() - missed.var()), 0.0)


def check_conflict(conflicts: Sequence[SourceConflict]) -> CheckResult:
    """Check each piece of evidence against what all others say of it.

    Parameters
    ----------
    conflicts : sequence of SourceConflict
        One a piece of evidence that can be left out.

    Returns
    -------
    CheckResult
        Failed where the smallest p value is below `CONFLICT_LEVEL` over the number of pieces. Passing says
        little where the rest leaves a wide range.
    """
    limit = CONFLICT_LEVEL / max(len(conflicts), 1)
    against = [each for each in conflicts if each.p < limit]
    rows = []
    for each in conflicts:
        error = (each.high - each.low) / 4.0
        rows.append(
            (
                each.left_out,
                each.label,
                figure(each.observed),
                format_number(each.expected, error),
                format_interval(each.low, each.high, error),
                f"{each.p:.3f}",
            )
        )
    table = Table(
        ("evidence", "what", "it says", "the rest says, median", "95% of what the rest expects", "p"),
        rows,
        footer=(
            "p: two-sided chance that the evidence would differ so much from what the rest expects of it; "
            f"{limit:.4f} or less fails, which happens to agreeing evidence one time in "
            f"{round(1 / CONFLICT_LEVEL)} over all rows.",
        ),
        align=("left", "left", "right", "right", "right", "right"),
    )
    if not conflicts:
        return CheckResult("conflict between sources", None, "No piece of evidence can be left out.")
    if against:
        named = ", ".join(f"{each.left_out} (p {each.p:.3f})" for each in against)
        sentence = (
            f"The other evidence contradicts {named}. Look for a misprint, another scope or an error that is "
            "stated too small, on either side; then report the tiers with it and without it."
        )
    else:
        least = min(conflicts, key=lambda each: each.p)
        sentence = (
            "No piece of evidence contradicts the others; the one that differs most is "
            f"{least.left_out} (p {least.p:.2f})."
        )
    return CheckResult("conflict between sources", not against, sentence, table)
