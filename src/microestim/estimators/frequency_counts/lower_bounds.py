"""Size of a closed population from its lowest frequency counts: Chao's lower bound and its relatives."""

import numpy as np

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.frequency_counts.estimate import (
    CountEstimate,
    Frequencies,
    check_flag,
    classes,
    count_estimate,
    finite_size,
    lower_bound,
    need_classes,
    slopes,
    unseen_variance,
)
from microestim.estimators.frequency_counts.references import (
    BOHNING_2008,
    BOHNING_2019,
    CHAO_1987,
    CHIU_2014,
    LANUMTEANG_BOHNING_2011,
)
from microestim.estimators.frequency_counts.surplus_ones import warn_of_surplus_ones

__all__ = ["chao", "chao_bound", "chao_improved", "chao_one_inflated", "lanumteang_bohning", "zelterman"]

ASSUMPTIONS = (
    "The population is closed: nobody joins or leaves while it is observed.",
    "People are recognised without error: a match that is missed makes one person into two seen once.",
    "Being seen does not change the chance of being seen again.",
)
UNEQUAL = (
    "How often people are seen may differ between them in any way; the more it does, the lower the bound."
)
LOWER_BOUND = "a lower bound for the number of people, not a central value"
WITHOUT_ONES = (
    "Nothing is asked of the people seen once except that they exist: only those seen twice and three times "
    "are taken as counted right."
)


def chao(
    counts: CountsLike, *, bias_corrected: bool = False, finite_sample: bool | None = None
) -> CountEstimate:
    r"""Estimate a lower bound of a population's size from the people seen once and twice.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen; a mapping is taken as abundance.
    bias_corrected : bool, default False
        Use Chao's (1987) form, finite where nobody was seen twice.
    finite_sample : bool, optional
        Whether to use the factor (t - 1) / t with t occasions, or (n - 1) / n with n captures where there
        are no occasions. By default it is used where the number of occasions is known.

    Returns
    -------
    CountEstimate
        In people, with the status ``"bound"``.

    Raises
    ------
    NotEstimableError
        If f1 or f2 is zero and `bias_corrected` is False; the error carries the bound that exists.
    InputError
        If the counts or an option do not fit.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    See Also
    --------
    chao_improved : A higher bound, from f1 to f4.
    chao_one_inflated : Does without the people seen once.

    Notes
    -----
    :math:`\hat N = n + \kappa f_1^2 / (2 f_2)` with :math:`\kappa = (t - 1) / t` or 1 [1]_ [2]_, and
    :math:`n + \kappa f_1 (f_1 - 1) / \{2 (f_2 + 1)\}` bias-corrected. Variance
    :math:`f_2 (\kappa r^2 / 2 + \kappa^2 r^3 + \kappa^2 r^4 / 4)` with :math:`r = f_1 / f_2`. The bound
    holds for any mixture of Poisson (or binomial) distributions; people counted once by mistake, as missed
    matches are, raise it above the truth. The default interval is Chao's log-normal one.

    References
    ----------
    .. [1] Chao, A. (1984). Nonparametric estimation of the number of classes in a population. Scandinavian
       Journal of Statistics 11, 265-270.
    .. [2] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. Biometrics 43(4), 783-791. doi:10.2307/2531532

    Examples
    --------
    >>> rabbits = FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, occasions=18)
    >>> chao(rabbits)
    <Chao: 131 people, se 23, 76 seen, bound>
    >>> print(chao(rabbits).interval())
    95 % confidence interval (log-normal): 101 to 196
    """
    held = as_frequency_counts(counts)
    bound = chao_bound(held, bias_corrected, finite_sample)
    warn_of_surplus_ones(held, "Chao's bound")
    return bound


def chao_bound(held: FrequencyCounts, bias_corrected: bool, finite_sample: bool | None) -> CountEstimate:
    """Return Chao's bound, for those who judge by themselves how many were seen once.

    Parameters
    ----------
    held : FrequencyCounts
        The counts.
    bias_corrected, finite_sample : bool or None
        As in `chao`.

    Returns
    -------
    CountEstimate
        In people.

    Raises
    ------
    NotEstimableError, InputError
        As `chao`.

    Examples
    --------
    >>> chao_bound(FrequencyCounts({1: 5, 2: 3}), False, None)
    <Chao: 12.2 people, se 4.9, 8 seen, bound>
    """
    corrected = check_flag("bias_corrected", bias_corrected)
    need_classes(held, 2, what="Chao's bound")
    factor = 1 - 1 / finite_size(held, finite_sample)
    if not corrected:
        _refuse_without(held, "Chao's bound", (1, 2), "chao(..., bias_corrected=True)")
    _, people = classes(held, 2)

    def size(f: Frequencies) -> complex:
        return complex(f.sum() + _chao_unseen(f, factor, corrected=corrected))

    n_hat = size(people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        unseen_variance(slopes(size, people), people, n_hat - held.n_observed),
        method="Chao, bias-corrected" if corrected else "Chao",
        assumptions=(*ASSUMPTIONS, UNEQUAL),
        reference=CHAO_1987,
        bound=LOWER_BOUND,
    )


