"""Palettes of label maps: whether an index means the same in all files is seen for the data set."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.datasets.checks.findings import Findings
from argus.datasets.checks.walk import check_tasks
from argus.engine.checks.learnable import check_labels
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError
from argus.tasks import TrainData
from tests.datasets.label_sets import SQUARE, semantic, write_maps

BLACK, RED = (0, 0, 0), (200, 0, 0)
CONFLICT = (
    "the palettes of 1 label map do not agree with those before: index 0 is (0, 0, 0) in "
    "{root}/labels/{first}.png, and (200, 0, 0) in {root}/labels/{second}.png, so an index is no "
    "class. Say which colour is which class with LoadSegMap(colours=...), and palettes of any "
    "order are read; if the indices are the labels nevertheless, save them as grey pictures"
)


def with_palette(indices: np.ndarray, *colours: tuple[int, int, int]) -> Image.Image:
    picture = Image.fromarray(indices, "P")
    picture.putpalette([value for colour in colours for value in colour])
    return picture


def check(config: dict) -> Findings:
    (findings,) = check_tasks(dict(toy=dict(train=dict(dataset=config, batch_size=1))))
    return findings


def test_palettes__that_differ_are_an_error_of_check_and_training(tmp_path: Path) -> None:
    maps = [with_palette(SQUARE, BLACK, RED), with_palette(1 - SQUARE, RED, BLACK)]
    config = semantic(write_maps(tmp_path, maps))
    assert check(config).errors == [CONFLICT.format(root=tmp_path, first=0, second=1)]
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=config, batch_size=1, num_workers=0)
    with pytest.raises(DataError, match="the palettes of 1 label map do not agree"):
        check_labels(dataset, data, where="here")
    colours = semantic(tmp_path, load=dict(colours=[BLACK, RED]))
    findings = check(colours)
    assert findings.errors == [] and findings.warnings == []
    assert findings.classes == {"0 background": 128, "1 cup": 32}
    assert findings.counts["label maps of colours (the table says the label)"] == 2


def test_palettes__that_agree_are_read_by_index(tmp_path: Path) -> None:
    maps = [with_palette(SQUARE, RED, BLACK), with_palette(SQUARE * 0, RED)]
    findings = check(semantic(write_maps(tmp_path, maps)))
    assert findings.errors == [] and findings.warnings == []
    assert findings.counts["label maps with a palette (its index is the label)"] == 2
    assert findings.classes == {"0 background": 144, "1 cup": 16}


@pytest.mark.parametrize("reduced", [False, True])
def test_palette__in_another_order_than_the_classes_is_a_doubt(
    tmp_path: Path, reduced: bool
) -> None:
    """Pillow's quantize puts the lightest colour first, whatever it stands for."""
    void = [(7, 7, 7)] * reduced
    maps = [with_palette(SQUARE + reduced, *void, RED, BLACK)]
    meta = dict(classes=("background", "cup"), palette=[list(BLACK), list(RED)])
    write_maps(tmp_path, maps)
    config = semantic(tmp_path, metainfo=meta, reduce_zero_label=reduced)
    (warning,) = check(config).warnings
    assert warning == (
        f"index {0 + reduced} of the label maps has the colour (200, 0, 0), which is that of class "
        f"{1 + reduced}, 'cup', in metainfo.palette: are colours meant, not indices? Then set "
        "LoadSegMap(colours='palette')"
    )
    right = [with_palette(SQUARE + reduced, *void, BLACK, RED)]
    write_maps(tmp_path, right)
    assert check(config).warnings == []


def inverted(grey: np.ndarray) -> Image.Image:
    return with_palette(1 - grey, (255, 255, 255), BLACK)


def test_palettes__beside_grey_maps_are_inverted(tmp_path: Path) -> None:
    """Of many maps, none alone in its batch: grey ones come first in some."""
    maps = [Image.fromarray(SQUARE)] * 12 + [inverted(SQUARE)] * 2
    config = semantic(write_maps(tmp_path, maps))
    expected = (
        r"2 label maps have a palette, 12 have none \(.*labels/\d+\.png\): index 0 is "
        r"\(255, 255, 255\) in .*labels/1[23]\.png, and whether it means what the grey value 0 "
        r"means, no file says"
    )
    (error,) = check(config).errors
    assert re.search(expected, error)
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=config, batch_size=1, num_workers=0)
    with pytest.raises(DataError, match=expected):
        check_labels(dataset, data, where="here")


def test_palettes__beside_grey_maps_are_a_doubt_unless_the_colours_are_known(
    tmp_path: Path,
) -> None:
    plain = Image.fromarray(SQUARE)
    config = semantic(write_maps(tmp_path, [plain, with_palette(SQUARE, BLACK, RED)]))
    findings = check(config)
    assert findings.errors == []
    (warning,) = findings.warnings
    assert warning.startswith("1 label map has a palette, 1 has none")
    assert "index 1 is (200, 0, 0)" in warning
    meta = dict(classes=("background", "cup"), palette=[list(BLACK), list(RED)])
    assert check(semantic(tmp_path, metainfo=meta)).warnings == []
    write_maps(tmp_path, [plain, with_palette(SQUARE, BLACK, (1, 1, 1))])
    assert check(config).warnings == [], "a ramp of grey: the index is the value"
