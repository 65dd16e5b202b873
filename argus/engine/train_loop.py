"""Training by steps, each over one batch of every task, or of the one whose turn it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.runner import BaseLoop
from torch import nn

from argus.datasets.seeding import stable_seed
from argus.engine.balancing.balanced_schedule import BalancedSchedule
from argus.engine.balancing.balancer import build_balancer
from argus.engine.checkpoints.stop_request import OTHER_PROCESS, save_and_stop
from argus.engine.checks.classes_of_test_data import check_test_classes
from argus.engine.distributed import average_buffers, training_buffers
from argus.engine.gradient_schedule import GradientSchedule, StepValues
from argus.engine.guard.bad_steps import BadSteps, MicroBatch, image_paths
from argus.engine.guard.idle_parameters import IdleParameters
from argus.engine.guard.odd_parts import OddParts
from argus.engine.guard.spikes import SpikeWatch
from argus.engine.guard.step_guard import BufferKeeper, read_step
from argus.engine.loading.loaders import MultitaskLoader
from argus.engine.loading.stream_turns import StreamTurns
from argus.engine.reports.console import prints_to_log
from argus.engine.reports.run_record import write_run_record
from argus.engine.reports.summary import training_summary
from argus.engine.reports.whereabouts import where_to_look
from argus.engine.task_sampling import build_task_sampling
from argus.errors import ConfigError
from argus.models.task_model import TaskModel
from argus.names.wording import counted
from argus.registry import LOOPS
from argus.tasks import Task


@LOOPS.register_module()
class MultitaskTrainLoop(BaseLoop):
    """Optimizer steps, each over one batch of every task.

    ``balancing`` and ``task_sampling`` of the config change how the tasks are weighed, and whether
    all of them are in every step.

    Args:
        runner: The runner.
        dataloader: The checked tasks by name; the loop builds their loaders.
        max_iters: Optimizer steps of the whole training.
        val_interval: Steps between validations; 0 validates only after the last step.
        accumulate: Batches of every task per step, their gradients averaged.
        schedule: ``joint``, ``sequential`` or ``packed``; the same gradients.
        grad_norm_interval: Steps between measurements of each task's gradient norm on the shared
            trainable parameters (a backward pass per task); 0 for never.
        max_bad_steps_in_a_row: Steps that are not finite, and so not taken, in a row before the
            training stops.
        max_bad_steps: The same in all.
        spike_threshold: Robust z-score above which a task's loss is logged as a spike; 0 for none.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Mapping[str, Task],
        max_iters: int,
        *,
        val_interval: int = 0,
        accumulate: int = 1,
        schedule: str = "joint",
        grad_norm_interval: int = 0,
        max_bad_steps_in_a_row: int = 10,
        max_bad_steps: int = 100,
        spike_threshold: float = 10.0,
    ) -> None:
        for key, value, least in (
            ("max_iters", max_iters, 1),
            ("val_interval", val_interval, 0),
            ("accumulate", accumulate, 1),
            ("grad_norm_interval", grad_norm_interval, 0),
        ):
            if not isinstance(value, int) or value < least:
                raise ConfigError(
                    f"train_cfg.{key}: expected an integer >= {least}, found {value!r}."
                )
        with prints_to_log(runner.logger):
            loader = MultitaskLoader(dataloader, seed=runner.seed, classes=runner.classes)
        super().__init__(runner, loader)
        self.tasks = dataloader
        self.max_iters = max_iters
        self.val_interval = val_interval
        self.accumulate = accumulate
        sampling = build_task_sampling(runner.cfg.get("task_sampling"))
        self.turns = StreamTurns(loader, sampling, accumulate=accumulate, seed=runner.seed)
        self.balancer = build_balancer(runner.cfg.get("balancing"))
        self.schedule = self._make_schedule(schedule)
        self.grad_norm_interval = grad_norm_interval
        self._buffers: list[torch.Tensor] = []
        self.iter = 0
        self.stop_training = False
        # Messages about bad samples of this process, until the log takes them.
        self.replaced: list[str] = []
        self.bad_steps = BadSteps(max_in_a_row=max_bad_steps_in_a_row, max_in_all=max_bad_steps)
        self.spikes = SpikeWatch(spike_threshold)
        self.odd_parts = OddParts()
        self.idle_parameters = IdleParameters(runner.raw_model)

    def _make_schedule(self, kind: str) -> GradientSchedule:
        """The schedule; with a balancer, which is started here."""
        plain = GradientSchedule(kind)
        if self.turns.sampling is not None:
            # Of one stream they are the same, but DDP would wait for the other decoders.
            return GradientSchedule("sequential")
        model: TaskModel = self.runner.raw_model
        if plain.mode == "packed":
            model.check_packing()
        if self.balancer is None:
            return plain
        tasks = [task for stream in self.dataloader.sources for task in model.streams[stream]]
        device = next(model.parameters()).device
        self.balancer.start(tasks, device=device, seed=self.runner.seed)
        return BalancedSchedule(kind, self.balancer, model)

    # What mmengine's runner and hooks ask of a loop that has no epochs.
    epoch = 0
    max_epochs = 1

    @property
    def images_per_step(self) -> float:
        """Images of all tasks and processes in one step; the mean, where tasks are sampled."""
        return self.turns.images_per_step

    def run(self) -> nn.Module:
        """Train from the current step to the last."""
        runner = self.runner
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        if runner.val_loop is not None:
            runner.val_loop.prepare()  # what is wrong there would end the run after its last step
        self.dataloader.follow_classes()
        check_test_classes(runner, self.tasks)
        write_run_record(runner)
        self.dataloader.set_start(self.turns.drawn)
        self.dataloader.while_waiting = self._stop_waiting
        model: TaskModel = runner.raw_model
        in_all = self.turns.in_all(self.max_iters)
        summary = training_summary(model, self.dataloader, in_all, self.max_iters)
        runner.logger.info(
            f"training {counted(self.max_iters, 'step')}; output in {runner.work_dir}"
        )
        runner.logger.info("\n".join([summary, *where_to_look(runner)]))
        if self.iter >= self.max_iters:
            runner.logger.info(
                f"nothing left to train: the checkpoint is of step {self.iter} of "
                f"{self.max_iters}. Raise train_cfg.max_iters to train longer."
            )
            if runner.val_loop is not None:
                runner.val_loop.run()
        iterators = self.dataloader.iterators()
        runner.model.train()
        self._buffers = training_buffers(model)
        self._keeper = BufferKeeper(model)
        with runner.stop_request.listening():
            while self.iter < self.max_iters and not self.stop_training:
                asked = self._step(self.turns.fetch(iterators, self.iter))
                done = self.iter == self.max_iters
                if self._validates():
                    # A validation that ends early has no metrics, and is still to be done.
                    done &= not asked and bool(runner.val_loop.run())
                    runner.model.train()
                    asked = asked or runner.stop_request.agreed()
                if asked and not done:
                    save_and_stop(runner, self.iter)
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        return runner.model

    def _stop_waiting(self) -> None:
        """Called while a batch does not come: stop now if asked to.

        Among several processes the others may be in the step already, and wait for this one.
        """
        if self.runner.stop_request.signal and get_world_size() == 1:
            save_and_stop(self.runner, self.iter)

    def _validates(self) -> bool:
        if self.runner.val_loop is None:
            return False
        due = self.val_interval and self.iter % self.val_interval == 0
        return bool(due) or self.iter == self.max_iters

    def _step(self, micro_batches: list[dict[str, Any]]) -> bool:
        """Take a step, if it is finite; whether a process was asked to stop."""
        runner = self.runner
        runner.raw_model.before_step(self.iter, self.max_iters)
        runner.call_hook("before_train_iter", batch_idx=self.iter, data_batch=micro_batches)
        for batches in micro_batches:
            for stream, batch in batches.items():
                self.replaced += batch["replaced"]
                num_samples = len(batch["inputs"])
                self.dataloader.budgets[stream].update(batch["replaced"], num_samples)
        seeds = [self._seeds(micro) for micro in range(self.accumulate)]
        self._keeper.keep()
        result = self.schedule.backward(
            runner.model, micro_batches, runner.optim_wrapper, seeds=seeds, probe=self._probe()
        )
        asked = bool(runner.stop_request.signal)
        values = read_step(result, runner.optim_wrapper.clip(), is_asked_to_stop=asked)
        result.values = values
        if values.is_asked_to_stop and not asked:
            runner.stop_request.signal = OTHER_PROCESS
        if values.is_finite:
            # Every process has seen other samples; validation and checkpoints take one model.
            average_buffers(self._buffers)
            runner.optim_wrapper.step()
            self.schedule.after_step(runner.model, micro_batches, runner.optim_wrapper, seeds=seeds)
            runner.raw_model.after_step()
            self.bad_steps.note_good()
            self._look_for_spikes(values, micro_batches)
            self.odd_parts.look(self.iter + 1, values.parts)
            self.idle_parameters.look(self.iter + 1, values.losses)
        else:
            self._keeper.restore()
            self.schedule.undo()
            self.bad_steps.note_bad(runner, result, self._described(micro_batches, seeds))
        runner.optim_wrapper.zero_grad()
        # What follows the weights (averages, schedules) hears of steps that were taken alone.
        hook = "after_train_iter" if values.is_finite else "after_bad_step"
        runner.call_hook(hook, batch_idx=self.iter, data_batch=micro_batches, outputs=result)
        self.iter += 1
        return values.is_asked_to_stop

    def _described(
        self, micro_batches: Sequence[Mapping[str, Any]], seeds: Sequence[Mapping[str, int]]
    ) -> list[MicroBatch]:
        return [
            MicroBatch(batches, self.dataloader.keys(number), seed)
            for batches, number, seed in zip(
                micro_batches, self.turns.numbers(), seeds, strict=True
            )
        ]

    def _look_for_spikes(
        self, values: StepValues, micro_batches: Sequence[Mapping[str, Any]]
    ) -> None:
        images = {
            task: [p for batches in micro_batches for p in image_paths(batches[stream])]
            for task in values.losses
            for stream in [self.tasks[task].stream]
        }
        self.spikes.look(self.iter + 1, values.losses, images)

    def _seeds(self, micro: int) -> dict[str, int]:
        place = (self.runner.seed, self.iter * self.accumulate + micro, get_rank())
        names = {*self.tasks, *self.dataloader.sources}  # tasks, and the streams they share
        return {name: stable_seed("step", *place, name) for name in names}

    def _probe(self) -> list[nn.Parameter]:
        if not self.grad_norm_interval or self.iter % self.grad_norm_interval:
            return []
        return [p for p in self.runner.raw_model.backbone.parameters() if p.requires_grad]
