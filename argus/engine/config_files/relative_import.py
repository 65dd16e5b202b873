"""How one config file imports another: by a relative path of plain names, as mmengine does."""

import os
from pathlib import Path, PurePath

from argus.errors import ConfigError


def relative_module(config: Path, importer: Path) -> str:
    """Name by which a config is imported, e.g. ``..base.nets`` of ``../base/nets.py``.

    Args:
        config: File that is imported.
        importer: File that imports it.

    Raises:
        ConfigError: The way from one to the other is none of plain names.
    """
    relative = PurePath(os.path.relpath(config.resolve(), importer.resolve().parent))
    steps = list(relative.with_suffix("").parts)
    dots = "."
    while steps and steps[0] == "..":
        steps.pop(0)
        dots += "."
    if not all(step.isidentifier() for step in steps):
        raise ConfigError(
            f"the new config imports {config} as {dots}{'.'.join(steps)}, which is no name of a "
            "module: put it beside, in folders and files of letters, digits and _."
        )
    return f"{dots}{'.'.join(steps)}"
