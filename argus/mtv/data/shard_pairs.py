"""Pictures and captions in shards, with side-car shards for regions and depth."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argus.datasets.shards.order import ShardOrder
from argus.datasets.shards.shard_set import ShardSet, SideCar
from argus.files.pictures import PICTURE_SUFFIXES
from argus.datasets.transforms.loading import decode_image
from argus.errors import DataError
from argus.mtv.data import captions as texts
from argus.mtv.data import disparity
from argus.mtv.data.pack import CAPTIONS, DEPTH, REGIONS
from argus.mtv.data.pairs import Pairs
from argus.mtv.data.regions import KIND, regions_in
from argus.registry import DATASETS

PICTURES = frozenset(suffix[1:] for suffix in PICTURE_SUFFIXES)
"""Members that are the picture of a sample."""


@DATASETS.register_module()
class ShardPairs(Pairs):
    """Samples of ``webdataset`` shards, each with a picture and ``txt`` or ``json``.

    Any number of processes and loader processes reads any number of shards: a sample is read by its
    place. All draw from one order, which is a function of seed and epoch (``window``, ``passes``),
    so that every process has as many steps, and a run goes on at the sample where it stopped.

    Args:
        data: Folder with shards ``*.tar``, or a single one.
        regions: Folder with the side-cars of the same names that hold ``regions.json``; without
            one, members of the shards themselves count.
        depth: The same of ``depth.png`` and ``depth.json``.
        pipeline: As for :class:`Pairs`.
        window: Shards whose samples are mixed with each other, and read at a time.
        passes: ``exact``: an epoch has every sample once; ``resampled``: as many samples, of shards
            drawn with replacement.

    Raises:
        DataError: Shards are missing, not whole, or do not belong together; or a task takes labels
            that they do not have.
    """

    def __init__(
        self,
        data: str,
        *,
        regions: str | None = None,
        depth: str | None = None,
        pipeline: Sequence[Mapping[str, Any]] = (),
        window: int = 16,
        passes: str = "exact",
    ) -> None:
        super().__init__(pipeline)
        self.shards = ShardSet(data)
        self._side_cars = {
            label: SideCar(self.shards, folder)
            for label, folder in ((REGIONS, regions), (DEPTH, depth))
            if folder is not None and label in self.labels
        }
        self._order = dict(window=window, passes=passes)
        ShardOrder(self.shards.starts, seed=0, window=window, passes=passes)  # checks it
        self._check_labels(data)
        side_notes = [note for car in self._side_cars.values() for note in car.notes]
        self.notes = (*self.shards.notes, *side_notes, *self.look_at_captions(most=2_000))

    def _check_labels(self, data: str) -> None:
        kinds = self.shards.index(0).kinds
        for label, kind in ((REGIONS, KIND), (DEPTH, disparity.KINDS[0])):
            wanted = self.packer is not None and label in self.labels
            if wanted and label not in self._side_cars and kind not in kinds:
                raise DataError(
                    f"{data}: a task takes {label}, and the samples have no {kind} (found "
                    f"{', '.join(kinds)}). Name the folder of the side-car shards with {label}=..."
                    ", or leave the task out."
                )

    def __len__(self) -> int:
        return len(self.shards)

    def epoch_order(self, seed: int) -> Callable[[int, int], int]:
        """The sample of an epoch and a place in it."""
        return ShardOrder(self.shards.starts, seed=seed, **self._order)  # type: ignore[arg-type]

    def get_data_info(self, index: int) -> dict[str, Any]:
        """Nothing: what a sample holds is in its shard alone."""
        return {}

    def name(self, index: int) -> str:
        """Shard and key."""
        return self.shards.name(index)

    def captions(self, index: int) -> list[str]:
        """Without the picture."""
        return texts.usable(texts.captions_in(self.shards.read(index, texts.KINDS)))

    def region_names(self, index: int) -> tuple[str, ...]:
        """The names of its regions, without the picture.

        Raises:
            DataError: They cannot be read.
        """
        members = self.shards.read(index, (KIND,))
        own = self._labels(index, members, REGIONS, (KIND,))
        return regions_in(own[KIND]).names if KIND in own else ()

    def load(self, index: int) -> dict[str, Any]:
        """Read a sample."""
        wanted = [kind for kind in self._kinds(index) if self._is_read(kind)]
        members = self.shards.read(index, wanted)
        picture = next((members[kind] for kind in members if kind in PICTURES), None)
        if picture is None:
            raise DataError(f"it has no picture: expected one of {', '.join(sorted(PICTURES))}")
        image = decode_image(picture)
        found: dict[str, Any] = dict(
            img=image,
            img_path=self.name(index),
            img_shape=image.shape[:2],
            ori_shape=image.shape[:2],
        )
        if CAPTIONS in self.labels:
            found["captions"] = texts.usable(texts.captions_in(members))
        if REGIONS in self.labels:
            own = self._labels(index, members, REGIONS, (KIND,))
            if KIND in own:
                found["regions"] = regions_in(own[KIND])
        if DEPTH in self.labels:
            png, ends = disparity.KINDS
            own = self._labels(index, members, DEPTH, disparity.KINDS)
            if png in own:
                found["disparity"] = disparity.disparity_in(
                    own[png], own.get(ends), picture=image.shape[:2]
                )
        return found

    def _kinds(self, index: int) -> list[str]:
        shard, place = self.shards.place(index)
        return list(self.shards.index(shard).members(place))

    def _is_read(self, kind: str) -> bool:
        """Whether a member of a shard itself is needed."""
        if kind in texts.KINDS:
            return CAPTIONS in self.labels
        for label, kinds in ((REGIONS, (KIND,)), (DEPTH, disparity.KINDS)):
            if kind in kinds:
                return label in self.labels and label not in self._side_cars
        return kind in PICTURES

    def _labels(
        self, index: int, members: Mapping[str, bytes], label: str, kinds: Sequence[str]
    ) -> Mapping[str, bytes]:
        """The members of a label: those of the side-car, which has an entry for every sample."""
        if label not in self._side_cars:
            return members
        found = self._side_cars[label].read(index, kinds)
        if kinds[0] not in found:
            folder = self._side_cars[label].folder
            raise DataError(f"its entry in the side-car {folder} has no {kinds[0]}")
        return found
