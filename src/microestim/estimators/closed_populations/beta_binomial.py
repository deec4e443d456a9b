"""Chances of capture that follow a beta distribution among people: beta-binomial numbers of captures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError
from microestim.estimators.closed_populations.ability_chances import urn_chance
from microestim.estimators.closed_populations.counts import MarginCounts
from microestim.estimators.closed_populations.family import FamilyFit, settle
from microestim.estimators.closed_populations.history_sizes import HistoryProfile, climb_near
from microestim.estimators.closed_populations.likelihood import (
    HistoryModel,
    Surface,
    climb,
    conditional_surface,
)
from microestim.estimators.closed_populations.margin_refusals import refuse_what_cannot_be

__all__ = ["BetaBinomial", "fit_beta_binomial"]

Array = npt.NDArray[np.float64]
# Below this dispersion, 1 / (a + b), chances of capture are one number.
NO_SPREAD = 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class BetaBinomial(HistoryModel):
    r"""Probability of a history of k of t captures: a ratio of beta functions.

    Parameters
    ----------
    f_k : ndarray, shape (t,)
        People captured k times, k = 1 first.
    spread : bool
        Whether chances differ at all; if not, the dispersion is 0 and only the mean is a parameter.

    Notes
    -----
    With mean chance :math:`\mu` and dispersion :math:`\gamma = 1 / (a + b)`,
    :math:`P = \prod_{r < k} (\mu + r \gamma) \prod_{r < t - k} (1 - \mu + r \gamma) /
    \prod_{r < t} (1 + r \gamma)`. Parameters are the logit of the mean and the log of the dispersion.
    """

    f_k: Array
    spread: bool = True

    @property
    def people(self) -> float:
        """People seen."""
        return float(self.f_k.sum())

    def parts(self, theta: Array) -> tuple[Surface, Surface]:
        """See `HistoryModel`."""
        t = len(self.f_k)
        mu = float(np.exp(-np.logaddexp(0, -theta[0])))
        rest = float(np.exp(-np.logaddexp(0, theta[0])))
        gamma = float(np.exp(theta[1])) if self.spread else 0.0
        r = np.arange(t, dtype=float)
        hit, miss, all_ = mu + r * gamma, rest + r * gamma, 1 + r * gamma

        def sums(terms: Array) -> Array:
            return np.concatenate([[0.0], np.cumsum(terms)])

        k = np.arange(t + 1)
        value = sums(np.log(hit))[k] + sums(np.log(miss))[t - k] - sums(np.log(all_))[t]
        by_mu = sums(1 / hit)[k] - sums(1 / miss)[t - k]
        by_gamma = sums(r / hit)[k] + sums(r / miss)[t - k] - sums(r / all_)[t]
        mu_mu = -sums(1 / hit**2)[k] - sums(1 / miss**2)[t - k]
        mu_gamma = -sums(r / hit**2)[k] + sums(r / miss**2)[t - k]
        gamma_gamma = -sums((r / hit) ** 2)[k] - sums((r / miss) ** 2)[t - k] + sums((r / all_) ** 2)[t]
        slope_mu = mu * rest
        # Derivatives by the logit of the mean and the log of the dispersion.
        slope = np.array([by_mu * slope_mu, by_gamma * gamma])
        bend = np.array(
            [
                [mu_mu * slope_mu**2 + by_mu * slope_mu * (rest - mu), mu_gamma * slope_mu * gamma],
                [mu_gamma * slope_mu * gamma, gamma_gamma * gamma**2 + by_gamma * gamma],
            ]
        )
        if not self.spread:
            slope, bend = slope[:1], bend[:1, :1]
        seen = Surface(
            value=float(self.f_k @ value[1:]), slope=slope[:, 1:] @ self.f_k, bend=bend[:, :, 1:] @ self.f_k
        )
        return seen, Surface(value=float(value[0]), slope=slope[:, 0], bend=bend[:, :, 0])

    def chances(self, theta: Array) -> Array:
        """See `HistoryModel`."""
        t = len(self.f_k)
        mu = float(np.exp(-np.logaddexp(0, -theta[0])))
        gamma = float(np.exp(theta[1])) if self.spread else 0.0
        occasion, before = np.indices((t, t + 1))
        return np.where(before <= occasion, urn_chance(mu, gamma, occasion, before), 0.0)


def fit_beta_binomial(name: str, counts: MarginCounts, *, near: Array | None = None) -> FamilyFit:
    """Fit Mh with chances of capture that follow a beta distribution.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : MarginCounts
        The data.
    near : ndarray, optional
        Parameters of a fit to similar data: the search begins there, and elsewhere only where it ends without
        a maximum.

    Returns
    -------
    FamilyFit
        The fit; with a dispersion at its boundary 0, that of M0, and it says so.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum: chances of capture so near 0 that the size runs to infinity.
    InputError
        Without a number of occasions, for which a beta distribution has no meaning.
    """
    if counts.occasions is None:
        raise InputError(
            f"{name} needs a number of occasions: give FrequencyCounts(..., occasions=), or use "
            "truncated_counts(counts, family='negbin'), which is its limit."
        )
    refuse_what_cannot_be(name, counts, by_occasion=False)
    t = counts.occasions
    share = float(counts.f_k @ np.arange(1, t + 1)) / (t * 1.25 * counts.n_observed)
    logit = np.log(share / (1 - share))
    plain = BetaBinomial(f_k=counts.f_k, spread=False)
    model = BetaBinomial(f_k=counts.f_k)
    starts = [np.array([logit - 0.7 * np.sqrt(gamma), np.log(gamma)]) for gamma in (0.01, 0.1, 0.5, 2.0)]
    # Without a dispersion among its parameters, a fit at the boundary is no place to begin at.
    found_near = climb_near(model, near) if near is not None and len(near) == 2 else None
    if found_near is not None:
        peak = found_near
    else:
        peak = climb(model, max(starts, key=lambda start: conditional_surface(model, start).value))
    none = climb(plain, np.array([logit]))
    why = "chances of capture near 0 become so common that the size runs to infinity"
    flat = float(np.exp(peak.theta[1])) < NO_SPREAD or peak.at.value <= none.at.value + 1e-9
    if flat and none.converged:
        at, fit = plain, settle(name, counts, plain, none, why=why)
        gamma = 0.0
        reason = (
            "the dispersion of the chances of capture is at its boundary 0: the data show no heterogeneity, "
            "and this is the estimate of M0, whose error takes that as known"
        )
        theta = none.theta
    else:
        at, fit = model, settle(name, counts, model, peak, why=why)
        gamma, reason, theta = float(np.exp(peak.theta[1])), "", peak.theta
    mu = float(1 / (1 + np.exp(-theta[0])))
    low = np.array([none.theta[0], -12.0])
    return FamilyFit(
        model=at,
        fit=fit,
        profile=HistoryProfile(model=model, starts=(low, peak.theta) if flat else (peak.theta, low)),
        parameters=3,
        chances=np.array([mu]),
        coefficients={"mean": mu, "dispersion": gamma},
        reason=reason,
    )
