"""Shards and their side-cars in one, with the regions of several labellings joined."""

import json
import tarfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.ops import batched_nms

from argus.datasets.shards.index import read_index
from argus.datasets.shards.shard_set import ShardSet, SideCar
from argus.datasets.shards.writer import add_member
from argus.errors import ConfigError, DataError
from argus.mtv.corpus.labelled import META, failed_in, tags_in
from argus.mtv.corpus.rewriting import RecordKind, rewritten
from argus.mtv.data import disparity, regions
from argus.mtv.data.captions import json_of
from argus.mtv.data.regions import NamedBoxes, regions_in, regions_member

MERGED = RecordKind(suffix="merged", form="argus-merged-1", what="a merged shard")
_LABELS = (regions.KIND, *disparity.KINDS, META)


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What is joined, and how.

    Args:
        side_cars: Folders with a side-car for every shard. Of depth, and of any other member but
            regions, that of the first folder counts, after the shard's own.
        labels_only: Whether the pictures, captions and the like stay out, so that side-cars come
            of it.
        nms_iou: Overlap with a better box of its name, whoever found it, beyond which a region is
            left out.
        most: Regions of a picture, those with the best scores.

    Raises:
        ConfigError: A value is out of range.
    """

    side_cars: tuple[Path, ...]
    labels_only: bool = False
    nms_iou: float = 0.5
    most: int = regions.MAX_REGIONS

    def __post_init__(self) -> None:
        if not 0 < self.nms_iou <= 1 or not 1 <= self.most <= regions.MAX_REGIONS:
            raise ConfigError(
                f"expected an overlap in (0, 1] and 1 to {regions.MAX_REGIONS:,} regions, found "
                f"{self.nms_iou} and {self.most}."
            )


def merge_shard(shard: Path, out: Path, merge: Merge) -> dict[str, Any]:
    """Write a shard with the labels of its side-cars, and a record of it.

    Members that only one of them has are copied byte by byte. A sample that a side-car lacks has
    the labels of the others.

    Args:
        shard: A tar file of samples.
        out: Folder of the new one.
        merge: What is joined.

    Returns:
        The record: ``samples``, ``broken`` ones that were left out, how many entries of side-cars
        were ``absent``, ``regions`` before and ``kept`` after, members ``not_taken`` because an
        earlier folder has them, and regions or notes of labellers that are ``unreadable``.

    Raises:
        ConfigError: As :func:`~argus.mtv.corpus.rewriting.rewritten`.
        DataError: The shard or a side-car is none, or they do not belong together.
    """
    cars = [folder / shard.name for folder in merge.side_cars]
    for path in cars:
        if not path.is_file():
            raise DataError(f"{path}: no such side-car, and {shard} is to be merged with it.")
    settings = dict(
        labels=[str(folder) for folder in merge.side_cars],
        labels_only=merge.labels_only,
        nms_iou=merge.nms_iou,
        most=merge.most,
        source_bytes=[path.stat().st_size for path in (shard, *cars)],
    )

    def fill(tar: tarfile.TarFile) -> Mapping[str, Any]:
        return _filled(tar, shard, cars, merge)

    return rewritten(shard, out, kind=MERGED, settings=settings, fill=fill)


def _filled(
    tar: tarfile.TarFile, shard: Path, cars: Sequence[Path], merge: Merge
) -> Mapping[str, int]:
    main = ShardSet(shard)
    beside = [(SideCar(main, path), read_index(path).kinds) for path in cars]
    names = ("broken", "absent", "regions", "kept", "not_taken", "unreadable")
    counts = Counter(dict.fromkeys(names, 0))
    for number in range(len(main)):
        try:
            own = main.read(number)
        except DataError:  # the shard ends in it
            counts["broken"] += 1
            continue
        found = [{kind: own[kind] for kind in _LABELS if kind in own}]
        for car, kinds in beside:
            try:
                found.append(car.read(number, kinds))
            except DataError:
                counts["absent"] += 1
        members = {} if merge.labels_only else {k: v for k, v in own.items() if k not in _LABELS}
        labels = _joined(found, merge, counts)
        counts["not_taken"] += len(set(members) & set(labels))
        for kind, content in (members | labels | members).items():
            add_member(tar, f"{main.key(number)}.{kind}", content)
    return dict(samples=len(main), **counts)


def _joined(
    found: Sequence[Mapping[str, bytes]], merge: Merge, counts: Counter[str]
) -> dict[str, bytes]:
    """The labels of a sample, of those of its shard and of every side-car."""
    png = disparity.KINDS[0]
    members: dict[str, bytes] = {}
    for own in found:
        for kind, content in own.items():
            if kind in members:
                counts["not_taken"] += 1
            elif kind not in _LABELS:
                members[kind] = content
    # A map and its ends are of one labelling.
    maps = [own for own in found if png in own]
    counts["not_taken"] += max(0, len(maps) - 1)
    if maps:
        members |= {kind: maps[0][kind] for kind in disparity.KINDS if kind in maps[0]}
    for kind, join in ((regions.KIND, _regions), (META, _meta)):
        contents = [own[kind] for own in found if kind in own]
        if contents:
            members[kind] = join(contents, merge, counts)
    return members


def _regions(contents: Sequence[bytes], merge: Merge, counts: Counter[str]) -> bytes:
    read = []
    for content in contents:
        try:
            read.append(regions_in(content))
        except DataError:
            counts["unreadable"] += 1
    if not read:
        return contents[0]  # training tells what is wrong with it
    number = sum(len(own) for own in read)
    counts["regions"] += number
    if len(read) == 1 and number <= merge.most:
        counts["kept"] += number
        return contents[0] if len(contents) == 1 else regions_member(read[0])
    kept = joined_regions(read, nms_iou=merge.nms_iou, most=merge.most)
    counts["kept"] += len(kept)
    return regions_member(kept)


def joined_regions(
    found: Sequence[NamedBoxes], *, nms_iou: float, most: int = regions.MAX_REGIONS
) -> NamedBoxes:
    """The regions of several labellings of a picture, the best first.

    Names are one where they differ in capitals alone. Of equal scores, those of the first labelling
    come first.

    Args:
        found: Of each labelling.
        nms_iou: Overlap with a better box of its name beyond which one is left out.
        most: Of them.
    """
    names = [name for own in found for name in own.names]
    numbers = {name: label for label, name in enumerate({name.lower() for name in names})}
    both = NamedBoxes(
        boxes=np.concatenate([own.boxes for own in found]),
        names=tuple(names),
        scores=np.concatenate([own.scores for own in found]),
    )
    both = both.some(np.argsort(-both.scores, kind="stable"))
    labels = torch.tensor([numbers[name.lower()] for name in both.names], dtype=torch.int64)
    # By their order: equal scores would leave it to the sort of the suppression.
    ranks = -torch.arange(len(both), dtype=torch.float32)
    kept = batched_nms(torch.from_numpy(both.boxes), ranks, labels, nms_iou)
    return both.some(kept.numpy()[:most])


def _meta(contents: Sequence[bytes], merge: Merge, counts: Counter[str]) -> bytes:
    """Of several labellings their tags and failures together, and each as it was in ``merged``."""
    if len(contents) == 1:
        return contents[0]
    tags: dict[str, None] = {}
    failed: dict[str, Any] = {}
    metas = []
    for content in contents:
        try:
            meta = json_of(content, META)
        except DataError:
            counts["unreadable"] += 1
            continue
        metas.append(meta)
        tags |= dict.fromkeys(tags_in(meta) or ())
        for name, text in failed_in(meta).items():
            failed[name] = f"{failed[name]}; {text}" if name in failed else text
    joined: dict[str, Any] = dict(merged=metas, regions=dict(tags=list(tags)))
    if failed:
        joined["failed"] = failed
    return json.dumps(joined, separators=(",", ":"), sort_keys=True).encode("ascii")
