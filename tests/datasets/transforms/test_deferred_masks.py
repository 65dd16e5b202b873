"""Masks drawn late: equal to mmdet's bitmaps after any chain of steps, and small on the way."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.dataset import Compose

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms.deferred_masks import DeferredMasks
from argus.datasets.transforms.instances import LoadInstances, PackInstances, channels_first
from argus.registry import TRANSFORMS

SIZE = (48, 67)
CONFIG = "configs/_base_/tasks/coco_instance.py"


def objects(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Polygons in one and two parts, at the border, a dot, a crowd, one that is no polygon."""
    height, width = SIZE
    places = [
        (rng.uniform(-6, 54, (int(rng.integers(3, 9)), 2)) * 1.2).round(2).ravel().tolist()
        for _ in range(6)
    ]
    dot = [[5.0, 5.0, 6.0, 5.0, 6.0, 6.0, 5.0, 6.0]]
    crowd = dict(size=[height, width], counts=[100, 700, height * width - 800])
    masks = [[places[0]], places[1:3], [places[3]], [places[4]], dot, crowd, [[1.0, 2.0]], []]
    return [
        dict(bbox=[2.0, 3.0, 60.0, 44.0], bbox_label=n, ignore_flag=int(n == 5), mask=mask)
        for n, mask in enumerate(masks)
    ]


def both(seed: int) -> tuple[DeferredMasks, BitmapMasks]:
    found = []
    for kind in (LoadInstances, LoadAnnotations):
        results = dict(instances=objects(np.random.default_rng(seed)), ori_shape=SIZE)
        found.append(kind(with_bbox=True, with_mask=True)(results)["gt_masks"])
    return found[0], found[1]


def step(masks: Any, rng: np.random.Generator) -> Any:
    """One of the steps of a pipeline; the same for generators in the same state."""
    kind = rng.integers(5)
    height, width = masks.height, masks.width
    if kind == 0:
        return masks.resize(tuple(int(side) for side in rng.integers(9, 140, 2)))
    if kind == 1:
        return masks.rescale((int(rng.integers(20, 150)), int(rng.integers(20, 150))))
    if kind == 2:
        return masks.flip(str(rng.choice(["horizontal", "vertical", "diagonal"])))
    if kind == 3:
        x, y = int(rng.integers(width)), int(rng.integers(height))
        return masks.crop(np.array([x, y, x + rng.integers(1, 90), y + rng.integers(1, 90)]))
    return masks.pad((height + int(rng.integers(9)), width + int(rng.integers(9))))


def test_masks__are_those_of_mmdet_after_every_step() -> None:
    for seed in range(60):
        ours, theirs = both(seed)
        ways = np.random.default_rng(seed), np.random.default_rng(seed)
        for _ in range(5):
            ours, theirs = (step(m, way) for m, way in zip((ours, theirs), ways, strict=True))
            assert isinstance(ours, DeferredMasks)
            assert len(ours) == len(theirs)
            assert (ours.height, ours.width) == (theirs.height, theirs.width)
            assert np.array_equal(ours.areas, theirs.areas), seed
            boxes = [masks.get_bboxes(HorizontalBoxes).tensor for masks in (ours, theirs)]
            assert torch.equal(*boxes), seed
        sent = pickle.loads(pickle.dumps(ours[[0, 2, 3]]))
        assert np.array_equal(sent.masks, theirs.masks[[0, 2, 3]])
        assert np.array_equal(ours.masks, theirs.masks), seed
        assert ours.masks.dtype == theirs.masks.dtype


@pytest.mark.parametrize(
    "index", [1, slice(1, 5), [0, 3], np.array([2, 2]), np.arange(8) % 2 == 0, torch.tensor([1, 4])]
)
def test_index__chooses_as_of_bitmaps(index: Any) -> None:
    ours, theirs = both(0)
    assert np.array_equal(ours[index].masks, theirs[index].masks)


def test_bitmaps__count_once_somebody_has_them() -> None:
    masks, _ = both(1)
    masks.masks[:] = 1
    assert (masks.flip().areas == SIZE[0] * SIZE[1]).all()
    masks = both(1)[0]
    masks.masks = masks.masks[:2] * 0
    assert len(masks) == 2 and not masks.resize((20, 20)).areas.any()


def test_other_steps__are_those_of_mmdet() -> None:
    ours, theirs = both(2)
    moved = [m.translate((50, 60), 4) for m in (ours, theirs)]
    assert np.array_equal(moved[0].masks, moved[1].masks)
    ours, theirs = both(2)
    found = [m.resize((20, 30), "bilinear").masks for m in (ours, theirs)]
    assert np.array_equal(found[0], found[1])
    joined = BitmapMasks.cat([both(2)[0], theirs])
    assert np.array_equal(joined.masks[: len(theirs)], theirs.masks)


def test_none__of_a_picture_without_objects() -> None:
    masks = DeferredMasks.of_file([], *SIZE)
    small = masks[np.zeros(0, int)].resize((9, 8)).flip().pad((9, 10))
    assert small.masks.shape == (0, 9, 10) and small.areas.shape == (0,)


def test_samples_of_stage1__are_those_of_the_stock_transforms() -> None:
    """Large-scale jittering of the config, bit for bit: picture, boxes, labels and masks."""
    steps = Config.fromfile(CONFIG).coco_instance.train.dataset.pipeline[1:]
    stock = {LoadInstances: LoadAnnotations, PackInstances: PackDetInputs}
    assert {step.type for step in steps} >= set(stock)
    pipelines = [
        Compose([TRANSFORMS.build(dict(one, type=kinds.get(one.type, one.type))) for one in steps])
        for kinds in ({}, stock)
    ]
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    num_objects, sizes = 0, set()
    for seed in range(12):
        samples = []
        for pipeline in pipelines:
            with isolated_rng(seed):
                info = dict(instances=objects(np.random.default_rng(seed)), img=image.copy())
                samples.append(pipeline(dict(info, ori_shape=SIZE, img_shape=SIZE, img_path="p")))
        a, b = samples
        assert torch.equal(a["inputs"], b["inputs"])
        assert a["data_samples"].metainfo.keys() == b["data_samples"].metainfo.keys()
        for part in ("gt_instances", "ignored_instances"):
            mine, stocks = getattr(a["data_samples"], part), getattr(b["data_samples"], part)
            assert torch.equal(mine.bboxes.tensor, stocks.bboxes.tensor)
            assert torch.equal(mine.labels, stocks.labels)
            assert len(pickle.dumps(mine.masks)) < 20_000
            assert np.array_equal(mine.masks.masks, stocks.masks.masks)
            num_objects += len(mine)
        sizes.add(tuple(a["inputs"].shape))
    assert num_objects > 30 and len(sizes) > 5


def test_channels_first__of_a_part_and_a_mirrored_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    for part in (image, image[2:7, 3:9], image[:, ::-1], image[..., :1], image[:0]):
        assert np.array_equal(channels_first(part).numpy(), part.transpose(2, 0, 1))
