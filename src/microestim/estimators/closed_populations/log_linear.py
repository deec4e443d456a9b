"""Maximum likelihood of log-linear models for closed populations, on sufficient statistics.

A model gives each history other than 'never captured' the expectation exp(g + theta' z). Given the number
of people seen, g drops out and theta maximises a concave function; the number not seen follows from g.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.designs import Design, Moments

__all__ = [
    "MOST_STEPS",
    "LogLinearFit",
    "Maximum",
    "fit_log_linear",
    "maximise",
    "newton_step",
]

Array = npt.NDArray[np.float64]
MOST_STEPS = 80
MOST_HALVINGS = 40
LEAST_EIGENVALUE = 1e-12
# Newton steps shrink quadratically: the step after one of this relative size is below rounding.
SMALL_STEP = 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class LogLinearFit:
    """The maximum of a log-linear model, with the number not seen that it implies.

    Parameters
    ----------
    theta : ndarray, shape (parameters,)
        Coefficients other than the intercept.
    cov : ndarray, shape (parameters, parameters)
        Their covariance.
    f0 : float
        People not seen.
    f0_log_variance : float
        Variance of the logarithm of `f0`, the people seen taken as Poisson.
    loglik_kernel : float
        Sum over the people seen of the logarithm of the expectation of their history.
    bias : float
        First-order bias of the estimate, in people.
    """

    theta: Array
    cov: Array
    f0: float
    f0_log_variance: float
    loglik_kernel: float
    bias: float

    @property
    def se(self) -> float:
        """Standard error of the population's size."""
        return float(np.sqrt(self.f0 + self.f0**2 * self.f0_log_variance))


@dataclass(frozen=True, kw_only=True, eq=False)
class Maximum:
    """Where Newton's method ended.

    Parameters
    ----------
    theta : ndarray, shape (parameters,)
        The parameters.
    moments : Moments
        Of z there.
    converged : bool
        False where a parameter ran away: the maximum is at the boundary, or there is none.
    """

    theta: Array
    moments: Moments
    converged: bool


def newton_step(cov: Array, gradient: Array) -> Array | None:
    """Solve for Newton's step.

    Parameters
    ----------
    cov : ndarray, shape (parameters, parameters)
        Information of one person.
    gradient : ndarray, shape (parameters,)
        Slope of the log-likelihood of one person.

    Returns
    -------
    ndarray or None
        The step, or None where the information is singular.
    """
    from scipy.linalg.lapack import dpotrf, dpotrs

    scale = np.sqrt(np.diag(cov))
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        return None
    correlation = cov / np.outer(scale, scale)
    root, failed = dpotrf(correlation, lower=True)
    if failed:
        # Rounding made a nearly singular matrix indefinite; with its eigenvalues bounded the step is uphill.
        values, vectors = np.linalg.eigh(correlation)
        turned = vectors.T @ (gradient / scale) / np.maximum(values, LEAST_EIGENVALUE)
        step = np.asarray(vectors @ turned / scale)
    else:
        solved, _ = dpotrs(root, gradient / scale, lower=True)
        step = np.asarray(solved / scale)
    return step if np.isfinite(step).all() else None


def maximise(
    design: Design,
    people: float,
    statistic: Array,
    start: Array,
    *,
    all_histories: bool,
    most: int = MOST_STEPS,
) -> Maximum:
    r"""Maximise :math:`\theta' s - n \log \sum_\omega \exp(\theta' z_\omega)` by Newton's method.

    Parameters
    ----------
    design : Design
        The sums over histories.
    people : float
        n.
    statistic : ndarray, shape (parameters,)
        s.
    start : ndarray, shape (parameters,)
        Where to begin.
    all_histories : bool
        Whether the history that nobody shows is in the sum.
    most : int
        Most steps.

    Returns
    -------
    Maximum
        The maximum, or where the search was when it became plain that a parameter runs away.

    Notes
    -----
    The function is concave. At a maximum Newton's steps shrink quadratically; along a direction in which
    it increases for ever they do not shrink below one in the number of steps, relative to the parameter, or
    the information becomes singular.
    """
    theta, target = np.array(start, dtype=float), statistic / people
    found = design.moments(theta, all_histories=all_histories)
    for _ in range(most):
        step = newton_step(found.cov, target - found.mean)
        if step is None:
            break
        if np.all(np.abs(step) <= SMALL_STEP * (np.abs(theta) + 1)):
            theta = theta + step
            found = design.moments(theta, all_histories=all_histories)
            return Maximum(theta=theta, moments=found, converged=True)
        value = theta @ target - found.log_total
        # Close to the maximum, gains are lost in rounding; a loss of that size is none.
        slack = 1e-12 * (1 + abs(value))
        for _ in range(MOST_HALVINGS):
            trial = theta + step
            gained = trial @ target - design.log_total(trial, all_histories=all_histories) - value
            if gained >= -slack:
                break
            step = step / 2
        else:
            break
        theta = trial
        found = design.moments(theta, all_histories=all_histories)
    return Maximum(theta=theta, moments=found, converged=False)


