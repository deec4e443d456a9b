"""Tables, texts and pictures of a posterior: all that needs neither its prior apart nor a fit again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import InputError
from microestim.results import ROUNDING_RULE, Summary, Table, printed_draws
from microestim.workforce.posterior import JointPosterior
from microestim.workforce.tiers import ESTIMANDS, Scope

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.checks.composition import Composition
    from microestim.workforce.derived import ByTier, Derived, Known

__all__ = ["PosteriorViews"]


class PosteriorViews(JointPosterior):
    """A study's posterior as tables, texts and pictures, whether it was fitted alone or with other countries.

    `WorkforceFit` and `CountryFit` are made of it. Parameters are those of `JointPosterior`.
    """

    def published(self, tier: str) -> list[tuple[str, float, str]]:
        """Give what was printed for a tier: (source id, value, text as printed).

        Parameters
        ----------
        tier : str
            The tier.

        Returns
        -------
        list of tuple
            One a published result, in the study's order.
        """
        return [
            (result.source, result.value, result.printed)
            for result in self.study.published
            if result.tier == tier
        ]

    def summary(
        self,
        *,
        level: float = 0.95,
        scope: Scope = "observed",
        without_class: str | Sequence[str] = (),
    ) -> Summary:
        """Give the one table that answers the question, with what was published beside it.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.
        scope : {"observed", "all"}, default "observed"
            Which platforms. Over all platforms the table has the observed ones beside them, and which share
            of each tier rests on platforms without evidence.
        without_class : str or sequence of str, optional
            With scope "all": classes whose platforms without evidence are left out.

        Returns
        -------
        Summary
            Printable, and exportable as a frame, Markdown, LaTeX or HTML.

        Raises
        ------
        InputError
            The level is no share, or there is no such scope or class.
        """
        tiers = self.tiers.over(scope, without_class=without_class)
        if tiers.observed is not None:
            from microestim.report.all_platforms import all_platforms_table

            table = all_platforms_table(self, tiers, level=level)
            return Summary(table=table, frame=tiers.to_frame(level=level))
        rows = []
        for tier, words in ESTIMANDS.items():
            printed = self.published(tier)
            median, interval = printed_draws(self.draws(tier), level)
            rows.append((tier, words, printed[0][2] if printed else "not published", median, interval))
        n = self.design.n_platforms
        footer = [
            f"People on the {n} observed platform{'s' if n > 1 else ''}; {100 * level:g}% equal-tailed "
            "credible intervals. 'Registered' is not 'works'.",
        ]
        if self.reading is not None:
            footer.append(f"The question on frequency is read as about {self.reading}.")
        footer += [self.convergence.to_check().sentence, ROUNDING_RULE]
        title = f"{self.study.title}" + ("" if self.converged else " - NOT CONVERGED")
        table = Table(
            ("tier", "estimand", "published", "median", f"{100 * level:g}% credible interval"),
            rows,
            title=title,
            footer=footer,
            align=("left", "left", "right", "right", "right"),
        )
        return Summary(table=table, frame=self.tiers.to_frame(level=level))

    def composition(self, *, rng: int | np.random.Generator | None = None) -> Composition:
        """Say who the respondents are, by sex, age and occupation, with intervals.

        Parameters
        ----------
        rng : int, Generator or None
            Source of randomness; the fit's own seed unless given.

        Returns
        -------
        Composition
            Shares of respondents of the surveyed platform as a table and a frame. People of a tier, on
            request (`table(tier=...)`), are marked: no survey of one platform says who is on the others.

        Raises
        ------
        InputError
            The study has no evidence of type composition.

        Notes
        -----
        Shares follow a Dirichlet distribution with the prior of Jeffreys, from the respondents over the
        design effect, and are multiplied with the posterior draw by draw.

        Examples
        --------
        >>> import microestim as me
        >>> fit = me.load_fit("br-2023.nc")  # doctest: +SKIP
        >>> fit.composition().table(tier="weekly")  # doctest: +SKIP
        """
        from microestim.checks.composition import compose

        return compose(self, rng=self.settings.seed if rng is None else rng)

    def derived(
        self,
        *,
        active_population: Known | None = None,
        monthly_income: ByTier | None = None,
        monthly_wage: Known | None = None,
        weekly_hours: ByTier | None = None,
        full_time_hours: Known | None = None,
        hourly_pay: Known | None = None,
        currency: str = "money",
        scope: Scope = "observed",
        without_class: str | Sequence[str] = (),
        rng: int | np.random.Generator | None = None,
    ) -> Derived:
        """Make what follows from the number of people: reserve, shares, wage bill, full-time equivalents.

        A quantity appears when all that it is made of is given. Each input is a number, or (low, high):
        limits between which it lies with 95 % probability (log-normal), whose uncertainty then enters.

        Parameters
        ----------
        active_population : float or (low, high), optional
            People in the country's active population.
        monthly_income : float or (low, high), or mapping of these by tier, optional
            Mean income from micro-work of a person of the tier, in money a month.
        monthly_wage : float or (low, high), optional
            Wage of a full-time job, in money a month: by it income becomes full-time equivalents.
        weekly_hours : float or (low, high), or mapping of these by tier, optional
            Mean hours a week that a person of the tier spends on micro-work.
        full_time_hours : float or (low, high), optional
            Hours a week of a full-time job.
        hourly_pay : float or (low, high), optional
            Pay of an hour of micro-work: by it income becomes hours.
        currency : str, default "money"
            Name of the currency, for units.
        scope : {"observed", "all"}, default "observed"
            Which platforms' people. The title says so where it is "all".
        without_class : str or sequence of str, optional
            With scope "all": classes whose platforms without evidence are left out.
        rng : int, Generator or None
            Source of randomness for inputs with limits; the fit's own seed unless given.

        Returns
        -------
        Derived
            One row a quantity and tier, as a table, a frame and draws.

        Raises
        ------
        InputError
            If an input is not positive, is given for an unknown tier, or says nothing without another one.

        Notes
        -----
        Full-time equivalents by income count jobs that the income would pay at the stated wage; by hours,
        jobs that the hours would fill. The two differ by the ratio of wage to pay, which is large where
        micro-work pays little: publish which one it is.

        Examples
        --------
        >>> import microestim as me
        >>> fit = me.load_fit("fr-2018.nc")  # doctest: +SKIP
        >>> fit.derived(
        ...     monthly_income=21, monthly_wage=1185, hourly_pay=(2, 3), full_time_hours=35
        ... )  # doctest: +SKIP
        """
        from microestim.workforce.derived import derive

        return derive(
            self.tiers.over(scope, without_class=without_class),
            rng=self.settings.seed if rng is None else rng,
            currency=currency,
            active_population=active_population,
            monthly_income=monthly_income,
            monthly_wage=monthly_wage,
            weekly_hours=weekly_hours,
            full_time_hours=full_time_hours,
            hourly_pay=hourly_pay,
        )

    def paragraph(
        self,
        language: str | Path = "en",
        *,
        level: float = 0.95,
        scope: Scope = "observed",
        without_class: str | Sequence[str] = (),
    ) -> str:
        """Write a paragraph about the result, to be quoted as it is.

        Parameters
        ----------
        language : {"en", "fr"} or Path, default "en"
            Language; a path leads to a TOML file with the keys of those that come with the library.
        level : float, default 0.95
            Level of the credible intervals.
        scope : {"observed", "all"}, default "observed"
            Which platforms. Over all platforms the paragraph says what share no evidence speaks of.
        without_class : str or sequence of str, optional
            With scope "all": classes whose platforms without evidence are left out.

        Returns
        -------
        str
            What was found, what the ranges are and how numbers were rounded.

        Raises
        ------
        InputError
            The level is no share, or there is no such language, scope or class.
        """
        from microestim.report.paragraph import paragraph

        return paragraph(self, language, level=level, scope=scope, without_class=without_class)

    def beside(self, others: Sequence[PosteriorViews]) -> Table:
        """Lay out fits of the same study side by side, such as two readings of one question.

        Parameters
        ----------
        others : sequence of WorkforceFit
            The other fits.

        Returns
        -------
        Table
            People in each tier: median and 95 % credible interval, one column a fit.

        Raises
        ------
        InputError
            A fit is of another study.
        """
        if isinstance(others, PosteriorViews):
            raise InputError("others is one fit; give a list of fits")
        for other in others:
            if other.study.hash != self.study.hash:
                raise InputError(
                    f"one of others is a fit of {other.study.id!r}, and this is one of {self.study.id!r}"
                )
        fits = (self, *others)
        priors = {name: {repr(fit.priors.get(name)) for fit in fits} for fit in fits for name in fit.priors}
        differ = [name for name, versions in priors.items() if len(versions) > 1]
        heads = [
            (f"read as about {fit.reading}" if fit.reading else "fit")
            + ("" if fit.converged else " - NOT CONVERGED")
            for fit in fits
        ]
        if len(set(heads)) < len(heads):
            heads = [f"{number}: {head}" for number, head in enumerate(heads, start=1)]
        rows = []
        for tier in ESTIMANDS:
            printed = [printed_draws(fit.draws(tier)) for fit in fits]
            rows.append((tier, *(f"{middle} ({span})" for middle, span in printed)))
        return Table(
            ("people", *heads),
            rows,
            title=f"{self.study.title}: {len(fits)} fits side by side",
            footer=(f"Priors that differ: {', '.join(differ)}.",) if differ else (),
        )

    def plot(self) -> Figure:
        """Draw each tier's posterior with the published figures.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; nothing is shown or saved.
        """
        from microestim.plots.tiers import plot_tiers

        return plot_tiers(self)

    def citations(self) -> str:
        """Give what to cite, as BibTeX: the library, the study's sources, the methods.

        Returns
        -------
        str
            BibTeX entries.
        """
        from microestim.report.citations import fit_citations

        return fit_citations(self)

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
