"""Size of a closed population from the share of marked people in each sample: Schnabel, Schumacher."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.references import SCHNABEL_1938, SCHUMACHER_ESCHMEYER_1943
from microestim.results import Estimate, Interval, Rng, floored_interval

__all__ = ["MarkedSamples", "MultipleMarkingEstimate", "schnabel", "schumacher_eschmeyer"]

Array = npt.NDArray[np.float64]

_ASSUMES = (
    "The population is closed between the first occasion and the last: nobody joins or leaves.",
    "On each occasion the marked and the unmarked have the same chance of capture; if the active are more "
    "likely to be captured every time, the number is too low.",
    "Marks are neither lost nor overlooked.",
)
_ENDLESS = (
    "the data set no upper limit: a population without bound would leave so few recaptures often enough"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MarkedSamples:
    """Samples from a population of which a growing part is marked.

    Parameters
    ----------
    captured : ndarray, shape (t,)
        People captured on each occasion, n.
    recaptured : ndarray, shape (t,)
        Those among them who carried a mark, m; 0 on the first occasion.
    marked : ndarray, shape (t,)
        People marked before each occasion, M.

    Examples
    --------
    >>> MarkedSamples(
    ...     captured=np.array([9.0, 8.0]), recaptured=np.array([0.0, 3.0]), marked=np.array([0.0, 9.0])
    ... ).n_observed
    14.0
    """

    captured: Array
    recaptured: Array
    marked: Array

    @property
    def n_observed(self) -> float:
        """Different people captured."""
        return float(np.sum(self.captured - self.recaptured))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MultipleMarkingEstimate(Estimate):
    """An estimate from shares of marked people, whose reciprocal is close to normal.

    Parameters
    ----------
    samples : MarkedSamples
        The data.
    inverse_se : float
        Standard error of the reciprocal of the estimate.
    degrees : int
        Degrees of freedom of that error.

    Examples
    --------
    >>> schnabel(captured=[20, 25, 30], recaptured=[0, 6, 13])
    <Schnabel: 84 people, se 19, 56 seen>
    """

    samples: MarkedSamples
    inverse_se: float
    degrees: int

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("inverse", "lognormal", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method != "inverse":
            return super()._make_interval(method, level, rng, n_resamples)
        from scipy.special import stdtrit

        if self.degrees < 1:
            raise NotEstimableError(
                f"{self.method} compares occasions to find its error, and two of them leave nothing to "
                "compare."
            )
        width = float(stdtrit(self.degrees, (1 + level) / 2)) * self.inverse_se
        centre = 1 / float(np.asarray(self.n_hat))
        low, high = 1 / (centre + width), np.inf if width >= centre else 1 / (centre - width)
        return floored_interval(
            low,
            high,
            level=level,
            kind="confidence: t for the reciprocal",
            floor=self.samples.n_observed,
            note=_ENDLESS if np.isinf(high) else "",
        )

    def _extra_rows(self) -> list[tuple[str, str]]:
        data = self.samples
        return [
            ("captures", f"{data.captured.sum():,.0f} on {len(data.captured):,} occasions"),
            ("recaptures", f"{data.recaptured.sum():,.0f}"),
        ]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SchnabelEstimate(MultipleMarkingEstimate):
    """Schnabel's estimate; recaptures are close to a Poisson number, whose exact limits serve.

    Parameters
    ----------
    added : int
        1 with Chapman's modification, 0 without.
    """

    added: int

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        return ("poisson", "inverse", "lognormal", "wald")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        if method != "poisson":
            return super()._make_interval(method, level, rng, n_resamples)
        from scipy.special import gammaincinv

        data = self.samples
        exposure, m = float(data.captured @ data.marked), float(data.recaptured.sum())
        tail = (1 - level) / 2
        most = float(gammaincinv(m + 1, 1 - tail))
        least = float(gammaincinv(m, tail)) if m else 0.0
        high = exposure / (least + self.added) if least + self.added else np.inf
        return floored_interval(
            exposure / (most + self.added),
            high,
            level=level,
            kind="confidence: exact Poisson",
            floor=data.n_observed,
            note=_ENDLESS if np.isinf(high) else "",
        )


def schnabel(
    captures: Any = None,
    *,
    captured: npt.ArrayLike | None = None,
    recaptured: npt.ArrayLike | None = None,
    returned: npt.ArrayLike | None = None,
    chapman: bool = True,
) -> MultipleMarkingEstimate:
    r"""Estimate the size of a closed population by Schnabel's method.

    Parameters
    ----------
    captures : Captures, optional
        Who was captured when; statistics by occasion suffice (`Captures.from_uvn`).
    captured, recaptured : array_like, shape (t,), optional
        Instead: people captured on each occasion, and those among them captured before; 0 of the first.
    returned : array_like, shape (t,), optional
        People let go with a mark on each occasion; all who were captured when None.
    chapman : bool, default True
        Whether to add 1 to the recaptures (Chapman 1952), which takes out most of the bias where they are
        few.

    Returns
    -------
    MultipleMarkingEstimate
        In people. Intervals: ``"poisson"``, exact for a Poisson number of recaptures (the default);
        ``"inverse"``, where the reciprocal has a t distribution with t - 1 degrees of freedom;
        ``"lognormal"``; ``"wald"``.

    Raises
    ------
    NotEstimableError
        If nobody was captured twice, without `chapman`.
    InputError
        If both kinds of data are given or none, or counts contradict each other.

    Notes
    -----
    :math:`\hat N = \sum n_i M_i / (\sum m_i + c)`, with c = 1 by Chapman's modification and 0 without; n
    captured, m recaptured, M marked before [1]_ [2]_. The reciprocal has the standard error
    :math:`(\sum m_i + c)^{1/2} / \sum n_i M_i`, and the number that times :math:`\hat N^2`.

    References
    ----------
    .. [1] Schnabel, Z. E. (1938). The estimation of the total fish population of a lake. American
       Mathematical Monthly 45(6), 348-352. doi:10.1080/00029890.1938.11990818
    .. [2] Seber, G. A. F. (1982). The Estimation of Animal Abundance and Related Parameters, 2nd edition,
       section 4.1. Griffin.

    Examples
    --------
    >>> found = schnabel(captured=[20, 25, 30], recaptured=[0, 6, 13], chapman=False)
    >>> round(found.n_hat, 2)
    87.89
    >>> print(found.interval())
    95 % confidence interval (exact Poisson): 56 to 146
    """
    data = _marked_samples(captures, captured, recaptured, returned)
    exposure, m = float(data.captured @ data.marked), float(data.recaptured.sum())
    if m == 0 and not chapman:
        raise _no_recaptures("Schnabel's method")
    added = int(chapman)
    n_hat = exposure / (m + added)
    inverse = float(np.sqrt(m + added)) / exposure
    bound = m == 0
    return SchnabelEstimate(
        n_hat=n_hat,
        se=inverse * n_hat**2,
        n_observed=data.n_observed,
        status="bound" if bound else "estimated",
        reason=_WITHOUT_RECAPTURES if bound else "",
        method="Schnabel",
        assumptions=_ASSUMES,
        reference=SCHNABEL_1938,
        samples=data,
        inverse_se=inverse,
        degrees=len(data.captured) - 1,
        added=added,
    )


_WITHOUT_RECAPTURES = (
    "nobody was captured twice: the number is what one recapture more than there was would give, no estimate"
)


def schumacher_eschmeyer(
    captures: Any = None,
    *,
    captured: npt.ArrayLike | None = None,
    recaptured: npt.ArrayLike | None = None,
    returned: npt.ArrayLike | None = None,
) -> MultipleMarkingEstimate:
    r"""Estimate the size of a closed population by the method of Schumacher and Eschmeyer.

    Parameters
    ----------
    captures : Captures, optional
        Who was captured when; statistics by occasion suffice (`Captures.from_uvn`).
    captured, recaptured : array_like, shape (t,), optional
        Instead: people captured on each occasion, and those among them captured before; 0 of the first.
    returned : array_like, shape (t,), optional
        People let go with a mark on each occasion; all who were captured when None.

    Returns
    -------
    MultipleMarkingEstimate
        In people. Intervals: ``"inverse"``, where the reciprocal has a t distribution (the default);
        ``"lognormal"``; ``"wald"``.

    Raises
    ------
    NotEstimableError
        If nobody was captured twice, or two occasions leave the error without a degree of freedom.
    InputError
        If both kinds of data are given or none, or counts contradict each other.

    Notes
    -----
    The share of marked people among those captured, :math:`m_i / n_i`, grows with :math:`M_i` along a line
    through the origin with slope 1 / N. Least squares weighted by :math:`n_i` give
    :math:`\hat N = \sum n_i M_i^2 / \sum m_i M_i` [1]_, and the scatter around the line the standard error of
    the reciprocal,
    :math:`\{(\sum m_i^2 / n_i - (\sum m_i M_i)^2 / \sum n_i M_i^2) / (t - 2) / \sum n_i M_i^2\}^{1/2}`, with
    a t distribution of t - 2 degrees of freedom. Occasions on which nobody was captured say nothing and do
    not count.

    References
    ----------
    .. [1] Schumacher, F. X. & Eschmeyer, R. W. (1943). The estimate of fish population in lakes or ponds.
       Journal of the Tennessee Academy of Science 18, 228-249.

    Examples
    --------
    >>> schumacher_eschmeyer(captured=[20, 25, 30, 28], recaptured=[0, 6, 13, 17])
    <Schumacher-Eschmeyer: 90.7 people, se 1.6, 67 seen>
    """
    data = _marked_samples(captures, captured, recaptured, returned)
    if not data.recaptured.any():
        raise _no_recaptures("The method of Schumacher and Eschmeyer")
    used = data.captured > 0
    n, m, marked = data.captured[used], data.recaptured[used], data.marked[used]
    squares, products = float(n @ marked**2), float(m @ marked)
    degrees = len(n) - 2
    if degrees < 1:
        raise NotEstimableError(
            "two occasions leave the method of Schumacher and Eschmeyer one share of marked people, and no "
            "scatter to make an error from; use lincoln_petersen or chapman."
        )
    scatter = max(float(np.sum(m**2 / n)) - products**2 / squares, 0.0)
    inverse = float(np.sqrt(scatter / degrees / squares))
    n_hat = squares / products
    return MultipleMarkingEstimate(
        n_hat=n_hat,
        se=inverse * n_hat**2,
        n_observed=data.n_observed,
        method="Schumacher-Eschmeyer",
        assumptions=_ASSUMES,
        reference=SCHUMACHER_ESCHMEYER_1943,
        samples=data,
        inverse_se=inverse,
        degrees=degrees,
    )


def _no_recaptures(what: str) -> NotEstimableError:
    return NotEstimableError(
        f"{what} divides by the recaptures, and nobody was captured twice: the data set no upper limit to "
        "the population."
    )


def _marked_samples(captures: Any, captured: Any, recaptured: Any, returned: Any) -> MarkedSamples:
    if captures is not None:
        if captured is not None or recaptured is not None:
            raise InputError("give captures, or captured= and recaptured=, not both.")
        try:
            captured, recaptured = captures.n_i, captures.m_i
        except AttributeError as error:
            raise InputError(
                f"captures is {type(captures).__name__}; give Captures, or captured= and recaptured=."
            ) from error
    elif captured is None or recaptured is None:
        raise InputError("give captures, or both captured= and recaptured=: people by occasion.")
    n, m = _counts("captured", captured), _counts("recaptured", recaptured)
    r = n if returned is None else _counts("returned", returned)
    if not len(n) == len(m) == len(r) or len(n) < 2:
        raise InputError(
            f"captured has {len(n)} occasions, recaptured {len(m)} and returned {len(r)}; give one number "
            "for each occasion, of two or more."
        )
    if (r > n).any():
        raise InputError("more people were returned with a mark than were captured on an occasion.")
    if m[0] != 0:
        raise InputError(f"on the first occasion nobody is marked, and recaptured[0] is {m[0]:g}.")
    # Of those captured without a mark, the ones returned get one; those who carried one and are kept lose
    # theirs.
    marked = np.concatenate([[0.0], np.cumsum(r - m)[:-1]])
    wrong = np.flatnonzero((m > n) | (m > marked))
    if len(wrong):
        i = int(wrong[0])
        raise InputError(
            f"occasion {i + 1} has {m[i]:g} recaptures among {n[i]:g} captured, with {marked[i]:g} marked "
            "before."
        )
    if not (n * marked).any():
        raise InputError("after the first people were marked nobody was captured: there is no second sample.")
    return MarkedSamples(captured=n, recaptured=m, marked=marked)


def _counts(name: str, given: Any) -> Array:
    try:
        counts = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        counts = np.empty((0, 0))
    if counts.ndim != 1 or not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
        raise InputError(
            f"{name} is {given!r}; give whole numbers of people from 0 on, one for each occasion."
        )
    return counts