def fit_log_linear(design: Design, people: float, start: Array) -> LogLinearFit | None:
    r"""Fit a log-linear model to the people seen, and extrapolate to those not seen.

    Parameters
    ----------
    design : Design
        The sums over histories, and the statistic of the people seen.
    people : float
        People seen, n.
    start : ndarray, shape (parameters,)
        Where to begin.

    Returns
    -------
    LogLinearFit or None
        The estimate, its variance and its bias; None where there is no maximum at finite parameters.

    Notes
    -----
    The counts by history are Poisson with expectations :math:`\exp(\gamma + \theta' z)`. With
    :math:`v = \mathrm{var}(\log \hat f_0)`, the size :math:`\hat N = n + \hat f_0` has the variance
    :math:`\hat f_0 + \hat f_0^2 v` for a population of fixed size [1]_. Its bias is
    :math:`f_0 (b + v / 2)`, where b is the first-order bias of the linear predictor [2]_:
    :math:`b = -\tfrac12 \mathrm{tr}(V \, \partial I / \partial \epsilon)`, the derivative of the information
    along the direction V x of the history not seen.

    References
    ----------
    .. [1] Rivest, L.-P. & Levesque, T. (2001). Improved log-linear model estimators of abundance in
       capture-recapture experiments. Canadian Journal of Statistics 29(4), 555-572. doi:10.2307/3316007
    .. [2] Cordeiro, G. M. & McCullagh, P. (1991). Bias correction in generalized linear models. Journal of
       the Royal Statistical Society B 53(3), 629-643. doi:10.1111/j.2517-6161.1991.tb01852.x
    """
    best = maximise(design, people, design.statistic, start, all_histories=False)
    if not best.converged:
        return None
    theta, found = best.theta, best.moments
    scale = np.sqrt(np.diag(found.cov))
    correlation = found.cov / np.outer(scale, scale)
    # Past this the covariance has no correct digit: two parameters cannot be told apart.
    if np.linalg.cond(correlation) > 1e15:
        return None
    cov = np.linalg.inv(correlation) / np.outer(scale, scale) / people
    towards = design.unseen - found.mean
    direction = cov @ towards
    log_variance = float(1 / people + towards @ direction)
    # The covariance is positive definite; where rounding says otherwise, two parameters are one.
    if not log_variance >= 1 / people:
        return None
    intercept = float(np.log(people) - found.log_total)
    log_f0 = intercept + design.unseen @ theta
    with np.errstate(over="ignore"):
        f0 = float(np.exp(log_f0))
    bias = _bias_of_predictor(design, people, theta, found, cov, direction)
    return LogLinearFit(
        theta=theta,
        cov=cov,
        f0=f0,
        f0_log_variance=log_variance,
        loglik_kernel=float(people * intercept + theta @ design.statistic),
        bias=f0 * (bias + log_variance / 2),
    )


def _bias_of_predictor(
    design: Design, people: float, theta: Array, found: Moments, cov: Array, direction: Array
) -> float:
    """First-order bias of the log of the number not seen, by a central difference of the information.

    Centring the columns at their mean keeps intercept and coefficients apart: the information is then
    n times the identity block and the covariance, and only the derivative mixes them.
    """
    intercept = 1 / people
    size = max(float(np.sqrt(direction @ found.cov @ direction)), intercept)
    # The error of a central difference is of the order of its square.
    width = 1e-4 / size
    informations = []
    for sign in (1, -1):
        moved = design.moments(theta + sign * width * direction, all_histories=False)
        shift = moved.log_total - found.log_total - sign * width * (direction @ found.mean)
        with np.errstate(over="ignore"):
            total = people * np.exp(shift + sign * width * intercept)
        offset = moved.mean - found.mean
        second = moved.cov + np.outer(offset, offset)
        informations.append(total * (intercept + np.sum(cov * second)))
    # Infinite where a step of this size already overflows.
    change = np.inf if np.isinf(informations).any() else informations[0] - informations[1]
    return float(-change / (4 * width))
