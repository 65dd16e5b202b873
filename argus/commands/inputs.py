"""The INPUT words of a command line: which files they mean, and what each answer is called."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from argus.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Input:
    """One image or video file.

    Args:
        path: The file.
        name: What its answers are called; unlike that of every other input.
        is_video: Whether it has frames.
    """

    path: Path
    name: str
    is_video: bool


def check_words(words: Sequence[str]) -> None:
    """Find misspelled paths before anything slow is done.

    Raises:
        DataError: Naming every path that is not there.
    """
    missing = [w for w in words if not Path(w).exists() and not glob.has_magic(w)]
    if missing:
        raise DataError(f"no such file or folder: {', '.join(missing)} (from {Path.cwd()}).")


def find_inputs(words: Sequence[str]) -> list[Input]:
    """The files that the words stand for, each once, in order.

    Args:
        words: Files, folders, glob patterns, videos.

    Raises:
        DataError: A folder or pattern that holds no image or video.
    """
    from argus.inference.images import is_video, list_files, warn_of_videos

    paths = dict.fromkeys(path for word in words for path in list_files(word))
    for word in words:
        warn_of_videos(word, list(paths))
    taken: set[str] = set()
    inputs = []
    for path in paths:
        name, count = path.stem, 2
        while name in taken:
            name, count = f"{path.stem}-{count}", count + 1
        taken.add(name)
        inputs.append(Input(path=path, name=name, is_video=is_video(path)))
    return inputs
