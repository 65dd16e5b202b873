"""Evaluate a checkpoint on the test data of every task."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmengine.config import Config

from argus.engine import MultitaskRunner, ProgressHook
from argus.errors import ConfigError
from argus.model_config import names_only, read_config, resolve_config
from argus.storage.model_folder import ModelFolder


def evaluate(
    config: Any,
    checkpoint: str | ModelFolder | None,
    *,
    weights: str | None = None,
    tasks: Sequence[str] | None = None,
    show_dir: Path | None = None,
    show_num: int = 8,
) -> tuple[dict[str, float], str]:
    """Measure all tasks of a config.

    Args:
        config: The training config, or that of a merged model.
        checkpoint: Path of the checkpoint; ``None`` measures the untrained model. A merged model
            is measured as it is.
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
    merged = isinstance(checkpoint, ModelFolder)
    config.load_from = None if merged else checkpoint
    config.resume = False
    if show_dir is not None:
        hook = dict(type="argus.PredictionPicturesHook", out_dir=str(show_dir), num=show_num)
        config.custom_hooks = [*(config.get("custom_hooks") or []), hook]
    with read_config() if merged else nullcontext():
        runner = MultitaskRunner.from_cfg(config)
    if isinstance(checkpoint, ModelFolder):
        checkpoint.load_into(runner.raw_model, tasks=tasks)
    elif checkpoint is None:
        runner.logger.warning("no checkpoint: these are the numbers of the untrained model")
        # What a training would start from.
        runner.raw_model.init_weights()
    elif weights is not None:
        # Asked for: no other weights will do, whereas the config's choice is only a preference.
        runner.load_checkpoint(checkpoint, weights=weights)
    with names_only() if merged else nullcontext():
        metrics = runner.test()
    runner.close()
    return metrics, runner.test_loop.table(metrics, markdown=True)


def config_of_model(
    model: ModelFolder, *, trusted: Sequence[str] = (), given: Sequence[str] = ()
) -> Config:
    """A config that tests a merged model.

    Args:
        model: The model.
        trusted: Packages, beside OpenMMLab's and Argus itself, that its classes may come from.
        given: Places of the config that the user gives other values, so that the model's do not
            matter.

    Raises:
        CheckpointError: If it names what a model must not, or data outside the present folder.
    """
    # mmengine's formatter does not read classes that did not come from a config file.
    return Config(
        dict(
            resolve_config(model.config, trusted=trusted, given=given),
            default_scope=None,
            work_dir=None,
            test_cfg=None,
            default_hooks=dict(logger=dict(type=ProgressHook)),
            custom_hooks=[],
        ),
        format_python_code=False,
    )
