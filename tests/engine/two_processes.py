"""Two Gloo processes for the distributed tests: every scenario in one start of them."""

import contextlib
import io
import math
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.multiprocessing
from mmengine.config import Config
from torch import nn

from argus.datasets.census.maps import MapCounts, count_maps
from argus.engine import MultitaskRunner
from argus.engine.checks import learnable
from argus.engine.distributed import (
    average_buffers,
    by_first_process,
    init_process_group,
    mean_over_ranks,
    training_buffers,
)
from argus.engine.gradient_schedule import SCHEDULES
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError, TrainingStopped
from argus.tasks import TrainData
from tests.datasets.label_sets import SQUARE, semantic, write_maps
from tests.engine.balanced_trainings import BALANCED, train_in_parts, weights_of
from tests.engine.reductions import noted_reductions
from tests.engine.test_gradient_schedule import _Quiet, batch, gradients, toy_model
from tests.engine.toy_detection import ToyDetection, detection_model, detection_tasks
from tests.engine.toy_pictures import listed
from tests.engine.toy_training import train
from tests.evaluation.metrics.all_metrics import measure
from tests.forked import forking
from tests.toy import ToyBoth, ToyClassification, ToySegmentation, toy_config, write_config
from tools import test as test_tool
from tools import train as train_tool

TOGETHER = dict(both=["semantic", "classification"])
# Samples of the whole batch, per micro-batch; two processes take a half each.
WHOLE = {1: [[0, 1, 2, 3]], 2: [[0, 1, 2, 3], [4, 5, 6, 7]]}
# ToyBoth has no segmentation of every third picture, so the second half has none at all.
LABELLED, UNLABELLED = [1, 2], [0, 3]


def own_batches(indices: list[int]) -> dict:
    return dict(
        semantic=batch(_Quiet(ToySegmentation()), indices),
        classification=batch(_Quiet(ToyClassification()), indices),
    )


def shared_batch(indices: list[int]) -> dict:
    return dict(both=batch(_Quiet(ToyBoth()), indices))


def detection_gradients(model: nn.Module, indices: list[int], kind: str) -> dict:
    """Gradients of Mask DINO beside another task; its noise is that of the seed."""
    batches = dict(pictures=batch(_Quiet(ToyDetection()), indices))
    torch.manual_seed(0)
    return gradients(model, [batches], kind)


def shared_tasks(batch_size: int) -> dict:
    """Both tasks on one stream, which every third sample lacks a label in."""
    tasks = toy_config("unused")["tasks"]
    stream = dict(dataset=dict(type="ToyBoth"), batch_size=batch_size, num_workers=0)
    tasks["semantic"] |= dict(stream="both", train=stream)
    tasks["classification"] |= dict(stream="both", train=None)
    return tasks


def with_batch_size(batch_size: int) -> dict:
    tasks = toy_config("unused")["tasks"]
    for task in tasks.values():
        task["train"]["batch_size"] = batch_size
    return tasks


def with_bad_samples(batch_size: int) -> dict:
    """A training of six steps in which a quarter of the samples of one task is bad."""
    tasks = with_batch_size(batch_size)
    tasks["classification"]["train"]["dataset"]["broken"] = (0, 1, 2, 3, 4, 5)
    tasks["classification"]["train"]["max_bad_share"] = 1.0
    hooks = dict(
        logger=dict(type="argus.ProgressHook", interval=2),
        checkpoint=dict(type="argus.CheckpointHook", interval=2),
    )
    return dict(tasks=tasks, default_hooks=hooks, train_cfg=dict(max_iters=6))


def evaluate(work_dir: Path, *, length: int, **changes: Any) -> dict[str, float]:
    """Metrics of the toy model on ``length`` samples per task."""
    config = toy_config(work_dir, train_cfg=None, **changes)
    for task in config["tasks"].values():
        task["val"]["dataset"]["length"] = length
    return MultitaskRunner.from_cfg(Config(config)).test()


