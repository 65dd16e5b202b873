"""The pictures of a source in batches, read ahead; what cannot be read raises or is left out."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from argus.errors import ConfigError, DataError
from argus.inference.images import is_single, locate_images
from argus.inference.passes import Picture
from argus.inference.sizing import short_side_size

OnError = Literal["raise", "skip"] | Callable[[str, DataError], None]
"""What becomes of a picture among several that cannot be read: it raises, it is left out with a
warning, or it is left out and a function is told its name and what is wrong with it."""

_READERS = 4
_MISSING = object()


class Batch(NamedTuple):
    """Pictures that are answered together.

    Args:
        pictures: At least one.
        boxes: The entry of each, if there are any.
    """

    pictures: list[Picture]
    boxes: list[Any] | None


def iter_batches(
    source: Any,
    batch_size: int,
    *,
    boxes: Any = None,
    on_error: OnError = "raise",
    short_sides: Sequence[int] = (),
) -> Iterator[Batch]:
    """The pictures of a source in batches, the next of which is read while the caller works.

    Args:
        source: What :func:`~argus.inference.images.iter_images` takes.
        batch_size: Entries of a batch, which has fewer pictures if some are left out.
        boxes: An iterable with an entry per picture, those that are left out among them.
        on_error: See :data:`OnError`; what is the whole source, such as the only picture or a
            folder without any, raises whatever it is.
        short_sides: Pixels that the short side is to get; a picture that would be too large then is
            one that cannot be read.

    Returns:
        An iterator.

    Raises:
        ConfigError: ``on_error`` is none; before anything is read.
        DataError: While iterating: a picture, or ``boxes`` that has more or fewer entries.
    """
    if not callable(on_error) and on_error not in ("raise", "skip"):
        raise ConfigError(
            "on_error: expected 'raise', 'skip' or a function of a name and an error, found "
            f"{on_error!r:.80}."
        )
    return _batches(source, batch_size, boxes, on_error, short_sides)


def _batches(
    source: Any, batch_size: int, boxes: Any, on_error: OnError, short_sides: Sequence[int]
) -> Iterator[Batch]:
    people = None if boxes is None else iter(boxes)
    located = locate_images(source)

    def load(entry: tuple[str, Callable[[], np.ndarray]]) -> np.ndarray | DataError:
        name, read_one = entry
        try:
            image = read_one()
            for side in short_sides:
                short_side_size(image.shape[:2], side)
        except DataError as error:
            return error
        except ConfigError as error:
            return DataError(f"{name}: {error}")
        return image

    # One thread finds the next batch, and decodes frames of videos; its pictures are decoded by
    # several.
    with ThreadPoolExecutor(_READERS) as decoders, ThreadPoolExecutor(1) as reader:

        def read() -> list[tuple[str, np.ndarray | DataError]]:
            entries = list(islice(located, batch_size))
            names = [name for name, _ in entries]
            return list(zip(names, decoders.map(load, entries), strict=True))

        found = read()
        while found:
            following = reader.submit(read)
            batch = Batch([], None if people is None else [])
            for name, image in found:
                error = image if isinstance(image, DataError) else None
                # How many entries belong to a folder or video that cannot be read is not known.
                is_unclear = people is not None and not is_single(name)
                if error is not None and (is_unclear or _is_whole(name, source)):
                    raise error
                own = None if people is None else _entry(people, name)
                if isinstance(image, DataError):
                    _report(name, image, on_error)
                    continue
                batch.pictures.append(Picture(name, image))
                if batch.boxes is not None:
                    batch.boxes.append(own)
            if batch.pictures:
                yield batch
            found = following.result()
    if people is not None and next(people, _MISSING) is not _MISSING:
        raise DataError("boxes: there are more entries than pictures.")


def _is_whole(name: str, source: Any) -> bool:
    if isinstance(source, (str, Path)):
        return Path(name) == Path(source)
    return is_single(source)


def _entry(people: Iterator[Any], name: str) -> Any:
    entry = next(people, _MISSING)
    if entry is _MISSING:
        raise DataError(
            f"boxes: no entry for {name}. Give a list with an array (N, 4) of xyxy pixels per "
            "picture, (0, 4) for none."
        )
    return entry


def _report(name: str, error: DataError, on_error: OnError) -> None:
    if callable(on_error):
        on_error(name, error)
    elif on_error == "skip":
        warnings.warn(f"left out: {error}", stacklevel=2)
    else:
        raise error
