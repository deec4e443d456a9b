import tomllib
from pathlib import Path
from typing import Any

import pytest

EVERY_FIELD = Path(__file__).parent / "every_field.toml"


@pytest.fixture
def text() -> str:
    """A valid study that uses every field of every part."""
    return EVERY_FIELD.read_text(encoding="utf-8")


@pytest.fixture
def contents(text: str) -> dict[str, Any]:
    """The same as plain tables."""
    return tomllib.loads(text)
