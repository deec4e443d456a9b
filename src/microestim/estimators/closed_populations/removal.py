"""Size of a closed population from catches that decline, because who is caught is taken out."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from microestim.capture import Captures
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.profile import RemovalProfile
from microestim.estimators.closed_populations.removal_models import log_survival
from microestim.estimators.references import ZIPPIN_1956
from microestim.results import FittedEstimate, Interval, Rng, format_share

__all__ = ["RemovalEstimate", "removal"]

Array = npt.NDArray[np.float64]

_ASSUMES = (
    "The population is closed but for the removals: nobody joins or leaves.",
    "Everybody has the same chance of being caught, the same on every occasion; if the easily caught go "
    "first, the number is too low.",
    "Catching one person makes another neither more nor less likely to be caught.",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RemovalEstimate(FittedEstimate):
    """The size of a population from successive removals.

    Parameters
    ----------
    catches : ndarray, shape (k,)
        People caught on each occasion.
    capture_probability : float
        Chance of being caught on an occasion.

    Examples
    --------
    >>> removal([38, 26, 12])
    <removal: 95 people, se 12, 76 seen>
    """

    catches: Array
    capture_probability: float
    _profile: RemovalProfile = field(repr=False)

    @property
    def multinomial_maximum(self) -> float:
        """Size at which the multinomial likelihood is highest (Moran 1951); the peak of the profile."""
        return self._profile.maximum()

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile", "lognormal", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method != "profile":
            return super()._make_interval(method, level, rng, n_resamples)
        return self._profile.interval(level, because="the catches decline so little that ")

    def _extra_rows(self) -> list[tuple[str, str]]:
        caught = ", ".join(f"{catch:,.0f}" for catch in self.catches)
        return [("catches", caught), ("capture", format_share(self.capture_probability))]


def removal(catches: npt.ArrayLike) -> RemovalEstimate:
    r"""Estimate the size of a closed population from successive removals, with one chance of being caught.

    Parameters
    ----------
    catches : array_like, shape (k,)
        People caught and taken out on each of two or more occasions of equal effort, in order.

    Returns
    -------
    RemovalEstimate
        In people: Zippin's estimate, which maximises the likelihood given the total. The profile interval is
        that of the multinomial likelihood, whose maximum (`multinomial_maximum`, Moran's) is slightly below.

    Raises
    ------
    NotEstimableError
        If the catches do not decline, or the first occasion caught everybody.
    InputError
        If there are fewer than two catches, or one is no count.

    Notes
    -----
    The catches are multinomial with :math:`N p q^{j - 1}`, and those never caught :math:`N q^k` [1]_ [2]_.
    With total T, q solves :math:`q / p - k q^k / (1 - q^k) = \sum_j (j - 1) c_j / T`,
    :math:`\hat N = T / (1 - \hat q^k)`, and the variance is
    :math:`N q^k (1 - q^k) / \{(1 - q^k)^2 - (k p)^2 q^{k - 1}\}` [2]_. There is a solution where the catches
    decline: the mean occasion of capture is before the middle. For two occasions it is
    :math:`c_1^2 / (c_1 - c_2)` [3]_. The same model for people who stay is ``closed(captures, "Mb")``.

    References
    ----------
    .. [1] Moran, P. A. P. (1951). A mathematical theory of animal trapping. Biometrika 38(3-4), 307-311.
       doi:10.1093/biomet/38.3-4.307
    .. [2] Zippin, C. (1956). An evaluation of the removal method of estimating animal populations. Biometrics
       12(2), 163-189. doi:10.2307/3001759
    .. [3] Seber, G. A. F. & Le Cren, E. D. (1967). Estimating population parameters from catches large
       relative to the population. Journal of Animal Ecology 36(3), 631-643. doi:10.2307/2818

    Examples
    --------
    >>> found = removal([38, 26, 12])
    >>> round(found.n_hat, 2), round(found.capture_probability, 3)
    (94.93, 0.416)
    """
    if isinstance(catches, Captures):
        raise InputError(
            "removal() takes the catch of each occasion, and was given Captures: removal(captures.u_i) "
            "takes the first captures for the catches, and closed(captures, 'Mb') is the same model."
        )
    try:
        caught = np.asarray(catches, dtype=float)
    except (TypeError, ValueError):
        caught = np.empty(0)
    wrong = ~(np.isfinite(caught) & (caught >= 0) & (caught == np.floor(caught)))
    if caught.ndim != 1 or len(caught) < 2 or wrong.any():
        raise InputError(
            f"catches is {catches!r}; give the people caught on each of two or more occasions, whole numbers "
            "from 0 on."
        )
    k, total = len(caught), float(caught.sum())
    if total == 0:
        raise NotEstimableError("nobody was caught, so there is nothing to estimate from.")
    listed = ", ".join(f"{catch:g}" for catch in caught)
    if caught[0] == total:
        raise NotEstimableError(
            f"everybody was caught on the first occasion ({listed}), so nobody is missing and the chance of "
            "being caught is 1."
        )
    before = float(caught @ np.arange(k)) / total
    if before >= (k - 1) / 2:
        raise NotEstimableError(
            f"removal needs catches that decline, and these do not: {listed}. The data set no upper limit to "
            "the population; catch on more occasions, or with more effort."
        )
    log_q = log_survival(k, before)
    q, p = np.exp(log_q), -np.expm1(log_q)
    never = q**k
    size = total / -np.expm1(k * log_q)
    information = (1 - never) ** 2 - (k * p) ** 2 * q ** (k - 1)
    return RemovalEstimate(
        n_hat=float(size),
        se=float(np.sqrt(size * never * (1 - never) / information)),
        n_observed=total,
        method="removal",
        assumptions=_ASSUMES,
        reference=ZIPPIN_1956,
        loglik=_loglik(caught, p, size),
        n_params=2,
        df_resid=k - 2,
        catches=caught,
        capture_probability=float(p),
        _profile=RemovalProfile(first=caught, apart=False),
    )


def _loglik(caught: Array, p: float, size: float) -> float:
    """Poisson log-likelihood of the catches, whose expectations sum to their total."""
    from scipy.special import gammaln

    expected = np.log(size * p) + np.arange(len(caught)) * np.log1p(-p)
    return float(caught @ expected - caught.sum() - np.sum(gammaln(caught + 1)))
