"""From the columns of an annotation file to entries of a data set, as mmdet's class makes them."""

import os.path
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from argus.datasets.checks.coco_file import NO_AREA, OUTSIDE
from argus.datasets.coco_columns import PIECE, CocoColumns
from argus.datasets.compact_instances import CompactInstances, as_plain


class CocoSamples(NamedTuple):
    """What a data set takes of a file.

    Args:
        entries: One for each image, with compact instances.
        dropped: Number of annotations of the classes that are left out, by the reason.
        num_others: Number of those of no class.
        images_of: Ids of the images with each category of the classes.
    """

    entries: list[dict[str, Any]]
    dropped: Counter[str]
    num_others: int
    images_of: dict[Any, list[Any]]


def samples_of(
    columns: CocoColumns, labels: Mapping[Any, int], prefix: Mapping[str, str], seg_suffix: str
) -> CocoSamples:
    """The entries of a file.

    Args:
        columns: Its content.
        labels: Label of each category that is a class.
        prefix: Folders of pictures (``img``) and, if there are any, of label maps (``seg``).
        seg_suffix: Of the names of label maps.
    """
    widths = np.array([image["width"] for image in columns.images], np.float64)[columns.image]
    heights = np.array([image["height"] for image in columns.images], np.float64)[columns.image]
    x, y, width, height = columns.box.T
    label = _labels(columns.category, labels)
    is_class = label >= 0
    kept = is_class & ~columns.is_ignored & (columns.area > 0) & (width >= 1) & (height >= 1)
    inner_width = np.minimum(x + width, widths) - np.maximum(x, 0)
    inner_height = np.minimum(y + height, heights) - np.maximum(y, 0)
    kept &= (inner_width > 0) & (inner_height > 0)
    no_area = is_class & ~columns.is_crowd & ((width <= 0) | (height <= 0))
    outside = (x >= widths) | (y >= heights) | (x + width <= 0) | (y + height <= 0)
    outside &= is_class & ~columns.is_crowd & ~no_area
    dropped = Counter({NO_AREA: int(no_area.sum()), OUTSIDE: int(outside.sum())})
    ids = np.array([image["id"] for image in columns.images])
    images_of = {
        category: np.unique(ids[columns.image[columns.category == category]]).tolist()
        for category in labels
    }
    entries = list(_entries(columns, np.flatnonzero(kept), label, prefix, seg_suffix))
    return CocoSamples(entries, +dropped, int((~is_class).sum()), images_of)


def _labels(categories: np.ndarray, labels: Mapping[Any, int]) -> np.ndarray:
    found, places = np.unique(categories, return_inverse=True)
    return np.array([labels.get(category, -1) for category in found.tolist()])[places]


def _entries(
    columns: CocoColumns,
    kept: np.ndarray,
    label: np.ndarray,
    prefix: Mapping[str, str],
    seg_suffix: str,
) -> Iterator[dict[str, Any]]:
    # In the order of the file among those of an image.
    order = kept[np.argsort(columns.image[kept], kind="stable")]
    bounds = np.searchsorted(columns.image[order], np.arange(len(columns.images) + 1)).tolist()
    boxes = columns.box[order]
    boxes[:, 2:] += boxes[:, :2]
    all_labels, flags = label[order].astype(np.int32), columns.is_crowd[order].astype(np.uint8)
    masks = columns.masks
    counts = np.concatenate(masks.num_polygons)[order]
    spans = np.concatenate(masks.spans)[order]
    chosen = order.tolist()
    for image, first, end in zip(columns.images, bounds, bounds[1:], strict=False):
        own = chosen[first:end]
        places = [
            (i // PIECE, *span) for i, span in zip(own, spans[first:end].tolist(), strict=True)
        ]
        packed = CompactInstances(
            boxes[first:end].tobytes(),
            all_labels[first:end].tobytes(),
            flags[first:end].tobytes(),
            counts[first:end].tobytes(),
            b"".join([masks.lengths[piece][a:b] for piece, _, _, a, b in places]),
            "".join([masks.codes[piece] for piece, *_ in places]),
            b"".join([masks.numbers[piece][a:b] for piece, a, b, _, _ in places]),
            tuple(masks.others[i] for i in own if i in masks.others),
        )
        name = image["file_name"]
        seg = prefix.get("seg")
        yield dict(
            img_path=os.path.join(prefix["img"], name),
            img_id=image["id"],
            seg_map_path=os.path.join(seg, name.rsplit(".", 1)[0] + seg_suffix) if seg else None,
            height=image["height"],
            width=image["width"],
            instances=as_plain(packed),
        )
