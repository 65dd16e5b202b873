"""Label Studio's JSON and JSON-MIN: percentages become pixels of pictures that are not square."""

import json
import shutil

import numpy as np
import pytest

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, HEIGHT, WIDTH, picture, write_json


def region(kind, *names, identity=None, parent=None, **value):
    """A region of a picture of 24 x 16 pixels; ``kind`` such as ``rectanglelabels``."""
    named = {kind: list(names)} if names else {}
    found = dict(
        original_width=WIDTH,
        original_height=HEIGHT,
        image_rotation=0,
        value=value | named,
        from_name="label",
        to_name="image",
        type=kind,
    )
    return (
        found | (dict(id=identity) if identity else {}) | (dict(parentID=parent) if parent else {})
    )


def box(*names, **more):
    return region(
        "rectanglelabels", *(names or ("cat",)), **(dict(x=25, y=25, width=25, height=25) | more)
    )


def annotation(*regions, **more):
    return dict(result=list(regions), was_cancelled=False) | more


def write(root, *tasks):
    """A task for each tuple of annotations."""
    content = []
    for number, annotations in enumerate(tasks):
        picture(root / f"images/{number}.png", seed=number)
        address = f"/data/upload/3/0a1b2c3d-{number}.png"
        content.append(dict(id=number, data=dict(image=address), annotations=list(annotations)))
    write_json(root / "project.json", content)


def objects(root):
    return read_own(root).pictures[0].objects


def test_box__and_one_that_is_turned_around_its_corner(tmp_path) -> None:
    write(tmp_path, [annotation(box(), box(rotation=90))])
    upright, turned = objects(tmp_path)
    assert upright.box == (6, 4, 12, 8) and not upright.has_mask
    # 6 x 4 pixels hang down to the left of (6, 4): in percentages they would be as wide as high.
    np.testing.assert_allclose(turned.box, (2, 4, 6, 10), atol=1e-9)
    found = recognise(tmp_path)
    assert found.sure and found.format == "label_studio" and found.classes == ("cat",)
    assert "1 box is turned" in found.oddities[0]


def test_polygon_and_ellipse__are_outlines(tmp_path) -> None:
    ring = region("polygonlabels", "cat", points=[[0, 0], [50, 0], [50, 50]])
    round_one = region("ellipselabels", "dog", x=50, y=50, radiusX=25, radiusY=25, rotation=90)
    write(tmp_path, [annotation(ring, round_one)])
    cat, dog = objects(tmp_path)
    assert cat.polygons == ((0, 0, 12, 0, 12, 8),)
    np.testing.assert_allclose(dog.box, (8, 2, 16, 14), atol=0.02)  # radii of 6 and 4, turned


def test_region__drawn_with_one_control_and_named_with_another(tmp_path) -> None:
    place = dict(x=25, y=25, width=25, height=25)
    drawn = region("rectangle", identity="r1", **place)
    named = region("labels", "cat", identity="r1", **place)
    asked = region("choices", "blurred", identity="r1", **place)
    write(tmp_path, [annotation(drawn, named, asked)])
    (one,) = objects(tmp_path)
    assert (one.name, one.box) == ("cat", (6, 4, 12, 8))
    assert read_own(tmp_path).pictures[0].labels is None


def test_points__belong_to_their_region(tmp_path) -> None:
    nose = region("keypointlabels", "nose", x=50, y=25, width=1, parent="b1", identity="p1")
    loose = region("keypointlabels", "nose", x=50, y=25, width=1, identity="p2")
    tail = region("keypointlabels", "tail", x=75, y=50, width=1, parent="b2", identity="p3")
    write(tmp_path, [annotation(box(identity="b1"), nose, loose, box(identity="b2"), tail)])
    found = read_own(tmp_path)
    assert (found.kinds[0], found.keypoints) == ("keypoints", ("nose", "tail"))
    poses = [one.keypoints for one in found.pictures[0].objects]
    assert poses == [((12, 4, 2), (0, 0, 0)), ((0, 0, 0), (18, 8, 2))]
    assert "1 point in no region: left out" in found.notes


def test_choices__are_classes(tmp_path) -> None:
    write(tmp_path, *([annotation(region("choices", name))] for name in ("cat", "dog", "cat")))
    found = read_own(tmp_path)
    assert found.kinds == ("classification", "tags") and found.classes == ("cat", "dog")
    assert [p.labels for p in found.pictures] == [("cat",), ("dog",), ("cat",)]


