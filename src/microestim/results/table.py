"""A small table of finished text, and the summary that fits hand out.

Cells are strings that were rounded by the caller; a `Table` only lays them out.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from microestim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["Summary", "Table"]

Alignment = Literal["left", "right"]

_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "×": r"$\times$",
}


@dataclass(frozen=True)
class Table:
    """Rows of text under headings, with a title above and remarks below.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequence of str
        One sequence a row, as long as `columns`.
    title : str, optional
        Line above the table.
    footer : sequence of str, optional
        Lines below the table.
    align : sequence of {"left", "right"}, optional
        One word a column; the first column left and the others right unless given.
    max_width : int, optional
        Widest line of the text form; long footers, and cells of the widest left-aligned column, are
        wrapped to it.

    Raises
    ------
    InputError
        If a row has not as many cells as there are columns.

    Examples
    --------
    >>> print(Table(("tier", "people"), [("weekly", "14,900"), ("monthly", "52,300")]))
    tier     people
    -------  ------
    weekly   14,900
    monthly  52,300
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    footer: Sequence[str] = ()
    align: Sequence[Alignment] = field(default=())
    max_width: int = 110

    def __post_init__(self) -> None:
        """Freeze what was given and check its shape."""
        if isinstance(self.footer, str):
            raise InputError("footer is a text; give a sequence of lines, such as (text,).")
        object.__setattr__(self, "columns", tuple(str(column) for column in self.columns))
        object.__setattr__(self, "rows", tuple(tuple(str(cell) for cell in row) for row in self.rows))
        object.__setattr__(self, "footer", tuple(str(line) for line in self.footer))
        align = tuple(self.align) or tuple("right" if i else "left" for i in range(len(self.columns)))
        object.__setattr__(self, "align", align)
        if len(align) != len(self.columns):
            raise InputError(f"align has {len(align)} words for {len(self.columns)} columns.")
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise InputError(f"row {number} has {len(row)} cells for {len(self.columns)} columns.")

    def __str__(self) -> str:
        """Return the table as aligned text."""
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self) -> str:
        """Return the table as aligned text.

        Returns
        -------
        str
            Lines at most `max_width` wide, as far as wrapping the widest left-aligned column allows.
        """
        widths = self._widths()
        lines = [self.title] if self.title else []
        lines.append(self._line([[c] for c in self.columns], widths))
        lines.append("  ".join("-" * width for width in widths))
        for row in self.rows:
            cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
            lines.append(self._line(cells, widths))
        for remark in self.footer:
            lines.extend(textwrap.wrap(remark, self.max_width))
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Return the table in GitHub's Markdown.

        Returns
        -------
        str
            A pipe table; title and footer as paragraphs around it.
        """
        rule = ["---:" if side == "right" else ":---" for side in self.align]
        body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in self.rows]
        lines = ["| " + " | ".join(cells) + " |" for cells in [list(self.columns), rule, *body]]
        blocks = [f"**{self.title}**"] if self.title else []
        blocks.append("\n".join(lines))
        blocks.extend(self.footer)
        return "\n\n".join(blocks)

    def to_html(self) -> str:
        """Return the table as an HTML table, every cell escaped.

        Returns
        -------
        str
            One ``<table class="microestim">`` element with caption and footer.
        """
        span = len(self.columns)
        caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        head = "".join(self._html_cell("th", c, a) for c, a in zip(self.columns, self.align, strict=True))
        body = "".join(
            f"<tr>{''.join(self._html_cell('td', c, a) for c, a in zip(row, self.align, strict=True))}</tr>"
            for row in self.rows
        )
        foot = "".join(
            f'<tr><td colspan="{span}" style="text-align: left">{html.escape(line)}</td></tr>'
            for line in self.footer
        )
        tail = f"<tfoot>{foot}</tfoot>" if foot else ""
        return (
            f'<table class="microestim">{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody>{tail}</table>"
        )

    def to_latex(self) -> str:
        """Return the table as a LaTeX tabular in the style of booktabs.

        Returns
        -------
        str
            A ``tabular`` environment; title and footer stand around it as text.
        """
        rows = [" & ".join(_latex(cell) for cell in row) + r" \\" for row in self.rows]
        lines = [
            rf"\begin{{tabular}}{{{''.join(side[0] for side in self.align)}}}",
            r"\toprule",
            " & ".join(_latex(column) for column in self.columns) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
        ]
        title = [_latex(self.title) + r"\\"] if self.title else []
        return "\n".join([*title, *lines, *(r"\\ " + _latex(line) for line in self.footer)])

    def _widths(self) -> list[int]:
        cells = zip(self.columns, *self.rows, strict=True)
        widths = [max(len(cell) for cell in column) for column in cells]
        wrappable = [i for i, side in enumerate(self.align) if side == "left"]
        excess = sum(widths) + 2 * (len(widths) - 1) - self.max_width
        if excess > 0 and wrappable:
            widest = max(wrappable, key=lambda i: widths[i])
            widths[widest] = max(widths[widest] - excess, len(self.columns[widest]), 20)
        return widths

    def _line(self, cells: list[list[str]], widths: list[int]) -> str:
        height = max(len(cell) for cell in cells)
        lines = []
        for i in range(height):
            parts = [cell[i] if i < len(cell) else "" for cell in cells]
            padded = [
                part.rjust(width) if side == "right" else part.ljust(width)
                for part, width, side in zip(parts, widths, self.align, strict=True)
            ]
            lines.append("  ".join(padded).rstrip())
        return "\n".join(lines)

    @staticmethod
    def _html_cell(tag: str, text: str, side: Alignment) -> str:
        return f'<{tag} style="text-align: {side}">{html.escape(text)}</{tag}>'


def _latex(text: str) -> str:
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)


@dataclass(frozen=True, repr=False)
class Summary:
    """What ``summary()`` returns: a table to read and the frame behind it.

    Parameters
    ----------
    table : Table
        The rounded table.
    frame : pandas.DataFrame
        The same rows in full precision.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"tier": ["weekly"], "estimate": [14903.1]})
    >>> Summary(Table(("tier", "people"), [("weekly", "14,900")]), frame)
    tier    people
    ------  ------
    weekly  14,900
    """

    table: Table
    frame: pd.DataFrame

    def __str__(self) -> str:
        """Return the table as text."""
        return self.table.to_text()

    def __repr__(self) -> str:
        """Return the table as text: asking for a summary is asking to read it."""
        return self.table.to_text()

    def _repr_html_(self) -> str:
        return self.table.to_html()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the frame, in full precision.

        Returns
        -------
        pandas.DataFrame
            One row a line of the table.
        """
        return self.frame.copy()

    def to_markdown(self) -> str:
        """Return the table in Markdown.

        Returns
        -------
        str
            See `Table.to_markdown`.
        """
        return self.table.to_markdown()

    def to_html(self) -> str:
        """Return the table in HTML.

        Returns
        -------
        str
            See `Table.to_html`.
        """
        return self.table.to_html()

    def to_latex(self) -> str:
        """Return the table in LaTeX.

        Returns
        -------
        str
            See `Table.to_latex`.
        """
        return self.table.to_latex()
