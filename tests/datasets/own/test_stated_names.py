"""How label files spell the paths of pictures, and which picture is meant."""

import unicodedata

import pytest

from argus.datasets.own.stated_names import NameIndex
from argus.datasets.own.tree import Tree
from tests.datasets.own.layouts import picture

MAC = unicodedata.normalize("NFD", "Gr\u00fcn.jpg")


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        (unicodedata.normalize("NFC", MAC), MAC),
        ("img_1.jpg", "IMG_1.JPG"),
        ("https://host/a/my%20photo.png?X-Amz=1&y=2", "my photo.png"),
        ("/data/local-files/?d=b/2.png", "2.png"),
        ("images/1a2b3c4d-7.png", "7.png"),
        ("/data/upload/1/1a2b3c4d-my_photo_1.png", "my photo (1).png"),
        ("100%25.png", "100%.png"),
    ],
)
def test_meant__is_what_systems_and_servers_change(stated, name) -> None:
    others = ["x/other.png", "x/photo.png", "x/1a2b3c4d.png"]
    found = NameIndex([f"b/{name}", *others], lambda path: path.rpartition("/")[2]).meant(stated)
    assert found[1] == [f"b/{name}"]


@pytest.mark.parametrize("stated", ["a%00.png", "1a2b3c4-7.png", "d=7.png", "my photo1.png"])
def test_meant__is_no_more(stated) -> None:
    names = ["a\0.png", "7.png", "my photo (1).png"]
    assert NameIndex(names, str).meant(stated) == ((), ())


def test_meant__the_exact_name_comes_first() -> None:
    names = ["a%20b.png", "a b.png", "A B.png"]
    assert NameIndex(names, str).meant("a%20b.png")[1] == ["a%20b.png"]
    assert NameIndex(names[1:], str).meant("a b.png")[1] == ["a b.png"]
    # Which of two that differ in case alone, nothing says.
    assert len(NameIndex(["a.png", "A.png"], str).meant("a.PNG")[1]) == 2


def test_told__missing_and_several_are_different(tmp_path) -> None:
    for name in ("a/1.png", "b/1.png"):
        picture(tmp_path / name)
    tree = Tree(tmp_path)
    assert tree.told(["9.png"]) == "9.png"
    assert tree.told(["1.png", "9.png"]) == (
        "9.png; 1.png (several pictures are called so, e.g. a/1.png, b/1.png: a path with their "
        "folder says which is meant)"
    )
