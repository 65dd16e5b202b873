"""Good and defective pictures, in MVTec AD's layout and in two folders."""

import pytest

from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.own import read_own, recognise
from argus.datasets.own.dense import OwnAnomaly
from argus.errors import DataError
from tests.datasets.own.layouts import halves, map_of, picture


def write(root, number=4):
    for n in range(number):
        picture(root / f"train/good/{n}.png", seed=n)
        picture(root / f"test/good/{n}.png", seed=n + 50)
        picture(root / f"test/crack/{n}.png", seed=n + 99)
        map_of(root / f"ground_truth/crack/{n}_mask.png", halves(0, 255))
    return root


def entries(kind, **settings):
    found = kind(**settings)
    return [
        {k: v for k, v in found.get_data_info(i).items() if k not in ("img_id", "sample_idx")}
        for i in range(len(found))
    ]


def test_layout__is_read_as_by_the_data_set_of_mvtec(tmp_path) -> None:
    write(tmp_path / "tile")
    found = recognise(tmp_path)
    assert found.sure and found.kind == "anomaly" and found.classes == ("tile",)
    assert found.parts["train"] == 4 and found.parts["val"] + found.parts["test"] == 8
    settings = dict(data_root=str(tmp_path), categories=["tile"])
    for part in ("train", "test"):
        own = entries(OwnAnomaly, data=str(tmp_path), split=part)
        if part == "test":
            own += entries(OwnAnomaly, data=str(tmp_path), split="val")
        expected = entries(MVTecAD, split=part, **settings)
        assert sorted(own, key=lambda e: e["img_path"]) == sorted(
            expected, key=lambda e: e["img_path"]
        )


def test_category__may_be_the_folder_itself(tmp_path) -> None:
    found = read_own(write(tmp_path / "tile"))
    assert found.classes == ("tile",) and len(found.pictures) == 12


def test_two_folders__defects_are_never_trained_on(tmp_path) -> None:
    for n in range(12):
        picture(tmp_path / f"good/{n}.png", seed=n)
        picture(tmp_path / f"defect/{n}.png", seed=n + 50)
        map_of(tmp_path / f"masks/defect/{n}.png", halves(0, 255))
    found = recognise(tmp_path, "anomaly")
    assert found.format == "good_defect"
    parts = {part: entries(OwnAnomaly, data=str(tmp_path), split=part) for part in found.parts}
    assert all(entry["gt_anomaly"] == 0 for entry in parts["train"])
    assert {entry["gt_anomaly"] for entry in parts["test"]} == {0, 1}


@pytest.mark.parametrize(
    ("good", "bad", "mask"),
    [
        ("good", "bad", "masks"),
        ("Data/Images/Normal", "Data/Images/Anomaly", "Data/Masks/Anomaly"),
    ],
)
def test_masks__of_the_only_kind_of_defect(tmp_path, good, bad, mask) -> None:
    for n in range(4):
        picture(tmp_path / f"{good}/{n}.JPG", seed=n)
        picture(tmp_path / f"{bad}/b{n}.JPG", seed=n + 50)
        map_of(tmp_path / f"{mask}/b{n}.png", halves(0, 255))
    found = recognise(tmp_path)
    assert found.sure and found.kind == "anomaly" and len(found.classes) == 1
    maps = {p.path: p.maps.get("anomaly") for p in found.data.pictures if p.defect != "good"}
    assert maps == {f"{bad}/b{n}.JPG": f"{mask}/b{n}.png" for n in range(4)}


def test_missing_masks__are_said_and_then_refused(tmp_path) -> None:
    write(tmp_path / "tile")
    (tmp_path / "tile/ground_truth/crack/1_mask.png").unlink()
    assert "1 defective picture has no mask" in read_own(tmp_path).notes[0]
    with pytest.raises(DataError, match=r"defective picture has no mask, e\.g\. "):
        OwnAnomaly(data=str(tmp_path), split="test")
        OwnAnomaly(data=str(tmp_path), split="val")


def test_pictures_in_class_folders__are_no_defects(tmp_path) -> None:
    for name in ("good", "apple", "pear"):
        for n in range(2):
            picture(tmp_path / name / f"{n}.png")
    assert recognise(tmp_path).format == "class_folders"
