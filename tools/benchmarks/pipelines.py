"""What the training pipelines of stage 1 cost a core, against OpenMMLab's with the same operations.

Both read the same files, which are made here at the sizes of the real sets, in one process and in
turns, with the same draws: from the path of a picture to the packed sample. Time is the process's.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config
from PIL import Image

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import (
    BoxJitter,
    CheckLabel,
    LoadImage,
    LoadInstances,
    LoadResizedCrop,
    LoadSegMap,
    PackInstances,
    PhotoMetricDistortion,
)
from argus.models.foreign import library_scope
from argus.registry import TRANSFORMS
from tools.benchmarks.configs import CONFIGS, SEED
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.timing import compare

OBJECTS = 7  # of a picture, as in COCO
_PICTURES, _PAIRS = 8, 12


@dataclass(frozen=True)
class _Kind:
    """A pipeline and its data.

    Args:
        config: Its file below ``configs/_base_/tasks`` and its name in there.
        library: Whose scope the transforms are in.
        size: (height, width) of its pictures.
        labels: Gives what an annotation file says of a picture.
        image: What stock loads a picture with.
    """

    config: str
    library: str
    size: tuple[int, int]
    labels: Callable[[np.random.Generator, Path, tuple[int, int]], dict[str, Any]]
    image: str = "mmcv.LoadImageFromFile"


def _objects(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> dict[str, Any]:
    instances = []
    for _ in range(OBJECTS):
        extent = rng.uniform(0.05, 0.5, 2) * size[::-1]
        corner = rng.uniform(0, 1, 2) * (size[::-1] - extent)
        angles = np.linspace(0, 2 * np.pi, 25, endpoint=False)
        radii = rng.uniform(0.35, 0.5, (25, 1))
        outline = (0.5 + radii * np.stack([np.cos(angles), np.sin(angles)], 1)) * extent + corner
        instances.append(
            dict(
                bbox=[*corner, *(corner + extent)],
                bbox_label=int(rng.integers(80)),
                ignore_flag=0,
                mask=[outline.round(2).ravel().tolist()],
            )
        )
    return dict(instances=instances)


def _person(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> dict[str, Any]:
    height, width = size
    box = np.array([[0.3 * width, 0.2 * height, 0.6 * width, 0.9 * height]], np.float32)
    places = box[:, None, :2] + rng.uniform(0, 1, (1, 17, 2)) * (
        box[:, None, 2:] - box[:, None, :2]
    )
    return dict(
        bbox=box,
        bbox_score=np.ones(1, np.float32),
        keypoints=places.astype(np.float32),
        keypoints_visible=np.ones((1, 17), np.float32),
        flip_indices=[0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15],
        upper_body_ids=list(range(11)),
        lower_body_ids=list(range(11, 17)),
        id=0,
        img_id=0,
    )


def _label_map(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> dict[str, Any]:
    coarse = rng.integers(0, 151, (size[0] // 40 + 1, size[1] // 40 + 1), dtype=np.uint8)
    labels = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_NEAREST)
    Image.fromarray(labels).save(path.with_suffix(".png"))
    return dict(
        seg_map_path=str(path.with_suffix(".png")),
        reduce_zero_label=True,
        label_map=None,
        seg_fields=[],
    )


def _class(rng: np.random.Generator, path: Path, size: tuple[int, int]) -> dict[str, Any]:
    return dict(gt_label=int(rng.integers(1000)))


KINDS = {
    "instance": _Kind("coco_instance", "mmdet", (480, 640), _objects),
    "keypoints": _Kind("coco_keypoints", "mmpose", (480, 640), _person, "mmpose.LoadImage"),
    "semantic": _Kind("ade20k_semantic", "mmseg", (512, 683), _label_map),
    "classification": _Kind("imagenet_classification", "mmpretrain", (375, 500), _class),
    "classification, 6 megapixels": _Kind(
        "imagenet_classification", "mmpretrain", (2000, 3000), _class
    ),
}


def cases(settings: Settings) -> Iterator[Case]:
    """The tasks of stage 1, and photos as cameras make them for the last."""
    for name, kind in KINDS.items():
        yield Case(name, partial(_run, settings, kind))


def _run(settings: Settings, kind: _Kind) -> Result:
    steps = Config.fromfile(CONFIGS / f"_base_/tasks/{kind.config}.py")[kind.config]
    steps = steps.train.dataset.pipeline
    with library_scope(kind.library), tempfile.TemporaryDirectory(prefix="argus_pipelines_") as to:
        number = 2 if settings.quick else _PICTURES
        size = (96, 128) if settings.quick else kind.size
        samples = _samples(kind, Path(to), number, size)
        ours = [TRANSFORMS.build(dict(step)) for step in steps]
        stock = [TRANSFORMS.build(step) for step in stock_steps(steps, kind.image)]
        found = compare(
            partial(_load, ours, samples),
            partial(_load, stock, samples),
            settings.device,
            pairs=1 if settings.quick else _PAIRS,
            runs=1,
            clock=time.process_time,
        )
    return Result(
        dict(
            ours_images_per_s=number / found.first_ms * 1e3,
            stock_images_per_s=number / found.second_ms * 1e3,
            ratio=found.ratio,
            ratio_low=found.low,
            ratio_high=found.high,
        )
    )


def stock_steps(steps: Sequence[Mapping[str, Any]], image: str) -> list[dict[str, Any]]:
    """The steps of a pipeline with OpenMMLab's own in place of those of Argus.

    Args:
        steps: Config of the pipeline.
        image: What loads a picture.
    """
    found: list[dict[str, Any]] = []
    for step in steps:
        kind, keys = step["type"], {key: step[key] for key in step if key != "type"}
        if kind is LoadImage:
            found.append(dict(type=image))
        elif kind is LoadInstances:
            found.append(dict(type="mmdet.LoadAnnotations", **keys))
        elif kind is PackInstances:
            found.append(dict(type="mmdet.PackDetInputs", **keys))
        elif kind is LoadSegMap:
            found.append(dict(type="mmseg.LoadAnnotations", reduce_zero_label=True))
        elif kind is BoxJitter:
            found.append(
                dict(
                    type="mmpose.RandomBBoxTransform",
                    shift_factor=0.0,
                    scale_factor=(1 - keys["scale"], 1 + keys["scale"]),
                    rotate_factor=keys["degrees"],
                    rotate_prob=keys["rotate_prob"],
                )
            )
        elif kind is PhotoMetricDistortion:
            found.append(dict(type="mmseg.PhotoMetricDistortion", **keys))
        elif kind is LoadResizedCrop:
            found += [
                dict(type=image),
                dict(type="mmpretrain.RandomResizedCrop", backend="pillow", **keys),
            ]
        elif kind is not CheckLabel:
            found.append(dict(step))
    return found


def _samples(kind: _Kind, to: Path, number: int, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Pictures of smooth areas with grain, which have the bytes of photos, and their labels."""
    rng = np.random.default_rng(SEED)
    samples = []
    for index in range(number):
        coarse = rng.integers(0, 256, (size[0] // 24 + 2, size[1] // 24 + 2, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        grain = rng.normal(0, 8, picture.shape).astype(np.float32)
        path = to / f"{index}.jpg"
        Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
        samples.append(dict(img_path=str(path), **kind.labels(rng, path, size)))
    return samples


def _load(pipeline: Sequence[Callable[[Any], Any]], samples: Sequence[Mapping[str, Any]]) -> None:
    for draw, sample in enumerate(samples):
        with isolated_rng(draw):
            results = _copied(sample)
            for transform in pipeline:
                results = transform(results)


def _copied(value: Any) -> Any:
    """A sample as a data set gives it: a new one each time, which transforms may change."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.copy()
    return [_copied(item) for item in value] if isinstance(value, list) else value
