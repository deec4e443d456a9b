"""A fitted model of several countries: each country's posterior, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Never, override

import numpy as np

from microestim.checks.convergence import Convergence, judge_convergence
from microestim.checks.result import CheckResult
from microestim.errors import InputError
from microestim.models.correlations import CountryCorrelation
from microestim.models.design import Design
from microestim.models.people import TIER_IDS
from microestim.models.pooling import OtherCountries, PooledMap
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings, software_versions
from microestim.results import ROUNDING_RULE, Summary, Table, format_share, printed_draws
from microestim.study import Study
from microestim.workforce.tiers import Scope
from microestim.workforce.views import PosteriorViews

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from microestim.workforce.fit import WorkforceFit

__all__ = ["CountryFit", "PooledFit"]

_OF_ONE_STUDY = {"datatree", "influence", "log_prior", "prior_influence", "refitted", "report", "write"}
"""What `WorkforceFit` has and one country of several has not."""


class CountryFit(PosteriorViews):
    """One country's part of a pooled fit: as a fit of its own, informed by the other countries.

    Made by `PooledFit`. What would have to fit the country again, or takes its prior for independent of the
    other countries, is to be had of a fit of the study alone, and asking for it says so.

    Parameters
    ----------
    others : tuple of str
        Ids of the studies that it was fitted with.
    elsewhere : OtherCountries
        What they say of quantities that its own model does not have.
    place : int
        Position among the studies: platforms without evidence are drawn apart in each country.
    **parts
        As in `WorkforceFit`.
    """

    def __init__(
        self, *, others: tuple[str, ...], elsewhere: OtherCountries, place: int, **parts: Any
    ) -> None:
        super().__init__(**parts)
        self.others = others
        self.elsewhere = elsewhere
        self.stream = (place,)

    def __getattr__(self, name: str) -> Never:
        # Only asked for what is not there.
        said = f"{type(self).__name__!r} object has no attribute {name!r}"
        if name == "save":
            said += ": one country of a pooled fit is not saved by itself; use save() of the pooled fit"
        elif name in _OF_ONE_STUDY:
            said += (
                ": it is of one study's own prior and evidence, and this posterior also rests on "
                f"{', '.join(self.others) or 'no other study'}; ask a fit of the study alone: "
                "WorkforceModel(study).fit()"
            )
        raise AttributeError(said, name=name, obj=self)

    def check(self) -> list[CheckResult]:
        """Check whether the result is to be believed, the influence of priors left out.

        Returns
        -------
        list of CheckResult
            Convergence first; then scope, predictive checks and benchmarks.
        """
        from microestim.checks.fit_checks import check_country

        return check_country(self)

    @override
    def summary(
        self,
        *,
        level: float = 0.95,
        scope: Scope = "observed",
        without_class: str | Sequence[str] = (),
    ) -> Summary:
        """Give the country's table, with the studies that it was fitted with.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.
        scope : {"observed", "all"}, default "observed"
            Which platforms.
        without_class : str or sequence of str, optional
            With scope "all": classes whose platforms without evidence are left out.

        Returns
        -------
        Summary
            Printable, and exportable as a frame.
        """
        own = super().summary(level=level, scope=scope, without_class=without_class)
        if not self.others:
            return own
        line = f"Fitted together with {', '.join(self.others)}, which inform what is alike between countries."
        return Summary(table=replace(own.table, footer=(*own.table.footer, line)), frame=own.frame)

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT CONVERGED"
        return f"CountryFit(study={self.study.id!r}, with={list(self.others)!r}, {state})"


class PooledFit(Mapping[str, CountryFit]):
    """The joint posterior of several countries; `fit[study_id]` is one country's part.

    Made by `PooledModel.fit`, or read by `load_pooled_fit`.

    Parameters
    ----------
    countries : mapping of str to CountryFit
        The countries' posteriors, draw by draw from the same joint draws.
    deviates : ndarray, shape (chains, draws, size)
        The sampler's coordinates.
    correlations : mapping of str to CountryCorrelation
        All correlations between countries, by name.
    pooled : PooledMap
        What the countries share.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.PooledModel([me.load_study("fr-2018")]).fit(rng=1)  # doctest: +SKIP
    >>> fit["fr-2018"].draws("weekly").shape  # doctest: +SKIP
    (4, 1500)
    """

    def __init__(
        self,
        countries: Mapping[str, CountryFit],
        *,
        deviates: np.ndarray,
        correlations: Mapping[str, CountryCorrelation],
        pooled: PooledMap,
    ) -> None:
        self._countries = dict(countries)
        self.deviates = deviates
        self.correlations = dict(correlations)
        self.pooled = pooled

    @classmethod
    def from_deviates(
        cls,
        deviates: np.ndarray,
        *,
        pooled: PooledMap,
        studies: tuple[Study, ...],
        designs: Mapping[str, Design],
        priors: Mapping[str, Prior],
        correlations: Mapping[str, CountryCorrelation],
        sample_stats: xr.Dataset,
        settings: SamplerSettings,
        readings: Mapping[str, str | None],
        versions: Mapping[str, str] | None = None,
    ) -> PooledFit:
        """Make a fit from the sampler's draws.

        Parameters
        ----------
        deviates : ndarray, shape (chains, draws, size)
            The sampler's coordinates.
        pooled : PooledMap
            The map to the countries' coordinates.
        studies : tuple of Study
            The studies, in the order of the map.
        designs : mapping of str to Design
            Each country's model, as read.
        priors : mapping of str to Prior
            All priors by name.
        correlations : mapping of str to CountryCorrelation
            All correlations by name.
        sample_stats : xarray.Dataset
            The sampler's statistics.
        settings : SamplerSettings
            How it was sampled.
        readings : mapping of str to str or None
            How each question on frequency was read.
        versions : mapping of str to str, optional
            Versions of the software that drew; those installed unless given.

        Returns
        -------
        PooledFit
            The fit.
        """
        ids = [study.id for study in studies]
        own = versions if versions is not None else software_versions()
        by_country = pooled.apply(deviates)
        flat = {name: each.reshape(-1, each.shape[-1]) for name, each in zip(ids, by_country, strict=True)}
        others = {name: tuple(each for each in ids if each != name) for name in ids}
        countries = {
            study.id: CountryFit(
                others=others[study.id],
                elsewhere=OtherCountries(
                    tuple(designs[each] for each in others[study.id]),
                    tuple(flat[each] for each in others[study.id]),
                    correlations,
                ),
                place=place,
                study=study,
                design=designs[study.id],
                priors=priors,
                vectors=vectors,
                sample_stats=sample_stats,
                settings=settings,
                reading=readings[study.id],
                versions=own,
            )
            for place, (study, vectors) in enumerate(zip(studies, by_country, strict=True))
        }
        return cls(countries, deviates=deviates, correlations=correlations, pooled=pooled)

    def __getitem__(self, study_id: str) -> CountryFit:
        """Give one country's part by the id of its study."""
        if study_id not in self._countries:
            raise InputError(f"this fit has no study {study_id!r}; it has: {', '.join(self._countries)}")
        return self._countries[study_id]

    def __contains__(self, study_id: object) -> bool:
        return study_id in self._countries

    def __iter__(self) -> Iterator[str]:
        return iter(self._countries)

    def __len__(self) -> int:
        return len(self._countries)

    @property
    def settings(self) -> SamplerSettings:
        """How it was sampled, the seed included."""
        return next(iter(self._countries.values())).settings

    @cached_property
    def convergence(self) -> Convergence:
        """The sampler's diagnostics on every tier of every country."""
        people = {
            f"{name}, {tier}": fit.counts.people[tier].reshape(fit.shape)
            for name, fit in self._countries.items()
            for tier in TIER_IDS
        }
        first = next(iter(self._countries.values()))
        return judge_convergence(people, first.sample_stats["diverging"].to_numpy())

    @property
    def converged(self) -> bool:
        """Whether every convergence limit is met in every country."""
        return self.convergence.converged

    def draws(self, tier: str, *, of: Literal["people", "accounts"] = "people") -> np.ndarray:
        """Give the posterior draws of all countries together, added up draw by draw.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        of : {"people", "accounts"}, default "people"
            What to count. A resident of one country is nobody's resident elsewhere, so people add up.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws.

        Raises
        ------
        InputError
            Two of the studies are of one country at different times: the same people would be added twice.
        """
        countries = [fit.study.country for fit in self._countries.values()]
        if len(set(countries)) < len(countries):
            raise InputError(
                "two of the studies are of the same country at different times; their people do not add up"
            )
        return np.asarray(sum(fit.draws(tier, of=of) for fit in self._countries.values()))

    def summary(self, *, level: float = 0.95, scope: Scope = "observed") -> Summary:
        """Give people by tier in every country, side by side.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.
        scope : {"observed", "all"}, default "observed"
            Which platforms of each study. Over all platforms the table says which share of each tier's people
            rests on platforms without evidence.

        Returns
        -------
        Summary
            Printable, and exportable as a frame with one row a country and tier.
        """
        import pandas as pd

        tiers = {name: fit.tiers.over(scope) for name, fit in self._countries.items()}
        columns = ["study", "tier", "median", f"{100 * level:g}% credible interval"]
        align: list[Literal["left", "right"]] = ["left", "left", "right", "right"]
        if scope == "all":
            columns.append("people imputed")
            align.append("right")
        rows = []
        for name, own in tiers.items():
            for tier in TIER_IDS:
                row = (name, tier, *printed_draws(own.draws(tier), level))
                share = format_share(round(float(np.median(own.imputed_share(tier))), 2))
                rows.append((*row, share) if scope == "all" else row)
        shared = len(self.pooled.links)
        platforms = {
            "observed": "each study's observed platforms",
            "all": "all platforms of each study that residents can join",
        }[scope]
        footer = [
            f"{100 * level:g}% equal-tailed credible intervals of people on {platforms}. "
            "'Registered' is not 'works'.",
            f"{shared} quantities are shared between countries, with correlations stated, not estimated.",
        ]
        if scope == "all":
            footer.append(
                "Imputed: median share of people in the tier through platforms without evidence only. These "
                "are drawn in each country by itself."
            )
        table = Table(
            columns,
            rows,
            title="Several countries" + ("" if self.converged else " - NOT CONVERGED"),
            footer=[*footer, self.convergence.to_check().sentence, ROUNDING_RULE],
            align=align,
        )
        verdict = "" if self.converged else " (NOT CONVERGED)"
        frame = pd.concat([own.to_frame(level=level) for own in tiers.values()], ignore_index=True)
        frame["method"] = f"joint model pooled over {len(self)} studies, posterior median{verdict}"
        return Summary(table=table, frame=frame)

    def check(self) -> dict[str, list[CheckResult]]:
        """Check whether each country's result is to be believed.

        Returns
        -------
        dict of str to list of CheckResult
            By id of the study; convergence first, and last whether a figure of one error stands in several
            studies.
        """
        from microestim.checks.shared_figures import check_shared_figures

        checks = {}
        for name, fit in self._countries.items():
            used = [observation.name for observation in fit.design.observations]
            others = {other: self[other].study for other in self if other != name}
            checks[name] = [*fit.check(), check_shared_figures(fit.study, used, others)]
        return checks

    def plot(self, *, alone: Sequence[WorkforceFit] = ()) -> Figure:
        """Draw people by tier and country, and what studies fitted alone would have said.

        Parameters
        ----------
        alone : sequence of WorkforceFit, optional
            Fits of some of the studies by themselves: what borrowing from other countries does.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; nothing is shown or saved.

        Raises
        ------
        InputError
            A fit is of a study that is not among the pooled ones.
        """
        from microestim.plots.countries import plot_countries

        if not isinstance(alone, list | tuple):
            raise InputError("alone must be a list of fits, each of one of the studies by itself")
        for fit in alone:
            if fit.study != self[fit.study.id].study:
                raise InputError(
                    f"the fit of {fit.study.id!r} alone is of another study than the pooled one of that id"
                )
        return plot_countries(self, alone={fit.study.id: fit for fit in alone})

    def save(self, path: str | Path) -> Path:
        """Save the fit as netCDF: draws, studies, priors, correlations, seed and versions.

        Parameters
        ----------
        path : str or Path
            File to write.

        Returns
        -------
        Path
            The file, for `load_pooled_fit`.
        """
        from microestim.workforce.pooled_storage import save_pooled_fit

        return save_pooled_fit(self, Path(path))

    def __repr__(self) -> str:
        chains, draws = self.deviates.shape[:2]
        state = "converged" if self.converged else "NOT CONVERGED"
        return f"PooledFit(studies={list(self)!r}, chains={chains}, draws={draws}, {state})"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
