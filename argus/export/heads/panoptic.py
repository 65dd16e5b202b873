"""Panoptic segmentation: mmdet's ``Mask2Former`` with its fusion as a graph.

Paper: Mask2Former, https://arxiv.org/abs/2112.01527. The fusion is that of mmdet's
``MaskFormerFusionHead``, without the loop over segments: every query is a row, kept or not.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmdet.models import Mask2Former, MSDeformAttnPixelDecoder
from mmdet.structures import INSTANCE_OFFSET
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.export.heads.query_masks import with_fixed_pixel_decoder


class PanopticExport(ExportHead):
    """Segments as mmdet codes them: label + number of the thing * 1000."""

    kind: ClassVar[str] = "panoptic"
    decoders: ClassVar[tuple[type, ...]] = (Mask2Former,)

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__(task, decoder, size)
        self.head = with_fixed_pixel_decoder(decoder.panoptic_head)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        pixel_decoder = type(decoder.panoptic_head.pixel_decoder)
        if pixel_decoder is not MSDeformAttnPixelDecoder:
            return f"its pixel decoder is a {pixel_decoder.__name__}"
        modes = [n for n in ("instance_on", "semantic_on") if decoder.test_cfg.get(n)]
        if modes or not decoder.test_cfg.get("panoptic_on", True):
            return f"Mask2Former is exported with panoptic maps alone, its test_cfg has {modes}"
        return ""

    def outputs(self) -> list[Output]:
        """One map of codes, named like the task."""
        none = self.decoder.panoptic_fusion_head.num_classes
        meaning = (
            f"label + {INSTANCE_OFFSET} * number of the thing, from 1; stuff has the number 0; "
            f"{none} where there is no segment"
        )
        return [Output(self.task, ("batch", *self.size), "int32", meaning)]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        classes, masks = self.head(list(maps), [])
        masks = F.interpolate(
            masks[-1].float(), size=self.size, mode="bilinear", align_corners=False
        )
        return (fuse(classes[-1].float(), masks, self.decoder.panoptic_fusion_head),)


def fuse(class_logits: Tensor, mask_logits: Tensor, head: Any) -> Tensor:
    """Segments of all queries.

    Args:
        class_logits: (B, Q, K + 1), the last for no object.
        mask_logits: (B, Q, H, W), of the size of the answer.
        head: The ``MaskFormerFusionHead`` whose rules apply.

    Returns:
        Codes (B, H, W) int32, see :class:`PanopticExport`.
    """
    config, none = head.test_cfg, head.num_classes
    scores, labels = class_logits.softmax(-1).max(-1)  # (B, Q)
    kept = (labels != none) & (scores > config.get("object_mask_thr", 0.8))
    probability = mask_logits.sigmoid()
    # Probabilities are above -1, so queries that are not kept win no pixel from one that is.
    weight = torch.where(kept, scores, 0.0)[..., None, None]
    penalty = torch.where(kept, 0.0, 1.0)[..., None, None]
    winner = (weight * probability - penalty).argmax(1, keepdim=True)  # (B, 1, H, W)
    rows = torch.arange(scores.shape[1], device=scores.device)[:, None, None]
    visible = (winner == rows).sum((2, 3)).float()
    whole = (probability >= 0.5).sum((2, 3)).float()
    kept = kept & (visible > 0) & (whole > 0)
    kept = kept & (visible >= config.get("iou_thr", 0.8) * whole)
    is_thing = labels < head.num_things_classes
    number = (kept & is_thing).long().cumsum(1)
    code = torch.where(is_thing, labels + number * INSTANCE_OFFSET, labels)
    code = torch.where(kept, code, none)
    segments = code.gather(1, winner.flatten(1)).view_as(winner)
    if config.get("filter_low_score", False):
        segments = torch.where(probability.gather(1, winner) >= 0.5, segments, none)
    return segments[:, 0].to(torch.int32)
