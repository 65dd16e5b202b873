"""Let the metrics of a task read what they will read, without a model."""

import contextlib
import io
from collections.abc import Mapping
from typing import Any

from argus.datasets.checks.metric_files import metric_file_problems
from argus.errors import ConfigError, DataError
from argus.evaluation.evaluator import TaskEvaluator
from argus.models.foreign import library_of, library_scope
from argus.safe_load import tensors_only


def metric_errors(
    name: str, task: Mapping[str, Any], config: Mapping[str, Any], dataset: Any
) -> list[str]:
    """What would keep the metrics of a task from measuring.

    Args:
        name: Of the task.
        task: Its config.
        config: Of the data set to be measured on.
        dataset: Built from it.

    Returns:
        Sentences; what is wrong with entries of a file first, since a metric would trust them.
    """
    metrics = task.get("metrics") or ()
    metrics = [metrics] if isinstance(metrics, Mapping) else list(metrics)
    problems = [
        f"{metric['ann_file']} (metric): {problem}"
        for metric in metrics
        for problem in metric_file_problems(metric, config, dataset)
    ]
    if problems:
        return problems
    kind = (task.get("decoder") or {}).get("type")
    try:
        with (
            library_scope(library_of(kind) if kind else None),
            tensors_only(),
            contextlib.redirect_stdout(io.StringIO()),  # pycocotools prints while it indexes
        ):
            TaskEvaluator(name, metrics, dataset_meta=dataset.metainfo)
    except (ConfigError, DataError) as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001 - a metric of the user's may raise anything
        text = " ".join(str(error).split())[:300]
        return [f"tasks.{name}.metrics: they cannot be built ({type(error).__name__}: {text})"]
    return []
