"""What a training puts into a checkpoint, and the last look at it before it is written."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.utils import is_list_of
from torch import Tensor

import argus
from argus.engine.balancing.balancer import saved_balancer
from argus.engine.checkpoints.model_state import trained_state
from argus.engine.checkpoints.training_state import training_state
from argus.errors import CheckpointError, ConfigError
from argus.files.checksums import named_tensors
from argus.storage.config_values import to_plain

_MODEL_KEYS = ("backbone", "tasks", "precision")
_MAX_LISTED = 3


def checkpoint_of(
    runner: Any, *, step: int, resumable: bool, best: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The checkpoint of a training after ``step`` steps, without what hooks add.

    Args:
        runner: A runner whose training has begun.
        step: Optimizer steps done.
        resumable: Whether to include all that a resumed run needs beside the weights.
        best: Metric and value that the weights are the best by, if they are.
    """
    meta = {
        "argus_version": argus.__version__,
        "config": runner.cfg.pretty_text,
        "model": _model_config(runner),
        "experiment": runner.experiment_name,
        "iter": step,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "tasks": list(runner.raw_model.decoders),
    }
    checkpoint: dict[str, Any] = {
        "meta": meta | ({"best": dict(best)} if best else {}),
        "base": runner.base,
        "state_dict": trained_state(runner.raw_model),
    }
    if resumable:
        loop = runner.train_loop
        checkpoint["training"] = {
            "iter": step,
            "seed": runner.seed,
            "world_size": runner.world_size,
            "accumulate": loop.accumulate,
            "batch_sizes": loop.dataloader.batch_sizes,
            "drawn": loop.turns.state_dict(step),
            "balancing": saved_balancer(loop.balancer),
            "bad_steps": loop.bad_steps.state_dict(),
            "odd_parts": loop.odd_parts.state_dict(),
            "bad_samples": loop.dataloader.state_dict(),
            "runtime": {k: v for k, v in runner.message_hub.runtime_info.items() if _is_plain(v)},
            **training_state(
                runner.plan,
                runner.optim_wrapper.optimizer,
                runner.raw_model,
                runner.param_schedulers or [],
                step=step,
            ),
        }
    return checkpoint


def check_finite(checkpoint: Mapping[str, Any], *, earlier: Sequence[Path]) -> None:
    """Refuse to write weights, averages or optimizer state that are infinite or not a number.

    Args:
        checkpoint: About to be written, its tensors on the CPU.
        earlier: Checkpoints that are there, the newest first, for the message.

    Raises:
        CheckpointError: Naming the tensors and the newest of ``earlier``.
    """
    bad = [name for name, value in named_tensors(checkpoint) if not _is_finite(value)]
    if bad:
        more = f" and {len(bad) - _MAX_LISTED} more" if len(bad) > _MAX_LISTED else ""
        last = f"The last one that is whole is {earlier[0]}" if earlier else "There is none yet"
        raise CheckpointError(
            f"not a number or infinite: {', '.join(bad[:_MAX_LISTED])}{more}. No checkpoint is "
            f"written from it. {last}. Lower the learning rate, clip gradients, or look at the "
            "data with argus check; then go on with --resume."
        )


def _is_finite(value: Tensor) -> bool:
    if not value.is_floating_point() or not value.numel():
        return True
    # A tenth of the time of isfinite().all(), which makes a tensor of its own.
    return bool(torch.stack(torch.aminmax(value)).isfinite().all())


def _model_config(runner: Any) -> dict[str, Any]:
    """What rebuilds and tests the model, as plain values; empty if the config has others."""
    config = runner.cfg
    try:
        plain = {key: to_plain(config[key], where=key) for key in _MODEL_KEYS if key in config}
    except ConfigError as error:
        runner.logger.warning(f"the checkpoint cannot be merged with others: {error}")
        return {}
    for name, task in plain.get("tasks", {}).items():
        classes = list(runner.classes.names(name))
        if classes:  # which the config need not say: files and folders do
            task["classes"] = classes
    return plain


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool)) or is_list_of(value, (str, int, float))
