"""Backbones, networks, samples and heads of a few lines for the dense decoders' tests."""

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import nn

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import (
    BinDepthHead,
    BoundaryHead,
    DenseEstimator,
    DensePreprocessor,
    DepthHead,
    DPTNetwork,
    NormalsHead,
    SaliencyHead,
    UPerNetwork,
)
from argus.models.foreign import build_decoder
from argus.models.losses import (
    BalancedBCELoss,
    BalancedCELoss,
    GradientMatchingLoss,
    NormalsL1Loss,
    SILogLoss,
)
from argus.structures import DenseSample

PREPROCESS = dict(mean=[127.5] * 3, std=[127.5] * 3)
SILOG = dict(type=SILogLoss, warmup_steps=2)
GRADIENT = dict(type=GradientMatchingLoss, loss_weight=0.5)
DPT = dict(type=DPTNetwork, in_channels=(8,) * 4, channels=16, hidden_channels=8)
UPER = dict(
    type=UPerNetwork,
    in_channels=[8] * 4,
    channels=8,
    pool_scales=(1, 2),
    norm_cfg=dict(type="GN", num_groups=2),
)
HEADS = dict(
    depth=dict(
        type=DepthHead,
        network=DPT | dict(initial_output=2.0),
        max_depth=10.0,
        loss=SILOG,
        gradient_loss=GRADIENT,
    ),
    bin_depth=dict(type=BinDepthHead, network=DPT, num_bins=16, max_depth=10.0, loss=SILOG),
    boundary=dict(type=BoundaryHead, network=UPER, loss=dict(type=BalancedBCELoss)),
    normals=dict(type=NormalsHead, network=UPER, loss=dict(type=NormalsL1Loss)),
    saliency=dict(type=SaliencyHead, network=DPT, loss=dict(type=BalancedCELoss)),
)


class IdentityMaps(nn.Module):
    """A backbone whose maps are the image itself, so that padding and resizing are exact."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (images,) * 4


class PointNetwork(nn.Module):
    """A network without neighbourhood: one 1x1 convolution of the finest map."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, out_channels, 1)
        generator = torch.Generator().manual_seed(0)
        self.conv.weight.data = torch.randn(self.conv.weight.shape, generator=generator)

    def forward(self, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return self.conv(maps[0])


class LookAround(PointNetwork):
    """As above, after a lopsided horizontal filter: a mirrored image gives another output."""

    def forward(self, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
        x = maps[0] + 0.5 * F.pad(maps[0], (2, 0, 0, 0))[..., :-2]
        return self.conv(x)


def decoder(kind: str, network: type[nn.Module] | None = None, **changes) -> dict:
    """Config of a dense decoder at toy width, or with a network of its own."""
    head = HEADS[kind] | (dict(network=dict(type=network)) if network else {})
    return (
        dict(
            type=DenseEstimator,
            data_preprocessor=dict(type=DensePreprocessor, **PREPROCESS),
            backbone=dict(type=SharedBackbone),
            head=head,
        )
        | changes
    )


def estimator(
    kind: str, backbone: nn.Module, network: type[nn.Module] | None = None, **changes
) -> DenseEstimator:
    torch.manual_seed(0)
    return build_decoder(decoder(kind, network, **changes), backbone, where="test")


def images(*sizes: tuple[int, int]) -> list[torch.Tensor]:
    """Noise, dark in the left half and bright in the right one."""
    generator = torch.Generator().manual_seed(1)
    results = []
    for size in sizes:
        noise = torch.randint(0, 100, (3, *size), generator=generator, dtype=torch.uint8)
        results.append(noise + 150 * on_the_right(size).to(torch.uint8))
    return results


def on_the_right(size: tuple[int, int]) -> torch.Tensor:
    return (torch.arange(size[1]) >= size[1] // 2).expand(1, *size)


def sample(size: tuple[int, int], seed: int = 0, ori_shape=None) -> DenseSample:
    """A sample with all four labels; they differ by half, and a tenth of them is unknown."""
    generator = torch.Generator().manual_seed(seed)
    unknown = torch.rand(1, *size, generator=generator) < 0.1
    right = on_the_right(size)
    noise = torch.rand(3, *size, generator=generator)
    depth = torch.where(right, 2.0, 7.0) + noise[:1]
    normals = F.normalize(noise - right.float(), dim=0)
    labels = dict(
        gt_depth=depth.masked_fill(unknown, 0),
        gt_normals=normals.masked_fill(unknown, 0),
        gt_boundary=right.to(torch.uint8).masked_fill(unknown, 255),
        gt_saliency=right.to(torch.uint8).masked_fill(unknown, 255),
    )
    result = DenseSample(
        metainfo=dict(img_path=f"{seed}.png", img_shape=size, ori_shape=ori_shape or size)
    )
    result.set_data({name: PixelData(data=label) for name, label in labels.items()})
    return result


def batch(*sizes: tuple[int, int]) -> dict:
    return dict(
        inputs=images(*sizes), data_samples=[sample(size, i) for i, size in enumerate(sizes)]
    )
