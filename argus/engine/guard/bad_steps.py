"""Steps that were not finite: counted, written down so that each can be repeated, and limited."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank, get_world_size

from argus.engine.checkpoints.model_state import trained_state
from argus.engine.checkpoints.resume import checkpoints_in
from argus.engine.distributed import gather_lists
from argus.engine.gradient_schedule import StepResult
from argus.errors import ConfigError, DataError
from argus.files.durable import write_json, write_text
from argus.files.records import finite
from argus.names.wording import counted
from argus.storage.checkpoint import write_checkpoint

FOLDER = "bad_steps"
FORMAT = "argus-bad-step-2"
# A checkpoint of the weights goes beside the first records alone: it may have gigabytes.
_MAX_WEIGHTS = 3
_MAX_RECORDS = 100


@dataclass(frozen=True)
class MicroBatch:
    """One batch of every stream as the loop had it.

    Args:
        batches: What the loader gave, by stream.
        keys: ``(draw, index)`` of each sample, by stream.
        seeds: Seed of each task's noise.
    """

    batches: Mapping[str, Any]
    keys: Mapping[str, Sequence[tuple[int, int]]]
    seeds: Mapping[str, int]

    def record(self) -> dict[str, Any]:
        """As plain values, without the pictures."""
        streams = {
            stream: [
                dict(draw=draw, index=index, image=path)
                for (draw, index), path in zip(self.keys[stream], image_paths(batch), strict=True)
            ]
            for stream, batch in self.batches.items()
        }
        return dict(streams=streams, seeds=dict(self.seeds))


def image_paths(batch: Mapping[str, Any]) -> list[str | None]:
    """Path of each image of a batch, where its sample names it."""
    return [_path(sample) for sample in batch["data_samples"]]


def _path(sample: Any) -> str | None:
    if isinstance(sample, Mapping):  # tasks that share a stream: any of them names the picture
        return next((path for path in map(_path, sample.values()) if path), None)
    path = sample.get("img_path") if hasattr(sample, "get") else None
    return None if path is None else str(path)


class BadSteps:
    """Count the bad steps of a training; stop it past a number.

    Args:
        max_in_a_row: How many may follow one another.
        max_in_all: How many there may be.
    """

    def __init__(self, *, max_in_a_row: int, max_in_all: int) -> None:
        for key, value in (
            ("max_bad_steps_in_a_row", max_in_a_row),
            ("max_bad_steps", max_in_all),
        ):
            if not isinstance(value, int) or value < 0:
                raise ConfigError(f"train_cfg.{key}: expected an integer >= 0, found {value!r}.")
        self.max_in_a_row = max_in_a_row
        self.max_in_all = max_in_all
        self.num_in_a_row = 0
        self.num_in_all = 0
        self._first = ""

    def note_good(self) -> None:
        """A step was taken."""
        self.num_in_a_row = 0

    def note_bad(
        self, runner: Any, result: StepResult, micro_batches: Sequence[MicroBatch]
    ) -> None:
        """A step was not taken; write it down.

        Args:
            runner: The runner, before it counts the step.
            result: The step's values.
            micro_batches: Its batches.

        Raises:
            DataError: There were too many; names the first, and the newest checkpoint.
        """
        self.num_in_a_row += 1
        self.num_in_all += 1
        assert result.values is not None
        file = self._write(runner, result, micro_batches)
        # The norm of the gradients is that of all processes; which task it was is known to one.
        found = gather_lists([(list(result.values.odd), str(file) if file else "")])
        found.sort(key=lambda item: len(item[0]), reverse=True)
        odd = ", ".join(dict.fromkeys(name for names, _ in found for name in names))
        files = [path for names, path in found if names and path]
        replay = f" Repeat it by tools/replay.py {files[0]}." if files else ""
        self._first = self._first or f"step {runner.iter + 1} ({odd}).{replay}"
        runner.logger.warning(
            f"step {runner.iter + 1} was not taken, since it is not finite: {odd}.{replay}"
        )
        if self.num_in_a_row > self.max_in_a_row or self.num_in_all > self.max_in_all:
            raise DataError(self._reason(runner))

    def _reason(self, runner: Any) -> str:
        newest = next(iter(checkpoints_in(runner.work_dir)), None)
        last = f"The last good checkpoint is {newest}" if newest else "There is no checkpoint yet"
        return (
            f"{counted(self.num_in_a_row, 'step')} in a row and {self.num_in_all} in all were not "
            f"finite (accepted: max_bad_steps_in_a_row={self.max_in_a_row} and "
            f"max_bad_steps={self.max_in_all} of train_cfg); the first was {self._first} {last}. "
            "If it is not the pictures, lower the learning rate or clip gradients."
        )

    def _write(
        self, runner: Any, result: StepResult, micro_batches: Sequence[MicroBatch]
    ) -> Path | None:
        """Write the record of this process; its path, or ``None`` where there are enough."""
        folder, rank = Path(runner.work_dir) / FOLDER, get_rank()
        values = result.values
        assert values is not None
        written = len(list(folder.glob(f"step_*_rank{rank}.json")))
        if written >= _MAX_RECORDS:
            return None
        weights = f"step_{runner.iter + 1:06d}.pth" if written < _MAX_WEIGHTS else None
        # By its content: that of the work dir is replaced when the training goes on with another.
        text = runner.cfg.pretty_text
        config = folder / f"config_{hashlib.sha256(text.encode()).hexdigest()[:16]}.py"
        content = dict(
            format=FORMAT,
            step=runner.iter + 1,
            rank=rank,
            world_size=get_world_size(),
            schedule=runner.train_loop.schedule.kind,
            seed=runner.seed,
            config=config.name,
            classes={task: runner.classes.names(task) for task in runner.tasks},
            weights=weights,
            losses=values.losses,
            parts=values.parts,
            grad_norm=values.grad_norm,
            micro_batches=[micro.record() for micro in micro_batches],
        )
        path = folder / f"step_{runner.iter + 1:06d}_rank{rank}.json"
        try:
            if not config.exists():
                write_text(config, text)
            if weights and rank == 0:
                state = trained_state(runner.raw_model)
                write_checkpoint(
                    folder / weights, dict(base=runner.base, state_dict=state, meta={})
                )
            write_json(path, finite(content))
        except (OSError, ValueError) as error:  # a full disk must not end what can go on
            runner.logger.warning(f"the bad step could not be written down: {error}")
            return None
        return path

    def state_dict(self) -> dict[str, Any]:
        """Counts and the first bad step, for the checkpoint."""
        return dict(num_in_a_row=self.num_in_a_row, num_in_all=self.num_in_all, first=self._first)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`."""
        self.num_in_a_row, self.num_in_all = state["num_in_a_row"], state["num_in_all"]
        self._first = state["first"]
