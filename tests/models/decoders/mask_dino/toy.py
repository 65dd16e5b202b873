"""A Mask DINO of toy size, a backbone of ten lines, and pictures of rectangles and discs."""

from typing import Any

import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)
from argus.models.decoders.mask_dino.structures import Targets
from argus.models.decoders.mask_dino.targets import collect_targets

WIDTH = 16


class ToyBackbone(nn.Module):
    """Four maps of strides 4 to 32, or the maps themselves."""

    def __init__(self) -> None:
        super().__init__()
        strides = (4, 2, 2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(WIDTH if i else 3, WIDTH, 2 * s - 1, s, s - 1),
                nn.GroupNorm(4, WIDTH),
                nn.ReLU(),
            )
            for i, s in enumerate(strides)
        )

    def forward(self, inputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if isinstance(inputs, tuple):
            return inputs
        maps = []
        for stage in self.stages:
            inputs = stage(inputs)
            maps.append(inputs)
        return tuple(maps)


def build(
    *,
    num_things_classes: int = 3,
    num_stuff_classes: int = 0,
    test_cfg: dict[str, Any] | None = None,
    encoder: dict[str, Any] | None = None,
    head: dict[str, Any] | None = None,
    criterion: dict[str, Any] | None = None,
    seed: int = 0,
) -> MaskDINO:
    """The model with random weights; the dictionaries change single values."""
    torch.manual_seed(seed)
    return MaskDINO(
        backbone=dict(type=ToyBackbone),
        pixel_encoder=dict(
            type=MaskDINOPixelEncoder,
            **{
                **dict(in_channels=[WIDTH] * 4, embed_dim=16, mask_dim=16, num_layers=1),
                **dict(num_heads=2, num_points=2, ffn_dim=32, norm_groups=4),
                **(encoder or {}),
            },
        ),
        head=dict(
            type=MaskDINOHead,
            **{
                **dict(num_queries=12, num_layers=2, num_heads=2, num_points=2, ffn_dim=32),
                **dict(num_denoising=8),
                **(head or {}),
            },
        ),
        criterion=dict(type=MaskDINOCriterion, **{**dict(num_points=64), **(criterion or {})}),
        num_things_classes=num_things_classes,
        num_stuff_classes=num_stuff_classes,
        test_cfg=test_cfg,
    )


def perturb(model: nn.Module, scale: float = 0.1, seed: int = 1) -> None:
    """Move every parameter off its initial value, so that no zero hides a dependence."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += scale * torch.randn(parameter.shape, generator=generator)


def picture(num_objects: int, size: tuple[int, int], seed: int) -> tuple[Tensor, InstanceData]:
    """An image (3, H, W) with rectangles (class 0) and discs (class 1), and its instances."""
    generator = torch.Generator().manual_seed(seed)
    height, width = size
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    image = 0.1 * torch.randn(3, height, width, generator=generator)
    labels, masks = [], []
    for i in range(num_objects):
        cx, cy, r, a = torch.rand(4, generator=generator).tolist()
        radius = (0.15 + 0.1 * r) * min(size)
        cx, cy = radius + cx * (width - 2 * radius), radius + cy * (height - 2 * radius)
        if i % 2:
            mask = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
        else:
            mask = ((x - cx).abs() < radius) & ((y - cy).abs() < radius * (0.5 + 0.5 * a))
        image[:, mask] = 2 * torch.randn(3, 1, generator=generator)
        masks = [m & ~mask for m in masks] + [mask]
        labels.append(i % 2)
    kept = [i for i, m in enumerate(masks) if m.any()]
    bitmaps = torch.stack([masks[i] for i in kept]) if kept else torch.zeros(0, *size).bool()
    boxes = [
        [m.any(0).nonzero().min(), m.any(1).nonzero().min()]
        + [m.any(0).nonzero().max() + 1, m.any(1).nonzero().max() + 1]
        for m in bitmaps
    ]
    return image, InstanceData(
        labels=torch.tensor([labels[i] for i in kept], dtype=torch.long),
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        masks=bitmaps,
    )


def batch(
    counts: list[int], sizes: list[tuple[int, int]] | None = None, seed: int = 0
) -> tuple[Tensor, list[DetDataSample]]:
    """Images padded to one shape and their samples; ``counts`` are objects per image."""
    sizes = sizes or [(64, 64)] * len(counts)
    height, width = (-(-max(values) // 32) * 32 for values in zip(*sizes, strict=True))
    images, samples = torch.zeros(len(counts), 3, height, width), []
    for i, (count, size) in enumerate(zip(counts, sizes, strict=True)):
        image, instances = picture(count, size, seed + i)
        images[i, :, : size[0], : size[1]] = image
        sample = DetDataSample(
            metainfo=dict(img_shape=size, ori_shape=size, batch_input_shape=(height, width))
        )
        sample.gt_instances = instances
        samples.append(sample)
    return images, samples


def targets_of(
    samples: list[DetDataSample], *, num_things_classes: int = 3, num_stuff_classes: int = 0
) -> Targets:
    """The padded ground truth of samples, boxes relative to the images."""
    return collect_targets(
        samples,
        canvases=[sample.metainfo["img_shape"] for sample in samples],
        batch_shape=samples[0].metainfo["batch_input_shape"],
        device=torch.device("cpu"),
        num_things_classes=num_things_classes,
        num_stuff_classes=num_stuff_classes,
    )
