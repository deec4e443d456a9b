"""What every part of a study has in common: a frozen record, and the rules that its fields keep together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["Problem", "Record", "Rule", "Values", "broken_rules", "exactly_one", "only_with"]

type Values = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing wrong inside one record.

    Parameters
    ----------
    key : tuple of str or int
        Where, as the path from the record to the field.
    message : str
        What is wrong.
    given : object, optional
        The value that was given.
    accepted : str, optional
        What would be accepted.
    """

    key: tuple[str | int, ...]
    message: str
    given: object = None
    accepted: str | None = None


@dataclass(frozen=True)
class Rule:
    """A condition that some fields of a record must satisfy together.

    Parameters
    ----------
    needs : tuple of str
        The fields that the rule reads. It is not applied when one of them is at fault itself.
    check : callable
        Takes the record's values by field name and yields one `Problem` for each thing wrong.
    """

    needs: tuple[str, ...]
    check: Callable[[Values], Iterator[Problem]]


def broken_rules(
    kind: type[Record], values: Values, *, at_fault: frozenset[str] = frozenset()
) -> tuple[Problem, ...]:
    """List what is wrong with a record's fields taken together.

    Parameters
    ----------
    kind : type
        The record's class.
    values : mapping
        The values by field name; a field that is left out has its default.
    at_fault : frozenset of str, optional
        Fields that are wrong by themselves; rules that need them are left out.

    Returns
    -------
    tuple of Problem
        Empty when every rule is kept.
    """
    full = {name: values.get(name, field.default) for name, field in kind.model_fields.items()}
    return tuple(
        problem
        for rule in kind.rules
        if not at_fault.intersection(rule.needs)
        for problem in rule.check(full)
    )


def exactly_one(*forms: tuple[str, ...], what: str) -> Rule:
    """Make the rule that exactly one of several ways to give a thing is used, and that one whole.

    Parameters
    ----------
    *forms : tuple of str
        Each way, as the fields that it takes.
    what : str
        What is given by them.

    Returns
    -------
    Rule
        The rule.
    """

    def check(values: Values) -> Iterator[Problem]:
        used = [form for form in forms if any(values[name] is not None for name in form)]
        options = "; or ".join(" and ".join(form) for form in forms)
        if len(used) != 1:
            given = [name for form in used for name in form if values[name] is not None]
            key = (given[-1],) if given else ()
            yield Problem(key, f"give {what} in exactly one way", given or None, options)
            return
        for name in used[0]:
            if values[name] is None:
                together = " and ".join(used[0])
                yield Problem((), f"{name} is missing: {together} go together", None, together)

    return Rule(tuple(name for form in forms for name in form), check)


def only_with(name: str, partner: str) -> Rule:
    """Make the rule that a field is only given together with another.

    Parameters
    ----------
    name : str
        The field.
    partner : str
        The field that it belongs to.

    Returns
    -------
    Rule
        The rule.
    """

    def check(values: Values) -> Iterator[Problem]:
        if values[name] is not None and values[partner] is None:
            yield Problem((name,), f"{name} belongs to {partner}, which is not given", values[name], partner)

    return Rule((name, partner), check)


class Record(BaseModel):
    """What every part of a study file has in common: frozen, strictly typed, no unknown fields.

    Each subclass lists in `rules` what its fields must satisfy together. A rule names the fields that
    it needs, so that it can still be applied when another field of the same record is at fault.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_the_rules(self) -> Self:
        problems = broken_rules(type(self), self.__dict__)
        if problems:
            raise PydanticCustomError(
                "rules",
                "{message}",
                {"message": "; ".join(p.message for p in problems), "problems": problems},
            )
        return self
