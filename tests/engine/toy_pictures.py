"""Toys whose data sets name their pictures, so that tasks can be seen to be on the same ones."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.registry import DATASETS

from tests.toy import ToyClassification, ToySegmentation, toy_tasks

# Any files: the pixels are those of the toys.
PATHS = [str(path) for path in sorted(Path(__file__).parent.glob("*.py"))[:7]]
LENGTH, BATCH = len(PATHS), 2


class _Listed:
    """Toys that name their pictures, whose noise is that of the picture.

    Args:
        paths: The pictures.
        seed: Of the noise.
        sizes: Of the pictures, in turns.
    """

    def __init__(self, paths: list[str], seed: int = 0, sizes: tuple[int, ...] = (32,)) -> None:
        super().__init__(length=len(paths))
        self.paths, self.seed, self.sizes = paths, seed, sizes

    def get_data_info(self, index: int) -> dict[str, Any]:
        return dict(img_path=self.paths[index])

    def __getitem__(self, index: int) -> dict[str, Any]:
        np.random.seed(self.seed + index)
        self.size = self.sizes[index % len(self.sizes)]
        return super().__getitem__(index)


@DATASETS.register_module()
class ListedSegmentation(_Listed, ToySegmentation):
    """Of one task."""


@DATASETS.register_module()
class ListedClassification(_Listed, ToyClassification):
    """Of another."""


def listed(**changes: Any) -> dict[str, Any]:
    """Both tasks on the same pictures; changes are those of the second task's data."""
    tasks = toy_tasks()
    for name, kind in (("semantic", "Segmentation"), ("classification", "Classification")):
        dataset = dict(type=f"Listed{kind}", paths=PATHS)
        tasks[name]["val"] = dict(dataset=dataset, batch_size=BATCH, num_workers=0)
    for key, value in changes.items():
        data = tasks["classification"]["val"]
        (data if key in data else data["dataset"])[key] = value
    return tasks
