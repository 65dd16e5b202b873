"""Folders, and files in OpenMMLab's own format, are numbered by the names in the config."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mmdet.datasets import (
    BaseVideoDataset,
    CocoDataset,
    Objects365V1Dataset,
    Objects365V2Dataset,
)
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmpretrain.datasets import CustomDataset, MultiLabelDataset
from mmpretrain.datasets.categories import IMAGENET_CATEGORIES
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.classes.number_by_name import _is_by_order_alone
from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import LoadSegMap
from argus.errors import DataError
from tests.datasets import toy_coco
from tests.datasets.label_sets import SQUARE, semantic, write_maps

NUMBERS = [str(number) for number in range(12)]  # "10" and "11" come before "2" as words


def folders(root: Path, names: list[str], images: int = 1) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        for index in range(images):
            Image.new("RGB", (8, 8)).save(root / name / f"{index}.png")
    return root


def build(root: Path, classes: Any = None, **changes: Any) -> Any:
    config = dict(type=CustomDataset, data_prefix=str(root), pipeline=[]) | changes
    if classes:
        config["metainfo"] = dict(classes=classes)
    return build_dataset(config, where="toy")


def labels(dataset: Any) -> dict[str, int]:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {Path(info["img_path"]).parent.name: info["gt_label"] for info in infos}


@pytest.mark.parametrize("key", ["metainfo", "classes"])
@pytest.mark.parametrize("serialize", [True, False])
def test_folders__of_numbers_are_numbered_as_the_config_lists_them(tmp_path, key, serialize):
    folders(tmp_path, NUMBERS)
    stated = dict(metainfo=dict(classes=NUMBERS), classes=NUMBERS)[key]
    dataset = build(tmp_path, serialize_data=serialize, **{key: stated})
    assert labels(dataset) == {name: int(name) for name in NUMBERS}
    assert list(dataset.metainfo["classes"]) == NUMBERS
    assert dataset.get_gt_labels().tolist() == [int(n) for n in sorted(NUMBERS)]
    assert dataset.folder_to_idx == {name: int(name) for name in NUMBERS}


def test_folders__without_classes_are_the_classes(tmp_path):
    dataset = build(folders(tmp_path, ["b", "a"]))
    assert labels(dataset) == dict(a=0, b=1) and dataset.metainfo["classes"] == ("a", "b")


def test_folders__names_may_differ_in_writing(tmp_path):
    dataset = build(folders(tmp_path, ["Red_Cup", "blue-cup"]), ("blue cup", "red cup"))
    assert labels(dataset) == {"Red_Cup": 1, "blue-cup": 0}


def test_folders__in_a_joined_data_set(tmp_path):
    parts = [
        dict(type=CustomDataset, data_prefix=str(folders(tmp_path / part, ["b", "a"])))
        | dict(metainfo=dict(classes=("b", "a")), pipeline=[])
        for part in ("one", "two")
    ]
    dataset = build_dataset(dict(type=ConcatDataset, datasets=parts), where="toy")
    assert [dataset.get_data_info(i)["gt_label"] for i in range(4)] == [1, 0, 1, 0]


def test_files__of_a_joined_data_set_are_numbered_alike_once_the_config_says_so(tmp_path):
    def part(name: str, categories: list[str], *classes: str) -> dict[str, Any]:
        entries = [toy_coco.annotation(1, 1, category=categories.index("pen"))]
        listed = [dict(id=i, name=name) for i, name in enumerate(categories)]
        toy_coco.write(tmp_path / name, entries, num_images=1, categories=listed)
        return toy_coco.config(tmp_path / name, CocoInstances, metainfo=dict(classes=classes))

    one = part("one", ["cup", "pen"], "cup", "pen")
    config = dict(type=ConcatDataset, datasets=[one, part("two", ["pen", "cup"], "pen", "cup")])
    for classes in (("pen", "cup"), ("cup", "pen")):
        config["datasets"][1]["metainfo"] = dict(classes=classes)
        dataset = build_dataset(config, where="toy")
        found = [dataset.get_data_info(i)["instances"][0]["bbox_label"] for i in range(2)]
        assert found == [1, 1] and dataset.metainfo["classes"] == ("cup", "pen")
        assert dataset.datasets[1].metainfo["classes"] == ("cup", "pen")


def test_joined__parts_of_other_classes_are_one_sentence(tmp_path):
    parts = [
        dict(type=CustomDataset, data_prefix=str(folders(tmp_path / name, list(name))), pipeline=[])
        for name in ("ab", "ac")
    ]
    with pytest.raises(DataError, match="b only in the first and c only in the second"):
        build_dataset(dict(type=ConcatDataset, datasets=parts), where="toy")


def test_joined__label_maps_and_repeated_parts(tmp_path):
    one = semantic(write_maps(tmp_path / "one", [SQUARE]), classes=("void", "cup"))
    two = semantic(write_maps(tmp_path / "two", [SQUARE]), classes=("cup", "void"))
    joined = dict(
        type=ConcatDataset, datasets=[one, dict(type=RepeatDataset, dataset=two, times=2)]
    )
    dataset = build_dataset(joined, where="toy")
    assert len(dataset) == 3 and dataset.metainfo["classes"] == ("void", "cup")
    maps = [dataset[index]["gt_seg_map"] for index in range(3)]
    assert (maps[0] == SQUARE).all() and (maps[1] == 1 - SQUARE).all()
    assert (maps[2] == maps[1]).all()
    two["pipeline"][1] = dict(type=LoadSegMap, num_classes=2, colours=[(0, 0, 0), (1, 1, 1)])
    with pytest.raises(DataError, match="LoadSegMap does not number label maps anew"):
        build_dataset(joined, where="toy")


def test_folders__descriptions_go_by_the_order_of_the_folders(tmp_path):
    dataset = build(folders(tmp_path, ["n02", "n01"]), ("tench", "goldfish"))
    assert labels(dataset) == dict(n01=0, n02=1)


WORDNET = ["n01440764", "n01443537", "n01484850"]


def test_folders__without_a_common_name_are_told_or_follow_a_table(tmp_path):
    root, told = folders(tmp_path, WORDNET), []
    config = dict(type=CustomDataset, data_prefix=str(root), pipeline=[])
    names = ("shark", "tench", "goldfish")
    by_order = {**config, "metainfo": dict(classes=names)}
    dataset = build_dataset(by_order, where="toy", tell=told.append)
    assert labels(dataset) == {WORDNET[0]: 0, WORDNET[1]: 1, WORDNET[2]: 2}
    (text,) = told
    assert "n01440764 is 'shark', ..., n01484850 is 'goldfish'" in text
    table = (WORDNET[2], WORDNET[0], WORDNET[1])
    by_table = {**config, "metainfo": dict(classes=names, folders=table)}
    dataset = build_dataset(by_table, where="toy", tell=told.append)
    assert labels(dataset) == {WORDNET[0]: 1, WORDNET[1]: 2, WORDNET[2]: 0} and len(told) == 1
    by_table["metainfo"]["folders"] = ("n1", *table[1:])
    with pytest.raises(
        DataError, match=r"metainfo\.folders names the folders n1, .*, and there are"
    ):
        build_dataset(by_table, where="toy")


def test_folders__of_imagenet_are_known_to_be_in_the_order_of_its_names():
    synsets = pytest.importorskip("timm.data._info", reason="has the ids of ImageNet's classes")
    ids = (Path(synsets.__path__[0]) / "imagenet_synsets.txt").read_text().split()
    assert not _is_by_order_alone(ids, IMAGENET_CATEGORIES)
    assert _is_by_order_alone(ids[1:], IMAGENET_CATEGORIES[1:])
    assert _is_by_order_alone(ids, IMAGENET_CATEGORIES[::-1])


def test_folders__missing_and_surplus_are_named_and_an_empty_folder_mends_it(tmp_path):
    folders(tmp_path, ["a", "c", "other"])
    message = (
        r"its 3 folders are not the 3 classes.*Folders that are no class: other; classes without "
        "a folder: b"
    )
    with pytest.raises(DataError, match=message):
        build(tmp_path, ("c", "b", "a"))
    (tmp_path / "other").rename(tmp_path.parent / f"{tmp_path.name}_other")
    with pytest.raises(DataError, match="its 2 folders are not the 3 classes"):
        build(tmp_path, ("c", "b", "a"))
    (tmp_path / "b").mkdir()
    assert labels(build(tmp_path, ("c", "b", "a"))) == dict(a=2, c=0)


def test_folders__of_numbers_for_other_names_are_refused_unless_both_orders_are_one(tmp_path):
    words = [f"word {letter}" for letter in "abcdefghijkl"]
    folders(tmp_path / "open", NUMBERS)
    with pytest.raises(DataError, match="its folders are numbers .* is open.*02 for 2"):
        build(tmp_path / "open", words)
    folders(tmp_path / "padded", [f"{int(name):02}" for name in NUMBERS])
    found = labels(build(tmp_path / "padded", words))
    assert found == {f"{number:02}": number for number in range(12)}


@pytest.mark.parametrize("classes", [("cup", "pen"), ("pen", "cup")])
@pytest.mark.parametrize("root", [[], [dict(id=0, name="cup")]], ids=["plain", "with a root"])
@pytest.mark.parametrize(
    "kind", [CocoDataset, Objects365V1Dataset, Objects365V2Dataset, BaseVideoDataset]
)
def test_categories__of_stock_data_sets_are_numbered_by_name(tmp_path, kind, classes, root):
    entries = [toy_coco.annotation(1, 1, category=7), toy_coco.annotation(2, 2, category=2)]
    categories = [*root, dict(id=7, name="pen"), dict(id=2, name="cup")]
    toy_coco.write(tmp_path, entries, num_images=2, categories=categories)
    config = toy_coco.config(tmp_path, kind, metainfo=dict(classes=classes))
    dataset = build_dataset(config, where="toy")
    infos = [dataset.get_data_info(i) for i in range(2)]
    frames = [frame for info in infos for frame in info.get("images", (info,))]  # of videos
    found = [frame["instances"][0]["bbox_label"] for frame in frames]
    assert found == [classes.index("pen"), classes.index("cup")]
    with pytest.raises(DataError, match="it has no category lid"):
        build_dataset(config | dict(metainfo=dict(classes=("cup", "lid"))), where="toy")


class AllCategories(CocoDataset):
    """Takes all categories of the file, as mmdet's of LVIS does."""

    def load_data_list(self):
        categories = json.loads(Path(self.ann_file).read_text())["categories"]
        self.cat_ids = [item["id"] for item in categories]
        self.cat2label = {identity: label for label, identity in enumerate(self.cat_ids)}
        return [dict(img_path="1.jpg", img_id=1, height=9, width=9, instances=[])]


