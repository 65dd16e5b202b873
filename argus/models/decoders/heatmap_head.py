"""Base of the heatmap heads for top-down keypoints, heads of mmpose.

Source: "ViTPose" (Xu et al., NeurIPS 2022) and mmpose for target, loss and flip test. The loss is
computed in float32 whatever the autocast. mmpose's training accuracy, which copies every heatmap to
the host, is an option and off by default.
"""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import normal_init
from mmengine.structures import InstanceData, PixelData
from mmpose.evaluation.functional import pose_pck_accuracy
from mmpose.models.heads.base_head import BaseHead
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.registry import KEYPOINT_CODECS
from mmpose.registry import MODELS as POSE_MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from argus.layers.wide import WideConv2d


class KeypointHeatmapHead(BaseHead):
    """Heatmaps at stride 4, one channel per keypoint; a subclass computes what they are made of.

    Args:
        channels: Of what :meth:`trunk_features` gives.
        out_channels: Number of keypoints.
        loss: A heatmap loss of mmpose; called with predictions and targets ``(B, K, H, W)`` and
            keypoint weights ``(B, K)``.
        decoder: The codec that turns heatmaps into keypoints, for example mmpose's ``UDPHeatmap``;
            needed for ``predict``.
        log_accuracy: Whether training reports ``acc_pose`` (PCK at 0.05 of the heatmap size). It
            costs a device synchronisation and some milliseconds per sample.
        init_cfg: See mmengine's ``BaseModule``. The default makes the first heatmaps nearly zero.
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        *,
        loss: dict,
        decoder: dict | None = None,
        log_accuracy: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.out_channels = out_channels
        self.log_accuracy = log_accuracy
        self.final_layer = WideConv2d(channels, out_channels, 1)  # the codec looks for the maximum
        normal_init(self.final_layer, std=0.001)
        self.loss_module = POSE_MODELS.build(loss)
        # ``decoder`` is the name under which mmpose's base class looks for the codec.
        self.decoder = None if decoder is None else KEYPOINT_CODECS.build(decoder)

    @abstractmethod
    def trunk_features(self, feats: Sequence[Tensor]) -> Tensor:
        """Feature maps of the backbone to ``(B, channels, H, W)`` at the size of the heatmaps."""

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Feature maps of the backbone to heatmaps ``(B, K, H, W)``."""
        return self.final_layer(self.trunk_features(feats))

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: list[PoseDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """Heatmap loss of a batch.

        Args:
            feats: Feature maps, finest first.
            batch_data_samples: Samples with ``gt_fields.heatmaps`` ``(K, H_0, W_0)`` and
                ``gt_instance_labels.keypoint_weights`` ``(1, K)``.
            train_cfg: Unused; part of mmpose's interface.

        Returns:
            ``loss_kpt`` and, if ``log_accuracy``, ``acc_pose``.
        """
        heatmaps = self(feats)
        targets = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
        weights = torch.cat(
            [sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples]
        )
        with torch.autocast(heatmaps.device.type, enabled=False):
            heatmaps = heatmaps.float()
            losses = {"loss_kpt": self.loss_module(heatmaps, targets.float(), weights.float())}
        if self.log_accuracy:
            _, accuracy, _ = pose_pck_accuracy(
                output=heatmaps.detach().cpu().numpy(),
                target=targets.float().cpu().numpy(),
                mask=weights.cpu().numpy() > 0,
            )
            losses["acc_pose"] = heatmaps.new_tensor(accuracy)
        return losses

    def predict(
        self,
        feats: Sequence[Tensor] | list[Sequence[Tensor]],
        batch_data_samples: list[PoseDataSample],
        test_cfg: dict | None = None,
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """Keypoints of a batch, in the pixels of the network's input.

        Args:
            feats: Feature maps; with ``flip_test`` a list of two: those of the image and those of
                the mirrored image.
            batch_data_samples: Samples whose metainfo has ``flip_indices`` (for ``flip_test``).
            test_cfg: ``flip_test`` (average with the mirrored image), ``flip_mode``,
                ``shift_heatmap`` (must be off for UDP targets), ``output_heatmaps`` (also return
                the heatmaps).

        Returns:
            One ``InstanceData`` per sample with ``keypoints`` ``(1, K, 2)`` and
            ``keypoint_scores`` ``(1, K)``; with ``output_heatmaps`` also one ``PixelData`` each.
        """
        test_cfg = test_cfg or {}
        if test_cfg.get("flip_test", False):
            plain_feats, flipped_feats = feats
            flipped = flip_heatmaps(
                self(flipped_feats).float(),
                flip_mode=test_cfg.get("flip_mode", "heatmap"),
                flip_indices=batch_data_samples[0].metainfo["flip_indices"],
                shift_heatmap=test_cfg.get("shift_heatmap", False),
            )
            heatmaps = (self(plain_feats).float() + flipped) * 0.5
        else:
            heatmaps = self(feats).float()

        # One copy to the host, where the codec works, instead of one per sample.
        predictions = self.decode(heatmaps.detach().cpu())
        if test_cfg.get("output_heatmaps", False):
            return predictions, [PixelData(heatmaps=sample) for sample in heatmaps.detach()]
        return predictions
