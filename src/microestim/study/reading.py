"""Read a study from a TOML file, and say everything that is wrong with it at once, with its line."""

from __future__ import annotations

import re
import tomllib
from os import PathLike
from pathlib import Path as FilePath

from microestim.errors import StudyError
from microestim.study.document import Study
from microestim.study.faults import Fault, make_fault, study_error
from microestim.study.positions import Positions

__all__ = ["parse_study", "read_study"]


def read_study(path: str | PathLike[str]) -> Study:
    """Read a study from a TOML file.

    Parameters
    ----------
    path : str or path-like
        The file, in UTF-8.

    Returns
    -------
    Study
        The study, checked.

    Raises
    ------
    StudyError
        The file cannot be read, is not UTF-8, is not TOML, or is not a valid study. The message and
        `faults` list everything that is wrong, with the place, the value given and the value accepted.
        `UnitError`, `ScopeError` and `DoubleCountingError` where nothing else is wrong.

    Examples
    --------
    >>> import microestim as me
    >>> me.read_study("no-such-file.toml")
    Traceback (most recent call last):
        ...
    microestim.errors.StudyError: no-such-file.toml: 1 fault
      the file: cannot be read (No such file or directory); accepted: a TOML file that exists
    """
    name = str(path)
    try:
        raw = FilePath(path).read_bytes()
    except OSError as error:
        fault = make_fault((), f"cannot be read ({error.strerror})", accepted="a TOML file that exists")
        raise study_error([fault], where=name) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = make_fault(
            (), "is not UTF-8", given=hex(raw[error.start]), accepted="a text file saved as UTF-8"
        )
        raise study_error([fault.at(line)], where=name) from error
    return parse_study(text, name=name)


def parse_study(text: str, *, name: str = "the study") -> Study:
    """Make a study from the text of a TOML file.

    Parameters
    ----------
    text : str
        The file's contents.
    name : str, optional
        What to call the file in errors.

    Returns
    -------
    Study
        The study, checked.

    Raises
    ------
    StudyError
        As `read_study`.
    """
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise study_error([_syntax_fault(error, text)], where=name) from error
    try:
        return Study(**data)
    except StudyError as error:
        positions = Positions(text)
        faults = [fault.at(positions.line(fault.keys)) for fault in error.faults]
        raise study_error(faults, where=name) from None


def _syntax_fault(error: tomllib.TOMLDecodeError, text: str) -> Fault:
    # Python 3.14 has the line as an attribute; before that it stands in the message only.
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if place is None:
        return make_fault((), f"not valid TOML: {message}", accepted="TOML 1.0")
    line = int(place[1]) if place[1] else text.count("\n") + 1
    what = message[: place.start()]
    column = f", column {place[2]}" if place[2] else " (end of file)"
    return make_fault((), f"not valid TOML: {what}{column}", accepted="TOML 1.0").at(line)
