"""Hidden files and folders are none of a data set; what else it leaves out is counted and named."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.dataset import ConcatDataset
from mmengine.logging import MMLogger
from mmpretrain.datasets import ImageNet
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.checks.walk import check_tasks
from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms.synthetic_anomaly import SyntheticAnomaly
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError
from tests.datasets.label_sets import SQUARE, folders, semantic, write_maps, write_pictures
from tests.datasets.list_files import write_set

CLUTTER = (
    ".ipynb_checkpoints/1-checkpoint.jpg",
    "__MACOSX/._1.jpg",
    "@eaDir/1.jpg",
    "._1.jpg",
    "Thumbs.db",
    ".DS_Store",
    "desktop.ini",
)


def add_clutter(folder: Path) -> None:
    for name in CLUTTER:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0\5\x16\7")


def paths_of(dataset: Any) -> list[str]:
    found = [dataset.get_data_info(index)["img_path"] for index in range(len(dataset))]
    return sorted(Path(path).name for path in found)


def notes_of(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    """The data set, and what training and the check say of its files."""
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    where = "tasks.toy.train.dataset: "
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    told = [text.removeprefix(where) for text in warnings if text.startswith(where)]
    (findings,) = check_tasks(dict(toy=dict(train=dict(dataset=config, batch_size=1))))
    assert findings.warnings[: len(told)] == told
    return dataset, told


def test_classes__hidden_folders_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path, ["cup/1.jpg", "pen/2.JPG", "pen/deep/3.Png"])
    for folder in (tmp_path, tmp_path / "cup", tmp_path / "pen/deep"):
        add_clutter(folder)
    for config in (folders(tmp_path), folders(tmp_path, metainfo=dict(classes=("pen", "cup")))):
        dataset, notes = notes_of(config, monkeypatch)
        assert sorted(dataset.metainfo["classes"]) == ["cup", "pen"]
        assert paths_of(dataset) == ["1.jpg", "2.JPG", "3.Png"]
        assert notes == []


def test_imagenet__hidden_folders_do_not_count(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["train/a/1.jpg", "train/b/2.jpg"])
    add_clutter(tmp_path / "train")
    meta = dict(classes=("a", "b"))
    config = dict(type=ImageNet, data_root=str(tmp_path), split="train", metainfo=meta)
    dataset = build_dataset(config | dict(pipeline=[]), where="x")
    assert [dataset.get_data_info(i)["gt_label"] for i in range(len(dataset))] == [0, 1]


def test_pictures__of_a_suffix_that_is_not_taken_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path, ["cup/1.jpg", "pen/2.png", "pen/3.webp", "pen/4.TIFF", "cup/5.webp"])
    dataset, notes = notes_of(folders(tmp_path), monkeypatch)
    assert len(dataset) == 2
    assert notes == [
        f"3 pictures are left out because of their suffix (2 .webp, 1 .TIFF), e.g. {tmp_path}/cup/"
        "5.webp: the data set takes another (img_suffix of mmseg, extensions of mmpretrain). "
        "Rename or convert them, or move them away"
    ]


def test_semantic__suffixes_in_capitals_are_taken_and_others_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_maps(tmp_path, [SQUARE] * 8)
    images, labels = tmp_path / "images", tmp_path / "labels"
    (images / "1.jpg").rename(images / "1.JPG")
    (labels / "2.png").rename(labels / "2.PNG")
    (images / "3.jpg").rename(images / "3.jpeg")
    Image.open(images / "7.jpg").save(images / "7.webp")
    (images / "7.jpg").unlink()
    (labels / "4.png").unlink()
    Image.open(images / "5.jpg").save(images / "5.JPG", "JPEG")  # beside 5.jpg, so it is no other
    (images / "deep").mkdir()
    for folder in (images, images / "deep", labels):
        add_clutter(folder)
    dataset, notes = notes_of(semantic(tmp_path), monkeypatch)
    assert paths_of(dataset) == ["0.jpg", "1.JPG", "2.jpg", "3.jpeg", "4.jpg", "5.jpg", "6.jpg"]
    for index, name in ((1, "1.png"), (2, "2.PNG"), (3, "3.png")):
        assert Path(dataset.get_data_info(index)["seg_map_path"]).name == name
        assert len(dataset[index]["gt_seg_map"]) == 8
    assert notes == [
        f"1 of 7 pictures have no label map, e.g. {images}/4.jpg: there is no {labels}/4.png",
        f"1 label map has no picture, e.g. {labels}/7.png",
        "2 pictures are left out because of their suffix (1 .JPG, 1 .webp), e.g. "
        f"{images}/5.JPG: the data set takes another (img_suffix of mmseg, extensions of "
        "mmpretrain). Rename or convert them, or move them away",
    ]


def test_semantic__pictures_and_label_maps_in_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_maps(tmp_path, [SQUARE] * 2)
    for path in (tmp_path / "labels").iterdir():
        path.rename(tmp_path / "images" / path.name)
    prefix = dict(img_path="images", seg_map_path="images")
    config = semantic(tmp_path, data_prefix=prefix)
    wrapped = dict(type=ConcatDataset, datasets=[config])
    for either in (config, wrapped):
        dataset, notes = notes_of(either, monkeypatch)
        assert len(dataset) == 2 and notes == []


def test_semantic__files_of_other_ends_are_left_out_on_purpose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Cityscapes, which has several maps of a picture in one folder."""
    write_maps(tmp_path, [SQUARE] * 2)
    for index in range(2):
        image = tmp_path / f"images/{index}.jpg"
        Image.open(image).save(tmp_path / f"images/{index}_leftImg8bit.png")
        image.rename(tmp_path / f"images/{index}_preview.png")
        label = tmp_path / f"labels/{index}.png"
        for end in ("color", "instanceIds"):
            Image.fromarray(SQUARE).save(tmp_path / f"labels/{index}_{end}.png")
        label.rename(tmp_path / f"labels/{index}_labelTrainIds.png")
    ends = dict(img_suffix="_leftImg8bit.png", seg_map_suffix="_labelTrainIds.png")
    dataset, notes = notes_of(semantic(tmp_path, **ends), monkeypatch)
    assert len(dataset) == 2 and notes == []
    (tmp_path / "images/1_leftImg8bit.png").rename(tmp_path / "images/1_leftImg8bit.PNG")
    (tmp_path / "labels/0_labelTrainIds.png").rename(tmp_path / "labels/0_labelTrainIds.PNG")
    dataset, notes = notes_of(semantic(tmp_path, **ends), monkeypatch)
    assert len(dataset) == 2 and notes == []
    assert all((dataset[index]["gt_seg_map"] == SQUARE).all() for index in range(2))


