"""What is nearly data is told by its name, with the remedy."""

import json

import numpy as np
import pytest

from argus.datasets.own import recognise
from argus.errors import DataError
from tests.datasets.own.layouts import class_folders, picture

CASES = {
    "labels.csv": [
        (b"1.png,cat\n2.png,dog\n", "labels.csv: its first row is no heading but names a picture"),
        (b"filename,label\n1.png,sch\xf6n\n", "labels.csv: no text in UTF-8: .*; save it as UTF-8"),
        ("filename\tlabel\n1.png\ta\n".encode("utf-16"), "labels.csv: a text in UTF-16; save it"),
        (b"who,what\nx,y\n", "labels.csv: no column of its heading who, what is called filename"),
        (b"filename,a,b\n1.png,3,4\n", "labels.csv: no column .* is called label or class"),
        (b"filename,label\nx.png,a\n", "labels.csv: 1 of the first 1 picture .* not below .*x.png"),
        (b"filename,region_shape_attributes\n1.png,x\n", "VGG Image Annotator is not read"),
    ],
    "labels.json": [
        (b'{"images": [], "annotations": []}', "COCO JSON without the list 'categories'"),
        (b'{"1.png": {"regions": [{"shape_attributes": {}}]}}', "VGG Image Annotator"),
        (b'[{"image": "1.png", "annotations": [{"label": "a", "coordinates": {}}]}]', "CreateML"),
    ],
    "1.txt": [
        (b"0 12 8 4 4\n", "1.txt: '0 12 8 4 4' is no line of YOLO"),
        (b"", "1 picture has a text file, as of YOLO, and nothing is in any of them"),
    ],
    "model.h5": [(b"x", "HDF5 files")],
    "film.mp4": [(b"x", "a video is not read as data")],
}


@pytest.mark.parametrize("name", CASES)
def test_files__say_why_they_are_not_read(tmp_path, name) -> None:
    picture(tmp_path / "1.png")
    for content, message in CASES[name]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=message):
            recognise(tmp_path)


def test_file_that_is_given__is_told(tmp_path) -> None:
    picture(tmp_path / "1.png")
    (tmp_path / "all.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"all\.zip: an archive is not read; unpack it"):
        recognise(tmp_path / "all.zip")
    with pytest.raises(DataError, match=r"expected a folder, or a file of labels \(\.csv, \.json"):
        recognise(tmp_path / "1.png")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("1.json", '{"shapes": [], "imagePath": "1.png"}'),
        ("1.xml", "<annotation></annotation>"),
        ("1.txt", "0 .5 .5 .1 .1"),
    ],
)
def test_file_of_one_picture__names_the_folder(tmp_path, name, content) -> None:
    picture(tmp_path / "1.png")
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=f"{name}: it has the labels of one picture; name the fold"):
        recognise(str(tmp_path / name))


def test_depth__of_a_suffix_that_is_not_read(tmp_path) -> None:
    picture(tmp_path / "images/1.png")
    (tmp_path / "depth").mkdir()
    np.savez(tmp_path / "depth/1.npz", np.ones((16, 24)))
    with pytest.raises(DataError, match=r"depth as \.npz is not read: save it as NPY"):
        recognise(tmp_path)


def test_maps__without_their_pictures(tmp_path) -> None:
    picture(tmp_path / "masks/1.png")
    with pytest.raises(DataError, match="1 file in masks, .* semantic maps are, and no pictures"):
        recognise(tmp_path)


def test_folders__that_are_called_as_maps_are(tmp_path) -> None:
    """Classes called edge and corner are no boundaries of pictures."""
    for name in ("edge", "corner"):
        for number in (1, 2):
            picture(tmp_path / f"{name}/{number}.png", seed=number)
    with pytest.raises(DataError, match="folders corner, edge, .* format='class_folders'"):
        recognise(tmp_path)
    assert recognise(tmp_path, format="class_folders").classes == ("corner", "edge")


def test_what_is_read__may_lie_beside_what_is_not(tmp_path) -> None:
    """A film beside its frames, weights of a model, a table that nobody understands."""
    class_folders(tmp_path)
    for name in ("film.mp4", "model.h5"):
        (tmp_path / name).write_bytes(b"x")
    assert recognise(tmp_path).sure
    (tmp_path / "more.json").write_text(json.dumps(dict(a=1)))
    found = recognise(tmp_path)
    assert found.format == "class_folders" and not found.sure
    assert "what more.json says is not read" in found.oddities[0]
