"""The listing of a data folder: what is seen, and that no label file leads out of it."""

import pytest

from argus.datasets.own.tree import Tree, part_of
from argus.errors import DataError
from tests.datasets.own.layouts import picture


def test_listing__is_sorted_and_without_clutter(tmp_path) -> None:
    for name in ("b/2.png", "a/1.png", "a/.ipynb_checkpoints/1.png", "__MACOSX/a.png"):
        picture(tmp_path / name)
    (tmp_path / "a/Thumbs.db").write_bytes(b"")
    assert Tree(tmp_path).files == ("a/1.png", "b/2.png")


def test_listing__ends_where_a_link_leads_back(tmp_path) -> None:
    picture(tmp_path / "a/1.png")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert Tree(tmp_path).files == ("a/1.png",)


def test_signature__changes_with_a_file(tmp_path) -> None:
    picture(tmp_path / "1.png")
    before = Tree(tmp_path).signature
    assert Tree(tmp_path).signature == before
    (tmp_path / "labels.txt").write_text("1")
    assert Tree(tmp_path).signature != before


def test_find__goes_by_the_common_end(tmp_path) -> None:
    for name in ("train/images/1.png", "val/images/1.png", "val/images/2.png"):
        picture(tmp_path / name)
    tree = Tree(tmp_path)
    assert tree.find("2.png") == "val/images/2.png"
    assert tree.find("/home/somebody/export/train/images/1.png") == "train/images/1.png"
    assert tree.find(r"C:\data\val\images\1.png") == "val/images/1.png"
    assert tree.find("1.png", part="val") == "val/images/1.png"
    assert tree.find("1.png", near="train/labels") == "train/images/1.png"
    assert tree.find("1.png") is None  # which of the two, nothing says
    for name in ("images/7.png", "masks/7.png"):
        picture(tmp_path / name)
    assert Tree(tmp_path).find("7.png") == "images/7.png"
    assert tree.find_stem("images/2") == "val/images/2.png"


def test_find__what_is_gone_from_its_part_is_not_that_of_another(tmp_path) -> None:
    for name in ("images/train/0.png", "images/val/1.png", "all/3.png"):
        picture(tmp_path / name)
    tree = Tree(tmp_path)
    assert tree.find("1.png", part="train") is None
    assert tree.find_stem("labels/train/1", near="labels/train", part="train") is None
    assert tree.told(["1.png"]) == "1.png"
    # A list of training pictures may name the folder of others, or one of no part.
    assert tree.find("val/1.png", part="train") == "images/val/1.png"
    assert tree.find("3.png", part="train") == "all/3.png"
    # Where no folder is called so, what folders are called says nothing.
    assert tree.find("1.png", part="test") == "images/val/1.png"


@pytest.mark.parametrize("stated", ["../secret.png", "/etc/passwd", "..", "", "a\0b", "x" * 5000])
def test_find__leads_nowhere_else(tmp_path, stated) -> None:
    picture(tmp_path / "secret.png")
    picture(tmp_path / "data/1.png")
    assert Tree(tmp_path / "data").find(stated) is None


def test_part__is_that_of_the_last_word(tmp_path) -> None:
    assert part_of("annotations/instances_train2017.json") == "train"
    assert part_of("train/Validation") == "val"
    assert part_of("valid/test_images") == "test"
    assert part_of("trains/latest/contest") is None


def test_missing_folder__is_named(tmp_path) -> None:
    with pytest.raises(DataError, match=r"nothing: no such file or folder"):
        Tree(tmp_path / "nothing")
