"""What the data sets of pictures and captions have in common: a pipeline, and notes before a run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils.data import Dataset

from argus.building import building
from argus.datasets.census.entries import spread
from argus.errors import DataError
from argus.mtv.data.pack import CAPTIONS, LABELS, PackPairs
from argus.mtv.data.repeats import AS_NEGATIVES, length_notes, repeat_notes, retrieval_notes
from argus.registry import TRANSFORMS

_MOST_CAPTIONS = 20_000
"""Pictures whose captions are looked at before a run; of shards, a disk in a network gives fewer."""


class Pairs(Dataset[Any], ABC):
    """Pictures with captions.

    Args:
        pipeline: Transforms; the last is ``PackPairs``, which says what is read. Without any,
            samples are as :meth:`load` gives them.
    """

    metainfo: dict[str, Any] = {}

    def __init__(self, pipeline: Sequence[Mapping[str, Any]] = ()) -> None:
        self.pipeline: list[Any] = []
        for number, step in enumerate(pipeline):
            with building(step, where=f"pipeline[{number}]"):
                self.pipeline.append(TRANSFORMS.build(dict(step)))
        packer = next((step for step in self.pipeline if isinstance(step, PackPairs)), None)
        self.packer = packer
        self.labels = frozenset(LABELS if packer is None else packer.labels.values())
        self.notes: tuple[str, ...] = ()
        self._repeats: tuple[str, ...] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Number of pictures."""

    @abstractmethod
    def name(self, index: int) -> str:
        """What messages call a picture."""

    @abstractmethod
    def captions(self, index: int) -> list[str]:
        """The captions of a picture, without the picture.

        Raises:
            DataError: It has none.
        """

    @abstractmethod
    def load(self, index: int) -> dict[str, Any]:
        """A sample before the pipeline.

        Returns:
            ``img`` (H, W, 3) BGR uint8, ``img_path``, ``captions``, and where the picture has them
            and a task takes them ``regions`` (:class:`~argus.mtv.data.regions.NamedBoxes`) and
            ``disparity``, values (h, w) float32 and their validity (h, w) bool.

        Raises:
            DataError: Something of it cannot be used.
        """

    def full_init(self) -> None:
        """Nothing is left to do: it is what wrappers of ``mmengine`` ask of their parts."""

    def prepare_data(self, index: int) -> Any:
        """A sample after the pipeline.

        Raises:
            DataError: As :meth:`load`, or of a transform; with the name of the picture.
        """
        name = self.name(index)
        try:
            results: Any = self.load(index)
            for step in self.pipeline:
                results = step(results)
                if results is None:
                    return None
        except DataError as error:
            if name in str(error):
                raise
            raise DataError(f"{name}: {error}") from error
        return results

    def sample_faults(self, index: int) -> list[str]:
        """What is wrong with a sample, of which another would be trained on."""
        name = self.name(index)
        try:
            results = self.load(index)
            if self.packer is not None:
                self.packer.check_texts(results)
        except DataError as error:
            return [str(error) if name in str(error) else f"{name}: {error}"]
        return []

    def __getitem__(self, index: int) -> Any:
        return self.prepare_data(index)

    def learner_notes(self, decoders: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """What a person should know before decoders learn from the data.

        Args:
            decoders: Their configs, by task.
        """
        labels = {} if self.packer is None else self.packer.labels
        takes = [decoder for task, decoder in decoders.items() if labels.get(task) == CAPTIONS]
        meant = {decoder.get("equal_texts", AS_NEGATIVES) for decoder in takes}
        return self._repeats if AS_NEGATIVES in meant else ()

    def look_at_captions(self, *, most: int = _MOST_CAPTIONS) -> tuple[str, ...]:
        """Look at the captions of some pictures spread over the data, before they are learned from.

        Returns:
            What a person should know of them, whoever takes them.
        """
        if CAPTIONS not in self.labels:
            return ()
        found = []
        for index in spread(len(self), most):
            try:
                found.append(self.captions(index))
            except DataError:  # counted when it is drawn
                continue
        self._repeats = repeat_notes(found)
        if self.packer is None or self.packer.tokenizer is None:
            return ()
        notes = length_notes(found, tokenizer=self.packer.tokenizer)
        return (*notes, *retrieval_notes(found)) if self.packer.every_caption else notes
