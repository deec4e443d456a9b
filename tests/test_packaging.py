"""What is installed, what it declares, and where the version is repeated."""

import ast
import importlib.metadata
import re
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.version import Version

import microestim as me

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "microestim"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]

RUN = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/microestim run fr-2018"
TEST = ".venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == me.__version__
    assert importlib.metadata.version("microestim") == me.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    release = re.search(r"^## (\S+)[^\n]*\n+### Changed estimates\n", changelog, flags=re.MULTILINE)
    assert release is not None
    assert release[1] == Version(me.__version__).base_version


def test_citation_file_is_complete_and_the_only_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    # The first four keys are those that version 1.2.0 of the format requires.
    assert citation.keys() >= {"cff-version", "message", "title", "authors", "type", "license"}
    assert citation["authors"] == [{"name": PROJECT["authors"][0]["name"]}]
    assert citation["license"] == PROJECT["license"]
    # Where both files exist, Zenodo reads the other one and ignores CITATION.cff.
    assert not (ROOT / ".zenodo.json").exists()


def test_readme_has_the_two_commands_and_ci_runs_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert RUN in readme
    assert TEST in readme
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert TEST in script
    # The script puts the interpreter that it found in the place of 'python3'.
    assert RUN.replace("python3", '"$python"') in script


def test_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("microestim/")}
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert packed == {f"microestim/{path.relative_to(PACKAGE).as_posix()}" for path in files}
    assert "microestim/py.typed" in packed
    assert any(name.startswith("microestim/study/catalogue/") and name.endswith(".toml") for name in packed)


def test_every_imported_package_is_declared() -> None:
    homes = importlib.metadata.packages_distributions()
    declared = {dependency.name.lower() for dependency in DEPENDENCIES}
    # The engine of pydantic: each release fixes its own, so a second pin could only contradict it.
    declared |= {"pydantic_core", "pydantic-core"}
    undeclared = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [str(node.module)]
            else:
                continue
            for module in (
                {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"microestim"}
            ):
                distributions = {name.lower() for name in homes.get(module, [module])}
                if not distributions & declared:
                    undeclared.add(f"{path.relative_to(PACKAGE)}: {module}")
    assert undeclared == set()


def test_floors_are_the_versions_that_the_lowest_session_installs() -> None:
    lines = (ROOT / "tools" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    for dependency in DEPENDENCIES:
        floors = [clause.version for clause in dependency.specifier if clause.operator == ">="]
        assert len(floors) == 1, f"{dependency} has no floor"
        assert Version(pins[dependency.name]) == Version(floors[0]), dependency


def test_packages_that_hold_others_back_stay_out() -> None:
    # Each pins one minor version of PyTensor, caps pandas below 3, or brings a second deep-learning stack.
    refused = {"pymc-extras", "pymc-marketing", "lifelines", "bambi", "sbi", "torch", "preliz", "cffconvert"}
    extras = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
    assert not refused & {requirement.name.lower() for requirement in [*DEPENDENCIES, *extras]}
