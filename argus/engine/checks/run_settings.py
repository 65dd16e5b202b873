"""Mistakes in what a config says of the run itself, told before anything is built from it.

Tasks have checks of their own (:mod:`argus.tasks`); types and keys that only a constructor knows
are told when they are built (:mod:`argus.building`).
"""

import inspect
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from mmengine.hooks import CheckpointHook, EMAHook, Hook
from mmengine.optim import OptimWrapper
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from argus.errors import ConfigError

_A_DICT = (Mapping,)
# What a key of the config holds where it is given: kinds, and how it is written.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "train_cfg": (_A_DICT, "dict(max_iters=...)"),
    "val_cfg": (_A_DICT, "dict()"),
    "test_cfg": (_A_DICT, "dict()"),
    "default_hooks": (_A_DICT, "dict(name=dict(type=...), ...)"),
    "custom_hooks": ((list, tuple), "a list [dict(type=...), ...]"),
    "visualizer": (_A_DICT, "dict(type=Visualizer, vis_backends=[...])"),
    "randomness": (_A_DICT, "dict(seed=0)"),
    "env_cfg": (_A_DICT, "dict(cudnn_benchmark=True)"),
    "feature_cache": (_A_DICT, "dict(path=...)"),
    "task_model": (_A_DICT, "dict(type=...)"),
    "compile_vit": ((bool,), "True or False"),
}
# What mmengine would ignore, or stumble over, if it were misspelt.
_KEYS = {
    "randomness": ("seed", "deterministic", "diff_rank_seed"),
    "env_cfg": ("cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"),
}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_CLIPPERS: dict[str, Callable[..., Any]] = {"norm": clip_grad_norm_, "value": clip_grad_value_}
_EXAMPLE = "optim_wrapper = dict(optimizer=dict(type=AdamW, lr=1e-4))"


def check_kinds(cfg: Any) -> None:
    """Refuse values of the wrong kind at the top level of a config.

    Raises:
        ConfigError: Naming the key, what was expected and what was found.
    """
    for key, (kinds, example) in _KINDS.items():
        value = cfg.get(key)
        if value is not None and value is not False and not isinstance(value, kinds):
            raise ConfigError(f"{key}: expected {example}, found {value!r}.")
    for name, known in _KEYS.items():
        for key in cfg.get(name) or {}:
            if key not in known:
                raise ConfigError(f"{name}: unknown key {key!r}. Known keys: {', '.join(known)}.")
    if cfg.get("resume", False) not in (True, False, "none"):
        raise ConfigError(
            f"resume: expected True, False, or 'none' for a training from the start whatever the "
            f"work dir holds, found {cfg['resume']!r}. A path goes into load_from."
        )
    seed = (cfg.get("randomness") or {}).get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ConfigError(f"randomness.seed: expected an integer, found {seed!r}.")
    weights = cfg.get("eval_weights", "ema")
    if weights not in ("ema", "raw"):
        raise ConfigError(f"eval_weights: expected 'ema' or 'raw', found {weights!r}.")
    level = cfg.get("log_level", "INFO")
    if level not in _LEVELS and not isinstance(level, int):
        raise ConfigError(f"log_level: expected one of {', '.join(_LEVELS)}, found {level!r}.")


def check_backbone(config: Any) -> None:
    """Refuse a backbone that is no config.

    Raises:
        ConfigError: If it is no dict, or its type is missing.
    """
    if config is None:
        raise ConfigError(
            "the config has no 'backbone': import one from configs/_base_/backbones/."
        )
    if isinstance(config, Mapping) and "type" in config:
        return
    found = f"a dict of {', '.join(config)}" if isinstance(config, Mapping) else repr(config)
    if not callable(config):  # a module that is built already is
        raise ConfigError(
            f"backbone: expected dict(type=..., ...), found {found}; import one from "
            "configs/_base_/backbones/."
        )


