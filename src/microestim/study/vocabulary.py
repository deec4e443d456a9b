"""The closed lists of words and the small field types that a study is written with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NoReturn, get_args

from pydantic import AfterValidator, BeforeValidator, Field, Strict
from pydantic_core import PydanticCustomError

__all__ = [
    "BANDS",
    "BENCHMARK_UNIT_PATTERN",
    "BLANK",
    "ID_PATTERN",
    "LANGUAGE_PATTERN",
    "MONEY_PATTERN",
    "PERIOD_PATTERN",
    "SCHEMA_VERSION",
    "TIERS",
    "Band",
    "BandCounts",
    "BandShares",
    "Basis",
    "Bound",
    "Count",
    "Counts",
    "CountsByBand",
    "HistoriesByBand",
    "HistoryCounts",
    "Id",
    "Ids",
    "InputRef",
    "Layer",
    "Operation",
    "Period",
    "Periods",
    "PlatformClass",
    "PlatformRef",
    "Positive",
    "Role",
    "Share",
    "Text",
    "Texts",
    "TierId",
    "Window",
    "bound_text",
    "read_only",
]

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Band = Literal["weekly", "monthly", "less"]
Basis = Literal["published", "derived", "assumption"]
Layer = Literal["two-sided", "intermediary", "execution"]
Bound = Literal["equal", "at most", "at least"]
Operation = Literal["ratio", "extrapolate", "sum", "difference", "per_person", "scale"]
PlatformClass = Literal[
    "online micro-tasks", "localised tasks", "user tests", "deep labour", "freelancing", "other"
]
Role = Literal["evidence", "benchmark only", "shown only"]
TierId = Literal["registered", "monthly_active", "monthly", "weekly"]
Window = Literal["ever", "month", "week"]

BANDS: tuple[Band, ...] = get_args(Band)
TIERS: tuple[TierId, ...] = get_args(TierId)

BLANK = "?"
"""What a template has where a value is still to be filled in."""

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
MONEY_PATTERN = r"^[A-Z]{3}/(hour|week|month|year)$"
BENCHMARK_UNIT_PATTERN = (
    r"^(people|accounts|visitors|respondents|share|platforms|full-time jobs|hours/week"
    r"|[A-Z]{3}/(hour|week|month|year))$"
)
PERIOD_PATTERN = r"^\d{4}(-\d{2}(-\d{2})?)?(/\d{4}(-\d{2}(-\d{2})?)?)?$"


def bound_text(bound: Bound) -> str:
    """Say whether a value is meant as such or as a limit.

    Parameters
    ----------
    bound : {"equal", "at most", "at least"}
        What is known.

    Returns
    -------
    str
        Words to stand before the value, with a space after them where there are any.
    """
    return "" if bound == "equal" else f"{bound} "


class _ReadOnly(dict[str, Any]):
    """A dict that cannot be changed, so that a frozen study is frozen all the way down."""

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("a study is frozen: make a new one instead of changing this table")

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
    __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[_ReadOnly], tuple[dict[str, Any]]]:
        return _ReadOnly, (dict(self),)


def read_only(table: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a table, and the tables in it, into one that cannot be changed.

    Parameters
    ----------
    table : mapping
        The table to copy.

    Returns
    -------
    dict
        A hashable, picklable copy that refuses every change.
    """
    return _ReadOnly((k, read_only(v) if isinstance(v, Mapping) else v) for k, v in table.items())


def _as_text(value: Any) -> Any:
    # TOML has dates of its own: an unquoted 2018-05-01 is as clear as a quoted one.
    return value.isoformat() if isinstance(value, dt.date) else value


def _one_or_more_ids(what: str) -> BeforeValidator:
    # A plain union of text and list would report every fault once for each of its members.
    def check(value: Any) -> Any:
        several = value if isinstance(value, list | tuple) else [value]
        if not several or not all(isinstance(v, str) and re.match(ID_PATTERN, v) for v in several):
            raise PydanticCustomError("ids", "{message}", {"message": f"not {what}", "accepted": what})
        if len(set(several)) < len(several):
            raise PydanticCustomError(
                "ids", "{message}", {"message": "an id twice", "accepted": "each id once"}
            )
        return value if isinstance(value, str) else tuple(several)

    return BeforeValidator(check)


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Ids = Annotated[tuple[Id, ...], Strict(False)]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Texts = Annotated[tuple[Text, ...], Strict(False)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Period = Annotated[str, Field(pattern=PERIOD_PATTERN), BeforeValidator(_as_text)]
Periods = Annotated[tuple[Period, ...], Strict(False)]
PlatformRef = Annotated[
    str | tuple[str, ...],
    _one_or_more_ids("a platform id, a list of platform ids, or the id of a platform set"),
]
InputRef = Annotated[
    str | tuple[str, ...], _one_or_more_ids("the id of a piece of evidence or of a step, or a list of them")
]

History = Annotated[str, Field(min_length=2, pattern=r"^[01]*1[01]*$")]
Number = Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]
Counts = Annotated[dict[Number, Count], Field(min_length=1), AfterValidator(read_only)]
HistoryCounts = Annotated[dict[History, Count], Field(min_length=1), AfterValidator(read_only)]
BandCounts = Annotated[dict[Band, Count], Field(min_length=1), AfterValidator(read_only)]
BandShares = Annotated[dict[Band, Share], Field(min_length=1), AfterValidator(read_only)]
CountsByBand = Annotated[dict[Band, dict[Number, Count]], Field(min_length=1), AfterValidator(read_only)]
HistoriesByBand = Annotated[dict[Band, dict[History, Count]], Field(min_length=1), AfterValidator(read_only)]
