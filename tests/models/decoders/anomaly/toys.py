"""Small pictures with and without a defect, and a hand-made backbone that tells them apart."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import nn

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import AnomalyDetector, DensePreprocessor, DRAEMHead, SimpleNetHead
from argus.structures import DenseSample

SIZE = 64
CATEGORIES = ("stripes", "noise")
CHANNELS = 24


class HandMade(nn.Module):
    """Frozen: random rectified mixtures of the means and deviations of colour in square cells."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("mix", torch.randn(CHANNELS, 6, generator=generator))
        self.register_buffer("shift", torch.randn(CHANNELS, 1, 1, generator=generator))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps = []
        for stride in (4, 8, 16, 32):
            mean = F.avg_pool2d(images, stride)
            square = F.avg_pool2d(images**2, stride)
            deviation = (square - mean**2).clamp(min=1e-6).sqrt()
            parts = torch.cat([mean, deviation], dim=1)
            maps.append((torch.einsum("bchw,dc->bdhw", parts, self.mix) + self.shift).relu())
        return tuple(maps)


def picture(category: str, seed: int, *, defect: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Image (3, H, W) uint8 and mask (1, H, W) uint8; a defect is a square of another colour."""
    generator = torch.Generator().manual_seed(seed)
    if category == "stripes":
        shift = int(torch.randint(0, 16, (), generator=generator))
        row = ((torch.arange(SIZE) + shift) // 8 % 2) * 90.0 + 60
        image = row.expand(3, SIZE, SIZE).clone()
    else:
        image = torch.full((3, SIZE, SIZE), 120.0)
    image += torch.randn(3, SIZE, SIZE, generator=generator) * 8
    mask = torch.zeros(1, SIZE, SIZE, dtype=torch.uint8)
    if defect:
        top, left = torch.randint(8, SIZE - 24, (2,), generator=generator).tolist()
        mask[:, top : top + 14, left : left + 14] = 1
        image = torch.where(mask > 0, torch.tensor([210.0, 40.0, 60.0])[:, None, None], image)
    return image.clamp(0, 255).to(torch.uint8), mask


def sample(category: str, mask: torch.Tensor | None = None, **meta: object) -> DenseSample:
    shape = (SIZE, SIZE)
    found = DenseSample(
        metainfo=dict(category=category, ori_shape=shape, img_shape=shape, img_path="x.png") | meta
    )
    if mask is not None:
        found.gt_anomaly_map = PixelData(data=mask)
        found.gt_anomaly = int(mask.any())
    return found


def batch(entries: Sequence[tuple[str, int, bool]]) -> dict:
    """A collated batch of (category, seed, defective)."""
    inputs, samples = [], []
    for category, seed, defect in entries:
        image, mask = picture(category, seed, defect=defect)
        inputs.append(image)
        samples.append(sample(category, mask))
    return dict(inputs=inputs, data_samples=samples)


def detector(head: dict, **changes: object) -> dict:
    """Config of a detector over :class:`HandMade`."""
    return (
        dict(
            type=AnomalyDetector,
            data_preprocessor=dict(
                type=DensePreprocessor, mean=[127.5] * 3, std=[64.0] * 3, size_divisor=32
            ),
            backbone=dict(type=SharedBackbone),
            categories=CATEGORIES,
            head=head,
        )
        | changes
    )


SIMPLENET = dict(
    type=SimpleNetHead,
    in_channels=[CHANNELS, CHANNELS],
    hidden_channels=32,
    noise_std=1.0,
    statistics_images=16,
)
DRAEM = dict(
    type=DRAEMHead,
    in_channels=[CHANNELS] * 4,
    channels=16,
    norm_cfg=dict(type="GN", num_groups=4),
    score_window=5,
)
