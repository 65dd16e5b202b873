"""Categories become the classes of a detector, by pairs or by name; mistakes are one sentence."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.mapped_coco import MappedData, map_file
from argus.errors import ConfigError, DataError

CLASSES = ["person", "bicycle", "traffic light", "car"]
BOX = dict(bbox=[0, 0, 4, 4], area=16)
CONTENT: dict[str, Any] = dict(
    images=[dict(id=i, file_name=f"a/{i}.jpg", width=10, height=10) for i in range(4)],
    annotations=[
        dict(id=1, image_id=0, category_id=5, **BOX),
        dict(id=2, image_id=0, category_id=6, **BOX),
        dict(id=3, image_id=1, category_id=8, **BOX, segmentation=[[0, 0, 4, 0, 4, 4]]),
        dict(id=4, image_id=2, category_id=9, **BOX, iscrowd=0),
    ],
    categories=[
        dict(id=5, name="van"),
        dict(id=6, name="sedan"),
        dict(id=8, name="Traffic-Light"),
        dict(id=9, name="dog"),
        dict(id=0, name="car"),
    ],
)


def mapped(folder: Path, *pairs: str, **changes: Any) -> MappedData:
    path = folder / "data.json"
    path.write_text(json.dumps(CONTENT | changes))
    return map_file(path, CLASSES, pairs)


def test_map_file__several_categories_of_one_class(tmp_path: Path) -> None:
    found = mapped(tmp_path, "car=van", "car=sedan")
    assert [item["name"] for item in found.content["categories"]] == CLASSES
    assert [(a["id"], a["category_id"]) for a in found.content["annotations"]] == [(1, 4), (2, 4)]
    assert found.content["images"] == CONTENT["images"]
    assert found.mapped == {"car": ("van", "sedan")} and found.objects == {"car": 2}
    assert found.left_out == {"Traffic-Light": 1, "dog": 1, "car": 0}
    assert found.num_empty == 3 and not found.has_masks
    notes = "\n".join(found.notes(CLASSES))
    assert "car = van + sedan (2 objects)" in notes
    assert "left out: Traffic-Light (1 object), dog (1 object), car (0 objects)" in notes
    assert "do not count: person, bicycle, traffic light" in notes
    assert "3 images without an object" in notes


def test_map_file__without_pairs_by_name_whatever_its_writing(tmp_path: Path) -> None:
    found = mapped(tmp_path)
    assert found.mapped == {"traffic light": ("Traffic-Light",), "car": ("car",)}
    assert found.objects == {"traffic light": 1, "car": 0} and found.has_masks
    assert "no object of car in the data: the means leave it out" in found.notes(CLASSES)
    box = dict(CONTENT["annotations"][2], segmentation=[[0, 0, 4, 0, 4, 4, 0, 4]])
    assert not mapped(tmp_path, annotations=[box]).has_masks, "a box drawn as a polygon"


def with_annotation(**changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(CONTENT["annotations"])
    content[0] |= changes
    return dict(annotations=content)


@pytest.mark.parametrize(
    ("pairs", "changes", "message"),
    [
        (["car"], {}, "expected CLASS=CATEGORY, found 'car'"),
        (["lorry=van"], {}, "the detector has no class 'lorry'; it has person"),
        (["car=lorry"], {}, "data.json has no category 'lorry'; it has van"),
        (["dog=car"], {}, "the class of the detector stands first: say car=dog"),
        (["car=van", "bicycle=van"], {}, "'van' would be of two classes, 'car' and 'bicycle'"),
        (["car=car"], {}, "none of its 4 objects is of a category that is measured (car)"),
        ([], dict(categories=[dict(id=5, name="x")]), "--map person=x"),
        (["car=van"], with_annotation(category_id=77), "category_id 77, which the file's"),
        (["car=van"], with_annotation(bbox=[0, 0, None, 4]), "data.json: annotation 1"),
        (
            ["car=van"],
            dict(images=[dict(id=i, file_name="../x.jpg", width=9, height=9) for i in range(4)]),
            "file_name '../x.jpg': expected a path below the folder",
        ),
    ],
)
def test_map_file__mistakes(
    tmp_path: Path, pairs: list[str], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError)) as caught:
        mapped(tmp_path, *pairs, **changes)
    assert message in str(caught.value)
