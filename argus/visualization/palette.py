"""Colours that people with colour-vision deficiencies can tell apart.

The first seven are those of Okabe and Ito, "Color Universal Design" (2008). Every further one was
chosen among saturated colours of medium lightness as the one farthest from all before it, by the
least of three distances in CIELAB: as seen with normal vision, and with simulated protanopia and
deuteranopia (Machado et al., "A Physiologically-based Model for Simulation of Color Vision
Deficiency", 2009). The distance falls from 17 among the first 16 to 10 among 40 and 5 among all;
names beside the colours carry the meaning.
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
_FURTHER = (
    "96ffa5 961e1e ffe1f0 693c5a 0078f0 96b45a 2d3ca5 692d78 96d2a5 c3e169 5a96f0 e12d5a "
    "c34b2d d2d2ff 785a87 f0a5c3 ffe1d2 96b478 961e3c 0069c3 ff784b 2d8778 a587c3 a51e00 "
    "78b496 c3d278 3c785a 0f5a3c 009696 ffb44b ff96ff 5a3c96 87e196 d2a5d2 00874b f0872d "
    "7887d2 f0f069 784b96 69782d 6978a5 784b5a b44b00 1e7878 a5ff87 2d5ad2 f0c3e1 5a3c69 "
    "3c87f0 ffb4c3 87b487 96963c b4f0b4 a5c378 e1e1ff 4b4b1e d25a4b 00a569 f087e1 b41e3c "
    "6978d2 78b4a5 f0a54b 4ba5b4 d24b87 00d2ff 96ff96 1e69d2 5aa5d2 f06969 960000 f0b42d "
    "c3782d 00e1d2 b45aa5 69ffd2 3c5a69 694bb4 5a5a2d ff87a5 693c4b 1e5a0f 694b78 f04b87 "
    "ffc396 87b4b4 c3e15a c3c35a 878700 007869 2d694b f0f078 875ab4 005a87 78fff0 b4961e "
    "963c4b b4e1b4 c3e178 3cb469 d278b4 3cc3ff 78875a c3964b a569c3 "
)
PALETTE: tuple[RGB, ...] = (
    *OKABE_ITO,
    *((int(c[:2], 16), int(c[2:4], 16), int(c[4:], 16)) for c in _FURTHER.split()),
)


def make_palette(num_classes: int) -> tuple[RGB, ...]:
    """RGB colours for ``num_classes`` classes.

    The colour of a class does not depend on ``num_classes``. The first 16 are easy to tell apart
    with any vision; after 112 the colours repeat.
    """
    return tuple(PALETTE[i % len(PALETTE)] for i in range(num_classes))


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
