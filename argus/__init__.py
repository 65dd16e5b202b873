"""Argus: one vision backbone, many tasks, on OpenMMLab.

Importing the package is cheap: nothing heavy is imported until it is used. It makes the libraries
find what would have to be compiled where it was not, hides from them what they do not go with,
imports late what hardly anybody needs, and keeps them quiet while they are imported
(``argus.libraries``): it comes before the first of them.
"""

from typing import Any

from argus.libraries.hidden import register as _hide_imports
from argus.libraries.late import register as _import_late
from argus.libraries.quiet_imports import register as _keep_quiet
from argus.libraries.stand_ins import register as _register_stand_ins

__version__ = "0.1.0"

_register_stand_ins()
_keep_quiet()
_hide_imports()
_import_late()


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is asked for: ``Argus``."""
    if name == "Argus":
        try:
            from argus.libraries.importing import import_libraries

            import_libraries()  # quietly
            from argus.api import Argus
        except AttributeError as error:
            # `from argus import Argus` would take it for "there is no such name", and drop it.
            raise ImportError(f"a package that Argus needs does not load: {error}") from error
        return Argus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
