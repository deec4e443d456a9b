"""The published JSON Schema is that of the classes, and tells good studies from bad ones."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from microestim.study import load_study, studies
from microestim.study.json_schema import schema_text, study_schema

DOCS = Path(__file__).parents[2] / "docs" / "schema" / "study-1.0.json"


def test_the_shipped_and_the_published_schema_are_those_of_the_classes() -> None:
    shipped = files("microestim.study") / "schema" / "study-1.0.json"
    assert shipped.read_text(encoding="utf-8") == schema_text()
    assert DOCS.read_text(encoding="utf-8") == schema_text()


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(study_schema())
    return jsonschema.Draft202012Validator(study_schema())


@pytest.mark.parametrize("name", studies().ids)
def test_shipped_studies_obey_the_schema(validator: jsonschema.Draft202012Validator, name: str) -> None:
    validator.validate(json.loads(load_study(name).model_dump_json(by_alias=True, exclude_none=True)))
    text = (files("microestim.study") / "catalogue" / f"{name}.toml").read_text(encoding="utf-8")
    validator.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("country",), "Brazil"),
        (("period",), "May 2020"),
        (("evidence", 0, "value"), -1),
        (("evidence", 0, "unit"), "clicks"),
        (("evidence", 0, "type"), "registration"),
        (("evidence", 2, "value"), 1.2),
        (("evidence", 0, "vale"), 3),
        (("platforms", 0, "class"), "other work"),
        (("steps", 0, "agree"), "nearly"),
    ],
)
def test_the_schema_refuses_what_reading_refuses(
    validator: jsonschema.Draft202012Validator,
    contents: dict[str, Any],
    path: tuple[str | int, ...],
    value: object,
) -> None:
    # Dates are text in JSON.
    plain = json.loads(json.dumps(contents, default=str))
    assert validator.is_valid(plain)
    inner = plain
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert not validator.is_valid(plain)
