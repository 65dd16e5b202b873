"""Sets of class folders: their parts, and what stands in for parts they do not have."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.datasets.transfer import read_image_set
from argus.datasets.transfer.record import MEAN_PER_CLASS, TOP1
from argus.errors import DataError


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(path)
    return root


def test_folders__parts_and_labels(tmp_path: Path) -> None:
    names = [f"{part}/{label}/{n}.png" for part in ("train", "val", "test") for label in "ba"
             for n in range(2)]  # fmt: skip
    found = read_image_set(write(tmp_path / "letters", *names))
    assert found.name == "letters" and found.classes == ("a", "b") and found.metric == TOP1
    assert found.train.names == tuple(sorted(names[:4])) and found.notes == ()
    assert found.train.labels.tolist() == [0, 0, 1, 1]
    assert found.val is not None and len(found.val) == len(found.test) == 4
    assert found.path(found.test.names[0]).is_file()


def test_folders__val_tests_where_there_is_no_test(tmp_path: Path) -> None:
    names = [f"{part}/{label}/0.png" for part in ("train", "val") for label in "ab"]
    found = read_image_set(write(tmp_path, *names))
    assert found.val is None and found.test.names == ("val/a/0.png", "val/b/0.png")
    assert found.notes == ("val tests, since there is no test",)


def test_folders__without_parts_are_drawn_as_caltech(tmp_path: Path) -> None:
    names = [f"{label}/{n:03}.png" for label in "ab" for n in range(33)]
    found = read_image_set(write(tmp_path, *names))
    assert found.metric == MEAN_PER_CLASS and found.val is None
    assert np.bincount(found.train.labels).tolist() == [30, 30]
    assert np.bincount(found.test.labels).tolist() == [3, 3]
    assert not set(found.train.names) & set(found.test.names)
    again = read_image_set(tmp_path)
    other = read_image_set(tmp_path, seed=1)
    assert again.train.names == found.train.names != other.train.names


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a/0.png", "b/0.png"], "30 pictures of each class train.*a, b have no more"),
        (["val/a/0.png", "test/a/0.png"], "below train and below test or val"),
        (
            ["train/a/0.png", "test/a/0.png", "test/b/0.png"],
            "1 class without a picture that trains: b",
        ),
    ],
)
def test_folders__what_is_missing_is_said(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_image_set(write(tmp_path, *names))


def test_folders__no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_image_set(tmp_path / "none")
