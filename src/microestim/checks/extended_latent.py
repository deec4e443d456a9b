"""A posterior's latent quantities, with what the fitted model did not need drawn from its prior.

For one country of several the prior is that given the others' quantities, draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.models.design import Design
from microestim.models.evaluation import latent_of
from microestim.models.frames import Frame
from microestim.models.latent import Latent
from microestim.models.pooling import OtherCountries
from microestim.models.priors import Prior

__all__ = ["extended_latent", "extended_quantities"]


class _WithPriors(dict[str, np.ndarray]):
    """Quantities of a posterior; one that the model did not need is drawn from its prior when asked for."""

    def __init__(
        self,
        values: Mapping[str, np.ndarray],
        priors: Mapping[str, Prior],
        rng: np.random.Generator,
        draws: int,
        elsewhere: OtherCountries,
    ) -> None:
        super().__init__(values)
        self._priors, self._rng, self._draws, self._elsewhere = priors, rng, draws, elsewhere

    def __missing__(self, name: str) -> np.ndarray:
        kind, _, rest = name.rstrip("]").partition("[")
        page = rest.split(", ")[0]
        prior = self._priors[f"{kind}[{page}]" if f"{kind}[{page}]" in self._priors else kind]
        mean, sd = self._elsewhere.given(name)
        z = prior.location + prior.spread * (mean + sd * self._rng.standard_normal(self._draws))
        self[name] = np.asarray(prior.natural(z, np.exp))
        return self[name]


class _RowsWithPriors(dict[str, np.ndarray]):
    """The same for the standard normal deviates of platforms."""

    def __init__(
        self,
        rows: Mapping[str, np.ndarray],
        rng: np.random.Generator,
        platforms: Sequence[str],
        elsewhere: OtherCountries,
    ) -> None:
        super().__init__(rows)
        self._rng, self._platforms, self._elsewhere = rng, platforms, elsewhere

    def __missing__(self, name: str) -> np.ndarray:
        drawn = self._rng.standard_normal(self["size"].shape)
        for j, platform in enumerate(self._platforms):
            mean, sd = self._elsewhere.given(name, platform)
            drawn[:, j] = mean + sd * drawn[:, j]
        self[name] = drawn
        return drawn


def extended_quantities(fit: FittedModel, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Give a posterior's scalar quantities; any other is drawn from its prior when it is asked for.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    rng : numpy.random.Generator
        Source of randomness for quantities that the fitted model did not need.

    Returns
    -------
    dict of str to ndarray, shape (draws,)
        Quantities in their own units.
    """
    return _WithPriors(fit.latent.p, fit.all_priors, rng, len(fit.deviates.scalars), fit.elsewhere)


def extended_latent(
    fit: FittedModel,
    rng: np.random.Generator,
    *,
    quantities: dict[str, np.ndarray] | None = None,
    planned: tuple[Frame, ...] = (),
    asked: Design | None = None,
) -> Latent:
    """Give a posterior's latent quantities, with room for evidence that the fit does not have.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    rng : numpy.random.Generator
        Source of randomness for quantities that the fitted model did not need.
    quantities : dict of str to ndarray, optional
        Scalar quantities; the fit's own, and draws from priors for others, unless given.
    planned : tuple of Frame, optional
        Surveys that were not made.
    asked : Design, optional
        Another model of the same platforms, whose observations are to be asked of this fit: its surveys,
        and what it needs to know of declared numbers and country shares, come on top.

    Returns
    -------
    Latent
        One leading dimension, draws.
    """
    known = {name: fit.deviates.platforms[:, i] for i, name in enumerate(fit.design.rows)}
    rows = _RowsWithPriors(known, rng, fit.design.platforms, fit.elsewhere)
    p = extended_quantities(fit, rng) if quantities is None else quantities
    if asked is not None:
        # What is there counts: the model takes a country share as 1 where no row speaks of it, and growth as
        # none where no quantity does.
        for name in asked.rows:
            rows[name] = rows[name]
        for each in asked.parameters:
            if each.prior is not None:
                p[each.name] = p[each.name]
        planned = (*asked.frames, *planned)
    return latent_of(
        fit.design,
        fit.all_priors,
        p=p,
        rows=rows,
        planned=planned,
        asked=None if asked is None else asked.sizes,
    )
