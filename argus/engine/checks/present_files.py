"""Look for the pictures and label maps of a data set before the first step."""

from typing import Any

from mmengine.logging import MMLogger

from argus.datasets.checks.label_loaders import loaders_to_judge, steps_of
from argus.datasets.checks.missing_files import MissingFiles, missing_files
from argus.datasets.joined_parts import JoinedParts, Part
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import LoadSegMap
from argus.engine.distributed import by_first_process
from argus.errors import DataError
from argus.tasks import EvalData, TrainData


def check_files_there(dataset: ResilientDataset, data: TrainData | EvalData, *, where: str) -> None:
    """Refuse data whose files are missing, in one message; all processes must call it.

    In training a share of missing files up to ``max_bad_share`` is a warning: others stand in for
    them.

    Args:
        dataset: Built from ``data.dataset``; one without ``get_data_info`` is not looked at.
        data: Of the task.
        where: Its place in the config, for messages.

    Raises:
        DataError: With their number, the first, their folder and the remedy.
    """
    if not hasattr(dataset.dataset, "get_data_info"):
        return
    found = by_first_process(lambda: _look(dataset.dataset, data))
    if not found.paths:
        return
    if isinstance(data, TrainData) and found.share <= data.max_bad_share:
        MMLogger.get_current_instance().warning(
            f"{where}: {found}. Other samples stand in for them"
        )
        return
    raise DataError(f"{where}: {found}.")


def _look(dataset: Any, data: TrainData | EvalData) -> MissingFiles:
    parts = JoinedParts(data.dataset, dataset)
    keys = [_keys_of(part) for part in parts.parts]
    return missing_files(dataset, lambda index: keys[parts.number_at(index)])


def _keys_of(part: Part) -> list[str]:
    """Under which the entries of a data set have paths of files that are read."""
    # With another backend a path may be a key of an archive.
    if any(
        (step.get("backend_args") or step.get("file_client_args") or {}).get("backend", "local")
        not in ("local", "disk")
        for step in steps_of(part.config)
    ):
        return []
    keys = ["img_path"]
    for load in loaders_to_judge(part.config, part.metainfo):
        if isinstance(load, LoadSegMap) and any(steps_of(part.config)):
            keys.append("seg_map_path")
        elif isinstance(load, LoadDenseLabel):
            keys.append(load.path_key)
    return keys
