"""Likelihood-ratio tests between closed-population models: time, behaviour, unequal catchability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, closed_counts
from microestim.estimators.closed_populations.estimate import ClosedEstimate
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.models import Model, closed
from microestim.results import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClosedTests", "LikelihoodRatioTest", "closed_tests"]

_NOT_A_CHOICE = (
    "A p value says how well the null holds against that one alternative; it does not choose a model, and "
    "models that fit alike can give very different sizes."
)


@dataclass(frozen=True, kw_only=True)
class LikelihoodRatioTest:
    """One test of a model against a larger one.

    Parameters
    ----------
    effect : str
        What the larger model allows for: ``"time"``, ``"behaviour"`` or ``"unequal catchability"``.
    null, alternative : str
        The two models; the null is a special case of the alternative.
    statistic : float or None
        Twice the difference of their log-likelihoods; None where a model could not be fitted.
    df : int
        Degrees of freedom: parameters that the null fixes.
    p_value : float or None
        Chance of a statistic as large under the null, by the chi-square distribution.
    reason : str
        Why there is no statistic; empty otherwise.
    """

    effect: str
    null: str
    alternative: str
    statistic: float | None
    df: int
    p_value: float | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClosedTests:
    """Tests of time, behaviour and unequal catchability, side by side.

    Parameters
    ----------
    rows : tuple of LikelihoodRatioTest
        One a test.

    Examples
    --------
    >>> from microestim.capture import FrequencyCounts
    >>> taxicabs = FrequencyCounts({1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}, occasions=10)
    >>> closed_tests(taxicabs)
    <ClosedTests: unequal catchability p 0.28>
    """

    rows: tuple[LikelihoodRatioTest, ...]

    def to_frame(self) -> pd.DataFrame:
        """Export one row a test, in full precision.

        Returns
        -------
        pandas.DataFrame
            Columns `effect`, `null`, `alternative`, `statistic`, `df`, `p_value` and `reason`.
        """
        import pandas as pd

        names = ("effect", "null", "alternative", "statistic", "df", "p_value", "reason")
        frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.rows])
        return frame.astype({"statistic": float, "p_value": float})

    def table(self) -> Table:
        """Return the tests as a table for a reader.

        Returns
        -------
        Table
            One row a test.
        """
        rows = []
        for row in self.rows:
            value = "" if row.statistic is None else f"{row.statistic:,.2f}"
            rows.append((row.effect, row.null, row.alternative, value, f"{row.df:,}", _shown(row.p_value)))
        remarks = [f"{row.null} against {row.alternative}: {row.reason}" for row in self.rows if row.reason]
        return Table(
            ("effect", "null", "alternative", "chi-square", "df", "p value"),
            rows,
            title="likelihood-ratio tests",
            footer=(*remarks, _NOT_A_CHOICE),
            align=("left", "left", "left", "right", "right", "right"),
        )

    def __repr__(self) -> str:
        """Return one line."""
        found = [f"{row.effect} p {_shown(row.p_value)}" for row in self.rows if row.p_value is not None]
        return f"<ClosedTests: {', '.join(found) or 'none can be made'}>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table().to_text()

    def _repr_html_(self) -> str:
        return self.table().to_html()


def closed_tests(captures: Any, *, heterogeneity: str | Heterogeneity = "darroch") -> ClosedTests:
    r"""Test for time effects, a reaction to capture, and unequal catchability.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        Who was captured when, or how many people were captured how often (unequal catchability only).
    heterogeneity : str or Heterogeneity, default "darroch"
        Shape of unequal catchability under the alternative, with one coefficient: ``"poisson"``,
        ``"darroch"`` or ``"gamma"``.

    Returns
    -------
    ClosedTests
        M0 against Mt, M0 against Mb, M0 against Mh, and Mt against Mth. A test whose models cannot both be
        fitted is a row that says so.

    Raises
    ------
    NotEstimableError
        With two occasions, which cannot tell the effects apart, or for ``"chao"``.
    InputError
        If the data are of another kind.

    Notes
    -----
    Twice the gain in log-likelihood is compared with chi-square: t - 1 degrees of freedom for Mt, 1 for Mb, 1
    for the coefficient :math:`\tau` of a shape. The coefficient may have either sign, so zero is no boundary;
    :math:`\tau < 0` means captures more even than chance makes them, or too many people seen once. The
    coefficients of Chao's bound are at a boundary under the null, where chi-square does not hold. Each
    test takes the effects that it does not name for absent [1]_: time effects that are left out look like
    a lack of heterogeneity, and Mt against Mth is the test that allows for them.

    References
    ----------
    .. [1] Otis, D. L., Burnham, K. P., White, G. C. & Anderson, D. R. (1978). Statistical inference from
       capture data on closed animal populations. Wildlife Monographs 62.

    Examples
    --------
    >>> from microestim.capture import Captures
    >>> waves = {"100": 30, "010": 22, "001": 25, "110": 12, "101": 8, "011": 5, "111": 3}
    >>> closed_tests(Captures.from_counts(waves)).rows[0].df
    2
    """
    shape = heterogeneity_of(heterogeneity)
    if shape.is_bound:
        raise NotEstimableError(
            "the coefficients of 'chao' are zero at the boundary under the null, so their likelihood ratio "
            "has no chi-square distribution; test with 'darroch', 'poisson' or 'gamma'."
        )
    counts = closed_counts(captures)
    if counts.occasions == 2:
        raise NotEstimableError(
            "with two occasions no data can tell time, behaviour and unequal catchability apart, so there is "
            "nothing to test. Vary the dependence between the occasions instead."
        )
    fits: dict[tuple[Model, bool], ClosedEstimate | str] = {}

    def fitted(model: Model, with_shape: bool) -> ClosedEstimate | str:
        key = model, with_shape
        if key not in fits:
            try:
                fits[key] = closed(counts, model, shape if with_shape else None)
            except NotEstimableError as refused:
                fits[key] = refused.reason
        return fits[key]

    t = counts.occasions
    heterogeneous = "unequal catchability"
    planned: list[tuple[str, Model, Model, bool, int]] = [(heterogeneous, "M0", "Mh", True, 1)]
    if isinstance(counts, ClosedCounts):
        assert t is not None
        planned.insert(0, ("time", "M0", "Mt", False, t - 1))
        planned.insert(1, ("behaviour", "M0", "Mb", False, 1))
        planned.append((f"{heterogeneous}, given time", "Mt", "Mth", True, 1))
    rows = []
    for effect, null, alternative, with_shape, df in planned:
        small, large = fitted(null, False), fitted(alternative, with_shape)
        larger = f"{alternative} {shape}" if with_shape else alternative
        rows.append(_tested(effect, null, larger, small, large, df))
    return ClosedTests(rows=tuple(rows))


def _tested(
    effect: str,
    null: str,
    alternative: str,
    small: ClosedEstimate | str,
    large: ClosedEstimate | str,
    df: int,
) -> LikelihoodRatioTest:
    from scipy.special import chdtrc

    missing = next((fit for fit in (small, large) if isinstance(fit, str)), "")
    statistic = None
    if not isinstance(small, str) and not isinstance(large, str):
        # The larger model holds the smaller one; below rounding the difference has either sign.
        statistic = max(2 * (large.loglik - small.loglik), 0.0)
    return LikelihoodRatioTest(
        effect=effect,
        null=null,
        alternative=alternative,
        statistic=statistic,
        df=df,
        p_value=None if statistic is None else float(chdtrc(df, statistic)),
        reason=missing,
    )


def _shown(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "below 0.001" if p_value < 0.001 else f"{p_value:.2g}"
