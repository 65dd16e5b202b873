"""Panoptic labels: a PNG of segment ids (id = R + 256 G + 256^2 B) and its segments_info."""

from typing import Any

import numpy as np

from argus.datasets.scenes.classes import SEMANTIC_CLASSES
from argus.datasets.scenes.labels import Labels


def panoptic_picture(labels: Labels) -> np.ndarray:
    """Segment ids as colours, (H, W, 3) uint8 RGB; the id of a segment is its index plus 1."""
    ids = labels.segments + 1
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)


def segments_info(labels: Labels, first_category_id: int) -> list[dict[str, Any]]:
    """One entry per segment; category ids count `SEMANTIC_CLASSES` from `first_category_id`."""
    result = []
    for segment in np.unique(labels.segments):
        mask = labels.segments == segment
        rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = [cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1]
        result.append(
            {
                "id": int(segment) + 1,
                "category_id": int(labels.semantic[mask][0]) - 1 + first_category_id,
                "area": int(mask.sum()),
                "bbox": [int(value) for value in box],
                "iscrowd": 0,
            }
        )
    return result


def categories(first_category_id: int, num_things: int) -> list[dict[str, Any]]:
    """The panoptic category list."""
    return [
        {
            "id": index + first_category_id,
            "name": name,
            "supercategory": "thing" if index < num_things else "stuff",
            "isthing": int(index < num_things),
        }
        for index, name in enumerate(SEMANTIC_CLASSES)
    ]
