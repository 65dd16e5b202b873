"""The directive ``public-names MODULE ...``: reference of everything that modules offer.

It reads the modules themselves, so that a class is in the reference as soon as it can be imported:
first a table with the first sentence of each, then the whole docstrings.
"""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def public_names(module: str) -> Iterator[tuple[str, bool]]:
    """Name of every class and function that a module offers, and whether it is a class.

    These are those of ``__all__``; without it, the public ones that the module defines.
    """
    found = importlib.import_module(module)
    own = [name for name in vars(found) if not name.startswith("_")]
    for name in getattr(found, "__all__", own):
        item = getattr(found, name)
        if not (inspect.isclass(item) or inspect.isfunction(item)):
            continue  # a type alias or a constant
        if hasattr(found, "__all__") or item.__module__ == module:
            yield f"{module}.{name}", inspect.isclass(item)


class PublicNames(SphinxDirective):
    """Options: ``only`` takes names, with spaces between; ``members`` shows methods as well."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"only": str.split, "members": lambda _: True}

    def run(self) -> list[nodes.Node]:
        """Let autosummary and autodoc render the names."""
        container = nodes.container()
        lines = StringList(list(self._lines()), self.arguments[0])
        self.state.nested_parse(lines, 0, container)
        return container.children

    def _lines(self) -> Iterator[str]:
        names = [pair for module in self.arguments[0].split() for pair in public_names(module)]
        only = self.options.get("only")
        if only:
            names = [pair for pair in names if pair[0].rpartition(".")[2] in only]
            assert len(names) == len(only), f"{only} of {self.arguments[0]}"
        yield from ("```{eval-rst}", ".. autosummary::", "   :nosignatures:", "")
        yield from (f"   ~{path}" for path, _ in names)
        yield ""
        for path, is_class in names:
            yield f".. auto{'class' if is_class else 'function'}:: {path}"
            if is_class and "members" in self.options:
                yield from ("   :members:", "   :inherited-members:")
            yield ""
        yield "```"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
