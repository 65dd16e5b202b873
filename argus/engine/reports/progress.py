"""One line of progress on the console; the same numbers as JSON lines and to TensorBoard."""

import datetime
import math
import resource
import sys
import time
from collections import defaultdict
from typing import Any

import torch
from mmengine.hooks import Hook

from argus.engine.distributed import gather_lists, mean_over_ranks
from argus.engine.gradient_schedule import StepResult
from argus.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Average losses over an interval and log them, with ETA, images/s and memory.

    Steps and parts of losses that were not finite are no part of the means.

    Args:
        interval: Steps between lines.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, *, interval: int = 50) -> None:
        self.interval = interval
        self._sums: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)
        self._started = 0.0
        self._steps = 0
        self._data_seconds = 0.0
        self._step_ended = 0.0
        # Seconds per step over the whole run, for an ETA that does not jump.
        self._seconds = 0.0
        self._total_steps = 0

    def before_train(self, runner: Any) -> None:
        """Start the clock."""
        runner.message_hub.update_info("max_iters", runner.max_iters)
        self._started = self._step_ended = time.perf_counter()

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Account the time since the last step to the data."""
        runner.message_hub.update_info("iter", runner.iter)
        self._data_seconds += time.perf_counter() - self._step_ended

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: StepResult | None = None,
    ) -> None:
        """Add a step up; log at the end of an interval and of the training."""
        assert outputs is not None and outputs.values is not None
        values = outputs.values
        self._add("loss", sum(values.losses.values()))
        for task, value in values.losses.items():
            self._add(f"{task}/loss_weighted", value)
        for name, value in values.parts.items():
            if math.isfinite(value):
                self._add(name, value)
        for task, value in values.grad_norms.items():
            self._add(f"{task}/adapter_grad_norm", value)
        for task, value in values.factors.items():
            self._add(f"{task}/balancing", value)
        self._add("grad_norm", values.grad_norm)
        self._end_step(runner)

    def after_bad_step(self, runner: Any, **kwargs: Any) -> None:
        """Log at the end of an interval; a bad step counts in no mean."""
        self._end_step(runner)

    def _end_step(self, runner: Any) -> None:
        self._steps += 1
        self._step_ended = time.perf_counter()
        step = runner.iter + 1
        if step % self.interval == 0 or step == runner.max_iters:
            self._log(runner, step)

    def after_val(self, runner: Any) -> None:
        """Do not count validation as training time."""
        self._started += time.perf_counter() - self._step_ended
        self._step_ended = time.perf_counter()

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Write the metrics."""
        if metrics:
            step = runner.iter if runner.training else 0
            runner.visualizer.add_scalars(
                {**metrics, "iter": step}, step=step, file_path=f"{runner.timestamp}.json"
            )

    def _add(self, name: str, value: float) -> None:
        self._sums[name] += value
        self._counts[name] += 1

    def _log(self, runner: Any, step: int) -> None:
        means = mean_over_ranks({n: v / self._counts[n] for n, v in self._sums.items()})
        for message in gather_lists(runner.train_loop.replaced):
            runner.logger.warning(f"bad sample replaced: {message}")
        for spike in gather_lists(runner.train_loop.spikes.found):
            spike.tell(runner)
        runner.train_loop.odd_parts.tell(runner)
        runner.train_loop.idle_parameters.tell(runner)
        runner.train_loop.replaced, runner.train_loop.spikes.found = [], []
        # Before the checkpoint hook, so that a checkpoint of this step holds the counts of all.
        runner.train_loop.dataloader.share_bad_samples()
        elapsed = self._step_ended - self._started
        waits = self._waits(runner, elapsed)
        self._seconds += elapsed
        self._total_steps += self._steps
        eta = self._seconds / self._total_steps * (runner.max_iters - step)
        scalars = {
            **means,
            "lr": runner.optim_wrapper.base_lr,
            "time": elapsed / self._steps,
            "data_time": self._data_seconds / self._steps,
            "images_per_second": runner.train_loop.images_per_step * self._steps / elapsed,
            "memory_mb": memory_mb(),
            "bad_steps": runner.train_loop.bad_steps.num_in_all,
            **{f"{n}/data_time": seconds / self._steps for n, seconds in waits.items()},
            **{f"{n}/data_share": seconds / elapsed for n, seconds in waits.items()},
            **{f"{n}/epoch": value for n, value in runner.train_loop.turns.epochs().items()},
            "odd_parts": sum(runner.train_loop.odd_parts.counts.values()),
            "iter": step,
        }
        tasks = [n.split("/")[0] for n in means if n.endswith("/loss_weighted")]
        parts = "  ".join(f"{task} {means[f'{task}/loss_weighted']:.3f}" for task in tasks)
        losses = f"loss {means['loss']:.3f}: {parts}" if tasks else "no step was finite"
        runner.logger.info(
            f"{step:>{len(str(runner.max_iters))}}/{runner.max_iters}  "
            f"eta {datetime.timedelta(seconds=int(eta))}  {scalars['time']:.3f} s/step "
            f"(data {scalars['data_time']:.3f})  {scalars['images_per_second']:.1f} img/s  "
            f"{scalars['memory_mb']:.0f} MB  lr {scalars['lr']:.2e}  {losses}"
        )
        runner.visualizer.add_scalars(scalars, step=step, file_path=f"{runner.timestamp}.json")
        self._sums, self._counts = defaultdict(float), defaultdict(int)
        self._steps, self._data_seconds, self._started = 0, 0.0, time.perf_counter()

    def _waits(self, runner: Any, elapsed: float) -> dict[str, float]:
        """Seconds that the steps waited for each stream, in the process that waited longest."""
        stalls = runner.train_loop.turns.stalls
        found = gather_lists([stalls.take()])
        waits = {stream: max(one[stream] for one in found) for stream in found[0]}
        for text in stalls.judge(waits, elapsed, self._steps):
            runner.logger.warning(text)
        return waits


def memory_mb() -> float:
    """Peak memory of this process in MB: of its GPU, or resident without one."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
