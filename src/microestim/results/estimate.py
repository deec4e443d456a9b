"""What every estimator returns: a number, its error, what was seen, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.results.estimand import FRAME_COLUMNS, Estimand
from microestim.results.interval import Interval, check_level, floored_interval
from microestim.results.rounding import ROUNDING_RULE, format_number
from microestim.results.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from microestim.results.reference import Reference

__all__ = ["STATUSES", "Estimate", "Rng", "lognormal_limits", "normal_quantile"]

STATUSES = ("estimated", "bound", "not estimable")
"""Every status an estimate can have; a bound is a limit and not a central value."""

Rng = int | np.random.Generator | np.random.SeedSequence | None
"""What `rng` accepts everywhere (SPEC 7); normalised by `numpy.random.default_rng`."""

Numbers = float | npt.NDArray[np.float64]
Words = str | npt.NDArray[np.str_]


def normal_quantile(level: float) -> float:
    """Return the two-sided quantile of the normal distribution, 1.96 for 0.95.

    Parameters
    ----------
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    float
        The z with probability `level` between -z and z.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + check_level(level) / 2))


def lognormal_limits(
    n_hat: npt.ArrayLike, se: npt.ArrayLike, seen: npt.ArrayLike, level: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    r"""Limits that are symmetric on the log of the number *not* seen.

    With :math:`f_0 = \hat N - n` the number not seen, the limits are :math:`n + f_0 / C` and
    :math:`n + f_0 C`, where :math:`C = \exp\{z \sqrt{\log(1 + se^2 / f_0^2)}\}` [1]_. With nothing seen
    (n = 0) this is the ordinary log-normal interval of N.

    Parameters
    ----------
    n_hat : array_like
        Estimates.
    se : array_like
        Their standard errors, same unit.
    seen : array_like
        Distinct people seen; the limits start there.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray
        nan where the estimate is not above the number seen while its error is not zero: the
        construction does not exist there.

    References
    ----------
    .. [1] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. Biometrics 43(4), 783-791. doi:10.2307/2531532

    Examples
    --------
    >>> low, high = lognormal_limits(1000.0, 100.0, 0, 0.95)
    >>> round(float(low * high))
    1000000
    """
    estimate, error, floor = (np.asarray(a, dtype=float) for a in np.broadcast_arrays(n_hat, se, seen))
    unseen = estimate - floor
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = np.exp(normal_quantile(level) * np.sqrt(np.log1p((error / unseen) ** 2)))
        low, high = floor + unseen / spread, floor + unseen * spread
    exists = (unseen > 0) & np.isfinite(error)
    exact = (unseen >= 0) & (error == 0)
    low = np.where(exact, estimate, np.where(exists, low, np.nan))
    high = np.where(exact, estimate, np.where(exists, high, np.nan))
    return low, high


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Estimate:
    """An estimate of a size, or an array of them, with what is needed to defend it.

    Parameters
    ----------
    n_hat : float or ndarray
        The estimate, in `estimand.unit`; nan where there is none.
    se : float or ndarray or None
        Standard error in the same unit; None when the inputs carried no sampling error.
    n_observed : float or ndarray or None
        Distinct units seen; no interval starts below. None when nobody was counted one by one.
    status : str or ndarray of str
        One of `STATUSES`.
    method : str
        Name of the estimator.
    assumptions : tuple of str
        What must hold, one sentence each.
    reference : Reference or None
        Where the estimator comes from.
    estimand : Estimand
        What the number is a number of.
    reason : str or ndarray of str
        Why an estimate is a bound or does not exist; empty otherwise.

    Raises
    ------
    InputError
        If a status is not in the list.

    Notes
    -----
    An estimate is never clipped: one that lies below the number seen is returned as it is. Only limits
    have a floor.

    Examples
    --------
    >>> estimate = Estimate(n_hat=1000.0, se=100.0, method="sum")
    >>> estimate
    <sum: 1,000 people, se 100>
    >>> print(estimate.interval(method="wald"))
    95 % confidence interval (Wald): 804 to 1,196
    """

    n_hat: Numbers
    se: Numbers | None = None
    n_observed: Numbers | None = None
    status: Words = "estimated"
    method: str
    assumptions: tuple[str, ...] = ()
    reference: Reference | None = None
    estimand: Estimand = field(default_factory=Estimand)
    reason: Words = ""

    def __post_init__(self) -> None:
        """Check the status."""
        unknown = set(np.unique(np.asarray(self.status)).tolist()) - set(STATUSES)
        if unknown:
            raise InputError(f"status {sorted(unknown)} is unknown; it must be one of {', '.join(STATUSES)}.")

    _error_name: ClassVar[str] = "standard error"

    # -- intervals -------------------------------------------------------------------------------

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return () if self.se is None else ("lognormal", "wald")

    def interval(
        self,
        level: float = 0.95,
        method: str | None = None,
        rng: Rng = None,
        n_resamples: int | None = None,
    ) -> Interval:
        """Compute an interval around the estimate.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level, or credibility, between 0 and 1.
        method : str, optional
            One of `interval_methods`; the first of them when None.
        rng : int, Generator, SeedSequence or None
            Source of randomness, for methods that resample; an error for the others.
        n_resamples : int, optional
            Number of resamples, for methods that resample; an error for the others.

        Returns
        -------
        Interval
            Limits in the unit of the estimate, never below the number seen; arrays for arrays.

        Raises
        ------
        InputError
            If the level, the method or an option does not fit.
        NotEstimableError
            If the inputs carried no error from which an interval could be made.

        Examples
        --------
        >>> e = Estimate(n_hat=1000.0, se=100.0, method="sum")
        >>> e.interval(0.9).kind
        'confidence: log-normal'
        """
        level = check_level(level)
        if not self.interval_methods:
            raise NotEstimableError(
                f"There is no sampling error in the inputs of this estimate ({self.method}), so no interval "
                "can be made from it. Give the standard errors of the inputs, or use a model that has them."
            )
        chosen = self.interval_methods[0] if method is None else method
        if chosen not in self.interval_methods:
            raise InputError(
                f"interval method {method!r} is unknown for {self.method}; "
                f"it must be one of {', '.join(self.interval_methods)}."
            )
        if chosen != "bootstrap" and (rng is not None or n_resamples is not None):
            raise InputError(
                f"rng and n_resamples belong to a bootstrap; the {chosen} interval draws nothing at random."
            )
        interval = self._make_interval(chosen, level, rng, n_resamples)
        if np.ndim(interval.low) == 0 and bool(np.isnan(interval.low) | np.isnan(interval.high)):
            raise NotEstimableError(interval.note or f"the {chosen} interval does not exist for these data.")
        return interval

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        # `interval` has refused rng and n_resamples already: neither construction here resamples.
        del rng, n_resamples
        n_hat = np.asarray(self.n_hat, dtype=float)
        se = np.asarray(self.se, dtype=float)
        floor = np.asarray(0.0 if self.n_observed is None else self.n_observed, dtype=float)
        if method == "wald":
            z = normal_quantile(level)
            low, high = n_hat - z * se, n_hat + z * se
            return floored_interval(low, high, level=level, kind="confidence: Wald", floor=floor)
        low, high = lognormal_limits(n_hat, se, floor, level)
        note = ""
        if np.isnan(low).any():
            note = (
                "no log-normal limits where the estimate does not exist or is not above the number seen; "
                f"other methods: {', '.join(name for name in self.interval_methods if name != method)}."
            )
        return floored_interval(low, high, level=level, kind="confidence: log-normal", floor=floor, note=note)

    # -- description -----------------------------------------------------------------------------

    def about(
        self,
        *,
        name: str | None = None,
        unit: str | None = None,
        scope: str | None = None,
        period: str | None = None,
        window: str | None = None,
        threshold: str | float | None = None,
        tier: str | None = None,
        platform: str | None = None,
        study: str | None = None,
    ) -> Self:
        """Return the same estimate with its estimand stated more fully.

        Parameters
        ----------
        name, unit, scope, period, window, threshold, tier, platform, study : optional
            Fields of `Estimand`; those left out stay as they are.

        Returns
        -------
        Estimate
            A copy; the numbers do not change.

        Examples
        --------
        >>> e = Estimate(n_hat=1000.0, method="sum")
        >>> e.about(scope="7 platforms").estimand.scope
        '7 platforms'
        """
        given: dict[str, Any] = {
            "name": name,
            "unit": unit,
            "scope": scope,
            "period": period,
            "window": window,
            "threshold": threshold,
            "tier": tier,
            "platform": platform,
            "study": study,
        }
        changes = {field: value for field, value in given.items() if value is not None}
        return replace(self, estimand=replace(self.estimand, **changes))

    def to_frame(self, level: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Export one row an estimate, in full precision.

        Parameters
        ----------
        level : float, default 0.95
            Level of the interval in the row.
        method : str, optional
            Interval method; the default one when None. An interval that resamples is not exported,
            since it would have to be seeded: call `interval` for it.

        Returns
        -------
        pandas.DataFrame
            Columns `FRAME_COLUMNS`; missing limits where there is no interval.

        Examples
        --------
        >>> e = Estimate(n_hat=1000.0, se=100.0, method="sum")
        >>> print(e.to_frame().loc[0, ["estimate", "se", "ci_kind"]].to_string())
        estimate                    1000.0
        se                           100.0
        ci_kind     confidence: log-normal
        """
        import pandas as pd

        if method == "bootstrap":
            raise InputError("a bootstrap interval needs a seed; call interval(method='bootstrap', rng=...).")
        n_hat = np.asarray(self.n_hat, dtype=float)
        columns: dict[str, Any] = dict.fromkeys(FRAME_COLUMNS)
        check_level(level)
        columns |= {"ci_low": np.nan, "ci_high": np.nan, "ci_level": np.nan}
        try:
            interval = self.interval(level, method)
        except NotEstimableError:
            if method is not None:
                raise
        else:
            columns |= {"ci_low": interval.low, "ci_high": interval.high}
            columns |= {"ci_level": interval.level, "ci_kind": interval.kind}
        columns |= {
            "study": self.estimand.study,
            "tier": self.estimand.tier,
            "platform": self.estimand.platform,
            "estimand": self.estimand.name,
            "method": self.method,
            "status": self.status,
            "estimate": n_hat,
            "se": np.nan if self.se is None else self.se,
            "unit": self.estimand.unit,
            "scope": self.estimand.scope,
            "period": self.estimand.period,
            "window": self.estimand.window,
            "threshold": self.estimand.threshold,
        }
        rows = {
            name: np.broadcast_to(np.asarray(value), n_hat.shape).ravel() if value is not None else None
            for name, value in columns.items()
        }
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS), index=range(n_hat.size))

    def __repr__(self) -> str:
        """Return one line."""
        unit = self.estimand.unit or "units"
        if np.ndim(self.n_hat):
            return f"<{self.method}: {np.size(self.n_hat)} estimates of {unit}>"
        error = self._scalar(self.se)
        parts = [f"{format_number(float(self.n_hat), error)} {unit}"]
        if error is not None and np.isfinite(error):
            parts.append(f"se {format_number(error, error)}")
        if self.n_observed is not None:
            parts.append(f"{float(self.n_observed):,.0f} seen")
        if self.status != "estimated":
            parts.append(str(self.status))
        return f"<{self.method}: {', '.join(parts)}>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()

    def table(self, level: float = 0.95) -> Table:
        """Return the estimate as a table for a reader, rounded by the declared rule.

        Parameters
        ----------
        level : float, default 0.95
            Level of the interval shown.

        Returns
        -------
        Table
            Two columns for one estimate; one row an estimate for an array.

        Examples
        --------
        >>> e = Estimate(n_hat=1000.0, se=100.0, method="sum")
        >>> e.table().columns
        ('sum', 'value')
        """
        return self._many(level) if np.ndim(self.n_hat) else self._one(level)

    def _one(self, level: float) -> Table:
        error = self._scalar(self.se)
        unit = self.estimand.unit or "units"
        rows = [(self.estimand.name, f"{format_number(float(self.n_hat), error)} {unit}")]
        if self.status != "estimated":
            rows.append(("status", str(self.status)))
        if self.reason:
            rows.append(("remark", str(self.reason)))
        if error is not None:
            rows.append((self._error_name, format_number(error, error) if np.isfinite(error) else "infinite"))
        try:
            label, _, limits = str(self.interval(level)).partition(": ")
            rows.append((label, limits))
        except NotEstimableError as absent:
            rows.append(("interval", f"none. {absent.reason}"))
        if self.n_observed is not None:
            rows.append(("seen", f"{float(self.n_observed):,.0f}"))
        rows.extend((name, text) for name, text in self.estimand.stated().items() if name != "unit")
        rows.extend(self._extra_rows())
        rows.extend(("assumes" if i == 0 else "", text) for i, text in enumerate(self.assumptions))
        if self.reference is not None:
            rows.append(("reference", str(self.reference)))
        return Table((self.method, "value"), rows, footer=(ROUNDING_RULE,), align=("left", "left"))

    def _extra_rows(self) -> list[tuple[str, str]]:
        """Rows that a kind of estimate adds to its table."""
        return []

    def _many(self, level: float) -> Table:
        frame = self.to_frame(level)
        rows = []
        for number, row in enumerate(frame.to_dict("records")):
            se = row["se"]
            cells = [format_number(row["estimate"], se), format_number(se, se)]
            cells += [format_number(row["ci_low"], se), format_number(row["ci_high"], se)]
            present = [row["estimate"], se, row["ci_low"], row["ci_high"]]
            shown = ["" if np.isnan(v) else text for v, text in zip(present, cells, strict=True)]
            rows.append((str(number), row["status"], *shown))
        kind = frame["ci_kind"].iloc[0] if len(frame) and self.interval_methods else "no interval"
        title = f"{self.method}: {self.estimand.name}, {self.estimand.unit or 'units'}"
        columns = ("row", "status", "estimate", "se", "low", "high")
        footer = (f"Limits: {100 * level:g} % {kind}.", *self.assumptions, ROUNDING_RULE)
        return Table(columns, rows, title=title, footer=footer, align=("right", "left", *(4 * ("right",))))

    @staticmethod
    def _scalar(value: Numbers | None) -> float | None:
        return None if value is None else float(value)
