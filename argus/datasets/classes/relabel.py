"""Other numbers for the classes in a packed sample: the order of another class list.

Samples are changed after their pipeline, so that any data set of any library will do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmdet.structures import INSTANCE_OFFSET

from argus.errors import DataError

_LIBRARIES = ("mmdet", "mmseg", "mmpretrain")
_INSTANCES = ("gt_instances", "ignored_instances")


class Relabel:
    """Give the classes of a sample other numbers, in place.

    Knows mmdet's instances, semantic and panoptic maps, mmseg's semantic maps and mmpretrain's
    labels and scores. Labels beyond the classes (255, ignored) stay.

    Args:
        order: New label of each label.
    """

    def __init__(self, order: Sequence[int]) -> None:
        self.order = torch.as_tensor(order)

    def __call__(self, sample: Any) -> None:
        """Change a data sample.

        Raises:
            DataError: It has no label of a known kind.
        """
        found = [self._instances(sample), self._maps(sample), self._image_label(sample)]
        is_known = type(sample).__module__.split(".")[0] in _LIBRARIES  # with labels or without
        if not is_known and not any(found):
            raise DataError(
                f"the classes of a {type(sample).__name__} cannot be put into another order; list "
                "metainfo=dict(classes=...) of all parts of the task in one order"
            )

    def _instances(self, sample: Any) -> bool:
        found = False
        for key in _INSTANCES:
            instances = sample.get(key)
            if instances is not None and "labels" in instances:
                instances.labels = self._table(instances.labels)
                found = True
        listed = sample.get("instances")  # what mmdet's metrics take where they have no file
        if isinstance(listed, (list, tuple)):
            table = self.order.tolist()
            changed = [{**item, "bbox_label": table[item["bbox_label"]]} for item in listed]
            sample.set_metainfo(dict(instances=changed))
        return found

    def _maps(self, sample: Any) -> bool:
        semantic, panoptic = sample.get("gt_sem_seg"), sample.get("gt_panoptic_seg")
        if semantic is not None:
            key = "sem_seg" if "sem_seg" in semantic else "data"
            semantic.set_field(self._table(semantic.get(key)), key)
        if panoptic is not None:
            panoptic.set_field(self._ids(panoptic.sem_seg), "sem_seg")
            segments = [self._segment(item) for item in panoptic.get("segments_info") or ()]
            if segments:
                panoptic.set_metainfo(dict(segments_info=segments))
        return semantic is not None or panoptic is not None

    def _image_label(self, sample: Any) -> bool:
        label, score = sample.get("gt_label"), sample.get("gt_score")
        if label is not None:
            sample.set_gt_label(self._table(label))
        if score is not None:
            moved = torch.empty_like(score)
            moved[self.order] = score
            sample.set_gt_score(moved)
        return label is not None or score is not None

    def _table(self, labels: torch.Tensor) -> torch.Tensor:
        """New labels, of the same shape and type."""
        number = len(self.order)
        known = (labels >= 0) & (labels < number)
        return torch.where(
            known, self.order[labels.clamp(0, number - 1).long()].to(labels.dtype), labels
        )

    def _ids(self, ids: torch.Tensor) -> torch.Tensor:
        labels = ids % INSTANCE_OFFSET
        return ids - labels + self._table(labels)

    def _segment(self, item: Mapping[str, Any]) -> dict[str, Any]:
        label = int(self._table(torch.as_tensor(item["label"])))
        number = int(self._ids(torch.as_tensor(item["id"])))
        return {**item, "id": number, "label": label}
