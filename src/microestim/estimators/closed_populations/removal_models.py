"""Models with a reaction to the first capture: only first captures tell of the size. Mb and Mbh."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts

__all__ = ["RemovalFit", "fit_removal_model", "log_survival", "people_left", "removal_sizes"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RemovalFit:
    """A fitted model of first captures and recaptures.

    Parameters
    ----------
    f0, se : float
        People not seen, and the standard error of the size.
    capture, recapture : float
        Probability of a first capture (of everybody, on the first occasion) and of a recapture on each
        later occasion.
    later_capture : float
        Probability of a first capture on each occasion after the first.
    loglik_kernel : float
        Sum over the people seen of the logarithm of the expectation of their history.
    parameters : int
        Free parameters.
    """

    f0: float
    se: float
    capture: float
    recapture: float
    later_capture: float
    loglik_kernel: float
    parameters: int


def fit_removal_model(name: str, counts: ClosedCounts, *, first_apart: bool) -> RemovalFit:
    r"""Fit Mb, or Mbh with a probability of its own on the first occasion.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    counts : ClosedCounts
        The data.
    first_apart : bool
        Whether the first occasion has a probability of its own: the most easily caught are then taken out
        before the removal begins.

    Returns
    -------
    RemovalFit
        The fit.

    Raises
    ------
    NotEstimableError
        If first captures do not decline.

    Notes
    -----
    First captures are Poisson with expectations :math:`N p (1 - p)^{j - 1}`; with :math:`q = 1 - p` the
    number not seen is :math:`f_0 = \mu_1 q^t / p` and its relative variance
    :math:`1 / n + (t + q / p - m)^2 / (n v)`, where m and v are mean and variance of j - 1 under the model
    [1]_. Recaptures are binomial and independent of the size.

    References
    ----------
    .. [1] Rivest, L.-P. & Levesque, T. (2001). Improved log-linear model estimators of abundance in
       capture-recapture experiments. Canadian Journal of Statistics 29(4), 555-572. doi:10.2307/3316007
    """
    from scipy.special import xlogy

    first = counts.u_i[1:] if first_apart else counts.u_i
    t, caught = len(first), float(first.sum())
    place = np.arange(t, dtype=float)
    if caught == 0 or first @ place >= caught * (t - 1) / 2:
        raise NotEstimableError(
            f"{name} needs first captures that decline from occasion to occasion"
            f"{' after the first' if first_apart else ''}, and they do not: "
            f"{', '.join(f'{u:g}' for u in counts.u_i)}. The data set no upper limit to the population "
            "under this model."
        )
    if first[0] == caught:
        raise NotEstimableError(
            f"under {name} nobody is missing: all first captures fall on one occasion, so the probability of "
            "capture is 1 there."
        )
    f0, se, q, weights = people_left(t, caught, float(first @ place))
    later = float(counts.u_i @ np.arange(counts.t - 1, -1, -1.0))
    again = float(counts.n_i.sum() - counts.n_observed)
    kernel = float(first @ np.log(caught * weights)) + float(xlogy(again, again / later) if later else 0.0)
    kernel += float(xlogy(later - again, 1 - again / later) if later else 0.0)
    size = counts.n_observed + f0
    capture = 1 - q
    if first_apart:
        alone = float(counts.u_i[0])
        kernel += float(xlogy(alone, alone))
        capture = alone / size
    return RemovalFit(
        f0=f0,
        se=se,
        capture=float(capture),
        recapture=again / later if later else float("nan"),
        later_capture=float(1 - q),
        loglik_kernel=kernel,
        parameters=4 if first_apart else 3,
    )


def people_left(t: int, caught: float, waited: float) -> tuple[float, float, float, Array]:
    """Estimate the people whom a removal leaves, as in `fit_removal_model`.

    Parameters
    ----------
    t : int
        Occasions.
    caught : float
        People with a first capture.
    waited : float
        Occasions before their first captures, in all: above zero, below ``caught * (t - 1) / 2``.

    Returns
    -------
    f0, se : float
        People not seen, and the standard error of the size.
    q : float
        Chance of not being captured on an occasion.
    weights : ndarray, shape (t,)
        Shares of the first captures by occasion.

    Examples
    --------
    >>> round(people_left(3, 70.0, 40.0)[0], 6)
    10.0
    """
    place = np.arange(t, dtype=float)
    q = float(np.exp(log_survival(t, waited / caught)))
    weights = q**place / np.sum(q**place)
    mean = weights @ place
    variance = weights @ (place - mean) ** 2
    f0 = float(caught * weights[0] * q**t / (1 - q))
    log_variance = 1 / caught + (t + q / (1 - q) - mean) ** 2 / (caught * variance)
    return f0, float(np.sqrt(f0 + f0**2 * log_variance)), q, weights


def log_survival(t: int, mean: float) -> float:
    """Log of the q whose geometric distribution, cut at t, has the given mean of j - 1.

    Parameters
    ----------
    t : int
        Occasions.
    mean : float
        Mean number of occasions before a first capture, below (t - 1) / 2.

    Returns
    -------
    float
        The log of the chance of not being captured.
    """
    from scipy.optimize import brentq

    place = np.arange(t, dtype=float)

    def excess(log_q: float) -> float:
        weights = np.exp(log_q * place)
        return float(weights @ place / weights.sum()) - mean

    # Far enough for one first capture in a million million after the first occasion.
    return float(brentq(excess, -60.0, -1e-12, xtol=1e-15, rtol=1e-14))


def removal_sizes(first: Array) -> Array:
    """Sizes that first captures give, for many data sets at once.

    Parameters
    ----------
    first : ndarray, shape (data sets, t)
        First captures on each occasion.

    Returns
    -------
    ndarray, shape (data sets,)
        In people: the number captured and those that are left; infinite where first captures do not decline.

    Examples
    --------
    >>> removal_sizes(np.array([[40.0, 20.0, 10.0], [10.0, 10.0, 10.0]])).tolist()
    [80.0, inf]
    """
    t = first.shape[1]
    place = np.arange(t, dtype=float)
    caught = first.sum(axis=1)
    sizes = np.full(len(first), np.inf)
    total = first @ place
    sizes[(caught > 0) & (total == 0)] = caught[(caught > 0) & (total == 0)]
    rows = np.flatnonzero((total > 0) & (total < caught * (t - 1) / 2))
    mean = total[rows] / caught[rows]
    low, high = np.full(len(rows), -60.0), np.zeros(len(rows))
    # The mean of j - 1 grows with q; after so many halvings the bracket is as narrow as numbers allow.
    for _ in range(70):
        middle = (low + high) / 2
        weights = np.exp(middle[:, None] * place)
        above = weights @ place > mean * weights.sum(axis=1)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    log_q = (low + high) / 2
    weights = np.exp(log_q[:, None] * place)
    left = np.exp(log_q * t) / -np.expm1(log_q) / weights.sum(axis=1)
    sizes[rows] = caught[rows] * (1 + left)
    return sizes