def chao_improved(
    counts: CountsLike, *, bias_corrected: bool = False, finite_sample: bool | None = None
) -> CountEstimate:
    r"""Estimate a higher lower bound of a population's size from the people seen one to four times.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen; with occasions, at least four of them.
    bias_corrected : bool, default False
        Start from the bias-corrected form of Chao's bound, finite where nobody was seen twice.
    finite_sample : bool, optional
        Whether to use the factors for a finite sample, as in `chao`.

    Returns
    -------
    CountEstimate
        In people, with the status ``"bound"``; never below `chao` with the same options.

    Raises
    ------
    NotEstimableError
        If f1 or f2 is zero and `bias_corrected` is False; the error carries the bound that exists.
    InputError
        If the counts or an option do not fit.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    Chao's bound plus :math:`\lambda \frac{f_3}{4 f_4} \max(f_1 - \mu \frac{f_2 f_3}{2 f_4}, 0)`, with
    :math:`\lambda = \mu = 1` for abundance, :math:`\lambda = (t - 3) / t` and
    :math:`\mu = (t - 3) / (t - 1)` for incidence; f4 = 0 is taken as 1 [1]_. The variance is the delta
    method's with multinomial frequencies, which is larger than that of `chao`: four counts vary and not
    two.

    References
    ----------
    .. [1] Chiu, C.-H., Wang, Y.-T., Walther, B. A., Chao, A. (2014). An improved nonparametric lower bound
       of species richness via a modified Good-Turing frequency formula. Biometrics 70(3), 671-682.
       doi:10.1111/biom.12200

    Examples
    --------
    >>> chao_improved({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <improved Chao: 145 people, se 27, 76 seen, bound>
    """
    held = as_frequency_counts(counts)
    corrected = check_flag("bias_corrected", bias_corrected)
    need_classes(held, 4, what="the improved bound")
    occasions = held.occasions
    if occasions is not None and occasions < 4:
        raise InputError(
            f"the improved bound uses the people seen four times, and there are {occasions} occasions; "
            "use chao()."
        )
    factor = 1 - 1 / finite_size(held, finite_sample)
    if not corrected:
        _refuse_without(held, "the improved bound", (1, 2), "chao_improved(..., bias_corrected=True)")
    warn_of_surplus_ones(held, "the improved bound")
    finite = occasions is not None and finite_sample is not False
    outer = (occasions - 3) / occasions if finite and occasions else 1.0
    inner = (occasions - 3) / (occasions - 1) if finite and occasions else 1.0
    _, people = classes(held, 4)

    def size(f: Frequencies) -> complex:
        fourth = f[3] if f[3].real > 0 else 1.0
        excess = f[0] - inner * f[1] * f[2] / (2 * fourth)
        more = outer * f[2] / (4 * fourth) * excess if excess.real > 0 else 0.0
        return complex(f.sum() + _chao_unseen(f, factor, corrected=corrected) + more)

    n_hat = size(people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        unseen_variance(slopes(size, people), people, n_hat - held.n_observed),
        method="improved Chao, bias-corrected" if corrected else "improved Chao",
        assumptions=(*ASSUMPTIONS, UNEQUAL),
        reference=CHIU_2014,
        bound=LOWER_BOUND,
    )


