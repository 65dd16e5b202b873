"""Label maps in colours: RGB, alpha, palettes of any order, and what is not in the table."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.transforms import LoadSegMap
from argus.errors import ConfigError, DataError
from tests.datasets.label_sets import semantic, write_maps

RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)
LABELS = np.array([[0, 0, 1, 1, 2], [0, 1, 1, 255, 2]], np.uint8)
COLOURS = np.array([RED, GREEN, WHITE] + [(9, 9, 9)] * 253, np.uint8)[LABELS]
TABLE = dict(num_classes=3, colours=[RED, GREEN, WHITE], void_colours=[(9, 9, 9)])


def load(root: Path, picture: Image.Image, *, suffix: str = "png", **options: Any) -> np.ndarray:
    path = root / f"label.{suffix}"
    picture.save(path)
    results = dict(seg_map_path=str(path), ori_shape=LABELS.shape, seg_fields=[])
    return LoadSegMap(**{**TABLE, **options}).transform(results)["gt_seg_map"]


def quantized(first: tuple[int, int, int]) -> Image.Image:
    """A palette that begins with another colour than the next tool's."""
    colours = [first, *(c for c in (GREEN, WHITE, RED, (9, 9, 9)) if c != first)]
    index = {colour: number for number, colour in enumerate(colours)}
    indices = np.array([[index[tuple(c)] for c in row] for row in COLOURS.tolist()], np.uint8)
    picture = Image.fromarray(indices, "P")
    picture.putpalette([value for colour in colours for value in colour])
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(COLOURS),
        Image.fromarray(np.dstack([COLOURS, np.full(LABELS.shape, 255, np.uint8)])),
        Image.fromarray(COLOURS).quantize(8),
        Image.fromarray(COLOURS).convert("P", palette=Image.Palette.ADAPTIVE, colors=8),
        quantized(WHITE),
        quantized(RED),
    ],
)
def test_colours__of_any_file_form_give_the_same_labels(
    tmp_path: Path, picture: Image.Image
) -> None:
    np.testing.assert_array_equal(load(tmp_path, picture), LABELS)


def test_colours__of_black_and_white_masks(tmp_path: Path) -> None:
    grey = Image.fromarray(np.where(LABELS == 1, 255, 0).astype(np.uint8))
    options = dict(num_classes=2, colours=[(0, 0, 0), WHITE], void_colours=())
    for picture in (grey, grey.convert("1"), grey.convert("RGB"), grey.convert("P")):
        np.testing.assert_array_equal(load(tmp_path, picture, **options), LABELS == 1)


def test_colours__do_not_follow_reduce_zero_label(tmp_path: Path) -> None:
    path = tmp_path / "label.png"
    Image.fromarray(COLOURS).save(path)
    results = dict(seg_map_path=str(path), reduce_zero_label=True, seg_fields=[])
    np.testing.assert_array_equal(LoadSegMap(**TABLE).transform(results)["gt_seg_map"], LABELS)


def test_unknown_colours__are_named_with_their_numbers(tmp_path: Path) -> None:
    changed = COLOURS.copy()
    changed[0, :3] = (1, 2, 3)
    changed[1, 0] = (4, 5, 6)
    words = r"not in the table: \(1, 2, 3\) in 3 pixels, \(4, 5, 6\) in 1 pixel\. Add them"
    with pytest.raises(DataError, match=words):
        load(tmp_path, Image.fromarray(changed))
    with pytest.raises(DataError, match=r"It is a JPEG, which changes values"):
        load(tmp_path, Image.fromarray(changed), suffix="jpg")


def test_alpha__transparent_pixels_are_refused_and_an_opaque_channel_is_dropped(
    tmp_path: Path,
) -> None:
    alpha = np.full(LABELS.shape, 255, np.uint8)
    grey = Image.fromarray(np.dstack([LABELS, alpha]), "LA")
    np.testing.assert_array_equal(load(tmp_path, grey, colours=None, void_colours=()), LABELS)
    alpha[0, 1] = 254
    for picture, options in (
        (Image.fromarray(np.dstack([COLOURS, alpha])), {}),
        (Image.fromarray(np.dstack([LABELS, alpha]), "LA"), dict(colours=None, void_colours=())),
    ):
        with pytest.raises(DataError, match=r"label\.png: 1 pixel is transparent"):
            load(tmp_path, picture, **options)


