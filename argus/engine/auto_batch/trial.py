"""Steps of a training on real pictures, in batches of any size, of which nothing is kept."""

import copy
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from argus.engine.gradient_schedule import GradientSchedule, fill_missing
from argus.engine.loading.loaders import MultitaskLoader
from argus.engine.runner import MultitaskRunner

_PICTURES = 16


class Trial:
    """A model, its optimizer and some pictures of each stream, the largest first.

    Args:
        config: Of the training; it is copied.
        work_dir: For what a runner writes.
    """

    def __init__(self, config: Config, work_dir: str) -> None:
        config = copy.deepcopy(config)
        config.merge_from_dict(
            dict(work_dir=work_dir, launcher="none", resume=False, load_from=None)
        )
        config.update(visualizer=None, log_level="ERROR", custom_hooks=None)
        for task in config.tasks.values():
            task.update(val=None, test=None)
            if task.get("train"):
                task["train"]["num_workers"] = 0
        self.runner = MultitaskRunner.from_cfg(config)
        loader = MultitaskLoader(
            self.runner.tasks, seed=self.runner.seed, classes=self.runner.classes
        )
        self.sizes = {s: task.train.batch_size for s, task in loader.sources.items() if task.train}
        self.names = {stream: task.name for stream, task in loader.sources.items()}
        self.limits = {s: sampler.num_samples for s, sampler in loader.samplers.items()}
        self.pictures = {s: _some(loader, s) for s in self.sizes}
        wrapper: Any = self.runner.build_optim_wrapper(self.runner.optim_wrapper)
        self.wrapper = wrapper
        self.kind = config.train_cfg.get("schedule", "joint")
        self.max_iters = config.train_cfg["max_iters"]
        self.runner.raw_model.train()

    def step(self, sizes: Mapping[str, int]) -> None:
        """Forward, backward and the optimizer's step, with so many pictures of each stream."""
        model = self.runner.raw_model
        model.before_step(0, self.max_iters)
        batches = {stream: self._batch(stream, number) for stream, number in sizes.items()}
        seeds = dict.fromkeys((*self.runner.tasks, *batches), 0)
        try:
            GradientSchedule(self.kind).backward(
                self.runner.model, [batches], self.wrapper, seeds=[seeds]
            )
            # The optimizer's state of all decoders is there in the training, too.
            fill_missing(p for p in model.parameters() if p.requires_grad)
            self.wrapper.clip()
            self.wrapper.step()
        finally:
            self.wrapper.zero_grad()

    def _batch(self, stream: str, number: int) -> dict[str, list[Any]]:
        known = self.pictures[stream]
        # Copies, since preprocessing writes to samples.
        chosen = [copy.deepcopy(known[n % len(known)]) for n in range(number)]
        inputs, samples = zip(*chosen, strict=True)
        return dict(inputs=list(inputs), data_samples=list(samples))


def _some(loader: MultitaskLoader, stream: str) -> list[tuple[Any, Any]]:
    """Pictures with their labels, those of most pixels and objects first."""
    found: list[tuple[Any, Any]] = []
    most = min(_PICTURES, loader.samplers[stream].num_samples)
    for batch in loader.loaders[stream].iterate(0):
        found += zip(batch["inputs"], batch["data_samples"], strict=True)
        if len(found) >= most:
            break
    return sorted(found[:most], key=_weight, reverse=True)


def _weight(pair: tuple[Any, Any]) -> tuple[int, int]:
    image, sample = pair
    objects = getattr(sample, "gt_instances", ())
    return int(image.numel()), len(objects)
