"""COCO for boxes and masks (mmdet) and for keypoints (mmpose), with the silent mistakes made loud.

The stock classes drop, without a word, classes whose name the annotation file does not hold (which
shifts every label after them), annotations of an unknown category, and images whose size differs
from the annotated one. Zero-area boxes and crowd regions they treat well, and so it stays: the
former are dropped, the latter go to ``ignored_instances``; ``tools/data/check.py`` counts both.
"""

from pathlib import Path
from typing import Any

import mmpose
from mmdet.datasets import CocoDataset as MMDetCocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmpose.datasets.datasets.body.coco_dataset import CocoDataset as MMPoseCocoDataset

from argus.datasets.coco_entries import check_entries, read_annotations
from argus.errors import DataError
from argus.registry import DATASETS


class _CheckedCoco(COCO):
    """The index of an annotation file whose entries have been looked at."""

    def __init__(self, annotation_file: str) -> None:
        content = read_annotations(annotation_file)
        check_entries(content, annotation_file)
        super().__init__()
        self.dataset = content
        self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs


@DATASETS.register_module()
class CocoInstances(MMDetCocoDataset):
    """Boxes and instance masks in COCO format; arguments as mmdet's ``CocoDataset``.

    Raises:
        DataError: An entry that cannot be read (``argus.datasets.coco_entries``), a class that
            the annotation file does not hold, or an annotation whose category the file does not
            define.
    """

    COCOAPI = _CheckedCoco

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file."""
        self._category_ids: set[int] | None = None
        return super().load_data_list()

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> Any:
        """Parse one image's annotations."""
        if self._category_ids is None:
            self._category_ids = self._check_categories()
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
        sample = super().parse_data_info(raw_data_info)
        for instance in sample["instances"]:
            # mmdet leaves the key out and then needs it; no polygon is a mask that it ignores.
            instance.setdefault("mask", [])
        return sample

    def _check_categories(self) -> set[int]:
        categories = {item["name"]: item["id"] for item in self.coco.dataset["categories"]}
        missing = [name for name in self.metainfo["classes"] if name not in categories]
        if missing:
            raise DataError(
                f"{self.ann_file}: classes {missing[:5]}{' ...' if len(missing) > 5 else ''} are "
                f"not among its {len(categories)} categories ({', '.join(sorted(categories)[:5])} "
                "...). Set metainfo=dict(classes=...) of the data set to names of the file."
            )
        ids = [categories[name] for name in self.metainfo["classes"]]
        if ids != self.cat_ids:
            raise DataError(
                f"{self.ann_file}: its categories are in another order than the classes of the "
                "data set, and labels follow the file. List metainfo=dict(classes=...) in the "
                "order of the file's 'categories'."
            )
        return set(categories.values())


@DATASETS.register_module()
class CocoKeypoints(MMPoseCocoDataset):
    """Person keypoints in COCO format, one sample a person; arguments as mmpose's ``CocoDataset``.

    The keypoint definitions are read from the installed mmpose, wherever the program runs.

    Raises:
        DataError: An entry that cannot be read (``argus.datasets.coco_entries``), such as a
            person with another number of keypoints than the definitions have.
    """

    METAINFO = dict(
        from_file=str(Path(mmpose.__file__).parent / ".mim/configs/_base_/datasets/coco.py")
    )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotation file."""
        content = read_annotations(self.ann_file)
        check_entries(content, self.ann_file, num_keypoints=self.metainfo["num_keypoints"])
        return super().load_data_list()

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | None:
        """Parse one person; ``None`` for an annotation without keypoints."""
        image = raw_data_info["raw_img_info"]
        info = super().parse_data_info(raw_data_info)
        if info is not None:
            # LoadImage compares them with the image and settles its orientation.
            info["height"], info["width"] = image["height"], image["width"]
        return info
