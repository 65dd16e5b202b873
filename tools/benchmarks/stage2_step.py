"""The nine tasks of stage 2 in one training step, against one after another.

Tasks on the same pictures share a pass of the frozen backbone, as in the joint configs; one after
another each task has a pass of its own. Pictures, labels, weights and updates are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from torch import Tensor

from argus.engine.gradient_schedule import GradientSchedule
from argus.engine.optim import MultitaskOptimConstructor, MultitaskOptimWrapper
from argus.structures import DenseSample
from tools.benchmarks import synthetic
from tools.benchmarks.configs import CONFIGS, SEED, build_model
from tools.benchmarks.report import Case, Result, Settings, relative_error

# Configs by the pictures that their tasks are labels of.
FULL = {
    "NYUv2": ("nyuv2_joint",),
    "PASCAL-Context": ("pascal_joint",),
    "ADE20K": ("ade20k_joint",),
    "MVTec AD": ("mvtec_anomaly",),
}
TINY = {
    "NYUv2": ("depth", "normals", "boundary", "nyuv2_semantic"),
    "PASCAL-Context": ("parsing", "saliency"),
    "ADE20K": ("panoptic", "ade20k_instance"),
    "MVTec AD": ("anomaly",),
}
QUICK = {**TINY, "PASCAL-Context": ("parsing",), "ADE20K": ("panoptic",)}
_CLASSES = ("nyuv2_semantic", "parsing")  # tasks that give pixels a class
LIMIT = 1e-3  # largest difference of a gradient over its largest value


class Trainer:
    """All decoders on one frozen backbone, an optimizer, and a batch for each kind of pictures.

    Args:
        settings: How to run; models of the scenes but on a GPU.
    """

    def __init__(self, settings: Settings) -> None:
        is_full = settings.device.type == "cuda" and not settings.quick
        folder, groups = (
            ("stage2", FULL) if is_full else ("scenes/stage2", QUICK if settings.quick else TINY)
        )
        side, number = (512, 2) if is_full else (32, 1) if settings.quick else (128, 4)
        config, self.together = _config(folder, groups)
        self.apart = {task: (task,) for tasks in self.together.values() for task in tasks}
        self.model = build_model(config, settings.device)
        generator = torch.Generator().manual_seed(SEED)
        self._batches: dict[str, Any] = {}
        for pictures, tasks in self.together.items():
            images = torch.randint(0, 256, (number, 3, side, side), generator=generator).byte()
            samples = [
                {task: self._sample(task, (side, side), generator) for task in tasks}
                for _ in images
            ]
            own = {task: [sample[task] for sample in samples] for task in tasks}
            alone = own[tasks[0]] if len(tasks) == 1 else samples
            self._batches[pictures] = dict(inputs=list(images), data_samples=alone)
            for task in tasks:
                self._batches[task] = dict(inputs=list(images), data_samples=own[task])
        self.optimizer: Any = MultitaskOptimConstructor(
            dict(type=MultitaskOptimWrapper, precision=config.precision, **config.optim_wrapper)
        )(self.model)

    def _sample(self, task: str, size: synthetic.Size, generator: torch.Generator) -> Any:
        decoder = self.model.decoder(task)
        if self.model.libraries[task] == "mmdet":
            sample = synthetic.instances(decoder, size, generator)
            if decoder.num_stuff_classes:
                sample.gt_sem_seg = PixelData(sem_seg=_classes(decoder.num_things_classes, size))
            return sample
        if task in _CLASSES:
            return synthetic.semantic(decoder, size, generator)
        sample = _dense(size, generator)
        if task == "anomaly":
            sample.set_metainfo(dict(category=decoder.categories[0]))
        return sample

    @property
    def num_images(self) -> int:
        """Of all kinds of pictures together."""
        return sum(len(self._batches[pictures]["inputs"]) for pictures in self.together)

    def backward(self, streams: Mapping[str, Sequence[str]]) -> None:
        """Gradients of a step, a backbone pass for each stream."""
        self.model.streams = {name: tuple(tasks) for name, tasks in streams.items()}
        for name in streams:
            seeds = [dict.fromkeys((*self.apart, *streams), SEED)]
            GradientSchedule("sequential").backward(
                self.model, [{name: self._batches[name]}], self.optimizer, seeds=seeds
            )

    def step(self, streams: Mapping[str, Sequence[str]]) -> None:
        """A step with the update of the weights."""
        self.backward(streams)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def gradients(self, streams: Mapping[str, Sequence[str]]) -> Tensor:
        """All of a step, flat."""
        self.backward(streams)
        found = [p.grad.flatten() for p in self.model.parameters() if p.grad is not None]
        self.optimizer.zero_grad()
        return torch.cat(found)


def cases(settings: Settings) -> Iterator[Case]:
    """The one comparison."""
    trainer = Trainer(settings)
    yield Case(f"{len(trainer.apart)} tasks", partial(_run, settings, trainer))


def _run(settings: Settings, trainer: Trainer) -> Result:
    result = Result()
    together, apart = (trainer.gradients(streams) for streams in (trainer.together, trainer.apart))
    result.check("gradient_error", relative_error(together, apart), LIMIT)
    del together, apart
    found = settings.compare(
        partial(trainer.step, trainer.together), partial(trainer.step, trainer.apart)
    )
    result.values |= {
        "images": trainer.num_images,
        "together_ms": found.first_ms,
        "apart_ms": found.second_ms,
        "ratio": found.ratio,
        "ratio_low": found.low,
        "ratio_high": found.high,
    }
    return result


def _config(folder: str, groups: Mapping[str, Sequence[str]]) -> tuple[Any, dict[str, list[str]]]:
    """The tasks of all configs on random weights, and their names by pictures."""
    together: dict[str, list[str]] = {}
    tasks: dict[str, Any] = {}
    for pictures, names in groups.items():
        for name in names:
            config: Any = Config.fromfile(CONFIGS / folder / f"{name}.py")
            together.setdefault(pictures, []).extend(config.tasks)
            tasks |= {task: {**config.tasks[task], "stream": task} for task in config.tasks}
    config.tasks = tasks
    config.backbone.checkpoint = "random"
    config.backbone.backbone.vit.weights = "random"
    return config, together


def _classes(number: int, size: synthetic.Size) -> Tensor:
    """Stripes (1, H, W) of as many classes."""
    return (torch.arange(size[0])[None, :, None] * number // size[0]).expand(1, *size).clone()


def _dense(size: synthetic.Size, generator: torch.Generator) -> DenseSample:
    """Every label map that a dense task may ask for."""
    sample = DenseSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
    mask = (torch.rand(1, *size, generator=generator) < 0.2).byte()
    normals = torch.nn.functional.normalize(torch.randn(3, *size, generator=generator), dim=0)
    sample.gt_depth = PixelData(data=1.0 + 8.0 * torch.rand(1, *size, generator=generator))
    sample.gt_normals = PixelData(data=normals)
    for field in ("boundary", "saliency", "anomaly_map"):
        sample.set_field(PixelData(data=mask), f"gt_{field}")
    return sample
