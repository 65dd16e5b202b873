"""What makes labels of pictures: the contract between teachers and the writing of side-cars."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from argus.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is labelled.

    Args:
        pixels: (H, W, 3) uint8 RGB, upright.
        captions: Of the picture; empty where no labeller reads them.
    """

    pixels: np.ndarray
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What a labeller found in a picture.

    Args:
        members: Content by kind, such as ``regions.json``.
        meta: What ``meta.json`` says of it.
        counts: Numbers that are added up over a shard.
    """

    members: Mapping[str, bytes]
    meta: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TeacherRecord:
    """Which model labels come from.

    Args:
        role: What it is there for.
        source: Name on the Hub, folder, or what else it is.
        revision: Commit on the Hub, or the hash of its weights.
        licence: As its owner states it.
    """

    role: str
    source: str
    revision: str
    licence: str

    def __str__(self) -> str:
        return f"{self.role}: {self.source} ({self.revision[:19]}), licence {self.licence}"


class Labeller(ABC):
    """Makes some members of the samples of a side-car.

    The order of things: :meth:`prepare` in threads, picture by picture; :meth:`label` in the main
    thread, in batches of pictures of one :meth:`bucket`; :meth:`finish` in threads again. Labels
    may depend on the picture and the settings alone, and as little as can be on the batch.

    Attributes:
        name: What failures, counts and ``meta.json`` call it.
        batch_size: Pictures at a time.
        teachers: The models behind it.
        settings: All that its labels depend on besides, as plain values.
        reads_captions: Whether it needs captions.
    """

    name: str
    batch_size: int
    teachers: tuple[TeacherRecord, ...] = ()
    settings: Mapping[str, Any]
    reads_captions: bool = False

    @abstractmethod
    def prepare(self, picture: Picture) -> Any:
        """What :meth:`label` takes of a picture; called in several threads at once.

        Raises:
            DataError: It cannot be labelled.
        """

    def bucket(self, prepared: Any) -> Hashable:
        """Equal for pictures that can be in one batch."""
        return None

    @abstractmethod
    def label(self, batch: Sequence[Any]) -> Sequence[Any]:
        """An answer, or the ``DataError`` in its place, for each prepared picture of a batch."""

    @abstractmethod
    def finish(self, answer: Any) -> Labels:
        """The members that an answer becomes; called in several threads at once.

        Raises:
            DataError: It can become none.
        """

    def record(self) -> dict[str, Any]:
        """Its settings and teachers, as plain values."""
        return dict(
            name=self.name,
            settings=dict(self.settings),
            teachers=[asdict(teacher) for teacher in self.teachers],
        )


Outcome = dict[str, Labels | DataError]
"""Of a picture, by labeller; of one that cannot be read, the reason under ``picture`` alone."""
