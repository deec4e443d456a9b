"""What memberships asked on one platform identify about people on several, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.errors import NotEstimableError
from microestim.estimators.accounts import membership_bounds
from microestim.estimators.accounts.memberships import MembershipBounds
from microestim.models.design import Design
from microestim.models.people import TIER_IDS
from microestim.results import Table, printed_draws
from microestim.study import MembershipsEvidence, RegistrationsEvidence, Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BOUNDS", "TierBounds", "draw_bounds", "frame_platform", "study_bounds"]

BOUNDS: Mapping[str, str] = {
    "free upper": "every account is a person, whatever the respondents said",
    "upper given the mean": "nobody off the frame is on more than one platform (k' = 1)",
    "published reading": "people off the frame are on as many platforms as those on it (k' = k_F)",
    "joint model": "memberships by platform and activity, with a prior for people off the frame",
    "lower": "everybody off the frame is on all the other platforms (k' = J - 1)",
}
"""The bounds and the two estimates between them, and what each supposes."""


def frame_platform(design: Design) -> int | None:
    """Index of the one platform whose people were surveyed.

    Parameters
    ----------
    design : Design
        The model.

    Returns
    -------
    int or None
        None where no platform, or more than one, was surveyed, or where there is no other platform.
    """
    surveyed = np.flatnonzero(design.surveyed)
    return int(surveyed[0]) if len(surveyed) == 1 and design.n_platforms > 1 else None


@dataclass(frozen=True, repr=False)
class TierBounds:
    """Bounds on the people of each tier, one value a draw.

    Parameters
    ----------
    platform : str
        Id of the surveyed platform (the frame).
    draws : mapping of str to mapping of str to ndarray, shape (draws,)
        People, by tier and by name of the bound as in `BOUNDS`.
    converged : bool
        Whether the fit converged.
    """

    platform: str
    draws: Mapping[str, Mapping[str, np.ndarray]]
    converged: bool = True

    def outside(self, tier: str, tolerance: float = 0.01) -> float:
        """Give the share of draws in which the model's people lie outside what no memberships could exceed.

        Parameters
        ----------
        tier : str
            The tier.
        tolerance : float, default 0.01
            Relative excess that is allowed for: the inclusion weights meet the accounts up to this.

        Returns
        -------
        float
            Share of the draws with people above the free upper or below the lower bound.
        """
        own = self.draws[tier]
        people = own["joint model"]
        beyond = (people > own["free upper"] * (1.0 + tolerance)) | (
            people < own["lower"] * (1.0 - tolerance)
        )
        return float(beyond.mean())

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Give one row a tier and bound.

        Parameters
        ----------
        level : float, default 0.95
            Level of the equal-tailed credible intervals.

        Returns
        -------
        pandas.DataFrame
            tier, bound, supposes, median, ci_low, ci_high, ci_level; in people.
        """
        import pandas as pd

        rows = []
        for tier, bounds in self.draws.items():
            for name, draws in bounds.items():
                low, middle, high = np.quantile(draws, [0.5 - level / 2, 0.5, 0.5 + level / 2])
                rows.append((tier, name, BOUNDS[name], float(middle), float(low), float(high), level))
        return pd.DataFrame(
            rows, columns=["tier", "bound", "supposes", "median", "ci_low", "ci_high", "ci_level"]
        )

    @property
    def table(self) -> Table:
        """The bounds for reading: median and 95 % credible interval, in people."""
        rows = []
        for tier, bounds in self.draws.items():
            rows.append(
                (tier, *(f"{middle} ({span})" for middle, span in map(printed_draws, bounds.values())))
            )
        title = f"People, by what is supposed of those who are not on {self.platform}"
        return Table(
            ("tier", *BOUNDS),
            rows,
            title=title if self.converged else f"{title} - NOT CONVERGED",
            footer=[f"{name}: {supposes}." for name, supposes in BOUNDS.items()],
        )

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return f"TierBounds(frame={self.platform!r}, tiers={list(self.draws)})"

    def _repr_html_(self) -> str:
        return self.table.to_html()


def draw_bounds(fit: FittedModel) -> TierBounds:
    r"""Bound the people of every tier in every draw by what is supposed of people off the frame.

    Parameters
    ----------
    fit : WorkforceFit
        A fit of a study with one surveyed platform among several.

    Returns
    -------
    TierBounds
        Bounds in people.

    Raises
    ------
    NotEstimableError
        No platform was surveyed, or more than one, or there is no other.

    Notes
    -----
    With N_F accounts in the tier on the surveyed platform, whose owners are in the tier on k_F platforms in
    the mean, and A_j accounts in the tier on platform j of J, people are
    :math:`U(k') = N_F + (\sum_j A_j - k_F N_F) / k'` where those off the frame are in it on k' platforms. See
    `microestim.membership_bounds`.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.WorkforceModel(me.load_study("fr-2018")).fit(rng=1)  # doctest: +SKIP
    >>> print(draw_bounds(fit))  # doctest: +SKIP
    """
    j = frame_platform(fit.design)
    if j is None:
        raise NotEstimableError(
            "memberships bound the people of several platforms where exactly one of them was surveyed; "
            "use the joint model's own intervals"
        )
    draws = {}
    for tier in TIER_IDS:
        accounts = fit.counts.accounts[tier]
        on_frame, total = accounts[:, j], accounts.sum(-1)
        mean = fit.counts.frame_memberships[tier]
        # Members of the frame cannot own more accounts than there are.
        outside = np.maximum(total - mean * on_frame, 0.0)
        draws[tier] = {
            "free upper": total,
            "upper given the mean": on_frame + outside,
            "published reading": on_frame + outside / mean,
            "joint model": fit.counts.people[tier],
            "lower": on_frame + outside / (fit.design.n_platforms - 1),
        }
    return TierBounds(fit.design.platforms[j], draws, fit.converged)


def study_bounds(study: Study) -> MembershipBounds | None:
    """Bound the people by the study's own figures, without a model.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    MembershipBounds or None
        None unless the study has registrations of the platform where memberships were asked, registrations
        over all observed platforms, and memberships counted over these.

    Examples
    --------
    >>> import microestim as me
    >>> bounds = study_bounds(me.load_study("fr-2018"))
    >>> round(bounds.lower), round(bounds.upper_given_mean), round(bounds.free_upper)
    (92583, 305500, 319000)
    """
    observed = study.observed_platforms

    def covered(platforms: str | Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in study.resolve(platforms) if study.platform(name).takes_residents)

    registered = {
        covered(item.platforms): item.value
        for item in study.evidence
        if isinstance(item, RegistrationsEvidence) and item.reach == "resident"
    }
    total = registered.get(observed)
    for item in study.evidence:
        if not isinstance(item, MembershipsEvidence) or item.window != "ever":
            continue
        if item.platforms == "any" or item.frame == "population":
            continue
        counted, frame = covered(item.platforms), covered(item.frame)
        if counted == observed and len(frame) == 1 and frame in registered and total is not None:
            return membership_bounds(
                frame_accounts=registered[frame],
                total_accounts=total,
                frame_mean=item.headline,
                n_platforms=len(observed),
            )
    return None