def check_optimization(cfg: Any) -> None:
    """Check ``optim_wrapper`` and the kind of ``param_scheduler`` of a config that trains.

    Raises:
        ConfigError: Naming the key, what was expected, what was found, and the remedy.
    """
    wrapper = cfg.get("optim_wrapper")
    if wrapper is None:
        if "optimizer" in cfg:
            raise ConfigError(f"optimizer: it belongs into optim_wrapper: {_EXAMPLE}.")
        raise ConfigError(
            f"optim_wrapper is missing, and the config has tasks to train. Add {_EXAMPLE}, or "
            "import a schedule of configs/_base_/schedules/."
        )
    if isinstance(wrapper, OptimWrapper):
        return
    if not isinstance(wrapper, Mapping):
        raise ConfigError(f"optim_wrapper: expected {_EXAMPLE}, found {wrapper!r}.")
    optimizer = wrapper.get("optimizer")
    if not isinstance(optimizer, Mapping):
        found = f"the keys {', '.join(wrapper)}" if optimizer is None else repr(optimizer)
        raise ConfigError(f"optim_wrapper.optimizer: expected {_EXAMPLE}, found {found}.")
    if "type" not in optimizer:
        raise ConfigError("optim_wrapper.optimizer: 'type' is missing, e.g. type=AdamW.")
    if "lr" not in optimizer:
        raise ConfigError("optim_wrapper.optimizer: 'lr' is missing, the learning rate.")
    for key, least in (("lr", "> 0"), ("weight_decay", ">= 0")):
        number = optimizer.get(key, 1)
        if not isinstance(number, Real) or number < 0 or (key == "lr" and number == 0):
            raise ConfigError(
                f"optim_wrapper.optimizer.{key}: expected a number {least}, found {number!r}."
            )
    _check_clipping(wrapper.get("clip_grad"))
    _check_factors(wrapper.get("paramwise_cfg") or {})
    _check_schedulers(cfg.get("param_scheduler"))


def _check_clipping(config: Any) -> None:
    where = "optim_wrapper.clip_grad"
    if config is None:
        return
    if not isinstance(config, Mapping) or not config:
        raise ConfigError(f"{where}: expected dict(max_norm=...), found {config!r}.")
    kind = config.get("type", "norm")
    if kind not in _CLIPPERS:
        raise ConfigError(f"{where}.type: expected 'norm' or 'value', found {kind!r}.")
    parameters = list(inspect.signature(_CLIPPERS[kind]).parameters.values())[1:]
    known = [parameter.name for parameter in parameters]
    for key in config:
        if key != "type" and key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}. Known keys: {', '.join(known)}.")
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.name not in config:
            raise ConfigError(f"{where}: {parameter.name!r} is missing.")


def _check_factors(paramwise: Any) -> None:
    where = "optim_wrapper.paramwise_cfg"
    if not isinstance(paramwise, Mapping):
        raise ConfigError(f"{where}: expected dict(lr_mult={{...}}), found {paramwise!r}.")
    for key in ("lr_mult", "decay_mult"):
        factors = paramwise.get(key) or {}
        if not isinstance(factors, Mapping):
            raise ConfigError(f"{where}.{key}: expected {{prefix: factor}}, found {factors!r}.")
        for prefix, factor in factors.items():
            if not isinstance(factor, Real) or factor < 0:
                raise ConfigError(
                    f"{where}.{key}[{prefix!r}]: expected a number >= 0, found {factor!r}."
                )


def _check_schedulers(config: Any) -> None:
    for index, scheduler in enumerate(config if isinstance(config, (list, tuple)) else [config]):
        if isinstance(scheduler, (str, int, float)) or (
            isinstance(scheduler, Mapping) and "type" not in scheduler
        ):
            raise ConfigError(
                f"param_scheduler[{index}]: expected dict(type=CosineAnnealingLR, "
                f"by_epoch=False, ...), found {scheduler!r}."
            )


def check_by_step(schedulers: Sequence[Any]) -> None:
    """Refuse schedulers that count epochs: there are none, so they would never change a thing.

    Raises:
        ConfigError: Naming the first.
    """
    for index, scheduler in enumerate(schedulers):
        if scheduler.by_epoch:
            raise ConfigError(
                f"param_scheduler[{index}]: {type(scheduler).__name__} counts epochs, and a "
                "training of several data sets has none, so the learning rate would not change. "
                "Set by_epoch=False, and begin, end, T_max and the like in steps."
            )


