"""Auxiliary heads of Co-DETR: mmdet's ATSS and Faster R-CNN, which also tell what they assigned.

Paper: Co-DETR, https://arxiv.org/abs/2211.12860, section 3.2. They read the encoder's output as a
pyramid, train it with one-to-many assignments, and are not used at test time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mmdet.models.dense_heads import ATSSHead
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures import DetDataSample
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor

from argus.registry import MODELS

Losses = dict[str, Tensor | list[Tensor]]


class AuxiliaryOutput(NamedTuple):
    """What an auxiliary head gives in training."""

    losses: Losses
    """By name; names of losses have ``loss`` in them, others are for the log."""
    sampled: list[SamplingResult]
    """Per image the positive and negative boxes, xyxy pixels of the input."""


@MODELS.register_module()
class CollaborativeATSSHead(ATSSHead):
    """ATSS, one stage: arguments of mmdet's ``ATSSHead``."""

    _sampled: list[SamplingResult] | None = None

    def collaborate(
        self, maps: Sequence[Tensor], samples: Sequence[DetDataSample]
    ) -> AuxiliaryOutput:
        """Losses and assignments.

        Args:
            maps: Pyramid (B, C, h, w), one map per stride of the anchor generator.
            samples: With ``gt_instances`` and ``ignored_instances``.
        """
        sampled: list[SamplingResult] = []
        self._sampled = sampled
        losses = self.loss(tuple(maps), list(samples))
        self._sampled = None  # it would hold the anchors of this step until the next
        return AuxiliaryOutput(losses, sampled)

    def _get_targets_single(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        outputs: tuple[Any, ...] = super()._get_targets_single(*args, **kwargs)
        if self._sampled is not None:
            self._sampled.append(outputs[-1])
        return outputs


@MODELS.register_module()
class CollaborativeRoIHead(StandardRoIHead):
    """Box head on regions: arguments of mmdet's ``StandardRoIHead``."""

    _sampled: list[SamplingResult] | None = None

    def collaborate(
        self,
        maps: Sequence[Tensor],
        proposals: list[InstanceData],
        samples: Sequence[DetDataSample],
    ) -> AuxiliaryOutput:
        """Losses and assignments.

        Args:
            maps: Pyramid (B, C, h, w).
            proposals: Per image ``bboxes`` (N, 4), xyxy pixels of the input.
            samples: With ``gt_instances`` and ``ignored_instances``.
        """
        losses = self.loss(tuple(maps), proposals, list(samples))
        assert self._sampled is not None
        output = AuxiliaryOutput(losses, self._sampled)
        self._sampled = None
        return output

    def bbox_loss(
        self, x: tuple[Tensor, ...], sampling_results: list[SamplingResult]
    ) -> dict[str, Any]:
        """Loss of the boxes; notes what was sampled."""
        self._sampled = sampling_results
        results: dict[str, Any] = super().bbox_loss(x, sampling_results)
        return results


@MODELS.register_module()
class CollaborativeFasterRCNN(BaseModule):
    """Faster R-CNN, two stages.

    Args:
        rpn_head: Config of mmdet's ``RPNHead``; its ``test_cfg`` chooses the training proposals.
        roi_head: Config of :class:`CollaborativeRoIHead`.
        init_cfg: See mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        *,
        rpn_head: Mapping[str, Any],
        roi_head: Mapping[str, Any],
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.rpn_head = MODELS.build(rpn_head)
        self.roi_head = MODELS.build(roi_head)

    def collaborate(
        self, maps: Sequence[Tensor], samples: Sequence[DetDataSample]
    ) -> AuxiliaryOutput:
        """Losses of both stages, and the assignments of the second.

        Args:
            maps: Pyramid (B, C, h, w), one map per stride of the anchor generator.
            samples: With ``gt_instances`` and ``ignored_instances``.
        """
        objects = [_without_classes(sample) for sample in samples]
        rpn_losses, proposals = self.rpn_head.loss_and_predict(tuple(maps), objects)
        output = self.roi_head.collaborate(maps, proposals, samples)
        # RPNHead's own names begin with loss_rpn already.
        return AuxiliaryOutput({**rpn_losses, **output.losses}, output.sampled)


def _without_classes(sample: DetDataSample) -> DetDataSample:
    """The sample with all objects in class 0, as a region proposal network takes them."""
    objects = DetDataSample(metainfo=sample.metainfo)
    objects.gt_instances = InstanceData(
        bboxes=sample.gt_instances.bboxes,
        labels=sample.gt_instances.labels.new_zeros(len(sample.gt_instances)),
    )
    if "ignored_instances" in sample:
        objects.ignored_instances = sample.ignored_instances
    return objects
