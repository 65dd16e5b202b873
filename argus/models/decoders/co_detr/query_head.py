"""Query head of Co-DINO: mmdet's DINO head, with the loss of positive queries and soft-NMS.

Paper: Co-DETR, https://arxiv.org/abs/2211.12860, equation 5; DINO, https://arxiv.org/abs/2203.03605.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.ops import batched_nms
from mmdet.models.dense_heads import DETRHead, DINOHead
from mmdet.models.layers import inverse_sigmoid
from mmengine.structures import InstanceData
from torch import Tensor

from argus.registry import MODELS

from .positives import PositiveQueries


@MODELS.register_module()
class CoDINOHead(DINOHead):
    """Class and box of every query: arguments of mmdet's ``DINOHead``.

    ``test_cfg`` may have ``nms``, the config of mmcv's ``batched_nms`` over the chosen boxes.
    """

    def loss_positives(
        self,
        hidden_states: Tensor,
        references: list[Tensor],
        positives: PositiveQueries,
        metas: Sequence[Mapping[str, Any]],
    ) -> dict[str, Tensor]:
        """Losses of one group of positive queries after every decoder layer.

        Args:
            hidden_states: (L, B, Q, C).
            references: L + 1 boxes (B, Q, 4), those of the start first.
            positives: The queries.
            metas: Per image, with ``img_shape``.

        Returns:
            Named as those of the matched queries: ``loss_cls``, ``d0.loss_cls`` and so on.
        """
        class_logits, boxes = self(hidden_states, references)
        losses: dict[str, Tensor] = DETRHead.loss_by_feat(
            self, class_logits, boxes, positives, list(metas)
        )
        return losses

    def last_boxes(self, hidden_states: Tensor, references: Sequence[Tensor]) -> Tensor:
        """The boxes that :meth:`predict` chooses from, without those of the layers before.

        Args:
            hidden_states: (L, B, Q, C).
            references: L + 1 boxes (B, Q, 4), those of the start first.

        Returns:
            (B, Q, 4): centre and size, as shares of the image.
        """
        last = len(hidden_states) - 1
        offsets: Tensor = self.reg_branches[last](hidden_states[last])
        boxes: Tensor = (offsets + inverse_sigmoid(references[last])).sigmoid()
        return boxes

    def get_targets(
        self,
        cls_scores_list: list[Tensor],
        bbox_preds_list: list[Tensor],
        batch_gt_instances: list[InstanceData] | PositiveQueries,
        batch_img_metas: list[dict[str, Any]],
    ) -> tuple[Any, ...]:
        """Targets by matching; positive queries know theirs."""
        if isinstance(batch_gt_instances, PositiveQueries):
            return batch_gt_instances.as_targets()
        targets: tuple[Any, ...] = super().get_targets(
            cls_scores_list, bbox_preds_list, batch_gt_instances, batch_img_metas
        )
        return targets

    def _predict_by_feat_single(
        self,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict[str, Any],
        rescale: bool = True,
    ) -> InstanceData:
        """Results of an image, best first."""
        results = super()._predict_by_feat_single(cls_score, bbox_pred, img_meta, rescale)
        nms = self.test_cfg.get("nms")
        if nms is None or len(results) == 0:
            return results
        scored, kept = batched_nms(results.bboxes, results.scores, results.labels, nms)
        results = results[kept]
        results.scores = scored[:, -1]  # soft-NMS lowers them
        return results
