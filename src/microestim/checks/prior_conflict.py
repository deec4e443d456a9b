"""Does the evidence contradict what was assumed: figures rare under the prior, quantities far from it."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from microestim.checks.conflict import CONFLICT_LEVEL, two_sided
from microestim.checks.fitted import FittedAlone, FittedModel
from microestim.checks.replay import figure
from microestim.checks.result import CheckResult
from microestim.models.evaluation import Deviates, evaluate
from microestim.results import Table

__all__ = ["FAR_SHIFT", "check_assumptions", "check_prior_predictive"]

FAR_SHIFT = 1.5
"""Prior standard deviations that a posterior mean must be away from its prior's centre to count as far."""
_PRIOR_DRAWS = 4_000


def check_prior_predictive(fit: FittedModel) -> CheckResult:
    """Check each piece of evidence against what the prior alone says of it.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where a figure is rarer under the prior than `CONFLICT_LEVEL` over the number of pieces: a
        misprint, another unit or scope, or a country for which the priors were not made. The priors are
        wide, so passing says little.

    Notes
    -----
    The two-sided tail probability of the observed figure among figures drawn from the prior, each piece of
    evidence by itself [1]_.

    References
    ----------
    .. [1] Evans, M. & Moshonov, H. (2006). Checking for prior-data conflict. Bayesian Analysis 1(4), 893-914.
       doi:10.1214/06-BA129
    """
    design, rng = fit.design, np.random.default_rng(fit.settings.seed)
    size = len(design.parameters) + len(design.rows) * design.n_platforms
    deviates = Deviates.from_vectors(rng.standard_normal((_PRIOR_DRAWS, size)), design)
    latent = evaluate(design, fit.all_priors, deviates, generative=True)
    limit = CONFLICT_LEVEL / len(design.observations)
    rows, rare = [], []
    for observation in design.observations:
        with np.errstate(divide="ignore", invalid="ignore"):
            # Where nobody answers, a share of the answers does not exist.
            replicates = np.asarray(observation.statistic(observation.replicate(rng, latent)))
        observed = float(observation.statistic(observation.observed))
        defined = replicates[np.isfinite(replicates)]
        p = two_sided(observed, defined)
        if p < limit:
            rare.append(f"{observation.name} (p {p:.4f})")
        low, middle, high = np.quantile(defined, [0.025, 0.5, 0.975])
        rows.append(
            (
                observation.name,
                f"{observation.label} ({observation.unit})",
                figure(observed),
                _rounded(middle),
                f"{_rounded(low)} to {_rounded(high)}",
                f"{p:.3f}",
            )
        )
    sentence = (
        f"Under the priors {', '.join(rare)} would be rare. Look for a misprint, another unit or scope; "
        "if the figure is right, the priors were not made for this country: state others."
        if rare
        else "The priors allow every piece of evidence."
    )
    table = Table(
        ("evidence", "what", "observed", "prior median", "95% under the prior", "p"),
        rows,
        align=("left", "left", "right", "right", "right", "right"),
    )
    return CheckResult("prior predictive", not rare, sentence, table)


def _rounded(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}" if abs(value) >= 100.0 else f"{value:.2g}"


def check_assumptions(fit: FittedAlone) -> CheckResult:
    r"""Check that no quantity ended up further from its prior than the evidence on it can explain.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Failed where a posterior mean lies `FAR_SHIFT` prior standard deviations or more from the prior's
        centre and that is beyond a tail of `CONFLICT_LEVEL` over the number of quantities (two-sided).

    Notes
    -----
    With the prior N(0, 1), the posterior mean varies over evidence with the variance :math:`1 - E[v]`, v the
    posterior variance (law of total variance). So the shift over :math:`\sqrt{1 - v}` is about standard
    normal where evidence comes from the prior. Visitors per person have a stricter check of their own.
    """
    influence = fit.prior_influence()
    limit = NormalDist().inv_cdf(1.0 - CONFLICT_LEVEL / (2.0 * len(influence.quantities)))
    rows, far = [], []
    for each in influence.quantities:
        if each.contraction <= 0.0:
            continue
        score = each.shift / math.sqrt(each.contraction)
        away = abs(each.shift) >= FAR_SHIFT and abs(score) > limit
        middle = float(each.prior.natural(each.prior.location + each.prior.spread * each.shift))
        if away:
            far.append(f"{each.name} ({middle:.3g} against {each.prior.median:.3g} {each.prior.unit})")
        if away or abs(each.shift) >= 1.0:
            rows.append(
                (
                    each.name,
                    f"{each.prior.median:.3g}",
                    f"{middle:.3g}",
                    f"{each.shift:+.2f}",
                    f"{score:+.2f}",
                )
            )
    table = Table(
        ("quantity", "prior median", "posterior", "shift in prior sd", "shift over what evidence explains"),
        rows,
        footer=(
            f"Quantities that shifted by one prior standard deviation or more; beyond {limit:.1f} in the "
            f"last column, with a shift of {FAR_SHIFT} or more, fails.",
        ),
    )
    sentence = (
        f"The evidence contradicts what was assumed of {', '.join(far)}. The tiers rest on the compromise: "
        "see the check of priors for which tier moves with it, and state another prior if you know better."
        if far
        else "No quantity ended up further from what was assumed than the evidence on it explains."
    )
    return CheckResult("assumptions", not far, sentence, table if rows else None)
