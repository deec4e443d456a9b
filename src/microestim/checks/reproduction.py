"""Replay a study's published arithmetic, and say where its inputs do not give its results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal

from microestim.checks.replay import Replayed, audience_anchored, figure, replay
from microestim.errors import InputError
from microestim.results.table import Table
from microestim.study import Step, Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "Reproduction", "Verdict", "reproduce"]

Verdict = Literal["exact", "after rounding", "does not follow", "not printed", "not in the study"]

COLUMNS = (
    "study",
    "step",
    "label",
    "operation",
    "formula",
    "computed",
    "unit",
    "scope",
    "tier",
    "printed",
    "printed_as",
    "verdict",
    "difference",
    "ratio",
    "detail",
    "source",
    "locator",
)


@dataclass(frozen=True)
class Line:
    """One step: the printed result beside the computed one.

    Parameters
    ----------
    id : str
        Id of the step.
    label : str
        What is computed, in words.
    operation : str
        What is done.
    formula : str
        The computation in figures.
    computed : float
        The result, in `unit`.
    unit : str
        What the result counts.
    platforms : tuple of str
        Ids of the platforms that it covers.
    tier : str or None
        The tier that the step yields, if it yields one.
    printed : float or None
        The result as printed.
    printed_as : str or None
        The words in which it is printed.
    verdict : str
        ``"exact"``, ``"after rounding"``, ``"does not follow"``, ``"not printed"``, or
        ``"not in the study"`` for a line that the library adds.
    detail : str
        By how much a result does not follow, and which rounding would give it.
    source : str or None
        Id of the source.
    locator : str or None
        Where in the source.
    """

    id: str
    label: str
    operation: str
    formula: str
    computed: float
    unit: str
    platforms: tuple[str, ...]
    tier: str | None
    printed: float | None
    printed_as: str | None
    verdict: Verdict
    detail: str
    source: str | None
    locator: str | None

    @property
    def difference(self) -> float | None:
        """Computed less printed, in `unit`; None where nothing is printed."""
        return None if self.printed is None else self.computed - self.printed

    @property
    def ratio(self) -> float | None:
        """Computed over printed; None where nothing is printed."""
        return None if not self.printed else self.computed / self.printed

    @property
    def agrees(self) -> bool | None:
        """Whether the printed result follows; None where there is none to compare."""
        return {"exact": True, "after rounding": True, "does not follow": False}.get(self.verdict)

    @property
    def sentence(self) -> str:
        """The line in words."""
        if self.verdict == "not in the study":
            return f"Not in the study: {self.label}: {self.formula} = {figure(self.computed)} {self.unit}."
        start = f"{self.label[0].upper()}{self.label[1:]}: {self.formula} = {figure(self.computed)}"
        start += "" if self.unit == "share" else f" {self.unit}"
        printed = self.printed_as or (None if self.printed is None else figure(self.printed))
        match self.verdict:
            case "not printed":
                return f"{start}; the source prints no figure for it."
            case "does not follow":
                return f"{start}, but the source prints {printed}: {self.detail}."
            case "after rounding":
                return f"{start}, printed as {printed}: it follows after rounding."
            case _:
                return f"{start}, as printed."


@dataclass(frozen=True, repr=False)
class Reproduction:
    """A study's steps, replayed.

    Parameters
    ----------
    study_id : str
        Id of the study.
    title : str
        Its title.
    lines : tuple of Line
        The study's own steps, in their order.
    alternatives : tuple of Line
        What the same evidence gives by choices that the study did not make.
    """

    study_id: str
    title: str
    lines: tuple[Line, ...]
    alternatives: tuple[Line, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every printed result follows from the inputs, exactly or after rounding."""
        return all(line.agrees is not False for line in self.lines)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict, then every line, in words."""
        return (self.verdict, *(line.sentence for line in (*self.lines, *self.alternatives)))

    @property
    def verdict(self) -> str:
        """The whole in one sentence."""
        compared = [line for line in self.lines if line.agrees is not None]
        wrong = [line for line in compared if not line.agrees]
        if not compared:
            return "No step of the study has a printed result to compare with."
        if not wrong:
            return f"All {len(compared)} printed results follow from the study's inputs."
        return f"{len(wrong)} of {len(compared)} printed results do not follow from the study's inputs."

    def line(self, id: str) -> Line:
        """Look up a line.

        Parameters
        ----------
        id : str
            Id of the step, or of an alternative.

        Returns
        -------
        Line
            The line.

        Raises
        ------
        InputError
            There is none of this id; the message lists those that exist.
        """
        found = {line.id: line for line in (*self.lines, *self.alternatives)}
        if id not in found:
            raise InputError(f"no step {id!r} in {self.study_id}; it has: {', '.join(found) or 'none'}")
        return found[id]

    @property
    def table(self) -> Table:
        """The lines for reading, with the details below."""
        rows = [
            [
                line.label,
                line.formula,
                figure(line.computed),
                line.printed_as or ("" if line.printed is None else figure(line.printed)),
                line.verdict,
            ]
            for line in (*self.lines, *self.alternatives)
        ]
        details = [
            f"{line.label[0].upper()}{line.label[1:]}: {line.detail}." for line in self.lines if line.detail
        ]
        return Table(
            ("step", "computation", "computed", "printed", "verdict"),
            rows,
            title=f"{self.title} ({self.study_id})",
            footer=[*details, self.verdict],
            align=("left", "left", "right", "left", "left"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the lines as a table in full precision.

        Returns
        -------
        pandas.DataFrame
            One row a line: study, step, label, operation, formula, computed, unit, scope, tier, printed,
            printed_as, verdict, difference (computed less printed), ratio (computed over printed),
            detail, source, locator.
        """
        import pandas as pd

        return pd.DataFrame(list(self._records()), columns=list(COLUMNS))

    def _records(self) -> Iterator[dict[str, object]]:
        for line in (*self.lines, *self.alternatives):
            yield {
                "study": self.study_id,
                "step": line.id,
                "label": line.label,
                "operation": line.operation,
                "formula": line.formula,
                "computed": line.computed,
                "unit": line.unit,
                "scope": ", ".join(line.platforms),
                "tier": line.tier,
                "printed": line.printed,
                "printed_as": line.printed_as,
                "verdict": line.verdict,
                "difference": line.difference,
                "ratio": line.ratio,
                "detail": line.detail,
                "source": line.source,
                "locator": line.locator,
            }

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return f"Reproduction({self.study_id!r}, {len(self.lines)} steps: {self.verdict})"

    def _repr_html_(self) -> str:
        return self.table.to_html()