def test_categories__numbered_by_a_data_set_itself_are_compared(tmp_path):
    toy_coco.write(tmp_path, [], num_images=1)  # its categories: person, car
    config = toy_coco.config(tmp_path, AllCategories, test_mode=True)
    build_dataset(config | dict(metainfo=dict(classes=("person", "car"))), where="toy")
    message = "json: AllCategories gives its category 'person' the label 0, .* as number 1 .from 0"
    with pytest.raises(DataError, match=message):
        build_dataset(config | dict(metainfo=dict(classes=("car", "person"))), where="toy")


def test_categories__are_read_once(tmp_path, monkeypatch):
    toy_coco.write(tmp_path, [toy_coco.annotation(1, 1)], num_images=1)
    parsed = []
    parse = json.loads  # which json.load calls
    monkeypatch.setattr(json, "loads", lambda *args, **kw: parsed.append(1) or parse(*args, **kw))
    decode = msgspec.json.decode
    monkeypatch.setattr(
        msgspec.json, "decode", lambda *args, **kw: parsed.append(1) or decode(*args, **kw)
    )
    for kind in (CocoDataset, CocoInstances):
        parsed.clear()
        config = toy_coco.config(tmp_path, kind, metainfo=dict(classes=("person", "car")))
        build_dataset(config, where="toy")
        assert len(parsed) == 1


def multi_label(root: Path, **changes: Any) -> Any:
    content = dict(
        metainfo=dict(classes=["cup", "pen", "box"]),
        data_list=[dict(img_path="1.png", gt_label=[0, 2]), dict(img_path="2.png", gt_label=[1])],
    )
    (root / "labels.json").write_text(json.dumps(content))
    config = dict(type=MultiLabelDataset, data_root=str(root), ann_file="labels.json", pipeline=[])
    return build_dataset(config | changes, where="toy")


def test_file__of_openmmlab_is_numbered_by_the_names_of_the_config(tmp_path):
    def found(dataset):
        return [dataset.get_data_info(index)["gt_label"] for index in range(2)]

    assert found(multi_label(tmp_path)) == [[0, 2], [1]]
    dataset = multi_label(tmp_path, metainfo=dict(classes=("pen", "box", "cup")))
    assert found(dataset) == [[2, 1], [0]]
    assert dataset.metainfo["classes"] == ("pen", "box", "cup")
    with pytest.raises(DataError, match=r"labels.json: its metainfo lists the classes cup, pen"):
        multi_label(tmp_path, metainfo=dict(classes=("pen", "box", "lid")))
