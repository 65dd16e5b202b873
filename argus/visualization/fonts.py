"""The fonts that text on pictures is drawn with.

That of Pillow has the letters of English alone, so that other names would be boxes. matplotlib
brings one with Latin, Greek, Cyrillic, Arabic and more; those of Chinese, Japanese and Korean are
looked for among the fonts of the system.
"""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Parts of the names of files with them, as systems bring them.
_EAST_ASIAN = (
    *("notosanscjk", "notosanssc", "notosansjp", "notosanskr", "sourcehansans", "wqy", "simhei"),
    *("msyh", "droidsansfallback", "pingfang", "unifont"),
)


def load_font(size_px: int, text: str = "") -> Font:
    """A font that has the letters of a text; that of Pillow where it does.

    Args:
        size_px: Height of a line, about, in pixels.
        text: What is drawn with it.
    """
    return _opened(None if text.isascii() else _file_for("".join(sorted(set(text)))), size_px)


@lru_cache(maxsize=64)
def _opened(file: str | None, size_px: int) -> Font:
    if file is None:
        return ImageFont.load_default(size=size_px)
    return ImageFont.truetype(file, size_px)


@lru_cache(maxsize=1024)
def _file_for(letters: str) -> str:
    """The first font with all letters; the first of all if none has them."""
    wanted = {ord(letter) for letter in letters if letter.isprintable()}
    first = _of_matplotlib()
    if wanted <= _letters(first):
        return first
    return next((file for file in _of_the_system() if wanted <= _letters(file)), first)


@lru_cache(maxsize=1)
def _of_matplotlib() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")


@lru_cache(maxsize=1)
def _of_the_system() -> tuple[str, ...]:
    from matplotlib.font_manager import findSystemFonts

    return tuple(
        sorted(
            file
            for file in findSystemFonts()
            if any(name in Path(file).name.lower().replace("-", "") for name in _EAST_ASIAN)
        )
    )


@lru_cache(maxsize=16)
def _letters(file: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(file).get_charmap())
    except (OSError, RuntimeError):  # a format that it does not read
        return frozenset()