def check_hook(config: Any, *, where: str) -> None:
    """Refuse what is no hook, and the one of mmengine that does not know Argus's checkpoints.

    Raises:
        ConfigError: Naming what to take.
    """
    if isinstance(config, Hook):
        return
    if not isinstance(config, Mapping) or "type" not in config:
        raise ConfigError(f"{where}: expected dict(type=..., ...), found {config!r}.")
    if config["type"] in ("EMAHook", "mmengine.EMAHook", EMAHook):
        raise ConfigError(
            f"{where}.type: mmengine's EMAHook copies the frozen weights too, and its averages are "
            "not in Argus's checkpoints. Take 'argus.EMAHook' (argus.engine.EMAHook)."
        )
    if config["type"] in ("CheckpointHook", "mmengine.CheckpointHook", CheckpointHook):
        raise ConfigError(
            f"{where}.type: mmengine's CheckpointHook deletes the old checkpoint before the new "
            "one is whole. Take 'argus.CheckpointHook' (argus.engine.CheckpointHook), which counts "
            "steps and has no by_epoch."
        )


def check_loop(values: Mapping[str, Any], kind: type, *, key: str) -> None:
    """Check the arguments of a loop.

    Args:
        values: What the config gives under ``key``.
        kind: Class of the loop.
        key: ``train_cfg``, ``val_cfg`` or ``test_cfg``.

    Raises:
        ConfigError: On a key the loop does not know, or one that is missing.
    """
    parameters = list(inspect.signature(kind).parameters.values())[2:]  # past runner, dataloader
    known = [parameter.name for parameter in parameters]
    for name in values:
        if name not in known:
            hint = " Training counts steps, not epochs: set max_iters." * ("epoch" in name)
            raise ConfigError(f"{key}: unknown key {name!r}.{hint} Known keys: {', '.join(known)}.")
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.name not in values:
            raise ConfigError(
                f"{key}: {parameter.name!r} is missing. Known keys: {', '.join(known)}."
            )


def check_best_rule(cfg: Any) -> None:
    """Refuse a best checkpoint without the rule that says what is better.

    Raises:
        ConfigError: Naming both rules.
    """
    checkpoint = (cfg.get("default_hooks") or {}).get("checkpoint")
    if not isinstance(checkpoint, Mapping):
        return
    if checkpoint.get("save_best") and not checkpoint.get("rule"):
        raise ConfigError(
            f"default_hooks.checkpoint.save_best={checkpoint['save_best']!r} needs a rule as well: "
            "rule='greater' where more is better, rule='less' where less is."
        )


def check_best_task(cfg: Any, tasks: Collection[str]) -> None:
    """Refuse a best checkpoint by a metric of a task that there is not, before the first step.

    Args:
        cfg: The config.
        tasks: Names of the tasks.

    Raises:
        ConfigError: Listing the tasks.
    """
    for name in best_names(cfg):
        task = name.split("/")[0]
        if name != "auto" and task not in (*tasks, "multitask"):
            raise ConfigError(
                f"default_hooks.checkpoint.save_best names {name!r}, but there is no task "
                f"{task!r}. Metrics are named '<task>/<metric>', the tasks {', '.join(tasks)}."
            )


def best_names(cfg: Any) -> list[str]:
    """The metrics by which best checkpoints are saved; ``auto`` for the first that is measured."""
    checkpoint = (cfg.get("default_hooks") or {}).get("checkpoint")
    names = checkpoint.get("save_best") if isinstance(checkpoint, Mapping) else None
    return [str(name) for name in ([names] if isinstance(names, str) else names or [])]


def check_save_best(cfg: Any, measured: Collection[str]) -> None:
    """Refuse a best checkpoint by a metric that no task has.

    Args:
        cfg: The config.
        measured: Names of the metrics that the tasks have, with a value or not.

    Raises:
        ConfigError: Listing those that are.
    """
    for name in best_names(cfg):
        if name != "auto" and name not in measured:
            raise ConfigError(
                f"default_hooks.checkpoint.save_best names {name!r}, which was not measured. "
                f"Measured: {', '.join(measured)}."
            )


def check_work_dir(path: Path) -> None:
    """Make the folder of the outputs.

    Raises:
        ConfigError: If it cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"work_dir {path} cannot be made: {error.strerror}. Choose another by --work-dir."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError(
            f"work_dir {path} is not writable. Change its permissions, or choose another by "
            "--work-dir."
        )
