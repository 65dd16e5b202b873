"""Which samples of an evaluation are drawn, and the picture of one."""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.datasets.seeding import stable_seed
from argus.engine.distributed import gather_lists
from argus.visualization import compare


class PictureSamples:
    """The samples of a few images per task, gathered while a data set passes by.

    They are a random choice from the whole data set, the same in every run and for every number of
    processes: those whose path has the smallest hash.

    Args:
        num: Images per task.
        score_threshold: Least score of an instance or joint that is drawn.
    """

    def __init__(self, *, num: int, score_threshold: float) -> None:
        self.num = num
        self.score_threshold = score_threshold
        # Samples by image: a top-down pose task has one sample per person.
        self.kept: dict[str, dict[str, list[Any]]] = defaultdict(dict)

    def add(self, task: str, predictions: Iterable[Any]) -> None:
        """Keep those samples of a batch that are among the chosen so far."""
        kept = self.kept[task]
        for sample in predictions:
            # Data sets of other libraries need not say where an image is from.
            path = sample.get("img_path")
            if path is not None:
                kept.setdefault(path, []).append(sample)
        self.kept[task] = {
            path: [_slim(sample, self.score_threshold) for sample in kept[path]]
            for path in self._choose(kept)
        }

    def gather(self, task: str) -> dict[str, list[Any]]:
        """Samples of the chosen images of all processes by path; every process calls it."""
        kept = self.kept[task]
        chosen = self._choose(set(gather_lists(list(kept))))
        images: dict[str, list[Any]] = {path: [] for path in chosen}
        for path, samples in gather_lists([(p, kept[p]) for p in chosen if p in kept]):
            images[path] += samples
        return images

    def _choose(self, images: Iterable[str]) -> list[str]:
        # The folders inside a data set count, as MVTec AD has many a 000.png; those above do not.
        return heapq.nsmallest(
            self.num, images, key=lambda path: (stable_seed("/".join(Path(path).parts[-4:])), path)
        )


def draw_comparison(
    path: str,
    samples: list[Any],
    meta: dict[str, Any],
    *,
    score_threshold: float,
    max_short_side_px: int | None = None,
) -> np.ndarray:
    """Truth beside prediction.

    Args:
        path: Of the image.
        samples: All of that image.
        meta: ``metainfo`` of the data set.
        score_threshold: Least score of what is drawn.
        max_short_side_px: Larger images are made smaller first.

    Returns:
        RGB ``(H, W, 3)`` uint8.
    """
    image = cv2.imread(path)
    assert image is not None, f"{path} was read a moment ago"
    shrink = (max_short_side_px or np.inf) / min(image.shape[:2])
    if shrink < 1:
        image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return compare(
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
        samples,
        classes=_names(meta),
        score_threshold=score_threshold,
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


def save_picture(path: Path, image_rgb: np.ndarray) -> None:
    """Write a picture, and the folder it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{path} cannot be written")


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