def chao_one_inflated(counts: CountsLike, *, bias_corrected: bool = False) -> CountEstimate:
    r"""Estimate a lower bound of a population's size that does not use the people seen once.

    Missed matches, and people who leave after a first visit, make too many people seen once. Chao's bound
    grows with their square; this one counts them as people and uses them no further.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.
    bias_corrected : bool, default False
        Use the form that is finite where nobody was seen three times.

    Returns
    -------
    CountEstimate
        In people, with the status ``"bound"``.

    Raises
    ------
    NotEstimableError
        If f2 or f3 is zero and `bias_corrected` is False; the error carries the number seen.
    InputError
        If the counts or an option do not fit.

    Notes
    -----
    :math:`\hat N = n + \frac{2}{9} f_2^3 / f_3^2` [1]_; bias-corrected
    :math:`n + \frac{2}{9} (f_2^3 - 3 f_2^2 + 2 f_2) / \{(f_3 + 1)(f_3 + 2)\}`. With t occasions the factor
    2/9 becomes :math:`\frac{2 (t - 2)^2}{9 t (t - 1)}`, by the same step from the binomial distribution.
    The variance is the delta method's with multinomial frequencies.

    References
    ----------
    .. [1] Böhning, D., Kaskasamkul, P., van der Heijden, P. G. M. (2019). A modification of Chao's lower
       bound estimator in the case of one-inflation. Metrika 82, 361-384. doi:10.1007/s00184-018-0689-5

    Examples
    --------
    >>> round(chao_one_inflated({2: 95, 3: 32}).n_hat, 4)
    313.0623
    """
    held = as_frequency_counts(counts)
    corrected = check_flag("bias_corrected", bias_corrected)
    need_classes(held, 3, what="the one-inflated bound")
    occasions = held.occasions
    if occasions is not None and occasions < 3:
        raise InputError(
            "the one-inflated bound uses the people seen three times, and there are 2 occasions; use chao()."
        )
    if not corrected and not (held[2] and held[3]):
        empty = 2 if not held[2] else 3
        raise NotEstimableError(
            f"the one-inflated bound needs people seen twice and three times, and nobody was seen {empty} "
            "times; chao_one_inflated(..., bias_corrected=True) is finite. Without the people seen once the "
            f"data set no bound above the number seen, {held.n_observed:,}.",
            bound=float(held.n_observed),
        )
    factor = 2 / 9 if occasions is None else 2 * (occasions - 2) ** 2 / (9 * occasions * (occasions - 1))
    _, people = classes(held, 3)

    def size(f: Frequencies) -> complex:
        if corrected:
            unseen = f[1] * (f[1] - 1) * (f[1] - 2) / ((f[2] + 1) * (f[2] + 2))
        else:
            unseen = f[1] ** 3 / f[2] ** 2
        return complex(f.sum() + factor * unseen)

    n_hat = size(people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        unseen_variance(slopes(size, people), people, n_hat - held.n_observed),
        method="one-inflated Chao, bias-corrected" if corrected else "one-inflated Chao",
        assumptions=(ASSUMPTIONS[0], ASSUMPTIONS[2], UNEQUAL, WITHOUT_ONES),
        reference=BOHNING_2019,
        bound=LOWER_BOUND,
    )


def lanumteang_bohning(counts: CountsLike) -> CountEstimate:
    r"""Estimate a population's size from the people seen one, two and three times.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.

    Returns
    -------
    CountEstimate
        In people.

    Raises
    ------
    NotEstimableError
        If f1, f2 or f3 is zero; the error carries the bound that exists.
    InputError
        If the counts do not fit.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    :math:`\hat N = n + \frac{3 f_1^3 f_3}{4 f_2^3}` [1]_: Chao's bound times the ratio
    :math:`3 f_1 f_3 / (2 f_2^2)`, which is 1 where everybody is seen at the same rate and grows with
    differences between people. With t occasions the number not seen is multiplied by
    :math:`(t - 1)^2 / \{t (t - 2)\}`, so that the ratio is 1 for one binomial chance as well. For
    gamma-distributed rates it finds the share :math:`1 - CV^4 / (1 + CV^2)^2` of those not seen (Chao's
    bound: :math:`1 / (1 + CV^2)`). Where f3 is small it varies far more than Chao's bound. The variance is
    the delta method's with multinomial frequencies.

    References
    ----------
    .. [1] Lanumteang, K., Böhning, D. (2011). An extension of Chao's estimator of population size based on
       the first three capture frequency counts. Computational Statistics & Data Analysis 55(7), 2302-2311.
       doi:10.1016/j.csda.2011.01.017

    Examples
    --------
    >>> lanumteang_bohning({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <Lanumteang-Böhning: 190 people, se 110, 76 seen>
    """
    held = as_frequency_counts(counts)
    need_classes(held, 3, what="Lanumteang-Böhning")
    _refuse_without(held, "Lanumteang-Böhning", (1, 2, 3), "chao(..., bias_corrected=True)")
    warn_of_surplus_ones(held, "the estimate of Lanumteang and Böhning")
    occasions = held.occasions
    factor = 3 / 4 if occasions is None else 3 * (occasions - 1) ** 2 / (4 * occasions * (occasions - 2))
    _, people = classes(held, 3)

    def size(f: Frequencies) -> complex:
        return complex(f.sum() + factor * f[0] ** 3 * f[2] / f[1] ** 3)

    n_hat = size(people.astype(complex)).real
    return count_estimate(
        held,
        n_hat,
        unseen_variance(slopes(size, people), people, n_hat - held.n_observed),
        method="Lanumteang-Böhning",
        assumptions=(
            *ASSUMPTIONS,
            "People are seen at rates that follow a gamma distribution of small spread.",
        ),
        reference=LANUMTEANG_BOHNING_2011,
    )


