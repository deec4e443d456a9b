"""Write a study as TOML."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microestim.study.document import Study

__all__ = ["study_to_toml", "to_toml"]

# Up to here a float holds every whole number exactly, so that 50000 can stand for 50000.0.
LARGEST_EXACT = 2**53


def study_to_toml(study: Study) -> str:
    """Write a study as TOML.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        A file that reads back as an equal study; fields that were left out stay left out.
    """
    return to_toml(study.model_dump(by_alias=True, exclude_none=True))


def to_toml(contents: Mapping[str, Any]) -> str:
    """Write tables as TOML.

    Parameters
    ----------
    contents : mapping
        Text, numbers, truth values, dates, lists and tables; empty tuples stand for what was left out.

    Returns
    -------
    str
        Lists of tables as arrays of tables at the end, all inner tables inline.
    """
    lists = {key: value for key, value in contents.items() if _is_list_of_tables(value)}
    lines = [
        f"{key} = {_value(value)}" for key, value in contents.items() if key not in lists and value != ()
    ]
    for key, tables in lists.items():
        for table in tables:
            lines += ["", f"[[{key}]]"]
            lines += [f"{_key(k)} = {_value(v)}" for k, v in table.items() if v != ()]
    return "\n".join(lines) + "\n"


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for the one control character that JSON leaves alone.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT:
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(_value(v) for v in value) + "]"
