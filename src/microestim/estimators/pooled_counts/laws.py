"""How often people are seen whose rates follow a distribution: the likelihood of counts without their zero.

Integrals over the log of the rate are trapezoidal sums on one grid for all parameters. Both the law of the
counts and the density are analytic there, so the sums are good to more digits than the data have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import FrequencyCounts

__all__ = ["CountLikelihood", "Rates"]

Array = npt.NDArray[np.float64]
Rates = Literal["log-normal", "gamma"]

_LOWEST, _ROOM = -20.0, 8.0
"""Below e^-20 a rate adds less than 1e-8 to the chance of being seen; above e^8 everybody is seen."""
_STEP = 0.14
"""Step of the sums, for counts up to 25: the law of k counts has a width of 1 / sqrt(k) in the log rate."""
_BLOCK = 4_000
"""Pairs of parameters at a time, so that memory stays below some 20 MB."""


@dataclass(frozen=True)
class CountLikelihood:
    """The likelihood of one group's frequency counts, given that only people who were seen are counted.

    Parameters
    ----------
    counts : FrequencyCounts
        The counts. With occasions t a person of rate r is seen on each with chance 1 - exp(-r); without, the
        times seen are Poisson with mean r.
    rates : {"log-normal", "gamma"}
        Distribution of the rates.
    stopped : float or None
        Prior mean of the share of those seen who were stopped from being seen again; None where nobody was.
    """

    counts: FrequencyCounts
    rates: Rates
    stopped: float | None

    @cached_property
    def _nodes(self) -> Array:
        highest = max(_ROOM, np.log(self.counts.times_seen[-1]) + 4.0)
        return np.arange(_LOWEST, highest + self._step / 2, self._step)

    @cached_property
    def _step(self) -> float:
        return min(_STEP, 0.7 / float(np.sqrt(self.counts.times_seen[-1])))

    @cached_property
    def _chances(self) -> Array:
        """Chance of each class of times seen at each rate, and of being seen at all in the last row."""
        from scipy.special import gammaln

        x = self._nodes
        counts, t = self.counts, self.counts.occasions
        last = counts.times_seen[-1]
        rate = np.exp(x)

        def chance(k: Array) -> Array:
            if t is None:
                return np.asarray(np.exp(k[:, None] * x - rate - gammaln(k + 1.0)[:, None]))
            choose = gammaln(t + 1.0) - gammaln(k + 1.0) - gammaln(t - k + 1.0)
            log_seen = np.log(-np.expm1(-rate))
            return np.asarray(np.exp(choose[:, None] + k[:, None] * log_seen - (t - k)[:, None] * rate))

        seen = -np.expm1(-(rate if t is None else t * rate))
        if counts.last_is_pooled:
            every = chance(np.arange(1.0, last))
            own = [every[k - 1] for k in counts.times_seen[:-1]]
            rows = [*own, np.maximum(seen - every.sum(0), 0.0)]
        else:
            rows = list(chance(np.array(counts.times_seen, dtype=float)))
        return np.array([*rows, seen]) * self._step

    def _density(self, u: Array, v: Array) -> Array:
        """Density of the log rate at the nodes, shape (pairs, nodes)."""
        from scipy.special import gammaln

        x = self._nodes
        if self.rates == "log-normal":
            spread = np.exp(v)[:, None]
            z = (x - u[:, None]) / spread
            return np.asarray(np.exp(-0.5 * z * z) / (spread * np.sqrt(2.0 * np.pi)))
        shape = np.exp(v)[:, None]
        # Of mean e^u: the scale is e^u / shape.
        log_scaled = x - u[:, None] + v[:, None]
        return np.asarray(np.exp(shape * log_scaled - np.exp(log_scaled) - gammaln(shape)))

    def log_likelihood(self, u: Array, v: Array) -> tuple[Array, Array]:
        """Give the log-likelihood, and the log of the chance of being seen at all.

        Parameters
        ----------
        u : ndarray
            Log of the median rate (log-normal) or of the mean rate (gamma).
        v : ndarray, of the shape of `u`
            Log of the standard deviation of the log rate (log-normal), or of the shape (gamma).

        Returns
        -------
        log_likelihood, log_seen : ndarray, of the shape of `u`
            The first without its multinomial constant.
        """
        shape = np.shape(u)
        flat_u, flat_v = np.ravel(u), np.ravel(v)
        value, seen = np.empty(len(flat_u)), np.empty(len(flat_u))
        for start in range(0, len(flat_u), _BLOCK):
            part = slice(start, start + _BLOCK)
            value[part], seen[part] = self._block(flat_u[part], flat_v[part])
        return value.reshape(shape), seen.reshape(shape)

    def _block(self, u: Array, v: Array) -> tuple[Array, Array]:
        sums = self._density(u, v) @ self._chances.T
        with np.errstate(divide="ignore"):
            logs = np.log(sums)
        beyond = self._beyond(u, v)
        log_seen = np.log(sums[:, -1] + beyond)
        if self.counts.last_is_pooled or self.counts.times_seen[-1] == self.counts.occasions:
            with np.errstate(divide="ignore"):
                logs[:, -2] = np.log(sums[:, -2] + beyond)
        # A class whose chance is below the smallest number is impossible, not undefined.
        logs = np.clip(logs[:, :-1] - log_seen[:, None], -1e4, 0.0)
        people = np.array(self.counts.people, dtype=float)
        if self.stopped is not None:
            return self._with_stopped(logs, people), log_seen
        return np.maximum(logs @ people, -1e290), log_seen

    def _beyond(self, u: Array, v: Array) -> Array:
        """Share of people whose rates are above the last node: all of them are seen."""
        from scipy.special import gammaincc, ndtr

        last = self._nodes[-1] + self._step / 2
        if self.rates == "log-normal":
            return np.asarray(ndtr((u - last) / np.exp(v)))
        return np.asarray(gammaincc(np.exp(v), np.exp(np.minimum(last - u + v, 700.0))))

    def _with_stopped(self, logs: Array, people: Array) -> Array:
        """Integrate over the share w of those seen who were stopped, w ~ Beta(1, b).

        Seen once are p1 + w (1 - p1) = s, seen k times (1 - w) pk. With s for w the integral is that of
        s^f1 (1 - s)^(n - f1 + b - 1) from p1 to 1, an incomplete beta function.
        """
        from scipy.special import betaincc, betaln

        assert self.stopped is not None
        b = 1.0 / self.stopped - 1.0
        ones = float(people[0])
        power = float(people[1:].sum()) + b
        p1 = np.clip(np.exp(logs[:, 0]), 1e-300, 1.0 - 1e-15)
        with np.errstate(divide="ignore"):
            tail = np.log(betaincc(ones + 1.0, power, p1)) + betaln(ones + 1.0, power)
        # Where the incomplete beta function is below the smallest number, its leading term.
        slope = np.maximum((power - 1.0) / (1.0 - p1) - ones / p1, 1.0)
        leading = ones * np.log(p1) + (power - 1.0) * np.log1p(-p1) - np.log(slope)
        tail = np.where(np.isfinite(tail), tail, leading)
        value = logs[:, 1:] @ people[1:] + tail + np.log(b) - power * np.log1p(-p1)
        return np.asarray(np.maximum(value, -1e290))
