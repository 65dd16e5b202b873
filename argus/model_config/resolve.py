"""Replace the names in a model's config by the classes that we have found for them.

After it no registry has a name to look up but those of plain layers, whose builders in mmcv choose
defaults by the name; and none of these stands for anything but a layer.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from argus.errors import CheckpointError
from argus.model_config import kinds
from argus.model_config.kinds import Kind, kinds_at, library_of_class
from argus.model_config.names import BUILDER, find_type, import_registered
from argus.model_config.values import (
    INITIALISATION,
    MAX_DEPTH,
    MAX_LENGTH,
    check_data_argument,
    check_data_path,
    check_key,
    check_number,
    check_part_argument,
    check_word,
)
from argus.precision import AUTO
from argus.registry import MODELS
from argus.storage.config_values import CLASS

_SPLITS = ("val", "test")


@dataclass(frozen=True)
class _Walk:
    """What holds for one part of a config: who is trusted, and what its values may be.

    Args:
        trusted: Packages beside OpenMMLab's and Argus.
        scope: Library where bare names are looked up first.
        check_argument: Called with every key and value.
        is_data: Whether texts may be more than words.
        is_plain: Whether a ``type`` is a word like any other.
        free: Keys whose texts ``check_argument`` has looked at.
    """

    trusted: tuple[str, ...]
    check_argument: Callable[..., None]
    scope: str | None = None
    is_data: bool = False
    is_plain: bool = False
    free: tuple[str, ...] = ()


def resolve_config(
    config: Any,
    *,
    trusted: Sequence[str] = (),
    tasks: Sequence[str] | None = None,
    given: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The config of a model's folder with classes in the place of names.

    Args:
        config: ``backbone``, ``tasks`` and ``precision`` as plain values.
        trusted: Packages, beside OpenMMLab's and Argus itself, that classes may come from.
        tasks: The tasks to resolve; all by default.
        given: As for :func:`resolve_task`.

    Raises:
        CheckpointError: Naming the place of what a model must not say.
    """
    _expect(config, dict, "config", "a dict with backbone and tasks")
    names = task_names(config) if tasks is None else tasks
    return {
        "backbone": resolve_backbone(config.get("backbone"), trusted=trusted),
        "tasks": {
            name: resolve_task(name, config["tasks"][name], trusted=trusted, given=given)
            for name in names
        },
        "precision": config.get("precision", AUTO),
    }


def resolve_backbone(
    config: Any, *, trusted: Sequence[str] = (), weight_files: bool = False
) -> dict[str, Any]:
    """The config of a backbone with classes in the place of names.

    Args:
        config: The config as plain values.
        trusted: As for :func:`resolve_config`.
        weight_files: Whether it may name weight files, to be read as tensors, as the config in a
            checkpoint of stage 1 names those of the ViT that it froze.

    Raises:
        CheckpointError: Naming the place of what a model must not say.
    """
    import_registered()

    def check(key: str, value: Any, *, where: str) -> None:
        if key not in ("weights", "checkpoint"):
            check_part_argument(key, value, where=where)
        elif weight_files and isinstance(value, str) and "://" not in value:
            return
        elif value not in (None, "random", "auto", "ema", "raw"):
            raise CheckpointError(
                f"{where}: expected 'random', since the weights come with the model, found "
                f"{value!r:.80}."
            )

    walk = _Walk(tuple(trusted), check, free=("weights", "checkpoint"))
    return _backbone(config, walk, where="backbone")


def resolve_task(
    name: Any, config: Any, *, trusted: Sequence[str] = (), given: Sequence[str] | None = None
) -> dict[str, Any]:
    """The config of a task with classes in the place of names; without its training data.

    Args:
        name: Of the task.
        config: The config as plain values.
        trusted: As for :func:`resolve_config`.
        given: Places that the user has given, whose paths are his; ``None`` where no data are read,
            so that no path matters.

    Raises:
        CheckpointError: Naming the place of what a model must not say.
    """
    import_registered()
    if not isinstance(name, str) or not (name.isidentifier() and name.isascii()):
        raise CheckpointError(f"tasks: expected words as names, found {name!r:.80}.")
    where = f"tasks.{name}"
    _expect(config, dict, where, "a dict with a decoder")
    decoder = _expect(config.get("decoder"), dict, f"{where}.decoder", "a dict with a type")
    parts = _Walk(tuple(trusted), check_part_argument)
    place = f"{where}.decoder"
    built = _part(decoder, (kinds.DECODER,), parts, key="decoder", where=place, depth=0)

    def check(key: str, value: Any, *, where: str) -> None:
        if given is None or where not in given:
            check_data_argument(key, value, where=where)
        if given is not None and where not in given:
            check_data_path(key, value, where=where)

    data = _Walk(tuple(trusted), check, scope=library_of_class(built["type"]), is_data=True)
    resolved: dict[str, Any] = {}
    for key, value in config.items():
        check_key(key, where=where)
        place = f"{where}.{key}"
        if key == "decoder":
            resolved[key] = built
        elif key in _SPLITS and value is not None:
            _expect(value, dict, place, "a dict with a dataset")
            resolved[key] = _value(value, key, data, where=place, depth=1)
        elif key == "metrics":
            for metric in value if isinstance(value, (list, tuple)) else [value]:
                _expect(metric, dict, place, "a dict with a type, or a list of these")
            resolved[key] = _value(value, key, data, where=place, depth=1, expected=(kinds.METRIC,))
        elif key not in ("train", "stream"):
            resolved[key] = value
    return resolved


