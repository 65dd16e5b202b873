"""COCO for boxes and masks (mmdet) and for keypoints (mmpose), with the silent mistakes made loud.

The stock classes drop, without a word, classes whose name the annotation file does not hold (which
shifts every label after them), annotations of an unknown category, and images whose size differs
from the annotated one; they number classes and keypoints in the order of the file, where here names
decide. Zero-area boxes and crowd regions they treat well, and so it stays: the former are dropped,
the latter go to ``ignored_instances``; ``argus check`` counts both.
"""

import os.path
from collections import Counter
from pathlib import Path
from typing import Any

import mmpose
import numpy as np
from mmdet.datasets import CocoDataset as MMDetCocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmengine.fileio import get_local_path
from mmpose.datasets.datasets.body.coco_dataset import CocoDataset as MMPoseCocoDataset
from mmpose.structures.bbox import bbox_xywh2xyxy

from argus.datasets.checks.coco_entries import check_detections, check_entries, read_annotations
from argus.datasets.checks.coco_file import CROWD, ignored_kinds
from argus.datasets.coco_columns import read_columns
from argus.datasets.coco_samples import samples_of
from argus.datasets.compact_instances import as_plain, pack, unpack
from argus.errors import DataError
from argus.names.categories import category_ids, person_id
from argus.names.keypoints import order_keypoints
from argus.names.wording import counted, counted_kind
from argus.processes.freed_memory import give_back_memory
from argus.processes.garbage import no_garbage_search
from argus.registry import DATASETS

_OTHER = "of categories that are no classes of the data set"


class CheckedCoco(COCO):
    """The index of an annotation file whose entries have been looked at."""

    def __init__(self, annotation_file: str) -> None:
        content = read_annotations(annotation_file)
        check_entries(content, annotation_file)
        super().__init__()
        self.path = annotation_file
        self.dataset = content
        self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs

    def get_cat_ids(self, cat_names: Any = (), sup_names: Any = (), cat_ids: Any = ()) -> list[Any]:
        """Ids of the categories of these names, in the order of the names."""
        return category_ids(self.dataset, cat_names, self.path)


@DATASETS.register_module()
class CocoInstances(MMDetCocoDataset):
    """Boxes and instance masks in COCO format; arguments as mmdet's ``CocoDataset``.

    ``dropped`` counts the annotations that were left out, by the reason.

    Raises:
        DataError: An entry that cannot be read (``argus.datasets.checks.coco_entries``), a class
            that the annotation file does not hold, or an annotation whose category the file does
            not define.
    """

    COCOAPI = CheckedCoco

    @no_garbage_search()
    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file."""
        self._category_ids: set[Any] | None = None
        self.dropped: Counter[str] = Counter()
        entries = self._load_columns()
        return super().load_data_list() if entries is None else entries

    def _load_columns(self) -> list[dict[str, Any]] | None:
        """The entries of a file that is in order, with compact instances; ``None`` for another."""
        kind = type(self)
        is_own = kind.COCOAPI is CheckedCoco
        is_own = is_own and kind.parse_data_info is CocoInstances.parse_data_info
        if not is_own or self.return_classes or not self.serialize_data:
            return None
        with get_local_path(self.ann_file, backend_args=self.backend_args) as path:
            columns = read_columns(path)
            if columns is None:
                return None
            categories = dict(categories=columns.categories)
            self.cat_ids = category_ids(categories, self.metainfo["classes"], path)
        self.cat2label = {category: label for label, category in enumerate(self.cat_ids)}
        found = samples_of(columns, self.cat2label, self.data_prefix, self.seg_map_suffix)
        self.cat_img_map = found.images_of
        self.dropped = found.dropped + Counter({_OTHER: found.num_others})
        return found.entries

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        self.data_list: list[dict[str, Any]] = [_with_packed(entry) for entry in self.data_list]
        found: tuple[np.ndarray, np.ndarray] = super()._serialize_data()
        give_back_memory()
        return found

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The annotation of a sample."""
        info: dict[str, Any] = super().get_data_info(idx)
        if isinstance(info["instances"], tuple):
            info["instances"] = unpack(info["instances"])
        return info

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> Any:
        """Parse one image's annotations."""
        if self._category_ids is None:
            self._category_ids = self._look_at_categories()
        for annotation in raw_data_info["raw_ann_info"]:
            if annotation["category_id"] not in self._category_ids:
                ids = sorted(
                    self._category_ids, key=lambda identity: (str(type(identity)), identity)
                )
                raise DataError(
                    f"{self.ann_file}: annotation {annotation.get('id')} has category_id "
                    f"{annotation['category_id']}, which the file's 'categories' do not define "
                    f"(ids {ids[0]}..{ids[-1]})."
                )
        image = raw_data_info["raw_img_info"]
        for annotation in raw_data_info["raw_ann_info"]:
            if annotation["category_id"] not in self.cat2label:
                self.dropped[_OTHER] += 1
                continue
            kinds = ignored_kinds(annotation, image, num_keypoints=None)
            # Crowd regions stay, as such.
            self.dropped.update(kind for kind in kinds[:1] if kind != CROWD)
        sample = super().parse_data_info(raw_data_info)
        for instance in sample["instances"]:
            # mmdet leaves the key out and then needs it; no polygon is a mask that it ignores.
            instance.setdefault("mask", [])
        return sample

    def filter_data(self) -> list[dict[str, Any]]:
        """The images that ``filter_cfg`` keeps.

        Raises:
            DataError: There is none.
        """
        kept: list[dict[str, Any]] = super().filter_data()
        if self.data_list and not kept:
            raise DataError(
                f"{self.ann_file}: no samples found: none of its "
                f"{counted(len(self.data_list), 'image')} has an annotation of the data set's "
                f"classes and is large enough (filter_cfg {dict(self.filter_cfg)})."
            )
        return kept

    def _look_at_categories(self) -> set[Any]:
        """Ids of all categories of the file, which has just been read."""
        return {item["id"] for item in self.coco.dataset["categories"]}


