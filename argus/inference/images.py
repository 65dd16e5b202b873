"""Pictures from whatever a user has: files, folders, patterns, videos, arrays, lists of them."""

import glob
import os.path
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from argus.datasets.transforms.loading import Orientation, decode_image, read_image
from argus.errors import DataError
from argus.files.pictures import PICTURE_SUFFIXES
from argus.files.regular import MAX_FILE_BYTES
from argus.inference.arrays import array_to_rgb, tensor_to_rgb
from argus.inference.video import VIDEO_SUFFIXES, iter_frames
from argus.names.wording import counted, listed

_BYTES = (bytes, bytearray, memoryview)


class AnnotatedFile(NamedTuple):
    """A file that is read as training reads it, in the orientation of its annotations.

    Args:
        path: The file.
        size: (height, width) in pixels that the annotations say; ``None`` if they say nothing.
        orientation: Whether they were made on the pixels as they are shown or as they are stored;
            ``None`` where their size tells, or on what is shown.
    """

    path: Path
    size: tuple[int, int] | None
    orientation: Orientation | None = None


def load_image(source: Any, *, name: str = "the image") -> np.ndarray:
    """One picture as RGB uint8 (H, W, 3).

    Files are read as the training pipelines read them: EXIF orientation applied, 16 bits cut to
    their upper 8, grey replicated, alpha dropped.

    Args:
        source: Path of a file, its bytes, the file opened to read binary, PIL image, NumPy array or
            what becomes one (:func:`~argus.inference.arrays.array_to_rgb`), or torch tensor
            (:func:`~argus.inference.arrays.tensor_to_rgb`).
        name: What it is called in messages if it is no file.

    Raises:
        DataError: A file that is missing or damaged, an array that is no picture, or another type.
    """
    if isinstance(source, AnnotatedFile):
        return _to_rgb(read_image(source.path, source.size, orientation=source.orientation))
    if isinstance(source, (str, Path)):
        return _to_rgb(read_image(source))
    if isinstance(source, _BYTES):
        return _decode(bytes(source), name)
    if isinstance(source, Image.Image):
        return _from_pil(source, name)
    if isinstance(source, np.ndarray):
        return array_to_rgb(source, name=name)
    if hasattr(source, "read"):
        return _decode(_read(source, name), name)
    # A tensor, without importing torch for pictures that are none.
    if hasattr(source, "detach") and hasattr(source, "is_floating_point"):
        return tensor_to_rgb(source, name=name)
    if hasattr(source, "__array__"):
        return array_to_rgb(np.asarray(source), name=name)
    raise DataError(
        f"{name}: a {type(source).__name__} is no picture. Give a path, bytes of a file, an open "
        "file, a PIL image, a NumPy array, a torch tensor, or a list of these."
    )


def is_single(source: Any) -> bool:
    """Whether a source is one picture, and no folder, pattern, video or list."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if os.path.isfile(path):
            return not is_video(path)
        return not (os.path.isdir(path) or _is_many(source))
    return not isinstance(source, Sequence) or isinstance(source, _BYTES)


def iter_images(source: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The pictures of a source with their names, one after the other.

    Args:
        source: What :func:`load_image` takes; a folder, whose pictures come in the order of their
            names (not those of folders below); a glob pattern (``**`` for folders below); a video
            file; or a list of any of these.

    Yields:
        Path, ``image 3`` (counted from 0) or ``clip.mp4#000120``; and RGB uint8 (H, W, 3).

    Raises:
        DataError: A folder or pattern without pictures, or as :func:`load_image`.
    """
    for name, load in locate_images(source):
        yield name, load()


def locate_images(source: Any) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """The pictures of a source by name, each with a function that reads it or raises.

    So they can be read ahead, and one that cannot be read does not end the others. Frames of videos
    are decoded one after the other while this iterates.

    Args:
        source: As for :func:`iter_images`.

    Yields:
        Name, and a function that returns RGB uint8 (H, W, 3) or raises ``DataError``. A folder,
        pattern or video without pictures counts as a picture that cannot be read.

    Raises:
        DataError: The list is empty.
    """
    is_list = isinstance(source, Sequence) and not isinstance(source, (str, *_BYTES))
    items = source if is_list else ()
    if not items and items is source:
        raise DataError("no images: the list is empty.")
    for index, item in enumerate(items or [source]):
        if not isinstance(item, (str, Path)):
            name = str(item.path) if isinstance(item, AnnotatedFile) else f"image {index}"
            yield name, partial(load_image, item, name=name)
            continue
        try:
            files = list_files(item)
        except DataError as error:
            yield str(item), partial(_raise, error)
            continue
        warn_of_videos(item, [one for one in items if isinstance(one, (str, Path))])
        for path in files:
            if is_video(path):
                yield from _locate_frames(path)
            else:
                yield str(path), partial(load_image, path)


