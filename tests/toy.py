"""Toys for the engine's tests: a backbone, data sets and decoders of a few lines each."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import nn
from torch.utils.data import Dataset

from argus.models.backbones import BackboneTraits

NUM_CLASSES = 3


@MODELS.register_module()
class ToyBackbone(nn.Module):
    """A frozen stem and a trained pyramid of four maps, strides 4 to 32, no normalisation."""

    base_name = "toy"

    def __init__(self, channels: int = 8, frozen_seed: int | None = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 4, 4)
        if frozen_seed is not None:
            generator = torch.Generator().manual_seed(frozen_seed)
            for parameter in self.stem.parameters():
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
                parameter.requires_grad_(False)
        self.frozen = frozen_seed is not None
        self.stages = nn.ModuleList(nn.Conv2d(channels, channels, 2, 2) for _ in range(3))

    @classmethod
    def traits_of(cls, config: dict) -> BackboneTraits:
        return BackboneTraits(channels=(config.get("channels", 8),) * 4)

    cache = None

    def freeze(self, name: str) -> None:
        self.base_name = name
        self.frozen_whole = True
        self.requires_grad_(False)

    def use_cache(self, cache) -> None:
        self.cache = cache

    def frozen_state(self) -> dict[str, torch.Tensor]:
        if getattr(self, "frozen_whole", False):
            return self.state_dict()
        if not self.frozen:
            return {}
        return {f"stem.{name}": value for name, value in self.stem.state_dict().items()}

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.maps(images) if self.cache is None else self.cache.features(images, self.maps)

    def forward_packed(self, batches: list[torch.Tensor]) -> list[tuple[torch.Tensor, ...]]:
        return [self(images) for images in batches]

    def maps(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps = [self.stem(images).relu()]
        for stage in self.stages:
            maps.append(stage(maps[-1]).relu())
        return tuple(maps)


class _ToyDataset(Dataset):
    """Pictures whose colour tells the class, the same for a number in every process."""

    METAINFO = dict(classes=("red", "green", "blue"))

    def __init__(self, length: int = 24, size: int = 32, broken: tuple[int, ...] = ()) -> None:
        self.length = length
        self.size = size
        self.broken = broken

    @property
    def metainfo(self) -> dict:
        return dict(self.METAINFO)

    def __len__(self) -> int:
        return self.length

    def get_cat_ids(self, index: int) -> list[int]:
        return [index % NUM_CLASSES]

    def picture(self, index: int) -> tuple[torch.Tensor, int]:
        if index in self.broken:
            raise OSError(f"picture {index} does not decode")
        rng = np.random.default_rng(index)
        image = rng.integers(0, 60, (3, self.size, self.size))
        image[index % NUM_CLASSES] += 120
        # Noise of the global generator stands for augmentation.
        image = image + np.random.randint(0, 20, image.shape)
        return torch.from_numpy(image.astype(np.uint8)), index % NUM_CLASSES


@DATASETS.register_module()
class ToyClassification(_ToyDataset):
    def __getitem__(self, index: int) -> dict:
        image, label = self.picture(index)
        return dict(inputs=image, data_samples=DataSample().set_gt_label(label))


@DATASETS.register_module()
class ToySegmentation(_ToyDataset):
    def __getitem__(self, index: int) -> dict:
        image, label = self.picture(index)
        return dict(inputs=image, data_samples=segmentation_sample(label, self.size))


@DATASETS.register_module()
class ToyStill(_ToyDataset):
    """Pictures without noise: every epoch shows the same pixels.

    Args:
        tasks: Whose labels a picture has; of one task the sample itself, not a dict.
        **kwargs: As the other toys.
    """

    def __init__(self, tasks: tuple[str, ...] = ("semantic",), **kwargs) -> None:
        super().__init__(**kwargs)
        self.tasks = tasks

    def __getitem__(self, index: int) -> dict:
        image = torch.full((3, self.size, self.size), 10 * index, dtype=torch.uint8)
        label = index % NUM_CLASSES
        samples = dict(
            semantic=segmentation_sample(label, self.size),
            classification=DataSample().set_gt_label(label),
        )
        chosen = {name: samples[name] for name in self.tasks}
        return dict(inputs=image, data_samples=chosen if len(chosen) > 1 else [*chosen.values()][0])


@DATASETS.register_module()
class ToyBoth(_ToyDataset):
    """Labels of two tasks on one picture; every third picture lacks the segmentation."""

    def __getitem__(self, index: int) -> dict:
        image, label = self.picture(index)
        samples = dict(classification=DataSample().set_gt_label(label))
        if index % 3:
            samples["semantic"] = segmentation_sample(label, self.size)
        return dict(inputs=image, data_samples=samples)


def segmentation_sample(label: int, size: int) -> SegDataSample:
    sample = SegDataSample(metainfo=dict(img_shape=(size, size), ori_shape=(size, size)))
    sample.gt_sem_seg = PixelData(data=torch.full((1, size, size), label))
    return sample


PREPROCESS = dict(mean=[127.5] * 3, std=[127.5] * 3)


def classification_decoder(channels: int = 8) -> dict:
    return dict(
        type="mmpretrain.ImageClassifier",
        data_preprocessor=dict(type="ClsDataPreprocessor", **PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        neck=dict(type="GlobalAveragePooling"),
        head=dict(
            type="LinearClsHead",
            num_classes=NUM_CLASSES,
            in_channels=channels,
            loss=dict(type="CrossEntropyLoss"),
        ),
    )


def semantic_decoder(channels: int = 8) -> dict:
    return dict(
        type="mmseg.EncoderDecoder",
        data_preprocessor=dict(type="SegDataPreProcessor", size=(32, 32), **PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        decode_head=dict(
            type="FCNHead",
            in_channels=channels,
            in_index=1,
            channels=channels,
            num_convs=1,
            dropout_ratio=0.0,
            num_classes=NUM_CLASSES,
            norm_cfg=dict(type="GN", num_groups=2),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode="whole"),
    )


def toy_tasks(batch_size: int = 4, workers: int = 0, **changes: dict) -> dict:
    """Two tasks of two libraries on data sets of their own."""
    tasks = dict(
        semantic=dict(
            decoder=semantic_decoder(),
            train=dict(
                dataset=dict(type="ToySegmentation"), batch_size=batch_size, num_workers=workers
            ),
            val=dict(dataset=dict(type="ToySegmentation", length=9), batch_size=2, num_workers=0),
            metrics=dict(type="mmseg.IoUMetric", iou_metrics=["mIoU"]),
            primary="mIoU",
            report=["mIoU", "aAcc"],
        ),
        classification=dict(
            decoder=classification_decoder(),
            train=dict(
                dataset=dict(type="ToyClassification"), batch_size=batch_size, num_workers=workers
            ),
            val=dict(dataset=dict(type="ToyClassification", length=9), num_workers=0),
            metrics=dict(type="mmpretrain.Accuracy"),
            primary="top1",
            paper=dict(top1=0.5),
        ),
    )
    for name, change in changes.items():
        tasks[name] = tasks[name] | change
    return tasks


def toy_config(work_dir, **changes) -> dict:
    """Config of a short training in float32, as plain values."""
    return (
        dict(
            work_dir=str(work_dir),
            backbone=dict(type="ToyBackbone"),
            tasks=toy_tasks(),
            precision="fp32",
            train_cfg=dict(max_iters=4),
            optim_wrapper=dict(
                optimizer=dict(type="AdamW", lr=1e-3, weight_decay=0.05),
                clip_grad=dict(max_norm=1.0),
            ),
            default_hooks=dict(
                logger=dict(type="argus.ProgressHook", interval=1),
                checkpoint=dict(type="argus.CheckpointHook", interval=2),
            ),
            randomness=dict(seed=0),
            default_scope=None,
        )
        | changes
    )


def write_config(path: Path, **changes) -> Path:
    """The toy config as a file for the command line tools."""
    config = toy_config(path.parent / "work_dir", **changes)
    imports = dict(custom_imports=dict(imports=["tests.toy"]))
    Config(imports | config, format_python_code=False).dump(path)
    return path
