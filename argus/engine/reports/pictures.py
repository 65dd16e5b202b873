"""Pictures of predictions beside the ground truth, from a test run."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from argus.engine.reports.picture_samples import (
    PictureSamples,
    draw_comparison,
    picture_names,
    save_picture,
)
from argus.registry import HOOKS
from argus.visualization import contact_sheet
from argus.visualization.anomaly import share_score_range

# Up to three pictures side by side must stay legible in a cell of a sheet.
_CELL_WIDTH_PX = 960


@HOOKS.register_module()
class PredictionPicturesHook(Hook):
    """Save pictures of every task, a contact sheet per task, and one of all tasks.

    The pictures are a random choice from the whole data set, the same in every run and for every
    number of processes.

    Args:
        out_dir: Pictures go to ``OUT_DIR/<task>/``, sheets to ``OUT_DIR/<task>.png`` and
            ``OUT_DIR/overview.png``.
        num: Pictures per task.
        score_threshold: Least score of an instance or joint that is drawn.
    """

    def __init__(self, *, out_dir: str, num: int = 8, score_threshold: float = 0.3) -> None:
        self.out_dir = Path(out_dir)
        self.samples = PictureSamples(num=num, score_threshold=score_threshold)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keep the samples of the chosen images so far."""
        self.samples.add(*outputs)

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw and save."""
        overview: dict[str, np.ndarray] = {}
        for task in runner.test_loop.tasks:
            images = self.samples.gather(task)
            if not is_main_process() or not images:
                continue
            meta = runner.test_loop.metainfo(task)
            try:
                share_score_range(sample for samples in images.values() for sample in samples)
                pictures = {
                    path: draw_comparison(
                        path, samples, meta, score_threshold=self.samples.score_threshold
                    )
                    for path, samples in images.items()
                }
            # The numbers are measured: a picture that cannot be drawn must not lose them.
            except Exception as error:  # noqa: BLE001 - data samples of any library
                runner.logger.warning(
                    f"no pictures of task {task!r}: {type(error).__name__}: {error}"
                )
                continue
            titles = picture_names(list(pictures))
            for title, picture in zip(titles, pictures.values(), strict=True):
                save_picture(self.out_dir / task / f"{title}.png", picture)
            sheet = contact_sheet(
                list(pictures.values()), titles, columns=2, cell_width_px=_CELL_WIDTH_PX
            )
            save_picture(self.out_dir / f"{task}.png", sheet)
            overview |= {f"{task} {i}": v for i, v in enumerate(list(pictures.values())[:2], 1)}
        if overview:
            sheet = contact_sheet(
                list(overview.values()), list(overview), columns=2, cell_width_px=_CELL_WIDTH_PX
            )
            save_picture(self.out_dir / "overview.png", sheet)
            runner.logger.info(f"pictures of the predictions: {self.out_dir}")
