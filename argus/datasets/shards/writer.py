"""Write samples into shards, ``00000.tar``, ``00001.tar``, ...; equal samples give equal bytes."""

import io
import tarfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from argus.datasets.shards.members import MAX_NAME, split_name
from argus.errors import DataError
from argus.files.durable import replacing


class ShardWriter:
    """A context that writes samples, one after the other, into shards of one folder.

    A shard takes its name when it is whole.

    Args:
        folder: Made if it is not there.
        samples_per_shard: Of all but the last.

    Raises:
        DataError: The folder has shards already.
    """

    def __init__(self, folder: str | Path, *, samples_per_shard: int) -> None:
        assert samples_per_shard >= 1, samples_per_shard
        self.folder = Path(folder)
        self.samples_per_shard = samples_per_shard
        self.num_samples = 0
        self._open = ExitStack()
        self._tar: tarfile.TarFile | None = None
        self._keys: set[str] = set()
        self.folder.mkdir(parents=True, exist_ok=True)
        found = next(self.folder.glob("*.tar"), None)
        if found is not None:
            raise DataError(f"{found}: shards are there already; write into another folder.")

    def __enter__(self) -> "ShardWriter":
        return self

    def write(self, key: str, members: Mapping[str, bytes]) -> None:
        """Write a sample.

        Args:
            key: Its name, without a dot in its last step.
            members: Content by what follows the dot, such as ``jpg`` and ``json``.

        Raises:
            DataError: A name that would not be read as it is meant, or comes twice in a shard.
            OSError: The disk is full, say.
        """
        if self._tar is None or len(self._keys) == self.samples_per_shard:
            self._next_shard()
        assert self._tar is not None
        if key in self._keys:
            raise DataError(f"sample {key!r} is written twice: keys tell samples apart.")
        self._keys.add(key)
        for kind, content in members.items():
            name = f"{key}.{kind}"
            if split_name(name) != (key, kind) or ".." in key.split("/") or key.startswith("/"):
                raise DataError(
                    f"{name[:80]!r}: expected a key without a dot in its last step and members in "
                    f"small letters, at most {MAX_NAME} characters together."
                )
            add_member(self._tar, name, content)
        self.num_samples += 1

    def _next_shard(self) -> None:
        number = self.num_samples // self.samples_per_shard
        self._open.close()
        self._keys = set()
        partial = self._open.enter_context(replacing(self.folder / f"{number:05d}.tar"))
        self._tar = self._open.enter_context(new_shard(partial))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)


def new_shard(path: Path) -> tarfile.TarFile:
    """A tar file to which members are added; close it."""
    return tarfile.open(path, "w", format=tarfile.PAX_FORMAT)


def add_member(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a member of nobody's time, owner and rights, so that equal samples are equal bytes."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
