"""The posterior of a joint model: draws, and what follows from them draw by draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from microestim.checks.convergence import Convergence, judge_convergence
from microestim.models.design import Design
from microestim.models.evaluation import Deviates, evaluate, log_densities, model_numbers
from microestim.models.latent import Latent
from microestim.models.people import TIER_IDS, Tiers, count_people
from microestim.models.pooling import OtherCountries
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings, software_versions
from microestim.study import Study
from microestim.workforce.tiers import Scope, TierEstimates

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["JointPosterior"]


class JointPosterior:
    """Draws of a joint model, and what follows from them draw by draw; `WorkforceFit` is one.

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
    """

    def __init__(
        self,
        *,
        study: Study,
        design: Design,
        priors: Mapping[str, Prior],
        vectors: np.ndarray,
        sample_stats: xr.Dataset,
        settings: SamplerSettings,
        reading: str | None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self.study = study
        self.design = design
        self.settings = settings
        self.reading = reading
        self.versions = dict(versions) if versions is not None else software_versions()
        self.sample_stats = sample_stats
        self.vectors = vectors
        self._priors = dict(priors)
        # Further numbers of the seed of what is drawn after sampling; fits made together differ in them.
        self.stream: tuple[int, ...] = ()
        self.others: tuple[str, ...] = ()
        self.elsewhere = OtherCountries((), (), {})
        self._wider: dict[tuple[str, ...], TierEstimates] = {}

    @property
    def priors(self) -> dict[str, Prior]:
        """Priors that the model uses, by name."""
        return {name: self._priors[name] for name in self.design.prior_names}

    @property
    def all_priors(self) -> dict[str, Prior]:
        """All priors by name, those that this model does not need included."""
        return dict(self._priors)

    @property
    def shape(self) -> tuple[int, int]:
        """Chains and draws."""
        return self.vectors.shape[0], self.vectors.shape[1]

    @cached_property
    def deviates(self) -> Deviates:
        """Draws in the sampler's coordinates, chains joined."""
        return Deviates.from_vectors(self.vectors.reshape(-1, self.vectors.shape[-1]), self.design)

    @cached_property
    def latent(self) -> Latent:
        """Latent quantities of every draw, chains joined."""
        return evaluate(self.design, self._priors, self.deviates)

    @cached_property
    def counts(self) -> Tiers:
        """Accounts and people by tier of every draw, chains joined."""
        return count_people(self.latent)

    @cached_property
    def convergence(self) -> Convergence:
        """The sampler's diagnostics on the tiers."""
        return judge_convergence(
            {tier: self.counts.people[tier].reshape(self.shape) for tier in TIER_IDS},
            self.sample_stats["diverging"].to_numpy(),
        )

    @property
    def converged(self) -> bool:
        """Whether every convergence limit is met."""
        return self.convergence.converged

    @cached_property
    def tiers(self) -> TierEstimates:
        """How many people are in each tier."""
        verdict = "" if self.converged else " (NOT CONVERGED)"
        shape = self.shape
        return TierEstimates(
            study=self.study,
            method=f"joint model, posterior median{verdict}",
            converged=self.converged,
            people={tier: self.counts.people[tier].reshape(shape) for tier in TIER_IDS},
            accounts={tier: self.counts.accounts[tier].reshape(*shape, -1) for tier in TIER_IDS},
            widen=self._widen,
        )

    def _widen(self, without_class: tuple[str, ...]) -> TierEstimates:
        from microestim.workforce.widening import widen

        if without_class not in self._wider:
            self._wider[without_class] = widen(self, without_class)
        return self._wider[without_class]

    def draws(
        self,
        tier: str,
        *,
        of: Literal["people", "accounts"] = "people",
        platform: str | None = None,
        scope: Scope = "observed",
        without_class: str | Sequence[str] = (),
    ) -> np.ndarray:
        """Give the posterior draws of one tier.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        of : {"people", "accounts"}, default "people"
            What to count.
        platform : str, optional
            Id of one platform; all platforms of the scope together without it.
        scope : {"observed", "all"}, default "observed"
            Which platforms: the observed ones, or all that the study lists and residents can join. Those
            without evidence are drawn from what the observed ones of their class are like, once, when first
            asked for (some seconds); the fit's own seed makes them, so a fit that was saved gives the same.
        without_class : str or sequence of str, optional
            With scope "all": classes whose platforms without evidence are left out.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws, in people or accounts.

        Raises
        ------
        InputError
            There is no such tier, platform, scope or class.
        """
        return self.tiers.draws(tier, of=of, platform=platform, scope=scope, without_class=without_class)

    def quantity(self, name: str) -> np.ndarray:
        """Give the posterior draws of a quantity of the model in its own unit.

        Parameters
        ----------
        name : str
            Name of a scalar quantity, as `design.parameters` lists them.

        Returns
        -------
        ndarray, shape (chains, draws)
            Draws.

        Raises
        ------
        InputError
            The model has no such quantity.
        """
        from microestim.errors import InputError

        if name not in self.latent.p:
            raise InputError(f"unknown quantity {name!r}; use one of {', '.join(self.latent.p)}")
        return np.asarray(self.latent.p[name]).reshape(self.shape)

    def log_likelihood(self) -> dict[str, np.ndarray]:
        """Give the log-likelihood of every piece of evidence, by id.

        Returns
        -------
        dict of str to ndarray, shape (chains, draws)
            Log-likelihoods.
        """
        _, evidence = log_densities(self.design, self._priors, self.deviates)
        return {name: values.reshape(self.shape) for name, values in evidence.items()}

    def predictive(
        self, *, rng: int | np.random.Generator | None = None
    ) -> dict[str, tuple[float, np.ndarray]]:
        """Draw every piece of evidence anew from the posterior.

        Parameters
        ----------
        rng : int, Generator or None
            Source of randomness; the fit's own seed unless given.

        Returns
        -------
        dict of str to (float, ndarray of shape (draws,))
            By id: the observed statistic and its replicates, in the observation's unit.
        """
        generator = np.random.default_rng(self.settings.seed if rng is None else rng)
        numbers = model_numbers(self.design, self._priors)
        result = {}
        for observation in self.design.observations:
            observed = {key: numbers[key] for key in observation.observed}
            replicated = observation.replicate(generator, self.latent)
            result[observation.name] = (
                float(observation.statistic(observed)),
                np.asarray(observation.statistic(replicated)),
            )
        return result
