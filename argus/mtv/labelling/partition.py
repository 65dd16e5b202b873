"""Which shards of a list are those of this process, as its launcher numbers the processes.

Without a launcher every process has the whole list: workers come and go, and claims tell them
apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from argus.errors import ConfigError

LAUNCHERS = ("none", "torchrun", "slurm")


def own_shards(shards: Sequence[Path], launcher: str, environment: Mapping[str, str]) -> list[Path]:
    """The shards of this process: every n-th of n processes.

    Args:
        shards: All of them, in the same order for all processes.
        launcher: ``none``, ``torchrun`` (``RANK``, ``WORLD_SIZE``) or ``slurm``, an array
            (``SLURM_ARRAY_TASK_ID``, ``_COUNT``, ``_MIN``, ``_STEP``).
        environment: Of the process.

    Raises:
        ConfigError: The launcher has not set its variables, or the array has gaps.
    """
    if launcher == "none":
        return list(shards)
    if launcher == "torchrun":
        rank, world = _numbers(environment, launcher, "RANK", "WORLD_SIZE")
        return list(shards[rank::world])
    assert launcher == "slurm", launcher
    task, count = _numbers(environment, launcher, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT")
    first = int(environment.get("SLURM_ARRAY_TASK_MIN", "0"))
    step = int(environment.get("SLURM_ARRAY_TASK_STEP") or "1")
    place, gap = divmod(task - first, step)
    if gap or not 0 <= place < count:
        raise ConfigError(
            f"--launcher slurm: task {task} of an array of {count} from {first} in steps of {step}"
            ": the array has gaps, so that shards would belong to nobody. Submit it without, or "
            "run its tasks with --launcher none, by which workers share the whole list."
        )
    return list(shards[place::count])


def _numbers(environment: Mapping[str, str], launcher: str, *names: str) -> tuple[int, ...]:
    missing = [name for name in names if not environment.get(name, "").isdecimal()]
    if missing:
        raise ConfigError(
            f"--launcher {launcher}: {' and '.join(missing)} not set; is this process started by "
            "it? Without a launcher, --launcher none has any number of workers share the list."
        )
    return tuple(int(environment[name]) for name in names)
