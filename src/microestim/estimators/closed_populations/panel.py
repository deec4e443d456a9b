"""Every model of a closed population side by side, before any winner is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, closed_counts
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.family import UnreliableMaximumError
from microestim.estimators.closed_populations.models import Model, closed
from microestim.estimators.references import BURNHAM_ANDERSON_2004
from microestim.results import ROUNDING_RULE, Estimate, Table, format_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClosedModels", "ModelRow", "closed_models"]

Criterion = Literal["aic", "bic"]
PANEL: tuple[tuple[Model, str | None], ...] = (
    ("M0", None),
    ("Mt", None),
    ("Mh", "chao"),
    ("Mh", "poisson(2)"),
    ("Mh", "darroch"),
    ("Mh", "gamma(3.5)"),
    ("Mh", "normal"),
    ("Mh", "mixture(2)"),
    ("Mh", "beta-binomial"),
    ("Mth", "chao"),
    ("Mth", "poisson(2)"),
    ("Mth", "darroch"),
    ("Mth", "gamma(3.5)"),
    ("Mth", "normal"),
    ("Mth", "mixture(2)"),
    ("Mb", None),
    ("Mtb", None),
    ("Mbh", None),
    ("Mtbh", "normal"),
)
"""Models and shapes of heterogeneity that the panel fits."""

_ALIGN: tuple[Literal["left", "right"], ...] = ("left", "left", "right", "right", *("right",) * 4)
_SPREAD = (
    "Shapes of heterogeneity that fit alike can extrapolate to very different sizes (Link 2003): read the "
    "spread before the first row."
)


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One model of the panel: its estimate, or why there is none.

    Parameters
    ----------
    name : str
        Model and shape of heterogeneity.
    estimate : ClosedEstimate or None
        The estimate.
    reason : str
        Why there is no estimate, or why it is a bound; empty otherwise.
    converged : bool
        Whether the likelihood has a maximum at finite parameters, and it was found.
    """

    name: str
    estimate: ClosedEstimate | None
    reason: str
    converged: bool

    @property
    def status(self) -> str:
        """``"estimated"``, ``"bound"`` or ``"not estimable"``."""
        return "not estimable" if self.estimate is None else str(self.estimate.status)

    @property
    def admissible(self) -> bool:
        """Whether the maximum is an estimate or a bound that can stand, by its bias or its error."""
        return self.estimate is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class ClosedModels:
    """The panel of models: estimates sorted by a criterion, models without one last.

    Parameters
    ----------
    rows : tuple of ModelRow
        One row a model, in the order shown.
    criterion : {"aic", "bic"}
        What they are sorted by.

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> closed_models(taxicabs)
    <ClosedModels: 7 of 8 models with an estimate, 369 to 407 people>
    """

    rows: tuple[ModelRow, ...]
    criterion: Criterion

    def __getitem__(self, name: str) -> ModelRow:
        """Return the row of a model by its name, such as ``"Mh chao"``."""
        for row in self.rows:
            if row.name == name:
                return row
        names = ", ".join(row.name for row in self.rows)
        raise InputError(f"there is no model {name!r}; the panel has {names}.")

    @property
    def estimates(self) -> tuple[ClosedEstimate, ...]:
        """The estimates that exist, best first."""
        return tuple(row.estimate for row in self.rows if row.estimate is not None)

    def average(self, *, weights: Criterion = "aic") -> Estimate:
        r"""Average the models that are no bounds, by their criterion.

        Parameters
        ----------
        weights : {"aic", "bic"}, default "aic"
            A model's weight is in proportion to exp(-criterion / 2).

        Returns
        -------
        Estimate
            In people, with the unconditional standard error.

        Raises
        ------
        NotEstimableError
            If no model has an estimate.
        InputError
            If the criterion is unknown.

        Notes
        -----
        :math:`\hat N = \sum_m w_m \hat N_m`, and the standard error
        :math:`\sum_m w_m \{se_m^2 + (\hat N_m - \hat N)^2\}^{1/2}` adds what the models disagree by [1]_.
        It knows nothing of models outside the panel.

        References
        ----------
        .. [1] Burnham, K. P. & Anderson, D. R. (2004). Multimodel inference: understanding AIC and BIC in
           model selection. Sociological Methods & Research 33(2), 261-304. doi:10.1177/0049124104268644
        """
        _check_criterion("weights", weights)
        models = [estimate for estimate in self.estimates if estimate.status == "estimated"]
        if not models:
            raise NotEstimableError("no model of the panel has an estimate that is not a bound.")
        criteria = np.array([getattr(model, weights) for model in models])
        shares = np.exp(-(criteria - criteria.min()) / 2)
        shares /= shares.sum()
        sizes = np.array([float(model.n_hat) for model in models])
        errors = np.array([np.nan if model.se is None else float(model.se) for model in models])
        mean = float(shares @ sizes)
        return Estimate(
            n_hat=mean,
            se=float(shares @ np.hypot(errors, sizes - mean)),
            n_observed=models[0].n_observed,
            method=f"average of {len(models)} models by {weights.upper()}",
            assumptions=(
                "One of the models averaged is near enough to the truth.",
                *models[0].assumptions[:1],
            ),
            reference=BURNHAM_ANDERSON_2004,
        )

    def to_frame(self) -> pd.DataFrame:
        """Export one row a model, in full precision.

        Returns
        -------
        pandas.DataFrame
            Columns `model`, `status`, `converged`, `admissible`, `estimate`, `se` (people), `deviance`,
            `df_resid`, `aic`, `bic`, `asymptotic_bias` (people) and `reason`; missing where there is no
            estimate.
        """
        import pandas as pd

        names = ("n_hat", "se", "deviance", "df_resid", "aic", "bic", "asymptotic_bias")
        records = []
        for row in self.rows:
            values = {name: getattr(row.estimate, name, None) for name in names}
            stands = {"status": row.status, "converged": row.converged, "admissible": row.admissible}
            records.append({"model": row.name, **stands, **values, "reason": row.reason})
        frame = pd.DataFrame.from_records(records).rename(columns={"n_hat": "estimate"})
        # As a float a missing degree of freedom is nan; whole numbers of 2^t exceed 64 bits at t = 64.
        return frame.astype(dict.fromkeys(["estimate", *names[1:]], float))

    def table(self) -> Table:
        """Return the panel as a table for a reader.

        Returns
        -------
        Table
            One row a model, rounded by the declared rule.
        """
        rows: list[tuple[str, ...]] = []
        remarks = []
        for row in self.rows:
            found = row.estimate
            if found is None:
                rows.append((row.name, row.status, *(6 * ("",))))
                remarks.append(f"{row.name}: {row.reason}")
                continue
            se = None if found.se is None else float(found.se)
            size = format_number(float(found.n_hat), se)
            error = "" if se is None else format_number(se, se)
            fit = (found.deviance, found.aic, found.bic)
            numbers = ["" if value is None else f"{value:,.1f}" for value in fit]
            rows.append((row.name, row.status, size, error, numbers[0], f"{found.df_resid:,}", *numbers[1:]))
        columns = ("model", "status", "people", "se", "deviance", "df", "AIC", "BIC")
        title = f"closed population: {self._spread()}"
        return Table(columns, rows, title=title, footer=(_SPREAD, *remarks, ROUNDING_RULE), align=_ALIGN)

    def _spread(self) -> str:
        if not self.estimates:
            return "no model has an estimate"
        sizes = sorted((float(found.n_hat), float(found.se or 0.0)) for found in self.estimates)
        low, high = (format_number(size, error) for size, error in (sizes[0], sizes[-1]))
        return f"{len(self.estimates)} of {len(self.rows)} models with an estimate, {low} to {high} people"

    def __repr__(self) -> str:
        """Return one line."""
        return f"<ClosedModels: {self._spread()}>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()


