from pathlib import Path

import pytest
from mmpretrain.datasets import ImageNet

from argus.datasets.checks.paths import check_all_paths, check_paths, missing_paths
from argus.datasets.mvtec_ad import MVTecAD
from argus.errors import DataError


class MyImageNet(ImageNet):
    """As a user derives one."""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels.json").write_text("{}")
    return str(tmp_path)


def config(root, **changes):
    return (
        dict(type="X", data_root=root, ann_file="labels.json", data_prefix=dict(img="images/"))
        | changes
    )


def test_missing__nothing(root):
    assert missing_paths(config(root)) == []
    check_paths(config(root), where="tasks.a.train.dataset")


def test_missing__names_file_and_folder(root):
    found = missing_paths(config(root, ann_file="x.json", data_prefix=dict(img="a", seg="b")))
    assert found == [f"{root}/x.json", f"{root}/a", f"{root}/b"]


def test_missing__root_alone_where_it_does_not_exist(root):
    assert missing_paths(config(f"{root}/nowhere")) == [f"{root}/nowhere"]


def test_missing__split_and_detections(root):
    for kind in ("ImageNet", "mmpretrain.ImageNet21k", ImageNet, MyImageNet):
        assert missing_paths(dict(type=kind, data_root=root, split="val")) == [f"{root}/val"]
    for kind in ("CUB", "mmpretrain.DTD", MVTecAD):  # to which it names a list, or other folders
        assert missing_paths(dict(type=kind, data_root=root, split="val")) == []
    assert missing_paths(config(root, bbox_file="x/boxes.json")) == ["x/boxes.json"]
    assert missing_paths(config(root, bbox_file=None)) == []


def test_missing__looks_through_wrappers(root):
    bad = config(root, ann_file="x.json")
    wrapped = dict(type="Repeat", dataset=dict(type="Concat", datasets=[config(root), bad]))
    assert missing_paths(wrapped) == [f"{root}/x.json"]


def test_missing__remote_paths_are_not_looked_at():
    assert missing_paths(config("s3://bucket/coco")) == []


def test_check__message_says_what_where_and_what_to_do(root):
    with pytest.raises(DataError) as caught:
        check_paths(config("data/nowhere"), where="tasks.instance.train.dataset")
    for part in (
        "tasks.instance.train.dataset",
        f"\n  {Path('data/nowhere').absolute()}\n",
        "`argus convert`",
        "--cfg-options tasks.instance.train.dataset.data_root=",
    ):
        assert part in str(caught.value)


def test_check_all__every_place_in_one_message(root):
    bad = config(root, ann_file="x.json")
    configs = {"a": bad, "b": config(root), "c": config(f"{root}/none"), "d": bad}
    with pytest.raises(DataError) as caught:
        check_all_paths(configs)
    text = str(caught.value)
    assert text.startswith("3 places of the config: the data is not there. Missing:\n")
    assert f"\n  {root}/x.json\n    for a\n    for d\n  {root}/none\n    for c\n" in text
    assert f"--cfg-options a.data_root=..., found {root!r}" in text
    check_all_paths({"b": config(root)})


def test_check__own_data_are_named_by_the_key_of_the_recipe():
    with pytest.raises(DataError) as caught:
        check_paths(dict(data="gone/plates", split="train"), where="tasks.plates.train.dataset")
    text = str(caught.value)
    assert str(Path("gone/plates").absolute()) in text and "README" not in text
    assert "A path counts from the folder that the command is called in" in text
    assert text.endswith("--cfg-options tasks.plates.data=FOLDER.")
