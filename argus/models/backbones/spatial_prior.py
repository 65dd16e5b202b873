"""Spatial prior module: a small convolutional stem that gives four maps at strides 4 to 32.

Paper: ViT-Adapter, https://arxiv.org/abs/2205.08534, section 3.3; Argus puts GroupNorm where
BatchNorm stood, so that no sample depends on its batch.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from argus.layers.norm import build_norm2d


class SpatialPriorModule(nn.Module):
    """Image to F0 as a map and F1, F2, F3 as tokens.

    Args:
        embed_dim: C, channels of the four maps.
        conv_inplane: Channels of the stem; the later maps have 2 and 4 times as many inside.
        norm: ``GN``, ``BN`` or ``SyncBN``.
        norm_groups: Groups of GN, or groups by width.
    """

    def __init__(
        self,
        embed_dim: int,
        conv_inplane: int = 64,
        norm: str = "GN",
        norm_groups: int | Mapping[int, int] = 32,
    ) -> None:
        super().__init__()
        width = conv_inplane

        def conv(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
            return [
                nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
                build_norm2d(norm, outputs, norm_groups),
                nn.ReLU(inplace=True),
            ]

        self.stem = nn.Sequential(
            *conv(3, width, 2),
            *conv(width, width, 1),
            *conv(width, width, 1),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.conv2 = nn.Sequential(*conv(width, 2 * width, 2))
        self.conv3 = nn.Sequential(*conv(2 * width, 4 * width, 2))
        self.conv4 = nn.Sequential(*conv(4 * width, 4 * width, 2))
        self.fc1 = nn.Conv2d(width, embed_dim, 1)
        self.fc2 = nn.Conv2d(2 * width, embed_dim, 1)
        self.fc3 = nn.Conv2d(4 * width, embed_dim, 1)
        self.fc4 = nn.Conv2d(4 * width, embed_dim, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Run on normalised images (B, 3, H, W).

        Returns:
            F0 (B, C, H/4, W/4) and the tokens of F1, F2, F3: (B, H/8 * W/8, C), (B, H/16 * W/16,
            C), (B, H/32 * W/32, C), row by row.
        """
        stride4 = self.stem(images)
        stride8 = self.conv2(stride4)
        stride16 = self.conv3(stride8)
        stride32 = self.conv4(stride16)
        return (
            self.fc1(stride4),
            self.fc2(stride8).flatten(2).transpose(1, 2),
            self.fc3(stride16).flatten(2).transpose(1, 2),
            self.fc4(stride32).flatten(2).transpose(1, 2),
        )