def reproduce(study: Study) -> Reproduction:
    """Replay a study's published arithmetic with the library's own estimators.

    Every step of the study is computed from its inputs and set beside what the source prints. Where
    the printed inputs do not give the printed result, the line says by how much, and whether some
    rounding would give it.

    Parameters
    ----------
    study : Study
        A study; its `steps` are replayed.

    Returns
    -------
    Reproduction
        The steps line by line, and what the same evidence gives by choices that the study did not make:
        the audience as anchor instead of registrations, and the printed intermediate results carried on
        instead of the computed ones.

    Raises
    ------
    NotEstimableError
        A step starts from two waves without a recapture.

    Examples
    --------
    >>> import microestim as me
    >>> [round(line.computed) for line in me.reproduce(me.load_study("fr-2018-working-paper")).lines[2:]]
    [14903, 52337, 266126]
    >>> me.reproduce(me.load_study("fr-2018-report")).agrees
    False
    """
    lines = tuple(_line(done) for done in replay(study))
    computed = {line.id: line.computed for line in lines}
    alternatives = [_addition(done, done.step.label, done.step.id) for done in audience_anchored(study)]
    alternatives += [
        _addition(
            done, f"{done.step.label}, from the printed intermediate results", f"{done.step.id}-from-printed"
        )
        for done in replay(study, from_printed=True)
        if done.unit == "people" and done.value != computed[done.step.id]
    ]
    return Reproduction(study.id, study.title, lines, tuple(alternatives))


def _line(done: Replayed) -> Line:
    step = done.step
    verdict, detail = compare_printed(done.value, step)
    return Line(
        id=step.id,
        label=step.label,
        operation=step.operation,
        formula=done.formula,
        computed=done.value,
        unit=done.unit,
        platforms=done.platforms,
        tier=step.tier,
        printed=step.printed,
        printed_as=step.printed_as,
        verdict=verdict,
        detail=detail,
        source=step.source,
        locator=step.locator,
    )


def _addition(done: Replayed, label: str, id: str) -> Line:
    return Line(
        id=id,
        label=label,
        operation=done.step.operation,
        formula=done.formula,
        computed=done.value,
        unit=done.unit,
        platforms=done.platforms,
        tier=done.step.tier,
        printed=None,
        printed_as=None,
        verdict="not in the study",
        detail="",
        source=None,
        locator=None,
    )


def compare_printed(computed: float, step: Step) -> tuple[Verdict, str]:
    """Judge whether a printed result follows from a computed one.

    Parameters
    ----------
    computed : float
        The computed result.
    step : Step
        The step, with the printed result and how near it has to be.

    Returns
    -------
    verdict : str
        One of the verdicts of `Line`.
    detail : str
        By how much a result does not follow; empty otherwise.
    """
    if step.printed is None:
        return "not printed", ""
    printed = Decimal(repr(step.printed)).normalize()
    value = Decimal(repr(computed))
    # As many decimals as are printed; a whole number is printed to the unit, zeros at its end included.
    place = Decimal(1).scaleb(min(int(printed.as_tuple().exponent), 0))
    if _nearest(value, place) == printed:
        return "exact", ""
    stated = Decimal(step.agree.removeprefix("rounded to ")) if step.agree != "exact" else place
    if _nearest(value, stated) == printed:
        return "after rounding", ""
    gap = computed - step.printed
    side = "below" if gap < 0 else "above"
    detail = (
        f"the computed {figure(computed)} is {figure(abs(gap))} {side} ({abs(gap) / abs(step.printed):.1%})"
    )
    return "does not follow", f"{detail}; {_rounding_that_would(value, printed, stated)}"


def _nearest(value: Decimal, unit: Decimal, mode: str = ROUND_HALF_UP) -> Decimal:
    return (value / unit).quantize(Decimal(1), rounding=mode) * unit


def _rounding_that_would(value: Decimal, printed: Decimal, stated: Decimal) -> str:
    """Say which coarser rounding would give the printed result: it may be what the source did."""
    if printed == 0:
        return "no rounding gives it"
    units = [Decimal(m).scaleb(p) for p in range(-6, 10) for m in (1, 5)]
    fitting = [u for u in units if printed % u == 0]
    for unit in (u for u in fitting if u > stated):
        if _nearest(value, unit) == printed:
            return f"it would take rounding to the nearest {figure(float(unit))}"
    for unit in (u for u in fitting if u >= stated):
        if _nearest(value, unit, ROUND_FLOOR) == printed:
            return f"it would take cutting down to a multiple of {figure(float(unit))}"
    return "no rounding gives it"
