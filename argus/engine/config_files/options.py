"""Options that change a config: ``--cfg-options``, and all that sets one of its places."""

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config, DictAction

from argus.engine.checks.all_settings import KEYS
from argus.engine.train_loop import MultitaskTrainLoop
from argus.engine.val_loop import MultitaskValLoop
from argus.errors import ConfigError
from argus.recipes import expand_config
from argus.recipes.expansion import is_read_by_recipe, is_recipe, known_keys
from argus.tasks import EvalData, Task, TrainData

_GIVEN = {"runner", "dataloader", "evaluator"}  # arguments of loops that no config sets
_MOST_PLACES = 3  # that a message names
_ADDED = ("balancing", "task_sampling")  # of which a config has none by default


def change_config(config: Config, changes: Mapping[str, Any]) -> Config:
    """Set options in a config and expand its recipes.

    What a recipe reads itself is set before, and what is only in its expansion afterwards. A task
    that is set to ``None`` is taken out.

    Args:
        config: It is changed.
        changes: Values by their places, as ``--cfg-options`` name them.

    Raises:
        ConfigError: A place leads nowhere, or a recipe is wrong.
    """
    changes = _without_removed_tasks(config, changes)
    early = {key: value for key, value in changes.items() if is_read_by_recipe(config, key)}
    check_options(config, early)
    config.merge_from_dict(early)
    expanded: Config = expand_config(config)
    late = {key: value for key, value in changes.items() if key not in early}
    check_options(expanded, late)
    expanded.merge_from_dict(late)
    return expanded


def _without_removed_tasks(config: Config, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Take out the tasks that options set to None; the other options."""
    kept = {}
    for key, value in changes.items():
        head, _, name = key.partition(".")
        tasks = config.get("tasks")
        if value is None and head == "tasks" and isinstance(tasks, dict) and name in tasks:
            del tasks[name]
        else:
            kept[key] = value
    return kept


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Values by their places, of ``KEY=VALUE`` as ``--cfg-options`` takes them.

    Raises:
        ConfigError: One is none, or its value cannot be read.
    """
    changes = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or not key:
            raise ConfigError(f"--cfg-options: expected KEY=VALUE, found {option!r}.")
        # mmengine's parser of lists takes the spaces out of everything, of a path too.
        is_list = any(sign in value for sign in "[](),")
        parse = DictAction._parse_iterable if is_list else DictAction._parse_int_float_bool
        try:
            changes[key] = parse(value.strip("'\""))
        except (AssertionError, ValueError, OverflowError, RecursionError) as error:
            raise ConfigError(
                f"--cfg-options: the value of {option!r} cannot be read: {error}"
            ) from error
    return changes


def check_options(config: Config, changes: Mapping[str, Any]) -> None:
    """Look at the places of ``--cfg-options`` before they are written to.

    The last key of a dict may be new if what the dict configures takes it; in a dict of free keys
    (``None`` of :func:`_optional_keys`) if it is not close to one that is there. What balances or
    draws the tasks may be added as a whole, by its ``type`` and other keys.

    Raises:
        ConfigError: A place leads nowhere in the config, or its last key is unknown.
    """
    for key in changes:
        node: Any = config._cfg_dict
        parts = key.split(".")
        for depth, part in enumerate(parts, start=1):
            entries = _entries(node)
            is_last = depth == len(parts)
            if part in _ADDED and depth == 1 and part not in entries and f"{part}.type" in changes:
                break  # all of its keys are looked at where it is built
            if is_last and isinstance(node, dict):
                elsewhere = _elsewhere(config, part)
                _check_new_key(key, part, node, _optional_keys(parts[:-1], node), elsewhere)
                break
            if part not in entries or not (is_last or isinstance(entries[part], (dict, list))):
                raise ConfigError(
                    f"--cfg-options {key}: there is no {'.'.join(parts[:depth])} in the config; "
                    f"found there: {', '.join(map(str, entries))}.{_elsewhere(config, parts[-1])}"
                )
            node = entries[part]


def _check_new_key(
    option: str, key: str, node: Mapping[str, Any], optional: Any, elsewhere: str
) -> None:
    names = sorted({*map(str, node), *(optional or ())})
    if key in names:
        return
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
    if optional is not None or close:
        hint = f"did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(names)}."
        raise ConfigError(f"--cfg-options {option}: unknown key {key!r}. {hint}{elsewhere}")


def _entries(node: Any) -> Mapping[str, Any]:
    """What is in a dict or list, by name or index."""
    if isinstance(node, list):
        return {str(index): value for index, value in enumerate(node)}
    return node if isinstance(node, dict) else {}


def _elsewhere(config: Config, key: str) -> str:
    """Where the config has a key of that name, the least deep places first; empty if nowhere."""
    found: list[str] = []
    level: dict[str, Any] = {name: config[name] for name in KEYS if name in config}
    while level and len(found) < _MOST_PLACES:
        found += [place for place in level if place.split(".")[-1] == key]
        level = {
            f"{place}.{name}": value
            for place, node in level.items()
            for name, value in _entries(node).items()
        }
    return f" The config has {' and '.join(found[:_MOST_PLACES])}." if found else ""


def _optional_keys(path: Sequence[str], node: Mapping[str, Any]) -> set[str] | None:
    """Keys that the dict at ``path`` may have; ``None`` if they are not known."""
    match path:
        case []:
            return set(KEYS)
        case ["tasks", _] if is_recipe(node):
            return set(known_keys(node["type"], where=".".join(path)))
        case ["tasks", _]:
            return set(inspect.signature(Task).parameters) - {"name"}
        case ["tasks", _, "train"]:
            return set(inspect.signature(TrainData).parameters)
        case ["tasks", _, "val" | "test"]:
            return set(inspect.signature(EvalData).parameters)
        case ["train_cfg"]:
            return set(inspect.signature(MultitaskTrainLoop).parameters) - _GIVEN
        case ["val_cfg" | "test_cfg"]:
            return set(inspect.signature(MultitaskValLoop).parameters) - _GIVEN
    kind = node.get("type")
    if not inspect.isclass(kind):
        return None
    parameters = inspect.signature(kind).parameters.values()
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters):
        return None
    return {p.name for p in parameters} | {"type"}
