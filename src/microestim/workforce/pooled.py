"""The joint model of several countries, before it is fitted: each borrows from the others what is alike."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from microestim.errors import ConvergenceWarning, DoubleCountingError, InputError, ScopeError
from microestim.models.correlations import CountryCorrelation, override_correlations
from microestim.models.graph import graph_data
from microestim.models.pooled_density import pooled_density
from microestim.models.pooling import Link, PooledMap, pool_designs
from microestim.models.priors import Prior
from microestim.models.sampling import (
    CompiledModel,
    SamplerSettings,
    progress_stream,
    sample,
    seed_from,
)
from microestim.results import Table
from microestim.study import Study
from microestim.study.periods import overlap
from microestim.workforce.model import Reading, WorkforceModel
from microestim.workforce.pooled_fit import PooledFit

__all__ = ["PooledModel"]

_FACTS = ("name", "class_", "layer", "residents_only", "founded", "headquarters")
"""What is true of a platform in every country."""


class PooledModel:
    r"""One model of several countries, in which each borrows from the others what is alike.

    Every country has its own joint model, that of `WorkforceModel`, in which each quantity is a standard
    normal deviate x put on the scale of its prior. Between countries c the deviates of one quantity are
    correlated,

    .. math:: x_c = \sqrt{\rho} \, s + \sqrt{1 - \rho} \, o_c, \qquad s, o_c \sim N(0, 1),

    so that one country alone has exactly the posterior that `WorkforceModel` gives it. The correlations are
    stated, each with its reason, in `correlations`; they are not estimated: a few countries do not tell them.

    Parameters
    ----------
    studies : sequence of Study
        One a country, or one a period of a country; ids differ.
    priors : mapping of str to Prior or mapping, optional
        Priors to replace, by name, in all countries.
    correlations : mapping of str to CountryCorrelation or mapping, optional
        Correlations between countries to replace, by name: a table with `correlation` (0 to 1), `rationale`
        and, if any, `source`.

    Raises
    ------
    InputError
        There is no study, or two have the same id.
    ScopeError
        A platform has different facts in two studies under one id.
    DoubleCountingError
        Two studies are of the same country, in periods that meet: pooling would count their evidence twice.
    StudyError
        The evidence of a study contradicts itself.
    PriorError
        A prior or a correlation is unknown or impossible.

    Notes
    -----
    What is shared, where a study has it:

    - each scalar quantity (activity, memberships, inflation, errors), with the correlation of its name;
    - visitors per person, of audience sources with the same vendor and kind of pages only;
    - by platform, where several studies observe the same id: inflation, activity and curious visitors;
    - the error of a declared worldwide number, where studies use the same number: it is one deviate.

    Where exactly one platform was surveyed, a country's level of activity is that platform's; elsewhere it is
    that of a typical platform. The correlations of `active_share` and `active_rate` leave room for this.
    Country shares of one platform are independent: nothing keeps their sum over countries below 1. The error
    of a worldwide audience is not shared: where n studies use the same figure, state its error in each, times
    the square root of n, or use it in one.

    Examples
    --------
    >>> import microestim as me
    >>> model = me.PooledModel([me.load_study("fr-2018")])
    >>> model
    PooledModel(studies=['fr-2018'], shared=0)
    >>> fit = model.fit(rng=1)  # doctest: +SKIP
    >>> fit["fr-2018"].summary()  # doctest: +SKIP
    """

    def __init__(
        self,
        studies: Sequence[Study],
        priors: Mapping[str, Prior | Mapping[str, Any]] | None = None,
        *,
        correlations: Mapping[str, CountryCorrelation | Mapping[str, Any]] | None = None,
    ) -> None:
        given: Any = studies
        if not isinstance(given, list | tuple) or not all(isinstance(each, Study) for each in given):
            raise InputError("studies must be a list of studies, such as [me.load_study('fr-2018'), ...]")
        if not studies:
            raise InputError("studies is empty; give at least one")
        _check_together(studies)
        self._models = {study.id: WorkforceModel(study, priors) for study in studies}
        self._correlations = override_correlations(correlations)
        self._map = pool_designs([model.design for model in self._models.values()], self._correlations)

    @property
    def studies(self) -> tuple[Study, ...]:
        """The studies."""
        return tuple(model.study for model in self._models.values())

    @property
    def models(self) -> dict[str, WorkforceModel]:
        """The countries' own models, by id of the study."""
        return dict(self._models)

    @property
    def correlations(self) -> dict[str, CountryCorrelation]:
        """Correlations between countries that this model uses, by name; empty where nothing is shared."""
        return {
            kind: self._correlations[kind] for kind in dict.fromkeys(link.kind for link in self._map.links)
        }

    @property
    def pooled_map(self) -> PooledMap:
        """The linear map from the sampler's deviates to those of each country."""
        return self._map

    def compile(self, *, progress: bool | TextIO = False) -> float:
        """Compile the countries' models, if they are not yet; `fit` does this by itself.

        Parameters
        ----------
        progress : bool or text stream, default False
            Write a line for each country before compiling, to standard error where True.

        Returns
        -------
        float
            Seconds that compiling took.
        """
        return sum(model.compile(progress=progress) for model in self._models.values())

    def fit(
        self,
        *,
        rng: int | np.random.Generator | np.random.SeedSequence | None = None,
        draws: int = 1500,
        tune: int = 600,
        chains: int = 4,
        cores: int | None = None,
        target_accept: float = 0.98,
        readings: Mapping[str, Reading] | None = None,
        progress: bool | TextIO = False,
    ) -> PooledFit:
        """Sample the joint posterior of all countries.

        Parameters
        ----------
        rng : int, Generator, SeedSequence or None
            Source of randomness, as in `WorkforceModel.fit`.
        draws, tune : int, default 1500 and 600
            Draws kept, and steps of adaptation, in each chain.
        chains : int, default 4
            Independent chains, at least 2.
        cores : int, optional
            Chains run at the same time; as many as there are processors and chains unless given.
        target_accept : float, default 0.98
            Acceptance that the step size is adapted to.
        readings : mapping of str to str, optional
            By id of the study, how to read its question on frequency; each study's own unless given.
        progress : bool or text stream, default False
            Write progress, to standard error where True.

        Returns
        -------
        PooledFit
            The posterior, country by country and together. Where the sampler did not converge, a
            `ConvergenceWarning` is issued and every table made from the fit says so.

        Raises
        ------
        InputError
            A number is out of its range, or there is no such study or reading.
        """
        chosen = self._readings(readings or {})
        settings = SamplerSettings(
            draws=draws,
            tune=tune,
            chains=chains,
            cores=min(chains, os.cpu_count() or 1) if cores is None else cores,
            seed=seed_from(rng),
            target_accept=target_accept,
        )
        self.compile(progress=progress)
        designs = {name: model.design.read_as(chosen[name]) for name, model in self._models.items()}
        parts = [
            _compiled(model).with_data(graph_data(designs[name], model._priors))
            for name, model in self._models.items()
        ]
        # The countries' functions are called by address: `density` keeps them while the sampler runs.
        density = pooled_density(parts, self._map)
        tree = sample(density.compiled, settings, progress=progress_stream(progress))
        fit = PooledFit.from_deviates(
            tree["posterior"]["deviate"].to_numpy(),
            pooled=self._map,
            studies=self.studies,
            designs=designs,
            priors=next(iter(self._models.values()))._priors,
            correlations=self._correlations,
            sample_stats=tree["sample_stats"].to_dataset(),
            settings=settings,
            readings=chosen,
        )
        if not fit.converged:
            warnings.warn("; ".join(fit.convergence.faults), ConvergenceWarning, stacklevel=2)
        return fit

    def _readings(self, given: Mapping[str, Reading]) -> dict[str, Reading | None]:
        unknown = sorted(set(given) - set(self._models))
        if unknown:
            raise InputError(
                f"readings has {unknown[0]!r}, which is no study of this model; it has: "
                f"{', '.join(self._models)}"
            )
        chosen: dict[str, Reading | None] = {}
        for name, model in self._models.items():
            known = model.readings
            reading = given.get(name)
            if reading is not None and reading not in known:
                allowed = ", ".join(map(repr, known)) or "none: it has no evidence on stated frequency"
                raise InputError(f"reading of {name!r} is {reading!r}; use one of {allowed}")
            chosen[name] = reading or (known[0] if known else None)
        return chosen

    def __repr__(self) -> str:
        return f"PooledModel(studies={list(self._models)!r}, shared={len(self._map.links)})"

    def __str__(self) -> str:
        ids = list(self._models)
        by_kind: dict[str, list[Link]] = {}
        for link in self._map.links:
            by_kind.setdefault(link.kind, []).append(link)
        rows = [
            (
                kind,
                ", ".join(each.name.partition("[")[2].rstrip("]") for each in links if "[" in each.name),
                f"{self._correlations[kind].correlation:g}",
                ", ".join(ids[each] for each in sorted({c for link in links for c in link.countries})),
                f"{self._correlations[kind].rationale} ({self._correlations[kind].source})",
            )
            for kind, links in by_kind.items()
        ]
        return str(
            Table(
                ("quantity", "of", "correlation", "shared by", "rationale (source)"),
                rows,
                title="What the countries share: correlation of a quantity's deviate between two of them",
                footer=("Correlations are stated, not estimated. Quantities not listed share nothing.",),
                align=("left", "left", "right", "left", "left"),
            )
        )


