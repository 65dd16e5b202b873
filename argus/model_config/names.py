"""Find the class that a name in a model's config stands for, or say why a model may not name it."""

import functools
import importlib
import inspect
from collections.abc import Sequence
from typing import Any

from argus.errors import CheckpointError
from argus.model_config import kinds
from argus.model_config.kinds import Kind
from argus.registry import MODELS
from argus.storage.config_values import CLASS

BUILDER = "trained_backbone"
"""It builds a backbone, and is a function: the one that a model may name, in the place of one."""


@functools.cache
def import_registered() -> None:
    """Let every package that has classes of these kinds register them, once."""
    for library in kinds.LIBRARIES:
        importlib.import_module(f"{library}.registry")
    for kind in kinds.KINDS:
        for root in kind.registries:
            for registry in list(kinds.tree(root)):
                registry.import_from_location()


def find_type(
    name: Any,
    expected: tuple[Kind, ...],
    *,
    key: str,
    trusted: Sequence[str],
    library: str | None,
    where: str,
    builder: bool = False,
) -> Any:
    """The class that a name stands for, or the name of a layer or suppression as it is.

    Args:
        name: ``class:<module>.<name>``, the same without the prefix, or a registered name.
        expected: What the place may hold.
        key: Of the dict whose type it is.
        trusted: Packages beside OpenMMLab's and Argus.
        library: Where bare names are looked up first.
        where: The place, for messages.
        builder: Whether it may be :data:`BUILDER`.

    Raises:
        CheckpointError: If there is no such class, or the place may not hold it.
    """
    if not isinstance(name, str) or not name:
        raise CheckpointError(f"{where}: expected the name of a class, found {name!r:.80}.")
    if kinds.is_word(name, key):
        return name
    if kinds.MODULE in expected and kinds.is_layer_name(name, key, library):
        return name
    path = name.removeprefix(CLASS)
    root = path.split(".")[0]
    if "." in path and root not in (*kinds.PACKAGES, "torch", *trusted):
        raise CheckpointError(
            f"{where}: the model names {path[:80]!r}, which is in none of the packages that are "
            f"trusted ({', '.join((*kinds.PACKAGES, *trusted))}). If you trust where the "
            f"model is from, allow {root[:80]!r} by name (--trust)."
        )
    if name.startswith(CLASS) or path.count(".") > 1:
        found = [_import(path) if root in trusted else kinds.find_imported(path)]
    else:
        found = [kinds.find_registered(path, kind, library) for kind in expected]
    if builder and found[0] is not None and found[0] is MODELS.module_dict[BUILDER]:
        return found[0]
    for kind in expected:
        for candidate in found:
            if candidate is not None and kind.holds(candidate, trusted):
                return candidate
    raise CheckpointError(_refusal(path, expected, found, where))


def _refusal(path: str, expected: Sequence[Kind], found: Sequence[Any], where: str) -> str:
    words = " or ".join(kind.words for kind in expected)
    thing = next((item for item in found if item is not None), None)
    if thing is None:
        return (
            f"{where}: the model needs {path[:80]!r}, which is not installed here, or not "
            f"registered as {words}."
        )
    what = "a class" if inspect.isclass(thing) else f"no class but a {type(thing).__name__}"
    return (
        f"{where}: expected {words} that a model from a file may use, found {path[:80]!r}, {what} "
        "that is none. Loading a model never calls anything else."
    )


def _import(path: str) -> Any:
    """A name of a trusted package, which is imported for it."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise CheckpointError(
            f"the model needs {path[:80]!r}, which is not installed here: {error}."
        ) from error
