"""Co-DETR for instance segmentation: the detector, and a mask for each of its boxes.

Paper: Co-DETR, https://arxiv.org/abs/2211.12860. See :mod:`~.mask_branch` for what is published.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor

from argus.models.foreign import float32_outside_backbone
from argus.registry import MODELS

from .auxiliary import Losses
from .detector import CoDETR, weighted


@MODELS.register_module()
class CoDETRInstance(CoDETR):
    """Co-DETR with a mask branch on the boxes of its last decoder layer.

    Args:
        *args: Of :class:`~.detector.CoDETR`.
        mask_branch: Config of :class:`~.mask_branch.QueryMaskBranch`. Its loss is weighted as those
            of the auxiliary heads.
        **kwargs: Of :class:`~.detector.CoDETR`.
    """

    def __init__(self, *args: Any, mask_branch: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mask_branch: Any = MODELS.build(mask_branch)

    def further_losses(
        self,
        maps: Sequence[Tensor],
        decoded: Mapping[str, Any],
        num_denoising: int,
        samples: Sequence[DetDataSample],
    ) -> Losses:
        """The loss of the masks; boxes are constants to it."""
        with torch.no_grad():
            boxes = self.bbox_head.last_boxes(**decoded)[:, num_denoising:]
        pixels = [
            _to_pixels(image_boxes, sample.img_shape)
            for image_boxes, sample in zip(boxes, samples, strict=True)
        ]
        losses = self.mask_branch.loss_of_boxes(maps, pixels, samples)
        return weighted(losses, self.auxiliary_weight, "mask.")

    def predict(
        self,
        batch_inputs: Tensor | Sequence[Tensor],
        batch_data_samples: list[DetDataSample],
        rescale: bool = True,
    ) -> list[DetDataSample]:
        """Fill in ``pred_instances``, with ``masks`` (N, H, W) bool.

        Args:
            batch_inputs: Images (B, 3, H, W) or the backbone's four maps.
            batch_data_samples: With ``img_shape``, ``ori_shape``, ``batch_input_shape`` and
                ``scale_factor``.
            rescale: Give boxes and masks in pixels of the original image, otherwise of the input.
        """
        with float32_outside_backbone(self):
            features = self.extract_feat(batch_inputs)
            encoder_inputs, decoder_inputs = self.pre_transformer(features, batch_data_samples)
            encoded = self.forward_encoder(**encoder_inputs)
            queries, _ = self.pre_decoder(**encoded, batch_data_samples=batch_data_samples)
            decoded = self.forward_decoder(**decoder_inputs, **queries)
            # Regions are cut out of the input; the masks bring the boxes to the original.
            results = self.bbox_head.predict(
                **decoded, batch_data_samples=batch_data_samples, rescale=False
            )
            maps = self.pyramid(encoded["memory"], [tuple(x.shape[-2:]) for x in features])
            metas = [sample.metainfo for sample in batch_data_samples]
            results = self.mask_branch.predict_mask(tuple(maps), metas, results, rescale=rescale)
            samples: list[DetDataSample] = self.add_pred_to_datasample(batch_data_samples, results)
        return samples


def _to_pixels(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Boxes (Q, 4) of centre and size, as shares of an image (height, width), as xyxy in it."""
    height, width = shape[:2]
    corners: Tensor = bbox_cxcywh_to_xyxy(boxes).clamp(0, 1)
    return corners * corners.new_tensor([width, height, width, height])
