"""Recipes become ordinary tasks, before anything else looks at the tasks of a config."""

import dataclasses
import difflib
import functools
import inspect
from collections.abc import Mapping
from typing import Any

from argus.errors import ConfigError
from argus.recipes.backbone_traits import backbone_traits
from argus.recipes.base import DATA_KEYS, PARTS, Recipe, check_keys
from argus.recipes.base_models import plain
from argus.recipes.merging import merged
from argus.registry import RECIPES
from argus.tasks import Task

_INTERNAL = ("where", "ask_backbone")
_TASK_KEYS = tuple(item.name for item in dataclasses.fields(Task) if item.name != "name")


def is_recipe(task: Any) -> bool:
    """Whether a task of a config is one: an ordinary task has no ``type``."""
    return isinstance(task, Mapping) and "type" in task


def has_recipes(tasks: Any) -> bool:
    """Whether there is one among the tasks of a config."""
    # One task without its name, which has a decoder: parse_tasks says so.
    is_dict = isinstance(tasks, Mapping) and "decoder" not in tasks
    return is_dict and any(map(is_recipe, tasks.values()))


def expand_config(config: Any) -> Any:
    """A config whose recipes are ordinary tasks; the config itself if it has none.

    Raises:
        ConfigError: Naming the key of the recipe that is wrong.
    """
    tasks = config.get("tasks")
    if is_recipe(tasks):
        raise ConfigError(
            "tasks: expected dict(name=task, ...), found the recipe itself. Give it a name: "
            "tasks = dict(my_task=...)."
        )
    if not has_recipes(tasks):
        return config
    if {"decoder", "metrics"} <= set(
        tasks
    ):  # a task without its name, which is told with the tasks
        return config
    config = config.copy()
    config["tasks"] = expand_tasks(tasks, config.get("backbone"))
    return config


def expand_tasks(tasks: Mapping[str, Any], backbone: Any) -> dict[str, Any]:
    """Tasks without recipes, in the same order.

    Args:
        tasks: Those of a config.
        backbone: Config of the backbone that their decoders stand on.

    Raises:
        ConfigError: Naming the key of the recipe that is wrong.
    """
    return {
        name: expand_task(name, task, backbone) if is_recipe(task) else task
        for name, task in tasks.items()
    }


def expand_task(name: str, config: dict[str, Any], backbone: Any) -> dict[str, Any]:
    """The ordinary task of a recipe; see :func:`expand_tasks`."""
    where = f"tasks.{name}"
    config = dict(plain(config))
    kind = recipe_class(config.pop("type"), where=where)
    own = recipe_keys(kind)
    check_keys(config, known_keys(kind, where=where), where=where)
    ask = functools.cache(lambda: backbone_traits(backbone))
    recipe = kind(
        where=where, ask_backbone=ask, **{key: config[key] for key in own if key in config}
    )
    task = recipe.expand()
    changes = {key: value for key, value in config.items() if key not in own}
    measured = merged(task["metrics"], changes.get("metrics", task["metrics"]))
    if _types(measured) != _types(task["metrics"]) and "primary" not in changes:
        # What the recipe says of its own metrics does not hold for others.
        for key in ("primary", "report", "lower_is_better", "units"):
            task.pop(key, None)
    expanded: dict[str, Any] = merged(task, changes)
    return expanded


def _types(metrics: Any) -> list[Any]:
    items = [metrics] if isinstance(metrics, Mapping) else metrics or ()
    return [item.get("type") for item in items]


def recipe_class(kind: Any, *, where: str) -> type[Recipe]:
    """The class that the ``type`` of a task is or names.

    Raises:
        ConfigError: It is no recipe, or there is none of that name.
    """
    found = RECIPES.get(kind) if isinstance(kind, str) else kind
    if inspect.isclass(found) and issubclass(found, Recipe):
        return found
    if not isinstance(kind, str):
        name = getattr(kind, "__name__", repr(kind))
        raise ConfigError(
            f"{where}.type: expected a recipe, found {name}. A model is the decoder of a task: "
            "dict(decoder=dict(type=...), train=..., ...)."
        )
    names = sorted(RECIPES.module_dict)
    close = difflib.get_close_matches(kind, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(
        f"{where}.type: there is no recipe {kind!r}.{hint} There are {', '.join(names)}."
    )


def known_keys(kind: Any, *, where: str) -> tuple[str, ...]:
    """The keys that a task with this recipe may have: its own, and those of its expansion."""
    own = recipe_keys(recipe_class(kind, where=where))
    return tuple(dict.fromkeys(("type", *own, *_TASK_KEYS)))


def is_read_by_recipe(config: Mapping[str, Any], place: str) -> bool:
    """Whether a place of a config is one that its recipes read, and not of an expansion alone.

    Args:
        config: It may have recipes.
        place: Keys with dots between.
    """
    path = place.split(".")
    tasks = config.get("tasks")
    if tasks is None or not has_recipes(tasks):
        return False
    if path[0] == "backbone":
        return True
    if path[0] != "tasks" or len(path) < 3 or not is_recipe(tasks.get(path[1])):
        return False
    if len(path) == 3 or path[2] in PARTS and path[3] in DATA_KEYS:
        return True
    node: Any = config
    for key in path:
        if not isinstance(node, Mapping) or key not in node:
            return False
        node = node[key]
    return True


def recipe_keys(kind: type[Recipe]) -> tuple[str, ...]:
    """The keys that a recipe reads itself; all others are set in its expansion."""
    return tuple(item.name for item in dataclasses.fields(kind) if item.name not in _INTERNAL)
