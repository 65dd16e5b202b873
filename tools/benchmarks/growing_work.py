"""Pieces of work that grow with one number: image size, batch, tasks, objects, processes, data.

Everything is random and of the models of stage 1, the tiny ones of the scenes if asked for.
"""

import contextlib
import copy
import io
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from argus.coco_evaluation.average_precision import FastCOCOeval
from argus.datasets.coco import CocoInstances
from argus.datasets.seeding import isolated_rng
from argus.engine.gradient_schedule import GradientSchedule
from argus.engine.optim import MultitaskOptimWrapper
from argus.engine.runner import MultitaskRunner
from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel
from argus.precision import AUTO, autocast
from tools.benchmarks import coco_evaluation, synthetic
from tools.benchmarks.configs import SEED, build_model, stage1_config

Work = Callable[[], Any]


@dataclass(frozen=True)
class Growth:
    """A piece of work that grows.

    Args:
        name: Of the row.
        amounts: What it is done with.
        quick: Those of a run that only shows that it works.
        prepare: Gives the work for an amount, whose return value may be seconds that it took.
        most: The exponent that is expected of the time, at most.
        why: In words, where that is above 1.
        power: Of the amount that the exponent is of; 2 for the side of a picture, whose pixels
            count.
    """

    name: str
    amounts: tuple[int, ...]
    quick: tuple[int, ...]
    prepare: Callable[[int], Work]
    most: float = 1.0
    why: str = ""
    power: int = 1


def growths(device: torch.device, *, tiny: bool) -> Iterator[Growth]:
    """All of them, on a device; with the tiny models if ``tiny``."""
    config = stage1_config(tiny)
    model = build_model(config, device)
    yield Growth(
        "image size",
        (256, 384, 512, 768, 1024, 1536),
        (32, 64, 96),
        partial(_backbone, model, 1),
        most=2.0,
        why="attention: the square of the tokens; the rest is linear in the pixels",
        power=2,
    )
    yield Growth(
        "batch", (1, 2, 4, 8, 16), (1, 2, 3), partial(_backbone, model, side=64 if tiny else 256)
    )
    yield Growth("tasks", (1, 2, 4, 8, 12), (1, 2, 3), partial(_tasks, config, device, tiny=tiny))
    counts = (1, 3, 10, 30, 100, 300)
    yield Growth(
        "objects, loss of Mask DINO",
        counts,
        (1, 3, 9),
        partial(_objects, model, tiny=tiny),
        most=2.0,
        why="above 100 objects denoising queries grow with them, and attend to each other",
    )
    yield Growth("objects, loading", counts, (1, 3, 9), _loading)
    yield Growth(
        "objects, COCO evaluation",
        counts,
        (1, 3, 9),
        _evaluation,
        most=2.0,
        why="every result is compared with every object of its class",
    )
    yield Growth("data set, start", (1000, 4000, 16000, 64000), (10, 20, 40), _start)
    if device.type == "cpu":
        yield Growth("processes", (1, 2), (1, 2), partial(_processes, config))


def _backbone(model: MultitaskModel, batch: int, side: int) -> Work:
    """Forward and backward through the adapter."""
    device = next(model.parameters()).device
    images = torch.randn(batch, 3, side, side, device=device)
    trained = [p for p in model.backbone.parameters() if p.requires_grad]

    def work() -> None:
        with autocast(AUTO, device.type):
            maps = model.features(images)
        torch.autograd.grad(torch.stack([level.float().mean() for level in maps]).sum(), trained)

    return work


def _tasks(config: Any, device: torch.device, number: int, *, tiny: bool) -> Work:
    """Losses and gradients of as many equal tasks, each with a picture of its own."""
    names = [f"task{index}" for index in range(number)]
    torch.manual_seed(SEED)
    backbone, decoder = copy.deepcopy((config.backbone, config.tasks.semantic.decoder))
    model = MultitaskModel(backbone, {one: copy.deepcopy(decoder) for one in names})
    model = model.to(device).train()
    tasks = {one: SimpleNamespace(train=SimpleNamespace(batch_size=1)) for one in names}
    batches = synthetic.batches(SimpleNamespace(tasks=tasks), model, quick=tiny)
    return partial(_step, model, batches)


def _step(model: nn.Module, batches: Mapping[str, Any]) -> None:
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = MultitaskOptimWrapper(torch.optim.SGD(trained, lr=0.0), precision=AUTO)
    seeds = [dict.fromkeys(batches, SEED)]
    GradientSchedule("joint").backward(model, [batches], optimizer, seeds=seeds)
    model.zero_grad()


