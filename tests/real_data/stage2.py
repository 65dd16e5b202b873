"""The full-size stage 2 configs on real samples, and with narrow networks."""

import math
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from argus.models.backbones import trained_backbone
from tests.real_data.samples import REPOSITORY, lay_out_stage2, replace_data_root

NARROW_VIT = dict(embed_dim=96, depth=4, num_heads=12)
# Keys of decoder configs that say a width, and the width that takes the place of each.
WIDTH_KEYS = (
    *("in_channels", "channels", "out_channels", "feat_channels", "conv_out_channels"),
    *("fc_out_channels", "hidden_channels", "embed_dims", "num_feats", "feedforward_channels"),
)
WIDTHS = {2048: 256, 1024: 128, 768: 96, 512: 64, 256: 64, 128: 32}
SIZE_KEYS = ("scale", "scales", "crop_size", "size")
LARGE_PICTURES = ("data/ade/ADEChallengeData2016", "data/coco")


def sample_config(name: str, folder: Path, *, steps: int) -> Config:
    """A config of ``configs/stage2`` on the real samples, with random weights.

    Args:
        name: Path below ``configs/stage2``, without suffix.
        folder: For the data roots and the outputs.
        steps: Optimizer steps.
    """
    config = Config.fromfile(REPOSITORY / f"configs/stage2/{name}.py")
    if config.backbone.type is trained_backbone:
        config.backbone.checkpoint = "random"
    inner_backbone(config).vit.weights = "random"
    roots = lay_out_stage2(folder / "data")
    for key, task in config.tasks.items():
        root = task.val.dataset.data_root
        if root in LARGE_PICTURES:
            divide_sizes(task, 4)
        _, dataset, *below = root.split("/")
        config.tasks[key] = task = replace_data_root(task, str(roots[dataset].joinpath(*below)))
        for part in {"train", "val"} & set(task):
            task[part].update(num_workers=0, batch_size=2 if part == "train" else 1)
            if dataset == "coco":
                task[part]["dataset"]["indices"] = 3
    config.work_dir = str(folder / "work")
    config.train_cfg.update(max_iters=steps, val_interval=0)
    config.param_scheduler = []
    config.default_hooks.checkpoint.save_last = False
    return config


def inner_backbone(config: Config) -> Any:
    """The config of the backbone itself, not of what loads its trained weights."""
    backbone = config.backbone
    return backbone.backbone if backbone.type is trained_backbone else backbone


def narrow(config: Config) -> None:
    """Make the ViT and the decoders small enough for a CPU, in place."""
    inner_backbone(config).vit.update(arch=NARROW_VIT, img_size=112)
    for task in config.tasks.values():
        narrow_decoder(task["decoder"])


def narrow_decoder(decoder: dict[str, Any]) -> None:
    """Replace the widths of a decoder, in place."""
    for key, value in decoder.items():
        if key in WIDTH_KEYS and isinstance(value, (int, list, tuple)):
            decoder[key] = narrowed(value)
        elif isinstance(value, dict):
            narrow_decoder(value)


def narrowed(width: Any) -> Any:
    """The narrow width, or widths."""
    if isinstance(width, (list, tuple)):
        return [narrowed(item) for item in width]
    return WIDTHS.get(width, width)


def divide_sizes(config: Any, divisor: int) -> None:
    """Divide the picture sizes of pipelines, at any depth, in place."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key in SIZE_KEYS:
                config[key] = divided(value, divisor)
            else:
                divide_sizes(value, divisor)
    elif isinstance(config, (list, tuple)):
        for item in config:
            divide_sizes(item, divisor)


def divided(size: Any, divisor: int) -> Any:
    """A size, or a list of sizes, divided."""
    if isinstance(size, int):
        return size // divisor
    return type(size)(divided(item, divisor) for item in size)


class Record:
    """What a run did: ``losses`` of every step by task, and ``metrics``; ``before``, its weights.

    Args:
        runner: Its hooks are watched from now on.
    """

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        self.before: dict[str, Tensor] = {}
        self.losses: list[dict[str, float]] = []
        self.metrics: dict[str, float] = {}
        self._call_hook = runner.call_hook
        runner.call_hook = self._watch

    def changed(self) -> set[str]:
        """Names of the tensors that training changed."""
        after = self.runner.raw_model.state_dict()
        return {key for key in after if not torch.equal(self.before[key], after[key])}

    def _watch(self, name: str, **kwargs: Any) -> None:
        if name == "before_train":
            state = self.runner.raw_model.state_dict()
            self.before = {key: value.clone() for key, value in state.items()}
        if name == "after_train_iter":
            found = {task: loss.item() for task, loss in kwargs["outputs"].losses.items()}
            assert all(math.isfinite(loss) for loss in found.values()), found
            self.losses.append(found)
        if name == "after_val_epoch":
            self.metrics.update(kwargs["metrics"])
        self._call_hook(name, **kwargs)
