"""Argus: one vision backbone, many tasks, on OpenMMLab.

Importing the package is cheap: nothing heavy is imported until it is used. It makes mmcv and mmpose
find what would have to be compiled where it was not (``argus.stand_ins``), hides from the libraries
what they do not go with (``argus.hidden_imports``) and keeps them quiet while they are imported
(``argus.quiet_imports``), so it comes before the first import of one of them.
"""

from typing import Any

from argus.hidden_imports import register as _hide_imports
from argus.quiet_imports import register as _keep_quiet
from argus.stand_ins import register as _register_stand_ins

__version__ = "0.1.0"

_register_stand_ins()
_keep_quiet()
_hide_imports()


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is asked for: ``Argus``."""
    if name == "Argus":
        try:
            from argus.libraries import import_libraries

            import_libraries()  # quietly
            from argus.api import Argus
        except AttributeError as error:
            # `from argus import Argus` would take it for "there is no such name", and drop it.
            raise ImportError(f"a package that Argus needs does not load: {error}") from error
        return Argus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
