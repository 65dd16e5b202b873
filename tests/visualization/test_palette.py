"""Colours: distinct, stable, and with readable text on them."""

import numpy as np
import pytest

from argus.visualization.palette import OKABE_ITO, make_palette, text_color


def contrast(first, second) -> float:
    """Contrast ratio of WCAG 2, from 1 to 21."""

    def luminance(color):
        c = np.array(color) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_palette__colours_are_distinct_and_do_not_depend_on_the_number():
    colors = make_palette(112)
    assert len(set(colors)) == 112
    assert make_palette(5) == colors[:5] == OKABE_ITO[:5]
    assert len(make_palette(300)) == 300
    assert make_palette(0) == ()


# Vienot, Brettel and Mollon (1999): linear RGB as seen without one kind of cone. Not the simulation
# that chose the colours.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear RGB ``(..., 3)``."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("count", "least"), [(7, 16), (16, 16), (40, 8), (80, 4)])
def test_palette__colours_stay_apart_for_every_vision(vision: str, count: int, least: float):
    """The least CIELAB distance between any two; 2.3 is one that is just noticed."""
    encoded = np.array(make_palette(count)) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = lab((linear @ np.transpose(VISION[vision])).clip(0, 1))
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    nearest = distances[~np.eye(count, dtype=bool)].min()
    assert nearest > least


def test_text_color__is_readable_on_every_colour():
    assert min(contrast(color, text_color(color)) for color in make_palette(112)) > 4.5
