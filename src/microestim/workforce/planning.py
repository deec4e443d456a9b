"""What to collect next: how narrow each tier's interval would be after every candidate, without a refit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import numpy as np

from microestim.checks.expected_width import LEVEL, ExpectedWidth, expected_width
from microestim.checks.fitted import FittedModel
from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.models.sampling import progress_stream
from microestim.results import Table, format_number
from microestim.workforce.candidates import Candidate
from microestim.workforce.posterior import JointPosterior

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["HALVED", "Plan", "plan"]

HALVED = 0.5
"""Expected width over the width now, at or below which a candidate is said to halve the interval."""
LEAST_DRAWS = 1000
"""With fewer, the noise of the regression is larger than what many a candidate narrows."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What each candidate would do to each tier's interval; made by `plan`.

    Parameters
    ----------
    widths : tuple of ExpectedWidth
        One a candidate and tier; candidates that narrow `tier` most come first.
    tier : str
        The tier that orders the candidates.
    title : str
        Title of the table.
    """

    widths: tuple[ExpectedWidth, ...]
    tier: str
    title: str

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of the candidates, best first."""
        return tuple(dict.fromkeys(each.candidate for each in self.widths))

    def of(self, candidate: str, tier: str) -> ExpectedWidth:
        """Give the width of one tier after one candidate.

        Parameters
        ----------
        candidate : str
            Name of the candidate.
        tier : str
            The tier.

        Returns
        -------
        ExpectedWidth
            The widths.
        """
        for each in self.widths:
            if (each.candidate, each.tier) == (candidate, tier):
                return each
        raise InputError(
            f"there is no {candidate!r} for {tier!r}; candidates are {', '.join(self.candidates)}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row a candidate and tier, in full precision.

        Returns
        -------
        pandas.DataFrame
            Widths in people, the ratio to the width now, the factors between limits, the cost, and people
            of width that a unit of cost takes off.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "candidate": each.candidate,
                    "tier": each.tier,
                    "width_now": each.now,
                    "width_expected": each.expected,
                    "width_low": each.low,
                    "width_high": each.high,
                    "ratio": each.ratio,
                    "factor_now": each.factor_now,
                    "factor_expected": each.factor_expected,
                    "cost": each.cost,
                    "narrower_per_cost": each.saved_per_cost,
                }
                for each in self.widths
            ]
        )

    def table(self) -> Table:
        """Lay the plan out for a reader.

        Returns
        -------
        Table
            One row a candidate and tier.
        """
        rows = []
        for each in self.widths:
            saved = 1.0 - each.ratio
            rows.append(
                (
                    each.candidate,
                    each.tier,
                    format_number(each.now, each.now / 10),
                    format_number(each.expected, each.now / 10),
                    f"{format_number(each.low, each.now / 10)} to {format_number(each.high, each.now / 10)}",
                    f"{-100 * saved:+.0f} %",
                    f"{each.factor_now:.2g} to {each.factor_expected:.2g}",
                    "" if each.cost is None else f"{each.cost:,.10g}",
                    "" if each.saved_per_cost is None else f"{each.saved_per_cost:.2g}",
                )
            )
        halving = [each.candidate for each in self.widths if each.tier == self.tier and each.ratio <= HALVED]
        said = ", ".join(halving) if halving else "no candidate"
        return Table(
            (
                "candidate",
                "tier",
                f"{LEVEL:.0%} width now",
                "expected",
                "for 80 % of its data",
                "change",
                "upper / lower",
                "cost",
                "narrower by, per unit of cost",
            ),
            rows,
            title=self.title,
            footer=(
                f"Expected to halve the interval of {self.tier}: {said}.",
                "Widths in people, expected over data drawn from the posterior predictive distribution, by "
                "regression of the tiers' logarithms on those data (expected value of sample information). "
                "Given the model, its priors, and answers as it describes them.",
            ),
            align=("left", "left", *("right",) * 7),
        )

    def plot(self) -> Figure:
        """Draw the expected width of every tier after every candidate.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; nothing is shown or saved.
        """
        from microestim.plots.planning import plot_widths

        return plot_widths(self.widths, tier=self.tier)

    def __repr__(self) -> str:
        best = self.of(self.candidates[0], self.tier)
        found = f"best for {self.tier}: {best.candidate} ({best.ratio:.2f} of the width now)"
        return f"<Plan: {len(self.candidates)} candidates, {found}>"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().to_html()


