"""How many people are in each tier: the posterior draws, and every table as a view of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from microestim.errors import InputError
from microestim.results import FRAME_COLUMNS, Table, check_level, credible_interval, printed_draws
from microestim.study import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BANDS", "ESTIMANDS", "TierEstimates"]

ESTIMANDS: Mapping[str, str] = {
    "registered": "residents with at least one account, dormant ones included",
    "monthly_active": "residents seen at least once in a given month",
    "monthly": "residents whose usual frequency is at least monthly",
    "weekly": "residents whose usual frequency is at least weekly",
}
"""The four estimands in words, widest first."""

WINDOWS: Mapping[str, tuple[str, str]] = {
    "registered": ("since registration", "one account"),
    "monthly_active": ("1 month", "one visit"),
    "monthly": ("usual", "1 visit a month"),
    "weekly": ("usual", "1 visit a week"),
}
"""Window and threshold of each estimand."""

BANDS: Mapping[str, tuple[str, str | None]] = {
    "weekly": ("weekly", None),
    "monthly, not weekly": ("monthly", "weekly"),
    "registered, less than monthly": ("registered", "monthly"),
}
"""Exclusive bands: a tier without the one inside it."""


@dataclass(frozen=True)
class TierEstimates:
    """People and accounts by tier, one value a posterior draw.

    Parameters
    ----------
    study : Study
        The study.
    method : str
        How the draws were made, convergence verdict included where it failed.
    people : mapping of str to ndarray, shape (chains, draws)
        People in each tier on the observed platforms.
    accounts : mapping of str to ndarray, shape (chains, draws, platforms)
        Accounts in each tier.
    """

    study: Study
    method: str
    people: Mapping[str, np.ndarray]
    accounts: Mapping[str, np.ndarray]

    def draws(
        self,
        tier: str,
        *,
        of: Literal["people", "accounts"] = "people",
        platform: str | None = None,
        scope: Literal["observed"] = "observed",
    ) -> np.ndarray:
        """Give the posterior draws of one tier.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        of : {"people", "accounts"}, default "people"
            What to count. On one platform people are its accounts.
        platform : str, optional
            Id of one platform; all observed platforms together without it.
        scope : {"observed"}, default "observed"
            Which platforms: the study's observed ones.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws, in people or accounts.
        """
        if tier not in self.people:
            raise InputError(f"tier is {tier!r}; use one of {', '.join(self.people)}")
        if of not in ("people", "accounts"):
            raise InputError(f"of is {of!r}; use 'people' or 'accounts'")
        if scope != "observed":
            raise InputError(f"scope is {scope!r}; this model covers the scope 'observed'")
        if platform is not None:
            platforms = self.study.observed_platforms
            if platform not in platforms:
                raise InputError(
                    f"platform is {platform!r}; the observed platforms are {', '.join(platforms)}"
                )
            return self.accounts[tier][..., platforms.index(platform)]
        return self.people[tier] if of == "people" else self.accounts[tier].sum(-1)

    def band(self, band: str) -> np.ndarray:
        """Give the draws of an exclusive band: a tier without the one inside it.

        Parameters
        ----------
        band : {"weekly", "monthly, not weekly", "registered, less than monthly"}
            The band.

        Returns
        -------
        ndarray, shape (chains, draws)
            People.
        """
        if band not in BANDS:
            raise InputError(f"band is {band!r}; use one of {', '.join(repr(name) for name in BANDS)}")
        outer, inner = BANDS[band]
        return self.people[outer] if inner is None else self.people[outer] - self.people[inner]

    def to_frame(
        self, *, level: float = 0.95, by: Literal["total", "platform", "band"] = "total"
    ) -> pd.DataFrame:
        """Give one row an estimate, in the columns that every export of the library has.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.
        by : {"total", "platform", "band"}, default "total"
            People on all observed platforms (and their accounts), accounts by platform, or people in
            exclusive bands.

        Returns
        -------
        pandas.DataFrame
            `estimate` is the posterior median, `se` the posterior standard deviation.
        """
        import pandas as pd

        check_level(level)
        if by == "total":
            rows = [
                self._row(tier, of, self.draws(tier, of=of), level)
                for of in ("people", "accounts")
                for tier in self.people
            ]
        elif by == "platform":
            rows = [
                self._row(tier, "accounts", self.draws(tier, platform=platform), level, platform=platform)
                for platform in self.study.observed_platforms
                for tier in self.people
            ]
        elif by == "band":
            rows = [
                self._row(BANDS[name][0], "people", self.band(name), level, estimand=name) for name in BANDS
            ]
        else:
            raise InputError(f"by is {by!r}; use 'total', 'platform' or 'band'")
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))

    def _row(
        self, tier: str, unit: str, draws: np.ndarray, level: float, *, platform: str = "", estimand: str = ""
    ) -> dict[str, object]:
        interval = credible_interval(draws, level)
        window, threshold = WINDOWS[tier]
        n = len(self.study.observed_platforms)
        return {
            "study": self.study.id,
            "tier": tier,
            "platform": platform,
            "estimand": estimand or ESTIMANDS[tier],
            "method": self.method,
            "status": "estimated",
            "estimate": float(np.median(draws)),
            "se": float(draws.std()),
            "ci_low": interval.low,
            "ci_high": interval.high,
            "ci_level": level,
            "ci_kind": interval.kind,
            "unit": unit,
            "scope": "observed: 1 platform" if n == 1 or platform else f"observed: {n} platforms",
            "period": self.study.period,
            "window": window,
            "threshold": threshold,
        }

    def __repr__(self) -> str:
        return f"TierEstimates(study={self.study.id!r}, tiers={list(self.people)})"

    def to_table(self, *, level: float = 0.95) -> Table:
        """Lay the people of each tier out as a table.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        Table
            One row a tier, rounded by the library's rule.
        """
        rows = [(tier, words, *printed_draws(self.people[tier], level)) for tier, words in ESTIMANDS.items()]
        return Table(
            ("tier", "estimand", "median", f"{level:.0%} credible interval"),
            rows,
            align=("left", "left", "right", "right"),
        )

    def __str__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()