def test_colour_picture__without_a_table_says_what_to_set(tmp_path: Path) -> None:
    words = r"(?s)found a colour picture of the labels: \(0, 128, 0\) in 4 pixels, .*colours="
    with pytest.raises(DataError, match=words):
        load(tmp_path, Image.fromarray(COLOURS), colours=None, void_colours=())
    grey = Image.fromarray(LABELS).convert("RGB")
    with pytest.raises(DataError, match=r"It is grey: save it with one channel"):
        load(tmp_path, grey, colours=None, void_colours=())


def test_labels_as_colours__a_table_is_not_for_single_files(tmp_path: Path) -> None:
    """A file of labels among files of colours is an error, not read in its own way."""
    with pytest.raises(DataError, match=r"not in the table: \(1, 1, 1\) in 4 pixels, \(0, 0, 0\)"):
        load(tmp_path, Image.fromarray(LABELS))


def test_palette__is_that_of_the_data_set(tmp_path: Path) -> None:
    write_maps(tmp_path, [Image.fromarray(COLOURS)])
    meta = dict(classes=("a", "b", "c"), palette=[list(RED), list(GREEN), list(WHITE)])
    pipeline = dict(colours="palette", void_colours=[(9, 9, 9)])
    config = semantic(tmp_path, meta["classes"], metainfo=meta, load=pipeline)
    np.testing.assert_array_equal(build_dataset(config, where="x")[0]["gt_seg_map"], LABELS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(colours=[RED, GREEN]), "expected the colours of 3 classes, found 2"),
        (dict(colours=[RED, GREEN, RED]), r"the colour \(255, 0, 0\) stands for two labels"),
        (dict(void_colours=[RED]), r"the colour \(255, 0, 0\) stands for two labels"),
        (dict(colours=[RED, GREEN, (0, 0, 256)]), r"expected colours \(red, green, blue\)"),
        (dict(colours=[RED, GREEN, "#fff"]), r"expected colours \(red, green, blue\)"),
        (dict(colours="rainbow"), "expected a list of RGB or 'palette'"),
        (dict(colours=None), "void_colours: it needs colours"),
    ],
)
def test_table__mistakes(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        LoadSegMap(**{**TABLE, **options})


def test_damaged__is_a_sentence() -> None:
    buffer = io.BytesIO()
    Image.fromarray(COLOURS).save(buffer, "PNG")
    table = LoadSegMap(**TABLE).table
    assert table is not None
    with pytest.raises(DataError, match="corrupt or truncated label image"):
        table.decode(buffer.getvalue()[:60])


FORMATS = Path(__file__).parents[4] / "shared/data/formats"


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read_by_their_colour_tables() -> None:
    """SYNTHIA's, and one in JSON; two pictures of five pixels each."""
    root = FORMATS / "datumaro/common_semantic_segmentation_dataset/dataset"
    meta = json.loads((root / "dataset_meta.json").read_text())
    load = LoadSegMap(6, colours=meta["segmentation_colors"][:6])
    found = [
        load.load(dict(seg_map_path=str(root / f"masks/{name}.png")))[1].ravel().tolist()
        for name in ("0001", "0002")
    ]
    assert sorted(found[0]) == [3, 3, 3, 3, 5] and sorted(found[1]) == [1, 1, 1, 4, 4]
    root = FORMATS / "datumaro/synthia_dataset/rand_custom_labelmap"
    rows = [row.split() for row in (root / "label_colors.txt").read_text().splitlines() if row]
    load = LoadSegMap(len(rows), colours=[[int(value) for value in row[:3]] for row in rows])
    labels = [load.load(dict(seg_map_path=str(path)))[1] for path in sorted(root.glob("GT/*.png"))]
    numbers = np.bincount(np.concatenate([array.ravel() for array in labels]), minlength=5)
    assert numbers.tolist() == [0, 3, 2, 2, 3]
