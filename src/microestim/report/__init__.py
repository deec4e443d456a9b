"""What a reader takes away: the report page, the files of a run, and what to cite."""

from microestim.report.citations import fit_citations, library_citation, study_citations
from microestim.report.files import write_outputs
from microestim.report.page import write_report

__all__ = ["fit_citations", "library_citation", "study_citations", "write_outputs", "write_report"]
