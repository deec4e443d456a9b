"""What an estimate from a fitted model adds: its likelihood, and the criteria that follow from it."""

from dataclasses import dataclass

import numpy as np

from microestim.results.estimate import Estimate

__all__ = ["FittedEstimate"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FittedEstimate(Estimate):
    """An estimate whose parameters are at the maximum of a likelihood.

    Parameters
    ----------
    loglik : float
        Maximised log-likelihood, with all constants.
    n_params : int
        Free parameters.
    df_resid : int
        Residual degrees of freedom.

    Examples
    --------
    >>> fit = FittedEstimate(n_hat=120.0, n_observed=100.0, method="x", loglik=-20.0, n_params=2, df_resid=3)
    >>> fit.aic, round(fit.bic, 2)
    (44.0, 49.21)
    """

    loglik: float
    n_params: int
    df_resid: int

    @property
    def aic(self) -> float:
        """Akaike's criterion; comparable only between fits to the same data."""
        return 2 * self.n_params - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the log of the number seen."""
        assert self.n_observed is not None
        return self.n_params * float(np.log(self.n_observed)) - 2 * self.loglik

    @property
    def converged(self) -> bool:
        """Whether the maximum was found: always, since a fit without one is refused."""
        return True
