"""The tiers of a fit on all platforms: those without evidence drawn, and everybody counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from microestim.models.imputation import impute_platforms, platforms_to_impute
from microestim.models.people import TIER_IDS
from microestim.models.wider_scope import count_wider, wider_memberships
from microestim.workforce.tiers import TierEstimates

if TYPE_CHECKING:
    from microestim.workforce.posterior import JointPosterior

__all__ = ["widen"]

# Streams of their own, so that neither replicated evidence nor the sampler's draws are used again here.
_PLATFORMS, _MEMBERSHIPS = 20_231, 20_232


def widen(fit: JointPosterior, without_class: tuple[str, ...]) -> TierEstimates:
    """Carry a fit from the observed platforms to all that the study lists.

    Parameters
    ----------
    fit : JointPosterior
        The fit.
    without_class : tuple of str
        Classes whose platforms without evidence are left out.

    Returns
    -------
    TierEstimates
        The tiers on all platforms.

    Raises
    ------
    InputError
        A class to leave out has no platform without evidence.
    """
    observed, shape = fit.tiers, fit.shape
    if not platforms_to_impute(fit.study, without_class):
        return replace(observed, observed=observed, left_out=without_class)
    streams = [
        np.random.default_rng([fit.settings.seed, each, *fit.stream]) for each in (_PLATFORMS, _MEMBERSHIPS)
    ]
    imputed = impute_platforms(fit.study, fit.latent, fit.all_priors, streams[0], without_class=without_class)
    memberships = wider_memberships(fit.latent, fit.design, imputed, fit.all_priors, streams[1])
    counted = count_wider(fit.latent, fit.counts, imputed, memberships)
    return TierEstimates(
        study=fit.study,
        method=observed.method,
        converged=observed.converged,
        people={tier: counted.people[tier].reshape(shape) for tier in TIER_IDS},
        accounts={tier: counted.accounts[tier].reshape(*shape, -1) for tier in TIER_IDS},
        imputed=dict(zip(imputed.platforms, imputed.observed_of_class, strict=True)),
        left_out=without_class,
        observed=observed,
    )
