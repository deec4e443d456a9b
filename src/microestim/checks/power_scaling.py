"""Prior against evidence: how far each tier moves when the density of one of them is raised to a power."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from microestim.checks.fitted import FittedAlone
from microestim.checks.result import CheckResult
from microestim.errors import NotEstimableError
from microestim.models.namespace import NUMPY, log_normal_density
from microestim.models.people import TIER_IDS
from microestim.results import Table

__all__ = ["SENSITIVE_ABOVE", "PowerScaling", "check_power_scaling", "power_scaling"]

SENSITIVE_ABOVE = 0.05
"""Sensitivity from which a tier is said to depend on a prior or on evidence (Kallioinen et al. 2024)."""
_POWERS = (0.99, 1.01)
_TOLD_APART = 1e-6


@dataclass(frozen=True)
class PowerScaling:
    """Sensitivity of every tier to priors and evidence; made by `power_scaling`.

    Parameters
    ----------
    priors, evidence : mapping of str to float
        By tier: sensitivity to all priors together, and to all evidence together (no unit).
    by_prior, by_evidence : mapping of str to mapping of str to float
        The same to each prior, and to each piece of evidence, alone.
    """

    priors: Mapping[str, float]
    evidence: Mapping[str, float]
    by_prior: Mapping[str, Mapping[str, float]]
    by_evidence: Mapping[str, Mapping[str, float]]

    def diagnosis(self, tier: str) -> str:
        """Say what the two sensitivities of a tier mean together.

        Parameters
        ----------
        tier : str
            The tier.

        Returns
        -------
        str
            In words.
        """
        if self.priors[tier] < SENSITIVE_ABOVE:
            return "priors matter little"
        if self.evidence[tier] < SENSITIVE_ABOVE:
            return "rests on priors more than on evidence"
        return "priors and evidence both matter, and may pull apart"


def power_scaling(fit: FittedAlone) -> PowerScaling:
    r"""Measure how sensitive every tier is to priors and to evidence, without fitting again.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    PowerScaling
        The sensitivities.

    Raises
    ------
    NotEstimableError
        A chain stands still, so that the draws cannot be reweighted.

    Notes
    -----
    The density of a component, p, becomes :math:`p^\alpha`; draws get the weights :math:`p^{\alpha - 1}`,
    Pareto-smoothed, for :math:`\alpha` = 0.99 and 1.01. The sensitivity is the rate at which the cumulative
    Jensen-Shannon distance between the old and the new posterior of the log of the people grows with
    :math:`\log_2 \alpha` [1]_, as ArviZ computes it. Only priors of scalar quantities are scaled, on the
    scale of their families; the distributions of platforms around them are part of the model.

    References
    ----------
    .. [1] Kallioinen, N., Paananen, T., Bürkner, P.-C. & Vehtari, A. (2024). Detecting and diagnosing prior
       and likelihood sensitivity with power-scaling. Statistics and Computing 34, 57.
       doi:10.1007/s11222-023-10366-5

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_fit("fr-2018.nc")  # doctest: +SKIP
    >>> power_scaling(fit).diagnosis("registered")  # doctest: +SKIP
    'rests on priors more than on evidence'
    """
    import arviz as az
    import xarray as xr

    def grouped(values: Mapping[str, np.ndarray]) -> xr.Dataset:
        return xr.Dataset({name: (("chain", "draw"), each) for name, each in values.items()})

    log_people = {tier: np.log(fit.draws(tier)) for tier in TIER_IDS}
    priors = _scalar_priors(fit)
    evidence = {name: _in_order(each, log_people["weekly"]) for name, each in fit.log_likelihood().items()}
    tree = xr.DataTree.from_dict(
        {
            "/posterior": grouped(log_people),
            "/log_prior": grouped(priors),
            "/log_likelihood": grouped(evidence),
        }
    )

    def sensitivity(group: str, names: list[str] | None = None) -> dict[str, float]:
        try:
            found = az.psense(tree, group=group, group_var_names=names, alphas=_POWERS)
        except ValueError as error:
            # ArviZ has no tail to smooth where the largest weights are all one draw's.
            raise NotEstimableError(
                "a chain stands still, so draws cannot be reweighted; fit again with more tuning steps"
            ) from error
        return {tier: float(found[tier]) for tier in TIER_IDS}

    return PowerScaling(
        priors=sensitivity("prior"),
        evidence=sensitivity("likelihood"),
        by_prior={name: sensitivity("prior", [name]) for name in priors},
        by_evidence={name: sensitivity("likelihood", [name]) for name in evidence},
    )


def _in_order(log_density: np.ndarray, log_people: np.ndarray) -> np.ndarray:
    """Tell draws of equal density apart, by far less than any sensitivity that is printed.

    A figure that is only known to be below a limit has the same likelihood, 1, in all draws well below it; no
    Pareto tail can be fitted to weights that are all equal. Draws of a chain that stands still stay equal.
    """
    spread = log_people.std()
    return log_density + _TOLD_APART * (log_people - log_people.mean()) / (spread if spread > 0 else 1.0)


def _scalar_priors(fit: FittedAlone) -> dict[str, np.ndarray]:
    """Give the log densities of priors of scalar quantities, without those of platforms around them."""
    design = fit.design
    names = [parameter.name for parameter in design.parameters]
    found = {name: values for name, values in fit.log_prior().items() if name in names}
    level, centre = fit.latent.sizes.level, fit.all_priors["accounts_centre"]
    if design.sizes.total is not None:
        # A declared total makes the level derived, so its prior is not among the sampler's coordinates.
        density = log_normal_density(NUMPY, level, centre.location, centre.spread + 0.0 * level)
        found["accounts_centre"] = np.asarray(density).reshape(fit.shape)
    elif level is None and design.sizes.own.any():
        found["accounts_centre"] = fit.log_prior()["accounts_centre"]
    return found


def check_power_scaling(fit: FittedAlone) -> CheckResult:
    """Say how much each tier depends on priors, and how much on evidence.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs: priors that matter are stated, and reported as such.
    """
    try:
        scaled = power_scaling(fit)
    except NotEstimableError as error:
        return CheckResult("power scaling", None, f"Not computed: {error}.")
    rows = [
        ("all priors", *(f"{scaled.priors[tier]:.3f}" for tier in TIER_IDS)),
        ("all evidence", *(f"{scaled.evidence[tier]:.3f}" for tier in TIER_IDS)),
    ]
    parts = {f"prior of {name}": each for name, each in scaled.by_prior.items()} | {
        f"evidence {name}": each for name, each in scaled.by_evidence.items()
    }
    shown = {name: each for name, each in parts.items() if max(each.values()) >= SENSITIVE_ABOVE / 2.0}
    for name, each in sorted(shown.items(), key=lambda part: -max(part[1].values())):
        rows.append((name, *(f"{each[tier]:.3f}" for tier in TIER_IDS)))
    by_words: dict[str, list[str]] = {}
    for tier in TIER_IDS:
        by_words.setdefault(scaled.diagnosis(tier), []).append(tier)
    sentence = "; ".join(f"{', '.join(tiers)}: {words}" for words, tiers in by_words.items()) + "."
    table = Table(
        ("what is raised to a power", *TIER_IDS),
        rows,
        footer=(
            "Sensitivity: distance that the posterior moves per doubling of the power; from "
            f"{SENSITIVE_ABOVE} it counts. The other {len(parts) - len(shown)} priors and pieces of evidence "
            f"are below {SENSITIVE_ABOVE / 2.0} each.",
        ),
        align=("left", "right", "right", "right", "right"),
    )
    return CheckResult("power scaling", None, sentence[0].upper() + sentence[1:], table)
