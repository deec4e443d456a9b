"""How unequal catchability enters a log-linear model: as a function of the number of captures."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from microestim.errors import InputError, NotEstimableError

__all__ = ["HETEROGENEITIES", "Heterogeneity", "heterogeneity_of"]

Array = npt.NDArray[np.float64]
Shape = Literal["chao", "poisson", "darroch", "gamma"]
DEFAULT_PARAMETER: dict[str, float | None] = {"chao": None, "poisson": 2.0, "darroch": None, "gamma": 3.5}

HETEROGENEITIES: tuple[str, ...] = get_args(Shape)
"""Every shape of heterogeneity that a log-linear model knows."""


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    r"""A shape of unequal catchability.

    Parameters
    ----------
    shape : {"chao", "poisson", "darroch", "gamma"}
        The family, see Notes.
    a : float, optional
        Parameter of ``"poisson"`` (above 1; 2 when None) and ``"gamma"`` (above 0; 3.5 when None).

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

    References
    ----------
    .. [1] Rivest, L.-P. & Baillargeon, S. (2007). Applications and extensions of Chao's moment estimator for
       the size of a closed population. Biometrics 63(4), 999-1006.
       doi:10.1111/j.1541-0420.2007.00779.x
    .. [2] Baillargeon, S. & Rivest, L.-P. (2007). Rcapture: loglinear models for capture-recapture in R.
       Journal of Statistical Software 19(5). doi:10.18637/jss.v019.i05

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
        least = {"poisson": 1.0, "gamma": 0.0}.get(self.shape)
        if least is None:
            raise InputError(f"heterogeneity {self.shape!r} has no parameter, and {self.a!r} was given.")
        if not (np.isfinite(self.a) and self.a > least):
            raise InputError(f"{self.shape}(a) needs a finite a above {least:g}; a is {self.a!r}.")

    @property
    def is_bound(self) -> bool:
        """Whether the estimate made with this shape is a lower bound."""
        return self.shape == "chao"

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

        Examples
        --------
        >>> Heterogeneity(shape="darroch").columns(3).ravel().tolist()
        [0.0, 0.5, 2.0, 4.5]
        """
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
    accepted = "'chao', 'poisson', 'poisson(2)', 'darroch', 'gamma', 'gamma(3.5)'"
    pattern = r"\s*([a-z]+)\s*(?:\(\s*([-+.0-9eE]+)\s*\))?\s*"
    match = re.fullmatch(pattern, given) if isinstance(given, str) else None
    if match is None or match[1] not in HETEROGENEITIES:
        raise InputError(f"heterogeneity is {given!r}; give one of {accepted}.")
    try:
        parameter = None if match[2] is None else float(match[2])
    except ValueError as error:
        raise InputError(f"heterogeneity is {given!r}; give one of {accepted}.") from error
    name: Shape = next(shape for shape in get_args(Shape) if shape == match[1])
    return Heterogeneity(shape=name, a=parameter)
