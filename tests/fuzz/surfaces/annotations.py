"""COCO annotation files: any value anywhere."""

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from mmdet.datasets.transforms import LoadAnnotations

from argus.datasets.coco import CocoInstances
from tests.datasets import toy_coco
from tests.fuzz.mutations import VALUES, alter, damage
from tests.fuzz.surface import Case, Surface, expect

FILE = "instances.json"
MASKS: tuple[Any, ...] = (
    dict(size=[40, 60], counts=[0, 2400]),
    dict(size=[4000, 6000], counts=[0, 24_000_000]),
    dict(size=[40, 60], counts=[2**31, 1]),
    dict(size=[40, 60], counts="PPPPPPPPPPPPPPPP"),
    dict(size=[-1, 60], counts=[]),
    [[1, 2, 3, 4, 5, float("inf")]],
    [[1e9] * 6],
    "abc",
)


class Annotations(Surface):
    """A data set of instances: built, and every sample loaded with its masks."""

    name, title, share = "annotations", "COCO annotation files", 300

    def case(self, random: Random, folder: Path) -> Case:
        content = toy_coco.content(
            [
                toy_coco.annotation(1, 1),
                toy_coco.annotation(2, 2, segmentation=toy_coco.CROWD_RLE, iscrowd=1),
                toy_coco.annotation(3, 3, category=3),
            ]
        )
        path = folder / FILE
        if random.random() < 0.2:
            what, damaged = damage(random, json.dumps(content).encode())
            path.write_bytes(damaged)
        else:
            what, content = alter(random, content, values=(*VALUES, *MASKS))
            path.write_text(json.dumps(content))
        return Case(what, lambda: _load_all(folder), FILE)


def _load_all(folder: Path) -> None:
    load = LoadAnnotations(with_bbox=True, with_mask=True)
    names = dict(classes=("person", "car"))
    config = toy_coco.config(folder, CocoInstances, test_mode=True, metainfo=names)
    del config["type"]
    dataset = CocoInstances(**config)
    for index in range(len(dataset)):
        sample = dataset.get_data_info(index)
        sample = load(sample | dict(ori_shape=(sample["height"], sample["width"])))
        masks = sample["gt_masks"]
        expect(bool(np.isfinite(sample["gt_bboxes"].numpy()).all()), "boxes that are not finite")
        expect(len(masks) == len(sample["gt_bboxes"]), "not one mask for each box")
        size = (sample["height"], sample["width"])
        expect((masks.height, masks.width) == size, "masks of another size")
