"""Rows of the CSV files in `tests/reference`, for tests that are made from them when they are collected."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent / "reference"


def reference_rows(name: str) -> list[dict[str, str]]:
    """Read one file; lines that begin with # say what it holds."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))
