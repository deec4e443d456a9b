"""What a check returns."""

from __future__ import annotations

from dataclasses import dataclass

from microestim.results import Table

__all__ = ["CheckResult"]


@dataclass(frozen=True)
class CheckResult:
    """One check of a fit.

    Parameters
    ----------
    name : str
        What was checked.
    passed : bool or None
        Whether it passed; None where the check only informs.
    sentence : str
        The outcome in a sentence, with a remedy where it failed.
    table : Table or None
        The figures behind it.
    """

    name: str
    passed: bool | None
    sentence: str
    table: Table | None = None

    @property
    def verdict(self) -> str:
        """The outcome in a word: passed, failed or informs."""
        return {True: "passed", False: "failed", None: "informs"}[self.passed]

    def __str__(self) -> str:
        head = f"{self.name}: {self.verdict}. {self.sentence}"
        return head if self.table is None else f"{head}\n\n{self.table}"

    def _repr_html_(self) -> str:
        import html

        body = "" if self.table is None else self.table.to_html()
        return f"<p><b>{html.escape(self.name)}: {self.verdict}.</b> {html.escape(self.sentence)}</p>{body}"
