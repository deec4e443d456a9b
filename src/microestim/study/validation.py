"""Find everything that is wrong with a study at once, wherever it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from microestim.study.coherence import incoherences
from microestim.study.evidence import EVIDENCE_TYPES
from microestim.study.faults import Fault, Path, from_pydantic, make_fault, near
from microestim.study.parts import Parts
from microestim.study.platforms import Platform, PlatformSetDef
from microestim.study.publications import PublishedResult, Source, Step, Tier
from microestim.study.records import Record, broken_rules
from microestim.study.vocabulary import BLANK

__all__ = ["find_faults"]

PARTS: dict[str, type[Record] | None] = {
    "sources": Source,
    "platforms": Platform,
    "platform_sets": PlatformSetDef,
    "tiers": Tier,
    "evidence": None,
    "published": PublishedResult,
    "steps": Step,
}


def find_faults(study: type[Record], data: Mapping[str, Any], head_errors: list[Any]) -> list[Fault]:
    """List everything that is wrong with the contents of a study.

    Parameters
    ----------
    study : type
        The class of the whole.
    data : mapping
        The study's contents by field name: plain tables as TOML gives them, or records.
    head_errors : list
        What pydantic found in the whole; only what concerns single fields is taken from it.

    Returns
    -------
    list of Fault
        Empty for a study that is valid.
    """
    fields = _described(study)
    faults = [
        fault
        for error in head_errors
        if not error["loc"] or error["loc"][0] not in PARTS
        for fault in from_pydantic(error, within=(), accepted_fields=fields, item=None)
    ]
    valid: dict[str, dict[int, Any]] = {}
    declared: dict[str, dict[int, str]] = {}
    for part in PARTS:
        valid[part], declared[part] = {}, {}
        entries = data.get(part, ())
        if not isinstance(entries, list | tuple):
            faults.append(
                make_fault(
                    (part,), "should be a list of tables", given=entries, accepted=f"[[{part}]] for each"
                )
            )
            continue
        for i, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, Mapping) else getattr(entry, "id", None)
            if isinstance(name, str):
                declared[part][i] = name
            record, wrong = _check_entry(part, entry, (part, i))
            faults += wrong
            if record is not None:
                valid[part][i] = record
    broken_head = {fault.keys[0] for fault in faults if len(fault.keys) == 1}
    observed = data.get("observed")
    if "observed" in broken_head or observed is None:
        observed = None
    elif not isinstance(observed, str):
        observed = tuple(observed)
    faults += incoherences(Parts(declared=declared, observed=observed, **valid))
    blanks = [_blank_fault(study, data, path) for path in _blanks(data)]
    unfilled = {fault.keys for fault in blanks}
    return blanks + [
        fault
        for fault in faults
        if not any(fault.keys[:end] in unfilled for end in range(len(fault.keys) + 1))
    ]


def _blanks(value: object, path: Path = ()) -> Iterator[Path]:
    """Give the paths of the values that a template left to be filled in."""
    if value == BLANK and isinstance(value, str):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _blanks(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _blanks(inner, (*path, i))


def _blank_fault(study: type[Record], data: Mapping[str, Any], path: Path) -> Fault:
    kind, item = study, None
    if path[0] in PARTS and len(path) > 2:
        entry = data[str(path[0])][path[1]]
        kind, item = _kind_of(str(path[0]), entry) or study, entry.get("id")
    accepted = next((text for key in reversed(path) if (text := _described(kind).get(str(key)))), None)
    return make_fault(path, "still to be filled in", accepted=accepted, item=None if item == BLANK else item)


def _kind_of(part: str, entry: Mapping[str, Any]) -> type[Record] | None:
    return PARTS[part] or EVIDENCE_TYPES.get(str(entry.get("type")))


_WORDS: dict[object, str] = {str: "text", float: "a number", int: "a whole number", bool: "true or false"}


def _described(kind: type[Record]) -> dict[str, str]:
    """Say of each field, by its name in the file, what it takes and what it means."""
    described = {}
    for name, field in kind.model_fields.items():
        meaning = (field.description or name).split("\n")[0].rstrip(".")
        if meaning[1:2].islower():
            meaning = meaning[0].lower() + meaning[1:]
        described[field.alias or name] = f"{_takes(field.annotation)} ({meaning})"
    return described


def _takes(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{word}"' for word in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _takes(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _takes(get_args(annotation)[0])
    return _WORDS.get(annotation, "a list" if get_origin(annotation) is tuple else "a table")


def _check_entry(part: str, entry: object, at: Path) -> tuple[Record | None, list[Fault]]:
    kind = PARTS[part]
    if isinstance(entry, Record):
        kinds: tuple[type[Record], ...] = (kind,) if kind is not None else tuple(EVIDENCE_TYPES.values())
        if isinstance(entry, kinds):
            return entry, []
        return None, [
            make_fault(at, f"not one of the {part}", given=type(entry).__name__, accepted=f"{part}")
        ]
    if not isinstance(entry, Mapping):
        return None, [make_fault(at, "should be a table", given=entry, accepted=f"[[{part}]]")]
    if kind is None:
        word = entry.get("type")
        if not isinstance(word, str) or word not in EVIDENCE_TYPES:
            message = "missing" if word is None else "unknown type of evidence"
            accepted = near(str(word), sorted(EVIDENCE_TYPES))
            return None, [
                make_fault((*at, "type"), message, given=word, accepted=accepted, item=entry.get("id"))
            ]
        kind = EVIDENCE_TYPES[word]
    try:
        return kind.model_validate(entry), []
    except ValidationError as error:
        return None, _faults_of_entry(kind, entry, error, at)


def _faults_of_entry(
    kind: type[Record], entry: Mapping[str, Any], error: ValidationError, at: Path
) -> list[Fault]:
    item = entry.get("id")
    errors = error.errors(include_url=False)
    faults = [
        fault
        for e in errors
        for fault in from_pydantic(e, within=at, accepted_fields=_described(kind), item=item)
    ]
    if all(e["type"] == "rules" and not e["loc"] for e in errors):
        return faults
    # The rules over several fields did not run: apply those whose own fields are in order.
    names = {field.alias or name: name for name, field in kind.model_fields.items()}
    wrong = frozenset(names.get(str(e["loc"][0]), str(e["loc"][0])) for e in errors if e["loc"])
    values = {names[key]: value for key, value in entry.items() if key in names}
    for p in broken_rules(kind, values, at_fault=wrong):
        faults.append(make_fault((*at, *p.key), p.message, given=p.given, accepted=p.accepted, item=item))
    return faults
