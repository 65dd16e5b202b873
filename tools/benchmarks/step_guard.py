"""What the look at every step costs: steps of stage 1 with it and without, in turns.

With it the host reads losses, parts and gradient norm before the update, looks for what is not
finite and for spikes, and notes the buffers that a bad step would change. Without it the host takes
the update blindly and need not wait for the device.
"""

from collections.abc import Iterator
from functools import partial

from torch import Tensor

from argus.engine.gradient_schedule import StepResult
from argus.engine.guard.odd_parts import OddParts
from argus.engine.guard.spikes import WINDOW, SpikeWatch
from argus.engine.guard.step_guard import BufferKeeper, read_step
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.stage1_step import Trainer


class GuardedTrainer(Trainer):
    """Steps as the training loop takes them, beside the plain ones.

    Args:
        settings: How to run.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.tasks = list(self.batches)
        self.keeper = BufferKeeper(self.model)
        self.spikes, self.odd_parts = SpikeWatch(10.0), OddParts()
        self.num_steps = 0
        for step in range(WINDOW):  # the cost is that of full windows
            self.spikes.look(step, dict.fromkeys(self.tasks, 1.0 + step % 7), {})

    def guarded_step(self) -> None:
        """A step that is looked at."""
        self.keeper.keep()
        result = self.backward("joint", self.tasks)
        self.look(result, self.optimizer.clip())
        self.optimizer.step()
        self.optimizer.zero_grad()

    def look(self, result: StepResult, grad_norm: Tensor) -> None:
        """Look at what a backward pass gave."""
        values = read_step(result, grad_norm, is_asked_to_stop=False)
        assert values.is_finite, values.odd
        self.num_steps += 1
        images = {task: ["image.jpg"] * len(self.batches[task]["inputs"]) for task in self.tasks}
        self.spikes.look(self.num_steps, values.losses, images)
        self.odd_parts.look(self.num_steps, values.parts)

    def plain_step(self) -> None:
        """The same step, not looked at."""
        self.backward("joint", self.tasks)
        self.optimizer.clip()
        self.optimizer.step()
        self.optimizer.zero_grad()


def cases(settings: Settings) -> Iterator[Case]:
    """All tasks, by the joint schedule."""
    yield Case("all tasks, joint", partial(_run, settings, GuardedTrainer(settings)))


def _run(settings: Settings, trainer: GuardedTrainer) -> Result:
    found = settings.compare(trainer.guarded_step, trainer.plain_step)
    result, grad_norm = trainer.backward("joint", trainer.tasks), trainer.optimizer.clip()

    def look() -> None:
        trainer.keeper.keep()
        trainer.look(result, grad_norm)

    return Result(
        {
            "look_ms": settings.measure(look).milliseconds,
            "guarded_ms": found.first_ms,
            "plain_ms": found.second_ms,
            "ratio": found.ratio,
            "ratio_low": found.low,
            "ratio_high": found.high,
        }
    )
