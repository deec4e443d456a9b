"""Shapes of unequal catchability, and how those of log-linear models enter: by the number of captures."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError

__all__ = ["HETEROGENEITIES", "Heterogeneity", "heterogeneity_of"]

Array = npt.NDArray[np.float64]
# Frequencies of capture never tell more classes apart.
MOST_CLASSES = 10
Shape = Literal["chao", "poisson", "darroch", "gamma", "normal", "mixture", "beta-binomial"]
DEFAULT_PARAMETER: dict[str, float | None] = {
    "chao": None,
    "poisson": 2.0,
    "darroch": None,
    "gamma": 3.5,
    "normal": None,
    "mixture": 2.0,
    "beta-binomial": None,
}

HETEROGENEITIES: tuple[str, ...] = get_args(Shape)
"""Every shape of heterogeneity."""


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    r"""A shape of unequal catchability.

    Parameters
    ----------
    shape : {"chao", "poisson", "darroch", "gamma", "normal", "mixture", "beta-binomial"}
        The family, see Notes.
    a : float, optional
        Parameter of ``"poisson"`` (above 1; 2 when None) and ``"gamma"`` (above 0; 3.5 when None), and number
        of classes of ``"mixture"`` (2 when None).

    Raises
    ------
    InputError
        If the shape is unknown, or the parameter does not fit it.

    Notes
    -----
    In a log-linear model the logarithm of the expected number of people with a history of k captures gains
    :math:`\tau h(k)`, with h(0) = 0 [1]_ [2]_:

    - ``"poisson"``: :math:`h(k) = a^k - 1`; the lightest extrapolation.
    - ``"darroch"``: :math:`h(k) = k^2 / 2`; the logits of capture are normal among those captured nowhere.
    - ``"gamma"``: :math:`h(k) = \log a - \log(a + k)`; the heaviest extrapolation.
    - ``"chao"``: :math:`\sum_{j \ge 3} \eta_j \max(k - j + 1, 0)` with every :math:`\eta_j \ge 0`. Any
      mixture satisfies this, and extrapolating the line through k = 1 and 2 gives a lower bound.

    The other shapes are distributions of ability, and have likelihoods of their own:

    - ``"normal"``: logits of capture are normal [3]_.
    - ``"mixture"``: a few classes of people, each with its own chance of capture [4]_.
    - ``"beta-binomial"``: chances of capture follow a beta distribution; for Mh [5]_.

    References
    ----------
    .. [1] Rivest, L.-P. & Baillargeon, S. (2007). Applications and extensions of Chao's moment estimator for
       the size of a closed population. Biometrics 63(4), 999-1006.
       doi:10.1111/j.1541-0420.2007.00779.x
    .. [2] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5). doi:10.18637/jss.v019.i05
    .. [3] Coull, B. A. & Agresti, A. (1999). The use of mixed logit models to reflect heterogeneity in
       capture-recapture studies. Biometrics 55(1), 294-301. doi:10.1111/j.0006-341X.1999.00294.x
    .. [4] Pledger, S. (2000). Unified maximum likelihood estimates for closed capture-recapture models using
       mixtures. Biometrics 56(2), 434-442. doi:10.1111/j.0006-341X.2000.00434.x
    .. [5] Dorazio, R. M. & Royle, J. A. (2003). Mixture models for estimating the size of a closed population
       when capture rates vary among individuals. Biometrics 59(2), 351-364. doi:10.1111/1541-0420.00042

    Examples
    --------
    >>> print(Heterogeneity(shape="gamma"))
    gamma(3.5)
    """

    shape: Shape
    a: float | None = None

    def __post_init__(self) -> None:
        """Check the shape, and fill in its usual parameter."""
        if self.shape not in HETEROGENEITIES:
            raise InputError(
                f"heterogeneity {self.shape!r} is unknown; it must be one of {', '.join(HETEROGENEITIES)}."
            )
        if self.a is None:
            object.__setattr__(self, "a", DEFAULT_PARAMETER[self.shape])
            return
        least = {"poisson": 1.0, "gamma": 0.0, "mixture": 0.0}.get(self.shape)
        if least is None:
            raise InputError(f"heterogeneity {self.shape!r} has no parameter, and {self.a!r} was given.")
        if self.shape == "mixture":
            if not (1 <= self.a <= MOST_CLASSES and self.a == int(self.a)):
                raise InputError(
                    f"mixture(k) needs a number of classes from 1 to {MOST_CLASSES}; k is {self.a!r}."
                )
            return
        if not (np.isfinite(self.a) and self.a > least):
            raise InputError(f"{self.shape}(a) needs a finite a above {least:g}; a is {self.a!r}.")

    @property
    def is_bound(self) -> bool:
        """Whether the estimate made with this shape is a lower bound."""
        return self.shape == "chao"

    @property
    def is_log_linear(self) -> bool:
        """Whether the shape is a function of the number of captures in a log-linear model."""
        return self.shape in ("chao", "poisson", "darroch", "gamma")

    @property
    def classes(self) -> int | None:
        """Number of classes of a mixture; None for other shapes."""
        return int(self.a) if self.shape == "mixture" and self.a is not None else None

    def columns(self, most: int) -> Array:
        """Return the shape's columns for 0, 1, ..., `most` captures.

        Parameters
        ----------
        most : int
            Largest number of captures.

        Returns
        -------
        ndarray, shape (most + 1, columns)
            One column, and `most` - 2 of them for ``"chao"``; zero in the first row.

        Raises
        ------
        InputError
            If the shape is none of a log-linear model.

        Examples
        --------
        >>> Heterogeneity(shape="darroch").columns(3).ravel().tolist()
        [0.0, 0.5, 2.0, 4.5]
        """
        if not self.is_log_linear:
            raise InputError(f"{self} is a distribution of ability, and no column of a log-linear model.")
        k = np.arange(most + 1, dtype=float)
        if self.shape == "chao":
            return np.maximum(k[:, None] - np.arange(3, most + 1) + 1, 0.0)
        if self.shape == "darroch":
            return (k**2 / 2)[:, None]
        assert self.a is not None
        if self.shape == "gamma":
            return np.asarray(-np.log1p(k / self.a)[:, None])
        with np.errstate(over="ignore"):
            column = np.asarray(np.expm1(k * np.log(self.a)))
        if not np.isfinite(column).all():
            raise NotEstimableError(f"poisson({self.a:g}) is too steep for {most} captures; use a smaller a.")
        return column[:, None]

    def __str__(self) -> str:
        """Return the shape as it is given to an estimator."""
        return self.shape if self.a is None else f"{self.shape}({self.a:g})"


def heterogeneity_of(given: object) -> Heterogeneity:
    """Read a shape of heterogeneity, such as ``"chao"``, ``"poisson(2)"`` or ``"gamma(3.5)"``.

    Parameters
    ----------
    given : str or Heterogeneity
        The shape, its parameter in brackets where it has one and it is not the usual one.

    Returns
    -------
    Heterogeneity
        The shape.

    Raises
    ------
    InputError
        If it cannot be read.

    Examples
    --------
    >>> heterogeneity_of("poisson")
    Heterogeneity(shape='poisson', a=2.0)
    """
    if isinstance(given, Heterogeneity):
        return given
    accepted = (
        "'chao', 'poisson', 'poisson(2)', 'darroch', 'gamma', 'gamma(3.5)', 'normal', 'mixture', "
        "'mixture(2)', 'beta-binomial'"
    )
    pattern = r"\s*([a-z-]+)\s*(?:\(\s*([-+.0-9eE]+)\s*\))?\s*"
    match = re.fullmatch(pattern, given) if isinstance(given, str) else None
    if match is None or match[1] not in HETEROGENEITIES:
        raise InputError(f"heterogeneity is {given!r}; give one of {accepted}.")
    try:
        parameter = None if match[2] is None else float(match[2])
    except ValueError as error:
        raise InputError(f"heterogeneity is {given!r}; give one of {accepted}.") from error
    name: Shape = next(shape for shape in get_args(Shape) if shape == match[1])
    return Heterogeneity(shape=name, a=parameter)
