"""What each piece of evidence does to each tier: the posterior beside the one without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVEL", "EvidenceInfluence", "TierChange", "compare_without"]

LEVEL = 0.9
"""Level of the intervals whose width is compared."""
# A change within so many Monte Carlo errors is printed as none.
_CLEAR = 2.0


@dataclass(frozen=True)
class TierChange:
    """One tier without one piece of evidence.

    Parameters
    ----------
    left_out : str
        Id of the evidence.
    tier : str
        The tier.
    median, low, high : float
        Median and 90 % equal-tailed limits of the people without it.
    moved : float
        Relative change of the median.
    moved_error : float
        Monte Carlo error of the log of that change.
    widened : float
        Relative change of the interval's width on the log scale, upper over lower limit.
    converged : bool
        Whether the fit without it converged.
    """

    left_out: str
    tier: str
    median: float
    low: float
    high: float
    moved: float
    moved_error: float
    widened: float
    converged: bool

    @property
    def clear(self) -> bool:
        """Whether the median moved by more than twice its Monte Carlo error."""
        return bool(abs(np.log1p(self.moved)) > _CLEAR * self.moved_error)


@dataclass(frozen=True, eq=False)
class EvidenceInfluence:
    """A matrix, evidence by tier; made by `WorkforceFit.influence`.

    Parameters
    ----------
    changes : tuple of TierChange
        One a piece of evidence and tier, in the order of the study.
    needed : mapping of str to str
        Evidence that cannot be left out, by id, with the reason.
    labels : mapping of str to str
        What each piece of evidence is, by id.
    medians : mapping of str to float
        Median of each tier with all evidence, in people.
    limits : mapping of str to (float, float)
        Its 90 % equal-tailed limits.
    title : str
        Title of the table.
    """

    changes: tuple[TierChange, ...]
    needed: Mapping[str, str]
    labels: Mapping[str, str]
    medians: Mapping[str, float]
    limits: Mapping[str, tuple[float, float]]
    title: str

    def of(self, left_out: str, tier: str) -> TierChange:
        """Give one cell of the matrix.

        Parameters
        ----------
        left_out : str
            Id of the evidence.
        tier : str
            The tier.

        Returns
        -------
        TierChange
            The tier without the evidence.
        """
        for change in self.changes:
            if (change.left_out, change.tier) == (left_out, tier):
                return change
        if left_out in self.needed:
            raise InputError(f"{left_out!r} cannot be left out: {self.needed[left_out]}")
        known = ", ".join(dict.fromkeys(change.left_out for change in self.changes))
        raise InputError(f"there is no {left_out!r} for {tier!r}; evidence left out was {known}")

    def to_frame(self) -> pd.DataFrame:
        """Give one row a piece of evidence and tier, in full precision.

        Returns
        -------
        pandas.DataFrame
            Median and limits without the evidence, in people; relative changes; whether the fit converged.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "left_out": change.left_out,
                    "tier": change.tier,
                    "median": change.median,
                    "ci_low": change.low,
                    "ci_high": change.high,
                    "ci_level": LEVEL,
                    "moved": change.moved,
                    "moved_error": change.moved_error,
                    "widened": change.widened,
                    "converged": change.converged,
                }
                for change in self.changes
            ]
        )

    def table(self) -> Table:
        """Lay the matrix out for a reader.

        Returns
        -------
        Table
            One row a piece of evidence; in each cell the change of the median, and of the interval's width.
        """
        rows = []
        for name in dict.fromkeys(change.left_out for change in self.changes):
            cells = [self.of(name, tier) for tier in TIER_IDS]
            mark = "" if cells[0].converged else " (NOT CONVERGED)"
            rows.append((f"{self.labels[name]}{mark}", *map(_cell, cells)))
        kept = [f"{self.labels[name]} cannot be left out: {why}." for name, why in self.needed.items()]
        return Table(
            ("without", *TIER_IDS),
            rows,
            title=self.title,
            footer=(
                "First the change of the median, ~0 within twice its Monte Carlo error; then that of the "
                f"{LEVEL:.0%} interval's width (the log of its upper over its lower limit).",
                *kept,
            ),
            align=("left", "right", "right", "right", "right"),
        )

    def __repr__(self) -> str:
        most = max(self.changes, key=lambda change: abs(np.log1p(change.moved)))
        return (
            f"<EvidenceInfluence: without {most.left_out} the median of {most.tier} moves by "
            f"{100 * most.moved:+.0f} %>"
        )

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().to_html()


def _cell(change: TierChange) -> str:
    moved = f"{100 * change.moved:+.0f} %" if change.clear else "~0"
    return f"{moved} / {100 * change.widened:+.0f} %"


def compare_without(
    fit: FittedModel, without: Mapping[str, FittedModel], *, needed: Mapping[str, str]
) -> EvidenceInfluence:
    """Compare a fit with fits that each lack a piece of evidence.

    Parameters
    ----------
    fit : WorkforceFit
        The fit to all evidence.
    without : mapping of str to WorkforceFit
        Fits, by the id of the evidence that they lack.
    needed : mapping of str to str
        Evidence that cannot be left out, by id, with the reason.

    Returns
    -------
    EvidenceInfluence
        The matrix.
    """
    before = {tier: _summary(fit, tier) for tier in TIER_IDS}
    limits = {tier: (float(np.exp(low)), float(np.exp(high))) for tier, (_, low, high, _) in before.items()}
    changes = []
    for name, other in without.items():
        for tier in TIER_IDS:
            middle, low, high, error = _summary(other, tier)
            middle_0, low_0, high_0, error_0 = before[tier]
            changes.append(
                TierChange(
                    left_out=name,
                    tier=tier,
                    median=float(np.exp(middle)),
                    low=float(np.exp(low)),
                    high=float(np.exp(high)),
                    moved=float(np.expm1(middle - middle_0)),
                    moved_error=float(np.hypot(error, error_0)),
                    widened=float((high - low) / (high_0 - low_0) - 1.0),
                    converged=other.converged,
                )
            )
    labels = {observation.name: observation.label for observation in fit.design.observations}
    return EvidenceInfluence(
        changes=tuple(changes),
        needed=dict(needed),
        labels={name: f"{labels[name]} ({name})" for name in (*without, *needed)},
        medians={tier: float(np.exp(middle)) for tier, (middle, *_) in before.items()},
        limits=limits,
        title=f"{fit.study.title}: what each piece of evidence does"
        + ("" if fit.converged else " - NOT CONVERGED"),
    )


def _summary(fit: FittedModel, tier: str) -> tuple[float, float, float, float]:
    """Median, limits and Monte Carlo error of the median, of the log of the people."""
    import arviz as az

    draws = np.log(fit.draws(tier))
    low, middle, high = np.quantile(draws, [0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2])
    return float(middle), float(low), float(high), float(az.mcse(draws, method="median"))