def _objects(model: MultitaskModel, count: int, *, tiny: bool) -> Work:
    """Loss of a picture with as many objects, and its gradients, from ready maps."""
    task = next(name for name, library in model.libraries.items() if library == "mmdet")
    decoder, size = model.decoder(task), (128, 128) if tiny else (1024, 1024)
    generator = torch.Generator().manual_seed(SEED)
    sample = synthetic.instances(decoder, size, generator, count=count)
    batch = dict(inputs=[torch.zeros(3, *size, dtype=torch.uint8)], data_samples=[sample])
    data = synthetic.preprocess(model, task, batch)
    maps = synthetic.feature_maps(model, 1, size)

    def work() -> None:
        with library_scope(model.libraries[task]), autocast(AUTO, maps[0].device.type):
            loss = decoder.parse_losses(decoder.loss(maps, data["data_samples"]))[0]
        torch.autograd.grad(loss, [*maps, *decoder.parameters()], allow_unused=True)

    return work


def _loading(count: int) -> Work:
    """The training pipeline of stage 1 on a picture with as many outlines."""
    pipeline = stage1_config(quick=False).tasks.instance.train.dataset.pipeline
    return partial(_first_sample, _annotations(1, count), pipeline)


def _first_sample(truth: dict[str, Any], pipeline: Sequence[Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        dataset, _ = _dataset(Path(folder), json.dumps(truth), pipeline)
        cv2.imwrite(f"{folder}/0.jpg", np.full((480, 640, 3), 100, np.uint8))
        start = time.process_time()
        for _ in range(3):
            with isolated_rng(SEED):
                dataset[0]
        return (time.process_time() - start) / 3


def _start(pictures: int) -> Work:
    """Reading the annotations of as many pictures with seven objects each."""
    text = json.dumps(_annotations(pictures, synthetic.NUM_INSTANCES))

    def work() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return _dataset(Path(folder), text, [])[1]

    return work


def _dataset(folder: Path, text: str, pipeline: Sequence[Any]) -> tuple[CocoInstances, float]:
    """A data set of annotations, and the seconds that it took to read them."""
    path = folder / "annotations.json"
    path.write_text(text)
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = CocoInstances(
            ann_file=str(path),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=("thing",)),
            pipeline=list(pipeline),
        )
    return dataset, time.process_time() - start


def _annotations(pictures: int, objects: int) -> dict[str, Any]:
    draw = np.random.default_rng(SEED)
    corners = draw.uniform(0, 300, (pictures * objects, 2)).round(1)
    outline = np.array([[0, 0], [60, 0], [80, 30], [60, 80], [0, 80], [-20, 40]]) + [30, 0]
    return dict(
        images=[dict(id=n, height=480, width=640, file_name=f"{n}.jpg") for n in range(pictures)],
        categories=[dict(id=1, name="thing")],
        annotations=[
            dict(
                id=index + 1,
                image_id=index // objects,
                category_id=1,
                iscrowd=0,
                area=6400.0,
                bbox=[*corner.tolist(), 100.0, 80.0],
                segmentation=[(outline + corner).ravel().round(1).tolist()],
            )
            for index, corner in enumerate(corners)
        ],
    )


def _evaluation(count: int) -> Work:
    """Average precision of boxes in twenty pictures with as many objects and results of a class."""
    truth, results = coco_evaluation.made(
        20, "bbox", num_objects=count, num_results=count, num_classes=1
    )
    return partial(coco_evaluation.evaluate, FastCOCOeval, truth, results, "bbox")


def _processes(config: Any, number: int) -> Work:
    """A step of all tasks in as many processes; the processor time of the slowest."""
    context = multiprocessing.get_context("fork")

    def work() -> float:
        with tempfile.TemporaryDirectory() as folder:
            pipes = [context.Pipe(duplex=False) for _ in range(number)]
            processes = [
                context.Process(target=_member, args=(config, folder, rank, number, sender))
                for rank, (_, sender) in enumerate(pipes)
            ]
            for process, (_, sender) in zip(processes, pipes, strict=True):
                process.start()
                sender.close()
            try:
                return max(float(receiver.recv()) for receiver, _ in pipes)
            finally:
                for process in processes:
                    process.join()

    return work


def _member(config: Any, folder: str, rank: int, number: int, sender: Connection) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=number)
    built = build_model(config, torch.device("cpu"))
    own = synthetic.batches(config, built, quick=True)
    runner: Any = SimpleNamespace(distributed=number > 1)
    model = MultitaskRunner.wrap_model(runner, None, built)
    _step(model, own)
    start = time.process_time()
    _step(model, own)
    sender.send(time.process_time() - start)
    dist.destroy_process_group()
