import json
from pathlib import Path

import pytest

from argus.commands.coco_ids import CocoIds
from argus.errors import DataError


def write(path: Path, *names: str, categories: dict[str, int] | None = None) -> CocoIds:
    images = [dict(id=10 + index, file_name=name) for index, name in enumerate(names)]
    listed = [dict(id=id, name=name) for name, id in (categories or {"cup": 7}).items()]
    path.write_text(json.dumps(dict(images=images, categories=listed, annotations=[])))
    return CocoIds(path)


@pytest.mark.parametrize(
    ("file", "expected"),
    [("cam1/1.jpg", 10), ("cam2/1.jpg", 11), ("data/cam2/1.jpg", 11), ("elsewhere/2.jpg", 12)],
)
def test_image_of__longest_common_end(tmp_path: Path, file: str, expected: int) -> None:
    ids = write(tmp_path / "a.json", "cam1/1.jpg", "cam2/1.jpg", "cam2/2.jpg")
    assert ids.image_of(Path(file)).id == expected


def test_image_of__windows_paths(tmp_path: Path) -> None:
    ids = write(tmp_path / "a.json", r"cam1\1.jpg", r"cam2\1.jpg")
    assert ids.image_of(Path("cam2/1.jpg")).id == 11


def test_image_of__text_ids_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write(path, "1.jpg", "2.jpg")
    content = json.loads(path.read_text())
    content["images"][0]["id"], content["images"][1]["id"] = "007", "uuid-2"
    path.write_text(json.dumps(content))
    ids = CocoIds(path)
    assert [ids.image_of(Path(name)).id for name in ("1.jpg", "2.jpg")] == ["007", "uuid-2"]


def test_image_of__none_or_several(tmp_path: Path) -> None:
    ids = write(tmp_path / "a.json", "cam1/1.jpg", "cam2/1.jpg")
    with pytest.raises(DataError, match=r"cam3/1\.jpg: several images .* cam1/1\.jpg \(id 10\)"):
        ids.image_of(Path("cam3/1.jpg"))
    with pytest.raises(DataError, match=r"2\.jpg: no image of this name"):
        ids.image_of(Path("2.jpg"))


def test_match__two_files_for_one_image(tmp_path: Path) -> None:
    ids = write(tmp_path / "a.json", "1.jpg")
    with pytest.raises(DataError, match=r"cam1/1\.jpg and cam2/1\.jpg: both fit 1\.jpg \(id 10\)"):
        ids.match([Path("cam1/1.jpg"), Path("cam2/1.jpg")])


@pytest.mark.parametrize(
    ("categories", "expected"),
    [({"person": 0}, 0), ({"dog": 1, "person": 4}, 4), ({"pedestrian": 3}, 3)],
)
def test_person_id__by_name(tmp_path: Path, categories: dict[str, int], expected: int) -> None:
    assert write(tmp_path / "a.json", categories=categories).person_id("poses") == expected


def test_person_id__is_not_there(tmp_path: Path) -> None:
    ids = write(tmp_path / "a.json", categories={"dog": 1, "cat": 2})
    with pytest.raises(DataError, match="no category person; it lists dog, cat"):
        ids.person_id("poses")


def test_category_ids__a_root_of_the_name_of_a_class_is_not_meant(tmp_path: Path) -> None:
    listed = [dict(id=0, name="cup"), dict(id=4, name="pen"), dict(id=3, name="cup")]
    entries = [dict(id=1, image_id=1, category_id=0)]
    content = dict(images=[dict(id=1, file_name="1.jpg")], categories=listed, annotations=entries)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert CocoIds(path).category_ids("boxes", ["pen", "cup"]) == [4, 0]
    content["annotations"][0]["category_id"] = 3
    path.write_text(json.dumps(content))
    assert CocoIds(path).category_ids("boxes", ["cup", "pen", "cup"]) == [3, 4, 3]


def test_keypoint_order__is_that_of_the_file(tmp_path: Path) -> None:
    ids = write(tmp_path / "a.json", categories={"dog": 1, "person": 4})
    assert ids.keypoint_order("poses", ["nose", "left_eye"]) is None
    person = dict(id=4, name="person", keypoints=["Left Eye", "nose", "tail"])
    content = dict(images=[], categories=[dict(id=1, name="dog"), person], annotations=[])
    (tmp_path / "a.json").write_text(json.dumps(content))
    ids = CocoIds(tmp_path / "a.json")
    assert ids.keypoint_order("poses", ["nose", "tail", "left_eye"]) == [2, 0, 1]
    with pytest.raises(DataError, match="a.json: the keypoints of its category 'person' are Left"):
        ids.keypoint_order("poses", ["nose", "tail", "right_eye"])
