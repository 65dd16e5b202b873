"""Detectors of two stages, Faster and Mask R-CNN: proposals, and a look at each region.

Papers: https://arxiv.org/abs/1506.01497, https://arxiv.org/abs/1703.06870. The steps are those of
``RPNHead`` and ``StandardRoIHead`` of mmdet, for all pictures of a batch at once and with the same
number of regions for each: those that suppression leaves over have the score 0.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from mmcv.ops import RoIAlign
from mmdet.models import TwoStageDetector
from mmdet.models.dense_heads import RPNHead
from mmdet.models.roi_heads import (
    BBoxHead,
    FCNMaskHead,
    SingleRoIExtractor,
    StandardRoIHead,
)
from torch import Tensor

from argus.export.heads.boxes import BoxesExport, clip_boxes, gather_rows
from argus.export.heads.level_candidates import level_candidates, num_places, wide_enough
from argus.export.heads.suppression import suppress, why_not

_BOX_STEPS = ("predict_by_feat", "_predict_by_feat_single")


class TwoStageExport(BoxesExport):
    """Proposals, their boxes and classes, suppression, and masks of what stays."""

    decoders: ClassVar[tuple[type, ...]] = (TwoStageDetector,)

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__(task, decoder, size)
        self.has_masks = bool(decoder.roi_head.with_mask)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if type(decoder).predict is not TwoStageDetector.predict:
            return f"a {type(decoder).__name__} predicts in its own way, which is not exported"
        proposer, judge = decoder.rpn_head, decoder.roi_head
        for part, kind in ((proposer, RPNHead), (judge, StandardRoIHead)):
            if type(part) is not kind:
                return f"it has a {type(part).__name__}, and a {kind.__name__} is exported"
        if judge.with_shared_head:
            return "its heads for boxes and masks share layers, which is not exported"
        return (
            _why_not_heads(judge)
            or why_not((proposer.test_cfg or {}).get("nms"))
            or why_not((judge.test_cfg or {}).get("nms"))
        )

    @property
    def num_regions(self) -> int:
        """Regions per picture that are looked at."""
        head = self.decoder.rpn_head
        most = int(head.test_cfg.get("nms_pre", -1))
        rows = [n * head.num_base_priors for n in num_places(head.prior_generator, self.size)]
        num = sum(n if most < 0 else min(n, most) for n in rows)
        return min(int(head.test_cfg["max_per_img"]), num)

    @property
    def num_kept(self) -> int:
        """Rows per picture."""
        judge = self.decoder.roi_head
        return min(int(judge.test_cfg["max_per_img"]), self._num_candidates)

    @property
    def _num_candidates(self) -> int:
        """Pairs of region and class that can be above the threshold: scores add up to at most 1."""
        judge = self.decoder.roi_head
        threshold, most = float(judge.test_cfg["score_thr"]), int(judge.bbox_head.num_classes)
        return self.num_regions * (min(most, int(1 / threshold)) if threshold > 0 else most)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        judge = self.decoder.roi_head
        features = self.decoder.extract_feat(tuple(maps))
        regions, is_region = self._proposals(features)
        scores, boxes = self._judged(features, regions)
        scores = torch.where(is_region[..., None], scores, 0.0)
        scores = torch.where(scores > judge.test_cfg["score_thr"], scores, 0.0)
        num_classes = scores.shape[-1]
        scores, index = scores.flatten(1).topk(self._num_candidates, dim=1)
        labels = index % num_classes
        boxes = gather_rows(boxes.flatten(1, 2), index)
        scores, rows = suppress(
            boxes, scores, labels, config=judge.test_cfg["nms"], num=self.num_kept
        )
        boxes, labels = gather_rows(boxes, rows), labels.gather(1, rows)
        if not self.has_masks:
            return boxes, scores, labels
        return boxes, scores, labels, self._masks(features, boxes, labels)

    def _proposals(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Boxes (B, R, 4) to look at, and which of them are any (B, R)."""
        head = self.decoder.rpn_head
        classes, deltas = head(features)
        priors = head.prior_generator.grid_priors(
            [level.shape[-2:] for level in classes], dtype=torch.float32, device=classes[0].device
        )
        levels = [
            level_candidates(head, *level, size=self.size)
            for level in zip(classes, deltas, priors, strict=True)
        ]
        boxes = torch.cat([level.boxes for level in levels], 1)
        scores = torch.cat([level.scores for level in levels], 1)
        # Levels are kept apart as classes are.
        groups = torch.cat(
            [torch.full_like(level.labels, number) for number, level in enumerate(levels)], 1
        )
        scores = wide_enough(scores, boxes, head.test_cfg)
        best, rows = suppress(
            boxes, scores, groups, config=head.test_cfg["nms"], num=self.num_regions
        )
        return gather_rows(boxes, rows), best > 0

    def _judged(self, features: Sequence[Tensor], regions: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (B, R, C) of the classes, and their boxes (B, R, C, 4)."""
        judge = self.decoder.roi_head
        head = judge.bbox_head
        cut = cut_out(judge.bbox_roi_extractor, features, regions)
        logits, deltas = head(cut)
        shape = regions.shape[:2]
        scores = logits.float().softmax(-1)[..., :-1].unflatten(0, shape)
        deltas = deltas.float().unflatten(0, shape).unflatten(-1, (-1, 4))
        num_boxes = deltas.shape[2]
        boxes = head.bbox_coder.decode(
            regions[:, :, None].expand(-1, -1, num_boxes, -1).flatten(1, 2), deltas.flatten(1, 2)
        )
        if getattr(head.bbox_coder, "clip_border", True):
            boxes = clip_boxes(boxes, self.size)
        boxes = boxes.unflatten(1, (-1, num_boxes))
        return scores, boxes.expand(-1, -1, scores.shape[-1], -1)

    def _masks(self, features: Sequence[Tensor], boxes: Tensor, labels: Tensor) -> Tensor:
        """Masks (B, K, H, W) of boxes (B, K, 4)."""
        judge = self.decoder.roi_head
        logits = judge.mask_head(cut_out(judge.mask_roi_extractor, features, boxes)).float()
        label = torch.zeros_like(labels) if judge.mask_head.class_agnostic else labels
        chosen = label.flatten()[:, None, None, None].expand(-1, 1, *logits.shape[-2:])
        masks = logits.gather(1, chosen)[:, 0].unflatten(0, boxes.shape[:2]).sigmoid()
        return pasted(masks, boxes, self.size) >= judge.test_cfg["mask_thr_binary"]


def cut_out(extractor: Any, features: Sequence[Tensor], boxes: Tensor) -> Tensor:
    """Maps (B * R, C, h, w) of regions (B, R, 4), each from the level of its size.

    On the other levels a region is a point, which costs little, and does not count.
    """
    rows = torch.arange(boxes.shape[0], device=boxes.device, dtype=boxes.dtype)[:, None, None]
    regions = torch.cat([rows.expand(-1, boxes.shape[1], -1), boxes], -1).flatten(0, 1)
    points = torch.cat([regions[:, :1], torch.zeros_like(regions[:, 1:])], -1)
    levels = extractor.map_roi_levels(regions, extractor.num_inputs)
    found: Tensor | float = 0.0
    for level, (layer, feature) in enumerate(zip(extractor.roi_layers, features, strict=False)):
        is_here = (levels == level)[:, None]
        cut = torch.ops.torchvision.roi_align(
            feature.float(),
            torch.where(is_here, regions, points),
            float(layer.spatial_scale),
            *layer.output_size,
            int(layer.sampling_ratio),
            bool(layer.aligned),
        )
        found = found + torch.where(is_here[..., None, None], cut, 0.0)
    assert isinstance(found, Tensor)
    return found


def pasted(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Masks (B, K, h, w) of boxes (B, K, 4) in pictures of (height, width): (B, K, H, W).

    Between the cells values are interpolated along y and along x, and beyond them they are 0: two
    matrix products instead of a sampling per pixel.
    """
    down = _shares(boxes[..., 1], boxes[..., 3], cells=masks.shape[-2], length=size[0])
    across = _shares(boxes[..., 0], boxes[..., 2], cells=masks.shape[-1], length=size[1])
    return down @ masks @ across.transpose(-1, -2)


def _shares(start: Tensor, end: Tensor, *, cells: int, length: int) -> Tensor:
    """(B, K, length, cells): how much of each cell a pixel has, of cells from start to end."""
    pixel = torch.arange(length, device=start.device) + 0.5
    share = (pixel - start[..., None]) / (end - start).clamp(min=1e-3)[..., None]
    place = share * cells - 0.5
    return (1 - (place[..., None] - torch.arange(cells, device=start.device)).abs()).relu()


def _why_not_heads(judge: Any) -> str:
    """What of the heads for boxes and masks is not exported; empty if nothing."""
    head = judge.bbox_head
    name = type(head).__name__
    own = [s for s in _BOX_STEPS if getattr(type(head), s, None) is not getattr(BBoxHead, s)]
    if own:
        return f"its head {name} has steps of its own ({', '.join(own)})"
    if not (head.with_cls and head.with_reg):
        return f"its head {name} gives classes or boxes alone"
    if getattr(head.loss_cls, "custom_cls_channels", False):
        return f"its loss {type(head.loss_cls).__name__} reads scores in its own way"
    extractors = [judge.bbox_roi_extractor]
    if judge.with_mask:
        if type(judge.mask_head) is not FCNMaskHead:
            return f"its masks are made by a {type(judge.mask_head).__name__}"
        if judge.test_cfg["mask_thr_binary"] < 0:
            return "its masks have no threshold (mask_thr_binary)"
        extractors.append(judge.mask_roi_extractor)
    for extractor in extractors:
        layers = {type(layer) for layer in extractor.roi_layers}
        if type(extractor) is not SingleRoIExtractor or layers != {RoIAlign}:
            return "its regions are cut out by another rule than RoIAlign of one level each"
        if any(layer.pool_mode != "avg" for layer in extractor.roi_layers):
            return "its RoIAlign takes maxima"
    return ""
