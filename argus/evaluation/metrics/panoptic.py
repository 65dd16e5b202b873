"""Panoptic quality (Kirillov et al., "Panoptic Segmentation", CVPR 2019, https://arxiv.org/abs/1801.00868).

The definition is that of the reference evaluation, https://github.com/cocodataset/panopticapi:

- A predicted and a true segment match where their classes agree and their IoU is over 0.5; pixels
  of the prediction that are void in the truth are left out of the union.
- A prediction without a match is a false positive, unless more than half of it lies on void pixels
  or on crowd regions of its class.
- A true segment without a match is a false negative, unless it is a crowd region.
- The area of a true segment is what the annotation says: in ADE20K the part of a stuff region that
  things were pasted over counts.

Deviation: of several crowd regions of one class in an image all count, not the last one alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmdet.structures import INSTANCE_OFFSET

from argus.errors import DataError
from argus.evaluation.metrics.streaming import State, StreamingMetric
from argus.registry import METRICS


class Segments(NamedTuple):
    """The segments of one map."""

    labels: np.ndarray
    """Class of each, (n,)."""
    areas: np.ndarray
    """Pixels of each, (n,)."""
    crowd: np.ndarray
    """Whether each is a crowd region, (n,) bool."""


@METRICS.register_module()
class PanopticQuality(StreamingMetric):
    """PQ, SQ and RQ: mean over the classes that occur in the truth or in the predictions.

    Samples have ``pred_panoptic_seg.sem_seg`` and ``gt_panoptic_seg.sem_seg``, the latter from
    ``PackPanopticMap``: (1, H, W) at the original size, label + number * ``INSTANCE_OFFSET``, with
    labels from the number of classes on for void. ``PQ`` is over all classes, ``PQ_th`` over
    things, ``PQ_st`` over stuff, so with ``SQ`` (mean IoU of the matches) and ``RQ`` (F1 of the
    matches); all in [0, 1], NaN where no class occurs.

    Args:
        num_things_classes: The first classes.
        num_stuff_classes: The classes after them.
    """

    def __init__(self, *, num_things_classes: int, num_stuff_classes: int) -> None:
        self.num_things_classes = num_things_classes
        self.num_classes = num_things_classes + num_stuff_classes
        super().__init__()

    def empty(self) -> State:
        """Sums per class."""
        counts = {name: np.zeros(self.num_classes, np.int64) for name in ("tp", "fp", "fn")}
        return {"iou": np.zeros(self.num_classes), **counts}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Match the segments of one image.

        Raises:
            DataError: The sample has no ground truth, or not of the prediction's size.
        """
        if sample.get("gt_panoptic_seg") is None:
            raise DataError(
                f"{sample.get('img_path')}: no panoptic ground truth in the sample; end the "
                "pipeline with LoadPanoptic, after resizing, and PackPanopticMap."
            )
        truth = sample["gt_panoptic_seg"]
        gt_map = truth["sem_seg"].squeeze(0).cpu().numpy()
        pred_map = sample["pred_panoptic_seg"]["sem_seg"].squeeze(0).cpu().numpy()
        if gt_map.shape != pred_map.shape:
            raise DataError(
                f"{sample.get('img_path')}: the prediction is {pred_map.shape} (height, width), "
                f"the ground truth {gt_map.shape}. Load labels after resizing."
            )
        gt_ids, gt_index = _compact(gt_map)
        pred_ids, pred_index = _compact(pred_map)
        overlap: np.ndarray = np.bincount(
            (gt_index * len(pred_ids) + pred_index).ravel(), minlength=len(gt_ids) * len(pred_ids)
        ).reshape(len(gt_ids), len(pred_ids))
        is_segment = pred_ids % INSTANCE_OFFSET < self.num_classes
        pred = Segments(
            labels=pred_ids[is_segment] % INSTANCE_OFFSET,
            areas=overlap.sum(axis=0)[is_segment],
            crowd=np.zeros(int(is_segment.sum()), bool),
        )
        overlap = overlap[:, is_segment]
        void = overlap[gt_ids % INSTANCE_OFFSET >= self.num_classes].sum(axis=0)
        gt, rows = self._true_segments(truth, gt_map, gt_ids)
        # A listed segment of which no pixel is left overlaps nothing.
        overlap = np.vstack([overlap, np.zeros_like(overlap[:1])])[rows]
        self._count(gt, pred, overlap, void)

    def _true_segments(
        self, truth: Mapping[str, Any], gt_map: np.ndarray, gt_ids: np.ndarray
    ) -> tuple[Segments, np.ndarray]:
        """The true segments, and the place of each in ``gt_ids``; its length if it is not there."""
        listed: Sequence[Mapping[str, Any]] | None = truth.get("segments_info")
        if listed is None:
            rows = np.flatnonzero(gt_ids % INSTANCE_OFFSET < self.num_classes)
            areas = np.bincount(gt_map.ravel())[gt_ids[rows]]
            labels = gt_ids[rows] % INSTANCE_OFFSET
            return Segments(labels, areas, np.zeros(len(rows), bool)), rows
        places = {int(id_): row for row, id_ in enumerate(gt_ids)}
        rows = np.array([places.get(item["id"], len(gt_ids)) for item in listed], dtype=np.intp)
        return Segments(
            labels=np.array([item["label"] for item in listed], dtype=np.int64),
            areas=np.array([item["area"] for item in listed], dtype=np.int64),
            crowd=np.array([item["is_crowd"] for item in listed], dtype=bool),
        ), rows

    def _count(self, gt: Segments, pred: Segments, overlap: np.ndarray, void: np.ndarray) -> None:
        """Add the matches of one image.

        Args:
            gt: The n true segments.
            pred: The m predicted ones.
            overlap: Common pixels, (n, m).
            void: Void pixels of each predicted segment, (m,).
        """
        same_class = gt.labels[:, None] == pred.labels
        union = gt.areas[:, None] + pred.areas - overlap - void
        iou = overlap / np.maximum(union, 1)
        matched = same_class & ~gt.crowd[:, None] & (iou > 0.5)
        ignored = void + (overlap * (same_class & gt.crowd[:, None])).sum(axis=0)
        false_positive = ~matched.any(axis=0) & ~(ignored / pred.areas > 0.5)
        false_negative = ~matched.any(axis=1) & ~gt.crowd
        rows, columns = np.nonzero(matched)
        np.add.at(self.state["tp"], gt.labels[rows], 1)
        np.add.at(self.state["iou"], gt.labels[rows], iou[rows, columns])
        np.add.at(self.state["fp"], pred.labels[false_positive], 1)
        np.add.at(self.state["fn"], gt.labels[false_negative], 1)

    def compute(self, state: State) -> dict[str, float]:
        """The nine numbers."""
        weight = state["tp"] + 0.5 * state["fp"] + 0.5 * state["fn"]
        occurs = weight > 0
        recognition = state["tp"] / np.where(occurs, weight, 1)
        segmentation = state["iou"] / np.maximum(state["tp"], 1)
        quality = state["iou"] / np.where(occurs, weight, 1)
        is_thing = np.arange(self.num_classes) < self.num_things_classes
        metrics = {}
        for suffix, group in (("", True), ("_th", is_thing), ("_st", ~is_thing)):
            chosen = occurs & group
            for name, values in (("PQ", quality), ("SQ", segmentation), ("RQ", recognition)):
                metrics[name + suffix] = float(values[chosen].mean()) if chosen.any() else np.nan
        return metrics


def _compact(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different ids of a map in order, and the place of every pixel's id among them.

    As ``np.unique`` with its inverse, without sorting the pixels: several times faster.
    """
    flat = ids.ravel().astype(np.intp)
    present = np.flatnonzero(np.bincount(flat))
    table = np.zeros(present[-1] + 1, np.intp)
    table[present] = np.arange(len(present))
    return present, table[flat]
