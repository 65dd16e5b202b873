"""Instances: Mask DINO with its post-processing as a graph, a fixed number per picture."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.models.decoders.mask_dino import MaskDINO


class InstancesExport(ExportHead):
    """The best pairs of query and class, best first, as ``instance_results`` finds them.

    Every picture has ``max_per_image`` rows; the application drops those with a low score.
    """

    kind: ClassVar[str] = "instances"

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if not isinstance(decoder, MaskDINO):
            return "it is no MaskDINO: proposals and non-maximum suppression have no fixed size"
        modes = [name for name in ("semantic_on", "panoptic_on") if decoder.test_cfg[name]]
        if modes or not decoder.test_cfg["instance_on"]:
            return f"MaskDINO is exported with instances alone, its test_cfg has {modes}"
        return ""

    @property
    def num_kept(self) -> int:
        """Rows per picture."""
        decoder = self.decoder
        most = int(decoder.head.num_queries * decoder.num_things_classes)
        return min(int(decoder.test_cfg["max_per_image"]), most)

    def outputs(self) -> list[Output]:
        """Boxes, scores, labels and masks."""
        rows = ("batch", self.num_kept)
        task = self.task
        return [
            Output(f"{task}_boxes", (*rows, 4), "float32", "x1, y1, x2, y2, pixels of the input"),
            Output(f"{task}_scores", rows, "float32", "in [0, 1], best first"),
            Output(f"{task}_labels", rows, "int64", "index into classes"),
            Output(f"{task}_masks", (*rows, *self.size), "bool", "true inside"),
        ]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        decoder, (height, width) = self.decoder, self.size
        # No picture of the batch is padded.
        ratios = torch.ones_like(maps[0][:, 0, 0, :2], dtype=torch.float32)
        encoded = decoder.pixel_encoder(maps, ratios, is_padded=False)
        output = decoder.head(encoded)
        decoded = output.decoded
        num_classes = decoder.num_things_classes
        scores = decoded.class_logits[-1, :, :, :num_classes].float().sigmoid()
        scores, index = scores.flatten(1).topk(self.num_kept, dim=1)
        query = index // num_classes
        # Only the masks that are kept are made.
        embeds = _rows(decoded.mask_embeds[-1], query)
        with torch.autocast(embeds.device.type, enabled=False):
            masks = torch.einsum("bqd,bdhw->bqhw", embeds, output.mask_features)
        masks = F.interpolate(masks, size=self.size, mode="bilinear", align_corners=False)
        positive = masks > 0
        if not decoder.test_cfg["focus_on_box"]:
            inside = torch.where(positive, masks.sigmoid(), 0.0).sum((2, 3))
            scores = scores * (inside / (positive.float().sum((2, 3)) + 1e-6))
        boxes = bbox_cxcywh_to_xyxy(_rows(decoded.boxes[-1], query).float()).clamp(0, 1)
        boxes = boxes * boxes.new_tensor([width, height, width, height])
        scores, order = scores.topk(self.num_kept, dim=1)
        # One index for all pictures: an index per pixel would be eight times the masks.
        picture = torch.arange(order.shape[0], device=order.device)[:, None] * self.num_kept
        return (
            _rows(boxes, order),
            scores,
            (index % num_classes).gather(1, order),
            positive.flatten(0, 1)[picture + order],
        )


def _rows(values: Tensor, index: Tensor) -> Tensor:
    """Rows ``index`` (B, N) of ``values`` (B, Q, C)."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))
