"""labelme's JSON: shapes of every kind, groups, flags; and the same as its own conversion."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask

from argus.datasets.own import read_own
from argus.errors import DataError
from tests.datasets.own.layouts import FORMATS, HEIGHT, WIDTH, picture, write_json


def shape(label, kind, *points, **more):
    return dict(label=label, shape_type=kind, points=[list(p) for p in points]) | more


def write(root, shapes, number=1, **more):
    name = picture(root / f"{number}.png", seed=number)
    content = dict(imagePath=name, imageWidth=WIDTH, imageHeight=HEIGHT, shapes=shapes, flags={})
    write_json(root / f"{number}.json", content | more)


def test_shapes__of_every_kind(tmp_path) -> None:
    png = io.BytesIO()
    Image.fromarray(np.ones((4, 6), np.uint8)).save(png, "PNG")
    stored = base64.b64encode(png.getvalue()).decode()
    shapes = [
        shape("a", "polygon", (1, 1), (9, 1), (9, 8)),
        shape("b", "rectangle", (12, 9), (4, 2)),
        shape("c", "circle", (10, 8), (13, 12)),
        shape("d", "mask", (3, 5), (9, 9), mask=stored),
        shape("e", "line", (1, 1), (2, 2)),
        shape("e", "point", (1, 1)),
        shape("__ignore__", "polygon", (1, 1), (9, 1), (9, 8)),
    ]
    write(tmp_path, shapes)
    found = read_own(tmp_path)
    a, b, c, d = found.pictures[0].objects
    assert (a.box, a.polygons) == ((1, 1, 9, 8), ((1, 1, 9, 1, 9, 8),))
    assert (b.box, b.has_mask) == ((4, 2, 12, 9), False)
    np.testing.assert_allclose(c.box, (5, 3, 15, 13), atol=0.05)  # of radius 5
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[5:9, 3:9] = 1
    assert (mask.decode(d.rle) == pixels).all()
    assert found.classes == ("a", "b", "c", "d")
    notes = " ".join(found.notes)
    assert "a line" in notes and "a point" in notes and "of no class" in notes


def test_groups__are_one_object(tmp_path) -> None:
    shapes = [
        shape("dog", "polygon", (1, 1), (5, 1), (5, 5), group_id=3),
        shape("dog", "polygon", (8, 8), (12, 8), (12, 12), group_id=3),
        shape("dog", "polygon", (1, 1), (5, 1), (5, 5), group_id=4),
    ]
    write(tmp_path, shapes)
    first, second = read_own(tmp_path).pictures[0].objects
    assert first.box == (1, 1, 12, 12) and len(first.polygons) == 2 and len(second.polygons) == 1


def test_points_of_a_group__are_keypoints(tmp_path) -> None:
    box = shape("dog", "rectangle", (1, 1), (20, 14), group_id=1)
    write(tmp_path, [box, shape("nose", "point", (3, 4), group_id=1)], 1)
    both = [shape(n, "point", (5, 6), group_id=1) for n in ("tail", "nose")]
    write(tmp_path, [box, *both], 2)
    found = read_own(tmp_path)
    assert found.kinds[0] == "keypoints" and found.keypoints == ("nose", "tail")
    poses = [picture.objects[0].keypoints for picture in found.pictures]
    assert poses == [((3, 4, 2), (0, 0, 0)), ((5, 6, 2), (5, 6, 2))]


def test_flags__are_classes(tmp_path) -> None:
    write(tmp_path, [], 1, flags=dict(cat=True, dog=False))
    write(tmp_path, [], 2, flags=dict(cat=False, dog=True))
    found = read_own(tmp_path)
    assert found.kinds == ("classification", "tags")
    assert [p.labels for p in found.pictures] == [("cat",), ("dog",)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(points=[[1, 2, 3]]), "expected pairs of finite numbers"),
        (dict(points=[[1, float("inf")]]), "expected pairs of finite numbers"),
        (dict(label=7), "expected a label and points"),
        (dict(shape_type="circle", points=[[1, 2]]), "a circle has 1 point, expected two"),
        (dict(shape_type="mask", points=[[1, 2], [3, 4]], mask="?"), "a mask that is no PNG"),
    ],
)
def test_faults__are_named(tmp_path, wrong, message) -> None:
    write(tmp_path, [shape("a", "polygon", (1, 1), (9, 1), (9, 8)) | wrong])
    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_labelme__equal_its_own_conversion() -> None:
    root = FORMATS / "labelme/instance_segmentation"
    own, converted = read_own(root / "data_annotated"), read_own(root / "data_dataset_coco")
    assert len(own.pictures) == len(converted.pictures) == 3
    for one, other in zip(own.pictures, converted.pictures, strict=True):
        height, width = one.size[1], one.size[0]

        def areas(picture, height=height, width=width):
            return sorted(
                (o.name, *map(float, o.box), int(mask.area(merged(o.polygons, height, width))))
                for o in picture.objects
            )

        found, expected = areas(one), areas(other)
        assert [o[0] for o in found] == [o[0] for o in expected]
        # The conversion rounds boxes to the mask's pixels.
        np.testing.assert_allclose([o[1:5] for o in found], [o[1:5] for o in expected], atol=1.01)
        assert [o[5] for o in found] == [o[5] for o in expected]


def merged(polygons, height, width):
    return mask.merge(mask.frPyObjects([list(ring) for ring in polygons], height, width))
