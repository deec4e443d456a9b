"""The exact posterior of a closed population's size from two samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError, PriorError
from microestim.estimators.references import CASTLEDINE_1981, RIVEST_YAUCK_2023
from microestim.estimators.two_samples.estimates import ASSUMPTIONS, check_counts
from microestim.estimators.two_samples.size_laws import (
    ReciprocalLaw,
    SizeLaw,
    TableLaw,
    WaringLaw,
    hypergeometric_loglik,
)
from microestim.estimators.two_samples.waring import first_reached
from microestim.results import Estimate, Interval, Rng, floored_interval, format_number

__all__ = ["SizePrior", "TwoSamplePosterior", "two_sample_posterior"]

SizePrior = (
    Literal["1/N", "uniform"]
    | tuple[Literal["waring"], float]
    | tuple[Literal["lognormal"], float, float]
    | tuple[npt.ArrayLike, npt.ArrayLike]
)
"""What `two_sample_posterior` accepts as its prior."""

_ACCEPTED = (
    "'1/N', 'uniform', ('waring', rho), ('lognormal', median, sigma), or a table (sizes, weights) of two "
    "sequences of equal length"
)
# Some hundred megabytes while it is made; beyond, a table is no longer the right tool.
_LARGEST_TABLE = 4_000_000
_LOST_MASS = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TwoSamplePosterior(Estimate):
    """A posterior distribution of N; `n_hat` is its median and `se` its standard deviation.

    Parameters
    ----------
    n1, n2, m : int
        People in each sample and in both.
    prior : str
        The prior in words.
    law : SizeLaw
        The distribution itself.

    Examples
    --------
    >>> posterior = two_sample_posterior(500, 500, 89)
    >>> posterior.n_hat, posterior.mode
    (2822.0, 2787.0)
    """

    n1: int
    n2: int
    m: int
    prior: str
    law: SizeLaw
    _error_name: ClassVar[str] = "posterior standard deviation"

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("equal-tailed", "highest density")

    @property
    def mean(self) -> float:
        """Posterior mean, in people; infinite where m is too small for the prior."""
        return self.law.moments()[0]

    @property
    def sd(self) -> float:
        """Posterior standard deviation, in people; infinite where m is too small for the prior."""
        return float(np.sqrt(self.law.moments()[1]))

    @property
    def mode(self) -> float:
        """Most probable N; the larger one where two are equally probable."""
        if isinstance(self.law, TableLaw):
            return float(self.law.sizes[int(np.argmax(self.law.logweights))])
        # Both closed forms have one peak, so the first fall is the peak.
        return first_reached(self._falls_after, float(self.n1 + self.n2 - self.m), float(self.n_hat))

    def _falls_after(self, size: float) -> bool:
        here, after = self.law.logpmf(np.array([size, size + 1]))
        return bool(after < here)

    def pmf(self, size: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the posterior probability of each size.

        Parameters
        ----------
        size : array_like
            Values of N, in people.

        Returns
        -------
        ndarray
            Probabilities; 0 where N is no whole number or below the number seen.

        Examples
        --------
        >>> float(two_sample_posterior(500, 500, 89).pmf(910))
        0.0
        """
        size = np.asarray(size, dtype=float)
        return np.where(size == np.floor(size), np.exp(self.law.logpmf(np.floor(size))), 0.0)

    def cdf(self, size: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the posterior probability of at most each size.

        Parameters
        ----------
        size : array_like
            Values of N, in people.

        Returns
        -------
        ndarray
            Probabilities.

        Examples
        --------
        >>> float(two_sample_posterior(500, 500, 89).cdf(2822).round(3))
        0.5
        """
        size = np.asarray(size, dtype=float)
        values = [1.0 - self.law.sf(float(value)) for value in size.ravel()]
        return np.reshape(np.asarray(values), size.shape)

    def quantile(self, probability: float) -> float:
        """Return the smallest N with at least this posterior probability at or below it.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            A whole number of people.

        Examples
        --------
        >>> two_sample_posterior(500, 500, 89).quantile(0.975)
        3382.0
        """
        if not 0 < probability < 1:
            raise InputError(f"probability is {probability!r}; it must lie strictly between 0 and 1.")
        return self.law.quantile(probability)

    def draws(self, size: int, rng: Rng = None) -> npt.NDArray[np.int64]:
        """Draw independent sizes from the posterior.

        Parameters
        ----------
        size : int
            How many.
        rng : int, Generator, SeedSequence or None
            Source of randomness.

        Returns
        -------
        ndarray of int
            Sizes in people, of shape (size,).

        Examples
        --------
        >>> two_sample_posterior(500, 500, 89).draws(3, rng=1).shape
        (3,)
        """
        if np.asarray(size).dtype.kind not in "iu" or size < 1:
            raise InputError(f"size is {size!r}; give a whole number of draws of at least 1.")
        return self.law.sample(int(size), np.random.default_rng(rng))

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        del rng, n_resamples
        kind = f"credible: {method}"
        if method == "equal-tailed":
            tail = (1 - level) / 2
            low, high = self.law.quantile(tail), self.law.quantile(1 - tail)
        else:
            low, high = self._shortest(level)
        return floored_interval(low, high, level=level, kind=kind, floor=float(self.n1 + self.n2 - self.m))

    def _shortest(self, level: float) -> tuple[float, float]:
        """Shortest run of sizes with at least the level; for one peak, the highest-density set."""
        if isinstance(self.law, TableLaw):
            sizes = self.law.sizes
            below = np.concatenate(([0.0], np.cumsum(self.pmf(sizes))))
            # The last starting point from which the level can still be reached, rounding aside.
            starts = np.flatnonzero(below[:-1] <= max(below[-1] - level, 0.0))
            ends = np.searchsorted(below, below[starts] + min(level, below[-1]) - 1e-15) - 1
            ends = np.clip(ends, starts, len(sizes) - 1)
            best = int(np.argmin(sizes[ends] - sizes[starts]))
            return float(sizes[starts[best]]), float(sizes[ends[best]])
        seen, mode = float(self.n1 + self.n2 - self.m), self.mode

        def edges(cut: float) -> tuple[float, float]:
            low = first_reached(lambda n: self._logpmf(n) >= cut, seen, mode) if mode > seen else seen
            high = first_reached(lambda n: self._logpmf(n + 1) < cut, mode, 2 * mode)
            return low, high

        def mass(low: float, high: float) -> float:
            return self.law.sf(low - 1) - self.law.sf(high)

        top = self._logpmf(mode)
        bottom = top - 1.0
        while mass(*edges(bottom)) < level:
            bottom = top - 2 * (top - bottom)
        for _ in range(45):
            middle = 0.5 * (bottom + top)
            if mass(*edges(middle)) >= level:
                bottom = middle
            else:
                top = middle
        return edges(bottom)

    def _logpmf(self, size: float) -> float:
        return float(self.law.logpmf(np.array(size)))

    def _extra_rows(self) -> list[tuple[str, str]]:
        mean = format_number(self.mean, self.sd) if np.isfinite(self.mean) else "infinite: m is too small"
        return [
            ("the value is", "the posterior median"),
            ("posterior mean", mean),
            ("prior", self.prior),
            ("samples", f"n1 = {self.n1:,}, n2 = {self.n2:,}, m = {self.m:,}"),
        ]


def two_sample_posterior(n1: int, n2: int, m: int, *, prior: SizePrior = "1/N") -> TwoSamplePosterior:
    r"""Compute the exact posterior of N from two samples, with no truncation and no sampling.

    Parameters
    ----------
    n1, n2 : int
        People in the first and in the second sample.
    m : int
        People in both.
    prior : {"1/N", "uniform"} or tuple, default "1/N"
        Prior of N, over whole numbers. ``("waring", rho)`` is N! / Γ(N + 2 + rho), about N^-(1 + rho):
        proper for rho > 0, and 1 / (N + 1) for rho = 0. ``("lognormal", median, sigma)`` is the log-normal
        density at whole numbers. ``(sizes, weights)`` is a table; sizes that are not in it are impossible.

    Returns
    -------
    TwoSamplePosterior
        `n_hat` is the median, in people.

    Raises
    ------
    NotEstimableError
        If the posterior is improper: the message says how many recaptures the prior needs.
    PriorError
        If the prior is unknown, has impossible values, or excludes every size the data allow.
    InputError
        If the counts cannot be those of two samples, or are arrays.

    Notes
    -----
    The likelihood is hypergeometric: n1 and n2 are taken as given. It falls off as N^-m, so a posterior is
    proper when the prior times N^-m has a finite sum. That needs m of at least 2 for the uniform prior and
    1 for 1/N and for ``("waring", 0)``; the mean needs one more, the variance two more. In the number not
    seen, the uniform and Waring priors give a generalized Waring distribution [1]_ with parameters
    n1 - m + 1, n2 - m + 1 and m - 1, or m + rho; 1/N [2]_ gives a mixture of them. Their tails are finite
    sums. A log-normal prior is added up until what is left is proved to be below 1e-12.

    References
    ----------
    .. [1] Rivest, L.-P. & Yauck, M. (2023). Small sample inference for two-way capture recapture
       experiments. doi:10.48550/arXiv.2307.11705
    .. [2] Castledine, B. J. (1981). A Bayesian analysis of multiple-recapture sampling for a closed
       population. Biometrika 68(1), 197-210. doi:10.1093/biomet/68.1.197

    Examples
    --------
    >>> posterior = two_sample_posterior(500, 500, 89)
    >>> print(posterior.interval())
    95 % credible interval (equal-tailed): 2,400 to 3,380
    """
    arrays = check_counts(n1, n2, m)
    if arrays[2].ndim:
        raise InputError("two_sample_posterior() takes one pair of samples; call it once for each.")
    size1, size2, both = (int(count) for count in arrays)
    law, words = _law(size1, size2, both, prior)
    values: dict[str, Any] = {"n1": size1, "n2": size2, "m": both}
    return TwoSamplePosterior(
        n_hat=law.quantile(0.5),
        se=float(np.sqrt(law.moments()[1])),
        n_observed=float(size1 + size2 - both),
        method=f"exact posterior, prior {words}",
        assumptions=(*ASSUMPTIONS, f"Before the data, N has the prior {words}."),
        reference=RIVEST_YAUCK_2023 if isinstance(law, WaringLaw) else CASTLEDINE_1981,
        prior=words,
        law=law,
        **values,
    )


def _law(n1: int, n2: int, m: int, prior: object) -> tuple[SizeLaw, str]:
    # Words are taken out by class first: comparing an array with a word would go element by element.
    match prior:
        case str() as name if name == "1/N":
            _refuse_improper(m, 1, "1/N")
            return ReciprocalLaw(n1, n2, m), "1/N"
        case str() as name if name == "uniform":
            _refuse_improper(m, 2, "uniform")
            return WaringLaw(n1, n2, m, m - 1.0), "uniform"
        case (str() as name, given) if name == "waring":
            rho = _number("waring", "rho", given, least=0.0)
            words = f"waring with rho = {rho:g}"
            _refuse_improper(m, 1 if rho == 0 else 0, words)
            return WaringLaw(n1, n2, m, m + rho), words
        case (str() as name, middle, spread) if name == "lognormal":
            median = _number("lognormal", "median", middle, least=0.0, strict=True)
            sigma = _number("lognormal", "sigma", spread, least=0.0, strict=True)
            words = f"log-normal with median {median:,g} and sigma {sigma:g}"
            return _lognormal_law(n1, n2, m, median, sigma), words
        case (sizes, weights) if not isinstance(sizes, str):
            return _table_law(n1, n2, m, sizes, weights)
    raise PriorError(f"prior is {prior!r}; it must be {_ACCEPTED}.")


def _refuse_improper(m: int, least: int, words: str) -> None:
    if m < least:
        raise NotEstimableError(
            f"With the prior {words} the posterior of N is improper for m = {m}: its probabilities have no "
            f"finite sum. This prior needs m >= {least}. A proper prior, such as ('waring', 0.5) or "
            "('lognormal', median, sigma), gives a posterior for every m."
        )


def _number(prior: str, name: str, value: Any, *, least: float, strict: bool = False) -> float:
    number = np.asarray(value)
    if number.ndim == 0 and number.dtype.kind in "iuf" and np.isfinite(number):
        found = float(number)
        if found > least or (found == least and not strict):
            return found
    bound = f"above {least:g}" if strict else f"of at least {least:g}"
    raise PriorError(f"prior {prior}: {name} is {value!r}; give a finite number {bound}.")


def _lognormal_law(n1: int, n2: int, m: int, median: float, sigma: float) -> TableLaw:
    from scipy.special import log_ndtr, logsumexp

    seen, centre = n1 + n2 - m, np.log(median)
    # Past the median the prior's density falls, so that its sum is at most its integral.
    last = int(max(2 * seen + 100, median))
    while True:
        if last - seen > _LARGEST_TABLE:
            raise PriorError(
                f"prior log-normal with median {median:,g} and sigma {sigma:g}: with m = {m} the posterior "
                f"cannot be shown to stay within {_LARGEST_TABLE:,} sizes. Give a smaller sigma, or a prior "
                "whose posterior has a closed form, such as ('waring', 0.5)."
            )
        sizes = np.arange(seen, last + 1, dtype=float)
        density = (
            -np.log(sizes) - np.log(sigma * np.sqrt(2 * np.pi)) - ((np.log(sizes) - centre) / sigma) ** 2 / 2
        )
        logweights = hypergeometric_loglik(sizes, n1, n2, m) + density
        # Beyond, the likelihood is at most what it is at its peak, or at the last size if that is later;
        # for m = 0 it rises towards 1.
        peak = max(float(last), n1 * n2 // max(m, 1))
        ceiling = float(hypergeometric_loglik(peak, n1, n2, m)) if m > 0 else 0.0
        beyond = ceiling + float(log_ndtr((centre - np.log(last)) / sigma))
        if beyond <= float(logsumexp(logweights)) + np.log(_LOST_MASS):
            return TableLaw(sizes, logweights)
        last = last * 3 // 2


def _table_law(n1: int, n2: int, m: int, sizes: Any, weights: Any) -> tuple[TableLaw, str]:
    support, mass = np.asarray(sizes), np.asarray(weights)
    if support.ndim != 1 or support.shape != mass.shape or not len(support):
        raise PriorError(
            f"prior table: sizes have shape {support.shape} and weights {mass.shape}; give two sequences of "
            "equal length."
        )
    if support.dtype.kind not in "iuf" or mass.dtype.kind not in "iuf":
        raise PriorError("prior table: sizes and weights must be numbers.")
    support, mass = support.astype(float), mass.astype(float)
    if not (np.isfinite(support) & (support == np.floor(support)) & (support > 0)).all():
        raise PriorError("prior table: every size must be a positive whole number.")
    if len(np.unique(support)) < len(support):
        raise PriorError("prior table: a size stands in it twice.")
    if not (np.isfinite(mass) & (mass >= 0)).all():
        raise PriorError("prior table: every weight must be a finite number of at least 0.")
    order = np.argsort(support)
    support, mass = support[order], mass[order]
    allowed = (support >= n1 + n2 - m) & (mass > 0)
    if not allowed.any():
        raise PriorError(
            f"prior table: no size with a positive weight reaches the {n1 + n2 - m:,} people seen; "
            f"the largest is {support[-1]:,.0f}."
        )
    support, mass = support[allowed], mass[allowed]
    law = TableLaw(support, hypergeometric_loglik(support, n1, n2, m) + np.log(mass))
    return law, f"table of {len(sizes):,} sizes"
