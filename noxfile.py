"""Sessions that need an interpreter or versions other than those of the working environment."""

import nox

nox.options.default_venv_backend = "virtualenv"


@nox.session(python="3.12")
def lowest(session: nox.Session) -> None:
    """Install the lowest versions that pyproject.toml allows, and test the public face and the estimators.

    `tools/lowest.txt` pins every direct dependency to its floor on Python 3.12: several floors have no
    wheel for 3.13. Where pyenv hides 3.12 behind `.python-version`, call it as
    `PYENV_VERSION=3.12 nox -s lowest`.
    """
    session.install("-c", "tools/lowest.txt", "-e", ".[test]")
    rooms = ["tests/results", "tests/estimators", "tests/study", "tests/test_public_face.py"]
    session.run("pytest", *(session.posargs or rooms))
