"""Label maps in colours: which colour is which class is said for the whole data set.

A picture of labels may be RGB, or have a palette that a tool has made for this file alone, so that
an index means another class in the next file. Colours mean the same in all of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from argus.datasets.transforms.netpbm import scaled_rgb, stated_maximum
from argus.datasets.transforms.orientation import shown_pixels
from argus.datasets.transforms.reading import damaged
from argus.errors import ConfigError, DataError
from argus.files.pictures import open_picture
from argus.names.wording import counted

_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
_MAX_SHOWN = 5


class ColourTable:
    """The label of every colour.

    Args:
        colours: RGB of each class, 0 to 255, in the order of the labels.
        void: RGB of pixels that are ignored.
        ignore: Their label.
        where: Who takes the table, for messages.

    Raises:
        ConfigError: A colour is none, or stands for two labels.
    """

    def __init__(
        self,
        colours: Sequence[Sequence[int]],
        *,
        void: Sequence[Sequence[int]],
        ignore: int,
        where: str,
    ) -> None:
        listed = [_checked(colour, where) for colour in (*colours, *void)]
        repeated = sorted({colour for colour in listed if listed.count(colour) > 1})
        if repeated:
            raise ConfigError(f"{where}: the colour {repeated[0]} stands for two labels.")
        codes = _codes(np.array(listed, np.uint8).reshape(-1, 3))
        order = np.argsort(codes)
        self._known = codes[order]
        self._labels = np.array([*range(len(colours)), *[ignore] * len(void)])[order]

    def decode(self, content: bytes) -> np.ndarray:
        """The labels of a picture, (H, W) int64.

        Raises:
            DataError: It does not decode, has transparent pixels, or colours that are not in the
                table.
        """
        codes = _codes(decode_colours(content))
        place = np.searchsorted(self._known, codes).clip(max=len(self._known) - 1)
        unknown = self._known[place] != codes
        if unknown.any():
            raise DataError(
                f"colours that are not in the table: {_listed(codes[unknown])}. Add them to "
                "colours, or to void_colours, if they are to be ignored; colours that lie between "
                "two classes come from JPEG, or from scaling with interpolation"
            )
        labels: np.ndarray = self._labels[place]
        return labels


def decode_colours(content: bytes) -> np.ndarray:
    """The colours of a picture of labels, (H, W, 3) uint8 RGB, turned as it is shown.

    Raises:
        DataError: It does not decode, has more than 8 bits, or transparent pixels.
    """
    try:
        with open_picture(content) as picture:
            mode, maximum = picture.mode, stated_maximum(picture) or 0
            if maximum > 255 or any(
                ";16" in str(tile.args) for tile in getattr(picture, "tile", ())
            ):
                mode += " of 16 bits"  # of which Pillow keeps the upper 8
            scaled = scaled_rgb(picture, content)
            if scaled is not None:
                picture = Image.fromarray(scaled)
            rgba = shown_pixels(picture.convert("RGBA"), content)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise damaged("label image", content, error) from error
    if mode not in _MODES:
        raise DataError(f"expected a picture of colours of 8 bits, found the mode {mode}")
    raise_if_transparent(rgba[..., 3])
    return rgba[..., :3]


def raise_if_transparent(alpha: np.ndarray) -> None:
    """Raise for a label image that is not opaque: what is seen is not what is stored.

    Args:
        alpha: (H, W) uint8.
    """
    number = int((alpha < 255).sum())
    if number:
        raise DataError(
            f"{counted(number, 'pixel is', 'pixels are')} transparent in the label image: with "
            "which label? Save it without an alpha channel"
        )


def described(pixels: np.ndarray) -> str:
    """The most frequent colours of a picture, (H, W, 3) RGB uint8, and their numbers of pixels."""
    return _listed(_codes(pixels).ravel())


def _codes(pixels: np.ndarray) -> np.ndarray:
    values: np.ndarray = pixels.astype(np.int64) @ np.array([65536, 256, 1])
    return values


def _listed(codes: np.ndarray) -> str:
    found, numbers = np.unique(codes, return_counts=True)
    order = np.argsort(-numbers, kind="stable")
    parts = [
        f"{(int(code) >> 16, int(code) >> 8 & 255, int(code) & 255)} in {counted(number, 'pixel')}"
        for code, number in zip(found[order][:_MAX_SHOWN], numbers[order], strict=False)
    ]
    more = f" and {len(found) - _MAX_SHOWN:,} more" if len(found) > _MAX_SHOWN else ""
    return ", ".join(parts) + more


def _checked(colour: Any, where: str) -> tuple[int, int, int]:
    values = tuple(colour) if isinstance(colour, (list, tuple)) else ()
    if len(values) != 3 or not all(isinstance(v, int) and 0 <= v <= 255 for v in values):
        raise ConfigError(f"{where}: expected colours (red, green, blue), 0..255, found {colour}.")
    return values
