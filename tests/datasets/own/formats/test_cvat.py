"""CVAT's XML: every shape, groups, skeletons, tags, and what is said of the rest."""

import numpy as np
import pytest
from pycocotools import mask

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, HEIGHT, WIDTH, picture

META = "<label><name>cat</name></label><label><name>dog</name></label>"
BOX = '<box label="{label}" xtl="4" ytl="2" xbr="12" ybr="6" {more}/>'
POSE = (
    "<label><name>person</name><type>skeleton</type><svg>"
    "&lt;circle data-node-id=&quot;1&quot; data-label-name=&quot;nose&quot;&gt;&lt;/circle&gt;"
    "&lt;circle data-node-id=&quot;7&quot; data-label-name=&quot;tail&quot;&gt;&lt;/circle&gt;"
    "&lt;line data-node-from=&quot;7&quot; data-node-to=&quot;1&quot;&gt;&lt;/line&gt;"
    "</svg></label>"
    "<label><name>nose</name><parent>person</parent></label>"
    "<label><name>tail</name><parent>person</parent></label>"
)
SKELETON = (
    '<skeleton label="person" {more}><points label="tail" outside="0" occluded="1" points="9,5"/>'
    '<points label="nose" outside="0" occluded="0" points="3,2"/></skeleton>'
)


def write(root, *images, meta=META, head=""):
    """``annotations.xml`` with a picture for each text of shapes."""
    entries = []
    for number, items in enumerate(images):
        name = picture(root / f"images/{number}.png", seed=number)
        size = f'width="{WIDTH}" height="{HEIGHT}"'
        entries.append(f'<image id="{number}" name="{name}" {size}>{items}</image>')
    labels = f"<meta><task><labels>{meta}</labels></task></meta>"
    text = f"{head}<annotations><version>1.1</version>{labels}{''.join(entries)}</annotations>"
    (root / "annotations.xml").write_text(text)


def objects(root):
    return read_own(root).pictures[0].objects


def test_box__and_one_that_is_turned_around_its_middle(tmp_path) -> None:
    upright = BOX.format(label="cat", more="")
    write(tmp_path, upright + BOX.format(label="dog", more='rotation="90"'))
    cat, dog = objects(tmp_path)
    assert cat.box == (4, 2, 12, 6)
    # 8 x 4 pixels around (8, 4) become 4 x 8.
    np.testing.assert_allclose(dog.box, (6, 0, 10, 8), atol=1e-9)
    assert read_own(tmp_path).notes == ("1 box is turned: the upright box around each is taken",)
    assert recognise(tmp_path).sure and recognise(tmp_path).format == "cvat"


def test_ellipse__has_its_area_and_extent(tmp_path) -> None:
    write(tmp_path, '<ellipse label="cat" cx="12" cy="8" rx="6" ry="3" rotation="90"/>')
    (one,) = objects(tmp_path)
    np.testing.assert_allclose(one.box, (9, 2, 15, 14), atol=0.01)
    x, y = np.array(one.polygons[0]).reshape(-1, 2).T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(np.pi * 18, rel=0.01)


def test_mask__is_rows_of_a_rectangle_zeros_first(tmp_path) -> None:
    # .##
    # #..  from column 5, row 9
    write(tmp_path, '<mask label="cat" rle="1, 3, 2" left="5" top="9" width="3" height="2"/>')
    (one,) = objects(tmp_path)
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[9, 6:8] = expected[10, 5] = 1
    assert (mask.decode(one.rle) == expected).all() and one.box == (5, 9, 8, 11)


def test_group__is_one_object_of_a_label(tmp_path) -> None:
    ring = '<polygon label="{}" points="{}" group_id="{}"/>'
    write(
        tmp_path,
        ring.format("cat", "1,1;5,1;5,5", 3)
        + '<mask label="cat" rle="0,4" left="9" top="9" width="2" height="2" group_id="3"/>'
        + ring.format("dog", "1,1;5,1;5,5", 3)
        + BOX.format(label="dog", more='group_id="4"')
        + BOX.format(label="dog", more='group_id="4"'),
    )
    cat, *dogs = objects(tmp_path)
    assert cat.box == (1, 1, 11, 11) and [dog.name for dog in dogs] == ["dog"] * 3
    assert "1 group of shapes with one label: an object each" in read_own(tmp_path).notes
    triangle = mask.frPyObjects([[1, 1, 5, 1, 5, 5]], HEIGHT, WIDTH)
    assert mask.area(cat.rle) == mask.area(triangle)[0] + 4


