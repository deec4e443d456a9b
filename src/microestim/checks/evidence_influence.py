"""What each piece of evidence, or each platform's, does to each tier: the posterior with it and without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from microestim.checks.conflict import SourceConflict, check_conflict, source_conflict
from microestim.checks.fitted import FittedModel
from microestim.checks.result import CheckResult
from microestim.checks.unexplained_spread import UnexplainedSpread, check_unexplained, unexplained_spread
from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["CHECKS_OF_REFITS", "LEVEL", "EvidenceInfluence", "LeftOut", "TierChange", "compare_without"]

type LeftOut = Literal["evidence", "platform"]

LEVEL = 0.9
"""Level of the intervals whose width is compared."""
# A change within so many Monte Carlo errors is printed as none.
_CLEAR = 2.0
_NOUNS = {"evidence": "piece of evidence", "platform": "platform"}
CHECKS_OF_REFITS: Mapping[LeftOut, tuple[str, ...]] = {
    "evidence": ("leave one piece of evidence out", "conflict between sources", "unexplained spread"),
    "platform": ("leave one platform out",),
}
"""Names of the checks that fits without parts of the evidence give, by what was left out."""


@dataclass(frozen=True)
class TierChange:
    """One tier without one piece of evidence, or without all evidence of one platform.

    Parameters
    ----------
    left_out : str
        Id of the evidence or platform.
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
    by : {"evidence", "platform"}
        What is left out: a piece of evidence, or all that is about one platform alone.
    conflicts : tuple of SourceConflict
        Each piece of evidence beside what all others say of it; empty where platforms are left out.
    """

    changes: tuple[TierChange, ...]
    needed: Mapping[str, str]
    labels: Mapping[str, str]
    medians: Mapping[str, float]
    limits: Mapping[str, tuple[float, float]]
    title: str
    by: LeftOut = "evidence"
    conflicts: tuple[SourceConflict, ...] = ()

    def plot(self) -> Figure:
        """Draw every tier with all evidence, and without each part of it.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; nothing is shown or saved.

        Raises
        ------
        InputError
            Nothing can be left out, so that there is nothing to draw; the table says why.
        """
        from microestim.plots.influence import plot_influence

        if not self.changes:
            why = "; ".join(f"{name}: {reason}" for name, reason in self.needed.items())
            raise InputError(f"no {_NOUNS[self.by]} can be left out, so there is nothing to draw ({why})")
        return plot_influence(self)

    @property
    def unexplained(self) -> dict[str, UnexplainedSpread]:
        """By tier, how much more it moves from source to source than stated errors explain."""
        return unexplained_spread(self.conflicts)

    def checks(self) -> list[CheckResult]:
        """Give what was found as checks of the fit.

        Returns
        -------
        list of CheckResult
            What leaving out does to the tiers, which informs; and for evidence, whether its pieces conflict,
            and whether the tiers move as their errors explain.
        """
        name, table = f"leave one {_NOUNS[self.by]} out", self.table()
        if not self.changes:
            sentence = f"No {_NOUNS[self.by]} can be left out."
            return [CheckResult(name, None, sentence, table)]
        parts = []
        for tier in TIER_IDS:
            cells = [change for change in self.changes if change.tier == tier]
            most = max(cells, key=lambda change: abs(np.log1p(change.moved)))
            parts.append(f"{tier} by {100 * most.moved:+.0f} % without {most.left_out}")
        unsettled = dict.fromkeys(change.left_out for change in self.changes if not change.converged)
        sentence = f"At most the median moves: {'; '.join(parts)}." + (
            f" NOT CONVERGED without {', '.join(unsettled)}." if unsettled else ""
        )
        found = [CheckResult(name, None, sentence, table)]
        if self.by == "evidence":
            found += [check_conflict(self.conflicts), check_unexplained(self.unexplained)]
        return found

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
        if not self.changes:
            return f"<EvidenceInfluence: no {_NOUNS[self.by]} can be left out>"
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
    fit: FittedModel,
    without: Mapping[str, FittedModel],
    *,
    needed: Mapping[str, str],
    by: LeftOut = "evidence",
) -> EvidenceInfluence:
    """Compare a fit with fits that each lack a piece of evidence, or all evidence of one platform.

    Parameters
    ----------
    fit : WorkforceFit
        The fit to all evidence.
    without : mapping of str to WorkforceFit
        Fits, by the id of the evidence or of the platform that they lack.
    needed : mapping of str to str
        What cannot be left out, by id, with the reason.
    by : {"evidence", "platform"}, default "evidence"
        What they lack.

    Returns
    -------
    EvidenceInfluence
        The matrix, and for evidence how each piece agrees with the others.
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
    observations = {observation.name: observation for observation in fit.design.observations}
    conflicts: tuple[SourceConflict, ...] = ()
    if by == "evidence":
        labels = {name: observation.label for name, observation in observations.items()}
        seeds = np.random.default_rng(fit.settings.seed).spawn(len(without))
        conflicts = tuple(
            source_conflict(fit, rest, observations[name], rng)
            for (name, rest), rng in zip(without.items(), seeds, strict=True)
        )
        title = "what each piece of evidence does"
    else:
        labels = {name: fit.study.platform(name).name for name in fit.design.platforms}
        title = "what the evidence of each platform does"
    return EvidenceInfluence(
        changes=tuple(changes),
        needed=dict(needed),
        labels={name: f"{labels[name]} ({name})" for name in (*without, *needed)},
        medians={tier: float(np.exp(middle)) for tier, (middle, *_) in before.items()},
        limits=limits,
        title=f"{fit.study.title}: {title}" + ("" if fit.converged else " - NOT CONVERGED"),
        by=by,
        conflicts=conflicts,
    )


def _summary(fit: FittedModel, tier: str) -> tuple[float, float, float, float]:
    """Median, limits and Monte Carlo error of the median, of the log of the people."""
    import arviz as az

    draws = np.log(fit.draws(tier))
    low, middle, high = np.quantile(draws, [0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2])
    return float(middle), float(low), float(high), float(az.mcse(draws, method="median"))
