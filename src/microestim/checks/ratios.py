"""Ratios of accounts observed elsewhere, beside the model's own."""

from __future__ import annotations

import numpy as np

from microestim.checks.fitted import FittedModel
from microestim.checks.result import CheckResult
from microestim.models.namespace import NUMPY
from microestim.models.observations.ratios import account_ratio
from microestim.results import Table, format_share
from microestim.study import RatioEvidence

__all__ = ["check_ratios"]


def check_ratios(fit: FittedModel) -> CheckResult:
    """Set ratios of accounts that were observed elsewhere beside the posterior of the same ratio.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    CheckResult
        Informs: a ratio from elsewhere need not hold here. A model without `account_age` draws it from its
        prior for accounts ever worked with.
    """
    rows = []
    entered = {observation.name for observation in fit.design.observations}
    observed = fit.design.platforms
    for item in fit.study.evidence:
        if not isinstance(item, RatioEvidence):
            continue
        platforms = fit.study.resolve(item.platforms)
        name, value = f"{item.numerator} / {item.denominator}", format_share(item.value)
        used = "yes" if item.id in entered else "no"
        if not set(platforms) <= set(observed):
            rows.append((item.id, name, value, used, "not compared: other platforms", ""))
            continue
        members = np.array([float(platform in platforms) for platform in observed])
        ratio = account_ratio(
            NUMPY, fit.latent, members, item.numerator, item.denominator, age=_account_age(fit)
        )
        low, middle, high = (format_share(q) for q in np.quantile(ratio, [0.025, 0.5, 0.975]))
        rows.append((item.id, name, value, used, middle, f"{low} to {high}"))
    sentence = (
        f"{len(rows)} ratio{'s' if len(rows) > 1 else ''} of accounts from elsewhere beside the model's own. "
        "People, platforms and period differ, so none is a test."
        if rows
        else "The study records no ratios from elsewhere."
    )
    table = Table(
        ("ratio", "accounts", "elsewhere", "in the model", "posterior median", "95% credible interval"),
        rows,
        align=("left", "left", "right", "left", "right", "right"),
    )
    return CheckResult("ratios from elsewhere", None, sentence, table if rows else None)


def _account_age(fit: FittedModel) -> np.ndarray:
    if "account_age" in fit.latent.p:
        return np.asarray(fit.latent.p["account_age"])
    prior = fit.all_priors["account_age"]
    z = np.random.default_rng(fit.settings.seed).standard_normal(len(fit.deviates.scalars))
    return np.asarray(prior.natural(prior.location + prior.spread * z, np.exp))
