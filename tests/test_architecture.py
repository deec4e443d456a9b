"""The tool that keeps ARCHITECTURE.md true must itself notice every way of breaking it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PAGE = """# Architecture

| layer | room |
| --- | --- |
| 1 | `errors` | x |
| 2 | `results/` | x |

## Modules

- `errors.py`: errors
- `results/interval.py`: intervals
"""
PYPROJECT = """
[[tool.importlinter.contracts]]
type = "layers"
layers = ["results", "errors"]
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "tools" / "check_architecture.py"
    spec = importlib.util.spec_from_file_location("check_architecture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "microestim"
    (package / "results").mkdir(parents=True)
    for name in ("__init__.py", "_version.py", "errors.py", "results/interval.py"):
        (package / name).write_text('"""One idea.\n\nMore."""\nx = 1\n')
    (package / "results" / "__init__.py").write_text('"""Answers."""\nfrom a import b\n__all__ = ["b"]\n')
    (tmp_path / "ARCHITECTURE.md").write_text(PAGE)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path


def test_a_true_page_passes(tool: ModuleType, project: Path) -> None:
    assert tool.faults_of(project) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("ARCHITECTURE.md", "- `errors.py`: errors\n", "", "+ - `errors.py`: One idea"),
        ("ARCHITECTURE.md", "interval.py", "wald.py", "- - `results/wald.py`: intervals"),
        ("ARCHITECTURE.md", ": errors", ":", "not of the form '- `path`: one idea': - `errors.py`:"),
        ("ARCHITECTURE.md", "- `results/interval.py`", "- `errors.py`", "listed twice: errors.py"),
        ("ARCHITECTURE.md", "## Modules", "## Rooms", "the heading '## Modules' is missing"),
        (
            "ARCHITECTURE.md",
            "| 2 | `results/`",
            "| 2 | `answers/`",
            "+ a row of the table for the room `results`",
        ),
        (
            "pyproject.toml",
            '["results", "errors"]',
            '["errors", "results"]',
            "the contract orders the rooms ['results', 'errors'], the table ['errors', 'results']",
        ),
        (
            "src/microestim/results/__init__.py",
            "from a",
            "def hidden(): ...\nfrom a",
            "results/__init__.py:2: an __init__.py below the top only exports names",
        ),
    ],
)
def test_every_way_of_breaking_it_is_named(
    tool: ModuleType, project: Path, file: str, old: str, new: str, fault: str
) -> None:
    path = project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert fault in tool.faults_of(project)
