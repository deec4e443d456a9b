"""The range between the two readings of too many people seen once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.families import CountFamily, FittedFamily, Parameters
from microestim.estimators.frequency_counts.family_fit import fit_family
from microestim.estimators.frequency_counts.truncated import expected_ones, refuse_too_few_ones
from microestim.results import lognormal_limits

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["OneInflationCurve", "one_inflation_curve"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class OneInflationCurve:
    """How many people there are, by what those are who were seen once too often.

    Parameters
    ----------
    alpha : ndarray
        Share of the surplus people seen once who could have been seen again; shares from 0 to 1.
    f0 : ndarray
        People not seen, one number a share.
    se : ndarray
        Standard errors of `f0` plus the people seen.
    surplus : float
        People seen once beyond those that the family expects.
    family : str
        The distribution.
    counts : FrequencyCounts
        The counts.
    statistic, p_value : float or None
        Likelihood ratio of the family with one-inflation over the family without, and its p-value: half that
        of chi-squared with one degree of freedom, since the share of inflation is at its lower end without
        it. None where the family has no maximum without inflation.
    """

    alpha: Array
    f0: Array
    se: Array
    surplus: float
    family: str
    counts: FrequencyCounts
    statistic: float | None
    p_value: float | None

    @property
    def n_hat(self) -> Array:
        """People, one number a share."""
        return self.counts.n_observed + self.f0

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Export one row a share.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the log-normal limits.

        Returns
        -------
        pandas.DataFrame
            Columns `alpha`, `f0`, `estimate`, `se`, `ci_low`, `ci_high`, `ci_level`, `ci_kind`; people.

        Examples
        --------
        >>> curve = one_inflation_curve({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
        >>> curve.to_frame().shape
        (11, 8)
        """
        import pandas as pd

        # Of the number not seen, which adding and taking away the people seen would round to zero.
        low, high = lognormal_limits(self.f0, self.se, 0, level)
        return pd.DataFrame(
            {
                "alpha": self.alpha,
                "f0": self.f0,
                "estimate": self.n_hat,
                "se": self.se,
                "ci_low": self.counts.n_observed + low,
                "ci_high": self.counts.n_observed + high,
                "ci_level": level,
                "ci_kind": "confidence: log-normal",
            }
        )

    def plot(self, *, level: float = 0.95) -> Figure:
        """Draw the curve, its interval and its two ends.

        Parameters
        ----------
        level : float, default 0.95
            Level of the interval that is shaded.

        Returns
        -------
        matplotlib.figure.Figure
            As `microestim.plots.plot_one_inflation_curve`.

        Examples
        --------
        >>> len(one_inflation_curve({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}).plot().axes)
        1
        """
        # Upwards through the rooms, and so only when a figure is asked for.
        from microestim.plots.one_inflation import plot_one_inflation_curve

        return plot_one_inflation_curve(self, level=level)

    def __repr__(self) -> str:
        """Return one line."""
        low, high = self.n_hat.min(), self.n_hat.max()
        return (
            f"<OneInflationCurve, {self.family}: {low:,.0f} to {high:,.0f} people, "
            f"{self.surplus:,.1f} of {self.counts.singletons:,} seen once are surplus>"
        )


def one_inflation_curve(
    counts: CountsLike, *, family: CountFamily = "poisson", alpha: npt.ArrayLike | None = None
) -> OneInflationCurve:
    r"""Compute the number of people between the two readings of too many people seen once.

    One reading takes the surplus people seen once as people who are always seen exactly once, of whom
    nobody was missed; the other takes them as people like all others, who stopped after the first time. The
    counts cannot tell which, and any mixture of the two fits as well.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.
    family : {"poisson", "geometric", "negbin", "poisson-lognormal"}, default "poisson"
        Distribution of the times seen, fitted to the people seen twice or more.
    alpha : array_like, optional
        Shares of the surplus who are people like all others: 0 gives ``inflation="one-before"`` of
        `truncated_counts`, 1 gives ``"one-after"``. Eleven shares from 0 to 1 when None.

    Returns
    -------
    OneInflationCurve
        In people.

    Raises
    ------
    NotEstimableError
        If there are not too many people seen once, or the family has no maximum.
    InputError
        If a share is not between 0 and 1, or the counts do not fit.

    Notes
    -----
    With :math:`n_2` people seen twice or more, :math:`q = 1 - p_0 - p_1` and the surplus
    :math:`E = f_1 - n_2 p_1 / q`,

    .. math:: f_0(\alpha) = n_2 p_0 / q + \alpha E \, p_0 / (1 - p_0).

    Variance by the delta method, frequencies multinomial and the parameters from the observed information;
    at the ends it is that of `truncated_counts`. The test of one-inflation (`statistic`, `p_value`) takes the
    family for granted: rates that differ more than the family allows are rejected as well.

    References
    ----------
    .. [1] Godwin, R. T., Böhning, D. (2017). Estimation of the population size by using the one-inflated
       positive Poisson model. Journal of the Royal Statistical Society C 66(2), 425-448.
       doi:10.1111/rssc.12192

    Examples
    --------
    >>> one_inflation_curve({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <OneInflationCurve, poisson: 82 to 86 people, 29.9 of 43 seen once are surplus>
    """
    held = as_frequency_counts(counts)
    shares = np.linspace(0, 1, 11) if alpha is None else np.atleast_1d(np.asarray(alpha, dtype=float))
    if shares.ndim != 1 or not np.all((shares >= 0) & (shares <= 1)):
        raise InputError(f"alpha is {alpha!r}; give shares between 0 and 1.")
    fit = fit_family(held, family, 2)
    refuse_too_few_ones(held, fit)
    once, more = float(held[1]), fit.modelled

    def weights(eta: Parameters, share: float) -> tuple[complex, complex]:
        """People not seen that each one seen once, and each seen more often, stands for."""
        p0, p1 = fit.zero_one(eta)
        missed, rest = p0 / fit.at_least(1, eta), fit.at_least(2, eta)
        return share * missed, p0 / rest - share * missed * p1 / rest

    f0, se = np.empty(len(shares)), np.empty(len(shares))
    for place, share in enumerate(shares):

        def size(eta: Parameters, share: float = share) -> complex:
            a, b = weights(eta, share)
            return a * once + b * more

        a, b = (weight.real for weight in weights(fit.eta.astype(complex), share))
        f0[place] = a * once + b * more
        se[place] = np.sqrt(a * (1 + a) * once + b * (1 + b) * more + fit.variance_of(size))
    statistic, p_value = _likelihood_ratio(held, fit)
    return OneInflationCurve(
        alpha=shares,
        f0=f0,
        se=se,
        surplus=once - expected_ones(fit),
        family=family,
        counts=held,
        statistic=statistic,
        p_value=p_value,
    )


def _likelihood_ratio(counts: FrequencyCounts, fit: FittedFamily) -> tuple[float | None, float | None]:
    """Return twice the gain in log-likelihood of a share of inflation, and its p-value on the boundary."""
    from scipy.special import erfc

    try:
        plain = fit_family(counts, fit.family, 1)
    except NotEstimableError:
        return None, None
    once, more, seen = float(counts[1]), fit.modelled, float(counts.n_observed)
    split = more * np.log(more / seen) + (once * np.log(once / seen) if once else 0.0)
    statistic = max(2 * float(fit.loglik + split - plain.loglik), 0.0)
    return statistic, float(erfc(np.sqrt(statistic / 2))) / 2
