"""What checks, figures and reports need of a fit: so they work on any fit, and never import its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from microestim.checks.convergence import Convergence
from microestim.checks.result import CheckResult
from microestim.models.design import Design
from microestim.models.evaluation import Deviates
from microestim.models.latent import Latent
from microestim.models.people import Tiers
from microestim.models.pooling import OtherCountries
from microestim.models.priors import Prior
from microestim.models.sampling import SamplerSettings
from microestim.results import Summary, Table
from microestim.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from microestim.checks.evidence_influence import EvidenceInfluence
    from microestim.checks.prior_influence import PriorInfluence

__all__ = ["FittedAlone", "FittedModel", "TierDraws"]


class TierDraws(Protocol):
    """Posterior draws of every tier, and the tables that are views of them."""

    @property
    def method(self) -> str:
        """How the draws were made."""

    @property
    def people(self) -> Mapping[str, np.ndarray]:
        """People in each tier, shape (chains, draws)."""

    @property
    def accounts(self) -> Mapping[str, np.ndarray]:
        """Accounts in each tier, shape (chains, draws, platforms)."""

    @property
    def platforms(self) -> tuple[str, ...]:
        """Ids of the platforms, in the order of `accounts`."""

    @property
    def imputed(self) -> Mapping[str, int]:
        """Platforms without evidence, each with the number of observed platforms of its class."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Classes whose platforms without evidence were left out."""

    def over(
        self, scope: Literal["observed", "all"], *, without_class: str | Sequence[str] = ()
    ) -> TierDraws:
        """Give the tiers over the observed platforms, or over all."""

    def draws(
        self, tier: str, *, of: Literal["people", "accounts"] = "people", platform: str | None = None
    ) -> np.ndarray:
        """Give the draws of one tier, shape (chains, draws)."""

    def imputed_share(self, tier: str, *, of: Literal["people", "accounts"] = "people") -> np.ndarray:
        """Give the share of a tier that rests on platforms without evidence, shape (chains, draws)."""

    def band(self, band: str) -> np.ndarray:
        """Give the people in an exclusive band, shape (chains, draws)."""

    def to_frame(
        self, *, level: float = 0.95, by: Literal["total", "platform", "band"] = "total"
    ) -> pd.DataFrame:
        """Give one row an estimate, in full precision."""

    def to_table(self, *, level: float = 0.95) -> Table:
        """Give the people of each tier, rounded."""


class FittedModel(Protocol):
    """A study's posterior, alone or among countries, as far as checks, figures and reports need it.

    `microestim.WorkforceFit` is one; its documentation says what each member holds.
    """

    @property
    def study(self) -> Study:
        """The study."""

    @property
    def design(self) -> Design:
        """The model's parts."""

    @property
    def priors(self) -> Mapping[str, Prior]:
        """Priors that the model uses, by name."""

    @property
    def all_priors(self) -> Mapping[str, Prior]:
        """All priors by name."""

    @property
    def settings(self) -> SamplerSettings:
        """How it was sampled."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the software that drew."""

    @property
    def others(self) -> tuple[str, ...]:
        """Ids of the studies that it was fitted with; none where it was fitted alone."""

    @property
    def elsewhere(self) -> OtherCountries:
        """What those studies say of quantities that its own model does not have."""

    @property
    def reading(self) -> str | None:
        """How the question on frequency was read."""

    @property
    def converged(self) -> bool:
        """Whether every convergence limit is met."""

    @property
    def convergence(self) -> Convergence:
        """The sampler's diagnostics."""

    @property
    def shape(self) -> tuple[int, int]:
        """Chains and draws."""

    @property
    def vectors(self) -> np.ndarray:
        """Draws in the sampler's coordinates, shape (chains, draws, coordinates)."""

    @property
    def sample_stats(self) -> Any:
        """The sampler's statistics."""

    @property
    def deviates(self) -> Deviates:
        """Draws in the sampler's coordinates, chains joined."""

    @property
    def latent(self) -> Latent:
        """Latent quantities of every draw, chains joined."""

    @property
    def counts(self) -> Tiers:
        """Accounts and people by tier, chains joined."""

    @property
    def tiers(self) -> TierDraws:
        """How many people are in each tier."""

    def draws(
        self, tier: str, *, of: Literal["people", "accounts"] = "people", platform: str | None = None
    ) -> np.ndarray:
        """Give the draws of one tier, shape (chains, draws)."""

    def quantity(self, name: str) -> np.ndarray:
        """Give the draws of a scalar quantity in its own unit, shape (chains, draws)."""

    def published(self, tier: str) -> list[tuple[str, float, str]]:
        """Give what was printed for a tier: source, value, text."""

    def summary(self, *, level: float = 0.95) -> Summary:
        """Give the table that answers the question."""

    def log_likelihood(self) -> dict[str, np.ndarray]:
        """Give the log-likelihood of every piece of evidence."""

    def predictive(
        self, *, rng: int | np.random.Generator | None = None
    ) -> dict[str, tuple[float, np.ndarray]]:
        """Give the observed statistic and its replicates, by id of the evidence."""

    def citations(self) -> str:
        """Give what to cite, as BibTeX."""


class FittedAlone(FittedModel, Protocol):
    """A study that was fitted by itself: its priors are its own, and parts of it can be left out."""

    def log_prior(self) -> dict[str, np.ndarray]:
        """Give the log density of every prior."""

    @property
    def refitted(self) -> Mapping[Literal["evidence", "platform"], EvidenceInfluence]:
        """What fits without parts of the evidence have found, by what was left out."""

    def prior_influence(self) -> PriorInfluence:
        """Measure how much each prior matters to each tier."""

    def check(self, *, refits: bool = False) -> list[CheckResult]:
        """Check whether the result is to be believed."""