def task_names(config: Any) -> list[str]:
    """Names of the tasks of a model's config.

    Raises:
        CheckpointError: If it has none.
    """
    _expect(config, dict, "config", "a dict with backbone and tasks")
    return list(_expect(config.get("tasks"), dict, "tasks", "a dict of tasks"))


def _part(
    config: Mapping[str, Any],
    expected: tuple[Kind, ...],
    walk: _Walk,
    *,
    key: str,
    where: str,
    depth: int,
    builder: bool = False,
) -> dict[str, Any]:
    """A dict with a type, and all below it."""
    kind = find_type(
        config.get("type"),
        expected,
        key=key,
        trusted=walk.trusted,
        library=walk.scope,
        where=f"{where}.type",
        builder=builder,
    )
    if depth == 0 and inspect.isclass(kind):
        walk = replace(walk, scope=library_of_class(kind))
    resolved = {"type": kind}
    for name, value in config.items():
        if name == "type":
            continue
        if name == INITIALISATION:
            value = None
        place = f"{where}.{name}"
        check_key(name, where=where)
        if kind is MODELS.module_dict[BUILDER] and name == "backbone" and value is not None:
            resolved[name] = _backbone(value, walk, where=place)
            continue
        walk.check_argument(name, value, where=place)
        is_free = name in walk.free and isinstance(value, str)
        resolved[name] = value if is_free else _value(value, name, walk, where=place, depth=depth)
    return resolved


def _backbone(config: Any, walk: _Walk, *, where: str) -> dict[str, Any]:
    _expect(config, dict, where, "a dict with a type")
    return _part(config, (kinds.MODULE,), walk, key="backbone", where=where, depth=0, builder=True)


def _value(
    value: Any,
    key: str,
    walk: _Walk,
    *,
    where: str,
    depth: int,
    expected: tuple[Kind, ...] | None = None,
) -> Any:
    """Any value below ``key``."""
    if depth > MAX_DEPTH:
        raise CheckpointError(f"{where}: the config is nested more than {MAX_DEPTH} levels deep.")
    expected = expected or kinds_at(key)
    if walk.is_data and key == "metainfo":
        walk = replace(walk, is_plain=True)
    if isinstance(value, dict):
        if "type" in value and not walk.is_plain:
            return _part(value, expected, walk, key=key, where=where, depth=depth + 1)
        resolved: dict[Any, Any] = {}
        for name, item in value.items():
            if name == INITIALISATION:
                item = None
            check_key(name, where=where)
            place = f"{where}.{name}"
            walk.check_argument(name, item, where=place)
            number = int(name) if walk.is_plain and _is_number_of(name, key) else name
            resolved[number] = _value(item, name, walk, where=place, depth=depth + 1)
        return resolved
    if isinstance(value, (list, tuple)):
        if len(value) > MAX_LENGTH:
            raise CheckpointError(f"{where}: expected at most {MAX_LENGTH:,} entries.")
        items = []
        for index, item in enumerate(value):
            place = f"{where}.{index}"
            walk.check_argument(key, item, where=place)
            items.append(_value(item, key, walk, where=place, depth=depth + 1, expected=expected))
        return type(value)(items)
    if isinstance(value, str):
        if value.startswith(CLASS) and not walk.is_plain:
            return find_type(
                value, expected, key="", trusted=walk.trusted, library=walk.scope, where=where
            )
        if not walk.is_data:
            check_word(value, where=where)
    elif isinstance(value, (int, float)):
        check_number(value, where=where)
    elif value is not None:
        raise CheckpointError(
            f"{where}: expected a number, a text, a list or a dict, found a {type(value).__name__}."
        )
    return value


def _is_number_of(name: str, key: str) -> bool:
    """Whether a name is a number in a place where mmpose counts: JSON has texts for keys alone."""
    counts = key in ("keypoint_info", "skeleton_info")
    return counts and name.isascii() and name.isdecimal() and len(name) <= 4


def _expect(value: Any, kind: type, where: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise CheckpointError(f"{where}: expected {words}, found a {type(value).__name__}.")
    return value
