"""One-stage detectors with a prediction per place: RTMDet, ATSS, FCOS, RetinaNet and the like.

The steps are those of mmdet's ``BaseDenseHead``, for all pictures of a batch at once. RTMDet-Ins
(https://arxiv.org/abs/2212.07784) makes a mask of every box that stays by small convolutions whose
weights it predicts.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmdet.models import SingleStageDetector
from mmdet.models.dense_heads import RTMDetInsHead
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from torch import Tensor

from argus.export.heads.boxes import BoxesExport, gather_rows
from argus.export.heads.level_candidates import (
    level_candidates,
    num_places,
    per_place,
    wide_enough,
)
from argus.export.heads.suppression import suppress, why_not

_OWN_STEPS = ("predict", "predict_by_feat", "_predict_by_feat_single", "_bbox_post_process")


class DenseDetectorExport(BoxesExport):
    """Candidates of every level, boxes, suppression; of RTMDet-Ins masks."""

    decoders: ClassVar[tuple[type, ...]] = (SingleStageDetector,)

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__(task, decoder, size)
        self.has_masks = isinstance(decoder.bbox_head, RTMDetInsHead)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        head = decoder.bbox_head
        name = type(head).__name__
        if getattr(decoder, "with_mask", False) or type(decoder).predict not in _PREDICTS:
            return f"a {type(decoder).__name__} predicts in its own way, which is not exported"
        if not isinstance(head, RTMDetInsHead):
            own = [s for s in _OWN_STEPS if getattr(type(head), s, None) is not _of_base(s)]
            if own:
                return f"its head {name} has steps of its own ({', '.join(own)})"
        if getattr(head.loss_cls, "custom_cls_channels", False):
            return f"its loss {type(head.loss_cls).__name__} reads scores in its own way"
        return why_not((head.test_cfg or {}).get("nms"))

    @property
    def num_kept(self) -> int:
        """Rows per picture."""
        head = self.decoder.bbox_head
        places = sum(num_places(head.prior_generator, self.size))
        most = places * head.num_base_priors * head.num_classes
        return int(min(head.test_cfg["max_per_img"], most))

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        head = self.decoder.bbox_head
        found = head(self.decoder.extract_feat(tuple(maps)))
        mask_feature = None
        if self.has_masks:
            classes, boxes, kernels, mask_feature = found
            extra: Sequence[Any] = kernels
        else:
            classes, boxes, *factors = found
            extra = factors[0] if factors else [None] * len(classes)
        scores, labels, candidates, priors, kept_extra = self._candidates(classes, boxes, extra)
        config = head.test_cfg
        scores = wide_enough(scores, candidates, config)
        num = min(self.num_kept, scores.shape[1])
        scores, index = suppress(candidates, scores, labels, config=config["nms"], num=num)
        answers = [gather_rows(candidates, index), scores, labels.gather(1, index)]
        if mask_feature is not None:
            assert kept_extra is not None
            masks = dynamic_masks(
                head, mask_feature, gather_rows(kept_extra, index), gather_rows(priors, index)
            )
            stride = head.prior_generator.strides[0][0]
            masks = F.interpolate(masks, scale_factor=stride, mode="bilinear")
            height, width = self.size
            answers.append(masks[..., :height, :width].sigmoid() > config["mask_thr_binary"])
        return tuple(answers)

    def _candidates(
        self, classes: Sequence[Tensor], boxes: Sequence[Tensor], extra: Sequence[Any]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]:
        """Scores and labels (B, N), boxes and priors (B, N, 4 or 2), kernels of masks (B, N, P)."""
        head = self.decoder.bbox_head
        is_kernel = self.has_masks
        grids = [level.shape[-2:] for level in classes]
        all_priors = head.prior_generator.grid_priors(
            grids,
            dtype=torch.float32,
            device=classes[0].device,
            **(dict(with_stride=True) if is_kernel else {}),
        )
        parts: list[tuple[Tensor, ...]] = []
        for logits, deltas, other, priors in zip(classes, boxes, extra, all_priors, strict=True):
            points = priors[:, :2] if is_kernel else priors
            found = level_candidates(head, logits, deltas, points, size=self.size)
            row = [found.scores, found.labels, found.boxes, priors[found.places]]
            if is_kernel:
                kernels = per_place(other, head.num_gen_params).float()
                row.append(gather_rows(kernels, found.places))
            elif other is not None:  # centreness, or how well the box fits
                fits = per_place(other, 1)[..., 0].float().sigmoid()
                row[0] = found.scores * fits.gather(1, found.places)
            parts.append(tuple(row))
        joined = [torch.cat(column, 1) for column in zip(*parts, strict=True)]
        scores, labels, decoded, priors = joined[:4]
        return scores, labels, decoded, priors, joined[4] if is_kernel else None


def dynamic_masks(head: Any, feature: Tensor, kernels: Tensor, priors: Tensor) -> Tensor:
    """Logits of masks, as mmdet's ``RTMDetInsHead`` computes them for one picture.

    Args:
        head: The head.
        feature: (B, C, h, w).
        kernels: (B, N, P), weights and biases of the layers one after the other.
        priors: (B, N, 4), place in pixels and stride twice.

    Returns:
        (B, N, h, w).
    """
    height, width = feature.shape[-2:]
    places = head.prior_generator.single_level_grid_priors(
        (height, width), level_idx=0, device=feature.device
    ).float()  # (h w, 2)
    relative = priors[:, :, None, :2] - places  # (B, N, h w, 2)
    relative = (relative / (priors[:, :, None, 2:3] * 8)).transpose(2, 3)
    shared = feature.float().flatten(2)[:, None].expand(-1, priors.shape[1], -1, -1)
    x = torch.cat([relative, shared], 2)  # (B, N, C + 2, h w)
    numbers = kernels.split([*head.weight_nums, *head.bias_nums], dim=2)
    layers = len(head.weight_nums)
    for layer, (weight, bias) in enumerate(zip(numbers[:layers], numbers[layers:], strict=True)):
        weight = weight.unflatten(2, (bias.shape[2], -1))
        x = weight @ x + bias[..., None]
        if layer < layers - 1:
            x = x.relu()
    return x[:, :, 0].unflatten(2, (height, width))


def _of_base(step: str) -> Any:
    return getattr(BaseDenseHead, step)


_PREDICTS = (SingleStageDetector.predict,)