def plan(
    fit: FittedModel,
    candidates: Mapping[str, Candidate],
    *,
    tier: str = "weekly",
    rng: int | np.random.Generator | None = None,
    progress: bool | TextIO = False,
) -> Plan:
    r"""Say what collecting more would do to each tier's interval, without collecting it.

    Parameters
    ----------
    fit : WorkforceFit
        A fit.
    candidates : mapping of str to Candidate
        What could be collected, by a name of your choice: `SurveyWaves`, `PopulationSurvey`, `TrafficSource`,
        `PlatformFigure`.
    tier : {"registered", "monthly_active", "monthly", "weekly"}, default "weekly"
        The tier whose interval orders the candidates.
    rng : int, Generator or None
        Source of randomness; the fit's own seed unless given.
    progress : bool or text stream, default False
        Write progress, to standard error where True.

    Returns
    -------
    Plan
        Expected widths of the 90 % intervals, and their spread over the data that may come.

    Raises
    ------
    InputError
        If there is no candidate, the tier is unknown, a candidate does not fit the study or brings no number,
        or the fit has fewer than 1,000 draws.

    Notes
    -----
    Each posterior draw :math:`\theta_s` gives data :math:`y_s` that the candidate would bring; the pairs
    :math:`(\log T_s, y_s)` are draws of the joint distribution of tier and data. The regression of
    :math:`\log T` on y (natural splines of every number and products of pairs) gives
    :math:`m(y) = E[\log T \mid y]`, and the residuals of draws with a similar m(y) the posterior around
    it [1]_ [2]_. The regression is cross-validated, so that a candidate which says nothing narrows next to
    nothing: 1 % with 6,000 draws, 3 % with 1,000.
    It rests on the model: data that the model cannot produce may say more, or less.

    A quantity that only the candidate's data need, such as the visitors per person of a new service, is drawn
    from its prior; for one country of a pooled fit, from its prior given what the quantity is in the other
    countries in the same draw.

    References
    ----------
    .. [1] Strong, M., Oakley, J. E. & Brennan, A. (2014). Estimating multiparameter partial expected value
       of perfect information from a probabilistic sensitivity analysis sample. Medical Decision Making
       34(3), 311-326. doi:10.1177/0272989X13505910
    .. [2] Jackson, C., Presanis, A., Conti, S. & De Angelis, D. (2019). Value of information: sensitivity
       analysis and research design in Bayesian evidence synthesis. Journal of the American Statistical
       Association 114(528), 1436-1449. doi:10.1080/01621459.2018.1562932

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.load_fit("fr-2018.nc")  # doctest: +SKIP
    >>> waves = me.SurveyWaves(platform="foule-factory", answers=500)  # doctest: +SKIP
    >>> me.plan(fit, {"two more waves": waves})  # doctest: +SKIP
    """
    if isinstance(fit, Mapping):
        raise InputError(f"a plan is of one study: give the fit of one of {', '.join(fit)}, as fit[...]")
    if not isinstance(fit, JointPosterior):
        raise InputError(f"fit is a {type(fit).__name__}; give what WorkforceModel.fit or load_fit gave")
    if not isinstance(candidates, Mapping):
        raise InputError(
            f"candidates is a {type(candidates).__name__}; give a mapping of names to candidates"
        )
    if not candidates:
        raise InputError("candidates is empty; give at least one thing that could be collected, by name")
    if tier not in TIER_IDS:
        raise InputError(f"tier is {tier!r}; use one of {', '.join(TIER_IDS)}")
    given: Mapping[str, object] = candidates
    for name, each in given.items():
        if not isinstance(each, Candidate):
            raise InputError(
                f"candidate {name!r} is a {type(each).__name__}; give SurveyWaves, PopulationSurvey, "
                "TrafficSource or PlatformFigure"
            )
    if np.prod(fit.shape) < LEAST_DRAWS:
        raise InputError(
            f"the fit has {np.prod(fit.shape):,} draws, too few to regress tiers on data; fit with "
            f"{LEAST_DRAWS:,} at least, and better 6,000"
        )
    seeds = np.random.default_rng(fit.settings.seed if rng is None else rng).spawn(len(candidates))
    log_people = {name: np.log(fit.draws(name).ravel()) for name in TIER_IDS}
    widths: dict[str, list[ExpectedWidth]] = {}
    stream = progress_stream(progress)
    for number, ((name, candidate), generator) in enumerate(
        zip(candidates.items(), seeds, strict=True), start=1
    ):
        if stream is not None:
            stream.write(f"  {name} ({number} of {len(candidates)})\n")
            stream.flush()
        drawn = candidate.simulate(generator, fit)
        if not drawn:
            raise InputError(
                f"candidate {name!r} brings no number: the study observes one platform, so nobody has others "
                "to name; ask something else too"
            )
        data = np.column_stack(list(drawn.values()))
        widths[name] = [
            expected_width(values, data, candidate=name, tier=each, cost=candidate.total_cost)
            for each, values in log_people.items()
        ]
    place = TIER_IDS.index(tier)
    order = sorted(widths, key=lambda name: widths[name][place].ratio)
    return Plan(
        tuple(each for name in order for each in widths[name]),
        tier,
        f"{fit.study.title}: what to collect next"
        + (f" (fitted together with {', '.join(fit.others)})" if fit.others else "")
        + ("" if fit.converged else " - NOT CONVERGED"),
    )
