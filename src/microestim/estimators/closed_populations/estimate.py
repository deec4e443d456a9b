"""What a model of a closed population gives: the size, its intervals, and how well the model fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.bootstrap import Resampler
from microestim.estimators.closed_populations.counts import MarginCounts
from microestim.estimators.closed_populations.goodness import (
    GoodnessOfFit,
    Refit,
    expected_counts,
    goodness_of_fit,
)
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.profile import SizeProfile
from microestim.estimators.closed_populations.resample_chunks import resampled_sizes
from microestim.estimators.percentiles import percentile_interval
from microestim.results import FittedEstimate, Interval, Rng, format_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClosedEstimate"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClosedEstimate(FittedEstimate):
    """The size of a closed population under one model, with the fit that it comes from.

    Parameters
    ----------
    model : str
        The model, such as ``"Mth"``.
    heterogeneity : Heterogeneity or None
        Shape of unequal catchability, for Mh, Mth and Mtbh.
    capture_probabilities : ndarray
        Chance that a person is captured: one for all occasions, or one for each; for Mb and Mbh of a
        first capture. Averages over people where they differ. Empty where there are no occasions.
    recapture_probability : float or None
        Chance of a recapture on a later occasion, for Mb and Mbh.
    coefficients : dict of str to float
        Coefficients of the shape of heterogeneity, and of the reaction in Mtb and Mtbh (on the logit scale).
    deviance : float or None
        Twice the gap between the log-likelihood and that of counts that are their own expectations. None
        where counts by history are not known, since that gap is between them.
    asymptotic_bias : float or None
        First-order bias of the estimate, in people; None for models that are not log-linear in the number of
        captures: those with a reaction, and distributions of ability.

    Examples
    --------
    >>> from microestim.capture import Captures
    >>> from microestim.estimators.closed_populations import closed
    >>> closed(Captures.from_counts({"10": 411, "01": 411, "11": 89}), "Mt")
    <Mt: 2,810 people, se 240, 911 seen>
    """

    model: str
    heterogeneity: Heterogeneity | None
    capture_probabilities: Array
    recapture_probability: float | None
    coefficients: dict[str, float]
    deviance: float | None
    asymptotic_bias: float | None
    _profile: SizeProfile = field(repr=False)
    _resampler: Resampler = field(repr=False)
    _counts: MarginCounts = field(repr=False)
    _refit: Refit = field(repr=False)

    @property
    def multinomial_maximum(self) -> float:
        """Size at which the multinomial likelihood is highest, in people: where the profile has its peak."""
        return self._profile.maximum()

    @property
    def params(self) -> dict[str, float]:
        """Parameters at the maximum, and the size at which the multinomial likelihood is highest.

        ``p``, or ``p1``, ``p2``, ... where the chance of a (first) capture depends on the occasion; ``c``,
        the chance of a recapture; ``tau`` or ``eta3``, ``eta4``, ... of the shape of heterogeneity;
        ``multinomial_maximum``, in people.
        """
        chances = self.capture_probabilities.tolist()
        names = ["p"] if len(chances) == 1 else [f"p{place}" for place in range(1, len(chances) + 1)]
        params = dict(zip(names, chances, strict=True))
        if self.recapture_probability is not None:
            params["c"] = self.recapture_probability
        return params | self.coefficients | {"multinomial_maximum": self.multinomial_maximum}

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("profile", "lognormal", "wald", "bootstrap")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method == "bootstrap":
            return self._bootstrap(level, rng, n_resamples)
        if method != "profile":
            return super()._make_interval(method, level, rng, n_resamples)
        return self._profile.interval(level)

    def _bootstrap(self, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        assert self.n_observed is not None
        sizes = resampled_sizes(self._resampler, rng=rng, n_resamples=n_resamples)
        return percentile_interval(sizes, level=level, floor=float(self.n_observed))

    def expected(self, of: Literal["captures", "histories"] = "captures") -> pd.DataFrame:
        """Lay expected beside observed numbers of people, with Pearson's residuals.

        Parameters
        ----------
        of : {"captures", "histories"}, default "captures"
            By number of captures, or by history: those that were observed, and all others together.

        Returns
        -------
        pandas.DataFrame
            Columns `captures` or `history`, `observed`, `expected` (people) and `pearson_residual`,
            (observed - expected) / sqrt(expected).

        Raises
        ------
        NotEstimableError
            If the data do not say what was observed.

        Notes
        -----
        A history has the product of the chances of its captures, each given the captures before it; only
        histories that were observed are listed, so the cost follows them and never 2^t.

        Examples
        --------
        >>> from microestim.capture import Captures
        >>> from microestim.estimators.closed_populations import closed
        >>> found = closed(Captures.from_counts({"10": 40, "01": 30, "11": 20}), "M0")
        >>> found.expected("histories")["expected"].round(1).tolist()
        [35.0, 35.0, 20.0, 0.0]
        """
        return expected_counts(self._resampler, self._counts, of)

    def goodness_of_fit(self, *, rng: Rng = None, n_resamples: int | None = None) -> GoodnessOfFit:
        """Compare the data with data drawn from the fitted model.

        Parameters
        ----------
        rng : int, Generator, SeedSequence or None
            Source of randomness.
        n_resamples : int, optional
            Data sets drawn; 1,000 unless given.

        Returns
        -------
        GoodnessOfFit
            The deviance, and Pearson's chi-square of the numbers captured once, twice, ..., each with the
            share of data sets in which it is as large, (1 + larger) / (1 + fitted).

        Raises
        ------
        NotEstimableError
            If the counts are not known, or no data set drawn has an estimate.

        Notes
        -----
        Most histories are rare, so the deviance has no chi-square distribution; drawing from the model gives
        the one that it has. Data sets are drawn by history and fitted one by one, through joblib: some
        milliseconds each, and more with tens of thousands of distinct histories. The search of a model with a
        likelihood of its own begins at the parameters of this fit.
        """
        if self.deviance is None:
            raise NotEstimableError("there is no deviance: the counts by history are not known.")
        return goodness_of_fit(
            self._resampler,
            self._counts,
            method=self.method,
            deviance=self.deviance,
            df_resid=self.df_resid,
            fit=self._refit,
            rng=rng,
            n_resamples=n_resamples,
        )

    def _drawn_from(self) -> tuple[Resampler, MarginCounts]:
        return self._resampler, self._counts

    def _extra_rows(self) -> list[tuple[str, str]]:
        fit = "not known: the counts by history are not"
        if self.deviance is not None:
            fit = f"{self.deviance:,.2f} on {self.df_resid:,} degrees of freedom"
        criteria = f"{self.aic:,.2f}, {self.bic:,.2f}"
        if self.deviance is None:
            criteria += " (for differences between models only: without the constant of the histories)"
        rows = [("deviance", fit), ("AIC, BIC", criteria)]
        chances = self.capture_probabilities
        if len(chances):
            low, high = format_share(float(chances.min())), format_share(float(chances.max()))
            rows.append(("capture", low if low == high else f"{low} to {high}"))
        if self.recapture_probability is not None:
            rows.append(("recapture", format_share(self.recapture_probability)))
        rows += [(name, f"{value:.4g}") for name, value in self.coefficients.items()]
        return rows
