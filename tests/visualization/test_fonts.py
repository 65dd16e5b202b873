"""Names in other letters than those of English are drawn, not as boxes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from argus.visualization import fonts
from argus.visualization.fonts import load_font


def drawn(text: str, font: fonts.Font) -> bytes:
    picture = Image.new("L", (64, 48))
    ImageDraw.Draw(picture).text((4, 4), text, fill=255, font=font)
    return np.asarray(picture).tobytes()


def test_english__is_drawn_as_ever() -> None:
    assert load_font(14, "cat 0.9").getname() == load_font(14).getname()


@pytest.mark.parametrize("text", ["\u00fc", "\u017c", "\u0436", "\u03bb"])
def test_letters__are_no_boxes(text: str) -> None:
    """A letter that a font does not have is drawn as any other such."""
    missing = "\ufdd0"
    pillows = load_font(24)
    assert drawn(text, pillows) == drawn(missing, pillows)
    assert drawn(text, load_font(24, text)) != drawn(missing, load_font(24, text))


def test_letters__that_no_font_has_are_drawn_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr(fonts, "_of_the_system", lambda: ())
    fonts._file_for.cache_clear()
    assert load_font(14, "\u732b a").getname() == load_font(14, "\u00fc").getname()
    fonts._file_for.cache_clear()
