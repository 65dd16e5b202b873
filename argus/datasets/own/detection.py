"""Boxes, masks and panoptic segments for mmdet, of data in any of the formats."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from mmdet.datasets.base_det_dataset import BaseDetDataset

from argus.datasets.own.record import Box, OwnObject, OwnPicture
from argus.datasets.own.source import OwnSet
from argus.errors import DataError
from argus.names.wording import counted, counted_kind
from argus.registry import DATASETS

_OTHER = "of classes that are none of the data set's"
_OUTSIDE = "outside of their picture"


class _OwnDetSet(OwnSet, BaseDetDataset, ABC):
    """Base: an entry for each picture.

    Args:
        data: Folder of the data.
        split: ``train``, ``val`` or ``test``.
        classes: Which classes, in the order of their labels; all by default.
        format: Format of the data, where it cannot be recognised.
        seed: Of the validation part, where the data name none.
        group: Pattern of names of pictures that stay together when it is split off.
        val_share: Share of the pictures that is split off.
        kwargs: Of mmdet's ``BaseDetDataset``: ``pipeline``, ``test_mode``, ``filter_cfg`` with
            ``filter_empty_gt`` and ``min_size``, and so on.

    Raises:
        DataError: The data cannot be read, or have no such part.
    """

    @property
    def dropped(self) -> Counter[str]:
        """How many objects are left out, by reason."""
        return self.source.dropped

    def load_data_list(self) -> list[dict[str, Any]]:
        """The entries of the part."""
        return [self._entry(picture) for picture in self.source.pictures]

    @abstractmethod
    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        """What a sample begins with."""

    def filter_data(self) -> list[dict[str, Any]]:
        """The entries that ``filter_cfg`` keeps; all of them in test mode.

        Raises:
            DataError: There is none.
        """
        if self.test_mode or self.filter_cfg is None:
            return self.data_list
        least = self.filter_cfg.get("min_size", 0)
        with_labels = self.filter_cfg.get("filter_empty_gt", False)
        kept = [
            entry
            for entry in self.data_list
            if min(entry["height"], entry["width"]) >= least
            and (self._has_labels(entry) or not with_labels)
        ]
        if self.data_list and not kept:
            raise DataError(
                f"{self.source.data.root}: no samples found: none of its "
                f"{counted(len(self.data_list), 'picture')} has an object of the data set's "
                f"classes and is large enough (filter_cfg {dict(self.filter_cfg)})."
            )
        return kept

    def _has_labels(self, entry: Mapping[str, Any]) -> bool:
        return any(not instance["ignore_flag"] for instance in entry["instances"])


@DATASETS.register_module()
class OwnDetection(_OwnDetSet):
    """Boxes of own data; arguments as :class:`_OwnDetSet`.

    An entry has ``img_path``, ``img_id``, ``height``, ``width`` and ``instances``: ``bbox`` x1, y1,
    x2, y2 in pixels, ``bbox_label``, ``ignore_flag`` (1 for a crowd) and ``mask``, a list of
    polygons or a run-length mask, empty if there is none. mmdet's ``CocoMetric`` without
    ``ann_file`` takes its truth from these, if the pipeline packs them: ``meta_keys=(...,
    "instances", "height", "width")``.
    """

    KIND = "detection"
    num_cut = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the data, with the boxes that were cut."""
        text = "boxes are partly outside of the picture: cut at its border"
        cut = [counted_kind(self.num_cut, text)] if self.num_cut else []
        return (*super().notes, *cut)

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        head = self.source.head(picture)
        instances = []
        for one in picture.objects:
            if one.name not in self.source.labels:
                self.dropped[_OTHER] += 1
            elif one.box is not None:
                box = _inside(one.box, head["width"], head["height"])
                if box is None:
                    self.dropped[_OUTSIDE] += 1
                    continue
                # Tools round at the border.
                self.num_cut += max(map(abs, np.subtract(box, one.box))) > 1
                instances.append(self._instance(replace(one, box=box)))
        return head | dict(instances=instances)

    def _instance(self, one: OwnObject) -> dict[str, Any]:
        return dict(
            bbox=list(one.box or ()),
            bbox_label=self.source.labels[one.name],
            ignore_flag=int(one.is_crowd),
            mask=one.mask,
        )


def _inside(box: Box, width: int, height: int) -> Box | None:
    """The part of a box that is in the picture; ``None`` if no part is."""
    x1, x2 = (min(float(width), max(0.0, value)) for value in box[::2])
    y1, y2 = (min(float(height), max(0.0, value)) for value in box[1::2])
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


@DATASETS.register_module()
class OwnInstances(OwnDetection):
    """Boxes and masks of own data; arguments and entries as :class:`OwnDetection`.

    An object without an outline is ignored: it has a box and no mask to learn.
    """

    KIND = "instance"

    def _instance(self, one: OwnObject) -> dict[str, Any]:
        instance = super()._instance(one)
        return instance if one.has_mask else instance | dict(ignore_flag=1)


@DATASETS.register_module()
class OwnPanoptic(_OwnDetSet):
    """Panoptic segments of own data, things first; arguments as :class:`_OwnDetSet`.

    An entry has ``img_path``, ``img_id``, ``height``, ``width``, ``panoptic_path`` (the PNG of
    segment ids) and ``segments_info``: ``id`` in the PNG, ``label``, ``area``, ``is_thing``,
    ``is_crowd``.
    """

    KIND = "panoptic"

    def _meta(self) -> dict[str, Any]:
        names, all_things = self.source.classes, self.source.data.things
        things = tuple(name for name in names if name in all_things)
        stuff = tuple(name for name in names if name not in all_things)
        return dict(classes=names, thing_classes=things, stuff_classes=stuff)

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        labels, things = self.source.labels, self.source.data.things
        segments = [
            dict(
                id=int(segment["id"]),
                label=labels[segment["name"]],
                area=segment["area"],
                is_thing=segment["name"] in things,
                is_crowd=bool(segment["is_crowd"]),
            )
            for segment in picture.segments
            if segment["name"] in labels
        ]
        path = self.source.path(picture.maps["panoptic"])
        return self.source.head(picture) | dict(panoptic_path=path, segments_info=segments)

    def _has_labels(self, entry: Mapping[str, Any]) -> bool:
        return bool(entry["segments_info"])

    def get_cat_ids(self, idx: int) -> list[int]:
        """The labels in one picture."""
        return [segment["label"] for segment in self.get_data_info(idx)["segments_info"]]