def _compiled(model: WorkforceModel) -> CompiledModel:
    assert model._compiled is not None
    return model._compiled


def _check_together(studies: Sequence[Study]) -> None:
    ids = [study.id for study in studies]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise InputError(
            f"two studies have the id {twice[0]!r}; results are asked for by id, so ids must differ"
        )
    for i, study in enumerate(studies):
        for other in studies[:i]:
            if study.country == other.country and overlap(study.period, other.period):
                raise DoubleCountingError(
                    f"studies {other.id!r} ({other.period}) and {study.id!r} ({study.period}) are both of "
                    f"{study.country_name}, and their periods meet: pooled, they would count the same "
                    "evidence twice; choose one"
                )
    first: dict[str, Study] = {}
    for study in studies:
        for platform in study.platforms:
            if platform.id not in first:
                first[platform.id] = study
                continue
            other = first[platform.id]
            known = other.platform(platform.id)
            for fact in _FACTS:
                here, there = getattr(platform, fact), getattr(known, fact)
                if None not in (here, there) and here != there:
                    raise ScopeError(
                        f"platform {platform.id!r}: {fact.rstrip('_')} is {there!r} in study {other.id!r}, "
                        f"{here!r} in study {study.id!r}; one id stands for one platform in all pooled "
                        "studies, so correct the one that is wrong or give the platforms different ids"
                    )
            if platform.residents_only and study.country != other.country:
                raise ScopeError(
                    f"platform {platform.id!r}: only residents of the country may join, yet studies "
                    f"{other.id!r} ({other.country}) and {study.id!r} ({study.country}) both have it; give "
                    "them different ids, or set residents_only = false"
                )