def closed_models(captures: Any, *, criterion: Criterion = "bic") -> ClosedModels:
    """Fit every model of a closed population that the data allow.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        Who was captured when, or how many people were captured how often (M0 and Mh only).
    criterion : {"aic", "bic"}, default "bic"
        What the rows are sorted by.

    Returns
    -------
    ClosedModels
        One row a model. A model that fails, is not identified, needs what the data do not say, or has too
        large a bias or an error larger than its estimate is a row that says so.

    Raises
    ------
    InputError
        If the criterion is unknown, or the data are of another kind.
    NotEstimableError
        With two occasions: models cannot be compared there.

    Notes
    -----
    With two occasions there are three counts. M0, Mt and Mb then differ in what they assume and in nothing
    that the counts could contradict, so a criterion would choose between them at random.

    References
    ----------
    Link, W. A. (2003). Nonidentifiability of population size from capture-recapture data with heterogeneous
    detection probabilities. Biometrics 59(4), 1123-1130. doi:10.1111/j.0006-341X.2003.00129.x

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> closed_models(taxicabs).rows[0].name
    'M0'
    """
    _check_criterion("criterion", criterion)
    counts = closed_counts(captures)
    if counts.occasions == 2:
        raise NotEstimableError(
            "with two occasions no data can tell time, behaviour and heterogeneity apart, so models are not "
            "compared. Choose one on other grounds, such as closed(captures, 'Mt'), and vary the dependence "
            "between the occasions."
        )
    rows = []
    for model, shape in PANEL:
        if not isinstance(counts, ClosedCounts) and model not in ("M0", "Mh"):
            continue
        name = model if shape is None else f"{model} {shape}"
        try:
            found = closed(counts, model, heterogeneity=shape)
        except NotEstimableError as refused:
            found_one = isinstance(refused, UnreliableMaximumError)
            rows.append(ModelRow(name=name, estimate=None, reason=refused.reason, converged=found_one))
        else:
            reason = str(found.reason)
            rows.append(ModelRow(name=name, estimate=found, reason=reason, converged=found.converged))

    def place(row: ModelRow) -> float:
        return np.inf if row.estimate is None else float(getattr(row.estimate, criterion))

    return ClosedModels(rows=tuple(sorted(rows, key=place)), criterion=criterion)


def _check_criterion(name: str, criterion: str) -> None:
    if criterion not in get_args(Criterion):
        raise InputError(f"{name} is {criterion!r}; it must be one of {', '.join(get_args(Criterion))}.")
