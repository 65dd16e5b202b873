"""Maps of two values, as tools write them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.datasets.transforms import LoadAnomalyMask, LoadBoundary, LoadSaliency
from argus.errors import ConfigError, DataError

LOADERS = pytest.mark.parametrize("kind", [LoadBoundary, LoadSaliency])
# The square of white pixels is the object.
WHITE = np.zeros((8, 10), bool)
WHITE[2:5, 3:6] = True


def save(path: Path, array: np.ndarray) -> Path:
    Image.fromarray(array).save(path)
    return path


def load(loader: Any, path: Path, shape: tuple[int, int] = (8, 10)) -> np.ndarray:
    if isinstance(loader, LoadAnomalyMask):
        sample = dict(mask_path=str(path), gt_anomaly=1, ori_shape=shape)
        return loader(sample)["gt_anomaly_map"]
    return loader({loader.path_key: str(path), "ori_shape": shape})[loader.label_key]


@LOADERS
@pytest.mark.parametrize(
    ("positive", "stored", "expected"),
    [
        (255, [0, 255, 255, 0], [0, 1, 1, 0]),
        (1, [0, 1, 1, 0], [0, 1, 1, 0]),
        (1, [0, 1, 255, 0], [0, 1, 255, 0]),
        (1, [0, 0, 255, 0], [0, 0, 255, 0]),  # no object, and its void is none
        (255, [0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_decode__by_what_the_data_set_says(
    tmp_path: Path, kind: type, positive: Any, stored: list[int], expected: list[int]
) -> None:
    loader = kind(positive=positive)
    labels = load(loader, save(tmp_path / "b.png", np.array([stored], np.uint8)), (1, 4))
    assert labels.dtype == np.uint8 and labels.tolist() == [expected]
    assert loader.is_empty(labels) == (1 not in expected)


@LOADERS
def test_decode__other_values_raise_or_are_cut_at_the_threshold(tmp_path: Path, kind: type) -> None:
    path = save(tmp_path / "b.png", np.array([[0, 1, 127, 128, 255]], np.uint8))
    with pytest.raises(DataError, match=r"b\.png: values \[127, 128\].*threshold=127"):
        load(kind(positive=1), path, (1, 5))
    assert load(kind(threshold=127), path, (1, 5)).tolist() == [[0, 0, 0, 1, 1]]
    path = save(tmp_path / "ones.png", np.array([[0, 1, 255]], np.uint8))
    with pytest.raises(DataError, match=r"values \[1\].*expected 0 and 255.*positive=1, if 255"):
        load(kind(positive=255), path, (1, 3))


@LOADERS
@pytest.mark.parametrize("options", [{}, dict(positive=255, threshold=3), dict(positive=128)])
def test_init__what_255_means_has_no_default(kind: type, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"{kind.__name__}: expected positive=255"):
        kind(**options)


@pytest.mark.parametrize(
    "loader",
    [LoadBoundary(positive=255), LoadSaliency(positive=1), LoadAnomalyMask()],
    ids=lambda loader: type(loader).__name__,
)
@pytest.mark.parametrize("how", ["one bit", "adaptive", "black first", "white first"])
def test_white__is_positive_however_it_is_stored(tmp_path: Path, loader: Any, how: str) -> None:
    path = tmp_path / "b.png"
    grey = Image.fromarray(WHITE.astype(np.uint8) * 255)
    if how == "one bit":
        Image.fromarray(WHITE).save(path)
    elif how == "adaptive":
        grey.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=2).save(path)
    else:
        white_first = how == "white first"
        picture = Image.fromarray((WHITE ^ white_first).astype(np.uint8), mode="P")
        picture.putpalette([255] * 3 + [0] * 3 if white_first else [0] * 3 + [255] * 3)
        picture.save(path)
    np.testing.assert_array_equal(load(loader, path), WHITE)


def palette_picture(path: Path, first: tuple[int, int, int]) -> Path:
    picture = Image.fromarray(WHITE.astype(np.uint8), mode="P")
    picture.putpalette([*first, 128, 0, 0])
    picture.save(path)
    return path


def test_palette__of_other_colours_counts_by_index_from_black(tmp_path: Path) -> None:
    path = palette_picture(tmp_path / "b.png", (0, 0, 0))
    for loader in (LoadSaliency(positive=1), LoadAnomalyMask()):
        np.testing.assert_array_equal(load(loader, path), WHITE)
    path = palette_picture(tmp_path / "c.png", (0, 128, 0))
    for loader in (LoadSaliency(positive=1), LoadAnomalyMask()):
        with pytest.raises(DataError, match=r"c\.png: a palette image whose index 0 is the colour"):
            load(loader, path)


GREY_RAMP = [value for index in range(256) for value in [index] * 3]
RED_WITH_WHITE_VOID = [0, 0, 0, 255, 0, 0] + [0] * 3 * 253 + [255] * 3


@pytest.mark.parametrize("palette", [GREY_RAMP, RED_WITH_WHITE_VOID, [0] * 768])
@pytest.mark.parametrize("used", [[0, 1, 255], [0, 255], [0, 1], [0], [255], [1]])
def test_palette__an_index_means_the_same_in_all_files(palette: list[int], used: list[int]) -> None:
    """Whatever else is in the file."""
    picture = Image.fromarray(np.array([used], np.uint8), mode="P")
    picture.putpalette(palette)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert LoadSaliency(positive=1).decode(buffer.getvalue()).tolist() == [used]
    expected = [[int(index > 0) for index in used]]
    if 1 not in used:
        assert LoadSaliency(positive=255).decode(buffer.getvalue()).tolist() == expected


def test_palette__void_beside_white_first_is_unknown() -> None:
    picture = Image.fromarray(np.array([[0, 1, 255]], np.uint8), mode="P")
    picture.putpalette([255] * 3 + [0] * 3 + [255] * 3 * 254)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    with pytest.raises(DataError, match="not black: which index is the background.* of 0 and 1"):
        LoadSaliency(positive=1).decode(buffer.getvalue())


def test_grey_saved_as_colour__is_grey() -> None:
    """As many tools write masks; what a value means is said for the data set."""
    mask = np.zeros((6, 8), np.uint8)
    mask[1:3, 2:5] = 255
    for picture in (
        Image.fromarray(mask).convert("RGB"),
        Image.fromarray(mask).convert("RGBA"),
        Image.fromarray(mask).convert("LA"),
    ):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        for load in (LoadSaliency(positive=255), LoadBoundary(threshold=127)):
            np.testing.assert_array_equal(load.decode(buffer.getvalue()), mask == 255)
    red = Image.merge("RGB", [Image.fromarray(band) for band in (mask, mask * 0, mask * 0)])
    buffer = io.BytesIO()
    red.save(buffer, "PNG")
    with pytest.raises(DataError, match=r"found a colour picture of the labels: \(0, 0, 0\)"):
        LoadSaliency(positive=255).decode(buffer.getvalue())


def shades_picture(path: Path, indices: list[int], colours: list[tuple[int, int, int]]) -> None:
    picture = Image.fromarray(np.array([indices], np.uint8), "P")
    picture.putpalette([value for colour in colours for value in colour])
    picture.save(path)


@LOADERS
@pytest.mark.parametrize("black", [0, 1])
def test_threshold__of_a_palette_the_colour_counts_in_every_file(
    tmp_path: Path, kind: type, black: int
) -> None:
    grey = [(0, 0, 0), (255, 255, 255), (200, 200, 200), (90, 90, 90)]
    colours = grey if not black else [grey[1], grey[0], *grey[2:]]
    index = {0: black, 255: 1 - black, 200: 2, 90: 3}
    for shades in ([0, 255, 0], [0, 255, 200], [90, 255, 200], [0, 0, 90]):
        path = tmp_path / "a.png"
        shades_picture(path, [index[shade] for shade in shades], colours)
        expected = [int(shade > 127) for shade in shades]
        assert load(kind(threshold=127), path, (1, 3)).tolist() == [expected]
    shades_picture(path, [0, 1, 2], [*colours[:2], (255, 0, 0)])
    with pytest.raises(DataError, match=r"colour \(255, 0, 0\), which is no shade of grey"):
        load(kind(threshold=127), path, (1, 3))
