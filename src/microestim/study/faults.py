"""What is wrong in a study, said so that its writer can put it right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from microestim.errors import StudyError
from microestim.study.vocabulary import (
    BENCHMARK_UNIT_PATTERN,
    ID_PATTERN,
    LANGUAGE_PATTERN,
    MONEY_PATTERN,
    PERIOD_PATTERN,
)

__all__ = ["Fault", "Path", "as_text", "path_text", "study_error"]

type Path = tuple[str | int, ...]

GIVEN_LIMIT = 60


def path_text(path: Path) -> str:
    """Write a path into a study as text.

    Parameters
    ----------
    path : tuple of str or int
        Keys, and positions in lists (the first is 0).

    Returns
    -------
    str
        Such as ``evidence[2].value``.
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the file"


def as_text(value: object) -> str:
    """Write a value from a study as it would stand in the file, cut where it is long.

    Parameters
    ----------
    value : object
        Any TOML value.

    Returns
    -------
    str
        At most 60 characters.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= GIVEN_LIMIT else text[: GIVEN_LIMIT - 4] + " ..."


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a study.

    Parameters
    ----------
    path : str
        Where, as a dotted path: ``evidence[2].value``.
    line : int or None
        Line in the file (the first is 1); None where there is no file.
    message : str
        What is wrong.
    given : str or None
        The value that was given, as text; None where it is missing.
    accepted : str or None
        What would be accepted.
    item : str or None
        The id of the platform, evidence, source ... that the fault is in.
    kind : type
        The exception to raise when all faults are of this kind.
    keys : tuple of str or int
        The path in parts.
    """

    path: str
    line: int | None
    message: str
    given: str | None = None
    accepted: str | None = None
    item: str | None = None
    kind: type[StudyError] = StudyError
    keys: Path = ()

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        item = "" if self.item is None else f" ({self.item})"
        given = "" if self.given is None else f"; given: {self.given}"
        accepted = "" if self.accepted is None else f"; accepted: {self.accepted}"
        return f"{place}{self.path}{item}: {self.message}{given}{accepted}"

    def at(self, line: int | None) -> Fault:
        """Give the same fault with its line.

        Parameters
        ----------
        line : int or None
            Line in the file (the first is 1).

        Returns
        -------
        Fault
            The same, with the line.
        """
        return replace(self, line=line)


def make_fault(
    keys: Path,
    message: str,
    *,
    given: object = None,
    accepted: str | None = None,
    item: object = None,
    kind: type[StudyError] = StudyError,
) -> Fault:
    """Make a fault whose line is not known yet.

    Parameters
    ----------
    keys : tuple of str or int
        The path to the field.
    message : str
        What is wrong.
    given : object, optional
        The value that was given.
    accepted : str, optional
        What would be accepted.
    item : object, optional
        The id of the thing that the fault is in.
    kind : type, optional
        The exception that fits.

    Returns
    -------
    Fault
        With ``line`` None.
    """
    return Fault(
        path=path_text(keys),
        line=None,
        message=message,
        given=None if given is None else as_text(given),
        accepted=accepted,
        item=item if isinstance(item, str) else None,
        kind=kind,
        keys=keys,
    )


def study_error(faults: Sequence[Fault], *, where: str = "the study") -> StudyError:
    """Make the exception that lists all faults.

    Parameters
    ----------
    faults : sequence of Fault
        At least one.
    where : str, optional
        The file, or what else was read.

    Returns
    -------
    StudyError
        Of the faults' own kind where they are all of one, with `faults` on it.
    """
    kinds = {fault.kind for fault in faults}
    kind = kinds.pop() if len(kinds) == 1 else StudyError
    ordered = tuple(sorted(faults, key=lambda f: (f.line is None, f.line or 0)))
    number = "1 fault" if len(ordered) == 1 else f"{len(ordered)} faults"
    lines = "\n".join(f"  {fault}" for fault in ordered)
    return kind(f"{where}: {number}\n{lines}", faults=ordered)


