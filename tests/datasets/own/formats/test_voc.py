"""Pascal VOC's XML."""

import pytest
from pycocotools import mask

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, halves, map_of, picture

OBJECT = (
    "<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{x}</xmin>"
    "<ymin>2</ymin><xmax>9.5</xmax><ymax>8</ymax></bndbox></object>"
)


def write(root, *objects, name="a", head=""):
    picture(root / f"JPEGImages/{name}.jpg")
    path = root / f"Annotations/{name}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    items = "".join(OBJECT.format(**(dict(name="cat", difficult=0, x=1) | o)) for o in objects)
    size = "<size><width>24</width><height>16</height></size><segmented>0</segmented>"
    path.write_text(f"{head}<annotation><filename>{name}.jpg</filename>{size}{items}</annotation>")


def test_boxes__as_they_stand(tmp_path) -> None:
    write(tmp_path, {}, dict(name="dog", difficult=1))
    found = read_own(tmp_path)
    (cat, dog), size = found.pictures[0].objects, found.pictures[0].size
    assert (cat.box, cat.is_crowd, dog.is_crowd, size) == ((1, 2, 9.5, 8), False, True, (24, 16))
    assert found.classes == ("cat", "dog") and "1 object is marked as difficult" in found.notes[0]


def test_boxes_that_cvat_turned__are_upright_around_their_corners(tmp_path) -> None:
    write(tmp_path, {})
    path = tmp_path / "Annotations/a.xml"
    angle = "<attributes><attribute><name>rotation</name><value>90.0</value></attribute>"
    path.write_text(path.read_text().replace("</bndbox>", f"</bndbox>{angle}</attributes>"))
    found = read_own(tmp_path)
    # 8.5 x 6 around (5.25, 5), lying and then standing.
    assert found.pictures[0].objects[0].box == pytest.approx((2.25, 0.75, 8.25, 9.25))
    assert "1 box is turned: the upright box around each is taken" in found.notes


def test_pictures_without_an_object__are_of_the_format(tmp_path) -> None:
    """Some tools write little more than the size then; another picture has no file at all."""
    for name in "ab":
        write(tmp_path, {}, name=name)
    path = tmp_path / "Annotations/a.xml"
    path.write_text("<annotation><size><width>24</width><height>16</height></size></annotation>")
    picture(tmp_path / "JPEGImages/c.jpg")
    found = recognise(tmp_path)
    assert found.format == "voc" and found.pictures == 2
    assert (
        "1 picture beside them is in no file of labels, and left out: JPEGImages/c.jpg"
        in found.oddities
    )


def test_files_of_one_picture__that_of_its_name_counts(tmp_path) -> None:
    """Somebody has copied a file of labels, or its picture is gone."""
    write(tmp_path, {})
    content = (tmp_path / "Annotations/a.xml").read_text().replace("cat", "dog")
    (tmp_path / "Annotations/copy.xml").write_text(content)
    found = read_own(tmp_path)
    assert [one.name for picture in found.pictures for one in picture.objects] == ["cat"]
    assert "1 XML file has no picture: Annotations/copy.xml" in found.notes[0]
    (tmp_path / "Annotations/a.xml").rename(tmp_path / "Annotations/other.xml")
    with pytest.raises(DataError, match=r"copy\.xml and .*other\.xml are of one picture"):
        read_own(tmp_path)


def test_parts__are_lists(tmp_path) -> None:
    for name in "abc":
        write(tmp_path, {}, name=name)
    lists = tmp_path / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb 1\n")
    (lists / "val.txt").write_text("c\n")
    (lists / "trainval.txt").write_text("a\nb\nc\n")
    assert recognise(tmp_path).parts == dict(train=2, val=1, test=1)


def test_maps__are_there_for_semantic(tmp_path) -> None:
    for name in "ab":
        write(tmp_path, {}, name=name)
        map_of(tmp_path / f"SegmentationClass/{name}.png", halves(0, 1))
    (tmp_path / "labelmap.txt").write_text("background:::\ncat:::\n")
    assert recognise(tmp_path).kinds == ("detection", "semantic")
    assert recognise(tmp_path, "semantic").classes == ("background", "cat")
    assert recognise(tmp_path, "detection").classes == ("cat",)


def test_objects__are_told_apart_by_one_map_and_named_by_the_other(tmp_path) -> None:
    classes, objects = halves(0, 2), halves(0, 5)
    objects[:4, 12:] = 9  # two of one class that touch
    classes[12:, 12:] = objects[12:, 12:] = 255  # the border
    classes[:2, :3] = 1
    objects[:2, :3] = 7
    palette = [(0, 0, 0), *[(n, 0, 99) for n in range(1, 255)], (224, 224, 192)]
    picture(tmp_path / "JPEGImages/a.jpg")
    map_of(tmp_path / "SegmentationClass/a.png", classes, palette)
    map_of(tmp_path / "SegmentationObject/a.png", objects, palette)
    (tmp_path / "class_names.txt").write_text("_background_\ncat\ndog\n")
    found = read_own(tmp_path)
    assert found.format == "voc" and found.kinds == ("instance", "detection", "semantic")
    assert found.classes == ("cat", "dog")
    masks = {one.name + str(one.box): mask.decode(one.rle) for one in found.pictures[0].objects}
    expected = {
        "dog(12.0, 4.0, 24.0, 12.0)": objects == 5,
        "dog(12.0, 0.0, 24.0, 4.0)": objects == 9,
        "cat(0.0, 0.0, 3.0, 2.0)": objects == 7,
    }
    assert masks.keys() == expected.keys()
    assert all((masks[name] == inside).all() for name, inside in expected.items())


@pytest.mark.parametrize(
    ("changes", "head", "message"),
    [
        (dict(x="left"), "", "expected xmin, ymin, xmax, ymax as numbers"),
        (dict(x="1e400"), "", "expected finite pixels"),
        (dict(name=""), "", "it has no name"),
        ({}, "<!DOCTYPE a [<!ENTITY b 'c'>]>", "XML with definitions of its own"),
        ({}, "<annotation>", "no valid XML"),
    ],
)
def test_faults__are_named(tmp_path, changes, head, message) -> None:
    write(tmp_path, changes, head=head)
    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read() -> None:
    found = read_own(FORMATS / "datumaro/voc_dataset/voc_dataset1")
    boxes = {one.name: one.box for one in found.pictures[0].objects}
    assert boxes == dict(cat=(1, 2, 3, 4), person=(4, 5, 6, 7))
    with pytest.raises(DataError, match="none of the pictures that 5 XML files name is there"):
        read_own(FORMATS / "datumaro/voc_dataset/voc_dataset2")


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_objects_of_labelme__are_those_of_its_own_files() -> None:
    root = FORMATS / "labelme/instance_segmentation"
    own, maps = read_own(root / "data_annotated"), read_own(root / "data_dataset_voc")
    assert [p.path for p in own.pictures] == [p.path.split("/")[1] for p in maps.pictures]
    for pair in zip(own.pictures, maps.pictures, strict=True):
        drawn, stored = (sorted((o.name, *o.box) for o in picture.objects) for picture in pair)
        assert [one[0] for one in drawn] == [one[0] for one in stored]
        # What lies behind another object is missing in the map.
        for one, other in zip(drawn, stored, strict=True):
            assert one[1:] == pytest.approx(other[1:], abs=5)
