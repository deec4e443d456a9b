"""Settings that every test shares."""

import os
from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
import pytest

import microestim as me
from microestim.models.priors import override_priors

# Figures are drawn to files: a test must not need a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The first call of a property loads SciPy or compiles, which no deadline for a single call allows for.
hypothesis.settings.register_profile("microestim", deadline=None, derandomize=True)
hypothesis.settings.load_profile("microestim")


def fit_from_prior(
    study: "str | me.Study",
    *,
    draws: int,
    reading: str | None = None,
    seed: int = 1,
    priors: "dict[str, Any] | None" = None,
) -> "me.WorkforceFit":
    """Make a fit whose draws are the prior's: everything that a fit has, without sampling."""
    import xarray as xr

    from microestim.models.sampling import SamplerSettings

    model = me.WorkforceModel(me.load_study(study) if isinstance(study, str) else study)
    chosen = reading or next(iter(model.readings), None)
    design = model.design.read_as(chosen)
    size = len(design.parameters) + len(design.rows) * design.n_platforms
    chains = 4
    return me.WorkforceFit(
        study=model.study,
        design=design,
        priors=override_priors(priors),
        vectors=np.random.default_rng(seed).standard_normal((chains, draws, size)),
        sample_stats=xr.Dataset({"diverging": (("chain", "draw"), np.zeros((chains, draws), bool))}),
        settings=SamplerSettings(
            draws=draws, tune=100, chains=chains, cores=1, seed=seed, target_accept=0.95
        ),
        reading=chosen,
    )


@pytest.fixture(scope="session")
def make_prior_fit() -> "Callable[..., me.WorkforceFit]":
    """Give the function that makes a fit of any study from draws of the prior."""
    return fit_from_prior


@pytest.fixture(scope="session")
def prior_fit() -> "me.WorkforceFit":
    """A fit of France from 4 x 100 draws of the prior: too few to count as converged."""
    return fit_from_prior("fr-2018", draws=100)


@pytest.fixture(scope="session")
def converged_prior_fit() -> "me.WorkforceFit":
    """The same from 4 x 400 draws: independent, so every convergence limit is met."""
    return fit_from_prior("fr-2018", draws=400)


@pytest.fixture(scope="session")
def other_reading() -> "me.WorkforceFit":
    """The same as `converged_prior_fit` under the other reading of the question on frequency."""
    other = me.WorkforceModel(me.load_study("fr-2018")).readings[1]
    return fit_from_prior("fr-2018", draws=400, reading=other, seed=2)


@pytest.fixture(scope="session")
def single_platform_fit() -> "me.WorkforceFit":
    """A fit of Foule Factory alone, from draws of the prior: no hierarchy, no memberships over platforms."""
    study = me.load_study("fr-2018")
    about = ("ff-registrations", "ff-audience", "ff-captures", "ff-frequency")
    alone = study.without(*(item.id for item in study.evidence if item.id not in about))
    contents = alone.model_dump(by_alias=True) | {"observed": ["foule-factory"], "published": (), "steps": ()}
    return fit_from_prior(me.Study(**contents), draws=100, seed=3)