def from_pydantic(
    error: Mapping[str, Any], *, within: Path, accepted_fields: Mapping[str, str], item: object
) -> list[Fault]:
    """Translate one error of pydantic.

    Parameters
    ----------
    error : mapping
        An element of ``ValidationError.errors()``.
    within : tuple of str or int
        Path to the record.
    accepted_fields : mapping of str to str
        Fields of the record, by the name used in the file, with what each means.
    item : object
        The id of the record, where it has one.

    Returns
    -------
    list of Fault
        One, or one a broken rule.
    """
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "rules":
        return [
            make_fault((*within, *p.key), p.message, given=p.given, accepted=p.accepted, item=item)
            for p in context["problems"]
        ]
    # pydantic marks a wrong key of a table by an extra step at the end of the path.
    keys = (*within, *(step for step in error["loc"] if step != "[key]"))
    name = str(error["loc"][-1]) if error["loc"] else ""
    given = error.get("input")
    if kind == "missing":
        return [make_fault(keys, "missing", accepted=accepted_fields.get(name), item=item)]
    if kind == "extra_forbidden":
        return [
            make_fault(keys, "unknown field", given=given, accepted=near(name, accepted_fields), item=item)
        ]
    message, accepted = _said(kind, context, str(error["msg"]))
    return [make_fault(keys, message, given=given, accepted=accepted, item=item)]


def near(name: str, known: Mapping[str, Any] | Sequence[str], *, limit: int = 24) -> str:
    """List what could have been meant.

    Parameters
    ----------
    name : str
        The unknown word.
    known : mapping or sequence of str
        The words that exist.
    limit : int, optional
        How many to list at most.

    Returns
    -------
    str
        A near match first, then all, up to `limit`.
    """
    import difflib

    words = sorted(known)
    if not words:
        return "none is defined"
    match = difflib.get_close_matches(name, words, n=1)
    listed = ", ".join(words[:limit]) + (" ..." if len(words) > limit else "")
    return f"{match[0]}? (all: {listed})" if match else listed


_TYPES = {
    "string_type": "text in quotes",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "a list in brackets",
    "finite_number": "a finite number",
}

_PATTERNS = {
    ID_PATTERN: "lower-case letters, digits and single hyphens, such as foule-factory",
    PERIOD_PATTERN: 'ISO 8601: "2018", "2018-05" or "2018-05/2018-07"',
    r"\S": "text that is not blank",
    r"^[01]*1[01]*$": 'digits 0 and 1, one a wave, not all 0: "10", "01", "11"',
    r"^[1-9][0-9]*$": 'a whole number from 1, in quotes: "1", "2"',
    MONEY_PATTERN: 'a currency (ISO 4217) a time: "EUR/month"',
    r"^(exact|rounded to [1-9][0-9]*)$": '"exact" or "rounded to 1000"',
    BENCHMARK_UNIT_PATTERN: "people, accounts, visitors, respondents, share, platforms, full-time jobs, "
    'hours/week, or money a time such as "EUR/month"',
    LANGUAGE_PATTERN: "a language tag (BCP 47), such as fr or pt-BR",
    r"^[A-Z]{2}$": "two capital letters (ISO 3166), such as FR",
}


def _said(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str | None]:
    if "accepted" in context:
        return str(context["message"]), str(context["accepted"])
    if kind in _TYPES:
        return f"should be {_TYPES[kind]}", _TYPES[kind]
    if kind == "literal_error":
        return "not one of the allowed words", str(context["expected"])
    if kind == "string_pattern_mismatch":
        accepted = _PATTERNS.get(context["pattern"], f"text of the form {context['pattern']}")
        return "not of the required form", accepted
    limits = {
        "greater_than": ("too small", "above {gt}"),
        "greater_than_equal": ("too small", "{ge} or more"),
        "less_than": ("too large", "below {lt}"),
        "less_than_equal": ("too large", "{le} or less"),
        "too_short": ("too few", "{min_length} or more"),
        "string_too_short": ("too short", "{min_length} or more characters"),
    }
    if kind in limits:
        short, form = limits[kind]
        return short, form.format(**context)
    return message, None
