"""Are the files there that a config names? All that are missing are told in one message.

Who sets a run up brings them all at once, instead of learning of the next one at each start.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.datasets.checks.paths import check_all_paths
from argus.errors import CheckpointError, DataError
from argus.models.backbones.missing import missing_weights
from argus.storage.checkpoint import check_is_file
from argus.tasks import Task


def check_weights(cfg: Mapping[str, Any], tasks: Mapping[str, Task], parts: Sequence[str]) -> None:
    """Refuse a config whose weights are missing, and name the data that are missing too.

    Args:
        cfg: With ``backbone`` and ``load_from``.
        tasks: Of the config.
        parts: As for :func:`check_data`.

    Raises:
        CheckpointError: Naming every file or folder that is missing.
    """
    lacks = weights_not_there(cfg)
    if not lacks:
        return
    try:
        check_data(tasks, parts)
    except DataError as error:
        lacks.append(str(error))
    raise CheckpointError("\n\n".join(lacks))


def weights_not_there(cfg: Mapping[str, Any]) -> list[str]:
    """What to do for every weight file of a config that is missing, one text each.

    Args:
        cfg: With ``backbone`` and ``load_from``.
    """
    lacks = list(missing_weights(cfg.get("backbone")))
    if isinstance(cfg.get("load_from"), str):
        try:
            check_is_file(Path(cfg["load_from"]))
        except CheckpointError as error:
            lacks.append(str(error))
    return lacks


def check_data(tasks: Mapping[str, Task], parts: Sequence[str]) -> None:
    """Refuse tasks whose data are missing.

    Args:
        tasks: Of the config.
        parts: Which of ``train``, ``val`` and ``test`` are read.

    Raises:
        DataError: Naming every file or folder that is missing.
    """
    configs: dict[str, Mapping[str, Any]] = {}
    for task in tasks.values():
        for part in parts:
            data = getattr(task, part)
            if data is not None and not (part == "test" and data is task.val and "val" in parts):
                place = task.part_in_config(part)
                configs[f"tasks.{task.name}.{place}.dataset"] = data.dataset
        if set(parts) & {"val", "test"}:
            for index, metric in enumerate(task.metrics):
                if isinstance(metric, Mapping):
                    configs[f"tasks.{task.name}.metrics[{index}]"] = metric
    check_all_paths(configs)
