"""Compute the steps of a study's published arithmetic with the library's own estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from microestim.errors import StudyError
from microestim.study import AudienceEvidence, CapturesEvidence, Evidence, RegistrationsEvidence, Step, Study
from microestim.study.quantities import Quantity, quantity_of, quantity_of_step

__all__ = ["Replayed", "audience_anchored", "figure", "replay", "value_of"]


@dataclass(frozen=True)
class Replayed:
    """One step, computed.

    Parameters
    ----------
    step : Step
        The step as the study gives it.
    value : float
        The result, in `unit`.
    unit : str
        What the result counts.
    platforms : tuple of str
        Ids of the platforms that it covers, in the order of the file.
    formula : str
        The computation in figures, such as ``"2,800 / 50,000"``.
    """

    step: Step
    value: float
    unit: str
    platforms: tuple[str, ...]
    formula: str


def figure(value: float) -> str:
    """Write a number of a computation.

    Parameters
    ----------
    value : float
        The number, in any unit.

    Returns
    -------
    str
        From 100 up to the nearest whole number, with commas; six significant digits below.

    Examples
    --------
    >>> figure(14903.055), figure(0.056)
    ('14,903', '0.056')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.6g}"


def value_of(item: Evidence) -> float:
    """Give the number that a piece of evidence brings into a computation.

    Parameters
    ----------
    item : Evidence
        Evidence with a single number. Captures given by their counts bring the Lincoln-Petersen estimate.

    Returns
    -------
    float
        In the item's own unit.

    Raises
    ------
    StudyError
        The item has no such number.
    NotEstimableError
        Captures without a recapture.
    """
    from microestim.estimators.two_samples import lincoln_petersen

    if isinstance(item, CapturesEvidence) and item.two_sample is not None:
        return float(lincoln_petersen(*item.two_sample).n_hat)
    if item.headline is None:
        raise StudyError(f"{item.id} has no single number to compute with")
    return item.headline