def test_skeleton__is_read_in_the_order_of_its_label(tmp_path) -> None:
    posed = SKELETON.format(more='group_id="2"')
    box = '<box label="person" xtl="1" ytl="1" xbr="20" ybr="14" group_id="2"/>'
    write(tmp_path, posed + box, SKELETON.format(more=""), meta=POSE)
    found = read_own(tmp_path)
    assert (found.kinds[0], found.keypoints) == ("keypoints", ("nose", "tail"))
    assert (found.skeleton, found.classes) == (((1, 0),), ("person",))
    (first,), (second,) = (p.objects for p in found.pictures)
    assert first.keypoints == second.keypoints == ((3, 2, 2), (9, 5, 1))
    assert (first.box, second.box) == ((1, 1, 20, 14), (3, 2, 9, 5))
    assert "that around their points is taken" in " ".join(found.notes)


def test_points__of_one_number_are_keypoints(tmp_path) -> None:
    write(
        tmp_path, '<points label="cat" points="1,2;5,6"/>', '<points label="cat" points="3,4;7,9"/>'
    )
    found = read_own(tmp_path, kind="keypoints")
    assert found.keypoints == ("point 1", "point 2")
    assert found.pictures[1].objects[0].keypoints == ((3, 4, 2), (7, 9, 2))
    write(tmp_path, '<points label="cat" points="1,2"/>', BOX.format(label="cat", more=""))
    assert "1 point in no skeleton: left out" in read_own(tmp_path).notes


def test_tags__are_classes_and_objects_keep_theirs(tmp_path) -> None:
    tag = '<tag label="{}" source="manual"/>'
    meta = META + "<label><name>night</name></label>"
    write(tmp_path, tag.format("night") + BOX.format(label="cat", more=""), "", meta=meta)
    tags, boxes = read_own(tmp_path, kind="tags"), read_own(tmp_path, kind="detection")
    assert [p.labels for p in tags.pictures] == [("night",), ()]
    assert (tags.classes, boxes.classes) == (("night",), ("cat",))


def write_video(root, *tracks, meta=META, frames=6, stop=5):
    """Frames 0, 1, ... as pictures, and tracks of ``(label, {frame: (shape, outside)})``."""
    for number in range(frames):
        picture(root / f"images/frame_{number:06d}.png", seed=number)
    texts = []
    for label, shapes in tracks:
        items = [
            shape.replace("/>", f' frame="{number}" outside="{int(outside)}"/>', 1)
            if shape.endswith("/>")
            else shape.replace(">", f' frame="{number}" outside="{int(outside)}">', 1)
            for number, (shape, outside) in shapes.items()
        ]
        texts.append(f'<track id="0" label="{label}">{"".join(items)}</track>')
    span = f"<start_frame>0</start_frame><stop_frame>{stop}</stop_frame>"
    labels = f"<meta><task>{span}<labels>{meta}</labels></task></meta>"
    (root / "annotations.xml").write_text(f"<annotations>{labels}{''.join(texts)}</annotations>")


def test_tracks__give_each_frame_its_shapes(tmp_path) -> None:
    box = '<box xtl="{}" ytl="2" xbr="{}" ybr="6"/>'
    at = {number: (box.format(number, number + 4), False) for number in range(3)}
    gone = {3: (box.format(3, 7), True)}  # out of sight from frame 3 on
    ring = {2: ('<polygon points="1,1;5,1;5,5"/>', False), 3: ('<polygon points="1,1"/>', True)}
    write_video(tmp_path, ("cat", {**at, **gone}), ("dog", ring), frames=7)
    found = read_own(tmp_path, kind="detection")
    objects = {p.path[-10:-4]: [(o.name, o.box[0]) for o in p.objects] for p in found.pictures}
    # Frame 6 is beyond the task: nobody looked at it.
    assert objects == {
        "000000": [("cat", 0)],
        "000001": [("cat", 1)],
        "000002": [("cat", 2), ("dog", 1)],
        "000003": [],
        "000004": [],
        "000005": [],
    }
    assert recognise(tmp_path).format == "cvat" and "left out" not in " ".join(found.notes)


