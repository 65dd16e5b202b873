"""The size a task sees pictures at, against the transforms of its own test pipeline."""

from pathlib import Path
from typing import Any

import mmcv.transforms
import mmdet.datasets.transforms as mmdet_transforms
import mmpretrain.datasets.transforms as mmpretrain_transforms
import numpy as np
import pytest
from mmcv.transforms import RandomFlip
from mmengine.config import Config

from argus.datasets.transforms import JointResize, LoadImage, PackDense
from argus.errors import ConfigError
from argus.inference.size_rule import SizeRule
from argus.inference.sizing import FixedSize, common_size, resizer, short_side_size

CONFIGS = Path(__file__).parents[2] / "configs"
SIZES = [(480, 640), (640, 480), (333, 500), (1080, 1920), (100, 100), (61, 599)]
RNG = np.random.default_rng(0)


def rule(*steps: dict[str, Any]) -> SizeRule:
    pipeline = [dict(type=LoadImage), *steps, dict(type=PackDense)]
    config = dict(val=dict(dataset=dict(pipeline=pipeline)))
    return SizeRule.of_task(config, library=None, task="toy")


STEPS = [
    dict(type=mmcv.transforms.Resize, scale=(2048, 512), keep_ratio=True),
    dict(type=mmdet_transforms.Resize, scale=(1333, 800), keep_ratio=True),
    dict(type=mmcv.transforms.Resize, scale=(64, 48)),
    dict(type=mmcv.transforms.Resize, scale_factor=0.5),
    dict(type=JointResize, scale=(640, 320), keep_ratio=True),
    dict(type=JointResize, short_side=200, max_long_side=300, multiple=16),
    dict(type=mmpretrain_transforms.ResizeEdge, scale=256, edge="short"),
    dict(type=mmpretrain_transforms.ResizeEdge, scale=256, edge="long"),
    dict(type=mmpretrain_transforms.ResizeEdge, scale=200, edge="width"),
    dict(type=mmpretrain_transforms.ResizeEdge, scale=200, edge="height"),
    dict(
        type=mmpretrain_transforms.ResizeEdge,
        scale=256,
        backend="pillow",
        interpolation="bicubic",
    ),
]


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_size__is_that_of_the_resized_picture(step: dict[str, Any], size: tuple[int, int]) -> None:
    found = rule(step)
    image = RNG.integers(0, 256, (*size, 3), np.uint8)
    resized = found.apply(image)
    assert found.resized_size(size) == resized.size == resized.image.shape[:2]
    # The library's own transform, called by hand.
    options = {key: value for key, value in step.items() if key != "type"}
    expected = step["type"](**options)(dict(img=image.copy(), img_shape=size))
    np.testing.assert_array_equal(resized.image, expected["img"])
    assert resized.scale_factor == tuple(expected["scale_factor"])


def test_rule__of_no_resize_is_native() -> None:
    native = rule()
    image = RNG.integers(0, 256, (40, 50, 3), np.uint8)
    assert native.is_native and native.text == "original size"
    assert native.apply(image).image is image and native.apply(image).scale_factor == (1.0, 1.0)


@pytest.mark.parametrize("crop", [mmcv.transforms.CenterCrop, mmpretrain_transforms.CenterCrop])
def test_rule__with_a_crop(crop: Any) -> None:
    resize = dict(type=mmcv.transforms.Resize, scale=(329, 329))
    cropped = rule(resize, dict(type=crop, crop_size=(288, 288)))
    assert cropped.resized_size((480, 640)) == (329, 329)
    found = cropped.apply(RNG.integers(0, 256, (480, 640, 3), np.uint8))
    assert found.size == (288, 288) and found.scale_factor == (329 / 640, 329 / 480)
    assert cropped.text == "resized to 329x329, centre crop 288x288"


@pytest.mark.parametrize(
    "step",
    [
        dict(type=RandomFlip, prob=0.5),
        dict(type=mmdet_transforms.FixShapeResize, width=64, height=64),
        dict(type=mmcv.transforms.Pad, size=(64, 64)),
    ],
    ids=lambda step: step["type"].__name__,
)
def test_rule__that_cannot_be_followed(step: dict[str, Any]) -> None:
    found = rule(step)
    message = rf"tasks\['toy'\]: the step {step['type'].__name__} .*size=INT"
    with pytest.raises(ConfigError, match=message):
        found.apply(np.zeros((40, 50, 3), np.uint8))
    with pytest.raises(ConfigError, match=message):
        resizer(None, [rule(), found])
    # The remedy works.
    resize = resizer(64, [rule(), found])
    assert resize(np.zeros((40, 50, 3), np.uint8)).size == (64, 80)


