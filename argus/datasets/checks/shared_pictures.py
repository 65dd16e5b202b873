"""Pictures that are trained on and measured by, under whatever names: metrics come out too good."""

import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.datasets.census.entries import spread
from argus.datasets.checks.findings import Findings
from argus.files.same_files import same_files, size_of
from argus.names.wording import counted


class SharedPictures:
    """The pictures of all data sets of a training, gathered one data set after another.

    A backbone learns from every task: a picture that one task is measured by may be one that
    another is trained on.

    Args:
        most: Pictures of a data set that are looked for among those trained on; ``None`` for all.
    """

    def __init__(self, *, most: int | None) -> None:
        self.most = most
        self._trained: dict[str, str] = {}
        self._measured: list[tuple[Findings, list[str]]] = []

    def look(self, dataset: Any, findings: Findings, *, learns: bool) -> None:
        """Note the pictures of a data set.

        Args:
            dataset: Built, with entries.
            findings: Of this data set.
            learns: Whether it is trained on; else it is measured by.
        """
        numbers = range(len(dataset)) if learns else spread(len(dataset), self.most)
        paths = {
            os.path.abspath(path)
            for path in (dataset.get_data_info(number).get("img_path") for number in numbers)
            if isinstance(path, str)
        }
        if learns:
            for path in paths:
                self._trained.setdefault(path, findings.where)
        else:
            self._measured.append((findings, sorted(paths)))

    def tell(self) -> None:
        """Add a warning to each data set that shares pictures with those trained on."""
        twins = self._twins()
        for findings, paths in self._measured:
            shared = {path: twins[path] for path in paths if path in twins}
            if shared:
                findings.warnings.append(self._told(shared, number=len(paths)))

    def _twins(self) -> Mapping[str, str]:
        """One that is trained on of each measured picture that has any."""
        measured = {path for _, paths in self._measured for path in paths}
        found = {path: path for path in measured if path in self._trained}
        left = measured - set(found)
        sizes = {size_of(Path(path)) for path in left}
        alike = {path for path in self._trained if size_of(Path(path)) in sizes} if left else set()
        for group in same_files(Path(), left | alike):
            learned = next((path for path in group if path in self._trained), None)
            if learned is not None:
                found |= dict.fromkeys(left.intersection(group), learned)
        return found

    def _told(self, shared: Mapping[str, str], *, number: int) -> str:
        wheres = ", ".join(dict.fromkeys(self._trained[learned] for learned in shared.values()))
        path, learned = next(iter(shared.items()))
        example = path if path == learned else f"{path} as {learned}"
        are = counted(len(shared), f"picture of {number:,} is", f"pictures of {number:,} are")
        return f"{are} trained on, too, in {wheres}, e.g. {example}: the metrics come out too good"
