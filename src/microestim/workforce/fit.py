"""A fitted joint model: every table, check and file as a view of its posterior draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

import numpy as np

from microestim.checks.result import CheckResult
from microestim.results import ROUNDING_RULE, Summary, Table, printed_draws
from microestim.workforce.posterior import JointPosterior
from microestim.workforce.tiers import ESTIMANDS, Scope

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from microestim.checks.composition import Composition
    from microestim.checks.evidence_influence import EvidenceInfluence, LeftOut
    from microestim.checks.prior_influence import PriorInfluence
    from microestim.workforce.derived import ByTier, Derived, Known

__all__ = ["WorkforceFit"]


class WorkforceFit(JointPosterior):
    """The posterior of a joint model; made by `WorkforceModel.fit` or `load_fit`.

    Parameters
    ----------
    study : Study
        The study.
    design : Design
        The model's parts, with the reading of the question on frequency that was used.
    priors : mapping of str to Prior
        All priors by name.
    vectors : ndarray, shape (chains, draws, coordinates)
        Draws in the sampler's coordinates.
    sample_stats : xarray.Dataset
        The sampler's statistics; `diverging` is used.
    settings : SamplerSettings
        How it was sampled, the seed included.
    reading : str or None
        How the question on frequency was read; None where there was none.
    versions : mapping of str to str, optional
        Versions of the software that drew; those installed unless given.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.WorkforceModel(me.load_study("fr-2018")).fit(rng=1)  # doctest: +SKIP
    >>> print(fit.summary())  # doctest: +SKIP
    >>> fit.report("fr-2018.html")  # doctest: +SKIP
    """

    @cached_property
    def _influence(self) -> dict[LeftOut, EvidenceInfluence]:
        return {}

    @property
    def refitted(self) -> Mapping[LeftOut, EvidenceInfluence]:
        """What `influence` has found on this fit so far, by what was left out."""
        return MappingProxyType(self._influence)

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
            f"People on the {n} observed platform{'s' if n > 1 else ''}; {level:.0%} equal-tailed credible "
            "intervals. 'Registered' is not 'works'.",
        ]
        if self.reading is not None:
            footer.append(f"The question on frequency is read as about {self.reading}.")
        footer += [self.convergence.to_check().sentence, ROUNDING_RULE]
        title = f"{self.study.title}" + ("" if self.converged else " - NOT CONVERGED")
        table = Table(
            ("tier", "estimand", "published", "median", f"{level:.0%} credible interval"),
            rows,
            title=title,
            footer=footer,
            align=("left", "left", "right", "right", "right"),
        )
        return Summary(table=table, frame=self.tiers.to_frame(level=level))

    def check(self, *, refits: bool = False, progress: bool | TextIO = False) -> list[CheckResult]:
        """Check whether the result is to be believed.

        Parameters
        ----------
        refits : bool, default False
            Fit again without each piece of evidence and without each platform, as `influence` does, unless
            that was done before: some minutes. What `influence` has found on this fit is used in any case.
        progress : bool or text stream, default False
            Write the progress of refits, to standard error where True.

        Returns
        -------
        list of CheckResult
            Convergence first; then evidence, conflict, thin evidence, priors, scope and benchmarks.
        """
        from microestim.checks.fit_checks import check_fit

        if refits:
            for by in ("evidence", "platform"):
                if by not in self.refitted:
                    self.influence(by=by, progress=progress)
        return check_fit(self, self.refitted)

    def prior_influence(self) -> PriorInfluence:
        """Measure how much each prior matters to each tier, without fitting again.

        Returns
        -------
        PriorInfluence
            One row a quantity; it names the assumption that matters most.
        """
        return self._prior_influence

    @cached_property
    def _prior_influence(self) -> PriorInfluence:
        from microestim.checks.prior_influence import prior_influence

        return prior_influence(self)

    def influence(
        self,
        *,
        by: LeftOut = "evidence",
        draws: int = 1000,
        tune: int = 600,
        cores: int | None = None,
        rng: int | np.random.Generator | np.random.SeedSequence | None = None,
        progress: bool | TextIO = False,
    ) -> EvidenceInfluence:
        """Measure what each piece of evidence does to each tier: fit again without it, one after the other.

        Parameters
        ----------
        by : {"evidence", "platform"}, default "evidence"
            What to leave out: one piece of evidence at a time, or all that is about one platform alone.
        draws, tune : int, default 1000 and 600
            Draws kept, and steps of adaptation, in each of as many chains as this fit has.
        cores : int, optional
            Chains run at the same time; as many as there are processors and chains unless given.
        rng : int, Generator, SeedSequence or None
            Source of randomness of the new fits; this fit's seed unless given.
        progress : bool or text stream, default False
            Write progress, to standard error where True.

        Returns
        -------
        EvidenceInfluence
            A matrix, evidence by tier: how far the median moves, and how much the interval widens. Evidence
            that the model cannot do without is named with the reason. For pieces of evidence also whether
            they conflict. The fit keeps it, and `check` and `report` then show it; a saved fit does not.
        """
        from microestim.workforce.leave_out import evidence_influence

        found = evidence_influence(
            self,
            by=by,
            draws=draws,
            tune=tune,
            cores=cores,
            rng=self.settings.seed if rng is None else rng,
            progress=progress,
        )
        self._influence[by] = found
        return found

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
        """
        from microestim.report.paragraph import paragraph

        return paragraph(self, language, level=level, scope=scope, without_class=without_class)

    def beside(self, others: Sequence[WorkforceFit]) -> Table:
        """Lay out fits of the same study side by side, such as two readings of one question.

        Parameters
        ----------
        others : sequence of WorkforceFit
            The other fits.

        Returns
        -------
        Table
            People in each tier: median and 95 % credible interval, one column a fit.
        """
        fits = (self, *others)
        heads = [
            (f"read as about {fit.reading}" if fit.reading else "fit")
            + ("" if fit.converged else " - NOT CONVERGED")
            for fit in fits
        ]
        rows = []
        for tier in ESTIMANDS:
            printed = [printed_draws(fit.draws(tier)) for fit in fits]
            rows.append((tier, *(f"{middle} ({span})" for middle, span in printed)))
        return Table(
            ("people", *heads),
            rows,
            title="The question on frequency, read in each way (the study's own first)",
        )

    def write(
        self,
        folder: str | Path,
        *,
        alternatives: tuple[WorkforceFit, ...] = (),
        derived: Derived | None = None,
    ) -> dict[str, Path]:
        """Write the report, the estimates, the posterior and the figures to a folder.

        Parameters
        ----------
        folder : str or Path
            Folder to write to; made if it is not there, and files of the same name are replaced.
        alternatives : tuple of WorkforceFit, optional
            Fits of the same study under other readings, shown beside this one.
        derived : Derived, optional
            What `derived` gave, to stand in the report: shares of a population, wage bill, full-time
            equivalents. Without it, only what needs no further input does.

        Returns
        -------
        dict of str to Path
            The files.
        """
        from microestim.report.files import write_outputs

        table = (derived or self.derived()).table()
        return write_outputs(self, Path(folder), alternatives=alternatives, derived=table)

    def plot(self) -> Figure:
        """Draw each tier's posterior with the published figures.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; nothing is shown or saved.
        """
        from microestim.plots.tiers import plot_tiers

        return plot_tiers(self)

    def report(
        self,
        path: str | Path,
        *,
        alternatives: tuple[WorkforceFit, ...] = (),
        derived: Derived | None = None,
    ) -> Path:
        """Write the self-contained HTML report.

        Parameters
        ----------
        path : str or Path
            File to write.
        alternatives : tuple of WorkforceFit, optional
            Fits of the same study under other readings, shown beside this one.
        derived : Derived, optional
            What `derived` gave, to stand in the report: shares of a population, wage bill, full-time
            equivalents. Without it, only what needs no further input does.

        Returns
        -------
        Path
            The file.
        """
        from microestim.report.page import write_report

        table = (derived or self.derived()).table()
        return write_report(self, Path(path), alternatives=alternatives, derived=table)

    def save(self, path: str | Path) -> Path:
        """Save the fit as netCDF: draws, densities, study, priors, seed and versions.

        Parameters
        ----------
        path : str or Path
            File to write.

        Returns
        -------
        Path
            The file.
        """
        from microestim.workforce.storage import save_fit

        return save_fit(self, Path(path))

    def citations(self) -> str:
        """Give what to cite, as BibTeX: the library, the study's sources, the methods.

        Returns
        -------
        str
            BibTeX entries.
        """
        from microestim.report.citations import fit_citations

        return fit_citations(self)

    @cached_property
    def datatree(self) -> xr.DataTree:
        """Everything as one `xarray.DataTree`, for ArviZ and for saving."""
        from microestim.workforce.storage import to_datatree

        return to_datatree(self)

    def __repr__(self) -> str:
        chains, draws = self.shape
        state = "converged" if self.converged else "NOT CONVERGED"
        return f"WorkforceFit(study={self.study.id!r}, chains={chains}, draws={draws}, {state})"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
