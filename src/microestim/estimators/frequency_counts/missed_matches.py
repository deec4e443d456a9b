r"""Chao's bound where some sightings are not recognised, and stand as people seen once.

Each sighting is recognised with the probability :math:`1 - \mu`; one that is not becomes a person of its
own, seen once. That is the model of Link, Yoshizaki, Bailey and Pollock (2010) for histories. Its moments
for frequency counts are derived here: the recognised sightings are a thinned sample of the same population,
and the others are :math:`\mu S` people seen once on average, with S all sightings.
"""

import numpy as np
import numpy.typing as npt

from microestim.capture.frequencies import CountsLike, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    classes,
    finite_size,
    need_classes,
)
from microestim.estimators.frequency_counts.lower_bounds import LOWER_BOUND, UNEQUAL, chao_bound
from microestim.estimators.rates import RateLike, as_rate
from microestim.results import Reference

__all__ = ["chao_missed_matches"]

Array = npt.NDArray[np.float64]

LINK_2010 = Reference(
    authors=("Link, W. A.", "Yoshizaki, J.", "Bailey, L. L.", "Pollock, K. H."),
    year=2010,
    title="Uncovering a latent multinomial: analysis of mark-recapture data with misidentification",
    journal="Biometrics",
    volume="66",
    pages="178–185",
    doi="10.1111/j.1541-0420.2009.01244.x",
)
ASSUMPTIONS = (
    "The population is closed: nobody joins or leaves while it is observed.",
    "Being seen does not change the chance of being seen again.",
    UNEQUAL,
    "Every sighting is recognised with the stated probability, whoever it is of; one that is not recognised "
    "stands as a person seen once.",
    "No two people are ever taken for one.",
)


def chao_missed_matches(
    counts: CountsLike, *, missed_match: RateLike, finite_sample: bool | None = None
) -> CountEstimate:
    r"""Estimate a lower bound of a population's size where a known share of sightings is not recognised.

    A person seen k times looks like several people seen fewer times when matches are missed, so there are too
    many people seen once, and Chao's bound grows with their square.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen, as matched; a mapping is taken as abundance.
    missed_match : float or (float, float)
        Probability that a sighting is not recognised and stands as a person of its own; or the pair (rate,
        standard error). A rate of exactly 0 gives `chao`.
    finite_sample : bool, optional
        Whether to use the factor for a finite sample, as in `chao`.

    Returns
    -------
    CountEstimate
        In people, with the status ``"bound"``. `n_observed` counts the people seen twice or more: those seen
        once may all be sightings of them. `params` has ``"unrecognised"``, the expected number of such
        sightings.

    Raises
    ------
    NotEstimableError
        If nobody was seen twice, or the rate accounts for everybody seen once; the error carries the number
        seen twice or more.
    InputError
        If the rate is no share, or the counts have a pooled last class.

    See Also
    --------
    chao_one_inflated : Needs no rate, and uses nobody seen once.
    lincoln_petersen : Takes rates of matching errors for two samples.

    Notes
    -----
    With S sightings in all, :math:`\mu S` of the people seen once are expected to be unrecognised sightings.
    The others are a sample of the same population in which everybody is seen at :math:`1 - \mu` times their
    rate, so Chao's bound holds for it: with :math:`g_1 = f_1 - \mu S`,

    .. math:: \hat N = n - \mu S + \kappa \, g_1^2 / (2 f_2), \qquad \kappa = 1 \text{ or } (t - 1) / t.

    The model is that of [1]_; the estimator and its variance are derived in this library, and hold for any
    mixture of Poisson or binomial distributions. The variance is the delta method's over people: one person
    adds both recognised and unrecognised sightings to the counts, and their covariance follows from
    :math:`E(H \mid J = j) = \frac{\mu}{1 - \mu} (j + 1) g_{j+1} / g_j` for H unrecognised sightings of
    somebody recognised J times. The standard error of the rate is added. False matches, which make two
    people into one, are not corrected: how often they do depends on who is taken for whom.

    References
    ----------
    .. [1] Link, W. A., Yoshizaki, J., Bailey, L. L., Pollock, K. H. (2010). Uncovering a latent multinomial:
       analysis of mark-recapture data with misidentification. Biometrics 66(1), 178-185.
       doi:10.1111/j.1541-0420.2009.01244.x

    Examples
    --------
    >>> counts = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}
    >>> chao_missed_matches(counts, missed_match=(0.1, 0.02))
    <Chao, missed matches: 88 people, se 18, 33 seen, bound>
    """
    held = as_frequency_counts(counts)
    rate = as_rate("missed_match", missed_match)
    if rate.exact_zero:
        return chao_bound(held, False, finite_sample)
    need_classes(held, 2, what="the correction for missed matches")
    sightings = held.total_captures
    if sightings is None:
        raise InputError(
            "the correction for missed matches needs the total number of sightings, which a pooled last "
            "class hides; give every class."
        )
    mu = rate.value
    factor = 1 - 1 / finite_size(held, finite_sample)
    times, people = classes(held, 2)
    recognised = people.copy()
    recognised[0] -= mu * sightings
    sure = float(people[1:].sum())
    if not held[2]:
        raise NotEstimableError(
            "nobody was seen twice, so there is no ratio from which to tell how many were missed; "
            f"{sure:,.0f} people were seen twice or more.",
            bound=sure,
        )
    if recognised[0] <= 0:
        raise NotEstimableError(
            f"missed matches at the rate {mu:g} would make {mu * sightings:,.1f} of {sightings:,} sightings "
            f"into people seen once, and there are {held[1]:,}: the rate accounts for all of them, so "
            "nothing says how many were missed. Take a lower rate, or chao_one_inflated(), which uses nobody "
            "seen once.",
            bound=sure,
        )

    f2 = float(held[2])
    lean = factor * float(recognised[0]) / f2
    n_hat = sure + float(recognised[0]) * (1 + lean / 2)

    def slope(k: Array) -> Array:
        # Derivative of the estimate by the people seen k times; 0 for those who were not seen.
        return np.asarray((k > 0) - mu * k * (1 + lean) + lean * (k == 1) - lean**2 / (2 * factor) * (k == 2))

    # What one person adds: the class of the recognised sightings, and a person seen once for each other one.
    ratio, ghost = mu / (1 - mu), float(slope(np.array(1.0)))
    own = float((slope(times) ** 2 * recognised).sum())
    joint = ratio * float((slope(times - 1) * times * recognised).sum())
    ghosts = ratio**2 * float((times * (times - 1) * recognised).sum()) + mu * sightings
    variance = own + 2 * ghost * joint + ghost**2 * ghosts - float((slope(times) * people).sum()) ** 2 / n_hat
    variance += (sightings * (1 + lean) * rate.se) ** 2
    return CountEstimate(
        n_hat=n_hat,
        se=float(np.sqrt(variance)) if variance >= 0 else None,
        n_observed=sure,
        status="bound",
        reason=LOWER_BOUND,
        method="Chao, missed matches",
        assumptions=ASSUMPTIONS,
        reference=LINK_2010,
        counts=held,
        params={
            "f0_hat": n_hat - sure - float(recognised[0]),
            "unrecognised": mu * sightings,
            "missed_match": mu,
        },
    )
