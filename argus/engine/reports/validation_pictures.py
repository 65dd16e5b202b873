"""Pictures of the same few samples at every validation, to see a training make progress."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.visualization import LocalVisBackend

from argus.engine.reports.picture_samples import (
    PictureSamples,
    draw_comparison,
    picture_names,
    save_picture,
)
from argus.registry import HOOKS
from argus.visualization import contact_sheet
from argus.visualization.anomaly import share_score_range

FOLDER = "val_pictures"
_CELL_WIDTH_PX = 960
# Of the images: enough for legible text, and cheap to draw.
_MAX_SHORT_SIDE_PX = 512


@HOOKS.register_module()
class ValidationPicturesHook(Hook):
    """Draw truth beside prediction at every validation of a training.

    ``WORK_DIR/val_pictures/<task>/iter_<steps>.png`` holds the pictures of a task below each other;
    TensorBoard, and any other backend of the visualizer, gets them as ``val_pictures/<task>``. The
    samples are the same at every validation, in every run and for every number of processes. What
    it costs is their drawing, some tenths of a second each, in the first process.

    Args:
        num: Pictures per task; 0 for none.
        score_threshold: Least score of an instance or joint that is drawn.
    """

    def __init__(self, *, num: int = 2, score_threshold: float = 0.3) -> None:
        self.samples = PictureSamples(num=num, score_threshold=score_threshold)
        self._warned: set[str] = set()
        self._is_told = False

    def before_val_epoch(self, runner: Any) -> None:
        """Forget the last validation."""
        self.samples.kept.clear()

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keep the samples of the chosen images so far."""
        self.samples.add(*outputs)

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw, save, and hand over to the visualizer; nothing of a validation that ended early."""
        if not self.samples.num or metrics == {}:
            return
        for task in runner.val_loop.tasks:
            images = self.samples.gather(task)
            if is_main_process():
                try:
                    self._write(runner, task, images)
                # A picture that cannot be drawn or written must not end a training.
                except Exception as error:  # noqa: BLE001 - data samples of any library
                    self._warn(runner, task, f"{type(error).__name__}: {error}")
        self.samples.kept.clear()

    def _write(self, runner: Any, task: str, images: dict[str, list[Any]]) -> None:
        if not images:
            self._warn(runner, task, "its samples do not name their images (img_path)")
            return
        meta = runner.val_loop.metainfo(task)
        share_score_range(sample for samples in images.values() for sample in samples)
        pictures = [
            draw_comparison(
                path,
                samples,
                meta,
                score_threshold=self.samples.score_threshold,
                max_short_side_px=_MAX_SHORT_SIDE_PX,
            )
            for path, samples in images.items()
        ]
        sheet = contact_sheet(
            pictures, picture_names(list(images)), columns=1, cell_width_px=_CELL_WIDTH_PX
        )
        path = Path(runner.work_dir) / FOLDER / task / f"iter_{runner.iter}.png"
        save_picture(path, sheet)
        if not self._is_told:
            self._is_told = True
            runner.logger.info(f"first pictures of a validation: {path}")
        _add_image(runner.visualizer, f"{FOLDER}/{task}", sheet, runner.iter)

    def _warn(self, runner: Any, task: str, reason: str) -> None:
        """Once per task: a validation comes often."""
        if task not in self._warned:
            self._warned.add(task)
            runner.logger.warning(f"no validation pictures of task {task!r}: {reason}")


def _add_image(visualizer: Any, name: str, image_rgb: np.ndarray, step: int) -> None:
    """As ``Visualizer.add_image``, which would also make a second file of it."""
    for backend in visualizer._vis_backends.values():
        if not isinstance(backend, LocalVisBackend):
            backend.add_image(name, image_rgb, step)
