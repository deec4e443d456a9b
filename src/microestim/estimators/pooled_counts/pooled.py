"""Sizes of several groups from how often people were seen, each group informed by the others."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from microestim.capture.frequencies import CountsLike, FrequencyCounts, as_frequency_counts
from microestim.errors import InputError, NotEstimableError, OneInflationWarning, PriorError
from microestim.estimators.frequency_counts import chao
from microestim.estimators.pooled_counts.hierarchy import (
    Common,
    GroupGrid,
    Hyperprior,
    group_grid,
    posterior,
)
from microestim.estimators.pooled_counts.laws import CountLikelihood, Rates
from microestim.estimators.pooled_counts.size import SizePosterior, size_posterior
from microestim.results import (
    FRAME_COLUMNS,
    ROUNDING_RULE,
    Interval,
    Table,
    check_level,
    format_interval,
    format_number,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CountPriors", "PooledCounts", "pooled_counts"]


@dataclass(frozen=True, kw_only=True)
class CountPriors:
    """What is assumed of how often people are seen, before the counts.

    Parameters
    ----------
    times : float, default 0.5
        Median over groups of how often a typical person would be seen over all occasions: the median
        (log-normal rates) or mean (gamma rates) number of times.
    times_sd : float, default 1.5
        Standard deviation of the log of `times`.
    times_between : float, default 0.7
        Scale of the half-normal prior of the spread of that log between groups.
    unequal : float, default 1.5
        How unequal people are, in a typical group: the standard deviation of the log rate (log-normal), or
        the shape of the gamma distribution, small where people are very unequal.
    unequal_sd : float, default 0.3
        Standard deviation of the log of `unequal`.
    unequal_between : float, default 0.3
        Scale of the half-normal prior of the spread of that log between groups.

    Raises
    ------
    PriorError
        A value is not above 0.

    Examples
    --------
    >>> CountPriors().widened(2).unequal_sd
    0.6
    """

    times: float = 0.5
    times_sd: float = 1.5
    times_between: float = 0.7
    unequal: float = 1.5
    unequal_sd: float = 0.3
    unequal_between: float = 0.3

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                raise PriorError(f"{name} is {value!r}; it must be a number above 0")

    def widened(self, factor: float) -> CountPriors:
        """Give the same priors with every spread multiplied.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        CountPriors
            The wider priors; medians stay.
        """
        return replace(
            self,
            times_sd=self.times_sd * factor,
            times_between=self.times_between * factor,
            unequal_sd=self.unequal_sd * factor,
            unequal_between=self.unequal_between * factor,
        )


DEFAULTS: Mapping[str, CountPriors] = {
    "log-normal": CountPriors(),
    "gamma": CountPriors(unequal=0.3, unequal_sd=0.7, unequal_between=0.5),
}
"""Priors by distribution of rates: judgement, not findings."""


@dataclass(frozen=True, eq=False, repr=False)
class PooledCounts:
    """Numbers of people in several groups, each informed by the others; made by `pooled_counts`.

    Parameters
    ----------
    counts : dict of str to FrequencyCounts
        The data, by group.
    rates : {"log-normal", "gamma"}
        Distribution of people's rates.
    stopped : float or None
        Prior mean of the share of those seen who were stopped from being seen again.
    priors : CountPriors
        The priors.
    sizes, wide_sizes : dict of str to SizePosterior
        Posterior of the number of people by group, under the priors and under priors twice as wide.
    common : Common
        Posterior of what the groups have in common.
    chao_bounds : dict of str to float
        Chao's lower bound by group; missing (NaN) where nobody was seen twice.

    Examples
    --------
    >>> groups = {"north": {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}, "south": {1: 20, 2: 6, 3: 2}}
    >>> pooled_counts(groups).to_frame()["seen"].tolist()
    [76, 28]
    """

    counts: dict[str, FrequencyCounts]
    rates: Rates
    stopped: float | None
    priors: CountPriors
    sizes: dict[str, SizePosterior]
    wide_sizes: dict[str, SizePosterior]
    common: Common
    chao_bounds: dict[str, float]

    def median(self, group: str) -> float:
        """Give the posterior median of a group's number of people.

        Parameters
        ----------
        group : str
            Name of the group.

        Returns
        -------
        float
            People.
        """
        return self._of(group, wide=False).quantile(0.5)

    def interval(self, group: str, level: float = 0.95, *, wide: bool = False) -> Interval:
        """Give the equal-tailed credible interval of a group's number of people.

        Parameters
        ----------
        group : str
            Name of the group.
        level : float, default 0.95
            Posterior probability between the limits.
        wide : bool, default False
            Under priors twice as wide.

        Returns
        -------
        Interval
            It never starts below the people seen; its upper limit is infinite where the counts and the prior
            set none.
        """
        check_level(level)
        tail = (1.0 - level) / 2.0
        size = self._of(group, wide=wide)
        return Interval(size.quantile(tail), size.quantile(1.0 - tail), level, "credible: equal-tailed")

    def _of(self, group: str, *, wide: bool) -> SizePosterior:
        if group not in self.sizes:
            raise InputError(f"there is no group {group!r}; there are {', '.join(self.sizes)}.")
        return (self.wide_sizes if wide else self.sizes)[group]

    def _label(self) -> str:
        stopped = "" if self.stopped is None else ", some stopped after the first time"
        return f"pooled counts, {self.rates} rates{stopped}"

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Give one row a group.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        pandas.DataFrame
            The columns that every export has (`study` is the group, `estimate` the posterior median; a
            standard error may not exist and is missing), and `seen`, `chao` (lower bound), `wide_low` and
            `wide_high` (limits under priors twice as wide), and `prior_factor`: by how much those priors
            widen the interval, on the log scale.
        """
        import pandas as pd

        rows = []
        for group, counts in self.counts.items():
            interval, wide = self.interval(group, level), self.interval(group, level, wide=True)
            median = self.median(group)
            row: dict[str, Any] = dict.fromkeys(FRAME_COLUMNS)
            row |= {
                "study": group,
                "method": self._label(),
                "status": "estimated" if math.isfinite(median) else "not estimable",
                "estimate": median,
                "se": np.nan,
                "ci_low": interval.low,
                "ci_high": interval.high,
                "ci_level": level,
                "ci_kind": interval.kind,
                "unit": "people",
                "seen": counts.n_observed,
                "chao": self.chao_bounds[group],
                "wide_low": wide.low,
                "wide_high": wide.high,
                "prior_factor": _prior_factor(interval, wide),
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def assumptions(self, *, level: float = 0.95) -> pd.DataFrame:
        """Set what was assumed beside what came out of it.

        Parameters
        ----------
        level : float, default 0.95
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Prior and posterior median and limits of how often a typical person is seen, of how unequal
            people are, and of how much groups differ in each (standard deviation of the log).
        """
        import pandas as pd

        columns = ["quantity", *(f"{what}_{which}" for what in ("prior", "posterior") for which in _COLUMNS)]
        rows = [(label, *given, *found) for label, given, found in self._beside(level)]
        return pd.DataFrame(rows, columns=columns)

    def _beside(self, level: float) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Median and limits of each common quantity, before and after."""
        from scipy.special import ndtri

        check_level(level)
        tail = (1.0 - level) / 2.0
        at = np.array([0.5, tail, 1.0 - tail])
        unequal = "how unequal people are" + (
            " (sd of the log rate)" if self.rates == "log-normal" else " (shape)"
        )
        rows = []
        for label, name, grid, scale in (
            ("times a typical person is seen", "times", "rate", self._occasions),
            (unequal, "unequal", "shape", 1.0),
        ):
            middle, sd = getattr(self.priors, name), getattr(self.priors, f"{name}_sd")
            found = np.exp(_quantiles(*self.common.marginal(grid), at)) * scale
            rows.append((label, np.asarray(middle * np.exp(sd * ndtri(at))), found))
            between = getattr(self.priors, f"{name}_between") * ndtri((1.0 + at) / 2.0)
            after = _quantiles(*self.common.marginal(f"{grid}_between"), at)
            rows.append((f"differences between groups in the log of {name}", np.asarray(between), after))
        return rows

    @cached_property
    def _occasions(self) -> float:
        return float(next(iter(self.counts.values())).occasions or 1)

    def to_table(self, *, level: float = 0.95) -> Table:
        """Lay the groups out as a table, the prior's part beside the answer.

        Parameters
        ----------
        level : float, default 0.95
            Level of the credible intervals.

        Returns
        -------
        Table
            One row a group.
        """
        rows = []
        for group, counts in self.counts.items():
            interval, wide = self.interval(group, level), self.interval(group, level, wide=True)
            low, high, bound = float(interval.low), float(interval.high), self.chao_bounds[group]
            rows.append(
                (
                    group,
                    f"{counts.n_observed:,}",
                    "none" if math.isnan(bound) else f"{bound:,.0f}",
                    format_number(self.median(group), (high - low) / 4 if math.isfinite(high) else None),
                    format_interval(low, high),
                    format_interval(float(wide.low), float(wide.high)),
                    f"{_prior_factor(interval, wide):.2f}",
                )
            )
        footer = [
            f"{str(label).strip().capitalize()}: prior {given[0]:.2g} ({given[1]:.2g} to {given[2]:.2g}), "
            f"posterior {found[0]:.2g} ({found[1]:.2g} to {found[2]:.2g})."
            for label, given, found in self._beside(level)
        ]
        footer.append(
            "Counts without a zero do not tell how many people have a rate near zero. The assumed "
            "distribution of rates decides that, and another one can give several times as many; so compare "
            "rates='gamma' and stopped=0.2. The last column says by how much priors twice as wide widen an "
            "interval on the log scale, under this distribution only."
        )
        return Table(
            (
                "group",
                "seen",
                "Chao bound",
                "median",
                f"{100 * level:g}% credible",
                "priors twice as wide",
                "widened by",
            ),
            rows,
            title=f"People by group: {self._label()}",
            footer=(*footer, ROUNDING_RULE),
            align=("left", *("right",) * 6),
        )

    def __repr__(self) -> str:
        return f"<PooledCounts: {len(self.counts)} groups, {self.rates} rates>"

    def __str__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()


_COLUMNS = ("median", "low", "high")


def _quantiles(values: np.ndarray, probability: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Quantiles of a distribution on cells of equal width, linear within them."""
    step = values[1] - values[0]
    below = np.concatenate([[0.0], np.cumsum(probability)])
    edges = np.concatenate([[values[0] - step / 2], values + step / 2])
    return np.asarray(np.interp(at, below / below[-1], edges))


def _prior_factor(interval: Interval, wide: Interval) -> float:
    if math.isinf(float(interval.high)):
        return math.inf
    return _log_width(wide) / _log_width(interval)


def _log_width(interval: Interval) -> float:
    return math.log(float(interval.high)) - math.log(float(interval.low))


def _chao_bounds(groups: Mapping[str, FrequencyCounts], *, warn: bool) -> dict[str, float]:
    """Give Chao's bounds, with one warning for all groups that have too many people seen once."""
    bounds, surplus = {}, []
    for name, counts in groups.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", OneInflationWarning)
            try:
                bounds[name] = float(chao(counts).n_hat)
            except NotEstimableError:
                bounds[name] = math.nan
        if any(issubclass(each.category, OneInflationWarning) for each in caught):
            surplus.append(name)
    if warn and surplus:
        warnings.warn(
            f"in {', '.join(surplus)} more people were seen once than those seen twice or more lead to; if "
            "some were stopped after the first time (left, or could not answer again), the numbers are too "
            "high: compare stopped=0.2",
            OneInflationWarning,
            stacklevel=3,
        )
    return bounds


def pooled_counts(
    counts: Mapping[str, CountsLike],
    *,
    rates: Literal["log-normal", "gamma"] = "log-normal",
    stopped: float | None = None,
    priors: CountPriors | None = None,
) -> PooledCounts:
    r"""Estimate the number of people in several groups, such as countries, from how often each was seen.

    Parameters
    ----------
    counts : mapping of str to FrequencyCounts
        People by times seen, by group. Either all have the same number of occasions or none has any.
    rates : {"log-normal", "gamma"}, default "log-normal"
        Distribution of people's rates of being seen.
    stopped : float, optional
        Prior mean, between 0 and 1, of the share of those seen who were stopped from being seen again after
        the first time ('one-after' inflation). Each group has its own, with a Beta(1, 1 / stopped - 1) prior,
        which is integrated out. Without it nobody was.
    priors : CountPriors, optional
        What is assumed of rates; defaults by `rates`, which are judgement.

    Returns
    -------
    PooledCounts
        One row a group: people seen, Chao's bound, posterior median and interval, and the interval under
        priors twice as wide.

    Raises
    ------
    InputError
        There is no group, occasions differ, or an option is unknown.
    NotEstimableError
        In every group everybody was seen once: nothing tells how unequal people are.

    Warns
    -----
    OneInflationWarning
        In some groups more people were seen once than the others lead to, and `stopped` was not given.

    Notes
    -----
    In group c a person of rate r is seen Poisson(r) times or, with occasions, on each with chance
    :math:`1 - e^{-r}`. Rates are log-normal, :math:`\log r \sim N(u_c, e^{2 v_c})`, or gamma of mean
    :math:`e^{u_c}` and shape :math:`e^{v_c}`. Groups are alike to a degree that is itself estimated,

    .. math:: u_c \sim N(M, T^2), \qquad v_c \sim N(A, S^2),

    with normal priors on M and A and half-normal ones on T and S. The likelihood is that of the counts of
    those seen [1]_; with the prior 1 / N the number of people then has a negative binomial law given the
    chance of being seen. All integrals are sums on grids; nothing is sampled.

    *What the counts cannot tell.* The number of people with a rate near zero leaves no trace. For gamma rates
    the likelihood often rises without end as the shape falls to zero, where the number is infinite: then only
    the prior on the shape makes it finite. Below a shape of 0.002, or above a standard deviation of 20 of the
    log rate, the number is taken as infinite; where more of the posterior lies there than an interval leaves
    out, the interval has no upper limit. The result shows prior beside posterior and how far priors twice as
    wide reach; Chao's bound is free of this.

    Assumes that each group is closed: whoever left or joined in between looks like somebody seldom seen, and
    raises the number; it then counts everybody who was there at some time.

    References
    ----------
    .. [1] Sanathanan, L. (1972). Estimating the size of a multinomial population. Annals of Mathematical
       Statistics 43(1), 142-152. doi:10.1214/aoms/1177692709

    Examples
    --------
    >>> found = pooled_counts(
    ...     {
    ...         "north": FrequencyCounts({1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}),
    ...         "south": FrequencyCounts({1: 20, 2: 6, 3: 2}),
    ...     }
    ... )
    >>> found
    <PooledCounts: 2 groups, log-normal rates>
    >>> found.interval("south").low >= 28
    True
    """
    if rates not in get_args(Rates):
        raise InputError(f"rates is {rates!r}; use {' or '.join(map(repr, get_args(Rates)))}.")
    if stopped is not None and (isinstance(stopped, bool) or not 0.0 < stopped < 1.0):
        raise InputError(f"stopped is {stopped!r}; give a share between 0 and 1, or None.")
    given: Any = counts
    if not isinstance(given, Mapping) or not given:
        raise InputError("counts must be a mapping of at least one group to its frequency counts.")
    groups = {str(name): as_frequency_counts(each) for name, each in counts.items()}
    occasions = {each.occasions for each in groups.values()}
    if len(occasions) > 1:
        raise InputError(
            f"groups have different occasions ({', '.join(map(str, sorted(occasions, key=str)))}); rates are "
            "comparable only over the same ones."
        )
    if all(each.times_seen == (1,) for each in groups.values()):
        n = sum(each.n_observed for each in groups.values())
        raise NotEstimableError(
            "everybody was seen once: any number of people from those seen upwards fits as well", bound=n
        )
    if stopped is not None and (without := [name for name, each in groups.items() if each[1] == 0]):
        raise InputError(f"stopped was given, but in {without[0]!r} nobody was seen exactly once.")
    chosen = DEFAULTS[rates] if priors is None else priors
    grids = {name: group_grid(CountLikelihood(each, rates, stopped)) for name, each in groups.items()}
    common, sizes = _sizes(groups, grids, chosen)
    _, wide = _sizes(groups, grids, chosen.widened(2.0))
    bounds = _chao_bounds(groups, warn=stopped is None)
    return PooledCounts(groups, rates, stopped, chosen, sizes, wide, common, bounds)


def _sizes(
    groups: Mapping[str, FrequencyCounts], grids: Mapping[str, GroupGrid], priors: CountPriors
) -> tuple[Common, dict[str, SizePosterior]]:
    occasions = next(iter(groups.values())).occasions or 1
    common, cells = posterior(
        list(grids.values()),
        Hyperprior(
            rate=math.log(priors.times / occasions),
            rate_sd=priors.times_sd,
            rate_between=priors.times_between,
            shape=math.log(priors.unequal),
            shape_sd=priors.unequal_sd,
            shape_between=priors.unequal_between,
        ),
    )
    sizes = {
        name: size_posterior(groups[name].n_observed, grid.log_seen, cell)
        for (name, grid), cell in zip(grids.items(), cells, strict=True)
    }
    return common, sizes
