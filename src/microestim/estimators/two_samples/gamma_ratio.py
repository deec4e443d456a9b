"""Ratios of gamma functions that stay accurate when their arguments are large."""

import numpy as np
import numpy.typing as npt

__all__ = ["log_rising"]

# Coefficients of Stirling's series for log-gamma, in odd powers of 1/x from the first.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_SERIES_FROM = 32.0


def log_rising(x: npt.ArrayLike, n: npt.ArrayLike) -> npt.NDArray[np.float64]:
    r"""Logarithm of the rising factorial, :math:`\log \Gamma(x + n) - \log \Gamma(x)`.

    Subtracting two log-gammas of 10^9 leaves six correct digits; here the leading terms of Stirling's
    series are subtracted by hand, so the error is that of the result.

    Parameters
    ----------
    x : array_like
        First factor, positive.
    n : array_like
        Number of factors, not negative; need not be a whole number.

    Returns
    -------
    ndarray
        The logarithm, of the broadcast shape.

    Notes
    -----
    The series is used from x = 32 on, where its first omitted term, 1 / (156 x^13), is below 1e-21.

    Examples
    --------
    >>> float(np.exp(log_rising(3.0, 2.0)))
    12.0
    >>> float(log_rising(1e12, 1.0) - np.log(1e12))
    0.0
    """
    from scipy.special import gammaln

    first, count = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    large = first >= _SERIES_FROM
    start = np.where(large, first, _SERIES_FROM)
    end = start + count
    series = count * np.log(start) + ((end - 0.5) * np.log1p(count / start) - count)
    for power, coefficient in enumerate(_STIRLING):
        series += coefficient * (end ** -(2.0 * power + 1) - start ** -(2.0 * power + 1))
    small = np.where(large, 1.0, first)
    direct: npt.NDArray[np.float64] = gammaln(small + count) - gammaln(small)
    return np.where(large, series, direct)