def evaluate_shared(work_dir: Path, **changes: Any) -> dict[str, float]:
    """Metrics of tasks that share passes."""
    config = toy_config(work_dir, train_cfg=None, tasks=listed(), **changes)
    return MultitaskRunner.from_cfg(Config(config)).test()


RESUME = dict(
    launcher="pytorch",
    custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
    train_cfg=dict(max_iters=6, accumulate=2, grad_norm_interval=1),
)


class Scenarios:
    """What a process of the pair does, by name."""

    def __init__(self, rank: int, folder: Path) -> None:
        self.rank = rank
        self.folder = folder

    def wrapped(self, model: nn.Module) -> nn.Module:
        """The model in the wrapper that a training puts it in."""
        return MultitaskRunner.wrap_model(SimpleNamespace(distributed=True), None, model)

    def half(self, indices: list[int]) -> list[int]:
        middle = len(indices) // 2
        return indices[:middle] if self.rank == 0 else indices[middle:]

    def gradients(self) -> dict:
        found = {}
        for kind in SCHEDULES:
            for accumulate, whole in WHOLE.items():
                model = self.wrapped(toy_model())
                batches = [own_batches(self.half(indices)) for indices in whole]
                found[kind, accumulate] = gradients(model, batches, kind)
        return found

    def reductions(self) -> dict:
        return {
            (kind, accumulate): noted_reductions(
                [own_batches(self.half(indices)) for indices in whole], kind
            )
            for kind in SCHEDULES
            for accumulate, whole in WHOLE.items()
        }

    def missing_labels(self) -> dict:
        indices = LABELLED if self.rank == 0 else UNLABELLED
        found = {}
        for kind in SCHEDULES:
            model = self.wrapped(toy_model(TOGETHER))
            found[kind] = gradients(model, [shared_batch(indices)], kind)
            found[kind, "nowhere"] = gradients(model, [shared_batch(UNLABELLED)], kind)
        return found

    def frozen_backbone(self) -> dict:
        model = toy_model()
        model.backbone.requires_grad_(False)
        batches = [own_batches(self.half(WHOLE[1][0]))]
        return gradients(self.wrapped(model), batches, "joint")

    def means(self) -> dict:
        return mean_over_ranks({"everywhere": float(self.rank), f"only_{self.rank}": 5.0})

    def evaluation(self) -> dict:
        folder = self.folder / "evaluation"
        return {n: evaluate(folder, length=n, launcher="pytorch") for n in (9, 1)}

    def shared_evaluation(self) -> dict:
        return evaluate_shared(self.folder / "shared_evaluation", launcher="pytorch")

    def metrics(self) -> dict:
        return measure(self.rank, 2)

    def resume(self) -> dict:
        whole, _ = train(self.folder / "whole", **RESUME)
        first, _ = train(self.folder / "parts", stop_after=4, **RESUME)
        second, _ = train(self.folder / "parts", resume=True, **RESUME)
        return dict(whole=whole, parts=first + second)

    def ask(self, runner: MultitaskRunner) -> None:
        """Ask a training to stop, as a signal does."""
        runner.stop_request.signal = "SIGTERM"

    def stopped(self) -> dict:
        """The second process is asked to stop; both go on later."""
        folder = self.folder / "stopped"
        ask = {3: self.ask} if self.rank == 1 else {}
        first, _ = train(folder, before_step=ask, **RESUME)
        saved = sorted(path.name for path in folder.glob("*.pth"))
        second, _ = train(folder, resume=True, **RESUME)
        return dict(first=first, second=second, saved=saved)

    def stopped_in_validation(self) -> dict:
        """The second process is asked to stop in the first of many batches of a validation."""
        config = toy_config(
            self.folder / "stopped_in_validation",
            launcher="pytorch",
            train_cfg=dict(max_iters=2, val_interval=1),
        )
        for task in config["tasks"].values():
            task["val"] |= dict(dataset=task["val"]["dataset"] | dict(length=200), batch_size=1)
        runner = MultitaskRunner.from_cfg(Config(config))
        call_hook = runner.call_hook
        batches = []

        def record(name: str, **kwargs) -> None:
            call_hook(name, **kwargs)
            if name == "before_val_iter":
                batches.append(kwargs["batch_idx"])
                if self.rank == 1:
                    self.ask(runner)

        runner.call_hook = record
        with contextlib.suppress(TrainingStopped):
            runner.train()
        return dict(batches=batches, step=runner.iter)

    def whole_training(self) -> list:
        options = dict(launcher="pytorch", train_cfg=dict(max_iters=4))
        return train(self.folder / "half", tasks=with_batch_size(2), **options)[0]

    def shared_stream(self) -> dict:
        """A training in which tasks lack labels on one process, now and then."""
        found = {}
        for schedule in ("joint", "sequential"):
            options = dict(
                launcher="pytorch",
                train_cfg=dict(max_iters=8, schedule=schedule),
                tasks=shared_tasks(1),
            )
            console = io.StringIO()
            with contextlib.redirect_stdout(console):
                losses, runner = train(self.folder / schedule, **options)
            weights = weights_of(runner)
            found[schedule] = dict(losses=losses, console=console.getvalue(), weights=weights)
        return found

    def mask_dino(self) -> dict:
        """Its loss counts instances over the processes: the one without labels must take part."""
        indices = LABELLED if self.rank == 0 else UNLABELLED
        found = {}
        for kind in ("joint", "sequential"):
            model = self.wrapped(detection_model())
            found[kind] = detection_gradients(model, indices, kind)
            options = dict(
                launcher="pytorch",
                train_cfg=dict(max_iters=4, schedule=kind),
                tasks=detection_tasks(1),
            )
            losses, runner = train(self.folder / f"mask_dino_{kind}", **options)
            weights = weights_of(runner)
            found[kind, "training"] = dict(losses=losses, weights=weights)
        return found

    def bad_samples(self) -> dict:
        """Counts at the end of a training, and of one that was interrupted."""
        options = dict(launcher="pytorch", **with_bad_samples(2))
        _, whole = train(self.folder / "bad_whole", **options)
        train(self.folder / "bad_parts", stop_after=4, **options)
        _, resumed = train(self.folder / "bad_parts", resume=True, **options)
        saved = torch.load(self.folder / "bad_whole/iter_4.pth", weights_only=True)
        return dict(
            whole=whole.train_loop.dataloader.state_dict(),
            resumed=resumed.train_loop.dataloader.state_dict(),
            saved=saved["training"]["bad_samples"],
        )

    def bad_step(self) -> dict:
        """Trainings in which the second step of process 1 alone is not finite."""

        def weigh(weight: float) -> Callable[[MultitaskRunner], None]:
            def change(runner: MultitaskRunner) -> None:
                if self.rank == 1:
                    runner.raw_model.loss_weights["semantic"] = weight

            return change

        options = dict(launcher="pytorch", before_step={2: weigh(math.nan), 3: weigh(1.0)})
        losses, runner = train(self.folder / "bad_step", **options)
        weights = weights_of(runner)
        limit = dict(max_iters=4, max_bad_steps=0)
        try:
            train(self.folder / "bad_step_limit", train_cfg=limit, **options)
        except DataError as error:
            message = str(error)
        return dict(losses=losses, weights=weights, message=message)

    def only_evaluated(self) -> dict:
        """A training beside a task without train data, its decoder before and after."""
        found = {}
        for schedule in ("joint", "sequential"):
            tasks = with_batch_size(2)
            tasks["classification"]["train"] = None
            options = dict(launcher="pytorch", train_cfg=dict(max_iters=2, schedule=schedule))
            losses, _ = train(self.folder / f"only_{schedule}", tasks=tasks, **options)
            found[schedule] = losses
        return found

    def buffers(self) -> dict:
        model = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2).eval())
        for norm in model:
            norm.running_mean.fill_(float(self.rank))
        average_buffers(training_buffers(model))
        return {name: buffer.clone() for name, buffer in model.named_buffers()}

    def census(self) -> dict:
        """A training set that can be learned and one that cannot; how many maps each looked at."""
        counted = []

        def count(load: Any, info: Any) -> MapCounts:
            counted.append(info)
            return count_maps(load, info)

        messages = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(learnable, "count_maps", count)
            for name, labels in (("fine", SQUARE), ("void", np.full_like(SQUARE, 255))):
                root = self.folder / f"{name}_{self.rank}"
                config = semantic(write_maps(root, [labels] * 3))
                dataset = guarded_dataset(config, task=name, part="train", seed=0, strict=False)
                data = TrainData(dataset=config, batch_size=1, num_workers=0)
                try:
                    learnable.check_labels(dataset, data, where=name)
                except DataError as error:
                    messages.append(str(error))
        return dict(counted=len(counted), messages=messages)

    def first(self) -> dict:
        """What a piece of work of the first process brings to both."""

        def fail() -> None:
            raise KeyError("nowhere")

        try:
            by_first_process(fail)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        return dict(rank=by_first_process(lambda: self.rank + 7), text=text)

    def balancing(self) -> dict:
        """Trainings with balancers and with a stream a step, whole and in two parts."""
        return {
            name: train_in_parts(
                self.folder / name, launcher="pytorch", tasks=with_batch_size(2), **options
            )
            for name, options in BALANCED.items()
        }

    names = (
        "census",
        "balancing",
        "first",
        "mask_dino",
        "bad_samples",
        "bad_step",
        "only_evaluated",
        "buffers",
        "gradients",
        "reductions",
        "missing_labels",
        "frozen_backbone",
        "means",
        "evaluation",
        "shared_evaluation",
        "metrics",
        "resume",
        "stopped",
        "stopped_in_validation",
        "whole_training",
        "shared_stream",
    )


