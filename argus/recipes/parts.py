"""A part of an expansion: a class of one of the libraries, by its name, and its settings.

The library is imported when a recipe that needs it is expanded, as by a config that names it.
"""

from typing import Any

from mmengine.utils import get_object_from_string


def part(name: str, **settings: Any) -> dict[str, Any]:
    """``dict(type=<the class>, **settings)``.

    Args:
        name: ``<module>.<class>``.
        settings: Arguments of the class.
    """
    kind = get_object_from_string(name)
    assert kind is not None, f"there is no {name}"
    return dict(type=kind, **settings)
