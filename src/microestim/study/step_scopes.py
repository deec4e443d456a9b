"""Whether a study's own steps can be replayed: known inputs, units and scopes that go together."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from microestim.errors import ScopeError, UnitError
from microestim.study.faults import Fault, Path, make_fault, near
from microestim.study.parts import Parts, unknown_platforms, unknown_source
from microestim.study.publications import Step
from microestim.study.quantities import Misfit, Quantity, quantity_of, quantity_of_step

__all__ = ["faults_of_steps"]


def faults_of_steps(parts: Parts) -> Iterator[Fault]:
    """Report what keeps a study's steps from being replayed.

    Parameters
    ----------
    parts : Parts
        The study.

    Yields
    ------
    Fault
        One a mistake.
    """
    known, numberless = _quantities(parts)
    later = {step.id for step in parts.steps.values()}
    declared = parts.ids("evidence", "steps")
    for i, step in parts.steps.items():
        at: Path = ("steps", i)
        yield from unknown_source(parts, step.source, (*at, "source"), step.id)
        yield from _step_inputs(step, at, numberless, later, declared)
        later.discard(step.id)
        # What comes from a faulty part or step is not known, and not judged a second time.
        if not known.keys() >= set(step.input_ids):
            continue
        given = {
            name: [known[ref] for ref in ((refs,) if isinstance(refs, str) else refs)]
            for name, refs in step.inputs.items()
        }
        try:
            result = quantity_of_step(step, given)
        except Misfit as misfit:
            yield make_fault(
                (*at, "inputs", misfit.name),
                misfit.message,
                given=misfit.given,
                accepted=misfit.accepted,
                item=step.id,
                kind=misfit.kind,
            )
            continue
        known[step.id] = result
        yield from _step_result(parts, step, result, at)


def _quantities(parts: Parts) -> tuple[dict[str, Quantity], set[str]]:
    """Tell what each valid piece of evidence counts, and which have no single number."""
    known: dict[str, Quantity] = {}
    numberless: set[str] = set()
    for item in parts.evidence.values():
        over = parts.members(item.platforms)
        if over is None and item.platforms not in (None, "any"):
            continue
        quantity = quantity_of(item, over)
        if quantity is None:
            numberless.add(item.id)
        else:
            known[item.id] = quantity
    return known, numberless


def _step_inputs(
    step: Step,
    at: Path,
    numberless: Collection[str],
    later: Collection[str],
    declared: Collection[str],
) -> Iterator[Fault]:
    for name, refs in step.inputs.items():
        for ref in (refs,) if isinstance(refs, str) else refs:
            where = (*at, "inputs", name)
            if ref not in declared:
                yield make_fault(
                    where,
                    "unknown evidence or step",
                    given=ref,
                    accepted=near(ref, sorted(declared)),
                    item=step.id,
                )
            elif ref in later:
                yield make_fault(
                    where,
                    "this step comes later, or is the step itself",
                    given=ref,
                    accepted="evidence, or an earlier step",
                    item=step.id,
                )
            elif ref in numberless:
                yield make_fault(
                    where,
                    "this has no single number to compute with",
                    given=ref,
                    accepted="evidence with one value",
                    item=step.id,
                )


def _step_result(parts: Parts, step: Step, result: Quantity, at: Path) -> Iterator[Fault]:
    if step.unit is not None and step.unit != result.unit:
        yield make_fault(
            (*at, "unit"),
            "the inputs give another unit",
            given=step.unit,
            accepted=result.unit,
            item=step.id,
            kind=UnitError,
        )
    if step.platforms is not None:
        yield from unknown_platforms(parts, step.platforms, (*at, "platforms"), step.id)
        stated = parts.members(step.platforms)
        if stated is not None and result.platforms is not None and stated != result.platforms:
            yield make_fault(
                (*at, "platforms"),
                "the inputs cover other platforms",
                given=sorted(stated),
                accepted=", ".join(sorted(result.platforms)),
                item=step.id,
                kind=ScopeError,
            )
    if step.tier is not None and step.tier not in parts.ids("tiers"):
        yield make_fault(
            (*at, "tier"),
            "this tier is not described in the study",
            given=step.tier,
            accepted=near(step.tier, sorted(parts.ids("tiers"))),
            item=step.id,
        )
    if step.tier is not None and step.printed is not None:
        values = [p.value for p in parts.published.values() if p.tier == step.tier]
        if step.printed not in values:
            yield make_fault(
                (*at, "printed"),
                f"no published result of tier {step.tier} has this value",
                given=step.printed,
                accepted=", ".join(f"{v:,.10g}" for v in values) or "none",
                item=step.id,
            )
