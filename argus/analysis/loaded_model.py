"""A model to look into: from a config and a checkpoint, or from the folder of a merged model."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from mmengine.logging import MMLogger

from argus.engine.checkpoints.model_state import load_trained_state
from argus.engine.loading.class_lists import stored_classes
from argus.errors import ConfigError
from argus.model_config import build_enclosed, read_config
from argus.models.multitask import MultitaskModel
from argus.precision import AUTO, resolve_precision
from argus.storage.checkpoint import read_checkpoint
from argus.storage.model_folder import ModelFolder
from argus.tasks import Task, parse_tasks, streams_of


@dataclass(frozen=True)
class LoadedModel:
    """A model with its weights and the tasks of its config, on the best device there is.

    Args:
        model: In training mode, as it is built.
        tasks: The checked tasks by name.
        configs: Their configs.
        precision: ``bf16`` or ``fp32``.
        seed: Of the config.
        device: Where the model is.
    """

    model: MultitaskModel
    tasks: dict[str, Task]
    configs: dict[str, Any]
    precision: str
    seed: int
    device: torch.device


def load_model(
    config: Any,
    weights: str | ModelFolder | None,
    *,
    kind: str = "auto",
    tasks: Sequence[str] | None = None,
) -> LoadedModel:
    """Build the model of a config and load its weights.

    Args:
        config: A training config, or that of a merged model.
        weights: Path of a checkpoint, the merged model, or ``None`` for the untrained model.
        kind: ``ema`` or ``raw``; ``auto`` takes the averaged weights where a checkpoint has them.
        tasks: Names of the tasks to build; all by default.

    Raises:
        ConfigError: If the config is wrong, or has none of ``tasks``.
        CheckpointError: If the weights do not fit the config.
    """
    with read_config() if isinstance(weights, ModelFolder) else nullcontext():
        parsed = parse_tasks(config.get("tasks"))
    for name in tasks or ():
        if name not in parsed:
            raise ConfigError(f"there is no task {name!r}; the config has {', '.join(parsed)}.")
    chosen = {name: task for name, task in parsed.items() if tasks is None or name in tasks}
    if "backbone" not in config:
        raise ConfigError(
            "the config has no 'backbone': import one from configs/_base_/backbones/."
        )
    with build_enclosed(weights.state) if isinstance(weights, ModelFolder) else nullcontext():
        model = MultitaskModel(
            config["backbone"],
            {name: task.decoder for name, task in chosen.items()},
            loss_weights={name: task.loss_weight for name, task in chosen.items()},
            streams=streams_of(chosen),
        )
    if isinstance(weights, ModelFolder):
        weights.load_into(model, tasks=tasks)
    elif weights is None:
        with _without_report():
            model.init_weights()
    else:
        stored = stored_classes(_load_checkpoint(model, weights, kind))
        chosen = {n: replace(t, classes=stored.get(n, t.classes)) for n, t in chosen.items()}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return LoadedModel(
        model=model.to(device),
        tasks=chosen,
        configs={n: {**config["tasks"][n], "classes": t.classes} for n, t in chosen.items()},
        precision=resolve_precision(config.get("precision", AUTO), device),
        seed=int((config.get("randomness") or {}).get("seed", 0)),
        device=device,
    )


@contextmanager
def _without_report() -> Iterator[None]:
    """Keep mmengine from printing how it has initialised each of hundreds of parameters."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _load_checkpoint(model: MultitaskModel, path: str, kind: str) -> dict[str, Any]:
    checkpoint = read_checkpoint(path, needs=("base", "state_dict"))
    if kind == "auto":
        kind = "ema" if "ema" in checkpoint else "raw"
    load_trained_state(model, checkpoint, path=path, weights=kind)
    return checkpoint
