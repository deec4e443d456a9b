"""How many people are in each tier: the posterior draws, and every table as a view of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microestim.errors import InputError
from microestim.results import (
    FRAME_COLUMNS,
    IMPUTED_COLUMNS,
    Table,
    check_level,
    credible_interval,
    format_share,
    printed_draws,
)
from microestim.study import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BANDS", "ESTIMANDS", "Scope", "TierEstimates"]

Scope = Literal["observed", "all"]

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
        People in each tier on the platforms.
    accounts : mapping of str to ndarray, shape (chains, draws, platforms)
        Accounts in each tier; the observed platforms first, in the study's order.
    imputed : mapping of str to int, optional
        Platforms without evidence, in the order in which they follow the observed ones, each with the number
        of observed platforms of its class.
    left_out : tuple of str, optional
        Classes whose platforms without evidence were left out.
    converged : bool, default True
        Whether the draws may be used.
    observed : TierEstimates, optional
        The same tiers on the observed platforms; None where these are they.
    widen : callable, optional
        Makes the tiers on all platforms but those of some classes without evidence; asked when they are.
    """

    study: Study
    method: str
    people: Mapping[str, np.ndarray]
    accounts: Mapping[str, np.ndarray]
    imputed: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    converged: bool = True
    observed: TierEstimates | None = None
    widen: Callable[[tuple[str, ...]], TierEstimates] | None = field(default=None, repr=False, compare=False)

    @property
    def scope(self) -> Scope:
        """Which platforms the numbers are about."""
        return "observed" if self.observed is None else "all"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Ids of the platforms, in the order of `accounts`."""
        return (*self.study.observed_platforms, *self.imputed)

    def over(self, scope: Scope, *, without_class: str | Sequence[str] = ()) -> TierEstimates:
        """Give the same tiers over the observed platforms, or over all that the study lists.

        Parameters
        ----------
        scope : {"observed", "all"}
            Which platforms. Platforms that take no residents are in neither.
        without_class : str or sequence of str, optional
            With "all": classes whose platforms without evidence are left out.

        Returns
        -------
        TierEstimates
            The tiers. Where every platform is observed, "all" has the draws of "observed".

        Raises
        ------
        InputError
            There is no such scope, or a class has no platform without evidence.
        """
        given: Any = without_class
        if not isinstance(given, str | list | tuple | set | frozenset):
            raise InputError(f"without_class is {given!r}; give a class, or a list of classes")
        classes = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
        if scope == "observed":
            if classes:
                raise InputError(
                    "without_class leaves out platforms without evidence, of which the scope 'observed' has "
                    "none; give scope='all'"
                )
            return self if self.observed is None else self.observed
        if scope != "all":
            raise InputError(f"scope is {scope!r}; use 'observed' or 'all'")
        if self.observed is not None:
            if classes in ((), self.left_out):
                return self
            return self.observed.over("all", without_class=classes)
        if self.widen is None:
            raise InputError("these tiers were made without a fit and cover the scope 'observed' only")
        return self.widen(classes)

    def imputed_share(self, tier: str, *, of: Literal["people", "accounts"] = "people") -> np.ndarray:
        """Give the draws of the share of a tier that rests on platforms without evidence.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        of : {"people", "accounts"}, default "people"
            What to count: accounts on these platforms, or people who are in the tier through them only.

        Returns
        -------
        ndarray, shape (chains, draws)
            Shares; 0 over the observed platforms.
        """
        whole = self.draws(tier, of=of)
        if self.observed is None:
            return np.zeros_like(whole)
        share: np.ndarray = 1.0 - self.observed.draws(tier, of=of) / whole
        return share

    def draws(
        self,
        tier: str,
        *,
        of: Literal["people", "accounts"] = "people",
        platform: str | None = None,
        scope: Scope | None = None,
        without_class: str | Sequence[str] = (),
    ) -> np.ndarray:
        """Give the posterior draws of one tier.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        of : {"people", "accounts"}, default "people"
            What to count. On one platform people are its accounts.
        platform : str, optional
            Id of one platform; all platforms of the scope together without it.
        scope : {"observed", "all"}, optional
            Which platforms: those that these tiers are about unless given.
        without_class : str or sequence of str, optional
            With "all": classes whose platforms without evidence are left out.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws, in people or accounts.
        """
        if scope is not None or without_class:
            other = self.over(self.scope if scope is None else scope, without_class=without_class)
            if other is not self:
                return other.draws(tier, of=of, platform=platform)
        if tier not in self.people:
            raise InputError(f"tier is {tier!r}; use one of {', '.join(self.people)}")
        if of not in ("people", "accounts"):
            raise InputError(f"of is {of!r}; use 'people' or 'accounts'")
        if platform is not None:
            if platform not in self.platforms:
                which = "observed platforms are" if self.observed is None else "platforms of this scope are"
                raise InputError(f"platform is {platform!r}; the {which} {', '.join(self.platforms)}")
            return self.accounts[tier][..., self.platforms.index(platform)]
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
        self,
        *,
        level: float = 0.95,
        by: Literal["total", "platform", "band"] = "total",
        scope: Scope | None = None,
        without_class: str | Sequence[str] = (),
    ) -> pd.DataFrame:
        """Give one row an estimate, in the columns that every export of the library has.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.
        by : {"total", "platform", "band"}, default "total"
            People on all platforms of the scope (and their accounts), accounts by platform, or people in
            exclusive bands.
        scope : {"observed", "all"}, optional
            Which platforms: those that these tiers are about unless given.
        without_class : str or sequence of str, optional
            With "all": classes whose platforms without evidence are left out.

        Returns
        -------
        pandas.DataFrame
            `estimate` is the posterior median, `se` the posterior standard deviation. Over all platforms,
            totals and platforms have two further columns, `imputed_accounts` and `imputed_people`: which
            share of the row's tier rests on platforms without evidence, as a posterior median.
        """
        import pandas as pd

        check_level(level)
        if scope is not None or without_class:
            other = self.over(self.scope if scope is None else scope, without_class=without_class)
            if other is not self:
                return other.to_frame(level=level, by=by)
        columns = [*FRAME_COLUMNS, *(IMPUTED_COLUMNS if self.observed is not None and by != "band" else ())]
        if by == "total":
            rows = [
                self._row(tier, of, self.draws(tier, of=of), level) | self._imputed(tier)
                for of in ("people", "accounts")
                for tier in self.people
            ]
        elif by == "platform":
            rows = [
                self._row(tier, "accounts", self.draws(tier, platform=platform), level, platform=platform)
                | dict.fromkeys(IMPUTED_COLUMNS, float(platform in self.imputed))
                for platform in self.platforms
                for tier in self.people
            ]
        elif by == "band":
            rows = [
                self._row(BANDS[name][0], "people", self.band(name), level, estimand=name) for name in BANDS
            ]
        else:
            raise InputError(f"by is {by!r}; use 'total', 'platform' or 'band'")
        return pd.DataFrame(rows, columns=columns)

    def _imputed(self, tier: str) -> dict[str, object]:
        shares = (self.imputed_share(tier, of="accounts"), self.imputed_share(tier))
        return {name: float(np.median(share)) for name, share in zip(IMPUTED_COLUMNS, shares, strict=True)}

    def _row(
        self, tier: str, unit: str, draws: np.ndarray, level: float, *, platform: str = "", estimand: str = ""
    ) -> dict[str, object]:
        interval = credible_interval(draws, level)
        window, threshold = WINDOWS[tier]
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
            "scope": self._scope_in_words(platform),
            "period": self.study.period,
            "window": window,
            "threshold": threshold,
        }

    @property
    def platforms_in_words(self) -> str:
        """Which platforms the numbers are about, with how many have no evidence."""
        return self._scope_in_words("")

    def _scope_in_words(self, platform: str) -> str:
        n = len(self.study.observed_platforms)
        if platform in self.imputed:
            found = self.imputed[platform]
            basis = (
                f"drawn from {found} observed of its class" if found else "drawn from the prior of its class"
            )
            return f"without evidence: 1 platform, {basis}"
        if self.observed is None or platform:
            return "observed: 1 platform" if n == 1 or platform else f"observed: {n} platforms"
        words = "all" + (
            f" but those without evidence of {', '.join(self.left_out)}" if self.left_out else ""
        )
        words += f": {len(self.platforms)} platforms, {len(self.imputed)} without evidence"
        alone = sum(not found for found in self.imputed.values())
        return f"{words}, {alone} of them of a class with none observed" if alone else words

    def __repr__(self) -> str:
        return f"TierEstimates(study={self.study.id!r}, tiers={list(self.people)}, scope={self.scope!r})"

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
        imputed = self.observed is not None
        rows = [
            (
                tier,
                words,
                *printed_draws(self.people[tier], level),
                *([format_share(float(np.median(self.imputed_share(tier))))] if imputed else []),
            )
            for tier, words in ESTIMANDS.items()
        ]
        return Table(
            (
                "tier",
                "estimand",
                "median",
                f"{100 * level:g}% credible interval",
                *(["without evidence"] if imputed else []),
            ),
            rows,
            footer=(
                f"People; {self._scope_in_words('')}.",
                *(
                    ["Without evidence: share through platforms without evidence alone, median."]
                    if imputed
                    else []
                ),
                f"Made by: {self.method}.",
            ),
            align=("left", "left", "right", "right", *(("right",) if imputed else ())),
        )

    def __str__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()