def checkpoint_of(folder: Path) -> str:
    """Of a training of the pair."""
    return str(folder / "whole/iter_6.pth")


def call_test_tool(folder: Path) -> None:
    """``tools/test.py`` as a launcher calls it; it ends this process."""
    arguments = ["--work-dir", str(folder / "tested"), "--launcher", "pytorch"]
    sys.argv = ["test.py", str(folder / "toy.py"), checkpoint_of(folder), *arguments]
    test_tool.main()


def join(rank: int, port: int) -> None:
    """What the launcher tells a process of a pair."""
    os.environ |= dict(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_PORT=str(port))
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    torch.set_num_threads(1)


def work(rank: int, port: int, folder: str) -> None:
    join(rank, port)
    init_process_group("pytorch", timeout_s=120)
    scenarios = Scenarios(rank, Path(folder))
    found = {name: getattr(scenarios, name)() for name in scenarios.names}
    torch.save(found, Path(folder) / f"rank_{rank}.pt")
    call_test_tool(Path(folder))


def call_train_tool(rank: int, port: int, folder: str, *arguments: str) -> None:
    """``tools/train.py`` as a launcher calls it."""
    join(rank, port)
    sys.argv = ["train.py", *arguments, "--launcher", "pytorch"]
    console = Path(folder, f"console_{rank}.txt").open("w", buffering=1)
    with console, contextlib.redirect_stdout(console):
        train_tool.main()


def start(function: Callable[..., None], *arguments: str) -> None:
    """Call a function in two processes, with rank and port before its arguments."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forking()
    torch.multiprocessing.start_processes(
        function, (port, *arguments), nprocs=2, start_method="forkserver"
    )


def run_two_processes(folder: Path) -> list[dict]:
    """What every scenario gave, by rank."""
    write_config(folder / "toy.py")
    start(work, str(folder))
    return [torch.load(folder / f"rank_{rank}.pt", weights_only=True) for rank in range(2)]


def train_by_command(folder: Path, *arguments: object) -> list[str]:
    """What the train tool prints, by rank."""
    start(call_train_tool, str(folder), *map(str, arguments))
    return [(folder / f"console_{rank}.txt").read_text() for rank in range(2)]
