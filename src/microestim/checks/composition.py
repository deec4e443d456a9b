"""Who the people are: shares by sex, age and occupation with intervals, and people where one extends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.results import ROUNDING_RULE, Table, check_level, credible_interval, printed_draws
from microestim.study.compositions import CompositionEvidence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MARK", "Composition", "compose", "composition_table"]

MARK = "about the survey's platform unless the model extends it"
"""What stands beside every composition: no model of this library extends it."""

_PRIOR = 0.5
_LEFT: Literal["left"] = "left"
_RIGHT: Literal["right"] = "right"


@dataclass(frozen=True, eq=False)
class _Part:
    item: CompositionEvidence
    where: str
    category: str
    shares: np.ndarray


@dataclass(frozen=True, eq=False)
class Composition:
    """Shares of respondents by sex, age or occupation; made by `WorkforceFit.composition`.

    Parameters
    ----------
    parts : tuple
        One a category, with draws of its share.
    people : dict of str to ndarray, shape (chains, draws)
        Posterior draws of the people in each tier.
    title : str
        Title of the table.
    converged : bool, default True
        Whether the people come from chains that converged; shares do not depend on it.
    """

    parts: tuple[_Part, ...]
    people: dict[str, np.ndarray]
    title: str
    converged: bool = True

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Give one row a category for its share, and one a category and tier for people.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        pandas.DataFrame
            Columns evidence, variable, category, of, tier (empty for shares), unit, median, ci_low, ci_high,
            ci_level, ci_kind and mark.
        """
        import pandas as pd

        rows = []
        for part in self.parts:
            kinds = {"": ("share", part.shares)}
            kinds |= {tier: ("people", part.shares * people) for tier, people in self.people.items()}
            for tier, (unit, draws) in kinds.items():
                low, high, *_ = interval = credible_interval(draws, level)
                rows.append(
                    {
                        "evidence": part.item.id,
                        "variable": part.item.variable,
                        "category": part.category,
                        "of": part.where,
                        "tier": tier,
                        "unit": unit,
                        "median": float(np.median(draws)),
                        "ci_low": low,
                        "ci_high": high,
                        "ci_level": level,
                        "ci_kind": interval.kind,
                        "mark": MARK,
                    }
                )
        return pd.DataFrame(rows)

    def table(self, *, tier: str | None = None, level: float = 0.95) -> Table:
        """Lay the shares out for a reader, and people of one tier beside them on request.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}, optional
            Tier whose people are divided by the shares, with the mark.
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        Table
            One row a category.
        """
        check_level(level)
        if tier is not None and tier not in TIER_IDS:
            raise InputError(f"tier is {tier!r}; use one of {', '.join(map(repr, TIER_IDS))}")
        rows = []
        for part in self.parts:
            share, interval = printed_draws(100 * part.shares, level)
            row = [part.item.variable, part.category, part.where, f"{part.item.n:,}", share, interval]
            if tier is not None:
                row += printed_draws(part.shares * self.people[tier], level)
            rows.append(row)
        columns = ["variable", "category", "respondents of", "n", "%", f"{100 * level:g}% credible interval"]
        footer = [
            "Posterior of the shares: Dirichlet, with the prior of Jeffreys (1/2 a category), from n over "
            "the design effect. Sampling error only: who answers, and that one platform is not all, are not "
            "in it.",
            f"The composition is {MARK}.",
        ]
        title = self.title
        if tier is not None:
            title += "" if self.converged else " - NOT CONVERGED"
            columns += [f"people, {tier}", f"{100 * level:g}%"]
            footer.append(f"People: share x people of the tier {tier}; {MARK}, which it does not here.")
        return Table(
            columns,
            rows,
            title=title,
            footer=(*footer, ROUNDING_RULE),
            align=(_LEFT, _LEFT, _LEFT, *[_RIGHT] * (len(columns) - 3)),
        )

    def __repr__(self) -> str:
        return f"<Composition: {len(self.parts)} categories>"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().to_html()


def compose(fit: FittedModel, *, rng: int | np.random.Generator) -> Composition:
    """Draw the shares of every composition of a study, one for each posterior draw.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    rng : int or Generator
        Source of randomness.

    Returns
    -------
    Composition
        Shares and people.

    Raises
    ------
    InputError
        The study has no evidence of type composition.
    """
    items = [item for item in fit.study.evidence if isinstance(item, CompositionEvidence)]
    if not items:
        raise InputError(f"study {fit.study.id!r} has no evidence of type composition")
    people = {tier: fit.tiers.people[tier] for tier in TIER_IDS}
    shape = people[TIER_IDS[0]].shape
    generator = np.random.default_rng(rng)
    parts = []
    for item in items:
        where = ", ".join(fit.study.platform(name).name for name in fit.study.resolve(item.platforms))
        weights = [item.effective_n * share + _PRIOR for share in item.categories.values()]
        drawn = generator.dirichlet(weights, shape)
        parts += [_Part(item, where, name, drawn[..., k]) for k, name in enumerate(item.categories)]
    title = f"{fit.study.title}: who the respondents are"
    return Composition(tuple(parts), people, title, fit.converged)


def composition_table(fit: FittedModel) -> Table | None:
    """Lay out the compositions of a study for its report.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    Table or None
        Shares with intervals, drawn with the fit's own seed; None where the study has no composition.
    """
    if not any(isinstance(item, CompositionEvidence) for item in fit.study.evidence):
        return None
    return compose(fit, rng=fit.settings.seed).table()
