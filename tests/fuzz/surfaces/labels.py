"""Label maps, and the lists of segments of panoptic ones."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from argus.datasets.checks.coco_entries import read_annotations
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.panoptic_file import check_panoptic, is_panoptic
from argus.datasets.transforms.binary_labels import LoadBoundary, LoadSaliency
from argus.datasets.transforms.dense_labels import LoadDepth, LoadNormals
from argus.datasets.transforms.labels import LoadSegMap
from argus.datasets.transforms.panoptic import LoadPanoptic
from tests.fuzz.mutations import alter, damage
from tests.fuzz.surface import Case, Surface, expect

NUM_CLASSES = 5
SIZE = (24, 32)
SEGMENTS = [dict(id=i, label=i - 1, is_thing=i < 3, iscrowd=0) for i in (1, 2, 3)]
PANOPTIC = dict(
    images=[dict(id=1, file_name="1.jpg", width=32, height=24)],
    annotations=[
        dict(
            image_id=1,
            file_name="1.png",
            segments_info=[
                dict(id=1, category_id=1, bbox=[0, 0, 8, 8], area=64, iscrowd=0),
                dict(id=2, category_id=2, bbox=[0, 0, 8, 8], area=64, iscrowd=0),
            ],
        )
    ],
    categories=[dict(id=1, name="person", isthing=1), dict(id=2, name="sky", isthing=0)],
)


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


class Labels(Surface):
    """The loaders of label maps that training uses, and the check of panoptic files."""

    name, title, share = "labels", "label maps and panoptic files", 200

    def prepare(self, folder: Path) -> None:
        random = np.random.default_rng(0)
        classes = random.integers(0, NUM_CLASSES, SIZE, dtype=np.uint8)
        rgb = random.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
        segments = np.zeros((*SIZE, 3), np.uint8)
        segments[..., 0] = random.integers(0, 4, SIZE)
        depth = random.integers(0, 9000, SIZE, dtype=np.uint16)
        self.kinds: list[tuple[BaseTransform, bytes]] = [
            (LoadSegMap(num_classes=NUM_CLASSES), _png(classes)),
            (LoadPanoptic(num_classes=NUM_CLASSES), _png(segments)),
            (LoadDepth(), _png(depth)),
            (LoadNormals(), _png(rgb)),
            (LoadBoundary(positive=255), _png((classes > 2).astype(np.uint8) * 255)),
            (LoadSaliency(positive=255), _png((classes > 2).astype(np.uint8) * 255)),
        ]

    def case(self, random: Random, folder: Path) -> Case:
        if random.random() < 0.3:
            return _list_of_segments(random, folder / "panoptic.json")
        loader, content = random.choice(self.kinds)
        what, damaged = damage(random, content)
        path = folder / "map.png"
        path.write_bytes(damaged)
        segments: Any = SEGMENTS
        return Case(f"{type(loader).__name__}: {what}", _load(loader, path, segments), path.name)


def _load(loader: BaseTransform, path: Path, segments: Any) -> Callable[[], None]:
    def run() -> None:
        sample: dict[str, Any] = dict(img_shape=SIZE, ori_shape=SIZE, seg_fields=[])
        keys = ("seg_map_path", "panoptic_path", "label_path", "depth_path", "img_path")
        sample |= dict.fromkeys(keys, str(path))
        sample |= {f"{name}_path": str(path) for name in ("normal", "normals", "boundary")}
        sample |= dict(saliency_path=str(path), segments_info=segments, label_map=None)
        sample |= dict(reduce_zero_label=False)
        found = loader.transform(sample)
        maps = [value for value in found.values() if isinstance(value, np.ndarray)]
        expect(bool(maps), "no label map")
        expect(all(value.shape[:2] == SIZE for value in maps), "a map of another size")
        # Depth has no number where nothing was measured, as the loader says.
        expect(all(np.isfinite(value[value == value]).all() for value in maps), "infinite labels")

    return run


def _list_of_segments(random: Random, path: Path) -> Case:
    what, content = alter(random, PANOPTIC)
    path.write_text(json.dumps(content))

    def run() -> None:
        found = read_annotations(path)
        findings = Findings(where=str(path))
        if is_panoptic(found):
            check_panoptic(found, findings)
        expect(all(10 < len(text) < 300 for text in findings.errors), "an unclear finding")

    return Case(f"segments: {what}", run, path.name)
