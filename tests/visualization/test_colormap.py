"""Colours of numbers against matplotlib, and a scale bar that can be read back."""

import matplotlib
import numpy as np
import pytest

from argus.visualization.colormap import color_table, colorize, make_scale_bar, make_ticks


@pytest.mark.parametrize("name", ["viridis", "inferno", "viridis_r", "inferno_r"])
def test_color_table__is_matplotlibs(name):
    expected = np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255)
    assert np.array_equal(color_table(name), expected)


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_color_table__luminance_rises(name):
    """A grey copy, and every kind of colour vision, keeps the order."""
    luminance = (color_table(name) / 255.0) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -1e-3).all() and luminance[-1] > luminance[0] + 0.7


def test_colorize__clips_and_takes_nan_as_the_lowest():
    values = np.array([[-5.0, 2.0, 3.0, 4.0, 99.0, np.nan]])
    table = color_table("viridis")
    expected = table[[0, 0, 128, 255, 255, 0]]
    assert np.array_equal(colorize(values, 2.0, 4.0, "viridis")[0], expected)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.7, 9.8, [2, 4, 6, 8]),
        (-1.5, 1.4, [-1, 0, 1]),
        (1.0, 1.01, [1, 1.002, 1.004, 1.006, 1.008, 1.01]),
        (300, 5200, [1000, 2000, 3000, 4000, 5000]),
    ],
)
def test_make_ticks__are_round_numbers(low, high, expected):
    assert make_ticks(low, high) == pytest.approx(expected)


def test_make_ticks__are_few_but_enough_for_any_range():
    rng = np.random.default_rng(0)
    for low, span in zip(rng.normal(0, 100, 500), 10 ** rng.uniform(-3, 4, 500), strict=True):
        ticks = make_ticks(low, low + span)
        assert 2 <= len(ticks) <= 6
        assert low - 1e-6 * span <= ticks[0] and ticks[-1] <= low + span * (1 + 1e-6)
        assert "-0.0" not in map(str, ticks)


@pytest.mark.parametrize("width", [200, 512, 4000])
def test_scale_bar__holds_the_colours_in_order(width):
    font_px = max(14, width // 30)
    bar = np.asarray(
        make_scale_bar("depth (m)", 0, 1, "viridis", width=width, font_px=font_px)
    ).astype(int)
    assert bar.shape[1] == width
    row = bar[font_px // 2 + round(font_px * 1.25) // 2]
    table = color_table("viridis").astype(int)
    # Along the middle of the bar, from its left end on, every colour has its place.
    start = int(np.flatnonzero((row == table[0]).all(-1))[0])
    end = int(np.flatnonzero((row == table[-1]).all(-1))[-1])
    assert end - start > width * 0.4
    places = np.linspace(0, 255, end - start + 1)
    assert np.abs(row[start : end + 1] - table[np.rint(places).astype(int)]).max() <= 8