def test_tracks__of_key_frames_alone_leave_out_what_lies_between(tmp_path) -> None:
    box = BOX.format(label="", more="").replace(' label=""', "")
    write_video(tmp_path, ("cat", {0: (box, False), 4: (box, True), 5: (box, False)}))
    found = read_own(tmp_path)
    assert [(p.path[-5], len(p.objects)) for p in found.pictures] == [("0", 1), ("4", 0), ("5", 1)]
    assert "3 frames between key frames have no shapes of their own: left out" in found.notes


def test_tracks__name_frames_that_are_not_there(tmp_path) -> None:
    box = BOX.format(label="", more="").replace(' label=""', "")
    write_video(tmp_path, ("cat", {0: (box, False), 9: (box, False)}), frames=1, stop=9)
    assert "1 picture is not there, or several could be meant: frame_000009" in "; ".join(
        read_own(tmp_path).notes
    )
    (tmp_path / "images/frame_000000.png").unlink()
    picture(tmp_path / "images/other.png")
    with pytest.raises(DataError, match="it names 2 pictures, none of which is below"):
        read_own(tmp_path)


def test_tracks__of_skeletons_are_poses(tmp_path) -> None:
    write_video(tmp_path, ("person", {0: (SKELETON.format(more=""), False)}), meta=POSE, frames=1)
    found = read_own(tmp_path)
    assert found.pictures[0].objects[0].keypoints == ((3, 2, 2), (9, 5, 1))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ('<box label="a" xtl="x" ytl="2" xbr="3" ybr="4"/>', "expected xtl, ytl, xbr, ybr"),
        ('<box label="a" xtl="inf" ytl="2" xbr="3" ybr="4"/>', "expected finite pixels"),
        ('<polygon label="a" points="1,2;3"/>', "expected x,y;x,y"),
        (
            '<mask label="a" rle="0,99999999999" left="0" top="0" width="2" height="2"/>',
            "rle has 99,999,999,999 pixels, its rectangle 4",
        ),
        (
            '<mask label="a" rle="0,4" left="23" top="0" width="2" height="2"/>',
            "2 x 2 pixels from 23, 0 of a picture of 24 x 16",
        ),
        (
            '<mask label="a" rle="0,-1,5" left="0" top="0" width="2" height="2"/>',
            "its rectangle 4",
        ),
    ],
)
def test_faults__are_named(tmp_path, item, message) -> None:
    write(tmp_path, item)
    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


def test_definitions__are_not_read(tmp_path) -> None:
    write(tmp_path, "", head="<!DOCTYPE a [<!ENTITY b 'c'>]>")
    with pytest.raises(DataError, match="XML with definitions of its own"):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_cvat__are_read() -> None:
    root = FORMATS / "datumaro/cvat_dataset/for_images"
    found = read_own(root / "export_project")
    assert found.classes == ("label1", "label2")
    assert [p.path.split("/")[1] for p in found.pictures] == ["Test"] * 2 + ["Train"] * 2 + [
        "Validation"
    ] * 2
    assert [p.part for p in found.pictures] == ["test"] * 2 + ["train"] * 2 + ["val"] * 2
    boxes = [[(o.name, o.box, o.polygons) for o in p.objects] for p in found.pictures[:2]]
    assert boxes == [
        [("label1", (0, 2, 4, 4), ())],
        [("label1", (1, 2, 6, 5), ((1, 2, 3, 4, 6, 5),)), ("label2", (1, 2, 5, 6), ())],
    ]
    notes = " ".join(read_own(root / "export_task").notes)
    assert "a polyline" in notes and "no label" in notes
    video = read_own(root.with_name("for_video"), kind="detection")
    boxes = {p.path[-10:-4]: [(o.name, o.box) for o in p.objects] for p in video.pictures}
    assert boxes == {
        "000010": [("II", (3, 4, 10, 5)), ("klhg", (2.23, 3.16, 21.95, 15.09))],
        "000013": [],
        "000016": [],
    }
