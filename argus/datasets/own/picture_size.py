"""Width and height of a picture as it is shown, from the head of its file."""

from pathlib import Path

from PIL import Image

from argus.errors import DataError
from argus.files.regular import check_regular_file

_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)


def picture_size(path: str | Path) -> tuple[int, int]:
    """Width and height in pixels, turned as the EXIF orientation says.

    Raises:
        DataError: It is no picture that Pillow knows.
    """
    try:
        check_regular_file(path)
        with Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise DataError(f"{path}: its size cannot be read ({type(error).__name__}).") from error
    return (height, width) if turned else (width, height)
