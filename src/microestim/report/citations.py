"""What to cite, as BibTeX: the library in its version, the study's sources, the methods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from microestim._version import __version__
from microestim.models.observations import HistoryCounts, PublishedEstimate
from microestim.results import Reference
from microestim.study import Source, Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microestim.checks.fitted import FittedModel
    from microestim.models.design import Design

__all__ = ["fit_citations", "library_citation", "model_citations", "study_citations"]

_SAMPLING = (
    Reference(
        authors=("Hoffman, Matthew D.", "Gelman, Andrew"),
        year=2014,
        title="The No-U-Turn Sampler: adaptively setting path lengths in Hamiltonian Monte Carlo",
        journal="Journal of Machine Learning Research",
        volume="15",
        pages="1593–1623",
    ),
    Reference(
        authors=("Lam, Siu Kwan", "Pitrou, Antoine", "Seibert, Stanley"),
        year=2015,
        title="Numba: a LLVM-based Python JIT compiler",
        journal="Proceedings of the Second Workshop on the LLVM Compiler Infrastructure in HPC",
        pages="1–6",
        doi="10.1145/2833157.2833162",
    ),
    Reference(
        authors=(
            "Martin, Osvaldo A.",
            "Abril-Pla, Oriol",
            "Deklerk, Jordan",
            "Axen, Seth D.",
            "Carroll, Colin",
            "Hartikainen, Ari",
            "Vehtari, Aki",
        ),
        year=2026,
        title="ArviZ: a modular and flexible library for exploratory analysis of Bayesian models",
        journal="Journal of Open Source Software",
        volume="11",
        pages="9889",
        doi="10.21105/joss.09889",
    ),
    Reference(
        authors=(
            "Vehtari, Aki",
            "Gelman, Andrew",
            "Simpson, Daniel",
            "Carpenter, Bob",
            "Bürkner, Paul-Christian",
        ),
        year=2021,
        title=(
            "Rank-normalization, folding, and localization: an improved R-hat for assessing convergence "
            "of MCMC"
        ),
        journal="Bayesian Analysis",
        volume="16",
        pages="667–718",
        doi="10.1214/20-BA1221",
    ),
)
_MEMBERSHIPS = (
    Reference(
        authors=("Sirken, Monroe G.",),
        year=1970,
        title="Household surveys with multiplicity",
        journal="Journal of the American Statistical Association",
        volume="65",
        pages="257–266",
        doi="10.1080/01621459.1970.10481077",
    ),
    Reference(
        authors=("Chen, Xiang-Hui", "Dempster, Arthur P.", "Liu, Jun S."),
        year=1994,
        title="Weighted finite population sampling to maximize entropy",
        journal="Biometrika",
        volume="81",
        pages="457–469",
        doi="10.1093/biomet/81.3.457",
    ),
)
_CAPTURES = (
    Reference(
        authors=("Plackett, R. L.",),
        year=1965,
        title="A class of bivariate distributions",
        journal="Journal of the American Statistical Association",
        volume="60",
        pages="516–522",
        doi="10.1080/01621459.1965.10480807",
    ),
)


def library_citation() -> str:
    """Give the library's own entry.

    Returns
    -------
    str
        One BibTeX entry with the version; a development version says that it is not to be cited.

    Examples
    --------
    >>> library_citation().splitlines()[0]
    '@software{microestim,'
    """
    fields = {
        "author": "{The microestim developers}",
        "title": "{microestim: how many people do paid micro-tasks on online platforms}",
        "version": __version__,
        "license": "BSD-3-Clause",
        "note": "Development version: not to be cited" if "dev" in __version__ else "",
    }
    return _entry("software", "microestim", fields)


def study_citations(study: Study) -> str:
    """Give the sources of a study.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        BibTeX entries, one a source, in the study's order.
    """
    return "\n\n".join(_source(source) for source in study.sources)


def fit_citations(fit: FittedModel) -> str:
    """Give everything that a fit rests on: the library, the study's sources, the methods.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.

    Returns
    -------
    str
        BibTeX entries; memberships and capture-recapture are cited where the model has them.
    """
    return model_citations(fit.study, fit.design, fit.versions)


def model_citations(study: Study, design: Design, versions: Mapping[str, str]) -> str:
    """Give everything that the joint model of a study rests on, fitted or not.

    Parameters
    ----------
    study : Study
        The study.
    design : Design
        The model's parts.
    versions : mapping of str to str
        Versions of the software, by distribution.

    Returns
    -------
    str
        BibTeX entries; memberships and capture-recapture are cited where the model has them.
    """
    methods = list(_SAMPLING)
    if design.n_platforms > 1:
        methods += _MEMBERSHIPS
    if any(isinstance(each, HistoryCounts | PublishedEstimate) for each in design.observations):
        methods += _CAPTURES
    sampler = _entry(
        "misc",
        "nutpie",
        {
            "author": "{The nutpie developers}",
            "title": "{nutpie: a fast sampler for Bayesian posteriors}",
            "note": f"Version {versions['nutpie']}",
        },
    )
    return "\n\n".join(
        filter(
            None,
            (
                library_citation(),
                study_citations(study),
                sampler,
                *(each.bibtex() for each in methods),
            ),
        )
    )


def _source(source: Source) -> str:
    identifier = source.identifier or ""
    doi = re.fullmatch(r"doi:(10\.\S+)", identifier)
    address = re.fullmatch(r"https?://\S+", identifier)
    fields = {
        # BibTeX reads what has no comma as 'Given Family', which an institution is not.
        "author": " and ".join(
            _escaped(name) if "," in name else f"{{{_escaped(name)}}}" for name in source.authors
        ),
        "title": f"{{{_escaped(source.title)}}}",
        "year": str(source.year),
        "doi": doi[1] if doi else "",
        "url": identifier if address else "",
        "howpublished": "" if doi or address else _escaped(identifier),
        "note": _escaped(". ".join(filter(None, (source.locator, source.note)))),
        "urldate": source.retrieved or "",
    }
    return _entry("misc", source.id, fields)


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_SPECIAL |= {character: "\\" + character for character in "&%$#_"}


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.split()))


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
