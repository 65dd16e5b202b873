"""CSV: a class, several classes, a column for each class, boxes."""

import pytest

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, coco_content, picture, write_json


def write(root, text, name="labels.csv", number=3):
    for n in range(1, number + 1):
        picture(root / f"images/{n}.png", seed=n)
    (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    "text",
    [
        "filename,label\n1.png,b\n2.png,a\n",
        "id;class\n1;b\n2;a\n",
        "sep=;\nFile Name; Class\n1.png;b\n2.PNG;a\n",
        '"","image_path","species"\n"0","x\\images\\1.png","b"\n"1","2.png","a"\n',
    ],
)
def test_class__of_each_picture(tmp_path, text) -> None:
    found = read_own(write(tmp_path, text))
    assert found.kinds == ("classification", "tags") and found.classes == ("a", "b")
    labels = {p.path: p.labels for p in found.pictures}
    assert labels == {"images/1.png": ("b",), "images/2.png": ("a",)}


@pytest.mark.parametrize(
    "text",
    [
        "image,tags\n1,a|b\n2,\n3,b\n",
        "image,a,b\n1.png,1,1\n2.png,0,0\n3.png,0,1\n",
        "image,a,b\n1.png,True,True\n2.png,False,False\n3.png,False,True\n",
        "image,a,b\n1.png,1.0,1.0\n2.png,0.0,0.0\n3.png,0.0,1.0\n",
        "image,tags\n1,\"['a', 'b']\"\n2,[]\n3,['b']\n",
    ],
)
def test_tags__in_one_cell_or_a_column_each(tmp_path, text) -> None:
    found = read_own(write(tmp_path, text))
    assert found.kinds == ("tags",) and found.classes == ("a", "b")
    assert [p.labels for p in found.pictures] == [("a", "b"), (), ("b",)]


@pytest.mark.parametrize(
    "text",
    [
        "image,xmin,ymin,xmax,ymax,label\n1,2,3,8,9,a\n1,0,0,4,4,b\n2,1,1,2,2,a\n",
        "image,label,x1,y1,w,h\n1,a,2,3,6,6\n1,b,0,0,4,4\n2,a,1,1,1,1\n",
    ],
)
def test_boxes__a_row_each(tmp_path, text) -> None:
    found = read_own(write(tmp_path, text))
    assert found.kinds == ("detection",)
    assert [(o.name, o.box) for o in found.pictures[0].objects] == [
        ("a", (2, 3, 8, 9)),
        ("b", (0, 0, 4, 4)),
    ]


def test_parts__are_a_column_or_files(tmp_path) -> None:
    write(tmp_path, "image,label,split\n1,a,train\n2,b,valid\n3,a,test\n")
    assert [p.part for p in read_own(tmp_path).pictures] == ["train", "val", "test"]
    (tmp_path / "labels.csv").unlink()
    write(tmp_path, "image,label\n1,a\n2,b\n", "train.csv")
    write(tmp_path, "image,label\n3,b\n", "test.csv")
    assert [p.part for p in read_own(tmp_path).pictures] == ["train", "train", "test"]


def test_columns__of_other_words_go_by_what_is_in_them(tmp_path) -> None:
    write(tmp_path, "Bild,Art\n1.png,b\n2.png,a\n")
    found = recognise(tmp_path)
    assert found.classes == ("a", "b") and not found.sure
    assert "the column 'Bild' is taken for that of the pictures" in found.oddities
    # Beside labels that are certain it is nothing.
    write_json(tmp_path / "a.json", coco_content(["1.png"]))
    assert recognise(tmp_path).format == "coco"


def test_several_tables__are_refused_and_one_is_named(tmp_path) -> None:
    write(tmp_path, "image,label\n1,a\n2,b\n", "one.csv")
    write(tmp_path, "image,label\n1,b\n2,b\n", "two.csv")
    with pytest.raises(DataError, match=r"several tables could be meant: one\.csv, two\.csv"):
        read_own(tmp_path)
    assert read_own(tmp_path / "two.csv").classes == ("b",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,label,bbox\n1,a,1 2 3 4\n2,b,1 2 3 4\n", "a box in one cell"),
        ("image,label,x1,y1,x2,y2\n1,a,5,5,5,9\n", "has no area"),
        ("image,label,x1,y1,x2,y2\n1,a,0.1,0.1,0.5,1\n", "all boxes between 0 and 1.* pixels"),
        ("image,label,x1,y1,x2,y2\n1,a,5,x,5,9\n", "other things than numbers"),
        ("image,label\n1,a\n2\n", "row 3: 1 cell, the heading has 2"),
    ],
)
def test_faults__are_named(tmp_path, text, message) -> None:
    write(tmp_path, text)
    with pytest.raises(DataError, match=message):
        read_own(tmp_path / "labels.csv")


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read() -> None:
    root = FORMATS / "datumaro/kaggle_dataset"
    for name in ("ann.csv", "ann_wo_ext.csv"):
        found = read_own(root / "image_csv" / name)
        assert [p.labels[0] for p in found.pictures] == ["dog", "cat", "dog", "cat", "cat"]
    first, second = (
        read_own(root / "image_csv_det" / name).pictures for name in ("ann.csv", "ann2.csv")
    )
    assert [p.objects for p in first] == [p.objects for p in second]
    found = read_own(FORMATS / "datumaro/vott_csv_dataset/dataset")
    assert found.classes == ("helmet", "person") and len(found.pictures) == 4
