"""Compare the classes of the parts of a task, as a training does before its first step."""

from collections.abc import Mapping
from typing import Any

from argus.datasets.checks.coco_entries import is_coco, read_annotations
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.paths import annotation_files
from argus.datasets.classes.names import class_names_of
from argus.names.categories import category_ids
from argus.names.classes import ClassNames, order_of, told_order
from argus.tasks.label_counts import check_names


class ClassComparison:
    """The classes of one task, gathered part by part.

    Args:
        name: Of the task.
        task: Its config.
        shares_stream: Whether its training data are those of other tasks too, so that their classes
            need not be its own.
    """

    def __init__(self, name: str, task: Mapping[str, Any], *, shares_stream: bool) -> None:
        self.name = name
        self.task = task
        self.shares_stream = shares_stream
        classes = task.get("classes")
        self._reference = (
            ClassNames(names=tuple(classes), source=f"tasks.{name}.classes") if classes else None
        )

    def look(self, part: str, dataset: Any, findings: Findings) -> None:
        """Compare a data set with the parts before it, and with the file of the metric.

        Args:
            part: ``train``, ``val`` or ``test``.
            dataset: It, built.
            findings: What is told of a mere order.

        Raises:
            DataError: It has other classes, or the metric's file lacks one.
        """
        own = class_names_of(dataset, where=f"tasks.{self.name}.{part}.dataset")
        decoder = self.task.get("decoder") or {}
        if own is None or (part == "train" and self.shares_stream):
            return
        if decoder and not check_names(own, decoder, f"tasks.{self.name}.decoder"):
            return
        if part != "train" and not own.are_keypoints:
            self._check_metrics(dataset.metainfo["classes"])
        self._reference = self._reference or own
        if order_of(own, self._reference, task=self.name) is not None:
            findings.notes.append(told_order(own, self._reference))

    def _check_metrics(self, classes: Any) -> None:
        metrics = self.task.get("metrics") or ()
        for metric in [metrics] if isinstance(metrics, Mapping) else metrics:
            for path in annotation_files(metric):
                content = read_annotations(path)
                if is_coco(content):
                    category_ids(content, classes, path)
