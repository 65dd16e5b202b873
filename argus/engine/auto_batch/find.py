"""Find the largest batches of a training, and say what was found."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mmengine.config import Config

from argus.engine.auto_batch.memory import (
    CPU_SHARE,
    GPU_SHARE,
    Foresight,
    gpu_limit,
    main_memory,
    peak_of_process,
    runs_out,
)
from argus.engine.auto_batch.search import largest
from argus.engine.auto_batch.trial import Trial
from argus.errors import ConfigError

_MOST = 1024


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found.

    Args:
        sizes: Batch size of each task.
        before: Those of the config.
        limit: Bytes that a step was allowed.
        is_gpu: Whether of a GPU.
        reason: Why no larger one is taken.
    """

    sizes: Mapping[str, int]
    before: Mapping[str, int]
    limit: int
    is_gpu: bool
    reason: str


def find(config: Config) -> Found:
    """Try steps of growing batches.

    The tasks grow by one factor, which keeps their proportion; each by itself with
    ``schedule="sequential"``, where only one of them needs its memory at a time.

    Args:
        config: Of the training.

    Raises:
        ConfigError: Not even one picture of each task fits.
    """
    with tempfile.TemporaryDirectory() as work_dir:
        trial = Trial(config, work_dir)
        try:
            if next(trial.runner.model.parameters()).is_cuda:
                with gpu_limit() as limit:
                    return _found(trial, limit, is_gpu=True)
            limit = peak_of_process() + main_memory()
            return _found(trial, limit, is_gpu=False)
        finally:
            trial.runner.close()


def _found(trial: Trial, limit: int, *, is_gpu: bool) -> Found:
    sizes, reasons = dict(trial.sizes), []
    streams = list(trial.sizes)
    for group in [[s] for s in streams] if trial.kind == "sequential" else [streams]:
        least = min(trial.sizes[stream] for stream in group)

        def scaled(number: int, group: list[str] = group, least: int = least) -> dict[str, int]:
            return {s: max(1, trial.sizes[s] * number // least) for s in group}

        foresight = None if is_gpu else Foresight(limit, peak_of_process)

        def fits(
            number: int,
            scaled: Callable[[int], dict[str, int]] = scaled,
            foresight: Foresight | None = foresight,
        ) -> bool:
            if foresight is not None and not foresight.fits(number):
                return False
            if runs_out(lambda: trial.step(scaled(number))):
                return False
            return foresight is None or foresight.note(number)

        # More pictures than there are would be the same ones again.
        bound = min(trial.limits[s] * least // trial.sizes[s] for s in group)
        most = max(1, min(_MOST, bound))
        number, bad = largest(fits, start=min(least, most), most=most)
        names = ", ".join(sorted(trial.names[s] for s in group))
        if not number:
            raise ConfigError(
                f"--auto-batch: not even a step with one picture of {names} fits into "
                f"{_gigabytes(limit)}: take a smaller backbone, or smaller pictures (size)."
            )
        sizes |= scaled(number)
        if bad is None:
            what = "the data have no more" if most < _MOST else f"none above {_MOST} is tried"
        else:
            larger = ", ".join(f"{n} of {trial.names[s]}" for s, n in scaled(bad).items())
            what = f"{larger} would not fit"
        reasons.append(what)
    return Found(
        sizes={trial.names[s]: number for s, number in sizes.items()},
        before={trial.names[s]: number for s, number in trial.sizes.items()},
        limit=limit,
        is_gpu=is_gpu,
        reason="; ".join(reasons),
    )


def apply(found: Found, config: Config) -> list[str]:
    """Set the sizes in a config.

    Returns:
        What a person is told: the sizes, the line for the config, and what follows for the rate.
    """
    for name, number in found.sizes.items():
        config.tasks[name].train["batch_size"] = number
    share = f"{GPU_SHARE:.0%} of the GPU's free memory"
    if not found.is_gpu:
        share = f"{CPU_SHARE:.0%} of the free main memory, beside what was taken"
    sizes = ", ".join(f"{n} {found.before[n]} -> {size}" for n, size in found.sizes.items())
    factor = sum(found.sizes.values()) / sum(found.before.values())
    lines = [
        f"--auto-batch: {sizes} pictures a step, within {_gigabytes(found.limit)} ({share}): "
        f"{found.reason}",
        "  to keep it, in the config: "
        + ", ".join(f"tasks.{n}.train.batch_size = {size}" for n, size in found.sizes.items()),
    ]
    rate = config.get("optim_wrapper", {}).get("optimizer", {}).get("lr")
    if factor != 1 and isinstance(rate, (int, float)):
        lines.append(
            f"  the learning rate stays {rate:g}; linear scaling would make it "
            f"{rate * factor:.3g}. The {config.train_cfg['max_iters']} steps now see {factor:.3g} "
            "times the pictures"
        )
    return lines


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.3g} GB"
