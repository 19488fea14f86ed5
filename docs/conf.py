"""How Sphinx builds the documentation: ``make docs``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import wordkin

project = "wordkin"
author = "The wordkin developers"
project_copyright = "The wordkin developers"
version = release = wordkin.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
]
exclude_patterns = ["_build", "_data"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_imported_members = True
# their modules are described where a framework is not installed, too
_FRAMEWORKS = ("torch", "jax", "flax", "tensorflow")
autodoc_mock_imports = [name for name in _FRAMEWORKS if importlib.util.find_spec(name) is None]
autodoc_typehints = "none"  # the docstrings say it in words
autodoc_inherit_docstrings = False  # those of frameworks are no clean reStructuredText
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template lists them

html_theme = "pydata_sphinx_theme"
html_title = f"wordkin {version}"
html_static_path = ["_static"]
html_css_files = ["wordkin.css"]
html_theme_options = {
    "header_links_before_dropdown": 3,  # more need a second line
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}
html_sidebars = {"*": []}  # pages of the top level have no siblings to list at their side
html_show_sourcelink = False

sys.path.insert(0, str(Path(__file__).parent))


def setup(app: object) -> None:
    """Draw the pictures before the pages are read."""
    import drawing
    import house

    drawing.draw()
    house.draw()