def test_annotations_of_several_people__one_counts(tmp_path) -> None:
    old = annotation(box("old"), updated_at="2023-01-01T00:00:00Z")
    new = annotation(box("new"), updated_at="2024-01-01T00:00:00Z")
    truth = annotation(box("true"), updated_at="2022-01-01T00:00:00Z", ground_truth=True)
    cancelled = annotation(box("cancelled"), updated_at="2025-01-01T00:00:00Z", was_cancelled=True)
    write(tmp_path, [new, old, cancelled], [new, truth, old], [cancelled], [annotation()])
    found = read_own(tmp_path)
    assert [[o.name for o in p.objects] for p in found.pictures] == [["new"], ["true"], []]
    notes = " ".join(found.notes)
    assert "2 pictures have several annotations" in notes and "1 picture is not annot" in notes


def test_short_form__is_the_same(tmp_path) -> None:
    ring = region("polygonlabels", "dog", points=[[0, 0], [50, 0], [50, 50]])
    write(tmp_path / "long", [annotation(box(rotation=30), ring)], [annotation(box("dog"))])
    content = []
    for number, task in enumerate(json.loads((tmp_path / "long/project.json").read_text())):
        picture(tmp_path / f"short/images/{number}.png", seed=number)
        (given,) = task["annotations"]
        regions = [
            r["value"] | {k: r[k] for k in ("original_width", "original_height")}
            for r in given["result"]
        ]
        more = dict(id=number, annotator=1, annotation_id=number, updated_at="2024")
        content.append(
            dict(image=f"/data/local-files/?d=a%20b/{number}.png", label=regions, **more)
        )
    write_json(tmp_path / "short/min.json", content)
    long, short = read_own(tmp_path / "long"), read_own(tmp_path / "short")
    assert long.pictures == short.pictures and long.classes == short.classes == ("cat", "dog")
    content = [
        dict(image=f"{n}.png", choice=name, annotator=1, annotation_id=n)
        for n, name in enumerate("ab")
    ]
    write_json(tmp_path / "short/min.json", content)
    assert [p.labels for p in read_own(tmp_path / "short").pictures] == [("a",), ("b",)]


def test_tasks_without_an_annotation__are_said(tmp_path) -> None:
    write(tmp_path, [annotation(box(), was_cancelled=True)], [])
    with pytest.raises(DataError, match="2 pictures are not annotated: left out"):
        read_own(tmp_path)
    write(tmp_path, [], [])
    with pytest.raises(DataError, match="Label Studio's tasks, and none of them is annotated"):
        read_own(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (region("brushlabels", "cat", format="rle", rle=[0, 1]), "brush masks .* as PNG"),
        (box() | dict(image_rotation=90), "image_rotation 90"),
        (box(x="left"), "x, y .*expected two finite numbers"),
        (region("polygonlabels", "cat", points=[[1, 2, 3]]), "points .*expected two finite"),
        (box() | dict(value=dict(x=1, y=1, width=2, height=2, labels="cat")), "a list of texts"),
        ("region", "expected an object"),
    ],
)
def test_faults__are_named(tmp_path, wrong, message) -> None:
    write(tmp_path, [annotation(wrong)])
    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_label_studio__are_read(tmp_path) -> None:
    source = FORMATS / "label_studio/test_export_yolo"
    expected = dict(
        data=(2, ["parasites", "white"]),
        data_obb=(3, ["Butterfly", "butterfly"]),
        data_polygons=(1, ["Airplane"]),
    )
    for name, (number, classes) in expected.items():
        root = tmp_path / name
        root.mkdir()
        content = json.loads((source / f"{name}.json").read_text())
        for task in content:  # the pictures were not published
            picture(root / f"{task['data']['image'].strip('/')}.png", size=(8, 8))
            task["data"]["image"] += ".png"
        write_json(root / "data.json", content)
        found = read_own(root)
        assert (len(found.pictures), sorted(found.classes)) == (number, classes)
        for one, (width, height) in ((o, p.size) for p in found.pictures for o in p.objects):
            # Turned the other way round, or around the middle, one of 25 lies 23 pixels outside.
            x1, y1, x2, y2 = one.box
            assert -0.5 < x1 < x2 < width + 0.5 and -0.5 < y1 < y2 < height + 0.5
    shutil.copy(source / "label_config.xml", tmp_path / "data")
    first = read_own(tmp_path / "data").pictures[0].objects[0]
    # The second person's is the newer: 37.887% and 71.767% of 2800 pixels.
    np.testing.assert_allclose(first.box[:2], (1060.838, 2009.472), atol=0.001)