def _locate_frames(path: Path) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    try:
        for name, frame in iter_frames(path):
            yield name, partial(np.asarray, frame)
    except DataError as error:
        yield str(path), partial(_raise, error)


def _raise(error: DataError) -> np.ndarray:
    raise error


def list_files(source: str | Path) -> list[Path]:
    """The image and video files that a path, folder or pattern stands for.

    Raises:
        DataError: A folder or pattern without any, or a folder that cannot be read.
    """
    path = Path(source)
    if os.path.isdir(path):
        try:
            files = sorted(p for p in path.iterdir() if p.is_file())
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        found = [file for file in files if _is_image(file)]
        if not found:
            below = next((p for p in path.glob("*/*") if _is_image(p)), None)
            hint = f' There are some below it: use the pattern "{path}/**/*".' if below else ""
            looked_for = ", ".join(PICTURE_SUFFIXES)
            raise DataError(f"{path}: no images in this folder (looked for {looked_for}).{hint}")
        return found
    if os.path.isfile(path) or not glob.has_magic(str(source)):
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(source), recursive=True))]
    found = [
        match for match in matches if match.is_file() and (_is_image(match) or is_video(match))
    ]
    if not found:
        what = (
            f"{counted(len(matches), 'match', 'matches')}, none of them an image"
            if matches
            else "no match"
        )
        raise DataError(
            f"{source}: {what}. Quote the pattern, and see where it is relative to: {Path.cwd()}."
        )
    return found


def warn_of_videos(folder: str | Path, named: Sequence[str | Path]) -> None:
    """Say which videos of a folder, of which pictures alone are taken, nobody has named.

    Args:
        folder: Anything else than a folder is passed over.
        named: All that is asked for.

    Warns:
        UserWarning: There are some.
    """
    if not os.path.isdir(folder):
        return
    asked = {Path(source) for source in named}
    found = [p for p in Path(folder).iterdir() if is_video(p) and not p.name.startswith(".")]
    left = sorted(path.name for path in found if path not in asked)
    if left:
        warnings.warn(
            f"{folder}: {counted(len(left), 'video is', 'videos are')} left out of the folder "
            f"({listed(left)}); name what is meant, or use the pattern '{folder}/*'",
            stacklevel=3,
        )


def _read(file: Any, name: str) -> bytes:
    """What is left of an open file, which stays open."""
    try:
        content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # closed, or not open to read
        raise DataError(f"{name}: the file cannot be read: {error}") from error
    if not isinstance(content, _BYTES):
        raise DataError(f"{name}: the file is open as text; open it with mode 'rb'.")
    if len(content) > MAX_FILE_BYTES:
        raise DataError(f"{name}: larger than {MAX_FILE_BYTES:,} bytes; pictures are smaller")
    if not content and _position(file):
        raise DataError(
            f"{name}: the file was read or written up to its end, byte {_position(file):,}, and "
            "nothing is left to read. Call file.seek(0) first."
        )
    return bytes(content)


def _position(file: Any) -> int:
    try:
        return int(file.tell())
    except (AttributeError, OSError, TypeError, ValueError):  # a stream that has none
        return 0


def _decode(content: bytes, name: str) -> np.ndarray:
    try:
        bgr = decode_image(content)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    return _to_rgb(bgr)


def _to_rgb(bgr: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(bgr[..., ::-1])


def _from_pil(image: Image.Image, name: str) -> np.ndarray:
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            return array_to_rgb(np.asarray(image).astype(np.uint16), name=name)
        if image.mode == "I":
            values = np.asarray(image)
            if 0 <= values.min() and values.max() <= 65535:
                values = values.astype(np.uint16)  # Pillow opens 16-bit files in this mode, too
            return array_to_rgb(values, name=name)
        if image.mode == "F":
            return array_to_rgb(np.asarray(image), name=name)
        return np.array(image.convert("RGB"))
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        # A truncated file is read only now; some modes, e.g. La, become no other.
        raise DataError(f"{name}: the PIL image cannot be read: {error}") from error


def _is_image(path: Path) -> bool:
    # macOS keeps a file ._a.jpg beside a.jpg on foreign disks.
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith("._")


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its suffix."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def _is_many(source: str | Path) -> bool:
    """Whether a path that is no folder stands for several pictures."""
    return glob.has_magic(str(source)) or is_video(Path(source))
