"""Decode the pictures and label maps of a data set by the loaders of its task, all or some."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.census.judgement import judge
from argus.datasets.census.maps import MapCounts, count_maps, map_censuses
from argus.datasets.census.pipeline_maps import judging_loaders
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.label_loaders import image_loader, stock_image_loader
from argus.datasets.checks.orientation import Turned, TurnedByLoader, look_at
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.transforms.labels import IGNORE
from argus.datasets.transforms.loading import LoadImage
from argus.errors import DataError

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


class LoadedFiles:
    """The files of a data set, read as its task reads them; build it where the task is built.

    Args:
        config: Config of the data set; without one its pictures are read as by default.
        dataset: Built from it.
        ignore: The label that the decoder ignores.
        with_maps: Whether label maps are read, too.
    """

    def __init__(
        self, config: Mapping[str, Any], dataset: Any, *, ignore: int = IGNORE, with_maps: bool
    ) -> None:
        self.dataset = dataset
        self.ignore = ignore
        self._parts = JoinedParts(config, dataset)
        parts = self._parts.parts
        loaders = [(image_loader(p.config), stock_image_loader(p.config)) for p in parts]
        maps = [judging_loaders(p, ignore=ignore) if with_maps else [] for p in parts]
        self._turned = TurnedByLoader(loaders)
        self._load = [
            _FileLoader(load, found) for (load, _), found in zip(loaders, maps, strict=True)
        ]

    def check(
        self,
        findings: Findings,
        *,
        learns: bool,
        sample: int | None,
        num_threads: int,
        progress: Progress,
    ) -> None:
        """Decode them.

        Args:
            findings: Where errors and counts go.
            learns: Whether the data set is trained on; else it is measured by.
            sample: Files to decode, chosen at random; ``None`` for all.
            num_threads: Threads.
            progress: Wraps the iteration.
        """
        entries = self._unique_files()
        num_all = len(entries)
        if sample is not None and sample < num_all:
            chosen = np.random.default_rng(0).choice(num_all, sample, replace=False)
            entries = [entries[i] for i in sorted(chosen)]
        meta = self.dataset.metainfo
        classes = [str(name) for name in meta.get("classes") or ()]
        counts, num_seen = MapCounts(), 0
        with ThreadPoolExecutor(num_threads) as pool:
            results = pool.map(lambda entry: self._load[entry[0]](entry[1]), entries)
            paired = progress(zip(entries, results, strict=True), len(entries), findings.where)
            for (number, _), loaded in paired:
                findings.count("files decoded")
                findings.errors += loaded.errors
                for kind, count in loaded.maps.kinds.items():
                    findings.count(kind, count)
                counts.add(loaded.maps)
                self._turned.add(number, loaded.turned)
                num_seen += not loaded.errors
        findings.warnings += self._turned.notes()
        if counts.num_maps:
            numbers = {f"{i} {name}": int(counts.labels[i]) for i, name in enumerate(classes)}
            findings.classes.update(numbers)
        for census in map_censuses(
            counts, meta, num_seen=num_seen, num_all=num_all, ignore=self.ignore
        ):
            findings.add_judgement(judge(census, learns=learns))

    def _unique_files(self) -> list[tuple[int, dict[str, Any]]]:
        """The part and one annotation of each image: a person-wise set names one many times."""
        unique: dict[str, tuple[int, dict[str, Any]]] = {}
        for index in range(len(self.dataset)):
            info = self.dataset.get_data_info(index)
            unique.setdefault(info["img_path"], (self._parts.number_at(index), info))
        return list(unique.values())


@dataclass
class _Loaded:
    """What the files of one sample hold."""

    errors: list[str] = field(default_factory=list)
    maps: MapCounts = field(default_factory=MapCounts)
    turned: Turned = field(default_factory=Turned)


class _FileLoader:
    """Decode the files of one sample."""

    def __init__(self, load_image: LoadImage, loaders: Sequence[BaseTransform]) -> None:
        self.load_image = load_image
        self.loaders = list(loaders)

    def __call__(self, info: dict[str, Any]) -> _Loaded:
        loaded = _Loaded()
        try:
            results = self.load_image.transform({**info, "seg_fields": []})
        except DataError as error:  # without its size the labels cannot be judged
            loaded.errors.append(str(error))
            return loaded
        loaded.turned = look_at(results, self.load_image)
        for load in self.loaders:
            try:
                loaded.maps.add(count_maps(load, results))
            except DataError as error:
                loaded.errors.append(str(error))
        return loaded
