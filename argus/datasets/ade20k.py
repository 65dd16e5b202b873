"""ADE20K with panoptic labels (150 classes, 100 of them things) and instance labels (100 classes).

Format: what Mask2Former's preparation scripts write, https://github.com/facebookresearch/Mask2Former
(``datasets/prepare_ade20k_{pan,ins}_seg.py``). Its panoptic file lists the categories in the order
of the semantic task and repeats segment ids in every image; names differ between versions of the
files.

mmdet's classes look classes up by name, drop those whose name differs, and number the rest in the
order of the file, so that "wall" becomes class 0 and counts as a thing; their index of segment ids
takes time that grows with the square of the number of images. Here things come first, a file with
other classes is refused, and an image is read by itself.
"""

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from mmdet.datasets import ADE20KInstanceDataset, ADE20KPanopticDataset
from mmdet.datasets.base_det_dataset import BaseDetDataset
from mmengine.fileio import get_local_path

from argus.datasets.coco import CocoInstances
from argus.datasets.coco_entries import read_annotations
from argus.datasets.panoptic_checks import check_panoptic_file
from argus.errors import DataError
from argus.registry import DATASETS


@DATASETS.register_module()
class ADE20KPanoptic(BaseDetDataset):
    """Panoptic labels in COCO's format, things numbered before stuff, each in the file's order.

    An entry has ``img_path``, ``img_id``, ``height``, ``width``, ``panoptic_path`` (the PNG of
    segment ids) and ``segments_info``: per segment ``id`` in the PNG, ``label``, ``area`` (pixels,
    as the file says), ``is_thing``, ``is_crowd``.

    Args:
        ann_file: The JSON file.
        data_prefix: ``img`` and ``seg``, the folders of the images and of the PNGs.
        kwargs: As for mmdet's ``BaseDetDataset``; ``filter_cfg`` takes ``filter_empty_gt`` (drop
            images without a segment) and ``min_size``.

    Raises:
        DataError: The file's classes are not those of ``metainfo``, or an entry cannot be read
            (``argus.datasets.panoptic_checks``).
    """

    METAINFO = ADE20KPanopticDataset.METAINFO

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file."""
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            content = read_annotations(path)
        check_panoptic_file(content, self.ann_file)
        categories = sorted(content["categories"], key=lambda item: not item["isthing"])
        num_things = sum(bool(item["isthing"]) for item in categories)
        expected = len(self.metainfo["thing_classes"])
        if num_things != expected:
            raise DataError(
                f"{self.ann_file}: {num_things} of its {len(categories)} categories are things, "
                f"the data set has {expected} thing_classes. Set metainfo to those of the file."
            )
        _check_names([item["name"] for item in categories], self.metainfo["classes"], self.ann_file)
        labels = {item["id"]: label for label, item in enumerate(categories)}
        annotations = {item["image_id"]: item for item in content["annotations"]}
        entries = []
        for image in content["images"]:
            if image["id"] not in annotations:
                raise DataError(f"{self.ann_file}: image {image['id']} has no annotation")
            annotation = annotations[image["id"]]
            segments = [_segment(item, labels, num_things) for item in annotation["segments_info"]]
            # Some versions of the file name the image here.
            stem = os.path.splitext(annotation["file_name"])[0]
            entries.append(
                dict(
                    img_path=os.path.join(self.data_prefix["img"], image["file_name"]),
                    img_id=image["id"],
                    height=image["height"],
                    width=image["width"],
                    panoptic_path=os.path.join(self.data_prefix["seg"], f"{stem}.png"),
                    segments_info=segments,
                )
            )
        return entries

    def filter_data(self) -> list[dict[str, Any]]:
        """The entries that ``filter_cfg`` keeps; all of them in test mode."""
        if self.test_mode or self.filter_cfg is None:
            return self.data_list
        least = self.filter_cfg.get("min_size", 0)
        with_segments = self.filter_cfg.get("filter_empty_gt", False)
        return [
            entry
            for entry in self.data_list
            if min(entry["height"], entry["width"]) >= least
            and (entry["segments_info"] or not with_segments)
        ]

    def get_cat_ids(self, idx: int) -> list[int]:
        """The labels in one image."""
        return [segment["label"] for segment in self.get_data_info(idx)["segments_info"]]


@DATASETS.register_module()
class ADE20KInstances(CocoInstances):
    """Instance masks of ADE20K's 100 thing classes, labelled in the file's order.

    The class names become those of the file, by which mmdet's ``CocoMetric`` finds the categories.

    Raises:
        DataError: The file's classes are not those of ``metainfo``.
    """

    METAINFO = ADE20KInstanceDataset.METAINFO

    def _check_categories(self) -> set[int]:
        categories = self.coco.dataset["categories"]
        names = [item["name"] for item in categories]
        _check_names(names, self.metainfo["classes"], self.ann_file)
        self._metainfo["classes"] = tuple(names)
        self.cat_ids = [item["id"] for item in categories]
        self.cat2label = {category: label for label, category in enumerate(self.cat_ids)}
        return super()._check_categories()


def _segment(item: Mapping[str, Any], labels: Mapping[int, int], num_things: int) -> dict[str, Any]:
    label = labels[item["category_id"]]
    return dict(
        id=item["id"],
        label=label,
        area=item["area"],
        is_thing=label < num_things,
        is_crowd=bool(item.get("iscrowd", 0)),
    )


def _check_names(found: Sequence[str], expected: Sequence[str], ann_file: str) -> None:
    """Compare class lists by number and order.

    The files write one class in several ways ("windowpane, window", "window "), so only a name that
    stands at two different places shows that the orders differ.
    """
    if len(found) != len(expected):
        raise DataError(
            f"{ann_file}: {len(found)} categories, but the data set has {len(expected)} classes. "
            "Set metainfo=dict(classes=...) to those of the file."
        )
    places = {_first_name(name): index for index, name in enumerate(expected)}
    for index, name in enumerate(found):
        place = places.get(_first_name(name), index)
        if place != index:
            raise DataError(
                f"{ann_file}: category {name!r} is number {index} of the file, but number {place} "
                "of the data set's classes. List metainfo=dict(classes=...) in the file's order."
            )


def _first_name(name: str) -> str:
    return name.split(",")[0].split(";")[0].strip().lower()
