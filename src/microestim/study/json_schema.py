"""The JSON Schema of the study format, for editors and for other programs.

It is generated from the classes: ``python -m microestim.study.json_schema`` prints it. What several
fields must satisfy together (that captures are given in one way only, that a total names what it
contains) is beyond a JSON Schema, and is checked when a study is read.
"""

from __future__ import annotations

import json
from typing import Any

from microestim.study.document import Study
from microestim.study.vocabulary import SCHEMA_VERSION

__all__ = ["schema_text", "study_schema"]


def study_schema() -> dict[str, Any]:
    """Generate the JSON Schema of a study.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12.

    Examples
    --------
    >>> from microestim.study.json_schema import study_schema
    >>> study_schema()["title"]
    'microestim study, version 1.0'
    """
    schema = Study.model_json_schema(by_alias=True, mode="validation")
    for definition in schema["$defs"].values():
        # In Python the class says the type; in a file only the word can.
        if "const" in definition.get("properties", {}).get("type", {}):
            definition["required"] = ["type", *definition["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"microestim study, version {SCHEMA_VERSION}",
        "description": "What is known about micro-work in one country: evidence, with its sources and scope.",
    }


def schema_text() -> str:
    """Write the JSON Schema of a study as it is shipped.

    Returns
    -------
    str
        JSON, indented, with a line feed at its end.
    """
    return json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
