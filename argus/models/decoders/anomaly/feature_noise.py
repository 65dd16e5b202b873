"""SimpleNet's head: tell features of flawless patches from the same features with noise.

Source: "SimpleNet: A Simple Network for Image Anomaly Detection and Localization" (Liu et al., CVPR
2023) and its published code for what the paper leaves open.

What was changed: LayerNorm stands where the discriminator has BatchNorm, which would let a sample
depend on its batch-mates; the noise is relative to the deviation of the picture's adapted features,
so that the adaptor cannot make the task easy by shrinking them; features are standardised first
(see ``patch_features``). All of it runs in float32: bfloat16 rounds by a third of the noise.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
import torchvision.transforms.v2.functional as TF
from torch import Tensor, nn

from argus.models.decoders.anomaly.head import AnomalyHead
from argus.models.decoders.anomaly.patch_features import ChannelStandardizer, PatchFeatures
from argus.registry import MODELS
from argus.structures import DenseSample

_FINEST_STRIDE = 4


@MODELS.register_module()
class SimpleNetHead(AnomalyHead):
    """Linear adaptor and discriminator over patch features.

    Args:
        in_channels: Channels of the chosen levels.
        in_index: Their indices among the backbone's maps, the finest first; by default the maps of
            stride 8 and 16.
        hidden_channels: Width of the discriminator.
        noise_std: Deviation of the noise, relative to that of the features.
        margin: Of the hinge loss.
        blur_sigma: Of the Gaussian that smooths the anomaly map, in pixels of the network's input;
            0 for none.
        statistics_images: Pictures that set the standardisation of the features.
        init_cfg: See mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        *,
        in_index: Sequence[int] = (1, 2),
        hidden_channels: int = 1024,
        noise_std: float = 0.015,
        margin: float = 0.5,
        blur_sigma: float = 4.0,
        statistics_images: int = 200,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.noise_std = noise_std
        self.margin = margin
        self.blur_sigma = blur_sigma
        self.patches = PatchFeatures(in_channels, in_index)
        width = self.patches.out_channels
        self.standardizer = ChannelStandardizer(width, statistics_images)
        self.adaptor = nn.Linear(width, width)
        self.discriminator = nn.Sequential(
            nn.Linear(width, hidden_channels),
            nn.LayerNorm(hidden_channels),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden_channels, 1, bias=False),
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)

    def loss(self, maps: Sequence[Tensor], samples: Sequence[DenseSample]) -> dict[str, Tensor]:
        """Hinge loss of real and noisy features; see the base class. ``samples`` are not read."""
        with torch.autocast(maps[0].device.type, enabled=False):
            real = self._adapted(maps)
            deviation = real.detach().std(dim=(1, 2, 3), keepdim=True)
            noisy = real + torch.randn_like(real) * (self.noise_std * deviation)
            loss_real = F.relu(self.margin - self.discriminator(real)).mean()
            loss_noisy = F.relu(self.margin + self.discriminator(noisy)).mean()
        return {"loss_real": loss_real, "loss_noisy": loss_noisy}

    def predict(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """See the base class. The score is the maximum over the patches, before the blur."""
        with torch.autocast(maps[0].device.type, enabled=False):
            patches = -self.discriminator(self._adapted(maps)).squeeze(-1)  # (B, h, w)
            height, width = (side * _FINEST_STRIDE for side in maps[0].shape[-2:])
            smooth = F.interpolate(
                patches[:, None], size=(height, width), mode="bilinear", align_corners=False
            )
            if self.blur_sigma > 0:
                # Cut off at four deviations, as scipy's gaussian_filter.
                reach = min(int(4 * self.blur_sigma + 0.5), min(height, width) - 1)
                smooth = TF.gaussian_blur(smooth, [2 * reach + 1] * 2, [self.blur_sigma] * 2)
        return patches.flatten(1).amax(dim=1), smooth[:, 0]

    def _adapted(self, maps: Sequence[Tensor]) -> Tensor:
        features = self.patches([feature_map.float() for feature_map in maps])
        return self.adaptor(self.standardizer(features))
