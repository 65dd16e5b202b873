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
