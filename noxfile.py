"""Sessions that need an interpreter or versions other than those of the working environment."""

import nox


@nox.session(python="3.12")
def lowest(session: nox.Session) -> None:
    """Install the lowest versions that pyproject.toml allows, and run the tests on them.

    `tools/lowest.txt` pins every direct dependency to its floor on Python 3.12: several floors have no
    wheel for 3.13. Where pyenv hides 3.12 behind `.python-version`, call it as
    `PYENV_VERSION=3.12 nox -s lowest`. What follows `--` goes to pytest.
    """
    # The linters and stubs of the extra 'test' need newer versions than the floors, and no test runs them.
    tools = ["hatchling", "hypothesis", "jsonschema", "pytest", "pytest-xdist", "pyyaml", "statsmodels"]
    session.install("-c", "tools/lowest.txt", "-e", ".", *tools)
    session.run("pytest", *session.posargs)


@nox.session
def spark(session: nox.Session) -> None:
    """Run the tests of frames on a cluster with Spark too, which needs Java and is no test requirement."""
    session.install("-e", ".[test]", "pyspark>=4.0")
    session.run("pytest", "-m", "slow", "tests/capture/test_distributed.py", *session.posargs)
