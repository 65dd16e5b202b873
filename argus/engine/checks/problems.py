"""All that a training would refuse in its config before the first step, each lack as a sentence.

A training stops at the first; ``argus check`` tells them together. Modules are built
without memory (on the ``meta`` device), and no weights are read but those of a trained model.
"""

import contextlib
import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from mmengine.registry import HOOKS, PARAM_SCHEDULERS
from torch import nn

from argus.building import building
from argus.engine.checks.all_settings import checks_of_run
from argus.engine.checks.run_settings import (
    check_best_task,
    check_by_step,
    check_hook,
    check_optimization,
)
from argus.engine.optim import MultitaskOptimConstructor, optim_wrapper_config
from argus.errors import CheckpointError, ConfigError, DataError
from argus.models.backbones.missing import VITS, missing_weights
from argus.models.backbones.vit import RANDOM
from argus.models.foreign import build_decoder
from argus.models.multitask import MultitaskModel
from argus.registry import MODELS
from argus.safe_load import tensors_only
from argus.tasks import Task, parse_tasks, streams_of, task_problems


def config_problems(cfg: Mapping[str, Any]) -> list[str]:
    """What a training would refuse in a config, its data and missing weights apart.

    Args:
        cfg: Of a training.
    """
    problems = [text for check in checks_of_run(cfg) for text in _problem(check)]
    on_backbone = not cfg.get("task_model")
    wrong_tasks = task_problems(cfg.get("tasks"), on_backbone=on_backbone)
    problems += wrong_tasks
    problems += _hook_problems(cfg)
    if wrong_tasks:
        return problems
    tasks = parse_tasks(cfg["tasks"], on_backbone=on_backbone)
    problems += _problem(partial(check_best_task, cfg, tasks))
    trains = cfg.get("train_cfg") is not None and any(task.train for task in tasks.values())
    wrong_steps = _problem(partial(check_optimization, cfg)) if trains else []
    problems += wrong_steps
    backbone, wrong = _backbone(cfg.get("backbone"))
    if on_backbone:
        wrong += decoder_problems(tasks, backbone)
    if trains and not wrong_steps:
        wrong += _problem(partial(_build_schedulers, cfg.get("param_scheduler")))
        if backbone is not None and not wrong:
            wrong += _problem(partial(_build_optimizer, cfg, tasks, backbone))
    return list(dict.fromkeys([*problems, *wrong]))


def task_config_problems(configs: Mapping[str, Any]) -> list[str]:
    """What a training would refuse in the configs of tasks, whatever the rest of its config.

    Args:
        configs: By the names of the tasks.
    """
    return task_problems(configs) or decoder_problems(parse_tasks(configs))


def decoder_problems(tasks: Mapping[str, Task], backbone: nn.Module | None = None) -> list[str]:
    """What keeps the decoders of tasks from being built.

    Args:
        tasks: Those of the config.
        backbone: Theirs; without it channels are not compared.
    """
    return [
        text
        for name, task in tasks.items()
        for text in _problem(partial(_build_decoder, task, backbone, f"tasks[{name!r}].decoder"))
    ]


def _problem(check: Callable[[], Any]) -> list[str]:
    """What a check says, in a list; of an error that no check foresees its kind, too."""
    try:
        check()
    except (CheckpointError, ConfigError, DataError) as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001 - parts of the libraries and of users raise anything
        return [f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"]
    return []


def _hook_problems(cfg: Mapping[str, Any]) -> Iterator[str]:
    default, custom = cfg.get("default_hooks"), cfg.get("custom_hooks")
    hooks: dict[str, Any] = {}
    if isinstance(default, Mapping):
        hooks |= {f"default_hooks.{name}": hook for name, hook in default.items() if hook}
    if isinstance(custom, (list, tuple)):
        hooks |= {f"custom_hooks[{index}]": hook for index, hook in enumerate(custom)}
    for where, hook in hooks.items():
        yield from _problem(partial(_build_hook, hook, where))


def _build_hook(hook: Any, where: str) -> None:
    check_hook(hook, where=where)
    if isinstance(hook, Mapping):
        # The priority is the runner's.
        config = {key: value for key, value in hook.items() if key != "priority"}
        with building(config, where=where):
            HOOKS.build(copy.deepcopy(config))


def _build_schedulers(configs: Any) -> None:
    where = "param_scheduler"
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    configs = configs if isinstance(configs, (list, tuple)) else [configs]
    with building(configs, where=where):
        built = [
            PARAM_SCHEDULERS.build({**config, "optimizer": optimizer})
            for config in configs
            if isinstance(config, Mapping)
        ]
    check_by_step(built)


def _backbone(config: Any) -> tuple[nn.Module | None, list[str]]:
    """The backbone without its weights, or ``None``; and why it cannot be built."""
    if not isinstance(config, Mapping) or "type" not in config:
        return None, []
    config = _without_weights(config)
    if any(missing_weights(config)):  # a trained model's, which says what the backbone is
        return None, []
    with tensors_only(), contextlib.suppress(Exception), _without_memory():
        return MODELS.build(copy.deepcopy(config)), []
    try:
        with tensors_only(), building(config, where="backbone"):
            return MODELS.build(copy.deepcopy(config)), []
    except (CheckpointError, ConfigError, DataError) as error:
        return None, [str(error)]
    except Exception as error:  # noqa: BLE001 - a backbone of a user's may raise anything
        return None, [f"backbone: {type(error).__name__}: {' '.join(str(error).split())[:300]}"]


@contextlib.contextmanager
def _without_memory() -> Iterator[None]:
    """Build modules on the meta device; weights that a constructor loads have no place there."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _without_weights(config: Any) -> Any:
    if not isinstance(config, Mapping):
        return config
    changed = {key: _without_weights(value) for key, value in config.items()}
    name = getattr(changed.get("type"), "__name__", str(changed.get("type")))
    if name.rpartition(".")[2] in VITS and "weights" in changed:
        changed["weights"] = RANDOM
    return changed


def _build_decoder(task: Task, backbone: nn.Module | None, where: str) -> None:
    backbone = nn.Module() if backbone is None else backbone
    with tensors_only(), contextlib.suppress(Exception), _without_memory():
        build_decoder(task.decoder, backbone, where=where)
        return
    with tensors_only():  # some compute with their parameters as they are built
        build_decoder(task.decoder, backbone, where=where)


def _build_optimizer(cfg: Mapping[str, Any], tasks: Mapping[str, Task], backbone: Any) -> None:
    with _without_memory():
        model = MODELS.build(
            dict(
                **(cfg.get("task_model") or dict(type=MultitaskModel)),
                backbone=backbone,
                decoders={name: task.decoder for name, task in tasks.items()},
                streams=streams_of(tasks),
            )
        )
    config = dict(optim_wrapper_config(cfg, tasks))
    MultitaskOptimConstructor(config, config.pop("paramwise_cfg", None))(model)
