"""MVTec AD: what is listed, and what is said of broken layouts."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import DATASETS

from argus.datasets.mvtec_ad import MVTEC_4, MVTecAD
from argus.datasets.scenes.classes import ANOMALY_CATEGORIES
from argus.datasets.scenes.generate import Settings, generate
from argus.datasets.transforms import LoadAnomalyMask, LoadImage, PackDense
from argus.errors import ConfigError, DataError


def write(root: Path, category: str, *, good: int = 2, defects: dict[str, int] | None = None):
    """A category of 12 x 10 pictures; the mask of picture n is n + 1 pixels wide."""
    base = root / category
    for split in ("train", "test"):
        (base / split / "good").mkdir(parents=True)
        for number in range(good):
            picture(base / split / "good" / f"{number:03d}.png")
    for kind, count in (defects or {}).items():
        (base / "ground_truth" / kind).mkdir(parents=True)
        (base / "test" / kind).mkdir()
        for number in range(count):
            picture(base / "test" / kind / f"{number:03d}.png")
            mask = np.zeros((10, 12), np.uint8)
            mask[3, : number + 1] = 255
            cv2.imwrite(str(base / "ground_truth" / kind / f"{number:03d}_mask.png"), mask)


def picture(path: Path) -> None:
    cv2.imwrite(str(path), np.full((10, 12, 3), 90, np.uint8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "screw", defects=dict(thread=2, scratch=1))
    write(tmp_path, "leather", good=3, defects=dict(cut=1))
    return tmp_path


def dataset(root: Path, **changes) -> MVTecAD:
    config = dict(type=MVTecAD, data_root=str(root), categories=("screw", "leather"), split="test")
    return DATASETS.build(config | changes)


def test_list__categories_in_order_kinds_sorted(root):
    found = dataset(root)
    infos = [found.get_data_info(i) for i in range(len(found))]
    assert [(info["category"], info["defect"], info["gt_anomaly"]) for info in infos] == [
        *[("screw", "good", 0)] * 2,
        ("screw", "scratch", 1),
        *[("screw", "thread", 1)] * 2,
        ("leather", "cut", 1),
        *[("leather", "good", 0)] * 3,
    ]
    for info in infos:
        assert Path(info["img_path"]).is_file()
        assert ("mask_path" in info) == (info["gt_anomaly"] == 1)
        if "mask_path" in info:
            assert Path(info["mask_path"]).stem == f"{Path(info['img_path']).stem}_mask"
    assert [found.get_cat_ids(i) for i in (0, 8)] == [[0], [1]]
    assert found.metainfo["classes"] == ("screw", "leather")


def test_list__training_is_good_alone(root):
    found = dataset(root, split="train")
    assert len(found) == 5
    assert {found.get_data_info(i)["gt_anomaly"] for i in range(5)} == {0}


def test_list__default_categories_are_those_of_the_paper():
    assert MVTecAD.METAINFO["classes"] == MVTEC_4 == ("transistor", "metal_nut", "screw", "leather")


def test_missing_category__says_which_are_there(root):
    with pytest.raises(ConfigError, match=r"\['cable'\].*Found: \['leather', 'screw'\]"):
        dataset(root, categories=("screw", "cable"))


def test_mistakes__raise(root):
    with pytest.raises(ConfigError, match="expected one of .*'train', 'validation', 'test'.*'val'"):
        dataset(root, split="val")
    with pytest.raises(ConfigError, match="list of folder names, found 'screw'"):
        dataset(root, categories="screw")


def test_missing_mask__names_it(root):
    mask = root / "screw/ground_truth/thread/001_mask.png"
    mask.unlink()
    with pytest.raises(DataError, match=f"its mask {mask} is missing"):
        dataset(root)


def test_empty_category__raises(root):
    for path in (root / "screw/train/good").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="screw/train: no picture"):
        dataset(root, split="train")


def test_pipeline__masks_of_good_and_defective_pictures(root):
    pipeline = [
        dict(type=LoadImage),
        dict(type=LoadAnomalyMask),
        dict(type=PackDense, fields=("anomaly_map",)),
    ]
    found = dataset(root, pipeline=pipeline)
    samples = [found[i]["data_samples"] for i in range(len(found))]
    assert [s.gt_anomaly for s in samples] == [0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert [int(s.gt_anomaly_map.data.sum()) for s in samples] == [0, 0, 1, 1, 2, 1, 0, 0, 0]
    assert samples[5].category == "leather"
    assert samples[0].gt_anomaly_map.data.shape == (1, 10, 12)


def test_scenes__are_read(tmp_path):
    settings = Settings(
        num_train=1,
        num_val=1,
        num_classification=(1, 1),
        num_anomaly=(3, 2, 1),
        width=64,
        height=64,
        seed=0,
        layouts=("mvtec",),
    )
    generate(tmp_path / "scenes", settings, num_workers=1)
    categories = tuple(ANOMALY_CATEGORIES)
    root = tmp_path / "scenes/mvtec_ad"
    assert len(dataset(root, categories=categories, split="train")) == 6
    pipeline = [dict(type=LoadImage), dict(type=LoadAnomalyMask)]
    for split, count in (("validation", 2), ("test", 1)):
        found = dataset(root, categories=categories, pipeline=pipeline, split=split)
        assert len(found) == count * 4 * 2
        for index in range(len(found)):
            results = found[index]
            assert results["gt_anomaly_map"].any() == bool(results["gt_anomaly"])
