"""Size of a closed population from two samples: Lincoln-Petersen, Chapman, Bailey."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError, SmallRecaptureWarning
from microestim.estimators.rates import Rate, RateLike, as_rate
from microestim.estimators.references import BAILEY_1951, CHAPMAN_1951, LINCOLN_1930
from microestim.estimators.two_samples.limits import (
    least_without_recapture,
    logit_limits,
    profile_limits,
    waring_limits,
)
from microestim.estimators.two_samples.matching_errors import corrected_overlap, least_seen
from microestim.estimators.two_samples.points import (
    Counts,
    Estimator,
    check_counts,
    corrected_point_and_se,
    point_and_se,
)
from microestim.results import Estimate, Interval, Reference, Rng, floored_interval

__all__ = ["Counts", "TwoSampleEstimate", "bailey", "chapman", "check_counts", "lincoln_petersen"]

Array = npt.NDArray[np.float64]

ASSUMPTIONS = (
    "The population is closed between the two samples: nobody joins or leaves.",
    "The samples are independent: being in the first does not change the chance of being in the second.",
    "In at least one sample everybody has the same chance of being in it; if the active are more likely "
    "to be in both, the number is too low.",
    "People are matched between the samples without error.",
)
IMPERFECT = ("People are matched between the samples with errors of the stated rates, whoever they are.",)
FEW_RECAPTURES = 7
DEFAULT_RESAMPLES = 2000
# NumPy draws hypergeometric counts only from populations below this.
LARGEST_RESAMPLED = 10**9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TwoSampleEstimate(Estimate):
    """An estimate from two samples, with their counts and all the intervals made from them.

    Parameters
    ----------
    n1, n2 : float or ndarray
        People in the first and in the second sample.
    m : float or ndarray
        People in both, as matched.
    false_match, missed_match : Rate
        Rates of matching errors; zero unless they were stated.

    Examples
    --------
    >>> chapman(500, 500, 89)
    <Chapman: 2,790 people, se 240, 911 seen>
    """

    n1: float | Array
    n2: float | Array
    m: float | Array
    false_match: Rate = field(default=Rate(0.0))
    missed_match: Rate = field(default=Rate(0.0))

    @property
    def matched_without_error(self) -> bool:
        """Whether both rates of matching errors are exactly zero."""
        return self.false_match.exact_zero and self.missed_match.exact_zero

    @property
    def overlap(self) -> float | Array:
        """People in both samples, corrected for the stated matching errors."""
        n2, m = np.asarray(self.n2, dtype=float), np.asarray(self.m, dtype=float)
        found = corrected_overlap(n2, m, self.false_match, self.missed_match)
        return float(found) if found.ndim == 0 else found

    @property
    def interval_methods(self) -> tuple[str, ...]:
        """Names that `interval` accepts as its method, the default first."""
        if not self.matched_without_error:
            return ("lognormal", "wald")
        return ("profile", "logit", "waring", "lognormal", "wald", "bootstrap")

    def _make_interval(self, method: str, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        n1, n2, m = (np.asarray(count, dtype=float) for count in (self.n1, self.n2, self.m))
        floor = n1 + n2 - m
        if method == "logit":
            low, high = logit_limits(n1, n2, m, level)
            note = _LOGIT_WITHOUT_RECAPTURE if np.any(m == 0) else ""
            return floored_interval(
                low, high, level=level, kind="confidence: transformed logit", floor=floor, note=note
            )
        if method == "profile":
            low, high = profile_limits(n1, n2, m, level)
            note = _PROFILE_WITHOUT_RECAPTURE if np.any(m == 0) else ""
            return floored_interval(
                low, high, level=level, kind="confidence: profile likelihood", floor=floor, note=note
            )
        if method == "waring":
            low, high = waring_limits(n1, n2, m, level)
            note = _WARING_NEEDS_ONE if np.any(m == 0) else ""
            return floored_interval(
                low, high, level=level, kind="credible: generalized Waring", floor=floor, note=note
            )
        if method == "bootstrap":
            return self._bootstrap(level, rng, n_resamples)
        if method == "wald" and np.any(m < FEW_RECAPTURES):
            warnings.warn(
                f"with fewer than {FEW_RECAPTURES} recaptures (m = {np.min(m):g}) the estimate is far from "
                f"normal, so a Wald interval is too short above; use method='{self.interval_methods[0]}'.",
                SmallRecaptureWarning,
                stacklevel=3,
            )
        return super()._make_interval(method, level, rng, n_resamples)

    def _bootstrap(self, level: float, rng: Rng, n_resamples: int | None) -> Interval:
        resamples = DEFAULT_RESAMPLES if n_resamples is None else n_resamples
        if np.asarray(resamples).dtype.kind not in "iu" or resamples < 100:
            raise InputError(f"n_resamples is {n_resamples!r}; give a whole number of at least 100.")
        n1, n2, m = (np.asarray(count, dtype=float) for count in (self.n1, self.n2, self.m))
        n_hat = np.asarray(self.n_hat, dtype=float)
        exists = np.isfinite(n_hat)
        size = np.maximum(np.rint(np.where(exists, n_hat, 0.0)), n1 + n2 - m)
        if np.any(size > LARGEST_RESAMPLED):
            raise InputError(f"a population of {np.max(size):,.0f} is too large to resample; use 'profile'.")
        generator = np.random.default_rng(rng)
        shape = (int(resamples), *n_hat.shape)
        drawn = generator.hypergeometric(
            n1.astype(np.int64), (size - n1).astype(np.int64), n2.astype(np.int64), size=shape
        )
        replicates, _ = point_and_se(_estimator_of(self.method), n1, n2, drawn.astype(float))
        replicates = np.where(np.isnan(replicates), np.inf, replicates)
        tail = (1 - level) / 2
        # The inverted empirical distribution never averages an infinite replicate with a finite one.
        low, high = np.quantile(replicates, [tail, 1 - tail], axis=0, method="inverted_cdf")
        empty = int(np.isinf(replicates).sum())
        note = f"{empty} of {replicates.size} resamples had m = 0 and count as infinite" if empty else ""
        return floored_interval(
            np.where(exists, low, np.nan),
            np.where(exists, high, np.nan),
            level=level,
            kind="confidence: bootstrap percentile",
            floor=n1 + n2 - m,
            note=note,
        )

    def _extra_rows(self) -> list[tuple[str, str]]:
        counts = f"n1 = {float(self.n1):,.0f}, n2 = {float(self.n2):,.0f}, m = {float(self.m):,.0f}"
        if self.matched_without_error:
            return [("samples", counts)]
        return [
            ("samples", counts),
            ("false matches", str(self.false_match)),
            ("missed matches", str(self.missed_match)),
            ("in both, corrected", f"{float(self.overlap):,.1f}"),
        ]


_LOGIT_WITHOUT_RECAPTURE = (
    "m = 0: the data set no upper limit; this one comes from the half person added to each cell"
)
_PROFILE_WITHOUT_RECAPTURE = "m = 0: the data set no upper limit; the lower one is exact"
_WARING_NEEDS_ONE = (
    "the generalized Waring posterior (prior 1 / (N + 1)) is proper from m = 1 recapture on; for m = 0 use "
    "method='profile', or two_sample_posterior with a proper prior such as ('waring', 0.5)."
)
_REFERENCES: dict[Estimator, Reference] = {
    "Lincoln-Petersen": LINCOLN_1930,
    "Chapman": CHAPMAN_1951,
    "Bailey": BAILEY_1951,
}


def lincoln_petersen(
    n1: Counts, n2: Counts, m: Counts, *, false_match: RateLike = 0.0, missed_match: RateLike = 0.0
) -> TwoSampleEstimate:
    r"""Estimate a population's size as n1 n2 / m.

    Parameters
    ----------
    n1, n2 : int or array_like of int
        People in the first and in the second sample. Arrays broadcast.
    m : int or array_like of int
        People in both, as matched.
    false_match : float or (float, float), default 0
        Probability that a person of the second sample who is not in the first is matched to somebody there;
        or the pair (rate, standard error).
    missed_match : float or (float, float), default 0
        Probability that a person in both samples is not matched; or the pair (rate, standard error).

    Returns
    -------
    TwoSampleEstimate
        In people. For arrays, rows with m = 0 have the status ``"not estimable"`` and an estimate of nan.

    Raises
    ------
    NotEstimableError
        For one pair of samples with m = 0, or no more matches than false ones alone would make; the message
        gives the bound that exists.
    InputError
        If a count is negative or no whole number, a sample is empty, or m exceeds a sample; if a rate is no
        share, or the two rates add up to 1 or more.

    See Also
    --------
    dependence : Does without independent samples.
    chapman : Less biased, and finite for m = 0.
    two_sample_posterior : The exact posterior.

    Notes
    -----
    :math:`\hat N = n_1 n_2 / m`, the likelihood's maximum with n1 and n2 taken as given [1]_. Its standard
    error, :math:`n_1^2 n_2 (n_2 - m) / m^3` under the root, takes m as binomial among n2 [2]_, so it is
    not symmetric in the samples. The estimate is biased upwards, and far so when m is below about 7.

    Intervals that do not depend on the estimator: ``"profile"`` (likelihood ratio, multinomial
    likelihood; no upper limit where m = 0), ``"logit"`` (Sadinle 2009) and ``"waring"`` (generalized
    Waring posterior, prior 1 / (N + 1), from m = 1 on). Intervals around the estimate: ``"lognormal"``
    (Chao 1987), ``"wald"`` and ``"bootstrap"`` (parametric: m is drawn again from the hypergeometric
    distribution with n1 and n2 as they are; percentiles).

    The default is ``"profile"``, by the coverage table of the documentation: it exists for every sample,
    covers at 95 % in 93 to 98 % of the samples in every cell and in 94 % or more from a thousand people
    on, and has no upper limit where the data set none. ``"logit"`` covers as well until less than two
    recaptures are expected, but makes up an upper limit for m = 0 (its note says so) and gives one far too
    high where a whole sample was recaptured. ``"waring"`` is the choice for small populations that were
    seen nearly whole. Intervals around Chapman's estimate are too short unless m is large.

    *Matching errors* [3]_. With missed matches at the rate mu and false ones at the rate phi, the m people
    that were matched are on average :math:`(1 - \mu) m^* + \phi (n_2 - m^*)` for :math:`m^*` truly in both,
    so m is replaced by :math:`(m - \phi n_2) / (1 - \mu - \phi)`. The variance adds what the errors add to m,
    and the standard errors of the rates, by the delta method. False matches run from the second sample to
    the first, as in [3]_; Di Consiglio and Tuoto [4]_ relax that. With errors the number of distinct people
    is not n1 + n2 - m: the floor of the limits, `n_observed`, is then the larger sample (n1 + n2 - m where
    no match is missed). The intervals are ``"lognormal"``, of the people above that floor, and ``"wald"``.
    Rates of zero give the ordinary estimate.

    References
    ----------
    .. [1] Lincoln, F. C. (1930). Calculating waterfowl abundance on the basis of banding returns. USDA
       Circular 118.
    .. [2] Ricker, W. E. (1975). Computation and interpretation of biological statistics of fish
       populations. Bulletin of the Fisheries Research Board of Canada 191, p. 78.
    .. [3] Ding, Y., Fienberg, S. E. (1994). Dual system estimation of Census undercount in the presence of
       matching error. Survey Methodology 20(2), 149-158.
    .. [4] Di Consiglio, L., Tuoto, T. (2015). Coverage evaluation on probabilistically linked data. Journal
       of Official Statistics 31(3), 415-429. doi:10.1515/jos-2015-0025

    Examples
    --------
    >>> lincoln_petersen(500, 500, 89)
    <Lincoln-Petersen: 2,810 people, se 270, 911 seen>
    >>> lincoln_petersen(500, 500, 89, missed_match=(0.1, 0.03))
    <Lincoln-Petersen: 2,530 people, se 260, 500 seen>
    """
    return _estimate("Lincoln-Petersen", n1, n2, m, false_match, missed_match)


def chapman(
    n1: Counts, n2: Counts, m: Counts, *, false_match: RateLike = 0.0, missed_match: RateLike = 0.0
) -> TwoSampleEstimate:
    r"""Estimate a population's size by Chapman's correction of Lincoln-Petersen.

    Parameters
    ----------
    n1, n2 : int or array_like of int
        People in the first and in the second sample. Arrays broadcast.
    m : int or array_like of int
        People in both, as matched.
    false_match, missed_match : float or (float, float), default 0
        Rates of matching errors, or pairs (rate, standard error), as in `lincoln_petersen`.

    Returns
    -------
    TwoSampleEstimate
        In people.

    Raises
    ------
    NotEstimableError
        If there are fewer matches than false ones alone would make.
    InputError
        If a count is negative or no whole number, a sample is empty, or m exceeds a sample; if a rate is no
        share, or the two rates add up to 1 or more.

    See Also
    --------
    lincoln_petersen : Lists the intervals.

    Notes
    -----
    :math:`\hat N = (n_1 + 1)(n_2 + 1) / (m + 1) - 1` [1]_, unbiased when :math:`n_1 + n_2 \ge N` and too
    low otherwise, above all when m is small. Variance
    :math:`(n_1 + 1)(n_2 + 1)(n_1 - m)(n_2 - m) / \{(m + 1)^2 (m + 2)\}` [2]_.

    References
    ----------
    .. [1] Chapman, D. G. (1951). Some properties of the hypergeometric distribution with applications to
       zoological sample censuses. University of California Publications in Statistics 1, 131-160.
    .. [2] Seber, G. A. F. (1970). The effects of trap response on tag recapture estimates. Biometrics
       26(1), 13-22. doi:10.2307/2529040

    Examples
    --------
    >>> print(chapman(500, 500, 89).interval())
    95 % confidence interval (profile likelihood): 2,390 to 3,360
    """
    return _estimate("Chapman", n1, n2, m, false_match, missed_match)


def bailey(n1: Counts, n2: Counts, m: Counts) -> TwoSampleEstimate:
    r"""Estimate a population's size by Bailey's binomial correction of Lincoln-Petersen.

    For a second sample drawn with replacement, as when sightings and not people are counted.

    Parameters
    ----------
    n1, n2 : int or array_like of int
        People in the first sample and sightings in the second. Arrays broadcast.
    m : int or array_like of int
        Sightings in the second sample of people from the first.

    Returns
    -------
    TwoSampleEstimate
        In people. An estimate below the number seen is returned as it is, and `reason` says so.

    Raises
    ------
    InputError
        If a count is negative or no whole number, a sample is empty, or m exceeds a sample.

    See Also
    --------
    lincoln_petersen : Lists the intervals.

    Notes
    -----
    :math:`\hat N = n_1 (n_2 + 1) / (m + 1)` with variance
    :math:`n_1^2 (n_2 + 1)(n_2 - m) / \{(m + 1)^2 (m + 2)\}` [1]_ [2]_.

    References
    ----------
    .. [1] Bailey, N. T. J. (1951). On estimating the size of mobile populations from recapture data.
       Biometrika 38(3/4), 293-306. doi:10.1093/biomet/38.3-4.293
    .. [2] Bailey, N. T. J. (1952). Improvements in the interpretation of recapture data. Journal of
       Animal Ecology 21(1), 120-127. doi:10.2307/1913

    Examples
    --------
    >>> round(bailey(12, 9, 6).n_hat, 3)
    17.143
    """
    return _estimate("Bailey", n1, n2, m)


def _estimator_of(method: str) -> Estimator:
    return next(name for name in _REFERENCES if name == method)


def _estimate(
    estimator: Estimator,
    n1: Counts,
    n2: Counts,
    m: Counts,
    false_match: RateLike = 0.0,
    missed_match: RateLike = 0.0,
) -> TwoSampleEstimate:
    size1, size2, both = check_counts(n1, n2, m)
    false, missed = as_rate("false_match", false_match), as_rate("missed_match", missed_match)
    perfect = false.exact_zero and missed.exact_zero
    if perfect:
        point, se = point_and_se(estimator, size1, size2, both)
    else:
        point, se = corrected_point_and_se(estimator, size1, size2, both, false, missed)
    seen = least_seen(size1, size2, both, missed)
    absent = np.isnan(point)
    scalar = both.ndim == 0
    if scalar and absent and not perfect and (both > 0 or estimator != "Lincoln-Petersen"):
        raise NotEstimableError(
            f"{both:g} people were matched, and false matches alone would make "
            f"{false.value * float(size2):,.4g} on average, so the data do not show that anybody was in "
            f"both samples and there is no estimate; at least {float(seen):,.0f} people were seen. Look at "
            "the rate of false matches.",
            bound=float(seen),
        )
    if scalar and absent and not perfect:
        raise NotEstimableError(
            "nobody was matched (m = 0), so there is no estimate, whatever the rates of matching errors; at "
            f"least {float(seen):,.0f} people were seen.",
            bound=float(seen),
        )
    if scalar and absent:
        bound = least_without_recapture(float(size1), float(size2), 0.05)
        raise NotEstimableError(
            "Lincoln-Petersen divides by m, and nobody was in both samples (m = 0), so there is no estimate. "
            f"What the data do say: with 95 % confidence N is at least {bound:,.0f}. chapman() and bailey() "
            "are finite for m = 0, though far too low on average; two_sample_posterior() with a proper prior "
            "gives a distribution.",
            bound=bound,
        )
    with np.errstate(invalid="ignore"):
        below = point < seen
    status = np.where(absent, "not estimable", "estimated")
    reason = np.select(
        [absent, below],
        [
            "nobody was in both samples (m = 0)"
            if perfect
            else "no more matches than false ones alone would make",
            "the estimate is below the number seen",
        ],
        default="",
    )
    values: dict[str, Any] = {
        "n_hat": point,
        "se": se,
        "n_observed": seen,
        "n1": size1,
        "n2": size2,
        "m": both,
    }
    if scalar:
        values = {name: float(value) for name, value in values.items()}
    return TwoSampleEstimate(
        **values,
        status=str(status) if scalar else status,
        reason=str(reason) if scalar else reason,
        method=estimator,
        assumptions=ASSUMPTIONS if perfect else (*ASSUMPTIONS[:-1], *IMPERFECT),
        reference=_REFERENCES[estimator],
        false_match=false,
        missed_match=missed,
    )