def _with_packed(entry: dict[str, Any]) -> dict[str, Any]:
    packed = pack(entry["instances"]) if isinstance(entry.get("instances"), list) else None
    return entry if packed is None else entry | dict(instances=as_plain(packed))


@DATASETS.register_module()
class CocoKeypoints(MMPoseCocoDataset):
    """Person keypoints in COCO format, one sample a person; arguments as mmpose's ``CocoDataset``.

    The keypoint definitions are read from the installed mmpose, wherever the program runs.
    ``dropped`` counts the people that were left out, by the reason.

    Raises:
        DataError: An entry of the annotation file or of ``bbox_file`` that cannot be read
            (``argus.datasets.checks.coco_entries``), such as a person with another number of
            keypoints than the definitions have; the file names other keypoints than they.
    """

    METAINFO = dict(
        from_file=str(Path(mmpose.__file__).parent / ".mim/configs/_base_/datasets/coco.py")
    )

    # mmpose's own would read the file again, and index it for lookups that are not made.
    @no_garbage_search()
    def _load_annotations(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The people, and the images that they are in."""
        content, number = self._read(), self.metainfo["num_keypoints"]
        self.dropped: Counter[str] = Counter()
        by_image: dict[Any, list[dict[str, Any]]] = {}
        for annotation in content["annotations"]:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
        people, images = [], []
        for image in content["images"]:
            if image["id"] % self.sample_interval != 0:
                continue
            image["img_id"] = image["id"]
            image["img_path"] = os.path.join(self.data_prefix["img"], image["file_name"])
            images.append(image)
            for annotation in by_image.get(image["id"], ()):
                self.dropped.update(ignored_kinds(annotation, image, num_keypoints=number)[:1])
                person = self.parse_data_info(dict(raw_ann_info=annotation, raw_img_info=image))
                if person:
                    people.append(person)
        return people, images

    def _get_topdown_data_infos(self, instance_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The people with keypoints.

        Raises:
            DataError: There are people, and none of them has any.
        """
        people: list[dict[str, Any]] = super()._get_topdown_data_infos(instance_list)
        if not people and self.dropped:
            kinds = ", ".join(counted_kind(number, kind) for kind, number in self.dropped.items())
            raise DataError(
                f"{self.ann_file}: nothing to learn: all people are ignored: {kinds}. Only "
                "keypoints of visibility 1 or 2 are labelled."
            )
        return people

    def _get_bottomup_data_infos(
        self, instance_list: list[dict[str, Any]], image_list: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The pictures with all their people; mmpose makes a list of every value, size included."""
        pictures: list[dict[str, Any]] = super()._get_bottomup_data_infos(instance_list, image_list)
        sizes = {image["id"]: (image["height"], image["width"]) for image in image_list}
        for picture in pictures:
            picture["height"], picture["width"] = sizes[picture["img_id"]]
        return pictures

    def _load_detection_results(self) -> list[dict[str, Any]]:
        """People that a detector found, without keypoints."""
        content = self._read()
        images = {image["id"]: image for image in content["images"]}
        detections = read_annotations(self.bbox_file)
        check_detections(detections, self.bbox_file, images)
        person = person_id(content, self.ann_file)
        people = [detection for detection in detections if detection["category_id"] == person]
        if detections and not people:
            raise DataError(
                f"{self.bbox_file}: none of its {counted(len(detections), 'box', 'boxes')} has the "
                f"category_id {person!r}, which people have in {self.ann_file}. Give both files "
                "one id."
            )
        return [self._found(index, found, images) for index, found in enumerate(people)]

    def _found(
        self, index: int, detection: dict[str, Any], images: dict[Any, Any]
    ) -> dict[str, Any]:
        image, num_keypoints = images[detection["image_id"]], self._metainfo["num_keypoints"]
        box = np.array(detection["bbox"][:4], np.float32).reshape(1, 4)
        return dict(
            id=index,
            img_id=detection["image_id"],
            category_id=np.array(detection["category_id"]),
            img_path=os.path.join(self.data_prefix["img"], image["file_name"]),
            img_shape=(image["height"], image["width"]),
            height=image["height"],
            width=image["width"],
            bbox=bbox_xywh2xyxy(box),
            bbox_score=np.array(detection["score"], np.float32).reshape(1),
            keypoints=np.zeros((1, num_keypoints, 2), np.float32),
            keypoints_visible=np.ones((1, num_keypoints), np.float32),
        )

    def _read(self) -> dict[str, Any]:
        with get_local_path(self.ann_file) as path:
            content: dict[str, Any] = read_annotations(path)
        meta = self.metainfo  # a copy of all each time
        num_keypoints = meta["num_keypoints"]
        check_entries(content, self.ann_file, num_keypoints=num_keypoints)
        names = [meta["keypoint_id2name"][index] for index in range(num_keypoints)]
        order_keypoints(content, names, self.ann_file)
        self._metainfo["CLASSES"] = content["categories"]
        return content

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | None:
        """Parse one person; ``None`` for an annotation without keypoints."""
        image = raw_data_info["raw_img_info"]
        if not raw_data_info["raw_ann_info"].get("keypoints"):  # an empty list, or null
            return None
        info = super().parse_data_info(raw_data_info)
        if info is not None:
            # LoadImage compares them with the image and settles its orientation.
            info["height"], info["width"] = image["height"], image["width"]
        return info
