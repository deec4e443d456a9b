"""Did the sampler converge: R-hat, effective sample sizes and divergences, by fixed limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from microestim.checks.result import CheckResult
from microestim.results import Table

__all__ = ["DIVERGENCE_LIMIT", "ESS_LIMIT", "RHAT_LIMIT", "Convergence", "judge_convergence"]

RHAT_LIMIT = 1.01
"""Largest R-hat of a tier that counts as converged (Vehtari et al. 2021, doi:10.1214/20-BA1221)."""
ESS_LIMIT = 400
"""Least bulk and tail effective sample size of a tier."""
DIVERGENCE_LIMIT = 0.001
"""Largest share of divergent draws."""


@dataclass(frozen=True)
class Convergence:
    """The sampler's diagnostics on the tiers.

    Parameters
    ----------
    r_hat, ess_bulk, ess_tail : mapping of str to float
        By tier, of the number of people.
    divergences, draws : int
        Divergent draws, of all draws.
    """

    r_hat: Mapping[str, float]
    ess_bulk: Mapping[str, float]
    ess_tail: Mapping[str, float]
    divergences: int
    draws: int

    @property
    def faults(self) -> tuple[str, ...]:
        """What is beyond the limits, in words; empty where the sampler converged."""
        faults = [
            f"R-hat of {tier} is {value:.3f}, above {RHAT_LIMIT}"
            for tier, value in self.r_hat.items()
            if not value <= RHAT_LIMIT
        ]
        for kind, values in (("bulk", self.ess_bulk), ("tail", self.ess_tail)):
            faults += [
                f"{kind} effective sample size of {tier} is {value:.0f}, below {ESS_LIMIT}"
                for tier, value in values.items()
                if not value >= ESS_LIMIT
            ]
        if self.divergences > DIVERGENCE_LIMIT * self.draws:
            faults.append(f"{self.divergences} of {self.draws:,} draws diverged, more than 1 in 1,000")
        return tuple(faults)

    @property
    def converged(self) -> bool:
        """Whether every limit is met."""
        return not self.faults

    def to_check(self) -> CheckResult:
        """Give the diagnostics as a check.

        Returns
        -------
        CheckResult
            Passed where every limit is met.
        """
        rows = [
            (tier, f"{self.r_hat[tier]:.4f}", f"{self.ess_bulk[tier]:,.0f}", f"{self.ess_tail[tier]:,.0f}")
            for tier in self.r_hat
        ]
        table = Table(
            ("tier", "R-hat", "bulk ESS", "tail ESS"),
            rows,
            footer=(f"{self.divergences} of {self.draws:,} draws diverged.",),
        )
        if self.converged:
            sentence = (
                f"The chains agree: R-hat at most {max(self.r_hat.values()):.3f}, effective sample sizes of "
                f"at least {min(*self.ess_bulk.values(), *self.ess_tail.values()):,.0f}, {self.divergences} "
                "divergences."
            )
        else:
            sentence = (
                "NOT CONVERGED: "
                + "; ".join(self.faults)
                + ". Try (1) more draws, (2) a higher target_accept "
                "such as 0.99, (3) more tuning steps."
            )
        return CheckResult("convergence", self.converged, sentence, table)


def judge_convergence(people: Mapping[str, np.ndarray], diverging: np.ndarray) -> Convergence:
    """Judge draws of the tiers by the limits.

    Parameters
    ----------
    people : mapping of str to ndarray, shape (chains, draws)
        People in each tier.
    diverging : ndarray of bool, shape (chains, draws)
        Which draws diverged.

    Returns
    -------
    Convergence
        The diagnostics.
    """
    import arviz as az

    r_hat, bulk, tail = {}, {}, {}
    for tier, draws in people.items():
        r_hat[tier] = float(az.rhat(draws))
        bulk[tier] = float(az.ess(draws, method="bulk"))
        # The tails that the intervals use: 2.5 and 97.5 per cent.
        tail[tier] = min(float(az.ess(draws, method="quantile", prob=p)) for p in (0.025, 0.975))
    return Convergence(r_hat, bulk, tail, int(np.sum(diverging)), int(np.size(diverging)))
