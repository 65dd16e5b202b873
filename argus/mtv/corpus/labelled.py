"""Samples of shards with what their side-cars say of them, for looking at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.shards.shard_set import ShardSet, SideCar
from argus.datasets.transforms.loading import decode_image
from argus.errors import DataError
from argus.mtv.data import captions, disparity, regions
from argus.mtv.data.captions import json_of
from argus.mtv.data.regions import NamedBoxes, regions_in
from argus.mtv.data.shard_pairs import PICTURES

META = "meta.json"  # of a labelling
_LABELS = (regions.KIND, *disparity.KINDS, META)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The labels of a sample, without its picture.

    Args:
        regions: ``None`` if there is no such member.
        tags: That a labelling gave, those without a box among them; ``None`` if it does not say.
        has_depth: Whether there is a map.
        faults: Why a labeller failed, and what cannot be read.
    """

    regions: NamedBoxes | None
    tags: tuple[str, ...] | None
    has_depth: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A sample to be drawn.

    Args:
        image: (H, W, 3) uint8 RGB.
        captions: Of it; empty if it has none.
        disparity: (h, w) float32, larger is nearer, and where it is valid; ``None`` without one.
        labels: The rest.
    """

    image: np.ndarray
    captions: tuple[str, ...]
    disparity: tuple[np.ndarray, np.ndarray] | None
    labels: Labelled


class LabelledShards:
    """Shards, and any number of folders of side-cars.

    Args:
        data: Folder of shards, or a single one.
        side_cars: Folders; the first that has a member of a sample counts, after the shards.

    Raises:
        DataError: Shards are missing, or do not belong together.
    """

    def __init__(self, data: str | Path, side_cars: Sequence[str | Path] = ()) -> None:
        self.shards = ShardSet(data)
        self.side_cars = [SideCar(self.shards, folder) for folder in side_cars]
        notes = [note for car in self.side_cars for note in car.notes]
        self.notes = (*self.shards.notes, *notes)

    def __len__(self) -> int:
        return len(self.shards)

    def name(self, number: int) -> str:
        """Shard, without its folder, and key."""
        return self.shards.name(number).removeprefix(f"{self.shards.folder}/")

    def labels(self, number: int) -> Labelled:
        """What is said of a sample; what cannot be read is told in ``faults``."""
        return _labels(*self._members(number, _LABELS))

    def see(self, number: int) -> Seen:
        """A sample with its picture.

        Raises:
            DataError: It has no picture, or one that does not decode.
        """
        kinds = (*PICTURES, *captions.KINDS, *_LABELS)
        members, faults = self._members(number, kinds)
        kind = next((kind for kind in members if kind in PICTURES), None)
        if kind is None:
            raise DataError("it has no picture")
        image = decode_image(members[kind])[..., ::-1]
        height, width = image.shape[:2]
        texts: Sequence[str] = ()
        depth = None
        try:
            texts = captions.usable(captions.captions_in(members))
        except DataError as error:
            faults.append(str(error))
        png, ends = disparity.KINDS
        if png in members:
            try:
                depth = disparity.disparity_in(
                    members[png], members.get(ends), picture=(height, width)
                )
            except DataError as error:
                faults.append(str(error))
        return Seen(
            image=np.ascontiguousarray(image),
            captions=tuple(texts),
            disparity=depth,
            labels=_labels(members, faults),
        )

    def _members(self, number: int, kinds: Sequence[str]) -> tuple[dict[str, bytes], list[str]]:
        members, faults = self.shards.read(number, kinds), []
        for car in self.side_cars:
            try:
                members = car.read(number, _LABELS) | members
            except DataError as error:
                faults.append(str(error))
        return members, faults


def _labels(members: Mapping[str, bytes], faults: list[str]) -> Labelled:
    found, tags = None, None
    try:
        if regions.KIND in members:
            found = regions_in(members[regions.KIND])
        if META in members:
            meta = json_of(members[META], META)
            tags = tags_in(meta)
            faults += [f"{name}: {text}" for name, text in failed_in(meta).items()]
    except DataError as error:
        faults.append(str(error))
    return Labelled(
        regions=found,
        tags=tags,
        has_depth=disparity.KINDS[0] in members,
        faults=tuple(faults),
    )


def tags_in(meta: Any) -> tuple[str, ...] | None:
    """The tags in ``meta.json``; ``None`` where it does not say."""
    own = meta.get("regions") if isinstance(meta, dict) else None
    tags = own.get("tags") if isinstance(own, dict) else None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return None
    return tuple(tags)


def failed_in(meta: Any) -> Mapping[str, Any]:
    """Why labellers failed, by their names."""
    failed = meta.get("failed") if isinstance(meta, dict) else None
    return failed if isinstance(failed, dict) else {}
