"""Splits of our own of small sets that publish none: names without suffix, drawn once by chance."""

import functools
import json
from pathlib import Path

_FILE = Path(__file__).with_suffix(".json")


@functools.cache
def small_split(name: str) -> frozenset[str]:
    """The names of a part: ``nuclei_val``, ``tile_train`` or ``tile_test``."""
    return frozenset(json.loads(_FILE.read_text())[name])
