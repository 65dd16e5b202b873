"""Masks of the boxes that queries predict: a mask head on regions of the encoder's pyramid.

Source: Co-DETR (Zong et al., ICCV 2023), https://arxiv.org/abs/2211.12860, and configs that are
published with it (Sense-X/Co-DETR): Co-DINO-Inst, which takes the boxes of the last decoder layer
as regions in training and testing and weighs the loss of the masks as those of the auxiliary heads;
and Co-Deformable-DETR-Mask for the head, Mask R-CNN's four convolutions and 28 x 28 masks.

What was changed: nothing of these two, but Co-DINO-Inst has another head, RefineMask with mask
scoring and a boundary loss, whose code was not published with its config; it is not here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from argus.registry import MODELS


@MODELS.register_module()
class QueryMaskBranch(StandardRoIHead):
    """A mask head without a box head.

    Args:
        mask_roi_extractor: Config of mmdet's extractor of regions.
        mask_head: Config of mmdet's ``FCNMaskHead``, or of one with its interface.
        train_cfg: ``assigner`` and ``sampler`` of the boxes that train, and ``mask_size`` (pixels
            of a target's side).
        test_cfg: ``mask_thr_binary``, the probability from which a pixel belongs to an object.
        init_cfg: See mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        *,
        mask_roi_extractor: Mapping[str, Any],
        mask_head: Mapping[str, Any],
        train_cfg: Mapping[str, Any],
        test_cfg: Mapping[str, Any],
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            mask_roi_extractor=mask_roi_extractor,
            mask_head=mask_head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            init_cfg=init_cfg,
        )

    def loss_of_boxes(
        self, maps: Sequence[Tensor], boxes: Sequence[Tensor], samples: Sequence[DetDataSample]
    ) -> dict[str, Tensor]:
        """Loss of the masks of boxes that lie on objects, and of the objects' own boxes.

        Args:
            maps: Pyramid (B, C, h, w).
            boxes: Per image (Q, 4), xyxy pixels of the input.
            samples: With ``gt_instances``, which have ``masks``, and ``ignored_instances``.

        Returns:
            ``loss_mask``; zero, and connected to the head, where no box lies on an object.
        """
        objects, ignored, _ = unpack_gt_instances(list(samples))
        sampled = []
        for predicted, truth, others in zip(boxes, objects, ignored, strict=True):
            proposals = InstanceData(priors=predicted)
            assigned = self.bbox_assigner.assign(proposals, truth, others)
            sampled.append(self.bbox_sampler.sample(assigned, proposals, truth))
        losses: dict[str, Tensor] = self.mask_loss(tuple(maps), sampled, None, objects)["loss_mask"]
        return losses
