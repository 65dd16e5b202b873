"""ADE20K with panoptic labels (150 classes, 100 of them things) and instance labels (100 classes).

Format: what Mask2Former's preparation scripts write, https://github.com/facebookresearch/Mask2Former
(``datasets/prepare_ade20k_{pan,ins}_seg.py``). Its panoptic file lists the categories in the order
of the semantic task and repeats segment ids in every image; names differ between versions of the
files.

mmdet's classes look classes up by name, drop those whose name differs, and number the rest in the
order of the file, so that "wall" becomes class 0 and counts as a thing; their index of segment ids
takes time that grows with the square of the number of images. Here classes are found by name in a
file of any order, one with other classes is refused, and an image is read by itself.
"""

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from mmdet.datasets import ADE20KInstanceDataset, ADE20KPanopticDataset
from mmdet.datasets.base_det_dataset import BaseDetDataset
from mmengine.fileio import get_local_path

from argus.datasets.checks.coco_entries import read_annotations
from argus.datasets.checks.panoptic_file import check_panoptic_file
from argus.datasets.coco import CheckedCoco, CocoInstances
from argus.errors import DataError
from argus.names.wording import counted
from argus.registry import DATASETS


@DATASETS.register_module()
class ADE20KPanoptic(BaseDetDataset):
    """Panoptic labels in COCO's format, numbered as the classes of ``metainfo``, things first.

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
            (``argus.datasets.checks.panoptic_file``).
    """

    METAINFO = ADE20KPanopticDataset.METAINFO

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file."""
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            content = read_annotations(path)
        check_panoptic_file(content, self.ann_file)
        labels = self._labels(content["categories"])
        num_things = len(self.metainfo["thing_classes"])
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

    def _labels(self, categories: Sequence[Mapping[str, Any]]) -> dict[Any, int]:
        """Label by category id; names in two writings are told apart by their places."""
        categories = sorted(categories, key=lambda item: not item["isthing"])
        classes, things = self.metainfo["classes"], self.metainfo["thing_classes"]
        if set(classes[: len(things)]) != set(things):
            raise DataError(
                f"{self.ann_file}: metainfo of the data set lists other classes before its "
                f"{len(things)} thing_classes. Things come first in classes."
            )
        num_things = sum(bool(item["isthing"]) for item in categories)
        if num_things != len(things):
            raise DataError(
                f"{self.ann_file}: {num_things} of its "
                f"{counted(len(categories), 'category', 'categories')} are things, the data set "
                f"has {len(things)} thing_classes. Set metainfo to those of the file."
            )
        places = _places([item["name"] for item in categories], classes, self.ann_file)
        for item, label in zip(categories, places, strict=True):
            if bool(item["isthing"]) != (label < num_things):
                kind = "stuff" if item["isthing"] else "a thing"
                raise DataError(
                    f"{self.ann_file}: isthing of the category {item['name']!r} is "
                    f"{int(item['isthing'])}, but it is {kind} in the data set's metainfo."
                )
        return {item["id"]: label for item, label in zip(categories, places, strict=True)}

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


class _NamedAlike(CheckedCoco):
    """The index of an annotation file whose categories are written in several ways."""

    def get_cat_ids(self, cat_names: Any = (), sup_names: Any = (), cat_ids: Any = ()) -> list[Any]:
        """Ids of the categories of these classes, in the order of the classes."""
        categories = self.dataset["categories"]
        places = _places([item["name"] for item in categories], cat_names, self.path)
        return [categories[places.index(label)]["id"] for label in range(len(categories))]


@DATASETS.register_module()
class ADE20KInstances(CocoInstances):
    """Instance masks of ADE20K's 100 thing classes, numbered as those of ``metainfo``.

    The class names become those of the file, by which mmdet's ``CocoMetric`` finds the categories;
    ``stated_classes`` keeps those of ``metainfo``.

    Raises:
        DataError: The file's classes are not those of ``metainfo``.
    """

    METAINFO = ADE20KInstanceDataset.METAINFO

    COCOAPI = _NamedAlike

    def _look_at_categories(self) -> set[Any]:
        self.stated_classes = self.metainfo["classes"]
        names = {item["id"]: item["name"] for item in self.coco.dataset["categories"]}
        self._metainfo["classes"] = tuple(names[identity] for identity in self.cat_ids)
        return super()._look_at_categories()


def _segment(item: Mapping[str, Any], labels: Mapping[int, int], num_things: int) -> dict[str, Any]:
    label = labels[item["category_id"]]
    return dict(
        id=item["id"],
        label=label,
        area=item["area"],
        is_thing=label < num_things,
        is_crowd=bool(item.get("iscrowd", 0)),
    )


def _places(found: Sequence[str], expected: Sequence[str], ann_file: str) -> list[int]:
    """Place of each name of a file among the classes of a data set.

    The files write one class in several ways ("windowpane, window", "window "). What the whole name
    does not tell, the first of its words does, if only one class has it; and names that no class
    has are those of the classes left over, if all other names stand at their places.
    """
    if len(found) != len(expected):
        raise DataError(
            f"{ann_file}: {counted(len(found), 'category', 'categories')}, but the data set has "
            f"{counted(len(expected), 'class', 'classes')}. Set metainfo=dict(classes=...) to "
            "those of the file."
        )
    places: dict[int, int] = {}
    for key in (_whole_name, _first_name):
        free = [i for i in range(len(found)) if i not in places]
        open_places = [i for i in range(len(expected)) if i not in places.values()]
        names, classes = [key(found[i]) for i in free], [key(expected[i]) for i in open_places]
        for index, name in zip(free, names, strict=True):
            if names.count(name) == classes.count(name) == 1:
                places[index] = open_places[classes.index(name)]
    left = [index for index in range(len(found)) if index not in places]
    moved = [index for index, place in places.items() if index != place]
    if left and moved:
        raise DataError(
            f"{ann_file}: its category {found[left[0]]!r} is none of the data set's classes, and "
            f"its order is another: {found[moved[0]]!r} is number {moved[0]} of the file, but "
            f"number {places[moved[0]]} of the classes. Write the file's names into "
            "metainfo=dict(classes=...); their order is free."
        )
    return [places.get(index, index) for index in range(len(found))]


def _whole_name(name: str) -> str:
    return name.strip().lower()


def _first_name(name: str) -> str:
    return name.split(",")[0].split(";")[0].strip().lower()
