"""Logs as trainings leave them, a few lines long."""

import json
from pathlib import Path
from typing import Any


def write_log(
    work_dir: Path, lines: list[dict[str, Any]], *, time: str = "20260101_000000"
) -> Path:
    """Write the log of one start of a training; the file."""
    path = work_dir / time / "vis_data" / "scalars.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def training(step: int, loss: float, **values: float) -> dict[str, Any]:
    """A line of a training of one task ``a``."""
    return {
        "loss": loss,
        "a/loss": loss,
        "a/loss_weighted": loss,
        "lr": 0.1,
        **values,
        "iter": step,
        "step": step,
    }


def validation(step: int, **values: float) -> dict[str, Any]:
    """A line of a validation; ``a__top1`` stands for ``a/top1``."""
    return {**{k.replace("__", "/"): v for k, v in values.items()}, "iter": step, "step": step}
