"""On which line of a TOML file each value stands: tomllib does not say, and an error has to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from microestim.study.faults import Path

__all__ = ["Positions"]

_SPACE = " \t"
_BLANK = " \t\r\n"


class Positions:
    r"""The line of every key of a TOML document.

    Parameters
    ----------
    text : str
        A document that `tomllib` accepts; on any other the lines are meaningless.

    Examples
    --------
    >>> Positions("a = 1\n[[b]]\nc = [2,\n  {d = 3}]\n").line(("b", 0, "c", 1, "d"))
    4
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[Path, int] = {(): 1}
        self._length: dict[Path, int] = {}
        self._read_document()

    @property
    def lines(self) -> Mapping[Path, int]:
        """The line of each path, paths being keys and positions in lists (the first is 0)."""
        return self._lines

    def line(self, path: Path) -> int:
        """Give the line of a path, or of the nearest thing around it that exists.

        Parameters
        ----------
        path : tuple of str or int
            Keys and positions in lists.

        Returns
        -------
        int
            Line, the first being 1.
        """
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _move(self, count: int = 1) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def _skip(self, blanks: str) -> None:
        while self._at < len(self._text):
            if self._peek() == "#":
                end = self._text.find("\n", self._at)
                self._move((len(self._text) if end < 0 else end) - self._at)
            elif self._peek() in blanks:
                self._move()
            else:
                return

    def _note(self, path: Path) -> None:
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], self._line)

    def _read_document(self) -> None:
        table: Path = ()
        while True:
            self._skip(_BLANK)
            if not self._peek():
                return
            if self._peek() == "[":
                table = self._read_header()
            else:
                self._read_pair(table)

    def _read_header(self) -> Path:
        is_list = self._text.startswith("[[", self._at)
        self._move(2 if is_list else 1)
        names = self._read_key()
        path: Path = ()
        for i, name in enumerate(names):
            path = (*path, name)
            if i == len(names) - 1 and is_list:
                self._note(path)
                self._length[path] = self._length.get(path, 0) + 1
            # A header names the newest member of a list of tables.
            if path in self._length:
                path = (*path, self._length[path] - 1)
        self._note(path)
        self._move(2 if is_list else 1)
        return path

    def _read_key(self) -> Path:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            if self._peek() in "\"'":
                start = self._at
                self._read_string()
                # Escapes in a quoted key are read as tomllib reads them.
                names.append(str(tomllib.loads(f"k = {self._text[start : self._at]}")["k"]))
            else:
                start = self._at
                while self._peek() and self._peek() not in " \t.=]":
                    self._move()
                names.append(self._text[start : self._at])
            self._skip(_SPACE)
            if self._peek() != ".":
                return tuple(names)
            self._move()

    def _read_pair(self, table: Path) -> None:
        line = self._line
        path = (*table, *self._read_key())
        for end in range(len(table) + 1, len(path) + 1):
            self._lines.setdefault(path[:end], line)
        self._move()  # over "="
        self._skip(_SPACE)
        self._read_value(path)

    def _read_value(self, path: Path) -> None:
        first = self._peek()
        if first in "\"'":
            self._read_string()
        elif first == "[":
            self._move()
            position = 0
            while True:
                self._skip(_BLANK + ",")
                if self._peek() in ("]", ""):
                    self._move()
                    return
                self._note((*path, position))
                self._read_value((*path, position))
                position += 1
        elif first == "{":
            self._move()
            while True:
                self._skip(_BLANK + ",")
                if self._peek() in ("}", ""):
                    self._move()
                    return
                self._read_pair(path)
        else:
            while self._peek() and self._peek() not in ",]}#\r\n":
                self._move()

    def _read_string(self) -> None:
        quote = self._peek()
        delimiter = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._move(len(delimiter))
        while self._peek() and not self._text.startswith(delimiter, self._at):
            self._move(2 if self._peek() == "\\" and quote == '"' else 1)
        self._move(len(delimiter))
        # A long string may end in quotes of its own, so its end is the last three.
        while len(delimiter) == 3 and self._peek() == quote:
            self._move()