class _Sheet:
    """The figures of a study, by the id of the evidence or step that they stand for."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.values: dict[str, float] = {}
        self.quantities: dict[str, Quantity] = {}
        self.ratios: dict[str, tuple[float, float]] = {}

    def enter(self, item: Evidence) -> None:
        """Write down a piece of evidence, where a step needs it."""
        anywhere = item.platforms is None or item.platforms == "any"
        over = None if anywhere else frozenset(self.study.resolve(item.platforms or ()))
        quantity = quantity_of(item, over)
        if quantity is not None:
            self.values[item.id], self.quantities[item.id] = value_of(item), quantity

    def compute(self, step: Step) -> Replayed:
        """Compute a step and write down its result."""
        given = {name: self._ids(refs) for name, refs in step.inputs.items()}
        for ids in given.values():
            for name in ids:
                if name not in self.values:
                    self.enter(self.study.item(name))
        quantity = quantity_of_step(step, {n: [self.quantities[i] for i in ids] for n, ids in given.items()})
        value, formula = self._result(
            step, {n: [self.values[i] for i in ids] for n, ids in given.items()}, given
        )
        self.values[step.id], self.quantities[step.id] = value, quantity
        order = [p.id for p in self.study.platforms]
        covered = tuple(name for name in order if name in (quantity.platforms or ()))
        return Replayed(step, value, quantity.unit, covered, formula)

    @staticmethod
    def _ids(refs: str | tuple[str, ...]) -> tuple[str, ...]:
        return (refs,) if isinstance(refs, str) else refs

    def _result(
        self, step: Step, given: Mapping[str, Sequence[float]], ids: Mapping[str, Sequence[str]]
    ) -> tuple[float, str]:
        from microestim.estimators.accounts import extrapolate_ratio, people_from_accounts

        one = {name: values[0] for name, values in given.items()}
        match step.operation:
            case "ratio":
                self.ratios[step.id] = (one["numerator"], one["denominator"])
                value = one["numerator"] / one["denominator"]
                return value, f"{figure(one['numerator'])} / {figure(one['denominator'])}"
            case "extrapolate":
                numerator, denominator = self.ratios[ids["share"][0]]
                estimate = extrapolate_ratio(numerator, of=denominator, to=one["anchor"])
                return float(estimate.n_hat), f"{figure(one['share'])} × {figure(one['anchor'])}"
            case "sum":
                return sum(given["terms"]), " + ".join(figure(v) for v in given["terms"])
            case "difference":
                return one["whole"] - one["part"], f"{figure(one['whole'])} − {figure(one['part'])}"
            case "per_person":
                people = people_from_accounts(one["accounts"], memberships=one["memberships"], method="mean")
                return float(people.n_hat), f"{figure(one['accounts'])} / {figure(one['memberships'])}"
            case "scale":
                return one["quantity"] * one["factor"], f"{figure(one['quantity'])} × {figure(one['factor'])}"


def replay(study: Study, *, from_printed: bool = False) -> tuple[Replayed, ...]:
    """Compute all steps of a study, in the order of its file.

    Parameters
    ----------
    study : Study
        The study.
    from_printed : bool, optional
        Feed each step with the *printed* results of the steps before it, where they are printed,
        instead of the computed ones.

    Returns
    -------
    tuple of Replayed
        One a step.
    """
    sheet = _Sheet(study)
    done = []
    for step in study.steps:
        done.append(sheet.compute(step))
        if from_printed and step.printed is not None:
            sheet.values[step.id] = step.printed
            # A printed share is applied as printed: as a share of 1.
            if step.id in sheet.ratios:
                sheet.ratios[step.id] = (step.printed, 1.0)
    return tuple(done)


def audience_anchored(study: Study) -> tuple[Replayed, ...]:
    """Compute the people of extrapolated steps with the audience as anchor instead of registrations.

    A share of the accounts of one platform, applied to the registrations of several, supposes that the
    share is the same on all. A share of its *visitors*, applied to the visitors of several, is as easy
    to defend and gives another number.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of Replayed
        One for each step from an extrapolated number to people, where the study has the audience of
        the surveyed platform and of the total; with an id of its own.
    """
    steps = {step.id: step for step in study.steps}
    found = []
    for people in study.steps:
        extrapolated = steps.get(str(people.inputs.get("accounts")))
        if (
            people.operation != "per_person"
            or extrapolated is None
            or extrapolated.operation != "extrapolate"
        ):
            continue
        ratio = steps.get(str(extrapolated.inputs["share"]))
        if ratio is None or ratio.operation != "ratio":
            continue
        evidence = {item.id: item for item in study.evidence}
        base, total = (
            evidence.get(str(ratio.inputs["denominator"])),
            evidence.get(str(extrapolated.inputs["anchor"])),
        )
        if not isinstance(base, RegistrationsEvidence) or not isinstance(total, RegistrationsEvidence):
            continue
        pair = _audiences(study, base, total)
        if pair is None:
            continue
        sheet = _Sheet(study)
        by_audience = ratio.model_copy(
            update={"id": f"{ratio.id}-of-visitors", "inputs": {**ratio.inputs, "denominator": pair[0].id}}
        )
        scaled = extrapolated.model_copy(
            update={
                "id": f"{extrapolated.id}-by-audience",
                "inputs": {"share": by_audience.id, "anchor": pair[1].id},
            }
        )
        last = people.model_copy(
            update={
                "id": f"{people.id}-by-audience",
                "label": f"{people.label}, anchored on audience instead of registrations",
                "inputs": {**people.inputs, "accounts": scaled.id},
            }
        )
        first, _, third = (sheet.compute(step) for step in (by_audience, scaled, last))
        found.append(
            replace(
                third,
                formula=f"({first.formula}) × {figure(value_of(pair[1]))} / {third.formula.split(' / ')[-1]}",
            )
        )
    return tuple(found)


def _audiences(
    study: Study, base: RegistrationsEvidence, total: RegistrationsEvidence
) -> tuple[AudienceEvidence, AudienceEvidence] | None:
    """Find the audience of the same platforms as two registrations, measured in one way."""
    audiences = [
        a
        for a in study.evidence
        if isinstance(a, AudienceEvidence) and a.reach == "resident" and a.value is not None
    ]
    for one in audiences:
        for all_ in audiences:
            alike = (one.vendor, one.page_scope, one.period) == (all_.vendor, all_.page_scope, all_.period)
            if (
                alike
                and study.resolve(one.platforms) == study.resolve(base.platforms)
                and study.resolve(all_.platforms) == study.resolve(total.platforms)
            ):
                return one, all_
    return None
