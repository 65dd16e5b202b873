"""Colours: distinct, stable, and with readable text on them."""

import numpy as np

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


def test_palette__first_colours_stay_apart_without_red_green_vision():
    """Simulated deuteranopia (Vienot et al., 1999) keeps the first seven colours apart."""
    rgb = (np.array(OKABE_ITO) / 255) ** 2.2
    simulate = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    seen = np.clip(rgb @ simulate.T, 0, 1) ** (1 / 2.2) * 255
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert distances[~np.eye(len(seen), dtype=bool)].min() > 20


def test_text_color__is_readable_on_every_colour():
    assert min(contrast(color, text_color(color)) for color in make_palette(112)) > 4.5
