"""A small COCO set with one case of everything that is odd in real annotation files."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CROWD_RLE = dict(size=[40, 60], counts=[0, 400, 2000])  # the first ten columns


def square(x, y, side):
    return [[x, y, x + side, y, x + side, y + side, x, y + side]]


def annotation(number, image, category=1, box=(5, 6, 20, 20), **changes):
    x, y, width, height = box
    return (
        dict(
            id=number,
            image_id=image,
            category_id=category,
            bbox=list(box),
            area=width * height,
            iscrowd=0,
            segmentation=square(x, y, max(width, 1)),
        )
        | changes
    )


def keypoints(number=17, labelled=6):
    return [v for k in range(number) for v in (6 + k % 5, 8 + k, 2 if k < labelled else 0)]


def content(annotations, num_images=4):
    return dict(
        images=[
            dict(id=i, file_name=f"{i}.jpg", height=40, width=60) for i in range(1, num_images + 1)
        ],
        annotations=annotations,
        categories=[dict(id=1, name="person"), dict(id=3, name="car")],
    )


def write(root: Path, annotations, num_images=4, **changes) -> Path:
    """Write images and ``instances.json`` below ``root``; give ``root``."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(1, num_images + 1):
        pixels = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / f"images/{i}.jpg")
    data = content(annotations, num_images) | changes
    (root / "instances.json").write_text(json.dumps(data))
    return root


def config(root: Path, kind: type, **changes) -> dict:
    """Config of a data set on what ``write`` wrote."""
    return (
        dict(
            type=kind,
            data_root=str(root),
            ann_file="instances.json",
            data_prefix=dict(img="images/"),
            pipeline=[],
        )
        | changes
    )
