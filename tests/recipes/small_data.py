"""A few pictures with labels of every kind, as people keep them: what recipes are tried on."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HEIGHT, WIDTH = 40, 56
CLASSES = ("plate", "dent")
TOP, LEFT, BOTTOM, RIGHT = 8, 12, 28, 44  # of the bright part of every picture


def write_all(root: Path) -> dict[str, Path]:
    """Folder of the data by the kind of task; masks are good for several."""
    folders = {name: root / name for name in ("objects", "masks", "classes", "panoptic", "anomaly")}
    _objects(folders["objects"])
    _maps(folders["masks"], "masks", _inside(0, 1), classes="plate\ndent\n")
    for name, values in _dense().items():
        _maps(folders.setdefault(name, root / name), name, values)
    _classes(folders["classes"])
    _anomaly(folders["anomaly"])
    kinds = dict(
        semantic="masks",
        parsing="masks",
        detection="objects",
        instance="objects",
        keypoints="objects",
        classification="classes",
    )
    return folders | {kind: folders[name] for kind, name in kinds.items()}


def picture(path: Path, seed: int) -> None:
    """Noise with a brighter part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 100, (HEIGHT, WIDTH, 3), np.uint8)
    image[TOP:BOTTOM, LEFT:RIGHT] += 100
    cv2.imwrite(str(path), image)


def _inside(outer: Any, inner: Any, dtype: Any = np.uint8) -> np.ndarray:
    values = np.empty((HEIGHT, WIDTH, *np.shape(outer)), dtype)
    values[:] = outer
    values[TOP:BOTTOM, LEFT:RIGHT] = inner
    return values


def _dense() -> dict[str, np.ndarray]:
    edges = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(edges, (LEFT, TOP), (RIGHT, BOTTOM), 255)
    return dict(
        depth=_inside(4000, 2000, np.uint16),
        normals=_inside((255, 128, 128), (128, 128, 255)),
        edges=edges,
        saliency=_inside(0, 255),
    )


def _maps(root: Path, name: str, values: np.ndarray, classes: str = "") -> None:
    for part, number in (("train", 4), ("val", 2)):
        for n in range(number):
            picture(root / f"images/{part}/{n}.png", n)
            path = root / name / part / f"{n}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), values)
    if classes:
        (root / "classes.txt").write_text(classes)


def _objects(root: Path) -> None:
    """COCO JSON with boxes, outlines and two keypoints."""
    outline = [LEFT, TOP, RIGHT, TOP, RIGHT, BOTTOM, LEFT, BOTTOM]
    for part, number in (("train", 4), ("val", 2)):
        for n in range(number):
            picture(root / f"{part}/{n}.png", n)
        images = [
            dict(id=n, file_name=f"{n}.png", height=HEIGHT, width=WIDTH) for n in range(number)
        ]
        annotations = [
            dict(
                id=n + 1,
                image_id=n,
                category_id=1,
                bbox=[LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP],
                area=(RIGHT - LEFT) * (BOTTOM - TOP),
                iscrowd=0,
                segmentation=[outline],
                keypoints=[LEFT + 1, TOP + 1, 2, RIGHT - 1, BOTTOM - 1, 2],
                num_keypoints=2,
            )
            for n in range(number)
        ]
        categories = [dict(id=1, name="dent", keypoints=["start", "end"], skeleton=[[1, 2]])]
        content = dict(images=images, annotations=annotations, categories=categories)
        (root / f"{part}.json").write_text(json.dumps(content))


def _classes(root: Path) -> None:
    for part, number in (("train", 3), ("val", 1)):
        for name in ("cat", "dog"):
            for n in range(number):
                picture(root / part / name / f"{n}.png", n)


def _anomaly(root: Path) -> None:
    """MVTec AD's layout: two kinds of pictures in the test, one in training."""
    for part, kind, number in (("train", "good", 4), ("test", "good", 2), ("test", "hole", 2)):
        for n in range(number):
            picture(root / f"nut/{part}/{kind}/{n:03}.png", n)
    for n in range(2):
        path = root / f"nut/ground_truth/hole/{n:03}_mask.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), _inside(0, 255))
