"""Settings of the guide's builder, Sphinx: ``make docs``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argus  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402

import_libraries()  # quietly; the reference imports all of Argus

project = "Argus"
author = copyright = "the Argus contributors"
version = release = argus.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "docs.extensions.public_names",
    "docs.extensions.repository_links",
]
exclude_patterns = ["_build", "extensions"]

# The markers above code blocks, which tests/docs reads, are comments in both languages.
myst_enable_extensions = ["colon_fence"]
# Headings have the anchors that GitHub gives them, so that links work in both places.
myst_heading_anchors = 4
# The notebook is stored with the answers of a trained model; the tests execute it on a small one.
nb_execution_mode = "off"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_preserve_defaults = True
autosummary_generate = False
napoleon_numpy_docstring = False

# Every name of Argus that is linked has to be in the guide. Other projects' names are not linked,
# since their indices would have to be downloaded.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!argus\.).*")]

html_theme = "furo"
html_title = "Argus"
html_static_path = ["static"]
html_css_files = ["guide.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6b63", "color-brand-content": "#0b6b63"},
    "dark_css_variables": {"color-brand-primary": "#4fc3b8", "color-brand-content": "#4fc3b8"},
}
html_show_sphinx = False
html_copy_source = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
