"""Say before a training or an evaluation that data have nothing to measure by.

Where a checkpoint is chosen by it, or the training ends by it, that is an error before the first
step; else the metrics have no value, and tables and files say so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger

from argus.datasets.census.entries import entry_census
from argus.datasets.census.judgement import (
    NOTHING_TO_MEASURE,
    Census,
    choice_without_value,
    judge,
)
from argus.datasets.resilient import ResilientDataset
from argus.engine.checks.learnable import count_label_maps
from argus.engine.checks.run_settings import best_names
from argus.engine.distributed import by_first_process
from argus.errors import DataError
from argus.tasks import EvalData

_MEAN_GAIN = "multitask/mean_gain"


def choices_by(cfg: Mapping[str, Any], task: str) -> list[str]:
    """The metrics of a task by which a training chooses a checkpoint, or ends.

    Args:
        cfg: Config of the training.
        task: Name of the task.
    """
    custom = cfg.get("custom_hooks")
    hooks = (
        [h for h in custom if isinstance(h, Mapping)] if isinstance(custom, (list, tuple)) else []
    )
    monitored = [hook["monitor"] for hook in hooks if isinstance(hook.get("monitor"), str)]
    names = [*best_names(cfg), *monitored]
    baseline = (cfg.get("val_cfg") or {}).get("baseline") or {}
    has_part = any(name.startswith(f"{task}/") for name in baseline)
    return [
        name
        for name in dict.fromkeys(names)
        if name.startswith(f"{task}/") or (name == _MEAN_GAIN and has_part)
    ]


def check_measurable(
    dataset: ResilientDataset,
    data: EvalData,
    *,
    where: str,
    choices: Sequence[str],
    ignore: int,
) -> None:
    """Look for a first label by which predictions can be measured; all processes must call it.

    Args:
        dataset: Built from ``data.dataset``; one without ``get_data_info`` is not looked at.
        data: Of the task.
        where: Its place in the config, for messages.
        choices: Metrics of the task by which the training chooses; see :func:`choices_by`.
        ignore: The label of pixels that the decoder ignores.

    Raises:
        DataError: There is none, and the training chooses by it.
    """
    if not hasattr(dataset.dataset, "get_data_info"):
        return
    text = by_first_process(lambda: _nothing_in(dataset, data, ignore))
    if text and choices:
        raise DataError(f"{where}: {choice_without_value(text, choices)}.")
    if text:
        MMLogger.get_current_instance().warning(
            f"{where}: {text}. The metrics have no value: '-' in tables, null in files"
        )


def _nothing_in(dataset: ResilientDataset, data: EvalData, ignore: int) -> str:
    try:
        found = [entry_census(dataset.dataset, data.dataset, least=1, most=1)]
    except Exception:  # noqa: BLE001 - entries of a user's data set may have another form
        found = []
    if not any(census is not None and census.occurring for census in found):
        found += count_label_maps(dataset, data, ignore, suffices=_has_any)
    censuses = [census for census in found if census is not None and census.names]
    if not censuses or any(map(_has_any, censuses)):
        return ""
    texts = [text for census in censuses for text in judge(census, learns=False)[1]]
    return next((text for text in texts if text.startswith(NOTHING_TO_MEASURE)), "")


def _has_any(census: Census) -> bool:
    return bool(census.occurring)
