"""Names of what a picture may show, for boxes to be looked for."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.errors import ConfigError
from argus.mtv.labelling.labeller import Picture, TeacherRecord


class Tagger(ABC):
    """Gives tags to pictures, in the steps of a labeller.

    Attributes:
        name: What ``meta.json`` calls it.
        teachers: The models behind it.
        settings: All that its tags depend on besides, as plain values.
        vocabulary: All tags that there are, if they are known ahead.
        reads_captions: Whether it needs captions.
    """

    name: str
    teachers: tuple[TeacherRecord, ...] = ()
    settings: Mapping[str, Any]
    vocabulary: tuple[str, ...] = ()
    reads_captions: bool = False

    @abstractmethod
    def prepare(self, picture: Picture) -> Any:
        """What :meth:`tags` takes of a picture; called in several threads at once.

        Raises:
            DataError: It cannot be tagged.
        """

    @abstractmethod
    def tags(self, batch: Sequence[Any]) -> list[list[str]]:
        """The tags of each picture, the best first, none of them twice."""


def listed_as(values: Sequence[object]) -> dict[str, Any]:
    """What settings say of a list: how long it is, and a hash of it."""
    text = "\n".join(map(str, values))
    return dict(number=len(values), sha256=hashlib.sha256(text.encode()).hexdigest())


def read_tags(path: str) -> tuple[str, ...]:
    """A list of tags, one a line; lines that begin with ``#`` and empty ones are passed over.

    Raises:
        ConfigError: It cannot be read, has no tag, or one twice.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"tags: {path} cannot be read: {error}.") from error
    found = [" ".join(line.split()) for line in lines if not line.startswith("#")]
    tags = tuple(tag for tag in found if tag)
    if not tags or len(set(tags)) < len(tags):
        twice = next((tag for number, tag in enumerate(tags) if tag in tags[:number]), None)
        raise ConfigError(
            f"tags: {path}: expected one tag a line, found "
            + (f"{twice!r} twice." if twice else "none.")
        )
    return tags
