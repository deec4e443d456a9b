"""Validate the docstring of everything public in `microestim` with numpydoc.

numpydoc's own command reads source text, so it takes the fields of a dataclass for unknown parameters and
asks properties for a section 'Returns'. Here each object is imported and validated as it is. The checks
are those of `[tool.numpydoc_validation]` in pyproject.toml; a pydantic model describes its fields one by
one, where they also reach the JSON Schema, instead of in a section 'Parameters'.
"""

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args, get_origin

from numpydoc.validate import validate
from pydantic import BaseModel

import microestim

ROOT = Path(__file__).resolve().parents[1]


def modules() -> Iterator[ModuleType]:
    """Import the package and every module in it."""
    yield microestim
    for found in pkgutil.walk_packages(microestim.__path__, prefix="microestim."):
        if not found.name.endswith(".__main__"):
            yield importlib.import_module(found.name)


def public_things(module: ModuleType) -> Iterator[tuple[str, object, bool]]:
    """Give the module's own public functions, classes and members, and whether a parent has the member."""
    for name, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == module.__name__
        if name.startswith("_") or not own or not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        yield f"{module.__name__}.{name}", thing, False
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                kinds = (property, functools.cached_property, classmethod, staticmethod)
                written = inspect.isfunction(value) and value.__module__ == module.__name__
                if not member.startswith("_") and (written or isinstance(value, kinds)):
                    promised = getattr(thing, "_is_protocol", False) or any(
                        member in vars(parent) for parent in thing.__mro__[1:]
                    )
                    yield f"{module.__name__}.{name}.{member}", value, promised


def documented_elsewhere(thing: object, parameters: set[str]) -> bool:
    """Tell whether the docstring of a class may leave out these parameters of its constructor.

    A model's fields carry their own descriptions, an inherited constructor is documented at the parent,
    and so are the inherited fields of a dataclass; private fields need no words. A protocol has no
    constructor.
    """
    if not inspect.isclass(thing):
        return False
    if issubclass(thing, BaseModel) or getattr(thing, "_is_protocol", False):
        return True
    if dataclasses.is_dataclass(thing):
        return not {each for each in parameters & inspect.get_annotations(thing).keys() if each[0] != "_"}
    return not {"__init__", "__new__"} & vars(thing).keys()


def faults_of(name: str, thing: object, promised: bool, checks: set[str]) -> tuple[str, list[str]]:
    """Give the place of an object in the tree, and the faults of its docstring."""
    found = validate(name)
    path = Path(found["file"]).resolve().relative_to(ROOT)
    faults = []
    for code, text in found["errors"]:
        # What a parent promises is documented there, once.
        if promised and code in ("PR01", "RT01", "GL08"):
            continue
        if code == "PR01" and documented_elsewhere(thing, set(re.findall(r"'(\w+)'", text))):
            continue
        if code in checks:
            faults.append(f"{code} {text}")
    if inspect.isclass(thing) and issubclass(thing, BaseModel):
        for field, info in thing.model_fields.items():
            one_word = get_origin(info.annotation) is Literal and len(get_args(info.annotation)) == 1
            if info.description is None and not one_word:
                faults.append(f"the field {field!r} has no description")
    return f"{path}:{found['file_line']}", faults


def main() -> int:
    """Print every fault with its place; the exit status is 1 when there is one."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    checks = set(settings["numpydoc_validation"]["checks"])
    number = faulty = 0
    for module in modules():
        for name, thing, promised in public_things(module):
            place, faults = faults_of(name, thing, promised, checks)
            number += 1
            if faults:
                faulty += 1
                print(f"{place}: {name}", *faults, sep="\n    ")
    print(f"{number} docstrings, {faulty} with faults")
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
