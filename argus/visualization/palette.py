"""Colours that people with colour-vision deficiencies can tell apart.

Sources: the palette of Okabe and Ito, "Color Universal Design" (2008), and the "muted" scheme of
Paul Tol, "Colour Schemes" (SRON/EPS/TN/09-002). Beyond their 16 colours no palette is safe; further
classes repeat the hues lighter and darker, and names beside the colours carry the meaning.
"""

from collections.abc import Sequence

import numpy as np

RGB = tuple[int, int, int]

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
GREY: RGB = (120, 120, 120)
# Where a label is unknown or ignored.
UNKNOWN: RGB = (64, 64, 64)

ORANGE: RGB = (230, 159, 0)
SKY_BLUE: RGB = (86, 180, 233)
GREEN: RGB = (0, 158, 115)
YELLOW: RGB = (240, 228, 66)
BLUE: RGB = (0, 114, 178)
VERMILION: RGB = (213, 94, 0)
PURPLE: RGB = (204, 121, 167)

OKABE_ITO: tuple[RGB, ...] = (ORANGE, SKY_BLUE, GREEN, YELLOW, BLUE, VERMILION, PURPLE)
TOL_MUTED: tuple[RGB, ...] = (
    (136, 34, 85),
    (221, 204, 119),
    (51, 34, 136),
    (136, 204, 238),
    (17, 119, 51),
    (204, 102, 119),
    (68, 170, 153),
    (153, 153, 51),
    (170, 68, 153),
)
# Each round mixes the base colours with white or black by this much.
_TINTS = ((WHITE, 0.45), (BLACK, 0.35), (WHITE, 0.7), (BLACK, 0.6), (WHITE, 0.25), (BLACK, 0.15))


def make_palette(num_classes: int) -> tuple[RGB, ...]:
    """Distinct RGB colours for ``num_classes`` classes; the first 16 are colour-blind safe.

    The colour of a class does not depend on ``num_classes``, up to 112 classes; then it repeats.
    """
    base = OKABE_ITO + TOL_MUTED
    rounds = [base] + [tuple(mix(c, other, amount) for c in base) for other, amount in _TINTS]
    colors = [color for group in rounds for color in group]
    return tuple(colors[i % len(colors)] for i in range(num_classes))


def mix(color: RGB, other: RGB, amount: float) -> RGB:
    """``amount`` in [0, 1] of ``other``, the rest ``color``."""
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(color, other, strict=True))
    return red, green, blue


def text_color(background: Sequence[int]) -> RGB:
    """Black or white, whichever has more contrast on ``background`` (WCAG relative luminance)."""
    channels = np.asarray(background, dtype=np.float64) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return BLACK if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else WHITE
