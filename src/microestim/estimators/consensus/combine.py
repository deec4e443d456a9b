"""Finished estimates of one size combined, each with the confidence that one has in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from microestim.errors import InputError, PriorError
from microestim.estimators.consensus.mixture import NormalMixture, pooled
from microestim.results import (
    IDENTIFYING_COLUMNS,
    Comparison,
    Estimand,
    Estimate,
    Interval,
    Reference,
    Rng,
    check_level,
    compare,
    differences,
    floored_interval,
    format_interval,
    format_number,
    normal_quantile,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Consensus", "consensus"]

Finished = Estimate | tuple[float, float, float]

TRIANGULATOR = Reference(
    authors=("Fellows, I.", "Corcoran, C."),
    year=2022,
    title="The Triangulator: consensus estimates from multiple empirical estimates, version 0.1",
    journal="fellstat.github.io/triangulator",
    kind="misc",
)
ASSUMPTIONS = (
    "All estimates are of the same size.",
    "The errors of the estimates are independent and normal on the log scale.",
    "An estimate in which confidence is c has an error 1 / c times the stated one.",
    "Biases that the confidences leave out are normal around zero, with one spread for all.",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Consensus(Estimate):
    """What several estimates say together; `n_hat` is the posterior median, `se` the standard deviation.

    Parameters
    ----------
    mixture : NormalMixture
        Posterior of the log of the size.
    spread : float
        Posterior median of the spread of unexplained biases, on the log scale.
    inputs : pandas.DataFrame
        One row an estimate: what was given, and its weight.
    comparison : Comparison or None
        The estimates side by side, where they were objects of this library.
    prior : str
        The prior in words.

    Examples
    --------
    >>> found = consensus([(2000, 1000, 3000), (2500, 1500, 3500)], confidence=[0.9, 0.7])
    >>> found.inputs["weight"].sum().round(6)
    np.float64(1.0)
    """

    mixture: NormalMixture
    spread: float
    inputs: pd.DataFrame
    comparison: Comparison | None
    prior: str
    _error_name: ClassVar[str] = "posterior standard deviation"

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("equal-tailed",)

    @property
    def mean(self) -> float:
        """Posterior mean, in people; infinite with a flat prior and a spread of biases."""
        return self.mixture.moments()[0]

    def quantile(self, probability: float) -> float:
        """Return the size that is not exceeded with a posterior probability.

        Parameters
        ----------
        probability : float
            Strictly between 0 and 1.

        Returns
        -------
        float
            In the unit of the estimates.

        Examples
        --------
        >>> found = consensus([(2000, 1000, 3000), (2500, 1500, 3500)], confidence=1)
        >>> round(found.quantile(0.5)) == round(found.n_hat)
        True
        """
        if not 0 < probability < 1:
            raise InputError(f"probability is {probability!r}; it must lie strictly between 0 and 1.")
        return math.exp(self.mixture.quantile(probability))

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        del rng, n_resamples
        tail = (1 - level) / 2
        low, high = self.quantile(tail), self.quantile(1 - tail)
        floor = 0.0 if self.n_observed is None else float(self.n_observed)
        return floored_interval(low, high, level=level, kind=f"credible: {method}", floor=floor)

    def _extra_rows(self) -> list[tuple[str, str]]:
        rows = [("the value is", "the posterior median"), ("prior", self.prior)]
        rows.append(("unexplained bias", f"{100 * math.expm1(self.spread):.2g} % (posterior median)"))
        for row in self.inputs.to_dict("records"):
            error = (row["high"] - row["low"]) / 4
            shown = (
                f"{format_number(row['estimate'], error)} ({format_interval(row['low'], row['high'], error)})"
            )
            rows.append(
                (str(row["label"]), f"{shown}, confidence {row['confidence']:g}, weight {row['weight']:.0%}")
            )
        return rows


def consensus(
    estimates: Sequence[Finished] | Mapping[str, Finished] | pd.DataFrame,
    *,
    confidence: float | Sequence[float] | Mapping[str, float],
    prior: tuple[float, float] | None = None,
    level: float = 0.95,
    unexplained_bias: float = 0.01,
) -> Consensus:
    r"""Combine finished estimates of one size, with a stated confidence in each.

    Parameters
    ----------
    estimates : sequence or mapping or pandas.DataFrame
        Estimates of this library, or triples (value, low, high); the keys of a mapping are their labels. A
        frame has the columns ``estimate``, ``ci_low`` and ``ci_high``, and ``label`` if it likes. Of the
        other columns of the library's frames, ``ci_level`` is the level of each row, a ``status`` other than
        estimated and several units in ``unit`` are refused, and `reason` names the rest in which rows differ.
    confidence : float, sequence of float or mapping of str to float
        Confidence in each estimate, above 0 and up to 1: its error is taken as 1 / confidence times the
        stated one. One number stands for all.
    prior : tuple of float, optional
        Median and upper quartile of a log-normal prior of the size. Without it the prior is flat on the log
        scale.
    level : float, default 0.95
        Level of the intervals in triples, and in frames without a column ``ci_level``.
    unexplained_bias : float, default 0.01
        Scale of the half-Cauchy prior of the spread of biases that the confidences leave out, as a multiple
        of the standard deviation of the logs of the estimates. 0 for none.

    Returns
    -------
    Consensus
        `n_hat` is the posterior median and `interval` a credible interval, in the unit of the estimates.

    Raises
    ------
    InputError
        If there are fewer than two estimates, one has no interval, units differ, or a number does not fit.
    PriorError
        If the prior's quartile is not above its median.

    See Also
    --------
    compare : Puts estimates side by side and flags those that measure something else.

    Notes
    -----
    With :math:`y_i` the logs of the estimates, :math:`\sigma_i = (\log u_i - \log l_i) / (2 z)` from their
    limits and :math:`c_i` the confidences [1]_,

    .. math:: y_i \sim N(\theta, \tau^2 + \sigma_i^2 / c_i^2), \quad \tau \sim \text{half-Cauchy}(a \, s(y)),
              \quad \theta \sim N(\mu_0, \sigma_0^2),

    where a is `unexplained_bias` and s(y) the sample standard deviation. Given :math:`\tau` the posterior is
    normal, and :math:`\tau` is integrated by quadrature, so nothing is drawn at random. `weight` in
    `inputs` is each estimate's share of the precision, prior aside, at the posterior median of :math:`\tau`.

    Estimates of different units are refused. Those that differ in scope, period or another part of the
    estimand are combined, and `reason` names the difference. No interval starts below the largest number of
    people that any of the estimates saw.

    References
    ----------
    .. [1] Fellows, I., Corcoran, C. (2022). The Triangulator: consensus estimates from multiple empirical
       estimates, version 0.1, mathematical details. https://fellstat.github.io/triangulator

    Examples
    --------
    >>> found = consensus(
    ...     {
    ...         "three lists": (2000, 1000, 3000),
    ...         "two lists": (2500, 1500, 3500),
    ...         "service": (1000, 250, 2500),
    ...     },
    ...     confidence={"three lists": 0.9, "two lists": 0.7, "service": 0.2},
    ...     prior=(3000, 4000),
    ... )
    >>> found
    <consensus: 2,370 people, se 480>
    >>> print(found.interval())
    95 % credible interval (equal-tailed): 1,620 to 3,480
    """
    import pandas as pd

    labels, given = _labelled(estimates)
    levels = _levels(estimates, len(given), level)
    trust = _confidences(confidence, labels)
    if np.asarray(unexplained_bias).dtype.kind not in "iuf" or not 0 <= unexplained_bias < math.inf:
        raise InputError(f"unexplained_bias is {unexplained_bias!r}; give a finite number of at least 0.")
    limits = [_limits(*each) for each in zip(labels, given, levels, strict=True)]
    value, low, high = (np.array(column) for column in zip(*limits, strict=True))
    logs = np.log(value)
    quantiles = np.array([normal_quantile(each) for each in levels])
    sds = (np.log(high) - np.log(low)) / (2 * quantiles) / trust
    scale = float(unexplained_bias) * float(np.std(logs, ddof=1))
    centre = None if prior is None else _prior(prior)
    mixture, spread = pooled(logs, sds, scale, centre)
    precision = 1 / (spread**2 + sds**2)
    objects = [item for item in given if isinstance(item, Estimate)]
    if hasattr(estimates, "columns"):
        estimand, remark, comparison = *_told_by_frame(estimates, labels), None
    else:
        comparison, remark = _compared(dict(zip(labels, given, strict=True)))
        estimand = objects[0].estimand if len(objects) == len(given) else Estimand()
    variance = mixture.moments()[1]
    seen = [float(item.n_observed) for item in objects if item.n_observed is not None]
    inputs = pd.DataFrame(
        {
            "label": labels,
            "estimate": value,
            "low": low,
            "high": high,
            "level": levels,
            "confidence": trust,
            "log_sd": sds,
            "weight": precision / precision.sum(),
        }
    )
    return Consensus(
        n_hat=math.exp(mixture.quantile(0.5)),
        se=math.sqrt(variance) if math.isfinite(variance) else math.inf,
        n_observed=max(seen) if seen else None,
        method="consensus",
        assumptions=ASSUMPTIONS,
        reference=TRIANGULATOR,
        estimand=estimand,
        reason=remark,
        mixture=mixture,
        spread=spread,
        inputs=inputs,
        comparison=comparison,
        prior="flat on the log scale"
        if prior is None
        else f"log-normal, median {prior[0]:,g}, upper quartile {prior[1]:,g}",
    )


def _labelled(estimates: Any) -> tuple[list[str], list[Any]]:
    columns = ("estimate", "ci_low", "ci_high")
    if hasattr(estimates, "columns"):
        missing = [name for name in columns if name not in estimates.columns]
        if missing:
            raise InputError(f"the frame lacks the columns {', '.join(missing)}.")
        triples = list(zip(*(estimates[name].tolist() for name in columns), strict=True))
        named = estimates["label"].tolist() if "label" in estimates.columns else range(1, len(triples) + 1)
        labels, given = [str(name) for name in named], list(triples)
    elif isinstance(estimates, Mapping):
        labels, given = [str(name) for name in estimates], list(estimates.values())
    elif isinstance(estimates, Iterable):
        given = list(estimates)
        labels = [str(place) for place in range(1, len(given) + 1)]
    else:
        raise InputError(
            f"estimates is {estimates!r}; give several estimates, or triples (value, low, high)."
        )
    if len(given) < 2:
        raise InputError(f"{len(given)} estimates were given; a consensus is of two or more.")
    if len(set(labels)) < len(labels):
        raise InputError("two estimates have the same label.")
    return labels, given


def _levels(estimates: Any, number: int, level: float) -> list[float]:
    """Levels of the intervals: those of a frame's rows, or the one that was given."""
    if "ci_level" not in getattr(estimates, "columns", ()):
        return [level] * number
    return [check_level(each) for each in estimates["ci_level"].tolist()]