def zelterman(counts: CountsLike) -> CountEstimate:
    r"""Estimate a population's size from the rate that the people seen once and twice suggest.

    Parameters
    ----------
    counts : FrequencyCounts or mapping of int to int
        People by times seen.

    Returns
    -------
    CountEstimate
        In people; `params` has the ``"rate"``, times a person is seen.

    Raises
    ------
    NotEstimableError
        If f1 or f2 is zero; the error carries the bound that exists.
    InputError
        If the counts do not fit.

    Warns
    -----
    OneInflationWarning
        If far more people were seen once than the others lead to.

    Notes
    -----
    :math:`\hat\lambda = 2 f_2 / f_1` and :math:`\hat N = n / (1 - e^{-\hat\lambda})` [1]_. With t occasions
    the odds of being seen in one are :math:`2 f_2 / \{(t - 1) f_1\}`, and
    :math:`\hat N = n / \{1 - (1 - \hat p)^t\}`. The variance is by conditioning [2]_:
    :math:`n q / s^2 + n^2 s'^2 / s^4 (1 / f_1 + 1 / f_2)`, with s the chance of being seen at all,
    q = 1 - s, and s' its derivative by the log of the rate (or odds). People who differ make the estimate
    lie above Chao's bound, and it may exceed the truth.

    References
    ----------
    .. [1] Zelterman, D. (1988). Robust estimation in truncated discrete distributions with application to
       capture-recapture experiments. Journal of Statistical Planning and Inference 18(2), 225-237.
       doi:10.1016/0378-3758(88)90007-9
    .. [2] Böhning, D. (2008). A simple variance formula for population size estimators by conditioning.
       Statistical Methodology 5(5), 410-423. doi:10.1016/j.stamet.2007.10.001

    Examples
    --------
    >>> zelterman({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1})
    <Zelterman: 145 people, se 31, 76 seen>
    """
    held = as_frequency_counts(counts)
    need_classes(held, 2, what="Zelterman's estimator")
    _refuse_without(held, "Zelterman's estimator", (1, 2), "chao(..., bias_corrected=True)")
    warn_of_surplus_ones(held, "Zelterman's estimate")
    f1, f2, seen = float(held[1]), float(held[2]), float(held.n_observed)
    if held.occasions is None:
        rate = 2 * f2 / f1
        missed, slope = np.exp(-rate), rate * np.exp(-rate)
        caught = -np.expm1(-rate)
    else:
        odds = 2 * f2 / ((held.occasions - 1) * f1)
        missed = np.exp(-held.occasions * np.log1p(odds))
        rate = held.occasions * odds / (1 + odds)
        slope = rate * missed
        caught = -np.expm1(-held.occasions * np.log1p(odds))
    variance = seen * missed / caught**2 + seen**2 * slope**2 / caught**4 * (1 / f1 + 1 / f2)
    return count_estimate(
        held,
        seen / caught,
        float(variance),
        method="Zelterman",
        assumptions=(
            *ASSUMPTIONS,
            "The people seen once or twice are seen at the same rate as those not seen.",
        ),
        reference=BOHNING_2008,
        params={"rate": rate},
    )


def _chao_unseen(f: Frequencies, factor: float, *, corrected: bool) -> complex:
    if corrected:
        return complex(factor * f[0] * (f[0] - 1) / (2 * (f[1] + 1)))
    return complex(factor * f[0] ** 2 / (2 * f[1]))


def _refuse_without(counts: FrequencyCounts, what: str, needed: tuple[int, ...], instead: str) -> None:
    empty = next((times for times in needed if counts[times] == 0), None)
    if empty is None:
        return
    bound = lower_bound(counts)
    word = {1: "once", 2: "twice"}.get(empty, f"{empty} times")
    why = (
        "so the data do not say that anybody was missed"
        if empty == 1
        else "so there is no ratio from which to tell how many were missed"
    )
    raise NotEstimableError(
        f"{what} needs people seen {word}, and there are none, {why}. {instead} is finite; the "
        f"bias-corrected bound for these counts is {bound:,.1f} people.",
        bound=bound,
    )
