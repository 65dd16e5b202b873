"""Files of a folder that change together: at any moment all of them are the old ones, or all new.

No system moves several files at once. The new ones are written into a folder of their own, and one
move gives that folder the name by which they count: from then on they are read there, until each
has taken its place. A writer that is killed on the way leaves the rest to the next one.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from argus.files.durable import sync, sync_folder

_NEW = ".new"


@contextlib.contextmanager
def replacing_together(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Paths of temporary files that take the places of ``names`` when the block ends well.

    Nobody else may be writing there: see :func:`argus.files.lock.alone_in`.

    Args:
        folder: Theirs; it is made if it is not there.
        names: Of the files.

    Raises:
        OSError: If a file cannot be written, brought to the disk or moved. Then all are as before,
            or, where moving them fails, as after.
    """
    settle(folder, names)
    # As a file of ``durable`` in the making, which who clears up knows by its name.
    partial = folder / f"{_NEW}.{os.getpid()}.part"
    partial.mkdir(parents=True, exist_ok=True)
    try:
        paths = [partial / name for name in names]
        yield paths
        for path in paths:
            sync(path)
        sync_folder(partial)
        partial.rename(folder / _NEW)
        sync_folder(folder)
        settle(folder, names)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def place_of(folder: Path, name: str) -> Path:
    """Where a file of those is read."""
    new = folder / _NEW
    return new / name if _counts(new) and (new / name).is_file() else folder / name


def settle(folder: Path, names: Sequence[str]) -> None:
    """Move the files of a writer that was killed to their places; nobody else may be writing.

    Raises:
        OSError: One cannot be moved.
    """
    new = folder / _NEW
    if not _counts(new):
        return
    for name in names:
        if (new / name).is_file():
            os.replace(new / name, folder / name)
    sync_folder(folder)
    shutil.rmtree(new)


def _counts(new: Path) -> bool:
    # A link would lead out of the folder, which may come from anybody.
    return new.is_dir() and not new.is_symlink()
