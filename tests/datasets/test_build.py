import pytest
from mmdet.datasets import CocoDataset
from mmseg.datasets import BaseSegDataset

from argus.datasets.build import build_dataset
from argus.datasets.coco import CocoInstances
from argus.errors import DataError
from argus.registry import DATASETS
from tests.datasets import toy_coco
from tests.datasets.own.layouts import coco
from tests.datasets.toy_coco import annotation

CLASSES = dict(classes=("person", "car"))


def test_build__reads_the_annotations_without_printing(tmp_path, capsys):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    dataset = build_dataset(toy_coco.config(tmp_path, CocoInstances, metainfo=CLASSES), where="x")
    assert len(dataset) == 4
    assert capsys.readouterr().out == ""


def test_build__missing_root_raises_before_building(tmp_path):
    config = toy_coco.config(tmp_path / "nowhere", CocoInstances)
    with pytest.raises(DataError, match=r"tasks\.a\.train\.dataset: the data is not there"):
        build_dataset(config, where="tasks.a.train.dataset")


def test_build__own_data_are_named_with_their_place(tmp_path):
    config = dict(type="OwnDetection", data=str(coco(tmp_path)), split="all", classes=["gear"])
    with pytest.raises(DataError, match=rf"^tasks\.a\.val\.dataset: {tmp_path}: .* no class gear"):
        build_dataset(config, where="tasks.a.val.dataset")


def test_build__filter_that_drops_everything_raises(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    changes = dict(metainfo=CLASSES, filter_cfg=dict(min_size=1000))
    with pytest.raises(DataError, match=r"no samples found: none of its 4 images .*1000"):
        build_dataset(toy_coco.config(tmp_path, CocoInstances, **changes), where="tasks.a")


def test_build__wrong_suffix_raises(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    config = dict(
        type=BaseSegDataset,
        data_root=str(tmp_path),
        img_suffix=".tiff",
        data_prefix=dict(img_path="images", seg_map_path="images"),
        metainfo=CLASSES,
    )
    with pytest.raises(DataError, match="no samples found"):
        build_dataset(config, where="tasks.a")


def test_build__foreign_error_becomes_a_sentence(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(1, 2)])
    with pytest.raises(DataError, match=r"tasks\.a: the data set cannot be built: AssertionError"):
        build_dataset(toy_coco.config(tmp_path, CocoDataset, metainfo=CLASSES), where="tasks.a")


@DATASETS.register_module()
class WithoutMetainfo:
    """A data set of torch's kind."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict:
        return {}


@DATASETS.register_module()
class WithoutEntries(WithoutMetainfo):
    metainfo = CLASSES


def test_build__data_set_that_does_not_state_its_classes():
    with pytest.raises(DataError, match=r"tasks\.a: WithoutMetainfo has no metainfo: .*dict\(clas"):
        build_dataset(dict(type="WithoutMetainfo"), where="tasks.a")


def test_build__data_set_without_entries_is_told():
    told = []
    assert len(build_dataset(dict(type="WithoutEntries"), where="x", tell=told.append)) == 1
    assert len(told) == 1 and "WithoutEntries has no get_data_info(index)" in told[0]