def test_semantic__a_list_leaves_out_on_purpose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_maps(tmp_path, [SQUARE] * 3)
    (tmp_path / "list.txt").write_text("0\n2\n")
    dataset, notes = notes_of(semantic(tmp_path, ann_file="list.txt"), monkeypatch)
    assert paths_of(dataset) == ["0.jpg", "2.jpg"] and notes == []
    _, notes = notes_of(semantic(tmp_path, indices=2), monkeypatch)
    assert notes == []


def test_no_samples__says_what_is_there_instead(tmp_path: Path) -> None:
    write_maps(tmp_path, [SQUARE])
    (tmp_path / "images/0.jpg").rename(tmp_path / "images/0.png")
    with pytest.raises(DataError, match=r"no samples found.* left out because .*\(1 \.png\)"):
        build_dataset(semantic(tmp_path), where="x")


def test_missing_file__under_another_suffix_is_named(tmp_path: Path) -> None:
    write_maps(tmp_path, [SQUARE])
    (tmp_path / "list.txt").write_text("0\n")
    (tmp_path / "images/0.jpg").rename(tmp_path / "images/0.PNG")
    dataset = build_dataset(semantic(tmp_path, ann_file="list.txt"), where="x")
    with pytest.raises(DataError, match=r"0\.jpg: no such file; there is 0\.PNG"):
        dataset[0]


def test_own_data_sets__read_no_hidden_folders(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["screw/train/good/000.png"])
    add_clutter(tmp_path / "screw/train")
    add_clutter(tmp_path / "screw/train/good")
    config = dict(
        type=MVTecAD,
        data_root=str(tmp_path),
        data_prefix=dict(img_path=""),
        categories=("screw",),
        split="train",
        pipeline=[],
    )
    assert paths_of(build_dataset(config, where="x")) == ["000.png"]
    textures = SyntheticAnomaly(texture_dir=str(tmp_path)).textures
    assert textures is not None and [path.name for path in textures] == ["000.png"]

    maps = {name: SQUARE for name in "ab"}
    write_set(tmp_path, "ab", dict(saliency=maps), ann_file="list.txt", image_folder="JPEGImages")
    for folder in ("JPEGImages", "saliency"):
        copy = tmp_path / folder / ".ipynb_checkpoints/a.png"
        copy.parent.mkdir()
        Image.fromarray(SQUARE).save(copy)
    config = dict(
        type=PascalContext, data_root=str(tmp_path), ann_file="list.txt", labels=("saliency",)
    )
    assert paths_of(build_dataset(config | dict(pipeline=[]), where="x")) == ["a.png", "b.png"]
