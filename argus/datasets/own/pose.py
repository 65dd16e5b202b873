"""Keypoints for mmpose, of any number, one sample an object."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import MessageHub
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from argus.datasets.own.reading import chosen, read_own
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture
from argus.datasets.own.source import OwnSet
from argus.errors import ConfigError, DataError
from argus.registry import DATASETS

# Of COCO's 17 points of people, the mean; how far people disagree by the size of an object.
SIGMA = 0.0627
_SIDES = (("left", "right"), ("l_", "r_"), ("_l", "_r"))
_COLOUR = (51, 153, 255)


def keypoint_metainfo(
    data: str, format: str | None = None, classes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Metainfo of the keypoints in a folder, for a config that is to know them without it.

    Args:
        data: Folder or file.
        format: Where it cannot be recognised.
        classes: Whose keypoints are taken; those of all by default.

    Raises:
        DataError: As ``argus.datasets.own.reading.read_own``.
    """
    found = read_own(data, format=format, kind="keypoints", classes=classes)
    return pose_metainfo(found, name="own", objects=chosen(found, "keypoints", classes))


def pose_metainfo(data: OwnData, *, name: str, objects: Sequence[str]) -> dict[str, Any]:
    """What mmpose has to know of the keypoints of a data set.

    A point called left has its partner on the right. All points count alike, with the mean of
    COCO's deviations (:data:`SIGMA`), by which their similarity is measured.

    Args:
        data: With keypoints.
        name: Of the data set.
        objects: Classes of the objects that have the keypoints, by which a detector finds them.
    """
    flip = flip_of(data)
    points = {
        index: dict(
            name=point,
            id=index,
            color=list(_COLOUR),
            type="",
            swap=data.keypoints[flip[index]] if flip[index] != index else "",
        )
        for index, point in enumerate(data.keypoints)
    }
    links = {
        index: dict(link=(data.keypoints[a], data.keypoints[b]), id=index, color=list(_COLOUR))
        for index, (a, b) in enumerate(data.skeleton)
    }
    number = len(points)
    return dict(
        dataset_name=name,
        keypoint_info=points,
        skeleton_info=links,
        joint_weights=[1.0] * number,
        sigmas=[SIGMA] * number,
        objects=list(objects),
    )


def flip_of(data: OwnData) -> list[int]:
    """For each keypoint the one that it becomes in a mirror."""
    if data.flip:
        return list(data.flip)
    names = [name.lower() for name in data.keypoints]
    partners = list(range(len(names)))
    for index, name in enumerate(names):
        for one, other in (*_SIDES, *(pair[::-1] for pair in _SIDES)):
            mirrored = name.replace(one, other)
            if one in name and names.count(mirrored) == 1 and mirrored != name:
                partners[index] = names.index(mirrored)
                break
    # A pair is one both ways, or none.
    return [p if partners[p] == i else i for i, p in enumerate(partners)]


@DATASETS.register_module()
class OwnPose(OwnSet, BaseCocoStyleDataset):
    """Keypoints of own data, one sample an object, in mmpose's form (top-down).

    ``metainfo`` is made of the data's keypoints. ``raw_ann_info`` of an entry is its annotation in
    COCO's form, from which mmpose's ``CocoMetric`` without ``ann_file`` takes its truth.

    Args:
        data: Folder of the data.
        split: ``train``, ``val`` or ``test``.
        classes: Whose keypoints are taken; those of all classes by default.
        format: Format of the data, where it cannot be recognised.
        seed: Of the validation part, where the data name none.
        group: Pattern of names of pictures that stay together when it is split off.
        val_share: Share of the pictures that is split off.
        kwargs: Of mmpose's ``BaseCocoStyleDataset``: ``pipeline``, ``test_mode`` and so on.

    Raises:
        DataError: The data cannot be read, have no such part, or no labelled keypoint in it.
    """

    KIND = "keypoints"
    METAINFO: dict[str, Any] = {}

    def __init__(self, data: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        # mmpose's metric would read the file that the base class has noted: there is none.
        name = self.metainfo["dataset_name"]
        MessageHub.get_current_instance().update_info_dict({f"{name}_ann_file": None})

    def _meta(self) -> dict[str, Any]:
        name = f"own_{self.source.split}"
        return pose_metainfo(self.source.data, name=name, objects=self.source.classes)

    def _library_keys(self) -> dict[str, Any]:
        return dict(ann_file="")

    @classmethod
    def classes_of(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the keypoints; none if the data cannot be read now."""
        try:
            return read_own(config["data"], format=config.get("format"), kind=cls.KIND).keypoints
        except (ConfigError, DataError, KeyError):
            return ()

    def load_data_list(self) -> list[dict[str, Any]]:
        """The objects with keypoints."""
        people: list[dict[str, Any]] = []
        for picture in self.source.pictures:
            for one in picture.objects:
                if one.name not in self.source.labels:
                    continue
                if not one.keypoints or one.box is None or one.is_crowd:
                    self.source.dropped["without a labelled keypoint"] += 1
                    continue
                people.append(self._person(picture, one, len(people)))
        self.dropped = self.source.dropped
        # mmpose's metric writes its truth with these categories.
        self._metainfo["CLASSES"] = [dict(id=1, name="object")]
        if not people:
            raise DataError(
                f"{self.source.data.root}: no samples found: no object of this part has a labelled "
                "keypoint."
            )
        return people

    def _person(self, picture: OwnPicture, one: OwnObject, number: int) -> dict[str, Any]:
        assert one.box is not None
        head = self.source.head(picture)
        values = np.array(one.keypoints, np.float32)
        x1, y1, x2, y2 = one.box
        box = np.array([[x1, y1, x2, y2]], np.float32)
        area = one.area or (x2 - x1) * (y2 - y1)
        return head | dict(
            id=number + 1,
            bbox=box,
            bbox_score=np.ones(1, np.float32),
            num_keypoints=int((values[:, 2] > 0).sum()),
            keypoints=values[None, :, :2],
            keypoints_visible=np.minimum(1, values[None, :, 2]),
            area=np.array(area, np.float32),
            iscrowd=0,
            segmentation=[],
            category_id=np.array(1),
            raw_ann_info=dict(
                id=number + 1,
                image_id=head["img_id"],
                category_id=1,
                bbox=[x1, y1, x2 - x1, y2 - y1],
                area=area,
                iscrowd=0,
                keypoints=values.ravel().tolist(),
                num_keypoints=int((values[:, 2] > 0).sum()),
            ),
        )
