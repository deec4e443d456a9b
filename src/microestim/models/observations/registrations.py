"""Declared numbers of accounts, for one platform or several, and country shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, override

from microestim.models.latent import Latent
from microestim.models.namespace import Namespace
from microestim.models.observations.observation import GaussianObservation, stated_or_own
from microestim.models.sizes import DeclaredTotal, declared_error, total_error

__all__ = ["CountryShare", "DeclaredAccounts", "DeclaredSum"]


@dataclass(frozen=True, kw_only=True)
class DeclaredAccounts(GaussianObservation):
    """A platform's own number of accounts: log-normal around accounts, inflation and share.

    Parameters
    ----------
    platform : int
        Index of the platform.
    """

    platform: int

    @property
    @override
    def in_definition(self) -> bool:
        return True

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        design = latent.size_design
        residents = latent.sizes.log_declared(design.years_old)
        worldwide = residents - design.worldwide * latent.log_share
        error = declared_error(xp, design, latent.p["declared_error"], latent.p["share_error"])
        return latent.at(worldwide, self.platform), latent.at(error, self.platform)


@dataclass(frozen=True, kw_only=True)
class DeclaredSum(GaussianObservation):
    """A declared total over several platforms; its value is what is left of it beside what it contains.

    Parameters
    ----------
    total : DeclaredTotal
        Its platforms and its error.
    anchors : bool
        Whether the model's sizes are built on this total.
    """

    total: DeclaredTotal
    anchors: bool

    @property
    @override
    def in_definition(self) -> bool:
        return self.anchors

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        declared = self.total.members * xp.exp(latent.sizes.log_declared(self.total.years_old))
        whole = declared.sum(-1)
        error = total_error(
            xp,
            latent.size_design,
            self.total,
            declared / whole[..., None],
            latent.p["declared_error"],
            latent.p["share_error"],
        )
        return xp.log(whole), error


@dataclass(frozen=True, kw_only=True)
class CountryShare(GaussianObservation):
    """A platform's country share: normal on the log odds, so that it never passes 1.

    Parameters
    ----------
    stated_error : float or None
        Relative error that the source states.
    assumed_error : bool
        Whether that error is an assumption, so that the model's own is added to it.
    platform : int
        Index of the platform.
    """

    scale: ClassVar[Literal["identity", "log", "logit"]] = "logit"
    stated_error: float | None
    assumed_error: bool = False
    platform: int

    @override
    def centre_and_error(self, xp: Namespace, latent: Latent) -> tuple[Any, Any]:
        log_share = latent.at(latent.log_share, self.platform)
        log_odds = log_share - xp.log(1.0 - xp.exp(log_share))
        # A relative error of the share is an absolute one of its log odds, divided by (1 - share).
        relative = stated_or_own(xp, self.stated_error, self.assumed_error, latent.p["share_error"])
        return log_odds, relative / (1.0 - xp.exp(log_share))
