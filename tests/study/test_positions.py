"""The line of every value, against documents whose values say where they stand."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from microestim.study.positions import Positions

SHIPPED = sorted((Path(__file__).parents[2] / "src/microestim/study/catalogue").glob("*.toml"))

KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True),
    # Quoted keys may hold what otherwise ends a key, a table or a line.
    st.sampled_from(["a b", "x.y", "q]z", "h#k", "e=f", '"', "'", "é", ""]),
)
TREE = st.recursive(
    st.just(None),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


class Document:
    """A TOML document in which each scalar is a text that ends in the number of its own line."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.text = ""
        self.table({}, data.draw(st.dictionaries(KEYS, TREE, max_size=4)), ())

    def put(self, text: str) -> None:
        self.text += text

    def blank(self) -> None:
        if self.data.draw(st.booleans()):
            self.put(self.data.draw(st.sampled_from([" ", "\n", "# a ] } \" ' = comment\n", "\n\n  "])))

    def key(self, key: str) -> str:
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        bare = bool(key) and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
        return key if bare else f'"{escaped}"'

    def value(self, value: Any) -> None:
        if value is None:
            line = self.text.count("\n") + 1
            form = self.data.draw(st.integers(0, 3))
            # The last two run over the next line; a quote, a bracket and a hash in them mean nothing.
            self.put(
                [f'"]#\\" {line}"', f"'}}# {line}'", f'"""\n]"#=\\" {line}"""', f"'''\n}}'# {line}'''"][form]
            )
        elif isinstance(value, list):
            self.put("[")
            for inner in value:
                self.blank()
                self.value(inner)
                self.put(",")
            self.blank()
            self.put("]")
        else:
            self.put("{" + " " * self.data.draw(st.integers(0, 2)))
            for i, (key, inner) in enumerate(value.items()):
                self.put(", " if i else "")
                self.put(f"{self.key(key)} = ")
                self.value(inner)
            self.put("}")

    def table(self, seen: dict[str, Any], table: dict[str, Any], path: tuple[str, ...]) -> None:
        nested = {}
        for key, value in table.items():
            as_tables = isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
            if (isinstance(value, dict) or as_tables) and self.data.draw(st.booleans()):
                nested[key] = value
                continue
            self.put(f"{self.key(key)} = ")
            self.value(value)
            self.put(self.data.draw(st.sampled_from(["\n", " # comment\n", "\n\n"])))
        for key, value in nested.items():
            inside = (*path, key)
            name = " . ".join(self.key(k) for k in inside)
            for entry in value if isinstance(value, list) else [value]:
                self.put(f"[[{name}]]\n" if isinstance(value, list) else f"[ {name} ]\n")
                self.table({}, entry, inside)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    else:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))


@given(st.data())
def test_every_value_is_found_on_its_line(data: st.DataObject) -> None:
    document = Document(data)
    positions = Positions(document.text)
    for path, value in leaves(tomllib.loads(document.text)):
        assert positions.line(path) == int(value.split(" ")[-1]), document.text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_key_of_a_shipped_study_is_known(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    positions = Positions(text)
    lines = text.splitlines()

    def check(value: Any, here: tuple[str | int, ...]) -> None:
        assert here in positions.lines
        if here and isinstance(here[-1], str) and len(here) != 1:
            assert here[-1] in lines[positions.line(here) - 1]
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                check(inner, (*here, key))

    check(tomllib.loads(text), ())


def test_what_is_missing_has_the_line_of_what_is_around_it() -> None:
    positions = Positions("a = 1\n\n[[b]]\nc = 2\n[[b]]\nd.e = {f = 3}\n")
    assert positions.line(("b", 1, "absent")) == 5
    assert positions.line(("b", 1, "d", "e", "absent")) == 6
    assert positions.line(("absent",)) == 1
