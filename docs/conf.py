"""Settings of the documentation; `sphinx-build -W docs docs/_build/html` builds it."""

import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from microestim import __version__

sys.path.insert(0, str(Path(__file__).parent / "_scripts"))

project = "microestim"
author = "The microestim developers"
copyright = "2026, The microestim developers"
release = version = __version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "_data", "_scripts", "_templates", "schema", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
nitpicky = False

# A page is executed whenever it is built: a cache keyed on the page's own text would keep the numbers
# of an older version of the library. The one slow step, the fit, is kept by `france_fit`, under its own key.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {"version": version}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

html_theme = "pydata_sphinx_theme"
html_title = f"microestim {version}"
html_static_path = ["_static"]
html_css_files = ["microestim.css"]
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
}
# All pages are in the header, so the left column would be empty.
html_sidebars = {"**": []}
html_show_sourcelink = False


def _fit_france(app: Sphinx) -> None:
    """Have the fits of France ready before any page is executed."""
    from france_fit import ensure_fits

    for fault in ensure_fits():
        logging.getLogger(__name__).warning("the fit of France is not fit to be shown: %s", fault)


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", _fit_france)
