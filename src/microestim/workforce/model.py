"""The joint model of a study, before it is fitted."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, Final, Literal, TextIO

import numpy as np

from microestim.errors import ConvergenceWarning, InputError
from microestim.models.assembly import design_model
from microestim.models.design import Design
from microestim.models.evaluation import Deviates
from microestim.models.graph import build_graph, graph_data
from microestim.models.priors import Prior, override_priors
from microestim.models.reuse import is_compiled_from
from microestim.models.sampling import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    progress_stream,
    sample,
    seed_from,
)
from microestim.models.wider_scope import wider_prior_names
from microestim.results import ROUNDING_RULE, Table
from microestim.study import ActivityEvidence, Study
from microestim.workforce.fit import WorkforceFit

__all__ = ["Reading", "WorkforceModel"]

Reading = Literal["this platform", "any platform", "what each question says"]

AS_STATED: Final = "what each question says"
"""The reading of a study whose questions on frequency differ in what they are about."""


class WorkforceModel:
    """One model of all the evidence of a study, for every tier at once.

    Each platform has a number of resident accounts and a distribution of how often they are used;
    every piece of evidence (declared accounts, visitors, survey waves, stated frequency, memberships)
    is an observation of these, with its own error. `fit` samples the posterior.

    Parameters
    ----------
    study : Study
        The evidence; whatever is missing is simply absent.
    priors : mapping of str to Prior or mapping, optional
        Priors to replace, by name: a `Prior`, or a table with `median`, `spread`, `rationale`, `source`.

    Raises
    ------
    StudyError, ScopeError
        The evidence contradicts itself, or mixes platforms of different scope.
    PriorError
        A prior is unknown or impossible.

    Notes
    -----
    The equations, the assumptions and what is not identified are on the page 'The model'.

    Examples
    --------
    >>> import microestim as me
    >>> model = me.WorkforceModel(me.load_study("fr-2018"))
    >>> fit = model.fit(rng=2018)  # doctest: +SKIP
    >>> fit.summary()  # doctest: +SKIP
    """

    def __init__(self, study: Study, priors: Mapping[str, Prior | Mapping[str, Any]] | None = None) -> None:
        given: Any = study
        if not isinstance(given, Study):
            raise InputError(
                f"study is {given!r}; give a Study: me.load_study('fr-2018'), or me.read_study('my.toml')"
            )
        self._study = study
        self._design = design_model(study)
        self._priors = override_priors(priors)
        self._compiled: CompiledModel | None = None

    @property
    def study(self) -> Study:
        """The study."""
        return self._study

    @property
    def design(self) -> Design:
        """Which quantities and observations the model consists of."""
        return self._design

    @property
    def priors(self) -> dict[str, Prior]:
        """Priors that this model uses, by name."""
        return {name: self._priors[name] for name in self._design.prior_names}

    @property
    def wider_priors(self) -> dict[str, Prior]:
        """Priors that only the tiers on all platforms rest on, by name."""
        return {name: self._priors[name] for name in wider_prior_names(self._study, self._design)}

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Ways to read the study's question on frequency, the study's own first; empty without one."""
        scopes: list[str] = [
            item.frequency_scope
            for item in self._study.evidence
            if isinstance(item, ActivityEvidence) and item.id not in self._design.left_out
        ]
        match sorted(set(scopes)):
            case []:
                return ()
            case ["any platform"]:
                return ("any platform", "this platform")
            case ["this platform"]:
                return ("this platform", "any platform")
            case _:
                return (AS_STATED, "this platform", "any platform")

    def with_priors(self, priors: Mapping[str, Prior | Mapping[str, Any]]) -> WorkforceModel:
        """Give the same model with other priors; a compiled model is kept.

        Parameters
        ----------
        priors : mapping of str to Prior or mapping
            Priors to replace, by name.

        Returns
        -------
        WorkforceModel
            A new model.
        """
        other = WorkforceModel(self._study)
        other._priors = self._priors | {
            name: prior for name, prior in override_priors(priors).items() if name in priors
        }
        other._compiled = self._compiled
        return other

    def without(self, *names: str) -> WorkforceModel:
        """Give the model of all other evidence, with the same priors.

        Parameters
        ----------
        *names : str
            Ids of evidence to leave out.

        Returns
        -------
        WorkforceModel
            A new model, a part of this one: where a service counted a platform in several months, those that
            are left still share its lasting error with those left out.

        Raises
        ------
        StudyError, ScopeError
            What is left says nothing of how large anything is, or does not go together.
        """
        other = WorkforceModel(self._study.without(*names))
        other._design = design_model(other._study, like=self._design)
        other._priors = self._priors
        return other

    def with_study(self, study: Study) -> WorkforceModel:
        """Give the same priors on another study; a compiled model that is also that of the other is kept.

        Parameters
        ----------
        study : Study
            The other study.

        Returns
        -------
        WorkforceModel
            A new model. Whether the compiled log density is its own is found out by comparing it, at a few
            points, with the formulas in NumPy: a study with the same kinds of evidence on the same platforms
            shares it, unless numbers differ that are part of the formulas (as numbers of respondents are).
        """
        other = WorkforceModel(study)
        other._priors = self._priors
        if self._compiled is not None and is_compiled_from(self._compiled, other._design, other._priors):
            other._compiled = self._compiled
        return other

    def shares_compiled(self, other: WorkforceModel) -> bool:
        """Say whether this model and another are compiled, and by the same function.

        Parameters
        ----------
        other : WorkforceModel
            The other model.

        Returns
        -------
        bool
            False where either is not compiled yet.
        """
        return self._compiled is not None and self._compiled is other._compiled

    def compile(self, *, progress: bool | TextIO = False) -> float:
        """Compile the model, if it is not yet; `fit` does this by itself.

        Parameters
        ----------
        progress : bool or text stream, default False
            Write a line before compiling, to standard error where True.

        Returns
        -------
        float
            Seconds that compiling took.
        """
        if self._compiled is None:
            stream = progress_stream(progress)
            if stream is not None:
                stream.write("  compiling the model (some seconds; kept for later runs) ...\n")
                stream.flush()
            self._compiled = compile_model(build_graph(self._design, self._priors))
        return self._compiled.seconds

    def fit(
        self,
        *,
        rng: int | np.random.Generator | np.random.SeedSequence | None = None,
        draws: int = 1500,
        tune: int = 600,
        chains: int = 4,
        cores: int | None = None,
        target_accept: float = 0.98,
        reading: Reading | None = None,
        progress: bool | TextIO = False,
    ) -> WorkforceFit:
        """Sample the posterior.

        Parameters
        ----------
        rng : int, Generator, SeedSequence or None
            Source of randomness; a whole number gives the same draws again, with the same versions on the
            same kind of processor. Elsewhere sums round differently, and draws differ within their
            simulation error.
        draws, tune : int, default 1500 and 600
            Draws kept, and steps of adaptation, in each chain.
        chains : int, default 4
            Independent chains, at least 2.
        cores : int, optional
            Chains run at the same time; as many as there are processors and chains unless given.
        target_accept : float, default 0.98
            Acceptance that the step size is adapted to.
        reading : str, optional
            How to read the question on frequency, one of `readings`; the study's own unless given.
        progress : bool or text stream, default False
            Write progress, to standard error where True.

        Returns
        -------
        WorkforceFit
            The posterior. Where the sampler did not converge, a `ConvergenceWarning` is issued and every
            table made from the fit says so.

        Raises
        ------
        InputError
            A number is out of its range, or the study has no such reading.
        """
        if reading is not None and not self.readings:
            raise InputError("reading was given, but the study has no evidence on stated frequency")
        if reading is not None and reading not in self.readings:
            raise InputError(f"reading is {reading!r}; use one of {', '.join(map(repr, self.readings))}")
        settings = SamplerSettings(
            draws=draws,
            tune=tune,
            chains=chains,
            cores=min(chains, os.cpu_count() or 1) if cores is None else cores,
            seed=seed_from(rng),
            target_accept=target_accept,
        )
        chosen = reading or (self.readings[0] if self.readings else None)
        design = self._design.read_as(chosen)
        self.compile(progress=progress)
        assert self._compiled is not None
        compiled = self._compiled.with_data(graph_data(design, self._priors))
        tree = sample(compiled, settings, progress=progress_stream(progress))
        fit = WorkforceFit(
            study=self._study,
            design=design,
            priors=self._priors,
            vectors=tree["posterior"]["deviate"].to_numpy(),
            sample_stats=tree["sample_stats"].to_dataset(),
            settings=settings,
            reading=chosen,
        )
        if not fit.converged:
            warnings.warn("; ".join(fit.convergence.faults), ConvergenceWarning, stacklevel=2)
        return fit

    def prior_deviates(self, size: int, *, rng: int | np.random.Generator | None = None) -> Deviates:
        """Draw from the prior in the sampler's coordinates, where every prior is standard normal.

        Parameters
        ----------
        size : int
            Number of draws.
        rng : int, Generator or None
            Source of randomness.

        Returns
        -------
        Deviates
            The draws.
        """
        n = len(self._design.parameters) + len(self._design.rows) * self._design.n_platforms
        vectors = np.random.default_rng(rng).standard_normal((size, n))
        return Deviates.from_vectors(vectors, self._design)

    def __repr__(self) -> str:
        return (
            f"WorkforceModel(study={self._study.id!r}, platforms={self._design.n_platforms}, "
            f"evidence={len(self._design.observations)}, quantities={len(self._design.parameters)})"
        )

    def __str__(self) -> str:
        evidence = Table(
            ("evidence", "what", "observed"),
            [(o.name, o.label, self._study.item(o.name).describe()) for o in self._design.observations],
            title=f"Evidence in the joint model of {self._study.id}",
            align=("left", "left", "left"),
        )
        latent = (
            f"Latent: accounts of residents on {self._design.n_platforms} platforms "
            f"({', '.join(self._design.platforms)}); on each a distribution of visits a month with a dormant "
            "and an active component; memberships that grow with activity; the chance of answering a survey."
        )
        left = "\n".join(f"  {name}: {reason}" for name, reason in self._design.left_out.items())
        return "\n\n".join(
            [
                str(evidence),
                latent,
                str(prior_table(self.priors)),
                f"Not in the model:\n{left}" if left else "All evidence is in the model.",
                ROUNDING_RULE,
            ]
        )

    def _repr_html_(self) -> str:
        return prior_table(self.priors).to_html()


def prior_table(priors: Mapping[str, Prior]) -> Table:
    """Lay priors out as a table.

    Parameters
    ----------
    priors : mapping of str to Prior
        Priors by name.

    Returns
    -------
    Table
        Median, 95 % interval, unit, rationale and source of each.
    """
    rows = []
    for name, prior in priors.items():
        low, high = prior.interval()
        rows.append(
            (
                name,
                f"{prior.median:.3g}",
                f"{low:.3g} to {high:.3g}",
                prior.unit,
                prior.meaning,
                f"{prior.rationale} ({prior.source})",
            )
        )
    return Table(
        ("prior", "median", "95 %", "unit", "meaning", "rationale (source)"),
        rows,
        title="Priors",
        align=("left", "right", "right", "left", "left", "left"),
    )
