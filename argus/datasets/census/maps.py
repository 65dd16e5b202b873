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
from argus.datasets.census.pipeline_maps import PipelineMaps
from argus.datasets.checks.label_loaders import StandIn
from argus.datasets.label_palettes import Palettes, palettes_of
from argus.datasets.transforms.binary_labels import LoadAnomalyMask
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.datasets.transforms.reading import read_bytes
from argus.names.wording import counted

BY_VALUE = "label maps of one value a pixel (which is the label)"
BY_INDEX = "label maps with a palette (its index is the label)"
BY_COLOUR = "label maps of colours (the table says the label)"
# What is odd, and of what.
_SOFT = (
    "mask",
    "with grey values between black and white, as soft edges have: all of them count as defects, "
    "which so are larger than they look. Set LoadAnomalyMask(threshold=127) to cut them half way",
)
_THIN = (
    "label map",
    "of one pixel's width or height, of which a stock loader makes a line, which flips and crops "
    "do not take. Read them with LoadSegMap, or leave them out",
)
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
        num_wrong: Semantic maps with labels that are no classes.
        wrong: What is wrong in the first of them.
        num_unjudged: Samples whose labels, as the pipeline gives them, could not be looked at.
        unjudged: Why not, of the first.
        num_given: Maps that the pipeline itself gave, with what it ignores for 255.
        odd: Maps that a person should know of, and the first, by what they are and is odd about
            them.
    """

    stored: np.ndarray = field(default_factory=lambda: np.zeros(_BEYOND + 1, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(IGNORE + 1, np.int64))
    num_maps: int = 0
    reduces_zero: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    palettes: Palettes = field(default_factory=Palettes)
    dense: Counter[str] = field(default_factory=Counter)
    num_wrong: int = 0
    wrong: str = ""
    num_unjudged: int = 0
    unjudged: str = ""
    num_given: int = 0
    odd: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, other: "MapCounts") -> None:
        """Add those of other samples."""
        self.stored += other.stored
        self.labels += other.labels
        self.num_maps += other.num_maps
        self.reduces_zero |= other.reduces_zero
        self.kinds.update(other.kinds)
        self.palettes.add(other.palettes)
        self.dense.update(other.dense)
        self.num_wrong += other.num_wrong
        self.wrong = self.wrong or other.wrong
        self.num_unjudged += other.num_unjudged
        self.unjudged = self.unjudged or other.unjudged
        self.num_given += other.num_given
        for kind, (number, path) in other.odd.items():
            before, first = self.odd.get(kind, (0, path))
            self.odd[kind] = (before + number, first)


def count_maps(load: BaseTransform, sample: Mapping[str, Any]) -> MapCounts:
    """Read a label map of a sample and count what it holds.

    Args:
        load: A loader of the task; one for other labels reads its file, and nothing is counted.
        sample: Its entry; with ``ori_shape`` the size of the map is compared with it.

    Raises:
        DataError: As the loader.
    """
    if isinstance(load, PipelineMaps):
        return _given(load, sample)
    if isinstance(load, LoadSegMap):
        return _semantic(load, sample) if load.reads(sample) else MapCounts()
    if isinstance(load, LoadDenseLabel):
        return _dense(load, sample) if sample.get(load.path_key) is not None else MapCounts()
    load.transform(dict(sample))
    return soft_edges(load, sample) if isinstance(load, LoadAnomalyMask) else MapCounts()


def soft_edges(load: LoadAnomalyMask, sample: Mapping[str, Any]) -> MapCounts:
    """Whether the mask of a sample, if it has one, has soft edges that the loader makes hard.

    Raises:
        DataError: As the loader.
    """
    if load.soft_share(sample):
        return MapCounts(odd={_SOFT: (1, str(sample["mask_path"]))})
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
    wrong = load.out_of_range(labels, sample) if isinstance(load, StandIn) else ""
    if wrong:
        return MapCounts(num_wrong=1, wrong=f"{path}: {wrong}")
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
        odd={_THIN: (1, str(path))} if isinstance(load, StandIn) and 1 in labels.shape else {},
    )


def _given(load: PipelineMaps, sample: Mapping[str, Any]) -> MapCounts:
    """Of the labels that a pipeline gives."""
    try:
        labels = load.load(sample)
    except Exception as error:  # noqa: BLE001 - steps of users and of the libraries raise anything
        text = " ".join(str(error).split())[:200]
        return MapCounts(num_unjudged=1, unjudged=f"{type(error).__name__}: {text}")
    if labels is None:  # this sample has none
        return MapCounts()
    path = sample.get("seg_map_path") or sample.get("img_path")
    wrong = load.out_of_range(labels)
    if wrong:
        return MapCounts(num_wrong=1, wrong=f"{path}: {wrong}")
    return MapCounts(
        labels=np.bincount(labels.ravel(), minlength=IGNORE + 1),
        num_maps=1,
        num_given=1,
        kinds=Counter([f"label maps as {load.name} gives them"]),
    )


def _dense(load: LoadDenseLabel, sample: Mapping[str, Any]) -> MapCounts:
    labels = load.transform(dict(sample))[load.label_key]
    kinds = Counter([f"{load.name}s"])
    if load.is_empty(labels):
        kinds[f"{load.name}s without any label"] = 1
    found = {f"{load.name} with {what}": int(has) for what, has in load.holds(labels).items()}
    return MapCounts(kinds=kinds, dense=Counter(found))


def map_censuses(
    counts: MapCounts,
    metainfo: Mapping[str, Any],
    *,
    num_seen: int,
    num_all: int,
    ignore: int = IGNORE,
) -> list[Census]:
    """The judgeable numbers: one census of the semantic maps, and one of every other kind.

    Args:
        counts: Of all samples that were looked at.
        metainfo: Of the data set.
        num_seen: Samples that were looked at.
        num_all: Samples of the data set.
        ignore: The label that the decoder ignores.
    """
    found = []
    names = [str(name) for name in metainfo.get("classes") or ()]
    if counts.num_maps or counts.num_wrong:
        census = Census(
            unit="pixel", names=names, num_all=num_all, num_seen=num_seen, needs_two=True
        )
        census.counts.update(
            {label: int(counts.labels[label]) for label in range(IGNORE) if counts.labels[label]}
        )
        if not census.counts:
            census.ignored["pixels without a label"] = int(counts.labels[IGNORE])
        census.causes += _causes(counts, census)
        if ignore != IGNORE:
            _take_ignore_index(census, counts, ignore)
        if counts.num_wrong:
            others = counted(counts.num_wrong - 1, "other label map")
            census.wrong[counts.wrong + f"; and {others}" * (counts.num_wrong > 1)] = 1
        if counts.palettes.problem:
            census.wrong[counts.palettes.problem] = 1
        else:
            palette, first = metainfo.get("palette") or (), int(counts.reduces_zero)
            doubt = counts.palettes.doubt(palette, names, first)
            census.notes += [doubt] if doubt else []
        found.append(census)
    if counts.num_unjudged:
        text = (
            f"the labels that the pipeline gives could not be judged in "
            f"{counted(counts.num_unjudged, 'sample')} ({counts.unjudged}): whether all classes "
            "occur, and whether there are other values, is open"
        )
        found.append(Census(unit="pixel", names=[], num_all=num_all, notes=[text]))
    notes = [
        f"{counted(number, unit)} (e.g. {path}) {text}"
        for (unit, text), (number, path) in counts.odd.items()
    ]
    if notes:
        found.append(Census(unit="pixel", names=[], num_all=num_all, notes=notes))
    for unit, number in counts.dense.items():
        census = Census(unit=unit, names=[unit], num_all=num_all, num_seen=num_seen)
        census.counts[0] = number
        found.append(census)
    return found


def _take_ignore_index(census: Census, counts: MapCounts, ignore: int) -> None:
    """Judge by a decoder that ignores another label than 255."""
    number = int(counts.labels[IGNORE])
    if number and not counts.num_given:
        census.wrong[
            f"{counted(number, 'pixel')} are {IGNORE}, for what is ignored, but the decoder "
            f"ignores {ignore}: {IGNORE} would be a class. Set ignore_index={IGNORE} of decode_head"
        ] = 1
    if 0 <= ignore < len(census.names):
        census.ignored[f"pixels of class {census.names[ignore]!r}"] += census.counts.pop(ignore, 0)
        census.causes.append(
            f"the decoder ignores label {ignore}, {census.names[ignore]!r} (its ignore_index)"
        )


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
