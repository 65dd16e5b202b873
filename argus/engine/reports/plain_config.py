"""A config in the types that JSON knows, for records and for programs that know no classes."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config


def plain_config(config: Config) -> dict[str, Any]:
    """The settings; classes and functions are their names."""
    return {
        key: readable(value)
        for key, value in config.to_dict().items()
        # Names that a config imports are no settings.
        if key.islower() and not key.startswith("_")
    }


def readable(value: Any) -> Any:
    """A setting as lists, dicts, numbers and texts."""
    if isinstance(value, Mapping):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):  # which JSON has no words for
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    if inspect.isclass(value) or inspect.isroutine(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"<{type(value).__name__}>"
