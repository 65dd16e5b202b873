"""Instances: Mask DINO with its post-processing as a graph, a fixed number per picture."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor

from argus.export.heads.boxes import BoxesExport, gather_rows
from argus.models.decoders.mask_dino import MaskDINO


class InstancesExport(BoxesExport):
    """The best pairs of query and class, best first, as ``instance_results`` finds them.

    Every picture has ``max_per_image`` rows; the application drops those with a low score.
    """

    decoders: ClassVar[tuple[type, ...]] = (MaskDINO,)
    has_masks = True

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
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
        embeds = gather_rows(decoded.mask_embeds[-1], query)
        with torch.autocast(embeds.device.type, enabled=False):
            masks = torch.einsum("bqd,bdhw->bqhw", embeds, output.mask_features)
        masks = F.interpolate(masks, size=self.size, mode="bilinear", align_corners=False)
        positive = masks > 0
        if not decoder.test_cfg["focus_on_box"]:
            inside = torch.where(positive, masks.sigmoid(), 0.0).sum((2, 3))
            scores = scores * (inside / (positive.float().sum((2, 3)) + 1e-6))
        boxes = bbox_cxcywh_to_xyxy(gather_rows(decoded.boxes[-1], query).float()).clamp(0, 1)
        boxes = boxes * boxes.new_tensor([width, height, width, height])
        scores, order = scores.topk(self.num_kept, dim=1)
        # One index for all pictures: an index per pixel would be eight times the masks.
        picture = torch.arange(order.shape[0], device=order.device)[:, None] * self.num_kept
        return (
            gather_rows(boxes, order),
            scores,
            (index % num_classes).gather(1, order),
            positive.flatten(0, 1)[picture + order],
        )
