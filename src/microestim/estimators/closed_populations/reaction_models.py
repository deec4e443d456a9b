"""Models in which each occasion has its own chance of capture, and a first capture changes it: Mtb."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts
from microestim.estimators.closed_populations.family import FamilyFit, refuse_endless, settle
from microestim.estimators.closed_populations.history_sizes import HistoryProfile, climb_near
from microestim.estimators.closed_populations.likelihood import (
    HistoryModel,
    Surface,
    climb,
    conditional_surface,
)

__all__ = ["OccasionsAndReaction", "fit_occasions_and_reaction"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class OccasionsAndReaction(HistoryModel):
    r"""Mtb on the logit scale: an effect of each occasion, and one reaction to the first capture.

    Parameters
    ----------
    n_i : ndarray, shape (t,)
        People captured on each occasion.
    u_i : ndarray, shape (t,)
        People captured for the first time.

    Notes
    -----
    Chances of first capture are free, and :math:`\text{logit } c_i = \text{logit } p_i + b` of a recapture on
    occasions 2 to t [1]_. The likelihood depends on first captures and recaptures by occasion only:
    :math:`\prod_i p_i^{u_i} (1 - p_i)^{n - u_1 - \dots - u_i} c_i^{m_i} (1 - c_i)^{M_i - m_i}`, with
    :math:`m_i = n_i - u_i` and :math:`M_i = u_1 + \dots + u_{i-1}`.

    References
    ----------
    .. [1] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5). doi:10.18637/jss.v019.i05
    """

    n_i: Array
    u_i: Array

    @property
    def people(self) -> float:
        """People seen."""
        return float(self.u_i.sum())

    def parts(self, theta: Array) -> tuple[Surface, Surface]:
        """See `HistoryModel`."""
        t = len(self.n_i)
        logits, again = theta[:t], theta[:t] + theta[t]
        p, c = np.exp(-np.logaddexp(0, -logits)), np.exp(-np.logaddexp(0, -again))
        p_spread, c_spread = p * np.exp(-np.logaddexp(0, logits)), c * np.exp(-np.logaddexp(0, again))
        at_large = self.people - np.cumsum(self.u_i) + self.u_i
        known = np.cumsum(self.u_i) - self.u_i
        recaptured = self.n_i - self.u_i
        value = self.u_i @ logits - at_large @ np.logaddexp(0, logits)
        value += recaptured @ again - known @ np.logaddexp(0, again)
        slope, bend = np.empty(t + 1), np.zeros((t + 1, t + 1))
        excess, bent = recaptured - known * c, known * c_spread
        slope[:t] = self.u_i - at_large * p + excess
        slope[t] = excess.sum()
        bend[np.arange(t), np.arange(t)] = -at_large * p_spread - bent
        bend[:t, t] = bend[t, :t] = -bent
        bend[t, t] = -bent.sum()
        unseen = Surface(
            value=float(-np.logaddexp(0, logits).sum()),
            slope=np.append(-p, 0.0),
            bend=np.diag(np.append(-p_spread, 0.0)),
        )
        return Surface(value=float(value), slope=slope, bend=bend), unseen

    def chances(self, theta: Array) -> Array:
        """See `HistoryModel`."""
        t = len(self.n_i)
        logits = np.repeat(theta[:t, None] + theta[t], t + 1, axis=1)
        logits[:, 0] = theta[:t]
        return np.asarray(np.exp(-np.logaddexp(0, -logits)))


def fit_occasions_and_reaction(name: str, counts: ClosedCounts, *, near: Array | None = None) -> FamilyFit:
    """Fit Mtb.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : ClosedCounts
        The data.
    near : ndarray, optional
        Parameters of a fit to similar data: the search begins there, and elsewhere only where it ends without
        a maximum.

    Returns
    -------
    FamilyFit
        The fit.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum.
    """
    recaptured = counts.n_i - counts.u_i
    known = counts.n_observed - np.cumsum(counts.u_i[::-1])[::-1]
    if not recaptured.any():
        raise NotEstimableError(
            f"{name} extrapolates from people captured more than once, and nobody was: the data set no upper "
            "limit to the population."
        )
    if (recaptured == known).all():
        raise NotEstimableError(
            f"under {name} a recapture is certain, since everybody known was recaptured on every occasion: "
            "the reaction to the first capture runs to infinity."
        )
    empty = np.flatnonzero(counts.n_i == 0)
    if len(empty):
        raise NotEstimableError(
            f"{name} gives each occasion its own probability of capture, and nobody was captured on occasion "
            f"{empty[0] + 1}. Drop the occasion: it says nothing of the number of people."
        )
    model = OccasionsAndReaction(n_i=counts.n_i, u_i=counts.u_i)
    peak = None if near is None else climb_near(model, near)
    if peak is None:
        tries = [(missed, reaction) for missed in (0.1, 0.5, 2.0) for reaction in (-1.0, 0.0, 1.0)]
        starts = [_start(counts, missed, reaction) for missed, reaction in tries]
        starts.sort(key=lambda start: -conditional_surface(model, start).value)
        peak = max((climb(model, start) for start in starts[:2]), key=lambda end: end.at.value)
    if np.abs(peak.theta).max() > 30:
        raise refuse_endless(name, counts, "a chance of capture runs to 0 or 1")
    why = "first captures decline no more than chances by occasion explain, and the size runs to infinity"
    found = settle(name, counts, model, peak, why=why)
    t = counts.t
    return FamilyFit(
        model=model,
        fit=found,
        profile=HistoryProfile(model=model, starts=(peak.theta,)),
        parameters=t + 2,
        chances=1 / (1 + np.exp(-peak.theta[:t])),
        coefficients={"reaction": float(peak.theta[t])},
    )


def _start(counts: ClosedCounts, missed: float, reaction: float) -> Array:
    """Effects of a population larger by a factor than what was seen, with a reaction to the first capture."""
    at_large = counts.n_observed * (1 + missed) - np.cumsum(counts.u_i) + counts.u_i
    known = np.cumsum(counts.u_i) - counts.u_i
    # Of those at large a first capture says the chance; of those known, a recapture with its reaction undone.
    share = (counts.u_i + 0.5) / (at_large + 1)
    logits = np.log(share / (1 - share))
    if reaction == 0:
        both = (counts.n_i + 0.5) / (at_large + known + 1)
        logits = np.log(both / (1 - both))
    return np.append(logits, reaction)
