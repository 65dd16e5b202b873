"""The INPUT words of a command line: which files they mean, and what each answer is called."""

import glob
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from argus.errors import DataError

if TYPE_CHECKING:
    import numpy as np

_READERS = 4
_USUAL_RATE = 25.0  # for a file that states none


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
    from argus.inference.images import is_video, list_files

    paths = dict.fromkeys(path for word in words for path in list_files(word))
    taken: set[str] = set()
    inputs = []
    for path in paths:
        name, count = path.stem, 2
        while name in taken:
            name, count = f"{path.stem}-{count}", count + 1
        taken.add(name)
        inputs.append(Input(path=path, name=name, is_video=is_video(path)))
    return inputs


def frame_rate(path: Path) -> tuple[float, int | None]:
    """Frames per second of a video, and how many; ``None`` if the file does not say.

    Raises:
        DataError: OpenCV cannot open it.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # its own lines; ours say it
    import cv2

    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise DataError(f"{path}: OpenCV cannot open this video; is it whole?")
        rate, count = video.get(cv2.CAP_PROP_FPS), int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        video.release()
    return (rate if 0 < rate < 1000 else _USUAL_RATE), (count if count > 0 else None)


def read_batches(
    inputs: Sequence[Input], batch_size: int, *, on_broken: Callable[[Input, DataError], None]
) -> Iterator[list[tuple[Input, "np.ndarray"]]]:
    """Images in batches; the next ones are decoded while the caller works.

    Args:
        inputs: Image files.
        batch_size: Images in a batch.
        on_broken: Told of each image that cannot be read; it is left out.

    Yields:
        Inputs with their images, RGB uint8 (H, W, 3).
    """
    from argus.inference.images import load_image

    waiting = iter(inputs)
    batch = []
    with ThreadPoolExecutor(_READERS) as readers:
        pending: deque[tuple[Input, Future[np.ndarray]]] = deque()
        while True:
            room = max(batch_size, _READERS) - len(pending)
            for item in islice(waiting, room):
                pending.append((item, readers.submit(load_image, item.path)))
            if not pending:
                break
            item, future = pending.popleft()
            try:
                batch.append((item, future.result()))
            except DataError as error:
                on_broken(item, error)
            if len(batch) == batch_size:
                yield batch
                batch = []
    if batch:
        yield batch
