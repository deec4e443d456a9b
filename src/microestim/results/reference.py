"""Where a method comes from, ready to be cited."""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Reference"]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One publication.

    Parameters
    ----------
    authors : tuple of str
        Each as ``"Family, Given"``.
    year : int
        Year of publication.
    title : str
        Title as printed.
    journal : str, optional
        Journal, publisher or series.
    doi : str, optional
        DOI without a resolver's address.
    volume, pages : str, optional
        As printed.
    kind : {"article", "book", "report", "misc"}
        What BibTeX should call it.

    Examples
    --------
    >>> Reference(authors=("Bailey, N. T. J.",), year=1951, title="On estimating", journal="Biometrika").short
    'Bailey (1951)'
    """

    authors: tuple[str, ...]
    year: int
    title: str
    journal: str = ""
    doi: str = ""
    volume: str = ""
    pages: str = ""
    kind: Literal["article", "book", "report", "misc"] = "article"

    @property
    def short(self) -> str:
        """Family names and year, as in running text."""
        names = [author.partition(",")[0] for author in self.authors]
        if len(names) > 3:
            return f"{names[0]} et al. ({self.year})"
        return f"{' & '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} ({self.year})"

    @property
    def key(self) -> str:
        """BibTeX key: first family name, year and first long word of the title."""
        word = next((w for w in re.findall(r"[A-Za-z]+", self.title) if len(w) > 3), "")
        family = re.sub(r"[^A-Za-z]", "", self.authors[0].partition(",")[0])
        return f"{family}{self.year}{word}".lower()

    def __str__(self) -> str:
        """Return one line for a list of references."""
        parts = [f"{'; '.join(self.authors)} ({self.year}). {self.title}."]
        place = ", ".join(filter(None, [self.journal, self.volume, self.pages]))
        if place:
            parts.append(f"{place}.")
        if self.doi:
            parts.append(f"doi:{self.doi}")
        return " ".join(parts)

    def bibtex(self) -> str:
        """Return the publication as a BibTeX entry.

        Returns
        -------
        str
            The entry, fields in a fixed order.

        Examples
        --------
        >>> chao = Reference(authors=("Chao, A.",), year=1987, title="Estimating", doi="10.2307/2531532")
        >>> print(chao.bibtex())
        @article{chao1987estimating,
          author = {Chao, A.},
          title = {{Estimating}},
          year = {1987},
          doi = {10.2307/2531532},
        }
        """
        entry = {"report": "techreport"}.get(self.kind, self.kind)
        containers = {"article": "journal", "book": "publisher", "report": "institution"}
        container = containers.get(self.kind, "howpublished")
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            container: self.journal,
            "volume": self.volume,
            "pages": self.pages.replace("–", "--"),
            "year": str(self.year),
            "doi": self.doi,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{entry}{{{self.key},", *lines, "}"])
