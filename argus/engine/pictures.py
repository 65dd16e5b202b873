"""Pictures of predictions beside the ground truth, from a test run."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from argus.registry import HOOKS
from argus.visualization import compare, contact_sheet


@HOOKS.register_module()
class PredictionPicturesHook(Hook):
    """Save the first pictures of every task, and one contact sheet per task.

    Args:
        out_dir: Pictures go to ``OUT_DIR/<task>/``, the sheet to ``OUT_DIR/<task>.png``.
        num: Pictures per task.
        score_threshold: Least score of an instance or joint that is drawn.
    """

    def __init__(self, *, out_dir: str, num: int = 8, score_threshold: float = 0.3) -> None:
        self.out_dir = Path(out_dir)
        self.num = num
        self.score_threshold = score_threshold
        # Samples by image: a top-down pose task has one sample per person.
        self._samples: dict[str, dict[str, list[Any]]] = defaultdict(dict)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keep the samples of the first images of a task."""
        if not is_main_process():
            return
        task, predictions = outputs
        kept = self._samples[task]
        for sample in predictions:
            if sample.img_path in kept:
                kept[sample.img_path].append(sample.cpu())
            elif len(kept) < self.num:
                kept[sample.img_path] = [sample.cpu()]

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw and save."""
        for task, images in self._samples.items():
            meta = runner.test_loop.metainfo(task)
            pictures = []
            for path, samples in images.items():
                image = cv2.imread(path)
                assert image is not None, f"{path} was read a moment ago"
                picture = compare(
                    cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
                    samples,
                    classes=_names(meta),
                    palette=meta.get("palette"),
                    score_threshold=self.score_threshold,
                )
                _save(self.out_dir / task / f"{Path(path).stem}.png", picture)
                pictures.append(picture)
            titles = [Path(path).stem for path in images]
            _save(self.out_dir / f"{task}.png", contact_sheet(pictures, titles, columns=2))
            runner.logger.info(f"pictures of {task}: {self.out_dir / task}.png")


def _names(meta: dict[str, Any]) -> list[str]:
    """Class names, or keypoint names of a pose data set."""
    if "keypoint_id2name" in meta:
        return [meta["keypoint_id2name"][i] for i in range(meta["num_keypoints"])]
    return list(meta["classes"])


def _save(path: Path, image_rgb: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))
