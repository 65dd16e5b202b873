"""Where what is fetched once for all models of a user is kept."""

import os
from pathlib import Path

VARIABLE = "ARGUS_CACHE"


def cache_folder() -> Path:
    """The folder that ``ARGUS_CACHE`` names, or ``argus`` in the user's cache, there or not."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "argus"
