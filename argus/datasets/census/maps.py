"""Count the labels in the label maps of a data set: pixels of each class, maps without any label.

The maps alone are read, not their pictures.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.census.judgement import Census
from argus.datasets.label_palettes import Palettes, palettes_of
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.datasets.transforms.reading import read_bytes

BY_VALUE = "label maps of one value a pixel (which is the label)"
BY_INDEX = "label maps with a palette (its index is the label)"
BY_COLOUR = "label maps of colours (the table says the label)"
_BEYOND = IGNORE + 1  # counts the stored values that no label has


@dataclass(kw_only=True)
class MapCounts:
    """What the label maps of one sample, or of many, hold.

    Args:
        stored: Pixels of each value as it is in the file, (257,), the last for all others.
        labels: Pixels of each class, (256,), 255 for those that are ignored.
        num_maps: Semantic maps.
        reduces_zero: Whether 0 in the files is void.
        kinds: Maps by what they are and how they are read, for a person.
        palettes: Of those that are read by their indices.
        dense: Other maps by what a training needs to find in some, zeros included.
    """

    stored: np.ndarray = field(default_factory=lambda: np.zeros(_BEYOND + 1, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(IGNORE + 1, np.int64))
    num_maps: int = 0
    reduces_zero: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    palettes: Palettes = field(default_factory=Palettes)
    dense: Counter[str] = field(default_factory=Counter)

    def add(self, other: "MapCounts") -> None:
        """Add those of other samples."""
        self.stored += other.stored
        self.labels += other.labels
        self.num_maps += other.num_maps
        self.reduces_zero |= other.reduces_zero
        self.kinds.update(other.kinds)
        self.palettes.add(other.palettes)
        self.dense.update(other.dense)


def count_maps(load: BaseTransform, sample: Mapping[str, Any]) -> MapCounts:
    """Read a label map of a sample and count what it holds.

    Args:
        load: A loader of the task; one for other labels reads its file, and nothing is counted.
        sample: Its entry; with ``ori_shape`` the size of the map is compared with it.

    Raises:
        DataError: As the loader.
    """
    if isinstance(load, LoadSegMap):
        return _semantic(load, sample) if load.reads(sample) else MapCounts()
    if isinstance(load, LoadDenseLabel):
        return _dense(load, sample) if sample.get(load.path_key) is not None else MapCounts()
    load.transform(dict(sample))
    return MapCounts()


def _semantic(load: LoadSegMap, sample: Mapping[str, Any]) -> MapCounts:
    stored, labels = load.load(sample)
    known = np.where((stored < 0) | (stored > IGNORE), _BEYOND, stored)
    histogram = np.bincount(known.ravel(), minlength=_BEYOND + 1)
    path, palettes = sample.get("seg_map_path"), Palettes()
    if load.table is None and path is not None:
        used = np.flatnonzero(histogram[: IGNORE + 1]).tolist()
        palettes = palettes_of(read_bytes(path, load.backend_args), used, str(path))
    kind = BY_COLOUR if load.table else BY_INDEX if palettes.colours else BY_VALUE
    numbers = np.bincount(labels.ravel(), minlength=IGNORE + 1)
    kinds = ["label maps", kind]
    if not numbers[:IGNORE].any():
        kinds.append("label maps without any label (all ignored)")
    return MapCounts(
        stored=histogram,
        labels=numbers,
        num_maps=1,
        reduces_zero=bool(sample.get("reduce_zero_label")) and load.table is None,
        kinds=Counter(kinds),
        palettes=palettes,
    )


def _dense(load: LoadDenseLabel, sample: Mapping[str, Any]) -> MapCounts:
    labels = load.transform(dict(sample))[load.label_key]
    kinds = Counter([f"{load.name}s"])
    if load.is_empty(labels):
        kinds[f"{load.name}s without any label"] = 1
    found = {f"{load.name} with {what}": int(has) for what, has in load.holds(labels).items()}
    return MapCounts(kinds=kinds, dense=Counter(found))


def map_censuses(
    counts: MapCounts, metainfo: Mapping[str, Any], *, num_seen: int, num_all: int
) -> list[Census]:
    """The judgeable numbers: one census of the semantic maps, and one of every other kind.

    Args:
        counts: Of all samples that were looked at.
        metainfo: Of the data set.
        num_seen: Samples that were looked at.
        num_all: Samples of the data set.
    """
    found = []
    names = [str(name) for name in metainfo.get("classes") or ()]
    if counts.num_maps:
        census = Census(
            unit="pixel", names=names, num_all=num_all, num_seen=num_seen, needs_two=True
        )
        census.counts.update(
            {label: int(counts.labels[label]) for label in range(IGNORE) if counts.labels[label]}
        )
        if not census.counts:
            census.ignored["pixels without a label"] = int(counts.labels[IGNORE])
        census.causes += _causes(counts, census)
        if counts.palettes.problem:
            census.wrong[counts.palettes.problem] = 1
        else:
            palette, first = metainfo.get("palette") or (), int(counts.reduces_zero)
            doubt = counts.palettes.doubt(palette, names, first)
            census.notes += [doubt] if doubt else []
        found.append(census)
    for unit, number in counts.dense.items():
        census = Census(unit=unit, names=[unit], num_all=num_all, num_seen=num_seen)
        census.counts[0] = number
        found.append(census)
    return found


def _causes(counts: MapCounts, census: Census) -> list[str]:
    number, last = len(census.names), len(census.names) - 1
    # A class that was not seen yet may be rare.
    if len(census.occurring) == number or number < 2 or not census.is_whole:
        return []
    causes = []
    if counts.reduces_zero and counts.stored[0] and last not in census.occurring:
        causes.append(
            "reduce_zero_label=True takes 0 in the files for void and 1 for the first class: set "
            "it to False if the files count from 0"
        )
    ignored = counts.stored[IGNORE]
    # It can stand for one class; beside several that are absent it marks borders.
    if ignored and (number - len(census.occurring) == 1 or not census.can_be_learned):
        causes.append(
            f"255 is in {ignored / counts.stored.sum():.1%} of the pixels, and is ignored: if it "
            "is a class, save it as its number, or say which colour is which class with "
            "LoadSegMap(colours=...)"
        )
    return causes
