"""Links of the repository's Markdown files, turned into links of the guide.

The same pages are read in the repository, where ``[data](../data/README.md)`` opens that file. In
the guide the file is part of a page of its own (``include``), and the link has to lead there; files
that are no part of the guide are named without a link.
"""

import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
INCLUDED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "data/README.md": "data_sets.md",
}
"""Page by file that is included there, or that it stands for."""
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\((?![a-z+]+:)([^)#\s]+)(#[^)\s]*)?\)")


def rewrite(text: str, *, source: Path, page: Path) -> str:
    """Links of ``source`` as they have to be in ``page``, both paths from the repository's root."""

    def replace(match: re.Match[str]) -> str:
        label, path, anchor = match[1], match[2], match[3] or ""
        target = Path(os.path.normpath(source.parent / path))
        if target.as_posix() in INCLUDED:
            target = Path("docs", INCLUDED[target.as_posix()])
        if target.parts[0] == "docs":
            return f"[{label}]({os.path.relpath(target, page.parent)}{anchor})"
        return label

    return LINK.sub(replace, text)


def _on_source(app: Sphinx, docname: str, content: list[str]) -> None:
    page = Path("docs", docname).with_suffix(".md")
    if (ROOT / page).is_file():
        content[0] = rewrite(content[0], source=page, page=page)


def _on_include(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    source = Path(os.path.normpath(Path("docs") / path))
    page = Path("docs") / INCLUDED[source.as_posix()]
    content[0] = rewrite(content[0], source=source, page=page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the two places where text is read."""
    app.connect("source-read", _on_source)
    app.connect("include-read", _on_include)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
