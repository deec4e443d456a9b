"""Likelihood of a closed population's size, all other parameters at their best."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.blas_threads import one_blas_thread
from microestim.estimators.closed_populations.margin_models import MarginModel
from microestim.estimators.two_samples.gamma_ratio import log_rising
from microestim.results import Interval, floored_interval

__all__ = ["LogLinearProfile", "RemovalProfile", "SizeProfile", "factorials_slope"]

Array = npt.NDArray[np.float64]
# A population that many times the number seen is beyond what any data of this kind can bound.
LARGEST_MULTIPLE = 1e7
# Relative precision of a limit; the profile itself is exact to some 1e-13.
PRECISION = 1e-10


class SizeProfile(ABC):
    """Multinomial log-likelihood of the size N of a population, maximised over all other parameters.

    Subclasses give the profile and its slope; N need not be a whole number.
    """

    @property
    @abstractmethod
    def n_observed(self) -> float:
        """People seen."""

    @abstractmethod
    def loglik(self, size: float) -> float:
        """Return the log-likelihood of a size, up to a constant.

        Parameters
        ----------
        size : float
            Size of the population, in people.

        Returns
        -------
        float
            The log-likelihood.
        """

    @abstractmethod
    def slope(self, size: float) -> float:
        """Return the derivative of `loglik` with respect to the size.

        Parameters
        ----------
        size : float
            Size of the population, in people.

        Returns
        -------
        float
            The derivative.
        """

    def maximum(self) -> float:
        """Return the size at which the profile is highest.

        Returns
        -------
        float
            In people; the number seen where the profile falls from there, and infinity where it has not
            begun to fall at ten million times the number seen.
        """
        from scipy.optimize import brentq

        seen = self.n_observed
        if self.slope(seen) <= 0:
            return seen
        above = 2 * seen
        while self.slope(above) > 0:
            above *= 4
            if above > LARGEST_MULTIPLE * seen:
                return float(np.inf)
        return float(brentq(self.slope, seen, above, xtol=PRECISION * seen, rtol=PRECISION))

    def limits(self, level: float) -> tuple[float, float]:
        r"""Return the sizes whose likelihood is near enough to the highest.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        low, high : float
            In people: :math:`2 \{\ell(\hat N) - \ell(N)\} = \chi^2_{1, level}` [1]_. The lower limit is the
            number seen where even that lies within; the upper is infinite where every size up to ten
            million times the number seen does.

        References
        ----------
        .. [1] Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed populations.
           Biometrics 48(2), 567-576. doi:10.2307/2532310
        """
        from scipy.optimize import brentq
        from scipy.special import chdtri

        seen, best = self.n_observed, self.maximum()
        top = LARGEST_MULTIPLE * seen if np.isinf(best) else best
        allowed = self.loglik(top) - float(chdtri(1, 1 - level)) / 2

        def above_allowed(size: float) -> float:
            return self.loglik(size) - allowed

        low = seen
        if best > seen and above_allowed(seen) < 0:
            low = float(brentq(above_allowed, seen, top, xtol=PRECISION * seen, rtol=PRECISION))
        width = max(best - seen, 1.0)
        high = best + width
        while high < LARGEST_MULTIPLE * seen:
            if above_allowed(high) < 0:
                # Where the maximum is the number seen itself, the bracket must begin just there.
                return low, float(brentq(above_allowed, best, high, xtol=PRECISION * seen, rtol=PRECISION))
            width *= 2
            high = best + width
        return low, float(np.inf)

    def interval(self, level: float, *, because: str = "") -> Interval:
        """Return the limits as an interval that says why it is endless.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        because : str
            What makes an upper limit infinite, as a clause that ends with "that" and a space.

        Returns
        -------
        Interval
            Of people, from the number seen on.
        """
        low, high = self.limits(level)
        note = ""
        if np.isinf(high):
            note = (
                f"no upper limit: {because}the likelihood stays within the level for any size up to ten "
                "million times the number seen"
            )
        return floored_interval(
            low, high, level=level, kind="confidence: profile likelihood", floor=self.n_observed, note=note
        )


def factorials_slope(size: float, seen: float) -> float:
    """Return the derivative of log N! - log (N - n)! with respect to the size N.

    Parameters
    ----------
    size, seen : float
        Size of the population N and people seen n.

    Returns
    -------
    float
        The derivative.

    Examples
    --------
    >>> round(factorials_slope(10.0, 2.0), 6) == round(1 / 10 + 1 / 9, 6)
    True
    """
    from scipy.special import psi

    return float(psi(size + 1) - psi(size - seen + 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class LogLinearProfile(SizeProfile):
    """Profile of a log-linear model.

    Parameters
    ----------
    model : MarginModel
        The model and its data.
    near : tuple of ndarray
        Coefficients of the maximum given the people seen, and the columns of the shape that have one: where
        the search begins at every size, so that a value does not depend on those asked for before it.
    """

    model: MarginModel
    near: tuple[Array, npt.NDArray[np.intp]]
    _fitted: dict[float, tuple[float, float]] = field(default_factory=dict, init=False, repr=False)

    @property
    def n_observed(self) -> float:
        """People seen."""
        return self.model.counts.n_observed

    def _fit(self, size: float) -> tuple[float, float]:
        if size not in self._fitted:
            with one_blas_thread(self.model.parameters):
                best, kept = self.model.maximum(size, all_histories=True, near=self.near)
            statistic = self.model.design(kept).statistic
            kernel = float(best.theta @ statistic - size * best.moments.log_total)
            self._fitted[size] = kernel, float(best.moments.log_total)
        return self._fitted[size]

    def loglik(self, size: float) -> float:
        """See `SizeProfile`."""
        return self._fit(size)[0] + float(log_rising(size - self.n_observed + 1, self.n_observed))

    def slope(self, size: float) -> float:
        """See `SizeProfile`."""
        return factorials_slope(size, self.n_observed) - self._fit(size)[1]


@dataclass(frozen=True, kw_only=True, eq=False)
class RemovalProfile(SizeProfile):
    """Profile of a model in which first captures are all that tells of the size.

    Parameters
    ----------
    first : ndarray, shape (t,)
        First captures on each occasion.
    apart : bool
        Whether the first occasion has a probability of its own.
    """

    first: Array
    apart: bool

    @property
    def n_observed(self) -> float:
        """People seen."""
        return float(self.first.sum())

    def _parts(self, size: float) -> tuple[float, float, float, float]:
        """First occasion's captures, size left after it, captures after it, and occasions missed."""
        start = float(self.first[0]) if self.apart else 0.0
        rest = self.first[1:] if self.apart else self.first
        left = size - start
        caught = float(rest.sum())
        missed = float(rest @ np.arange(len(rest))) + len(rest) * (left - caught)
        return start, left, caught, missed

    def loglik(self, size: float) -> float:
        """See `SizeProfile`."""
        from scipy.special import xlog1py, xlogy

        start, left, caught, missed = self._parts(size)
        trials = caught + missed
        value = xlogy(caught, caught / trials) + xlog1py(missed, -caught / trials)
        value += xlogy(left, left / size) - start * np.log(size)
        return float(value + log_rising(size - self.n_observed + 1, self.n_observed))

    def slope(self, size: float) -> float:
        """See `SizeProfile`."""
        _, left, caught, missed = self._parts(size)
        occasions = len(self.first) - self.apart
        value = occasions * np.log1p(-caught / (caught + missed)) + np.log(left / size)
        return float(value + factorials_slope(size, self.n_observed))
