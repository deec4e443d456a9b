"""What to cite, before anything is fitted."""

from __future__ import annotations

from microestim.models.assembly import design_model
from microestim.models.sampling import software_versions
from microestim.report.citations import library_citation, model_citations
from microestim.study import Study

__all__ = ["citation"]


def citation(study: Study | None = None) -> str:
    """Give what to cite, as BibTeX: the library, and for a study its sources and the methods too.

    Parameters
    ----------
    study : Study, optional
        A study; the library alone without it.

    Returns
    -------
    str
        BibTeX entries. Those of a fit, with the versions that drew it, are `WorkforceFit.citations`.

    Raises
    ------
    StudyError, ScopeError
        The study's evidence cannot enter one model.

    Examples
    --------
    >>> import microestim as me
    >>> me.citation().splitlines()[0]
    '@software{microestim,'
    >>> "hal-02139528" in me.citation(me.load_study("fr-2018"))
    True
    """
    if study is None:
        return library_citation()
    return model_citations(study, design_model(study), software_versions())
