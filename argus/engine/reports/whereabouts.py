"""Where a person looks while a training runs: its curves and the pictures of its validations."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.visualization import TensorboardVisBackend

from argus.engine.reports.validation_pictures import FOLDER, ValidationPicturesHook


def where_to_look(runner: Any) -> list[str]:
    """Lines for the start of a training; none in other processes than the first."""
    if not is_main_process():
        return []
    lines = []
    for backend in runner.visualizer._vis_backends.values():
        if isinstance(backend, TensorboardVisBackend):
            lines.append(f"  curves: tensorboard --logdir {runner.work_dir}")
        elif hasattr(backend, "place"):
            lines.append(f"  curves: {backend.place}")
    hooks = [hook for hook in runner.hooks if isinstance(hook, ValidationPicturesHook)]
    if runner.val_loop is not None and any(hook.samples.num for hook in hooks):
        interval = runner.train_loop.val_interval
        first = f"from step {interval} on" if interval else "at the end"
        lines.append(f"  pictures of validations: {Path(runner.work_dir) / FOLDER}, {first}")
    return lines