def test_key__is_equal_for_equal_pixels_alone() -> None:
    keys = {rule(step).key for step in STEPS}
    assert len(keys) == len(STEPS) and rule(STEPS[0]).key == rule(dict(STEPS[0])).key


@pytest.mark.parametrize(
    ("path", "task", "text"),
    [
        ("stage1_5task.py", "instance", "within 1333x800"),
        ("stage1_5task.py", "keypoints", "a crop of 192x256 around each person"),
        ("stage1_5task.py", "semantic", "within 2048x512"),
        ("stage1_5task.py", "classification", "short side 256, centre crop 224x224"),
        ("stage2/ade20k_panoptic.py", "panoptic", "within 2560x640"),
        ("stage2/nyuv2_depth.py", "depth", "original size"),
        ("stage2/mvtec_anomaly.py", "anomaly", "resized to 329x329, centre crop 288x288"),
        ("stage2/coco_co_detr.py", "co_detr", "within 1333x800"),
    ],
)
def test_configs__of_full_size(path: str, task: str, text: str) -> None:
    tasks = Config.fromfile(CONFIGS / path).tasks
    config = tasks[task] if task in tasks else next(iter(tasks.values()))
    found = SizeRule.of_task(config, library=None, task=task)
    assert (found.text, found.problem) == (text, "")


def test_short_side__keeps_the_shape() -> None:
    assert short_side_size((480, 640), 240) == (240, 320)
    assert short_side_size((640, 480), 240) == (320, 240)
    assert short_side_size((1, 400), 1) == (1, 400)


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((10, 2000), 256, (20, 4096)),  # 16 times the short side that was asked for
        ((2000, 10), 256, (4096, 20)),
        ((500, 20_000), 500, (500, 20_000)),  # as long as it is
        ((500, 20_000), 600, (500, 20_000)),
        ((1, 5000), 256, (1, 5000)),
    ],
)
def test_short_side__of_a_strip_is_bounded(
    size: tuple[int, int], short_side: int, expected: tuple[int, int]
) -> None:
    assert short_side_size(size, short_side) == expected


@pytest.mark.parametrize(
    ("steps", "size", "expected"),
    [
        ([None], (480, 640), (480, 640)),
        ([None], (3000, 4000), (1000, 1333)),  # native, but no larger than detectors see
        ([STEPS[0], STEPS[1]], (480, 640), (800, 1067)),  # the larger one
        ([STEPS[0], None], (480, 640), (512, 683)),
        ([STEPS[2], None], (30, 40), (48, 64)),
        ([None, None], (1, 5000), (1, 2582)),  # the area counts
        ([None, None], (5000, 2), (1826, 1)),
        # 64 x 48 pixels of a tall picture: as many, in its own shape
        ([STEPS[2], STEPS[2]], (400, 100), (111, 28)),
    ],
)
def test_common_size__is_the_largest_that_a_task_asks_for(
    steps: list[Any], size: tuple[int, int], expected: tuple[int, int]
) -> None:
    rules = [rule() if step is None else rule(step) for step in steps]
    assert common_size(rules, size) == expected


def test_fixed_size__scale_factor_leads_back() -> None:
    resized = FixedSize((32, 48)).apply(RNG.integers(0, 256, (100, 120, 3), np.uint8))
    width, height = resized.scale_factor
    assert resized.size == (32, 48) and (48 / width, 32 / height) == (120, 100)


@pytest.mark.parametrize(
    "step",
    [
        dict(type=mmcv.transforms.Resize, scale=(100_000, 100_000)),
        dict(type=mmcv.transforms.Resize, scale=(10**6, 10**6), keep_ratio=True),
        dict(type=mmcv.transforms.Resize, scale_factor=1000.0),
        dict(type=JointResize, short_side=20_000),
        dict(type=mmpretrain_transforms.ResizeEdge, scale=50_000, edge="short"),
    ],
    ids=str,
)
def test_size__beyond_the_memory_is_refused(step: dict[str, Any]) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    with pytest.raises(ConfigError, match="enlarges a picture of 64x48 to .* expected at most"):
        rule(step).apply(image)


def test_size__of_a_large_picture_stays() -> None:
    assert rule().resized_size((9000, 9000)) == (9000, 9000)
    assert rule(STEPS[0]).resized_size((20_000, 20_000)) == (512, 512)


def test_size__of_a_crop_beyond_the_memory_is_refused() -> None:
    step = dict(type=mmcv.transforms.CenterCrop, crop_size=20_000, auto_pad=True)
    with pytest.raises(ConfigError, match="CenterCrop of its test pipeline gives pictures of 20,0"):
        rule(step)
