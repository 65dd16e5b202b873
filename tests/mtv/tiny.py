"""A tiny MTV and pictures for it: 32 px, 16 patches, two layers of width 32, made in the test."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DATASETS
from torch.utils.data import Dataset

from argus.mtv.batch import Caption, Crops, Disparity, Regions
from argus.mtv.collapse import CollapseHook
from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised
from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip

TASKS = ("vl", "ssl", "grounding", "depth")
LENGTH, VOCABULARY, SIZE, CROP = 8, 50, 32, 16
LAYERS = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
VISION = dict(LAYERS, image_size=SIZE, patch_size=8)
TEXT = dict(LAYERS, vocab_size=VOCABULARY, max_position_embeddings=LENGTH, projection_size=32)
BACKBONE = dict(type=siglip, vision=VISION, text=TEXT)
DECODERS: dict[str, dict[str, Any]] = dict(
    vl=dict(type=Contrastive, chunk=3),
    ssl=dict(type=SelfSupervised, num_prototypes=16, hidden=24, bottleneck=8),
    grounding=dict(type=Grounding, max_regions=3, chunk=5),
    depth=dict(type=Depth, taps=(1, 1, 2, 2), channels=(4, 4, 6, 6), fusion=8, hidden=4),
)


def tiny_mtv(*tasks: str, seed: int = 0, **options: Any) -> MTVModel:
    """The model for these tasks, or all; the same for a seed."""
    tasks = tasks or TASKS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MTVModel(BACKBONE, {task: DECODERS[task] for task in tasks}, **options)
    return model


def words(generator: torch.Generator, number: int) -> torch.Tensor:
    """(number, LENGTH) tokens, padded with 1 as texts are."""
    ids = torch.randint(2, VOCABULARY, (number, LENGTH), generator=generator)
    ids[:, LENGTH // 2 :] = 1
    return ids


def sample(index: int, *, tasks: tuple[str, ...] = TASKS) -> dict[str, Any]:
    """A picture with its labels; every third has no regions, every fourth no depth."""
    generator = torch.Generator().manual_seed(index)
    image = torch.randint(0, 256, (3, SIZE, SIZE), generator=generator, dtype=torch.uint8)
    path = f"picture_{index}.png"
    labels: dict[str, Any] = dict(
        vl=Caption(ids=words(generator, 1)[0], img_path=path),
        ssl=Crops(images=torch.stack([image[:, :CROP, :CROP], image[:, -CROP:, -CROP:]])),
    )
    if index % 3:
        corners = torch.rand(index % 3, 2, 2, generator=generator).sort(dim=1).values
        labels["grounding"] = Regions(boxes=corners.flatten(1), ids=words(generator, index % 3))
    if index % 4:
        labels["depth"] = Disparity(values=image.float().mean(0))
    return dict(inputs=image, data_samples={t: v for t, v in labels.items() if t in tasks})


def batch(indices: list[int], *, tasks: tuple[str, ...] = TASKS) -> dict[str, Any]:
    """As a loader gives it."""
    samples = [sample(index, tasks=tasks) for index in indices]
    return dict(
        inputs=[found["inputs"] for found in samples],
        data_samples=[found["data_samples"] for found in samples],
        replaced=[],
    )


@DATASETS.register_module()
class ToyPairs(Dataset):
    """Pictures that are functions of their numbers."""

    metainfo: dict[str, Any] = {}

    def __init__(self, length: int = 12, tasks: tuple[str, ...] = TASKS) -> None:
        self.length, self.tasks = length, tuple(tasks)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        return sample(index, tasks=self.tasks)


def tiny_config(work_dir: Path, *tasks: str, **changes: Any) -> Config:
    """A training of a few steps."""
    names = tasks or TASKS
    stream = dict(dataset=dict(type="ToyPairs", tasks=names), batch_size=4, num_workers=0)
    config = dict(
        default_scope=None,
        work_dir=str(work_dir),
        task_model=dict(type=MTVModel),
        backbone=BACKBONE,
        tasks={
            name: dict(
                decoder=DECODERS[name], stream="pairs", train=stream if name == names[0] else None
            )
            for name in names
        },
        train_cfg=dict(max_iters=4),
        optim_wrapper=dict(
            optimizer=dict(type="AdamW", lr=1e-3, weight_decay=0.0), clip_grad=dict(max_norm=1.0)
        ),
        custom_hooks=[dict(type=CollapseHook)],
        precision="fp32",
        randomness=dict(seed=0),
        default_hooks=dict(logger=dict(type="argus.ProgressHook", interval=2)),
    )
    return Config({**config, **changes})
