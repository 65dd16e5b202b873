"""DRAEM's discriminative part: segment synthetic defects, here on the frozen backbone's features.

Source: "DRAEM - A discriminatively trained reconstruction embedding for surface anomaly detection"
(Zavrtanik et al., ICCV 2021) and its published code; the synthetic defects are painted by
``argus.datasets.transforms.SyntheticAnomaly``.

What was changed: there is no reconstructive network; the DPT decoder segments the features. A
softmax over two classes has one degree of freedom, so one logit and a sigmoid stand for it.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import bias_init_with_prob
from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss

from argus.errors import DataError
from argus.layers.wide import WideConv2d
from argus.models.decoders.anomaly.head import AnomalyHead
from argus.models.decoders.dpt.decoder import DPTDecoder
from argus.registry import MODELS
from argus.structures import DenseSample

_FINEST_STRIDE = 4


@MODELS.register_module()
class DRAEMHead(AnomalyHead):
    """A DPT decoder with one logit per pixel and the focal loss.

    Args:
        in_channels: Channels of the four levels, the finest first.
        channels: Channels of the decoder.
        norm_cfg: Norm of the decoder, for example ``dict(type="GN", num_groups=32)``; ``None`` for
            none.
        gamma: Exponent of the focal loss.
        score_window: Side, in pixels of the network's input, of the square over which the anomaly
            map is averaged before its maximum becomes the score; odd.
        init_cfg: See mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 256,
        *,
        norm_cfg: dict | None = None,
        gamma: float = 2.0,
        score_window: int = 21,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        assert score_window % 2 == 1, score_window
        self.gamma = gamma
        self.score_window = score_window
        self.trunk = DPTDecoder(in_channels, channels, norm_cfg)
        self.project = ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg)
        self.classify = WideConv2d(channels, 1, 1)  # the metric ranks pixels
        # Few pixels are defective: the prior of the focal loss (RetinaNet).
        assert self.classify.bias is not None
        nn.init.constant_(self.classify.bias, bias_init_with_prob(0.1))

    def loss(self, maps: Sequence[Tensor], samples: Sequence[DenseSample]) -> dict[str, Tensor]:
        """Focal loss, the mean over pixels and samples; see the base class.

        Raises:
            DataError: A sample has no ``gt_anomaly_map``, or one of another size than the input.
        """
        logits = self._logits(maps)
        targets = torch.stack([_target(sample, logits.shape[-2:]) for sample in samples])
        with torch.autocast(logits.device.type, enabled=False):
            # alpha < 0: no weight of the classes.
            loss = sigmoid_focal_loss(
                logits.float(), targets.float(), alpha=-1, gamma=self.gamma, reduction="mean"
            )
        return {"loss_focal": loss}

    def predict(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """See the base class. The anomaly map is a probability."""
        probability = self._logits(maps).float().sigmoid()
        window = self.score_window
        averaged = F.avg_pool2d(probability[:, None], window, stride=1, padding=window // 2)
        return averaged.flatten(1).amax(dim=1), probability

    def _logits(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps to logits (B, H, W) at the size of the network's input."""
        logits = self.classify(self.project(self.trunk(maps)))
        size = [side * _FINEST_STRIDE for side in logits.shape[-2:]]
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)[:, 0]


def _target(sample: DenseSample, size: Sequence[int]) -> Tensor:
    """The mask of a sample (H, W), of the network's input size."""
    if "gt_anomaly_map" not in sample:
        raise DataError(
            f"{sample.metainfo.get('img_path')}: no gt_anomaly_map. DRAEMHead learns from "
            "synthetic defects: put SyntheticAnomaly into the training pipeline, and "
            "fields=['anomaly_map'] into PackDense."
        )
    target = sample.gt_anomaly_map.data[0]
    if tuple(target.shape) != tuple(size):
        raise DataError(
            f"{sample.metainfo.get('img_path')}: gt_anomaly_map is {tuple(target.shape)} (height, "
            f"width), the network's input {tuple(size)}. Resize to a fixed size, multiples of 32."
        )
    return target
