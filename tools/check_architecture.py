"""Compare ARCHITECTURE.md with the tree and with the import contracts.

The page promises two lists: the rooms, one a row of the table of layers, and the modules, one a line
under '## Modules'. Both are compared with `src/microestim`, the order of the layers with the contract
that import-linter enforces. `--list` prints the lines that the tree would give, from the first
sentence of each module.
"""

import argparse
import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "microestim"
# Doors rather than rooms: they hold nothing of their own.
DOORS = {"__init__.py", "__main__.py", "_version.py"}

LINE = re.compile(r"^- `(?P<path>[^`]+)`: (?P<idea>\S.*)$")
ROW = re.compile(r"^\| *\d+ *\| *`(?P<room>\w+)/?` *\|")


def modules_on_disk(package: Path) -> dict[str, str]:
    """Give every module that can hold ideas, with the first line of its docstring."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        if path.name == "__init__.py" or path.relative_to(package).as_posix() in DOORS:
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.relative_to(package).as_posix()] = docstring.partition("\n")[0].rstrip(".")
    return found


def modules_on_page(page: str) -> tuple[dict[str, str], list[str]]:
    """Read the lines under '## Modules'; the second value lists the faults of the section itself."""
    _, heading, section = page.partition("\n## Modules\n")
    if not heading:
        return {}, ["the heading '## Modules' is missing"]
    found: dict[str, str] = {}
    faults = []
    for line in section.partition("\n## ")[0].splitlines():
        if not line.startswith("- "):
            continue
        match = LINE.match(line)
        if match is None:
            faults.append(f"not of the form '- `path`: one idea': {line}")
        elif match["path"] in found:
            faults.append(f"listed twice: {match['path']}")
        else:
            found[match["path"]] = match["idea"]
    return found, faults


def hidden_code(package: Path) -> list[str]:
    """Give the faults of those `__init__.py` below the top that do more than export names."""
    faults = []
    for path in sorted(package.rglob("__init__.py")):
        if path.parent == package:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            exports = isinstance(node, ast.Import | ast.ImportFrom) or (
                isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            )
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not (exports or docstring):
                place = path.relative_to(package).as_posix()
                faults.append(f"{place}:{node.lineno}: an __init__.py below the top only exports names")
                break
    return faults


def rooms_on_disk(package: Path) -> set[str]:
    """Give the names of the folders and modules directly in the package."""
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    return folders | {path.stem for path in package.glob("*.py") if path.name not in DOORS}


def layers_of_contract(pyproject: Path) -> list[set[str]]:
    """Give the layers that import-linter enforces, lowest first; siblings share a set."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [set(re.split(r"\s*[|:]\s*", layer)) for layer in reversed(layers)]


def faults_of(root: Path) -> list[str]:
    """Give every way in which the page and the tree disagree."""
    package = root / "src" / "microestim"
    page = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    disk = modules_on_disk(package)
    listed, faults = modules_on_page(page)
    faults += [f"+ - `{path}`: {disk[path]}" for path in sorted(disk.keys() - listed.keys())]
    faults += [f"- - `{path}`: {listed[path]}" for path in sorted(listed.keys() - disk.keys())]

    rows = [match["room"] for line in page.splitlines() if (match := ROW.match(line))]
    rooms = rooms_on_disk(package)
    faults += [f"+ a row of the table for the room `{room}`" for room in sorted(rooms - set(rows))]
    faults += [f"- the row of the table for the room `{room}`" for room in sorted(set(rows) - rooms)]

    contract = layers_of_contract(root / "pyproject.toml")
    place = {room: number for number, layer in enumerate(contract) for room in layer}
    if set(rows) != place.keys():
        faults.append(f"the contract names {sorted(place)}, the table {sorted(rows)}")
    elif rows != sorted(rows, key=place.__getitem__):
        order = sorted(rows, key=place.__getitem__)
        faults.append(f"the contract orders the rooms {order}, the table {rows}")
    return faults + hidden_code(package)


def main() -> int:
    """Print the faults, or the list of modules; the exit status is 1 when there are faults."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the lines that the tree would give")
    if parser.parse_args().list:
        print("\n".join(f"- `{path}`: {idea}" for path, idea in modules_on_disk(PACKAGE).items()))
        return 0
    faults = faults_of(ROOT)
    if faults:
        print("ARCHITECTURE.md and the tree disagree ('+' is missing on the page, '-' is only there):")
        print("\n".join(faults))
        return 1
    print("ARCHITECTURE.md matches the tree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
