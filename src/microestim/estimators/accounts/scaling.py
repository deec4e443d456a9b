"""Estimates times factors: the arithmetic that the published methods share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import InputError
from microestim.results import Estimand, Estimate, Interval, Rng

if TYPE_CHECKING:
    from microestim.results import Reference

__all__ = ["Quantity", "ScaledEstimate", "quantity", "scaled"]


@dataclass(frozen=True)
class Quantity:
    """A positive number, its standard error where one is known, and the estimate behind it, if any.

    Parameters
    ----------
    value : float
        The number; for an array of estimates, nan, since `estimate` has the numbers.
    se : float or None
        Standard error in the same unit; None means that the number is taken as exact.
    estimate : Estimate or None
        The estimate that was given.

    Examples
    --------
    >>> Quantity(50000.0).relative_error
    0.0
    """

    value: float
    se: float | None = None
    estimate: Estimate | None = None

    @property
    def relative_error(self) -> float:
        """Standard error over value; 0 for an exact number."""
        return 0.0 if self.se is None else self.se / self.value

    @property
    def unit(self) -> str | None:
        """Unit of the estimate, None for a plain number."""
        return None if self.estimate is None else self.estimate.estimand.unit


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ScaledEstimate(Estimate):
    """An estimate times a factor that is taken as exact; its intervals are those of the estimate, scaled.

    Parameters
    ----------
    base : Estimate
        The estimate that was multiplied.
    factor : float
        The factor.

    Examples
    --------
    >>> from microestim.estimators.accounts import extrapolate_ratio
    >>> from microestim.estimators.two_samples import chapman
    >>> low, high, *_ = extrapolate_ratio(chapman(500, 500, 89), of=50_000, to=319_000).interval()
    >>> round(low), round(high)
    (15218, 21423)
    """

    base: Estimate
    factor: float

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return self.base.interval_methods

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        inner = self.base.interval(level, method, rng=rng, n_resamples=n_resamples)
        return Interval(
            inner.low * self.factor,
            inner.high * self.factor,
            inner.level,
            inner.kind,
            floor_applied=inner.floor_applied,
            note=inner.note,
        )


def quantity(
    name: str, given: float | Estimate, se: float | None = None, *, arrays: bool = False
) -> Quantity:
    """Read an argument that may be a number or an estimate.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    given : float or Estimate
        A positive number, or an estimate.
    se : float, optional
        Standard error of a plain number.
    arrays : bool, default False
        Whether an array of estimates will do.

    Returns
    -------
    Quantity
        The value with its error.

    Raises
    ------
    InputError
        If the value is not positive and finite, an estimate comes with a second standard error, or an
        array of estimates stands where one number is needed.

    Examples
    --------
    >>> quantity("accounts", 319_000.0, 16_000.0).se
    16000.0
    """
    if isinstance(given, Estimate):
        if se is not None:
            raise InputError(f"{name} is an estimate and brings its own standard error; leave {name}'s out.")
        if np.ndim(given.n_hat):
            if not arrays:
                raise InputError(f"{name} is an array of estimates; give one.")
            return Quantity(math.nan, None, given)
        if not (math.isfinite(given.n_hat) and given.n_hat > 0):
            raise InputError(f"{name} is an estimate of {given.n_hat}; a positive, finite one is needed.")
        return Quantity(float(given.n_hat), None if given.se is None else float(given.se), given)
    return Quantity(
        positive(name, given), None if se is None else positive(f"the standard error of {name}", se)
    )


def positive(name: str, value: object) -> float:
    """Return a number as a float if it is positive and finite.

    Parameters
    ----------
    name : str
        What it is, for the message.
    value : object
        What was given.

    Returns
    -------
    float
        The same number.

    Raises
    ------
    InputError
        If it is anything but one positive, finite number.

    Examples
    --------
    >>> positive("accounts", 50_000)
    50000.0
    """
    number = np.asarray(value)
    if number.ndim == 0 and number.dtype.kind in "iuf":
        found = float(number)
        if math.isfinite(found) and found > 0:
            return found
    raise InputError(f"{name} is {value!r}; give one positive, finite number.")


def scaled(
    base: Quantity,
    *,
    times: tuple[Quantity, ...] = (),
    over: tuple[Quantity, ...] = (),
    method: str,
    assumption: tuple[str, ...],
    reference: Reference | None,
    estimand: Estimand,
) -> Estimate:
    r"""Multiply a quantity by some and divide it by others, errors included.

    With no error in the factors the intervals of the base are scaled, whatever their construction.
    Otherwise the delta method adds the squared relative errors, which takes them as independent.

    Parameters
    ----------
    base : Quantity
        What is multiplied.
    times, over : tuple of Quantity
        Factors and divisors.
    method : str
        Name of the method.
    assumption : tuple of str
        What must hold beyond the base's own assumptions.
    reference : Reference or None
        Where the method comes from.
    estimand : Estimand
        What the result is a number of.

    Returns
    -------
    Estimate
        Its `se` is None where nothing has an error.

    Raises
    ------
    InputError
        If an array of estimates meets factors with errors.

    Examples
    --------
    >>> result = scaled(
    ...     Quantity(2800.0),
    ...     times=(Quantity(6.38),),
    ...     method="scaled",
    ...     assumption=(),
    ...     reference=None,
    ...     estimand=Estimand(),
    ... )
    >>> round(result.n_hat)
    17864
    """
    factor = math.prod(q.value for q in times) / math.prod(q.value for q in over)
    squares = sum(q.relative_error**2 for q in (*times, *over))
    source = base.estimate
    inherited = () if source is None else source.assumptions
    assumptions = (*inherited, *(text for text in assumption if text not in inherited))
    if source is not None and squares == 0:
        return ScaledEstimate(
            n_hat=source.n_hat * factor,
            se=None if source.se is None else source.se * factor,
            status=source.status,
            reason=source.reason,
            method=method,
            assumptions=assumptions,
            reference=reference,
            estimand=estimand,
            base=source,
            factor=factor,
        )
    if source is not None and np.ndim(source.n_hat):
        raise InputError("factors with errors are applied to one estimate at a time, not to an array.")
    value = base.value * factor
    total = math.sqrt(base.relative_error**2 + squares)
    return Estimate(
        n_hat=value,
        se=value * total if total > 0 else None,
        status="estimated" if source is None else source.status,
        reason="" if source is None else source.reason,
        method=method,
        assumptions=assumptions,
        reference=reference,
        estimand=estimand,
    )


def estimand_of(source: Quantity, **changes: str | None) -> Estimand:
    """Return the estimand of a quantity with some fields replaced.

    Parameters
    ----------
    source : Quantity
        Where the other fields come from.
    **changes : str or None
        Fields of `Estimand`.

    Returns
    -------
    Estimand
        The estimand of the result.

    Examples
    --------
    >>> estimand_of(Quantity(1.0), unit="accounts").unit
    'accounts'
    """
    start = Estimand() if source.estimate is None else source.estimate.estimand
    return replace(start, **changes)  # type: ignore[arg-type]
