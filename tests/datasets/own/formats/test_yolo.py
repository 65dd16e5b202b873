"""YOLO's text files: boxes, outlines, keypoints, and where the names and parts are from."""

import pytest

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, picture


def write(root, lines, *, part="train", name="1", names="names: [nut, bolt]", more=""):
    picture(root / f"images/{part}/{name}.png")
    path = root / f"labels/{part}/{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    text = f"path: /somewhere/else\ntrain: images/train\nval: images/val\n{names}\n{more}\n"
    (root / "data.yaml").write_text(text)


def test_boxes__are_shares_of_the_picture(tmp_path) -> None:
    write(tmp_path, ["1 0.5 0.5 0.25 0.5", "0 0.0 0.0 0.5 0.5"])
    write(tmp_path, [], part="val", name="2")
    picture(tmp_path / "images/val/3.png")
    found = read_own(tmp_path)
    assert found.kinds == ("detection",) and found.classes == ("nut", "bolt")
    boxes = [(one.name, one.box) for one in found.pictures[0].objects]
    assert boxes == [("bolt", (9, 4, 15, 12)), ("nut", (0, 0, 6, 4))]  # of 24 x 16 pixels
    assert [(p.part, len(p.objects)) for p in found.pictures] == [
        ("train", 2),
        ("val", 0),
        ("val", 0),
    ]
    assert "1 picture has no text file" in found.notes[0]


def test_outlines__and_names_by_number(tmp_path) -> None:
    write(tmp_path, ["4 0 0 0.5 0 0.5 0.5"], names="names:\n  4: nut\n  9: bolt")
    (one,) = read_own(tmp_path).pictures[0].objects
    assert one.polygons == ((0, 0, 12, 0, 12, 8),) and one.name == "nut"
    write(tmp_path, ["10 0 0 0.5 0 0.5 0.5"], names="names:\n  '10': nut\n  '9': bolt")
    assert read_own(tmp_path).classes == ("bolt", "nut")
    write(tmp_path, ["4 0 0 0.5 0 0.5 0.5"], names="names:\n  4: nut\n  9: bolt")
    assert read_own(tmp_path).kinds[0] == "instance"


def test_keypoints__by_the_shape_in_the_yaml(tmp_path) -> None:
    line = "0 0.5 0.5 1 1 0.25 0.5 2 0 0 0"
    write(tmp_path, [line], more="kpt_shape: [2, 3]\nflip_idx: [1, 0]")
    found = read_own(tmp_path)
    assert found.kinds[0] == "keypoints" and found.flip == (1, 0)
    assert found.pictures[0].objects[0].keypoints == ((6, 8, 2), (0, 0, 0))


def test_roboflow__parts_are_folders_of_images_and_labels(tmp_path) -> None:
    for part in ("train", "valid"):
        picture(tmp_path / part / "images/a.jpg")
        (tmp_path / part / "labels").mkdir()
        (tmp_path / part / "labels/a.txt").write_text("0 0.5 0.5 0.5 0.5")
    (tmp_path / "data.yaml").write_text("train: ../train/images\nval: ../valid/images\nnames: [x]")
    found = recognise(tmp_path)
    assert found.sure and found.parts == dict(train=1, val=1, test=1)


def test_class__may_be_written_as_a_float(tmp_path) -> None:
    write(tmp_path, ["1.0 0.5 0.5 0.25 0.5"])
    found = recognise(tmp_path)
    assert found.format == "yolo" and dict(found.counts) == dict(nut=0, bolt=1)


def test_pictures_called_by_numbers__are_no_list_of_pictures(tmp_path) -> None:
    """The class of a line is then the name of a picture."""
    write(tmp_path, ["0 0.5 0.5 0.25 0.5"], name="0")
    (tmp_path / "data.yaml").unlink()
    assert recognise(tmp_path).format == "yolo"


def test_label_files__of_uploads(tmp_path) -> None:
    write(tmp_path, ["0 0.5 0.5 0.25 0.5"], name="my photo")
    folder = tmp_path / "labels/train"
    (folder / "my photo.txt").rename(folder / "1a2b3c4d-my_photo.txt")
    (picture_,) = read_own(tmp_path).pictures
    assert picture_.path == "images/train/my photo.png" and len(picture_.objects) == 1


def test_names__that_are_missing_are_a_doubt(tmp_path) -> None:
    picture(tmp_path / "1.png")
    (tmp_path / "1.txt").write_text("3 0.5 0.5 0.5 0.5")
    found = recognise(tmp_path)
    assert not found.sure and found.classes == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("line", "more", "message"),
    [
        ("7 0.5 0.5 0.5 0.5", "", "class 7, and there are names for 0, 1 alone"),
        ("0 50 50 20 20", "", "expected shares of the picture's size"),
        ("0 0.5 0.5 0.5", "", "expected shares"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4", "", "7 numbers behind the class, expected pairs"),
        ("0 0.5 0.5 1 1 0.2 0.2 2", "kpt_shape: [2, 3]", "expected 10"),
        ("0 0.5 0.5 1 1 0.2 0.2 2", "", r"has to say kpt_shape: \[1, 3\]"),
        ("0 0.5 0.5 1 1 0.2 0.2 2 0.3 0.3 0", "", r"has to say kpt_shape: \[2, 3\]"),
        ("0.5 0.5 0.5 1 1", "", "expected a class and numbers"),
        ("0 0.5 0.5 1 1", "kpt_shape: [99999999, 3]", "kpt_shape"),
        ("0 0.5 x 1 1", "", "expected a class and numbers"),
    ],
)
def test_faults__are_named(tmp_path, line, more, message) -> None:
    write(tmp_path, [line], more=more)
    with pytest.raises(DataError, match=message):
        read_own(tmp_path, format="yolo")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1]\nb: [*a, *a]\nnames: [x]",
        "names: !!python/object/apply:os.system ['true']",
        "names: [",
    ],
)
def test_yaml__is_data(tmp_path, text) -> None:
    write(tmp_path, ["0 0.5 0.5 0.5 0.5"])
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataError, match="no valid YAML"):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read() -> None:
    """Darknet's and Ultralytics' layouts of one picture, and Label Studio's export."""
    for name in ("annotations", "labels", "strict"):
        found = read_own(FORMATS / "datumaro/yolo_dataset" / name)
        boxes = [(one.name, one.box) for one in found.pictures[0].objects]
        assert [name for name, _ in boxes] == ["label_2", "label_4"]
        assert boxes[0][1] == pytest.approx((0, 2, 4, 4), abs=1e-4)  # of 15 x 10 pixels
        assert boxes[1][1] == pytest.approx((3, 3, 5, 6), abs=1e-4)
    found = read_own(FORMATS / "label_studio/test_import_yolo_data")
    assert len(found.pictures) == 7 and sum(len(p.objects) for p in found.pictures) == 25
