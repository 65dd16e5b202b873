"""Instances of mmdet's ``Mask2Former``: the best pairs of query and class with their masks.

Paper: https://arxiv.org/abs/2112.01527. The choice is that of ``MaskFormerFusionHead``, whose boxes
are the bounds of the masks.
"""

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmdet.models import Mask2Former, MSDeformAttnPixelDecoder
from torch import Tensor

from argus.export.heads.boxes import BoxesExport
from argus.export.heads.pixel_decoder import FixedPixelDecoder


class QueryMasksExport(BoxesExport):
    """Of things alone: with stuff among the classes the number of rows depends on the picture."""

    decoders: ClassVar[tuple[type, ...]] = (Mask2Former,)
    has_masks = True

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__(task, decoder, size)
        self.head = with_fixed_pixel_decoder(decoder.panoptic_head)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        kind = type(decoder.panoptic_head.pixel_decoder)
        if kind is not MSDeformAttnPixelDecoder:
            return f"its pixel decoder is a {kind.__name__}"
        if decoder.num_stuff_classes:
            return "its classes have stuff among them, which instances leave out"
        if decoder.test_cfg.get("semantic_on") or not decoder.test_cfg.get("instance_on"):
            return "Mask2Former is exported with instances alone; set instance_on in its test_cfg"
        return ""

    @property
    def num_kept(self) -> int:
        """Rows per picture."""
        head = self.decoder.panoptic_head
        most = int(head.num_queries * self.decoder.num_things_classes)
        return min(int(self.decoder.test_cfg.get("max_per_image", 100)), most)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        classes, masks = self.head(list(maps), [])
        num_classes = self.decoder.num_things_classes
        scores = classes[-1].float().softmax(-1)[..., :-1]
        scores, index = scores.flatten(1).topk(self.num_kept, dim=1)
        query = index // num_classes
        rows = torch.arange(query.shape[0], device=query.device)[:, None]
        logits = F.interpolate(
            masks[-1].float()[rows, query], size=self.size, mode="bilinear", align_corners=False
        )
        inside = logits > 0
        area = inside.float().sum((2, 3))
        scores = scores * (torch.where(inside, logits.sigmoid(), 0.0).sum((2, 3)) / (area + 1e-6))
        scores, order = scores.topk(self.num_kept, dim=1)
        inside = inside[rows, order]
        return bounds(inside), scores, (index % num_classes).gather(1, order), inside


def bounds(masks: Tensor) -> Tensor:
    """Boxes (..., 4), xyxy around the pixels that are true in masks (..., H, W); 0 for none."""
    found = []
    for dim in (-2, -1):
        line = masks.any(dim).float()  # along x, then along y
        length = line.shape[-1]
        first = line.argmax(-1)
        last = length - line.flip(-1).argmax(-1)
        is_any = line.amax(-1) > 0
        found.append((torch.where(is_any, first, 0), torch.where(is_any, last, 0)))
    (x0, x1), (y0, y1) = found
    return torch.stack([x0, y0, x1, y1], -1).float()


def with_fixed_pixel_decoder(head: Any) -> Any:
    """The same modules around a pixel decoder of fixed sizes; the head itself stays as it is."""
    fixed = copy.copy(head)
    fixed._modules = dict(head._modules)
    fixed.pixel_decoder = FixedPixelDecoder(head.pixel_decoder)
    return fixed
