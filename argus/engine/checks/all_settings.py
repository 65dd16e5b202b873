"""All that is looked at in the config of a run before its tasks are, one check after the other.

A run stops at the first that fails; ``argus check`` tells what each of them says.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from argus.engine.balancing.balancer import build_balancer
from argus.engine.checks.run_settings import (
    check_backbone,
    check_best_rule,
    check_kinds,
    check_loop,
)
from argus.engine.checks.unread_keys import UNREAD
from argus.engine.task_sampling import build_task_sampling
from argus.engine.train_loop import MultitaskTrainLoop
from argus.engine.val_loop import MultitaskTestLoop, MultitaskValLoop
from argus.errors import ConfigError

# What a config may hold at its top level.
KEYS = (
    *("backbone", "tasks", "train_cfg", "val_cfg", "test_cfg", "optim_wrapper", "param_scheduler"),
    *("precision", "eval_weights", "default_hooks", "custom_hooks", "visualizer", "log_level"),
    *("load_from", "resume", "work_dir", "launcher", "env_cfg", "randomness", "default_scope"),
    *("experiment_name", "feature_cache", "task_model", "balancing", "task_sampling"),
    "compile_vit",
)
_LOOPS: dict[str, type] = dict(
    train_cfg=MultitaskTrainLoop, val_cfg=MultitaskValLoop, test_cfg=MultitaskTestLoop
)


def checks_of_run(cfg: Any) -> Iterator[Callable[[], Any]]:
    """The checks of a config but for its tasks, each of which raises a ConfigError.

    Args:
        cfg: The config.
    """
    yield partial(_check_keys, cfg)
    yield partial(check_kinds, cfg)
    yield partial(check_best_rule, cfg)
    yield partial(check_backbone, cfg.get("backbone"))
    yield partial(_check_tasks_together, cfg)
    for key in _LOOPS:
        if cfg.get(key) is not None:
            yield partial(loop_config, key, cfg)


def loop_config(key: str, cfg: Any) -> dict[str, Any]:
    """Config of a loop from what the config of the run gives under ``key``.

    Args:
        key: ``train_cfg``, ``val_cfg`` or ``test_cfg``.
        cfg: The config of the run.

    Raises:
        ConfigError: As :func:`~argus.engine.checks.run_settings.check_loop`.
    """
    values = cfg.get(key) or {}
    if not isinstance(values, Mapping):
        raise ConfigError(f"{key}: expected a dict, found {values!r}.")
    check_loop(values, _LOOPS[key], key=key)
    return dict(type=_LOOPS[key], **values)


def _check_tasks_together(cfg: Any) -> None:
    """What needs the tasks, or the model, to be told is told when the loop begins."""
    balancer = build_balancer(cfg.get("balancing"))
    sampling = build_task_sampling(cfg.get("task_sampling"))
    if balancer is not None and sampling is not None:
        raise ConfigError(
            "balancing and task_sampling are both set, but a balancer compares the tasks of one "
            "step, and sampling leaves one in it. Remove either."
        )


def _check_keys(cfg: Any) -> None:
    """A top-level key close to one the runner knows is a mistake.

    A config also holds the names it imports from others, so that not every unknown key is one.
    """
    for key in cfg:
        if not key.islower() or key.startswith("_"):  # imported classes, helpers
            continue
        close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.8)
        if key not in (*KEYS, *UNREAD) and close:
            raise ConfigError(f"unknown key {key!r} of the config; did you mean {close[0]!r}?")