def _told_by_frame(frame: Any, labels: list[str]) -> tuple[Estimand, str]:
    """Tell what the rows of a frame are about and in what they differ; refuse what cannot be combined."""
    if "status" in frame.columns:
        for label, status in zip(labels, frame["status"], strict=True):
            if status != "estimated":
                raise InputError(f"the estimate {label!r} is a {status}, not a central value.")
    units = dict.fromkeys(frame["unit"]) if "unit" in frame.columns else {"people": None}
    if len(units) > 1:
        named = " and ".join(sorted(str(unit) for unit in units))
        raise InputError(f"the estimates are of {named}; bring them to one unit first.")
    known = [name for name in IDENTIFYING_COLUMNS if name in frame.columns]
    rows = frame.reindex(columns=list(IDENTIFYING_COLUMNS)).astype(object)
    told = [
        f"{label}: {text}"
        for label, (_, row) in zip(labels, rows.iterrows(), strict=True)
        if known and (text := differences(rows.iloc[0], row))
    ]
    remark = f"not all estimates are of the same quantity as the first ({'; '.join(told)})" if told else ""
    return Estimand(unit=next(iter(units))), remark


def _confidences(confidence: Any, labels: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(confidence, Mapping):
        if set(confidence) != set(labels):
            raise InputError(
                f"confidence is stated for {', '.join(map(str, confidence))}; state it for exactly "
                f"{', '.join(labels)}."
            )
        confidence = [confidence[label] for label in labels]
    array = np.asarray(confidence)
    if array.dtype.kind not in "iuf" or array.shape not in ((), (len(labels),)):
        raise InputError(f"confidence is {confidence!r}; give one number, or one for each of {len(labels)}.")
    trust = np.broadcast_to(array.astype(float), (len(labels),))
    if not np.all((trust > 0) & (trust <= 1)):
        raise InputError(
            f"confidence is {confidence!r}; each must be above 0 and at most 1. Leave an estimate out in "
            "which there is none."
        )
    return np.array(trust)


def _limits(label: str, item: Any, level: float) -> tuple[float, float, float]:
    if isinstance(item, Estimate):
        if np.ndim(item.n_hat):
            raise InputError(f"the estimate {label!r} is an array; give its estimates one by one.")
        if item.status != "estimated":
            raise InputError(
                f"the estimate {label!r} is a {item.status}, not a central value: {item.reason}."
            )
        interval = item.interval(level)
        triple = (float(item.n_hat), float(interval.low), float(interval.high))
    else:
        numbers = np.asarray(item)
        if numbers.shape != (3,) or numbers.dtype.kind not in "iuf":
            raise InputError(f"the estimate {label!r} is {item!r}; give an estimate, or (value, low, high).")
        triple = (float(numbers[0]), float(numbers[1]), float(numbers[2]))
    value, low, high = triple
    if not (0 < low < high < math.inf and low <= value <= high):
        raise InputError(
            f"the estimate {label!r} is {value:g} with limits {low:g} and {high:g}; on the log scale it "
            "needs 0 < low <= value <= high, finite, and low below high."
        )
    return triple


def _prior(prior: Any) -> tuple[float, float]:
    from scipy.special import ndtri

    numbers = np.asarray(prior)
    if numbers.shape != (2,) or numbers.dtype.kind not in "iuf":
        raise PriorError(f"prior is {prior!r}; give its median and upper quartile, such as (3000, 4000).")
    median, quartile = (float(number) for number in numbers)
    if not 0 < median < quartile < math.inf:
        raise PriorError(
            f"prior is {prior!r}; give a positive median and an upper quartile above it, both finite."
        )
    return math.log(median), math.log(quartile / median) / float(ndtri(0.75))


def _compared(named: dict[str, Finished]) -> tuple[Comparison | None, str]:
    objects = {label: item for label, item in named.items() if isinstance(item, Estimate)}
    if len(objects) < 2:
        return None, ""
    comparison = compare(objects)
    units = {item.estimand.unit for item in objects.values()}
    if len(units) > 1:
        named_units = " and ".join(sorted(str(unit) for unit in units))
        raise InputError(f"the estimates are of {named_units}; bring them to one unit first.")
    frame = comparison.frame
    odd = frame[~frame["comparable"]]
    if odd.empty:
        return comparison, ""
    told = "; ".join(f"{label}: {text}" for label, text in zip(odd["label"], odd["differs_in"], strict=True))
    return comparison, f"not all estimates are of the same quantity as the first ({told})"
