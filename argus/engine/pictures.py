"""Pictures of predictions beside the ground truth, from a test run."""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from argus.datasets.seeding import stable_seed
from argus.engine.distributed import gather_lists
from argus.registry import HOOKS
from argus.visualization import compare, contact_sheet
from argus.visualization.anomaly import share_score_range

# Up to three pictures side by side must stay legible in a cell of a sheet.
_CELL_WIDTH_PX = 960


@HOOKS.register_module()
class PredictionPicturesHook(Hook):
    """Save pictures of every task, a contact sheet per task, and one of all tasks.

    The pictures are a random choice from the whole data set, the same in every run and for every
    number of processes: those whose path has the smallest hash.

    Args:
        out_dir: Pictures go to ``OUT_DIR/<task>/``, sheets to ``OUT_DIR/<task>.png`` and
            ``OUT_DIR/overview.png``.
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
        """Keep the samples of the chosen images so far."""
        task, predictions = outputs
        kept = self._samples[task]
        for sample in predictions:
            kept.setdefault(sample.img_path, []).append(sample)
        chosen = self._choose(kept)
        self._samples[task] = {
            path: [_slim(sample, self.score_threshold) for sample in kept[path]] for path in chosen
        }

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw and save."""
        overview: dict[str, np.ndarray] = {}
        for task in runner.test_loop.tasks:
            kept = self._samples[task]
            chosen = self._choose(set(gather_lists(list(kept))))
            images: dict[str, list[Any]] = defaultdict(list)
            for path, samples in gather_lists([(p, kept[p]) for p in chosen if p in kept]):
                images[path] += samples
            if not is_main_process():
                continue
            meta = runner.test_loop.metainfo(task)
            try:
                share_score_range(sample for samples in images.values() for sample in samples)
                pictures = {path: self._draw(path, images[path], meta) for path in chosen}
            # The numbers are measured: a picture that cannot be drawn must not lose them.
            except Exception as error:  # noqa: BLE001 - data samples of any library
                runner.logger.warning(
                    f"no pictures of task {task!r}: {type(error).__name__}: {error}"
                )
                continue
            titles = picture_names(list(pictures))
            for title, picture in zip(titles, pictures.values(), strict=True):
                _save(self.out_dir / task / f"{title}.png", picture)
            sheet = contact_sheet(
                list(pictures.values()), titles, columns=2, cell_width_px=_CELL_WIDTH_PX
            )
            _save(self.out_dir / f"{task}.png", sheet)
            overview |= {f"{task} {i}": v for i, v in enumerate(list(pictures.values())[:2], 1)}
        if overview:
            sheet = contact_sheet(
                list(overview.values()), list(overview), columns=2, cell_width_px=_CELL_WIDTH_PX
            )
            _save(self.out_dir / "overview.png", sheet)
            runner.logger.info(f"pictures of the predictions: {self.out_dir}")

    def _choose(self, images: Iterable[str]) -> list[str]:
        # The folders inside a data set count, as MVTec AD has many a 000.png; those above do not.
        return heapq.nsmallest(
            self.num, images, key=lambda path: (stable_seed("/".join(Path(path).parts[-4:])), path)
        )

    def _draw(self, path: str, samples: list[Any], meta: dict[str, Any]) -> np.ndarray:
        image = cv2.imread(path)
        assert image is not None, f"{path} was read a moment ago"
        return compare(
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
            samples,
            classes=_names(meta),
            palette=meta.get("palette"),
            score_threshold=self.score_threshold,
        )


def picture_names(paths: Sequence[str]) -> list[str]:
    """A file name without suffix for each picture: that of the image, with folders if not unique.

    Args:
        paths: Different paths of images, all absolute or all relative.
    """
    stems = [Path(path).stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    root = os.path.commonpath([Path(path).parent for path in paths])
    relative = [Path(path).relative_to(root) for path in paths]
    return ["_".join((*path.parent.parts, path.stem)) for path in relative]


def _slim(sample: Any, score_threshold: float) -> Any:
    """A sample on the CPU, without the instances that are not drawn: their masks are large."""
    sample = sample.cpu()
    instances = sample.get("pred_instances")
    if instances is not None and "masks" in instances:
        sample.pred_instances = instances[instances.scores >= score_threshold]
    return sample


def _names(meta: dict[str, Any]) -> list[str]:
    """Class names, or keypoint names of a pose data set."""
    if "keypoint_id2name" in meta:
        return [meta["keypoint_id2name"][i] for i in range(meta["num_keypoints"])]
    return list(meta["classes"])


def _save(path: Path, image_rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{path} cannot be written")
