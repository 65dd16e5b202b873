"""What a user sets within an expansion."""

from collections.abc import Mapping
from typing import Any

_DELETE = "_delete_"


def merged(base: Any, changes: Any) -> Any:
    """``base`` with ``changes`` set in place; neither is changed.

    Dicts are merged key by key, whatever else takes the place of what was there. A dict takes the
    place of another if it names another ``type``, or has ``_delete_=True``: keys of another class
    would not fit.

    Args:
        base: Any value of a config.
        changes: What is to be there.
    """
    if not isinstance(changes, Mapping):
        return changes
    changes = dict(changes)
    replaces = changes.pop(_DELETE, False)
    if replaces or not isinstance(base, Mapping) or _names_another_type(base, changes):
        base = {}
    result = dict(base)
    for key, value in changes.items():
        result[key] = merged(result.get(key), value)
    return result


def _names_another_type(base: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    if "type" not in changes or "type" not in base:
        return False
    return _last_name(base["type"]) != _last_name(changes["type"])


def _last_name(kind: Any) -> str:
    """The bare name of a class or of a dotted name."""
    return str(getattr(kind, "__name__", kind)).rsplit(".", 1)[-1]
