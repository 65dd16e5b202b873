"""Evaluate a checkpoint on the test data of every task."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from argus.engine import MultitaskRunner
from argus.errors import ConfigError


def evaluate(
    config: Any,
    checkpoint: str | None,
    *,
    weights: str | None = None,
    tasks: Sequence[str] | None = None,
    show_dir: Path | None = None,
    show_num: int = 8,
) -> tuple[dict[str, float], str]:
    """Measure all tasks of a config.

    Args:
        config: The training config.
        checkpoint: Path of the checkpoint; ``None`` measures the untrained model.
        weights: ``ema`` or ``raw``; by default the config's ``eval_weights``, or what the
            checkpoint has.
        tasks: Names of the tasks to evaluate; all by default.
        show_dir: Where to save pictures of predictions beside the ground truth.
        show_num: Pictures per task.

    Returns:
        Values by ``<task>/<metric>``, and the table as Markdown.

    Raises:
        ConfigError: If a task is unknown or has no test data.
        CheckpointError: If the checkpoint does not fit the config, or lacks ``weights``.
    """
    config.train_cfg = None
    config.optim_wrapper = None
    if tasks:
        unknown = sorted(set(tasks) - set(config.tasks))
        if unknown:
            raise ConfigError(f"--tasks {unknown}: the config has {list(config.tasks)}.")
        config.tasks = {name: config.tasks[name] for name in tasks}
    config.load_from = checkpoint
    config.resume = False
    if show_dir is not None:
        hook = dict(type="argus.PredictionPicturesHook", out_dir=str(show_dir), num=show_num)
        config.custom_hooks = [*(config.get("custom_hooks") or []), hook]
    runner = MultitaskRunner.from_cfg(config)
    if checkpoint is None:
        runner.logger.warning("no checkpoint: these are the numbers of the untrained model")
        # What a training would start from.
        runner.raw_model.init_weights()
    elif weights is not None:
        # Asked for: no other weights will do, whereas the config's choice is only a preference.
        runner.load_checkpoint(checkpoint, weights=weights)
    metrics = runner.test()
    runner.close()
    return metrics, runner.test_loop.table(metrics, markdown=True)
